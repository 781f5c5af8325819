"""A lean client: prepared requests over keep-alive connections, answers counted by status."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Result(NamedTuple):
    """What a load came to. Times in seconds; `latencies` one per request, sorted."""

    statuses: Counter[int]
    wall_s: float
    latencies: list[float]

    @property
    def count(self) -> int:
        return sum(self.statuses.values())

    def percentile(self, share: float) -> float:
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)] if self.latencies else 0.0


class _Connection(asyncio.Protocol):
    """Sends one request, waits for its answer, sends the next."""

    def __init__(self, requests: Iterator[bytes], statuses: Counter[int], latencies: list[float]) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._statuses = statuses
        self._latencies = latencies
        self._buffer = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 : head.find(b"\r\n", at) if head.find(b"\r\n", at) > 0 else None]) if at >= 0 else 0
        if len(self._buffer) < head_end + 4 + length:
            return
        self._statuses[int(self._buffer[9:12])] += 1
        self._latencies.append(time.perf_counter() - self._sent_at)
        self._buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self._statuses[0] += 1
            self.done.set_result(None)


async def _run(port: int, requests: Iterable[bytes], connections: int) -> Result:
    statuses: Counter[int] = Counter()
    latencies: list[float] = []
    shared = iter(requests)
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    made = [
        (await loop.create_connection(lambda: _Connection(shared, statuses, latencies), "127.0.0.1", port))[1] for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for connection in made))
    return Result(statuses, time.perf_counter() - began, sorted(latencies))


def run(port: int, requests: Iterable[bytes], connections: int = 64) -> Result:
    """Send every request once, over so many connections."""
    return asyncio.run(_run(port, requests, connections))


def get(host: str, path: str, headers: dict[str, str] | None = None) -> bytes:
    """The bytes of a GET."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
