"""Move: an account elsewhere has a new home, and the new one confirms it. Said by the old account, or by the new one (FEP-7628, pull)."""

from fedi import moves
from fedi.activitypub.inbox.received import Gathered, Handler, Received, Wants
from fedi.storage import accounts as account_rows
from fedi.storage.db import Tx


def wants(tx: Tx, received: Received) -> Wants | None:
    """Not twice in a week. Who is told of last is read anew: it must name the old account. Source: FEP-7628; AUZ-07."""
    old_uri, new_uri = received.activity.object_id, received.activity.target_id
    if not old_uri or not new_uri or old_uri == new_uri or received.actor.uri not in (old_uri, new_uri) or tx.uris.is_ours(old_uri):
        return None
    old = account_rows.find_by_uri(tx, old_uri)
    if old is None or not moves.concerns_us(tx, old) or not moves.is_rested(tx, old):
        return None
    unsaid = (old_uri,) if received.actor.uri == new_uri else ()  # the old account itself must say so as well
    return Wants(refresh=(*unsaid, new_uri))


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    old = account_rows.find_by_uri(tx, received.activity.object_id)
    new = account_rows.find_by_uri(tx, received.activity.target_id)
    if old is not None and new is not None and (received.actor.id == old.id or old.moved_to_uri == new.uri):
        moves.receive(tx, old, new)


HANDLER = Handler(wants, apply)
