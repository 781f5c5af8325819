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


def find_name(tx: Tx, tag_id: int) -> str | None:
    """The normalised name of a hashtag by its id."""
    row = tx.one("SELECT name FROM tags WHERE id = ?", (tag_id,))
    return row[0] if row else None


def put(tx: Tx, name: str) -> int:
    """The id of a (normalised) hashtag, which is known from now on."""
    tx.execute("INSERT INTO tags (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING", (ids.new(tx.now), name))
    found = find_id(tx, name)
    assert found is not None  # it was put there by the statement before, if not earlier
    return found


_USED = """SELECT t.name, (SELECT count(*) FROM (SELECT 1 FROM post_tags WHERE tag_id = t.id LIMIT :counted)) AS uses
  FROM (SELECT id, name FROM tags WHERE name >= :prefix AND name < :end ORDER BY name LIMIT :looked) t
  WHERE EXISTS (SELECT 1 FROM post_tags pt JOIN posts p ON p.id = pt.post_id JOIN accounts a ON a.id = p.account_id
    WHERE pt.tag_id = t.id AND p.visibility = 'public' AND p.local_only = 0 AND p.held = 0
      AND a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL)
  ORDER BY t.name <> :prefix, uses DESC, t.name LIMIT :limit OFFSET :offset"""


def list_matching(tx: Tx, prefix: str, limit: int, offset: int = 0) -> list[str]:
    """Hashtags of public posts that begin with a normalised text: itself first, then those used most. The first thousand are looked at."""
    bounds = {"prefix": prefix, "end": prefix + "\U0010ffff", "looked": 1000, "counted": 1000, "limit": limit, "offset": offset}
    return [row[0] for row in tx.query(_USED, bounds)]
