"""Follow: somebody elsewhere asks to follow somebody here."""

from fedi import follows
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.storage import accounts as account_rows
from fedi.storage.db import Tx


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    """One target, of ours; a Follow of a post, a relay or somebody elsewhere means nothing here. Source: FEDERATION.md, Activities."""
    activity = received.activity
    target = account_rows.find_by_uri(tx, activity.object_id)
    if target is not None and target.is_local and len(activity.object_ids) == 1:
        follows.receive_follow(tx, received.actor, target, activity.id)


HANDLER = Handler(wants_nothing, apply)
