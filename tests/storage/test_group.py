import asyncio
import logging
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fedi import errors
from fedi.storage import checkpoint, group
from fedi.storage.db import NAME, REOPENED, Database, Tx
from fedi.streaming import Event
from tests.storage import ledger


@pytest.fixture
def heard() -> list[list[Event]]:
    return []


@pytest.fixture
async def db(tmp_path: Path, heard: list[list[Event]]) -> AsyncIterator[Database]:
    made = Database.open(
        tmp_path / "data" / NAME, migrations=ledger.migrations(tmp_path), publish=lambda events: heard.append(list(events))
    )
    yield made
    await made.close()


@pytest.fixture
def other(db: Database, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program with the same file open."""
    connection = sqlite3.connect(tmp_path / "data" / NAME, isolation_level=None, timeout=0)
    yield connection
    connection.close()


async def settled(*calls: Any) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


class Wrapped:
    """A connection whose COMMIT is replaced."""

    def __init__(self, inner: Any, commit: Callable[[Any], None]) -> None:
        self.inner = inner
        self.commits = commit

    def execute(self, sql: str, *args: Any) -> Any:
        return self.commits(self.inner) if sql == "COMMIT" else self.inner.execute(sql, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def io_error(*_: object) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    raise error


def commits_then_io_error(inner: Any) -> None:
    inner.execute("COMMIT")
    io_error()


# -- what a group is --


async def test_writes_asked_at_once_share_commits(db: Database, heard: list[list[Event]]) -> None:
    assert await settled(*(db.write(ledger.add, f"n{n}") for n in range(100))) == [f"n{n}" for n in range(100)]
    assert db.read(ledger.names) == [f"n{n}" for n in range(100)]
    assert len(heard) <= 3, "one publication per commit"
    assert [event.data for events in heard for event in events] == [f"n{n}" for n in range(100)]


async def _later(db: Database, turns: int, name: str) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    await db.write(ledger.add, name)


async def test_who_asks_in_the_next_turns_of_the_loop_joins_the_group(db: Database, heard: list[list[Event]]) -> None:
    await settled(*(_later(db, turns, f"n{turns}") for turns in range(6)))
    assert len(heard) == 1


async def test_a_group_does_not_wait_for_ever_for_others(db: Database, heard: list[list[Event]]) -> None:
    await settled(*(_later(db, turns, f"n{turns}") for turns in range(5 * group.GATHER)))
    assert 1 < len(heard[0]) <= group.GATHER + 2


async def test_one_failing_function_takes_nothing_from_the_others(db: Database, heard: list[list[Event]]) -> None:
    answers = await settled(
        db.write(ledger.add, "a"), db.write(ledger.add_then_fail, "b"), db.write(ledger.add, "c"), db.write(ledger.add, "a")
    )
    assert (answers[0], answers[2]) == ("a", "c")
    assert isinstance(answers[1], LookupError) and isinstance(answers[3], errors.Conflict)
    assert db.read(ledger.names) == ["a", "c"]
    assert [event.data for events in heard for event in events] == ["a", "c"]


async def test_events_leave_after_the_commit_and_before_the_answer(tmp_path: Path) -> None:
    order: list[object] = []
    path = tmp_path / NAME

    def publish(events: Any) -> None:
        order.append(("event", [event.data for event in events], db.read(ledger.names)))

    db = Database.open(path, migrations=ledger.migrations(tmp_path), publish=publish)
    await db.write(ledger.add, "alice")
    order.append("answer")
    assert order == [("event", ["alice"], ["alice"]), "answer"]
    await db.close()


async def test_a_listener_that_fails_does_not_harm_the_write(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    db._group._publish = lambda events: 1 / 0
    assert await db.write(ledger.add, "alice") == "alice"
    assert await db.write(ledger.add, "bob") == "bob"
    assert "events could not be published" in caplog.text


async def test_a_group_is_bounded_in_number_and_time(db: Database, heard: list[list[Event]], monkeypatch: pytest.MonkeyPatch) -> None:
    await settled(*(db.write(ledger.add, f"n{n}") for n in range(600)))
    assert max(map(len, heard)) <= group.GROUP
    heard.clear()
    monkeypatch.setattr(group, "GROUP_S", 0.001)

    def slow(tx: Tx, name: str) -> None:
        ledger.add(tx, name)
        time.sleep(0.002)

    await settled(*(db.write(slow, f"s{n}") for n in range(5)))
    assert list(map(len, heard)) == [1] * 5


async def test_other_tasks_run_between_groups(db: Database) -> None:
    writing = asyncio.create_task(settled(*(db.write(ledger.add, f"n{n}") for n in range(1500))))
    seen = set()
    while not writing.done():
        await asyncio.sleep(0)
        seen.add(db.read(ledger.count))
    assert len(seen) >= 5 and max(seen) == 1500


async def test_a_cancelled_caller_does_not_break_the_group(db: Database) -> None:
    before, during = asyncio.create_task(db.write(ledger.add, "before")), asyncio.create_task(db.write(ledger.add, "during"))
    last = asyncio.create_task(db.write(ledger.add, "last"))
    await asyncio.sleep(0)
    before.cancel()  # asked, not begun: nothing happens
    await ledger.begun(db)
    during.cancel()  # begun: it is done all the same
    answers = await settled(before, during, last)
    assert isinstance(answers[0], asyncio.CancelledError) and isinstance(answers[1], asyncio.CancelledError)
    assert answers[2] == "last"
    assert db.read(ledger.names) == ["during", "last"]
    assert await db.write(ledger.add, "next") == "next"


@pytest.mark.parametrize("raised", [StopIteration, KeyboardInterrupt, asyncio.CancelledError, RecursionError])
async def test_whatever_a_function_raises_the_group_survives(db: Database, raised: type[BaseException]) -> None:
    def rule(tx: Tx) -> None:
        ledger.add(tx, "never")
        raise raised

    failing = db._group.ask(rule, (), {})
    assert await db.write(ledger.add, "alice") == "alice"
    assert failing.done() and failing.exception() is not None
    assert db.read(ledger.names) == ["alice"]


async def test_a_full_queue_answers_at_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "QUEUE", 3)
    answers = await settled(*(db.write(ledger.add, f"n{n}") for n in range(5)))
    assert answers[:3] == ["n0", "n1", "n2"]
    assert [type(answer) for answer in answers[3:]] == [errors.Unavailable] * 2


async def test_what_held_the_loop_is_logged_by_name_and_without_values(
    db: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "SLOW_S", 0.001)

    def dawdle(tx: Tx, name: str) -> None:
        ledger.add(tx, name)
        time.sleep(0.002)

    with caplog.at_level(logging.WARNING):
        await db.write(dawdle, "secret-name")
    assert "dawdle held the loop" in caplog.text and "secret-name" not in caplog.text


# -- another program has the lock --


async def test_a_busy_database_is_waited_for_without_blocking_the_loop(
    db: Database, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "BUSY_S", 60.0)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(db.write(ledger.add, "alice"))
    for _ in range(5):  # the loop turns: it would hang here if the writer held it
        await asyncio.sleep(group.BUSY_RETRY_S)
        assert not writing.done() and db.read(ledger.count) == 0
    other.execute("COMMIT")
    assert await writing == "alice"


async def test_a_database_busy_for_too_long_is_unavailable(
    db: Database, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "BUSY_S", 0.1)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    answers = await settled(*(db.write(ledger.add, f"n{n}") for n in range(3)))  # it would hang here if it waited for as long as it takes
    assert [type(answer) for answer in answers] == [errors.Unavailable] * 3
    assert time.monotonic() - began >= 0.1
    with pytest.raises(errors.Unavailable):
        db.transact(ledger.add, "sync")
    other.execute("ROLLBACK")
    assert await db.write(ledger.add, "after") == "after"
    assert db.read(ledger.names) == ["after"]


async def test_reads_then_writes_beside_another_writer_never_meet_a_stale_snapshot(
    db: Database, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "BUSY_S", 60.0)

    def rule(tx: Tx, name: str) -> None:
        ledger.add(tx, f"{name}-{ledger.count(tx)}")

    async def beside() -> None:
        for n in range(30):
            while True:
                try:
                    other.execute("INSERT INTO entries (name) VALUES (?)", (f"other-{n}",))
                    break
                except sqlite3.OperationalError:
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0)

    answers = await settled(beside(), *(db.write(rule, f"n{n}") for n in range(100)))
    assert not [answer for answer in answers if isinstance(answer, BaseException)]
    assert db.read(ledger.count) == 130


# -- the disk is full --


async def test_a_full_database_refuses_writes_serves_reads_and_recovers(db: Database, heard: list[list[Event]]) -> None:
    await db.write(ledger.add, "alice")
    heard.clear()
    connection = db._group.connection
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0] + 2}")
    fat = "x" * 20_000
    answers = await settled(db.write(ledger.add, "bob"), db.write(ledger.add, fat), db.write(ledger.add, "carol"))
    assert isinstance(answers[1], errors.StorageFull) and not any(event.data == fat for events in heard for event in events)
    kept = [answer for answer in answers if isinstance(answer, str)]
    assert db.read(ledger.names) == ["alice", *kept]
    assert [event.data for events in heard for event in events if event.topic == "entry"] == kept
    db._group.connection.execute("PRAGMA max_page_count = 1000000")
    assert await db.write(ledger.add, fat) == fat
    assert db.healthy


async def test_a_transaction_that_a_full_disk_ended_takes_the_whole_group(db: Database, heard: list[list[Event]]) -> None:
    def ended(tx: Tx) -> None:
        ledger.add(tx, "never")
        tx.execute("ROLLBACK")  # what SQLite does by itself, released savepoints included

    def swallows(tx: Tx) -> None:
        try:
            tx._execute("ROLLBACK")
            tx.query("SELECT * FROM nowhere")
        except sqlite3.OperationalError:
            ledger.add(tx, "would commit by itself")

    for rule in (ended, swallows):
        answers = await settled(db.write(ledger.add, "before"), db.write(rule), db.write(ledger.add, "behind"))
        assert [type(answer) for answer in answers[:2]] == [errors.Unavailable] * 2
        assert answers[2] == "behind", "it had not begun: it goes into the next group"
        assert db.read(ledger.names) == ["behind"]
        await db.write(lambda tx: tx.execute("DELETE FROM entries"))
    assert not any(event.data in ("before", "never") for events in heard for event in events)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or not mount or not umount:
        pytest.skip("only root can make a small disk")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    yield disk
    subprocess.run([umount, "-l", str(disk)], check=True)


def enlarge(disk: Path) -> None:
    subprocess.run([shutil.which("mount") or "mount", "-o", "remount,size=4m", str(disk)], check=True)


async def test_a_full_disk_loses_nothing_and_needs_no_restart(small_disk: Path, tmp_path: Path) -> None:
    folder = ledger.migrations(tmp_path)
    db = Database.open(small_disk / NAME, migrations=folder)
    acked, refused = [], []
    while len(refused) < 12:
        names = [f"{len(acked)}-{len(refused)}-{k}-{'x' * 3000}" for k in range(3)]
        for name, answer in zip(names, await settled(*(db.write(ledger.add, name) for name in names)), strict=True):
            (acked if answer == name else refused).append(name)
            assert answer == name or type(answer) is errors.StorageFull, repr(answer)[:200]
    assert acked and set(acked) <= set(db.read(ledger.names))
    enlarge(small_disk)
    assert await db.write(ledger.add, "there is room again") == "there is room again"
    assert db.healthy
    await db.close()
    with Database.open(small_disk / NAME, migrations=folder) as again:
        assert set(acked) <= set(again.read(ledger.names))
        assert again.read(lambda tx: tx.one("PRAGMA integrity_check"))[0] == "ok"


# -- a commit fails --


async def test_a_failed_commit_is_503_for_all_of_its_group_and_tells_nothing(db: Database, heard: list[list[Event]]) -> None:
    first = db._group.connection
    db._group.connection = Wrapped(first, io_error)
    answers = await settled(db.write(ledger.add, "a"), db.write(ledger.add_then_fail, "b"), db.write(ledger.add, "c"))
    assert [type(answer) for answer in answers] == [errors.Unavailable] * 3
    assert heard == [[REOPENED]]
    assert (db.healthy, db.failed_commits, db.read(ledger.names)) == (False, 1, [])
    assert db._group.connection is not first
    assert await db.write(ledger.add, "d") == "d"
    assert (db.healthy, db.failed_commits, db.read(ledger.names)) == (True, 0, ["d"])


async def test_a_failed_commit_is_unknown_not_no(db: Database, heard: list[list[Event]]) -> None:
    db._group.connection = Wrapped(db._group.connection, commits_then_io_error)
    with pytest.raises(errors.Unavailable):
        await db.write(ledger.add, "alice")
    assert heard == [[REOPENED]], "whoever keeps rows in memory is told to read again"
    assert db.read(ledger.names) == ["alice"]
    with pytest.raises(errors.Conflict):
        await db.write(ledger.add, "alice")


async def test_a_disk_that_stays_broken_refuses_each_write_and_reads_go_on(db: Database) -> None:
    await db.write(ledger.add, "alice")
    real = db._group._reopen
    db._group._reopen = lambda old: Wrapped(real(old), io_error)
    db._group.connection = Wrapped(db._group.connection, io_error)
    for n in range(1, 4):
        with pytest.raises(errors.Unavailable):
            await db.write(ledger.add, "bob")
        assert (db.failed_commits, db.read(ledger.names)) == (n, ["alice"])
    db._group._reopen = real
    with pytest.raises(errors.Unavailable):
        await db.write(ledger.add, "bob")
    assert await db.write(ledger.add, "bob") == "bob"


async def test_a_database_that_cannot_be_opened_again_answers_and_is_tried_at_the_next_write(db: Database) -> None:
    real = db._group._reopen

    def gone(old: sqlite3.Connection | None) -> sqlite3.Connection:
        if old is not None:
            old.close()
        raise errors.Unavailable("The database cannot be reached.")

    db._group._reopen = gone
    db._group.connection = Wrapped(db._group.connection, io_error)
    for _ in range(3):
        answers = await settled(db.write(ledger.add, "a"), db.write(ledger.add, "b"))
        assert [type(answer) for answer in answers] == [errors.Unavailable] * 2
    assert not db.healthy and db._group.connection is None
    db._group._reopen = real
    assert await db.write(ledger.add, "a") == "a"
    assert db.healthy


async def test_a_transaction_that_cannot_begin_is_503_at_once(db: Database) -> None:
    class Stuck(Wrapped):
        def execute(self, sql: str, *args: Any) -> Any:
            return io_error() if sql.startswith("BEGIN") else super().execute(sql, *args)

    db._group.connection = Stuck(db._group.connection, io_error)
    answers = await settled(db.write(ledger.add, "a"), db.write(ledger.add, "b"))
    assert [type(answer) for answer in answers] == [errors.Unavailable] * 2
    assert await db.write(ledger.add, "a") == "a"


def test_a_failed_commit_without_a_loop_is_unavailable_too(tmp_path: Path) -> None:
    with Database.open(tmp_path / NAME, migrations=ledger.migrations(tmp_path)) as db:
        db._group.connection = Wrapped(db._group.connection, io_error)
        with pytest.raises(errors.Unavailable):
            db.transact(ledger.add, "a")
        assert db.transact(ledger.add, "a") == "a"


async def test_a_database_in_memory_keeps_its_rows_over_a_failed_commit(tmp_path: Path) -> None:
    db = Database.memory(migrations=ledger.migrations(tmp_path))
    await db.write(ledger.add, "alice")
    db._group.connection = Wrapped(db._group.connection, io_error)
    with pytest.raises(errors.Unavailable):
        await db.write(ledger.add, "bob")
    assert db.read(ledger.names) == ["alice"]
    assert await db.write(ledger.add, "carol") == "carol"
    await db.close()


# -- the write-ahead log --


async def test_the_log_stays_short_under_writing(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "BYTES", 256 * 1024)
    db._group._checkpoints._allowed = 64
    log = tmp_path / "data" / f"{NAME}-wal"
    largest = 0
    for n in range(40):
        await settled(*(db.write(ledger.add, f"{n}-{k}-{'x' * 900}") for k in range(50)))
        largest = max(largest, log.stat().st_size)
    assert 0 < largest < 4 * 256 * 1024
    assert (tmp_path / "data" / NAME).stat().st_size > 2_000_000, "it went into the database instead"


async def test_a_long_log_is_emptied_once_its_reader_is_gone(
    db: Database, other: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "TRUNCATE_BYTES", 100_000)
    monkeypatch.setattr(checkpoint, "TRUNCATE_WAIT_MS", 1)
    monkeypatch.setattr(checkpoint, "TRUNCATE_AGAIN_S", 0.0)
    other.execute("BEGIN")
    other.execute("SELECT * FROM entries").fetchall()
    for n in range(20):
        await db.write(ledger.add, f"{n}-{'x' * 9000}")
    log = tmp_path / "data" / f"{NAME}-wal"
    assert log.stat().st_size > 100_000
    other.execute("COMMIT")
    await db.write(ledger.add, "last")
    await db.write(ledger.add, "one more, which waits for the copying")
    assert log.stat().st_size < 100_000
    assert db.read(ledger.count) == 22


async def test_the_log_is_emptied_when_nobody_writes(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "IDLE_S", 0.05)
    await db.write(ledger.add, "alice")
    log = tmp_path / "data" / f"{NAME}-wal"
    async with asyncio.timeout(30):
        while log.stat().st_size > 0:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)
    assert await db.write(ledger.add, "bob") == "bob"


# -- the process is killed --

WRITER = """
import asyncio, sys
from pathlib import Path
from fedi.storage.db import Database
from tests.storage import ledger

async def one(db, k):
    n = 0
    while True:
        name = await db.write(ledger.add, f"{sys.argv[3]}-{k}-{n}")
        sys.stdout.write(name + "\\n")
        n += 1

async def main():
    db = Database.open(Path(sys.argv[1]), migrations=Path(sys.argv[2]))
    await asyncio.gather(*(one(db, k) for k in range(8)))

sys.stdout.reconfigure(line_buffering=True)
asyncio.run(main())
"""


def test_no_acknowledged_row_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    path, folder = tmp_path / "data" / NAME, ledger.migrations(tmp_path)
    Database.open(path, migrations=folder).shut()
    acked: set[str] = set()
    chance = random.Random(20261122)
    for run in range(10):
        arguments = [sys.executable, "-c", WRITER, str(path), str(folder), str(run)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(chance.randrange(1, 60))]
            process.send_signal(signal.SIGKILL)
            lines += process.stdout.readlines()
        acked.update(line.decode().strip() for line in lines if line.endswith(b"\n"))
    with Database.open(path, migrations=folder) as db:
        stored = set(db.read(ledger.names))
        assert db.read(lambda tx: tx.one("PRAGMA integrity_check"))[0] == "ok"
    assert len(acked) > 100
    assert acked <= stored
