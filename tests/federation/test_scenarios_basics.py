"""Scenarios S1 to S6 against servers that speak as Mastodon, GoToSocial, Misskey and Pleroma do: following, posting, answering, undoing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fedi import follows, interactions, posts
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from tests import remote
from tests.federation.dialects import BASIC, Dialect
from tests.remote import PUBLIC, Actor, World


@pytest.fixture
async def world(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as made:
        yield made


@pytest.fixture(params=BASIC)
def speaks(request: pytest.FixtureRequest, world: World) -> Dialect:
    return Dialect(str(request.param), world)


def known(w: World, who: Actor) -> Account:
    found = w.account(who)
    assert found is not None
    return found


def state(w: World, one: Account, other: Account) -> str:
    made = w.db.read(follow_rows.find, one.id, other.id)
    return made.state if made else ""


async def test_s1_they_follow_an_open_and_a_locked_account(world: World, speaks: Dialect) -> None:
    carol = speaks.actor("carol")
    follow = speaks.say(carol, "Follow", world.alice.uri)
    await world.accepted(carol, follow)
    [accept] = world.peer().received("Accept")
    assert accept["object"] == {"id": follow["id"], "type": "Follow", "actor": carol.uri, "object": world.alice.uri}
    assert world.again(world.alice).followers_count == 1

    await world.accepted(carol, speaks.say(carol, "Follow", world.bob.uri))
    assert state(world, known(world, carol), world.bob) == "pending" and len(world.peer().received()) == 1
    world.db.transact(follows.accept, world.bob, known(world, carol).id)
    await world.settle()
    assert len(world.peer().received("Accept")) == 2
    await world.accepted(carol, speaks.undo(carol, follow))
    assert state(world, known(world, carol), world.alice) == ""


@pytest.mark.parametrize("how", ["handle", "page", "id"])
async def test_s2_we_follow_them_by_what_people_know_of_them(world: World, speaks: Dialect, how: str) -> None:
    carol = speaks.actor("carol")
    world.peer().documents["/@carol"] = carol.document
    found = await world.remote.resolve({"handle": carol.handle, "page": f"{world.peer().base}/@carol", "id": carol.uri}[how])
    assert isinstance(found, Account) and found.uri == carol.uri
    world.db.transact(follows.follow, world.alice, found.id)
    await world.settle()
    [follow] = world.peer().received("Follow")
    assert (follow["actor"], follow["object"]) == (world.alice.uri, carol.uri) and state(world, world.alice, found) == "pending"
    await world.accepted(carol, speaks.accept(carol, follow))
    assert state(world, world.alice, found) == "accepted"
    await world.accepted(carol, speaks.say(carol, "Reject", follow))
    assert state(world, world.alice, found) == ""


@pytest.mark.parametrize("visibility", posts.VISIBILITIES)
async def test_s3_a_post_goes_to_whom_it_is_for_and_to_nobody_else(world: World, speaks: Dialect, visibility: str) -> None:
    carol, neighbour = speaks.actor("carol"), speaks.actor("dan")
    for who in (carol, neighbour):
        await world.befriend(who, world.alice)
    text = "@carol@peer.test hello" if visibility == "direct" else "hello"
    post = world.publish(world.alice, text, visibility=visibility)
    await world.settle()

    [create] = world.peer().received("Create")
    followers = world.alice.followers_uri
    expected = {
        "public": ([PUBLIC], [followers]),
        "unlisted": ([followers], [PUBLIC]),
        "followers": ([followers], []),
        "direct": ([carol.uri], []),
    }[visibility]
    assert (create["to"], create["cc"]) == (create["object"]["to"], create["object"]["cc"]) == expected
    answer = await world.client.get(f"/users/alice/posts/{post.id}", headers={"Accept": remote.AP, "Host": "fedi.test"})
    assert answer.status == (200 if visibility in ("public", "unlisted") else 404)


async def test_s4_answers_and_mentions_find_each_other(world: World, speaks: Dialect) -> None:
    carol = speaks.actor("carol")
    text = "@carol@peer.test do you read me?"
    found = await world.remote.mentions(text)
    asked = world.db.transact(posts.publish, world.alice, posts.Draft(text, fmt="plain"), found)
    await world.settle()
    [create] = world.peer().received("Create")
    assert {"type": "Mention", "href": carol.uri, "name": "@carol@peer.test"} in create["object"]["tag"] and carol.uri in create["cc"]

    tag = [{"type": "Mention", "href": world.alice.uri, "name": "@alice@fedi.test"}]
    note = carol.note("loud and clear", cc=[world.alice.uri], inReplyTo=asked.uri, tag=tag)
    await world.accepted(carol, speaks.say(carol, "Create", note, to=note["to"], cc=note["cc"]))
    answer = world.find(note["id"])
    assert answer is not None and answer.in_reply_to_id == asked.id and world.told(world.alice) == ["mention"]
    assert world.db.read(post_rows.get, asked.id).replies_count == 1


async def test_s5_likes_and_boosts_count_once_and_are_undone_both_ways(world: World, speaks: Dialect) -> None:
    carol = speaks.actor("carol")
    await world.befriend(world.alice, carol)
    mine, note = world.publish(world.alice, "like me"), carol.note("like me too")
    await world.accepted(carol, speaks.say(carol, "Create", note, to=note["to"], cc=note["cc"]))
    like = speaks.say(carol, "Like", mine.uri)
    boost = speaks.say(carol, "Announce", mine.uri, to=[PUBLIC], cc=[carol.followers])
    for activity in (like, boost, like, boost):
        await world.accepted(carol, activity)
    now = world.db.read(post_rows.get, mine.id)
    assert (now.favourites_count, now.boosts_count) == (1, 1)
    for activity in (like, boost):
        await world.accepted(carol, speaks.undo(carol, activity))
    now = world.db.read(post_rows.get, mine.id)
    assert (now.favourites_count, now.boosts_count) == (0, 0)

    theirs = world.find(note["id"])
    assert theirs is not None
    world.forget()
    for act in (interactions.favourite, interactions.boost, interactions.bookmark, interactions.unfavourite, interactions.unboost):
        world.db.transact(act, world.alice, theirs.id)
        await world.settle()
    sent = world.peer().received()
    assert [(one["type"], one["object"].get("type") if isinstance(one["object"], dict) else one["object"]) for one in sent] == [
        ("Like", note["id"]), ("Announce", note["id"]), ("Undo", "Like"), ("Undo", "Announce"),
    ]  # fmt: skip


async def test_s6_edits_and_ends_arrive_both_ways_in_any_order(world: World, speaks: Dialect) -> None:
    carol = speaks.actor("carol")
    await world.befriend(world.alice, carol)
    await world.befriend(carol, world.alice)
    note, late = carol.note("first"), carol.note("never to be seen")
    await world.accepted(carol, speaks.say(carol, "Create", note, to=note["to"], cc=note["cc"]))
    changed = note | {"content": "<p>second</p>", "updated": "2100-01-01T00:00:00Z"}
    await world.accepted(carol, speaks.say(carol, "Update", changed, to=note["to"], cc=note["cc"]))
    found = world.find(note["id"])
    assert found is not None and "second" in found.content_html
    for uri in (note["id"], late["id"]):
        obj = uri if speaks.name == "gotosocial" else {"id": uri, "type": "Tombstone"}
        await world.accepted(carol, speaks.say(carol, "Delete", obj, to=[PUBLIC]))
    await world.accepted(carol, speaks.say(carol, "Create", late, to=late["to"], cc=late["cc"]))
    assert world.find(note["id"]) is None and world.find(late["id"]) is None

    mine = world.publish(world.alice, "one")
    world.db.transact(posts.edit, world.alice, mine.id, posts.Draft("two", fmt="plain"), {})
    world.db.transact(posts.remove, world.alice, mine.id)
    await world.settle()
    assert [one["type"] for one in world.peer().received()][-1] == "Delete"
    gone = await world.client.get(f"/users/alice/posts/{mine.id}", headers={"Accept": remote.AP, "Host": "fedi.test"})
    assert (gone.status, (await gone.json())["type"]) == (410, "Tombstone")
