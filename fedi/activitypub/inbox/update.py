"""Update: a post or a profile is otherwise now."""

from fedi import arrivals, clock, forwarding, uris
from fedi.activitypub import parse_values, vocab
from fedi.activitypub.inbox import create, moderated
from fedi.activitypub.inbox.received import NOTHING, Gathered, Handler, Received, Wants
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx

_OVERTAKING_MS = clock.HOUR  # how long the Create of a post may still be on its way when an edit is here


def wants(tx: Tx, received: Received) -> Wants | None:
    """A profile is always read from its own server: nobody changes a key by saying so."""
    activity = received.activity
    if received.via is not None and activity.object_id == received.via.group.uri:
        return Wants(moved_to=received.via.group.uri)
    if activity.object_id == received.actor.uri or _type(received) in vocab.ACTOR_TYPES:
        return Wants(moved_to=received.actor.uri) if activity.object_id == received.actor.uri else None
    known = post_rows.find_by_uri(tx, activity.object_id)
    if known is None and _has_overtaken(received):
        return create.wants(tx, received)
    if known is None or known.account_id != received.actor.id:
        return None
    if create.is_trusted(received):
        return Wants(heavy_html=True) if arrivals.is_heavy(received.note) else NOTHING
    return Wants(refetch=activity.object_id) if uris.same_origin(activity.object_id, received.actor.uri) else None


def _has_overtaken(received: Received) -> bool:
    """Whether this may be the edit of a post whose Create is still to come, and will change nothing then. Told by its author only."""
    if received.via is not None or received.is_relayed or not create.is_trusted(received) or _type(received) in vocab.ACTOR_TYPES:
        return False
    note = received.note
    return note.updated_at is not None and received.at - note.published_at <= _OVERTAKING_MS


def _type(received: Received) -> str:
    return parse_values.type_of(received.activity.object_doc) if received.activity.object_doc else ""


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    if received.activity.object_id == received.actor.uri or _type(received) in vocab.ACTOR_TYPES:
        return  # gathering has read and stored it
    if post_rows.find_by_uri(tx, received.activity.object_id) is None:
        if _has_overtaken(received):
            create.apply(tx, received, gathered)
        return
    note = received.believed_note(gathered)
    if note.attributed_to == received.actor.uri:
        changed = arrivals.receive_edit(tx, note, received.actor, received.content(tx, gathered))
        forwarding.pass_on(tx, received.actor, received.activity, changed)
        if changed is not None and gathered.note is None:
            moderated.pass_on(tx, received, changed)


HANDLER = Handler(wants, apply)
