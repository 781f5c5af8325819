"""What answers what: the posts above and below one, as far as they are here and the viewer may see them."""

from fedi.storage import posts as post_rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post


def list_ancestors(tx: Tx, viewer_id: int, post_id: int, limit: int) -> list[Post]:
    """What the post answers, the root first, as far as known and visible to the viewer; at most `limit` steps up."""
    rows = tx.query(
        """WITH RECURSIVE up (id, depth) AS (
          SELECT in_reply_to_id, 1 FROM posts WHERE id = :post
          UNION ALL SELECT (SELECT in_reply_to_id FROM posts WHERE id = up.id), up.depth + 1 FROM up
          WHERE up.id IS NOT NULL AND up.depth < :limit)
        SELECT id FROM up WHERE id IS NOT NULL AND id <> :post""",
        {"post": post_id, "limit": limit},
    )
    return _in_order(tx, viewer_id, [row[0] for row in rows])[::-1]


def list_descendants(tx: Tx, viewer_id: int, post_id: int, limit: int) -> list[Post]:
    """The answers to a post and to its answers, in reading order (each followed by its own answers), visible to the viewer."""
    rows = tx.query(
        """WITH RECURSIVE down (id, path, depth) AS (
          SELECT id, printf('%020d', id), 1 FROM posts WHERE in_reply_to_id = :post
          UNION ALL SELECT q.id, down.path || printf('%020d', q.id), down.depth + 1 FROM down
          CROSS JOIN posts q ON q.in_reply_to_id = down.id WHERE down.depth < 50 LIMIT 4 * :limit)
        SELECT id FROM down WHERE id <> :post ORDER BY path""",
        {"post": post_id, "limit": limit},
    )
    return _in_order(tx, viewer_id, [row[0] for row in rows])[:limit]


def _in_order(tx: Tx, viewer_id: int, post_ids: list[int]) -> list[Post]:
    """Those the viewer may see, each once: posts of strangers may answer each other in a circle."""
    found = post_rows.list_visible(tx, viewer_id, post_ids) if post_ids else {}
    return [found[post_id] for post_id in dict.fromkeys(post_ids) if post_id in found]


def adopt_orphans(tx: Tx, parent: Post) -> int:
    """A parent has arrived after its answers: tie them to it. Returns how many public ones there were."""
    waiting = "SELECT 1 FROM posts WHERE in_reply_to_uri = ? AND in_reply_to_uri <> '' AND in_reply_to_id IS NULL LIMIT 1"
    if tx.one(waiting, (parent.uri,)) is None:
        return 0
    counted = tx.one(
        """SELECT count(*) FROM posts WHERE in_reply_to_uri = ? AND in_reply_to_uri <> '' AND in_reply_to_id IS NULL AND id <> ?
        AND visibility IN ('public', 'unlisted') AND local_only = 0""",
        (parent.uri, parent.id),
    )
    tx.execute(
        """UPDATE posts SET in_reply_to_id = ?, in_reply_to_account_id = ?, version = version + 1
        WHERE in_reply_to_uri = ? AND in_reply_to_uri <> '' AND in_reply_to_id IS NULL AND id <> ?""",
        (parent.id, parent.account_id, parent.uri, parent.id),
    )
    return int(counted[0]) if counted else 0
