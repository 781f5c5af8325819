import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import DummyCookieJar, FormData, web
from aiohttp.test_utils import TestClient, TestServer

from fedi import clock, logins, moderation, scopes
from fedi.storage import users as user_rows
from fedi.web import auth, params
from fedi.web.app import make_app
from tests.web.rig import Rig, opened, settings


async def who(request: web.Request) -> web.Response:
    account = auth.viewer(request)
    return web.json_response({"who": account.username if account else None, "role": auth.role(request)})


async def write(request: web.Request) -> web.Response:
    account = auth.require(request, "write:statuses")
    given = await params.read(request)
    return web.json_response({"who": account.username, "say": given.text("say")})


async def form(request: web.Request) -> web.Response:
    return web.Response(text=auth.csrf(request))


async def sign_in(request: web.Request) -> web.Response:
    response = web.Response()
    auth.sign_in(request, response, "secret")
    return response


async def sign_out(request: web.Request) -> web.Response:
    response = web.Response()
    auth.sign_out(request, response)
    return response


async def for_staff(request: web.Request) -> web.Response:
    return web.json_response(auth.require_role(request, "owner", "admin").username)


@pytest.fixture(params=["https://fedi.test", "http://localhost:8080"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    made = settings(tmp_path, instance={"domain": request.param.partition("://")[2], "base_url": request.param})
    instance = await opened(made)
    app = make_app(instance)
    app.router.add_route("*", "/test/who", who)
    app.router.add_post("/test/write", write)
    app.router.add_post("/api/test/write", write)
    app.router.add_get("/test/form", form)
    app.router.add_post("/test/sign_in", sign_in)
    app.router.add_post("/test/sign_out", sign_out)
    app.router.add_get("/test/staff", for_staff)
    try:
        async with TestClient(TestServer(app), headers={"Host": instance.uris.host}, cookie_jar=DummyCookieJar()) as client:
            yield Rig(instance, client)
    finally:
        await instance.close()


def cookie_name(rig: Rig) -> str:
    return "__Host-fedi" if rig.base.startswith("https") else "fedi_8080"


def browser(rig: Rig, secret: str, **more: str) -> dict[str, str]:
    return {"Cookie": f"{cookie_name(rig)}={secret}", **more}


async def test_a_bearer_token_and_a_session_say_who_asks(rig: Rig) -> None:
    alice = rig.person("alice")

    for headers in ({"Authorization": f"Bearer {rig.token(alice)}"}, browser(rig, rig.session(alice))):
        assert await (await rig.client.get("/test/who", headers=headers)).json() == {"who": "alice", "role": "user"}
    assert (await (await rig.client.get("/test/who")).json())["who"] is None


@pytest.mark.parametrize("value", ["Bearer wrong", "Bearer  ,", "bearer " + "x" * 5000])
async def test_a_wrong_token_is_refused_everywhere(rig: Rig, value: str) -> None:
    answer = await rig.client.get("/test/who", headers={"Authorization": value})

    assert answer.status == 401 and answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_wrong_session_is_nobody(rig: Rig) -> None:
    assert (await (await rig.client.get("/test/who", headers=browser(rig, "wrong"))).json())["who"] is None


@pytest.mark.parametrize(
    ("scopes", "status"),
    [("write", 200), ("write:statuses", 200), ("read write:statuses", 200), ("read", 403), ("write:media", 403), ("follow", 403)],
)
async def test_a_token_does_what_its_scopes_cover_AUT_08(rig: Rig, scopes: str, status: int) -> None:
    token = rig.token(rig.person("alice"), scopes)

    answer = await rig.client.post("/api/test/write", json={"say": "x"}, headers={"Authorization": f"Bearer {token}"})

    assert answer.status == status


async def test_nobody_may_do_nothing(rig: Rig) -> None:
    assert (await rig.client.post("/api/test/write", json={"say": "x"})).status == 401


async def test_what_ends_a_session_or_token_ends_it_at_once_AUT_10(rig: Rig) -> None:
    alice = rig.person("alice")
    ways: list[Any] = [
        lambda token, secret: (logins.set_password, alice.id, logins.DUMMY_HASH),
        lambda token, secret: (logins.revoke_token, token),
        lambda token, secret: (logins.end_session, secret),
    ]
    for number, way in enumerate(ways):
        token, secret = rig.token(alice), rig.session(alice)
        by_token, by_cookie = {"Authorization": f"Bearer {token}"}, browser(rig, secret)
        assert (await rig.client.get("/test/who", headers=by_token)).status == 200
        assert (await (await rig.client.get("/test/who", headers=by_cookie)).json())["who"] == "alice"

        await rig.instance.db.write(*way(token, secret))

        assert (await rig.client.get("/test/who", headers=by_token)).status == (200 if number == 2 else 401)
        assert (await (await rig.client.get("/test/who", headers=by_cookie)).json())["who"] == ("alice" if number == 1 else None)


async def test_somebody_suspended_is_refused(rig: Rig) -> None:
    alice = rig.person("alice")
    token = rig.token(alice)
    assert (await rig.client.get("/test/who", headers={"Authorization": f"Bearer {token}"})).status == 200

    await rig.instance.db.write(moderation.suspend, alice)

    assert (await rig.client.get("/test/who", headers={"Authorization": f"Bearer {token}"})).status in (401, 403)


async def test_only_staff_may_do_what_is_for_staff_AUT_30(rig: Rig) -> None:
    boss, alice = rig.person("boss", "owner"), rig.person("alice")

    assert (await rig.client.get("/test/staff", headers=browser(rig, rig.session(boss)))).status == 200
    assert (await rig.client.get("/test/staff", headers=browser(rig, rig.session(alice)))).status == 403
    assert (await rig.client.get("/test/staff")).status == 401


async def test_the_last_use_is_noted_once_a_day(rig: Rig) -> None:
    alice = rig.person("alice")
    secret = rig.session(alice)
    long_ago = clock.now() - 2 * clock.DAY
    digest = rig.instance.db.read(logins.find_session, secret).token_hash  # type: ignore[union-attr]
    rig.instance.db.transact(lambda tx: tx.execute("UPDATE sessions SET used_at = ?", (long_ago,)))

    for _ in range(2):
        await rig.client.get("/test/who", headers=browser(rig, secret))

    found = rig.instance.db.read(user_rows.find_session, digest)
    assert found is not None and found.used_at > long_ago


# -- forms --


async def test_a_form_of_ours_is_accepted_in_every_encoding(rig: Rig) -> None:
    secret = rig.session(rig.person("alice"))
    headers = browser(rig, secret, Origin=rig.base, **{"Sec-Fetch-Site": "same-origin"})
    csrf = await (await rig.client.get("/test/form", headers=headers)).text()
    multipart = FormData({"csrf": csrf, "say": "hi"}, default_to_multipart=True)

    for kwargs in ({"data": {"csrf": csrf, "say": "hi"}}, {"data": multipart}, {"json": {"csrf": csrf, "say": "hi"}}):
        answer = await rig.client.post("/test/write", headers=headers, **kwargs)  # type: ignore[arg-type]
        assert (answer.status, await answer.json()) == (200, {"who": "alice", "say": "hi"})
    by_script = await rig.client.post("/api/test/write", json={"say": "hi"}, headers=headers | {"X-CSRF-Token": csrf})
    assert by_script.status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/test/who", "/api/test/write", "/users/alice", "/inbox", "/login", "/no/such"])
async def test_a_cookie_without_our_form_does_nothing_AUT_19(rig: Rig, method: str, path: str) -> None:
    secret = rig.session(rig.person("alice"))
    csrf = logins.csrf_token(secret)
    wrong: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {"say": "x"}),
        ({}, {"csrf": "", "say": "x"}),
        ({}, {"csrf": logins.csrf_token("other"), "say": "x"}),
        ({"Origin": "https://evil.test"}, {"csrf": csrf, "say": "x"}),
        ({"Origin": "null"}, {"csrf": csrf, "say": "x"}),
        ({"Sec-Fetch-Site": "cross-site"}, {"csrf": csrf, "say": "x"}),
        ({"Sec-Fetch-Site": "same-site"}, {"csrf": csrf, "say": "x"}),
    ]
    for headers, data in wrong:
        answer = await rig.client.request(method, path, data=data, headers=browser(rig, secret, **headers))
        assert answer.status == 403, (headers, data)


async def test_json_in_a_plain_text_form_does_nothing_AUT_19(rig: Rig) -> None:
    secret = rig.session(rig.person("alice"))
    headers = browser(rig, secret, **{"Content-Type": "text/plain"})

    answer = await rig.client.post("/test/write", data=b'{"csrf": "x", "say": "y"}', headers=headers)

    assert answer.status in (403, 415)


async def test_a_csrf_token_in_the_address_does_not_count(rig: Rig) -> None:
    secret = rig.session(rig.person("alice"))

    answer = await rig.client.post(f"/test/write?csrf={logins.csrf_token(secret)}", data={"say": "x"}, headers=browser(rig, secret))

    assert answer.status == 403


async def test_a_visitor_signs_in_with_a_form_of_ours_only_AUT_17_AUT_19(rig: Rig) -> None:
    shown = await rig.client.get("/test/form")
    visit = shown.headers["Set-Cookie"]
    headers = {"Cookie": visit.partition(";")[0]}

    assert (await rig.client.post("/test/sign_in", data={"csrf": await shown.text()})).status == 403
    assert (await rig.client.post("/test/sign_in", data={"csrf": "x"}, headers=headers)).status == 403
    assert (
        await rig.client.post("/test/sign_in", data={"csrf": await shown.text()}, headers=headers | {"Origin": "https://evil.test"})
    ).status == 403
    assert (await rig.client.post("/test/sign_in", data={"csrf": await shown.text()}, headers=headers)).status == 200
    assert "Set-Cookie" not in (await rig.client.get("/test/form", headers=headers)).headers


async def test_cookies_are_readable_by_nobody_else_AUT_18(rig: Rig) -> None:
    secret = rig.session(rig.person("alice"))
    csrf = logins.csrf_token(secret)
    for path in ("/test/sign_in", "/test/sign_out"):
        cookie = (await rig.client.post(path, data={"csrf": csrf}, headers=browser(rig, secret))).headers["Set-Cookie"]
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}

        assert cookie.startswith(f"{cookie_name(rig)}=") and {"httponly", "path=/", "samesite=lax"} <= parts
        assert ("secure" in parts) == rig.base.startswith("https") and not any(part.startswith("domain") for part in parts)


@pytest.mark.parametrize("how", ["suspended", "revoked", "signed out"])
async def test_what_ends_while_a_body_comes_has_ended_AUT_10(rig: Rig, how: str) -> None:
    alice, run = rig.person("alice"), rig.instance.db.transact
    token, secret = rig.token(alice), rig.session(alice)
    headers = browser(rig, secret) if how == "signed out" else {"Authorization": f"Bearer {token}"}

    async def slowly() -> AsyncIterator[bytes]:
        yield b"say=hello&"
        await asyncio.sleep(0.05)
        end = {
            "suspended": (moderation.suspend, alice),
            "revoked": (logins.revoke_token, token),
            "signed out": (logins.end_session, secret),
        }
        run(*end[how])
        yield f"csrf={logins.csrf_token(secret)}".encode()

    headers["Content-Type"] = "application/x-www-form-urlencoded"
    async with rig.client.post("/api/test/write", data=slowly(), headers=headers) as answer:
        assert answer.status == 401, await answer.text()


# -- scopes --


@pytest.mark.parametrize(
    ("held", "wanted", "covered"),
    [
        ("read", "read:accounts", True), ("read:accounts", "read", False), ("read:accounts", "read:statuses", False),
        ("write", "read", False),
        ("follow", "write:follows", True), ("follow", "read:blocks", True), ("follow", "write:statuses", False), ("follow", "follow", True),
        ("admin:read", "admin:read:reports", True), ("admin:read", "admin:write:reports", False), ("profile", "profile", True),
        ("", "read", False), ("readx", "read", False),
    ],
)  # fmt: skip
def test_a_scope_covers_its_parts(held: str, wanted: str, covered: bool) -> None:
    assert scopes.covers(frozenset(held.split()), wanted) is covered
