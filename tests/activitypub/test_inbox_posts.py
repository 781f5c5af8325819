"""Create, Update, Delete, Announce: who may make, change and end which post (AUZ rows), and what concerns anybody here."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import blocks, clock, limits, moderation
from fedi.storage import posts as post_rows
from fedi.storage import threads as thread_rows
from fedi.storage import tombstones as tombstone_rows
from tests import make, remote
from tests.remote import Actor, World


@pytest.fixture
async def carol(world: World) -> Actor:
    """Of peer.test, followed by alice."""
    who = world.peer().actor("carol")
    await world.befriend(world.alice, who)
    return who


@pytest.fixture
async def mallory(world: World) -> Actor:
    who = world.peer("evil.test").actor("mallory")
    await world.know(who)
    return who


def edited(note: dict[str, Any], text: str, seconds: int = 10) -> dict[str, Any]:
    return note | {"content": f"<p>{text}</p>", "updated": clock.rfc3339(clock.now() + seconds * 1000)}


def mention(w: World) -> dict[str, Any]:
    return {"to": [w.alice.uri], "tag": [{"type": "Mention", "href": w.alice.uri, "name": "@alice@fedi.test"}]}


# -- Create --


async def test_a_post_of_somebody_followed_comes_home(world: World, carol: Actor, inbox: str) -> None:
    note = carol.note("hello")

    await world.accepted(carol, carol.create(note), inbox)

    assert world.home(world.alice) == [note["id"]] and world.home(world.bob) == []


async def test_auz_13_what_concerns_nobody_here_is_not_stored(world: World, mallory: Actor, inbox: str) -> None:
    before = world.rows()
    stranger = "https://third.test/users/x"
    for note in (
        mallory.note(),
        mallory.note(to=[stranger], cc=[remote.PUBLIC]),
        mallory.note(to=[f"{world.base}/users/nobody"]),
        mallory.note(inReplyTo=f"{stranger}/1"),
        mallory.note(inReplyTo=f"{world.base}/users/alice/posts/1"),
        mallory.note(tag=[{"type": "Mention", "href": stranger}]),
    ):
        await world.accepted(mallory, mallory.create(note), inbox)
    assert world.rows() == before


@pytest.mark.parametrize("how", ["to", "cc", "mention", "reply", "reply to somebody followed"])
async def test_what_concerns_somebody_here_is_stored(world: World, carol: Actor, mallory: Actor, inbox: str, how: str) -> None:
    theirs = carol.note()
    await world.accepted(carol, carol.create(theirs), inbox)
    note = {
        "to": lambda: mallory.note(to=[world.alice.uri]),
        "cc": lambda: mallory.note(to=["https://third.test/x"], cc=[world.alice.uri]),
        "mention": lambda: mallory.note(tag=mention(world)["tag"]),
        "reply": lambda: mallory.note(inReplyTo=world.publish(world.alice).uri),
        "reply to somebody followed": lambda: mallory.note(inReplyTo=theirs["id"]),
    }[how]()

    await world.accepted(mallory, mallory.create(note), inbox)

    assert world.find(note["id"]) is not None
    assert world.told(world.alice) == ([] if how.startswith("reply") else ["mention"])


async def test_people_and_parents_never_heard_of_are_fetched_with_a_post(world: World, carol: Actor, inbox: str) -> None:
    dan = world.peer("third.test").actor("dan")
    parent = dan.note("first")
    note = carol.note("hello", inReplyTo=parent["id"], tag=[{"type": "Mention", "href": dan.uri, "name": "@dan@third.test"}])

    await world.accepted(carol, carol.create(note), inbox)

    post, above = world.find(note["id"]), world.find(parent["id"])
    assert post is not None and above is not None and post.in_reply_to_id == above.id
    assert world.db.read(post_rows.list_mentioned_ids, post.id) == [world.account(dan).id]  # type: ignore[union-attr]


async def test_a_post_is_kept_though_nothing_around_it_can_be_had(world: World, carol: Actor, inbox: str) -> None:
    gone = f"https://{remote.DOWN}/users/x"
    note = carol.note("hello", inReplyTo=f"{gone}/1", tag=[{"type": "Mention", "href": gone, "name": "@x@down.test"}])

    await world.accepted(carol, carol.create(note), inbox)

    assert world.find(note["id"]) is not None


async def test_auz_10_somebody_blocked_reaches_nobody(world: World, mallory: Actor, inbox: str) -> None:
    post, account = world.publish(world.alice), world.account(mallory)
    assert account is not None
    world.db.transact(blocks.block, world.alice, account.id)
    await world.settle()

    for activity in (
        mallory.activity("Follow", world.alice.uri),
        mallory.activity("Like", post.uri),
        mallory.activity("EmojiReact", post.uri, content="🔥"),
        mallory.activity("Announce", post.uri, to=[remote.PUBLIC]),
        mallory.create(mallory.note("hey", inReplyTo=post.uri, **mention(world))),
    ):
        await world.accepted(mallory, activity, inbox)

    found = world.find(post.uri)
    assert world.told(world.alice) == [] and world.again(world.alice).followers_count == 0
    assert found is not None and (found.favourites_count, found.boosts_count) == (0, 0)
    assert world.peer("evil.test").received("Accept") == []
    seen = world.db.read(thread_rows.list_descendants, world.alice.id, post.id, 10)
    assert seen == []


async def test_auz_11_posts_of_a_blocked_server_are_not_fetched_for_others(world: World, carol: Actor, inbox: str) -> None:
    mallory = world.peer("evil.test").actor("mallory")
    bad = mallory.note("bad")
    world.db.transact(moderation.block_domain, "evil.test")

    await world.accepted(carol, carol.activity("Announce", bad["id"], to=[remote.PUBLIC]), inbox)
    reply = carol.note("look", inReplyTo=bad["id"], tag=[{"type": "Mention", "href": mallory.uri}])
    await world.accepted(carol, carol.create(reply), inbox)

    assert world.peer("evil.test").seen == []
    assert world.find(bad["id"]) is None and world.account(mallory) is None
    assert world.home(world.alice) == []


# -- Update --


async def test_only_the_author_changes_a_post(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    neighbour = world.peer().actor("dan")
    await world.know(neighbour)
    note = carol.note("first")
    await world.accepted(carol, carol.create(note), inbox)
    for who in (mallory, neighbour):
        for forged in (edited(note, "forged"), edited(note, "forged") | {"attributedTo": who.uri}):
            assert (await world.deliver(who, who.activity("Update", forged), inbox)).status == 202
    await world.settle()
    assert world.find(note["id"]).content_html == "<p>first</p>"  # type: ignore[union-attr]

    await world.accepted(carol, carol.activity("Update", edited(note, "second", 0)), inbox)

    found = world.find(note["id"])
    assert found is not None and found.content_html == "<p>second</p>" and found.edited_at


async def test_an_older_update_changes_nothing(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    note = carol.note("first")
    await world.accepted(carol, carol.create(note))
    frozen.tick(60)
    old, new = edited(note, "second", -30), edited(note, "third", 0)
    await world.accepted(carol, carol.activity("Update", new))
    await world.accepted(carol, carol.activity("Update", old))
    await world.accepted(carol, carol.activity("Update", {k: v for k, v in edited(note, "fourth").items() if k != "updated"}))

    assert world.find(note["id"]).content_html == "<p>third</p>"  # type: ignore[union-attr]


async def test_an_edit_that_comes_before_its_post_brings_it_and_is_not_undone_by_it(world: World, carol: Actor, inbox: str) -> None:
    note = carol.note("first", published=clock.rfc3339(clock.now() - clock.MINUTE))
    await world.accepted(carol, carol.activity("Update", edited(note, "second", 0)), inbox)
    await world.accepted(carol, carol.create(note), inbox)

    found = world.find(note["id"])
    assert found is not None and found.content_html == "<p>second</p>" and found.edited_at
    assert world.home(world.alice) == [note["id"]]


@pytest.mark.parametrize("why", ["old", "not an edit", "deleted", "forged", "concerns nobody", "passed on"])
async def test_an_edit_of_what_is_unknown_brings_nothing_else(world: World, carol: Actor, mallory: Actor, why: str) -> None:
    age = 2 * clock.HOUR if why == "old" else clock.MINUTE
    who = mallory if why == "concerns nobody" else carol
    note = who.note("first", published=clock.rfc3339(clock.now() - age), serve=False)
    update = who.activity("Update", note if why == "not an edit" else edited(note, "second", 0))
    if why == "deleted":
        await world.accepted(carol, carol.activity("Delete", note["id"]))
    if why == "passed on":
        update["signature"] = {"type": "RsaSignature2017", "creator": carol.key.id, "signatureValue": "AAAA"}
    answer = await world.deliver(mallory if why in ("forged", "passed on") else who, update)
    assert answer.status == (401 if why == "forged" else 202)
    await world.settle()

    assert world.find(note["id"]) is None and world.home(world.alice) == []


async def test_authorship_never_changes(world: World, carol: Actor, mallory: Actor) -> None:
    note = carol.note("first")
    await world.accepted(carol, carol.create(note))
    await world.accepted(carol, carol.activity("Update", edited(note, "x") | {"attributedTo": mallory.uri}))

    found = world.find(note["id"])
    assert found is not None and found.account_id == world.account(carol).id  # type: ignore[union-attr]


async def test_a_profile_is_read_from_its_own_server(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    """Given an Update with a copy that differs from what the server says."""
    forged = carol.document | {"name": "Forged", "publicKey": mallory.public_key | {"owner": carol.uri, "id": f"{carol.uri}#main-key"}}
    carol.document["name"] = "Caroline"
    await world.accepted(carol, carol.activity("Update", forged), inbox)

    assert world.account(carol).display_name == "Caroline"  # type: ignore[union-attr]
    assert (await world.deliver(carol, carol.activity("Like", world.alice.uri), inbox)).status == 202


async def test_nobody_updates_somebody_elses_profile(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    carol.document["name"] = "Changed"
    neighbour = world.peer().actor("dan")
    await world.know(neighbour)
    for who in (mallory, neighbour):
        await world.accepted(who, who.activity("Update", carol.document), inbox)

    assert world.account(carol).display_name == "Carol"  # type: ignore[union-attr]


# -- Delete --


async def test_auz_01_only_the_author_deletes_a_post(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    neighbour = world.peer().actor("dan")
    await world.know(neighbour)
    note = carol.note()
    await world.accepted(carol, carol.create(note), inbox)
    for who in (mallory, neighbour):
        for what in (
            note["id"],
            {"id": note["id"], "type": "Tombstone"},
            note,
            {"id": note["id"], "type": "Note", "attributedTo": who.uri},
        ):
            await world.accepted(who, who.activity("Delete", what), inbox)
    assert world.find(note["id"]) is not None and world.home(world.alice) == [note["id"]]

    await world.accepted(carol, carol.activity("Delete", {"id": note["id"], "type": "Tombstone"}), inbox)

    assert world.find(note["id"]) is None and world.home(world.alice) == []
    found = world.db.read(tombstone_rows.find, note["id"])
    assert found is not None and found.actor_uri == carol.uri


async def test_auz_02_only_oneself_ends_an_account(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    neighbour = world.peer().actor("dan")
    await world.know(neighbour)
    for who in (mallory, neighbour):
        await world.accepted(who, who.activity("Delete", carol.uri), inbox)
        await world.accepted(who, who.activity("Delete", world.alice.uri), inbox)
    assert world.account(carol) is not None and world.again(world.alice).deleted_at is None

    await world.accepted(carol, carol.create(carol.note()), inbox)
    await world.accepted(carol, carol.activity("Delete", carol.uri), inbox)

    assert world.account(carol) is None and world.home(world.alice) == []
    assert world.again(world.alice).following_count == 0


async def test_a_delete_that_comes_first_keeps_the_post_out(world: World, carol: Actor, inbox: str) -> None:
    note = carol.note()

    await world.accepted(carol, carol.activity("Delete", note["id"]), inbox)
    await world.accepted(carol, carol.create(note), inbox)

    assert world.find(note["id"]) is None


async def test_somebody_elses_delete_keeps_nothing_out(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    """Given Deletes and Undos by others of a post that is still to come, or to be fetched."""
    neighbour, note, other = world.peer().actor("dan"), carol.note("hello"), carol.note("fetched")
    for who in (mallory, neighbour):
        for uri in (note["id"], other["id"]):
            await world.accepted(who, who.activity("Delete", uri), inbox)
            await world.accepted(who, who.activity("Undo", {"type": "Create", "id": uri, "actor": who.uri}), inbox)

    await world.accepted(carol, carol.create(note), inbox)

    assert world.home(world.alice) == [note["id"]]
    assert (await world.remote.post(other["id"])).uri == other["id"]


async def test_nobody_elsewhere_deletes_what_is_ours(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    post = world.publish(world.alice)
    for who in (carol, mallory):
        await world.accepted(who, who.activity("Delete", post.uri), inbox)
        await world.accepted(who, who.activity("Update", {"id": post.uri, "type": "Note", "attributedTo": who.uri, "content": "x"}), inbox)
        await world.accepted(who, who.activity("Undo", {"type": "Create", "id": post.uri, "actor": who.uri}), inbox)

    assert world.find(post.uri) == post
    assert world.db.read(tombstone_rows.find, post.uri) is None


@pytest.mark.parametrize("answer", [404, 410, "tombstone"])
async def test_a_delete_that_is_passed_on_is_asked_for_at_its_origin(
    world: World, carol: Actor, mallory: Actor, inbox: str, answer: Any
) -> None:
    note = carol.note()
    await world.accepted(carol, carol.create(note), inbox)
    path = note["id"].removeprefix(world.peer().base)
    end = carol.activity("Delete", note["id"]) | {"signature": {"type": "RsaSignature2017"}}
    await world.accepted(mallory, end, inbox)
    assert world.find(note["id"]) is not None  # it is still there

    tombstone = {"@context": remote.AS2, "id": note["id"], "type": "Tombstone"}
    world.peer().behave(path, remote.answers(tombstone, status=answer) if isinstance(answer, int) else remote.answers(tombstone))
    await world.accepted(mallory, end | {"id": f"{note['id']}#again"}, inbox)

    assert world.find(note["id"]) is None


async def test_auz_20_a_reply_that_is_passed_on_is_read_at_its_origin(world: World, carol: Actor, mallory: Actor, inbox: str) -> None:
    """Given carol's answer to alice, passed on by a server with its own words in it."""
    post = world.publish(world.alice)
    reply = carol.note("what carol wrote", inReplyTo=post.uri, **mention(world))
    forged = carol.create(reply | {"content": "<p>forged</p>"}) | {"signature": {"type": "RsaSignature2017"}}

    for _ in range(3):
        await world.accepted(mallory, forged, inbox)

    found = world.find(reply["id"])
    assert found is not None and found.content_html == "<p>what carol wrote</p>"
    assert world.peer().gets.count(reply["id"].removeprefix(world.peer().base)) == 1
    assert world.deliveries() == [] or all(kind != "Create" or "evil" not in uri for kind, uri, _ in world.deliveries())


# -- Announce --


async def test_a_boost_brings_a_post_home(world: World, carol: Actor, inbox: str) -> None:
    dan = world.peer("third.test").actor("dan")
    note = dan.note("boosted")
    boost = carol.activity("Announce", note["id"], to=[remote.PUBLIC])

    await world.accepted(carol, boost, inbox)

    assert world.home(world.alice) == [boost["id"]]


async def test_a_boost_by_a_stranger_of_a_strange_post_is_not_fetched(world: World, mallory: Actor, inbox: str) -> None:
    await world.accepted(mallory, mallory.activity("Announce", "https://third.test/n/1", to=[remote.PUBLIC]), inbox)

    assert world.peer("third.test").seen == []


async def test_a_boost_of_what_is_not_public_shows_it_to_nobody(world: World, carol: Actor, inbox: str) -> None:
    dan = world.peer("third.test").actor("dan")
    secret = world.publish(world.bob, "secret", visibility="followers")
    theirs = dan.note("secret", to=[dan.followers])

    for uri in (secret.uri, theirs["id"]):
        await world.accepted(carol, carol.activity("Announce", uri, to=[remote.PUBLIC]), inbox)

    assert world.home(world.alice) == [] and world.told(world.bob) == []


async def test_auz_22_a_flood_of_boosts_fetches_no_more_than_its_share(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    dan = world.peer("third.test").actor("dan")
    notes = [dan.note(f"n{n}") for n in range(40)]
    for note in notes:
        assert (await world.deliver(carol, carol.activity("Announce", note["id"], to=[remote.PUBLIC]))).status == 202
    await world.settle()

    fetched = [path for path in world.peer("third.test").gets if "/notes/" in path]
    assert len(fetched) == limits.BOOSTED_FETCHES
    for _ in range(5):
        frozen.tick(61)
        await world.settle()
    assert len(world.home(world.alice)) == 40  # the rest comes later


# -- limits of what is believed --


async def test_visibility_is_what_the_addressing_says(world: World, carol: Actor, inbox: str) -> None:
    cases = {
        "public": ([remote.PUBLIC], [carol.followers]),
        "unlisted": ([carol.followers], ["as:Public"]),
        "followers": ([carol.followers], []),
        "direct": ([world.alice.uri], []),
    }
    for visibility, (to, cc) in cases.items():
        note = carol.note(to=to, cc=cc)
        await world.accepted(carol, carol.create(note), inbox)
        assert world.find(note["id"]).visibility == visibility  # type: ignore[union-attr]


async def test_a_direct_post_to_somebody_else_is_not_at_home(world: World, carol: Actor, inbox: str) -> None:
    note = carol.note(to=[world.bob.uri], tag=[{"type": "Mention", "href": world.bob.uri}])

    await world.accepted(carol, carol.create(note), inbox)

    assert world.home(world.alice) == [] and world.told(world.bob) == ["mention"]
    assert world.db.read(post_rows.find_visible, world.alice.id, world.find(note["id"]).id) is None  # type: ignore[union-attr]


async def test_the_other_servers_people_of_one_post_are_told_once(world: World, carol: Actor) -> None:
    note = carol.note("hello", **mention(world))
    await world.accepted(carol, carol.create(note), "/inbox")
    await world.accepted(carol, carol.create(note), "/users/alice/inbox")

    assert world.told(world.alice) == ["mention"]
    assert world.db.transact(make.again, world.alice).followers_count == 0
