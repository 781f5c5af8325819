"""Rows of `media`: files under random public keys. A remote file is a row first, and bytes only when somebody looks at it."""

import json
import secrets
from collections.abc import Iterable
from typing import Any, NamedTuple

from fedi import ids
from fedi.storage.db import Tx


class Media(NamedTuple):
    """`sha256` names the bytes on disk (None: not fetched yet); `remote_url` is where they come from ('' for uploads)."""

    id: int
    key: str
    account_id: int | None
    kind: str
    sha256: str | None
    mime: str
    size_bytes: int
    width: int
    height: int
    alt: str
    blurhash: str
    remote_url: str
    created_at: int
    used_at: int
    retry_at: int
    state: str
    preview_sha256: str | None
    duration_ms: int
    focus_x: float
    focus_y: float
    preview_url: str


COLUMNS = ", ".join(Media._fields)
_INSERT = f"INSERT INTO media ({COLUMNS}) VALUES ({', '.join('?' * len(Media._fields))})"
_DEFAULTS: dict[str, Any] = {
    "account_id": None, "sha256": None, "mime": "", "size_bytes": 0, "width": 0, "height": 0, "alt": "", "blurhash": "", "remote_url": "",
    "used_at": 0, "retry_at": 0, "state": "ready", "preview_sha256": None, "duration_ms": 0, "focus_x": 0.0, "focus_y": 0.0,
    "preview_url": "",
}  # fmt: skip


def insert(tx: Tx, **values: Any) -> Media:
    """Add a file. Needs kind."""
    media = Media(**{"id": ids.new(tx.now), "key": secrets.token_hex(16), "created_at": tx.now, **_DEFAULTS, **values})
    tx.execute(_INSERT, media)
    return media


def find(tx: Tx, media_id: int) -> Media | None:
    row = tx.one(f"SELECT {COLUMNS} FROM media WHERE id = ?", (media_id,))
    return Media._make(row) if row else None


def find_by_key(tx: Tx, key: str) -> Media | None:
    row = tx.one(f"SELECT {COLUMNS} FROM media WHERE key = ?", (key,))
    return Media._make(row) if row else None


class Stored(NamedTuple):
    """A file as it stands on disk. `size_bytes` counts the preview too; sizes in pixels, 0 where there is nothing to see."""

    sha256: str
    mime: str
    size_bytes: int
    width: int = 0
    height: int = 0
    preview_sha256: str | None = None
    blurhash: str = ""
    duration_ms: int = 0


def set_stored(tx: Tx, media_id: int, stored: Stored) -> None:
    """The bytes have come, or are ready. What is known of it and not said again (a blurhash, a duration) stays."""
    tx.execute(
        """UPDATE media SET sha256 = ?, mime = ?, size_bytes = ?,
        width = ifnull(nullif(?, 0), width), height = ifnull(nullif(?, 0), height),
        preview_sha256 = ifnull(?, preview_sha256), blurhash = ifnull(nullif(?, ''), blurhash),
        duration_ms = ifnull(nullif(?, 0), duration_ms), state = 'ready', used_at = ?, retry_at = 0 WHERE id = ?""",
        (*stored, tx.now, media_id),
    )


def set_preview(tx: Tx, media_id: int, sha256: str, size_bytes: int, blurhash: str) -> None:
    """A small picture of a remote video or sound has come."""
    tx.execute(
        """UPDATE media SET preview_sha256 = ?, size_bytes = size_bytes + ?, blurhash = ifnull(nullif(blurhash, ''), ?), used_at = ?
        WHERE id = ?""",
        (sha256, size_bytes, blurhash, tx.now, media_id),
    )


def replace_preview(tx: Tx, media_id: int, sha256: str, size_bytes: int, blurhash: str) -> None:
    """Its owner has chosen another small picture for a video or sound."""
    tx.execute(
        "UPDATE media SET preview_sha256 = ?, size_bytes = size_bytes + ?, blurhash = ?, used_at = ? WHERE id = ?",
        (sha256, size_bytes, blurhash, tx.now, media_id),
    )


def set_state(tx: Tx, media_id: int, state: str) -> None:
    """`processing`, `ready` or `failed`: of a remote file, one that is never kept here."""
    tx.execute("UPDATE media SET state = ? WHERE id = ?", (state, media_id))


def show_anew(tx: Tx, media_id: int) -> None:
    """What is rendered of the posts that show a file is old."""
    tx.execute("UPDATE posts SET version = version + 1 WHERE id IN (SELECT post_id FROM post_media WHERE media_id = ?)", (media_id,))


def describe(tx: Tx, media_id: int, alt: str, focus: tuple[float, float]) -> None:
    tx.execute("UPDATE media SET alt = ?, focus_x = ?, focus_y = ? WHERE id = ?", (alt, *focus, media_id))


def list_many(tx: Tx, media_ids: Iterable[int]) -> dict[int, Media]:
    rows = tx.query(f"SELECT {COLUMNS} FROM media WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(media_ids)),))
    return {row[0]: Media._make(row) for row in rows}


def owner_host(tx: Tx, media_id: int) -> str:
    """Of which server a file's account or emoji is; '' of this one."""
    row = tx.one(
        """SELECT coalesce(a.host, e.host, '') FROM media m LEFT JOIN accounts a ON a.id = m.account_id
        LEFT JOIN emojis e ON e.media_id = m.id WHERE m.id = ?""",
        (media_id,),
    )
    return row[0] if row else ""


def post_of(tx: Tx, media_id: int) -> int | None:
    """The post that shows a file."""
    row = tx.one("SELECT post_id FROM post_media WHERE media_id = ? LIMIT 1", (media_id,))
    return row[0] if row else None


def count_unused(tx: Tx, account_id: int) -> int:
    """How many files somebody here has uploaded and shows in no post."""
    row = tx.one(
        """SELECT count(*) FROM media m WHERE m.account_id = ? AND m.kind NOT IN ('emoji', 'avatar', 'header')
        AND NOT EXISTS (SELECT 1 FROM post_media WHERE media_id = m.id)
        AND NOT EXISTS (SELECT 1 FROM scheduled_media WHERE media_id = m.id)""",
        (account_id,),
    )
    return int(row[0]) if row else 0


def fail_unfinished(tx: Tx) -> None:
    """What was being worked on when the server ended will not be ready any more."""
    tx.execute("UPDATE media SET state = 'failed' WHERE state = 'processing'")


def set_failed(tx: Tx, media_id: int, retry_at: int) -> None:
    """They could not be had; not asked for before `retry_at`."""
    tx.execute("UPDATE media SET retry_at = ? WHERE id = ?", (retry_at, media_id))


def touch(tx: Tx, media_id: int) -> None:
    """Somebody looked: it stays longer."""
    tx.execute("UPDATE media SET used_at = ? WHERE id = ?", (tx.now, media_id))


def set_alt(tx: Tx, media_id: int, alt: str) -> None:
    tx.execute("UPDATE media SET alt = ? WHERE id = ?", (alt, media_id))


def delete(tx: Tx, media_id: int) -> None:
    tx.execute("DELETE FROM media WHERE id = ?", (media_id,))


def is_kept(tx: Tx, sha256: str) -> bool:
    """Whether any row still needs these bytes."""
    sql = "SELECT 1 FROM media WHERE sha256 = ?1 UNION ALL SELECT 1 FROM media WHERE preview_sha256 = ?1 LIMIT 1"
    return bool(tx.one(sql, (sha256,)))


def list_hashes_of(tx: Tx, account_id: int) -> list[str]:
    """The names of the bytes that the files of an account have."""
    rows = tx.query(
        """SELECT sha256 FROM media WHERE account_id = :account AND sha256 IS NOT NULL
        UNION SELECT preview_sha256 FROM media WHERE account_id = :account AND preview_sha256 IS NOT NULL""",
        {"account": account_id},
    )
    return [row[0] for row in rows]


def delete_of_host(tx: Tx, host: str) -> list[str]:
    """Every file of the people of a host, pictures of them included; returns the names of bytes they had."""
    rows = tx.query(
        """SELECT m.sha256, m.preview_sha256 FROM accounts a JOIN media m ON m.account_id = a.id
        WHERE a.host = :host AND (m.sha256 IS NOT NULL OR m.preview_sha256 IS NOT NULL)""",
        {"host": host},
    )
    tx.execute("UPDATE accounts SET version = version + 1 WHERE host = ? AND (avatar_id IS NOT NULL OR header_id IS NOT NULL)", (host,))
    tx.execute("DELETE FROM media WHERE account_id IN (SELECT id FROM accounts WHERE host = ? AND host <> '')", (host,))
    return list(dict.fromkeys(name for row in rows for name in row if name))


def uncache(tx: Tx, *, before: int, budget_bytes: int) -> list[str]:
    """Forget the bytes of remote files nobody looked at since a time, and the least looked at beyond a budget; returns their names."""
    rows = tx.query(
        """SELECT id, sha256, preview_sha256 FROM (
          SELECT id, sha256, preview_sha256, used_at, sum(size_bytes) OVER (ORDER BY used_at DESC, id DESC) AS upto FROM media
          WHERE (sha256 IS NOT NULL OR preview_sha256 IS NOT NULL) AND remote_url <> '') WHERE used_at < ? OR upto > ?""",
        (before, budget_bytes),
    )
    tx.executemany("UPDATE media SET sha256 = NULL, preview_sha256 = NULL, size_bytes = 0 WHERE id = ?", [(row[0],) for row in rows])
    return [name for row in rows for name in row[1:] if name]


def prune_unused(tx: Tx, before: int) -> list[str]:
    """Delete rows from before a time that no account and no post shows; returns the names of bytes they had."""
    rows = tx.query(
        """SELECT id, sha256, preview_sha256 FROM media m WHERE created_at < ?
        AND NOT EXISTS (SELECT 1 FROM accounts WHERE avatar_id = m.id) AND NOT EXISTS (SELECT 1 FROM accounts WHERE header_id = m.id)
        AND NOT EXISTS (SELECT 1 FROM post_media WHERE media_id = m.id) AND NOT EXISTS (SELECT 1 FROM emojis WHERE media_id = m.id)
        AND NOT EXISTS (SELECT 1 FROM scheduled_media WHERE media_id = m.id) AND NOT EXISTS (SELECT 1 FROM cards WHERE media_id = m.id)
        LIMIT 1000""",
        (before,),
    )
    tx.executemany("DELETE FROM media WHERE id = ?", [(row[0],) for row in rows])
    return [name for row in rows for name in row[1:] if name]


class Usage(NamedTuple):
    """Bytes and files on disk, by where they come from."""

    local_files: int
    local_bytes: int
    remote_files: int
    remote_bytes: int
    remote_known: int


def usage(tx: Tx) -> Usage:
    row = tx.one(
        """SELECT coalesce(sum(remote_url = '' AND sha256 IS NOT NULL), 0), coalesce(sum(iif(remote_url = '', size_bytes, 0)), 0),
        coalesce(sum(remote_url <> '' AND sha256 IS NOT NULL), 0), coalesce(sum(iif(remote_url <> '', size_bytes, 0)), 0),
        coalesce(sum(remote_url <> ''), 0) FROM media"""
    )
    return Usage._make(row) if row else Usage(0, 0, 0, 0, 0)


def list_hashes(tx: Tx) -> set[str]:
    """The names of all bytes any row needs."""
    sql = "SELECT sha256 FROM media WHERE sha256 IS NOT NULL UNION SELECT preview_sha256 FROM media WHERE preview_sha256 IS NOT NULL"
    return {row[0] for row in tx.query(sql)}
