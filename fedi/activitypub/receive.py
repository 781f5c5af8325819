"""An authentic delivery -> a durable row, or at once its effect. What is accepted here is never lost and has its effect once."""

import hashlib
from typing import NamedTuple

import orjson

from fedi import clock, uris
from fedi.activitypub import inbox, parse
from fedi.activitypub.inbox.received import NONE_GATHERED, NOTHING, Received
from fedi.activitypub.parse import Activity
from fedi.activitypub.remote import Remote
from fedi.activitypub.verify import Signer
from fedi.errors import FediError, Malformed, RemoteError, TooMany, Unavailable, Untrusted
from fedi.storage import accounts as account_rows
from fedi.storage import hosts as host_rows
from fedi.storage import jobs as job_rows
from fedi.storage.db import Database, Tx
from fedi.streaming import Event

JOB = "inbox"
_SEEN_MS = clock.HOUR  # a host that was heard of within this time is not written down again


class Accepted(NamedTuple):
    """What became of a delivery: `handled`, `queued`, `repeated` (seen before), `ignored` (means nothing here)."""

    outcome: str
    activity_type: str


def check(signer: Signer, activity: Activity, our: uris.Uris) -> bool:
    """Whether the signer may say this. True for their own activity, False for one they forward (its object is then read at its origin).

    Raises Untrusted for somebody else's, Malformed for one under an id of ours or of a third server.
    Source: FEDERATION.md, Inbox, 8.5; SIG-16, SIG-24, ORG-12.
    """
    if activity.id and our.is_ours(activity.id):
        raise Malformed("The activity's id is not yours to give.")
    if activity.actor != signer.account.uri:
        if _is_forwardable(activity):
            return False
        raise Untrusted("The activity's actor is not who signed the request.")
    if activity.id and not uris.same_origin(activity.id, activity.actor):
        raise Malformed("The activity's id is not of its actor's server.")
    return True


def _is_forwardable(activity: Activity) -> bool:
    """Whether it carries a proof of its own, as all do that servers forward. The proof only makes us ask the origin."""
    return ("signature" in activity.raw or "proof" in activity.raw) and activity.type in ("Create", "Update", "Delete")


async def accept(db: Database, signer: Signer, activity: Activity) -> Accepted:
    """Take a delivery: durable when this returns. What needs no fetching has its effect at once, the rest is queued per actor.

    Raises what `check` raises; Unavailable and StorageFull when it could not be stored.
    """
    forwarded = not check(signer, activity, db.house.uris)
    try:
        return await db.write(_accept_now, signer, activity, forwarded=forwarded)
    except (Unavailable, TooMany):
        raise
    except FediError:  # the rules say no: it stays without effect, and the sender need not come again
        return await db.write(_ignore, signer, activity)
    except Exception:  # a bug of ours: the queue keeps the activity, retries it, and parks it where people see it
        return await db.write(_queue, signer, activity, forwarded=forwarded)


def _digest(signer: Signer, activity: Activity) -> bytes:
    """What tells a second copy. With the signer: what somebody passes on does not use up the id of what the actor will say."""
    said = f"{signer.account.uri}|{activity.actor}|{activity.dedup_key}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()


def _accept_now(tx: Tx, signer: Signer, activity: Activity, *, forwarded: bool) -> Accepted:
    if not job_rows.mark_seen(tx, _digest(signer, activity)):
        return Accepted("repeated", activity.type)
    _mark_host(tx, signer)
    if activity.type not in inbox.HANDLERS:
        return Accepted("ignored", activity.type)
    if forwarded or job_rows.has_lane(tx, activity.actor):
        return _insert(tx, activity, forwarded=forwarded)
    received = Received(activity, signer.account, tx.now)
    try:
        wanted = inbox.wants(tx, received)
        if wanted is None:
            return Accepted("ignored", activity.type)
        if wanted != NOTHING:
            return _insert(tx, activity, forwarded=False)
        inbox.apply(tx, received, NONE_GATHERED)
    except RemoteError:  # the object is not what its type needs it to be
        return Accepted("ignored", activity.type)
    return Accepted("handled", activity.type)


def _ignore(tx: Tx, signer: Signer, activity: Activity) -> Accepted:
    job_rows.mark_seen(tx, _digest(signer, activity))
    return Accepted("ignored", activity.type)


def _queue(tx: Tx, signer: Signer, activity: Activity, *, forwarded: bool) -> Accepted:
    job_rows.mark_seen(tx, _digest(signer, activity))
    return _insert(tx, activity, forwarded=forwarded)


def _insert(tx: Tx, activity: Activity, *, forwarded: bool) -> Accepted:
    payload = orjson.dumps({"forwarded": forwarded, "at": tx.now}) + b"\n" + activity.body
    job_id = job_rows.insert(tx, JOB, payload, lane=activity.actor)
    tx.emit(Event("job", job_id))
    return Accepted("queued", activity.type)


def _mark_host(tx: Tx, signer: Signer) -> None:
    """A valid request: the host lives. Written at most once an hour, or when its circuit was open."""
    host = uris.host(signer.account.uri)
    known = host_rows.find(tx, host)
    if known is None or known.open_until or known.seen_at < tx.now - _SEEN_MS:
        host_rows.mark_seen(tx, host)
        if known is not None and known.open_until:
            tx.emit(Event("host_back", 0, host))


async def process(remote: Remote, payload: bytes) -> None:
    """The queued rest: fetch what is wanted, then apply. Raises Unreachable to be tried again; everything else of a peer's ends it."""
    head, _, body = payload.partition(b"\n")
    facts = orjson.loads(head)
    activity = parse.activity(parse.document(body), body)
    actor = await remote.actor(activity.actor)
    received = Received(activity, actor, facts["at"], is_forwarded=facts["forwarded"])
    wanted = remote.db.read(inbox.wants, received)
    if wanted is None:
        return
    gathered = await inbox.gather(remote, received, wanted)
    if received.is_forwarded and gathered.note is None and not gathered.is_gone:
        return
    received = Received(activity, remote.db.read(account_rows.get, actor.id), facts["at"], is_forwarded=facts["forwarded"])
    await remote.db.write(inbox.apply, received, gathered)
