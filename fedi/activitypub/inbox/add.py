"""Add and Remove: what a collection of the actor, or of a group they moderate, holds now, or no more."""

from fedi import groups
from fedi.activitypub.inbox import featured, moderated
from fedi.activitypub.inbox.received import NOTHING, Gathered, Handler, Received, Wants
from fedi.storage.db import Tx


def wants(tx: Tx, received: Received) -> Wants | None:
    if _is_own(received):
        return featured.wants(tx, received)
    return NOTHING if moderated.collecting(tx, received) is not None else None


def _is_own(received: Received) -> bool:
    """Whether it is about somebody's own profile; a group's pinned posts are its moderators' matter."""
    return received.actor.kind != groups.KIND and featured.concerns(received)


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    if _is_own(received):
        featured.collect(tx, received)
    else:
        moderated.collect(tx, received, added=received.activity.type == "Add")


HANDLER = Handler(wants, apply)
