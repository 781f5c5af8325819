"""Rows of `followed_tags`: which hashtags people here follow, and the rows of `home` that these bring."""

import json
from collections.abc import Iterable

from fedi.storage.db import Tx
from fedi.storage.timelines import Page

_LAST = (1 << 63) - 1


def put(tx: Tx, account_id: int, tag_id: int) -> bool:
    """Follow; False when one did already."""
    sql = "INSERT INTO followed_tags (account_id, tag_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    return tx.execute(sql, (account_id, tag_id, tx.now)) > 0


def delete(tx: Tx, account_id: int, tag_id: int) -> bool:
    return tx.execute("DELETE FROM followed_tags WHERE account_id = ? AND tag_id = ?", (account_id, tag_id)) > 0


def count(tx: Tx, account_id: int) -> int:
    row = tx.one("SELECT count(*) FROM followed_tags WHERE account_id = ?", (account_id,))
    return int(row[0]) if row else 0


def list_names(tx: Tx, account_id: int, page: Page) -> list[tuple[int, str]]:
    """(id, normalised name) of the hashtags somebody follows, the one that was known last first."""
    rows = tx.query(
        f"""SELECT t.id, t.name FROM followed_tags f JOIN tags t ON t.id = f.tag_id
        WHERE f.account_id = :account AND f.tag_id < :before AND f.tag_id > :after
        ORDER BY f.tag_id {"ASC" if page.forward else "DESC"} LIMIT :limit""",
        {"account": account_id, "before": page.before or _LAST, "after": page.after, "limit": page.limit},
    )
    found = [(row[0], row[1]) for row in rows]
    return found[::-1] if page.forward else found


def list_followed(tx: Tx, account_id: int, tag_ids: Iterable[int]) -> set[int]:
    """Which of these hashtags somebody follows."""
    rows = tx.query(
        "SELECT tag_id FROM followed_tags WHERE account_id = ? AND tag_id IN (SELECT value FROM json_each(?))",
        (account_id, json.dumps(list(tag_ids))),
    )
    return {row[0] for row in rows}


def add_home(tx: Tx, post_id: int) -> int:
    """Put a new public post into the homes of those who follow one of its hashtags; returns into how many.

    Left out: who has muted or blocked the author, or their server, or is blocked by them; and people of a limited server.
    """
    return tx.execute(_ADD, {"post": post_id, "now": tx.now}) if tx.one(_IS_FOLLOWED, (post_id,)) else 0


_IS_FOLLOWED = "SELECT 1 FROM post_tags t CROSS JOIN followed_tags f ON f.tag_id = t.tag_id WHERE t.post_id = ? LIMIT 1"
_ADD = """INSERT INTO home (owner_id, post_id, account_id)
  SELECT DISTINCT f.account_id, p.id, p.account_id FROM post_tags t CROSS JOIN followed_tags f ON f.tag_id = t.tag_id
  CROSS JOIN posts p ON p.id = t.post_id CROSS JOIN accounts a ON a.id = p.account_id
  WHERE t.post_id = :post AND p.visibility = 'public' AND p.boost_of_id IS NULL AND p.held = 0 AND f.account_id <> p.account_id
    AND a.host_limited = 0 AND a.host_blocked = 0 AND a.suspended_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.account_id = f.account_id AND b.target_id = p.account_id)
    AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.account_id = p.account_id AND b.target_id = f.account_id)
    AND NOT EXISTS (SELECT 1 FROM user_domain_blocks d WHERE d.account_id = f.account_id AND d.host = a.host AND a.host <> '')
    AND NOT EXISTS (SELECT 1 FROM mutes m WHERE m.account_id = f.account_id AND m.target_id = p.account_id
      AND (m.expires_at IS NULL OR m.expires_at > :now))
  ON CONFLICT DO NOTHING"""


def empty_home(tx: Tx, owner_id: int, tag_id: int) -> int:
    """A hashtag is followed no more: take out of the home what only it has brought."""
    return tx.execute(
        """DELETE FROM home WHERE owner_id = :owner AND account_id <> :owner
        AND EXISTS (SELECT 1 FROM post_tags WHERE post_id = home.post_id AND tag_id = :tag)
        AND NOT EXISTS (SELECT 1 FROM follows WHERE follower_id = :owner AND followed_id = home.account_id AND state = 'accepted')
        AND NOT EXISTS (SELECT 1 FROM post_tags t JOIN followed_tags f ON f.tag_id = t.tag_id AND f.account_id = :owner
          WHERE t.post_id = home.post_id AND t.tag_id <> :tag)""",
        {"owner": owner_id, "tag": tag_id},
    )
