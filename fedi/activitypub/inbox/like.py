"""Like (and a reaction, which counts as one here), and Dislike."""

from fedi import interactions
from fedi.activitypub.inbox import moderated
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    """Of any post known here; once per account, whatever its ids."""
    post = post_rows.find_by_uri(tx, received.activity.object_id)
    if post is not None and post.boost_of_id is None:
        interactions.receive_favourite(tx, received.actor, post, received.activity.id)
        moderated.pass_on(tx, received, post)


def apply_dislike(tx: Tx, received: Received, gathered: Gathered) -> None:
    """Not counted. Where there are votes, who dislikes takes a like back without saying so."""
    post = post_rows.find_by_uri(tx, received.activity.object_id)
    if post is not None and post.boost_of_id is None:
        interactions.receive_unfavourite(tx, received.actor, post)
        moderated.pass_on(tx, received, post)


HANDLER = Handler(wants_nothing, apply)
DISLIKE = Handler(wants_nothing, apply_dislike)
