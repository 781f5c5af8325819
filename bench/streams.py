"""Many programs that listen at the same time: what they cost, and how long after a post the last of them has heard of it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

PER_TOKEN = 20
_HANDSHAKE = (
    "GET /api/v1/streaming?stream=public HTTP/1.1\r\nHost: {domain}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Authorization: Bearer {token}\r\nX-Forwarded-For: 198.51.{number}.1\r\n\r\n"
)


class Heard(NamedTuple):
    """`cost_mb` of all streams, `reached` of them, and seconds from when the post was sent until half and all had it."""

    cost_mb: float
    reached: int
    half_s: float
    last_s: float


class _Ear(asyncio.Protocol):
    """One that listens. `ready` once the server has agreed, `heard_at` when something came after that."""

    def __init__(self, asked: bytes) -> None:
        self.asked = asked
        self.ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.heard_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.asked)

    def data_received(self, data: bytes) -> None:
        if not self.ready.done():
            self.ready.set_result(data.startswith(b"HTTP/1.1 101"))
        elif not self.heard_at:
            self.heard_at = time.perf_counter()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_result(False)


def listen(address: tuple[str, int], tokens: Sequence[str], rss_mb: Callable[[], float], post: Callable[[], object]) -> Heard:
    """Open PER_TOKEN streams with each token, as if from many addresses, and have something posted. `address` is (domain, port)."""
    return asyncio.run(_listen(address, tokens, rss_mb, post))


async def _listen(address: tuple[str, int], tokens: Sequence[str], rss_mb: Callable[[], float], post: Callable[[], object]) -> Heard:
    loop, (domain, port) = asyncio.get_running_loop(), address
    before, ears = rss_mb(), []
    for number in range(PER_TOKEN * len(tokens)):
        asked = _HANDSHAKE.format(domain=domain, token=tokens[number % len(tokens)], number=number % 200).encode()
        _, ear = await loop.create_connection(lambda asked=asked: _Ear(asked), "127.0.0.1", port)  # type: ignore[misc]
        if not await ear.ready:
            raise SystemExit("A stream could not be opened.")
        ears.append(ear)
    await asyncio.sleep(0.5)
    cost = rss_mb() - before
    posted_at, until = time.perf_counter(), time.perf_counter() + 10
    await loop.run_in_executor(None, post)
    while not all(ear.heard_at for ear in ears) and time.perf_counter() < until:  # noqa: ASYNC110 (a look at all of them)
        await asyncio.sleep(0.001)
    took = sorted(ear.heard_at - posted_at for ear in ears if ear.heard_at)
    for ear in ears:
        ear.transport.close()
    return Heard(cost, len(took), took[len(took) // 2] if took else 10.0, took[-1] if len(took) == len(ears) else 10.0)
