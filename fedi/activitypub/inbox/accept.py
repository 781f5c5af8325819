"""Accept and Reject: whom we asked answers: to follow, to quote, to answer. Nothing for what was never asked, or asked of somebody else."""

from fedi import decisions, follows, quotes, relays
from fedi.activitypub import parse, parse_values
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.storage import accounts as account_rows
from fedi.storage import approvals as approval_rows
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


def _asked(tx: Tx, received: Received) -> tuple[Account, str] | None:
    """(who of us asked, the Follow's id or ''): by the id, else by the two sides of an embedded Follow. Source: FEDERATION.md."""
    activity = received.activity
    made = follow_rows.find_by_uri(tx, activity.object_id) if activity.object_id else None
    if made is not None:
        follower = account_rows.get(tx, made.follower_id)
        return (follower, made.uri) if made.followed_id == received.actor.id else None
    inner = activity.object_doc
    if inner is None or parse_values.type_of(inner) != "Follow" or parse.first_id(inner.get("object")) != received.actor.uri:
        return None
    found = account_rows.find_by_uri(tx, parse.first_id(inner.get("actor")))
    return (found, "") if found is not None and found.is_local else None


def accept(tx: Tx, received: Received, gathered: Gathered) -> None:
    if relays.receive_answer(tx, received.actor, received.activity.object_id, accepted=True):
        return
    asked = _asked(tx, received)
    if asked is not None:
        follows.receive_accept(tx, received.actor, *asked)
    else:  # Observed: GoToSocial 0.17 names the Accept itself as the stamp
        _consent(tx, received, parse.first_uri(received.activity.raw.get("result")) or received.activity.id)


def reject(tx: Tx, received: Received, gathered: Gathered) -> None:
    """Also ends a follow that was accepted before."""
    if relays.receive_answer(tx, received.actor, received.activity.object_id, accepted=False):
        return
    asked = _asked(tx, received)
    if asked is not None:
        follows.receive_reject(tx, received.actor, *asked)
    else:
        _consent(tx, received, "")


def _consent(tx: Tx, received: Received, stamp_uri: str) -> None:
    """An author elsewhere says yes (with a stamp) or no ('') to what somebody here has done, or asked to do. Source: FEP-044f."""
    activity, actor = received.activity, received.actor
    uri = activity.object_id
    if not uri or not tx.uris.is_ours(uri):
        return
    asked = approval_rows.find_by_interaction(tx, uri)
    if asked is not None:
        decisions.receive_answer(tx, actor, asked, stamp_uri)
        return
    inner = activity.object_doc or {}
    quote = quote_rows.find_by_request(tx, uri, parse.first_id(inner.get("instrument")))
    post = post_rows.find_by_uri(tx, uri)
    if quote is not None and (stamp_uri or not activity.raw.get("result")):
        quotes.receive_answer(tx, actor, quote, stamp_uri)
    elif post is not None and not stamp_uri:
        decisions.receive_rejection(tx, actor, post)


ACCEPT = Handler(wants_nothing, accept)
REJECT = Handler(wants_nothing, reject)
