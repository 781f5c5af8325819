"""The queue of jobs as rows: what is due, in which order, and what was seen before."""

from collections.abc import Callable
from typing import Any

from fedi import clock
from fedi.storage import jobs as rows
from fedi.storage.db import Database, Tx
from tests import make

Run = Callable[..., Any]


def due(db: Database, busy: tuple[int, ...] = (), lanes: tuple[str, ...] = (), limit: int = 100) -> list[int]:
    return [job.id for job in db.read(rows.list_due, limit, busy, lanes)]


def test_of_each_lane_the_first_is_due_and_of_no_lane_all(db: Database, run: Run) -> None:
    a = [run(make.job, lane="a") for _ in range(3)]
    b = [run(make.job, lane="b") for _ in range(2)]
    free = [run(make.job) for _ in range(3)]
    assert set(due(db)) == {a[0], b[0], *free}
    assert set(due(db, (a[0], free[0]), ("a",))) == {b[0], *free[1:]}, "not what is at work, nor lanes at work"
    run(rows.delete, a[0])
    assert a[1] in due(db)
    assert len(due(db, limit=2)) == 2


def test_a_delayed_job_holds_its_lane_and_nobody_elses(db: Database, run: Run, frozen: Any) -> None:
    first, second = run(make.job, lane="a"), run(make.job, lane="a")
    other = run(make.job, lane="b")
    run(rows.delay, first, clock.now() + 5_000, "why")
    assert due(db) == [other]
    assert db.read(rows.next_run_at) == clock.now() + 5_000
    frozen.tick(6)
    assert set(due(db)) == {first, other}
    run(rows.park, first, "broken")
    assert set(due(db)) == {second, other}, "what is parked is out of the way"
    assert db.read(rows.has_lane, "a") and not db.read(rows.has_lane, "c") and not db.read(rows.has_lane, "")


def test_a_job_for_later_waits(db: Database, run: Run, frozen: Any) -> None:
    later = run(make.job, run_at=clock.now() + 1_000)
    assert due(db) == [] and db.read(rows.next_run_at) == clock.now() + 1_000
    frozen.tick(1)
    assert due(db) == [later] and db.read(rows.next_run_at) is None, "what is due waits for a place, not for the clock"


def test_the_longest_waiting_come_first(db: Database, run: Run, frozen: Any) -> None:
    made = []
    for n in range(4):
        made.append(run(make.job, lane=str(n)))
        frozen.tick(1)
    assert due(db) == made


def test_parked_jobs_wait_for_people(db: Database, run: Run) -> None:
    one, other = run(make.job), run(make.job)
    for job_id in (one, other):
        run(rows.park, job_id, "why")
    assert [(j.id, j.state, j.attempts, j.error) for j in db.read(rows.list_waiting, state="parked", limit=1)] == [
        (one, "parked", 1, "why")
    ]
    assert db.read(rows.count_by_state) == {"parked": 2}
    assert run(rows.retry, one) == 1 and due(db) == [one]
    assert run(rows.drop, other) == 1 and run(rows.drop, other) == 0
    assert run(rows.retry) == 0


def test_a_lane_of_thousands_is_read_quickly(db: Database, run: Run) -> None:
    def fill(tx: Tx) -> int:
        return min(rows.insert(tx, "inbox", b"", lane="flood") for _ in range(3_000))  # the sequence of ids may start over among them

    first, other = run(fill), run(make.job)
    assert set(due(db, limit=16)) == {first, other}


def test_what_was_seen_is_seen_until_it_is_forgotten(db: Database, run: Run, frozen: Any) -> None:
    assert run(rows.mark_seen, b"1") and not run(rows.mark_seen, b"1")
    frozen.tick(10)
    assert run(rows.mark_seen, b"2")
    assert run(rows.prune_seen, clock.now()) == 1
    assert run(rows.mark_seen, b"1") and not run(rows.mark_seen, b"2")
