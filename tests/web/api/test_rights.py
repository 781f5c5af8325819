"""Which scope opens what, and that ids of other people's things open nothing: swept over the table of routes, so that none is forgotten."""

import re
from typing import Any

import pytest
from aiohttp import web

from fedi import accounts, interactions
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web.api.routes import ROUTES
from fedi.web.api.table import Access
from tests import make
from tests.web.api.conftest import EVERYTHING, Api

OPEN = "anybody"  # no token needed
ANY = ""  # no scope needed
# Every route of the client API: the narrow scopes that open it, and whether it is for people only.
SCOPES = {route.name: (" ".join(route.scopes), OPEN if route.access in (Access.ANYONE, Access.READER) else False) for route in ROUTES}
PARTS = (
    "accounts",
    "statuses",
    "follows",
    "blocks",
    "mutes",
    "favourites",
    "bookmarks",
    "notifications",
    "search",
    "lists",
    "filters",
    "media",
    "reports",
)
TOKENS = ("read", "write", "follow", "push", "admin:read", *(f"{verb}:{part}" for verb in ("read", "write") for part in PARTS))


def filled(path: str, row_id: int = 1) -> str:
    """The path of a route with something in the place of its names."""
    names = {"id": str(row_id), "hashtag": "topic", "name": "topic", "emoji": "%F0%9F%8E%89", "quoting": "1", "group_key": "ungrouped-1"}
    return re.sub(r"{(\w+)}", lambda match: names[match[1]], path)


def routes(app: web.Application) -> set[str]:
    paths = [(route.method, route.resource.canonical) for route in app.router.routes() if route.resource is not None]
    return {f"{method} {path.rstrip('/')}" for method, path in paths if path.startswith("/api/") and method != "HEAD"}


def test_every_route_is_in_the_table(api: Api) -> None:
    assert api.rig.client.app is not None
    assert routes(api.rig.client.app) == SCOPES.keys()


def opens(token: str, scope: str) -> bool:
    """Whether a token of that one scope opens what wants `scope`, or one of several."""
    legacy = token == "follow" and any(one.partition(":")[2] in ("follows", "blocks", "mutes") for one in scope.split())
    return scope == ANY or any(token in (one, one.partition(":")[0]) for one in scope.split()) or legacy


@pytest.mark.parametrize("route", SCOPES)
async def test_a_program_does_what_its_scopes_say_and_no_more_AUT_08(api: Api, alice: Account, route: str) -> None:
    scope, public = SCOPES[route]
    method, _, path = route.partition(" ")
    path = filled(path)

    for token in TOKENS:
        status = (await api.call(method, alice, path, scopes=token)).status
        assert (status == 403) is not opens(token, scope), token
    assert (await api.call(method, None, path)).status in ((200, 404) if public == OPEN else (401,))
    answer = await api.call(method, None, path, headers={"Authorization": "Bearer nonsense"})
    assert (answer.status, answer.json) == (401, {"error": "The access token is invalid"})


async def test_credentials_may_be_read_with_the_scope_profile_alone(api: Api, alice: Account) -> None:
    assert (await api.get(alice, "/api/v1/accounts/verify_credentials", scopes="profile")).status == 200
    assert (await api.get(alice, "/api/v1/timelines/home", scopes="profile")).status == 403


async def test_a_suspended_person_does_nothing(api: Api, alice: Account) -> None:
    api.run(lambda tx: account_rows.update(tx, alice.id, suspended_at=tx.now))

    for route, (scope, _) in SCOPES.items():
        method, _, path = route.partition(" ")
        answer = await api.call(method, alice, filled(path))
        assert answer.status in ((403, 200) if scope == ANY else (403,)), route


def _others(tx: Tx, alice: Account) -> list[int]:
    """Ids of alice's things that are nobody else's business."""
    post = make.post(tx, alice, "secret", "direct")
    kept = make.post(tx, alice, "secret", "followers")
    interactions.bookmark(tx, alice, kept.id)
    other = make.account(tx)
    make.post(tx, other, "secret", "direct", mentions=(alice,))
    told = tx.one("SELECT id FROM notifications WHERE account_id = ?", (alice.id,))
    assert told is not None
    return [post.id, kept.id, told[0]]


@pytest.mark.parametrize("route", [route for route in SCOPES if "{id}" in route and "/accounts/" not in route])
async def test_the_ids_of_other_peoples_things_open_nothing_VIS_21(api: Api, alice: Account, mallory: Account, route: str) -> None:
    method, _, path = route.partition(" ")
    eve = api.run(make.account, "eve")
    hidden = api.run(_others, alice)
    before = api.rig.instance.db.read(_everything)
    body = {"status": "mine now", "quote_approval_policy": "nobody"} if method != "GET" else None

    for row_id in (*hidden, alice.id, eve.id, mallory.id):
        answer = await api.call(method, eve, filled(path, row_id), json=body)
        assert answer.status in (403, 404), (row_id, answer.json)
        assert "secret" not in str(answer.json)
    assert api.rig.instance.db.read(_everything) == before


def _everything(tx: Tx) -> list[Any]:
    tables = ("posts", "favourites", "bookmarks", "pins", "follows", "blocks", "mutes", "notifications", "deliveries", "activities")
    counts = [tx.one(f"SELECT count(*) FROM {table}") for table in tables]
    return [tuple(row) for row in counts if row is not None] + [tuple(row) for row in tx.query("SELECT id, version FROM posts")]


async def test_the_doings_of_one_person_change_nothing_of_another_VIS_21(api: Api, alice: Account, bob: Account) -> None:
    """Acts on somebody's account are about the one who acts."""
    eve = api.run(make.account, "eve")
    api.run(make.follow, bob, alice)
    api.run(accounts.update_profile, alice, accounts.Profile(locked=True))

    for act in ("unfollow", "remove_from_followers", "block", "unblock", "mute", "unmute"):
        assert (await api.post(eve, f"/api/v1/accounts/{alice.id}/{act}", scopes=EVERYTHING)).status == 200
    assert (await api.post(eve, f"/api/v1/follow_requests/{bob.id}/authorize")).status == 404

    found = (await api.get(bob, f"/api/v1/accounts/relationships?id[]={alice.id}")).json[0]
    assert (found["following"], found["muting"], found["blocking"], found["blocked_by"]) == (True, False, False, False)
