"""Measures the installed server with its shipped configuration and prints work per second of its processor, beside the ceilings.

    make bench                        everything
    python -m bench ingest home       only these: start ingest delivery home notifications statuses pages streams

`here` is what was measured; `adjusted` is that times how much slower this machine is just now than the one the ceilings come from
(bench/machine.py), and is what is compared with them. Run it twice before believing a number; FEDI_BENCH_CORE=0 keeps the server on one
core, away from the load.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench import load, machine, seed, streams
from bench.server import Server, free_port
from fedi import limits
from fedi.storage.db import NAME

HOSTS = 500
INGEST = 12_000
POSTS = 16  # each goes to every host
READS = 6_000
LISTENERS = 500
_RESTS = 3  # seconds in a row with next to nothing done
HISTORY = 60  # posts of a writer, and notifications


class Figure(NamedTuple):
    """One line of the report. `wanted` is the least (or with `most` the greatest) value that is good enough."""

    name: str
    value: float
    unit: str
    ceiling: float
    wanted: float
    most: bool = False
    note: str = ""


def _rows(server: Server, sql: str) -> int:
    connection = sqlite3.connect(f"file:{server.folder / NAME}?mode=ro", uri=True)
    try:
        return int(connection.execute(sql).fetchone()[0])
    finally:
        connection.close()


def _wait_for(read: Callable[[], int], target: int, limit_s: float = 120) -> int:
    """Poll until a count is reached, or no longer rises for ten seconds."""
    began, best, rose_at = time.monotonic(), 0, time.monotonic()
    while time.monotonic() - began < limit_s:
        found = read()
        if found > best:
            best, rose_at = found, time.monotonic()
        if best >= target or time.monotonic() - rose_at > 10:
            break
        time.sleep(0.1)
    return best


def _settle(server: Server, limit_s: float = 180) -> float:
    """Wait until the server rests (index, previews and the like are made after the fact); the processor time it took, seconds."""
    began, cpu = time.monotonic(), server.cpu_s()
    resting, spent = 0, cpu
    while resting < _RESTS and time.monotonic() - began < limit_s:
        time.sleep(1)
        now = server.cpu_s()
        resting = resting + 1 if now - spent < 0.05 else 0
        spent = now
    return spent - cpu


def start(server: Server) -> list[Figure]:
    time.sleep(2)
    return [
        Figure("memory after start", server.rss_mb(), "MB", 53, 75, most=True),
        Figure("start to first 200", server.start_s, "s", 0.3, 1.0, most=True),
    ]


def ingest(server: Server, people: list[seed.Peer]) -> list[Figure]:
    """Signed Creates from 500 servers, until every one is a post and stands on a home timeline."""
    requests = list(seed.deliveries(people, INGEST, f"{server.url}/inbox"))
    before = _rows(server, "SELECT count(*) FROM posts"), _rows(server, "SELECT count(*) FROM home"), server.cpu_s()
    result = load.run(server.port, requests)
    stored = _wait_for(lambda: _rows(server, "SELECT count(*) FROM posts") - before[0], INGEST)
    home = _rows(server, "SELECT count(*) FROM home") - before[1]
    cpu = server.cpu_s() - before[2]
    shown = stored if home >= min(stored, limits.HOME_ROWS) else home  # a slow run meets the chore that trims homes
    later = _settle(server)
    note = f"{dict(result.statuses)}, {stored} posts, {home} home rows, {result.count / result.wall_s:,.0f}/s on the wall"
    note += f"; afterwards {later / cpu:.0%} of that time for what is made later"
    return [Figure("signed inbox activities", shown / cpu, "/s", 4300, 2000, note=note)]


def delivery(server: Server, token: str, sink: "subprocess.Popen[str]") -> list[Figure]:
    """Posts to 500 followers on as many servers, until every inbox has every one and it is written down."""
    assert sink.stdin is not None and sink.stdout is not None

    def received() -> int:
        sink.stdin.write("\n")  # type: ignore[union-attr]
        sink.stdin.flush()  # type: ignore[union-attr]
        return int(sink.stdout.readline())  # type: ignore[union-attr]

    figures = []
    for name in ("signed deliveries, first to a host", "signed deliveries, keep-alive"):
        target, cpu = received() + POSTS * HOSTS, server.cpu_s()
        done_before = _rows(server, "SELECT count(*) FROM deliveries WHERE state = 'delivered'")
        for number in range(POSTS):
            body = json.dumps({"status": f"Post {number} of a benchmark, to everybody who follows. #bench"}).encode()
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            urllib.request.urlopen(urllib.request.Request(f"{server.url}/api/v1/statuses", body, headers), timeout=60).read()
        _wait_for(received, target)
        done = _wait_for(lambda: _rows(server, "SELECT count(*) FROM deliveries WHERE state = 'delivered'"), done_before + POSTS * HOSTS)
        cpu = server.cpu_s() - cpu
        note = f"{received() - target + POSTS * HOSTS} came, {done - done_before} receipts"
        figures.append(Figure(name, (done - done_before) / cpu, "/s", 2400, 1200, note=note))
    return figures


def _reads(server: Server, name: str, request: bytes, ceiling: float, wanted: float) -> list[Figure]:
    load.run(server.port, [request] * 200, connections=4)
    return _read(server, name, [request] * READS, ceiling, wanted)


def _read(server: Server, name: str, requests: list[bytes], ceiling: float, wanted: float) -> list[Figure]:
    cpu = server.cpu_s()
    result = load.run(server.port, requests, connections=32)
    cpu = server.cpu_s() - cpu
    p50, p99 = (result.percentile(share) * 1000 for share in (0.5, 0.99))
    note = f"{dict(result.statuses)}, p50 {p50:.1f} ms, p99 {p99:.1f} ms at 32 connections"
    return [Figure(name, result.statuses[200] / cpu, "/s", ceiling, wanted, note=note)]


def home(server: Server, token: str) -> list[Figure]:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    path = "/api/v1/timelines/home?limit=20"
    anew = [load.get(server.domain, f"{path}&max_id={(1 << 62) + number}", headers) for number in range(READS)]
    return [
        *_reads(server, "home timeline API, 20 posts", load.get(server.domain, path, headers), 11_500, 7000),
        *_read(server, "the same, each time read anew", anew, 11_500, 0),
    ]


def notifications(server: Server, token: str) -> list[Figure]:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    request = load.get(server.domain, "/api/v1/notifications?limit=20", headers)
    return _reads(server, "notifications API, 20 of them", request, 11_500, 3500)


def statuses(server: Server, token: str, account_id: int) -> list[Figure]:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    request = load.get(server.domain, f"/api/v1/accounts/{account_id}/statuses?limit=20", headers)
    return _reads(server, "an account's posts API, 20 posts", request, 11_500, 3500)


def pages(server: Server) -> list[Figure]:
    html = {"Accept": "text/html"}
    return [
        *_reads(server, "profile page", load.get(server.domain, "/@writer", html), 6500, 0),
        *_reads(server, "actor document", load.get(server.domain, "/users/writer", {"Accept": "application/activity+json"}), 11_500, 0),
    ]


def listeners(server: Server, tokens: list[str], writer: str) -> list[Figure]:
    """500 programs that listen over WebSockets. The best of three posts: the first ones warm up."""

    def post() -> None:
        headers = {"Authorization": f"Bearer {writer}", "Content-Type": "application/json"}
        body = json.dumps({"status": "Listen, all of you."}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{server.url}/api/v1/statuses", body, headers), timeout=60).read()

    found = [streams.listen((server.domain, server.port), tokens, server.rss_mb, post) for _ in range(3)]
    best = min(found, key=lambda one: one.last_s)
    note = f"{best.reached} of {LISTENERS} reached, half of them after {best.half_s * 1000:.0f} ms"
    return [
        Figure(f"memory of {LISTENERS} open streams", found[0].cost_mb, "MB", 10, 10, most=True),
        Figure("a post until the last has it", best.last_s, "s", 0.2, 0.2, most=True, note=note),
    ]


def _print(figures: list[Figure], factor: float) -> None:
    print(f"\nThis machine is {factor:.1f} times slower just now than the one the ceilings were measured on (RSA-2048, timed on both).")
    print(f"\n{'per second of the server’s processor':<34} {'here':>9}  {'adjusted':>9}  {'ceiling':>9}  {'share':>6}  {'wanted':>7}")
    for figure in figures:
        adjusted = figure.value * factor if figure.unit == "/s" else figure.value / factor if figure.unit == "s" else figure.value
        share = figure.ceiling / (adjusted or 1.0) if figure.most else adjusted / figure.ceiling
        good = not figure.wanted or (adjusted <= figure.wanted if figure.most else adjusted >= figure.wanted)
        here, there = (f"{value:,.2f}" if value < 100 else f"{value:,.0f}" for value in (figure.value, adjusted))
        wanted = f"{figure.wanted:,g}" if figure.wanted else ""
        verdict = "" if good else "SHORT"
        print(f"{figure.name:<34} {here:>9}  {there:>9} {figure.unit:<2}{figure.ceiling:>8,g}  {share:>6.0%}  {wanted:>7} {verdict}")
        if figure.note:
            print(f"    {figure.note}")


def main(chosen: list[str]) -> None:
    wanted = chosen or ["start", "ingest", "delivery", "home", "notifications", "statuses", "pages", "streams"]
    figures: list[Figure] = []
    before = machine.measure().factor
    with tempfile.TemporaryDirectory(prefix="fedi-bench-") as folder:
        server = Server(Path(folder))
        reader, writer = server.account("reader"), server.account("writer")
        tokens = [server.token("reader") for _ in range(LISTENERS // streams.PER_TOKEN)] if "streams" in wanted else []
        sink_port = free_port()
        sink = subprocess.Popen(
            [sys.executable, "-m", "bench.sink", str(sink_port), str(HOSTS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert sink.stdout is not None
            sink.stdout.readline()
            writer_id = seed.history(Path(folder), "writer", HISTORY)
            people = seed.peers(Path(folder), HOSTS, followed_by="reader", following="writer", sink_port=sink_port)
            with server:
                if "start" in wanted:
                    figures += start(server)
                if {"ingest", "home"} & set(wanted):
                    figures += ingest(server, people)
                if "delivery" in wanted:
                    figures += delivery(server, writer, sink)
                if "home" in wanted:
                    figures += home(server, reader)
                if "notifications" in wanted:
                    figures += notifications(server, writer)
                if "statuses" in wanted:
                    figures += statuses(server, reader, writer_id)
                if "pages" in wanted:
                    figures += pages(server)
                if "streams" in wanted:
                    figures += listeners(server, tokens, writer)
                figures.append(Figure("memory after all that", server.rss_mb(), "MB", 67, 0, most=True))
        finally:
            sink.kill()
    _print(figures, (before + machine.measure().factor) / 2)


if __name__ == "__main__":
    main(sys.argv[1:])
