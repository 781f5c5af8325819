"""Rows of `featured_tags`: the hashtags that somebody shows on their profile."""

from typing import NamedTuple

from fedi.storage.db import Tx


class FeaturedTag(NamedTuple):
    """A hashtag on a profile, with how many public posts of the account have it, and the latest one's time (ms) or None."""

    tag_id: int
    name: str
    posts_count: int
    last_post_at: int | None


def put(tx: Tx, account_id: int, tag_id: int) -> bool:
    """Show it; False when it was shown already."""
    sql = "INSERT INTO featured_tags (account_id, tag_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    return tx.execute(sql, (account_id, tag_id, tx.now)) > 0


def delete(tx: Tx, account_id: int, tag_id: int) -> bool:
    return tx.execute("DELETE FROM featured_tags WHERE account_id = ? AND tag_id = ?", (account_id, tag_id)) > 0


def count(tx: Tx, account_id: int) -> int:
    row = tx.one("SELECT count(*) FROM featured_tags WHERE account_id = ?", (account_id,))
    return int(row[0]) if row else 0


def list_names(tx: Tx, account_id: int) -> list[str]:
    """The normalised names, the first shown first."""
    rows = tx.query(
        """SELECT t.name FROM featured_tags f JOIN tags t ON t.id = f.tag_id
        WHERE f.account_id = ? ORDER BY f.created_at, t.name""",
        (account_id,),
    )
    return [row[0] for row in rows]


def list_of(tx: Tx, account_id: int) -> list[FeaturedTag]:
    """The same with numbers of the account's posts."""
    rows = tx.query(
        """SELECT t.id, t.name, count(p.id), max(p.published_at)
        FROM featured_tags f JOIN tags t ON t.id = f.tag_id
        LEFT JOIN post_tags pt ON pt.tag_id = t.id
        LEFT JOIN posts p ON p.id = pt.post_id AND p.account_id = f.account_id AND p.local_only = 0
          AND p.visibility IN ('public', 'unlisted')
        WHERE f.account_id = ? GROUP BY t.id ORDER BY f.created_at, t.name""",
        (account_id,),
    )
    return [FeaturedTag._make(row) for row in rows]


def list_suggested(tx: Tx, account_id: int, limit: int) -> list[str]:
    """The hashtags the account has used most in its latest public posts and does not show yet."""
    rows = tx.query(
        """SELECT t.name FROM (
            SELECT id FROM posts WHERE account_id = :account AND boost_of_id IS NULL AND visibility IN ('public', 'unlisted')
            ORDER BY id DESC LIMIT 1000) p
        JOIN post_tags pt ON pt.post_id = p.id JOIN tags t ON t.id = pt.tag_id
        WHERE NOT EXISTS (SELECT 1 FROM featured_tags f WHERE f.account_id = :account AND f.tag_id = t.id)
        GROUP BY t.id ORDER BY count(*) DESC, t.name LIMIT :limit""",
        {"account": account_id, "limit": limit},
    )
    return [row[0] for row in rows]
