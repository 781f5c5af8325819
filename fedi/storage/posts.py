"""Rows of `posts` with what hangs on them: edits, mentions, tags, attachments, tombstones.

`find`, `get_by_uri` and the like serve the rules, which know what they do; whatever is shown to somebody is read with a viewer
(`find_visible`, `list_visible`, and everything in timelines.py).
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fedi import ids
from fedi.errors import NotFound
from fedi.storage import visible
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx


class Post(NamedTuple):
    """A post, or a boost of one (`boost_of_id`). `content_html` is sanitised; `emojis` a JSON list of [shortcode, url].

    `thread_id` is the uppermost post known of what it belongs to, itself where there is none; `app_id` the program it was written with.
    """

    id: int
    uri: str
    url: str
    account_id: int
    kind: str
    title: str
    content_html: str
    content_source: str
    content_type: str
    warning: str
    sensitive: int
    language: str
    visibility: str
    local_only: int
    in_reply_to_uri: str
    in_reply_to_id: int | None
    in_reply_to_account_id: int | None
    boost_of_id: int | None
    emojis: str
    published_at: int
    received_at: int
    edited_at: int | None
    replies_count: int
    boosts_count: int
    favourites_count: int
    sanitizer: int
    version: int
    policy: str
    held: int
    group_id: int | None
    locked: int
    context_uri: str
    link_url: str
    facts: str
    quotes_count: int
    origin_replies: int
    origin_boosts: int
    origin_favourites: int
    thread_id: int
    app_id: int | None

    @property
    def is_public(self) -> bool:
        """Public or unlisted, and not kept here: what counters count and anybody may fetch."""
        return self.visibility in ("public", "unlisted") and not self.local_only

    @property
    def replies_shown(self) -> int:
        """How many answers there are: what its own server says, where that is more than is known here."""
        return max(self.replies_count, self.origin_replies)

    @property
    def boosts_shown(self) -> int:
        return max(self.boosts_count, self.origin_boosts)

    @property
    def favourites_shown(self) -> int:
        return max(self.favourites_count, self.origin_favourites)


class Edit(NamedTuple):
    """An earlier or the present revision of a post. `poll_options` is a JSON list of what could be chosen."""

    edited_at: int
    title: str
    content_html: str
    warning: str
    sensitive: int
    poll_options: str = "[]"


class Attachment(NamedTuple):
    """A file of a post, in order. `sha256` is None until a remote file was fetched."""

    post_id: int
    media_id: int
    key: str
    kind: str
    mime: str
    width: int
    height: int
    alt: str
    blurhash: str
    remote_url: str
    state: str
    duration_ms: int
    focus_x: float
    focus_y: float
    preview_sha256: str | None
    preview_url: str


COLUMNS = ", ".join(Post._fields)
_EDIT_COLUMNS = ", ".join(Edit._fields)
P_COLUMNS = ", ".join(f"p.{name}" for name in Post._fields)
_INSERT = f"INSERT INTO posts ({COLUMNS}) VALUES ({', '.join('?' * len(Post._fields))})"
_COLUMN_SET = frozenset(Post._fields)
_DEFAULTS: dict[str, Any] = {
    "kind": "Note", "title": "", "content_html": "", "content_source": "", "content_type": "", "warning": "", "sensitive": 0,
    "language": "", "local_only": 0, "in_reply_to_uri": "", "in_reply_to_id": None, "in_reply_to_account_id": None, "boost_of_id": None,
    "emojis": "[]", "edited_at": None, "replies_count": 0, "boosts_count": 0, "favourites_count": 0, "sanitizer": 0, "version": 0,
    "policy": "", "held": 0, "group_id": None, "locked": 0, "context_uri": "", "link_url": "", "facts": "", "quotes_count": 0,
    "origin_replies": 0, "origin_boosts": 0, "origin_favourites": 0, "app_id": None,
}  # fmt: skip


def new_id(tx: Tx, at: int) -> int:
    """A free id for a post of that time: another post of the same millisecond may hold the first one tried."""
    candidate = ids.new(at)
    while tx.one("SELECT 1 FROM posts WHERE id = ?", (candidate,)):
        candidate = ids.new(at)
    return candidate


def insert(tx: Tx, **values: Any) -> Post:
    """Add a post. Needs id, uri, url, account_id, visibility, published_at. Raises Conflict when the uri is known."""
    post = Post(**{"received_at": tx.now, "thread_id": values["id"], **_DEFAULTS, **values})
    tx.execute(_INSERT, post)
    return post


def update(tx: Tx, post_id: int, **values: Any) -> Post:
    """Change columns of one post (names are ours) and raise its version."""
    if not values.keys() <= _COLUMN_SET:
        raise TypeError(f"no such column among {sorted(values)}")
    assignments = "".join(f"{name} = :{name}, " for name in values)
    tx.execute(f"UPDATE posts SET {assignments}version = version + 1 WHERE id = :post_id", {**values, "post_id": post_id})
    return get(tx, post_id)


def delete(tx: Tx, post_id: int) -> None:
    """The row and all that hangs on it go; a tombstone is the caller's to leave."""
    tx.execute("DELETE FROM posts WHERE id = ?", (post_id,))


def find(tx: Tx, post_id: int) -> Post | None:
    row = tx.one(f"SELECT {COLUMNS} FROM posts WHERE id = ?", (post_id,))
    return Post._make(row) if row else None


def get(tx: Tx, post_id: int) -> Post:
    """Raises NotFound."""
    post = find(tx, post_id)
    if post is None:
        raise NotFound("There is no such post.")
    return post


def find_by_uri(tx: Tx, uri: str) -> Post | None:
    row = tx.one(f"SELECT {COLUMNS} FROM posts WHERE uri = ?", (uri,))
    return Post._make(row) if row else None


def list_ids_by_uri(tx: Tx, uris: Iterable[str]) -> dict[str, int]:
    """The ids of those that are known, by URI."""
    rows = tx.query("SELECT uri, id FROM posts WHERE uri IN (SELECT value FROM json_each(?))", (json.dumps(list(uris)),))
    return {row[0]: row[1] for row in rows}


def find_by_url(tx: Tx, url: str) -> Post | None:
    """By its id, or by the page a person copied the address of."""
    found = find_by_uri(tx, url)
    if found is None:
        row = tx.one(f"SELECT {COLUMNS} FROM posts WHERE url = ? AND boost_of_id IS NULL LIMIT 1", (url,))
        found = Post._make(row) if row else None
    return found


def find_boost(tx: Tx, account_id: int, post_id: int) -> Post | None:
    """The boost that somebody made of a post."""
    row = tx.one(f"SELECT {COLUMNS} FROM posts WHERE boost_of_id = ? AND account_id = ?", (post_id, account_id))
    return Post._make(row) if row else None


def find_visible(tx: Tx, viewer_id: int, post_id: int) -> Post | None:
    """The post, if that viewer (0: anybody) may see it."""
    row = tx.one(
        f"SELECT {P_COLUMNS} FROM posts p JOIN accounts a ON a.id = p.account_id WHERE p.id = :post AND {visible.POST}",
        {"post": post_id, "viewer": viewer_id},
    )
    return Post._make(row) if row else None


def get_visible(tx: Tx, viewer_id: int, post_id: int) -> Post:
    """Raises NotFound alike for what is not there and what the viewer may not see."""
    post = find_visible(tx, viewer_id, post_id)
    if post is None:
        raise NotFound("There is no such post.")
    return post


def list_by_uris(tx: Tx, uris: Iterable[str]) -> dict[str, Post]:
    """Those of many posts that there are, by their ids on the wire, whoever may see them."""
    rows = tx.query(f"SELECT {COLUMNS} FROM posts WHERE uri IN (SELECT value FROM json_each(?))", (json.dumps(list(uris)),))
    return {post.uri: post for post in map(Post._make, rows)}


def list_visible(tx: Tx, viewer_id: int, post_ids: Iterable[int]) -> dict[int, Post]:
    """Those of many posts that the viewer may see, by id."""
    rows = tx.query(
        f"""SELECT {P_COLUMNS} FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.id IN (SELECT value FROM json_each(:ids)) AND {visible.POST}""",
        {"ids": json.dumps(list(post_ids)), "viewer": viewer_id},
    )
    return {row[0]: Post._make(row) for row in rows}


def list_own(tx: Tx, account_id: int, post_ids: Iterable[int]) -> frozenset[int]:
    """Those of many posts that one account has written."""
    sql = "SELECT id FROM posts WHERE account_id = ? AND id IN (SELECT value FROM json_each(?))"
    return frozenset(row[0] for row in tx.query(sql, (account_id, json.dumps(list(post_ids)))))


def add_counts(tx: Tx, post_id: int, *, replies: int = 0, boosts: int = 0, favourites: int = 0) -> None:
    """Keep the counters; they do not raise the version (renderings splice them in)."""
    tx.execute(
        """UPDATE posts SET replies_count = max(0, replies_count + ?), boosts_count = max(0, boosts_count + ?),
        favourites_count = max(0, favourites_count + ?) WHERE id = ?""",
        (replies, boosts, favourites, post_id),
    )


def set_origin_counts(tx: Tx, post_id: int, *, replies: int | None, boosts: int | None, favourites: int | None) -> None:
    """What a post's own server counts; None where it does not say. No version rises for it."""
    tx.execute(
        """UPDATE posts SET origin_replies = coalesce(?, origin_replies), origin_boosts = coalesce(?, origin_boosts),
        origin_favourites = coalesce(?, origin_favourites) WHERE id = ?""",
        (replies, boosts, favourites, post_id),
    )


# -- what hangs on a post --


def insert_edit(tx: Tx, post: Post, poll_options: Sequence[str] | None = None) -> None:
    """Keep the present revision before it is changed, with what its poll offers; `poll_options` where that has been changed already."""
    if poll_options is None and post.kind == "Question":
        poll_options = [row[0] for row in tx.query("SELECT title FROM poll_options WHERE post_id = ? ORDER BY position", (post.id,))]
    offered = json.dumps(list(poll_options or ()))
    kept = Edit(post.edited_at or post.published_at, post.title, post.content_html, post.warning, post.sensitive, offered)
    tx.execute(f"INSERT INTO post_edits (post_id, {_EDIT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", (post.id, *kept))


def list_edits(tx: Tx, post_id: int) -> list[Edit]:
    """Earlier revisions, the first first; the present one is the post itself."""
    rows = tx.query(f"SELECT {_EDIT_COLUMNS} FROM post_edits WHERE post_id = ? ORDER BY edited_at", (post_id,))
    return [Edit._make(row) for row in rows]


def set_mentions(tx: Tx, post_id: int, account_ids: Iterable[int], silent_ids: Iterable[int] = ()) -> None:
    """Who is named (and who is addressed without being named); replaces what was said before."""
    rows = {account_id: 1 for account_id in silent_ids} | {account_id: 0 for account_id in account_ids}
    tx.execute("DELETE FROM post_mentions WHERE post_id = ?", (post_id,))
    if rows:
        tx.executemany(
            "INSERT INTO post_mentions (post_id, account_id, silent) VALUES (?, ?, ?)", [(post_id, *row) for row in rows.items()]
        )


def list_mentions(tx: Tx, post_ids: Iterable[int], *, silent: bool = False) -> dict[int, list[Account]]:
    """Who each of many posts names, by post id; with `silent`, those addressed without a name too."""
    rows = tx.query(
        f"""SELECT m.post_id, {A_COLUMNS} FROM post_mentions m JOIN accounts a ON a.id = m.account_id
        WHERE m.post_id IN (SELECT value FROM json_each(?)) AND (m.silent = 0 OR ?)""",
        (json.dumps(list(post_ids)), int(silent)),
    )
    found: dict[int, list[Account]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Account._make(row[1:]))
    return found


def list_mentioned_ids(tx: Tx, post_id: int) -> list[int]:
    """Everybody addressed by name or silently."""
    return [row[0] for row in tx.query("SELECT account_id FROM post_mentions WHERE post_id = ?", (post_id,))]


def set_tags(tx: Tx, post_id: int, names: Iterable[str]) -> None:
    """The normalised hashtags of a post; replaces what was said before."""
    tx.execute("DELETE FROM post_tags WHERE post_id = ?", (post_id,))
    add_tags(tx, post_id, names)


def add_tags(tx: Tx, post_id: int, names: Iterable[str]) -> None:
    """The normalised hashtags of a new post."""
    for name in dict.fromkeys(names):
        if not tx.execute(_ADD_TAG, (post_id, name)):
            tx.execute("INSERT INTO tags (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING", (ids.new(tx.now), name))
            tx.execute(_ADD_TAG, (post_id, name))


_ADD_TAG = "INSERT INTO post_tags (post_id, tag_id) SELECT ?, id FROM tags WHERE name = ? ON CONFLICT DO NOTHING"


def list_tags(tx: Tx, post_ids: Iterable[int]) -> dict[int, list[str]]:
    """The hashtags of many posts, by post id."""
    rows = tx.query(
        """SELECT pt.post_id, t.name FROM post_tags pt JOIN tags t ON t.id = pt.tag_id
        WHERE pt.post_id IN (SELECT value FROM json_each(?)) ORDER BY t.name""",
        (json.dumps(list(post_ids)),),
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1])
    return found


def set_media(tx: Tx, post_id: int, media_ids: Iterable[int]) -> None:
    """The attachments of a post, in order; replaces what was said before."""
    tx.execute("DELETE FROM post_media WHERE post_id = ?", (post_id,))
    tx.executemany(
        "INSERT INTO post_media (post_id, position, media_id) VALUES (?, ?, ?)",
        [(post_id, position, media_id) for position, media_id in enumerate(media_ids)],
    )


def delete_media(tx: Tx, post_id: int) -> None:
    """The files that only this post shows go at once: their addresses answer no more. Bytes on disk are swept later."""
    tx.execute(
        """DELETE FROM media WHERE id IN (SELECT media_id FROM post_media WHERE post_id = :post)
        AND NOT EXISTS (SELECT 1 FROM post_media WHERE media_id = media.id AND post_id <> :post)""",
        {"post": post_id},
    )


def detach_media(tx: Tx, post_id: int) -> None:
    """A post shows its files no more. They are as if uploaded now: swept when nothing shows them."""
    tx.execute("UPDATE media SET created_at = ? WHERE id IN (SELECT media_id FROM post_media WHERE post_id = ?)", (tx.now, post_id))
    tx.execute("DELETE FROM post_media WHERE post_id = ?", (post_id,))


def list_media(tx: Tx, post_ids: Iterable[int]) -> dict[int, list[Attachment]]:
    """The attachments of many posts, by post id."""
    rows = tx.query(
        """SELECT pm.post_id, m.id, m.key, m.kind, m.mime, m.width, m.height, m.alt, m.blurhash, m.remote_url,
          m.state, m.duration_ms, m.focus_x, m.focus_y, m.preview_sha256, m.preview_url
        FROM post_media pm JOIN media m ON m.id = pm.media_id
        WHERE pm.post_id IN (SELECT value FROM json_each(?)) ORDER BY pm.post_id, pm.position""",
        (json.dumps(list(post_ids)),),
    )
    found: dict[int, list[Attachment]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Attachment._make(row))
    return found


# -- of some posts --


def list_ids_of(tx: Tx, account_id: int, limit: int) -> list[int]:
    """Posts and boosts of an account, the oldest first."""
    return [row[0] for row in tx.query("SELECT id FROM posts WHERE account_id = ? ORDER BY id LIMIT ?", (account_id, limit))]


def list_answers_to_few(tx: Tx, post_ids: Iterable[int]) -> frozenset[int]:
    """Those of these posts that answer one which is not for everybody, or whose author is hidden."""
    rows = tx.query(
        """SELECT p.id FROM posts p JOIN posts q ON q.id = p.in_reply_to_id JOIN accounts a ON a.id = q.account_id
        WHERE p.id IN (SELECT value FROM json_each(?)) AND (q.visibility NOT IN ('public', 'unlisted') OR q.local_only = 1 OR q.held = 1
          OR a.suspended_at IS NOT NULL OR a.host_blocked = 1 OR a.deleted_at IS NOT NULL)""",
        (json.dumps(list(post_ids)),),
    )
    return frozenset(row[0] for row in rows)
