"""Integrity proofs: a document that is signed itself, whoever brings it. `eddsa-jcs-2022` only. Pure, no I/O.

`read` says what a document claims, `is_right` whether a key agrees; that the key is its author's is for `verify` to find out.
Source: FEP-8b32; W3C Data Integrity EdDSA 3.3; FEDERATION.md, Signatures.
"""

import hashlib
from typing import Any, Final, NamedTuple

from fedi import clock, limits
from fedi.activitypub import jcs, keys, signatures
from fedi.activitypub import parse_values as values
from fedi.activitypub.keys import PrivateKey, PublicKey
from fedi.errors import Malformed, Untrusted

Json = dict[str, Any]

SUITE: Final = "eddsa-jcs-2022"
_PROOFS: Final = 4  # looked at in one document
_VALUE_CHARS: Final = 100  # 64 bytes in base58 have at most 88
_FRESH_MS: Final = 14 * clock.DAY  # less than what was taken back is remembered for: an old activity does not come to life again


class Proof(NamedTuple):
    """What one proof of a document says, believed by nobody yet. `config` is it without its value."""

    key_uri: str
    created_at: int
    signature: bytes
    config: Json


def read(document: Json) -> list[Proof]:
    """The proofs of a document that we could check: right suite, right purpose, complete. The others are left out."""
    found = (_read_one(one, document) for one in values.as_list(document.get("proof"))[:_PROOFS])
    return [proof for proof in found if proof is not None]


def _read_one(given: object, document: Json) -> Proof | None:
    if not isinstance(given, dict) or given.get("type") != "DataIntegrityProof" or given.get("cryptosuite") != SUITE:
        return None
    if given.get("proofPurpose") != "assertionMethod":
        return None
    key_uri, value, created_at = values.uri(given.get("verificationMethod")), given.get("proofValue"), values.time(given.get("created"))
    if not key_uri or created_at is None or not isinstance(value, str) or not 1 < len(value) <= _VALUE_CHARS or value[0] != "z":
        return None
    if "@context" in given and not _begins_with(document.get("@context"), given["@context"]):
        return None
    try:
        signature = keys.base58_decode(value[1:])
    except Untrusted:
        return None
    return Proof(key_uri, created_at, signature, {name: inner for name, inner in given.items() if name != "proofValue"})


def _begins_with(context: object, start: object) -> bool:
    wanted = values.as_list(start)
    return values.as_list(context)[: len(wanted)] == wanted


def is_fresh(proof: Proof, now: int) -> bool:
    """Whether it may stand in for the signature of a request: what was signed long ago says nothing of now."""
    if not now - _FRESH_MS <= proof.created_at <= now + limits.DATE_FUTURE_S * clock.SECOND:
        return False
    expires = proof.config.get("expires")
    return expires is None or (values.time(expires) or 0) > now


def is_right(proof: Proof, document: Json, public_key: PublicKey) -> bool:
    """Whether this key made this proof of this document. About 0.2 ms for a post of usual size."""
    if not keys.is_ed25519(public_key) or len(proof.signature) != 64:
        return False
    bare = {name: value for name, value in document.items() if name != "proof"}
    config = proof.config
    if "@context" in config:
        bare["@context"] = config["@context"]
    elif "@context" in document:
        config = {**config, "@context": document["@context"]}
    try:
        return signatures.verify_bytes(public_key, _hashed(config, bare), proof.signature)
    except Malformed:
        return False


def make(document: Json, key_uri: str, private_key: PrivateKey, now: int) -> Json:
    """The `proof` to add to a document that is complete, with its `@context`, and has none."""
    config = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": f"{clock.rfc3339(now)[:19]}Z",
        "verificationMethod": key_uri,
        "proofPurpose": "assertionMethod",
    }
    signed = _hashed({**config, "@context": document["@context"]}, document)
    return {**config, "proofValue": "z" + keys.base58_encode(signatures.sign_bytes(private_key, signed))}


def _hashed(config: Json, document: Json) -> bytes:
    return hashlib.sha256(jcs.dumps(config)).digest() + hashlib.sha256(jcs.dumps(document)).digest()
