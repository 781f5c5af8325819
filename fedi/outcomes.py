"""What a yes sets free and a no ends: likes count or go, answers and boosts are seen, and sent out, or hidden.

Source: FEDERATION.md, Interaction policies.
"""

import orjson

from fedi import fanout, forwarding, groups, hosting, interactions, notifications, orphans, policies, posts, quotes
from fedi.activitypub import outbox, parse
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import post_arrivals as arrival_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.approvals import Request
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.streaming import Event


def set_free(tx: Tx, request: Request) -> None:
    """The author has agreed."""
    actor, post = account_rows.get(tx, request.account_id), post_rows.get(tx, request.post_id)
    if request.kind == policies.LIKE:
        interactions.count_approved_like(tx, actor, post, request.interaction_uri)
    elif request.kind == policies.QUOTE:
        quotes.granted(tx, request)
    else:
        _release(tx, request, post)


def made_for(tx: Tx, request: Request) -> Post | None:
    """The answer or boost a request is for. A yes to answer one post is none to answer another, nor anybody else's."""
    made = post_rows.find_by_uri(tx, request.interaction_uri)
    if made is None or made.account_id != request.account_id:
        return None
    about = made.in_reply_to_id if request.kind == policies.REPLY else made.boost_of_id
    return made if about == request.post_id else None


def _release(tx: Tx, request: Request, about: Post) -> None:
    """An answer or a boost that was held is seen from now on, as if it had just come; one of ours goes out to everybody."""
    held = made_for(tx, request)
    if held is None or not held.held:
        return
    author = account_rows.get(tx, held.account_id)
    free = post_rows.update(tx, held.id, held=0)
    if author.is_local:
        _release_own(tx, free, author, about)
    elif free.boost_of_id is not None:
        fanout.post_added(tx, free, author)
        tx.emit(Event("post_counted", about.id))
    else:
        _release_other(tx, free, author, about)


def _named(tx: Tx, free: Post, about: Post) -> list[int]:
    """Whom it names, but who has just agreed to it."""
    return [account_id for account_id in post_rows.list_mentioned_ids(tx, free.id) if account_id != about.account_id]


def _release_own(tx: Tx, free: Post, author: Account, about: Post) -> None:
    delivery_rows.forget_activity(tx, free.uri if free.boost_of_id is not None else f"{free.uri}/activity")
    if free.boost_of_id is not None:
        fanout.post_added(tx, free, author)
        outbox.boosted(tx, free, author, about)
        tx.emit(Event("post_counted", about.id))
        return
    fanout.tags_added(tx, free)
    fanout.post_added(tx, free, author, _named(tx, free, about))
    outbox.created(tx, free, author)
    quotes.announce(tx, free, author)
    group = groups.group_of(tx, free)
    if group is not None and not (group.is_local and hosting.refusal(tx, group, author, about)):
        hosting.published(tx, group, free, author)


def _release_other(tx: Tx, free: Post, author: Account, about: Post) -> None:
    """What brought it is passed on now: to the followers of its group, and of whom it answers."""
    addressed = [one for one in post_rows.list_mentions(tx, [free.id], silent=True).get(free.id, []) if one.id != about.account_id]
    placed = hosting.received(tx, free, author, addressed, about)
    fanout.tags_added(tx, placed)
    fanout.post_added(tx, placed, author, [one.id for one in addressed])
    quotes.post_released(tx, placed)
    said = arrival_rows.take_said(tx, placed.id)
    if said:
        forwarding.pass_on(tx, author, parse.activity(orjson.loads(said), said), placed)
    if placed.group_id is not None:
        hosting.arrived(tx, placed, author, said)


def turn_down(tx: Tx, request: Request, author: Account, *, counted: bool = False) -> None:
    """The author has not agreed, or (`counted`) does no longer: what is of people here is hidden from others, what is not goes."""
    actor = account_rows.get(tx, request.account_id)
    if request.kind == policies.QUOTE:
        quotes.refused(tx, request)
    elif request.kind == policies.LIKE:
        interactions.forget_like(tx, actor, request.post_id, counted=counted)
    else:
        _turn_down_post(tx, request, actor, author)
    if counted and actor.is_local and request.kind in (policies.LIKE, policies.ANNOUNCE):
        notifications.tell(tx, actor.id, "approval", author, request.post_id)


def _turn_down_post(tx: Tx, request: Request, actor: Account, author: Account) -> None:
    made = made_for(tx, request)
    if made is None:
        return
    if made.boost_of_id is not None:
        if actor.is_local and not made.held:
            outbox.unboosted(tx, made, actor, post_rows.get(tx, made.boost_of_id))
        interactions.end_boost(tx, actor, made)
        return
    if not made.held:
        made = orphans.hide(tx, made)
    if actor.is_local:
        notifications.tell(tx, actor.id, "approval", author, made.id)
    elif author.is_local:
        posts.end(tx, made, actor)
