"""Rows of `lists` and `list_accounts`: people whom somebody here has put together to read them by themselves."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx
from fedi.storage.timelines import Page


class List(NamedTuple):
    """`replies` says which answers to others are in it: to `followed` people, to members of the `list`, or `none`."""

    id: int
    account_id: int
    title: str
    replies: str
    exclusive: int
    created_at: int


COLUMNS = ", ".join(List._fields)
_L_COLUMNS = ", ".join(f"l.{name}" for name in List._fields)
_SHOWN = "a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL"


def add(tx: Tx, account_id: int, title: str, replies: str, exclusive: bool) -> List:
    made = List(ids.new(tx.now), account_id, title, replies, int(exclusive), tx.now)
    tx.execute(f"INSERT INTO lists ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", made)
    return made


def put(tx: Tx, changed: List) -> None:
    tx.execute(
        "UPDATE lists SET title = ?, replies = ?, exclusive = ? WHERE id = ?",
        (changed.title, changed.replies, changed.exclusive, changed.id),
    )


def delete(tx: Tx, list_id: int) -> None:
    tx.execute("DELETE FROM lists WHERE id = ?", (list_id,))


def find(tx: Tx, account_id: int, list_id: int) -> List | None:
    """A list of somebody's own."""
    row = tx.one(f"SELECT {COLUMNS} FROM lists WHERE id = ? AND account_id = ?", (list_id, account_id))
    return List._make(row) if row else None


def list_of(tx: Tx, account_id: int) -> list[List]:
    """All lists of somebody, the first made first."""
    return [List._make(row) for row in tx.query(f"SELECT {COLUMNS} FROM lists WHERE account_id = ? ORDER BY id", (account_id,))]


def list_with(tx: Tx, account_id: int, member_id: int) -> list[List]:
    """Those of somebody's lists that an account is in."""
    rows = tx.query(
        f"""SELECT {_L_COLUMNS} FROM list_accounts m CROSS JOIN lists l ON l.id = m.list_id
        WHERE m.account_id = :member AND l.account_id = :owner ORDER BY l.id""",
        {"member": member_id, "owner": account_id},
    )
    return [List._make(row) for row in rows]


def count(tx: Tx, account_id: int) -> int:
    row = tx.one("SELECT count(*) FROM lists WHERE account_id = ?", (account_id,))
    return int(row[0]) if row else 0


# -- members --


def put_members(tx: Tx, list_id: int, account_ids: Iterable[int]) -> int:
    """Returns how many of them were not in it."""
    return tx.execute(
        """INSERT INTO list_accounts (list_id, account_id, created_at)
        SELECT ?, value, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING""",
        (list_id, tx.now, json.dumps(list(account_ids))),
    )


def delete_members(tx: Tx, list_id: int, account_ids: Iterable[int]) -> int:
    sql = "DELETE FROM list_accounts WHERE list_id = ? AND account_id IN (SELECT value FROM json_each(?))"
    return tx.execute(sql, (list_id, json.dumps(list(account_ids))))


def delete_member_everywhere(tx: Tx, owner_id: int, account_id: int) -> int:
    """Take an account out of all lists of somebody."""
    return tx.execute(
        """DELETE FROM list_accounts WHERE account_id = :account
        AND list_id IN (SELECT m.list_id FROM list_accounts m JOIN lists l ON l.id = m.list_id
          WHERE m.account_id = :account AND l.account_id = :owner)""",
        {"account": account_id, "owner": owner_id},
    )


def count_members(tx: Tx, list_id: int) -> int:
    row = tx.one("SELECT count(*) FROM list_accounts WHERE list_id = ?", (list_id,))
    return int(row[0]) if row else 0


def count_all_members(tx: Tx, account_id: int) -> dict[int, int]:
    """How many members each list of somebody has, by its id; lists without are left out."""
    rows = tx.query(
        """SELECT l.id, count(*) FROM lists l JOIN list_accounts m ON m.list_id = l.id
        WHERE l.account_id = ? GROUP BY l.id""",
        (account_id,),
    )
    return {row[0]: row[1] for row in rows}


def list_members(tx: Tx, list_id: int, page: Page) -> list[Account]:
    """The members that are still there, the one known last first."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM list_accounts m CROSS JOIN accounts a ON a.id = m.account_id
        WHERE m.list_id = :list AND m.account_id < :before AND m.account_id > :after AND {_SHOWN}
        ORDER BY m.account_id {"ASC" if page.forward else "DESC"} LIMIT :limit""",
        {"list": list_id, "before": page.before or ids.MAX, "after": page.after, "limit": page.limit},
    )
    found = [Account._make(row) for row in rows]
    return found[::-1] if page.forward else found


def list_in(tx: Tx, list_id: int, account_ids: Iterable[int]) -> set[int]:
    """Which of these are members."""
    rows = tx.query(
        "SELECT account_id FROM list_accounts WHERE list_id = ? AND account_id IN (SELECT value FROM json_each(?))",
        (list_id, json.dumps(list(account_ids))),
    )
    return {row[0] for row in rows}


def list_not_followed(tx: Tx, owner_id: int, account_ids: Iterable[int]) -> set[int]:
    """Which of these somebody neither follows nor asks to, themselves excepted; accounts that are not there among them."""
    rows = tx.query(
        """SELECT j.value FROM json_each(:ids) j WHERE j.value <> :owner
        AND NOT EXISTS (SELECT 1 FROM follows WHERE follower_id = :owner AND followed_id = j.value)""",
        {"owner": owner_id, "ids": json.dumps(list(account_ids))},
    )
    return {row[0] for row in rows}
