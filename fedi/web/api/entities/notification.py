"""Notification, and what a program says of which it wants and knows."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import orjson

from fedi import clock
from fedi.storage import accounts as account_rows
from fedi.storage import reactions as reaction_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.notifications import Notification
from fedi.web.api.entities import fallback, happening
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import Shelf

# Ours -> the API's.
TYPES: Final = {
    "follow": "follow",
    "follow_request": "follow_request",
    "mention": "mention",
    "favourite": "favourite",
    "boost": "reblog",
    "edit": "update",
    "post": "status",
    "quote": "quote",
    "quoted_edit": "quoted_update",
    "poll": "poll",
    "reaction": "favourite",  # whoever reacts likes, and a type that a program does not know can break it; see ASKED
    "report": "admin.report",
    "sign_up": "admin.sign_up",
    "severance": "severed_relationships",
    "warning": "moderation_warning",
    "collection": "added_to_collection",
    "collection_edit": "collection_update",
}
# What the API has no word for: for programs that say which types they know, since these show others by their fallback.
OURS: Final = {"approval": "approval", "moderation": "moderation", "move": "move"}
# Programs that ask for them by these names know them: what ours is then called.
ASKED: Final = {"pleroma:emoji_reaction": "reaction", "reaction": "reaction"}
# What is put together, where a program does not say; it may leave some out.
GROUPED: Final = ("favourite", "reblog", "follow")
_ALL: Final = TYPES | OURS


class Asked(NamedTuple):
    """What a program names: types it wants, types it knows (None: it does not say), and our kinds for what it is to get."""

    types: Sequence[str]
    known: frozenset[str] | None
    kinds: Sequence[str]


def asked(types: Sequence[str], without: Sequence[str], known: Sequence[str] | None = None) -> Asked:
    """`known` is `supported_types`, None where that was not given."""
    return Asked(types, frozenset(known) if known is not None else None, kinds(types, without, with_ours=known is not None))


def kinds(types: Sequence[str], without: Sequence[str], *, with_ours: bool = False) -> list[str]:
    """Our names for what `types` (all, where there are none) and `exclude_types` leave; names that nobody has name nothing."""
    names = _ALL if with_ours else TYPES
    wanted = {ours for ours, theirs in names.items() if not types or theirs in types} | {ASKED[name] for name in types if name in ASKED}
    unwanted = {ours for ours, theirs in names.items() if theirs in without} | {ASKED[name] for name in without if name in ASKED}
    return [ours for ours in names if ours in wanted - unwanted]


EVERYTHING: Final = asked((), ())


def grouped(types: Sequence[str]) -> list[str]:
    """Our names for what `grouped_types` (all that can be, where there are none) says is to be put together."""
    wanted = [name for name in GROUPED if not types or name in types]
    return [ours for ours, theirs in TYPES.items() if theirs in wanted]


class Beside(NamedTuple):
    """What the notifications of a list need besides their rows."""

    senders: Mapping[int, Account]  # where words are made of them
    people: Mapping[int, bytes]
    posts: Mapping[int, bytes]
    about: Mapping[int, Json]
    emojis: Mapping[tuple[int, int], Json]


def load(shelf: Shelf, tx: Tx, owner_id: int, rows: Sequence[Notification], said: Asked, more: Sequence[int] = ()) -> Beside:
    """In a fixed number of statements. `more` are further people."""
    named = [row.from_account_id for row in rows]
    people = shelf.people(tx, [*named, *more]) if named else {}
    senders = account_rows.list_by_ids(tx, named) if said.known is not None else {}
    posts = shelf.posts_by_id(tx, owner_id, [row.post_id for row in rows if row.post_id is not None])
    return Beside(senders, people, posts, happening.load(shelf, tx, owner_id, rows), _emojis(tx, rows))


def is_whole(row: Notification, beside: Beside) -> bool:
    """Whether everything it is about may still be shown."""
    return (
        row.from_account_id in beside.people
        and (row.post_id is None or row.post_id in beside.posts)
        and (row.kind not in happening.KINDS or row.id in beside.about)
    )


def notifications(shelf: Shelf, tx: Tx, owner_id: int, rows: list[Notification], said: Asked | None = None) -> list[bytes]:
    """Each as JSON, in a fixed number of statements.

    Source: Mastodon documentation, Notification.
    """
    given = said or EVERYTHING
    beside = load(shelf, tx, owner_id, rows, given)
    if given.known is None and not given.types and not beside.about and not beside.emojis:
        return [_plain(row, beside) for row in rows if is_whole(row, beside)]
    return [orjson.dumps(_notification(row, beside) | details(row, beside, given)) for row in rows if is_whole(row, beside)]


def _plain(row: Notification, beside: Beside) -> bytes:
    """One that has nothing more to it, at a third of the cost: the head is kept, and only put before what is JSON already."""
    end = b',"filtered":true}' if row.filtered else b"}"
    post = (b',"status":', beside.posts[row.post_id]) if row.post_id is not None else ()
    return b"".join((_head(row.id, row.kind, row.group_key, row.created_at), beside.people[row.from_account_id], *post, end))


@lru_cache(maxsize=4096)
def _head(row_id: int, kind: str, group_key: str, created_at: int) -> bytes:
    return orjson.dumps(_named(row_id, kind, group_key, created_at))[:-1] + b',"account":'


def type_of(row: Notification, said: Asked) -> str:
    """Its type, as the program knows it."""
    named = {ASKED[name]: name for name in said.types if name in ASKED}
    return named.get(row.kind) or _ALL[row.kind]


def details(row: Notification, beside: Beside, said: Asked) -> Json:
    """What both a notification and a group have: what it is about, and words for programs that do not know its type."""
    found = {"type": type_of(row, said), **beside.about.get(row.id, {})}
    if said.known is not None and found["type"] not in said.known:
        found["fallback"] = fallback.fallback(row.kind, beside.senders[row.from_account_id])
    if row.kind == "reaction" and row.post_id is not None:
        found |= beside.emojis.get((row.post_id, row.from_account_id), {})
    return found


def _emojis(tx: Tx, rows: Sequence[Notification]) -> dict[tuple[int, int], Json]:
    """What people have reacted with, by post and person: the latest of each. Source: Pleroma API."""
    pairs = [(row.post_id, row.from_account_id) for row in rows if row.kind == "reaction" and row.post_id is not None]
    return {
        key: {"emoji": f":{name}:" if url else name, "emoji_url": tx.uris.media(url) if url else None}
        for key, (name, url) in (reaction_rows.list_latest(tx, pairs) if pairs else {}).items()
    }


def _named(row_id: int, kind: str, group_key: str, created_at: int) -> Json:
    return {
        "id": str(row_id),
        "type": _ALL[kind],
        "group_key": group_key or f"ungrouped-{row_id}",
        "created_at": clock.rfc3339(created_at),
    }


def _notification(row: Notification, beside: Beside) -> Json:
    found = _named(row.id, row.kind, row.group_key, row.created_at)
    found["account"] = orjson.Fragment(beside.people[row.from_account_id])
    if row.post_id is not None:
        found["status"] = orjson.Fragment(beside.posts[row.post_id])
    if row.filtered:
        found["filtered"] = True
    return found
