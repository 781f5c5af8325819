"""Which addresses this server may connect to (the public internet on port 443, and `federation.allow_networks`), and the look-up of names.

Every connection of http.py passes `Guard.socket` with its final address, whatever URL, redirect or name service led there.
"""

import asyncio
import errno
import socket
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from fedi.config import FederationSettings
from fedi.errors import Invalid

_PORT = 443

# `is_global` is not asked: on Python 3.11 it passes NAT64, 6to4, `::a.b.c.d`, multicast and the newer reservations.
# Source: IANA special-purpose registries, RFC 6890.
_CLOSED_V4 = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_OPEN_V6 = IPv6Network("2000::/3")  # all that is assigned; `::1`, `::ffff:a.b.c.d`, fc00::/7, fe80::/10 and ff00::/8 lie outside
_CLOSED_V6 = tuple(
    ip_network(block)
    for block in (
        "2001::/23",  # Teredo, ORCHID and other protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4: carries an IPv4 address
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".onion", ".home.arpa")  # RFC 6761, 6762, 7686, 8375; ICANN
_ADDRESSES = 6  # of one name that are tried

_THREADS = 32  # our own: the loop's default pool has six on two cores, and six dead look-ups would stall it
_WAITING = 64
_TTL_S = 60
_FAILED_TTL_S = 10
_NAMES = 4096

AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]  # as getaddrinfo gives it


class AddressRefused(OSError):
    """Raised in place of connecting. The text is one for all addresses, so that it tells nothing about our network."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "address not allowed")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet. NAT64 counts as the IPv4 address inside it. Source: RFC 6052 3.1."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _CLOSED_V4)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address.scope_id is None and address in _OPEN_V6 and not any(address in block for block in _CLOSED_V6)


def is_literal(host: str) -> bool:
    """Whether a host, without brackets, is an IP address. `127.1`, `0x7f000001` and zone ids are none."""
    try:
        return bool(ip_address(host)) and "%" not in host
    except ValueError:
        return False


class Guard:
    """The address rules of one configuration. Raises Invalid for a host map that cannot be read."""

    def __init__(self, settings: FederationSettings) -> None:
        self._networks = tuple(ip_network(network, strict=False) for network in settings.allow_networks)
        self._map = {name.lower(): _place(name, place) for name, place in settings.host_map.items()}

    @property
    def allows_http(self) -> bool:
        """Whether any destination at all may be spoken to without TLS."""
        return bool(self._networks)

    def mapped(self, host: str, port: int) -> tuple[str, int] | None:
        """Where the host map sends an authority: (address, port)."""
        return self._map.get(host if port in (80, _PORT) else f"{host}:{port}")

    def allows(self, text: str, port: int, *, public: bool = True) -> bool:
        """Whether an address and port may be connected to. `public=False` leaves only the allowed networks.

        A public address may be reached on port 443 only, which is what keeps plain http and all other protocols off the internet.
        """
        try:
            address = ip_address(text)
        except ValueError:
            return False
        if any(address in network for network in self._networks):
            return True
        return public and port == _PORT and is_public(address)

    def pick(self, host: str, addresses: Iterable[str], port: int) -> list[str]:
        """The addresses of a name that may be used, a few at most; raises AddressRefused when none is left.

        A name that no public name service can know must lie in the allowed networks.
        """
        public = "." in host and not f".{host}".endswith(_PRIVATE_NAMES)
        return self._some([address for address in addresses if self.allows(address, port, public=public)])

    def pick_mapped(self, place: tuple[str, int]) -> list[str]:
        """The address of a mapped authority; raises AddressRefused when it is outside the allowed networks."""
        return self._some([place[0]] if self.allows(*place, public=False) else [])

    @staticmethod
    def _some(allowed: list[str]) -> list[str]:
        if not allowed:
            raise AddressRefused
        return allowed[:_ADDRESSES]

    def socket(self, info: AddrInfo) -> socket.socket:
        """A socket for one connection attempt, or AddressRefused: the last word, on the address that is really used."""
        family, kind, protocol, _, place = info
        if not self.allows(place[0], place[1]):
            raise AddressRefused
        return socket.socket(family, kind, protocol)


def _place(name: str, place: str) -> tuple[str, int]:
    address, _, port = place.rpartition(":")
    address = address.strip("[]")
    if not is_literal(address) or not port.isdecimal():
        raise Invalid(f'federation.host_map: write `"{name}" = "address:port"`, not `{place}`.', "federation.host_map")
    return address, int(port)


def _look_up(host: str) -> list[str]:
    """The addresses of a name, from the system's name service; blocks."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class Names:
    """The system's name service with a small cache, asked in threads of our own: a dead one stalls nothing else."""

    def __init__(self, timeout_s: int) -> None:
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="dns")
        self._known: OrderedDict[str, tuple[float, list[str] | OSError]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[list[str] | OSError]] = {}

    async def addresses(self, host: str) -> list[str]:
        """All addresses of a name, unjudged; raises socket.gaierror (EAI_AGAIN when it takes too long or too many wait)."""
        until, answer = self._known.get(host, (0.0, []))
        if until <= asyncio.get_running_loop().time():
            try:
                async with asyncio.timeout(self._timeout_s):
                    answer = await asyncio.shield(self._question(host))
            except TimeoutError:
                answer = socket.gaierror(socket.EAI_AGAIN, "look-up timed out")
        if isinstance(answer, OSError):
            raise socket.gaierror(*answer.args)
        return answer

    def _question(self, host: str) -> "asyncio.Task[list[str] | OSError]":
        task = self._asked.get(host)
        if task is None:
            if len(self._asked) >= _WAITING:
                raise socket.gaierror(socket.EAI_AGAIN, "too many look-ups")
            task = self._asked[host] = asyncio.create_task(self._ask(host))
        return task

    async def _ask(self, host: str) -> list[str] | OSError:
        loop = asyncio.get_running_loop()
        answer: list[str] | OSError
        try:
            answer = await loop.run_in_executor(self._threads, _look_up, host)
        except OSError as error:
            answer = error
        except UnicodeError:
            answer = socket.gaierror(socket.EAI_NONAME, "not a name")
        finally:
            del self._asked[host]
        self._known.pop(host, None)
        self._known[host] = (loop.time() + (_FAILED_TTL_S if isinstance(answer, OSError) else _TTL_S), answer)
        if len(self._known) > _NAMES:
            self._known.popitem(last=False)
        return answer

    async def close(self) -> None:
        """Forget all look-ups; a thread that still waits for one ends by itself."""
        for task in self._asked.values():
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)
