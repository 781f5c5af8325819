"""Who has signed a delivery: the SIG rows against the real inboxes."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519, rsa
from freezegun.api import FrozenDateTimeFactory

from fedi import clock, limits, moderation
from fedi.activitypub import keys, signatures
from fedi.storage import keys as key_rows
from tests import remote
from tests.remote import Actor, World

AP = remote.AP


def follow(w: World, who: Actor) -> bytes:
    return json.dumps(who.activity("Follow", w.alice.uri)).encode()


def cavage(who: Actor, w: World, path: str, body: bytes, covered: str, **change: str) -> dict[str, str]:
    """A cavage signature over exactly these headers, valid but for what is changed."""
    values = {
        "(request-target)": f"post {path}",
        "host": w.instance.uris.host,
        "date": clock.http_date(clock.now()),
        "digest": "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode(),
        "content-type": AP,
        **{name.replace("_", "-"): value for name, value in change.items()},
    }
    algorithm = values.pop("algorithm", "rsa-sha256")
    params = values.pop("params", "")
    text = "\n".join(f"{name}: {values[name]}" for name in covered.split())
    signed = base64.b64encode(signatures.sign_bytes(who.key.private, text.encode())).decode()
    headers = {name.title(): value for name, value in values.items() if not name.startswith("(")}
    headers["Signature"] = f'keyId="{who.key.id}",algorithm="{algorithm}",headers="{covered}"{params},signature="{signed}"'
    return headers


FULL = "(request-target) host date digest"


async def refused(w: World, body: bytes, path: str, headers: dict[str, str], status: int = 401) -> None:
    """The answer is no, nothing is stored, nobody is asked."""
    before = w.rows()
    answer = await w.post(body, path, headers)
    assert answer.status == status, await answer.text()
    await w.settle()
    assert w.rows() == before
    assert w.asked == []


@pytest.fixture
async def mallory(world: World) -> Actor:
    """Known here."""
    who = world.peer("evil.test").actor("mallory")
    await world.know(who)
    return who


async def test_sig_01_what_is_not_signed_is_refused(world: World, mallory: Actor, inbox: str) -> None:
    await refused(world, follow(world, mallory), inbox, {})


@pytest.mark.parametrize("covered", ["date", "host date", "(request-target) host date", "host date digest", "(request-target) date digest"])
async def test_sig_02_03_a_signature_over_too_little_is_refused(world: World, mallory: Actor, inbox: str, covered: str) -> None:
    body = follow(world, mallory)
    await refused(world, body, inbox, cavage(mallory, world, inbox, body, covered))


async def test_sig_03_a_signed_get_does_not_vouch_for_a_body(world: World, mallory: Actor, inbox: str) -> None:
    body = follow(world, mallory)
    headers = cavage(mallory, world, inbox, body, "(request-target) host date")
    headers.pop("Digest")
    await refused(world, body, inbox, headers)


async def test_sig_04_a_body_changed_by_one_byte_is_refused(world: World, mallory: Actor, inbox: str) -> None:
    body = follow(world, mallory)
    await refused(world, body.replace(b"Follow", b"Fellow"), inbox, mallory.sign(f"{world.base}{inbox}", body))


async def test_sig_05_two_digests_must_both_be_right(world: World, mallory: Actor, inbox: str) -> None:
    body = follow(world, mallory)
    good = base64.b64encode(hashlib.sha256(body).digest()).decode()
    bad = base64.b64encode(hashlib.sha256(b"other").digest()).decode()

    for value in (f"SHA-256={bad},SHA-256={good}", f"SHA-256={good},SHA-256={bad}", f"sha-256={bad}", "MD5=abc", "SHA-256=", "SHA-256"):
        await refused(world, body, inbox, cavage(mallory, world, inbox, body, FULL, digest=value))
    disagreeing = cavage(mallory, world, inbox, body, FULL) | {"Content-Digest": f"sha-256=:{bad}:"}
    await refused(world, body, inbox, disagreeing)
    for spelling in ("SHA-256", "sha-256", "Sha-256"):
        answer = await world.post(body, inbox, cavage(mallory, world, inbox, body, FULL, digest=f"{spelling}={good}"))
        assert answer.status == 202


async def test_sig_06_a_delivery_replayed_to_another_inbox_is_refused(world: World, mallory: Actor, inbox: str) -> None:
    body = follow(world, mallory)
    await refused(world, body, "/users/bob/inbox", mallory.sign(f"{world.base}{inbox}", body))


async def test_sig_07_a_delivery_signed_for_another_server_is_refused(world: World, mallory: Actor, inbox: str) -> None:
    body = follow(world, mallory)
    await refused(world, body, inbox, mallory.sign(f"https://other.test{inbox}", body))


async def test_sig_07_a_host_header_that_is_not_ours_is_refused(world: World, mallory: Actor, inbox: str) -> None:
    body = follow(world, mallory)
    headers = mallory.sign(f"https://other.test{inbox}", body) | {"Host": "other.test"}

    answer = await world.client.post(inbox, data=body, headers=headers)

    assert answer.status == 421 and world.asked == []


@pytest.mark.parametrize(("age_s", "status"), [(13 * 3600, 401), (-61 * 60, 401), (11 * 3600, 202), (-59 * 60, 202)])
async def test_sig_08_a_date_too_far_from_now_is_refused(world: World, mallory: Actor, inbox: str, age_s: int, status: int) -> None:
    for scheme in ("cavage", "rfc9421"):
        answer = await world.deliver(mallory, follow(world, mallory), inbox, at=clock.now() - age_s * 1000, scheme=scheme)
        assert answer.status == status


async def test_sig_08_a_date_that_is_absent_or_garbage_is_refused(world: World, mallory: Actor, inbox: str) -> None:
    body = follow(world, mallory)
    for value in ("", "yesterday", "Sun, 99 Nov 2026 00:00:00 GMT", "0", "9" * 5000):
        await refused(world, body, inbox, cavage(mallory, world, inbox, body, FULL, date=value))
    await refused(world, body, inbox, cavage(mallory, world, inbox, body, "(request-target) host digest"))


async def test_sig_09_created_and_expires_bound_a_signature(world: World, mallory: Actor, inbox: str) -> None:
    body, now = follow(world, mallory), clock.now() // 1000

    def signed(created: int, expires: int, covered: str) -> dict[str, str]:
        change = {"(created)": str(created), "(expires)": str(expires)}
        return cavage(
            mallory, world, inbox, body, f"(request-target) host digest {covered}",
            algorithm="hs2019", params=f",created={created},expires={expires}", **change,
        )  # fmt: skip

    await refused(world, body, inbox, signed(now - 60, now - 1, "(created) (expires)"))
    await refused(world, body, inbox, signed(now + 7200, now + 9000, "(created) (expires)"))
    await refused(world, body, inbox, signed(now, now + 60, "(expires)"))
    await refused(world, body, inbox, signed(now, now + 60, "(created)"))
    assert (await world.post(body, inbox, signed(now, now + 60, "(created) (expires)"))).status == 202


@pytest.mark.parametrize("algorithm", ["none", "hmac-sha256", "dsa-sha256", "rsa-sha1", "ecdsa-sha256", ""])
async def test_sig_10_other_algorithms_are_refused(world: World, mallory: Actor, inbox: str, algorithm: str) -> None:
    body = follow(world, mallory)
    headers = cavage(mallory, world, inbox, body, FULL, algorithm=algorithm)
    await refused(world, body, inbox, headers)

    text = f"(request-target): post {inbox}\nhost: {world.instance.uris.host}\ndate: {headers['Date']}\ndigest: {headers['Digest']}"
    public = keys.public_pem(mallory.pem).encode()
    forged = base64.b64encode(hmac.new(public, text.encode(), "sha256").digest()).decode()
    headers["Signature"] = f'keyId="{mallory.key.id}",algorithm="{algorithm}",headers="{FULL}",signature="{forged}"'
    await refused(world, body, inbox, headers)


async def test_sig_11_odd_signature_headers_are_refused_at_once(world: World, mallory: Actor, inbox: str) -> None:
    body = follow(world, mallory)
    good = cavage(mallory, world, inbox, body, FULL)["Signature"]
    odd = [
        good + f',keyId="{mallory.key.id}"',
        good + ',headers="date"',
        good.replace('",', ",", 1),
        'keyId="' + '\\"' * 3000,
        good + ',x="' + "a" * 9000 + '"',
        ",".join(f'a{n}="b"' for n in range(800)),
        "", "=", '""', 'keyId=""', f'keyId="{mallory.key.id}"',
    ]  # fmt: skip
    usual = min([await _answered_s(world, body, inbox, "nothing") for _ in range(10)])
    for value in odd:
        headers = cavage(mallory, world, inbox, body, FULL) | {"Signature": value}
        answer = await world.post(body, inbox, headers)
        assert answer.status in (400, 401), value[:80]
        taken = min([await _answered_s(world, body, inbox, value) for _ in range(5)])
        assert taken < 5 * usual, value[:80]  # however long, it is read once; on a slow machine both take longer
    assert world.asked == []


async def _answered_s(world: World, body: bytes, inbox: str, value: str) -> float:
    """What an answer to a bad Signature header costs the processor."""
    began = time.process_time()
    await world.post(body, inbox, {"Signature": value})
    return time.process_time() - began


async def test_sig_11_two_signature_headers_are_refused(world: World, mallory: Actor, inbox: str) -> None:
    body = follow(world, mallory)
    headers = cavage(mallory, world, inbox, body, FULL) | {"Host": world.instance.uris.host, "Content-Type": AP}
    twice = [*headers.items(), ("Signature", headers["Signature"])]

    answer = await world.client.post(inbox, data=body, headers=twice)

    assert answer.status == 401
    assert world.told(world.alice) == []


def rfc9421(who: Actor, w: World, path: str, body: bytes, covered: tuple[str, ...], params: str = "", **more: str) -> dict[str, str]:
    """An RFC 9421 signature over exactly these components."""
    values = {
        "@method": "POST",
        "@target-uri": f"{w.base}{path}",
        "content-digest": f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:",
        **more,
    }
    listed = " ".join(name if '"' in name else f'"{name}"' for name in covered)
    params = params or f';created={clock.now() // 1000};keyid="{who.key.id}"'
    lines = [f"{name if chr(34) in name else chr(34) + name + chr(34)}: {values.get(name, '')}" for name in covered]
    base = "\n".join([*lines, f'"@signature-params": ({listed}){params}'])
    signed = base64.b64encode(signatures.sign_bytes(who.key.private, base.encode())).decode()
    return {"Content-Digest": values["content-digest"], "Signature-Input": f"sig1=({listed}){params}", "Signature": f"sig1=:{signed}:"}


async def test_sig_12_an_incomplete_rfc_9421_signature_is_refused(world: World, mallory: Actor, inbox: str) -> None:
    body = follow(world, mallory)
    full = ("@method", "@target-uri", "content-digest")
    for missing in full:
        covered = tuple(name for name in full if name != missing)
        await refused(world, body, inbox, rfc9421(mallory, world, inbox, body, covered))
    await refused(world, body, inbox, rfc9421(mallory, world, inbox, body, full, params=f';keyid="{mallory.key.id}"'))
    await refused(world, body, inbox, rfc9421(mallory, world, inbox, body, full, params=f";created={clock.now() // 1000}"))
    await refused(world, body, inbox, rfc9421(mallory, world, inbox, body, (*full, "@nothing")))
    await refused(world, body, inbox, rfc9421(mallory, world, inbox, body, (*full, '"@method";req')))
    await refused(world, body, inbox, rfc9421(mallory, world, inbox, body, (*full, "x-not-there")))
    two = rfc9421(mallory, world, inbox, body, full)
    two["Signature-Input"] += "," + two["Signature-Input"].replace("sig1=", "sig2=")
    two["Signature"] += "," + two["Signature"].replace("sig1=", "sig2=")
    await refused(world, body, inbox, two)


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_sig_13_a_good_signature_of_either_kind_is_accepted(world: World, mallory: Actor, inbox: str, scheme: str) -> None:
    answer = await world.deliver(mallory, follow(world, mallory), inbox, scheme=scheme)
    await world.settle()

    assert answer.status == 202
    assert world.told(world.alice) == ["follow"]


def key_of(w: World, who: Actor) -> key_rows.Key | None:
    return w.db.read(key_rows.find, f"{who.uri}#main-key")


async def test_sig_14_a_key_document_does_not_make_somebody_elses_key(world: World, inbox: str) -> None:
    """Given a key on evil.test that says it is of carol of peer.test."""
    carol, evil = world.peer().actor("carol"), world.peer("evil.test")
    await world.know(carol)
    before = key_of(world, carol)
    mallory = evil.actor("mallory")
    forged = mallory.public_key | {"id": f"{evil.base}/keys/1", "owner": carol.uri, "@context": remote.AS2}
    evil.documents["/keys/1"] = forged
    mallory.key = signatures.Key(forged["id"], mallory.key.private)
    body = json.dumps(carol.activity("Follow", world.alice.uri)).encode()

    answer = await world.post(body, inbox, mallory.sign(f"{world.base}{inbox}", body))

    assert answer.status == 401
    assert key_of(world, carol) == before
    assert world.told(world.alice) == []


async def test_sig_14_an_actor_cannot_take_over_the_key_of_a_neighbour(world: World, inbox: str) -> None:
    """Given two people of one server, where one lists the other's key id with a key of their own."""
    carol, dan = world.peer().actor("carol"), world.peer().actor("dan")
    await world.know(carol)
    before = key_of(world, carol)
    dan.document["publicKey"] = dan.public_key | {"id": f"{carol.uri}#main-key"}

    await world.know(dan)

    assert key_of(world, carol) == before
    assert (await world.deliver(carol, follow(world, carol), inbox)).status == 202


async def test_sig_15_a_key_whose_owner_does_not_list_it_is_not_kept(world: World, inbox: str) -> None:
    evil = world.peer("evil.test")
    mallory = evil.actor("mallory")
    mallory.key = signatures.Key(f"{mallory.uri}#other", mallory.key.private)
    stray = evil.actor("stray", key="bob")
    evil.documents["/keys/2"] = mallory.public_key | {"id": f"{evil.base}/keys/3", "@context": remote.AS2}

    for key_id in (f"{mallory.uri}#other", f"{evil.base}/keys/2", f"{evil.base}/keys/3", stray.uri):
        mallory.key = signatures.Key(key_id, mallory.key.private)
        assert (await world.deliver(mallory, follow(world, mallory), inbox)).status == 401
        assert world.db.read(key_rows.find, key_id) is None
    assert world.told(world.alice) == []


@pytest.mark.parametrize("where", ["evil.test", "peer.test"])
async def test_sig_16_the_actor_must_be_the_signer(world: World, mallory: Actor, inbox: str, where: str) -> None:
    victim = world.peer(where).actor("carol")
    await world.know(victim)
    before = world.rows()

    for activity in (
        victim.activity("Follow", world.alice.uri),
        victim.create(victim.note(f"to {world.alice.uri}", to=[world.alice.uri])),
        victim.activity("Delete", victim.uri),
        victim.activity("Block", world.alice.uri),
    ):
        assert (await world.deliver(mallory, activity, inbox)).status == 401
    await world.settle()

    assert world.rows() == before and world.asked == []


def _pem_of(key: Any) -> str:
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


WEAK: dict[str, Callable[[], str]] = {
    "rsa-1024": lambda: _pem_of(rsa.generate_private_key(65537, 1024)),
    "dsa": lambda: _pem_of(dsa.generate_private_key(2048)),
    "huge pem": lambda: "-----BEGIN PUBLIC KEY-----\n" + "A" * 1_000_000 + "\n-----END PUBLIC KEY-----\n",
    "no pem": lambda: "hello",
    "private": lambda: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
}


@pytest.mark.parametrize("kind", WEAK)
async def test_sig_18_weak_and_odd_keys_are_refused(world: World, inbox: str, kind: str) -> None:
    mallory = world.peer("evil.test").actor("mallory")
    mallory.document["publicKey"] = mallory.public_key | {"publicKeyPem": WEAK[kind]()}

    answer = await world.deliver(mallory, follow(world, mallory), inbox)

    assert answer.status == 401
    assert world.told(world.alice) == []


async def test_sig_18_pkcs1_and_large_keys_are_accepted(world: World, inbox: str) -> None:
    carol = world.peer().actor("carol")
    public = carol.key.private.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1).decode()
    carol.document["publicKey"] = carol.public_key | {"publicKeyPem": pem}
    assert (await world.deliver(carol, follow(world, carol), inbox)).status == 202

    dan, large = world.peer().actor("dan"), rsa.generate_private_key(65537, 3072)
    dan.document["publicKey"] = dan.public_key | {"publicKeyPem": _pem_of(large)}
    dan.key = signatures.Key(dan.key.id, large)
    assert (await world.deliver(dan, follow(world, dan), inbox)).status == 202


async def test_sig_19_a_changed_key_is_read_once_more(world: World, inbox: str, frozen: FrozenDateTimeFactory) -> None:
    """Given somebody whose key was changed some time after we read it."""
    carol = world.peer().actor("carol")
    await world.know(carol)
    frozen.tick(limits.KEY_REFETCH_S + 1)
    carol.set_key("dan")
    carol.document["publicKey"] = carol.public_key

    assert (await world.deliver(carol, follow(world, carol), inbox)).status == 202
    assert world.peer().gets.count("/users/carol") == 1
    assert (await world.deliver(carol, follow(world, carol), inbox)).status == 202
    assert world.peer().gets.count("/users/carol") == 1


async def test_sig_19_bad_signatures_do_not_make_us_read_it_again_and_again(world: World, frozen: FrozenDateTimeFactory) -> None:
    carol = world.peer().actor("carol")
    await world.know(carol)
    frozen.tick(limits.KEY_REFETCH_S + 1)
    carol.set_key("mallory")

    for _ in range(50):
        assert (await world.deliver(carol, follow(world, carol))).status == 401
        frozen.tick(5)
    assert world.peer().gets.count("/users/carol") == 1
    frozen.tick(60)
    assert (await world.deliver(carol, follow(world, carol))).status == 401
    assert world.peer().gets.count("/users/carol") == 2


@pytest.mark.parametrize("how", ["closed", "503", "slow"])
async def test_sig_20_a_key_that_cannot_be_had_now_is_asked_for_again_later(
    world: World, inbox: str, how: str, frozen: FrozenDateTimeFactory
) -> None:
    peer = world.peer()
    carol = peer.actor("carol")
    if how == "closed":
        await peer.stop()
    else:
        peer.behave("/users/carol", remote.answers(status=503) if how == "503" else remote.slow(5))

    for _ in range(5):
        answer = await world.deliver(carol, follow(world, carol), inbox)
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
    assert len(peer.seen) <= 1
    if how != "503":
        return
    peer.behaviours.clear()
    assert (await world.deliver(carol, follow(world, carol), inbox)).status == 503
    frozen.tick(limits.NEGATIVE_KEY_S + 1)
    assert (await world.deliver(carol, follow(world, carol), inbox)).status == 202


async def test_sig_23_a_blocked_server_is_refused_before_anything_is_fetched(world: World, inbox: str) -> None:
    world.db.transact(moderation.block_domain, "evil.test")
    mallory = world.peer("evil.test").actor("mallory")
    await refused(world, follow(world, mallory), inbox, mallory.sign(f"{world.base}{inbox}", follow(world, mallory)), 403)

    carol = world.peer().actor("carol")
    await refused(world, follow(world, carol), inbox, mallory.sign(f"{world.base}{inbox}", follow(world, carol)), 403)


@pytest.mark.parametrize("mark", ["signature", "proof"])
async def test_sig_24_what_another_server_passes_on_is_read_at_its_origin(world: World, inbox: str, mark: str) -> None:
    """Given a Create of carol's, changed and passed on by mallory with something that looks like a signature of carol's."""
    carol, mallory = world.peer().actor("carol"), world.peer("evil.test").actor("mallory")
    await world.befriend(world.alice, carol)
    note = carol.note("what carol wrote")
    forged = note | {"content": "<p>what mallory wrote</p>"}
    envelope = carol.create(forged) | {mark: {"type": "RsaSignature2017", "creator": f"{carol.uri}#main-key", "signatureValue": "aGVsbG8="}}

    await world.accepted(mallory, envelope, inbox)

    found = world.find(note["id"])
    assert found is not None and found.content_html == "<p>what carol wrote</p>"


async def test_sig_24_what_is_passed_on_and_is_not_there_has_no_effect(world: World, inbox: str) -> None:
    carol, mallory = world.peer().actor("carol"), world.peer("evil.test").actor("mallory")
    await world.befriend(world.alice, carol)
    forged = carol.note("never written", serve=False)

    await world.accepted(mallory, carol.create(forged) | {"signature": {"type": "RsaSignature2017"}}, inbox)

    assert world.find(forged["id"]) is None


async def test_sig_24_passing_on_does_not_use_up_the_id_of_the_real_one(world: World, inbox: str) -> None:
    """Given that somebody sends a Delete in carol's name, under the id that hers will have, before she deletes."""
    carol, mallory = world.peer().actor("carol"), world.peer("evil.test").actor("mallory")
    await world.befriend(world.alice, carol)
    note = carol.note("to be deleted")
    await world.accepted(carol, carol.create(note), inbox)
    end = carol.activity("Delete", note["id"], id=f"{note['id']}#delete")

    await world.accepted(mallory, end | {"signature": {"type": "RsaSignature2017"}}, inbox)
    assert world.find(note["id"]) is not None
    await world.accepted(carol, end, inbox)
    assert world.find(note["id"]) is None


@pytest.mark.parametrize(
    "trick",
    [
        {"@context": [remote.AS2, {"actor": "https://evil.test/ns#x", "object": "as:actor"}]},
        {"@context": {"as": "https://evil.test/ns#", "actor": {"@id": "as:object"}}},
        {"@graph": [{"type": "Follow"}]},
        {"@included": [{"type": "Follow"}]},
        {"@reverse": {"object": "https://peer.test/x"}},
        {"@id": "https://peer.test/other"},
        {"@type": "Create"},
    ],
)
async def test_sig_25_what_can_be_read_in_two_ways_is_refused(world: World, mallory: Actor, inbox: str, trick: dict[str, Any]) -> None:
    body = json.dumps(mallory.activity("Follow", world.alice.uri) | trick).encode()
    await refused(world, body, inbox, mallory.sign(f"{world.base}{inbox}", body), 400)


@pytest.mark.parametrize("kind", ["Delete", "Update"])
async def test_sig_26_the_end_of_somebody_never_heard_of_costs_nothing(world: World, inbox: str, kind: str) -> None:
    peer = world.peer()
    before = world.rows()
    for number in range(50):
        ghost = Actor(peer, f"ghost{number}", "extra")
        peer.behave(f"/users/ghost{number}", remote.answers(status=410))
        answer = await world.deliver(ghost, ghost.activity(kind, ghost.uri), inbox)
        assert answer.status == 202

    assert world.rows() == before and world.asked == []


async def test_sig_27_unknown_keys_of_one_host_are_fetched_ten_a_minute(world: World, frozen: FrozenDateTimeFactory) -> None:
    evil = world.peer("evil.test")
    statuses = []
    for number in range(40):
        one = evil.actor(f"many{number}", key="extra")
        statuses.append((await world.deliver(one, follow(world, one))).status)

    read = [path for path in evil.gets if path.startswith("/users/")]
    assert len(read) == limits.KEY_FETCHES_PER_HOST
    assert statuses == [202] * limits.KEY_FETCHES_PER_HOST + [503] * (40 - limits.KEY_FETCHES_PER_HOST)
    carol = world.peer().actor("carol")
    assert (await world.deliver(carol, follow(world, carol))).status == 202  # others are not held up by it
    frozen.tick(61)
    one = evil.actor("many39", key="extra")
    assert (await world.deliver(one, follow(world, one))).status == 202


async def test_sig_27_sixty_a_minute_in_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.remote._key_fetches, "_most", 4)
    statuses = []
    for host in ("peer.test", "evil.test", "third.test"):
        for number in range(2):
            one = world.peer(host).actor(f"many{number}", key="extra")
            statuses.append((await world.deliver(one, follow(world, one))).status)

    assert statuses == [202] * 4 + [503] * 2


async def test_sig_28_any_key_an_actor_lists_may_sign(world: World, inbox: str) -> None:
    """Given an actor with two RSA keys, and one with an Ed25519 Multikey."""
    carol = world.peer().actor("carol")
    first = carol.public_key
    carol.set_key("dan", "#second")
    carol.document["publicKey"] = [first, carol.public_key]
    assert (await world.deliver(carol, follow(world, carol), inbox)).status == 202

    dan = world.peer().actor("dan")
    private = ed25519.Ed25519PrivateKey.generate()
    multikey = {
        "id": f"{dan.uri}#ed",
        "type": "Multikey",
        "controller": dan.uri,
        "publicKeyMultibase": keys.to_multikey(private.public_key()),
    }
    dan.document["assertionMethod"] = [multikey]
    dan.key = signatures.Key(f"{dan.uri}#ed", private)
    assert (await world.deliver(dan, follow(world, dan), inbox, scheme="rfc9421")).status == 202


async def test_a_key_that_lives_at_an_address_of_its_own_is_found(world: World, inbox: str) -> None:
    """Observed: GoToSocial signs as `ACTOR/main-key`, where it serves a stub of the actor."""
    carol = world.peer().actor("carol")
    carol.set_key("carol", "/main-key")
    carol.document["publicKey"] = carol.public_key
    stub = {name: carol.document[name] for name in ("@context", "id", "type", "preferredUsername", "publicKey")}
    world.peer().documents["/users/carol/main-key"] = stub

    assert (await world.deliver(carol, follow(world, carol), inbox)).status == 202
    account = world.account(carol)
    assert account is not None and account.inbox_uri == f"{carol.uri}/inbox"


async def test_a_deleted_actor_is_believed_to_be_gone_when_the_key_is(world: World, inbox: str) -> None:
    """Given somebody known whose key is unknown by now because it was changed, and whose server says 410."""
    carol = world.peer().actor("carol")
    await world.know(carol)
    carol.set_key("dan", "#new-key")
    world.peer().behave("/users/carol", remote.answers(status=410))

    answer = await world.deliver(carol, carol.activity("Delete", carol.uri), inbox)

    assert answer.status == 202


async def test_sig_30_a_signed_request_redirected_elsewhere_loses_its_signature(world: World) -> None:
    peer, evil = world.peer(), world.peer("evil.test")
    evil.documents["/x"] = {"@context": remote.AS2, "id": f"{evil.base}/x", "type": "Note"}
    peer.behave("/moved", remote.redirects(f"{evil.base}/x"))

    await world.remote.document(f"{peer.base}/moved")

    first = next(seen for seen in peer.seen if seen.path == "/moved")
    assert first.signer == f"{world.base}/actor#main-key"
    assert evil.seen and all("signature" not in seen.headers and "authorization" not in seen.headers for seen in evil.seen[:1])


async def test_sig_30_a_delivery_never_follows_a_redirect(world: World) -> None:
    carol = world.peer().actor("carol")
    await world.befriend(carol, world.alice)
    world.peer().behave("/inbox", remote.redirects("https://evil.test/inbox", 307))

    world.publish(world.alice)
    await world.settle()

    assert len(world.peer().posts) == 1 and world.peer("evil.test").seen == []


async def test_every_get_of_ours_is_signed_by_the_instance(world: World) -> None:
    carol = world.peer().actor("carol")

    await world.know(carol)
    await world.remote.actor(carol.uri, refresh=True)

    documents = [seen for seen in world.peer().seen if not seen.path.startswith("/.well-known")]
    assert documents and all(seen.signer == f"{world.base}/actor#main-key" for seen in documents)


async def test_dos_26_refusals_fill_no_log(world: World, mallory: Actor, caplog: pytest.LogCaptureFixture) -> None:
    """Given many deliveries with line ends in their words, none of them signed or all of them wrongly."""
    caplog.clear()
    forged = "x\r\nERROR fedi: forged line"
    for _ in range(100):
        body = json.dumps(mallory.activity("Follow", forged, content=forged)).encode()
        assert (await world.post(body, "/inbox", {})).status == 401
        assert (await world.post(body, "/inbox", mallory.sign(f"{world.base}/inbox", b"other"))).status == 401
        assert (await world.post(f'{{"{forged}'.encode(), "/inbox", {})).status == 400

    lines = [record.getMessage() for record in caplog.records if record.name.startswith("fedi")]
    assert len(lines) <= 3 and not any("\n" in line or "forged" in line for line in lines)
