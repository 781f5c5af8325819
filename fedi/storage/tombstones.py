"""Rows of `tombstones`: what was taken back, so that it is answered 410 and does not come again when its arrival was late."""

from typing import NamedTuple

from fedi.storage.db import Tx


class Tombstone(NamedTuple):
    """`actor_uri` took it back; `former_type` is '' when we never had it."""

    uri: str
    actor_uri: str
    former_type: str
    deleted_at: int


def put(tx: Tx, uri: str, actor_uri: str, former_type: str = "") -> None:
    """Remember it. Everybody may claim for themselves, and takes nobody's place by it: not even a neighbour on the same server."""
    tx.execute(
        """INSERT INTO tombstones (uri, actor_uri, former_type, deleted_at) VALUES (?, ?, ?, ?) ON CONFLICT (uri, actor_uri) DO UPDATE
        SET former_type = excluded.former_type, deleted_at = excluded.deleted_at WHERE former_type = '' AND excluded.former_type <> ''""",
        (uri, actor_uri, former_type, tx.now),
    )


def find(tx: Tx, uri: str) -> Tombstone | None:
    """What stands in for the thing: what was ours before what strangers claim of it."""
    row = tx.one("SELECT uri, actor_uri, former_type, deleted_at FROM tombstones WHERE uri = ? ORDER BY former_type = '' LIMIT 1", (uri,))
    return Tombstone._make(row) if row else None


def is_taken_back(tx: Tx, uri: str, actor_uri: str) -> bool:
    """Whether that actor has deleted or undone that thing, maybe before it reached us."""
    return bool(uri) and tx.one("SELECT 1 FROM tombstones WHERE uri = ? AND actor_uri = ?", (uri, actor_uri)) is not None


def delete(tx: Tx, uri: str, actor_uri: str) -> None:
    """It is there again, says who took it back."""
    tx.execute("DELETE FROM tombstones WHERE uri = ? AND actor_uri = ?", (uri, actor_uri))


def prune(tx: Tx, before: int) -> int:
    """Forget foreign ones from before a time; ours (with a former type) are kept for good."""
    return tx.execute("DELETE FROM tombstones WHERE deleted_at < ? AND former_type = ''", (before,))
