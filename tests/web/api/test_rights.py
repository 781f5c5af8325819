"""Which scope opens what, and that ids of other people's things open nothing: swept over the table of routes, so that none is forgotten."""

import re
from typing import Any

import pytest
from aiohttp import web

from fedi import accounts, apps, interactions, oauth, scopes
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
ACCESS = {route.name: route.access for route in ROUTES}
TOKENS = tuple(scope for scope in scopes.ALL if not scope.startswith("admin:") or scope in ("admin:read", "admin:write:reports"))
FOR_APPS_ALONE = {"POST /api/v1/accounts"}  # whatever a person's token may do: nobody signs up twice
MALFORMED = (400, 401, 422)  # nothing was sent along, not even who the program is


def filled(path: str, row_id: int = 1) -> str:
    """The path of a route with something in the place of its names."""
    names = {"id": str(row_id), "hashtag": "topic", "name": "topic", "emoji": "%F0%9F%8E%89", "quoting": "1", "group_key": "ungrouped-1"}
    names |= {"item": "1", "date": "2026-01-01", "year": "2026"}
    return re.sub(r"{(\w+)}", lambda match: names[match[1]], path)


def routes(app: web.Application) -> set[str]:
    """What programs of the client API are answered at; where people consent is a page."""
    paths = [(route.method, route.resource.canonical.rstrip("/")) for route in app.router.routes() if route.resource is not None]
    ours = [(method, path) for method, path in paths if path.startswith(("/api/", "/oauth/", "/.well-known/oauth")) and method != "HEAD"]
    return {f"{method} {path}" for method, path in ours if not path.startswith("/oauth/authorize")}


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
        assert route in FOR_APPS_ALONE or (status == 403) is not opens(token, scope), token
    assert (await api.call(method, None, path)).status in ((200, 404, *MALFORMED) if public == OPEN else (401,))
    answer = await api.call(method, None, path, headers={"Authorization": "Bearer nonsense"})
    assert (answer.status, answer.json) == (401, {"error": "The access token is invalid"})


@pytest.mark.parametrize("route", SCOPES)
async def test_a_program_by_itself_does_nothing_that_is_for_people_AUT_09(api: Api, alice: Account, route: str) -> None:
    """It has all scopes, and nobody it acts for. Where a program without the scope is refused, it is refused as such."""
    method, _, path = route.partition(" ")
    before = api.rig.instance.db.read(_everything)

    answer = await api.call(method, None, filled(path), headers=by_itself(api))
    assert (
        answer.status
        in {
            Access.USER: (422,),
            Access.READER: (200, 404, *MALFORMED),
            Access.ANYONE: (200, 404, *MALFORMED),
            Access.APP: (200, 403, *MALFORMED),
        }[ACCESS[route]]
    ), answer.json
    if ACCESS[route] is Access.USER:
        assert answer.json["error"] == "This method requires an authenticated user"
    wanted = SCOPES[route][0]
    if ACCESS[route] is not Access.ANYONE and wanted:
        other = "push" if wanted != "push" else "read"
        assert (await api.call(method, None, filled(path), headers=by_itself(api, other))).status == 403
    assert api.rig.instance.db.read(_everything) == before


def by_itself(api: Api, held: str = "read write follow push profile") -> dict[str, str]:
    app, _ = api.run(apps.register, "Program", [apps.OUT_OF_BAND], held)
    return {"Authorization": f"Bearer {api.run(oauth.for_itself, app, tuple(held.split())).secret}"}


async def test_credentials_may_be_read_with_the_scope_profile_alone(api: Api, alice: Account) -> None:
    assert (await api.get(alice, "/api/v1/accounts/verify_credentials", scopes="profile")).status == 200
    assert (await api.get(alice, "/api/v1/timelines/home", scopes="profile")).status == 403


async def test_a_suspended_person_does_nothing(api: Api, alice: Account) -> None:
    api.run(lambda tx: account_rows.update(tx, alice.id, suspended_at=tx.now))

    for route, (scope, _) in SCOPES.items():
        method, _, path = route.partition(" ")
        answer = await api.call(method, alice, filled(path))
        everybody = ACCESS[route] in (Access.ANYONE, Access.APP)
        assert answer.status in ((403, 200, 400, 401, 404, 422) if scope == ANY and everybody else (403,)), route


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


# Accounts are nobody's things: what one does with their ids is about oneself (suggestions: whom one wants to see no more).
@pytest.mark.parametrize("route", [route for route in SCOPES if "{id}" in route and not re.search("/(accounts|suggestions)/", route)])
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
