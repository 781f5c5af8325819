"""Allowlist mode among real peers: who is not listed is not heard, not asked, and not told anything."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fedi import moderation
from fedi.errors import Refused
from fedi.instance import Instance
from fedi.storage import follows as follow_rows
from tests import make, remote
from tests.remote import PUBLIC, World


@pytest.fixture
async def world(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path, federation={"mode": "allowlist"}) as made:
        made.db.transact(moderation.allow_domain, "peer.test")
        yield made


async def test_who_is_listed_is_talked_to_in_both_directions(world: World) -> None:
    carol = world.peer("peer.test").actor("carol")
    await world.accepted(carol, carol.activity("Follow", world.alice.uri))
    post = world.publish(world.alice)
    await world.settle()
    assert [create["object"]["id"] for create in carol.peer.received("Create")] == [post.uri]
    assert await world.remote.account_of("carol", "peer.test")


@pytest.mark.parametrize("path", remote.INBOXES)
async def test_who_is_not_gets_403_and_is_not_even_asked_for_a_key(world: World, path: str) -> None:
    dan = world.peer("third.test").actor("dan")
    assert (await world.deliver(dan, dan.activity("Follow", world.alice.uri), path)).status == 403
    assert (await world.get("/users/alice/outbox", dan)).status == 403
    assert world.asked == []


async def test_a_listed_actor_with_a_key_elsewhere_is_not_heard(world: World) -> None:
    carol, dan = world.peer("peer.test").actor("carol"), world.peer("third.test").actor("dan")
    assert (await world.deliver(dan, carol.activity("Follow", world.alice.uri))).status == 403
    assert world.asked == []


async def test_nothing_is_fetched_from_others_and_nothing_is_sent_there(world: World) -> None:
    dan = world.peer("third.test").actor("dan")
    note = dan.note()
    for asking in (world.remote.actor(dan.uri), world.remote.post(note["id"]), world.remote.account_of("dan", "third.test")):
        with pytest.raises(Refused):
            await asking
    carol = world.peer("peer.test").actor("carol")
    await world.befriend(world.alice, carol)
    await world.accepted(carol, carol.activity("Announce", note["id"], to=[PUBLIC]))
    await world.accepted(carol, carol.create(carol.note("hi", inReplyTo=note["id"])))
    assert [asked for asked in world.asked if "third.test" in asked] == []


async def test_discovery_stays_open(world: World) -> None:
    for path in ("/.well-known/webfinger?resource=acct:alice@fedi.test", "/.well-known/nodeinfo", "/actor"):
        assert (await world.get(path)).status == 200
    metadata = (await (await world.get("/nodeinfo/2.1")).json())["metadata"]
    assert metadata["federation"] == {"enabled": True, "mode": "allowlist", "authorizedFetch": False}


async def test_who_is_taken_off_the_list_rests_and_comes_back_whole(world: World) -> None:
    carol = world.peer("peer.test").actor("carol")
    await world.befriend(carol, world.alice)
    world.db.transact(moderation.disallow_domain, "peer.test")
    world.publish(world.alice, "not for you")
    await world.settle()
    assert carol.peer.posts == []
    assert (await world.deliver(carol, carol.activity("Like", world.alice.uri))).status == 403
    world.db.transact(moderation.allow_domain, "peer.test")
    post = world.publish(world.alice, "for you again")
    await world.settle()
    assert [create["object"]["id"] for create in carol.peer.received("Create")] == [post.uri]


async def test_turning_the_list_on_hides_who_is_not_on_it_and_turning_it_off_brings_them_back(tmp_path: Path, quick_keys: None) -> None:
    for mode, hidden in (("open", 0), ("allowlist", 1), ("open", 0)):
        settings = make.settings(tmp_path, federation={"mode": mode})
        instance = await Instance.open(settings)
        try:
            if not instance.db.read(lambda tx: tx.query("SELECT 1 FROM accounts WHERE host <> ''")):
                alice, carol = instance.db.transact(make.account, "alice"), instance.db.transact(make.remote, "carol")
                instance.db.transact(make.follow, alice, carol)
            (row,) = instance.db.read(lambda tx: tx.query("SELECT id, host_blocked FROM accounts WHERE host <> ''"))
            assert row[1] == hidden
            (follow,) = instance.db.read(follow_rows.list_all_of, row[0])
            assert follow.state == "accepted", "nothing of it is lost"
        finally:
            await instance.close()
