"""Who of those whom somebody follows follows others too."""

import json
from collections.abc import Iterable

from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx


def list_familiar(tx: Tx, viewer_id: int, account_ids: Iterable[int], each: int) -> dict[int, list[Account]]:
    """For each account: up to `each` of its followers whom the viewer follows.

    None for who keeps to themselves who follows them, and nobody who keeps to themselves whom they follow.
    """
    rows = tx.query(
        f"""WITH familiar (account_id, follower_id, place) AS (
          SELECT t.followed_id, t.follower_id, row_number() OVER (PARTITION BY t.followed_id ORDER BY t.follower_id DESC)
          FROM json_each(:ids) wanted CROSS JOIN follows t ON t.followed_id = wanted.value AND t.state = 'accepted'
          JOIN follows mine ON mine.follower_id = :viewer AND mine.followed_id = t.follower_id AND mine.state = 'accepted'
          JOIN accounts f ON f.id = t.follower_id
          WHERE t.follower_id <> :viewer AND f.suspended_at IS NULL AND f.host_blocked = 0 AND f.deleted_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM users u WHERE u.account_id IN (t.followed_id, t.follower_id)
              AND u.account_id <> :viewer AND json_extract(u.settings, '$.hide_network') = 1)
            AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = t.followed_id AND target_id = :viewer))
        SELECT m.account_id, {A_COLUMNS} FROM familiar m JOIN accounts a ON a.id = m.follower_id
        WHERE m.place <= :each ORDER BY m.account_id, m.place""",
        {"viewer": viewer_id, "ids": json.dumps(list(dict.fromkeys(account_ids))), "each": each},
    )
    found: dict[int, list[Account]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Account._make(row[1:]))
    return found
