"""Rows of `reports`: what people and other servers complain about."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi.errors import NotFound
from fedi.storage.db import Tx


class Report(NamedTuple):
    """`post_uris` and `rule_ids` are JSON lists; `host` is the reporting server ('' = somebody here)."""

    id: int
    uri: str
    reporter_id: int | None
    target_id: int
    host: str
    comment: str
    post_uris: str
    created_at: int
    resolved_at: int | None = None
    resolved_by_id: int | None = None
    category: str = "other"
    rule_ids: str = "[]"
    forwarded: int = 0


COLUMNS = ", ".join(Report._fields)


def insert(tx: Tx, report: Report) -> None:
    tx.execute(f"INSERT INTO reports ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", report)


def count_since(tx: Tx, host: str, since: int) -> int:
    """How many a server has sent since a time."""
    row = tx.one("SELECT count(*) FROM reports WHERE host = ? AND created_at >= ?", (host, since))
    return int(row[0]) if row else 0


def count_by(tx: Tx, reporter_id: int, since: int) -> int:
    """How many somebody here has made since a time."""
    row = tx.one("SELECT count(*) FROM reports WHERE host = '' AND created_at >= ? AND reporter_id = ?", (since, reporter_id))
    return int(row[0]) if row else 0


def count_open(tx: Tx) -> int:
    row = tx.one("SELECT count(*) FROM reports WHERE resolved_at IS NULL")
    return int(row[0]) if row else 0


def list_open(tx: Tx, *, resolved: bool = False, limit: int = 200) -> list[Report]:
    rows = tx.query(f"SELECT {COLUMNS} FROM reports WHERE (resolved_at IS NOT NULL) = ? ORDER BY id DESC LIMIT ?", (int(resolved), limit))
    return [Report._make(row) for row in rows]


def list_these(tx: Tx, report_ids: Iterable[int]) -> dict[int, Report]:
    rows = tx.query(f"SELECT {COLUMNS} FROM reports WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(report_ids)),))
    return {row[0]: Report._make(row) for row in rows}


def get(tx: Tx, report_id: int) -> Report:
    """Raises NotFound."""
    row = tx.one(f"SELECT {COLUMNS} FROM reports WHERE id = ?", (report_id,))
    if row is None:
        raise NotFound("There is no such report.")
    return Report._make(row)


def forget_reporter(tx: Tx, account_id: int) -> None:
    """Who reported is no more: what they reported stays, without their name."""
    tx.execute("UPDATE reports SET reporter_id = NULL WHERE reporter_id = ?", (account_id,))


def resolve(tx: Tx, report_id: int, by_id: int | None) -> bool:
    """False when there is no such open report."""
    sql = "UPDATE reports SET resolved_at = ?, resolved_by_id = ? WHERE id = ? AND resolved_at IS NULL"
    return tx.execute(sql, (tx.now, by_id, report_id)) > 0
