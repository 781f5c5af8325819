"""Rows of `favourites`, `bookmarks` and `pins`, and what a viewer has done to posts."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi.storage import visible
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx


class Flags(NamedTuple):
    """What one viewer has done to one post."""

    favourited: bool = False
    boosted: bool = False
    bookmarked: bool = False
    pinned: bool = False


NO_FLAGS = Flags()


def put_favourite(tx: Tx, account_id: int, post_id: int, uri: str) -> bool:
    """Favourite; False when it was already."""
    sql = "INSERT INTO favourites (account_id, post_id, uri, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return tx.execute(sql, (account_id, post_id, uri, tx.now)) > 0


def find_favourite(tx: Tx, account_id: int, post_id: int) -> str | None:
    """The Like's id, or None when there is none."""
    row = tx.one("SELECT uri FROM favourites WHERE account_id = ? AND post_id = ?", (account_id, post_id))
    return str(row[0]) if row else None


def find_favourite_by_uri(tx: Tx, uri: str) -> tuple[int, int] | None:
    """(account id, post id) of a Like, by its id."""
    row = tx.one("SELECT account_id, post_id FROM favourites WHERE uri = ?", (uri,)) if uri else None
    return (row[0], row[1]) if row else None


def delete_favourite(tx: Tx, account_id: int, post_id: int) -> bool:
    return tx.execute("DELETE FROM favourites WHERE account_id = ? AND post_id = ?", (account_id, post_id)) > 0


def put_bookmark(tx: Tx, account_id: int, post_id: int) -> None:
    sql = "INSERT INTO bookmarks (account_id, post_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    tx.execute(sql, (account_id, post_id, tx.now))


def delete_bookmark(tx: Tx, account_id: int, post_id: int) -> None:
    tx.execute("DELETE FROM bookmarks WHERE account_id = ? AND post_id = ?", (account_id, post_id))


def put_pin(tx: Tx, account_id: int, post_id: int) -> bool:
    sql = "INSERT INTO pins (account_id, post_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    return tx.execute(sql, (account_id, post_id, tx.now)) > 0


def delete_pin(tx: Tx, account_id: int, post_id: int) -> bool:
    return tx.execute("DELETE FROM pins WHERE account_id = ? AND post_id = ?", (account_id, post_id)) > 0


def list_pins(tx: Tx, account_id: int) -> list[int]:
    """Ids of an account's pinned posts."""
    return [row[0] for row in tx.query("SELECT post_id FROM pins WHERE account_id = ?", (account_id,))]


def count_pins(tx: Tx, account_id: int) -> int:
    row = tx.one("SELECT count(*) FROM pins WHERE account_id = ?", (account_id,))
    return int(row[0]) if row else 0


def list_flags(tx: Tx, viewer_id: int, post_ids: Iterable[int]) -> dict[int, Flags]:
    """The viewer's flags for many posts, in one statement."""
    if not viewer_id:
        return {}
    rows = tx.query(
        """SELECT value,
          EXISTS (SELECT 1 FROM favourites WHERE account_id = :viewer AND post_id = value),
          EXISTS (SELECT 1 FROM posts WHERE boost_of_id = value AND account_id = :viewer),
          EXISTS (SELECT 1 FROM bookmarks WHERE account_id = :viewer AND post_id = value),
          EXISTS (SELECT 1 FROM pins WHERE account_id = :viewer AND post_id = value)
        FROM json_each(:ids)""",
        {"viewer": viewer_id, "ids": json.dumps(list(post_ids))},
    )
    return {row[0]: Flags(bool(row[1]), bool(row[2]), bool(row[3]), bool(row[4])) for row in rows}


def list_favouriters(tx: Tx, post_id: int, limit: int = 40) -> list[Account]:
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM favourites f JOIN accounts a ON a.id = f.account_id WHERE f.post_id = ?
        AND a.suspended_at IS NULL AND a.host_blocked = 0 ORDER BY f.created_at DESC LIMIT ?""",
        (post_id, limit),
    )
    return [Account._make(row) for row in rows]


def list_boosters(tx: Tx, viewer_id: int, post_id: int, limit: int = 40) -> list[Account]:
    """Who boosted a post, as far as the viewer may see the boosts."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM posts p JOIN accounts a ON a.id = p.account_id WHERE p.boost_of_id = :post
        AND {visible.POST} ORDER BY p.id DESC LIMIT :limit""",
        {"post": post_id, "viewer": viewer_id, "limit": limit},
    )
    return [Account._make(row) for row in rows]


def list_bookmarked(tx: Tx, account_id: int, before: int, limit: int) -> list[int]:
    """Ids of bookmarked posts the owner may still see, the latest post first."""
    rows = tx.query(
        f"""SELECT p.id FROM bookmarks b JOIN posts p ON p.id = b.post_id JOIN accounts a ON a.id = p.account_id
        WHERE b.account_id = :viewer AND (:before = 0 OR p.id < :before) AND {visible.POST} ORDER BY p.id DESC LIMIT :limit""",
        {"viewer": account_id, "before": before, "limit": limit},
    )
    return [row[0] for row in rows]
