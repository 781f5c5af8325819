"""GroupedNotificationsResults: groups, and each person and post of them once."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import orjson

from fedi import clock
from fedi.storage.db import Tx
from fedi.storage.notification_lists import Group
from fedi.web.api.entities import notification
from fedi.web.api.entities.notification import Asked, Beside
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import Shelf

_PARTIAL: Final = ("id", "acct", "url", "avatar", "avatar_static", "avatar_description", "locked", "bot")


class Shown(NamedTuple):
    """`partial`: of the people of a group, all but the latest by their pictures only. `paged`: the groups are those of a page."""

    partial: bool = False
    paged: bool = True


WHOLE: Final = Shown()


def results(shelf: Shelf, tx: Tx, owner_id: int, groups: Sequence[Group], said: Asked, how: Shown = WHOLE) -> bytes:
    """Source: Mastodon documentation, GroupedNotificationsResults."""
    rows = [group.row for group in groups]
    beside = notification.load(shelf, tx, owner_id, rows, said, [person for group in groups for person in group.people])
    shown = [group for group in groups if notification.is_whole(group.row, beside)]
    first = list(
        dict.fromkeys(person for group in shown for person in group.people[: 1 if how.partial else None] if person in beside.people)
    )
    others = dict.fromkeys(person for group in shown for person in group.people if person in beside.people and person not in first)
    posts = dict.fromkeys(group.row.post_id for group in shown if group.row.post_id is not None)
    found: Json = {
        "accounts": [orjson.Fragment(beside.people[person]) for person in first],
        "statuses": [orjson.Fragment(beside.posts[post_id]) for post_id in posts],
        "notification_groups": [_group(group, beside, said, how.paged) for group in shown],
    }
    if how.partial:
        found["partial_accounts"] = [_partial(beside.people[person]) for person in others]
    return orjson.dumps(found)


def _partial(account: bytes) -> Json:
    """Source: Mastodon documentation, PartialAccountWithAvatar."""
    whole = orjson.loads(account)
    return {name: whole[name] for name in _PARTIAL}


def _group(group: Group, beside: Beside, said: Asked, paged: bool) -> Json:
    """Source: Mastodon documentation, NotificationGroup."""
    found: Json = {
        "group_key": group.key,
        "notifications_count": group.number,
        "most_recent_notification_id": str(group.latest_id),
        "sample_account_ids": [str(person) for person in group.people if person in beside.people],
        **notification.details(group.row, beside, said),
    }
    if paged:
        found["page_min_id"] = str(group.least_id or group.row.id)
        found["page_max_id"] = str(group.latest_id)
        found["latest_page_notification_at"] = clock.rfc3339(group.latest_at)
    if group.row.post_id is not None:
        found["status_id"] = str(group.row.post_id)
    return found
