"""Reactions: as programs written for Pleroma and Akkoma ask for them, and as those written for glitch-soc do.

Source: Pleroma API; glitch-soc.
"""

from collections.abc import Callable
from typing import Any, Final

import orjson
from aiohttp import web

from fedi import limits, reactions
from fedi.storage import reactions as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import auth, keys
from fedi.web.api import answers, statuses, table
from fedi.web.api.entities import reaction as reaction_entity
from fedi.web.api.entities.shelf import SHELF, Shelf

_PEOPLE: Final = 200

_Act = Callable[[Tx, Account, int, str], Post]


async def _act(request: web.Request, act: _Act) -> web.Response:
    viewer, post_id = auth.require(request, "write:favourites"), answers.named_id(request)
    post = await request.app[keys.INSTANCE].db.write(act, viewer, post_id, request.match_info["emoji"][: limits.NAME_CHARS])
    return statuses.shown(request, viewer, post.id)


async def add(request: web.Request) -> web.Response:
    return await _act(request, reactions.react)


async def remove(request: web.Request) -> web.Response:
    return await _act(request, reactions.unreact)


async def index(request: web.Request) -> web.Response:
    """Who reacted with what; names are for people of this server, numbers for everybody who may see the post."""
    viewer_id, post_id = answers.reader_id(request, "read:statuses"), answers.named_id(request)
    instance = request.app[keys.INSTANCE]
    return answers.entity(instance.db.read(_read, request.app[SHELF], viewer_id, post_id, request.match_info.get("emoji", "")))


def _read(tx: Tx, shelf: Shelf, viewer_id: int, post_id: int, only: str) -> list[dict[str, Any]]:
    post = answers.post(tx, viewer_id, post_id)
    given = rows.list_people(tx, viewer_id, post.id, _PEOPLE) if viewer_id else []
    people = list({who.id: who for _, _, who in given}.values())
    shown = dict(zip([who.id for who in people], shelf.accounts(tx, people), strict=True))
    found = []
    for tally in rows.list_tallies(tx, viewer_id, [post.id]).get(post.id, []):
        name = reaction_entity.name(tally.name, tally.host)
        if only and name != (reactions.character(only) or only.strip(":")):
            continue
        accounts = [orjson.Fragment(shown[who.id]) for one, host, who in given if (one, host) == (tally.name, tally.host)]
        url = tx.uris.media(tally.key) if tally.key else None
        found.append({"name": name, "count": tally.number, "me": bool(tally.mine), "accounts": accounts, "url": url})
    return found


ROUTES = (
    table.reader("GET", "/api/v1/pleroma/statuses/{id}/reactions", index, "read:statuses", gives="[Reaction]"),
    table.reader("GET", "/api/v1/pleroma/statuses/{id}/reactions/{emoji}", index, "read:statuses", gives="[Reaction]"),
    table.user("PUT", "/api/v1/pleroma/statuses/{id}/reactions/{emoji}", add, "write:favourites", gives="Status"),
    table.user("POST", "/api/v1/pleroma/statuses/{id}/reactions/{emoji}", add, "write:favourites", gives="Status"),
    table.user("DELETE", "/api/v1/pleroma/statuses/{id}/reactions/{emoji}", remove, "write:favourites", gives="Status"),
    table.user("POST", "/api/v1/statuses/{id}/react/{emoji}", add, "write:favourites", gives="Status"),
    table.user("POST", "/api/v1/statuses/{id}/unreact/{emoji}", remove, "write:favourites", gives="Status"),
)
