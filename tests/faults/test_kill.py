"""SIGKILL at random moments under load: what was acknowledged is there, once, and reaches everybody."""

import asyncio
import os
import random
import sqlite3
import time
from contextlib import suppress

import orjson
import pytest

from bench import seed
from bench.server import Server
from fedi import limits
from fedi.storage.db import NAME
from tests.faults.conftest import PEERS, World

KILLS = int(os.environ.get("FEDI_KILLS", "50"))


class Client:
    """Posts and delivers as fast as it is answered, and remembers what was acknowledged."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.posted: list[str] = []
        self.delivered: list[str] = []
        self._number = 0
        self._enough = 0, 0

    def _goes_on(self, ends: float) -> bool:
        missing = len(self.posted) < self._enough[0] or len(self.delivered) < self._enough[1]
        return time.monotonic() < ends + (30 if missing else 0)

    async def load(self, seconds: float) -> None:
        """Until the time is over and one more post and two more deliveries were acknowledged."""
        self._enough = len(self.posted) + 1, len(self.delivered) + 2
        requests = seed.deliveries(self.world.peers, 10_000, f"{self.world.server.url}/inbox", first=self._number)
        ends = time.monotonic() + seconds
        await asyncio.gather(self._post(ends), self._deliver(ends, requests), self._deliver(ends, requests))

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.world.server.port)
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            sizes = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            return int(head[9:12]), await reader.readexactly(int(sizes[0]) if sizes else 0)
        finally:
            writer.close()

    async def _post(self, ends: float) -> None:
        while self._goes_on(ends):
            self._number += 1
            body = orjson.dumps({"status": f"acknowledged number {self._number}"})
            head = (
                f"POST /api/v1/statuses HTTP/1.1\r\nHost: {self.world.server.domain}\r\nAuthorization: Bearer {self.world.token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            with suppress(OSError, asyncio.IncompleteReadError):
                status, answer = await self._exchange(head.encode() + body)
                if status == 200:
                    self.posted.append(orjson.loads(answer)["uri"])

    async def _deliver(self, ends: float, requests: object) -> None:
        while self._goes_on(ends):
            request = next(requests)  # type: ignore[call-overload]
            self._number += 1
            with suppress(OSError, asyncio.IncompleteReadError):
                status, _ = await self._exchange(request)
                if status == 202:
                    self.delivered.append(orjson.loads(request.partition(b"\r\n\r\n")[2])["object"]["id"])


def rows(server: Server, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{server.folder / NAME}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_or_done_twice_over_many_kills(world: World) -> None:
    client, server = Client(world), world.server
    chance = random.Random(2026)
    for _ in range(KILLS):
        with server:
            asyncio.run(client.load(chance.uniform(0.05, 0.4)))
            server.kill()
        assert rows(server, "PRAGMA quick_check") == [("ok",)]
    assert len(client.posted) >= KILLS and len(client.delivered) >= 2 * KILLS
    with server:
        _drain(world, client)
    assert rows(server, "PRAGMA integrity_check") == [("ok",)]
    assert rows(server, "PRAGMA foreign_key_check") == []
    _check_posts(world, client)
    _check_deliveries(world, client)


def _drain(world: World, client: Client) -> None:
    """Until every acknowledged post has come to every inbox, no delivery is unfinished and no job waits, or three minutes are over."""
    ends = time.monotonic() + 180
    while time.monotonic() < ends:
        reached = all(world.inboxes.received.get(f"{uri}/activity", 0) > 0 for uri in client.posted)
        waiting = rows(world.server, "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM deliveries WHERE state <> 'delivered')")
        if reached and waiting == [(0,)]:
            return
        time.sleep(0.2)


def _check_posts(world: World, client: Client) -> None:
    stored = {row[0] for row in rows(world.server, "SELECT uri FROM posts")}
    assert set(client.posted) <= stored
    assert set(client.delivered) <= stored
    # Once: every arrived post stands in the reader's home one time, and the counters say what a count says.
    arrived = rows(world.server, "SELECT p.id FROM posts p JOIN accounts a ON a.id = p.account_id WHERE a.host <> '' ORDER BY p.id")
    at_home = rows(
        world.server, "SELECT h.post_id FROM home h JOIN accounts a ON a.id = h.account_id WHERE a.host <> '' ORDER BY h.post_id"
    )
    assert at_home == arrived[-len(at_home) :] and len(at_home) >= min(len(arrived), limits.HOME_ROWS)  # homes keep their latest rows
    wrong = rows(
        world.server,
        "SELECT a.username FROM accounts a WHERE a.posts_count <> (SELECT count(*) FROM posts p WHERE p.account_id = a.id)",
    )
    assert wrong == []


def _check_deliveries(world: World, client: Client) -> None:
    missing = [uri for uri in client.posted if world.inboxes.received.get(f"{uri}/activity", 0) < PEERS]
    assert missing == []
    unfinished = rows(world.server, "SELECT count(*) FROM deliveries WHERE state <> 'delivered'")
    assert unfinished == [(0,)]
