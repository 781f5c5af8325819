"""Rows of `favourites`, `bookmarks` and `pins`, and what a viewer has done to posts."""

import json
from collections.abc import Iterable
from typing import Final, NamedTuple

from fedi import ids
from fedi.storage import visible
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx
from fedi.storage.timelines import Page

_FIRST: Final = Page(limit=40)


class Flags(NamedTuple):
    """What one viewer has done to one post."""

    favourited: bool = False
    boosted: bool = False
    bookmarked: bool = False
    pinned: bool = False


NO_FLAGS = Flags()


def put_favourite(tx: Tx, account_id: int, post_id: int, uri: str) -> bool:
    """Favourite; False when it was already."""
    sql = "INSERT INTO favourites (account_id, post_id, uri, created_at, id) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return tx.execute(sql, (account_id, post_id, uri, tx.now, ids.new(tx.now))) > 0


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


_LIKERS = f"""SELECT f.id, {A_COLUMNS} FROM favourites f JOIN accounts a ON a.id = f.account_id
  WHERE f.post_id = :post AND f.id < :before AND f.id > :after
  AND a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL ORDER BY f.id"""
_BOOSTERS = f"""SELECT p.id, {A_COLUMNS} FROM posts p JOIN accounts a ON a.id = p.account_id
  WHERE p.boost_of_id = :post AND p.id < :before AND p.id > :after AND {visible.POST} ORDER BY p.id"""


def list_favouriters(tx: Tx, post_id: int, page: Page = _FIRST) -> list[tuple[int, Account]]:
    """(id of the like, who), the latest first."""
    return _people(tx, _LIKERS, page, {"post": post_id})


def list_boosters(tx: Tx, viewer_id: int, post_id: int, page: Page = _FIRST) -> list[tuple[int, Account]]:
    """(id of the boost, who), the latest first, as far as the viewer may see the boosts."""
    return _people(tx, _BOOSTERS, page, {"post": post_id, "viewer": viewer_id})


def _people(tx: Tx, sql: str, page: Page, params: dict[str, object]) -> list[tuple[int, Account]]:
    bounds = {"before": page.before or ids.MAX, "after": page.after, "limit": page.limit}
    rows = tx.query(f"{sql} {'ASC' if page.forward else 'DESC'} LIMIT :limit", params | bounds)
    found = [(row[0], Account._make(row[1:])) for row in rows]
    return found[::-1] if page.forward else found


def list_bookmarked(tx: Tx, account_id: int, before: int, limit: int) -> list[int]:
    """Ids of bookmarked posts the owner may still see, the latest post first."""
    rows = tx.query(
        f"""SELECT p.id FROM bookmarks b JOIN posts p ON p.id = b.post_id JOIN accounts a ON a.id = p.account_id
        WHERE b.account_id = :viewer AND (:before = 0 OR p.id < :before) AND {visible.POST} ORDER BY p.id DESC LIMIT :limit""",
        {"viewer": account_id, "before": before, "limit": limit},
    )
    return [row[0] for row in rows]
