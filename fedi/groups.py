"""Groups, here and elsewhere: which posts are in one, and what its moderators decide. What a group of this server says is hosting.py's.

A group rules over what is in it and over nothing else: a post it removes stays its author's.
"""

from collections.abc import Iterable

from fedi import approvals, fanout, limits, notifications, plaintext, uris
from fedi.activitypub import outbox
from fedi.errors import Invalid
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import groups as rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import jobs as job_rows
from fedi.storage import posts as post_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.groups import Ban
from fedi.storage.posts import Post
from fedi.streaming import Event

KIND = "Group"
PINS = 10


def group_of(tx: Tx, post: Post) -> Account | None:
    """The group a post is in."""
    return account_rows.find(tx, post.group_id) if post.group_id is not None else None


# -- what is in a group --


def claimed(tx: Tx, group: Account) -> bool:
    """Whether a post elsewhere counts as in a group elsewhere on its author's word alone.

    Where somebody here follows the group, its own word will come, and nobody that it keeps out is shown in it.
    """
    return not group.is_hidden and not follow_rows.has_local_follower(tx, group.id)


def announced(tx: Tx, group: Account, post: Post) -> Post:
    """A group elsewhere passes a post on: it is in the group, if its author meant it to be and it was not removed before."""
    if post.group_id is not None or not post.is_public or not rows.is_addressed(tx, post.id, group.id):
        return post
    if was_removed(tx, group, post.uri):
        return post
    return post_rows.update(tx, post.id, group_id=group.id)


def _removed(group: Account, post_uri: str) -> str:
    """What a removal is remembered under, whether the post is here already or not. It can never be anything's id."""
    return f"{group.uri} {post_uri}"


def put_removed(tx: Tx, group: Account, post_uri: str) -> None:
    tombstone_rows.put(tx, _removed(group, post_uri), group.uri)


def was_removed(tx: Tx, group: Account, post_uri: str) -> bool:
    return tombstone_rows.is_taken_back(tx, _removed(group, post_uri), group.uri)


def has_say(tx: Tx, group: Account, post: Post) -> bool:
    """Whether a post is in the group, or was until it was removed: of what never was for a group it cannot say that it removed it."""
    if post.group_id is not None:
        return post.group_id == group.id
    return was_removed(tx, group, post.uri) and (group.is_local or rows.is_addressed(tx, post.id, group.id))


def forget_removed(tx: Tx, group: Account, post_uri: str) -> None:
    tombstone_rows.delete(tx, _removed(group, post_uri), group.uri)


def check_open(tx: Tx, parent: Post) -> None:
    """Raise Invalid when the thread takes no more answers."""
    if parent.locked or (parent.group_id is not None and rows.is_in_locked_thread(tx, parent.id, limits.LOCK_HOPS)):
        group = group_of(tx, parent)
        who = f"The moderators of !{group.handle} have" if group is not None else "Its author has"
        raise Invalid(f"{who} closed this thread: it takes no more answers.", "in_reply_to_id")


# -- what moderators decide --

JOB = "moderators"


def ask_moderators(tx: Tx, group: Account) -> None:
    """Let the list of a group elsewhere's moderators be read, when that is possible. However often it is asked for, one waits."""
    lane = f"{JOB} {group.id}"
    if not group.is_local and group.moderators_uri and not job_rows.has_lane(tx, lane):
        tx.emit(Event("job", job_rows.insert(tx, JOB, str(group.id).encode(), lane=lane)))


def may_moderate(tx: Tx, group: Account, actor: Account, through_id: int | None = None) -> bool:
    """Whether the group goes by what `actor` decides: itself, a moderator, or what another server's group has itself passed on.

    `through_id` is the group that passed it on; its server vouches for people of its own.
    """
    if actor.id == group.id or rows.is_moderator(tx, group.id, actor.id):
        return True
    return through_id == group.id and not group.is_local and uris.same_origin(actor.uri, group.uri)


def tell_moderators(tx: Tx, reporter: Account, posts: Iterable[Post]) -> None:
    """Somebody complains about posts: the moderators, here, of the groups of this server they are in hear of it."""
    for post in list(posts)[: limits.GROUPS_TOLD]:
        group = group_of(tx, post)
        if group is not None and group.is_local:
            for moderator in rows.list_moderators(tx, group.id):
                notifications.tell(tx, moderator.id, "report", reporter, post.id)


def remove(tx: Tx, group: Account, post: Post) -> None:
    """Out of the group. Of an answer only its author and whom it answers see anything more; a local author is told."""
    put_removed(tx, group, post.uri)
    take_out(tx, group, post)
    if post.in_reply_to_uri:
        if not post.held:
            fanout.post_hidden(tx, post)
        post_rows.update(tx, post.id, held=1)
    notifications.tell(tx, post.account_id, "moderation", group, post.id)


def restore(tx: Tx, group: Account, post: Post) -> None:
    """It was removed and is in the group again."""
    if not was_removed(tx, group, post.uri):
        return
    forget_removed(tx, group, post.uri)
    is_free = bool(post.held and post.in_reply_to_uri) and not approvals.is_awaited(tx, post)
    shown = post_rows.update(tx, post.id, group_id=group.id, **({"held": 0} if is_free else {}))
    if is_free:
        fanout.counted(tx, shown, +1)
    notifications.forget(tx, post.account_id, "moderation", group.id, post.id)


def take_out(tx: Tx, group: Account, post: Post) -> None:
    """The post is in the group no more, nor on top of it, nor boosted by it."""
    made = post_rows.find_boost(tx, group.id, post.id)
    if made is not None:
        if group.is_local:
            outbox.unboosted(tx, made, group, post)
        fanout.post_removed(tx, made)
        post_rows.delete(tx, made.id)
    interaction_rows.delete_pin(tx, group.id, post.id)
    if post.group_id == group.id:
        # Who could open the thread again has nothing to say of it any more. What its own server closed stays closed.
        is_opened = group.is_local or tx.uris.is_ours(post.uri)
        post_rows.update(tx, post.id, group_id=None, **({"locked": 0} if is_opened else {}))
    tx.emit(Event("post_counted", post.id))


def lock(tx: Tx, post: Post, *, locked: bool) -> None:
    """Close a thread to new answers, or open it again."""
    if bool(post.locked) != locked:
        post_rows.update(tx, post.id, locked=int(locked))
        tx.emit(Event("post_counted", post.id))


def pin(tx: Tx, group: Account, post: Post, *, added: bool) -> bool:
    """On top of the group, or no more; False when nothing changes. Raises Invalid when there is no room."""
    if not added:
        return interaction_rows.delete_pin(tx, group.id, post.id)
    if post.group_id != group.id:
        raise Invalid("Only what is in the group can be pinned there.", "id")
    fresh = interaction_rows.put_pin(tx, group.id, post.id)
    if fresh and interaction_rows.count_pins(tx, group.id) > PINS:
        raise Invalid(f"Up to {PINS} posts can be pinned. Unpin one first.", "id")
    return fresh


def ban(tx: Tx, group: Account, target: Account, reason: str, expires_at: int | None, *, with_posts: bool = False) -> None:
    """Somebody takes part in the group no more; `with_posts`: and what they have in it goes. People here are told."""
    rows.put_ban(tx, Ban(group.id, target.id, plaintext.line(reason, limits.REASON_CHARS), expires_at, tx.now))
    if with_posts:
        for post in rows.list_by_author(tx, group.id, target.id, limits.BAN_POSTS):
            remove(tx, group, post)
    notifications.tell(tx, target.id, "moderation", group)


def unban(tx: Tx, group: Account, target: Account) -> bool:
    """False when there was no ban."""
    notifications.forget(tx, target.id, "moderation", group.id)
    return rows.delete_ban(tx, group.id, target.id)
