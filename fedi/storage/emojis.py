"""Rows of `emojis`: small pictures with a name, per server ('' is this one). The bytes are a file of `media`, fetched on demand."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from fedi import ids
from fedi.storage.db import Tx


class Emoji(NamedTuple):
    """`key` is the public name of its picture; `updated_at` what its server said, or when it came."""

    id: int
    shortcode: str
    host: str
    uri: str
    media_id: int
    category: str
    listed: int
    disabled: int
    updated_at: int
    key: str
    mime: str
    remote_url: str


_SELECT = """SELECT e.id, e.shortcode, e.host, e.uri, e.media_id, e.category, e.listed, e.disabled, e.updated_at,
    m.key, m.mime, m.remote_url
  FROM emojis e JOIN media m ON m.id = e.media_id"""


def insert(tx: Tx, **values: Any) -> None:
    """Add one. Needs shortcode, host, media_id and updated_at. Raises Conflict for a name that is taken on that server."""
    tx.execute(
        """INSERT INTO emojis (id, shortcode, host, uri, media_id, category, updated_at)
        VALUES (:id, :shortcode, :host, :uri, :media_id, :category, :updated_at)""",
        {"id": ids.new(tx.now), "uri": "", "category": "", **values},
    )


def find_many(tx: Tx, host: str, shortcodes: Iterable[str]) -> dict[str, Emoji]:
    """Those of a server, by shortcode; names it does not have are left out."""
    rows = tx.query(
        f"{_SELECT} WHERE e.host = ? AND e.shortcode IN (SELECT value FROM json_each(?)) AND e.disabled = 0",
        (host, json.dumps(list(shortcodes))),
    )
    return {row[1]: Emoji._make(row) for row in rows}


def find(tx: Tx, emoji_id: int) -> Emoji | None:
    row = tx.one(f"{_SELECT} WHERE e.id = ?", (emoji_id,))
    return Emoji._make(row) if row else None


def list_local(tx: Tx) -> list[Emoji]:
    """All of this server, by name."""
    return [Emoji._make(row) for row in tx.query(f"{_SELECT} WHERE e.host = '' ORDER BY e.shortcode")]


def count(tx: Tx, host: str) -> int:
    """How many are known of a server."""
    row = tx.one("SELECT count(*) FROM emojis WHERE host = ?", (host,))
    return int(row[0]) if row else 0


def refresh(tx: Tx, emoji: Emoji, url: str, uri: str, updated_at: int) -> None:
    """Its server has another picture now: the bytes that were fetched are forgotten, the public name of the file stays."""
    tx.execute("UPDATE emojis SET uri = ?, updated_at = ? WHERE id = ?", (uri, updated_at, emoji.id))
    tx.execute(
        "UPDATE media SET remote_url = ?, sha256 = NULL, preview_sha256 = NULL, size_bytes = 0, state = 'ready', retry_at = 0 WHERE id = ?",
        (url, emoji.media_id),
    )


def set_picture(tx: Tx, emoji: Emoji, media_id: int, category: str) -> None:
    """Another picture for one of this server. The former file goes."""
    tx.execute("UPDATE emojis SET media_id = ?, category = ?, updated_at = ? WHERE id = ?", (media_id, category, tx.now, emoji.id))
    tx.execute("DELETE FROM media WHERE id = ?", (emoji.media_id,))


def delete(tx: Tx, emoji: Emoji) -> None:
    """With its file."""
    tx.execute("DELETE FROM media WHERE id = ?", (emoji.media_id,))


def prune(tx: Tx, before: int, limit: int) -> int:
    """Forget those of others that nobody has looked at, nor reacted with, since a time; how many."""
    return tx.execute(
        """DELETE FROM media WHERE id IN (SELECT m.id FROM media m JOIN emojis e ON e.media_id = m.id
          WHERE e.host <> '' AND m.used_at < ?1 AND m.created_at < ?1
            AND NOT EXISTS (SELECT 1 FROM reactions WHERE emoji_id = e.id) LIMIT ?2)""",
        (before, limit),
    )
