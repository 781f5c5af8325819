"""Rows of `groups`, `group_moderators` and `group_bans`; which posts are in a group, and what it has pinned."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.errors import NotFound
from fedi.storage import visible
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx
from fedi.storage.posts import P_COLUMNS, Post
from fedi.storage.timelines import Page


class Group(NamedTuple):
    """What a group of this server has besides its account. `posting` is `anyone`, `members` or `moderators`."""

    account_id: int
    rules: str
    posting: str
    created_by_id: int | None


class Ban(NamedTuple):
    """Somebody who may not take part in a group, until `expires_at` (None: for good)."""

    group_id: int
    account_id: int
    reason: str
    expires_at: int | None
    created_at: int


_GROUP = ", ".join(Group._fields)
_BAN = ", ".join(Ban._fields)
_B_COLUMNS = ", ".join(f"b.{name}" for name in Ban._fields)
_LIVING = "b.expires_at IS NULL OR b.expires_at > :now"


def put(tx: Tx, group: Group) -> None:
    """Add a group of this server, or change it."""
    tx.execute(
        f"""INSERT INTO groups ({_GROUP}) VALUES (?, ?, ?, ?)
        ON CONFLICT (account_id) DO UPDATE SET rules = excluded.rules, posting = excluded.posting""",
        group,
    )


def find(tx: Tx, account_id: int) -> Group | None:
    row = tx.one(f"SELECT {_GROUP} FROM groups WHERE account_id = ?", (account_id,))
    return Group._make(row) if row else None


def get(tx: Tx, account_id: int) -> Group:
    """Raises NotFound."""
    found = find(tx, account_id)
    if found is None:
        raise NotFound("There is no such group here.")
    return found


def count_made_by(tx: Tx, account_id: int) -> int:
    """How many groups somebody has made here that are still there."""
    row = tx.one(
        "SELECT count(*) FROM groups g JOIN accounts a ON a.id = g.account_id WHERE g.created_by_id = ? AND a.deleted_at IS NULL",
        (account_id,),
    )
    return int(row[0]) if row else 0


def list_hosted(tx: Tx) -> list[Account]:
    """The groups of this server, by name."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM groups g JOIN accounts a ON a.id = g.account_id
        WHERE a.deleted_at IS NULL AND a.suspended_at IS NULL ORDER BY a.username"""
    )
    return [Account._make(row) for row in rows]


def list_followed(tx: Tx, follower_id: int) -> list[Account]:
    """The groups somebody follows, wherever they are."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM follows f JOIN accounts a ON a.id = f.followed_id WHERE f.follower_id = ? AND f.state = 'accepted'
        AND a.kind = 'Group' AND a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL ORDER BY a.username LIMIT 500""",
        (follower_id,),
    )
    return [Account._make(row) for row in rows]


# -- moderators --


def add_moderator(tx: Tx, group_id: int, account_id: int) -> None:
    tx.execute("INSERT INTO group_moderators (group_id, account_id) VALUES (?, ?) ON CONFLICT DO NOTHING", (group_id, account_id))


def remove_moderator(tx: Tx, group_id: int, account_id: int) -> bool:
    return tx.execute("DELETE FROM group_moderators WHERE group_id = ? AND account_id = ?", (group_id, account_id)) > 0


def set_moderators(tx: Tx, group_id: int, account_ids: Iterable[int]) -> None:
    """Replaces what was known before."""
    tx.execute("DELETE FROM group_moderators WHERE group_id = ?", (group_id,))
    for account_id in account_ids:
        add_moderator(tx, group_id, account_id)


def is_moderator(tx: Tx, group_id: int, account_id: int) -> bool:
    return tx.one("SELECT 1 FROM group_moderators WHERE group_id = ? AND account_id = ?", (group_id, account_id)) is not None


def list_moderators(tx: Tx, group_id: int) -> list[Account]:
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM group_moderators m JOIN accounts a ON a.id = m.account_id WHERE m.group_id = ?
        AND a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL ORDER BY a.username LIMIT 200""",
        (group_id,),
    )
    return [Account._make(row) for row in rows]


def list_moderated(tx: Tx, account_id: int) -> list[Account]:
    """The groups of this server that somebody moderates."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM group_moderators m JOIN groups g ON g.account_id = m.group_id JOIN accounts a ON a.id = m.group_id
        WHERE m.account_id = ? AND a.deleted_at IS NULL ORDER BY a.username""",
        (account_id,),
    )
    return [Account._make(row) for row in rows]


# -- bans --


def put_ban(tx: Tx, ban: Ban) -> None:
    tx.execute(
        f"""INSERT INTO group_bans ({_BAN}) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (group_id, account_id) DO UPDATE SET reason = excluded.reason, expires_at = excluded.expires_at""",
        ban,
    )


def delete_ban(tx: Tx, group_id: int, account_id: int) -> bool:
    return tx.execute("DELETE FROM group_bans WHERE group_id = ? AND account_id = ?", (group_id, account_id)) > 0


def find_ban(tx: Tx, group_id: int, account_id: int) -> Ban | None:
    """The ban that holds now."""
    row = tx.one(
        f"SELECT {_B_COLUMNS} FROM group_bans b WHERE b.group_id = :group AND b.account_id = :account AND ({_LIVING})",
        {"group": group_id, "account": account_id, "now": tx.now},
    )
    return Ban._make(row) if row else None


def list_bans(tx: Tx, group_id: int) -> list[tuple[Ban, Account]]:
    """Bans that hold now, the latest first."""
    rows = tx.query(
        f"""SELECT {_B_COLUMNS}, {A_COLUMNS} FROM group_bans b JOIN accounts a ON a.id = b.account_id
        WHERE b.group_id = :group AND ({_LIVING}) ORDER BY b.created_at DESC LIMIT 500""",
        {"group": group_id, "now": tx.now},
    )
    width = len(Ban._fields)
    return [(Ban._make(row[:width]), Account._make(row[width:])) for row in rows]


# -- posts --


def is_addressed(tx: Tx, post_id: int, group_id: int) -> bool:
    """Whether the author has named the group, or sent the post to it."""
    return tx.one("SELECT 1 FROM post_mentions WHERE post_id = ? AND account_id = ?", (post_id, group_id)) is not None


def list_posts(tx: Tx, viewer_id: int, group_id: int, page: Page) -> list[Post]:
    """Everything that is in a group, answers too, as far as the viewer may see it; newest first."""
    order = "ASC" if page.forward else "DESC"
    rows = tx.query(
        f"""SELECT {P_COLUMNS} FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.group_id = :group AND p.id < :before AND p.id > :after AND {visible.POST} AND {visible.UNMUTED}
        ORDER BY p.id {order} LIMIT :limit""",
        {
            "group": group_id,
            "viewer": viewer_id,
            "now": tx.now,
            "before": page.before or ids.MAX,
            "after": page.after,
            "limit": page.limit,
        },
    )
    found = [Post._make(row) for row in rows]
    return found[::-1] if page.forward else found


def list_by_author(tx: Tx, group_id: int, account_id: int, limit: int) -> list[Post]:
    """The latest of what somebody has in a group: what goes with them."""
    rows = tx.query(
        f"SELECT {P_COLUMNS} FROM posts p WHERE p.account_id = ? AND p.group_id = ? ORDER BY p.id DESC LIMIT ?",
        (account_id, group_id, limit),
    )
    return [Post._make(row) for row in rows]


def count_by_author(tx: Tx, group_id: int, account_id: int, since: int) -> int:
    """How much somebody has posted to a group since a time."""
    row = tx.one("SELECT count(*) FROM posts WHERE account_id = ? AND group_id = ? AND id > ?", (account_id, group_id, ids.first_at(since)))
    return int(row[0]) if row else 0


def is_in_locked_thread(tx: Tx, post_id: int, hops: int) -> bool:
    """Whether a post, or anything it answers, is closed to new answers."""
    row = tx.one(
        """WITH RECURSIVE up (id, locked, depth) AS (
          SELECT in_reply_to_id, locked, 1 FROM posts WHERE id = :post
          UNION ALL SELECT p.in_reply_to_id, p.locked, up.depth + 1 FROM up JOIN posts p ON p.id = up.id WHERE up.depth < :hops)
        SELECT max(locked) FROM up""",
        {"post": post_id, "hops": hops},
    )
    return bool(row and row[0])


def list_pinned(tx: Tx, viewer_id: int, group_id: int, limit: int) -> list[Post]:
    """What a group has put on top, as far as the viewer may see it."""
    rows = tx.query(
        f"""SELECT {P_COLUMNS} FROM pins i CROSS JOIN posts p ON p.id = i.post_id JOIN accounts a ON a.id = p.account_id
        WHERE i.account_id = :group AND {visible.POST} ORDER BY i.created_at DESC LIMIT :limit""",
        {"group": group_id, "viewer": viewer_id, "limit": limit},
    )
    return [Post._make(row) for row in rows]


# -- what a group passes on --


def count_passed_on(tx: Tx, group_id: int, since: int) -> int:
    """How many activities a group of this server has sent since a time."""
    row = tx.one("SELECT count(*) FROM activities WHERE account_id = ? AND id > ?", (group_id, ids.first_at(since)))
    return int(row[0]) if row else 0


def list_announced(tx: Tx, group_id: int, post_ids: Iterable[int]) -> dict[int, bytes]:
    """The Announce in which a group has passed on the Create of each of these posts, as it was sent."""
    rows = tx.query(
        """SELECT post_id, body FROM activities WHERE account_id = ? AND type = 'Announce' AND public = 1 AND body <> x''
        AND post_id IN (SELECT value FROM json_each(?)) ORDER BY id DESC""",
        (group_id, json.dumps(list(post_ids))),
    )
    return {row[0]: bytes(row[1]) for row in rows}


def forget_announced(tx: Tx, group_id: int, post_id: int) -> None:
    """A post has ended: what waits to be passed on of it is not sent any more, and the copies go."""
    tx.execute(
        """UPDATE deliveries SET state = 'superseded', updated_at = ? WHERE state <> 'delivered' AND activity_id IN (
          SELECT id FROM activities WHERE post_id = ? AND account_id = ? AND type = 'Announce')""",
        (tx.now, post_id, group_id),
    )
    tx.execute("UPDATE activities SET body = x'' WHERE post_id = ? AND account_id = ? AND type = 'Announce'", (post_id, group_id))
