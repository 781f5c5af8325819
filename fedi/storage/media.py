"""Rows of `media`: files under random public keys. A remote file is a row first, and bytes only when somebody looks at it."""

import secrets
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


def set_fetched(tx: Tx, media_id: int, sha256: str, mime: str, size_bytes: int, size: tuple[int, int]) -> None:
    """The bytes of a remote file have come; `size` is width and height in pixels."""
    tx.execute(
        "UPDATE media SET sha256 = ?, mime = ?, size_bytes = ?, width = ?, height = ?, used_at = ?, retry_at = 0 WHERE id = ?",
        (sha256, mime, size_bytes, *size, tx.now, media_id),
    )


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
    return bool(tx.one("SELECT 1 FROM media WHERE sha256 = ? LIMIT 1", (sha256,)))


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
        """SELECT id, sha256 FROM (SELECT id, sha256, used_at, sum(size_bytes) OVER (ORDER BY used_at DESC, id DESC) AS upto FROM media
        WHERE sha256 IS NOT NULL AND remote_url <> '') WHERE used_at < ? OR upto > ?""",
        (before, budget_bytes),
    )
    tx.executemany("UPDATE media SET sha256 = NULL, size_bytes = 0 WHERE id = ?", [(row[0],) for row in rows])
    return [row[1] for row in rows]


def prune_unused(tx: Tx, before: int) -> list[str]:
    """Delete rows from before a time that no account and no post shows; returns the names of bytes they had."""
    rows = tx.query(
        """SELECT id, sha256 FROM media m WHERE created_at < ?
        AND NOT EXISTS (SELECT 1 FROM accounts WHERE avatar_id = m.id) AND NOT EXISTS (SELECT 1 FROM accounts WHERE header_id = m.id)
        AND NOT EXISTS (SELECT 1 FROM post_media WHERE media_id = m.id) AND NOT EXISTS (SELECT 1 FROM emojis WHERE media_id = m.id)
        LIMIT 1000""",
        (before,),
    )
    tx.executemany("DELETE FROM media WHERE id = ?", [(row[0],) for row in rows])
    return [row[1] for row in rows if row[1]]


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
    return {row[0] for row in tx.query("SELECT DISTINCT sha256 FROM media WHERE sha256 IS NOT NULL")}
