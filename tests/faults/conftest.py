"""A real server in a process of its own, with two people and four other servers' people, whose inboxes are here."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from bench import seed
from bench.seed import Peer
from bench.server import Server, free_port
from bench.sink import address

PEERS = 4


class Inboxes:
    """The peers' inboxes: what came in, by activity id, in a thread with a loop of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received: dict[str, int] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def _run(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        hosts = [address(number) for number in range(PEERS)]
        server = await asyncio.start_server(self._serve, hosts, self.port)
        self._ready.set()
        await self._stopped.wait()
        server.close()
        for writer in list(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                sizes = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                body = await reader.readexactly(int(sizes[0]) if sizes else 0)
                if head.startswith(b"POST"):
                    name = orjson.loads(body)["id"]
                    self.received[name] = self.received.get(name, 0) + 1
                    writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                else:
                    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()
        finally:
            self._writers.discard(writer)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(5)


class World(NamedTuple):
    """`token` is writer's, whom all peers follow; reader follows all peers."""

    server: Server
    token: str
    peers: list[Peer]
    inboxes: Inboxes


class Made(NamedTuple):
    """A world that waits: what it is on disk, and the addresses that stand in it."""

    folder: Path
    port: int
    inboxes_port: int
    token: str
    peers: list[Peer]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("world") / "data"
    server = Server(folder)
    server.account("reader")
    token = server.account("writer")
    port = free_port()
    people = seed.peers(folder, PEERS, followed_by="reader", following="writer", sink_port=port)
    return Made(folder, server.port, port, token, people)


@pytest.fixture
def world(made_once: Made, tmp_path: Path) -> Iterator[World]:
    yield from make_world(made_once, tmp_path / "data")


def make_world(made: Made, folder: Path) -> Iterator[World]:
    """Set up in a folder; the server is not started."""
    shutil.copytree(made.folder, folder)
    folder.chmod(0o700)
    server, inboxes = Server(folder, made.port), Inboxes(made.inboxes_port)
    yield World(server, made.token, made.peers, inboxes)
    server.stop()
    inboxes.stop()
