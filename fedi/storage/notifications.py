"""Rows of `notifications`. One per (owner, kind, who, post, what else): told once, whatever arrives how often."""

import json
from collections.abc import Iterable
from typing import Final, NamedTuple

from fedi import ids
from fedi.storage import visible
from fedi.storage.db import Tx


class Notification(NamedTuple):
    """Something `from_account_id` did that `account_id` should know.

    `about_id` is of the report, severance, warning or collection, as the kind says. `filtered` is 1 for what the policy keeps apart.
    """

    id: int
    account_id: int
    kind: str
    from_account_id: int
    post_id: int | None
    created_at: int
    read_at: int | None
    about_id: int | None = None
    group_key: str = ""
    filtered: int = 0


COLUMNS = ", ".join(Notification._fields)
N_COLUMNS = ", ".join(f"n.{name}" for name in Notification._fields)
SPAN_HOURS: Final = 12  # likes, boosts and follows within so many hours of the first are shown as one


class Told(NamedTuple):
    """Who is told what by whom, as far as it matters for whether they want to hear of it."""

    account_id: int
    kind: str
    from_account_id: int
    post_id: int | None = None


# What an owner may hold apart or refuse, by who it is from.
FILTERABLE: Final = frozenset({"mention", "boost", "follow", "follow_request", "favourite", "reaction", "quote", "collection"})
_GROUPED: Final = {"favourite": "favourite-", "reaction": "favourite-", "boost": "reblog-", "follow": "follow-"}

# A group that began within its span goes on; its key ends in the hour (since 1970) of its first.
_INSERT = f"""INSERT INTO notifications ({COLUMNS})
  SELECT :id, :account_id, :kind, :from_account_id, :post_id, :created_at, NULL, :about_id,
    CASE WHEN :prefix = '' THEN '' ELSE :prefix || coalesce((
      SELECT max(CAST(substr(group_key, length(:prefix) + 1) AS INTEGER)) FROM notifications
      WHERE account_id = :account_id AND group_key > :prefix || :oldest AND group_key <= :prefix || :hour), :hour) END, :filtered
  WHERE true ON CONFLICT DO NOTHING"""


def insert(tx: Tx, told: Told, *, about_id: int | None = None, filtered: bool = False) -> Notification | None:
    """Tell somebody; None when they were told before. What is kept apart stands by itself."""
    hour = tx.now // 3_600_000
    found = Notification(ids.new(tx.now), *told, tx.now, None, about_id, "", int(filtered))
    params = found._asdict() | {"prefix": "" if filtered else _prefix(told.kind, told.post_id), "hour": hour, "oldest": hour - SPAN_HOURS}
    return found if tx.execute(_INSERT, params) else None


def put_back(tx: Tx, was: Notification) -> None:
    """One that was deleted, as it was."""
    tx.execute(f"INSERT INTO notifications ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", was)


def _prefix(kind: str, post_id: int | None) -> str:
    return f"{_GROUPED[kind]}{post_id}-" if kind in _GROUPED and kind != "follow" else _GROUPED.get(kind, "")


# Without a policy nothing below the first line of the CASE is looked at.
_WANTS = """SELECT CASE WHEN np.account_id IS NULL OR NOT :filterable
    OR EXISTS (SELECT 1 FROM notification_permissions WHERE account_id = :owner AND from_account_id = :sender)
    OR (:kind = 'mention' AND EXISTS (SELECT 1 FROM users WHERE account_id = :sender AND role <> 'user')) THEN ''
  ELSE CASE WHEN EXISTS (SELECT 1 FROM follows WHERE follower_id = :sender AND followed_id = :owner AND state = 'accepted'
      AND created_at <= :now - 259200000) THEN '' ELSE np.not_followers END
    || CASE WHEN EXISTS (SELECT 1 FROM follows WHERE follower_id = :owner AND followed_id = :sender AND state = 'accepted') THEN ''
    ELSE ' ' || np.not_following
      || CASE WHEN a.created_at > :now - 2592000000 THEN ' ' || np.new_accounts ELSE '' END
      || CASE WHEN a.host_limited = 1 THEN ' ' || np.limited_accounts ELSE '' END
      || CASE WHEN :kind = 'mention' AND EXISTS (SELECT 1 FROM posts p WHERE p.id = :post AND p.visibility = 'direct'
          AND ifnull(p.in_reply_to_account_id, 0) <> :owner
          AND NOT EXISTS (SELECT 1 FROM posts WHERE id = p.thread_id AND account_id = :owner)) THEN ' ' || np.private_mentions ELSE '' END
    END END
  FROM users u JOIN accounts a ON a.id = :sender LEFT JOIN notification_policies np ON np.account_id = :owner
  WHERE u.account_id = :owner AND :sender <> :owner
    AND a.suspended_at IS NULL AND a.host_blocked = 0
    AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :owner AND target_id = :sender)
    AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :sender AND target_id = :owner)
    AND NOT EXISTS (SELECT 1 FROM mutes WHERE account_id = :owner AND target_id = :sender AND notifications = 1
      AND (expires_at IS NULL OR expires_at > :now))
    AND (a.host = '' OR NOT EXISTS (SELECT 1 FROM user_domain_blocks WHERE account_id = :owner AND host = a.host))"""


def wants(tx: Tx, told: Told) -> str:
    """What becomes of it: `accept`, `filter`, or `drop`: for who is not one of ours, for what a block, mute or domain block stands
    against, and for what the owner's policy drops.

    Source: Mastodon documentation, notifications, policy: followers of three days, accounts of thirty.
    """
    params = {
        "owner": told.account_id,
        "sender": told.from_account_id,
        "kind": told.kind,
        "post": told.post_id,
        "filterable": int(told.kind in FILTERABLE),
        "now": tx.now,
    }
    row = tx.one(_WANTS, params)
    if row is None or "drop" in row[0]:
        return "drop"
    return "filter" if "filter" in row[0] else "accept"


def sender_seen(n: str, s: str) -> str:
    """What an owner is shown of senders (`n` the notification, `s` its sender): none of whom either wants nothing of the other, and what
    is for staff only as long as they are that."""
    return f"""{s}.suspended_at IS NULL AND {s}.host_blocked = 0 AND {s}.deleted_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :viewer AND target_id = {s}.id)
      AND ({s}.host = '' OR NOT EXISTS (SELECT 1 FROM user_domain_blocks WHERE account_id = :viewer AND host = {s}.host))
      AND ((({n}.kind <> 'report' OR {n}.about_id IS NULL) AND {n}.kind <> 'sign_up')
        OR EXISTS (SELECT 1 FROM users WHERE account_id = :viewer AND role <> 'user'))"""


# And nothing about posts that are no longer visible to them.
SEEN = f"""n.account_id = :viewer AND {sender_seen("n", "s")}
      AND (n.post_id IS NULL OR EXISTS (
        SELECT 1 FROM posts p JOIN accounts a ON a.id = p.account_id WHERE p.id = n.post_id AND {visible.POST}))"""


def list_of(tx: Tx, account_id: int, *, before: int = 0, after: int = 0, limit: int = 20, kinds: Iterable[str] = ()) -> list[Notification]:
    """The owner's, the latest first. Those about accounts or posts no longer visible to the owner are left out, and what is kept apart."""
    rows = tx.query(
        f"""SELECT {N_COLUMNS} FROM notifications n JOIN accounts s ON s.id = n.from_account_id
        WHERE {SEEN} AND n.id < :before AND n.id > :after
          AND (:kinds = '[]' OR n.kind IN (SELECT value FROM json_each(:kinds)))
          AND n.filtered = 0
        ORDER BY n.id DESC LIMIT :limit""",
        {"viewer": account_id, "before": before or ids.MAX, "after": after, "limit": limit, "kinds": json.dumps(list(kinds))},
    )
    return [Notification._make(row) for row in rows]


def count_unread(tx: Tx, account_id: int) -> int:
    """How many the owner would see for the first time; counted to 100."""
    row = tx.one(
        f"""SELECT count(*) FROM (SELECT 1 FROM notifications n JOIN accounts s ON s.id = n.from_account_id
        WHERE {SEEN} AND n.read_at IS NULL AND n.filtered = 0 LIMIT 100)""",
        {"viewer": account_id},
    )
    return int(row[0]) if row else 0


def list_told(tx: Tx, kind: str, post_id: int) -> frozenset[int]:
    """Who has been told of a post by such a notification, and has not dismissed it."""
    return frozenset(row[0] for row in tx.query("SELECT account_id FROM notifications WHERE post_id = ? AND kind = ?", (post_id, kind)))


def mark_read(tx: Tx, account_id: int, until: int = ids.MAX) -> None:
    """The owner has looked, up to the one with this id."""
    sql = "UPDATE notifications SET read_at = ? WHERE account_id = ? AND read_at IS NULL AND id <= ?"
    tx.execute(sql, (tx.now, account_id, until))


def latest_id(tx: Tx, account_id: int) -> int:
    """Of the latest, 0 where there is none."""
    row = tx.one("SELECT max(id) FROM notifications WHERE account_id = ?", (account_id,))
    return int(row[0]) if row and row[0] is not None else 0


def delete(tx: Tx, told: Told, about_id: int | None = None) -> None:
    """What it told of was taken back."""
    tx.execute(
        """DELETE FROM notifications WHERE account_id = ? AND kind = ? AND from_account_id = ? AND coalesce(post_id, 0) = ?
        AND (? IS NULL OR about_id = ?)""",
        (told.account_id, told.kind, told.from_account_id, told.post_id or 0, about_id, about_id),
    )


def delete_between(tx: Tx, account_id: int, from_account_id: int) -> None:
    """The owner has blocked the other: all of theirs goes."""
    tx.execute("DELETE FROM notifications WHERE account_id = ? AND from_account_id = ?", (account_id, from_account_id))
    tx.execute("DELETE FROM notification_requests WHERE account_id = ? AND from_account_id = ?", (account_id, from_account_id))
    tx.execute("DELETE FROM withdrawn_notifications WHERE account_id = ? AND from_account_id = ?", (account_id, from_account_id))


def delete_these(tx: Tx, account_id: int, notification_ids: Iterable[int]) -> int:
    """The owner wants to see these no more; those of others stay. Returns how many there were."""
    rows = [(account_id, notification_id) for notification_id in notification_ids]
    return tx.executemany("DELETE FROM notifications WHERE account_id = ? AND id = ?", rows) if rows else 0


def delete_group(tx: Tx, account_id: int, group_key: str) -> int:
    """The owner wants to see a group no more."""
    return tx.execute("DELETE FROM notifications WHERE account_id = ? AND group_key = ?", (account_id, group_key)) if group_key else 0


def clear(tx: Tx, account_id: int) -> None:
    """All the owner's go, also those kept apart with the requests they made."""
    tx.execute("DELETE FROM notifications WHERE account_id = ?", (account_id,))
    tx.execute("DELETE FROM notification_requests WHERE account_id = ?", (account_id,))
