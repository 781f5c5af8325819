"""Many connections of one client, and answers that nobody reads, over sockets. Source: DOS-10, DOS-11."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from fedi.config import Config
from fedi.web import connections
from tests.web.rig import settings

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
LARGE = 64 * 1024 * 1024  # more than any system keeps of one answer


class Served:
    """A server that is watched, with an answer of some size and one (`/slow`) that waits for `go_on`."""

    def __init__(self, server: web.Server, port: int, go_on: asyncio.Event) -> None:
        self.server = server
        self.port = port
        self.go_on = go_on
        self.opened: list[Streams] = []

    async def connect(self, *paths: str) -> list[Streams]:
        made = []
        for path in paths:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=4096)
            if path:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            made.append((reader, writer))
            await asyncio.sleep(0)
        self.opened += made
        return made

    @property
    def number(self) -> int:
        return sum(one.transport is not None for one in self.server.connections)

    @property
    def ended(self) -> int:
        """How many connections the server has closed."""
        return sum(reader.at_eof() or reader.exception() is not None for reader, _ in self.opened)

    async def until(self, is_so: Callable[[], bool], seconds: float = 30) -> None:
        async with asyncio.timeout(seconds):
            while not is_so():  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(config: Config, tmp_path: Path) -> AsyncIterator[Served]:
    file = tmp_path / "large"
    with file.open("wb") as made:
        made.truncate(LARGE)

    go_on = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/slow":
            await go_on.wait()
        if request.path == "/file":
            return web.FileResponse(file)
        return web.Response(body=bytes(LARGE) if request.path == "/large" else b"ok")

    app = web.Application()
    app.router.add_get("/{path}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    assert runner.server is not None
    watching = connections.watch(runner.server, config)
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served = Served(runner.server, runner.addresses[0][1], go_on)
    try:
        yield served
    finally:
        watching.cancel()
        for _, writer in served.opened:
            writer.close()
        await runner.cleanup()


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "EVERY_S", 0.05)
    monkeypatch.setattr("fedi.limits.UNREAD_S", 4)  # who reads slowly is to survive that the machine stands still for two seconds


async def test_DOS_11_of_one_address_the_oldest_idle_connections_end_and_new_ones_are_answered(tmp_path: Path) -> None:
    config = settings(tmp_path, limits={"connections_per_address": 5}, server={"trusted_proxies": []})
    async with serving(config, tmp_path) as served:
        old = await served.connect(*[""] * 12)
        await served.until(lambda: served.number <= 5)
        for one in old[:7]:
            assert await asyncio.wait_for(one[0].read(), 30) == b""
        for _ in range(10):
            [(reader, _)] = await served.connect("/short")
            assert b"200 OK" in await asyncio.wait_for(reader.readline(), 30)
        await served.until(lambda: served.number <= 5)


async def test_DOS_11_a_request_under_way_is_answered_though_its_connection_is_one_too_many(tmp_path: Path) -> None:
    config = settings(tmp_path, limits={"connections_per_address": 2}, server={"trusted_proxies": []})
    async with serving(config, tmp_path) as served:
        [(reader, _)] = await served.connect("/slow")
        await served.connect("", "", "")
        await served.until(lambda: served.number == 3)  # that one, and as many idle ones as there may be
        served.go_on.set()
        assert (await asyncio.wait_for(reader.read(), 30)).endswith(b"ok")


async def test_DOS_11_past_twice_as_many_even_busy_connections_end(tmp_path: Path) -> None:
    config = settings(tmp_path, limits={"connections_per_address": 2}, server={"trusted_proxies": []})
    async with serving(config, tmp_path) as served:
        await served.connect(*["/slow"] * 9)
        await served.until(lambda: served.ended == 5)  # nothing is answered meanwhile
        assert served.number == 4


async def test_DOS_11_a_proxy_that_is_trusted_has_as_many_as_it_likes(tmp_path: Path) -> None:
    async with serving(settings(tmp_path, limits={"connections_per_address": 2}), tmp_path) as served:
        await served.connect(*[""] * 12)
        await asyncio.sleep(0.3)
        assert served.number == 12


@pytest.mark.parametrize("path", ["/large", "/file"])
async def test_DOS_10_a_client_that_reads_nothing_of_its_answer_is_cut_and_one_that_reads_slowly_is_not(tmp_path: Path, path: str) -> None:
    async with serving(settings(tmp_path), tmp_path) as served:
        await served.connect(path)
        [(reader, _)] = await served.connect(path)
        at, got = time.monotonic(), 0
        while served.number > 1:
            got += len(await reader.read(256 * 1024))
            await asyncio.sleep(0.02)
            assert time.monotonic() - at < 120
        while got < LARGE:
            part = await asyncio.wait_for(reader.read(1024 * 1024), 30)
            assert part
            got += len(part)
