import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from fedi import errors
from fedi.web import errors as web_errors
from fedi.web import params
from fedi.web.app import make_app, server_options
from tests.web.rig import Rig, opened, served, settings

SECRET = "/home/x/fedi.sqlite3 SELECT"


async def broken(request: web.Request) -> web.Response:
    raise RuntimeError(SECRET)


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await params.body(request), content_type="application/octet-stream")


async def streaming(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"begun")
    raise RuntimeError(SECRET)


def raising(error: Exception) -> Any:
    async def handler(request: web.Request) -> web.Response:
        raise error

    return handler


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """With some addresses that do what handlers should not."""
    made = settings(tmp_path)
    instance = await opened(made)
    app = make_app(instance)
    app.router.add_get("/broken", broken)
    app.router.add_get("/api/broken", broken)
    app.router.add_get("/streaming", streaming)
    app.router.add_post("/api/echo", echo)
    for kind in web_errors.STATUS:
        app.router.add_get(f"/raise/{kind.__name__}", raising(_made(kind)))
    server = TestServer(app)
    await server.start_server(**server_options(made))
    try:
        async with TestClient(server, headers={"Host": "fedi.test"}) as client:
            yield Rig(instance, client)
    finally:
        await instance.close()


def _made(kind: type[BaseException]) -> Any:
    return kind("No.", 404) if kind is errors.Refused else kind("No.")


async def raw(rig: Rig, data: bytes, wait_s: float = 12) -> bytes:
    """What the server answers to these bytes until it hangs up."""
    reader, writer = await asyncio.open_connection(rig.client.host, rig.client.port)
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(), wait_s)
    finally:
        writer.close()


# -- names --


@pytest.mark.parametrize("host", ["evil.test", "fedi.test.evil.test", "fedi.test:8080", "127.0.0.1", "", "fedi.test@evil.test", "x" * 300])
async def test_a_name_that_is_not_ours_is_refused_AUT_24(rig: Rig, host: str) -> None:
    for path in ("/", "/.well-known/webfinger?resource=acct:a@fedi.test", "/actor"):
        answer = await rig.get(path, Host=host)

        assert answer.status == 421 and "evil" not in await answer.text()


@pytest.mark.parametrize("host", ["fedi.test", "FEDI.TEST", "fedi.test:443"])
async def test_our_name_is_answered_in_every_spelling(rig: Rig, host: str) -> None:
    assert (await rig.get("/actor", Host=host)).status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://evil.test/actor HTTP/1.1\r\nHost: fedi.test\r\n",
        b"GET http://fedi.test/actor HTTP/1.1\r\nHost: evil.test\r\n",
        b"GET /actor HTTP/1.1\r\nHost: evil.test\r\nX-Forwarded-Host: fedi.test\r\nForwarded: host=fedi.test\r\n",
        b"GET /actor HTTP/1.1\r\n",
        b"GET /actor HTTP/1.1\r\nHost: fedi.test\r\nHost: evil.test\r\n",
        b"GET /actor HTTP/1.0\r\n",
    ],
)
async def test_two_names_or_none_are_refused_AUT_24(rig: Rig, head: bytes) -> None:
    answer = await raw(rig, head + b"Connection: close\r\n\r\n")

    assert answer.split(b" ")[1] in (b"400", b"421")


async def test_an_absolute_target_with_our_name_is_answered(rig: Rig) -> None:
    answer = await raw(rig, b"GET https://fedi.test/actor HTTP/1.1\r\nHost: fedi.test\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "data", [b"GET /actor\r\n\r\n", b"GET /actor HTTP/0.9\r\nHost: fedi.test\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n"]
)
async def test_what_is_not_http_1_is_refused_INF_01(rig: Rig, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    answer = await raw(rig, data)

    assert b" 400 " in answer.split(b"\r\n")[0] or answer == b""
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_health_may_be_asked_under_any_name(rig: Rig) -> None:
    answer = await rig.get("/healthz", Host="10.0.0.7:8080")

    assert (answer.status, await answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "localhost:4711"])
async def test_on_a_loopback_address_all_its_names_are_ours(tmp_path: Path, host: str) -> None:
    made = settings(tmp_path, instance={"domain": "localhost:8080", "base_url": "http://localhost:8080"})
    async with served(made) as rig:
        assert (await rig.get("/actor", Host=host)).status == 200
        assert (await rig.get("/actor", Host="evil.test")).status == 421


# -- errors --


@pytest.mark.parametrize("kind", [kind for kind in web_errors.STATUS if issubclass(kind, errors.FediError)])
async def test_every_error_of_the_tree_has_its_status(rig: Rig, kind: type[errors.FediError]) -> None:
    answer = await rig.get(f"/raise/{kind.__name__}", "application/json")

    assert answer.status == web_errors.STATUS[kind]
    assert await answer.json() == {"error": "No."}
    if answer.status in (429, 503, 507):
        assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("path", "accept"), [("/api/broken", "text/html"), ("/broken", "*/*"), ("/broken", "text/html")])
async def test_a_bug_is_logged_and_not_shown_INF_07(rig: Rig, path: str, accept: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = await rig.get(path, accept)
    text = await answer.text()
    request_id = answer.headers["X-Request-Id"]

    assert answer.status == 500 and request_id in text
    for inner in (SECRET, "RuntimeError", "Traceback", "aiohttp", "Python"):
        assert inner not in text + str(answer.headers)
    assert request_id in caplog.text and SECRET in caplog.text
    caplog.clear()


async def test_a_stream_that_fails_is_cut_off(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    answer = await raw(rig, b"GET /streaming HTTP/1.1\r\nHost: fedi.test\r\n\r\n")

    assert b"begun" in answer and SECRET.encode() not in answer and answer.count(b"HTTP/1.1") == 1
    assert SECRET in caplog.text
    caplog.clear()


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/no/such", 404), ("PUT", "/actor", 405), ("POST", "/healthz", 403)])
async def test_errors_of_the_router_have_the_same_shape(rig: Rig, method: str, path: str, status: int) -> None:
    answer = await rig.client.request(method, path, headers={"Authorization": "Signature x"})

    assert answer.status == status and list(await answer.json()) == ["error"]


async def test_a_browser_gets_a_page_and_a_program_does_not(rig: Rig) -> None:
    page, api = await rig.get("/no/such", "text/html"), await rig.get("/api/no/such", "text/html")

    assert (page.status, page.content_type) == (404, "text/html")
    assert (api.status, api.content_type) == (404, "application/json")


# -- headers --


async def test_pages_forbid_what_they_do_not_use_XSS_09_AUT_20(rig: Rig) -> None:
    for path in ("/", "/no/such", "/login"):
        headers = (await rig.get(path, "text/html")).headers
        policy = {part.strip() for part in headers["Content-Security-Policy"].split(";")}

        assert policy >= {
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "form-action 'self'", "base-uri 'none'",
            "frame-ancestors 'none'",
        }  # fmt: skip
        assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"], headers["X-Frame-Options"]) == (
            "nosniff",
            "same-origin",
            "DENY",
        )


async def test_nothing_tells_what_the_server_is_made_of_INF_07(rig: Rig) -> None:
    for path in ("/", "/no/such", "/actor", "/healthz"):
        assert (await rig.get(path)).headers["Server"] == "fedi"


async def test_what_is_not_said_to_be_public_is_kept_by_nobody_VIS_14(rig: Rig) -> None:
    answer = await rig.get("/api/broken")

    assert answer.headers["Cache-Control"] == "private, no-store"
    assert {name.strip() for name in answer.headers["Vary"].split(",")} >= {"Authorization", "Cookie", "Signature", "Accept"}


async def test_other_sites_may_call_the_api_without_cookies_AUT_22(rig: Rig) -> None:
    asked = {"Origin": "https://evil.test", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    preflight = await rig.client.options("/api/v1/statuses", headers=asked)
    page = await rig.client.options("/login", headers=asked)

    assert preflight.status == 204 and preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    assert page.status == 405 and "Access-Control-Allow-Origin" not in page.headers


@pytest.mark.parametrize(
    "target", ["//evil.test/a", "/x/..//evil.test", "/%5Cevil.test", "/@evil@evil.test/../", "/users/%2F%2Fevil.test", "///"]
)
async def test_no_address_leads_off_this_server_AUT_23(rig: Rig, target: str) -> None:
    answer = await raw(rig, f"GET {target} HTTP/1.1\r\nHost: fedi.test\r\nAccept: text/html\r\nConnection: close\r\n\r\n".encode())

    places = [line.partition(b":")[2].strip() for line in answer.split(b"\r\n") if line.lower().startswith(b"location:")]
    assert all(place.startswith(b"https://fedi.test/") or (place.startswith(b"/") and place[1:2] not in (b"/", b"\\")) for place in places)


# -- bodies --


async def test_a_body_that_drips_is_cut_off_DOS_10(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(params, "BODY_S", 0.1)

    answer = await raw(rig, b"POST /api/echo HTTP/1.1\r\nHost: fedi.test\r\nContent-Length: 100\r\n\r\nsome")

    assert answer.startswith(b"HTTP/1.1 408")


async def test_a_head_that_drips_and_an_idle_connection_are_cut_off_DOS_10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedi.web.app.KEEP_ALIVE_S", 0.1)
    async with served(settings(tmp_path)) as rig:
        assert await raw(rig, b"GET /actor HTTP/1.1\r\nHost: fedi") == b""
        assert await raw(rig, b"") == b""


async def test_a_body_is_read_up_to_the_limit_and_not_on_DOS_03(rig: Rig) -> None:
    head = b"POST /api/echo HTTP/1.1\r\nHost: fedi.test\r\nTransfer-Encoding: chunked\r\n\r\n"

    answer = await raw(rig, head + b"100000\r\n" + b"x" * 0x100000 + b"\r\n40000\r\n" + b"x" * 0x20000)

    assert answer.startswith(b"HTTP/1.1 413") and b"Connection: close" in answer


async def test_a_body_that_is_not_what_its_head_says_is_refused(rig: Rig) -> None:
    answer = await raw(rig, b"POST /api/echo HTTP/1.1\r\nHost: fedi.test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")

    assert answer.split(b" ")[1] == b"400"


@pytest.mark.parametrize("count", [200, 5000])
async def test_too_many_headers_are_refused_DOS_13(rig: Rig, count: int) -> None:
    headers = b"".join(b"X-%d: y\r\n" % n for n in range(count))

    answer = await raw(rig, b"GET /actor HTTP/1.1\r\nHost: fedi.test\r\n" + headers + b"\r\n")

    assert answer.split(b" ")[1] == b"400"


async def test_the_request_log_names_no_secret_AUT_11(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fedi.web.requests")
    async with served(settings(tmp_path, log={"requests": True})) as rig:
        await rig.get("/healthz?access_token=sesame", Authorization="Bearer sesame")
        await rig.get("/no%0asuch?x=sesame")
    lines = [record.getMessage() for record in caplog.records if record.name == "fedi.web.requests"]

    assert len(lines) == 2 and "'/healthz' 401" in lines[0]
    assert "sesame" not in caplog.text and all("\n" not in line for line in lines)


async def test_health_is_bad_while_nothing_can_be_stored(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(rig.instance.db), "healthy", False)

    answer = await rig.get("/healthz")

    assert answer.status == 503 and "Retry-After" in answer.headers


async def test_robots_and_security_txt(tmp_path: Path) -> None:
    async with served(settings(tmp_path, instance={"contact": "hole@fedi.test"})) as rig:
        assert "Disallow: /api/" in await (await rig.get("/robots.txt")).text()
        assert "Contact: mailto:hole@fedi.test\nExpires: 20" in await (await rig.get("/.well-known/security.txt")).text()
    async with served(settings(tmp_path)) as rig:
        assert (await rig.get("/.well-known/security.txt")).status == 404


async def test_an_app_may_wait_for_the_window_in_which_one_signs_in_and_no_page_for_any_other(rig: Rig) -> None:
    async def opener(path: str) -> str:
        return (await rig.client.get(path, headers={"Accept": "text/html"})).headers["Cross-Origin-Opener-Policy"]

    assert [await opener(path) for path in ("/login", "/oauth/authorize?client_id=none")] == ["unsafe-none"] * 2
    assert [await opener(path) for path in ("/", "/about", "/nowhere")] == ["same-origin"] * 3
