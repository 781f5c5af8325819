"""How often hashtags are used: public posts and their authors by day."""

import json
from collections.abc import Iterable

from fedi import clock, ids
from fedi.storage.db import Tx

_USES = """SELECT pt.tag_id, p.published_at / :day, count(*), count(DISTINCT p.account_id)
  FROM post_tags pt CROSS JOIN posts p ON p.id = pt.post_id CROSS JOIN accounts a ON a.id = p.account_id
  WHERE pt.tag_id IN (SELECT value FROM json_each(:tags)) AND pt.post_id >= :since
    AND p.visibility = 'public' AND p.local_only = 0 AND p.held = 0
    AND a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL
  GROUP BY 1, 2"""

Days = dict[int, tuple[int, int]]  # day since 1970 -> (posts, their authors)


def list_uses(tx: Tx, tag_ids: Iterable[int], since: int) -> dict[int, Days]:
    """What happened with these hashtags since a time (ms), by tag id; days without a post are left out."""
    rows = tx.query(_USES, {"tags": json.dumps(list(tag_ids)), "since": ids.first_at(since), "day": clock.DAY})
    found: dict[int, Days] = {}
    for tag_id, day, uses, accounts in rows:
        found.setdefault(tag_id, {})[day] = (uses, accounts)
    return found
