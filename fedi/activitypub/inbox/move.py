"""Move: an account elsewhere has a new home, and the new one confirms it."""

from fedi import clock, follows, uris
from fedi.activitypub.inbox.received import Gathered, Handler, Received, Wants
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import settings as setting_rows
from fedi.storage.db import Tx

_COOLDOWN_MS = 7 * clock.DAY


def wants(tx: Tx, received: Received) -> Wants | None:
    """By the mover itself, to somewhere else than here, and not twice in a week. Source: FEDERATION.md, Activities; AUZ-07."""
    activity = received.activity
    target = activity.target_id
    if activity.object_id != received.actor.uri or not target or target == received.actor.uri or tx.uris.is_ours(target):
        return None
    if not follow_rows.has_local_follower(tx, received.actor.id):
        return None
    if tx.now - setting_rows.find(tx, _moved_key(received), 0) < _COOLDOWN_MS:
        return None
    return Wants(moved_to=target)


def _moved_key(received: Received) -> str:
    return f"moved.{received.actor.id}"


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    """The new account, freshly read, names the old one among its aliases, and has not itself moved on."""
    old, new = received.actor, account_rows.find_by_uri(tx, received.activity.target_id)
    if new is None or new.is_hidden or new.moved_to_uri or old.uri not in new.aliases() or uris.same_origin(new.uri, tx.uris.base_url):
        return
    setting_rows.put(tx, _moved_key(received), tx.now)
    account_rows.update(tx, old.id, moved_to_uri=new.uri)
    follows.receive_move(tx, account_rows.get(tx, old.id), new)


HANDLER = Handler(wants, apply)
