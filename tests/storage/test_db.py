import asyncio
import itertools
import math
import os
import sqlite3
import stat
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fedi import clock, errors
from fedi.storage import migrate, private, scan
from fedi.storage.db import NAME, Damaged, Database, Tx
from fedi.streaming import Event
from tests.storage import ledger


@pytest.fixture(params=["file", "memory"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    folder = ledger.migrations(tmp_path)
    made = Database.memory(migrations=folder) if request.param == "memory" else Database.open(tmp_path / "data" / NAME, migrations=folder)
    yield made
    await made.close()


@pytest.fixture
async def on_disk(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database.open(tmp_path / "data" / NAME, migrations=ledger.migrations(tmp_path))
    yield made
    await made.close()


# -- statements --


async def test_a_write_returns_what_the_rule_returned_and_a_read_sees_it(db: Database) -> None:
    assert await db.write(ledger.add, "alice") == "alice"
    assert db.read(ledger.names) == ["alice"]


async def test_parameters_are_a_sequence_or_a_mapping(db: Database) -> None:
    def rule(tx: Tx) -> tuple[int, int]:
        inserted = tx.execute("INSERT INTO entries (name, amount) VALUES (:name, :amount)", {"name": "alice", "amount": 3})
        inserted += tx.executemany("INSERT INTO entries (name) VALUES (?)", [("bob",), ("carol",)])
        return inserted, tx.execute("UPDATE entries SET amount = amount + 1")

    assert await db.write(rule) == (3, 3)
    row = db.read(lambda tx: tx.one("SELECT name, amount FROM entries WHERE name = :name", {"name": "alice"}))
    assert row is not None and tuple(row) == ("alice", 4) and row["amount"] == 4
    assert db.read(lambda tx: tx.one("SELECT 1 FROM entries WHERE name = 'dan'")) is None


async def test_now_is_one_time_for_the_whole_transaction(db: Database) -> None:
    def rule(tx: Tx) -> tuple[int, int]:
        first = tx.now
        time.sleep(0.003)
        return first, tx.now

    before = clock.now()
    first, second = await db.write(rule)
    assert before <= first == second <= clock.now()
    assert db.read(lambda tx: tx.now) >= first


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO entries (name) VALUES ('alice')",
        "INSERT INTO notes (entry_id, text) VALUES (999, 'x')",
        "INSERT INTO entries (name, amount) VALUES ('bob', -1)",
        "INSERT INTO entries (name) VALUES (NULL)",
    ],
)
async def test_a_broken_constraint_is_a_conflict(db: Database, sql: str) -> None:
    await db.write(ledger.add, "alice")
    with pytest.raises(errors.Conflict) as caught:
        await db.write(lambda tx: tx.execute(sql))
    assert "entries" not in caught.value.message
    assert db.read(ledger.names) == ["alice"]


async def test_a_rule_may_go_on_after_a_conflict(db: Database) -> None:
    def rule(tx: Tx) -> str:
        try:
            return ledger.add(tx, "alice")
        except errors.Conflict:
            return ledger.add(tx, "alice too")

    assert [await db.write(rule), await db.write(rule)] == ["alice", "alice too"]


@pytest.mark.parametrize("value", ["\ud800", 2**63, -(2**63) - 1], ids=["lone surrogate", "too big", "too small"])
async def test_what_sqlite_cannot_hold_is_invalid(db: Database, value: object) -> None:
    for call in ("execute", "query", "one"):
        with pytest.raises(errors.Invalid):
            await db.write(lambda tx, call=call: getattr(tx, call)("INSERT INTO entries (name) VALUES (?)", (value,)))
    with pytest.raises(errors.Invalid):
        await db.write(lambda tx: tx.executemany("INSERT INTO entries (name) VALUES (?)", [("alice",), (value,)]))
    assert db.read(ledger.count) == 0


async def test_a_mistake_in_our_sql_is_not_dressed_up(db: Database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        db.read(lambda tx: tx.query("SELECT nothing FROM nowhere"))
    assert db.read(ledger.count) == 0


async def test_a_transaction_kept_past_its_end_is_dead(db: Database) -> None:
    kept = [await db.write(lambda tx: tx), db.read(lambda tx: tx), db.transact(lambda tx: tx)]
    for tx in kept:
        for call in (tx.execute, tx.query, tx.one):
            with pytest.raises(RuntimeError, match="over"):
                call("DELETE FROM entries")


async def test_a_rule_that_is_a_coroutine_is_refused(db: Database) -> None:
    async def rule(tx: Tx) -> None:
        ledger.add(tx, "never")

    with pytest.raises(TypeError, match="synchronous"):
        await db.write(rule)
    with pytest.raises(TypeError, match="synchronous"):
        db.transact(rule)
    assert db.read(ledger.count) == 0


# -- reads --


async def test_a_read_cannot_write_or_tell(db: Database) -> None:
    with pytest.raises(errors.Unavailable):
        db.read(lambda tx: tx.execute("INSERT INTO entries (name) VALUES ('x')"))
    with pytest.raises(RuntimeError):
        db.read(lambda tx: tx.emit(Event("x")))
    await db.write(ledger.add, "alice")
    assert db.read(ledger.names) == ["alice"]


@pytest.mark.parametrize(
    "sql",
    [
        "  -- a remark\n  INSERT INTO entries (name) VALUES ('x')",
        "WITH more(name) AS (SELECT 'x') INSERT INTO entries (name) SELECT name FROM more",
        "UPDATE entries SET name = 'x'",
        "DELETE FROM entries",
        "REPLACE INTO entries (name) VALUES ('x')",
        "DROP TABLE entries",
        "CREATE TABLE more (name TEXT)",
    ],
)
def test_no_statement_of_a_read_writes(db: Database, sql: str) -> None:
    db.transact(ledger.add, "alice")
    with pytest.raises(errors.Unavailable):
        db.read(lambda tx: tx.execute(sql))
    with pytest.raises(errors.Unavailable):
        db.read(lambda tx: tx.executemany("INSERT INTO entries (name) VALUES (?)", [("x",)]))
    assert db.read(ledger.names) == ["alice"]
    assert db.read(lambda tx: tx.one("WITH one(n) AS (SELECT replace('ab', 'a', 'b')) SELECT n FROM one")[0]) == "bb"  # type: ignore[index]


async def test_the_statements_of_one_read_see_one_snapshot(on_disk: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "data" / NAME)

    def twice(tx: Tx) -> tuple[int, int]:
        first = ledger.count(tx)
        other.execute("INSERT INTO entries (name) VALUES ('meanwhile')")
        other.commit()
        return first, ledger.count(tx)

    assert on_disk.read(twice) == (0, 0)
    assert on_disk.read(ledger.count) == 1
    other.close()


async def test_a_read_leaves_no_cursor_that_would_hold_the_log(on_disk: Database, tmp_path: Path) -> None:
    for n in range(10):
        await on_disk.write(ledger.add, f"n{n}")
    on_disk.read(lambda tx: tx.one("SELECT * FROM entries"))
    on_disk.read(lambda tx: tx.query("SELECT * FROM entries"))
    assert on_disk._group.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    assert (tmp_path / "data" / f"{NAME}-wal").stat().st_size == 0


async def test_a_failing_read_leaves_the_next_one_fresh(db: Database) -> None:
    def failing(tx: Tx) -> None:
        ledger.names(tx)
        raise LookupError

    with pytest.raises(LookupError):
        db.read(failing)
    await db.write(ledger.add, "alice")
    assert db.read(ledger.names) == ["alice"]


# -- scans --


async def test_a_scan_reads_what_is_committed(db: Database) -> None:
    await db.write(ledger.add, "alice")
    assert await db.scan(ledger.names) == ["alice"]
    assert await asyncio.gather(*(db.scan(ledger.count, deadline_s=60) for _ in range(5))) == [1] * 5


async def test_a_scan_past_its_deadline_is_stopped(db: Database) -> None:
    with pytest.raises(errors.Unavailable, match="too long"):
        await db.scan(ledger.forever, deadline_s=0.05)  # without an end it would take hours
    assert await db.scan(ledger.count) == 0


async def test_the_loop_goes_on_while_a_scan_runs(on_disk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, over = itertools.count(), threading.Event()

    def at() -> float:
        next(looked)
        return math.inf if over.is_set() else time.monotonic()

    monkeypatch.setattr(scan, "monotonic", at)
    scanning = asyncio.create_task(on_disk.scan(ledger.forever, deadline_s=60))
    while next(looked) < 10:  # noqa: ASYNC110 (nobody tells that it is at work)
        await asyncio.sleep(0.001)
    for n in range(5):
        await on_disk.write(ledger.add, f"n{n}")
    assert on_disk.read(ledger.count) == 5 and not scanning.done()
    over.set()
    with pytest.raises(errors.Unavailable):
        await scanning


async def test_a_scan_cannot_write(on_disk: Database) -> None:
    with pytest.raises(errors.Unavailable):
        await on_disk.scan(ledger.add, "x")


# -- without a loop --


def test_transact_works_without_an_event_loop(tmp_path: Path) -> None:
    heard: list[Event] = []
    path = tmp_path / "data" / NAME
    with Database.open(path, migrations=ledger.migrations(tmp_path), publish=heard.extend) as db:
        assert db.transact(ledger.add, "alice") == "alice"
        with pytest.raises(LookupError):
            db.transact(ledger.add_then_fail, "mallory")
        assert db.read(ledger.names) == ["alice"]
    assert [event.data for event in heard] == ["alice"]
    with Database.open(path, migrations=tmp_path / "migrations") as db:
        assert db.read(ledger.names) == ["alice"]


async def test_transact_inside_a_transaction_is_refused(db: Database) -> None:
    def nested(tx: Tx) -> None:
        db.transact(ledger.add, "inner")

    with pytest.raises(RuntimeError, match="open"):
        db.transact(nested)
    with pytest.raises(RuntimeError, match="open"):
        await db.write(nested)
    assert db.transact(ledger.count) == 0


async def test_transact_during_a_commit_is_refused(on_disk: Database) -> None:
    writing = asyncio.create_task(on_disk.write(ledger.add, "alice"))
    await ledger.begun(on_disk)
    with pytest.raises(RuntimeError, match="open"):
        on_disk.transact(ledger.count)
    assert await writing == "alice"


# -- opening and closing --


def test_the_settings_the_promises_rest_on(tmp_path: Path) -> None:
    with Database.open(tmp_path / NAME, migrations=ledger.migrations(tmp_path)) as db:
        for connection in (db._group.connection, db._reader):
            found = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")}
            assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
            assert connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0] == 0
        assert db._reader.execute("PRAGMA query_only").fetchone()[0] == 1


def test_every_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with Database.open(tmp_path / "a" / "b" / NAME, migrations=ledger.migrations(tmp_path)) as db:
            db.transact(ledger.add, "alice")
            found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a" / "b").iterdir()}
    finally:
        os.umask(old)
    assert found == {NAME: 0o600, f"{NAME}-wal": 0o600, f"{NAME}-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    private.check(tmp_path / "a" / "b")


def test_a_database_that_others_can_read_is_tightened(tmp_path: Path) -> None:
    path, folder = tmp_path / NAME, ledger.migrations(tmp_path)
    Database.open(path, migrations=folder).shut()
    path.chmod(0o644)
    Database.open(path, migrations=folder).shut()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_closing_waits_for_what_was_asked_and_refuses_more(tmp_path: Path) -> None:
    path, folder = tmp_path / NAME, ledger.migrations(tmp_path)
    db = Database.open(path, migrations=folder)
    asked = [asyncio.create_task(db.write(ledger.add, f"n{n}")) for n in range(20)]
    await asyncio.sleep(0)
    await db.close()
    assert len(await asyncio.gather(*asked)) == 20
    with pytest.raises(errors.Unavailable, match="shutting down"):
        await db.write(ledger.add, "late")
    await db.close()
    assert not path.with_name(f"{NAME}-wal").exists()
    with Database.open(path, migrations=folder) as again:
        assert again.read(ledger.count) == 20


@pytest.mark.parametrize("content", [b"this is not a database at all, " * 500, b"\0" * 8192], ids=["text", "zeros"])
def test_a_file_that_is_no_database_names_the_way_back(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / NAME
    path.write_bytes(content)
    with pytest.raises(Damaged, match="fedi restore"):
        Database.open(path, migrations=ledger.migrations(tmp_path))


def test_a_damaged_page_is_found_when_the_last_run_was_cut_short(tmp_path: Path) -> None:
    path, folder = tmp_path / NAME, ledger.migrations(tmp_path)
    with Database.open(path, migrations=folder) as db:
        db.transact(lambda tx: [ledger.add(tx, f"{n:040}") for n in range(500)])
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 3 * 4096 + 8] = b"\xff" * 8
    path.write_bytes(content)
    path.with_name(f"{NAME}-wal").write_bytes(b"\0" * 32)  # a log that a killed process left
    with pytest.raises(Damaged, match="fedi restore"):
        Database.open(path, migrations=folder)


@pytest.mark.parametrize("lost", ["-shm", "half the -wal"])
def test_a_cut_log_or_a_lost_index_recovers_to_a_whole_state(tmp_path: Path, lost: str) -> None:
    folder = ledger.migrations(tmp_path)
    with Database.open(tmp_path / "live" / NAME, migrations=folder) as db:
        for n in range(20):
            db.transact(ledger.add, f"n{n}")
        (tmp_path / "crashed").mkdir()
        for path in (tmp_path / "live").iterdir():
            data = path.read_bytes()
            if path.name.endswith("-wal") and lost != "-shm":
                data = data[: len(data) * 2 // 3]
            if not path.name.endswith("-shm"):
                (tmp_path / "crashed" / path.name).write_bytes(data)
    with Database.open(tmp_path / "crashed" / NAME, migrations=folder) as again:
        found = again.read(ledger.names)
    assert found == [f"n{n}" for n in range(len(found))]
    assert len(found) == 20 if lost == "-shm" else 0 < len(found) < 20


def test_databases_in_memory_share_nothing(tmp_path: Path) -> None:
    folder = ledger.migrations(tmp_path)
    with Database.memory(migrations=folder) as one, Database.memory(migrations=folder) as two:
        one.transact(ledger.add, "alice")
        assert (one.read(ledger.count), two.read(ledger.count)) == (1, 0)


def test_a_database_in_memory_is_migrated_once_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ledger.migrations(tmp_path)
    Database.memory(migrations=folder).shut()
    monkeypatch.setattr(migrate, "_fresh", None)
    with Database.memory(migrations=folder) as db:
        assert db.read(ledger.count) == 0


# -- versions --


async def test_the_version_is_another_after_each_commit_and_the_same_in_between(db: Database) -> None:
    seen = [db.version()]
    for name in ("alice", "bob"):
        assert db.version() == seen[-1] == db.version()
        db.read(ledger.names)
        assert db.version() == seen[-1], "reading changes nothing"
        await db.write(ledger.add, name)
        seen.append(db.version())
    assert len(set(seen)) == 3


async def test_the_version_is_another_when_another_process_has_committed(on_disk: Database, tmp_path: Path) -> None:
    await on_disk.write(ledger.add, "alice")
    other = sqlite3.connect(tmp_path / "data" / NAME, isolation_level=None)
    try:
        before = on_disk.version()
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM entries")
        assert on_disk.version() == before and on_disk.read(ledger.names) == ["alice"], "not committed yet"
        other.execute("COMMIT")
    finally:
        other.close()
    assert on_disk.version() != before and on_disk.read(ledger.names) == []
