"""Scenarios S11, S12, S15 and S18 against servers that speak as Mastodon, GoToSocial and Mitra do: moving, blocking, failing, ending."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import accounts, blocks, clock, follows, moderation, moves, reports
from fedi.errors import FediError
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as block_rows
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage import reports as report_rows
from fedi.storage.accounts import Account
from tests import remote
from tests.federation.dialects import NAMES, Dialect
from tests.remote import Actor, World


@pytest.fixture
async def world(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as made:
        yield made


@pytest.fixture(params=NAMES)
def speaks(request: pytest.FixtureRequest, world: World) -> Dialect:
    return Dialect(str(request.param), world)


def known(w: World, who: Actor) -> Account:
    found = w.account(who)
    assert found is not None
    return found


def state(w: World, one: Account, other: Account) -> str:
    made = w.db.read(follow_rows.find, one.id, other.id)
    return made.state if made else ""


async def introduced(w: World, speaks: Dialect) -> Actor:
    """carol follows alice and is followed by her."""
    carol = speaks.actor("carol")
    await w.know(carol)
    await w.accepted(carol, speaks.say(carol, "Follow", w.alice.uri))
    [answer] = w.peer().received("Accept")
    assert answer["object"]["type"] == "Follow" and answer["object"]["actor"] == carol.uri
    w.db.transact(follows.follow, w.alice, known(w, carol).id)
    await w.settle()
    [follow] = w.peer().received("Follow")
    await w.accepted(carol, speaks.accept(carol, follow))
    assert state(w, w.alice, known(w, carol)) == state(w, known(w, carol), w.alice) == "accepted"
    w.forget()
    return carol


# -- S11: moving --


async def test_s11_followers_here_follow_somebody_who_moves(world: World, speaks: Dialect) -> None:
    carol = await introduced(world, speaks)
    new = Dialect(speaks.name, world, "third.test").actor("carol2", key="dan")
    who, move = speaks.move(carol, new)

    await world.accepted(who, move)

    assert state(world, world.alice, known(world, carol)) == "" and state(world, world.alice, known(world, new)) == "pending"
    assert [undo["object"]["type"] for undo in world.peer().received("Undo")] == ["Follow"]
    assert [follow["object"] for follow in world.peer("third.test").received("Follow")] == [new.uri]
    assert "move" in world.told(world.alice)


async def test_s11_a_spoofed_move_moves_nobody(world: World, speaks: Dialect) -> None:
    carol = await introduced(world, speaks)
    mallory = world.peer("evil.test").actor("mallory", alsoKnownAs=[carol.uri])
    await world.know(mallory)
    for obj, target in ((carol.uri, mallory.uri), (carol.uri, "https://third.test/users/x"), (mallory.uri, carol.uri)):
        await world.accepted(mallory, mallory.activity("Move", obj, target=target))

    assert state(world, world.alice, known(world, carol)) == "accepted" and state(world, world.alice, known(world, mallory)) == ""


async def test_s11_who_moves_away_from_here_says_so_in_the_right_order(world: World, speaks: Dialect) -> None:
    await introduced(world, speaks)
    new = Dialect(speaks.name, world, "third.test").actor("newalice", key="dan", alsoKnownAs=[world.alice.uri])
    await world.know(new)
    world.db.transact(moves.move, world.alice, known(world, new))
    await world.settle()

    update, move = [seen for seen in world.peer().received() if seen["type"] in ("Update", "Move")]
    assert (update["type"], update["object"]["movedTo"], update["object"]["id"]) == ("Update", new.uri, world.alice.uri)
    assert (move["actor"], move["object"], move["target"]) == (world.alice.uri, world.alice.uri, new.uri)
    assert move["to"] == [world.alice.followers_uri]
    late = speaks.actor("dan")
    await world.accepted(late, speaks.say(late, "Follow", world.alice.uri))
    assert len(world.peer().received("Reject")) == 1 and state(world, known(world, late), world.alice) == ""


# -- S12: blocks and reports --


async def test_s12_a_block_is_told_its_target_only_and_holds(world: World, speaks: Dialect) -> None:
    carol = await introduced(world, speaks)
    dan = world.peer("third.test").actor("dan")
    await world.befriend(dan, world.alice)
    world.db.transact(blocks.block, world.alice, known(world, carol).id)
    await world.settle()

    [block] = world.peer().received("Block")
    assert (block["object"], block["actor"]) == (carol.uri, world.alice.uri)
    assert block["to"] == [carol.uri] and "cc" not in block and world.peer("third.test").posts == []
    post = world.publish(world.alice, "not for carol")
    note = carol.note("hey", cc=[world.alice.uri], tag=[{"type": "Mention", "href": world.alice.uri, "name": "@alice"}])
    for activity in (speaks.say(carol, "Follow", world.alice.uri), speaks.say(carol, "Like", post.uri), carol.create(note)):
        await world.accepted(carol, activity)
    assert state(world, known(world, carol), world.alice) == ""
    assert world.told(world.alice) == ["follow"], "of dan, and of nothing that carol did"
    assert world.db.read(post_rows.find_visible, known(world, carol).id, post.id) is None

    world.db.transact(blocks.unblock, world.alice, known(world, carol).id)
    await world.settle()
    [undo] = world.peer().received("Undo")[-1:]
    assert (undo["object"]["type"], undo["object"]["id"]) == ("Block", block["id"])


async def test_s12_a_block_from_there_holds_here_until_it_is_undone(world: World, speaks: Dialect) -> None:
    carol = await introduced(world, speaks)
    block = speaks.say(carol, "Block", world.alice.uri)
    await world.accepted(carol, block)

    assert state(world, world.alice, known(world, carol)) == state(world, known(world, carol), world.alice) == ""
    with pytest.raises(FediError):
        world.db.transact(follows.follow, world.alice, known(world, carol).id)
    await world.accepted(carol, speaks.undo(carol, block))
    assert not world.db.read(block_rows.stands_between, world.alice.id, known(world, carol).id)


async def test_s12_reports_go_out_in_the_servers_name_and_come_in(world: World, speaks: Dialect) -> None:
    carol = await introduced(world, speaks)
    note = carol.note("rude")
    await world.accepted(carol, carol.create(note))
    post = world.find(note["id"])
    assert post is not None
    complaint = reports.Complaint(known(world, carol).id, "too rude", "violation", (post.id,), forward=True)
    world.db.transact(reports.make, world.alice, complaint)
    await world.settle()

    [flag] = world.peer().received("Flag")
    assert (flag["actor"], flag["object"], flag["content"]) == (world.instance.actor.uri, [carol.uri, post.uri], "too rude")
    assert "alice" not in str(flag)
    mine = world.publish(world.alice, "mine")
    who = carol if speaks.reporter == "carol" else speaks.actor(speaks.reporter.split(".")[0], key="extra", type="Application")
    await world.accepted(who, speaks.flag(who, [mine.uri, world.alice.uri, "https://x.test/1"], "rude <b>too</b>"))
    received = [report for report in world.db.read(report_rows.list_open) if report.host]
    assert [(report.host, report.target_id, report.post_uris) for report in received] == [("peer.test", world.alice.id, f'["{mine.uri}"]')]


async def test_s12_a_blocked_domain_hears_that_follows_are_over_and_nothing_more(world: World, speaks: Dialect) -> None:
    carol = await introduced(world, speaks)
    world.db.transact(moderation.block_domain, "peer.test")
    await world.settle()
    assert sorted(seen["type"] for seen in world.peer().received()) == ["Reject", "Undo"]
    world.forget()

    answer = await world.deliver(carol, carol.create(carol.note("still here", cc=[world.alice.uri])))
    world.publish(world.alice, "@carol@peer.test hello")
    await world.settle()
    assert answer.status == 403 and world.asked == []


@pytest.mark.parametrize("how", ["boost", "answer"])
async def test_auz_11_what_others_bring_of_a_blocked_domain_is_not_fetched(world: World, speaks: Dialect, how: str) -> None:
    carol = await introduced(world, speaks)
    world.db.transact(moderation.block_domain, "evil.test")
    bad = world.peer("evil.test").actor("mallory").note("from a blocked server")
    world.forget()
    activity = (
        speaks.say(carol, "Announce", bad["id"], to=[remote.PUBLIC]) if how == "boost" else carol.create(carol.note(inReplyTo=bad["id"]))
    )
    await world.accepted(carol, activity)

    assert world.peer("evil.test").seen == [] and world.find(bad["id"]) is None


# -- S15: failing --


async def later(w: World, frozen: FrozenDateTimeFactory, seconds: float) -> None:
    frozen.tick(seconds)
    await w.settle()


async def test_s15_what_waits_for_a_server_that_is_down_for_three_days_arrives_once(
    world: World, speaks: Dialect, frozen: FrozenDateTimeFactory
) -> None:
    await introduced(world, speaks)
    world.peer().behave("*", remote.answers(status=503))
    post = world.publish(world.alice, "patience")
    for _ in range(6):
        await later(world, frozen, 12 * 3600)
    assert world.peer().posts and all(seen.json["type"] == "Create" for seen in world.peer().posts)
    tries = len(world.peer().posts)
    assert tries < 15, "it is not hammered"
    world.peer().behaviours.clear()
    world.forget()
    for _ in range(3):
        await later(world, frozen, 24 * 3600)

    assert [create["object"]["id"] for create in world.peer().received("Create")] == [post.uri]


@pytest.mark.parametrize(
    "behaviour",
    [remote.answers(status=410), remote.answers(status=429, headers={"Retry-After": "600"}), remote.redirects("/inbox"), remote.huge()],
    ids=["410", "429", "redirect loop", "huge answer"],
)
async def test_s15_every_way_to_fail_ends_and_others_get_theirs(world: World, speaks: Dialect, behaviour: Any) -> None:
    await introduced(world, speaks)
    dan = world.peer("third.test").actor("dan")
    await world.befriend(dan, world.alice)
    for path in ("/inbox", "/users/carol/inbox"):
        world.peer().behave(path, behaviour)
    post = world.publish(world.alice, "hello all")
    await world.settle()

    assert [create["object"]["id"] for create in world.peer("third.test").received("Create")] == [post.uri]
    assert 1 <= len(world.peer().posts) <= 4


# -- S18: ending, and new keys --


async def test_s18_who_ends_elsewhere_is_gone_here_and_nobody_else_can_end_them(world: World, speaks: Dialect) -> None:
    """AUZ-02 as well."""
    carol = await introduced(world, speaks)
    note = carol.note("to be gone")
    await world.accepted(carol, carol.create(note))
    neighbour, mallory = speaks.actor("dan"), world.peer("evil.test").actor("mallory")
    for who in (neighbour, mallory):
        answer = await world.deliver(who, who.activity("Delete", carol.uri))
        assert answer.status in (202, 401, 403)
        await world.settle()
    assert world.find(note["id"]) is not None

    await world.accepted(carol, speaks.say(carol, "Delete", carol.uri))

    assert world.account(carol) is None and world.find(note["id"]) is None and world.home(world.alice) == []
    assert world.again(world.alice).followers_count == world.again(world.alice).following_count == 0


async def test_s18_an_end_signed_with_a_key_that_is_gone_is_believed_when_the_actor_is_gone(world: World, speaks: Dialect) -> None:
    carol = await introduced(world, speaks)
    carol.set_key("mallory", carol.key.id.removeprefix(carol.uri) + "-new")
    delete = speaks.say(carol, "Delete", carol.uri)
    answer = await world.deliver(carol, delete)
    assert answer.status in (202, 401) and world.account(carol) is not None, "not while the actor is there"

    carol.set_key("mallory", carol.key.id.removeprefix(carol.uri) + "er")
    for path in ("/users/carol", "/users/carol/main-key-newer"):
        world.peer().behave(path, remote.answers(status=410))
    answer = await world.deliver(carol, speaks.say(carol, "Delete", carol.uri))
    assert answer.status == 202
    await world.settle()
    assert world.account(carol) is None


async def test_s18_who_ends_here_is_told_everybody_and_answers_410(world: World, speaks: Dialect) -> None:
    carol = await introduced(world, speaks)
    post = world.publish(world.alice, "farewell")
    await world.settle()
    world.db.transact(accounts.delete_local, world.alice)
    await world.settle()

    [delete] = world.peer().received("Delete")
    assert delete["actor"] == delete["object"] == world.alice.uri and remote.PUBLIC in delete["to"]
    for path in ("/users/alice", f"/users/alice/posts/{post.id}", "/.well-known/webfinger?resource=acct:alice@fedi.test"):
        answer = await world.client.get(path, headers={"Accept": remote.AP, "Host": "fedi.test"})
        assert answer.status == 410, path
    follow = await world.deliver(carol, speaks.say(carol, "Follow", world.alice.uri), "/users/alice/inbox")
    assert follow.status == 410
    assert world.db.read(account_rows.find_by_handle, "alice", "").deleted_at is not None  # type: ignore[union-attr]


async def test_s18_new_keys_are_read_from_their_server(world: World, speaks: Dialect, frozen: FrozenDateTimeFactory) -> None:
    carol = await introduced(world, speaks)
    carol.set_key("mallory", carol.key.id.removeprefix(carol.uri))
    carol.document["publicKey"] = carol.public_key
    frozen.tick(clock.timedelta(minutes=10))
    await world.accepted(carol, carol.create(carol.note("with a new key")))

    assert len(world.home(world.alice)) == 1
