"""Whom somebody may want to follow, from different angles: people who want to be found and with whom they have nothing to do yet."""

import json
from collections.abc import Iterable

from fedi import ids
from fedi.storage.account_search import APART, SHOWN
from fedi.storage.db import Tx

_OPEN = f"""a.discoverable = 1 AND a.moved_to_uri = '' AND a.memorial = 0 AND a.host_limited = 0 AND a.id <> :viewer AND {SHOWN} AND {APART}
  AND NOT EXISTS (SELECT 1 FROM follows WHERE follower_id = :viewer AND followed_id = a.id)
  AND NOT EXISTS (SELECT 1 FROM mutes WHERE account_id = :viewer AND target_id = a.id)
  AND NOT EXISTS (SELECT 1 FROM dismissed_suggestions WHERE account_id = :viewer AND target_id = a.id)"""


def dismiss(tx: Tx, account_id: int, target_id: int) -> None:
    """Suggest them no more; nothing for an account that is not there."""
    tx.execute(
        """INSERT INTO dismissed_suggestions (account_id, target_id, created_at) SELECT ?, id, ? FROM accounts WHERE id = ?
        ON CONFLICT DO NOTHING""",
        (account_id, tx.now, target_id),
    )


def list_open(tx: Tx, viewer_id: int, account_ids: Iterable[int]) -> list[int]:
    """Those of these accounts that may be suggested, in order."""
    rows = tx.query(
        f"SELECT a.id FROM json_each(:ids) j CROSS JOIN accounts a ON a.id = j.value WHERE {_OPEN} ORDER BY j.key",
        {"viewer": viewer_id, "ids": json.dumps(list(account_ids))},
    )
    return [row[0] for row in rows]


def list_friends_of_friends(tx: Tx, viewer_id: int, limit: int) -> list[int]:
    """Whom most of those follow whom the viewer follows; those who keep to themselves whom they follow are not asked."""
    rows = tx.query(
        f"""SELECT a.id FROM follows f CROSS JOIN follows g ON g.follower_id = f.followed_id AND g.state = 'accepted'
        CROSS JOIN accounts a ON a.id = g.followed_id
        WHERE f.follower_id = :viewer AND f.state = 'accepted' AND {_OPEN}
          AND NOT EXISTS (SELECT 1 FROM users WHERE account_id = f.followed_id AND json_extract(settings, '$.hide_network') = 1)
        GROUP BY a.id ORDER BY count(*) DESC, a.followers_count DESC, a.id LIMIT :limit""",
        {"viewer": viewer_id, "limit": limit},
    )
    return [row[0] for row in rows]


def list_similar(tx: Tx, viewer_id: int, since: int, limit: int) -> list[int]:
    """Who writes since a time (ms) about what those write about whom the viewer has followed last: most hashtags in common first."""
    rows = tx.query(
        f"""WITH recent AS (SELECT followed_id FROM follows WHERE follower_id = :viewer AND state = 'accepted'
            ORDER BY created_at DESC, followed_id DESC LIMIT 10),
          topics AS (SELECT pt.tag_id FROM recent r CROSS JOIN posts p ON p.account_id = r.followed_id
            CROSS JOIN post_tags pt ON pt.post_id = p.id WHERE p.id >= :since AND p.visibility = 'public'
            GROUP BY pt.tag_id ORDER BY count(*) DESC, pt.tag_id LIMIT 20)
        SELECT a.id FROM topics t CROSS JOIN post_tags pt ON pt.tag_id = t.tag_id CROSS JOIN posts p ON p.id = pt.post_id
        CROSS JOIN accounts a ON a.id = p.account_id
        WHERE pt.post_id >= :since AND p.visibility = 'public' AND {_OPEN}
        GROUP BY a.id ORDER BY count(DISTINCT pt.tag_id) DESC, count(*) DESC, a.id LIMIT :limit""",
        {"viewer": viewer_id, "since": ids.first_at(since), "limit": limit},
    )
    return [row[0] for row in rows]


def list_liked(tx: Tx, viewer_id: int, since: int, limit: int) -> list[int]:
    """Whose posts the viewer has liked most since a time (ms)."""
    rows = tx.query(
        f"""SELECT a.id FROM favourites f CROSS JOIN posts p ON p.id = f.post_id CROSS JOIN accounts a ON a.id = p.account_id
        WHERE f.account_id = :viewer AND f.created_at >= :since AND {_OPEN}
        GROUP BY a.id ORDER BY count(*) DESC, a.id LIMIT :limit""",
        {"viewer": viewer_id, "since": since, "limit": limit},
    )
    return [row[0] for row in rows]


def list_most_followed(tx: Tx, viewer_id: int, limit: int) -> list[int]:
    """Who has most followers as far as this server knows."""
    rows = tx.query(
        f"SELECT a.id FROM accounts a WHERE a.followers_count > 0 AND {_OPEN} ORDER BY a.followers_count DESC, a.id LIMIT :limit",
        {"viewer": viewer_id, "limit": limit},
    )
    return [row[0] for row in rows]
