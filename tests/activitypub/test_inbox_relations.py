"""Follow, Accept, Reject, Undo, Like, Block, Move, Flag: who may do what to whom (AUZ rows)."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import follows, limits, moderation, moves
from fedi.storage import blocks as block_rows
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from tests import make, remote
from tests.remote import Actor, World


@pytest.fixture
async def carol(world: World) -> Actor:
    who = world.peer().actor("carol")
    await world.know(who)
    return who


@pytest.fixture
async def mallory(world: World) -> Actor:
    who = world.peer("evil.test").actor("mallory")
    await world.know(who)
    return who


def known(w: World, who: Actor) -> Account:
    found = w.account(who)
    assert found is not None
    return found


def follow_of(w: World, follower: Account, followed: Account) -> follow_rows.Follow | None:
    return w.db.read(follow_rows.find, follower.id, followed.id)


async def asked(w: World, who: Actor) -> follow_rows.Follow:
    """Alice asks to follow somebody, who has not answered yet."""
    made = w.db.transact(follows.follow, w.alice, known(w, who).id)
    await w.settle()
    w.forget()
    return made


# -- Follow --


async def test_an_open_account_accepts_at_once_and_a_repeated_follow_again(world: World, carol: Actor, inbox: str) -> None:
    for _ in range(2):
        await world.accepted(carol, carol.activity("Follow", world.alice.uri), inbox)

    answers = world.peer().received("Accept")
    assert len(answers) == 2 and answers[1]["object"]["actor"] == carol.uri
    assert world.told(world.alice) == ["follow"] and world.again(world.alice).followers_count == 1


async def test_auz_08_a_locked_account_decides_itself(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    secret = world.publish(world.bob, "secret", visibility="followers")
    await world.accepted(carol, carol.activity("Follow", world.bob.uri), inbox)
    made = follow_of(world, known(world, carol), world.bob)
    assert made is not None and made.state == "pending" and world.peer().received() == []
    for who in (mallory, carol):
        await world.accepted(
            who, who.activity("Accept", {"type": "Follow", "id": made.uri, "actor": carol.uri, "object": world.bob.uri}), inbox
        )
    assert follow_of(world, known(world, carol), world.bob).state == "pending"  # type: ignore[union-attr]
    assert world.db.read(post_rows.find_visible, made.follower_id, secret.id) is None

    world.db.transact(follows.accept, world.bob, made.follower_id)
    await world.settle()

    [accept] = world.peer().received("Accept")
    assert accept["object"]["id"] == made.uri
    assert world.db.read(post_rows.find_visible, made.follower_id, secret.id) is not None


async def test_auz_18_only_somebody_here_can_be_followed(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    before = world.rows()
    targets: list[Any] = [
        mallory.uri, carol.uri, [world.alice.uri, world.bob.uri], [world.alice.uri] * 2 + [mallory.uri] * 998,
        world.instance.actor.uri, f"{world.base}/users/nobody", remote.PUBLIC, world.publish(world.alice).uri,
    ]  # fmt: skip
    before = world.rows()
    for target in targets:
        answer = await world.deliver(carol, carol.activity("Follow", target), inbox)
        assert answer.status in (202, 400)
    await world.settle()

    after = world.rows()
    assert (after["follows"], after["notifications"]) == (before["follows"], before["notifications"])


async def test_an_undo_that_comes_first_keeps_the_follow_out(world: World, carol: Actor, inbox: str) -> None:
    follow = carol.activity("Follow", world.alice.uri)

    await world.accepted(carol, carol.activity("Undo", follow), inbox)
    await world.accepted(carol, follow, inbox)

    assert follow_of(world, known(world, carol), world.alice) is None


# -- Accept, Reject --


@pytest.mark.parametrize("form", ["id", "embedded", "without id", "without outer id", "list"])
async def test_an_accept_is_read_in_every_form(world: World, carol: Actor, inbox: str, form: str) -> None:
    made = await asked(world, carol)
    inner = {"id": made.uri, "type": "Follow", "actor": world.alice.uri, "object": carol.uri}
    obj: Any = {"id": made.uri, "without id": {k: v for k, v in inner.items() if k != "id"}, "list": [inner]}.get(form, inner)

    await world.accepted(carol, carol.activity("Accept", obj, **({"id": None} if form == "without outer id" else {})), inbox)

    assert follow_of(world, world.alice, known(world, carol)).state == "accepted"  # type: ignore[union-attr]


async def test_auz_04_nobody_else_accepts_a_follow(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    neighbour = world.peer().actor("dan")
    await world.know(neighbour)
    made = await asked(world, carol)
    other = await asked(world, mallory)
    inner = {"id": made.uri, "type": "Follow", "actor": world.alice.uri, "object": carol.uri}
    for who in (mallory, neighbour):
        for obj in (made.uri, inner, inner | {"object": who.uri}, {k: v for k, v in inner.items() if k != "id"}):
            await world.accepted(who, who.activity("Accept", obj), inbox)
    await world.accepted(carol, carol.activity("Accept", other.uri), inbox)

    assert follow_of(world, world.alice, known(world, carol)).state == "pending"  # type: ignore[union-attr]


async def test_auz_04_an_accept_of_what_was_never_asked_has_no_effect(world: World, carol: Actor, inbox: str) -> None:
    before = world.rows()
    inner = {"type": "Follow", "actor": world.alice.uri, "object": carol.uri}
    for obj in (inner, inner | {"id": f"{world.base}/activities/1"}, inner | {"id": f"{carol.uri}/f/1"}, world.alice.uri):
        await world.accepted(carol, carol.activity("Accept", obj), inbox)

    assert world.rows() == before


async def test_auz_05_only_whom_one_follows_ends_it(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    await world.befriend(world.alice, carol)
    note = carol.note()
    await world.accepted(carol, carol.create(note), inbox)
    made = follow_of(world, world.alice, known(world, carol))
    assert made is not None
    inner = {"id": made.uri, "type": "Follow", "actor": world.alice.uri, "object": carol.uri}
    neighbour = world.peer().actor("dan")
    for who in (mallory, neighbour):
        for obj in (made.uri, inner):
            await world.accepted(who, who.activity("Reject", obj), inbox)
            await world.accepted(who, who.activity("Remove", obj, target=carol.followers), inbox)
            await world.accepted(who, who.activity("Undo", {"type": "Accept", "actor": who.uri, "object": obj}), inbox)
    assert follow_of(world, world.alice, known(world, carol)) == made

    await world.accepted(carol, carol.activity("Reject", inner), inbox)

    assert follow_of(world, world.alice, known(world, carol)) is None and world.home(world.alice) == []


async def test_auz_09_while_nobody_answers_nothing_of_them_is_shown(world: World, carol: Actor) -> None:
    made = await asked(world, carol)
    note = carol.note("for followers", to=[carol.followers])
    await world.accepted(carol, carol.create(note))

    assert made.state == "pending" and world.find(note["id"]) is None and world.home(world.alice) == []


# -- Undo --


async def test_auz_06_nobody_else_undoes_a_follow(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    follow = carol.activity("Follow", world.alice.uri)
    await world.accepted(carol, follow, inbox)
    neighbour = world.peer().actor("dan")
    for who in (mallory, neighbour):
        for obj in (follow, follow | {"actor": who.uri}, follow["id"], {"type": "Follow", "actor": carol.uri, "object": world.alice.uri}):
            await world.accepted(who, who.activity("Undo", obj), inbox)
    assert follow_of(world, known(world, carol), world.alice) is not None

    await world.accepted(carol, carol.activity("Undo", follow), inbox)

    assert follow_of(world, known(world, carol), world.alice) is None and world.told(world.alice) == []


@pytest.mark.parametrize("kind", ["Like", "Announce", "EmojiReact"])
@pytest.mark.parametrize("form", ["embedded", "id", "without id"])
async def test_what_is_undone_is_as_if_it_had_not_been(
    world: World, carol: Actor, mallory: Actor, inbox: str, kind: str, form: str
) -> None:
    post = world.publish(world.alice)
    act = carol.activity(kind, post.uri, to=[remote.PUBLIC], content="🎉" if kind == "EmojiReact" else None)
    await world.accepted(carol, act, inbox)
    await world.accepted(mallory, mallory.activity("Undo", act), inbox)
    assert len(world.told(world.alice)) == 1

    obj = {"embedded": act, "id": act["id"], "without id": {k: v for k, v in act.items() if k != "id"}}[form]
    await world.accepted(carol, carol.activity("Undo", obj), inbox)

    found = world.find(post.uri)
    assert found is not None and (found.favourites_count, found.boosts_count) == (0, 0) and world.told(world.alice) == []


async def test_a_like_of_what_one_may_not_see_does_not_count(world: World, carol: Actor, inbox: str) -> None:
    secret = world.publish(world.alice, "secret", visibility="followers")
    await world.accepted(carol, carol.activity("Like", secret.uri), inbox)
    await world.accepted(carol, carol.activity("Announce", secret.uri, to=[remote.PUBLIC]), inbox)

    assert world.told(world.alice) == []


async def test_somebody_suspended_may_still_take_back(world: World, carol: Actor, inbox: str) -> None:
    """Given a follower who was suspended: their new acts are refused, the end of their follow is heard."""
    follow = carol.activity("Follow", world.alice.uri)
    await world.accepted(carol, follow, inbox)
    world.db.transact(moderation.suspend, known(world, carol))

    refused = await world.deliver(carol, carol.activity("Like", world.alice.uri), inbox)
    await world.accepted(carol, carol.activity("Undo", follow), inbox)

    assert refused.status == 403
    assert follow_of(world, known(world, carol), world.alice) is None


# -- Block --


async def test_auz_21_a_block_ends_following_both_ways_and_tells_nobody(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    await world.befriend(world.alice, carol)
    await world.befriend(carol, world.alice)
    world.db.transact(lambda tx: tx.execute("DELETE FROM notifications"))
    await world.accepted(mallory, mallory.activity("Undo", {"type": "Block", "actor": carol.uri, "object": world.alice.uri}), inbox)
    block = carol.activity("Block", world.alice.uri)

    await world.accepted(carol, block, inbox)

    assert follow_of(world, world.alice, known(world, carol)) is None and follow_of(world, known(world, carol), world.alice) is None
    assert world.told(world.alice) == [] and world.peer().posts == []
    await world.accepted(mallory, mallory.activity("Undo", block | {"actor": mallory.uri}), inbox)
    assert world.db.read(block_rows.stands_between, world.alice.id, known(world, carol).id)
    await world.accepted(carol, carol.activity("Undo", block), inbox)
    assert not world.db.read(block_rows.stands_between, world.alice.id, known(world, carol).id)


# -- Move --


async def moving(w: World, carol: Actor) -> Actor:
    """Alice follows carol, who has a new account on third.test that names the old one."""
    await w.befriend(w.alice, carol)
    new = w.peer("third.test").actor("carol2", key="dan", alsoKnownAs=[carol.uri])
    carol.document["movedTo"] = new.uri
    return new


async def test_followers_follow_to_a_new_home_that_confirms_it(world: World, carol: Actor, inbox: str) -> None:
    new = await moving(world, carol)

    await world.accepted(carol, carol.activity("Move", carol.uri, target=new.uri), inbox)

    assert follow_of(world, world.alice, known(world, carol)) is None
    assert follow_of(world, world.alice, known(world, new)).state == "pending"  # type: ignore[union-attr]
    assert len(world.peer("third.test").received("Follow")) == 1


@pytest.mark.parametrize("case", ["no alias", "by somebody else", "to oneself", "to somebody here", "moved on", "of somebody else"])
async def test_auz_07_a_move_that_is_not_confirmed_moves_nobody(world: World, carol: Actor, mallory: Actor, inbox: str, case: str) -> None:
    new = await moving(world, carol)
    who, activity = carol, carol.activity("Move", carol.uri, target=new.uri)
    if case == "no alias":
        new.document["alsoKnownAs"] = []
    elif case == "by somebody else":
        who, activity = mallory, mallory.activity("Move", carol.uri, target=new.uri)
    elif case == "to oneself":
        activity["target"] = carol.uri
    elif case == "to somebody here":
        activity["target"] = world.bob.uri
    elif case == "moved on":
        new.document["movedTo"] = "https://evil.test/users/mallory"
    else:
        activity["object"] = mallory.uri

    await world.accepted(who, activity, inbox)

    assert follow_of(world, world.alice, known(world, carol)) is not None
    assert world.again(world.alice).following_count == 1


async def test_auz_07_nobody_moves_twice_in_a_week(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    new = await moving(world, carol)
    await world.accepted(carol, carol.activity("Move", carol.uri, target=new.uri))
    world.db.transact(lambda tx: tx.execute("UPDATE accounts SET moved_to_uri = '' WHERE uri = ?", (carol.uri,)))
    world.db.transact(make.follow, world.alice, known(world, carol))
    other = world.peer("third.test").actor("carol3", key="bob", alsoKnownAs=[carol.uri])

    await world.accepted(carol, carol.activity("Move", carol.uri, target=other.uri))

    assert follow_of(world, world.alice, known(world, carol)) is not None and world.account(other) is None


async def test_auz_07_the_target_of_a_move_is_read_anew(world: World, carol: Actor) -> None:
    """An alias that was there when we last looked, and is there no more."""
    new = await moving(world, carol)
    await world.know(new)
    new.document["alsoKnownAs"] = []

    await world.accepted(carol, carol.activity("Move", carol.uri, target=new.uri))

    assert "GET third.test /users/carol2" in world.asked
    assert follow_of(world, world.alice, known(world, carol)) is not None


async def test_auz_07_a_move_nobody_here_has_to_do_with_asks_nobody(world: World, carol: Actor, mallory: Actor) -> None:
    world.forget()
    for who, target in ((mallory, "https://third.test/users/x"), (carol, "https://third.test/users/y")):
        await world.accepted(who, who.activity("Move", who.uri, target=target))

    assert world.asked == []


async def test_followers_move_to_somebody_here_who_names_the_old_account(world: World, carol: Actor, inbox: str) -> None:
    await moving(world, carol)
    newcomer = world.db.transact(make.account, "newcomer")
    world.db.transact(moves.add_alias, newcomer, known(world, carol))

    await world.accepted(carol, carol.activity("Move", carol.uri, target=newcomer.uri), inbox)

    assert follow_of(world, world.alice, world.again(newcomer)).state == "accepted"  # type: ignore[union-attr]
    assert follow_of(world, world.alice, known(world, carol)) is None
    assert [undo["object"]["type"] for undo in world.peer().received("Undo")] == ["Follow"]


async def test_the_new_account_may_say_the_move_when_the_old_one_says_so_too(world: World, carol: Actor, inbox: str) -> None:
    """FEP-7628, pull."""
    new = await moving(world, carol)

    await world.accepted(new, new.activity("Move", carol.uri, target=new.uri), inbox)

    assert follow_of(world, world.alice, known(world, carol)) is None
    assert follow_of(world, world.alice, known(world, new)).state == "pending"  # type: ignore[union-attr]
    assert "move" in world.told(world.alice)


@pytest.mark.parametrize("case", ["the old one has not moved", "the old one has moved elsewhere", "no alias", "the old one is gone"])
async def test_auz_07_nobody_pulls_followers_that_are_not_sent(world: World, carol: Actor, inbox: str, case: str) -> None:
    new = await moving(world, carol)
    if case == "the old one has not moved":
        del carol.document["movedTo"]
    elif case == "the old one has moved elsewhere":
        carol.document["movedTo"] = "https://evil.test/users/mallory"
    elif case == "no alias":
        new.document["alsoKnownAs"] = []
    else:
        world.peer().behave("/users/carol", remote.answers(status=500))

    await world.accepted(new, new.activity("Move", carol.uri, target=new.uri), inbox)

    assert follow_of(world, world.alice, known(world, carol)) is not None
    assert world.told(world.alice) == []


# -- Flag, Add --


async def test_auz_16_nobody_pins_for_somebody_else(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    post, before = world.publish(world.alice), world.rows()
    for kind in ("Add", "Remove"):
        for target in (f"{world.alice.uri}/collections/featured", carol.document["featured"]):
            await world.accepted(mallory, mallory.activity(kind, post.uri, target=target), inbox)

    assert world.rows() == before


async def test_a_report_is_kept_and_names_who_is_here(world: World, carol: Actor, inbox: str) -> None:
    post = world.publish(world.alice)
    await world.accepted(carol, carol.activity("Flag", [world.alice.uri, post.uri, "https://x.test/1"], content="spam <b>x</b>"), inbox)
    await world.accepted(carol, carol.activity("Flag", ["https://x.test/1"], content="not here"), inbox)

    rows = world.db.read(lambda tx: tx.query("SELECT target_id, host, post_uris FROM reports"))
    assert [tuple(row) for row in rows] == [(world.alice.id, "peer.test", f'["{post.uri}"]')]


async def test_auz_19_a_flood_of_reports_is_cut(world: World, carol: Actor) -> None:
    statuses = [
        (await world.deliver(carol, carol.activity("Flag", world.alice.uri, content=f"{n}"))).status
        for n in range(limits.FLAGS_PER_HOST + 5)
    ]

    assert statuses == [202] * limits.FLAGS_PER_HOST + [429] * 5
    assert world.rows()["reports"] == limits.FLAGS_PER_HOST
