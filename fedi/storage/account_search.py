"""Finding accounts by their names, their handles, and what they say of themselves; and the directory of those who want to be found."""

from typing import NamedTuple

from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx
from fedi.storage.post_search import NOTHING

LOOKED_AT = 5_000  # candidates that are put in order

SHOWN = "a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL AND a.kind <> 'Application'"
# Nobody whom the viewer has blocked, by themselves or with their server, and nobody who has blocked the viewer.
APART = """(:viewer = 0 OR (
    NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :viewer AND target_id = a.id)
    AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = a.id AND target_id = :viewer)
    AND (a.host = '' OR NOT EXISTS (SELECT 1 FROM user_domain_blocks WHERE account_id = :viewer AND host = a.host))))"""


class Named(NamedTuple):
    """Whom somebody looks for: the beginning of a name, FTS5 expressions for the names and for the biography ('' for none)."""

    text: str
    names: str = ""
    bio: str = ""
    followed: bool = False  # only whom the viewer follows


_FOUND = f"""SELECT {A_COLUMNS} FROM (
    SELECT id, min(rank) AS rank FROM (
      SELECT * FROM (SELECT id, CASE WHEN username = :text COLLATE NOCASE THEN 0 ELSE 1 END AS rank FROM accounts
        WHERE username COLLATE NOCASE >= :text AND username COLLATE NOCASE < :end LIMIT :looked)
      UNION ALL SELECT * FROM (SELECT id, 1 FROM accounts WHERE display_name COLLATE NOCASE >= :text
        AND display_name COLLATE NOCASE < :end AND display_name <> '' LIMIT :looked)
      UNION ALL SELECT * FROM (SELECT rowid, 1 FROM account_search WHERE name MATCH :names LIMIT :looked)
      UNION ALL SELECT * FROM (SELECT s.rowid, 2 FROM account_search s CROSS JOIN accounts d ON d.id = s.rowid
        WHERE s.bio MATCH :bio AND d.discoverable = 1 LIMIT :looked))
    GROUP BY id) m
  CROSS JOIN accounts a NOT INDEXED ON a.id = m.id
  LEFT JOIN follows f ON f.follower_id = :viewer AND f.followed_id = a.id AND f.state = 'accepted'
  WHERE {SHOWN} AND {APART} AND (:followed = 0 OR f.follower_id IS NOT NULL)
  ORDER BY m.rank, f.follower_id IS NULL, a.host <> '', a.followers_count DESC, a.id LIMIT :limit OFFSET :offset"""


def list_named(tx: Tx, viewer_id: int, named: Named, limit: int, offset: int = 0) -> list[Account]:
    """The exact name first, then whom the viewer follows, people of this server, the most followed; what only the biography says last."""
    rows = tx.query(
        _FOUND,
        {
            "viewer": viewer_id,
            "text": named.text,
            "end": named.text + "\U0010ffff",
            "names": named.names or NOTHING,
            "bio": named.bio or NOTHING,
            "followed": int(named.followed),
            "looked": LOOKED_AT,
            "limit": limit,
            "offset": offset,
        },
    )
    return [Account._make(row) for row in rows]


_HANDLE = f"""SELECT {A_COLUMNS} FROM accounts a
  LEFT JOIN follows f ON f.follower_id = :viewer AND f.followed_id = a.id AND f.state = 'accepted'
  WHERE a.username = :name COLLATE NOCASE AND ((a.host >= :host AND a.host < :end) OR (a.host = '' AND :ours))
    AND {SHOWN} AND {APART} AND (:followed = 0 OR f.follower_id IS NOT NULL)
  ORDER BY f.follower_id IS NULL, a.host <> '', a.followers_count DESC, a.id LIMIT :limit OFFSET :offset"""


class Handle(NamedTuple):
    """A handle whose host is not whole yet; `ours` when our own could become of it."""

    name: str
    host: str
    ours: bool
    followed: bool = False


def list_handles(tx: Tx, viewer_id: int, handle: Handle, limit: int, offset: int = 0) -> list[Account]:
    """Accounts of that name on servers whose names begin so."""
    rows = tx.query(
        _HANDLE,
        {
            "viewer": viewer_id,
            "name": handle.name,
            "host": handle.host,
            "end": handle.host + "\U0010ffff",
            "ours": int(handle.ours),
            "followed": int(handle.followed),
            "limit": limit,
            "offset": offset,
        },
    )
    return [Account._make(row) for row in rows]


# -- the directory --

_LISTED = f"""SELECT {A_COLUMNS} FROM accounts a WHERE a.discoverable = 1 AND a.moved_to_uri = '' AND a.host_limited = 0 AND {SHOWN}
  AND {APART} AND (:local = 0 OR a.host = '')
  AND (:viewer = 0 OR NOT EXISTS (SELECT 1 FROM mutes WHERE account_id = :viewer AND target_id = a.id
    AND (expires_at IS NULL OR expires_at > :now)))"""
_ACTIVE = f"{_LISTED} ORDER BY coalesce(a.last_post_at, 0) DESC, a.id DESC LIMIT :limit OFFSET :offset"
_NEW = f"{_LISTED} ORDER BY a.id DESC LIMIT :limit OFFSET :offset"


class Listed(NamedTuple):
    """Which part of the directory."""

    local: bool = False
    newest: bool = False  # by when they came to be known, instead of by when they last wrote
    limit: int = 40
    offset: int = 0


def list_directory(tx: Tx, viewer_id: int, listed: Listed) -> list[Account]:
    """Those who want to be found. A scan: it looks at all of them."""
    params = {"viewer": viewer_id, "now": tx.now, "local": int(listed.local), "limit": listed.limit, "offset": listed.offset}
    rows = tx.query(_NEW, params) if listed.newest else tx.query(_ACTIVE, params)
    return [Account._make(row) for row in rows]
