"""What others ask to do with one's posts. Source: GoToSocial, interaction requests."""

from collections.abc import Callable
from typing import Final

import orjson
from aiohttp import web

from fedi import clock, decisions, policies, revocations
from fedi.errors import Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import approvals as rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.approvals import Request
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import SHELF, Shelf

_TYPES: Final = {policies.LIKE: "favourite", policies.REPLY: "reply", policies.ANNOUNCE: "reblog", policies.QUOTE: "quote"}
_WANTED: Final = {"favourites": policies.LIKE, "replies": policies.REPLY, "reblogs": policies.ANNOUNCE, "quotes": policies.QUOTE}


async def index(request: web.Request) -> web.Response:
    """Those that wait; `favourites`, `replies`, `reblogs`, `quotes` leave kinds out when false, `status_id` asks about one post.

    With `state=accepted` those that were agreed to, which is our own: they can be taken back.
    """
    viewer, given, shown = auth.require(request, "read:notifications"), params.query(request), answers.page(request, 40, 80)
    kinds = tuple(kind for name, kind in _WANTED.items() if given.flag(name, True))
    state = given.text("state", "pending", 20)
    if state not in ("pending", "accepted"):
        raise Invalid("`state` is `pending` or `accepted`.", "state")
    wanted = rows.Wanted(kinds, state, given.find_id("status_id") or 0)
    items, cursors = request.app[keys.INSTANCE].db.read(_list, request.app[SHELF], viewer.id, shown, wanted)
    return answers.listing(request, shown, items, cursors)


def _list(tx: Tx, shelf: Shelf, viewer_id: int, page: Page, wanted: rows.Wanted) -> tuple[list[bytes], list[int]]:
    found = rows.list_of(tx, viewer_id, page, wanted)
    return _entities(tx, shelf, viewer_id, found), [request.id for request in found]


def _entities(tx: Tx, shelf: Shelf, viewer_id: int, requests: list[Request]) -> list[bytes]:
    """Each as JSON. Source: GoToSocial, interaction requests."""
    accounts = account_rows.list_by_ids(tx, [request.account_id for request in requests])
    people = dict(zip(accounts, shelf.accounts(tx, list(accounts.values())), strict=True))
    acts = post_rows.list_by_uris(tx, [request.interaction_uri for request in requests])
    shown = shelf.posts_by_id(tx, viewer_id, [*(request.post_id for request in requests), *(one.id for one in acts.values())])
    found = []
    for request in requests:
        act = acts.get(request.interaction_uri)
        answer = shown.get(act.id) if act is not None and act.boost_of_id is None else None
        found.append(orjson.dumps(_entity(request, people[request.account_id], shown.get(request.post_id), answer)))
    return found


def _entity(request: Request, account: bytes, status: bytes | None, answer: bytes | None) -> Json:
    answered = clock.rfc3339(request.answered_at) if request.answered_at is not None else None
    return {
        "id": str(request.id),
        "type": _TYPES[request.kind],
        "created_at": clock.rfc3339(request.created_at),
        "account": orjson.Fragment(account),
        "status": orjson.Fragment(status) if status is not None else None,
        "reply": orjson.Fragment(answer) if answer is not None else None,
        "accepted_at": answered if request.state == "accepted" else None,
        "rejected_at": answered if request.state in ("rejected", "revoked") else None,
        "uri": request.authorization_uri or None,
    }


async def show(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:notifications")
    return answers.entity(request.app[keys.INSTANCE].db.read(_show, request.app[SHELF], viewer.id, answers.named_id(request)))


def _show(tx: Tx, shelf: Shelf, viewer_id: int, request_id: int) -> bytes:
    found = rows.find(tx, request_id)
    post = post_rows.find(tx, found.post_id) if found is not None else None
    if found is None or post is None or post.account_id != viewer_id:
        raise NotFound("There is no such request.")
    return _entities(tx, shelf, viewer_id, [found])[0]


async def authorize(request: web.Request) -> web.Response:
    return await _answer(request, decisions.authorize)


async def reject(request: web.Request) -> web.Response:
    return await _answer(request, decisions.reject)


async def revoke(request: web.Request) -> web.Response:
    """Take a yes back: our own, GoToSocial has none."""
    return await _answer(request, revocations.revoke)


async def _answer(request: web.Request, decide: Callable[[Tx, Account, int], Request]) -> web.Response:
    viewer, instance = auth.require(request, "write:notifications"), request.app[keys.INSTANCE]
    answered = await instance.db.write(decide, viewer, answers.named_id(request))
    return answers.entity(instance.db.read(_show, request.app[SHELF], viewer.id, answered.id))


_WHICH: Final = (
    *(table.Field(name, "flag", example=True) for name in _WANTED),
    table.Field("state", choices=("pending", "accepted"), example="pending"),
    table.Field("status_id", "id"),
)
ROUTES = (
    table.user("GET", "/api/v1/interaction_requests", index, "read:notifications", *table.PAGE, *_WHICH, gives="[InteractionRequest]"),
    table.user("GET", "/api/v1/interaction_requests/{id}", show, "read:notifications", gives="InteractionRequest"),
    table.user("POST", "/api/v1/interaction_requests/{id}/authorize", authorize, "write:notifications", gives="InteractionRequest"),
    table.user("POST", "/api/v1/interaction_requests/{id}/reject", reject, "write:notifications", gives="InteractionRequest"),
    table.user("POST", "/api/v1/interaction_requests/{id}/revoke", revoke, "write:notifications", gives="InteractionRequest"),
)
