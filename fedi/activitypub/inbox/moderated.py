"""What activities mean for groups: posts they bring, and what their moderators decide. Shared by the handlers of the activity types.

A decision counts within its group only, and only of who may decide there. In a group of this server it is passed on.
"""

from fedi import groups, hosting, interactions, limits, uris
from fedi.activitypub import parse, parse_values
from fedi.activitypub.inbox.received import NONE_GATHERED, Gathered, Received
from fedi.activitypub.parse import Json
from fedi.errors import Invalid
from fedi.storage import accounts as account_rows
from fedi.storage import groups as group_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post

_VOTES = frozenset({"Dislike", "EmojiReact", "Like", "Undo"})


def brought(tx: Tx, received: Received, post: Post | None, gathered: Gathered = NONE_GATHERED) -> None:
    """What the Create of a post means to groups: one elsewhere that has passed it on, or one of this server that is to.

    A group elsewhere has passed on the Create of a post: it is in the group, and what begins a thread is shown to who follows the group.

    The boost is the same that a plain Announce would make, so the post stands in a home once, whichever comes first.
    """
    if post is None or post.boost_of_id is not None:
        return
    via = received.via
    if via is None:
        if post.group_id is not None:
            hosting.arrived(tx, post, received.actor, received.activity.body if gathered.note is None else b"")
        return
    placed = groups.announced(tx, via.group, post)
    if placed.group_id == via.group.id and not placed.in_reply_to_uri:
        interactions.receive_boost(tx, via.group, placed, via.uri, via.at, "public")


def pass_on(tx: Tx, received: Received, post: Post) -> None:
    """Somebody elsewhere has done something to a post in a group of this server: its followers learn of it. Nothing twice."""
    if received.via is None and not received.is_forwarded and post.group_id is not None and received.activity.body:
        hosting.acted(tx, post, received.actor, received.activity.body, is_vote=received.activity.type in _VOTES)


def group_for(tx: Tx, received: Received, post: Post) -> Account | None:
    """The group in which the actor may decide about a post; also about one that it has removed already."""
    candidates = [post.group_id, received.through_id]
    for group_id in dict.fromkeys(one for one in candidates if one is not None):
        group = account_rows.find(tx, group_id)
        if group is not None and groups.has_say(tx, group, post) and groups.may_moderate(tx, group, received.actor, received.through_id):
            return group
    addressed = _addressed(tx, received) if post.group_id is None else None
    if addressed is not None and groups.was_removed(tx, addressed, post.uri) and groups.may_moderate(tx, addressed, received.actor):
        return addressed
    return None


def _addressed(tx: Tx, received: Received) -> Account | None:
    """The group an activity says it is for."""
    said = received.activity
    found = account_rows.list_by_uris(tx, [*said.audience, *said.cc, *said.to][: limits.MENTIONS])
    return next((account for account in found.values() if account.kind == groups.KIND), None)


def remove(tx: Tx, received: Received, object_uri: str) -> bool:
    """Delete (or Remove) of a post by a moderator, maybe before it came. False when the actor is none in its group."""
    post = post_rows.find_by_uri(tx, object_uri)
    if post is None:
        via = received.via
        if via is not None and groups.may_moderate(tx, via.group, received.actor, via.group.id):
            groups.put_removed(tx, via.group, object_uri)
        return not uris.same_origin(object_uri, received.actor.uri)
    group = group_for(tx, received, post) if post.account_id != received.actor.id else None
    if group is None:
        return post.account_id != received.actor.id
    groups.remove(tx, group, post)
    if group.is_local:
        group_rows.forget_announced(tx, group.id, post.id)
        _decided(tx, received, group, post)
    return True


def lock(tx: Tx, received: Received, object_uri: str, *, locked: bool) -> None:
    post = post_rows.find_by_uri(tx, object_uri)
    group = group_for(tx, received, post) if post is not None else None
    if post is not None and group is not None:
        groups.lock(tx, post, locked=locked)
        _decided(tx, received, group, post)


def ban(tx: Tx, received: Received) -> None:
    """Block with a group as its target; with another one (a whole server) it is nothing to us. Source: FEDERATION.md, Groups."""
    activity = received.activity
    group, target = _group(tx, received, activity.target_id), account_rows.find_by_uri(tx, activity.object_id)
    if group is None or target is None or group_rows.is_moderator(tx, group.id, target.id):
        return
    reason = parse.text(activity.raw, "summary", limits.REASON_CHARS)
    expires_at = parse_values.time(activity.raw.get("endTime")) or parse_values.time(activity.raw.get("expires"))
    if expires_at is not None and expires_at <= received.at:
        return
    with_posts = parse_values.flag(activity.raw.get("removeData"))
    if group.is_local:
        hosting.banned(tx, group, target, reason, expires_at, with_posts=with_posts)
    else:
        groups.ban(tx, group, target, reason, expires_at, with_posts=with_posts)
    _decided(tx, received, group, None)


def collect(tx: Tx, received: Received, *, added: bool) -> None:
    """Add to or Remove from a group's pinned posts or moderators; a post that is removed from nowhere else is removed from the group."""
    activity = received.activity
    group = collecting(tx, received)
    if group is None or not groups.may_moderate(tx, group, received.actor, received.through_id):
        return
    if activity.target_id == group.featured_uri:
        _pin(tx, received, group, added=added)
    elif activity.target_id == _moderators(tx, group):
        _name(tx, received, group, added=added)
    elif activity.target_id == group.uri and not added:
        remove(tx, received, activity.object_id)


def collecting(tx: Tx, received: Received) -> Account | None:
    """The group whose collection it is about: the one that passed it on, or the one it is said to."""
    group = received.via.group if received.via is not None else _addressed(tx, received)
    return group if group is not None and uris.same_origin(received.activity.target_id, group.uri) else None


def _moderators(tx: Tx, group: Account) -> str:
    return tx.uris.moderators(group.uri) if group.is_local else group.moderators_uri


def _pin(tx: Tx, received: Received, group: Account, *, added: bool) -> None:
    post = post_rows.find_by_uri(tx, received.activity.object_id)
    try:
        changed = post is not None and groups.pin(tx, group, post, added=added)
    except Invalid:  # no room, or not in the group
        return
    if changed:
        _decided(tx, received, group, post)


def _name(tx: Tx, received: Received, group: Account, *, added: bool) -> None:
    target = account_rows.find_by_uri(tx, received.activity.object_id)
    if target is None or target.kind == groups.KIND:
        groups.ask_moderators(tx, group)
        return
    moderators = [one.id for one in group_rows.list_moderators(tx, group.id)]
    if added and len(moderators) < limits.GROUP_MODERATORS:
        group_rows.add_moderator(tx, group.id, target.id)
    elif not added and not (group.is_local and moderators == [target.id]):
        group_rows.remove_moderator(tx, group.id, target.id)
    _decided(tx, received, group, None)


def undo(tx: Tx, received: Received, inner: Json) -> bool:
    """A decision is taken back, by whoever may decide: True when it was one (whether or not the actor may)."""
    kind, object_uri = parse_values.type_of(inner), parse.first_id(inner.get("object"))
    if kind == "Lock":
        lock(tx, received, object_uri, locked=False)
        return True
    if kind == "Block" and parse.first_id(inner.get("target")) not in ("", object_uri):
        group, target = _group(tx, received, parse.first_id(inner.get("target"))), account_rows.find_by_uri(tx, object_uri)
        if group is not None and target is not None and groups.unban(tx, group, target):
            _decided(tx, received, group, None)
        return True
    if kind not in ("Delete", "Remove"):
        return False
    post = post_rows.find_by_uri(tx, object_uri)
    group = group_for(tx, received, post) if post is not None else None
    if post is not None and group is not None:
        groups.restore(tx, group, post)
        _decided(tx, received, group, post)
    elif post is None and received.via is not None and groups.may_moderate(tx, received.via.group, received.actor, received.through_id):
        groups.forget_removed(tx, received.via.group, object_uri)
    return True


def _group(tx: Tx, received: Received, uri: str) -> Account | None:
    """The group at an address, if the actor may decide in it."""
    group = account_rows.find_by_uri(tx, uri)
    if group is None or group.kind != groups.KIND:
        return None
    return group if groups.may_moderate(tx, group, received.actor, received.through_id) else None


def _decided(tx: Tx, received: Received, group: Account, post: Post | None) -> None:
    """A moderator elsewhere has decided in a group of this server: it is passed on."""
    if group.is_local and received.via is None:
        hosting.pass_on(tx, group, received.actor, received.activity.body, post, is_kept=False)
