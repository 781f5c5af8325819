"""What a notification is about that is no post: Report, RelationshipSeveranceEvent, AccountWarning, Collection."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from fedi import clock
from fedi.storage import accounts as account_rows
from fedi.storage import collections as collection_rows
from fedi.storage import posts as post_rows
from fedi.storage import reports as report_rows
from fedi.storage import severances as severance_rows
from fedi.storage import warnings as warning_rows
from fedi.storage.db import Tx
from fedi.storage.notifications import Notification
from fedi.storage.severances import Severance
from fedi.storage.warnings import Warned
from fedi.web.api.entities import collection as collection_entity
from fedi.web.api.entities import report as report_entity
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import Shelf

KINDS: Final = frozenset({"report", "severance", "warning", "collection", "collection_edit"})  # shown only with what they are about


def load(shelf: Shelf, tx: Tx, owner_id: int, rows: Sequence[Notification]) -> dict[int, Json]:
    """`report`, `event`, `moderation_warning` or `collection` of those that have one, by the id of the notification.

    Costs nothing where none has.
    """
    wanted: dict[str, dict[int, int]] = {}
    for row in rows:
        if row.kind in KINDS and row.about_id is not None:
            wanted.setdefault(row.kind, {})[row.id] = row.about_id
    found: dict[int, Json] = {}
    for kind, about in wanted.items():
        made = _LOADERS[kind](shelf, tx, owner_id, list(about.values()))
        found.update((row_id, {_NAMES[kind]: made[about_id]}) for row_id, about_id in about.items() if about_id in made)
    return found


def _reports(shelf: Shelf, tx: Tx, owner_id: int, report_ids: Sequence[int]) -> Mapping[int, Json]:
    made = report_rows.list_these(tx, report_ids)
    targets = account_rows.list_by_ids(tx, dict.fromkeys(report.target_id for report in made.values()))
    people = dict(zip(targets, shelf.accounts(tx, list(targets.values())), strict=True))
    uris = {report.id: json.loads(report.post_uris) for report in made.values()}
    posts = post_rows.list_ids_by_uri(tx, {uri for named in uris.values() for uri in named})
    return {
        report.id: report_entity.report(report, [str(posts[uri]) for uri in uris[report.id] if uri in posts], people[report.target_id])
        for report in made.values()
        if report.target_id in people
    }


def _events(shelf: Shelf, tx: Tx, owner_id: int, severance_ids: Sequence[int]) -> Mapping[int, Json]:
    return {made.id: _event(made) for made in severance_rows.list_these(tx, severance_ids).values()}


def _event(made: Severance) -> Json:
    """Source: Mastodon documentation, RelationshipSeveranceEvent."""
    return {
        "id": str(made.id),
        "type": made.kind,
        "purged": bool(made.purged),
        "target_name": made.target,
        "followers_count": made.followers_count,
        "following_count": made.following_count,
        "created_at": clock.rfc3339(made.created_at),
    }


def _warnings(shelf: Shelf, tx: Tx, owner_id: int, warning_ids: Sequence[int]) -> Mapping[int, Json]:
    [target] = shelf.accounts(tx, [account_rows.get(tx, owner_id)])
    return {made.id: _warning(made, target) for made in warning_rows.list_these(tx, warning_ids).values()}


def _warning(made: Warned, target: bytes) -> Json:
    """Source: Mastodon documentation, AccountWarning. Nobody appeals here by a form: staff are people one can write to."""
    return {
        "id": str(made.id),
        "action": made.action,
        "text": made.text,
        "status_ids": [str(post_id) for post_id in json.loads(made.post_ids)],
        "target_account": orjson.Fragment(target),
        "appeal": None,
        "created_at": clock.rfc3339(made.created_at),
    }


def _collections(shelf: Shelf, tx: Tx, owner_id: int, collection_ids: Sequence[int]) -> Mapping[int, Json]:
    """Those whose owner may be seen."""
    shown = collection_rows.list_these(tx, owner_id, collection_ids)
    return {int(made["id"]): made for made in collection_entity.collections(tx, owner_id, shown)}


_LOADERS: Final = {
    "report": _reports,
    "severance": _events,
    "warning": _warnings,
    "collection": _collections,
    "collection_edit": _collections,
}
_NAMES: Final = {
    "report": "report",
    "severance": "event",
    "warning": "moderation_warning",
    "collection": "collection",
    "collection_edit": "collection",
}
