"""Rows of `accounts`: people here and elsewhere, in one table. `host` is '' for ours."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from fedi import ids
from fedi.errors import NotFound
from fedi.storage.db import Tx


class Account(NamedTuple):
    """Somebody. `bio_html` and `fields` are sanitised; `fields` and `emojis` and `also_known_as` are JSON texts."""

    id: int
    username: str
    host: str
    uri: str
    url: str
    kind: str
    display_name: str
    bio_html: str
    bio_source: str
    fields: str
    emojis: str
    avatar_id: int | None
    header_id: int | None
    inbox_uri: str
    shared_inbox_uri: str
    outbox_uri: str
    followers_uri: str
    following_uri: str
    featured_uri: str
    also_known_as: str
    moved_to_uri: str
    locked: int
    discoverable: int
    indexable: int
    created_at: int
    fetched_at: int
    suspended_at: int | None
    host_blocked: int
    host_limited: int
    deleted_at: int | None
    followers_count: int
    following_count: int
    posts_count: int
    last_post_at: int | None
    version: int
    featured_tags_uri: str
    moderators_uri: str
    attribution_domains: str
    memorial: int
    moved_at: int | None
    filled_at: int
    origin_followers: int
    origin_following: int
    origin_posts: int

    @property
    def is_local(self) -> bool:
        return self.host == ""

    @property
    def handle(self) -> str:
        """`alice`, or `carol@peer.test`: the Mastodon API's `acct`."""
        return self.username if self.host == "" else f"{self.username}@{self.host}"

    @property
    def name(self) -> str:
        """What people read: the display name, or the username where there is none."""
        return self.display_name or self.username

    @property
    def is_hidden(self) -> bool:
        """Whether nothing of this account is shown to anybody."""
        return self.suspended_at is not None or self.host_blocked == 1 or self.deleted_at is not None

    @property
    def followers_shown(self) -> int:
        """How many follow it: what its own server says, where that is more than is known here."""
        return max(self.followers_count, self.origin_followers)

    @property
    def following_shown(self) -> int:
        return max(self.following_count, self.origin_following)

    @property
    def posts_shown(self) -> int:
        return max(self.posts_count, self.origin_posts)

    def field_rows(self) -> list[tuple[str, str, str]]:
        """Profile fields as (name, value_html, value_source)."""
        return [(row[0], row[1], row[2]) for row in json.loads(self.fields)]

    def field_proofs(self) -> list[int | None]:
        """For each field: when its page was found to link back (ms), or None."""
        return [row[3] if len(row) > 3 else None for row in json.loads(self.fields)]

    def aliases(self) -> list[str]:
        return [str(uri) for uri in json.loads(self.also_known_as)]


COLUMNS = ", ".join(Account._fields)
A_COLUMNS = ", ".join(f"a.{name}" for name in Account._fields)
_INSERT = f"INSERT INTO accounts ({COLUMNS}) VALUES ({', '.join('?' * len(Account._fields))})"
_COLUMN_SET = frozenset(Account._fields)
_DEFAULTS: dict[str, Any] = {
    "display_name": "", "bio_html": "", "bio_source": "", "fields": "[]", "emojis": "[]", "avatar_id": None, "header_id": None,
    "inbox_uri": "", "shared_inbox_uri": "", "outbox_uri": "", "followers_uri": "", "following_uri": "", "featured_uri": "",
    "also_known_as": "[]", "moved_to_uri": "", "locked": 0, "discoverable": 0, "indexable": 0, "fetched_at": 0, "suspended_at": None,
    "host_blocked": 0, "host_limited": 0, "deleted_at": None, "followers_count": 0, "following_count": 0, "posts_count": 0,
    "last_post_at": None, "version": 0, "featured_tags_uri": "", "moderators_uri": "", "attribution_domains": "[]", "memorial": 0,
    "moved_at": None, "filled_at": 0, "origin_followers": 0, "origin_following": 0, "origin_posts": 0,
}  # fmt: skip


def insert(tx: Tx, **values: Any) -> Account:
    """Add an account. Needs username, host, uri, url, kind. Raises Conflict when the uri or the local name is taken."""
    account = Account(**{"id": ids.new(tx.now), "created_at": tx.now, **_DEFAULTS, **values})
    tx.execute(_INSERT, account)
    return account


def update(tx: Tx, account_id: int, **values: Any) -> Account:
    """Change columns of one account (names are ours, never a stranger's) and raise its version."""
    if not values.keys() <= _COLUMN_SET:
        raise TypeError(f"no such column among {sorted(values)}")
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    tx.execute(f"UPDATE accounts SET {assignments}, version = version + 1 WHERE id = :account_id", {**values, "account_id": account_id})
    return get(tx, account_id)


def find(tx: Tx, account_id: int) -> Account | None:
    row = tx.one(f"SELECT {COLUMNS} FROM accounts WHERE id = ?", (account_id,))
    return Account._make(row) if row else None


def get(tx: Tx, account_id: int) -> Account:
    """Raises NotFound."""
    account = find(tx, account_id)
    if account is None:
        raise NotFound("There is no such account.")
    return account


def find_by_uri(tx: Tx, uri: str) -> Account | None:
    row = tx.one(f"SELECT {COLUMNS} FROM accounts WHERE uri = ?", (uri,))
    return Account._make(row) if row else None


def find_by_handle(tx: Tx, username: str, host: str) -> Account | None:
    """By name (any case) and host ('' = here). Of two remote accounts of one handle the one read last is meant."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM accounts WHERE username = ? COLLATE NOCASE AND host = ? ORDER BY fetched_at DESC LIMIT 1", (username, host)
    )
    return Account._make(row) if row else None


def erase(tx: Tx, account_id: int) -> None:
    """Take out the row itself, and with it all that hangs on it: of somebody here whom nobody ever saw."""
    tx.execute("DELETE FROM accounts WHERE id = ? AND host = ''", (account_id,))


def get_local(tx: Tx, username: str) -> Account:
    """A person of this server who was not deleted; raises NotFound."""
    account = find_by_handle(tx, username, "")
    if account is None or account.deleted_at is not None:
        raise NotFound("There is nobody of that name here.")
    return account


def list_by_ids(tx: Tx, account_ids: Iterable[int]) -> dict[int, Account]:
    """Many at once, by id; absent ones are left out."""
    rows = tx.query(
        f"SELECT {COLUMNS} FROM accounts WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(dict.fromkeys(account_ids))),)
    )
    return {row[0]: Account._make(row) for row in rows}


def list_versions(tx: Tx, account_ids: Iterable[int]) -> dict[int, int]:
    """The versions of many, by id: for what is kept of them."""
    sql = "SELECT id, version FROM accounts WHERE id IN (SELECT value FROM json_each(?))"
    return {row[0]: row[1] for row in tx.query(sql, (json.dumps(list(dict.fromkeys(account_ids))),))}


def list_by_uris(tx: Tx, uris: Iterable[str]) -> dict[str, Account]:
    """Many at once, by uri; absent ones are left out."""
    rows = tx.query(
        f"SELECT {COLUMNS} FROM accounts WHERE uri IN (SELECT value FROM json_each(?))", (json.dumps(list(dict.fromkeys(uris))),)
    )
    found = (Account._make(row) for row in rows)
    return {account.uri: account for account in found}


def list_local(tx: Tx) -> list[Account]:
    """Everybody of this server who has credentials, by name."""
    rows = tx.query(
        f"SELECT {A_COLUMNS} FROM accounts a JOIN users u ON u.account_id = a.id WHERE a.deleted_at IS NULL ORDER BY a.username"
    )
    return [Account._make(row) for row in rows]


def list_matching(tx: Tx, text: str, limit: int) -> list[Account]:
    """Accounts whose handle or display name begins with `text`: local first, then the most followed."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM (
          SELECT id FROM accounts WHERE username COLLATE NOCASE >= :text AND username COLLATE NOCASE < :end
          UNION SELECT id FROM accounts WHERE display_name COLLATE NOCASE >= :text AND display_name COLLATE NOCASE < :end
            AND display_name <> '') m CROSS JOIN accounts a NOT INDEXED ON a.id = m.id
        WHERE a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL AND a.kind <> 'Application'
        ORDER BY a.host <> '', a.followers_count DESC, a.id LIMIT :limit""",
        {"text": text, "end": text + "\U0010ffff", "limit": limit},
    )
    return [Account._make(row) for row in rows]


def list_stale(tx: Tx, before: int, limit: int) -> list[Account]:
    """Remote accounts somebody here follows or is followed by, last read before a time: whom to refresh."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM accounts a WHERE a.host <> '' AND a.fetched_at < ? AND a.suspended_at IS NULL AND a.host_blocked = 0
        AND (EXISTS (SELECT 1 FROM follows f WHERE f.followed_id = a.id AND f.local = 1)
          OR EXISTS (SELECT 1 FROM follows f WHERE f.follower_id = a.id))
        ORDER BY a.fetched_at LIMIT ?""",
        (before, limit),
    )
    return [Account._make(row) for row in rows]


def count_local(tx: Tx, active_since: int = 0) -> int:
    """People of this server; with `active_since`, those who posted or signed in after it."""
    row = tx.one(
        """SELECT count(*) FROM users u JOIN accounts a ON a.id = u.account_id WHERE a.deleted_at IS NULL AND (:since = 0
          OR a.last_post_at >= :since OR EXISTS (SELECT 1 FROM sessions s WHERE s.account_id = a.id AND s.used_at >= :since)
          OR EXISTS (SELECT 1 FROM oauth_tokens t WHERE t.account_id = a.id AND t.used_at >= :since))""",
        {"since": active_since},
    )
    return int(row[0]) if row else 0


def count_posted(tx: Tx, account_id: int, by: int, at: int) -> None:
    """Keep the public count of posts and the time of the last one; no version rises for it."""
    tx.execute(
        "UPDATE accounts SET posts_count = max(0, posts_count + ?), last_post_at = CASE WHEN ? > 0 THEN max(coalesce(last_post_at, 0), ?)"
        " ELSE last_post_at END WHERE id = ?",
        (by, by, at, account_id),
    )


def uncount_boosters(tx: Tx, post_id: int) -> None:
    """A post is about to go, and its boosts with it: they counted as posts of those who boosted."""
    tx.execute(
        """UPDATE accounts SET posts_count = max(0, posts_count - 1) WHERE id IN (
          SELECT account_id FROM posts WHERE boost_of_id = ? AND visibility IN ('public', 'unlisted'))""",
        (post_id,),
    )


def count_follow(tx: Tx, follower_id: int, followed_id: int, by: int) -> None:
    """Keep both counters of an accepted follow that begins (+1) or ends (-1)."""
    tx.execute("UPDATE accounts SET following_count = max(0, following_count + ?) WHERE id = ?", (by, follower_id))
    tx.execute("UPDATE accounts SET followers_count = max(0, followers_count + ?) WHERE id = ?", (by, followed_id))


# The authority of an account's id, as it is written there.
_URI_HOST = "substr(uri, instr(uri, '://') + 3, instr(substr(uri, instr(uri, '://') + 3) || '/', '/') - 1)"


def list_hosts(tx: Tx) -> list[tuple[str, str]]:
    """(what the handle ends in, where the id lives) of all accounts elsewhere, each pair once. Reads all accounts."""
    return [(row[0], row[1]) for row in tx.query(f"SELECT DISTINCT host, {_URI_HOST} FROM accounts WHERE host <> ''")]


def set_host_policy(tx: Tx, pair: tuple[str, str], severity: str) -> int:
    """Mark the accounts of a pair that `list_hosts` gave with what holds for them now; returns how many have changed."""
    flags = {"blocked": int(severity == "block"), "limited": int(severity == "limit")}
    return tx.execute(
        f"""UPDATE accounts SET host_blocked = :blocked, host_limited = :limited, version = version + 1
        WHERE host = :host AND {_URI_HOST} = :uri_host AND (host_blocked <> :blocked OR host_limited <> :limited)""",
        {**flags, "host": pair[0], "uri_host": pair[1]},
    )


def delete(tx: Tx, account_id: int) -> None:
    """The row of a remote account and all that hangs on it."""
    tx.execute("DELETE FROM accounts WHERE id = ?", (account_id,))


def delete_traces(tx: Tx, account_id: int) -> None:
    """Everything an account that ends has made: posts and boosts, likes, blocks, files, notifications of it. Counters are kept right."""
    for statement in _TRACES:
        tx.execute(statement, {"account": account_id, "now": tx.now})


_TRACES = (
    """INSERT INTO tombstones (uri, actor_uri, former_type, deleted_at)
    SELECT p.uri, a.uri, p.kind, :now FROM posts p JOIN accounts a ON a.id = p.account_id
    WHERE p.account_id = :account AND a.host = '' AND p.boost_of_id IS NULL AND p.visibility IN ('public', 'unlisted')
      AND p.local_only = 0
    ON CONFLICT (uri, actor_uri) DO UPDATE SET former_type = excluded.former_type, deleted_at = excluded.deleted_at""",
    """UPDATE posts SET favourites_count = max(0, favourites_count - 1)
    WHERE id IN (SELECT post_id FROM favourites WHERE account_id = :account
      UNION SELECT post_id FROM reactions WHERE account_id = :account)""",
    """UPDATE posts SET boosts_count = max(0, boosts_count - 1) WHERE id IN (
      SELECT boost_of_id FROM posts WHERE account_id = :account AND visibility IN ('public', 'unlisted'))""",
    """UPDATE posts SET replies_count = max(0, replies_count - (SELECT count(*) FROM posts r WHERE r.in_reply_to_id = posts.id
      AND r.account_id = :account AND r.visibility IN ('public', 'unlisted') AND r.local_only = 0))
    WHERE id IN (SELECT in_reply_to_id FROM posts WHERE account_id = :account)""",
    """UPDATE accounts SET posts_count = max(0, posts_count - (SELECT count(*) FROM posts p JOIN posts b ON b.boost_of_id = p.id
      WHERE p.account_id = :account AND b.account_id = accounts.id AND b.visibility IN ('public', 'unlisted')))
    WHERE id IN (SELECT b.account_id FROM posts p JOIN posts b ON b.boost_of_id = p.id WHERE p.account_id = :account)""",
    "UPDATE accounts SET posts_count = 0, last_post_at = NULL WHERE id = :account",
    """UPDATE poll_options SET votes_count = max(0, votes_count - 1) WHERE EXISTS (SELECT 1 FROM poll_votes v
      WHERE v.account_id = :account AND v.post_id = poll_options.post_id AND v.position = poll_options.position)""",
    """UPDATE polls SET voters_count = max(0, voters_count - 1)
    WHERE post_id IN (SELECT post_id FROM poll_votes WHERE account_id = :account)""",
    "DELETE FROM poll_votes WHERE account_id = :account",
    "DELETE FROM reactions WHERE account_id = :account",
    "DELETE FROM interaction_requests WHERE account_id = :account",
    "DELETE FROM featured_tags WHERE account_id = :account",
    "DELETE FROM group_moderators WHERE account_id = :account",
    "DELETE FROM group_bans WHERE account_id = :account",
    "DELETE FROM mutes WHERE target_id = :account",
    "DELETE FROM endorsements WHERE account_id = :account OR target_id = :account",
    "DELETE FROM account_notes WHERE target_id = :account",
    "DELETE FROM collections WHERE account_id = :account",
    "DELETE FROM collection_items WHERE account_id = :account",
    "DELETE FROM favourites WHERE account_id = :account",
    "DELETE FROM posts WHERE account_id = :account",
    "DELETE FROM blocks WHERE account_id = :account OR target_id = :account",
    "DELETE FROM notifications WHERE from_account_id = :account",
    "UPDATE accounts SET avatar_id = NULL, header_id = NULL WHERE id = :account",
    "DELETE FROM media WHERE account_id = :account",
)


def list_related_of_host(tx: Tx, account_id: int, host: str) -> list[Account]:
    """Accounts of a host that follow somebody or are followed by them."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM accounts a WHERE a.host = :host AND (
          EXISTS (SELECT 1 FROM follows WHERE follower_id = :account AND followed_id = a.id)
          OR EXISTS (SELECT 1 FROM follows WHERE follower_id = a.id AND followed_id = :account))""",
        {"host": host, "account": account_id},
    )
    return [Account._make(row) for row in rows]


def forget_inbox(tx: Tx, inbox_uri: str) -> None:
    """An inbox answered that it is gone: accounts reached by it are read anew before anything is sent to them."""
    tx.execute("UPDATE accounts SET shared_inbox_uri = '', fetched_at = 0 WHERE host <> '' AND shared_inbox_uri = ?", (inbox_uri,))
    tx.execute("UPDATE accounts SET inbox_uri = '', fetched_at = 0 WHERE host <> '' AND inbox_uri = ?", (inbox_uri,))


def mark_filled(tx: Tx, account_id: int, at: int) -> None:
    """When its earlier posts were last asked for."""
    tx.execute("UPDATE accounts SET filled_at = ? WHERE id = ?", (at, account_id))


def set_origin_counts(tx: Tx, account_id: int, **counts: int) -> None:
    """What an account's own server says: `followers`, `following`, `posts`; those not given stay. Raises the version where one differs."""
    tx.execute(
        """UPDATE accounts SET origin_followers = :followers, origin_following = :following, origin_posts = :posts, version = version + 1
        WHERE id = :id AND (origin_followers <> :followers OR origin_following <> :following OR origin_posts <> :posts)""",
        {**_origin_counts(tx, account_id), **counts, "id": account_id},
    )


def _origin_counts(tx: Tx, account_id: int) -> dict[str, int]:
    row = tx.one("SELECT origin_followers, origin_following, origin_posts FROM accounts WHERE id = ?", (account_id,))
    return dict(zip(("followers", "following", "posts"), row or (0, 0, 0), strict=True))


def mark_fetched(tx: Tx, account_id: int) -> None:
    """It could not be read anew; it is asked for again at its next time."""
    tx.execute("UPDATE accounts SET fetched_at = ? WHERE id = ?", (tx.now, account_id))
