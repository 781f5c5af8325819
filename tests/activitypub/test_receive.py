"""What an authentic delivery may say: the ORG rows at the inboxes, once and only once, and nothing that poisons the queue."""

import asyncio
import json
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import clock
from fedi.activitypub import inbox as handlers
from fedi.activitypub.inbox.received import Handler, wants_nothing
from fedi.storage import interactions as interaction_rows
from fedi.storage import jobs as job_rows
from tests import remote
from tests.remote import Actor, World


@pytest.fixture
async def carol(world: World) -> Actor:
    """Of peer.test, followed by alice."""
    who = world.peer().actor("carol")
    await world.befriend(world.alice, who)
    return who


@pytest.fixture
async def mallory(world: World) -> Actor:
    """Of evil.test, known and followed by alice: what they send is looked at."""
    who = world.peer("evil.test").actor("mallory")
    await world.befriend(world.alice, who)
    return who


async def sent(w: World, who: Actor, activity: dict[str, Any] | bytes, path: str, statuses: tuple[int, ...] = (202, 400)) -> None:
    """Deliver something that must have no effect, whatever it is answered."""
    before = w.rows()
    answer = await w.deliver(who, activity, path)
    assert answer.status in statuses, await answer.text()
    await w.settle()
    assert w.rows() == before


# -- ORG --


async def test_org_06_08_an_object_of_another_server_is_not_believed(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    peer = world.peer()
    real = carol.note("what carol wrote")
    for forged in (
        real | {"content": "what mallory wrote"},
        real | {"content": "x", "attributedTo": mallory.uri},
        mallory.note("x", attributedTo=carol.uri, serve=False),
        mallory.note("x", attributedTo=[mallory.uri, carol.uri], serve=False),
        mallory.note("x", attributedTo=[carol.uri, mallory.uri], serve=False),
        carol.note("never written", serve=False) | {"attributedTo": mallory.uri},
    ):
        await sent(world, mallory, mallory.create(forged), inbox)
    assert not [path for path in peer.gets if "/notes/" in path] or world.find(real["id"]) is None


async def test_org_08_an_object_by_reference_is_read_at_its_origin(world: World, carol: Actor, inbox: str) -> None:
    note = carol.note("by reference")

    await world.accepted(carol, carol.activity("Create", note["id"], to=note["to"]), inbox)

    assert world.home(world.alice) == [note["id"]]


async def test_org_08_and_dropped_when_it_is_not_there(world: World, carol: Actor, inbox: str) -> None:
    missing = carol.note(serve=False)
    await sent(world, carol, carol.activity("Create", missing["id"]), inbox)
    assert world.db.read(job_rows.count_by_state) == {}


async def test_org_08_and_tried_again_when_its_server_is_down(
    world: World, carol: Actor, inbox: str, frozen: FrozenDateTimeFactory
) -> None:
    note = carol.note("later")
    path = note["id"].removeprefix(world.peer().base)
    world.peer().behave(path, remote.answers(status=503))

    await world.accepted(carol, carol.activity("Create", note["id"]), inbox)
    assert world.db.read(job_rows.count_by_state) == {"queued": 1}
    world.peer().behaviours.clear()
    frozen.tick(120)
    await world.settle()

    assert world.home(world.alice) == [note["id"]]
    assert world.db.read(job_rows.count_by_state) == {}


async def test_org_09_a_boosted_post_is_read_at_its_origin(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    real = carol.note("what carol wrote")
    forged = real | {"content": "<p>what mallory says carol wrote</p>"}

    await world.accepted(mallory, mallory.activity("Announce", forged, to=[remote.PUBLIC]), inbox)

    found = world.find(real["id"])
    assert found is not None and found.content_html == "<p>what carol wrote</p>"
    await world.accepted(mallory, mallory.activity("Announce", forged, to=[remote.PUBLIC]), inbox)
    assert world.find(real["id"]) == found


async def test_org_09_a_boost_of_what_cannot_be_read_is_dropped(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    await sent(world, mallory, mallory.activity("Announce", carol.note("never written", serve=False), to=[remote.PUBLIC]), inbox)


async def test_org_10_an_update_of_what_is_not_here_has_no_effect(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    unknown = carol.note("unknown here")
    await sent(world, mallory, mallory.activity("Update", unknown), inbox)
    await sent(world, mallory, mallory.activity("Update", mallory.note("unknown too")), inbox)


@pytest.mark.parametrize(
    "base",
    ["https://fedi.test", "https://fedi.test:443", "https://FEDI.TEST", "https://fedi.test.", "http://fedi.test", "https://fedi.test:8443"],
)
async def test_org_12_13_nobody_elsewhere_writes_under_our_name(world: World, mallory: Actor, inbox: str, base: str) -> None:
    note = mallory.note(serve=False, id=f"{base}/users/alice/posts/1")
    await sent(world, mallory, mallory.create(note), inbox)
    await sent(world, mallory, mallory.create(note | {"attributedTo": world.alice.uri}), inbox)
    await sent(world, mallory, mallory.activity("Like", world.alice.uri, id=f"{base}/activities/1"), inbox)


@pytest.mark.parametrize("base", ["https://evil.test:8443", "http://evil.test", "https://sub.evil.test", "https://xn--vil-epd.test"])
async def test_org_13_neighbouring_names_are_other_origins(world: World, mallory: Actor, inbox: str, base: str) -> None:
    await sent(world, mallory, mallory.create(mallory.note(serve=False, id=f"{base}/n/1")), inbox)
    await sent(world, mallory, mallory.activity("Follow", world.alice.uri, id=f"{base}/n/1"), inbox)


@pytest.mark.parametrize(
    "identity", ["data:text/plain,x", "did:key:z6Mk", "urn:uuid:1", "ap://x", "", "https://evil.test/" + "x" * 2049,
             "https://evil.test/a b", "https://evil.test/a\r\nX: y", "https://evil.test/\0", "//evil.test/x", "https://", 5, {"id": 1}, []],
)  # fmt: skip
async def test_org_15_an_odd_id_is_refused(world: World, mallory: Actor, inbox: str, identity: Any) -> None:
    await sent(world, mallory, mallory.activity("Follow", world.alice.uri, id=identity), inbox, (400,))
    await sent(world, mallory, mallory.create(mallory.note(serve=False) | {"id": identity}), inbox)


@pytest.mark.parametrize("name", ["id", "type", "actor", "attributedTo", "object"])
async def test_org_16_a_key_said_twice_is_refused(world: World, mallory: Actor, inbox: str, name: str) -> None:
    whole = json.dumps(mallory.create(mallory.note(to=[world.alice.uri])))
    at = whole.index(f'"{name}":')
    body = (whole[:at] + f'"{name}": "https://peer.test/users/carol", ' + whole[at:]).encode()
    await sent(world, mallory, body, inbox, (400,))


@pytest.mark.parametrize("published", ["+13h", "9999-01-01T00:00:00Z"])
async def test_org_24_what_is_from_the_future_is_dropped(world: World, carol: Actor, inbox: str, published: str) -> None:
    at = clock.rfc3339(clock.now() + 13 * clock.HOUR) if published == "+13h" else published
    await sent(world, carol, carol.create(carol.note(published=at)), inbox)


@pytest.mark.parametrize("published", ["1950-01-01T00:00:00Z", "-1", "0000-00-00T00:00:00Z", 5, None, {"x": 1}])
async def test_org_24_other_odd_times_become_the_time_of_receipt(world: World, carol: Actor, inbox: str, published: Any) -> None:
    note = carol.note(published=published)

    await world.accepted(carol, carol.create(note), inbox)

    found = world.find(note["id"])
    assert found is not None and abs(found.published_at - clock.now()) < 60_000


ODD: list[dict[str, Any]] = [
    {"type": ["Create", "Person"]}, {"type": {}}, {"type": []}, {"type": None}, {"type": 5}, {"type": "Note"},
    {"object": None}, {"object": []}, {"object": 5}, {"object": {}}, {"object": [[]]}, {"object": {"type": ["Note", "Person"]}},
    {"object": True}, {"object": ""}, {"object": {"id": {"id": "x"}}}, {"actor": []}, {"actor": None}, {"actor": {}}, {"actor": ["a", "b"]},
    {"to": 5, "cc": {"x": 1}}, {"to": [[[[]]]]}, {"published": []}, {"@context": 5}, {"@context": {"@vocab": 7}},
]  # fmt: skip


@pytest.mark.parametrize("kind", [*handlers.HANDLERS, "Add", "Remove", "Question", "View"])
async def test_org_25_odd_shapes_are_refused_or_ignored(world: World, mallory: Actor, kind: str) -> None:
    before = world.rows()
    for change in ODD:
        answer = await world.deliver(mallory, mallory.activity(kind, mallory.note(serve=False)["id"]) | change)
        assert answer.status in (202, 400, 401), await answer.text()
    await world.settle()

    after = world.rows()
    del after["tombstones"]  # of what mallory says to have deleted or undone of their own
    assert after == before


# -- once --


async def test_sig_21_r_13_the_same_delivery_a_hundred_times_has_one_effect(world: World, carol: Actor) -> None:
    """Given one Like and one Create, each sent 50 times to both inboxes at the same time."""
    post = world.publish(world.alice)
    note = carol.note("hello", to=[world.alice.uri], tag=[{"type": "Mention", "href": world.alice.uri, "name": "@alice"}])
    for activity in (carol.activity("Like", post.uri), carol.create(note)):
        answers = await asyncio.gather(*(world.deliver(carol, activity, path) for path in remote.INBOXES for _ in range(50)))
        assert {answer.status for answer in answers} == {202}
    await world.settle()

    assert world.told(world.alice) == ["favourite", "mention"]
    assert world.find(post.uri).favourites_count == 1  # type: ignore[union-attr]
    assert world.home(world.alice) == [post.uri, note["id"]]


async def test_auz_14_a_hundred_likes_of_one_person_are_one(world: World, carol: Actor, inbox: str) -> None:
    post = world.publish(world.alice)

    for _ in range(20):
        await world.accepted(carol, carol.activity("Like", post.uri), inbox)
        await world.accepted(carol, carol.activity("Announce", post.uri, to=[remote.PUBLIC]), inbox)

    found = world.find(post.uri)
    assert found is not None and (found.favourites_count, found.boosts_count) == (1, 1)
    assert sorted(world.told(world.alice)) == ["boost", "favourite"]


async def test_a_transient_activity_without_an_id_counts_once(world: World, carol: Actor, inbox: str) -> None:
    post = world.publish(world.alice)
    like = carol.activity("Like", post.uri, id=None)
    for _ in range(3):
        await world.accepted(carol, like, inbox)
    assert world.find(post.uri).favourites_count == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["View", "Listen", "Offer", "Travel", "Add", "Remove", "Lock", "Dislike", "Arrive"])
async def test_what_is_not_understood_is_accepted_and_has_no_effect(world: World, carol: Actor, inbox: str, kind: str) -> None:
    await sent(world, carol, carol.activity(kind, world.alice.uri), inbox, (202,))


# -- order --


async def test_what_comes_while_an_earlier_one_waits_comes_after_it(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    """Given a Create by reference whose server is down for a moment: its Update and Delete wait for it."""
    note = carol.note("first")
    path = note["id"].removeprefix(world.peer().base)
    world.peer().behave(path, remote.answers(status=503))
    await world.accepted(carol, carol.activity("Create", note["id"]))
    frozen.tick(2)
    changed = note | {"content": "<p>second</p>", "updated": clock.rfc3339(clock.now())}
    await world.accepted(carol, carol.activity("Update", changed))
    assert world.db.read(job_rows.count_by_state) == {"queued": 2}

    world.peer().behaviours.clear()
    frozen.tick(120)
    await world.settle()

    found = world.find(note["id"])
    assert found is not None and found.content_html == "<p>second</p>"


async def test_r_15_what_makes_us_fail_is_parked_and_holds_up_nobody(
    world: World, mallory: Actor, monkeypatch: pytest.MonkeyPatch, frozen: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """Given a handler with a bug, met by one activity among many good ones."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(handlers.HANDLERS, "View", Handler(wants_nothing, broken))
    poison, good = mallory.activity("View", world.alice.uri), [world.peer().actor(f"good{n}", key="extra") for n in range(5)]
    assert (await world.deliver(mallory, poison)).status == 202
    for one in good:
        await world.accepted(one, one.activity("Follow", world.alice.uri))
    for _ in range(10):
        frozen.tick(600)
        await world.settle()

    assert world.told(world.alice) == ["follow"] * 5
    [parked] = world.db.read(job_rows.list_waiting)
    assert (parked.state, parked.attempts) == ("parked", 8) and "ZeroDivisionError" in parked.error
    await world.accepted(mallory, mallory.activity("Follow", world.alice.uri))  # what is parked is out of its lane's way
    assert world.told(world.alice) == ["follow"] * 6
    caplog.clear()


async def test_a_crash_between_accepting_and_doing_loses_nothing(world: World, carol: Actor) -> None:
    """Given an activity that waits for a fetch: its row is there before the answer."""
    world.peer().behave("*", remote.slow(0.2))
    note = carol.note("by reference")

    answer = await world.deliver(carol, carol.activity("Create", note["id"]))

    assert answer.status == 202
    assert world.db.read(job_rows.count_by_state) == {"queued": 1}
    world.peer().behaviours.clear()


async def test_what_could_not_be_stored_is_not_said_to_be(
    world: World, carol: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    post = world.publish(world.alice)
    like = carol.activity("Like", post.uri)
    with monkeypatch.context() as broken:
        broken.setattr(job_rows, "mark_seen", lambda *_: 1 / 0)
        assert (await world.deliver(carol, like)).status == 500
    caplog.clear()

    await world.accepted(carol, like)

    assert world.db.read(interaction_rows.find_favourite_by_uri, like["id"]) is not None
