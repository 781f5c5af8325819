"""Quotes of a post, taking one back, and who may quote. Source: Mastodon documentation, statuses."""

from typing import Final

from aiohttp import web

from fedi import decisions, ids, policies
from fedi.errors import Invalid
from fedi.storage import quotes as rows
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.shelf import SHELF, Shelf

_POLICIES: Final = ("public", "followers", "nobody")


# -- in a new post, and in an edit --


def read_policy(given: params.Params) -> tuple[tuple[str, str], ...]:
    """What a program says of who may quote; nothing when it says nothing. Raises Invalid."""
    chosen = given.text("quote_approval_policy", max_chars=100)
    if chosen and chosen not in _POLICIES:
        raise Invalid(f"`{chosen}` is not a policy. There are {', '.join(_POLICIES)}.", "quote_approval_policy")
    return ((policies.QUOTE, chosen),) if chosen else ()


def check_same(tx: Tx, given: params.Params, post_id: int) -> None:
    """An edit says again what the post quotes, or nothing: its author has agreed to that. Raises Invalid."""
    said = given.find_id("quoted_status_id")
    quote = rows.find(tx, post_id)
    if said is not None and (quote is None or quote.quoted_id != said):
        raise Invalid("What a post quotes cannot be changed: write a new one.", "quoted_status_id")


# -- by itself --


async def index(request: web.Request) -> web.Response:
    viewer, shown = auth.require(request, "read:statuses"), answers.page(request)
    items, cursors = request.app[keys.INSTANCE].db.read(_list, request.app[SHELF], viewer.id, answers.named_id(request), shown)
    return answers.listing(request, shown, items, cursors)


def _list(tx: Tx, shelf: Shelf, viewer_id: int, post_id: int, shown: Page) -> tuple[list[bytes], list[int]]:
    post = answers.post(tx, viewer_id, post_id)
    found = [one.id for one in rows.list_quotes(tx, viewer_id, post.id, shown)]
    return shelf.posts(tx, viewer_id, found), found


async def revoke(request: web.Request) -> web.Response:
    """Answers with the post that quotes no more."""
    viewer, quoted_id = auth.require(request, "write:statuses"), answers.named_id(request)
    quoting_id = ids.parse(request.match_info["quoting"])
    await request.app[keys.INSTANCE].db.write(decisions.revoke_quote, viewer, quoted_id, quoting_id)
    return _shown(request, viewer.id, quoting_id)


async def set_policy(request: web.Request) -> web.Response:
    viewer, post_id = auth.require(request, "write:statuses"), answers.named_id(request)
    choices = dict(read_policy(await params.read(request)))
    if not choices:
        raise Invalid("Say who may quote.", "quote_approval_policy")
    await request.app[keys.INSTANCE].db.write(decisions.set_policy, viewer, post_id, choices)
    return _shown(request, viewer.id, post_id)


def _shown(request: web.Request, viewer_id: int, post_id: int) -> web.Response:
    found = request.app[keys.INSTANCE].db.read(_read, request.app[SHELF], viewer_id, post_id)
    return answers.entity(found[0] if found else {})


def _read(tx: Tx, shelf: Shelf, viewer_id: int, post_id: int) -> list[bytes]:
    return shelf.posts(tx, viewer_id, [post_id])


_POLICY: Final = table.Field("quote_approval_policy", required=True, choices=_POLICIES, example="followers")
ROUTES = (
    table.user("GET", "/api/v1/statuses/{id}/quotes", index, "read:statuses", *table.PAGE, gives="[Status]"),
    table.user("POST", "/api/v1/statuses/{id}/quotes/{quoting}/revoke", revoke, "write:statuses", gives="Status"),
    table.user("PUT", "/api/v1/statuses/{id}/interaction_policy", set_policy, "write:statuses", _POLICY, gives="Status"),
    table.user("PATCH", "/api/v1/statuses/{id}/interaction_policy", set_policy, "write:statuses", _POLICY, gives="Status"),
)
