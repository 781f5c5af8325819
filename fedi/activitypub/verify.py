"""Signature -> actor: the one place where a request becomes somebody's, or a document without one. Only `request` makes a Signer."""

from typing import NamedTuple

from fedi import clock, limits, uris
from fedi.activitypub import keys, proofs, signatures
from fedi.activitypub.parse import Json
from fedi.activitypub.proofs import Proof
from fedi.activitypub.remote import Remote
from fedi.activitypub.signatures import Claim, RequestHead
from fedi.errors import Malformed, Refused, RemoteGone, Unreachable, Untrusted
from fedi.storage.accounts import Account
from fedi.storage.keys import Key


class Signer(NamedTuple):
    """Who has signed a request. Take it as an argument and the request is authentic."""

    account: Account
    key_uri: str


async def request(remote: Remote, head: RequestHead, body: bytes) -> Signer:
    """The signer of a request.

    Raises Untrusted for a missing, stale, incomplete or wrong signature, Unreachable (to be answered 503) when the key cannot be had
    now, RemoteGone when its owner is deleted, Refused when its host is blocked.
    Source: FEDERATION.md, Signatures; SIG.
    """
    claim = signatures.parse(head)
    signatures.check(claim, head, body, clock.now(), (remote.uris.host, remote.uris.domain))
    known = remote.keyring.find(claim.key_id)
    if known is None:
        return await _with_fetched_key(remote, claim, head, refresh=False)
    key, account = known
    if _is_signed_by(claim, head, key):
        return Signer(account, key.uri)
    if account.is_local or key.fetched_at > clock.now() - limits.KEY_REFETCH_S * clock.SECOND:
        raise Untrusted("The signature is wrong.")
    return await _with_fetched_key(remote, claim, head, refresh=True)


def _is_signed_by(claim: Claim, head: RequestHead, key: Key) -> bool:
    return signatures.verify(claim, head, keys.load_public(key.public_pem))


async def _with_fetched_key(remote: Remote, claim: Claim, head: RequestHead, *, refresh: bool) -> Signer:
    """Ask the key's server: for an unknown key, and once for a known one whose signature is wrong (it may have been changed)."""
    try:
        account = await remote.key_owner(claim.key_id, refresh=refresh)
    except (Unreachable, RemoteGone, Untrusted):
        raise
    except (Refused, Malformed) as error:
        raise Untrusted(f"The signature's key could not be read: {error.message}") from None
    found = remote.keyring.find(claim.key_id)
    if found is None or found[1].id != account.id or not _is_signed_by(claim, head, found[0]):
        raise Untrusted("The signature is wrong.")
    return Signer(found[1], found[0].uri)


async def is_proven(remote: Remote, document: Json, owner_uri: str) -> bool:
    """Whether a document carries a fresh integrity proof of its owner: then it is believed whoever has brought it.

    A key that cannot be had now proves nothing: the caller asks the owner's server for the thing itself. Source: FEP-8b32.
    """
    for proof in proofs.read(document):
        if proofs.is_fresh(proof, clock.now()) and uris.same_origin(proof.key_uri, owner_uri):
            try:
                if await _is_made_by(remote, proof, document, owner_uri):
                    return True
            except (Unreachable, RemoteGone, Refused, Malformed, Untrusted):
                continue
    return False


async def _is_made_by(remote: Remote, proof: Proof, document: Json, owner_uri: str) -> bool:
    known = remote.keyring.find(proof.key_uri)
    if known is not None:
        key, account = known
        if account.uri != owner_uri or account.is_hidden:
            return False
        if proofs.is_right(proof, document, keys.load_public(key.public_pem)):
            return True
        if account.is_local or key.fetched_at > clock.now() - limits.KEY_REFETCH_S * clock.SECOND:
            return False
    owner = await remote.key_owner(proof.key_uri, refresh=known is not None)
    found = remote.keyring.find(proof.key_uri)
    if found is None or found[1].id != owner.id or owner.uri != owner_uri or owner.is_hidden:
        return False
    return proofs.is_right(proof, document, keys.load_public(found[0].public_pem))
