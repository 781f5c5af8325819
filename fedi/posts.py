"""Posts that are written here. What a post does to timelines is fanout.py's, whom it is sent to audience.py's and outbox.py's.

Those that arrive are arrivals.py's.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from fedi import approvals, emojis, fanout, groups, hosting, limits, markup, media, plaintext, policies, polls, quotes, sanitize, threads
from fedi.activitypub import outbox, outbox_consents, render
from fedi.errors import Forbidden, Invalid
from fedi.polls import NewPoll
from fedi.storage import accounts as account_rows
from fedi.storage import approvals as approval_rows
from fedi.storage import idempotency as idempotency_rows
from fedi.storage import posts as rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post

VISIBILITIES = ("public", "unlisted", "followers", "direct")
ARTICLE_FROM_CHARS = 500  # of visible text
FORMATS = {"plain": "text/plain", "markdown": "text/markdown"}

Found = Mapping[tuple[str, str], int]  # (username in lower case, host or '') -> account id


class Draft(NamedTuple):
    """What somebody wants to say. `fmt` is a key of FORMATS. In an edit a `poll` of None stays as it is, one without options goes, and
    None for `media_ids` keeps the files there are.

    With a title a text may be long: see `kind_of`. `group_id` is the group it is posted to.
    """

    text: str
    fmt: Literal["plain", "markdown"] = "markdown"
    warning: str = ""
    sensitive: bool = False
    language: str = ""
    visibility: str = "public"
    local_only: bool = False
    in_reply_to_id: int | None = None
    quote_of_id: int | None = None
    policy: tuple[tuple[str, str], ...] = ()  # (kind, choice) of policies.CHOICES; what is not said is as the author has it set
    group_id: int | None = None
    idempotency_key: str = ""
    poll: NewPoll | None = None
    title: str = ""
    media_ids: tuple[int, ...] | None = None
    media_changes: tuple[media.Change, ...] = ()
    app_id: int | None = None  # the program it is written with


def publish(tx: Tx, author: Account, draft: Draft, found: Found) -> Post:
    """Say it: the post, what it does to timelines, and its deliveries, together. `found` are the mentioned who could be resolved.

    The same idempotency key gives the same post again. Raises Invalid, and NotFound when what it answers may not be seen.
    """
    if draft.idempotency_key and (known := idempotency_rows.find(tx, author.id, draft.idempotency_key)):
        return rows.get(tx, known)
    draft = checked(tx, draft if draft.poll is None or draft.poll.options else draft._replace(poll=None))
    parent, quoted = _original(tx, author, draft.in_reply_to_id), _original(tx, author, draft.quote_of_id)
    held = parent is not None and approvals.needs_yes(tx, policies.REPLY, parent, author)
    post_id = rows.new_id(tx, tx.now)
    mentioned = _mentioned(tx, draft, found)
    written = _text(tx, draft, mentioned)
    group = _group(tx, author, draft, mentioned, parent)
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
        **({"thread_id": parent.thread_id} if parent else {}),
        app_id=draft.app_id,
        held=int(held),
        policy=policy(dict(draft.policy), draft.visibility, habits(tx, author, draft.visibility)),
        kind=kind_of(draft, str(written["content_html"])),
        group_id=group.id if group else None,
        context_uri=threads.context_of(tx, parent) if parent else tx.uris.context(post_id),
        **written,
    )
    if quoted is not None:
        quotes.begin(tx, post, author, quoted)
    named = _attach(tx, post, draft, mentioned, parent)
    if draft.poll is not None:
        polls.attach(tx, post, draft.poll)
    media.attach(tx, author.id, post.id, draft.media_ids or ())
    if draft.idempotency_key:
        idempotency_rows.put(tx, author.id, draft.idempotency_key, post.id)
    if parent is not None and held:
        approvals.await_yes(tx, policies.REPLY, parent, author, post.uri)
        outbox_consents.asked_to_answer(tx, post, author, parent)
        return post
    if parent is not None and parent.policy and approvals.is_limited(parent, policies.REPLY):
        approvals.grant_own(tx, policies.REPLY, parent, author, post.uri)
    fanout.tags_added(tx, post)
    fanout.post_added(tx, post, author, named)
    outbox.created(tx, post, author)
    quotes.announce(tx, post, author)
    hosting.published(tx, group, post, author)
    return post


def habits(tx: Tx, author: Account, visibility: str) -> policies.Policy:
    """What an author lets others do with posts of a visibility, where they say nothing else."""
    user = user_rows.find(tx, author.id)
    chosen = user.setting("policies", {}).get(visibility, {}) if user is not None and len(user.settings) > 2 else {}
    return {kind: policies.CHOICES[name] for kind, name in chosen.items() if kind in policies.KINDS and name in policies.CHOICES}


def policy(choices: Mapping[str, str], visibility: str, present: policies.Policy) -> str:
    """A post's policy as it is stored: the choices over what holds now. Raises Invalid for one there is not."""
    for kind, name in choices.items():
        if kind not in policies.KINDS or name not in policies.CHOICES:
            raise Invalid(f"`{name}` is not a policy. There are {', '.join(policies.CHOICES)}.", "policy")
    rules = {**present, **{kind: policies.CHOICES[name] for kind, name in choices.items()}}
    if visibility in ("followers", "direct"):
        rules.pop(policies.QUOTE, None)  # nobody but the author may anyway
    kept = {kind: rule for kind, rule in rules.items() if rule != policies.OPEN}
    return policies.write(kept)


def _original(tx: Tx, author: Account, post_id: int | None) -> Post | None:
    """What is answered or quoted; of a boost, what it boosts. Raises NotFound when the author may not see it."""
    post = rows.get_visible(tx, author.id, post_id) if post_id else None
    return rows.get_visible(tx, author.id, post.boost_of_id) if post is not None and post.boost_of_id is not None else post


def edit(tx: Tx, author: Account, post_id: int, draft: Draft, found: Found) -> Post:
    """Say it otherwise: the earlier text is kept as history. Who may see a post does not change. Raises NotFound, Forbidden, Invalid."""
    post = _own(tx, author, post_id)
    draft = draft._replace(visibility=post.visibility, local_only=bool(post.local_only))
    if draft.media_ids is None:
        draft = draft._replace(media_ids=tuple(file.media_id for file in rows.list_media(tx, [post.id]).get(post.id, [])))
    draft = checked(tx, draft)
    mentioned = _mentioned(tx, draft, found)
    choices = polls.titles(tx, post)
    values = _text(tx, draft, mentioned, choices)
    if post.kind == "Article" and not draft.title:
        raise Invalid("An article keeps a title.", "title")
    asked_anew = draft.poll is not None and polls.change(tx, post, draft.poll)
    is_shown_otherwise = media.reattach(tx, author.id, post.id, draft.media_ids, draft.media_changes)
    is_same = not asked_anew and not is_shown_otherwise
    if is_same and all(getattr(post, name) == value for name, value in values.items()):
        return post
    if asked_anew and draft.poll is not None:
        values["kind"] = polls.KIND if draft.poll.options else "Note"
    rows.insert_edit(tx, post, choices)
    parent = rows.find(tx, post.in_reply_to_id) if post.in_reply_to_id else None
    changed = rows.update(tx, post.id, edited_at=max(tx.now, (post.edited_at or post.published_at) + 1), **values)
    _attach(tx, changed, draft, mentioned, parent)
    if changed.held:
        return changed
    fanout.post_edited(tx, changed, author)
    outbox.updated(tx, changed, author)
    if changed.group_id is not None:
        hosting.acted(tx, changed, author, render.update(tx, changed))
    return changed


def remove(tx: Tx, author: Account, post_id: int, *, keep_files: bool = False) -> Post:
    """Take a post back, everywhere it got to. Returns what it was. With `keep_files` its author may show its files again for a day.

    Raises NotFound, Forbidden.
    """
    post = _own(tx, author, post_id)
    if keep_files:
        rows.detach_media(tx, post.id)
    outbox.deleted(tx, post, author)
    if post.group_id is not None:
        hosting.ended(tx, post, author, render.delete(tx, post, author, []))
    end(tx, post, author)
    return post


def end(tx: Tx, post: Post, author: Account) -> None:
    """A post goes, whoever took it back: counters, tombstone, files, row."""
    fanout.post_removed(tx, post)
    if post.is_public or not author.is_local:  # of what few could see nobody learns afterwards that it was there
        tombstone_rows.put(tx, post.uri, author.uri, post.kind if author.is_local else "")
    approval_rows.delete_pending(tx, post.uri)
    rows.delete_media(tx, post.id)
    rows.delete(tx, post.id)


def kind_of(draft: Draft, content_html: str) -> str:
    """`Article` for a long text with a title that is no answer, message or poll; else `Note`, which has its title as its name.

    Mastodon shows of an Article the title and a link, of a Note the whole text: what is short is better read at once. A post stays what
    it was first. Source: FEP-b2b8.
    """
    if draft.poll is not None:
        return polls.KIND
    apart = draft.in_reply_to_id is None and draft.visibility != "direct"
    is_long = len(plaintext.text(content_html, ARTICLE_FROM_CHARS + 100)) > ARTICLE_FROM_CHARS
    return "Article" if draft.title and apart and is_long else "Note"


def _group(tx: Tx, author: Account, draft: Draft, mentioned: Mapping[tuple[str, str], Account], parent: Post | None) -> Account | None:
    """The group it goes to. Only what everybody may read can be in one. Raises Invalid, Forbidden, NotFound."""
    if parent is not None:
        groups.check_open(tx, parent)
    if draft.visibility in ("public", "unlisted") and not draft.local_only:
        return hosting.chosen(tx, author, draft.group_id, mentioned.values(), parent)
    if draft.group_id is not None:
        raise Invalid("What is posted to a group is public. Choose that, or leave the group out.", "visibility")
    return None


def _own(tx: Tx, author: Account, post_id: int) -> Post:
    post = rows.get_visible(tx, author.id, post_id)
    if post.account_id != author.id or post.boost_of_id is not None:
        raise Forbidden("That is not a post of yours.")
    return post


def checked(tx: Tx, draft: Draft) -> Draft:
    """The draft with its texts tidied. Raises Invalid naming what is wrong."""
    title = plaintext.line(draft.title, limits.NAME_CHARS)
    most = max(tx.limits.post_chars, limits.ARTICLE_CHARS) if title else tx.limits.post_chars
    if len(draft.text) > 4 * most:
        raise Invalid(f"That is too long: a post has up to {most} characters.", "status")
    text = plaintext.tidy(draft.text).strip()
    if not plaintext.line(text[:1000], 1000) and not draft.media_ids:
        raise Invalid("Write something first: a post cannot be empty.", "status")
    if len(text) > most:
        raise Invalid(f"That is too long: a post has up to {most} characters.", "status")
    if draft.visibility not in VISIBILITIES:
        raise Invalid(f"`{draft.visibility}` is not a visibility. There are {', '.join(VISIBILITIES)}.", "visibility")
    if draft.fmt not in FORMATS:
        raise Invalid(f"`{draft.fmt}` is not a format. There are {', '.join(FORMATS)}.", "content_type")
    if len(draft.language) > 35 or (not draft.language.replace("-", "").isalnum() and draft.language):
        raise Invalid("A language is a code like `en` or `pt-BR`.", "language")
    if len(draft.idempotency_key) > 255:
        raise Invalid("An idempotency key has up to 255 characters.", "Idempotency-Key")
    poll = polls.check(draft.poll) if draft.poll is not None and draft.poll.options else draft.poll
    return draft._replace(text=text, title=title, poll=poll, warning=plaintext.line(draft.warning, limits.WARNING_CHARS))


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


def _text(tx: Tx, draft: Draft, mentioned: Mapping[tuple[str, str], Account], kept: Iterable[str] = ()) -> dict[str, object]:
    """The columns of its text; `kept` are the options of a poll that stays as it is."""
    options = draft.poll.options if draft.poll is not None else kept
    targets = {key: markup.MentionTarget(account.url, account.handle) for key, account in mentioned.items()}
    html = markup.render(draft.text, mentions=targets, tag_url=tx.uris.tag, fmt=draft.fmt)
    if draft.title and (len(html.encode()) > limits.HTML_BYTES or html.count("<") > limits.HTML_MARKUP):
        raise Invalid("That is too much for other servers to show: make two articles of it.", "status")
    return {
        "title": draft.title,
        "content_html": html,
        "content_source": draft.text,
        "content_type": FORMATS[draft.fmt],
        "warning": draft.warning,
        "sensitive": int(draft.sensitive or bool(draft.warning)),
        "language": draft.language,
        "emojis": emojis.column(emojis.written(tx, draft.text, draft.warning, draft.title, *options)),
        "sanitizer": sanitize.VERSION,
    }


def _attach(tx: Tx, post: Post, draft: Draft, mentioned: Mapping[tuple[str, str], Account], parent: Post | None) -> set[int]:
    """Mentions and hashtags; returns who is named. Whom a post answers is told like somebody named; a direct post is for the named."""
    named = {account.id for account in mentioned.values()}
    if parent is not None and parent.account_id != post.account_id and post.visibility != "direct":
        named.add(parent.account_id)
    silent = quotes.addressed(tx, post) | ({post.group_id} if post.group_id is not None else set())
    rows.set_mentions(tx, post.id, named, silent - named)
    tags = (markup.normalise_tag(tag) for tag in markup.scan(draft.text, draft.fmt).tags)
    rows.set_tags(tx, post.id, [tag for tag in tags if tag][: limits.TAGS])
    return named
