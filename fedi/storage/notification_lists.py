"""Notifications as programs read them: one by one or in groups, page by page in both directions, newest first."""

import json
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from fedi import ids
from fedi.storage.db import Tx
from fedi.storage.notifications import N_COLUMNS, SEEN, Notification, sender_seen
from fedi.storage.timelines import Page

SAMPLE: Final = 8  # people shown of a group


class Wanted(NamedTuple):
    """Which: of these kinds, of one sender if one is given, with those kept apart or without."""

    kinds: Sequence[str]
    sender_id: int = 0
    with_filtered: bool = False
    grouped: Sequence[str] = ()  # kinds that are put together


class Group(NamedTuple):
    """Those with one key. `row` is the one that stands for them on the page, `people` the latest of whom they are, the latest first.

    `least_id` is the first of the group's on this page, `latest_id` and `latest_at` the last up to this page's end.
    """

    row: Notification
    key: str
    number: int
    people: Sequence[int]
    latest_id: int
    latest_at: int
    least_id: int | None = None


def _chosen(n: str) -> str:
    return f"""{n}.kind IN (SELECT value FROM json_each(:kinds)) AND (:sender = 0 OR {n}.from_account_id = :sender)
      AND ({n}.filtered = 0 OR :with_filtered)"""


def _params(viewer_id: int, page: Page, wanted: Wanted) -> dict[str, object]:
    return {
        "viewer": viewer_id,
        "before": page.before or ids.MAX,
        "after": page.after,
        "limit": page.limit,
        "kinds": json.dumps(list(wanted.kinds)),
        "sender": wanted.sender_id,
        "with_filtered": int(wanted.with_filtered or wanted.sender_id > 0),
        "grouped": json.dumps(list(wanted.grouped)),
    }


# What group moderators hear of reports names none; programs show only what they can show the report of.
_FROM = f"""FROM notifications n JOIN accounts s ON s.id = n.from_account_id
  WHERE n.account_id = :viewer AND n.id < :before AND n.id > :after AND {_chosen("n")}
    AND (n.kind <> 'report' OR n.about_id IS NOT NULL) AND {SEEN}"""
_BACKWARDS = f"SELECT {N_COLUMNS} {_FROM} ORDER BY n.id DESC LIMIT :limit"
_FORWARDS = f"SELECT {N_COLUMNS} {_FROM} ORDER BY n.id ASC LIMIT :limit"


def list_notifications(tx: Tx, owner_id: int, page: Page, wanted: Wanted) -> list[Notification]:
    """The owner's; none about what the owner may not see (any more). Of one sender also those kept apart."""
    params = _params(owner_id, page, wanted)
    if page.forward:
        return [Notification._make(row) for row in tx.query(_FORWARDS, params)[::-1]]
    return [Notification._make(row) for row in tx.query(_BACKWARDS, params)]


def find_notification(tx: Tx, owner_id: int, notification_id: int, kinds: Iterable[str]) -> Notification | None:
    """One of the owner's, by the same rules, also when it is kept apart."""
    before = notification_id + 1 if notification_id < ids.MAX else 0
    page = Page(before=before, after=notification_id - 1, limit=1)
    return next(iter(list_notifications(tx, owner_id, page, Wanted(tuple(kinds), with_filtered=True))), None)


def count(tx: Tx, owner_id: int, page: Page, wanted: Wanted) -> int:
    """How many there are after `page.after`, counted to `page.limit`."""
    row = tx.one(f"SELECT count(*) FROM (SELECT 1 {_FROM} LIMIT :limit)", _params(owner_id, page, wanted))
    return int(row[0]) if row else 0


# -- groups --


def _first(side: str, end: str) -> str:
    """That no other of the same group comes before it on the page: `side` says which way one reads, `end` where the page begins."""
    return f"""(n.group_key = '' OR n.kind NOT IN (SELECT value FROM json_each(:grouped)) OR NOT EXISTS (
      SELECT 1 FROM notifications m JOIN accounts t ON t.id = m.from_account_id
      WHERE m.account_id = :viewer AND m.group_key = n.group_key AND m.group_key <> '' AND m.id {side} n.id AND m.id {end}
        AND {_chosen("m")} AND m.kind IN (SELECT value FROM json_each(:grouped)) AND {sender_seen("m", "t")}))"""


_GROUPS = f"SELECT {N_COLUMNS} {_FROM} AND {_first('>', '< :before')} ORDER BY n.id DESC LIMIT :limit"
_GROUPS_FORWARDS = f"SELECT {N_COLUMNS} {_FROM} AND {_first('<', '> :after')} ORDER BY n.id ASC LIMIT :limit"

_MEMBERS = f"""SELECT group_key, id, from_account_id, created_at, total, least FROM (
    SELECT n.group_key, n.id, n.from_account_id, n.created_at,
      row_number() OVER (PARTITION BY n.group_key ORDER BY n.id DESC) AS place,
      count(*) OVER (PARTITION BY n.group_key) AS total,
      min(CASE WHEN n.id > :after THEN n.id END) OVER (PARTITION BY n.group_key) AS least
    FROM json_each(:keys) k CROSS JOIN notifications n ON n.account_id = :viewer AND n.group_key = k.value AND n.group_key <> ''
    JOIN accounts s ON s.id = n.from_account_id
    WHERE n.id < :before AND {_chosen("n")} AND {sender_seen("n", "s")})
  WHERE place <= :sample ORDER BY group_key, id DESC"""


def list_groups(tx: Tx, owner_id: int, page: Page, wanted: Wanted) -> list[Group]:
    """A page of groups, in two statements. Each stands where its first member on the page does."""
    params = _params(owner_id, page, wanted)
    found = tx.query(_GROUPS_FORWARDS, params)[::-1] if page.forward else tx.query(_GROUPS, params)
    rows = [Notification._make(row) for row in found]
    if not rows:
        return []
    full = len(rows) >= page.limit
    before = page.before if page.forward and not full else rows[0].id + 1
    after = page.after if not full and not page.forward else rows[-1].id - 1
    return _grouped(tx, owner_id, rows, Page(before, after), wanted)


def _grouped(tx: Tx, owner_id: int, rows: list[Notification], page: Page, wanted: Wanted) -> list[Group]:
    keys = [row.group_key for row in rows if _is_grouped(row, wanted)]
    params = _params(owner_id, page, wanted) | {"keys": json.dumps(keys), "sample": 2 * SAMPLE}
    members: dict[str, list[tuple[int, int, int, int, int | None]]] = {}
    for key, *member in tx.query(_MEMBERS, params) if keys else ():
        members.setdefault(key, []).append((member[0], member[1], member[2], member[3], member[4]))
    return [_group(row, members.get(row.group_key, []) if _is_grouped(row, wanted) else []) for row in rows]


def _is_grouped(row: Notification, wanted: Wanted) -> bool:
    return row.group_key != "" and row.kind in wanted.grouped


def _group(row: Notification, members: list[tuple[int, int, int, int, int | None]]) -> Group:
    if not members:
        return Group(row, f"ungrouped-{row.id}", 1, (row.from_account_id,), row.id, row.created_at, row.id)
    latest_id, _, latest_at, total, least = members[0]
    people = tuple(dict.fromkeys(member[1] for member in members))[:SAMPLE]
    return Group(row, row.group_key, total, people, latest_id, latest_at, least)


def count_groups(tx: Tx, owner_id: int, page: Page, wanted: Wanted) -> int:
    """How many groups have something after `page.after`, counted to `page.limit`."""
    sql = f"SELECT count(*) FROM (SELECT 1 {_FROM} AND {_first('>', '< :before')} LIMIT :limit)"
    row = tx.one(sql, _params(owner_id, page, wanted))
    return int(row[0]) if row else 0


_OF_GROUP = f"""SELECT {N_COLUMNS} FROM notifications n JOIN accounts s ON s.id = n.from_account_id
  WHERE n.group_key = :key AND n.group_key <> '' AND n.id < :before AND n.id > :after AND {_chosen("n")} AND {SEEN}
  ORDER BY n.id DESC LIMIT :limit"""


def list_members(tx: Tx, owner_id: int, key: str, page: Page, wanted: Wanted) -> list[Notification]:
    """What is in one group, the latest first."""
    return [Notification._make(row) for row in tx.query(_OF_GROUP, _params(owner_id, page, wanted) | {"key": key})]


def find_group(tx: Tx, owner_id: int, key: str, wanted: Wanted) -> Group | None:
    """A group by its key. `ungrouped-` and an id is that one by itself."""
    if key.startswith("ungrouped-"):
        name = key.removeprefix("ungrouped-")
        found = find_notification(tx, owner_id, int(name), wanted.kinds) if name.isascii() and name.isdigit() and len(name) < 19 else None
        return _group(found, []) if found is not None else None
    rows = list_members(tx, owner_id, key, Page(limit=1), wanted)
    return _grouped(tx, owner_id, rows, Page(), wanted)[0] if rows else None
