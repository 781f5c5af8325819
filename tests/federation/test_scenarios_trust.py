"""Scenarios S14, S16 and S17: authorised fetch, followers kept equal, relays and forwarding. Between two instances, and with peers that
speak as Mastodon, Mitra, tootik and the two kinds of relays do."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fedi import clock, moderation, relays
from fedi.activitypub import signatures, synchronization, verify
from fedi.errors import Refused
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import relays as relay_rows
from fedi.storage import timelines as timeline_rows
from fedi.storage.timelines import Page
from tests import make, remote
from tests.federation.test_two_instances import Pair, side
from tests.remote import AP, PUBLIC, Actor, World


@asynccontextmanager
async def two(folder: Path, **federation: Any) -> AsyncIterator[Pair]:
    async with side(folder, "alice", **federation) as a, side(folder, "bob", **federation) as b:
        yield Pair(a, b)


# -- S14: both sides answer signed requests only --


@pytest.fixture
async def secure(tmp_path: Path, quick_keys: None) -> AsyncIterator[Pair]:
    async with two(tmp_path, secure=True) as pair:
        yield pair


async def test_s14_two_secure_instances_find_follow_and_read_each_other(secure: Pair) -> None:
    """Neither can check the other's signature before it has read a key of the other: that must not be a circle."""
    a, b = secure.a, secure.b
    await secure.befriend(a)
    await secure.befriend(b)
    for visibility in ("public", "followers"):
        post = await b.say(f"for {visibility}", visibility=visibility)
        await secure.settle()
        assert a.get(post.uri).visibility == visibility
    assert (await a.meet()).uri == b.person.uri


async def test_s14_a_thread_is_read_over_signed_requests(secure: Pair) -> None:
    first = await secure.b.say("before anybody knew")
    found = await secure.a.instance.remote.resolve(first.url)
    assert found.uri == first.uri  # type: ignore[union-attr]


async def test_s14_a_blocked_instance_is_refused(secure: Pair) -> None:
    a, b = secure.a, secure.b
    await secure.befriend(a)
    post = await b.say("later blocked")
    await secure.settle()
    b.db.transact(moderation.block_domain, a.instance.uris.domain)
    await secure.settle()
    with pytest.raises(Refused) as refused:
        await a.instance.remote.document(post.uri)
    assert refused.value.status == 403


# -- S16: followers kept equal --


@pytest.fixture
async def pair(tmp_path: Path, quick_keys: None) -> AsyncIterator[Pair]:
    async with two(tmp_path) as made:
        yield made


async def test_s16_a_follow_that_only_one_side_knows_of_ends(pair: Pair) -> None:
    a, b = pair.a, pair.b
    await pair.befriend(a)
    there = b.db.read(account_rows.find_by_uri, a.person.uri)
    assert there is not None
    b.db.transact(follow_rows.delete, there.id, b.person.id)  # as if an old backup had been restored
    b.db.transact(lambda tx: make.follow(tx, make.remote(tx, "zoe", a.instance.uris.domain), b.person))  # so that b still sends there
    b.db.transact(lambda tx: tx.execute("UPDATE accounts SET inbox_uri = ?, shared_inbox_uri = ? WHERE username = 'zoe'",
                                        (f"{a.instance.uris.base_url}/inbox",) * 2))  # fmt: skip
    b.instance.sender.digests._kept.clear()
    assert a.follow_state(a.person.uri, b.person.uri) == "accepted"
    await b.say("are you there?", visibility="followers")
    await pair.settle()
    assert a.follow_state(a.person.uri, b.person.uri) == ""


async def test_s16_a_follower_who_has_left_unheard_is_taken_off(pair: Pair) -> None:
    a, b = pair.a, pair.b
    await pair.befriend(a)
    other = a.db.read(account_rows.find_by_uri, b.person.uri)
    assert other is not None
    a.db.transact(follow_rows.delete, a.person.id, other.id)  # the Undo was lost
    a.instance.sender.digests._kept.clear()
    assert b.follow_state(a.person.uri, b.person.uri) == "accepted"
    await b.say("are you there?", visibility="followers")
    await pair.settle()
    assert b.follow_state(a.person.uri, b.person.uri) == ""


async def test_s16_where_both_agree_nothing_happens(pair: Pair) -> None:
    a, b = pair.a, pair.b
    await pair.befriend(a)
    await b.say("hello", visibility="followers")
    await pair.settle()
    assert a.follow_state(a.person.uri, b.person.uri) == "accepted" == b.follow_state(a.person.uri, b.person.uri)
    assert not a.db.read(lambda tx: tx.query("SELECT 1 FROM jobs"))


@pytest.fixture
async def world(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as made:
        yield made


@pytest.mark.parametrize("program", ["mastodon", "tootik"])
async def test_s16_with_a_peer_that_speaks_like(world: World, program: str) -> None:
    """Mastodon lists all on one page and sends the header with posts for followers; tootik signs by RFC 9421 and calls it a Collection."""
    dan = world.peer("third.test").actor("dan")
    await world.befriend(world.alice, dan)
    await world.befriend(world.bob, dan)
    url = f"{dan.uri}/followers_synchronization"
    items = {"orderedItems" if program == "mastodon" else "items": [world.alice.uri]}
    kind = "OrderedCollection" if program == "mastodon" else "Collection"
    dan.peer.documents[url.removeprefix(dan.peer.base)] = {"@context": remote.AS2, "id": url, "type": kind, **items}
    body = json.dumps(dan.create(dan.note("for my followers", to=[dan.followers]))).encode()
    digest = synchronization.digest([world.alice.uri])
    header = f'collectionId="{dan.followers}", url="{url}", digest="{digest}"'
    outgoing = signatures.Outgoing("POST", f"{world.base}/inbox", AP, signatures.digest(body), (("Collection-Synchronization", header),))
    signed = signatures.sign(outgoing, dan.key, clock.now(), scheme="cavage" if program == "mastodon" else "rfc9421")
    assert (await world.post(body, "/inbox", signed)).status == 202
    await world.settle()
    account = world.account(dan)
    assert account is not None
    assert world.db.read(follow_rows.find, world.alice.id, account.id) and not world.db.read(follow_rows.find, world.bob.id, account.id)
    assert f"GET third.test {url.removeprefix(dan.peer.base)}" in world.asked
    assert next(seen for seen in dan.peer.seen if seen.path.endswith("_synchronization")).signer == f"{world.base}/actor#main-key"


# -- S17: relays, and what is passed on without a signature that we check --


async def let_in(world: World, style: str) -> Actor:
    relay = world.peer("third.test").actor("relay", key="dan", type="Application" if style == "inbox" else "Service")
    relay.document["inbox"] = "https://third.test/inbox"
    if style == "inbox":
        world.db.transact(relays.add, "https://third.test/inbox")
    else:
        world.db.transact(relays.add, relay.uri, await world.know(relay))
    await world.settle()
    (follow,) = relay.peer.received("Follow")
    inner: Any = follow["id"] if style == "inbox" else {**follow, "@context": remote.AS2}
    await world.accepted(relay, relay.activity("Accept", inner))
    if style == "actor":
        await world.accepted(relay, relay.activity("Follow", world.instance.actor.uri))
    assert [one.state for one in world.db.read(relay_rows.list_all)] == ["accepted"]
    world.forget()
    return relay


def federated(world: World) -> list[str]:
    return [post.uri for post in world.db.read(timeline_rows.list_public, 0, Page(), remote=True)]


async def test_s17_mastodons_relay_passes_on_a_create_which_is_read_at_its_origin(world: World) -> None:
    relay = await let_in(world, "inbox")
    erin = world.peer("peer.test").actor("erin")
    note = erin.note("to everybody", cc=[erin.followers])
    create = erin.create(note) | {"signature": {"type": "RsaSignature2017", "creator": f"{erin.uri}#main-key", "signatureValue": "x"}}
    await world.accepted(relay, create)
    assert federated(world) == [note["id"]]
    assert f"GET peer.test {note['id'].removeprefix(erin.peer.base)}" in world.asked
    await world.accepted(relay, erin.activity("Delete", {"id": note["id"], "type": "Tombstone"}, to=[PUBLIC]))
    assert federated(world) == [note["id"]], "it is still there, whatever the relay says"
    del erin.peer.documents[note["id"].removeprefix(erin.peer.base)]
    await world.accepted(relay, erin.activity("Delete", {"id": note["id"], "type": "Tombstone"}, to=[PUBLIC]))
    assert federated(world) == []


async def test_s17_litepubs_relay_announces_and_is_announced_to(world: World) -> None:
    relay = await let_in(world, "actor")
    erin = world.peer("peer.test").actor("erin")
    note = erin.note("to everybody")
    await world.accepted(relay, relay.activity("Announce", note["id"], to=[relay.followers]))
    assert federated(world) == [note["id"]]
    post = world.publish(world.alice)
    await world.settle()
    assert [announce["object"] for announce in relay.peer.received()] == [post.uri]


async def test_s17_mitra_forwards_with_a_proof_and_is_believed_without_a_fetch(world: World) -> None:
    """Mitra proves all it says and has no shared inbox."""
    carol, dan = world.peer("peer.test").actor("carol"), world.peer("third.test").actor("dan")
    carol.show_proof_key()
    del carol.document["endpoints"]
    await world.befriend(world.alice, carol)
    await world.know(dan)
    note = carol.note("in a thread of dan's", inReplyTo=dan.note()["id"], serve=False)
    await world.accepted(dan, carol.prove(carol.create(note)), f"/users/{world.alice.username}/inbox")
    assert world.find(note["id"]) is not None
    assert note["id"].removeprefix(carol.peer.base) not in carol.peer.gets


async def test_s17_a_forwarded_activity_without_any_proof_is_refused(world: World) -> None:
    carol, dan = world.peer("peer.test").actor("carol"), world.peer("third.test").actor("dan")
    await world.befriend(world.alice, carol)
    assert (await world.deliver(dan, carol.create(carol.note()))).status == 401


async def test_s17_what_one_instance_says_is_proven_to_the_other(pair: Pair) -> None:
    """What a sends to b could be passed on by anybody: the proof in it holds."""
    a, b = pair.a, pair.b
    await pair.befriend(b)
    post = await a.say("proven")
    await pair.settle()
    (body,) = a.db.read(lambda tx: tx.query("SELECT body FROM activities WHERE post_id = ?", (post.id,)))
    document = json.loads(body[0])
    assert await verify.is_proven(b.instance.remote, document, a.person.uri)
    document["object"]["content"] += " or not"
    assert not await verify.is_proven(b.instance.remote, document, a.person.uri)
