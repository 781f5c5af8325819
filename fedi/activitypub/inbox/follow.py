"""Follow: somebody elsewhere asks to follow somebody here."""

from fedi import follows, relays
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.storage import accounts as account_rows
from fedi.storage.db import Tx


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    """One target, of ours; a Follow of a post, a relay or somebody elsewhere means nothing here. Source: FEDERATION.md, Activities."""
    activity = received.activity
    target = account_rows.find_by_uri(tx, activity.object_id)
    if target is None or not target.is_local or len(activity.object_ids) != 1:
        return
    if not relays.receive_follow(tx, received.actor, target, activity.id):
        follows.receive_follow(tx, received.actor, target, activity.id)


HANDLER = Handler(wants_nothing, apply)
