"""Rows of `post_arrivals`: what came with an answer from elsewhere and is of use later: the stamp it bears, and how it was said.

And what there is to know before a post that arrives is stored.
"""

from typing import NamedTuple

from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import P_COLUMNS, Post


class Place(NamedTuple):
    """Of a post that arrives: whether it is here or its author has taken it back, whether its id has gone to another, and whether answers
    wait for it."""

    is_known_or_gone: int
    is_occupied: int
    is_awaited: int


_PLACE = """SELECT EXISTS (SELECT 1 FROM posts WHERE uri = ?1) OR EXISTS (SELECT 1 FROM tombstones WHERE uri = ?1 AND actor_uri = ?2),
  EXISTS (SELECT 1 FROM posts WHERE id = ?3),
  EXISTS (SELECT 1 FROM posts WHERE in_reply_to_uri = ?1 AND in_reply_to_uri <> '' AND in_reply_to_id IS NULL)"""


def find_place(tx: Tx, uri: str, actor_uri: str, post_id: int) -> Place:
    """Of the post `uri` by an actor, which is to be stored as `post_id`."""
    return Place._make(tx.query(_PLACE, (uri, actor_uri, post_id))[0])


def put_stamp(tx: Tx, post_id: int, stamp_uri: str) -> None:
    """The stamp an answer says it has."""
    tx.execute(
        "INSERT INTO post_arrivals (post_id, stamp_uri) VALUES (?, ?) ON CONFLICT (post_id) DO UPDATE SET stamp_uri = excluded.stamp_uri",
        (post_id, stamp_uri),
    )


def find_stamp(tx: Tx, post_id: int) -> str:
    """It, or ''."""
    row = tx.one("SELECT stamp_uri FROM post_arrivals WHERE post_id = ?", (post_id,))
    return str(row[0]) if row else ""


def put_said(tx: Tx, post_id: int, said: bytes) -> None:
    """The activity that brought an answer which is held."""
    tx.execute(
        "INSERT INTO post_arrivals (post_id, said) VALUES (?, ?) ON CONFLICT (post_id) DO UPDATE SET said = excluded.said",
        (post_id, said),
    )


def take_said(tx: Tx, post_id: int) -> bytes:
    """It, once; b'' where there is none."""
    row = tx.one("SELECT said FROM post_arrivals WHERE post_id = ?", (post_id,))
    if row is None or not row[0]:
        return b""
    tx.execute("UPDATE post_arrivals SET said = x'' WHERE post_id = ?", (post_id,))
    return bytes(row[0])


def list_answers(tx: Tx, parent: Post) -> list[tuple[Post, Account]]:
    """The answers of others elsewhere to a post that everybody sees by now, with who wrote them."""
    rows = tx.query(
        f"""SELECT {P_COLUMNS}, {account_rows.A_COLUMNS} FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.in_reply_to_id = ? AND p.account_id <> ? AND p.held = 0 AND a.host <> '' ORDER BY p.id""",
        (parent.id, parent.account_id),
    )
    width = len(Post._fields)
    return [(Post._make(row[:width]), Account._make(row[width:])) for row in rows]
