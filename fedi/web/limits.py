"""How often a stranger may do something: counts per sliding window, in bounded memory; and who the client behind a proxy is."""

import ipaddress
import time
from asyncio import BaseTransport
from collections.abc import Iterable
from functools import lru_cache
from math import ceil
from typing import Final, NamedTuple

from aiohttp import web

from fedi import limits
from fedi.config import Config
from fedi.errors import TooMany

_KEYS: Final = 20_000  # counted at the same time, per limit; the longest untouched are forgotten first
_MINUTE_S: Final = 60
_WEBFINGER: Final = 300  # per 5 minutes and address
_ANONYMOUS: Final = 300  # per 5 minutes and address: what costs more than a read and needs no account

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Count(NamedTuple):
    window: int
    now: int
    before: int


class Window:
    """At most `most` times per `seconds`, for each key. The window slides: what was counted in the last one still weighs in part."""

    def __init__(self, most: int, seconds: int, message: str = "That is too often. Try again later.") -> None:
        self.most = most
        self.seconds = seconds
        self._message = message
        self._counts: dict[str, _Count] = {}

    def check(self, key: str) -> None:
        """Raise TooMany when the key has none left; counts nothing."""
        self._free(key)

    def take(self, key: str) -> None:
        """Count one for the key, whether or not it had one left."""
        self._put(key, self._count(key, time.monotonic()))

    def spend(self, key: str) -> None:
        """Count one, or raise TooMany when there is none left."""
        self._put(key, self._free(key))

    def forgive(self, key: str) -> None:
        """Forget what was counted: after a success, for instance."""
        self._counts.pop(key, None)

    def _free(self, key: str) -> _Count:
        """What is counted for the key; raises TooMany when it has none left."""
        now = time.monotonic()
        count = self._count(key, now)
        share = 1 - now % self.seconds / self.seconds  # of the last window that is still inside
        if count.now + count.before * share >= self.most:
            raise TooMany(self._message, self._wait_s(count, now))
        return count

    def _put(self, key: str, count: _Count) -> None:
        """Count one more, as the key that was touched last."""
        self._counts.pop(key, None)
        if len(self._counts) >= _KEYS:
            del self._counts[next(iter(self._counts))]
        self._counts[key] = _Count(count.window, count.now + 1, count.before)

    def _count(self, key: str, now: float) -> _Count:
        window = int(now // self.seconds)
        count = self._counts.get(key)
        if count is None or count.window < window - 1:
            return _Count(window, 0, 0)
        return count if count.window == window else _Count(window, 0, count.now)

    def _wait_s(self, count: _Count, now: float) -> int:
        """Seconds until the sliding sum is below the limit again."""
        left = self.seconds - now % self.seconds
        if count.now >= self.most:
            return ceil(left + self.seconds * (1 - (self.most - 1) / count.now))
        return max(1, ceil(left - self.seconds * (self.most - 1 - count.now) / count.before))


class Limits:
    """The counters of one application, and whom its proxies speak for."""

    def __init__(self, config: Config) -> None:
        self.inbox = Window(config.limits.inbox_per_host, limits.INBOX_WINDOW_S, "Your server sends too much. Try again later.")
        self.login = Window(limits.LOGIN_TRIES, 15 * _MINUTE_S, "That was tried too often. Wait a quarter of an hour.")
        self.login_account = Window(limits.LOGIN_TRIES_PER_ACCOUNT, 60 * _MINUTE_S, "That was tried too often. Wait an hour.")
        self.webfinger = Window(_WEBFINGER, 5 * _MINUTE_S)
        self.anonymous = Window(_ANONYMOUS, 5 * _MINUTE_S)
        self.resolve = Window(limits.RESOLVES, 5 * _MINUTE_S, "You have looked up much. Try again in some minutes.")
        self.translate = Window(limits.TRANSLATIONS, 60 * _MINUTE_S, "You have had much translated. Try again in an hour.")
        self._sign_up = Window(limits.SIGN_UPS, 30 * _MINUTE_S, "Too many accounts come from your address. Wait half an hour.")
        self._by_mail = Window(limits.SUBSCRIPTIONS_BY_MAIL, 30 * _MINUTE_S, "That was asked often from your address. Wait half an hour.")
        self._letter = Window(limits.LETTERS, 30 * _MINUTE_S, "You have asked for many letters. Look among the unwanted ones.")
        self._proxies = tuple(ipaddress.ip_network(text, strict=False) for text in config.server.trusted_proxies)

    def client(self, request: web.Request) -> str:
        """The address that is counted: of the client, not of our proxies; of IPv6 the network of 64 bits.

        `X-Forwarded-For` counts from the right, and only as far as proxies we trust have written it; a Unix socket is one.
        Source: AUT-14, AUT-15.
        """
        peer = _peer(request)
        if not self._is_proxy(peer):
            return _bucket(peer)
        for text in reversed(_forwarded(request.headers.getall("X-Forwarded-For", ()))):
            address = _address(text)
            if address is None:
                break
            peer = address
            if not self._is_proxy(peer):
                break
        return _bucket(peer)

    def neighbour(self, transport: BaseTransport) -> str:
        """The address at the other end of a connection, as `client` counts it; '' for our own proxies, who speak for many."""
        peer = _other_end(transport)
        return "" if self._is_proxy(peer) else _bucket(peer)

    def _is_proxy(self, address: Address | None) -> bool:
        return address is None or any(address in network for network in self._proxies)

    def login_try(self, request: web.Request, login: str) -> None:
        """Count an attempt to sign in as somebody; raises TooMany. `forgive_login` after it went well. Source: AUT-13."""
        name, client = _login(login), self.client(request)
        self.login_account.check(name)
        self.login.spend(f"{client} {name}")
        self.anonymous.spend(client)  # whatever the names: each try costs some 20 ms
        self.login_account.take(name)

    def sign_up(self, request: web.Request) -> None:
        """Count somebody who signs up. Raises TooMany. Source: AUT-26."""
        self._sign_up.spend(self.client(request))

    def by_mail(self, request: web.Request) -> None:
        """Count somebody who asks for posts by letter. Raises TooMany."""
        self._by_mail.spend(self.client(request))

    def letter(self, account_id: int) -> None:
        """Count a letter that somebody has asked for. Raises TooMany."""
        self._letter.spend(str(account_id))

    def forgive_login(self, request: web.Request, login: str) -> None:
        """The right password: this address and name start over."""
        self.login.forgive(f"{self.client(request)} {_login(login)}")


def _login(text: str) -> str:
    """One spelling of what somebody signs in with."""
    return text.strip().lower().removeprefix("@")[:320]


def _peer(request: web.Request) -> Address | None:
    """Who has connected; None over a Unix socket."""
    return _other_end(request.transport) if request.transport is not None else None


def _other_end(transport: BaseTransport) -> Address | None:
    peer = transport.get_extra_info("peername")
    return _address(peer[0]) if isinstance(peer, tuple) and peer else None


def _forwarded(values: Iterable[str]) -> list[str]:
    return [part for value in values for part in value.split(",")][-32:]


@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    """An address as proxies write it: bare, with a port, in brackets."""
    text = text.strip()[:64]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _bucket(address: Address | None) -> str:
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return str(address) if address is not None else "local"
