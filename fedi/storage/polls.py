"""Rows of `polls`, `poll_options` and `poll_votes`. Who voted for what is read for the voter alone, and to count."""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx


class Option(NamedTuple):
    """One answer, by its place."""

    title: str
    votes_count: int


class Poll(NamedTuple):
    """The poll of a post. `ends_at` is None for one without an end, `closed_at` until it was closed; `fetched_at` of remote ones."""

    post_id: int
    multiple: int
    hide_totals: int
    ends_at: int | None
    closed_at: int | None
    voters_count: int
    fetched_at: int
    options: tuple[Option, ...] = ()
    emojis: str = "[]"  # of its post

    @property
    def votes_count(self) -> int:
        return sum(option.votes_count for option in self.options)

    def is_over(self, now: int) -> bool:
        """Whether no vote counts any more."""
        return self.closed_at is not None or (self.ends_at is not None and self.ends_at <= now)

    def shows_totals(self, now: int) -> bool:
        """Whether the counts are for everybody to see."""
        return not self.hide_totals or self.is_over(now)


_COLUMNS = "post_id, multiple, hide_totals, ends_at, closed_at, voters_count, fetched_at"


def insert(tx: Tx, poll: Poll) -> None:
    """Add or replace a poll and its options; votes are dropped."""
    delete(tx, poll.post_id)
    tx.execute(f"INSERT INTO polls ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", poll[:7])
    tx.executemany(
        "INSERT INTO poll_options (post_id, position, title, votes_count) VALUES (?, ?, ?, ?)",
        [(poll.post_id, position, *option) for position, option in enumerate(poll.options)],
    )


def update(tx: Tx, poll: Poll) -> None:
    """Write what a poll is now; its options keep their titles, and all votes stay."""
    tx.execute(
        """UPDATE polls SET multiple = ?, hide_totals = ?, ends_at = ?, closed_at = ?, voters_count = ?, fetched_at = ?
        WHERE post_id = ?""",
        (*poll[1:7], poll.post_id),
    )
    tx.executemany(
        "UPDATE poll_options SET votes_count = ? WHERE post_id = ? AND position = ?",
        [(option.votes_count, poll.post_id, position) for position, option in enumerate(poll.options)],
    )


def delete(tx: Tx, post_id: int) -> None:
    """The poll with its votes."""
    tx.execute("DELETE FROM polls WHERE post_id = ?", (post_id,))


def find(tx: Tx, post_id: int) -> Poll | None:
    return list_of(tx, [post_id]).get(post_id)


def list_of(tx: Tx, post_ids: Iterable[int]) -> dict[int, Poll]:
    """The polls of many posts, by post id."""
    wanted = json.dumps(list(post_ids))
    rows = tx.query(
        f"SELECT {_COLUMNS}, p.emojis FROM polls JOIN posts p ON p.id = polls.post_id WHERE post_id IN (SELECT value FROM json_each(?))",
        (wanted,),
    )
    if not rows:
        return {}
    options: dict[int, list[Option]] = {}
    for post_id, title, votes in tx.query(
        """SELECT post_id, title, votes_count FROM poll_options WHERE post_id IN (SELECT value FROM json_each(?))
        ORDER BY post_id, position""",
        (wanted,),
    ):
        options.setdefault(post_id, []).append(Option(title, votes))
    return {row[0]: Poll._make((*row[:7], tuple(options.get(row[0], ())), row[7])) for row in rows}


def mark_fetched(tx: Tx, post_id: int) -> None:
    tx.execute("UPDATE polls SET fetched_at = ? WHERE post_id = ?", (tx.now, post_id))


# -- votes --


def put_votes(tx: Tx, post_id: int, account_id: int, votes: Sequence[tuple[int, str]]) -> int:
    """Count somebody's (position, uri); those already there do not count again. Returns how many were new."""
    first = not list_choices(tx, account_id, [post_id])
    new = 0
    for position, uri in votes:
        sql = "INSERT INTO poll_votes (post_id, account_id, position, uri, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        if tx.execute(sql, (post_id, account_id, position, uri, tx.now)):
            tx.execute("UPDATE poll_options SET votes_count = votes_count + 1 WHERE post_id = ? AND position = ?", (post_id, position))
            new += 1
    if new and first:
        tx.execute("UPDATE polls SET voters_count = voters_count + 1 WHERE post_id = ?", (post_id,))
    return new


def list_choices(tx: Tx, account_id: int, post_ids: Iterable[int]) -> dict[int, list[int]]:
    """What one person has voted for in many polls: positions by post id."""
    rows = tx.query(
        """SELECT post_id, position FROM poll_votes WHERE account_id = ? AND post_id IN (SELECT value FROM json_each(?))
        ORDER BY post_id, position""",
        (account_id, json.dumps(list(post_ids))),
    )
    found: dict[int, list[int]] = {}
    for post_id, position in rows:
        found.setdefault(post_id, []).append(position)
    return found


def has_local_voter(tx: Tx, post_id: int) -> bool:
    return bool(tx.one("SELECT 1 FROM poll_votes v JOIN users u ON u.account_id = v.account_id WHERE v.post_id = ? LIMIT 1", (post_id,)))


def list_local_voters(tx: Tx, post_id: int) -> list[int]:
    """Whom of ours the end of the poll is told."""
    sql = "SELECT DISTINCT v.account_id FROM poll_votes v JOIN users u ON u.account_id = v.account_id WHERE v.post_id = ?"
    rows = tx.query(sql, (post_id,))
    return [row[0] for row in rows]


def list_remote_voters(tx: Tx, post_id: int) -> list[Account]:
    """Whose servers are told the counts."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM accounts a WHERE a.host <> ''
        AND a.id IN (SELECT account_id FROM poll_votes WHERE post_id = ?)""",
        (post_id,),
    )
    return [Account._make(row) for row in rows]
