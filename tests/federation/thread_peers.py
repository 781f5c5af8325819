"""Threads and profiles of other servers, in the dialects that there are: what a scripted peer serves."""

import itertools
from typing import Any

from fedi import backfill, clock
from fedi.storage.posts import Post
from tests.remote import AS2, PUBLIC, Actor, Json, World

_numbers = itertools.count(1)
AGE_MS = clock.HOUR


def said(by: Actor, text: str = "hello", *, ago_ms: int = AGE_MS, **more: Any) -> Json:
    """A post of an hour ago, at its id."""
    return by.note(text, published=clock.rfc3339(clock.now() - ago_ms), **more)


def serve(by: Actor, path: str, document: Json) -> str:
    """Serve a document below somebody's address; its id."""
    uri = f"{by.uri}/{path}"
    by.peer.documents[uri.removeprefix(by.peer.base)] = {"@context": AS2, "id": uri, **document}
    return uri


def page(by: Actor, path: str, items: list[Any], *, next_uri: str = "", ordered: bool = False) -> str:
    """A page of a collection; its address."""
    kind, key = ("OrderedCollectionPage", "orderedItems") if ordered else ("CollectionPage", "items")
    return serve(by, path, {"type": kind, key: items, **({"next": next_uri} if next_uri else {})})


def mastodon_replies(root: Json, by: Actor, own: list[Json], others: list[str]) -> None:
    """The first page stands in the post and has its author's answers as whole objects; what others say are ids on the pages after."""
    uri = f"{root['id']}/replies"
    rest = uri.removeprefix(by.peer.base) + "?only_other_accounts=true&page=true"
    by.peer.documents[rest] = {"@context": AS2, "id": by.peer.base + rest, "type": "CollectionPage", "partOf": uri, "items": others}
    first = {"type": "CollectionPage", "partOf": uri, "next": by.peer.base + rest, "items": own}
    root["replies"] = {"id": uri, "type": "Collection", "first": first}
    by.peer.documents[uri.removeprefix(by.peer.base)] = {"@context": AS2, **root["replies"]}


def outbox(by: Actor, items: list[Any], total: int = 0, **more: Any) -> None:
    """An outbox of one page."""
    first = page(by, "outbox?page=true", items, ordered=True)
    serve(by, "outbox", {"type": "OrderedCollection", "totalItems": total or len(items), "first": first, **more})


def create(note: Json) -> Json:
    """The Create around a post, without what only stands at the top of a document."""
    inner = {name: value for name, value in note.items() if name != "@context"}
    return {
        "id": f"{note['id']}/activity", "type": "Create", "actor": note["attributedTo"], "object": inner,
        "published": note["published"], "to": note["to"], "cc": note["cc"],
    }  # fmt: skip


def announce(by: Actor, uri: str, ago_ms: int = AGE_MS) -> Json:
    published = clock.rfc3339(clock.now() - ago_ms)
    made = {"id": f"{by.uri}/boosts/{next(_numbers)}", "type": "Announce", "actor": by.uri, "object": uri, "published": published}
    return made | {"to": [PUBLIC], "cc": [by.followers]}


async def known(w: World, note: Json) -> Post:
    """Let the instance read one post; what it asked for that is forgotten."""
    post = await w.remote.post(note["id"])
    w.forget()
    return post


async def opened(w: World, post: Post) -> None:
    """Somebody opens the thread of a post; whatever that sets going is done."""
    w.db.transact(backfill.thread, post)
    await w.settle()


async def looked_at(w: World, who: Actor) -> None:
    """Somebody looks at a profile; whatever that sets going is done."""
    account = await w.know(who)
    w.db.transact(backfill.profile, account)
    await w.settle()


def fetched(w: World) -> list[str]:
    """What was asked of others, without what finds out whom a handle means."""
    return [line for line in w.asked if "/.well-known/" not in line]
