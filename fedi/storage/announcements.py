"""Rows of `announcements`, of who has read them away, and of what people have answered with which emoji."""

import json
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from fedi import ids
from fedi.storage import visible
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx


class Announcement(NamedTuple):
    """`starts_at` and `ends_at` are of what it announces; once that has ended it is shown no more."""

    id: int
    text_source: str
    text_html: str
    starts_at: int | None
    ends_at: int | None
    all_day: int
    published_at: int
    updated_at: int


class Tally(NamedTuple):
    """How many have answered with one emoji. `key` is of a custom emoji's picture, or ''."""

    announcement_id: int
    name: str
    key: str
    number: int
    mine: int


_COLUMNS: Final = ", ".join(Announcement._fields)
_A_COLUMNS: Final = ", ".join(f"n.{name}" for name in Announcement._fields)


def insert(tx: Tx, source: str, html: str, starts_at: int | None, ends_at: int | None, *, all_day: bool) -> Announcement:
    made = Announcement(ids.new(tx.now), source, html, starts_at, ends_at, int(all_day), tx.now, tx.now)
    tx.execute(f"INSERT INTO announcements ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", made)
    return made


def delete(tx: Tx, announcement_id: int) -> bool:
    return tx.execute("DELETE FROM announcements WHERE id = ?", (announcement_id,)) > 0


def count(tx: Tx) -> int:
    row = tx.one("SELECT count(*) FROM announcements")
    return int(row[0]) if row else 0


def list_all(tx: Tx) -> list[Announcement]:
    """Also those that are over, the newest first."""
    return [Announcement._make(row) for row in tx.query(f"SELECT {_COLUMNS} FROM announcements ORDER BY id DESC")]


def find(tx: Tx, announcement_id: int) -> Announcement | None:
    """One that is not over."""
    sql = f"SELECT {_COLUMNS} FROM announcements WHERE id = ? AND (ends_at IS NULL OR ends_at > ?)"
    row = tx.one(sql, (announcement_id, tx.now))
    return Announcement._make(row) if row is not None else None


def list_current(tx: Tx, account_id: int, *, dismissed: bool) -> list[Announcement]:
    """Those that are not over, by when what they announce begins; with or without those the person has read away."""
    rows = tx.query(
        f"""SELECT {_A_COLUMNS} FROM announcements n WHERE (n.ends_at IS NULL OR n.ends_at > :now) AND (:dismissed OR NOT EXISTS (
          SELECT 1 FROM announcement_dismissals WHERE announcement_id = n.id AND account_id = :account))
        ORDER BY coalesce(n.starts_at, n.published_at), n.id""",
        {"now": tx.now, "dismissed": int(dismissed), "account": account_id},
    )
    return [Announcement._make(row) for row in rows]


def dismiss(tx: Tx, announcement_id: int, account_id: int) -> None:
    sql = "INSERT INTO announcement_dismissals (announcement_id, account_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    tx.execute(sql, (announcement_id, account_id, tx.now))


def list_dismissed(tx: Tx, account_id: int, announcement_ids: Iterable[int]) -> frozenset[int]:
    rows = tx.query(
        """SELECT announcement_id FROM announcement_dismissals
        WHERE account_id = ? AND announcement_id IN (SELECT value FROM json_each(?))""",
        (account_id, json.dumps(list(announcement_ids))),
    )
    return frozenset(row[0] for row in rows)


# -- reactions --


def react(tx: Tx, announcement_id: int, account_id: int, name: str, emoji_id: int | None) -> bool:
    """False when one has already."""
    return (
        tx.execute(
            """INSERT INTO announcement_reactions (announcement_id, name, account_id, emoji_id, created_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING""",
            (announcement_id, name, account_id, emoji_id, tx.now),
        )
        > 0
    )


def unreact(tx: Tx, announcement_id: int, account_id: int, name: str) -> bool:
    sql = "DELETE FROM announcement_reactions WHERE announcement_id = ? AND account_id = ? AND name = ?"
    return tx.execute(sql, (announcement_id, account_id, name)) > 0


def list_tallies(tx: Tx, account_id: int, announcement_ids: Iterable[int]) -> dict[int, list[Tally]]:
    """By announcement, the emoji that came first first. Custom ones are shown while nobody has switched them off."""
    rows = tx.query(
        """SELECT r.announcement_id, r.name, coalesce(m.key, ''), count(*), max(r.account_id = :account) FROM announcement_reactions r
        LEFT JOIN emojis e ON e.id = r.emoji_id AND e.disabled = 0 LEFT JOIN media m ON m.id = e.media_id
        JOIN accounts a ON a.id = r.account_id
        WHERE r.announcement_id IN (SELECT value FROM json_each(:ids)) AND (r.emoji_id IS NULL OR m.key IS NOT NULL)
          AND a.suspended_at IS NULL AND a.deleted_at IS NULL
        GROUP BY r.announcement_id, r.name ORDER BY min(r.created_at), r.name""",
        {"account": account_id, "ids": json.dumps(list(announcement_ids))},
    )
    found: dict[int, list[Tally]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Tally._make(row))
    return found


# -- what texts name --


def list_named(tx: Tx, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Account]:
    """The accounts with these (username in lower case, host), as far as they are known and shown."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM json_each(?) j JOIN accounts a ON a.username = json_extract(j.value, '$[0]') COLLATE NOCASE
          AND a.host = json_extract(j.value, '$[1]')
        WHERE a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL AND a.kind <> 'Application'""",
        (json.dumps([list(name) for name in names]),),
    )
    accounts = [Account._make(row) for row in rows]
    return {(account.username.lower(), account.host): account for account in accounts}


def list_linked(tx: Tx, urls: Iterable[str]) -> dict[str, tuple[int, str]]:
    """(id, address) of posts that everybody may see, by the address or URI they are linked with."""
    found = list(urls)
    rows = tx.query(
        f"""SELECT p.id, p.url, p.uri FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.id IN (SELECT id FROM posts WHERE url IN (SELECT value FROM json_each(:urls))
          UNION SELECT id FROM posts WHERE uri IN (SELECT value FROM json_each(:urls))) AND p.visibility = 'public' AND {visible.POST}""",
        {"urls": json.dumps(found), "viewer": 0},
    )
    wanted = frozenset(found)
    return {address: (row[0], row[1]) for row in rows for address in (row[1], row[2]) if address in wanted}
