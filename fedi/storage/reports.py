"""Rows of `reports`: what people and other servers complain about."""

from typing import NamedTuple

from fedi.storage.db import Tx


class Report(NamedTuple):
    """`post_uris` is a JSON list; `host` the reporting server ('' = somebody here)."""

    id: int
    uri: str
    reporter_id: int | None
    target_id: int
    host: str
    comment: str
    post_uris: str
    created_at: int
    resolved_at: int | None
    resolved_by_id: int | None


COLUMNS = ", ".join(Report._fields)


def insert(tx: Tx, report: Report) -> None:
    tx.execute(f"INSERT INTO reports ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", report)


def count_since(tx: Tx, host: str, since: int) -> int:
    """How many a server has sent since a time."""
    row = tx.one("SELECT count(*) FROM reports WHERE host = ? AND created_at >= ?", (host, since))
    return int(row[0]) if row else 0


def list_open(tx: Tx, *, resolved: bool = False, limit: int = 200) -> list[Report]:
    rows = tx.query(f"SELECT {COLUMNS} FROM reports WHERE (resolved_at IS NOT NULL) = ? ORDER BY id DESC LIMIT ?", (int(resolved), limit))
    return [Report._make(row) for row in rows]


def forget_reporter(tx: Tx, account_id: int) -> None:
    """Who reported is no more: what they reported stays, without their name."""
    tx.execute("UPDATE reports SET reporter_id = NULL WHERE reporter_id = ?", (account_id,))


def resolve(tx: Tx, report_id: int, by_id: int | None) -> bool:
    """False when there is no such open report."""
    sql = "UPDATE reports SET resolved_at = ?, resolved_by_id = ? WHERE id = ? AND resolved_at IS NULL"
    return tx.execute(sql, (tx.now, by_id, report_id)) > 0
