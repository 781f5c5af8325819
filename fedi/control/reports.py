"""Verbs about reports."""

import json
from typing import Any

from fedi import clock, moderation
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import reports as rows
from fedi.storage.db import Tx


async def list_all(instance: Instance, args: dict[str, Any]) -> list[dict[str, Any]]:
    """resolved (those instead of the open ones)."""
    return instance.db.read(_list, bool(args["resolved"]))


def _list(tx: Tx, resolved: bool) -> list[dict[str, Any]]:
    found = rows.list_open(tx, resolved=resolved)
    names = account_rows.list_by_ids(tx, [i for report in found for i in (report.target_id, report.reporter_id) if i])
    return [
        {
            "id": str(report.id),
            "about": names[report.target_id].handle if report.target_id in names else "",
            "by": names[report.reporter_id].handle if report.reporter_id in names else report.host,
            "comment": report.comment,
            "posts": json.loads(report.post_uris),
            "created_at": clock.rfc3339(report.created_at),
            "resolved_at": clock.rfc3339(report.resolved_at) if report.resolved_at else None,
        }
        for report in found
    ]


async def resolve(instance: Instance, args: dict[str, Any]) -> None:
    """id."""
    await instance.db.write(moderation.resolve_report, int(args["id"]))
