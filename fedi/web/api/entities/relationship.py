"""Relationship: what stands between the viewer and others."""

import json
from collections.abc import Sequence
from typing import Final

from fedi import clock
from fedi.storage import blocks as block_rows
from fedi.storage import follows as follow_rows
from fedi.storage.blocks import Relation
from fedi.storage.db import Tx
from fedi.storage.follows import Follow
from fedi.web.api.entities.places import Json

_NO_FOLLOW: Final = Follow(0, 0, "", 0, "", 0, 0, "[]", 0)


def relationships(tx: Tx, viewer_id: int, account_ids: Sequence[int], *, hidden: bool = True) -> list[Json]:
    """For those of these accounts that there are, in the order given; in two statements. `hidden`: also for suspended ones."""
    relations = block_rows.list_relations(tx, viewer_id, account_ids)
    follows = follow_rows.list_between(tx, viewer_id, account_ids)
    ours = {follow.followed_id: follow for follow in follows if follow.follower_id == viewer_id}
    theirs = {follow.follower_id: follow for follow in follows if follow.followed_id == viewer_id}
    return [
        _relationship(account_id, relations[account_id], ours.get(account_id, _NO_FOLLOW), theirs.get(account_id, _NO_FOLLOW))
        for account_id in account_ids
        if account_id in relations and (hidden or not relations[account_id].is_hidden)
    ]


def _relationship(account_id: int, relation: Relation, ours: Follow, theirs: Follow) -> Json:
    """Source: Mastodon documentation, Relationship."""
    return {
        "id": str(account_id),
        "following": ours.state == "accepted",
        "showing_reblogs": bool(ours.boosts),
        "notifying": bool(ours.notify),
        "languages": json.loads(ours.languages) or None,
        "followed_by": theirs.state == "accepted",
        "blocking": relation.blocking,
        "blocked_by": relation.blocked_by,
        "muting": relation.muting,
        "muting_notifications": relation.muting_notifications,
        "muting_expires_at": clock.rfc3339(relation.muting_expires_at) if relation.muting_expires_at else None,
        "requested": ours.state == "pending",
        "requested_by": theirs.state == "pending",
        "domain_blocking": relation.domain_blocking,
        "endorsed": relation.endorsed,
        "note": relation.note,
    }
