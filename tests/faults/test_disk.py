"""A full disk refuses writes with 507, lets reads go on, and is forgiven without a restart. Needs root, to mount a small disk."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Made, World, make_world


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """16 MiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


@pytest.fixture
def small_world(made_once: Made, small_disk: Path) -> Iterator[World]:
    yield from make_world(made_once, small_disk / "data")


def _ask(world: World, path: str, body: object = None) -> int:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {world.token}", "Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(world.server.url + path, data, headers), timeout=60) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def _fill(place: Path) -> Path:
    """A file that takes every free byte."""
    filler = place / "filler"
    handle = os.open(filler, os.O_WRONLY | os.O_CREAT)
    for size in (65536, 4096, 512, 1):
        while True:
            try:
                os.write(handle, b"x" * size)
            except OSError:
                break
    os.close(handle)
    return filler


def test_a_full_disk_gives_507_while_reads_work_and_recovers_without_restart(small_world: World, small_disk: Path) -> None:
    world = small_world
    with world.server:
        assert _ask(world, "/api/v1/statuses", {"status": "before"}) == 200
        filler = _fill(small_disk)
        refused = {_ask(world, "/api/v1/statuses", {"status": "x" * 4000}) for _ in range(12)}
        assert 507 in refused
        assert refused <= {200, 507}
        assert _ask(world, "/api/v1/timelines/home") == 200
        assert _ask(world, "/nodeinfo/2.1") == 200
        filler.unlink()
        ends = time.monotonic() + 60
        while (status := _ask(world, "/api/v1/statuses", {"status": "after"})) != 200 and time.monotonic() < ends:
            time.sleep(0.2)
        assert status == 200
