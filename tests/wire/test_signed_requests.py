"""Requests that real servers signed: each is accepted at its time, and none survives a change of one byte."""

import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from fedi import clock
from fedi.activitypub import keys, signatures
from fedi.activitypub.signatures import RequestHead
from fedi.errors import FediError, Untrusted
from tests.wire import fixtures

ROOT = fixtures.root() / "_signed"
HOUR = clock.HOUR


class Recorded(NamedTuple):
    head: RequestHead
    body: bytes
    now: int
    ours: set[str]


def public_keys() -> dict[str, keys.PublicKey]:
    """Each key document's PEM, by the id that requests name."""
    documents = [json.loads(path.read_text()) for path in ROOT.glob("*-keys.json")]
    return {key_id: keys.load_public(key["publicKeyPem"]) for document in documents for key_id, key in document.items()}


def recorded(name: str) -> Recorded:
    document = json.loads((ROOT / name).read_text(encoding="utf-8"))
    headers = [(header.lower(), value) for header, value in document["headers"]]
    head = RequestHead(document["method"], document["path"], "http", headers)
    at = clock.parse_http_date(dict(headers)["date"])
    assert at is not None
    return Recorded(head, (document["body"] or "").encode(), at, {dict(headers)["host"]})


NAMES = sorted(path.name for path in ROOT.glob("*.json") if not path.name.endswith("-keys.json"))
KEYS = public_keys()


def accepts(request: Recorded) -> bool:
    claim = signatures.parse(request.head)
    signatures.check(claim, request.head, request.body, request.now, request.ours)
    return signatures.verify(claim, request.head, KEYS[claim.key_id])


def survives(request: Recorded) -> bool:
    try:
        return accepts(request)
    except FediError:
        return False


def flipped(text: str, at: int) -> str:
    """The text with one bit of one letter changed; a letter does not become its other case."""
    return text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]


def places(text: str) -> Iterator[int]:
    """Where to change a text: every letter of a short one, some of a long one, always both ends."""
    yield from sorted({*range(0, len(text), max(1, len(text) // 40)), len(text) - 1})


def test_there_are_requests_to_try():
    assert len(NAMES) == 39
    assert len(KEYS) == 4


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_request_is_accepted_at_its_time(name):
    assert accepts(recorded(name))


@pytest.mark.parametrize("name", NAMES)
def test_sig_04_a_recorded_request_with_one_byte_of_its_body_changed_is_refused(name):
    request = recorded(name)
    text = request.body
    changed = [text + b" ", *(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :] for at in places(text.decode("latin-1")) if text)]
    for body in changed:
        with pytest.raises(Untrusted):
            accepts(request._replace(body=body))


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_request_with_one_byte_of_a_covered_header_changed_is_refused(name):
    request = recorded(name)
    covered = [header for header in signatures.parse(request.head).covered if not header.startswith("(")]
    assert len(covered) >= 2
    for header in covered:
        value = dict(request.head.headers)[header]
        for at in places(value):
            headers = [(known, flipped(old, at) if known == header else old) for known, old in request.head.headers]
            # As if we were whoever the changed header names: the signature itself has to notice.
            ours = {*request.ours, flipped(value, at)} if header == "host" else request.ours
            assert not survives(request._replace(head=request.head._replace(headers=headers), ours=ours)), (header, at)


@pytest.mark.parametrize("name", NAMES)
def test_sig_06_a_recorded_request_is_refused_for_another_target_or_method(name):
    request = recorded(name)
    target = request.head.target
    for at in range(1, len(target)):
        assert not survives(request._replace(head=request.head._replace(target=flipped(target, at)))), at
    assert not survives(request._replace(head=request.head._replace(method="PUT")))


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_request_with_one_byte_of_its_signature_changed_is_refused(name):
    request = recorded(name)
    claim = signatures.parse(request.head)
    for at in range(0, len(claim.signature), 16):
        wrong = claim.signature[:at] + bytes([claim.signature[at] ^ 1]) + claim.signature[at + 1 :]
        assert not signatures.verify(claim._replace(signature=wrong), request.head, KEYS[claim.key_id])


@pytest.mark.parametrize("name", NAMES)
def test_sig_07_a_recorded_request_is_refused_by_any_other_server(name):
    request = recorded(name)
    with pytest.raises(Untrusted):
        accepts(request._replace(ours={"example.org"}))


@pytest.mark.parametrize("name", NAMES)
def test_sig_08_a_recorded_request_is_refused_once_it_is_old(name):
    request = recorded(name)
    assert accepts(request._replace(now=request.now + 11 * HOUR))
    assert accepts(request._replace(now=request.now - 59 * clock.MINUTE))
    for now in (request.now + 13 * HOUR, request.now - 61 * clock.MINUTE):
        with pytest.raises(Untrusted):
            accepts(request._replace(now=now))


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_request_is_not_verified_with_anybody_elses_key(name):
    request = recorded(name)
    claim = signatures.parse(request.head)
    assert [key_id for key_id, key in KEYS.items() if signatures.verify(claim, request.head, key)] == [claim.key_id]
