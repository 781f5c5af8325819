"""The one outgoing client: every byte this server sends to another passes here, and no address that netguard.py refuses is connected to.

Sizes, times and redirects are bounded; failures are of the `RemoteError` tree, in texts that tell nothing of our network or the peer's.
What a fetched document may claim (its id is its final URL) is judged by activitypub/remote.py.
"""

import asyncio
import errno
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urldefrag, urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from fedi import __version__, clock, limits, netguard, uris
from fedi.activitypub import vocab
from fedi.config import Config
from fedi.errors import Invalid, Malformed, Refused, RemoteError, RemoteGone, Unreachable

Sign = Callable[[str, str], Awaitable[Mapping[str, str]]]
"""(method, URL as it goes over the wire) -> headers to add. Called once per hop."""

Write = Callable[[bytes], object]

NO_SUCH_HOST = "There is no server of that name."
NO_NAME_SERVICE = "The name service did not answer."
NO_ROUTE = "There is no way to that server from here."
LATE = "The server did not answer in time."
BROKEN = "The connection broke, or the answer was not HTTP."
BAD_TLS = "No secure connection could be made: the certificate or the encryption is not acceptable."
NOT_CONNECTED = "The server could not be connected to."
NOT_ALLOWED = "That address is not allowed."

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRY_LATER = frozenset({408, 425, 429})
_OURS = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_HOST = re.compile(r"[a-z0-9._-]{1,253}", re.ASCII)
_ENDS_IN_NUMBER = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)$", re.ASCII)
_URI_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_CONTENT_TYPE = re.compile(r'([\w.+-]+/[\w.+-]+)((?:\s*;(?:\s*[\w.-]+\s*=\s*(?:"[^"\\]*"|[^\s;,"]+))?)*)\s*', re.ASCII)
_PARAMETER = re.compile(r';\s*([\w.-]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.ASCII)

_CONNECTIONS = 256
_CONNECTIONS_PER_HOST = 8
_KEEP_ALIVE_S = 60
_STALE_S = 1.0


class Fetched(NamedTuple):
    """What a GET brought. `content_type` is bare and lower-case; `link` is the joined `Link` headers."""

    final_url: str
    body: bytes
    content_type: str
    link: str = ""
    charset: str = ""  # as the head of the answer says


class Answer(NamedTuple):
    """What a POST was answered, whatever the status. `body` is the first 8 KiB at most; `accept_signature` the RFC 9421 wish."""

    status: int
    body: bytes
    retry_after_s: int | None
    accept_signature: str = ""


class _Wanted(NamedTuple):
    """What a GET asks for and takes. `judge` turns the Content-Type headers into the bare type or raises Malformed."""

    accept: str
    max_bytes: int
    judge: Callable[[list[str]], str]
    write: Write | None = None
    cut: bool = False  # a longer body is read up to the limit, instead of refused


def may_be_ours(error: Unreachable) -> bool:
    """Whether a failure may lie with our own network or name service and not with the peer.

    One such failure proves nothing (a peer's dead name server looks the same); many hosts failing so at once do.
    """
    return error.message in (NO_NAME_SERVICE, NO_ROUTE)


@lru_cache(maxsize=4096)
def wire_url(url: str) -> str:
    """The URL as it goes over the wire, which is what a signature must cover: no fragment, no empty query, host in ASCII.

    Percent-encoding is kept byte for byte; characters outside ASCII are encoded as UTF-8. Raises Malformed. Source: RFC 3987 3.1.
    """
    origin = uris.origin(url)
    host = origin.host
    if not netguard.is_literal(host) and (not _HOST.fullmatch(host) or _ENDS_IN_NUMBER.search(host)):
        raise Malformed("That address has no valid host name.")
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.isascii():
        try:
            target = quote(target, safe=_URI_ASCII)
        except UnicodeEncodeError:
            raise Malformed("That is not a web address.") from None
    return f"{origin.scheme}://{origin.authority}{target}"


class Client:
    """The outgoing client of one instance; opens itself in the running loop at the first request. Raises Invalid for a bad `ca_file`."""

    def __init__(self, config: Config) -> None:
        self._uris = config.uris
        self._timeout_s = config.federation.timeout_s
        self._guard = netguard.Guard(config.federation)
        self._ca_file = config.federation.ca_file
        if self._ca_file:
            _trusting(self._ca_file)
        self._timeout = aiohttp.ClientTimeout(total=limits.FETCH_TOTAL_S, sock_connect=self._timeout_s, sock_read=self._timeout_s)
        self._agent = f"fedi/{__version__} (+{self._uris.base_url}/)"
        self._session: aiohttp.ClientSession | None = None
        self._resolver: _Resolver | None = None

    async def open(self) -> None:
        """Make the session now instead of at the first request."""
        self._opened()

    async def close(self) -> None:
        """Close every connection; the client opens again when it is used again."""
        session, resolver = self._session, self._resolver
        self._session = self._resolver = None
        if session is not None:
            await session.close()
        if resolver is not None:
            await resolver.close()

    async def get_document(self, url: str, *, sign: Sign | None, accept: str = vocab.ACCEPT) -> Fetched:
        """Fetch an ActivityPub document: `application/activity+json`, or `application/ld+json` with the ActivityStreams profile.

        Whether its `id` is `final_url` is for the caller to ask. Raises as `get`. Source: FEDERATION.md, Transport; ActivityPub 3.2.
        """
        return await self._get(url, _Wanted(accept, limits.BODY_BYTES, _document_type), sign)

    async def get(
        self, url: str, *, accept: str, types: frozenset[str] | None, max_bytes: int, write: Write | None = None, cut: bool = False
    ) -> Fetched:
        """Fetch anything else. `types` are the bare media types taken (None: any). With `write` the body goes there piece by piece;
        with `cut` what is longer is read up to the limit.

        Follows at most three redirects, signed only while they stay in the first origin. Raises Unreachable, RemoteGone (410),
        Refused (another 4xx, or 0 when it is our own rule that refuses) and Malformed (type, size, encoding, redirects).
        """
        return await self._get(url, _Wanted(accept, max_bytes, lambda values: _one_of(values, types), write, cut), None)

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, most: int = limits.REPLY_BYTES) -> Answer:
        """Deliver a body. Every status is an answer, redirects too, which are never followed. At most `most` bytes of it are read.

        Raises Unreachable when there was none, Refused(0) for an address we do not connect to, Malformed for no web address.
        """
        target = self._checked(url)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return await self._posted(target, headers, body, most)
        except (aiohttp.ClientError, OSError) as error:
            if not _is_stale(error) or loop.time() - began > _STALE_S:
                raise _failure(error) from error
        try:
            return await self._posted(target, headers, body, most)
        except (aiohttp.ClientError, OSError) as error:
            raise _failure(error) from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._resolver = _Resolver(self._guard, netguard.Names(self._timeout_s))
            connector = aiohttp.TCPConnector(
                resolver=self._resolver,
                use_dns_cache=False,
                socket_factory=self._guard.socket,
                ssl=_trusting(self._ca_file),
                limit=_CONNECTIONS,
                limit_per_host=_CONNECTIONS_PER_HOST,
                keepalive_timeout=_KEEP_ALIVE_S,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers={"User-Agent": self._agent, "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=self._timeout,
            )
        return self._session

    def _checked(self, url: str) -> str:
        """The wire form of a URL that may be requested; raises Malformed or Refused. The address itself is judged at the connect."""
        target = wire_url(url)
        origin = uris.origin(target)
        if self._uris.is_our_host(origin.authority):
            raise Refused("That address is this server itself.", 0)
        if origin.scheme == "http" and (origin.port == 443 or not self._guard.allows_http):
            raise Refused("Only https addresses are allowed.", 0)
        return target

    async def _get(self, url: str, wanted: _Wanted, sign: Sign | None) -> Fetched:
        try:
            async with asyncio.timeout(limits.FETCH_TOTAL_S):
                return await self._follow(url, wanted, sign)
        except (aiohttp.ClientError, OSError) as error:
            raise _failure(error) from error

    async def _follow(self, url: str, wanted: _Wanted, sign: Sign | None) -> Fetched:
        seen: set[str] = set()
        for _ in range(limits.REDIRECTS + 1):
            target = self._checked(url)
            if target in seen:
                raise Malformed("The address redirects in a circle.")
            seen.add(target)
            headers = {"Accept": wanted.accept}
            if sign is not None:
                headers.update(await sign("GET", target))
            async with self._opened().get(URL(target, encoded=True), headers=headers, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await self._taken(response, urldefrag(url).url, wanted)
                place = response.headers.get("Location", "")
                response.close()
            url = _next(url, place)
            if not uris.same_origin(target, url):
                sign = None  # a signature says who asks: another origin has no right to it, nor the first one after a detour
        raise Malformed("The address redirects too often.")

    async def _taken(self, response: aiohttp.ClientResponse, url: str, wanted: _Wanted) -> Fetched:
        """Judge a final answer by its head, then read its body up to the limit."""
        try:
            _raise_for(response.status, response.headers.get("Retry-After"))
            content_type = wanted.judge(response.headers.getall("Content-Type", []))
            if any(value.strip().lower() not in ("", "identity") for value in response.headers.getall("Content-Encoding", [])):
                raise Malformed("The answer is compressed, which was not asked for.")
            body = await self._read(response, wanted)
        except BaseException:
            response.close()  # whatever is still to come of it is not wanted
            raise
        return Fetched(url, body, content_type, ", ".join(response.headers.getall("Link", [])), response.charset or "")

    async def _read(self, response: aiohttp.ClientResponse, wanted: _Wanted) -> bytes:
        found, came, size, max_bytes = bytearray(), 0, response.content_length or 0, wanted.max_bytes
        write = wanted.write or found.extend
        while size <= max_bytes or wanted.cut:
            # Not left to the session's own read timeout: aiohttp 3.14 forgets it after nonsense between chunks.
            async with asyncio.timeout(self._timeout_s):
                part = await response.content.readany()
            if not part:
                return bytes(found)
            came += len(part)
            size = came
            if came <= max_bytes:
                write(part)
            elif wanted.cut:
                response.close()
                write(part[: max_bytes - came])
                return bytes(found)
        raise Malformed("The answer is too long.")

    async def _posted(self, target: str, headers: Mapping[str, str], body: bytes, most: int) -> Answer:
        async with self._opened().post(URL(target, encoded=True), headers=headers, data=body, allow_redirects=False) as response:
            text = await self._reply(response, most)
            found = response.headers
            return Answer(response.status, text, _retry_after_s(found.get("Retry-After")), found.get("Accept-Signature", ""))

    async def _reply(self, response: aiohttp.ClientResponse, most: int) -> bytes:
        """The start of an answer's body. One that is long, slow or broken costs its connection, not the answer: the status counts."""
        content, found = response.content, bytearray()
        if content.at_eof():
            return b""
        try:
            async with asyncio.timeout(self._timeout_s):
                while len(found) < most and (part := await content.read(most - len(found))):
                    found += part
        except (aiohttp.ClientError, OSError):
            response.close()
        return bytes(found)


def _trusting(ca_file: str) -> ssl.SSLContext:
    """What the machine trusts, and the file's authorities. Raises Invalid for a file that is none."""
    try:
        return _tls(ca_file, os.stat(ca_file).st_mtime_ns if ca_file else 0)
    except OSError:
        raise Invalid(f"federation.ca_file: `{ca_file}` is not a file of certificates in PEM form.", "federation.ca_file") from None


@lru_cache(maxsize=8)
def _tls(ca_file: str, _changed_at: int) -> ssl.SSLContext:
    """Made once, when it is needed: to read what a machine trusts can take a tenth of a second."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def _next(url: str, place: str) -> str:
    if not place:
        raise Malformed("The address redirects nowhere.")
    try:
        found = urljoin(url, place)
    except ValueError:
        raise Malformed("The address redirects to no web address.") from None
    if uris.origin(found).scheme == "http" and uris.origin(url).scheme == "https":
        raise Refused("The address redirects from https to http.", 0)
    return found


def _raise_for(status: int, retry_after: str | None) -> None:
    if status == 200:
        return
    if status == 410:
        raise RemoteGone("It was deleted there.")
    if status in _TRY_LATER or status >= 500:
        raise Unreachable(f"The server answered {status}: not now.", _retry_after_s(retry_after), status)
    raise Refused(f"The server answered {status}.", status)


def _retry_after_s(value: str | None) -> int | None:
    """Seconds of a `Retry-After`, a number or a date; None when there is none or it makes no sense. Source: RFC 9110 10.2.3."""
    if not value:
        return None
    if value.isascii() and value.isdecimal():
        return int(value[:9])
    at = clock.parse_http_date(value)
    return None if at is None else max(0, (at - clock.now()) // clock.SECOND)


def _content_type(values: list[str]) -> tuple[str, dict[str, str]]:
    """The type and parameters of an answer with exactly one readable Content-Type; raises Malformed."""
    match = _CONTENT_TYPE.fullmatch(values[0].strip()) if len(values) == 1 else None
    if match is None:
        raise Malformed("The answer does not say what it is.")
    parameters: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(match[2]):
        parameters.setdefault(name.lower(), quoted or plain)
    return match[1].lower(), parameters


def _document_type(values: list[str]) -> str:
    name, parameters = _content_type(values)
    if name == "application/ld+json" and vocab.AS2_PROFILE in parameters.get("profile", "").split():
        return name
    return _one_of(values, frozenset({vocab.ACTIVITY_JSON}))


def _one_of(values: list[str], types: frozenset[str] | None) -> str:
    if types is None and not values:
        return ""
    name, _ = _content_type(values)
    if types is not None and name not in types:
        raise Malformed("The answer is of another type than was asked for.")
    return name


def _is_stale(error: Exception) -> bool:
    """Whether the peer may have closed a kept connection just before we used it: worth a second try at once.

    Activities carry ids, so one that did arrive the first time does not count twice.
    """
    lost = isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError))
    return lost and not isinstance(error, (aiohttp.ClientConnectorError, TimeoutError))


def _failure(error: Exception) -> RemoteError:
    """What a failed exchange means. The text is ours: the error's own names addresses, ports and what the peer sent."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, netguard.AddressRefused):
        return Refused(NOT_ALLOWED, 0)
    if isinstance(error, aiohttp.ClientSSLError) or isinstance(cause, ssl.SSLError):
        return Unreachable(BAD_TLS)
    if isinstance(error, TimeoutError):
        return Unreachable(LATE)
    if isinstance(error, aiohttp.InvalidURL):
        return Malformed("That is not a web address.")
    if isinstance(cause, socket.gaierror):
        return Unreachable(NO_SUCH_HOST if cause.errno in (socket.EAI_NONAME, socket.EAI_NODATA) else NO_NAME_SERVICE)
    if isinstance(cause, OSError) and cause.errno in _OURS:
        return Unreachable(NO_ROUTE)
    return Unreachable(NOT_CONNECTED if isinstance(error, aiohttp.ClientConnectorError) else BROKEN)


class _Resolver(AbstractResolver):
    """Names to addresses that the guard lets pass: from the host map, else from the name service."""

    def __init__(self, guard: netguard.Guard, names: netguard.Names) -> None:
        self._guard = guard
        self._names = names

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Where to connect to. Raises OSError, AddressRefused among them, as the connector expects."""
        place = self._guard.mapped(host, port)
        if place is not None:
            addresses, port = self._guard.pick_mapped(place), place[1]
        else:
            addresses = self._guard.pick(host, await self._names.addresses(host), port)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
            for address in addresses
        ]

    async def close(self) -> None:
        await self._names.close()
