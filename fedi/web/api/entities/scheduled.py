"""ScheduledStatus: a post to come, as its author wrote it."""

from collections.abc import Sequence

from fedi import clock, policies, scheduled
from fedi.storage import scheduled as rows
from fedi.storage.db import Tx
from fedi.storage.media import Media
from fedi.storage.scheduled import Scheduled
from fedi.uris import Uris
from fedi.web.api.entities.media import upload
from fedi.web.api.entities.places import Json, visibility


def load(tx: Tx, us: Uris, found: Sequence[Scheduled]) -> list[Json]:
    """Each as JSON, in one statement."""
    files = rows.list_media(tx, [row.id for row in found]) if found else {}
    return [_one(us, row, files.get(row.id, [])) for row in found]


def _one(us: Uris, row: Scheduled, files: Sequence[Media]) -> Json:
    """With `failure`, which is ours: why it was not published. Source: Mastodon documentation, ScheduledStatus."""
    draft = scheduled.draft_of(row)
    order = {media_id: place for place, media_id in enumerate(draft.media_ids or ())}
    poll = draft.poll
    return {
        "id": str(row.id),
        "scheduled_at": clock.rfc3339(row.scheduled_at),
        "params": {
            "text": draft.text,
            "poll": poll
            and {
                "options": list(poll.options),
                "expires_in": poll.expires_in_s,
                "multiple": poll.multiple,
                "hide_totals": poll.hide_totals,
            },
            "media_ids": [str(media_id) for media_id in draft.media_ids] if draft.media_ids else None,
            "sensitive": draft.sensitive,
            "spoiler_text": draft.warning or None,
            "visibility": visibility(draft.visibility),
            "local_only": draft.local_only,
            "in_reply_to_id": draft.in_reply_to_id,
            "quoted_status_id": str(draft.quote_of_id) if draft.quote_of_id is not None else None,
            "quote_approval_policy": dict(draft.policy).get(policies.QUOTE),
            "language": draft.language or None,
            "application_id": row.app_id or 0,
            "scheduled_at": None,
            "idempotency": draft.idempotency_key or None,
            "with_rate_limit": False,
        },
        "media_attachments": [upload(us, file) for file in sorted(files, key=lambda file: order.get(file.id, 0))],
        **({"failure": row.error} if row.error else {}),
    }
