"""Undo: what somebody did is taken back, by the one who did it, maybe before it reached us."""

from fedi import blocks, follows, interactions, reactions, revocations, uris
from fedi.activitypub import parse, parse_values
from fedi.activitypub.inbox import like, moderated
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as block_rows
from fedi.storage import follows as follow_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import posts as post_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    """By the inner id first, then by the inner type and object. The inner actor must be the outer one. Source: FEDERATION.md, Inbox."""
    activity, actor = received.activity, received.actor
    inner = activity.object_doc or {}
    if moderated.undo(tx, received, inner):
        return
    if inner.get("actor") is not None and parse.first_id(inner.get("actor")) != actor.uri:
        return
    voted = post_rows.find_by_uri(tx, parse.first_id(inner.get("object"))) if parse_values.type_of(inner) in _VOTES else None
    if voted is not None:
        moderated.pass_on(tx, received, voted)
    if activity.object_id:
        if not uris.same_origin(activity.object_id, actor.uri):
            return  # not theirs: nobody takes back what bears the name of another server
        tombstone_rows.put(tx, activity.object_id, actor.uri)
        if revocations.receive(tx, activity.object_id, actor, activity) or _by_id(tx, actor, activity.object_id):
            return
    kind = parse_values.type_of(inner)
    stamp_uri = parse.first_uri(inner.get("result")) if kind == "Accept" else ""
    if stamp_uri and revocations.receive(tx, stamp_uri, actor, activity):
        return
    if kind in ("EmojiReact", "Like") and like.undo(tx, actor, inner):
        return
    if kind in _BY_TYPE:
        _BY_TYPE[kind](tx, actor, parse.first_id(inner.get("object")))


def _by_id(tx: Tx, actor: Account, uri: str) -> bool:
    made = follow_rows.find_by_uri(tx, uri)
    if made is not None and made.follower_id == actor.id:
        follows.receive_undo(tx, actor, account_rows.get(tx, made.followed_id))
        return True
    liked = interaction_rows.find_favourite_by_uri(tx, uri)
    if liked is not None and liked[0] == actor.id:
        interactions.receive_unfavourite(tx, actor, post_rows.get(tx, liked[1]))
        return True
    if reactions.receive_undo_by_id(tx, actor, uri):
        return True
    boost = post_rows.find_by_uri(tx, uri)
    if boost is not None and boost.boost_of_id is not None and boost.account_id == actor.id:
        interactions.receive_unboost(tx, actor, boost)
        return True
    return False


def _follow(tx: Tx, actor: Account, object_uri: str) -> None:
    target = account_rows.find_by_uri(tx, object_uri)
    if target is not None and target.is_local:
        follows.receive_undo(tx, actor, target)


def _like(tx: Tx, actor: Account, object_uri: str) -> None:
    post = post_rows.find_by_uri(tx, object_uri)
    if post is not None:
        interactions.receive_unfavourite(tx, actor, post)


def _announce(tx: Tx, actor: Account, object_uri: str) -> None:
    post = post_rows.find_by_uri(tx, object_uri)
    boost = post_rows.find_boost(tx, actor.id, post.id) if post else None
    if boost is not None:
        interactions.receive_unboost(tx, actor, boost)


def _block(tx: Tx, actor: Account, object_uri: str) -> None:
    target = account_rows.find_by_uri(tx, object_uri)
    if target is not None and block_rows.find_uri(tx, actor.id, target.id) is not None:
        blocks.receive_unblock(tx, actor, target)


def _accept(tx: Tx, actor: Account, object_uri: str) -> None:
    """They take their Accept back: our follow of them is over."""
    made = follow_rows.find_by_uri(tx, object_uri)
    if made is not None and made.followed_id == actor.id:
        follows.receive_reject(tx, actor, account_rows.get(tx, made.follower_id), made.uri)


_VOTES = frozenset({"Like", "EmojiReact", "Dislike"})
_BY_TYPE = {"Follow": _follow, "Like": _like, "Announce": _announce, "Block": _block, "Accept": _accept}

HANDLER = Handler(wants_nothing, apply)
