"""Create: a new post, kept when it concerns somebody here."""

from fedi import arrivals, forwarding, groups, limits, uris
from fedi.activitypub import parse
from fedi.activitypub.inbox import moderated, votes
from fedi.activitypub.inbox.received import NOTHING, Gathered, Handler, Received, Wants
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import post_arrivals as arrival_rows
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post


def is_trusted(received: Received) -> bool:
    """Whether the embedded object may be believed: its author is the actor, and it is of the actor's server. Source: FEP-fe34."""
    document = received.activity.object_doc
    return not received.is_forwarded and document is not None and parse.belongs_to(document, received.actor.uri)


def concerns_us(tx: Tx, received: Received) -> bool:
    """Whether anybody here follows the author, is addressed or named, or has a part in what it answers. Source: FEDERATION.md, Inbox."""
    if received.via is not None or follow_rows.has_local_follower(tx, received.actor.id):
        return True
    activity = received.activity
    addressed = {*activity.to, *activity.cc}
    answered = ""
    if activity.object_doc is not None:
        note = received.note
        addressed |= {*note.to, *note.cc, *(mention.href for mention in note.mentions)}
        answered = note.in_reply_to
    if any(tx.uris.is_ours(uri) and account_rows.find_by_uri(tx, uri) for uri in addressed):
        return True
    parent = post_rows.find_by_uri(tx, answered) if answered else None
    if parent is None:
        return False
    if account_rows.get(tx, parent.account_id).is_local or follow_rows.has_local_follower(tx, parent.account_id):
        return True
    group = groups.group_of(tx, parent)
    return group is not None and group.is_local


def wants(tx: Tx, received: Received) -> Wants | None:
    activity = received.activity
    object_uri = activity.object_id
    if not object_uri:
        return None
    if votes.ballots(tx, received):
        return NOTHING
    if tx.uris.is_ours(object_uri):  # a group has taken what somebody here sent it
        return NOTHING if received.via is not None and received.actor.is_local else None
    is_ours = concerns_us(tx, received)
    if not received.is_relayed and not is_ours:
        return None
    if not is_trusted(received):
        return Wants(refetch=object_uri) if uris.same_origin(object_uri, received.actor.uri) else None
    note = received.note
    if note.is_vote:
        return None
    if not is_ours:  # a relay has brought it: whom it names and what it answers is not fetched for that
        return Wants(heavy_html=True) if arrivals.is_heavy(note) else NOTHING
    unknown = [uri for uri in dict.fromkeys(mention.href for mention in note.mentions) if not tx.uris.is_ours(uri)][: limits.MENTIONS]
    known = account_rows.list_by_uris(tx, unknown) if unknown else {}
    parent = note.in_reply_to
    return Wants(
        actors=tuple(uri for uri in unknown if uri not in known),
        parents=(parent,) if parent and not tx.uris.is_ours(parent) and post_rows.find_by_uri(tx, parent) is None else (),
        heavy_html=arrivals.is_heavy(note),
    )


def _waits_for_us(tx: Tx, post: Post) -> bool:
    """Whether somebody here is to say yes to it; what waits for others is never passed on by us, and there may be much of it."""
    return bool(post.held) and post.in_reply_to_account_id is not None and account_rows.get(tx, post.in_reply_to_account_id).is_local


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    if ballots := votes.ballots(tx, received):
        votes.apply(tx, received, ballots)
        return
    if received.actor.is_local:
        moderated.brought(tx, received, post_rows.find_by_uri(tx, received.activity.object_id))
        return
    note = received.believed_note(gathered)
    if note.attributed_to != received.actor.uri:
        return
    quiet = received.is_relayed and not concerns_us(tx, received)
    if not quiet or note.visibility == "public":
        post = arrivals.receive(tx, note, received.actor, received.content(tx, gathered), quiet=quiet)
        body = received.activity.body if gathered.note is None and received.via is None else b""
        if post is not None and 0 < len(body) <= limits.SENT_BYTES and _waits_for_us(tx, post):
            arrival_rows.put_said(tx, post.id, body)
        forwarding.pass_on(tx, received.actor, received.activity, post)
        moderated.brought(tx, received, post, gathered)


HANDLER = Handler(wants, apply)
