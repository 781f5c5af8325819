"""Rows of `tags`."""

from fedi.storage.db import Tx


def exists(tx: Tx, name: str) -> bool:
    """Whether any post here has had the (normalised) hashtag."""
    return bool(tx.one("SELECT 1 FROM tags WHERE name = ?", (name,)))


def list_matching(tx: Tx, prefix: str, limit: int) -> list[str]:
    """Known hashtags that begin with a normalised text."""
    end = prefix + "\U0010ffff"
    rows = tx.query(
        "SELECT t.name FROM tags t WHERE t.name >= ? AND t.name < ? AND EXISTS (SELECT 1 FROM post_tags pt"
        " JOIN posts p ON p.id = pt.post_id WHERE pt.tag_id = t.id AND p.visibility = 'public') ORDER BY t.name LIMIT ?",
        (prefix, end, limit),
    )
    return [row[0] for row in rows]
