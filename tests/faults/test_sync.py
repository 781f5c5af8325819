"""A 2xx to a write comes after the log of the database is on the disk: seen from outside, by the system calls."""

import json
import os
import re
import shutil

import pytest

from bench import load, seed
from tests.faults.conftest import World

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None and os.environ.get("CI") != "true", reason="strace is not installed (apt-get install strace)"
)


def _calls(world: World, requests: list[bytes]) -> list[str]:
    """The system calls of the server while it answers these requests, one after the other."""
    trace = world.server.folder / "strace.out"
    wrapped = ["strace", "-f", "-y", "-s", "64", "-o", str(trace), "-e", "trace=fsync,fdatasync,recvfrom,sendto,sendmsg,writev,write,read"]
    world.server.wrapper = wrapped
    with world.server:
        result = load.run(world.server.port, requests, connections=1)
    assert set(result.statuses) <= {200, 202}, result.statuses
    return trace.read_text(errors="replace").split("\n")


def _synced_between(calls: list[str], request: str, answer: str) -> list[bool]:
    """For each request: whether the log was synchronised before its answer."""
    found, synced, waiting = [], False, False
    for call in calls:
        if request in call and re.search(r"\b(recvfrom|read)\b", call):
            waiting, synced = True, False
        elif (re.search(r"\bf(data)?sync\(", call) and "-wal" in call) or ("resumed" in call and "sync" in call):
            synced = True
        elif waiting and answer in call and re.search(r"\b(sendto|sendmsg|write|writev)\b", call):
            found.append(synced)
            waiting = False
    return found


def test_the_log_is_on_disk_before_a_post_is_acknowledged(world: World) -> None:
    body = json.dumps({"status": "durable"}).encode()
    head = (
        f"POST /api/v1/statuses HTTP/1.1\r\nHost: {world.server.domain}\r\nAuthorization: Bearer {world.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    found = _synced_between(_calls(world, [head.encode() + body] * 5), "POST /api/v1/statuses", "HTTP/1.1 200")
    assert found == [True] * 5


def test_the_log_is_on_disk_before_a_delivery_is_acknowledged(world: World) -> None:
    requests = list(seed.deliveries(world.peers, 5, f"{world.server.url}/inbox"))
    assert _synced_between(_calls(world, requests), "POST /inbox", "HTTP/1.1 202") == [True] * 5


def test_a_read_synchronises_nothing(world: World) -> None:
    """So that the two tests above cannot pass by chance."""
    request = load.get(world.server.domain, "/nodeinfo/2.1")
    assert True not in _synced_between(_calls(world, [request] * 5), "GET /nodeinfo/2.1", "HTTP/1.1 200")
