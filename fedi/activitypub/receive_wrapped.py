"""What a group passes on: an Announce of whole activities -> each of them, believed as far as it can be. Source: FEP-1b12.

The group's signature vouches for people of its own server and for what its moderators decide in it. Of others it only makes us ask: a
post is read from its own server, and so is a vote for a post of ours; other votes count when they carry a proof of their own.
"""

from typing import Any, NamedTuple

import orjson

from fedi import groups, limits, uris
from fedi.activitypub import inbox, parse, parse_values, receive_forwarded, verify
from fedi.activitypub.inbox.received import NONE_GATHERED, NOTHING, Received, Via
from fedi.activitypub.parse import Activity
from fedi.activitypub.remote import Remote
from fedi.errors import Malformed, RemoteError, Untrusted
from fedi.storage import accounts as account_rows
from fedi.storage import domains as domain_rows
from fedi.storage import follows as follow_rows
from fedi.storage import jobs as job_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.streaming import Event

TYPES = frozenset({"Add", "Block", "Create", "Delete", "Dislike", "EmojiReact", "Like", "Lock", "Remove", "Undo", "Update"})
_OF_OBJECTS = frozenset({"Create", "Delete", "Update"})  # whose truth is what the object's own server says
_DECISIONS = frozenset({"Add", "Block", "Delete", "Lock", "Remove"})


class Inner(NamedTuple):
    """An activity in an Announce. `is_forwarded`: nothing but its origin can say whether it is true."""

    activity: Activity
    is_forwarded: bool


def is_wrapped(activity: Activity) -> bool:
    """Whether an Announce passes on activities, and not a post."""
    return activity.type == "Announce" and any(parse_values.type_of(one) in TYPES for one in activity.object_docs)


def unwrap(tx: Tx, group: Account, announce: Activity) -> list[Inner]:
    """What may have an effect here of what a group passes on. One level deep: what is wrapped twice is nobody's."""
    if group.kind != groups.KIND or group.is_hidden or not announce.id:
        return []
    found = []
    for document in announce.object_docs[: limits.WRAPPED]:
        try:
            activity = parse.activity(document, orjson.dumps(document))
        except Malformed:
            continue
        inner = _judge(tx, group, activity) if activity.type in TYPES else None
        if inner is not None:
            found.append(inner)
    return found


def _judge(tx: Tx, group: Account, activity: Activity) -> Inner | None:
    """Whether, and how, one of them is believed; None when it has no effect."""
    if tx.uris.is_ours(activity.actor):
        return Inner(activity, False) if activity.type == "Create" else None  # a group has taken what somebody here has sent it
    if not parse.has_own_id(activity) or tx.uris.is_ours(activity.id) or domain_rows.is_blocked(tx, uris.host(activity.actor)):
        return None
    if not follow_rows.has_local_follower(tx, group.id) and not _is_about_us(tx, activity):
        return None
    if uris.same_origin(activity.actor, group.uri):
        return Inner(activity, False)
    if _is_decision(tx, group, activity):
        return Inner(activity, False)
    if activity.type in _OF_OBJECTS or "proof" in activity.raw or (activity.id and _is_about_us(tx, activity)):
        return Inner(activity, True)
    return None


def _acted_on(activity: Activity) -> str:
    """The post that an act, or what it takes back, is about."""
    if activity.type == "Undo" and activity.object_doc is not None:
        return parse.first_id(activity.object_doc.get("object"))
    return activity.object_id


def _is_about_us(tx: Tx, activity: Activity) -> bool:
    """Whether it is about a post, or somebody, of this server."""
    return tx.uris.is_ours(_acted_on(activity))


def _is_decision(tx: Tx, group: Account, activity: Activity) -> bool:
    """Whether a moderator of the group decides something in it: the group's own list of them says who is one."""
    actor = account_rows.find_by_uri(tx, activity.actor)
    if actor is None or not groups.may_moderate(tx, group, actor):
        return False
    inner = activity.object_doc if activity.type == "Undo" else activity.raw
    kind, target = parse_values.type_of(inner or {}), parse.first_id((inner or {}).get("target"))
    if kind not in _DECISIONS or (activity.type == "Undo" and kind == "Add"):
        return False
    if kind in ("Add", "Block", "Remove"):  # about the group, and not about the moderator's own profile or acquaintances
        return target not in ("", _acted_on(activity)) and uris.same_origin(target, group.uri)
    post = post_rows.find_by_uri(tx, _acted_on(activity)) if kind == "Delete" else None
    return kind != "Delete" or (post is not None and post.account_id != actor.id)


# -- its effect --


def accept(tx: Tx, group: Account, announce: Activity, job: str) -> str:
    """Each activity that a group passes on, as if it had come by itself; what needs asking becomes a `job`. Returns what came of it."""
    inners = unwrap(tx, group, announce)
    by = Via(group, announce.id, tx.now)
    outcomes = {_accept_inner(tx, by, inner, job, alone=len(inners) == 1) for inner in inners}
    return next((one for one in ("queued", "handled", "repeated") if one in outcomes), "ignored")


def accept_late(tx: Tx, announce: Activity, job: str) -> None:
    """An Announce that had to wait for what the group said before."""
    group = account_rows.find_by_uri(tx, announce.actor)
    if group is not None:
        accept(tx, group, announce, job)


def _accept_inner(tx: Tx, by: Via, inner: Inner, job: str, *, alone: bool) -> str:
    """Of several each becomes a job of its own, so that none hinders another."""
    activity = inner.activity
    if activity.type not in inbox.HANDLERS:
        return "ignored"
    if not job_rows.mark_seen(tx, receive_forwarded.digest(by.group.uri, activity)):
        return "repeated"
    actor = account_rows.find_by_uri(tx, activity.actor)
    if actor is None or inner.is_forwarded or not alone or job_rows.has_lane(tx, activity.actor):
        return _insert(tx, by, inner, job)
    received = Received(activity, actor, tx.now).through(by)
    try:
        wanted = inbox.wants(tx, received)
        if wanted is None:
            return "ignored"
        if wanted != NOTHING:
            return _insert(tx, by, inner, job)
        inbox.apply(tx, received, NONE_GATHERED)
    except RemoteError:  # the object is not what its type needs it to be
        return "ignored"
    return "handled"


def _insert(tx: Tx, by: Via, inner: Inner, job: str) -> str:
    facts = {"forwarded": False, "at": by.at, "group": by.group.id, "announce": by.uri, "asked": inner.is_forwarded}
    lane = inner.activity.actor
    tx.emit(Event("job", job_rows.insert(tx, job, orjson.dumps(facts) + b"\n" + inner.activity.body, lane=lane)))
    return "queued"


def via(db: Database, facts: dict[str, Any]) -> Via:
    """The group that has passed a queued activity on. Raises NotFound when it has ended since."""
    return Via(db.read(account_rows.get, facts["group"]), facts["announce"], facts["at"])


async def process(remote: Remote, activity: Activity, by: Via, *, is_forwarded: bool) -> None:
    """The queued rest. Raises what fetching raises; TooMany when the group has made us ask much in this minute."""
    is_proven = False
    if is_forwarded:
        is_proven = await verify.is_proven(remote, activity.raw, activity.actor)
        activity, is_forwarded = (activity, False) if is_proven else await _authentic(remote, activity, by)
    elif remote.db.read(account_rows.find_by_uri, activity.actor) is None:
        remote.spend_wrapped(by.group.uri)
    actor = await remote.actor(activity.actor)
    received = Received(activity, actor, by.at, is_forwarded=is_forwarded).through(by)
    wanted = remote.db.read(inbox.wants, received)
    if wanted is None:
        return
    gathered = await inbox.gather(remote, received, wanted)
    if is_forwarded and gathered.note is None and not gathered.is_gone:
        return
    actor = remote.db.read(account_rows.get, actor.id)
    received = Received(activity, actor, by.at, is_forwarded=is_forwarded).through(by)
    await remote.db.write(receive_forwarded.apply, received, gathered, once=is_proven and bool(activity.id))


async def _authentic(remote: Remote, activity: Activity, by: Via) -> tuple[Activity, bool]:
    """(the activity as it is to be believed, whether its object has yet to be read at its own server). Raises RemoteError, TooMany.

    A post is read by whoever applies the activity; of anything else its own server is asked by its id, and has to say the same.
    """
    if activity.type not in _OF_OBJECTS and not remote.db.read(_is_about_us, activity):
        raise Untrusted("Nobody but its own server can say whether that is true.")
    remote.spend_wrapped(by.group.uri)
    if activity.type in _OF_OBJECTS:
        return activity, True
    found = parse.activity(await remote.document(activity.id))
    if (found.type, found.actor, _acted_on(found)) != (activity.type, activity.actor, _acted_on(activity)):
        raise Malformed("That is not what its own server says.")
    return found, False
