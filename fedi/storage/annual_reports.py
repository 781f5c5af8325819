"""Rows of `annual_reports`, and the numbers of somebody's year: what they wrote, who came to follow them, what was boosted most."""

import json
from typing import Any, NamedTuple

from fedi import ids
from fedi.storage.db import Tx

COLUMNS = "account_id, year, state, data, share_key, created_at, read_at"
_OWN = "p.account_id = :account AND p.id >= :first AND p.id < :last"


class Report(NamedTuple):
    """A row. `data` is JSON (`fedi.annual_reports`); `share_key` is '' as long as nobody else may read it."""

    account_id: int
    year: int
    state: str
    data: str
    share_key: str
    created_at: int
    read_at: int | None

    def contents(self) -> dict[str, Any]:
        return dict(json.loads(self.data))


class Kinds(NamedTuple):
    """How many posts of what kind."""

    standalone: int
    answers: int
    boosts: int
    polls: int


def find(tx: Tx, account_id: int, year: int) -> Report | None:
    row = tx.one(f"SELECT {COLUMNS} FROM annual_reports WHERE account_id = ? AND year = ?", (account_id, year))
    return Report._make(row) if row else None


def list_unread(tx: Tx, account_id: int) -> list[Report]:
    """Those that are made and were not looked at yet, the first year first."""
    where = "account_id = ? AND state = 'ready' AND read_at IS NULL"
    rows = tx.query(f"SELECT {COLUMNS} FROM annual_reports WHERE {where} ORDER BY year", (account_id,))
    return [Report._make(row) for row in rows]


def begin(tx: Tx, account_id: int, year: int) -> None:
    """It is being made (anew: what was shared stays shared)."""
    tx.execute(
        """INSERT INTO annual_reports (account_id, year, state, created_at) VALUES (?, ?, 'generating', ?)
        ON CONFLICT (account_id, year) DO UPDATE SET state = 'generating', created_at = excluded.created_at""",
        (account_id, year, tx.now),
    )


def finish(tx: Tx, account_id: int, year: int, data: dict[str, Any]) -> None:
    tx.execute(
        "UPDATE annual_reports SET state = 'ready', data = ?, read_at = NULL, created_at = ? WHERE account_id = ? AND year = ?",
        (json.dumps(data), tx.now, account_id, year),
    )


def mark_read(tx: Tx, account_id: int, year: int) -> None:
    tx.execute("UPDATE annual_reports SET read_at = coalesce(read_at, ?) WHERE account_id = ? AND year = ?", (tx.now, account_id, year))


def set_share_key(tx: Tx, account_id: int, year: int, key: str) -> None:
    """'' ends it."""
    tx.execute("UPDATE annual_reports SET share_key = ? WHERE account_id = ? AND year = ?", (key, account_id, year))


# -- the numbers, of posts with first <= id < last --


def _bounds(account_id: int, since: int, until: int) -> dict[str, int]:
    return {"account": account_id, "first": ids.first_at(since), "last": ids.first_at(until), "since": since, "until": until}


def has_posts(tx: Tx, account_id: int, since: int, until: int) -> bool:
    """Whether they wrote or boosted anything between two times (ms)."""
    return tx.one(f"SELECT 1 FROM posts p WHERE {_OWN} LIMIT 1", _bounds(account_id, since, until)) is not None


def count_kinds(tx: Tx, account_id: int, since: int, until: int) -> Kinds:
    row = tx.one(
        f"""SELECT coalesce(sum(p.boost_of_id IS NULL AND p.in_reply_to_uri = ''), 0),
          coalesce(sum(p.boost_of_id IS NULL AND p.in_reply_to_uri <> ''), 0), coalesce(sum(p.boost_of_id IS NOT NULL), 0),
          coalesce(sum(p.boost_of_id IS NULL AND EXISTS (SELECT 1 FROM polls WHERE post_id = p.id)), 0) FROM posts p WHERE {_OWN}""",
        _bounds(account_id, since, until),
    )
    return Kinds._make(row) if row else Kinds(0, 0, 0, 0)


def count_posts_by_month(tx: Tx, account_id: int, since: int, until: int) -> dict[int, int]:
    rows = tx.query(
        f"""SELECT CAST(strftime('%m', p.published_at / 1000, 'unixepoch') AS INTEGER), count(*) FROM posts p
        WHERE {_OWN} GROUP BY 1""",
        _bounds(account_id, since, until),
    )
    return {row[0]: row[1] for row in rows}


def count_followers_by_month(tx: Tx, account_id: int, since: int, until: int) -> dict[int, int]:
    """Who came then and is still there."""
    rows = tx.query(
        """SELECT CAST(strftime('%m', created_at / 1000, 'unixepoch') AS INTEGER), count(*) FROM follows
        WHERE followed_id = :account AND state = 'accepted' AND created_at >= :since AND created_at < :until GROUP BY 1""",
        _bounds(account_id, since, until),
    )
    return {row[0]: row[1] for row in rows}


def find_top_tag(tx: Tx, account_id: int, since: int, until: int) -> tuple[str, int] | None:
    """The hashtag of most of their posts that everybody may read, and of how many."""
    row = tx.one(
        f"""SELECT t.name, count(*) FROM posts p CROSS JOIN post_tags pt ON pt.post_id = p.id CROSS JOIN tags t ON t.id = pt.tag_id
        WHERE {_OWN} AND p.visibility IN ('public', 'unlisted') AND p.local_only = 0
        GROUP BY t.id ORDER BY count(*) DESC, t.name LIMIT 1""",
        _bounds(account_id, since, until),
    )
    return (row[0], row[1]) if row else None


def find_top_post(tx: Tx, account_id: int, since: int, until: int) -> int | None:
    """The post of theirs, of those that everybody may read, that was boosted most."""
    row = tx.one(
        f"""SELECT p.id FROM posts p WHERE {_OWN} AND p.boost_of_id IS NULL AND p.visibility IN ('public', 'unlisted')
          AND p.local_only = 0 AND p.held = 0 AND p.boosts_count > 0
        ORDER BY p.boosts_count DESC, p.favourites_count DESC, p.id DESC LIMIT 1""",
        _bounds(account_id, since, until),
    )
    return row[0] if row else None
