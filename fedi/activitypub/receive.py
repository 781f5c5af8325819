"""An authentic delivery -> a durable row, or at once its effect. What is accepted here is never lost and has its effect once."""

from typing import NamedTuple

import orjson

from fedi import clock, uris
from fedi.activitypub import inbox, parse, receive_forwarded, receive_wrapped
from fedi.activitypub.inbox.received import NONE_GATHERED, NOTHING, Received
from fedi.activitypub.parse import Activity
from fedi.activitypub.parse_addressing import for_person
from fedi.activitypub.remote import Remote
from fedi.activitypub.verify import Signer
from fedi.errors import FediError, Malformed, RemoteError, TooMany, Unavailable, Untrusted
from fedi.storage import accounts as account_rows
from fedi.storage import hosts as host_rows
from fedi.storage import jobs as job_rows
from fedi.storage import relays as relay_rows
from fedi.storage.db import Database, Tx
from fedi.streaming import Event

JOB = "inbox"
_SEEN_MS = clock.HOUR  # a host that was heard of within this time is not written down again


class Accepted(NamedTuple):
    """What became of a delivery: `handled`, `queued`, `repeated` (seen before), `ignored` (means nothing here)."""

    outcome: str
    activity_type: str


class _Way(NamedTuple):
    """How an activity came: brought by somebody else (`forwarded`), who is a relay of ours, or to a person's own inbox."""

    forwarded: bool = False
    relayed: bool = False
    recipient_uri: str = ""


def check(signer: Signer, activity: Activity, our: uris.Uris, *, from_relay: bool = False) -> bool:
    """Whether the signer may say this. True for their own activity, False for one they forward (then see receive_forwarded.py).

    Raises Untrusted for somebody else's, Malformed for one under an id of ours or of a third server.
    Source: FEDERATION.md, Inbox, 8.5; SIG-16, SIG-24, ORG-12.
    """
    if activity.id and our.is_ours(activity.id):
        raise Malformed("The activity's id is not yours to give.")
    if activity.actor != signer.account.uri:
        if receive_forwarded.is_taken(activity, from_relay=from_relay):
            return False
        raise Untrusted("The activity's actor is not who signed the request.")
    if activity.id and not uris.same_origin(activity.id, activity.actor):
        raise Malformed("The activity's id is not of its actor's server.")
    return True


async def accept(db: Database, signer: Signer, activity: Activity, recipient_uri: str = "") -> Accepted:
    """Take a delivery: durable when this returns. What needs no fetching has its effect at once, the rest is queued per actor.

    `recipient_uri` is the person to whose own inbox it came: who is meant where it names nobody.
    Raises what `check` raises; Unavailable and StorageFull when it could not be stored.
    """
    from_relay = activity.actor != signer.account.uri and db.read(relay_rows.is_accepted, signer.account.uri)
    forwarded = not check(signer, activity, db.house.uris, from_relay=from_relay)
    meant = activity if forwarded else for_person(activity, recipient_uri)
    way = _Way(forwarded, from_relay, recipient_uri if meant is not activity else "")
    try:
        return await db.write(_accept_now, signer, meant, way)
    except (Unavailable, TooMany):
        raise
    except FediError:  # the rules say no: it stays without effect, and the sender need not come again
        return await db.write(_ignore, signer, meant, way)
    except Exception:  # a bug of ours: the queue keeps the activity, retries it, and parks it where people see it
        return await db.write(_queue, signer, meant, way)


def _is_new(tx: Tx, signer: Signer, activity: Activity, way: _Way) -> bool:
    return job_rows.mark_seen(tx, receive_forwarded.digest(signer.account.uri, activity, way.recipient_uri))


def _accept_now(tx: Tx, signer: Signer, activity: Activity, way: _Way) -> Accepted:
    if not _is_new(tx, signer, activity, way) and not _is_said_again(activity):
        return Accepted("repeated", activity.type)
    _mark_host(tx, signer)
    if activity.type not in inbox.HANDLERS:
        return Accepted("ignored", activity.type)
    if way.forwarded or job_rows.has_lane(tx, activity.actor):
        return _insert(tx, signer, activity, way)
    if receive_wrapped.is_wrapped(activity):
        return Accepted(receive_wrapped.accept(tx, signer.account, activity, JOB), activity.type)
    received = Received(activity, signer.account, tx.now)
    try:
        wanted = inbox.wants(tx, received)
        if wanted is None:
            return Accepted("ignored", activity.type)
        if wanted != NOTHING:
            return _insert(tx, signer, activity, way)
        inbox.apply(tx, received, NONE_GATHERED)
    except RemoteError:  # the object is not what its type needs it to be
        return Accepted("ignored", activity.type)
    return Accepted("handled", activity.type)


def _is_said_again(activity: Activity) -> bool:
    """Whether the same words can mean a new act: a post is pinned, unpinned and pinned. Observed: Mastodon gives these no ids."""
    return not activity.id and activity.type in ("Add", "Remove")


def _ignore(tx: Tx, signer: Signer, activity: Activity, way: _Way) -> Accepted:
    _is_new(tx, signer, activity, way)
    return Accepted("ignored", activity.type)


def _queue(tx: Tx, signer: Signer, activity: Activity, way: _Way) -> Accepted:
    _is_new(tx, signer, activity, way)
    return _insert(tx, signer, activity, way)


def _insert(tx: Tx, signer: Signer, activity: Activity, way: _Way) -> Accepted:
    facts: dict[str, object] = {"forwarded": way.forwarded, "at": tx.now}
    if way.forwarded:
        facts |= {"by": signer.account.uri, "relayed": way.relayed}
    if way.recipient_uri:
        facts |= {"for": way.recipient_uri}
    job_id = job_rows.insert(tx, JOB, orjson.dumps(facts) + b"\n" + activity.body, lane=activity.actor)
    tx.emit(Event("job", job_id))
    return Accepted("queued", activity.type)


def _mark_host(tx: Tx, signer: Signer) -> None:
    """A valid request: the host lives. Written at most once an hour, or when its circuit was open."""
    host = uris.host(signer.account.uri)
    if not host_rows.is_well(tx, host, tx.now - _SEEN_MS):
        known = host_rows.find(tx, host)
        host_rows.mark_seen(tx, host)
        if known is not None and known.open_until:
            tx.emit(Event("host_back", 0, host))


async def process(remote: Remote, payload: bytes) -> None:
    """The queued rest: fetch what is wanted, then apply. Raises Unreachable to be tried again; everything else of a peer's ends it."""
    head, _, body = payload.partition(b"\n")
    facts = orjson.loads(head)
    activity = parse.activity(parse.document(body), body)
    if facts["forwarded"]:
        await receive_forwarded.process(remote, activity, facts["at"], facts["by"], from_relay=facts["relayed"])
        return
    if "group" in facts:
        await receive_wrapped.process(remote, activity, receive_wrapped.via(remote.db, facts), is_forwarded=facts["asked"])
        return
    if receive_wrapped.is_wrapped(activity):
        await remote.db.write(receive_wrapped.accept_late, activity, JOB)
        return
    activity = for_person(activity, facts.get("for", ""))
    actor = await remote.actor(activity.actor)
    received = Received(activity, actor, facts["at"])
    wanted = remote.db.read(inbox.wants, received)
    if wanted is None:
        return
    gathered = await inbox.gather(remote, received, wanted)
    received = Received(activity, remote.db.read(account_rows.get, actor.id), facts["at"])
    await remote.db.write(inbox.apply, received, gathered)
