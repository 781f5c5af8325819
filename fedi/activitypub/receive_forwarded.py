"""What is brought by somebody who is not its actor: believed for its own proof, else as far as its origin says the same.

Source: FEDERATION.md, Inbox, 8.5, 14; FEP-8b32; SIG-16, SIG-24, AUZ-20, AUZ-22.
"""

import hashlib

from fedi import uris
from fedi.activitypub import inbox, parse, verify
from fedi.activitypub.inbox.received import Gathered, Received
from fedi.activitypub.parse import Activity
from fedi.activitypub.remote import Remote
from fedi.errors import Refused, TooMany
from fedi.storage import accounts as account_rows
from fedi.storage import jobs as job_rows
from fedi.storage.db import Tx

# What its origin can be asked about, and what besides may be passed on under a proof. Nothing that concerns two people only.
_REFETCHED = frozenset({"Create", "Update", "Delete"})
_SHOWN = frozenset({"Create", "Update"})  # what a proof within the object says as well
_PROVEN = _REFETCHED | {"Announce", "Like", "EmojiReact", "Dislike", "Undo", "Add", "Remove"}


def is_taken(activity: Activity, *, from_relay: bool) -> bool:
    """Whether somebody else may bring this. A proof or signature within only makes us look closer; a relay needs none for that."""
    if "proof" in activity.raw and activity.type in _PROVEN:
        return True
    if activity.type in _SHOWN and "proof" in (activity.object_doc or ()):
        return True
    return activity.type in _REFETCHED and ("signature" in activity.raw or from_relay)


def digest(signer_uri: str, activity: Activity, recipient_uri: str = "") -> bytes:
    """What tells a second copy. With the signer: what somebody passes on does not use up the id of what the actor will say."""
    said = f"{signer_uri}|{activity.actor}|{activity.dedup_key}{'|' if recipient_uri else ''}{recipient_uri}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()


async def process(remote: Remote, activity: Activity, at: int, carrier_uri: str, *, from_relay: bool) -> None:
    """Let it have its effect, once. Raises what fetching raises; TooMany when the carrier has made us fetch much in this minute."""
    itself = parse.has_own_id(activity) and await verify.is_proven(remote, activity.raw, activity.actor)
    proven = itself or await _is_object_proven(remote, activity)
    if proven and not itself:  # whom it is for is part of what was proven, or nobody has said so
        activity = activity._replace(raw={}, to=(), cc=(), audience=())
    if not proven:
        if activity.type not in _REFETCHED:
            return
        _spend(remote, carrier_uri, from_relay=from_relay)
    actor = await remote.actor(activity.actor)
    received = Received(activity, actor, at, is_forwarded=not proven, is_relayed=from_relay)
    wanted = remote.db.read(inbox.wants, received)
    if wanted is None:
        return
    gathered = await inbox.gather(remote, received, wanted)
    if not proven and gathered.note is None and not gathered.is_gone:
        return
    actor = remote.db.read(account_rows.get, actor.id)
    received = Received(activity, actor, at, is_forwarded=not proven, is_relayed=from_relay)
    await remote.db.write(apply, received, gathered, once=itself)


async def _is_object_proven(remote: Remote, activity: Activity) -> bool:
    """Whether at least the object is its author's own word. The id around it is anybody's, so it uses up none: see `apply`."""
    document = activity.object_doc
    if activity.type not in _SHOWN or document is None or not parse.belongs_to(document, activity.actor):
        return False
    return await verify.is_proven(remote, document, activity.actor)


def apply(tx: Tx, received: Received, gathered: Gathered, *, once: bool) -> None:
    """A proven activity counts as said by its actor: what they have said themselves, or was passed on before, has no second effect."""
    if once and not job_rows.mark_seen(tx, digest(received.actor.uri, received.activity)):
        return
    inbox.apply(tx, received, gathered)


def _spend(remote: Remote, carrier_uri: str, *, from_relay: bool) -> None:
    """A fetch for somebody who passes things on. Beyond its budget a relay's are let go, for there is no end of them."""
    try:
        remote.spend_forwarded(uris.host(carrier_uri))
    except TooMany:
        if from_relay:
            raise Refused("The relay sends more than is fetched in a minute.", 429) from None
        raise
