"""Which scope opens what for whom: swept over the table of routes, so that none is forgotten."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from aiohttp import web

from fedi import apps, oauth, scopes
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from fedi.web.api.routes import ROUTES
from fedi.web.api.table import EVENTS, SOCKET, Access, Route
from fedi.web.limits import Window
from tests import make
from tests.web.api.conftest import EVERYTHING, Api
from tests.web.knocking import Said, knock

ROLES = ("user", "moderator", "admin", "owner")
SHARES = 6  # one application for each share of the routes
OUTSIDE = "This action is outside the authorized scopes"
NO_USER = "This method requires an authenticated user"
OPEN = (Access.ANYONE, Access.READER)
MALFORMED = (400, 401, 404, 422)  # nothing was sent along, not even who the program is
FEW = ("read", "write", "push", "admin:read", "admin:write")


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
    assert api.app is not None
    assert routes(api.app) == {route.name for route in ROUTES}


def test_every_scope_a_route_wants_is_one_that_a_token_can_have() -> None:
    assert {scope for route in ROUTES for scope in route.scopes} <= set(scopes.ALL)


def opens(token: str, route: Route) -> bool:
    """Whether a token of that one scope opens what wants one of several."""
    legacy = token == "follow" and any(one.partition(":")[2] in ("follows", "blocks", "mutes") for one in route.scopes)
    return not route.scopes or any(token in (one, one.partition(":")[0]) for one in route.scopes) or legacy


def share(number: int) -> Sequence[Route]:
    return ROUTES[number::SHARES]


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that they ask too often."""
    for name in ("check", "spend"):
        monkeypatch.setattr(Window, name, lambda window, key: None)


async def ask(api: Api, route: Route, bearer: str) -> Said:
    """What is answered to a request with a token, or without one."""
    path = filled(route.path)
    if route.gives not in (EVENTS, SOCKET):
        return await knock(api.app, route.method, path, bearer)
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    async with api.rig.client.request(route.method, path, headers=headers) as answer:
        if answer.status == 200:  # it goes on until one hangs up
            answer.close()
            return Said(200, "{}")
        return Said(answer.status, await answer.text())


def said(answer: Said) -> str:
    """What is wrong, in words."""
    found = answer.json if answer.text.startswith("{") else {}
    return str(found.get("error", "")) if isinstance(found, dict) else ""


def people(api: Api) -> dict[str, Account]:
    return {role: api.run(make.account, f"a{role}", role) for role in ROLES}


def tokens(api: Api, role: str, who: Account) -> Iterator[tuple[str, str]]:
    """(a scope, a token of that person that has it alone): all there are; of who looks after the server, what could open more to them."""
    tried = [one for one in scopes.ALL if role == "user" or one in ("read", "write", "push") or one.startswith("admin:")]
    yield from ((scope, api.run(make.token, who, scope)) for scope in tried if role in ("user", "owner") or scope.count(":") < 2)


@pytest.mark.parametrize("number", range(SHARES))
async def test_a_program_does_what_its_scopes_say_and_no_more_whoever_it_acts_for_AUT_08(api: Api, unhurried: None, number: int) -> None:
    """Every route, every scope, every role. What is refused leaves nothing behind; no role opens what its token does not."""
    wrong = []
    for role, who in people(api).items():
        for scope, token in tokens(api, role, who):
            for route in share(number):
                before = stamp(api)
                answer = await ask(api, route, token)
                is_refused = (answer.status, said(answer)) == (403, OUTSIDE)
                if is_refused is (route.access is Access.ANYONE or opens(scope, route)):
                    wrong.append(f"{route.name} with {scope!r} of the {role}: {answer.status} {said(answer)}")
                if answer.status >= 500 or (is_refused and stamp(api) != before):
                    wrong.append(f"{route.name} with {scope!r} of the {role}: {answer.status} and an effect")
    assert not wrong, "\n".join(wrong)


def stamp(api: Api) -> tuple[int, int]:
    return api.rig.instance.db.version()


async def test_a_role_changes_nothing_of_what_programs_are_answered(api: Api, unhurried: None) -> None:
    """What those who look after a server may do is no part of this table; with the whole of a token they are people like others."""
    answers: dict[str, list[tuple[int, str]]] = {}
    for who in people(api).values():
        token = api.run(make.token, who, f"{EVERYTHING} admin:read admin:write")
        for route in ROUTES:
            if route.gives not in (EVENTS, SOCKET):
                answer = await ask(api, route, token)
                answers.setdefault(route.name, []).append((answer.status, said(answer)))
    assert len(answers) > 200
    assert {name: found for name, found in answers.items() if len(set(found)) > 1} == {}


async def test_without_a_token_or_with_one_that_is_none_only_what_is_for_everybody_opens_AUT_08(api: Api, unhurried: None) -> None:
    gone, waiting = api.run(make.account, "gone"), api.run(make.account, "waiting")
    ended = api.run(make.token, gone, EVERYTHING)
    api.run(lambda tx: tx.execute("DELETE FROM oauth_tokens WHERE account_id = ?", (gone.id,)))
    hers = api.run(make.token, waiting, EVERYTHING)
    api.run(lambda tx: tx.execute("UPDATE users SET confirmed_at = NULL WHERE account_id = ?", (waiting.id,)))
    wrong = []
    for route in ROUTES:
        before = stamp(api)
        nobody = await ask(api, route, "")
        if nobody.status not in ((200, *MALFORMED) if route.access in OPEN else (401,)):
            wrong.append(f"{route.name} by nobody: {nobody.status}")
        for secret in ("nonsense", ended, "\u00e9", "x" * 300):
            answer = await ask(api, route, secret)
            if (answer.status, said(answer)) != (401, "The access token is invalid"):
                wrong.append(f"{route.name} with a token that is none: {answer.status} {said(answer)}")
        answer = await ask(api, route, hers)
        if route.access is Access.USER and answer.status != 403 and not route.path.startswith("/api/v1/emails/"):
            wrong.append(f"{route.name} by somebody who has not confirmed an address: {answer.status} {said(answer)}")
        if stamp(api) != before:
            wrong.append(f"{route.name}: an effect")
    assert not wrong, "\n".join(wrong)


async def test_a_program_by_itself_does_nothing_that_is_for_people_AUT_09(api: Api, alice: Account, unhurried: None) -> None:
    """Nobody is who it acts for. Where a program without the scope is refused, it is refused as such."""
    expected = {
        Access.USER: (422,),
        Access.READER: (200, *MALFORMED),
        Access.ANYONE: (200, *MALFORMED),
        Access.APP: (200, *MALFORMED),
    }
    everything = by_itself(api)
    alone = {scope: by_itself(api, scope) for scope in scopes.ALL}
    before, wrong = everything_of(api), []
    for route in ROUTES:
        answer = await ask(api, route, everything)
        is_right = answer.status in expected[route.access] or (answer.status == 403 and said(answer).startswith("Registrations are closed"))
        if not is_right or (route.access is Access.USER and said(answer) != NO_USER):
            wrong.append(f"{route.name} with all scopes: {answer.status} {said(answer)}")
        for scope, token in alone.items():
            if scope not in (*route.scopes, *FEW) or route.gives in (EVENTS, SOCKET):
                continue
            answer = await ask(api, route, token)
            is_refused = (answer.status, said(answer)) == (403, OUTSIDE)
            if is_refused is (route.access is Access.ANYONE or opens(scope, route)):
                wrong.append(f"{route.name} with {scope}: {answer.status} {said(answer)}")
    assert not wrong, "\n".join(wrong)
    assert everything_of(api) == before


def by_itself(api: Api, held: str = EVERYTHING) -> str:
    app, _ = api.run(apps.register, "Program", [apps.OUT_OF_BAND], held)
    return str(api.run(oauth.for_itself, app, tuple(held.split())).secret)


def everything_of(api: Api) -> dict[str, list[Any]]:
    return api.rig.instance.db.read(make.everything)


async def test_credentials_may_be_read_with_the_scope_profile_alone(api: Api, alice: Account) -> None:
    assert (await api.get(alice, "/api/v1/accounts/verify_credentials", scopes="profile")).status == 200
    assert (await api.get(alice, "/api/v1/timelines/home", scopes="profile")).status == 403


@pytest.mark.parametrize("column", ["suspended_at", "deleted_at"])
async def test_a_suspended_or_deleted_person_does_nothing(api: Api, unhurried: None, column: str) -> None:
    """Nor does their program: only what is the same for everybody, token or not, is told to it."""
    wrong = []
    for role, who in people(api).items():
        token = api.run(make.token, who, f"{EVERYTHING} admin:read admin:write")
        api.run(lambda tx, who=who: account_rows.update(tx, who.id, **{column: tx.now}))
        before = stamp(api)
        for route in ROUTES:
            answer = await ask(api, route, token)
            if route.access is Access.USER or (route.access is Access.READER and column == "suspended_at"):
                if answer.status not in ((403,) if column == "suspended_at" else (401,)):
                    wrong.append(f"{route.name} by the {role}: {answer.status} {said(answer)}")
            elif answer.status not in (200, 403, *MALFORMED):
                wrong.append(f"{route.name} by the {role}: {answer.status} {said(answer)}")
            if stamp(api) != before:
                wrong.append(f"{route.name} by the {role}: an effect")
                before = stamp(api)
    assert not wrong, "\n".join(wrong)
