"""Lock: the moderators of a group close a thread to new answers."""

from fedi.activitypub.inbox import moderated
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.storage.db import Tx


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    moderated.lock(tx, received, received.activity.object_id, locked=True)


HANDLER = Handler(wants_nothing, apply)
