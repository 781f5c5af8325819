"""Block: somebody elsewhere wants nothing of somebody here; with a `target`, a group does."""

from fedi import blocks
from fedi.activitypub.inbox import moderated
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.storage import accounts as account_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.db import Tx


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    activity = received.activity
    if activity.target_id and activity.target_id != activity.object_id:
        moderated.ban(tx, received)
        return
    target = account_rows.find_by_uri(tx, activity.object_id)
    if target is not None and target.is_local and not tombstone_rows.is_taken_back(tx, activity.id, received.actor.uri):
        blocks.receive_block(tx, received.actor, target, activity.id)


HANDLER = Handler(wants_nothing, apply)
