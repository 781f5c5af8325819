"""Status: the parts of its JSON that stay the same for everybody, and the end that does not; StatusEdit and StatusSource."""

import json
from collections.abc import Sequence
from typing import Final, NamedTuple

import orjson

from fedi import clock, facts
from fedi.html import REL, escape, escape_text
from fedi.storage import apps as app_rows
from fedi.storage import cards as card_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage import reactions as reaction_rows
from fedi.storage.accounts import Account
from fedi.storage.briefs import BOOKMARKED, BOOSTED, FAVOURITED, MUTED, OWN, PINNED
from fedi.storage.cards import Shown
from fedi.storage.db import Tx
from fedi.storage.posts import Attachment, Edit, Post
from fedi.uris import Uris
from fedi.web.api.entities import card, emoji, parent, poll, quote, reaction
from fedi.web.api.entities.media import media
from fedi.web.api.entities.places import Json, address, visibility


class Beside(NamedTuple):
    """What hangs on the posts of a list, by post id."""

    mentions: dict[int, list[Account]]
    media: dict[int, list[Attachment]]
    tags: dict[int, list[str]]
    quoting: set[int]
    reacted: set[int]
    cards: dict[int, Shown]
    programs: dict[int, tuple[str, str]]
    secret_parents: frozenset[int] = frozenset()  # of posts that answer something that is not for everybody


NOTHING: Final = Beside({}, {}, {}, set(), set(), {}, {})


def load(tx: Tx, post_ids: Sequence[int], answers: Sequence[int] = (), written: Sequence[int] = ()) -> Beside:
    """In six statements, and one more each when there are `answers` among them, and what was `written` with a program."""
    return Beside(
        post_rows.list_mentions(tx, post_ids),
        post_rows.list_media(tx, post_ids),
        post_rows.list_tags(tx, post_ids),
        quote_rows.list_quoting(tx, post_ids),
        reaction_rows.list_reacted(tx, post_ids),
        card_rows.list_shown(tx, post_ids),
        app_rows.list_programs(tx, written) if written else {},
        post_rows.list_answers_to_few(tx, answers) if answers else frozenset(),
    )


def head(us: Uris, post: Post, beside: Beside) -> bytes:
    """The JSON up to where the account stands. Of a boost: what the boost itself has. Source: Mastodon documentation, Status."""
    is_boost = post.boost_of_id is not None
    found: Json = {
        "id": str(post.id),
        "uri": post.uri,
        "url": address(post.url),
        "created_at": clock.rfc3339(post.published_at),
        "edited_at": clock.rfc3339(post.edited_at) if post.edited_at is not None else None,
        **parent.named(post, is_secret=post.id in beside.secret_parents),
        "sensitive": bool(post.sensitive),
        "spoiler_text": post.warning,
        "visibility": visibility(post.visibility),
        "local_only": bool(post.local_only),
        "language": post.language or None,
        "content": "" if is_boost else content(post.title, post.content_html, post.facts),
        "text": None,
        "media_attachments": [media(us, file) for file in beside.media.get(post.id, ())],
        "mentions": [_mention(account) for account in beside.mentions.get(post.id, ())],
        "tags": [{"name": name, "url": us.tag(name)} for name in beside.tags.get(post.id, ())],
        "emojis": emoji.used(us, post.emojis),
        "poll": poll.place(post),
        "card": card.of(us, post, beside.cards.get(post.id)),
        "quote": quote.place(post.id) if post.id in beside.quoting else None,
        "quotes_count": post.quotes_count,
        "quote_approval": quote.approval(post, us.is_ours(post.uri)),
        "tagged_collections": [],
        **program(beside.programs.get(post.id)),
        **reaction.place(post, post.id in beside.reacted),
    }
    return orjson.dumps(found)[:-1] + b',"account":'


def program(found: tuple[str, str] | None) -> Json:
    """What a post was written with, for everybody to see, where that is known."""
    return {"application": {"name": found[0], "website": address(found[1])}} if found is not None else {}


def content(title: str, html: str, stored_facts: str = "") -> str:
    """What a post says; articles and the like begin with their title, and with what programs have no place for."""
    heading = f"<h2>{escape_text(title)}</h2>" if title else ""
    return f"{heading}{_beside(facts.load(stored_facts))}{html}" if stored_facts else heading + html


def _beside(said: facts.Facts) -> str:
    """An abstract, and a line for every fact."""
    abstract = f"<p>{escape_text(said.abstract)}</p>" if said.abstract else ""
    lines = [f"{one.label}: {_link(one.url, one.words)}" for one in facts.sayings(said)]
    named = [_link(url, name or url) for url, name in said.links]
    return abstract + "".join(f"<p>{'<br>'.join(part)}</p>" for part in (lines, named) if part)


def _link(url: str, words: str) -> str:
    where = address(url) if url else None
    return f'<a href="{escape(where)}" rel="{REL}" target="_blank">{escape_text(words)}</a>' if where else escape_text(words)


def _mention(account: Account) -> Json:
    return {"id": str(account.id), "username": account.username, "url": address(account.url) or account.uri, "acct": account.handle}


# -- the end: counters, and what the viewer did --


def counts(replies: int, boosts: int, favourites: int) -> bytes:
    return b',"replies_count":%d,"reblogs_count":%d,"favourites_count":%d' % (replies, boosts, favourites)


def _mine(flags: int) -> bytes:
    found: Json = {
        "favourited": bool(flags & FAVOURITED),
        "reblogged": bool(flags & BOOSTED),
        "muted": bool(flags & MUTED),
        "bookmarked": bool(flags & BOOKMARKED),
        "filtered": [],
    }
    if flags & OWN:
        found["pinned"] = bool(flags & PINNED)
    return b"," + orjson.dumps(found)[1:]


MINE: Final = tuple(_mine(flags) for flags in range(64))
NOBODYS: Final = b"}"


# -- beside a status --


def edits(us: Uris, post: Post, earlier: Sequence[Edit], author: bytes, beside: Beside) -> list[Json]:
    """Every revision, the first one first; to that of today its poll is to be added with `asked`. Attachments are those of today.

    Source: Mastodon documentation, StatusEdit.
    """
    today = Edit(post.edited_at or post.published_at, post.title, post.content_html, post.warning, post.sensitive)
    files = [media(us, file) for file in beside.media.get(post.id, ())]
    return [
        {
            "content": content(edit.title, edit.content_html, post.facts if edit is today else ""),
            "spoiler_text": edit.warning,
            "sensitive": bool(edit.sensitive),
            "created_at": clock.rfc3339(edit.edited_at),
            "account": orjson.Fragment(author),
            "media_attachments": files,
            "emojis": emoji.used(us, post.emojis),
            "quote": None,
            **asked(json.loads(edit.poll_options)),
        }
        for edit in (*earlier, today)
    ]


def asked(titles: Sequence[str]) -> Json:
    """What a revision has besides where it asked something."""
    return {"poll": {"options": [{"title": title} for title in titles]}} if titles else {}


def source(post: Post) -> Json:
    """With the title and the format, which are ours. Source: Mastodon documentation, StatusSource."""
    return {
        "id": str(post.id),
        "text": post.content_source,
        "spoiler_text": post.warning,
        "content_type": post.content_type,
        "title": post.title,
    }
