"""Rows of `jobs`, the durable queue of background work, and of `seen`, what has already been accepted."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.storage.db import Tx


class Job(NamedTuple):
    """`name` is a key of the table in jobs.py; jobs of one `lane` run one after the other in the order of their ids."""

    id: int
    name: str
    lane: str
    payload: bytes
    state: str
    attempts: int
    run_at: int
    error: str
    created_at: int


COLUMNS = ", ".join(Job._fields)


def insert(tx: Tx, name: str, payload: bytes, *, lane: str = "", run_at: int = 0) -> int:
    """Queue work; it runs after the commit. Returns the job's id."""
    job_id = ids.new(tx.now)
    tx.execute(
        "INSERT INTO jobs (id, name, lane, payload, run_at, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (job_id, name, lane, payload, run_at or tx.now, tx.now),
    )
    return job_id


def list_due(tx: Tx, limit: int, busy: Iterable[int] = (), busy_lanes: Iterable[str] = (), but: Iterable[str] = ()) -> list[Job]:
    """Jobs whose time has come and before which no job of their lane waits; not those at work, nor of lanes at work, nor of names `but`."""
    rows = tx.query(
        f"""SELECT {COLUMNS} FROM jobs j WHERE state = 'queued' AND run_at <= :now
          AND id NOT IN (SELECT value FROM json_each(:busy)) AND name NOT IN (SELECT value FROM json_each(:but))
          AND (lane = '' OR (lane NOT IN (SELECT value FROM json_each(:lanes)) AND NOT EXISTS (
            SELECT 1 FROM jobs e WHERE e.lane = j.lane AND e.lane <> '' AND e.state = 'queued' AND e.id < j.id)))
        ORDER BY run_at, id LIMIT :limit""",
        {
            "now": tx.now,
            "limit": limit,
            "busy": json.dumps(list(busy)),
            "lanes": json.dumps(list(busy_lanes)),
            "but": json.dumps(list(but)),
        },
    )
    return [Job._make(row) for row in rows]


def next_run_at(tx: Tx) -> int | None:
    """When a job will be due that is not yet, or None. Those that are due wait for a place or for their lane, not for the clock."""
    row = tx.one("SELECT min(run_at) FROM jobs WHERE state = 'queued' AND run_at > ?", (tx.now,))
    return row[0] if row else None


def has_lane(tx: Tx, lane: str) -> bool:
    """Whether work of that lane waits: what comes now must queue behind it."""
    return bool(tx.one("SELECT 1 FROM jobs WHERE lane = ? AND lane <> '' AND state = 'queued' LIMIT 1", (lane,)))


def drop_lane(tx: Tx, lane: str) -> None:
    """Work of that lane is not wanted any more."""
    tx.execute("DELETE FROM jobs WHERE lane = ? AND lane <> '' AND state = 'queued'", (lane,))


def is_waiting(tx: Tx, name: str, payload: bytes, lane: str) -> bool:
    """Whether that very work waits in a lane, or is being done."""
    sql = "SELECT 1 FROM jobs WHERE lane = ? AND lane <> '' AND state = 'queued' AND name = ? AND payload = ? LIMIT 1"
    return tx.one(sql, (lane, name, payload)) is not None


def count_lane(tx: Tx, lane: str) -> int:
    row = tx.one("SELECT count(*) FROM jobs WHERE lane = ? AND lane <> '' AND state = 'queued'", (lane,))
    return int(row[0]) if row else 0


def count_laneless(tx: Tx, name: str, most: int) -> int:
    """How many jobs of a name wait beside all lanes, counted up to `most`."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM jobs WHERE name = ? AND lane = '' AND state = 'queued' LIMIT ?)"
    row = tx.one(sql, (name, most))
    return int(row[0]) if row else 0


def delete(tx: Tx, job_id: int) -> None:
    tx.execute("DELETE FROM jobs WHERE id = ?", (job_id,))


def delay(tx: Tx, job_id: int, run_at: int, error: str) -> None:
    """It failed and is to be tried again."""
    tx.execute("UPDATE jobs SET attempts = attempts + 1, run_at = ?, error = ? WHERE id = ?", (run_at, error, job_id))


def park(tx: Tx, job_id: int, error: str) -> None:
    """It cannot be done; kept for people to look at, out of its lane's way."""
    tx.execute("UPDATE jobs SET attempts = attempts + 1, state = 'parked', error = ? WHERE id = ?", (error, job_id))


def list_waiting(tx: Tx, *, state: str = "", limit: int = 200) -> list[Job]:
    rows = tx.query(
        f"SELECT {COLUMNS} FROM jobs WHERE (:state = '' OR state = :state) ORDER BY id LIMIT :limit", {"state": state, "limit": limit}
    )
    return [Job._make(row) for row in rows]


def retry(tx: Tx, job_id: int = 0) -> int:
    """Parked jobs (or one) are due again."""
    return tx.execute(
        "UPDATE jobs SET state = 'queued', attempts = 0, run_at = :now WHERE state = 'parked' AND (:id = 0 OR id = :id)",
        {"now": tx.now, "id": job_id},
    )


def drop(tx: Tx, job_id: int) -> int:
    return tx.execute("DELETE FROM jobs WHERE id = ?", (job_id,))


def count_by_state(tx: Tx) -> dict[str, int]:
    return {row[0]: row[1] for row in tx.query("SELECT state, count(*) FROM jobs GROUP BY state")}


# -- seen before --


def mark_seen(tx: Tx, digest: bytes) -> bool:
    """Remember an activity; False when it was there already."""
    return tx.execute("INSERT INTO seen (digest, at) VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, tx.now)) > 0


def prune_seen(tx: Tx, before: int) -> int:
    return tx.execute("DELETE FROM seen WHERE at < ?", (before,))
