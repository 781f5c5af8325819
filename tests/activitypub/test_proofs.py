"""Integrity proofs: made, checked, and refused for every change."""

import copy
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fedi import clock
from fedi.activitypub import keys, proofs, vocab
from tests import cast

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY_URI = "https://a.example/users/alice#ed25519-key"
AT = 1767225600_000
LIKE: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v2"],
    "actor": "https://a.example/users/alice",
    "id": "https://a.example/users/alice#likes/1",
    "object": "https://b.example/notes/1",
    "to": ["https://b.example/users/bob"],
    "type": "Like",
}
CREATE: dict[str, Any] = {
    "@context": vocab.CONTEXT,
    "id": "https://a.example/1/activity",
    "type": "Create",
    "actor": "https://a.example/users/alice",
    "to": [vocab.PUBLIC],
    "object": {"id": "https://a.example/1", "type": "Note", "content": "hé ☃", "tag": [{"name": "#x"}], "sensitive": False, "n": 1.5},
}


def signed(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "proof": proofs.make(document, KEY_URI, KEY, AT)}


def is_right(document: dict[str, Any], key: Any = None) -> bool:
    found = proofs.read(document)
    return bool(found) and any(proofs.is_right(one, document, key or KEY.public_key()) for one in found)


def test_the_worked_example_is_signed_letter_by_letter() -> None:
    assert proofs.make(LIKE, KEY_URI, KEY, AT) == {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2026-01-01T00:00:00Z",
        "verificationMethod": KEY_URI,
        "proofPurpose": "assertionMethod",
        "proofValue": "z4fyP1ECjhzRYVjx4EzzobdnWcBaCfmr8CjT3XbetkhuhyRdF13w6qBtL74e9GMTkCRauEYTDdxPdJYRozn4i8pKE",
    }


def test_a_proof_holds_with_and_without_the_context_repeated_in_it() -> None:
    made = signed(LIKE)
    assert is_right(made)
    made["proof"]["@context"] = LIKE["@context"]
    assert is_right(made)


def test_contexts_may_be_added_behind_those_of_the_proof() -> None:
    made = signed(LIKE)
    made["proof"]["@context"] = LIKE["@context"]
    made["@context"] = [*LIKE["@context"], "https://example.org/more"]
    assert is_right(made)
    made["@context"] = ["https://example.org/more", *LIKE["@context"]]
    assert not is_right(made)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every value in a document, by the way to it."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for name, one in inner for place in places(one, (*path, name))]


@pytest.mark.parametrize("path", places(signed(CREATE)), ids=lambda path: "/".join(map(str, path)))
def test_a_change_anywhere_breaks_it(path: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(signed(CREATE))
    around: Any = changed
    for name in path[:-1]:
        around = around[name]
    around[path[-1]] = "otherwise"
    assert not is_right(changed)
    del around[path[-1]]
    assert not is_right(changed)


def test_something_added_breaks_it() -> None:
    assert is_right(signed(CREATE))
    assert not is_right(signed(CREATE) | {"bcc": []})


def test_another_key_has_not_made_it() -> None:
    assert not is_right(signed(CREATE), keys.load_private(cast.ed25519_pem("mallory")).public_key())
    assert not is_right(signed(CREATE), keys.load_private(cast.rsa_pem("alice")).public_key()), "nor one of another kind"


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Proof"}, {"cryptosuite": "eddsa-rdfc-2022"}, {"proofPurpose": "authentication"}, {"verificationMethod": "did:key:z6M"},
        {"verificationMethod": None}, {"created": None}, {"created": 5}, {"proofValue": None}, {"proofValue": "z"}, {"proofValue": "mAAAA"},
        {"proofValue": "z0OIl"}, {"proofValue": "z" + "1" * 5000}, {"@context": ["https://example.org/other"]},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_proof_of_ours_to_check_is_not_read(change: dict[str, Any]) -> None:
    made = signed(CREATE)
    made["proof"] |= change
    assert proofs.read(made) == []


@pytest.mark.parametrize("proof", [None, 5, "x", [], [None], {}, [[]], {"type": ["DataIntegrityProof"]}], ids=str)
def test_odd_proofs_are_no_proofs(proof: Any) -> None:
    assert proofs.read(CREATE | {"proof": proof}) == []


def test_one_good_proof_among_others_is_enough_and_few_are_looked_at() -> None:
    made = signed(CREATE)
    other = {**made["proof"], "cryptosuite": "mldsa44-jcs-2024"}
    assert is_right(made | {"proof": [other, made["proof"]]})
    assert not is_right(made | {"proof": [other] * 10 + [made["proof"]]})


def test_an_old_proof_does_not_stand_in_for_a_signature() -> None:
    (proof,) = proofs.read(signed(CREATE))
    assert proofs.is_fresh(proof, AT) and proofs.is_fresh(proof, AT + 13 * clock.DAY)
    assert not proofs.is_fresh(proof, AT + 15 * clock.DAY)
    assert not proofs.is_fresh(proof, AT - 2 * clock.HOUR)
    ended = proof._replace(config=proof.config | {"expires": "2026-01-01T01:00:00Z"})
    assert proofs.is_fresh(ended, AT) and not proofs.is_fresh(ended, AT + 2 * clock.HOUR)
    assert not proofs.is_fresh(proof._replace(config={"expires": 5}), AT)
