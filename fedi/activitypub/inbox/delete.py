"""Delete: a post or an account elsewhere has ended."""

from fedi import accounts, arrivals, forwarding, quotes, uris
from fedi.activitypub.inbox.received import NOTHING, Gathered, Handler, Received, Wants
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx


def wants(tx: Tx, received: Received) -> Wants | None:
    """One's own account, one's own post, or (never seen) an id of one's own server. A forwarded Delete is asked for at its origin."""
    activity = received.activity
    if not activity.object_id or tx.uris.is_ours(activity.object_id):
        return None
    if received.is_forwarded:
        return Wants(refetch=activity.object_id)
    if activity.object_id == received.actor.uri:
        return NOTHING
    known = post_rows.find_by_uri(tx, activity.object_id)
    if known is not None and known.account_id != received.actor.id:
        return None
    return NOTHING if uris.same_origin(activity.object_id, received.actor.uri) else None


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    object_uri = received.activity.object_id
    if received.is_forwarded and not gathered.is_gone:
        return
    if object_uri == received.actor.uri:
        if not received.actor.is_local:
            accounts.delete_remote(tx, received.actor)
        return
    if not quotes.receive_revocation(tx, object_uri, received.actor, received.activity):
        forwarding.pass_on(tx, received.actor, received.activity, post_rows.find_by_uri(tx, object_uri))
        arrivals.receive_removal(tx, object_uri, received.actor)


HANDLER = Handler(wants, apply)
