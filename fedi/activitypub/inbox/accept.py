"""Accept and Reject: whom we asked to follow answers. Nothing for what was never asked, or asked of somebody else."""

from fedi import follows, relays
from fedi.activitypub import parse, parse_values
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
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


def reject(tx: Tx, received: Received, gathered: Gathered) -> None:
    """Also ends a follow that was accepted before."""
    if relays.receive_answer(tx, received.actor, received.activity.object_id, accepted=False):
        return
    asked = _asked(tx, received)
    if asked is not None:
        follows.receive_reject(tx, received.actor, *asked)


ACCEPT = Handler(wants_nothing, accept)
REJECT = Handler(wants_nothing, reject)
