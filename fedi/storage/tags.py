"""Rows of `tags`."""

from fedi import ids
from fedi.storage.db import Tx


def exists(tx: Tx, name: str) -> bool:
    """Whether any post here has had the (normalised) hashtag."""
    return bool(tx.one("SELECT 1 FROM tags WHERE name = ?", (name,)))


def find_id(tx: Tx, name: str) -> int | None:
    """The id of a (normalised) hashtag that is known here."""
    row = tx.one("SELECT id FROM tags WHERE name = ?", (name,))
    return row[0] if row else None


def put(tx: Tx, name: str) -> int:
    """The id of a (normalised) hashtag, which is known from now on."""
    tx.execute("INSERT INTO tags (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING", (ids.new(tx.now), name))
    found = find_id(tx, name)
    assert found is not None  # it was put there by the statement before, if not earlier
    return found


def list_matching(tx: Tx, prefix: str, limit: int) -> list[str]:
    """Known hashtags that begin with a normalised text."""
    end = prefix + "\U0010ffff"
    rows = tx.query(
        "SELECT t.name FROM tags t WHERE t.name >= ? AND t.name < ? AND EXISTS (SELECT 1 FROM post_tags pt"
        " JOIN posts p ON p.id = pt.post_id WHERE pt.tag_id = t.id AND p.visibility = 'public') ORDER BY t.name LIMIT ?",
        (prefix, end, limit),
    )
    return [row[0] for row in rows]
