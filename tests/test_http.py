"""What the outgoing client sends, what it takes, and how it survives the answers of broken and hostile servers."""

import asyncio
import gc
import gzip
import os
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fedi import clock, http, limits
from fedi.errors import Malformed, Refused, RemoteError, RemoteGone, Unreachable
from tests import hostile_server as hostile
from tests.hostile_server import answer, redirect, serving

PROFILE = "https://www.w3.org/ns/activitystreams"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[http.Client]:
    client = http.Client(hostile.settings(tmp_path))
    yield client
    await client.close()


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[http.Client]:
    """One that gives up soon, for peers of whom nothing good comes."""
    client = http.Client(hostile.settings(tmp_path, timeout_s=1))
    yield client
    await client.close()


async def signed(method: str, url: str) -> dict[str, str]:
    return {"Signature": f"{method} {url}", "Date": "Sun, 22 Nov 2026 00:00:00 GMT"}


async def get(client: http.Client, url: str, types: frozenset[str] | None = None, max_bytes: int = 1000) -> http.Fetched:
    return await client.get(url, accept="*/*", types=types, max_bytes=max_bytes)


async def post(client: http.Client, url: str, body: bytes = b"{}") -> http.Answer:
    return await client.post(url, headers={"Content-Type": "application/activity+json"}, body=body)


# -- what goes out --


async def test_the_bytes_on_the_wire_are_those_that_were_signed(client: http.Client) -> None:
    seen: list[str] = []

    async def sign(method: str, url: str) -> dict[str, str]:
        seen.append(url)
        return {}

    paths = {
        "/users/a%7Eb?x=%3A1": "/users/a%7Eb?x=%3A1",
        "/a%2Fb/../c;d=e,f@g:h/%c3%A9": "/a%2Fb/../c;d=e,f@g:h/%c3%A9",
        "/@alice?": "/@alice",
        "": "/",
        "?q=1": "/?q=1",
        "/users/älice?n=ü": "/users/%C3%A4lice?n=%C3%BC",
        "/a#main-key": "/a",
        "/a?b+c=%20&&=+": "/a?b+c=%20&&=+",
        '/q"<>[]{}|^`': '/q"<>[]{}|^`',
        "//double//": "//double//",
    }
    async with serving(answer()) as peer:
        for path in paths:
            await client.get_document(peer.url + path, sign=sign)
            await post(client, peer.url + path)
        assert peer.targets == [sent for sent in paths.values() for _ in ("GET", "POST")]
        assert seen == [peer.url + sent for sent in paths.values()]
        assert [http.wire_url(peer.url + path) for path in paths] == seen


async def test_a_request_carries_no_header_that_was_not_asked_for(client: http.Client) -> None:
    async with serving(answer()) as peer:
        await client.get_document(peer.url, sign=None)
        await post(client, peer.url, b"body")
        got, sent = (
            sorted(line.split(":")[0].lower() for line in raw.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]) for raw in peer.requests
        )
        assert got == ["accept", "accept-encoding", "host", "user-agent"]
        assert sent == ["accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"]
        assert peer.header("Host") == [f"{peer.host}:{peer.port}"]
        assert peer.header("Accept-Encoding") == ["identity"]
        assert peer.header("User-Agent")[0].endswith("(+https://us.test/)")
        assert peer.requests[1].endswith(b"\r\n\r\nbody")


async def test_the_signers_headers_are_added_and_the_host_is_lower_case(tmp_path: Path) -> None:
    async with serving(answer()) as peer:
        client = http.Client(hostile.settings(tmp_path, host_map={"peer.test": f"{peer.host}:{peer.port}"}))
        await client.get_document("HTTP://PEER.test:80/users/X", sign=signed)
        assert peer.header("Signature") == ["GET http://peer.test/users/X"]
        assert peer.header("Date") == ["Sun, 22 Nov 2026 00:00:00 GMT"]
        assert peer.header("Host") == ["peer.test"]
        await client.close()


async def test_a_connection_is_kept_for_the_next_request(client: http.Client) -> None:
    async with serving(answer(b"", "", "202 Accepted")) as peer:
        for _ in range(5):
            assert (await post(client, peer.url + "/inbox")).status == 202
        assert (peer.connects, len(peer.requests)) == (1, 5)


async def test_a_delivery_survives_that_the_peer_closed_a_kept_connection(client: http.Client) -> None:
    async with serving(hostile.after_request(answer(b"", "", "202 Accepted"))) as peer:
        for _ in range(3):
            assert (await post(client, peer.url + "/inbox")).status == 202
        assert peer.connects == 3


async def test_ssr_14_cookies_are_never_sent_back(client: http.Client) -> None:
    async with serving(answer(b"{}", "application/activity+json", "200 OK", "Set-Cookie: a=b; Path=/")) as peer:
        for _ in range(2):
            await client.get_document(peer.url, sign=None)
        assert peer.header("Cookie") == []


async def test_a_client_opens_again_after_it_was_closed(client: http.Client) -> None:
    async with serving(answer()) as peer:
        await client.open()
        await client.get_document(peer.url, sign=None)
        await client.close()
        await client.close()
        assert (await client.get_document(peer.url, sign=None)).body == b"{}"


# -- types --


@pytest.mark.parametrize(
    "content_type",
    [
        "application/activity+json",
        "application/activity+json; charset=utf-8",
        "Application/Activity+JSON;charset=UTF-8",
        'application/activity+json; profile="https://elsewhere.test"',
        f'application/ld+json; profile="{PROFILE}"',
        f'application/ld+json;profile="{PROFILE}";charset=utf-8',
        f'application/ld+json; charset="utf-8"; Profile="{PROFILE}"',
        f"application/LD+json; profile={PROFILE}",
        f'application/ld+json; profile="https://w3id.org/x {PROFILE}"',
        f'application/ld+json ; profile="{PROFILE}" ;',
    ],
)
async def test_org_01_the_two_right_types_are_taken_in_any_spelling(client: http.Client, content_type: str) -> None:
    async with serving(answer(b'{"id":1}', content_type)) as peer:
        found = await client.get_document(peer.url + "/n/1#frag", sign=None)
        assert (found.final_url, found.body) == (peer.url + "/n/1", b'{"id":1}')
        assert found.content_type in ("application/activity+json", "application/ld+json")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/html",
        "application/json",
        "application/octet-stream",
        "image/png",
        "text/plain",
        "activity+json",
        "application/activity+json, text/html",
        "text/html, application/activity+json",
        "text/html; application/activity+json",
        "application/activity+json; charset=utf-8, text/html",
        "application/activity+jsonx",
        "application/activity+json\r\nContent-Type: text/html",
        "application/activity+json\r\nContent-Type: application/activity+json",
        "application/ld+json",  # ORG-02
        'application/ld+json; profile=""',
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams#"',
        'application/ld+json; profile="http://www.w3.org/ns/activitystreams"',
        f'application/ld+json; profile="https://evil.test/?{PROFILE}"',
        f'application/ld+json; x="; profile={PROFILE}"',
        f'application/ld+json; profile="x"; profile="{PROFILE}"',
        "application/activity+json; charset",
        "application/activity+json; é=utf-8",
    ],
)
async def test_org_01_org_02_every_other_type_is_refused(client: http.Client, content_type: str) -> None:
    async with serving(answer(b"{}", content_type)) as peer:
        with pytest.raises(Malformed):
            await client.get_document(peer.url, sign=None)


async def test_other_things_are_fetched_by_the_types_named(client: http.Client) -> None:
    async with serving(answer(b"png", "Image/PNG; x=y", "200 OK", "Link: <a>; rel=b", "Link: <c>; rel=d")) as peer:
        found = await get(client, peer.url, frozenset({"image/png"}))
        assert (found.content_type, found.body, found.link) == ("image/png", b"png", "<a>; rel=b, <c>; rel=d")
        with pytest.raises(Malformed):
            await get(client, peer.url, frozenset({"image/jpeg"}))
    async with serving(answer(b"x", "")) as peer:
        assert (await get(client, peer.url)).content_type == ""
        with pytest.raises(Malformed):
            await get(client, peer.url, frozenset({"image/png"}))


# -- statuses --


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (410, RemoteGone),
        *((status, Refused) for status in (300, 304, 305, 400, 401, 403, 404, 406, 451)),
        *((status, Unreachable) for status in (408, 425, 429, 500, 502, 503, 504, 522)),
        *((status, Refused) for status in (201, 202, 203, 206)),
    ],
)
async def test_a_status_says_whether_to_come_back(client: http.Client, status: int, kind: type[RemoteError]) -> None:
    body = b"" if status == 304 else b"{}"
    async with serving(answer(body, "application/activity+json", f"{status} X", "Retry-After: 7")) as peer:
        with pytest.raises(kind) as caught:
            await client.get_document(peer.url, sign=None)
    if isinstance(caught.value, (Refused, Unreachable)):
        assert caught.value.status == status
    if isinstance(caught.value, Unreachable):
        assert caught.value.retry_after_s == 7


async def test_every_status_of_a_delivery_is_an_answer_and_redirects_are_not_followed(client: http.Client) -> None:
    async with serving() as other, serving() as peer:
        for status in (200, 202, 301, 302, 303, 307, 308, 400, 401, 404, 410, 429, 500, 503):
            peer.answer = answer(b"no", "", f"{status} X", f"Location: {other.url}/", "Retry-After: 120", "Accept-Signature: sig1=()")
            got = await post(client, peer.url)
            assert got == http.Answer(status, b"no", 120, "sig1=()")
        assert other.connects == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("120", 120), (" 5 ", 5), ("9" * 5000, 999_999_999), ("-1", None), ("soon", None), ("", None), ("1.5", None), ("²", None)],
)
async def test_retry_after_is_read_as_seconds(client: http.Client, value: str, seconds: int | None) -> None:
    async with serving(answer(b"", "", "503 No", f"Retry-After: {value}")) as peer:
        assert (await post(client, peer.url)).retry_after_s == seconds


async def test_retry_after_is_read_as_a_date(client: http.Client) -> None:
    for ahead, low, high in ((3600, 3597, 3600), (-3600, 0, 0)):
        date = clock.http_date(clock.now() + ahead * clock.SECOND)
        async with serving(answer(b"", "", "503 No", f"Retry-After: {date}")) as peer:
            seconds = (await post(client, peer.url)).retry_after_s
            assert seconds is not None and low <= seconds <= high


# -- redirects --


async def test_sig_30_a_redirect_is_signed_again_within_the_origin_and_never_beyond(client: http.Client) -> None:
    async with serving() as other, serving() as peer:
        peer.answer = [redirect("/second"), redirect(f"{other.url}/third"), answer(b"back")]
        other.answer = [redirect(f"{peer.url}/fourth")]
        found = await client.get_document(f"{peer.url}/first", sign=signed)
        assert found.final_url == f"{peer.url}/fourth"
        assert peer.header("Signature", 0) == [f"GET {peer.url}/first"]
        assert peer.header("Signature", 1) == [f"GET {peer.url}/second"]
        for server, request in ((other, 0), (peer, 2)):
            assert not any(server.header(name, request) for name in ("Signature", "Signature-Input", "Cookie", "Authorization", "Date"))


async def test_org_04_the_final_url_is_told(client: http.Client) -> None:
    async with serving(answer(b"real")) as victim, serving(redirect(f"{victim.url}/n/1")) as evil:
        found = await client.get_document(f"{evil.url}/x", sign=None)
        assert (found.final_url, found.body) == (f"{victim.url}/n/1", b"real")


@pytest.mark.parametrize("status", ["301 X", "302 X", "303 X", "307 X", "308 X"])
async def test_relative_redirects_are_followed(client: http.Client, status: str) -> None:
    async with serving([redirect("../n/2?x=%7E", status), answer()]) as peer:
        assert (await client.get_document(f"{peer.url}/a/b", sign=None)).final_url == f"{peer.url}/n/2?x=%7E"


async def test_ssr_05_three_redirects_are_followed_and_no_more(client: http.Client) -> None:
    async with serving([redirect("/1"), redirect("/2"), redirect("/3"), answer()]) as peer:
        assert (await client.get_document(f"{peer.url}/0", sign=None)).final_url == f"{peer.url}/3"
    async with serving([redirect("/1"), redirect("/2"), redirect("/3"), redirect("/4"), answer()]) as peer:
        with pytest.raises(Malformed):
            await client.get_document(f"{peer.url}/0", sign=None)
        assert peer.targets == ["/0", "/1", "/2", "/3"]


async def test_ssr_05_no_url_is_asked_twice(client: http.Client) -> None:
    async with serving(redirect("/self#fragment")) as peer:
        with pytest.raises(Malformed, match="circle"):
            await client.get_document(f"{peer.url}/self", sign=None)
        assert len(peer.requests) == 1
    async with serving() as one, serving() as two:
        one.answer, two.answer = redirect(f"{two.url}/b"), redirect(f"{one.url}/a")
        with pytest.raises(Malformed, match="circle"):
            await client.get_document(f"{one.url}/a", sign=None)
        assert (len(one.requests), len(two.requests)) == (1, 1)


@pytest.mark.parametrize(
    "place",
    [
        "",
        "file:///etc/passwd",
        "ftp://127.0.1.10/",
        "gopher://127.0.1.10/",
        "data:application/activity+json,{}",
        "http://u:p@127.0.1.10/",
        "http://[::1",
        "http://127.0.1.10:99999/",
        "http:///x",
        "/" + "x" * 2100,
        "https://us.test/users/alice",
    ],
)
async def test_ssr_05_a_redirect_to_anything_odd_ends_the_fetch(client: http.Client, place: str) -> None:
    async with serving(redirect(place)) as peer:
        with pytest.raises((Malformed, Refused)):
            await client.get_document(f"{peer.url}/x", sign=None)
        assert len(peer.requests) == 1


async def test_a_redirect_may_be_written_in_utf_8_and_in_nothing_else_beyond_ascii(client: http.Client) -> None:
    async with serving([redirect("/ä"), answer()]) as peer:
        await client.get_document(f"{peer.url}/x", sign=None)
        assert peer.targets == ["/x", "/%C3%A4"]
    async with serving(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /\xe4\r\n\r\n") as peer:
        with pytest.raises(Malformed):
            await client.get_document(f"{peer.url}/x", sign=None)


async def test_the_body_of_a_redirect_is_not_waited_for(client: http.Client) -> None:
    async with serving(answer()) as end:
        head = f"HTTP/1.1 302 Found\r\nLocation: {end.url}/\r\nContent-Length: 99999999\r\n\r\n".encode()
        async with serving(hostile.endless(head, b"x" * 1000, 0.01)) as peer:
            assert (await client.get_document(peer.url, sign=None)).body == b"{}"


# -- sizes and encodings --


async def test_a_body_may_be_as_long_as_the_limit_and_no_longer(client: http.Client) -> None:
    for length, taken in ((1000, True), (1001, False)):
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: a/b\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (
            length,
            b"x" * length,
        )
        until_close = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n" + b"x" * length
        for script in (answer(b"x" * length, "a/b"), chunked, hostile.after_request(until_close)):
            async with serving(script) as peer:
                if taken:
                    assert len((await get(client, peer.url)).body) == length
                else:
                    with pytest.raises(Malformed, match="too long"):
                        await get(client, peer.url)


async def test_a_document_may_be_one_mebibyte(client: http.Client) -> None:
    async with serving(answer(b"x" * limits.BODY_BYTES)) as peer:
        assert len((await client.get_document(peer.url, sign=None)).body) == limits.BODY_BYTES
    async with serving(answer(b"x" * (limits.BODY_BYTES + 1))) as peer:
        with pytest.raises(Malformed):
            await client.get_document(peer.url, sign=None)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "x"])
async def test_an_encoded_body_is_refused_before_it_is_unpacked(client: http.Client, encoding: str) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    async with serving(answer(bomb, "application/activity+json", "200 OK", f"Content-Encoding: {encoding}")) as peer:
        with pytest.raises(Malformed, match="compressed"):
            await client.get_document(peer.url, sign=None)
        assert (await post(client, peer.url)).body == bomb[: limits.REPLY_BYTES]
    async with serving(answer(b"{}", "application/activity+json", "200 OK", "Content-Encoding: Identity")) as peer:
        assert (await client.get_document(peer.url, sign=None)).body == b"{}"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n"


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: 1000000000\r\n\r\n",
        HEAD + b"\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3b9aca00\r\n",
    ],
)
async def test_dos_22_an_endless_answer_is_cut(client: http.Client, head: bytes) -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await hostile.read_request(reader)
        writer.write(head)
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()
            sent += 10_000

    async with serving(pour) as peer:
        got = await post(client, peer.url)
        assert (got.status, len(got.body)) == (200, limits.REPLY_BYTES)
        with pytest.raises(Malformed, match="too long"):
            await client.get_document(peer.url, sign=None)
        assert peer.connects == 2
        assert sent < 20_000_000  # what the two sockets' buffers hold, not a gigabyte


# -- broken answers: R-32 --


def reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def half_close(writer: asyncio.StreamWriter) -> None:
    writer.write_eof()


BROKEN = {
    "reset at once": hostile.after_request(reset),
    "reset in the head": hostile.after_request(b"HTTP/1.1 200 O", 0.01, reset),
    "reset in the body": hostile.after_request(HEAD + b"Content-Length: 50\r\n\r\n{", 0.01, reset),
    "half-close": hostile.after_request(half_close, 0.05),
    "closed at once": hostile.after_request(),
    "body too short": hostile.after_request(HEAD + b"Content-Length: 50\r\n\r\n{}"),
    "body cut in a chunk": hostile.after_request(HEAD + b"Transfer-Encoding: chunked\r\n\r\n50\r\n{}"),
    "chunk of nonsense": hostile.after_request(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
    "garbage": hostile.after_request(b"\x16\x03\x01\0\xa5\x01\0\0\xa1" * 100),
    "SSH": hostile.after_request(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "HTTP/0.9": hostile.after_request(b"<html>hello</html>"),
    "two lengths": hostile.after_request(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"),
    "negative length": hostile.after_request(HEAD + b"Content-Length: -2\r\n\r\n{}"),
    "header line of 100 KB": hostile.after_request(HEAD + b"X: " + b"x" * 100_000 + b"\r\nContent-Length: 2\r\n\r\n{}"),
    "1,000 headers": hostile.after_request(HEAD + b"X: y\r\n" * 1000 + b"Content-Length: 2\r\n\r\n{}"),
    "NUL in a header": hostile.after_request(HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}"),
    "status of letters": hostile.after_request(b"HTTP/1.1 abc OK\r\n\r\n"),
    "switching protocols": hostile.after_request(b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc", 0.05),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_r_32_a_broken_answer_is_classified_and_leaks_nothing(client: http.Client, kind: str) -> None:
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    async with serving(BROKEN[kind]) as peer:
        await post_and_get(client, peer.url)
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            for failure in await post_and_get(client, peer.url):
                assert isinstance(failure, (RemoteError, http.Answer)), failure
                assert str(peer.port) not in str(failure) and "SSH" not in str(getattr(failure, "message", ""))
        async with asyncio.timeout(30):
            while len(os.listdir("/proc/self/fd")) > before:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.01)
    gc.collect()
    assert unhandled == []


async def post_and_get(client: http.Client, url: str) -> list[object]:
    return list(await asyncio.gather(post(client, url), client.get_document(url, sign=None), return_exceptions=True))


async def test_a_delivery_counts_by_its_status_even_if_the_reply_breaks(tmp_path: Path) -> None:
    client = http.Client(hostile.settings(tmp_path, timeout_s=3))
    for head, rest in ((b"Content-Length: 50\r\n\r\n", b"{"), (b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n")):
        async with serving(hostile.after_request(b"HTTP/1.1 202 Accepted\r\n" + head, 0.02, rest)) as peer:
            assert (await post(client, peer.url)).status == 202
    await client.close()


async def test_r_32_nonsense_between_chunks_ends_a_fetch_within_one_step(hasty: http.Client) -> None:
    async with serving(hostile.after_request(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", 0.02, b"zz\r\n")) as peer:
        async with asyncio.timeout(20):
            with pytest.raises(Unreachable):
                await hasty.get_document(peer.url, sign=None)


async def test_r_32_a_storm_of_100_continue_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FETCH_TOTAL_S", 0.3)
    client = http.Client(hostile.settings(tmp_path))
    async with serving(hostile.endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10, 0.001)) as peer:
        with pytest.raises(Unreachable):
            await client.get_document(peer.url, sign=None)
        with pytest.raises(Unreachable):
            await post(client, peer.url)
    await client.close()


async def test_dos_22_a_dripped_answer_ends_with_the_total_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FETCH_TOTAL_S", 0.3)
    client = http.Client(hostile.settings(tmp_path))
    monkeypatch.setattr(limits, "FETCH_TOTAL_S", 3)
    patient = http.Client(hostile.settings(tmp_path))
    async with asyncio.timeout(25):
        async with serving(hostile.endless(HEAD + b"Content-Length: 500\r\n\r\n", b"x", 0.05)) as peer:
            with pytest.raises(Unreachable, match="in time"):
                await client.get_document(peer.url, sign=None)
            assert (await post(patient, peer.url)).status == 200  # the status had come: the delivery is done
        async with serving(hostile.endless(b"HTTP/1.1 200", b" ", 0.05)) as peer:
            with pytest.raises(Unreachable, match="in time"):
                await post(client, peer.url)
    await client.close()
    await patient.close()


async def test_redirects_share_one_total_time(client: http.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FETCH_TOTAL_S", 0.3)

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await hostile.read_request(reader)
        await asyncio.sleep(0.2)
        writer.write(redirect("/x" + request.split(b" ")[1].decode()))

    async with serving(slow) as peer:
        with pytest.raises(Unreachable, match="in time"):
            await client.get_document(peer.url, sign=None)
        assert peer.connects <= 2


async def test_a_silent_peer_is_given_up_after_the_timeout(hasty: http.Client) -> None:
    async with serving(hostile.after_request(30.0)) as peer:
        with pytest.raises(Unreachable, match="in time"):
            await hasty.get_document(peer.url, sign=None)


async def test_a_peer_that_answers_without_reading_cannot_hold_a_delivery(client: http.Client) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(answer(b"", "", "413 No"))
        await asyncio.sleep(30)

    async with serving(deaf) as peer:
        async with asyncio.timeout(25):
            assert (await post(client, peer.url, b"x" * 1_000_000)).status == 413


async def test_nobody_listening_is_unreachable(client: http.Client) -> None:
    async with serving() as peer:
        url = peer.url
    for call in (client.get_document(url, sign=None), post(client, url)):
        with pytest.raises(Unreachable) as caught:
            await call
        assert caught.value.message == http.NOT_CONNECTED and not http.may_be_ours(caught.value)


async def test_cancelling_a_fetch_cancels_it(client: http.Client) -> None:
    async with serving(hostile.after_request(30.0)) as peer:
        task = asyncio.create_task(client.get_document(peer.url, sign=None))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
