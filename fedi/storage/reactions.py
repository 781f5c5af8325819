"""Rows of `reactions`: who has answered a post with which emoji."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi.storage import visible
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx


class Reaction(NamedTuple):
    """One emoji of one person under one post. `name` is the character, or a shortcode, whose emoji may be known."""

    account_id: int
    post_id: int
    name: str
    emoji_id: int | None
    uri: str


class Tally(NamedTuple):
    """How many have answered a post with one emoji. `host` and `key` are of a custom emoji's server and picture, or ''."""

    post_id: int
    name: str
    host: str
    key: str
    number: int
    mine: int


_COLUMNS = ", ".join(Reaction._fields)
# Custom emoji are shown while nobody has switched them off; people as long as they are shown at all.
_SHOWN = "a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL"
_EMOJI = "LEFT JOIN emojis e ON e.id = r.emoji_id AND e.disabled = 0 LEFT JOIN media m ON m.id = e.media_id"


def put(tx: Tx, reaction: Reaction) -> bool:
    """React; False when one has already."""
    sql = f"INSERT INTO reactions ({_COLUMNS}, created_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return tx.execute(sql, (*reaction, tx.now)) > 0


def delete(tx: Tx, reaction: Reaction) -> bool:
    sql = "DELETE FROM reactions WHERE post_id = ? AND account_id = ? AND name = ?"
    return tx.execute(sql, (reaction.post_id, reaction.account_id, reaction.name)) > 0


def list_by(tx: Tx, account_id: int, post_id: int) -> list[Reaction]:
    """All that one person has given one post."""
    rows = tx.query(f"SELECT {_COLUMNS} FROM reactions WHERE post_id = ? AND account_id = ?", (post_id, account_id))
    return [Reaction._make(row) for row in rows]


def has_reacted(tx: Tx, account_id: int, post_id: int) -> bool:
    return bool(tx.one("SELECT 1 FROM reactions WHERE post_id = ? AND account_id = ? LIMIT 1", (post_id, account_id)))


def find_by_uri(tx: Tx, uri: str) -> Reaction | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM reactions WHERE uri = ? AND uri <> ''", (uri,)) if uri else None
    return Reaction._make(row) if row else None


def count_names(tx: Tx, post_id: int, name: str) -> tuple[int, bool]:
    """How many different emoji stand under a post, and whether this one does."""
    row = tx.one("SELECT count(DISTINCT name), ifnull(max(name = ?), 0) FROM reactions WHERE post_id = ?", (name, post_id))
    return (int(row[0]), bool(row[1])) if row else (0, False)


def list_reacted(tx: Tx, post_ids: Iterable[int]) -> set[int]:
    """Those of many posts that have any."""
    sql = "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM reactions WHERE post_id = value)"
    return {row[0] for row in tx.query(sql, (json.dumps(list(post_ids)),))}


def list_names(tx: Tx, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], list[str]]:
    """What each of some people has given a post, by (account id, post id)."""
    sql = """SELECT r.account_id, r.post_id, r.name FROM json_each(?) w
        JOIN reactions r ON r.post_id = json_extract(w.value, '$[1]') AND r.account_id = json_extract(w.value, '$[0]')"""
    found: dict[tuple[int, int], list[str]] = {}
    for account_id, post_id, name in tx.query(sql, (json.dumps(list(pairs)),)):
        found.setdefault((account_id, post_id), []).append(name)
    return found


def list_tallies(tx: Tx, viewer_id: int, post_ids: Iterable[int]) -> dict[int, list[Tally]]:
    """What stands under many posts, by post id: what most have given first, then what came first."""
    rows = tx.query(
        f"""SELECT r.post_id, r.name, ifnull(e.host, ''), ifnull(m.key, ''), count(*), max(r.account_id = :viewer)
        FROM reactions r JOIN accounts a ON a.id = r.account_id {_EMOJI}
        WHERE r.post_id IN (SELECT value FROM json_each(:ids)) AND {_SHOWN}
        GROUP BY r.post_id, r.name, ifnull(e.host, '') ORDER BY r.post_id, count(*) DESC, min(r.created_at), r.name""",
        {"viewer": viewer_id, "ids": json.dumps(list(post_ids))},
    )
    found: dict[int, list[Tally]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Tally._make(row))
    return found


def list_latest(tx: Tx, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], tuple[str, str]]:
    """(name, key of the picture or '') of the last reaction for each (post id, account id)."""
    rows = tx.query(
        f"""SELECT r.post_id, r.account_id, r.name, ifnull(m.key, ''), max(r.created_at)
        FROM json_each(?) j JOIN reactions r
          ON r.post_id = json_extract(j.value, '$[0]') AND r.account_id = json_extract(j.value, '$[1]') {_EMOJI}
        GROUP BY r.post_id, r.account_id""",
        (json.dumps(list(pairs)),),
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def list_people(tx: Tx, viewer_id: int, post_id: int, limit: int) -> list[tuple[str, str, Account]]:
    """(name, host of the custom emoji or '', who) under a post the viewer may see; nobody a block stands between. The first first."""
    rows = tx.query(
        f"""SELECT r.name, ifnull(e.host, ''), {A_COLUMNS}
        FROM reactions r JOIN posts p ON p.id = r.post_id JOIN accounts a ON a.id = r.account_id {_EMOJI}
        WHERE r.post_id = :post AND {_SHOWN}
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :viewer AND target_id = a.id)
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = a.id AND target_id = :viewer)
          AND EXISTS (SELECT 1 FROM posts p JOIN accounts a ON a.id = p.account_id WHERE p.id = :post AND {visible.POST})
        ORDER BY r.created_at, a.id LIMIT :limit""",
        {"viewer": viewer_id, "post": post_id, "limit": limit},
    )
    return [(row[0], row[1], Account._make(row[2:])) for row in rows]
