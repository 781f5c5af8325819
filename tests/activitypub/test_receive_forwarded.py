"""What somebody brings who is not its actor: believed by its proof, else by what its origin says; from a relay as well."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fedi import clock, limits, relays
from fedi.storage import posts as post_rows
from fedi.storage import relays as relay_rows
from tests import make
from tests.remote import PUBLIC, Actor, World


@pytest.fixture
async def carol(world: World) -> Actor:
    """Somebody of peer.test whom alice follows."""
    made = world.peer("peer.test").actor("carol")
    made.show_proof_key()
    await world.befriend(world.alice, made)
    return made


@pytest.fixture
async def dan(world: World) -> Actor:
    """Who passes on, from third.test."""
    made = world.peer("third.test").actor("dan")
    await world.know(made)
    return made


# -- by proof --


async def test_a_forwarded_post_with_a_proof_is_believed_without_asking_its_server_AUZ_20(world: World, carol: Actor, dan: Actor) -> None:
    note = carol.note("proven", serve=False)
    await world.accepted(dan, carol.prove(carol.create(note)))
    assert world.find(note["id"]) is not None
    assert f"GET peer.test {note['id'].removeprefix(carol.peer.base)}" not in world.asked
    assert world.home(world.alice) == [note["id"]]


async def test_a_proof_over_other_words_is_no_proof_and_the_origin_is_asked_SIG_24(world: World, carol: Actor, dan: Actor) -> None:
    note = carol.note("what carol said")
    forged = carol.prove(carol.create(note))
    forged["object"] = {**note, "content": "what dan made of it"}
    await world.accepted(dan, forged)
    found = world.find(note["id"])
    assert found is not None and "what carol said" in found.content_html


async def test_a_forged_proof_of_what_was_never_said_has_no_effect(world: World, carol: Actor, dan: Actor) -> None:
    note = carol.note("never said", serve=False)
    made = dan.prove(carol.create(note))
    await world.accepted(dan, made)
    assert world.find(note["id"]) is None
    made["proof"]["verificationMethod"] = carol.proof_key_uri
    await world.accepted(dan, {**made, "id": made["id"] + "2"})
    assert world.find(note["id"]) is None


async def test_a_proof_of_a_key_that_is_another_actors_of_the_same_server_is_none(world: World, carol: Actor, dan: Actor) -> None:
    neighbour = carol.peer.actor("erin")
    note = carol.note("never said", serve=False)
    await world.accepted(dan, neighbour.prove(carol.create(note)))
    assert world.find(note["id"]) is None


async def test_a_proof_in_the_object_is_enough_for_the_object(world: World, carol: Actor, dan: Actor) -> None:
    note = carol.prove(carol.note("proven", serve=False))
    create = carol.create(note)
    await world.accepted(dan, create)
    assert world.find(note["id"]) is not None
    forged = carol.create({**carol.note("other", serve=False), "proof": note["proof"]})
    await world.accepted(dan, forged)
    assert world.find(forged["object"]["id"]) is None


async def test_a_proof_in_the_object_uses_up_no_id_of_its_author(world: World, carol: Actor, dan: Actor) -> None:
    """Mallory wraps a proven post in an activity under the id that its Delete will have."""
    note = carol.prove(carol.note("proven", serve=False))
    await world.accepted(dan, carol.create(note) | {"id": f"{note['id']}#delete"})
    assert world.find(note["id"]) is not None
    delete = carol.activity("Delete", note["id"], to=[PUBLIC]) | {"id": f"{note['id']}#delete"}
    await world.accepted(carol, delete)
    assert world.find(note["id"]) is None


async def test_an_old_proof_is_not_enough(world: World, carol: Actor, dan: Actor) -> None:
    note = carol.note("long ago", serve=False)
    await world.accepted(dan, carol.prove(carol.create(note), at=clock.now() - 20 * clock.DAY))
    assert world.find(note["id"]) is None


async def test_a_proven_like_and_its_undo_may_be_passed_on(world: World, carol: Actor, dan: Actor) -> None:
    post = world.publish(world.alice)
    like = carol.prove(carol.activity("Like", post.uri))
    await world.accepted(dan, like)
    assert world.find(post.uri).favourites_count == 1  # type: ignore[union-attr]
    await world.accepted(dan, carol.prove(carol.activity("Undo", {key: like[key] for key in ("id", "type", "actor", "object")})))
    assert world.find(post.uri).favourites_count == 0  # type: ignore[union-attr]


async def test_a_like_without_a_proof_may_not(world: World, carol: Actor, dan: Actor) -> None:
    post = world.publish(world.alice)
    answer = await world.deliver(dan, carol.activity("Like", post.uri) | {"signature": {"type": "RsaSignature2017"}})
    assert answer.status == 401


@pytest.mark.parametrize("kind", ["Follow", "Accept", "Reject", "Block", "Move", "Flag"])
async def test_what_concerns_two_people_only_is_not_passed_on_even_with_a_proof(world: World, carol: Actor, dan: Actor, kind: str) -> None:
    answer = await world.deliver(dan, carol.prove(carol.activity(kind, world.alice.uri)))
    assert answer.status == 401


async def test_what_was_taken_back_does_not_come_again_by_its_old_proof(world: World, carol: Actor, dan: Actor) -> None:
    """Mallory keeps an Undo and plays it again after the follow was asked for anew."""
    follow = carol.activity("Follow", world.alice.uri)
    await world.accepted(carol, follow)
    undo = carol.prove(carol.activity("Undo", follow))
    await world.accepted(carol, undo)
    await world.accepted(carol, carol.activity("Follow", world.alice.uri))
    assert world.again(world.alice).followers_count == 1
    await world.accepted(dan, undo)
    assert world.again(world.alice).followers_count == 1


async def test_a_deletion_with_a_proof_is_believed_and_one_without_is_asked_for(world: World, carol: Actor, dan: Actor) -> None:
    note = carol.note("to go")
    await world.accepted(carol, carol.create(note))
    delete = carol.activity("Delete", note["id"], to=[PUBLIC])
    await world.accepted(dan, delete | {"signature": {}})
    assert world.find(note["id"]) is not None, "its server still has it"
    await world.accepted(dan, carol.prove(delete | {"id": delete["id"] + "2"}))
    assert world.find(note["id"]) is None


async def test_a_proof_key_is_fetched_when_it_is_not_known(world: World, dan: Actor) -> None:
    erin = world.peer("peer.test").actor("erin")
    note = erin.note("hello", to=[PUBLIC], cc=[world.alice.uri], serve=False)
    await world.accepted(dan, erin.prove(erin.create(note)))
    assert world.find(note["id"]) is not None
    assert world.told(world.alice) == ["mention"]


async def test_forwarders_make_us_fetch_only_so_much_in_a_minute_AUZ_20(
    world: World, carol: Actor, dan: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.remote._forwarded, "_most", 3)
    notes = [carol.note(f"number {n}") for n in range(6)]
    for note in notes:
        answer = await world.deliver(dan, carol.create(note) | {"signature": {}})
        assert answer.status == 202
    await world.settle()
    assert sum(world.find(note["id"]) is not None for note in notes) == 3


# -- to a person's own inbox --


async def test_what_names_nobody_is_for_the_person_whose_inbox_it_came_to(world: World, carol: Actor) -> None:
    note = carol.note("psst", to=[])
    del note["to"], note["cc"]
    await world.accepted(carol, carol.create(note), f"/users/{world.alice.username}/inbox")
    post = world.find(note["id"])
    assert post is not None and post.visibility == "direct"
    assert world.told(world.alice) == ["mention"]
    assert world.db.read(post_rows.find_visible, world.bob.id, post.id) is None


async def test_at_the_shared_inbox_it_is_for_nobody(world: World) -> None:
    erin = world.peer("peer.test").actor("erin")
    note = erin.note("psst", to=[])
    del note["to"], note["cc"]
    await world.accepted(erin, erin.create(note))
    assert world.find(note["id"]) is None


async def test_what_names_somebody_is_not_for_the_person_besides(world: World) -> None:
    erin = world.peer("peer.test").actor("erin")
    note = erin.note("for bob", to=[world.bob.uri])
    await world.accepted(erin, erin.create(note), f"/users/{world.alice.username}/inbox")
    post = world.find(note["id"])
    assert post is not None and world.db.read(post_rows.find_visible, world.alice.id, post.id) is None


# -- relays --


@pytest.fixture
async def relay(world: World) -> AsyncIterator[Actor]:
    """A relay in Mastodon's style that has let us in."""
    made = world.peer("third.test").actor("relay", key="dan", type="Application", inbox="https://third.test/inbox")
    world.db.transact(relays.add, "https://third.test/inbox")
    await world.settle()
    (follow,) = world.peer("third.test").received("Follow")
    assert follow["object"] == PUBLIC and follow["actor"] == world.instance.actor.uri
    await world.accepted(made, made.activity("Accept", follow))
    world.forget()
    yield made


def state(world: World) -> list[str]:
    return [one.state for one in world.db.read(relay_rows.list_all)]


async def test_a_relay_lets_us_in_and_gets_what_is_public_and_nothing_else_VIS_18(world: World, relay: Actor) -> None:
    assert state(world) == ["accepted"]
    sent = [world.publish(world.alice, visibility=name) for name in ("public", "unlisted", "followers", "direct")]
    world.publish(world.alice, local_only=True)
    await world.settle()
    creates = relay.peer.received("Create")
    assert [create["object"]["id"] for create in creates] == [sent[0].uri]
    assert creates[0]["proof"]["cryptosuite"] == "eddsa-jcs-2022"
    assert isinstance(creates[0]["to"], list)


async def test_somebody_else_does_not_answer_for_the_relay(world: World) -> None:
    mallory = world.peer("evil.test").actor("mallory")
    world.db.transact(relays.add, "https://third.test/inbox")
    await world.settle()
    (follow,) = world.peer("third.test").received("Follow")
    await world.accepted(mallory, mallory.activity("Accept", follow))
    assert state(world) == ["pending"]
    refusing = world.peer("third.test").actor("relay", key="dan", type="Application")
    await world.accepted(refusing, refusing.activity("Reject", follow["id"]))
    assert state(world) == ["rejected"]


async def test_what_a_relay_passes_on_is_read_at_its_origin_and_stands_on_the_public_timeline_only(world: World, relay: Actor) -> None:
    erin = world.peer("peer.test").actor("erin")
    note = erin.note("for everybody")
    await world.accepted(relay, erin.create(note) | {"object": {**note, "content": "what the relay made of it"}})
    post = world.find(note["id"])
    assert post is not None and "for everybody" in post.content_html
    assert world.home(world.alice) == [] and world.told(world.alice) == []


async def test_a_proof_spares_the_fetch_from_a_relay_too(world: World, relay: Actor) -> None:
    erin = world.peer("peer.test").actor("erin")
    note = erin.note("for everybody", serve=False)
    await world.accepted(relay, erin.prove(erin.create(note)))
    assert world.find(note["id"]) is not None


async def test_for_a_proven_post_of_a_relay_nothing_else_is_fetched_AUZ_22(world: World, relay: Actor) -> None:
    erin, frank = world.peer("peer.test").actor("erin"), world.peer("peer.test").actor("frank", key="dan")
    tag = [{"type": "Mention", "href": frank.uri, "name": frank.handle}]
    note = erin.note("for everybody", serve=False, inReplyTo=frank.note()["id"], tag=tag)
    await world.accepted(relay, erin.prove(erin.create(note)))
    assert world.find(note["id"]) is not None
    assert not [path for path in erin.peer.gets if "frank" in path]


@pytest.mark.parametrize("visibility", ["unlisted", "followers", "direct"])
async def test_a_relay_brings_nothing_that_is_not_public(world: World, relay: Actor, visibility: str) -> None:
    erin = world.peer("peer.test").actor("erin")
    to, cc = {"unlisted": ([erin.followers], [PUBLIC]), "followers": ([erin.followers], []), "direct": (["https://peer.test/x"], [])}[
        visibility
    ]
    note = erin.note("for few", to=to, cc=cc)
    await world.accepted(relay, erin.create(note))
    await world.accepted(relay, relay.activity("Announce", note["id"], to=[relay.followers]))
    assert world.find(note["id"]) is None


async def test_what_a_relay_announces_is_a_post_of_its_author_and_no_boost(world: World, relay: Actor) -> None:
    erin = world.peer("peer.test").actor("erin")
    note = erin.note("announced")
    await world.accepted(relay, relay.activity("Announce", note["id"], to=[relay.followers]))
    post = world.find(note["id"])
    assert post is not None and post.boosts_count == 0
    await world.accepted(relay, relay.activity("Announce", note["id"], to=[relay.followers]))
    own = world.publish(world.alice)
    await world.accepted(relay, relay.activity("Announce", own.uri, to=[relay.followers]))
    assert world.rows()["posts"] == 2 and world.told(world.alice) == []


async def test_what_concerns_somebody_here_is_treated_as_if_it_had_come_by_itself(world: World, carol: Actor, relay: Actor) -> None:
    first, second = carol.note("followed"), carol.note("followed too")
    await world.accepted(relay, carol.create(first))
    await world.accepted(relay, relay.activity("Announce", second["id"], to=[relay.followers]))
    assert world.home(world.alice) == [first["id"], second["id"]]


async def test_a_relay_makes_us_fetch_only_so_much_in_a_minute_AUZ_22(world: World, relay: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.FORWARDED_FETCHES == 30
    monkeypatch.setattr(world.remote._forwarded, "_most", 4)
    erin = world.peer("peer.test").actor("erin")
    notes = [erin.note(f"number {n}") for n in range(10)]
    for note in notes[:7]:
        await world.accepted(relay, relay.activity("Announce", note["id"], to=[relay.followers]))
    for note in notes[7:]:
        await world.accepted(relay, erin.create(note))
    assert sum(world.find(note["id"]) is not None for note in notes) == 4
    assert world.rows()["jobs"] == 0, "the rest is let go"


async def test_who_is_no_relay_of_ours_passes_nothing_on(world: World, dan: Actor) -> None:
    erin = world.peer("peer.test").actor("erin")
    note = erin.note("for everybody")
    assert (await world.deliver(dan, erin.create(note))).status == 401
    await world.accepted(dan, dan.activity("Announce", note["id"]))
    assert world.find(note["id"]) is None


async def test_a_relay_that_was_left_is_told_and_heard_no_more(world: World, relay: Actor) -> None:
    world.db.transact(relays.remove, "https://third.test/inbox")
    await world.settle()
    (undo,) = relay.peer.received("Undo")
    assert undo["object"]["type"] == "Follow"
    world.publish(world.alice)
    await world.settle()
    assert relay.peer.received("Create") == []
    erin = world.peer("peer.test").actor("erin")
    assert (await world.deliver(relay, erin.create(erin.note()))).status == 401


async def test_a_litepub_relay_is_followed_follows_back_and_is_told_by_an_announce(world: World) -> None:
    made = world.peer("third.test").actor("relay", key="dan", type="Service")
    known = await world.know(made)
    world.db.transact(relays.add, made.uri, known)
    await world.settle()
    (follow,) = made.peer.received("Follow")
    assert follow["object"] == made.uri
    await world.accepted(
        made, made.activity("Accept", {"id": follow["id"], "type": "Follow", "actor": follow["actor"], "object": made.uri})
    )
    await world.accepted(made, made.activity("Follow", world.instance.actor.uri))
    assert state(world) == ["accepted"] and len(made.peer.received("Accept")) == 1
    post = world.publish(world.alice)
    await world.settle()
    assert made.peer.received("Create") == []
    (announce,) = made.peer.received("Announce")
    assert (announce["actor"], announce["object"], announce["to"]) == (
        world.instance.actor.uri, post.uri, [world.instance.actor.followers_uri],
    )  # fmt: skip


async def test_nobody_else_follows_the_instance_actor(world: World, dan: Actor) -> None:
    await world.accepted(dan, dan.activity("Follow", world.instance.actor.uri))
    assert [kind for kind, *_ in world.deliveries()] == ["Reject"]


# -- passing on --


@pytest.fixture
async def thread(world: World, carol: Actor) -> AsyncIterator[tuple[str, Actor]]:
    """A post of alice's, and a follower of hers on third.test who is not addressed by who answers."""
    follower = world.peer("third.test").actor("frank", key="dan")
    await world.befriend(follower, world.alice)
    post = world.publish(world.alice)
    await world.settle()
    world.forget()
    yield post.uri, follower


def passed_on(world: World, host: str = "third.test") -> list[bytes]:
    return [seen.body for seen in world.peer(host).posts]


def answer(world: World, who: Actor, to: str, **more: Any) -> dict[str, Any]:
    return who.note("an answer", to=[PUBLIC], cc=[world.alice.uri, world.alice.followers_uri], inReplyTo=to, **more)


async def test_an_answer_is_passed_on_byte_for_byte_to_followers_elsewhere(world: World, carol: Actor, thread: tuple[str, Actor]) -> None:
    create = carol.prove(carol.create(answer(world, carol, thread[0])))
    body = json.dumps(create, indent=1).encode()
    assert (await world.deliver(carol, body)).status == 202
    await world.settle()
    assert passed_on(world) == [body]
    (seen,) = world.peer("third.test").posts
    assert seen.signer == f"{world.alice.uri}#main-key"
    assert passed_on(world, "peer.test") == [], "not to where it came from"


async def test_each_id_is_passed_on_once_AUZ_20(world: World, carol: Actor, thread: tuple[str, Actor]) -> None:
    create = carol.prove(carol.create(answer(world, carol, thread[0])))
    for _ in range(3):
        await world.accepted(carol, create)
    dan = world.peer("third.test").actor("dan")
    await world.accepted(dan, create)
    assert len(passed_on(world)) == 1


async def test_its_edit_and_its_end_are_passed_on_too(world: World, carol: Actor, thread: tuple[str, Actor]) -> None:
    note = answer(world, carol, thread[0])
    await world.accepted(carol, carol.prove(carol.create(note)))
    later = clock.rfc3339(clock.now() + 1000)
    await world.accepted(
        carol, carol.prove(carol.activity("Update", {**note, "content": "<p>otherwise</p>", "updated": later}, to=[PUBLIC]))
    )
    await world.accepted(carol, carol.prove(carol.activity("Delete", note["id"], to=[PUBLIC])))
    assert [json.loads(body)["type"] for body in passed_on(world)] == ["Create", "Update", "Delete"]


@pytest.mark.parametrize("why", ["no proof", "for few", "not to us", "blocked", "unlisted and unnamed"])
async def test_what_is_not_passed_on(world: World, carol: Actor, thread: tuple[str, Actor], why: str) -> None:
    note = answer(world, carol, thread[0])
    if why == "for few":
        note |= {"to": [world.alice.uri], "cc": []}
    if why == "unlisted and unnamed":
        note |= {"to": [carol.followers], "cc": [PUBLIC, world.alice.uri]}
    if why == "not to us":
        note |= {"inReplyTo": carol.note("of her own")["id"]}
    if why == "blocked":
        account = world.account(carol)
        assert account is not None
        world.db.transact(make.block, world.alice, account)
        await world.settle()
        world.forget()
    create = carol.create(note)
    await world.accepted(carol, create if why == "no proof" else carol.prove(create))
    assert passed_on(world) == []


async def test_answers_to_what_few_may_see_are_not_passed_on(world: World, carol: Actor, thread: tuple[str, Actor]) -> None:
    private = world.publish(world.alice, visibility="followers")
    await world.settle()
    world.forget()
    await world.accepted(carol, carol.prove(carol.create(answer(world, carol, private.uri))))
    assert passed_on(world) == []


async def test_only_so_many_are_passed_on_in_an_hour(
    world: World, carol: Actor, thread: tuple[str, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FORWARDS", 2)
    for _ in range(4):
        await world.accepted(carol, carol.prove(carol.create(answer(world, carol, thread[0]))))
    assert len(passed_on(world)) == 2
