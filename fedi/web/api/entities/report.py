"""Report."""

import json

import orjson

from fedi import clock
from fedi.storage.reports import Report
from fedi.web.api.entities.places import Json


def report(made: Report, post_ids: list[str], target: bytes) -> Json:
    """`target` is the account's JSON. Source: Mastodon documentation, Report."""
    return {
        "id": str(made.id),
        "action_taken": made.resolved_at is not None,
        "action_taken_at": clock.rfc3339(made.resolved_at) if made.resolved_at is not None else None,
        "category": made.category,
        "comment": made.comment,
        "forwarded": bool(made.forwarded),
        "created_at": clock.rfc3339(made.created_at),
        "status_ids": post_ids,
        "collection_ids": None,
        "rule_ids": json.loads(made.rule_ids),
        "target_account": orjson.Fragment(target),
    }
