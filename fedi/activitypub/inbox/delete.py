"""Delete: a post or an account elsewhere has ended."""

from fedi import accounts, arrivals, forwarding, hosting, revocations, uris
from fedi.activitypub.inbox import moderated
from fedi.activitypub.inbox.received import NOTHING, Gathered, Handler, Received, Wants
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx


def wants(tx: Tx, received: Received) -> Wants | None:
    """One's own account, one's own post, or (never seen) an id of one's own server. A forwarded Delete is asked for at its origin."""
    activity = received.activity
    if not activity.object_id:
        return None
    if tx.uris.is_ours(activity.object_id):
        known = post_rows.find_by_uri(tx, activity.object_id)
        return NOTHING if known is not None and moderated.group_for(tx, received, known) is not None else None
    if received.is_forwarded:
        return Wants(refetch=activity.object_id)
    if activity.object_id == received.actor.uri:
        return NOTHING
    known = post_rows.find_by_uri(tx, activity.object_id)
    if known is not None and known.account_id != received.actor.id:
        return NOTHING if moderated.group_for(tx, received, known) is not None else None
    return NOTHING if received.via is not None or uris.same_origin(activity.object_id, received.actor.uri) else None


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    object_uri = received.activity.object_id
    if received.is_forwarded and not gathered.is_gone:
        return
    if object_uri == received.actor.uri:
        if not received.actor.is_local:
            accounts.delete_remote(tx, received.actor)
        return
    if revocations.receive(tx, object_uri, received.actor, received.activity) or moderated.remove(tx, received, object_uri):
        return
    post = post_rows.find_by_uri(tx, object_uri)
    forwarding.pass_on(tx, received.actor, received.activity, post)
    if post is not None and post.account_id == received.actor.id and post.group_id is not None:
        hosting.ended(tx, post, received.actor, received.activity.body)
    arrivals.receive_removal(tx, object_uri, received.actor)


HANDLER = Handler(wants, apply)
