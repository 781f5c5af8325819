"""Posts that arrive: stored, changed and taken back as their own servers say. What is written here is posts.py's."""

from collections.abc import Callable, Iterable

from fedi import (
    approvals,
    emojis,
    facts,
    fanout,
    hosting,
    ids,
    limits,
    markup,
    orphans,
    plaintext,
    policies,
    polls,
    posts,
    quotelines,
    quotes,
    sanitize,
)
from fedi.activitypub import parse, vocab
from fedi.html import Html, paragraphs
from fedi.storage import accounts as account_rows
from fedi.storage import domains as domain_rows
from fedi.storage import media as media_rows
from fedi.storage import post_arrivals as arrival_rows
from fedi.storage import posts as rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post

_LONG_CHARS = 6_000  # of Markdown: 15 ms


def html_of(note: parse.Note, tag_url: Callable[[str], str]) -> Html:
    """The text of a post from elsewhere as safe HTML, whatever it is written in. May cost CPU: see sanitize.is_heavy."""
    if note.content_type in ("text/html", ""):
        return sanitize.clean(note.content)
    fmt: markup.Format = "markdown" if note.content_type == "text/markdown" else "plain"
    written = plaintext.tidy(note.content[: limits.HTML_BYTES])
    if fmt == "plain":
        written = plaintext.plain(written, limits.HTML_BYTES)
    html = markup.render(written, mentions=_named(note), tag_url=tag_url, fmt=fmt)
    is_over = len(html) > 2 * limits.HTML_BYTES or html.count("<") > limits.HTML_MARKUP
    return paragraphs(" ".join(written.split())) if is_over else html


def is_heavy(note: parse.Note) -> bool:
    """Whether `html_of` may take over some 15 ms, and so has to be called off the loop."""
    return sanitize.is_heavy(note.content) or (note.content_type not in ("text/html", "") and len(note.content) > _LONG_CHARS)


def _named(note: parse.Note) -> dict[tuple[str, str], markup.MentionTarget]:
    """Whom a text without markup names, as far as its tags say who that is. Observed: PeerTube's comments are Markdown with handles."""
    found = {}
    for mention in note.mentions:
        user, _, host = mention.name.removeprefix("@").partition("@")
        if user:
            found[(user.lower(), host.lower())] = markup.MentionTarget(mention.href, f"{user}@{host}" if host else user)
    return found


def receive(tx: Tx, note: parse.Note, author: Account, content: Html, *, quiet: bool = False, hops: int = 0) -> Post | None:
    """Store a post of somebody elsewhere; None when it was deleted before it came, or what it answers wants no such answer.

    One that is known stays as it is. `hops` quotes have led to it.

    The caller has made sure that `author` is who the note is attributed to, and that it comes from the author's server.
    """
    published_at = min(note.published_at or tx.now, tx.now)
    post_id = ids.new(published_at)
    place = arrival_rows.find_place(tx, note.id, author.uri, post_id)
    if place.is_known_or_gone:
        return _known(tx, note, author)
    parent = rows.find_by_uri(tx, note.in_reply_to) if note.in_reply_to else None
    said = (
        approvals.receive(tx, policies.REPLY, parent, author, note.id, note.consent.approved_by)
        if parent is not None
        else policies.AUTOMATIC
    )
    if said == policies.DENIED:
        return None
    post = rows.insert(
        tx,
        id=rows.new_id(tx, published_at) if place.is_occupied else post_id,
        uri=note.id,
        url=note.url or note.id,
        account_id=author.id,
        published_at=published_at,
        edited_at=note.updated_at if note.updated_at and note.published_at and note.updated_at > note.published_at else None,
        visibility=note.visibility,
        in_reply_to_uri=note.in_reply_to,
        in_reply_to_id=parent.id if parent else None,
        in_reply_to_account_id=parent.account_id if parent else None,
        **({"thread_id": parent.thread_id} if parent else {}),
        held=int(said == policies.MANUAL),
        context_uri=note.context if note.context.startswith(("https://", "http://")) else "",
        **_received_text(tx, note, author, content),
    )
    if note.consent.approved_by:
        arrival_rows.put_stamp(tx, post.id, note.consent.approved_by)
    recipients = _receive_mentions(tx, post, note, author)
    rows.add_tags(tx, post.id, note.tags)
    addressed = {account.id for account in recipients}
    if note.quote_uri or note.consent.quote_gone:
        quotes.receive(tx, post, note, hops)
        addressed -= quotes.only_quoted(tx, post, note)
    if note.tags and not quiet and not post.held:
        fanout.tags_added(tx, post)
    if note.attachments:
        rows.set_media(tx, post.id, [_receive_file(tx, post, item) for item in _wanted_files(tx, note, author)])
    if note.poll is not None:
        polls.receive(tx, post, note.poll)
    if place.is_awaited:
        orphans.adopt(tx, post)
    if not post.held:
        post = hosting.received(tx, post, author, recipients, parent)
        fanout.post_added(tx, post, author, addressed, quiet=quiet)
    return post


def _known(tx: Tx, note: parse.Note, author: Account) -> Post | None:
    """A post that comes again, maybe with a stamp that it lacked."""
    known = rows.find_by_uri(tx, note.id)
    if known is None or known.account_id != author.id:
        return None
    orphans.restamped(tx, known, author, note.consent.approved_by)
    return known


def receive_edit(tx: Tx, note: parse.Note, author: Account, content: Html) -> Post | None:
    """Change a known post of `author` to what its server says now; None when it is not known, or older than what we have."""
    post = rows.find_by_uri(tx, note.id)
    if post is None or post.account_id != author.id:
        return None
    if (note.updated_at or note.published_at) >= (post.edited_at or post.published_at):
        _receive_terms(tx, post, note, author)
    updated_at = note.updated_at or _undated(tx, post, note, content)
    if updated_at is None or updated_at <= (post.edited_at or post.published_at):
        polls.receive(tx, post, note.poll, newer=False)
        return None
    rows.insert_edit(tx, post)
    changed = rows.update(tx, post.id, edited_at=min(updated_at, tx.now), **_received_text(tx, note, author, content))
    _receive_mentions(tx, changed, note, author)
    rows.set_tags(tx, changed.id, note.tags)
    _receive_files(tx, changed, _wanted_files(tx, note, author))
    if polls.KIND in (post.kind, changed.kind):
        polls.receive(tx, changed, note.poll)
    fanout.post_edited(tx, changed, author)
    return changed


def _undated(tx: Tx, post: Post, note: parse.Note, content: Html) -> int | None:
    """When a post was edited whose server does not say when: now, if it reads otherwise. None for what is no edit.

    Observed: Ghost dates a first edit like the post itself, Funkwhale dates none. A Note that was edited before stays: what comes without
    a date may have been sent earlier. Of a poll that is how new counts come.
    """
    if post.kind == polls.KIND or (post.kind == "Note" and post.edited_at is not None):
        return None
    said = plaintext.line(note.title, limits.NAME_CHARS), content, plaintext.line(note.warning, limits.WARNING_CHARS)
    same = said == (post.title, post.content_html, post.warning) or post.sanitizer != sanitize.VERSION
    return None if same else max(tx.now, post.published_at + 1)


def _receive_terms(tx: Tx, post: Post, note: parse.Note, author: Account) -> None:
    """What changes without an edit: the policy, and the quoted author's word. Source: FEP-044f."""
    quotes.refresh(tx, post, note)
    orphans.restamped(tx, post, author, note.consent.approved_by)
    policy = _policy(note, author)
    if policy != post.policy:
        rows.update(tx, post.id, policy=policy)


def _policy(note: parse.Note, author: Account) -> str:
    words = {author.followers_uri: policies.FOLLOWERS, author.following_uri: policies.FOLLOWING, author.uri: policies.AUTHOR}
    return policies.with_words(note.consent.policy, words)


def receive_removal(tx: Tx, uri: str, author: Account) -> None:
    """An author elsewhere has deleted a post, maybe before we ever saw it."""
    post = rows.find_by_uri(tx, uri)
    if post is None:
        tombstone_rows.put(tx, uri, author.uri)
    elif post.account_id == author.id:
        posts.end(tx, post, author)


def _received_text(tx: Tx, note: parse.Note, author: Account, content: Html) -> dict[str, object]:
    return {
        "kind": note.type,
        "title": plaintext.line(note.title, limits.NAME_CHARS) if note.title else "",
        "content_html": quotelines.mark(content, note.quote_uri) if note.quote_uri else content,
        "content_source": "",
        "content_type": "",
        "warning": plaintext.line(note.warning, limits.WARNING_CHARS) if note.warning else "",
        "sensitive": int(note.sensitive or bool(note.warning)),
        "language": note.language[:35],
        "emojis": emojis.column(emojis.receive(tx, author.host, note.emojis)) if note.emojis else "[]",
        "link_url": note.link,
        "facts": facts.dump(note.facts),
        "sanitizer": sanitize.VERSION,
        "policy": _policy(note, author),
        **({"locked": 1} if note.takes_no_answers else {}),
    }


def _receive_mentions(tx: Tx, post: Post, note: parse.Note, author: Account) -> list[Account]:
    """Write whom a post names, and whom it is addressed to without naming them, as far as they are known here; returns them all."""
    hrefs = note.mention_hrefs
    addressed = {*hrefs, *note.to, *note.cc, *note.audience} - {vocab.PUBLIC, author.followers_uri, author.uri}
    if not addressed and not post.edited_at:
        return []
    named_uris = frozenset(hrefs)
    accounts = account_rows.list_by_uris(tx, addressed) if addressed else {}
    named = {account.id for uri, account in accounts.items() if uri in named_uris}
    silent = {account.id for account in accounts.values()} - named
    if accounts or post.edited_at:
        rows.set_mentions(tx, post.id, named, silent)
    return list(accounts.values())


def _wanted_files(tx: Tx, note: parse.Note, author: Account) -> tuple[parse.Attachment, ...]:
    """The files of a post, none of a server whose files are not wanted here."""
    return () if note.attachments and domain_rows.rejects_media_of(tx, author) else note.attachments


def _receive_files(tx: Tx, post: Post, attachments: tuple[parse.Attachment, ...]) -> None:
    """Files that the post showed before keep their row, and with it the bytes that were fetched."""
    present = {item.remote_url: item.media_id for item in rows.list_media(tx, [post.id]).get(post.id, [])}
    shown = []
    for item in attachments:
        known = present.pop(item.url, None)
        if known is not None:
            media_rows.describe(tx, known, plaintext.plain(item.alt, limits.ALT_CHARS), item.focus)
        shown.append(known or _receive_file(tx, post, item))
    rows.set_media(tx, post.id, shown)
    for media_id in present.values():
        media_rows.delete(tx, media_id)


def _receive_file(tx: Tx, post: Post, item: parse.Attachment) -> int:
    return media_rows.insert(
        tx,
        kind=item.kind,
        account_id=post.account_id,
        mime=item.mime[:100],
        alt=plaintext.plain(item.alt, limits.ALT_CHARS),
        width=item.width,
        height=item.height,
        duration_ms=item.duration_ms,
        focus_x=item.focus[0],
        focus_y=item.focus[1],
        blurhash=item.blurhash[:100],
        remote_url=item.url,
        preview_url=item.preview_url if item.kind in ("video", "audio") else "",
    ).id


def prune(tx: Tx, post_ids: Iterable[int]) -> None:
    """Forget old posts of others, with the counters they were part of. They may come again: no tombstone is left, and nobody is told."""
    for post_id in post_ids:
        post = rows.find(tx, post_id)
        if post is not None:  # a boost goes with what it boosts
            fanout.post_removed(tx, post, quiet=True)
            rows.delete_media(tx, post.id)
            rows.delete(tx, post.id)
