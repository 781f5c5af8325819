"""Rows of `blocks`, `mutes` and `user_domain_blocks`: whom people want nothing of."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx


class Relation(NamedTuple):
    """What stands between a viewer and one account."""

    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    muting_notifications: bool = False
    muting_expires_at: int | None = None
    domain_blocking: bool = False
    endorsed: bool = False
    note: str = ""
    is_hidden: bool = False


def put(tx: Tx, account_id: int, target_id: int, uri: str) -> bool:
    """Block; False when it was blocked already."""
    sql = "INSERT INTO blocks (account_id, target_id, uri, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return tx.execute(sql, (account_id, target_id, uri, tx.now)) > 0


def find_uri(tx: Tx, account_id: int, target_id: int) -> str | None:
    """The id of the Block activity, or None when there is no block."""
    row = tx.one("SELECT uri FROM blocks WHERE account_id = ? AND target_id = ?", (account_id, target_id))
    return str(row[0]) if row else None


def delete(tx: Tx, account_id: int, target_id: int) -> None:
    tx.execute("DELETE FROM blocks WHERE account_id = ? AND target_id = ?", (account_id, target_id))


def stands_between(tx: Tx, one_id: int, other_id: int) -> bool:
    """Whether either has blocked the other."""
    return bool(
        tx.one(
            "SELECT 1 FROM blocks WHERE (account_id = :one AND target_id = :other) OR (account_id = :other AND target_id = :one) LIMIT 1",
            {"one": one_id, "other": other_id},
        )
    )


def put_mute(tx: Tx, account_id: int, target_id: int, *, notifications: bool, expires_at: int | None) -> None:
    tx.execute(
        """INSERT INTO mutes (account_id, target_id, notifications, expires_at, created_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (account_id, target_id) DO UPDATE SET notifications = excluded.notifications, expires_at = excluded.expires_at""",
        (account_id, target_id, int(notifications), expires_at, tx.now),
    )


def delete_mute(tx: Tx, account_id: int, target_id: int) -> None:
    tx.execute("DELETE FROM mutes WHERE account_id = ? AND target_id = ?", (account_id, target_id))


def put_domain(tx: Tx, account_id: int, host: str) -> None:
    tx.execute(
        "INSERT INTO user_domain_blocks (account_id, host, created_at, id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (account_id, host, tx.now, ids.new(tx.now)),
    )


def delete_domain(tx: Tx, account_id: int, host: str) -> None:
    tx.execute("DELETE FROM user_domain_blocks WHERE account_id = ? AND host = ?", (account_id, host))


def list_blocked(tx: Tx, account_id: int, limit: int = 200) -> list[Account]:
    rows = tx.query(
        f"SELECT {A_COLUMNS} FROM blocks b JOIN accounts a ON a.id = b.target_id WHERE b.account_id = ? ORDER BY b.created_at DESC LIMIT ?",
        (account_id, limit),
    )
    return [Account._make(row) for row in rows]


def list_muted(tx: Tx, account_id: int, limit: int = 200) -> list[Account]:
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM mutes m JOIN accounts a ON a.id = m.target_id
        WHERE m.account_id = ? AND (m.expires_at IS NULL OR m.expires_at > ?) ORDER BY m.created_at DESC LIMIT ?""",
        (account_id, tx.now, limit),
    )
    return [Account._make(row) for row in rows]


class Mute(NamedTuple):
    """How somebody is muted."""

    notifications: int
    expires_at: int | None


def list_local_blockers(tx: Tx, target_id: int) -> list[Account]:
    """People here who have blocked an account."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM blocks b JOIN users u ON u.account_id = b.account_id JOIN accounts a ON a.id = b.account_id
        WHERE b.target_id = ?""",
        (target_id,),
    )
    return [Account._make(row) for row in rows]


def list_local_muters(tx: Tx, target_id: int) -> list[tuple[Mute, Account]]:
    """People here who mute an account, and how."""
    rows = tx.query(
        f"""SELECT m.notifications, m.expires_at, {A_COLUMNS} FROM mutes m JOIN accounts a ON a.id = m.account_id
        WHERE m.target_id = ? AND (m.expires_at IS NULL OR m.expires_at > ?)""",
        (target_id, tx.now),
    )
    return [(Mute(row[0], row[1]), Account._make(row[2:])) for row in rows]


def has_local_opponent(tx: Tx, target_id: int) -> bool:
    """Whether anybody here has blocked or muted an account."""
    return bool(
        tx.one(
            """SELECT 1 FROM blocks b JOIN users u ON u.account_id = b.account_id WHERE b.target_id = :target
            UNION ALL SELECT 1 FROM mutes WHERE target_id = :target LIMIT 1""",
            {"target": target_id},
        )
    )


def list_relations(tx: Tx, viewer_id: int, account_ids: Iterable[int]) -> dict[int, Relation]:
    """Blocks and mutes between the viewer and each of these accounts, and what the viewer keeps about them."""
    wanted = list(dict.fromkeys(account_ids))
    rows = tx.query(
        """SELECT a.id,
          EXISTS (SELECT 1 FROM blocks WHERE account_id = :viewer AND target_id = a.id),
          EXISTS (SELECT 1 FROM blocks WHERE account_id = a.id AND target_id = :viewer),
          m.target_id IS NOT NULL, coalesce(m.notifications, 0), m.expires_at,
          EXISTS (SELECT 1 FROM user_domain_blocks WHERE account_id = :viewer AND host = a.host AND a.host <> ''),
          EXISTS (SELECT 1 FROM endorsements WHERE account_id = :viewer AND target_id = a.id), coalesce(n.note, ''),
          a.suspended_at IS NOT NULL OR a.host_blocked = 1 OR a.deleted_at IS NOT NULL
        FROM accounts a LEFT JOIN mutes m ON m.account_id = :viewer AND m.target_id = a.id
          AND (m.expires_at IS NULL OR m.expires_at > :now)
        LEFT JOIN account_notes n ON n.account_id = :viewer AND n.target_id = a.id
        WHERE a.id IN (SELECT value FROM json_each(:ids))""",
        {"viewer": viewer_id, "now": tx.now, "ids": json.dumps(wanted)},
    )
    return {
        row[0]: Relation(bool(row[1]), bool(row[2]), bool(row[3]), bool(row[4]), row[5], bool(row[6]), bool(row[7]), row[8], bool(row[9]))
        for row in rows
    }
