"""Posts to come: written now, published at a time. Publishing is one transaction, so that a post comes once, whatever is interrupted."""

import json
from typing import Any, Final

from fedi import clock, limits, media, posts
from fedi.errors import Forbidden, Invalid
from fedi.polls import NewPoll
from fedi.posts import Draft, Found
from fedi.storage import accounts as account_rows
from fedi.storage import jobs as job_rows
from fedi.storage import posts as post_rows
from fedi.storage import scheduled as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.scheduled import Scheduled
from fedi.streaming import Event

JOB: Final = "publish"
SOON_MS: Final = 5 * clock.MINUTE  # what is for an earlier time is published at once
_FIELDS: Final = frozenset(Draft._fields)


def plan(tx: Tx, author: Account, draft: Draft, at: int) -> Scheduled:
    """Keep a post until its time. Everything that can be wrong with it now is said now. The same idempotency key gives the same row.

    Raises Invalid, and NotFound when what it answers or quotes may not be seen.
    """
    if draft.idempotency_key and (known := rows.find_by_key(tx, author.id, draft.idempotency_key)):
        return known
    draft = posts.checked(tx, draft)
    for other in (draft.in_reply_to_id, draft.quote_of_id):
        if other is not None:
            post_rows.get_visible(tx, author.id, other)
    files = media.choose(tx, author.id, draft.media_ids or ())
    _check_time(tx, author.id, at)
    made = rows.insert(tx, author.id, draft.app_id, _written(draft), at)
    rows.reserve(tx, made.id, [file.id for file in files])
    _queue(tx, made.id, at)
    return made


def move(tx: Tx, author: Account, row_id: int, at: int) -> Scheduled:
    """Another time for it. Raises NotFound, Invalid."""
    rows.get_own(tx, author.id, row_id)
    _check_time(tx, author.id, at, row_id)
    rows.set_time(tx, row_id, at)
    _queue(tx, row_id, at)
    return rows.get_own(tx, author.id, row_id)


def cancel(tx: Tx, author: Account, row_id: int) -> None:
    """It is not to be published. Raises NotFound."""
    rows.delete(tx, rows.get_own(tx, author.id, row_id).id)
    job_rows.drop_lane(tx, _lane(row_id))


def draft_of(row: Scheduled) -> Draft:
    """What is to be published."""
    values: dict[str, Any] = {name: _tuples(value) for name, value in json.loads(row.draft).items() if name in _FIELDS}
    poll = values.get("poll")
    values["poll"] = NewPoll(**{name: _tuples(value) for name, value in poll.items()}) if poll else None
    return Draft(**{**values, "media_changes": (), "app_id": row.app_id})


def _written(draft: Draft) -> str:
    poll = draft.poll._asdict() if draft.poll is not None and draft.poll.options else None
    return json.dumps({**draft._asdict(), "poll": poll, "media_changes": [], "app_id": None})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _check_time(tx: Tx, account_id: int, at: int, but: int = 0) -> None:
    """Raises Invalid for a time that is too near or too far, or on a day that is full."""
    if at < tx.now + SOON_MS:
        raise Invalid("That is too soon: choose a time at least five minutes from now.", "scheduled_at")
    if at > tx.now + limits.SCHEDULED_DAYS * clock.DAY:
        raise Invalid("That is too far away.", "scheduled_at")
    if rows.count_own(tx, account_id, but=but) >= limits.SCHEDULED:
        raise Invalid(f"Up to {limits.SCHEDULED} posts can wait for their time.", "scheduled_at")
    day = at - at % clock.DAY
    if rows.count_own(tx, account_id, day, day + clock.DAY, but=but) >= limits.SCHEDULED_PER_DAY:
        raise Invalid(f"Up to {limits.SCHEDULED_PER_DAY} posts can be for one day.", "scheduled_at")


def _queue(tx: Tx, row_id: int, at: int) -> None:
    """One job for each, in place of that of an earlier choice: a time can be years ahead."""
    job_rows.drop_lane(tx, _lane(row_id))
    tx.emit(Event("job", job_rows.insert(tx, JOB, b"%d" % row_id, lane=_lane(row_id), run_at=at)))


def _lane(row_id: int) -> str:
    return f"{JOB} {row_id}"


# -- when the time has come --


def due(tx: Tx, row_id: int) -> Draft | None:
    """What a job is to publish; None when that was taken back, done before, or is for later."""
    row = rows.find(tx, row_id)
    return draft_of(row) if row is not None and row.scheduled_at <= tx.now and not row.error else None


def publish(tx: Tx, row_id: int, found: Found) -> Post | None:
    """The post, in place of the row. None as `due`. Raises as `posts.publish`, and Forbidden when its author is suspended."""
    row, draft = rows.find(tx, row_id), due(tx, row_id)
    if row is None or draft is None:
        return None
    author = account_rows.get(tx, row.account_id)
    if author.is_hidden:
        raise Forbidden("Your account was suspended at that time.")
    rows.delete(tx, row.id)
    return posts.publish(tx, author, draft, found)


def fail(tx: Tx, row_id: int, why: str) -> None:
    """It could not be published: its author sees why, and may choose another time."""
    rows.set_error(tx, row_id, why[: limits.REASON_CHARS])
