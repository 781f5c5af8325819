"""Posts: written here, or arrived. What a post does to timelines is fanout.py's, whom it is sent to audience.py's and outbox.py's."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from fedi import fanout, limits, markup, plaintext, sanitize
from fedi.activitypub import outbox, parse, vocab
from fedi.errors import Forbidden, Invalid
from fedi.html import Html, paragraphs
from fedi.storage import accounts as account_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post

VISIBILITIES = ("public", "unlisted", "followers", "direct")
FORMATS = {"plain": "text/plain", "markdown": "text/markdown"}

Found = Mapping[tuple[str, str], int]  # (username in lower case, host or '') -> account id


class Draft(NamedTuple):
    """What somebody wants to say. `fmt` is a key of FORMATS."""

    text: str
    fmt: Literal["plain", "markdown"] = "markdown"
    warning: str = ""
    sensitive: bool = False
    language: str = ""
    visibility: str = "public"
    local_only: bool = False
    in_reply_to_id: int | None = None
    idempotency_key: str = ""


def publish(tx: Tx, author: Account, draft: Draft, found: Found) -> Post:
    """Say it: the post, what it does to timelines, and its deliveries, together. `found` are the mentioned who could be resolved.

    The same idempotency key gives the same post again. Raises Invalid, and NotFound when what it answers may not be seen.
    """
    if draft.idempotency_key and (known := rows.find_idempotent(tx, author.id, draft.idempotency_key)):
        return rows.get(tx, known)
    draft = _checked(tx, draft)
    parent = rows.get_visible(tx, author.id, draft.in_reply_to_id) if draft.in_reply_to_id else None
    if parent is not None and parent.boost_of_id is not None:
        parent = rows.get_visible(tx, author.id, parent.boost_of_id)
    post_id = rows.new_id(tx, tx.now)
    mentioned = _mentioned(tx, draft, found)
    post = rows.insert(
        tx,
        id=post_id,
        uri=tx.uris.post(author.username, post_id),
        url=tx.uris.post_page(author.username, post_id),
        account_id=author.id,
        published_at=tx.now,
        visibility=draft.visibility,
        local_only=int(draft.local_only),
        in_reply_to_uri=parent.uri if parent else "",
        in_reply_to_id=parent.id if parent else None,
        in_reply_to_account_id=parent.account_id if parent else None,
        **_text(tx, draft, mentioned),
    )
    named = _attach(tx, post, draft, mentioned, parent)
    if draft.idempotency_key:
        rows.put_idempotent(tx, author.id, draft.idempotency_key, post.id)
    fanout.post_added(tx, post, author, named)
    outbox.created(tx, post, author)
    return post


def edit(tx: Tx, author: Account, post_id: int, draft: Draft, found: Found) -> Post:
    """Say it otherwise: the earlier text is kept as history. Who may see a post does not change. Raises NotFound, Forbidden, Invalid."""
    post = _own(tx, author, post_id)
    draft = _checked(tx, draft._replace(visibility=post.visibility, local_only=bool(post.local_only)))
    mentioned = _mentioned(tx, draft, found)
    values = _text(tx, draft, mentioned)
    if all(getattr(post, name) == value for name, value in values.items()):
        return post
    rows.insert_edit(tx, post)
    parent = rows.find(tx, post.in_reply_to_id) if post.in_reply_to_id else None
    changed = rows.update(tx, post.id, edited_at=max(tx.now, (post.edited_at or post.published_at) + 1), **values)
    _attach(tx, changed, draft, mentioned, parent)
    fanout.post_edited(tx, changed, author)
    outbox.updated(tx, changed, author)
    return changed


def remove(tx: Tx, author: Account, post_id: int) -> Post:
    """Take a post back, everywhere it got to. Returns what it was. Raises NotFound, Forbidden."""
    post = _own(tx, author, post_id)
    outbox.deleted(tx, post, author)
    _end(tx, post, author)
    return post


def _end(tx: Tx, post: Post, author: Account) -> None:
    fanout.post_removed(tx, post)
    if post.is_public or not author.is_local:  # of what few could see nobody learns afterwards that it was there
        tombstone_rows.put(tx, post.uri, author.uri, post.kind if author.is_local else "")
    rows.delete_media(tx, post.id)
    rows.delete(tx, post.id)


def prune(tx: Tx, post_ids: Iterable[int]) -> None:
    """Forget old posts of others, with the counters they were part of. They may come again: no tombstone is left, and nobody is told."""
    for post_id in post_ids:
        post = rows.find(tx, post_id)
        if post is not None:  # a boost goes with what it boosts
            fanout.post_removed(tx, post, quiet=True)
            rows.delete_media(tx, post.id)
            rows.delete(tx, post.id)


def _own(tx: Tx, author: Account, post_id: int) -> Post:
    post = rows.get_visible(tx, author.id, post_id)
    if post.account_id != author.id or post.boost_of_id is not None:
        raise Forbidden("That is not a post of yours.")
    return post


def _checked(tx: Tx, draft: Draft) -> Draft:
    """The draft with its texts tidied. Raises Invalid naming what is wrong."""
    if len(draft.text) > 4 * tx.limits.post_chars:
        raise Invalid(f"That is too long: a post has up to {tx.limits.post_chars} characters.", "status")
    text = plaintext.tidy(draft.text).strip()
    if not plaintext.line(text[:1000], 1000):
        raise Invalid("Write something first: a post cannot be empty.", "status")
    if len(text) > tx.limits.post_chars:
        raise Invalid(f"That is too long: a post has up to {tx.limits.post_chars} characters.", "status")
    if draft.visibility not in VISIBILITIES:
        raise Invalid(f"`{draft.visibility}` is not a visibility. There are {', '.join(VISIBILITIES)}.", "visibility")
    if draft.fmt not in FORMATS:
        raise Invalid(f"`{draft.fmt}` is not a format. There are {', '.join(FORMATS)}.", "content_type")
    if len(draft.language) > 35 or (not draft.language.replace("-", "").isalnum() and draft.language):
        raise Invalid("A language is a code like `en` or `pt-BR`.", "language")
    if len(draft.idempotency_key) > 255:
        raise Invalid("An idempotency key has up to 255 characters.", "Idempotency-Key")
    return draft._replace(text=text, warning=plaintext.line(draft.warning, limits.WARNING_CHARS))


def _mentioned(tx: Tx, draft: Draft, found: Found) -> dict[tuple[str, str], Account]:
    """The accounts the text names, by (username, host) as written. Names that nobody has stay text."""
    wanted = {}
    for username, host in markup.scan(draft.text, draft.fmt).mentions[: limits.MENTIONS]:
        name, place = username.lower(), "" if tx.uris.is_our_host(host) else host
        account_id = found.get((name, place))
        account = account_rows.find(tx, account_id) if account_id else account_rows.find_by_handle(tx, name, place)
        if account is not None and not account.is_hidden and account.kind != "Application":
            wanted[(username, host)] = account
    return wanted


def _text(tx: Tx, draft: Draft, mentioned: Mapping[tuple[str, str], Account]) -> dict[str, object]:
    targets = {key: markup.MentionTarget(account.url, account.handle) for key, account in mentioned.items()}
    return {
        "content_html": markup.render(draft.text, mentions=targets, tag_url=tx.uris.tag, fmt=draft.fmt),
        "content_source": draft.text,
        "content_type": FORMATS[draft.fmt],
        "warning": draft.warning,
        "sensitive": int(draft.sensitive or bool(draft.warning)),
        "language": draft.language,
        "sanitizer": sanitize.VERSION,
    }


def _attach(tx: Tx, post: Post, draft: Draft, mentioned: Mapping[tuple[str, str], Account], parent: Post | None) -> set[int]:
    """Mentions and hashtags; returns who is named. Whom a post answers is told like somebody named; a direct post is for the named."""
    named = {account.id for account in mentioned.values()}
    if parent is not None and parent.account_id != post.account_id and post.visibility != "direct":
        named.add(parent.account_id)
    rows.set_mentions(tx, post.id, named)
    tags = (markup.normalise_tag(tag) for tag in markup.scan(draft.text, draft.fmt).tags)
    rows.set_tags(tx, post.id, [tag for tag in tags if tag][: limits.TAGS])
    return named


# -- from the wire --


def html_of(note: parse.Note, tag_url: Callable[[str], str]) -> Html:
    """The text of a post from elsewhere as safe HTML, whatever it is written in. May cost CPU: see sanitize.is_heavy."""
    if note.content_type == "text/markdown":
        return markup.render(note.content[: limits.HTML_BYTES], mentions={}, tag_url=tag_url, fmt="markdown")
    if note.content_type == "text/plain":
        return paragraphs(plaintext.plain(note.content, limits.CONTENT_CHARS))
    return sanitize.clean(note.content)


def receive(tx: Tx, note: parse.Note, author: Account, content: Html, *, quiet: bool = False) -> Post | None:
    """Store a post of somebody elsewhere; None when it was deleted before it came. One that is known stays as it is.

    The caller has made sure that `author` is who the note is attributed to, and that it comes from the author's server.
    """
    if rows.is_known_or_gone(tx, note.id, author.uri):
        known = rows.find_by_uri(tx, note.id)
        return known if known is not None and known.account_id == author.id else None
    parent = rows.find_by_uri(tx, note.in_reply_to) if note.in_reply_to else None
    post = rows.insert(
        tx,
        id=rows.new_id(tx, min(note.published_at or tx.now, tx.now)),
        uri=note.id,
        url=note.url or note.id,
        account_id=author.id,
        published_at=min(note.published_at or tx.now, tx.now),
        edited_at=note.updated_at if note.updated_at and note.published_at and note.updated_at > note.published_at else None,
        visibility=note.visibility,
        in_reply_to_uri=note.in_reply_to,
        in_reply_to_id=parent.id if parent else None,
        in_reply_to_account_id=parent.account_id if parent else None,
        **_received_text(note, content),
    )
    addressed = _receive_mentions(tx, post, note, author)
    rows.add_tags(tx, post.id, note.tags)
    if note.attachments:
        rows.set_media(tx, post.id, [_receive_file(tx, post, item) for item in note.attachments])
    replies = rows.adopt_orphans(tx, post)
    if replies:
        rows.add_counts(tx, post.id, replies=replies)
    fanout.post_added(tx, post, author, addressed, quiet=quiet)
    return post


def receive_edit(tx: Tx, note: parse.Note, author: Account, content: Html) -> Post | None:
    """Change a known post of `author` to what its server says now; None when it is not known, or older than what we have."""
    post = rows.find_by_uri(tx, note.id)
    if post is None or post.account_id != author.id:
        return None
    if note.updated_at is None or note.updated_at <= (post.edited_at or post.published_at):
        return None
    rows.insert_edit(tx, post)
    changed = rows.update(tx, post.id, edited_at=min(note.updated_at, tx.now), **_received_text(note, content))
    _receive_mentions(tx, changed, note, author)
    rows.set_tags(tx, changed.id, note.tags)
    _receive_files(tx, changed, note)
    fanout.post_edited(tx, changed, author)
    return changed


def receive_removal(tx: Tx, uri: str, author: Account) -> None:
    """An author elsewhere has deleted a post, maybe before we ever saw it."""
    post = rows.find_by_uri(tx, uri)
    if post is None:
        tombstone_rows.put(tx, uri, author.uri)
    elif post.account_id == author.id:
        _end(tx, post, author)


def _received_text(note: parse.Note, content: Html) -> dict[str, object]:
    return {
        "kind": note.type,
        "title": plaintext.line(note.title, limits.NAME_CHARS) if note.title else "",
        "content_html": content,
        "content_source": "",
        "content_type": "",
        "warning": plaintext.line(note.warning, limits.WARNING_CHARS) if note.warning else "",
        "sensitive": int(note.sensitive or bool(note.warning)),
        "language": note.language[:35],
        "emojis": json.dumps(note.emojis) if note.emojis else "[]",
        "sanitizer": sanitize.VERSION,
    }


def _receive_mentions(tx: Tx, post: Post, note: parse.Note, author: Account) -> set[int]:
    """Write whom a post names, and whom it is addressed to without naming them, as far as they are known here; returns them all."""
    named_uris = frozenset(note.mention_hrefs)
    addressed = (named_uris | set(note.to) | set(note.cc)) - {vocab.PUBLIC, author.followers_uri, author.uri}
    accounts = account_rows.list_by_uris(tx, addressed) if addressed else {}
    named = {account.id for uri, account in accounts.items() if uri in named_uris}
    silent = {account.id for account in accounts.values()} - named
    if accounts or post.edited_at:
        rows.set_mentions(tx, post.id, named, silent)
    return named | silent


def _receive_files(tx: Tx, post: Post, note: parse.Note) -> None:
    """Files that the post showed before keep their row, and with it the bytes that were fetched."""
    present = {item.remote_url: item.media_id for item in rows.list_media(tx, [post.id]).get(post.id, [])}
    shown = []
    for item in note.attachments:
        known = present.pop(item.url, None)
        if known is not None:
            media_rows.set_alt(tx, known, plaintext.plain(item.alt, limits.ALT_CHARS))
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
        blurhash=item.blurhash[:100],
        remote_url=item.url,
    ).id
