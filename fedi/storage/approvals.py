"""Rows of `interaction_requests`: who asked to like, answer, boost or quote a post, and what its author said."""

import json
from typing import NamedTuple

from fedi import ids
from fedi.storage.db import Tx
from fedi.storage.timelines import Page


class Request(NamedTuple):
    """`kind` is one of policies.KINDS. `authorization_uri` is the stamp: ours where the post is, theirs where we asked."""

    id: int
    kind: str
    post_id: int
    account_id: int
    interaction_uri: str
    request_uri: str
    state: str
    authorization_uri: str
    created_at: int
    answered_at: int | None


COLUMNS = ", ".join(Request._fields)
R_COLUMNS = ", ".join(f"r.{name}" for name in Request._fields)


def put(tx: Tx, request: Request) -> None:
    """Add a request, or replace the one about the same interaction."""
    tx.execute(f"INSERT OR REPLACE INTO interaction_requests ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", request)


def new(tx: Tx, kind: str, post_id: int, account_id: int, interaction_uri: str, request_uri: str = "") -> Request:
    """A request to be, not stored yet."""
    return Request(ids.new(tx.now), kind, post_id, account_id, interaction_uri, request_uri, "pending", "", tx.now, None)


def find(tx: Tx, request_id: int) -> Request | None:
    row = tx.one(f"SELECT {COLUMNS} FROM interaction_requests WHERE id = ?", (request_id,))
    return Request._make(row) if row else None


def find_about(tx: Tx, post_id: int, interaction_uri: str, kind: str) -> Request | None:
    """What was asked for one interaction with a post. One and the same post may answer and quote another: that is asked twice."""
    sql = f"SELECT {COLUMNS} FROM interaction_requests WHERE post_id = ? AND interaction_uri = ? AND kind = ?"
    row = tx.one(sql, (post_id, interaction_uri, kind))
    return Request._make(row) if row else None


def find_by_interaction(tx: Tx, interaction_uri: str) -> Request | None:
    """What was asked for an interaction, of whatever kind; for an answer that also quotes, what was asked about the answer."""
    sql = f"SELECT {COLUMNS} FROM interaction_requests WHERE interaction_uri = ? ORDER BY kind = 'reply' DESC LIMIT 1"
    row = tx.one(sql, (interaction_uri,))
    return Request._make(row) if row else None


def find_by_request(tx: Tx, request_uri: str) -> Request | None:
    row = tx.one(f"SELECT {COLUMNS} FROM interaction_requests WHERE request_uri = ? AND request_uri <> '' LIMIT 1", (request_uri,))
    return Request._make(row) if row else None


def list_by_authorization(tx: Tx, uri: str) -> list[Request]:
    """What a stamp is said to be for: a claim of who bears it, until it is `accepted`."""
    rows = tx.query(f"SELECT {COLUMNS} FROM interaction_requests WHERE authorization_uri = ? AND authorization_uri <> ''", (uri,))
    return [Request._make(row) for row in rows]


def delete(tx: Tx, request_id: int) -> None:
    tx.execute("DELETE FROM interaction_requests WHERE id = ?", (request_id,))


def delete_pending(tx: Tx, interaction_uri: str) -> None:
    """The interaction itself is gone: nobody need answer any more."""
    tx.execute("DELETE FROM interaction_requests WHERE interaction_uri = ? AND state = 'pending'", (interaction_uri,))


def delete_by(tx: Tx, kind: str, post_id: int, account_id: int) -> bool:
    """What somebody asked about a post, by kind; returns whether it was still waiting."""
    found = (post_id, account_id, kind)
    states = [row[0] for row in tx.query("SELECT state FROM interaction_requests WHERE post_id = ? AND account_id = ? AND kind = ?", found)]
    if states:
        tx.execute("DELETE FROM interaction_requests WHERE post_id = ? AND account_id = ? AND kind = ?", found)
    return "pending" in states


def count_pending(tx: Tx, owner_id: int) -> int:
    """How much waits for somebody's answer."""
    row = tx.one(
        """SELECT count(*) FROM interaction_requests r INDEXED BY interaction_requests_pending
        CROSS JOIN posts p ON p.id = r.post_id JOIN accounts a ON a.id = r.account_id
        WHERE p.account_id = ? AND r.state = 'pending' AND a.suspended_at IS NULL AND a.host_blocked = 0""",
        (owner_id,),
    )
    return int(row[0]) if row else 0


def count_by(tx: Tx, account_id: int, post_id: int) -> tuple[int, int]:
    """(how much somebody has ever asked about one post, how much of theirs waits anywhere)."""
    row = tx.one(
        "SELECT ifnull(sum(post_id = ?), 0), ifnull(sum(state = 'pending'), 0) FROM interaction_requests WHERE account_id = ?",
        (post_id, account_id),
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)


# By what waits, not by what its reader ever wrote: that is more.
_PENDING = f"""SELECT {R_COLUMNS} FROM interaction_requests r INDEXED BY interaction_requests_pending
  CROSS JOIN posts p ON p.id = r.post_id JOIN accounts a ON a.id = r.account_id
  WHERE p.account_id = :owner AND r.state = 'pending' AND a.suspended_at IS NULL AND a.host_blocked = 0 AND r.id < :before AND r.id > :after
    AND (:post = 0 OR r.post_id = :post) AND r.kind IN (SELECT value FROM json_each(:kinds))"""
# What was agreed to is asked for seldom, and may be more than one's posts.
_GIVEN = f"""SELECT {R_COLUMNS} FROM posts p CROSS JOIN interaction_requests r ON r.post_id = p.id JOIN accounts a ON a.id = r.account_id
  WHERE p.account_id = :owner AND p.boost_of_id IS NULL AND r.state = 'accepted' AND a.suspended_at IS NULL AND a.host_blocked = 0
    AND r.id < :before AND r.id > :after AND (:post = 0 OR r.post_id = :post) AND r.kind IN (SELECT value FROM json_each(:kinds))"""
_BACKWARDS = {state: f"{sql} ORDER BY r.id DESC LIMIT :limit" for state, sql in (("pending", _PENDING), ("accepted", _GIVEN))}
_FORWARDS = {state: f"{sql} ORDER BY r.id ASC LIMIT :limit" for state, sql in (("pending", _PENDING), ("accepted", _GIVEN))}


class Wanted(NamedTuple):
    """Which requests are to be listed: of some kinds, those that wait or those that were agreed to; with `post_id` about one post."""

    kinds: tuple[str, ...]
    state: str = "pending"
    post_id: int = 0


def list_of(tx: Tx, owner_id: int, page: Page, wanted: Wanted) -> list[Request]:
    """What others asked the author of the posts, the latest first."""
    params = {
        "owner": owner_id,
        "before": page.before or (1 << 63) - 1,
        "after": page.after,
        "limit": page.limit,
        "post": wanted.post_id,
        "kinds": json.dumps(wanted.kinds),
    }
    rows = tx.query(_FORWARDS[wanted.state], params)[::-1] if page.forward else tx.query(_BACKWARDS[wanted.state], params)
    return [Request._make(row) for row in rows]
