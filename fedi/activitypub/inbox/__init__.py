"""What arrives: one file per activity type. A handler says what it wants to know first, and then applies, in one transaction."""

from collections.abc import Awaitable

from fedi import backfill
from fedi.activitypub import remote_relays
from fedi.activitypub.inbox import accept, add, announce, block, create, delete, flag, follow, like, lock, move, requests, undo, update
from fedi.activitypub.inbox.received import Gathered, Handler, Received, Wants
from fedi.activitypub.parse import Note
from fedi.activitypub.remote import Remote
from fedi.errors import FediError, Refused, RemoteGone
from fedi.storage.db import Tx

HANDLERS: dict[str, Handler] = {
    "Accept": accept.ACCEPT,
    "Add": add.HANDLER,
    "Announce": announce.HANDLER,
    "AnnounceRequest": requests.HANDLER,
    "Block": block.HANDLER,
    "Create": create.HANDLER,
    "Delete": delete.HANDLER,
    "Dislike": like.DISLIKE,
    "EmojiReact": like.HANDLER,
    "FeatureRequest": requests.FEATURE,
    "Flag": flag.HANDLER,
    "Follow": follow.HANDLER,
    "Like": like.HANDLER,
    "LikeRequest": requests.HANDLER,
    "Lock": lock.HANDLER,
    "Move": move.HANDLER,
    "QuoteRequest": requests.HANDLER,
    "Reject": accept.REJECT,
    "Remove": add.HANDLER,
    "ReplyRequest": requests.HANDLER,
    "Undo": undo.HANDLER,
    "Update": update.HANDLER,
}


TAKING_BACK = frozenset({"Delete", "Reject", "Undo"})


def wants(tx: Tx, received: Received) -> Wants | None:
    """What must be known before the activity can be applied; None when it means nothing to anybody here."""
    handler = HANDLERS.get(received.activity.type)
    return handler.wants(tx, received) if handler and may_act(received) else None


def may_act(received: Received) -> bool:
    """Whether the actor is heard: of a suspended one only what it takes back counts. Source: FEDERATION.md, Signatures."""
    actor = received.actor
    return not actor.is_hidden or (actor.suspended_at is not None and not actor.host_blocked and received.activity.type in TAKING_BACK)


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    HANDLERS[received.activity.type].apply(tx, received, gathered)


async def gather(remote: Remote, received: Received, wanted: Wants) -> Gathered:
    """Fetch what is wanted. Raises Unreachable and TooMany (try again later) and other RemoteErrors (no effect) for what is needed."""
    for uri in wanted.actors:
        await _try(remote.actor(uri))
    for uri in wanted.parents:
        await _try(_parent(remote, uri))
    for uri in wanted.posts:
        await remote.boosted(uri, received.actor)
    if wanted.relayed:
        await remote_relays.fetch(remote, wanted.relayed, received.actor)
    if wanted.moved_to:
        await remote.actor(wanted.moved_to, refresh=True)
    for uri in wanted.refresh:
        await remote.actor(uri, refresh=True)
    note, is_gone = await _refetch(remote, received, wanted.refetch) if wanted.refetch else (None, False)
    html = await remote.content(note or received.note) if note or wanted.heavy_html else None
    return Gathered(note, html, is_gone)


async def _refetch(remote: Remote, received: Received, uri: str) -> tuple[Note | None, bool]:
    """(the object as its own server has it, whether that says it is gone), of which the latter is an answer to a Delete only."""
    try:
        note, _ = await remote.note(uri)
    except (RemoteGone, Refused) as error:
        if isinstance(error, Refused) and error.status != 404:
            raise
        if received.activity.type != "Delete":
            raise
        return None, True
    return note, False


async def _parent(remote: Remote, uri: str) -> None:
    """What a post answers; what that answers in turn is read in a job of its own."""
    post = await remote.post(uri)
    if post.in_reply_to_uri and post.in_reply_to_id is None:
        await remote.db.write(backfill.above, post)


async def _try(fetching: Awaitable[object]) -> None:
    """For what is nice to have: a post is kept though somebody it names, or what it answers, cannot be had."""
    try:
        await fetching
    except FediError:
        return


__all__ = ["HANDLERS", "Gathered", "Received", "Wants", "apply", "gather", "wants"]
