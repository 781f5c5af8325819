"""Like (and a reaction, which counts as one here)."""

from fedi import interactions
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    """Of any post known here; once per account, whatever its ids."""
    post = post_rows.find_by_uri(tx, received.activity.object_id)
    if post is not None and post.boost_of_id is None:
        interactions.receive_favourite(tx, received.actor, post, received.activity.id)


HANDLER = Handler(wants_nothing, apply)
