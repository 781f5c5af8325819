"""How many connections one client keeps open, and for how long it may leave answers unread: what HTTP itself does not bound.

Looked at from time to time, never per request. Slow heads and bodies are aiohttp's and params.py's. Source: DOS-10, DOS-11.
"""

import asyncio
import socket
from collections import defaultdict
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from fedi import limits
from fedi.config import Config
from fedi.web.limits import Limits

EVERY_S: Final = 1.0
_Seen = set[Any]  # connections of aiohttp


def watch(server: web.Server, config: Config) -> "asyncio.Task[None]":
    """Look after the connections of a server until the task is cancelled."""
    return asyncio.get_running_loop().create_task(_watch(server, config))


async def _watch(server: web.Server, config: Config) -> None:
    clients, most, bounded = Limits(config), config.limits.connections_per_address, _Seen()
    while True:
        await asyncio.sleep(EVERY_S)
        bounded = sweep(server, clients, most, bounded)


def sweep(server: web.Server, clients: Limits, most: int, bounded: _Seen) -> _Seen:
    """One look; `bounded` are the connections that were bounded before, returned are all that are now.

    Of one address the newest `most` stay. Older ones end when they are idle or answered, and past twice as many at once: a connection
    that is used is seldom the oldest.
    """
    by_client: dict[str, list[Any]] = defaultdict(list)
    present = server.connections  # the oldest first
    for one in present:
        if one.transport is None:
            continue
        if one not in bounded:
            _bound(one.transport)
        client = clients.neighbour(one.transport)
        if client:
            by_client[client].append(one)
    for held in by_client.values():
        for place, one in enumerate(reversed(held)):
            if one.transport is not None and place >= 2 * most:
                one.transport.abort()
            elif one.transport is not None and place >= most:
                _end(one)
    return set(present)


def _end(one: Any) -> None:
    """Hang up once what was asked is answered; at once where nothing was."""
    one.close()
    if one._current_request is None:  # noqa: SLF001 (aiohttp has no other word for it)
        one.transport.close()


def _bound(transport: asyncio.Transport) -> None:
    """The system ends a connection whose other side takes nothing of what is sent, in whatever way it is sent."""
    found = transport.get_extra_info("socket")
    if found is not None and found.family != socket.AF_UNIX and hasattr(socket, "TCP_USER_TIMEOUT"):
        with suppress(OSError):  # it has ended by now
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limits.UNREAD_S * 1000)
