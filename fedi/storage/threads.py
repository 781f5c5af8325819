"""What answers what: the posts above and below one, as far as they are here and the viewer may see them."""

import json

from fedi.storage import conversations, visible
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


def list_answers(tx: Tx, post: Post, *, others: bool, after: int, limit: int) -> list[Post]:
    """Public answers of a post's author, or of everybody else whom the author has not blocked, the oldest first, with ids past `after`."""
    rows = tx.query(
        f"""SELECT {post_rows.P_COLUMNS} FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.in_reply_to_id = :post AND (p.account_id <> :author) = :others AND p.id > :after AND {visible.POST}
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :author AND target_id = p.account_id)
        ORDER BY p.id LIMIT :limit""",
        {"post": post.id, "author": post.account_id, "others": int(others), "after": after, "limit": limit, "viewer": 0},
    )
    return [Post._make(row) for row in rows]


_THREAD = """WITH RECURSIVE down (id, depth) AS (
  SELECT :post, 0 UNION SELECT q.id, down.depth + 1 FROM down CROSS JOIN posts q ON q.in_reply_to_id = down.id
  WHERE down.depth < 50 LIMIT 2000)"""


def list_thread(tx: Tx, top_id: int, *, after: int, limit: int) -> list[Post]:
    """The public posts of the thread below and with one, the oldest first, with ids past `after`."""
    rows = tx.query(
        f"""{_THREAD} SELECT {post_rows.P_COLUMNS} FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.id IN (SELECT id FROM down) AND p.id > :after AND {visible.POST} ORDER BY p.id LIMIT :limit""",
        {"post": top_id, "after": after, "limit": limit, "viewer": 0},
    )
    return [Post._make(row) for row in rows]


def count_thread(tx: Tx, top_id: int) -> int:
    """How many posts `list_thread` has in all."""
    row = tx.one(
        f"""{_THREAD} SELECT count(*) FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.id IN (SELECT id FROM down) AND {visible.POST}""",
        {"post": top_id, "viewer": 0},
    )
    return int(row[0]) if row else 0


def find_top(tx: Tx, post_id: int, limit: int) -> Post | None:
    """The post itself, or the highest one above it that is known here, at most `limit` steps up. None when the post is not here."""
    row = tx.one(
        """WITH RECURSIVE up (id, depth) AS (
          SELECT id, 0 FROM posts WHERE id = :post
          UNION SELECT p.in_reply_to_id, up.depth + 1 FROM up JOIN posts p ON p.id = up.id
          WHERE p.in_reply_to_id IS NOT NULL AND up.depth < :limit)
        SELECT id FROM up ORDER BY depth DESC LIMIT 1""",
        {"post": post_id, "limit": limit},
    )
    return post_rows.find(tx, row[0]) if row else None


# -- how far it was completed from elsewhere --


def fetched_at(tx: Tx, post_id: int) -> int:
    """When the answers to a post were last asked for at its own server; 0: never."""
    row = tx.one("SELECT fetched_at FROM threads WHERE post_id = ?", (post_id,))
    return int(row[0]) if row else 0


def mark_fetched(tx: Tx, post_id: int) -> None:
    sql = "INSERT INTO threads (post_id, fetched_at) VALUES (?, ?) ON CONFLICT (post_id) DO UPDATE SET fetched_at = excluded.fetched_at"
    tx.execute(sql, (post_id, tx.now))


def set_replies_uri(tx: Tx, post_id: int, replies_uri: str) -> None:
    """Where a post's own server lists its answers."""
    tx.execute(
        "INSERT INTO threads (post_id, replies_uri) VALUES (?, ?) ON CONFLICT (post_id) DO UPDATE SET replies_uri = excluded.replies_uri",
        (post_id, replies_uri),
    )


def find_replies_uri(tx: Tx, post_id: int) -> str:
    row = tx.one("SELECT replies_uri FROM threads WHERE post_id = ?", (post_id,))
    return str(row[0]) if row else ""


def count_found(tx: Tx, post_ids: list[int], since: int) -> int:
    """How many of these posts came here after a time."""
    row = tx.one(
        "SELECT count(*) FROM posts WHERE id IN (SELECT value FROM json_each(?)) AND received_at >= ?", (json.dumps(post_ids), since)
    )
    return int(row[0]) if row else 0


def adopt_orphans(tx: Tx, parent: Post) -> int | None:
    """A parent has arrived after its answers: tie them to it. Returns how many public ones there were; None without any at all."""
    waiting = "SELECT 1 FROM posts WHERE in_reply_to_uri = ? AND in_reply_to_uri <> '' AND in_reply_to_id IS NULL LIMIT 1"
    if tx.one(waiting, (parent.uri,)) is None:
        return None
    counted = tx.one(
        """SELECT count(*) FROM posts WHERE in_reply_to_uri = ? AND in_reply_to_uri <> '' AND in_reply_to_id IS NULL AND id <> ?
        AND visibility IN ('public', 'unlisted') AND local_only = 0""",
        (parent.uri, parent.id),
    )
    _join(tx, parent)
    tx.execute(
        """UPDATE posts SET in_reply_to_id = ?, in_reply_to_account_id = ?, version = version + 1
        WHERE in_reply_to_uri = ? AND in_reply_to_uri <> '' AND in_reply_to_id IS NULL AND id <> ?""",
        (parent.id, parent.account_id, parent.uri, parent.id),
    )
    return int(counted[0]) if counted else 0


_JOINED = 5_000  # posts of a thread whose top is found to be another's; more stay apart, which costs nobody a post


def _join(tx: Tx, parent: Post) -> None:
    """The threads of what waited for a post are part of its own from now on, conversations too, and who wanted to hear no more of them."""
    waiting = """SELECT DISTINCT thread_id FROM posts WHERE in_reply_to_uri = :uri AND in_reply_to_uri <> '' AND in_reply_to_id IS NULL
      AND id <> :parent AND thread_id <> :thread LIMIT :most"""
    params = {"uri": parent.uri, "parent": parent.id, "thread": parent.thread_id, "most": _JOINED}
    joined = json.dumps([row[0] for row in tx.query(waiting, params)])
    if joined == "[]":
        return
    params |= {"joined": joined}
    among = "thread_id IN (SELECT value FROM json_each(:joined))"
    tx.execute(f"UPDATE OR IGNORE muted_threads SET thread_id = :thread WHERE {among}", params)
    tx.execute(f"UPDATE posts SET thread_id = :thread WHERE id IN (SELECT id FROM posts WHERE {among} LIMIT :most)", params)
    conversations.join(tx, parent.thread_id, joined)
