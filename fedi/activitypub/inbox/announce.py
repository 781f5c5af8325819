"""Announce: a boost. The post is taken from here or from its own server, never from the copy in the activity."""

from fedi import approvals, groups, interactions, policies, relays
from fedi.activitypub import parse, parse_policies
from fedi.activitypub.inbox.received import NOTHING, Gathered, Handler, Received, Wants
from fedi.storage import accounts as account_rows
from fedi.storage import domains as domain_rows
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx
from fedi.uris import host


def wants(tx: Tx, received: Received) -> Wants | None:
    """Of interest when it boosts a post of ours, or when somebody here follows the booster. Nothing of a blocked server is fetched."""
    object_uri = received.activity.object_id
    if not object_uri or not received.activity.id:
        return None
    known = post_rows.find_by_uri(tx, object_uri)
    if relays.is_one(tx, received.actor):  # what it announces is shown as posts of their authors, never as boosts
        is_new = known is None and not tx.uris.is_ours(object_uri) and not domain_rows.is_blocked(tx, host(object_uri))
        return Wants(relayed=object_uri) if is_new else None
    followed = follow_rows.has_local_follower(tx, received.actor.id)
    if known is not None:
        return NOTHING if followed or account_rows.get(tx, known.account_id).is_local else None
    if tx.uris.is_ours(object_uri) or not followed or domain_rows.is_blocked(tx, host(object_uri)):
        return None
    return Wants(posts=(object_uri,))


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    activity = received.activity
    post = post_rows.find_by_uri(tx, activity.object_id)
    if post is not None and post.boost_of_id is None and not relays.is_one(tx, received.actor):
        visibility = parse.visibility(activity.to, activity.cc, received.actor.followers_uri)
        if visibility == "direct":
            visibility = "followers"
        stamp_uri = parse_policies.approved_by(activity.raw)
        if stamp_uri:
            approvals.receive(tx, policies.ANNOUNCE, post, received.actor, activity.id, stamp_uri)
        if received.actor.kind == groups.KIND:
            post = groups.announced(tx, received.actor, post)
        interactions.receive_boost(tx, received.actor, post, activity.id, activity.published_at or tx.now, visibility)


HANDLER = Handler(wants, apply)
