"""What no HTTP library sends: heads and bodies byte by byte, and connections that do not end."""

import asyncio
import logging
import re
from contextlib import suppress
from pathlib import Path

import pytest

from fedi.web import params
from tests.web.rig import Rig, served, settings

HOST = b"Host: fedi.test\r\n"
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: fedi.test\r\n\r\n"


async def raw(rig: Rig, *parts: bytes, wait_s: float = 12, pause_s: float = 0, ends: bool = False) -> bytes:
    """What the server answers to these bytes until it hangs up (with `ends`, we say that nothing more will come)."""
    reader, writer = await asyncio.open_connection(rig.client.host, rig.client.port)
    answer = bytearray()

    async def read() -> None:
        with suppress(ConnectionError):
            while part := await reader.read(65_536):
                answer.extend(part)

    reading = asyncio.ensure_future(read())
    with suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)
        if ends:
            writer.write_eof()
    try:
        await asyncio.wait_for(reading, wait_s)
    finally:
        writer.close()
    return bytes(answer)


def statuses(answer: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


def check(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """The rules of every answer."""
    assert not re.search(rb"Traceback|aiohttp|Python/|\.py\b|sqlite", answer), answer
    assert all(status < 500 for status in statuses(answer)), answer
    assert b"\r\nX-Forged" not in answer
    bad = [r for r in caplog.records if r.levelno >= logging.WARNING or r.exc_info or "\n" in r.getMessage()]
    assert not bad, bad


# -- heads --

REFUSED = {
    "HTTP/0.9": b"GET /actor\r\n\r\n",
    "HTTP/2": b"GET /actor HTTP/2.0\r\n" + HOST + b"\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "NUL in the target": b"GET /act\x00or HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "two hosts": b"GET /actor HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "two hosts that differ": b"GET /actor HTTP/1.1\r\n" + HOST + b"Host: evil.test\r\n\r\n",
    "no host": b"GET /actor HTTP/1.1\r\n\r\n",
    "an empty host": b"GET /actor HTTP/1.1\r\nHost:\r\n\r\n",
    "another host": b"GET /actor HTTP/1.1\r\nHost: evil.test\r\n\r\n",
    "a host that is none": b"GET /actor HTTP/1.1\r\nHost: \xff\xfe[\r\n\r\n",
    "another host in the target": b"GET https://evil.test/actor HTTP/1.1\r\n" + HOST + b"\r\n",
    "our host in the target only": b"GET https://fedi.test/actor HTTP/1.1\r\nHost: evil.test\r\n\r\n",
    "user info in the target": b"GET https://fedi.test@evil.test/actor HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target without a host": b"GET http:///actor HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target that is no address": b"GET https://[/actor HTTP/1.1\r\n" + HOST + b"\r\n",
    "a port in the target that is none": b"GET https://fedi.test:99999999/actor HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT": b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n",
    "CONNECT to us": b"CONNECT fedi.test:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "the asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "obs-fold": b"GET /actor HTTP/1.1\r\n" + HOST + b"X-A: a\r\n b\r\n\r\n",
    "a name with a space": b"GET /actor HTTP/1.1\r\n" + HOST + b"X-A : a\r\n\r\n",
    "a header without a colon": b"GET /actor HTTP/1.1\r\n" + HOST + b"X-A\r\n\r\n",
    "NUL in a header": b"GET /actor HTTP/1.1\r\n" + HOST + b"X-A: a\x00b\r\n\r\n",
    "a lone CR": b"GET /actor HTTP/1.1\r\n" + HOST + b"X-A: a\rX-B: b\r\n\r\n",
    "a target of 10 KB": b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a header of 10 KB": b"GET /actor HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 10_000 + b"\r\n\r\n",
    "a header of 1 MB": b"GET /actor HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "20,000 headers": b"GET /actor HTTP/1.1\r\n" + HOST + b"".join(b"X-%d: a\r\n" % n for n in range(20_000)) + b"\r\n",
    "a method that is none": b"G\xffT /actor HTTP/1.1\r\n" + HOST + b"\r\n",
    "a long method": b"A" * 9000 + b" /actor HTTP/1.1\r\n" + HOST + b"\r\n",
    "a forged line of the log": b"GET /\nERROR forged HTTP/1.1\r\n" + HOST + b"\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_a_head_that_is_no_head_is_refused_INF_01_AUT_24(rig: Rig, name: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = await raw(rig, REFUSED[name], ends=True)

    check(answer, caplog)
    assert all(400 <= status < 500 for status in statuses(answer)), answer
    assert b"publicKey" not in answer
    assert (await rig.get("/healthz")).status == 200


BODY = b'{"status":"x"}'
SMUGGLING = {
    "two lengths": b"Content-Length: 14\r\nContent-Length: 0\r\n",
    "a list of lengths": b"Content-Length: 14, 0\r\n",
    "a length and chunks": b"Content-Length: 14\r\nTransfer-Encoding: chunked\r\n",
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 14\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "chunks, then identity": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "not quite chunks": b"Transfer-Encoding: xchunked\r\n",
    "chunks with a space": b"Transfer-Encoding : chunked\r\n",
    "chunks with a tab": b"Transfer-Encoding:\x0bchunked\r\n",
    "chunks of gzip": b"Transfer-Encoding: gzip, chunked\r\n",
    "a signed length": b"Content-Length: +14\r\n",
    "a negative length": b"Content-Length: -14\r\n",
    "a length in hexadecimal": b"Content-Length: 0xe\r\n",
    "a length with an underscore": b"Content-Length: 1_4\r\n",
    "a length in other digits": "Content-Length: ١٤\r\n".encode(),
    "an endless length": b"Content-Length: " + b"9" * 400 + b"\r\n",
    "a bare LF": b"Content-Length: 14\nX-A: b\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", SMUGGLING)
async def test_a_body_whose_end_can_be_read_in_two_ways_is_refused_INF_01(rig: Rig, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """And what comes after it is never taken for a request."""
    token = rig.token(rig.person("alice")).encode()
    head = b"POST /api/v1/statuses HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nAuthorization: Bearer " + token + b"\r\n"

    answer = await raw(rig, head + SMUGGLING[name] + b"\r\n" + b"0\r\n\r\n" + SMUGGLED, ends=True)

    check(answer, caplog)
    assert [400] == statuses(answer) or statuses(answer) == [], answer


CHUNKS = {
    "a size that is none": b"zz\r\nx\r\n0\r\n\r\n",
    "a negative size": b"-1\r\nx\r\n0\r\n\r\n",
    "a huge size": b"f" * 30 + b"\r\nx\r\n",
    "a long extension": b"1;" + b"a" * 100_000 + b"\r\nx\r\n0\r\n\r\n",
    "an extension with LF": b"1;a\nb\r\nx\r\n0\r\n\r\n",
    "a chunk that is longer than it says": b"1\r\nxy\r\n0\r\n\r\n",
    "100,000 trailers": b"0\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\n",
    "nothing after a chunk": b"1\r\nx\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", CHUNKS)
async def test_chunks_that_are_none_are_refused(rig: Rig, name: str, caplog: pytest.LogCaptureFixture) -> None:
    token = rig.token(rig.person("alice")).encode()
    head = b"POST /api/v1/statuses HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nAuthorization: Bearer " + token + b"\r\n"

    answer = await raw(rig, head + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS[name], ends=True)

    check(answer, caplog)
    assert all(status in (400, 413) for status in statuses(answer)), answer


READERS = ((b"GET", b"/login"), (b"GET", b"/actor"), (b"GET", b"/api/v1/timelines/public"), (b"POST", b"/login"), (b"POST", b"/inbox"))


@pytest.mark.parametrize(
    "head",
    [
        b"GET /authorize_interaction?uri=\xff\xfe HTTP/1.1\r\n" + HOST, b"GET /api/v2/search?q=\xff HTTP/1.1\r\n" + HOST,
        b"GET /tags/\xff HTTP/1.1\r\n" + HOST, b"GET /@\xff HTTP/1.1\r\n" + HOST, b"GET /login?next=\xff HTTP/1.1\r\n" + HOST,
        b"GET /settings?\xff=\xff HTTP/1.1\r\n" + HOST, b"GET /.well-known/webfinger?resource=acct:\xff@fedi.test HTTP/1.1\r\n" + HOST,
        b"GET /public?before=\xff HTTP/1.1\r\n" + HOST, b"GET /@a@\xff.test HTTP/1.1\r\n" + HOST,
        b"GET /api/v1/timelines/tag/\xff HTTP/1.1\r\n" + HOST,
        b"GET /static/\xff HTTP/1.1\r\n" + HOST, b"GET /no/such/\xff HTTP/1.1\r\nAccept: text/html\r\n" + HOST,
        *(
            b"%b %b HTTP/1.1\r\nAccept: text/html\r\n%b%b: %b\r\n" % (method, path, HOST, name, value)
            for method, path in READERS
            for name, value in (
                (b"Cookie", b"__Host-fedi=\xff; __Host-fedi_visit=\xff\xfe"), (b"Authorization", b"Bearer \xff"), (b"Accept", b"\xff"),
                (b"Origin", b"\xff"),
                (b"X-CSRF-Token", b"\xff"), (b"User-Agent", b"\xff\xfe"), (b"Signature", b"\xff"), (b"Signature",
                b'keyId="\xff",signature="\xff"'),
                (b"X-Forwarded-For", b"\xff"), (b"Content-Type", b"\xff/\xff"), (b"Content-Type", b"multipart/form-data; boundary=\xff"),
                (b"If-None-Match", b"\xff"), (b"Range", b"\xff"), (b"Date", b"\xff"),
            )
        ),
    ],
)  # fmt: skip
async def test_bytes_that_are_no_text_are_refused_or_nothing(rig: Rig, head: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "fedi")
    rig.person("alice")

    answer = await raw(rig, head + b"Connection: close\r\nContent-Length: 0\r\n\r\n")

    check(answer, caplog)
    assert statuses(answer), answer


@pytest.mark.parametrize("name", [b"User-Agent", b"Idempotency-Key", b"X-CSRF-Token", b"Accept-Language", b"Referer"])
async def test_bytes_that_are_no_text_cannot_be_stored(rig: Rig, name: bytes, caplog: pytest.LogCaptureFixture) -> None:
    token = rig.token(rig.person("alice")).encode()
    head = b"POST /api/v1/statuses HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nAuthorization: Bearer " + token + b"\r\n"

    answer = await raw(rig, head + name + b": \xff\xfe\r\nConnection: close\r\nContent-Length: 14\r\n\r\n" + BODY)

    check(answer, caplog)
    assert statuses(answer)[0] in (200, 400, 422), answer


# -- requests after one another --


async def test_what_follows_a_refused_body_is_a_request_again_or_nothing(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """A body that nobody read is never taken for the next request."""
    for size in (len(SMUGGLED), 100_000):
        body = SMUGGLED + b"x" * (size - len(SMUGGLED))
        head = b"POST /api/v1/statuses HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % size

        answer = await raw(rig, head + body + b"GET /robots.txt HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")

        check(answer, caplog)
        assert (statuses(answer) == [403, 200] and b"Disallow" in answer) or statuses(answer) == [401, 200], answer


async def test_a_thousand_requests_at_once_are_answered_one_by_one_DOS_11(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    one = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"

    answer = await raw(rig, one * 999 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), wait_s=60)

    check(answer, caplog)
    assert statuses(answer) == [200] * 1000


# -- what comes slowly, or never ends --


@pytest.mark.slow
async def test_a_body_that_drips_is_cut_off_whoever_would_read_it_DOS_10(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(params, "BODY_S", 0.2)
    monkeypatch.setattr(params, "_DRAIN_S", 0.2)
    token = rig.token(rig.person("alice")).encode()
    kinds = (b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=b", b"application/activity+json")
    for path in (b"/api/v1/statuses", b"/api/v1/accounts/1/unfollow", b"/login", b"/inbox", b"/users/alice/inbox", b"/no/such"):
        for kind in kinds:
            head = b"POST %b HTTP/1.1\r\n%bContent-Type: %b\r\nAuthorization: Bearer %b\r\nContent-Length: 1000\r\n\r\n" % (
                path,
                HOST,
                kind,
                token,
            )
            answer = await raw(rig, head, b"-", b"-", b"b", pause_s=0.1)  # not cut off it would take longer than we wait

            assert 400 <= statuses(answer)[0] < 500, (path, kind, answer)


async def test_a_head_that_drips_is_cut_off_DOS_10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often another byte comes."""
    monkeypatch.setattr("fedi.web.app.KEEP_ALIVE_S", 0.3)
    async with served(settings(tmp_path)) as rig:
        answer = await raw(rig, *[b"GET /actor HTTP/1.1\r\nHost: fedi.test\r\nX-A: ", *[b"a"] * 30], pause_s=0.05)

        assert b"200" not in answer


async def test_chunks_without_end_are_cut_off_DOS_03(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(params, "_DRAIN_S", 0.2)
    token = rig.token(rig.person("alice")).encode()
    for path in (b"/api/v1/statuses", b"/inbox", b"/api/v1/accounts/1/unfollow", b"/login"):
        _, writer = await asyncio.open_connection(rig.client.host, rig.client.port)
        head = b"POST %b HTTP/1.1\r\n%bContent-Type: application/json\r\nAuthorization: Bearer %b\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head % (path, HOST, token))
        sent = 0
        try:
            while not writer.is_closing() and sent < 64 * 1024 * 1024:
                writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                await writer.drain()
                sent += 0x10000
        except ConnectionError:
            pass
        writer.close()

        assert sent < 16 * 1024 * 1024, path  # what the sockets' own buffers take is not ours to bound
    assert (await rig.get("/healthz")).status == 200


async def test_who_waits_for_100_gets_an_answer_and_no_more_than_it_sends(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(params, "BODY_S", 0.3)
    monkeypatch.setattr(params, "_DRAIN_S", 0.2)
    for length in (10, 100_000_000):
        head = (
            b"POST /inbox HTTP/1.1\r\n"
            + HOST
            + b"Content-Type: application/activity+json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        )
        answer = await raw(rig, head % length)

        assert statuses(answer)[-1] in (408, 413), answer


async def test_a_body_that_nobody_wants_does_not_cost_the_answer(rig: Rig) -> None:
    """Who is still sending a megabyte hears why it is refused."""
    for path, status in (("/api/v1/statuses", 401), ("/no/such", 415), ("/inbox", 415), ("/login", 415)):
        body = b"x" * (1024 * 1024)
        head = f"POST {path} HTTP/1.1\r\nHost: fedi.test\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()

        assert statuses(await raw(rig, head, body)) == [status], path
