"""What is counted of this server and of those it knows, for whoever asks. Each reads many rows: not for each who asks."""

from typing import NamedTuple

from fedi import clock, ids
from fedi.storage.db import Tx

WEEK = 7 * clock.DAY
_MONDAY = 4 * clock.DAY  # 1970 began on a Thursday


class Week(NamedTuple):
    """`began_at` is midnight of a Monday, UTC; public posts, people who came, people who were new."""

    began_at: int
    posts: int
    people: int
    newcomers: int


def list_hosts(tx: Tx) -> list[str]:
    """Other servers that somebody known here is of, but for those that are blocked."""
    return [row[0] for row in tx.query("SELECT DISTINCT host FROM accounts WHERE host <> '' AND host_blocked = 0 ORDER BY host")]


def search_hosts(tx: Tx, start: str, limit: int) -> list[str]:
    """Those of them that begin like this, the ones with most people first."""
    rows = tx.query(
        """SELECT host FROM accounts WHERE host >= :start AND host < :end AND host <> '' AND host_blocked = 0
        GROUP BY host ORDER BY count(*) DESC, host LIMIT :limit""",
        {"start": start, "end": f"{start}\U0010ffff", "limit": limit},
    )
    return [row[0] for row in rows]


def list_weeks(tx: Tx, count: int) -> list[Week]:
    """The weeks up to this one, the latest first."""
    latest = (tx.now - _MONDAY) // WEEK * WEEK + _MONDAY
    first = latest - (count - 1) * WEEK
    bound = {"first": first, "week": WEEK, "low": ids.first_at(first), "day": first // clock.DAY}
    posts = tx.query(
        """SELECT (p.published_at - :first) / :week, count(*) FROM users u CROSS JOIN posts p ON p.account_id = u.account_id
        WHERE p.id >= :low AND p.published_at >= :first AND p.visibility IN ('public', 'unlisted') AND p.local_only = 0
          AND p.boost_of_id IS NULL AND p.held = 0 GROUP BY 1""",
        bound,
    )
    came = tx.query("SELECT (day - :day) / 7, count(DISTINCT account_id) FROM active_days WHERE day >= :day GROUP BY 1", bound)
    new = tx.query("SELECT (created_at - :first) / :week, count(*) FROM users WHERE created_at >= :first GROUP BY 1", bound)
    found = [{row[0]: row[1] for row in rows} for rows in (posts, came, new)]
    return [Week(first + n * WEEK, *(one.get(n, 0) for one in found)) for n in range(count - 1, -1, -1)]


def count_local_posts(tx: Tx) -> tuple[int, int]:
    """(posts, answers) that people here have written, for NodeInfo."""
    row = tx.one(
        """SELECT coalesce(sum(p.in_reply_to_uri = ''), 0), coalesce(sum(p.in_reply_to_uri <> ''), 0) 
        FROM accounts a INDEXED BY accounts_local_name CROSS JOIN posts p ON p.account_id = a.id
        WHERE a.host = '' AND p.boost_of_id IS NULL AND p.visibility IN ('public', 'unlisted')"""
    )
    return (row[0], row[1]) if row else (0, 0)
