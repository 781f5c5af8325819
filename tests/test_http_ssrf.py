"""Where the outgoing client must not go: the rest of loopback, private networks, other ports, its own host, and peers without good TLS."""

import asyncio
import ipaddress
import socket
import ssl
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from fedi import http, limits, netguard
from fedi.config import FederationSettings
from fedi.errors import Invalid, Malformed, Refused, RemoteError, Unreachable
from tests import hostile_server as hostile
from tests.hostile_server import CANARIES, GOOD, OTHER, Authority, Server, answer, redirect, serving

LITERALS = """
127.0.0.1 127.0.0.2 127.9.9.9 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.0.1
192.168.255.254 169.254.169.254 169.254.0.1 100.64.0.1 100.127.255.254 192.0.0.1 192.0.0.8 192.0.0.170 198.18.0.1 198.19.255.254
192.88.99.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 192.0.2.1 198.51.100.1 203.0.113.1
:: ::1 ::2 ::127.0.0.1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:8.8.8.8 ::ffff:0:7f00:1
64:ff9b::7f00:1 64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::a00:1 64:ff9b:1::1 64:ff9b:1::7f00:1 100::1 2001::1 2001:0:7f00:1::
2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 2002:808:808::1 3fff::1 3fff:fff:ffff::1 4000::1 5f00::1
fc00::1 fd00::1 fdff:ffff::1 fe80::1 fe80::a9fe:a9fe fec0::1 feff::1 ff02::1 ff05::2 ff0e::1 ffff::1
""".split()

PUBLIC = """
8.8.8.8 1.1.1.1 11.0.0.1 172.32.0.1 100.128.0.1 223.255.255.254
2606:4700::1 2a00:1450::1 2001:4860:4860::8888 64:ff9b::808:808
""".split()

SPELLINGS = [
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.01",
    "0",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "127。0。0。1",
    "127.0.0.1.",
    "[::ffff:127.0.0.1%251]",
    "[fe80::1%lo]",
    "[fe80::1%25lo]",
    "[::1%lo]",
    "[v1.127.0.0.1]",
    "%31%32%37.0.0.1",
    "127.0.0.1%00.peer.test",
]

Connects = list[tuple[Any, ...]]


@pytest.fixture(autouse=True)
def connects(monkeypatch: pytest.MonkeyPatch) -> Connects:
    """Every address that any socket of this process tries to connect to; what is not loopback fails here, should the guard ever fail."""
    seen: Connects = []
    real = socket.socket.connect

    def connect(self: socket.socket, place: tuple[Any, ...]) -> None:
        if self.family != socket.AF_UNIX:
            seen.append(place)
            if not ipaddress.ip_address(place[0]).is_loopback:
                raise OSError("a test may not leave this machine")
        real(self, place)

    monkeypatch.setattr(socket.socket, "connect", connect)
    return seen


@pytest.fixture
async def canaries() -> AsyncIterator[list[Server]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving(answer(), host)) for host in CANARIES]


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


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[str]]]:
    """The name service of the test: what every name resolves to. A name that is not in it does not exist."""
    table: dict[str, list[str]] = {}

    def look_up(host: str) -> list[str]:
        if host not in table:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return table[host]

    monkeypatch.setattr(netguard, "_look_up", look_up)
    yield table


async def both(client: http.Client, url: str) -> list[object]:
    """What becomes of a fetch and of a delivery."""
    calls = client.get_document(url, sign=None), client.post(url, headers={}, body=b"{}")
    return list(await asyncio.gather(*calls, return_exceptions=True))


def says_no(results: list[object]) -> bool:
    return all(isinstance(result, (Refused, Malformed)) for result in results)


def guard(*networks: str, **hosts: str) -> netguard.Guard:
    return netguard.Guard(FederationSettings(allow_networks=networks, host_map=hosts))


# -- addresses --


@pytest.mark.parametrize("literal", LITERALS)
async def test_ssr_01_no_special_address_is_connected_to(
    client: http.Client, canaries: list[Server], connects: Connects, literal: str
) -> None:
    host = f"[{literal}]" if ":" in literal else literal
    for url in (f"https://{host}/", f"http://{host}/", *(f"http://{host}:{canary.port}/" for canary in canaries)):
        results = await both(client, url)
        assert says_no(results), (url, results)
    assert connects == []
    assert [canary.connects for canary in canaries] == [0, 0, 0]


@pytest.mark.parametrize("literal", LITERALS)
def test_ssr_01_a_special_address_is_not_public(literal: str) -> None:
    assert not netguard.is_public(ipaddress.ip_address(literal))
    with pytest.raises(netguard.AddressRefused):
        guard("127.0.1.0/24").socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (literal, 443)))


@pytest.mark.parametrize("literal", PUBLIC)
def test_a_public_address_is_allowed_on_port_443_only(literal: str) -> None:
    assert netguard.is_public(ipaddress.ip_address(literal))
    assert guard().allows(literal, 443)
    for port in (0, 22, 25, 80, 6379, 8443, 11211, 65535):
        assert not guard().allows(literal, port)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_ssr_01_no_other_spelling_of_an_address_gets_through(
    client: http.Client, canaries: list[Server], connects: Connects, spelling: str
) -> None:
    for port in (443, canaries[0].port):
        for scheme in ("https", "http"):
            results = await both(client, f"{scheme}://{spelling}:{port}/")
            assert says_no(results), results
    assert connects == []


async def test_only_the_allowed_network_is_exempt(client: http.Client, canaries: list[Server]) -> None:
    async with serving(answer()) as peer:
        assert (await client.get_document(peer.url, sign=None)).body == b"{}"
    for canary in canaries:
        assert says_no(await both(client, canary.url))
        assert canary.connects == 0


async def test_without_allowed_networks_plain_http_is_refused_before_any_look_up(tmp_path: Path, names: dict[str, list[str]]) -> None:
    client = http.Client(hostile.settings(tmp_path, allow_networks=[]))
    async with serving(answer()) as peer:
        for url in (peer.url, "http://peer.test/"):
            with pytest.raises(Refused, match="https"):
                await client.get_document(url, sign=None)
        assert peer.connects == 0
    await client.close()


async def test_ssr_13_plain_http_to_the_internet_is_refused(client: http.Client, names: dict[str, list[str]], connects: Connects) -> None:
    names["public.test"] = ["8.8.8.8"]
    for url in ("http://public.test/", "http://8.8.8.8/", "http://public.test:443/", "http://8.8.8.8:443/", "https://public.test:80/"):
        assert says_no(await both(client, url)), url
    assert connects == []


@pytest.mark.parametrize("port", [0, 22, 25, 6379, 8080, 11211, 65536, -1])
async def test_ssr_07_other_ports_are_refused(client: http.Client, names: dict[str, list[str]], connects: Connects, port: int) -> None:
    names["public.test"] = ["8.8.8.8"]
    for host in ("public.test", "8.8.8.8", "[2606:4700::1]"):
        assert says_no(await both(client, f"https://{host}:{port}/"))
    assert connects == []


@pytest.mark.parametrize(
    "url",
    [
        "http://u:p@127.0.1.10/",
        "http://127.0.1.10@127.0.0.1/",
        "https://peer.test/a\r\nX: y",
        "https://peer.test/a b",
        "https://peer.test\\@127.0.0.1/",
        "https://peer.test/" + "x" * 10_240,
        "https://peer.test/\ud800",
        "ftp://peer.test/",
        "file:///etc/passwd",
        "//peer.test/",
        "peer.test",
        "",
        "https://",
        "https:///x",
        "https://a..b/",
        'https://a"b.test/',
        "https://a<b>.test/",
        "https://" + "a" * 300 + ".test/",
        "https://[::1/",
        "https://[nonsense]/",
    ],
)
async def test_ssr_08_a_url_that_is_none_is_refused(client: http.Client, connects: Connects, url: str) -> None:
    results = await both(client, url)
    assert says_no(results), results
    assert connects == []


async def test_we_never_call_ourselves(tmp_path: Path) -> None:
    async with serving(answer()) as ourselves:
        client = http.Client(hostile.settings(tmp_path, host_map={"us.test": f"{ourselves.host}:{ourselves.port}"}))
        async with serving(redirect("http://us.test/")) as peer:
            for url in ("https://us.test/users/alice", "http://US.test/", "https://us.test:443/", peer.url):
                with pytest.raises(Refused):
                    await client.get_document(url, sign=None)
        assert ourselves.connects == 0
        await client.close()


# -- names --


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["::ffff:127.0.0.1"], ["::1", "127.9.9.9"], ["10.0.0.1", "169.254.169.254"], ["fe80::1%lo"], ["64:ff9b::7f00:1"], []],
)
async def test_ssr_03_a_name_with_private_addresses_only_is_refused(
    client: http.Client, names: dict[str, list[str]], connects: Connects, answers: list[str]
) -> None:
    names["evil.test"] = answers
    results = await both(client, "https://evil.test/")
    assert all(isinstance(result, Refused) and result.message == http.NOT_ALLOWED for result in results), results
    assert connects == []


@pytest.mark.parametrize("order", [1, -1])
async def test_ssr_03_a_mixed_answer_may_use_what_is_allowed_only(
    client: http.Client, names: dict[str, list[str]], canaries: list[Server], order: int
) -> None:
    names["mixed.test"] = ["127.0.0.1", "127.9.9.9", GOOD, "::1"][::order]
    async with serving(answer()) as peer:
        found = await client.get_document(f"http://mixed.test:{peer.port}/", sign=None)
        assert (found.body, peer.connects) == (b"{}", 1)
    assert [canary.connects for canary in canaries] == [0, 0, 0]


async def test_the_guard_alone_stops_private_addresses_when_names_are_not_judged(
    client: http.Client, names: dict[str, list[str]], connects: Connects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(netguard.Guard, "pick", lambda self, host, addresses, port: list(addresses))
    async with serving(answer()) as peer:
        for index, answers in enumerate((["127.0.0.1"], ["127.0.0.1", "::1", "10.0.0.1"])):
            names[f"evil{index}.test"] = answers
            results = await both(client, f"http://evil{index}.test:{peer.port}/")
            assert all(isinstance(result, Refused) for result in results), results
        assert connects == []
        names["mixed.test"] = ["127.0.0.1", "::1", GOOD, "127.9.9.9"]
        assert (await client.get_document(f"http://mixed.test:{peer.port}/", sign=None)).body == b"{}"
        assert set(connects) == {(GOOD, peer.port)}


async def test_ssr_04_a_name_that_is_bound_anew_is_judged_anew(
    client: http.Client, names: dict[str, list[str]], connects: Connects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(netguard, "_TTL_S", -1)
    async with serving(hostile.after_request(answer())) as peer:
        url = f"http://rebind.test:{peer.port}/"
        names["rebind.test"] = [GOOD]
        assert (await client.get_document(url, sign=None)).body == b"{}"
        names["rebind.test"] = ["127.0.0.1"]
        assert says_no(await both(client, url))
        assert connects == [(GOOD, peer.port)]


@pytest.mark.parametrize("name", ["localhost", "a.localhost", "printer.local", "db.internal", "x.onion", "nas.home.arpa", "metadata"])
async def test_ssr_03_private_names_are_refused_whatever_they_resolve_to(
    client: http.Client, names: dict[str, list[str]], connects: Connects, name: str
) -> None:
    for answers in (["127.0.0.1", "::1"], ["8.8.8.8"]):
        names[name] = answers
        assert says_no(await both(client, f"https://{name}/"))
    assert connects == []


async def test_private_names_may_be_used_inside_an_allowed_network(tmp_path: Path, names: dict[str, list[str]]) -> None:
    names["printer.local"] = ["8.8.8.8", GOOD]
    async with serving(answer()) as peer:
        client = http.Client(hostile.settings(tmp_path, host_map={"db.internal": f"{GOOD}:{peer.port}"}))
        for url in (f"http://printer.local:{peer.port}/", "http://db.internal/"):
            assert (await client.get_document(url, sign=None)).body == b"{}"
        await client.close()


async def test_the_real_localhost_is_refused(client: http.Client, canaries: list[Server]) -> None:
    assert says_no(await both(client, f"http://localhost:{canaries[0].port}/"))
    assert [canary.connects for canary in canaries] == [0, 0, 0]


# -- the host map --


async def test_a_mapped_host_is_reached_with_its_own_name_and_certificate(tmp_path: Path, authority: Authority) -> None:
    async with serving(answer(), tls=authority.context("peer.test")) as peer, serving(answer(b"8443"), OTHER) as other:
        mapped = {"peer.test": f"{peer.host}:{peer.port}", "peer.test:8443": f"{other.host}:{other.port}"}
        client = http.Client(hostile.settings(tmp_path, host_map=mapped, ca_file=str(authority.file)))
        assert (await client.get_document("https://peer.test/users/bob", sign=None)).final_url == "https://peer.test/users/bob"
        assert peer.header("Host") == ["peer.test"]
        assert (await client.get_document("http://peer.test:8443/", sign=None)).body == b"8443"
        assert other.header("Host") == ["peer.test:8443"]
        await client.close()


async def test_a_mapped_host_must_lie_in_an_allowed_network(tmp_path: Path, canaries: list[Server], connects: Connects) -> None:
    mapped = {"peer.test": f"127.0.0.1:{canaries[0].port}", "six.test": f"[::1]:{canaries[2].port}", "public.test": "8.8.8.8:443"}
    client = http.Client(hostile.settings(tmp_path, host_map=mapped))
    for name in mapped:
        assert says_no(await both(client, f"https://{name}/"))
        assert says_no(await both(client, f"http://{name}/"))
    assert connects == []
    await client.close()


@pytest.mark.parametrize("place", ["", "127.0.1.10", "peer.test:443", "127.0.1.10:", "127.0.1.10:x", "127.1:80"])
def test_a_host_map_that_cannot_be_read_is_invalid(tmp_path: Path, place: str) -> None:
    with pytest.raises(Invalid, match="host_map"):
        http.Client(hostile.settings(tmp_path, host_map={"peer.test": place}))


def test_a_ca_file_that_cannot_be_read_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("none.pem", "empty.pem"):
        with pytest.raises(Invalid, match="ca_file"):
            http.Client(hostile.settings(tmp_path, ca_file=str(tmp_path / name)))


# -- redirects and proxies --


@pytest.mark.parametrize(
    "place", ["http://127.0.0.1:{}/", "https://127.9.9.9:{}/", "http://[::1]:{}/", "http://[::ffff:127.0.0.1]:{}/", "//localhost:{}/"]
)
async def test_ssr_05_a_redirect_into_the_private_network_is_refused(client: http.Client, canaries: list[Server], place: str) -> None:
    for canary in canaries:
        async with serving(redirect(place.format(canary.port))) as peer:
            with pytest.raises((Refused, Malformed)):
                await client.get_document(peer.url, sign=None)
    assert [canary.connects for canary in canaries] == [0, 0, 0]


async def test_ssr_05_a_redirect_from_https_to_http_is_refused(tmp_path: Path, authority: Authority) -> None:
    async with serving(answer()) as plain, serving(redirect(plain.url), tls=authority.context("peer.test")) as peer:
        mapped = {"peer.test": f"{peer.host}:{peer.port}"}
        client = http.Client(hostile.settings(tmp_path, host_map=mapped, ca_file=str(authority.file)))
        with pytest.raises(Refused, match="https to http"):
            await client.get_document("https://peer.test/", sign=None)
        assert plain.connects == 0
        await client.close()


async def test_ssr_12_proxies_of_the_environment_are_ignored(client: http.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(answer(b"proxied"), OTHER) as proxy, serving(answer()) as peer:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.lower(), proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert (await client.get_document(peer.url, sign=None)).body == b"{}"
        assert (await client.post(peer.url, headers={}, body=b"")).body == b"{}"
        assert proxy.connects == 0


# -- TLS --


async def _tls_failures(tmp_path: Path, context: ssl.SSLContext, authority: Authority, name: str = "peer.test") -> list[object]:
    async with serving(answer(), tls=context) as peer:
        mapped = {name: f"{peer.host}:{peer.port}"}
        client = http.Client(hostile.settings(tmp_path, host_map=mapped, ca_file=str(authority.file)))
        results = await both(client, f"https://{name}/")
        await client.close()
        assert peer.requests == []
        return results


@pytest.mark.parametrize("case", ["expired", "self-signed", "wrong host", "old TLS", "unknown authority"])
async def test_ssr_13_bad_tls_is_a_failure_and_sends_nothing(tmp_path: Path, authority: Authority, case: str) -> None:
    stranger = Authority(tmp_path) if case == "unknown authority" else authority
    context = stranger.context(
        "other.test" if case == "wrong host" else "peer.test", days=-1 if case == "expired" else 1, self_signed=case == "self-signed"
    )
    if case == "old TLS":
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    results = await _tls_failures(tmp_path, context, authority)
    # A server that offers only old versions may hang up instead of saying so.
    messages = (http.BAD_TLS, http.NOT_CONNECTED) if case == "old TLS" else (http.BAD_TLS,)
    assert all(isinstance(result, Unreachable) and result.message in messages for result in results), results


async def test_ssr_13_the_system_does_not_vouch_for_the_tests_authority(tmp_path: Path, authority: Authority) -> None:
    async with serving(answer(), tls=authority.context(GOOD)) as peer:
        url = f"https://{GOOD}:{peer.port}/"
        trusting, plain = (http.Client(hostile.settings(tmp_path, ca_file=file)) for file in (str(authority.file), ""))
        assert (await trusting.get_document(url, sign=None)).body == b"{}"
        with pytest.raises(Unreachable, match="certificate"):
            await plain.get_document(url, sign=None)
        await trusting.close()
        await plain.close()


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x15\x03\x01\0\x02\x02\x28", b"\x16\x03\x03\xff\xff"])
async def test_ssr_13_a_peer_without_tls_is_a_failure(tmp_path: Path, reply: bytes) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(reply)

    async with serving(plain) as peer:
        client = http.Client(hostile.settings(tmp_path))
        results = await both(client, peer.url.replace("http:", "https:"))
        assert all(isinstance(result, Unreachable) for result in results), results
        await client.close()


async def test_a_hung_tls_handshake_ends_with_the_timeout(hasty: http.Client) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async with serving(hang) as peer:
        with pytest.raises(Unreachable, match="in time"):
            await hasty.get_document(peer.url.replace("http:", "https:"), sign=None)


# -- what a failure tells --


async def test_ssr_15_a_failure_tells_nothing_of_addresses_ports_or_banners(
    hasty: http.Client, names: dict[str, list[str]], canaries: list[Server]
) -> None:
    names["inside.test"] = ["127.0.0.1"]
    ssh = hostile.after_request(b"SSH-2.0-secret\r\n")
    async with serving() as gone:
        pass
    async with serving(ssh) as banner, serving(answer(b"", "secret/type", "500 secret")) as status:
        urls = [gone.url, banner.url, status.url, banner.url.replace("http", "https"), f"http://inside.test:{canaries[0].port}/"]
        for result in [result for url in [*urls, "https://nowhere.test/"] for result in await both(hasty, url)]:
            if isinstance(result, http.Answer):
                continue
            assert isinstance(result, RemoteError)
            assert not any(
                text in str(result).lower() for text in ("127.", "secret", "ssh", ":4", "errno", str(gone.port), str(banner.port))
            )


async def test_a_private_address_looks_the_same_whether_anyone_listens(client: http.Client, canaries: list[Server]) -> None:
    open_port, closed_port = canaries[0].port, 1
    one, two = [str(await both(client, f"http://127.0.0.1:{port}/")) for port in (open_port, closed_port)]
    assert one == two


# -- the name service: R-31 --


async def test_a_name_that_does_not_exist_is_the_peers_failure(client: http.Client, names: dict[str, list[str]]) -> None:
    with pytest.raises(Unreachable) as caught:
        await client.get_document("https://nowhere.test/", sign=None)
    assert caught.value.message == http.NO_SUCH_HOST and not http.may_be_ours(caught.value)


async def test_r_31_a_name_service_that_fails_may_be_our_own_failure(client: http.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(netguard, "_look_up", fail)
    with pytest.raises(Unreachable) as caught:
        await client.get_document("https://peer.test/", sign=None)
    assert http.may_be_ours(caught.value)


async def test_r_31_a_dead_name_service_holds_few_waiters_and_is_asked_again_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = http.Client(hostile.settings(tmp_path, timeout_s=3))
    answered, asked = threading.Event(), []

    def hang(host: str) -> list[str]:
        asked.append(host)
        answered.wait(60)
        return [GOOD]

    monkeypatch.setattr(netguard, "_look_up", hang)
    loop = asyncio.get_running_loop()
    async with serving(answer()) as peer:
        calls = [loop.create_task(client.get_document(f"http://n{number % 100}.test:{peer.port}/", sign=None)) for number in range(200)]
        while len(asked) < 32 or sum(call.done() for call in calls) < 72:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)
        assert len(asked) == 32
        assert sum(call.done() for call in calls) == 72  # 64 names wait, twice each; the rest was told at once
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(result, Unreachable) and http.may_be_ours(result) for result in results)
        answered.set()
        async with asyncio.timeout(30):
            while len(asked) < 64:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.01)
        assert (await client.get_document(f"http://n70.test:{peer.port}/", sign=None)).body == b"{}"
    await client.close()


async def test_one_look_up_serves_all_who_wait_for_it_and_those_who_come_soon(client: http.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look_up(host: str) -> list[str]:
        asked.append(host)
        return [GOOD]

    monkeypatch.setattr(netguard, "_look_up", look_up)
    async with serving(hostile.after_request(answer())) as peer:
        url = f"http://peer.test:{peer.port}/"
        await asyncio.gather(*(client.get_document(url, sign=None) for _ in range(5)))
        await client.get_document(url, sign=None)
        assert (asked, peer.connects) == (["peer.test"], 6)


async def test_the_known_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netguard, "_NAMES", 3)
    monkeypatch.setattr(netguard, "_look_up", lambda host: [GOOD])
    names = netguard.Names(timeout_s=20)
    for number in range(10):
        await names.addresses(f"n{number}.test")
    assert list(names._known) == ["n7.test", "n8.test", "n9.test"]
    await names.close()


def test_a_name_may_have_many_addresses_of_which_a_few_are_tried() -> None:
    assert len(guard().pick("many.test", [f"8.8.{n}.8" for n in range(200)], 443)) == 6


def test_the_limits_the_client_keeps_are_those_of_the_house() -> None:
    assert (limits.REDIRECTS, limits.REPLY_BYTES, limits.FETCH_TOTAL_S, limits.BODY_BYTES) == (3, 8192, 30, 1024 * 1024)
