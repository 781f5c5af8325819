"""Rows of `hosts`: how other servers have behaved. Only servers that proved themselves or that we sent to get a row, and rows end."""

from typing import NamedTuple

from fedi.storage.db import Tx


class Host(NamedTuple):
    """`failures` in a row, on `failing_days` distinct days; `open_until` closes its circuit; `signature` is the scheme that worked."""

    host: str
    signature: str = ""
    failures: int = 0
    failing_days: int = 0
    failed_at: int = 0
    open_until: int = 0
    seen_at: int = 0


COLUMNS = ", ".join(Host._fields)


def find(tx: Tx, host: str) -> Host | None:
    row = tx.one(f"SELECT {COLUMNS} FROM hosts WHERE host = ?", (host,))
    return Host._make(row) if row else None


def is_well(tx: Tx, host: str, since: int) -> bool:
    """Whether a server was heard of since a time and nothing keeps us from sending to it."""
    return tx.one("SELECT 1 FROM hosts WHERE host = ? AND seen_at >= ? AND open_until = 0", (host, since)) is not None


def put(tx: Tx, host: Host) -> None:
    tx.execute(
        f"INSERT INTO hosts ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (host) DO UPDATE SET signature = excluded.signature,"
        " failures = excluded.failures, failing_days = excluded.failing_days, failed_at = excluded.failed_at,"
        " open_until = excluded.open_until, seen_at = excluded.seen_at",
        host,
    )


def list_all(tx: Tx) -> list[Host]:
    return [Host._make(row) for row in tx.query(f"SELECT {COLUMNS} FROM hosts ORDER BY host")]


def mark_seen(tx: Tx, host: str) -> None:
    """A valid request came from it: it lives, and its circuit closes."""
    tx.execute(
        """INSERT INTO hosts (host, seen_at) VALUES (:host, :now) ON CONFLICT (host) DO UPDATE
        SET seen_at = :now, failures = 0, failing_days = 0, open_until = 0""",
        {"host": host, "now": tx.now},
    )


def prune(tx: Tx, before: int, keep: int) -> int:
    """Forget hosts nothing was heard of since a time and nothing waits for, and the oldest beyond `keep`."""
    return tx.execute(
        """DELETE FROM hosts WHERE max(seen_at, failed_at) < max(:before, coalesce(
            (SELECT max(seen_at, failed_at) FROM hosts ORDER BY max(seen_at, failed_at) DESC LIMIT 1 OFFSET :keep), 0))
        AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.state = 'queued' AND d.host = hosts.host)""",
        {"before": before, "keep": keep},
    )


def count(tx: Tx) -> int:
    row = tx.one("SELECT count(*) FROM hosts")
    return int(row[0]) if row else 0
