"""Favourites, boosts, bookmarks and pins: of local people, and (`receive_*`) of people elsewhere."""

from fedi import approvals, fanout, hosting, notifications, policies
from fedi.activitypub import outbox, outbox_consents, render
from fedi.errors import Forbidden, Invalid
from fedi.storage import interactions as rows
from fedi.storage import posts as post_rows
from fedi.storage import reactions as reaction_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.streaming import Event

PINS = 5


def seen(tx: Tx, account: Account, post_id: int) -> Post:
    """The post an act is about: of a boost, what it boosts. Raises NotFound when the account may not see it."""
    post = post_rows.get_visible(tx, account.id, post_id)
    return post_rows.get_visible(tx, account.id, post.boost_of_id) if post.boost_of_id is not None else post


def likes(tx: Tx, account_id: int, post_id: int) -> bool:
    """Whether somebody counts among those who like a post: by a like, or by a reaction. Each person counts once."""
    return rows.find_favourite(tx, account_id, post_id) is not None or reaction_rows.has_reacted(tx, account_id, post_id)


def favourite(tx: Tx, account: Account, post_id: int) -> Post:
    """Like a post; again is no harm. Raises NotFound."""
    post = seen(tx, account, post_id)
    waits = approvals.needs_yes(tx, policies.LIKE, post, account)
    uri = outbox.new_uri(tx)
    if rows.put_favourite(tx, account.id, post.id, uri):
        if waits:
            approvals.await_yes(tx, policies.LIKE, post, account, uri)
            outbox.liked(tx, account, post, uri)
            return post_rows.get(tx, post.id)
        post_rows.add_counts(tx, post.id, favourites=int(not reaction_rows.has_reacted(tx, account.id, post.id)))
        notifications.tell(tx, post.account_id, "favourite", account, post.id)
        outbox.liked(tx, account, post, uri)
        if post.group_id is not None:
            hosting.acted(tx, post, account, render.embedded("Like", uri, account.uri, post.uri))
        tx.emit(Event("post_counted", post.id))
    return post_rows.get(tx, post.id)


def unfavourite(tx: Tx, account: Account, post_id: int) -> Post:
    post = seen(tx, account, post_id)
    uri = rows.find_favourite(tx, account.id, post.id)
    if uri is not None:
        _unliked(tx, account, post)
        outbox.unliked(tx, account, post, uri)
        if post.group_id is not None:
            like = render.embedded("Like", uri, account.uri, post.uri)
            hosting.acted(tx, post, account, render.simple("Undo", f"{uri}/undo", account.uri, like, []))
    return post_rows.get(tx, post.id)


def _unliked(tx: Tx, account: Account, post: Post) -> None:
    waited = bool(post.policy) and approvals.withdraw(tx, policies.LIKE, post.id, account.id)
    if rows.delete_favourite(tx, account.id, post.id) and not waited:
        post_rows.add_counts(tx, post.id, favourites=-int(not reaction_rows.has_reacted(tx, account.id, post.id)))
        notifications.forget(tx, post.account_id, "favourite", account.id, post.id)
        tx.emit(Event("post_counted", post.id))


def boost(tx: Tx, account: Account, post_id: int, visibility: str = "public") -> Post:
    """Boost a post; returns the boost, which is the earlier one when there is one. Raises NotFound, Forbidden for what is not public."""
    post = seen(tx, account, post_id)
    known = post_rows.find_boost(tx, account.id, post.id)
    if known is not None:
        return known
    if visibility not in ("public", "unlisted", "followers"):
        raise Invalid("A boost is public, unlisted or for followers.", "visibility")
    if post.visibility == "direct" or (post.visibility == "followers" and post.account_id != account.id) or post.local_only or post.held:
        raise Forbidden("Only public posts can be boosted.")
    waits = approvals.needs_yes(tx, policies.ANNOUNCE, post, account)
    boost_id = post_rows.new_id(tx, tx.now)
    made = post_rows.insert(
        tx,
        id=boost_id,
        uri=tx.uris.activity(boost_id),
        url=tx.uris.activity(boost_id),
        account_id=account.id,
        kind="Announce",
        visibility="followers" if post.visibility == "followers" else visibility,
        boost_of_id=post.id,
        published_at=tx.now,
        held=int(waits),
    )
    if waits:
        approvals.await_yes(tx, policies.ANNOUNCE, post, account, made.uri)
        outbox_consents.asked_to_boost(tx, made, account, post)
        return made
    fanout.post_added(tx, made, account)
    outbox.boosted(tx, made, account, post)
    tx.emit(Event("post_counted", post.id))
    return made


def unboost(tx: Tx, account: Account, post_id: int) -> Post:
    """Take a boost back; returns the original post."""
    post = seen(tx, account, post_id)
    made = post_rows.find_boost(tx, account.id, post.id)
    if made is not None:
        outbox.unboosted(tx, made, account, post)
        _unboosted(tx, made, post, account)
    return post_rows.get(tx, post.id)


def _unboosted(tx: Tx, made: Post, post: Post, account: Account) -> None:
    fanout.post_removed(tx, made)
    if post.policy:
        approvals.withdraw(tx, policies.ANNOUNCE, post.id, account.id)
    post_rows.delete(tx, made.id)
    notifications.forget(tx, post.account_id, "boost", account.id, post.id)
    tx.emit(Event("post_counted", post.id))


def bookmark(tx: Tx, account: Account, post_id: int) -> Post:
    post = seen(tx, account, post_id)
    rows.put_bookmark(tx, account.id, post.id)
    return post


def unbookmark(tx: Tx, account: Account, post_id: int) -> Post:
    post = seen(tx, account, post_id)
    rows.delete_bookmark(tx, account.id, post.id)
    return post


def pin(tx: Tx, account: Account, post_id: int) -> Post:
    """Put one of one's own posts on top of the profile. Raises NotFound, Forbidden, Invalid."""
    post = post_rows.get_visible(tx, account.id, post_id)
    if post.account_id != account.id or post.boost_of_id is not None:
        raise Forbidden("Only your own posts can be pinned.")
    if post.visibility == "direct" or post.held:
        raise Invalid("Messages cannot be pinned.", "id")
    if rows.put_pin(tx, account.id, post.id):
        if rows.count_pins(tx, account.id) > PINS:
            raise Invalid(f"Up to {PINS} posts can be pinned. Unpin one first.", "id")
        if not post.local_only:
            outbox.pinned(tx, account, post, added=True)
    return post


def unpin(tx: Tx, account: Account, post_id: int) -> Post:
    post = post_rows.get_visible(tx, account.id, post_id)
    if rows.delete_pin(tx, account.id, post.id):
        if not post.local_only:
            outbox.pinned(tx, account, post, added=False)
    return post


# -- from the wire --


def receive_favourite(tx: Tx, account: Account, post: Post, uri: str) -> None:
    """Somebody elsewhere likes a post: counted once, and only if they may see it and neither has blocked the other.

    Where its author is to be asked first it waits, and is counted then.
    """
    if tombstone_rows.is_taken_back(tx, uri, account.uri) or not approvals.may_act(tx, account, post):
        return
    if approvals.receive(tx, policies.LIKE, post, account, uri) != policies.AUTOMATIC:
        return
    if rows.put_favourite(tx, account.id, post.id, uri):
        post_rows.add_counts(tx, post.id, favourites=int(not reaction_rows.has_reacted(tx, account.id, post.id)))
        notifications.tell(tx, post.account_id, "favourite", account, post.id)
        tx.emit(Event("post_counted", post.id))


def receive_unfavourite(tx: Tx, account: Account, post: Post) -> None:
    _unliked(tx, account, post)


def receive_boost(tx: Tx, account: Account, post: Post, uri: str, published_at: int, visibility: str) -> Post | None:
    """Somebody elsewhere boosts a post; None when it has no effect (again, taken back before, not theirs to see, not public).

    One that its author is to be asked about is held: nobody sees it.
    """
    made = _insert_boost(tx, account, post, uri, (published_at, visibility))
    if made is not None and not made.held:
        fanout.post_added(tx, made, account)
        tx.emit(Event("post_counted", post.id))
    return made


def receive_old_boost(tx: Tx, account: Account, post: Post, uri: str, said: tuple[int, str]) -> Post | None:
    """The same long after it was made, (published_at, visibility) being what was `said`: it is counted, and nobody is told."""
    made = _insert_boost(tx, account, post, uri, said)
    if made is not None and not made.held:
        fanout.post_added(tx, made, account, quiet=True)
    return made


def _insert_boost(tx: Tx, account: Account, post: Post, uri: str, said: tuple[int, str]) -> Post | None:
    if tombstone_rows.is_taken_back(tx, uri, account.uri) or not approvals.may_act(tx, account, post):
        return None
    published_at, visibility = said
    own = post.account_id == account.id
    if post_rows.find_boost(tx, account.id, post.id) or post_rows.find_by_uri(tx, uri) or not (post.is_public or own):
        return None
    answer = approvals.receive(tx, policies.ANNOUNCE, post, account, uri)
    if answer == policies.DENIED:
        return None
    at = min(published_at or tx.now, tx.now)
    return post_rows.insert(
        tx,
        id=post_rows.new_id(tx, at),
        uri=uri,
        url=post.url,
        account_id=account.id,
        kind="Announce",
        visibility=visibility if post.is_public else "followers",
        boost_of_id=post.id,
        published_at=at,
        held=int(answer == policies.MANUAL),
    )


def end_boost(tx: Tx, account: Account, made: Post) -> None:
    """A boost goes that who is boosted does not want; what was said of it stays."""
    post_id = made.boost_of_id
    fanout.post_removed(tx, made)
    post_rows.delete(tx, made.id)
    if post_id is not None:
        notifications.forget(tx, post_rows.get(tx, post_id).account_id, "boost", account.id, post_id)
        tx.emit(Event("post_counted", post_id))


def receive_unboost(tx: Tx, account: Account, made: Post) -> None:
    if made.account_id == account.id and made.boost_of_id is not None:
        _unboosted(tx, made, post_rows.get(tx, made.boost_of_id), account)


# -- what an author has said --


def count_approved_like(tx: Tx, account: Account, post: Post, uri: str) -> None:
    """A like that waited for the author counts from now on, once however often it is asked for. One of ours is there already."""
    if not rows.put_favourite(tx, account.id, post.id, uri) and not account.is_local:
        return
    post_rows.add_counts(tx, post.id, favourites=int(not reaction_rows.has_reacted(tx, account.id, post.id)))
    tx.emit(Event("post_counted", post.id))


def forget_like(tx: Tx, account: Account, post_id: int, *, counted: bool = False) -> None:
    """A like that waited for the author, or (`counted`) had their yes, who does not want it."""
    if rows.delete_favourite(tx, account.id, post_id) and counted:
        post_rows.add_counts(tx, post_id, favourites=-int(not reaction_rows.has_reacted(tx, account.id, post_id)))
        notifications.forget(tx, post_rows.get(tx, post_id).account_id, "favourite", account.id, post_id)
    tx.emit(Event("post_counted", post_id))
