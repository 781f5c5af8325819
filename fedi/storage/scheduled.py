"""Rows of `scheduled_posts`, what people have written to be published later, and of `scheduled_media`, the files kept for it."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.errors import NotFound
from fedi.storage import media as media_rows
from fedi.storage.db import Tx
from fedi.storage.media import Media
from fedi.storage.timelines import Page


class Scheduled(NamedTuple):
    """A post to come. `draft` is JSON; `error` says why it was not published, '' when its time has not come."""

    id: int
    account_id: int
    app_id: int | None
    draft: str
    scheduled_at: int
    created_at: int
    error: str


COLUMNS = ", ".join(Scheduled._fields)
_OWN = f"SELECT {COLUMNS} FROM scheduled_posts WHERE account_id = :account AND id < :before AND id > :after"
_BACKWARDS = f"{_OWN} ORDER BY id DESC LIMIT :limit"
_FORWARDS = f"{_OWN} ORDER BY id ASC LIMIT :limit"


def insert(tx: Tx, account_id: int, app_id: int | None, draft: str, scheduled_at: int) -> Scheduled:
    made = Scheduled(ids.new(tx.now), account_id, app_id, draft, scheduled_at, tx.now, "")
    tx.execute(f"INSERT INTO scheduled_posts ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", made)
    return made


def find(tx: Tx, row_id: int) -> Scheduled | None:
    row = tx.one(f"SELECT {COLUMNS} FROM scheduled_posts WHERE id = ?", (row_id,))
    return Scheduled._make(row) if row else None


def get_own(tx: Tx, account_id: int, row_id: int) -> Scheduled:
    """Raises NotFound alike for what is not there and what is another's."""
    found = find(tx, row_id)
    if found is None or found.account_id != account_id:
        raise NotFound("There is no such scheduled post.")
    return found


def find_by_key(tx: Tx, account_id: int, key: str) -> Scheduled | None:
    """What the author's request with this key has made."""
    sql = f"SELECT {COLUMNS} FROM scheduled_posts WHERE account_id = ? AND json_extract(draft, '$.idempotency_key') = ? LIMIT 1"
    row = tx.one(sql, (account_id, key))
    return Scheduled._make(row) if row else None


def list_own(tx: Tx, account_id: int, page: Page) -> list[Scheduled]:
    """Somebody's, what was written last first."""
    params = {"account": account_id, "before": page.before or ids.MAX, "after": page.after, "limit": page.limit}
    if page.forward:
        return [Scheduled._make(row) for row in tx.query(_FORWARDS, params)[::-1]]
    return [Scheduled._make(row) for row in tx.query(_BACKWARDS, params)]


def count_own(tx: Tx, account_id: int, since: int = 0, until: int = ids.MAX, *, but: int = 0) -> int:
    """How many somebody has that are for a time from `since` to before `until`, without the row `but`."""
    row = tx.one(
        "SELECT count(*) FROM scheduled_posts WHERE account_id = ? AND scheduled_at >= ? AND scheduled_at < ? AND id <> ?",
        (account_id, since, until, but),
    )
    return int(row[0]) if row else 0


def set_time(tx: Tx, row_id: int, scheduled_at: int) -> None:
    """Another time; what went wrong before is forgotten."""
    tx.execute("UPDATE scheduled_posts SET scheduled_at = ?, error = '' WHERE id = ?", (scheduled_at, row_id))


def set_error(tx: Tx, row_id: int, error: str) -> None:
    tx.execute("UPDATE scheduled_posts SET error = ? WHERE id = ?", (error, row_id))


def delete(tx: Tx, row_id: int) -> None:
    """Its files are free again."""
    tx.execute("DELETE FROM scheduled_posts WHERE id = ?", (row_id,))


# -- files --


def reserve(tx: Tx, row_id: int, media_ids: Iterable[int]) -> None:
    """Keep files for it: no other post may show them, and they are not swept."""
    tx.executemany("INSERT INTO scheduled_media (scheduled_id, media_id) VALUES (?, ?)", [(row_id, media_id) for media_id in media_ids])


def is_reserved(tx: Tx, media_id: int) -> bool:
    return tx.one("SELECT 1 FROM scheduled_media WHERE media_id = ?", (media_id,)) is not None


def list_media(tx: Tx, row_ids: Iterable[int]) -> dict[int, list[Media]]:
    """The files of many, by row id, in the order they were uploaded."""
    rows = tx.query(
        f"""SELECT s.scheduled_id, {", ".join(f"m.{name}" for name in media_rows.Media._fields)}
        FROM scheduled_media s JOIN media m ON m.id = s.media_id
        WHERE s.scheduled_id IN (SELECT value FROM json_each(?)) ORDER BY m.id""",
        (json.dumps(list(row_ids)),),
    )
    found: dict[int, list[Media]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Media._make(row[1:]))
    return found
