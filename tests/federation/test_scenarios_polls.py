"""S8, pins, and the reactions of S5, with servers that speak each dialect, and between two of ours.

Polls, votes and their counts; what stands on top of a profile; an emoji under a post.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import blocks, clock, featured, interactions, polls, reactions
from fedi.storage import accounts as account_rows
from fedi.storage import featured_tags as featured_tag_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import polls as poll_rows
from fedi.storage import posts as post_rows
from fedi.storage import reactions as reaction_rows
from fedi.storage.posts import Post
from tests import remote
from tests.federation.test_two_instances import Pair, pair
from tests.remote import Actor, World

__all__ = ["pair"]
DRINKS = polls.NewPoll(("tea", "coffee"))
Json = dict[str, Any]


@pytest.fixture
async def world(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path, (*remote.HOSTS, "other.test")) as made:
        yield made


@pytest.fixture
async def carol(world: World) -> Actor:
    """She is on another server and follows alice."""
    who = world.peer().actor("carol")
    await world.befriend(who, world.alice)
    return who


def counts(w: World, post: Post) -> list[int]:
    found = w.db.read(poll_rows.find, post.id)
    assert found is not None
    return [option.votes_count for option in found.options]


def vote(who: Actor, post: Post, name: str, author: str, **more: Any) -> Json:
    """The Note of a vote, as Mastodon writes it."""
    return {
        "id": f"{who.uri}#votes/{name}", "type": "Note", "name": name, "attributedTo": who.uri, "to": author, "inReplyTo": post.uri, **more,
    }  # fmt: skip


def due(w: World, name: str = "") -> None:
    """Jobs that wait for their time are due."""
    w.db.transact(lambda tx: tx.execute("UPDATE jobs SET run_at = 1 WHERE :name = '' OR name = :name", {"name": name}))


# -- votes that arrive, as each server writes them --


async def test_s8_a_vote_of_mastodon_counts_once_and_is_no_post(world: World, carol: Actor) -> None:
    post = world.publish(world.alice, "what?", poll=DRINKS)
    for number in range(3):
        await world.accepted(carol, carol.activity("Create", vote(carol, post, "tea", world.alice.uri), id=f"{carol.uri}#v{number}"))

    assert counts(world, post) == [1, 0]
    assert world.find(f"{carol.uri}#votes/tea") is None and "mention" not in world.told(world.alice)


async def test_s8_a_list_of_votes_of_gotosocial_counts_each_choice_for_one_voter(world: World, carol: Actor) -> None:
    post = world.publish(world.alice, "what?", poll=DRINKS._replace(multiple=True))
    notes = [vote(carol, post, name, world.alice.uri, id=f"{carol.uri}/statuses/{name}") for name in ("tea", "coffee")]
    await world.accepted(carol, carol.activity("Create", notes, to=world.alice.uri))

    found = world.db.read(poll_rows.find, post.id)
    assert counts(world, post) == [1, 1] and found is not None and found.voters_count == 1


async def test_s8_a_vote_of_misskey_and_pleroma_counts(world: World, carol: Actor) -> None:
    dan = world.peer("other.test").actor("dan")
    await world.know(dan)
    post = world.publish(world.alice, "what?", poll=DRINKS)
    misskey = vote(carol, post, "tea", world.alice.uri, to=[world.alice.uri], cc=[], published="2026-11-22T00:00:00.000Z")
    pleroma = vote(dan, post, "coffee", world.alice.uri, actor=dan.uri, to=[world.alice.uri], cc=[], context="")
    await world.accepted(carol, carol.activity("Create", misskey))
    await world.accepted(dan, dan.activity("Create", pleroma))

    assert counts(world, post) == [1, 1]


async def test_org_21_votes_that_must_not_count(world: World, carol: Actor) -> None:
    mallory = world.peer("evil.test").actor("mallory")
    await world.know(mallory)
    private = world.publish(world.alice, "what?", poll=DRINKS, visibility="followers")
    public = world.publish(world.alice, "what?", poll=DRINKS)
    over = world.publish(world.alice, "what?", poll=DRINKS)
    world.db.transact(lambda tx: tx.execute("UPDATE polls SET ends_at = 1 WHERE post_id = ?", (over.id,)))
    tries = [
        (mallory, vote(mallory, private, "tea", world.alice.uri)),  # who was not asked
        (mallory, vote(mallory, public, "gin", world.alice.uri)),  # what was not offered
        (mallory, vote(mallory, over, "tea", world.alice.uri)),  # when it is over
        (mallory, vote(carol, public, "tea", world.alice.uri)),  # in somebody else's name
        (mallory, {**vote(mallory, public, "tea", world.alice.uri), "id": f"{carol.uri}#votes/1"}),
    ]
    for who, note in tries:
        await world.accepted(who, who.activity("Create", note))
    assert [counts(world, post) for post in (private, public, over)] == [[0, 0]] * 3

    await world.accepted(mallory, mallory.activity("Create", vote(mallory, public, "tea", world.alice.uri)))
    await world.accepted(mallory, mallory.activity("Create", vote(mallory, public, "coffee", world.alice.uri)))
    assert counts(world, public) == [1, 0]


async def test_s8_counts_go_out_some_minutes_later_and_at_the_end_to_followers_and_voters(world: World, carol: Actor) -> None:
    dan = world.peer("other.test").actor("dan")
    await world.know(dan)
    post = world.publish(world.alice, "what?", poll=DRINKS)
    for who, name in ((carol, "tea"), (dan, "coffee")):
        await world.accepted(who, who.activity("Create", vote(who, post, name, world.alice.uri)))
    assert world.peer().received("Update") == []
    due(world, polls.COUNT_JOB)
    await world.settle()
    for host in ("peer.test", "other.test"):
        (told,) = world.peer(host).received("Update")
        assert told["object"]["type"] == "Question" and "updated" not in told["object"]
        assert [one["replies"]["totalItems"] for one in told["object"]["oneOf"]] == [1, 1] and told["object"]["votersCount"] == 2

    world.db.transact(lambda tx: tx.execute("UPDATE polls SET ends_at = 1"))
    due(world)
    await world.settle()
    assert [len(world.peer(host).received("Update")) for host in ("peer.test", "other.test")] == [2, 2]
    assert world.peer().received("Update")[1]["object"]["closed"] and world.told(world.alice).count("poll") == 1


# -- polls that arrive --


def question(who: Actor, *names: str, key: str = "oneOf", **more: Any) -> Json:
    options = [{"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": 3}} for name in names]
    end = clock.rfc3339(clock.now() + clock.HOUR)
    note = who.note("what?", **{"type": "Question", key: options, "endTime": end, "votersCount": 6, **more})
    return {name: value for name, value in note.items() if value is not None}


async def arrived(w: World, who: Actor, note: Json) -> Post:
    await w.accepted(who, who.create(note))
    post = w.find(note["id"])
    assert post is not None
    return post


@pytest.fixture
async def dan(world: World) -> Actor:
    """He is on another server and alice follows him."""
    who = world.peer().actor("dan")
    await world.befriend(world.alice, who)
    return who


async def test_s8_our_votes_go_to_the_author_alone_one_activity_per_choice(world: World, dan: Actor) -> None:
    eve = world.peer("other.test").actor("eve")
    await world.befriend(eve, world.alice)
    post = await arrived(world, dan, question(dan, "tea", "coffee", key="anyOf"))
    world.forget()
    world.db.transact(polls.vote, world.alice, post.id, [0, 1])
    await world.settle()

    votes = world.peer().received("Create")
    assert sorted(one["object"]["name"] for one in votes) == ["coffee", "tea"] and world.peer("other.test").received() == []
    for one in votes:
        assert one["object"]["inReplyTo"] == post.uri and one["to"] == [dan.uri] and "content" not in one["object"]
    assert counts(world, post) == [4, 4]


async def test_s8_a_poll_of_misskey_without_an_end_and_with_its_own_count(world: World, dan: Actor) -> None:
    options = [{"type": "Note", "name": name, "_misskey_votes": 2, "replies": {"type": "Collection", "totalItems": 2}} for name in "ab"]
    post = await arrived(world, dan, question(dan, "x", oneOf=options, endTime=None, votersCount=None, _misskey_content="what?"))

    found = world.db.read(poll_rows.find, post.id)
    assert found is not None and found.ends_at is None and found.votes_count == 4 and found.voters_count == 4


async def test_s8_a_poll_of_pleroma_names_its_end_as_closed(world: World, dan: Actor) -> None:
    post = await arrived(world, dan, question(dan, "a", "b", endTime=None, closed=clock.rfc3339(clock.now() + clock.HOUR)))

    found = world.db.read(poll_rows.find, post.id)
    assert found is not None and found.ends_at is not None and not found.is_over(clock.now())
    world.db.transact(polls.vote, world.alice, post.id, [1])


async def test_org_21_an_update_that_is_not_newer_changes_counts_only_and_clamps_them(world: World, dan: Actor) -> None:
    note = question(dan, "tea", "coffee")
    post = await arrived(world, dan, note)
    options = [{**one, "replies": {"type": "Collection", "totalItems": 10**18 if one["name"] == "tea" else -5}} for one in note["oneOf"]]
    told = {**note, "content": "<p>changed</p>", "oneOf": options, "votersCount": 10**18}
    await world.accepted(dan, dan.activity("Update", told))

    found = world.db.read(poll_rows.find, post.id)
    assert found is not None and counts(world, post) == [2**31 - 1, 0] and found.voters_count == 2**31 - 1
    assert world.find(note["id"]) == post._replace(version=world.find(note["id"]).version)  # type: ignore[union-attr]


async def test_counts_of_a_poll_are_its_authors_to_tell(world: World, dan: Actor) -> None:
    mallory = world.peer("evil.test").actor("mallory")
    await world.know(mallory)
    note = question(dan, "tea", "coffee")
    post = await arrived(world, dan, note)
    forged = {**note, "oneOf": [{**one, "replies": {"type": "Collection", "totalItems": 999}} for one in note["oneOf"]]}
    await world.deliver(mallory, mallory.activity("Update", forged))
    await world.deliver(mallory, {**mallory.activity("Update", forged), "actor": dan.uri})
    await world.settle()

    assert counts(world, post) == [3, 3]


async def test_a_poll_is_read_again_quietly_when_somebody_looks_and_it_is_old(world: World, dan: Actor) -> None:
    note = question(dan, "tea", "coffee")
    post = await arrived(world, dan, note)
    note["oneOf"][0]["replies"]["totalItems"] = 30
    world.forget()
    await world.instance.look_at_poll(post)
    await world.settle()
    assert world.asked == [] and counts(world, post) == [3, 3]

    world.db.transact(lambda tx: tx.execute("UPDATE polls SET fetched_at = 1"))
    for _ in range(3):
        await world.instance.look_at_poll(post)
    await world.settle()
    assert len(world.peer().gets) == 1 and counts(world, post) == [30, 3] and world.told(world.alice) == []


async def test_the_end_of_a_poll_elsewhere_is_told_who_voted(world: World, dan: Actor) -> None:
    post = await arrived(world, dan, question(dan, "tea", "coffee"))
    world.db.transact(polls.vote, world.alice, post.id, [0])
    world.db.transact(lambda tx: tx.execute("UPDATE polls SET ends_at = 1"))
    due(world)
    await world.settle()

    assert world.told(world.alice) == ["poll"]


# -- between two of ours --


async def test_s8_two_servers_ask_vote_count_and_end(pair: Pair) -> None:
    await pair.befriend(pair.b)
    asked = await pair.a.say("what?", poll=DRINKS._replace(multiple=True))
    await pair.settle()
    seen = pair.b.get(asked.uri)
    pair.b.do(polls.vote, seen.id, [1])
    await pair.settle()
    ours = pair.a.db.read(poll_rows.find, asked.id)
    assert ours is not None and [one.votes_count for one in ours.options] == [0, 1] and ours.voters_count == 1
    assert pair.a.told() == ["follow"] and len(pair.a.home()) == 1

    pair.a.db.transact(lambda tx: tx.execute("UPDATE polls SET ends_at = ?", (tx.now - 1,)))
    for one in (pair.a, pair.b):
        one.db.transact(lambda tx: tx.execute("UPDATE jobs SET run_at = 1"))
    await pair.settle()
    theirs = pair.b.db.read(poll_rows.find, seen.id)
    assert theirs is not None and theirs.is_over(clock.now()) and [one.votes_count for one in theirs.options] == [0, 1]
    assert pair.a.told() == ["follow", "poll"] and pair.b.told() == ["poll"]


# -- what stands on top of a profile --


def pins(w: World, who: Actor) -> list[int]:
    account = w.account(who)
    assert account is not None
    return sorted(w.db.read(interaction_rows.list_pins, account.id))


async def test_a_pin_of_mastodon_comes_and_goes_and_comes_again(world: World, dan: Actor) -> None:
    post = await arrived(world, dan, dan.note("look here"))
    unseen = dan.note("an old one")
    add, remove = ({**dan.activity(kind, post.uri, target=f"{dan.uri}/featured"), "id": None} for kind in ("Add", "Remove"))
    for activity, expected in ((add, 1), (remove, 0), (add, 1)):
        await world.accepted(dan, {name: value for name, value in activity.items() if value is not None})
        assert pins(world, dan) == [post.id] * expected
    await world.accepted(dan, dan.activity("Add", unseen["id"], target=f"{dan.uri}/featured"))

    fetched = world.find(unseen["id"])
    assert fetched is not None and pins(world, dan) == [post.id, fetched.id] and fetched.uri not in world.home(world.alice)


async def test_auz_16_nobody_pins_for_another_nor_the_posts_of_another(world: World, dan: Actor) -> None:
    mallory = world.peer("evil.test").actor("mallory")
    await world.befriend(world.alice, mallory)
    theirs, secret = await arrived(world, dan, dan.note("mine")), await arrived(world, dan, dan.note("s", to=[dan.followers]))
    tries = [
        (mallory, "Add", theirs.uri, f"{dan.uri}/featured"),
        (mallory, "Add", theirs.uri, f"{mallory.uri}/featured"),
        (mallory, "Add", {"type": "Hashtag", "name": "#spam"}, f"{dan.uri}/featured"),
        (dan, "Add", theirs.uri, f"{dan.uri}/outbox"),
        (dan, "Add", secret.uri, f"{dan.uri}/featured"),
    ]
    for who, kind, what, target in tries:
        await world.accepted(who, who.activity(kind, what, target=target))
    assert pins(world, dan) == pins(world, mallory) == []

    await world.accepted(dan, dan.activity("Add", theirs.uri, target=f"{dan.uri}/featured"))
    await world.accepted(mallory, mallory.activity("Remove", theirs.uri, target=f"{dan.uri}/featured"))
    assert pins(world, dan) == [theirs.id]


async def test_hashtags_on_a_profile_elsewhere_come_and_go(world: World, dan: Actor) -> None:
    tag = {"type": "Hashtag", "name": "#Cats", "href": f"{dan.uri}/tagged/cats"}
    account = world.account(dan)
    assert account is not None
    await world.accepted(dan, dan.activity("Add", tag, target=f"{dan.uri}/featured"))
    assert world.db.read(featured_tag_rows.list_names, account.id) == ["cats"]
    await world.accepted(dan, dan.activity("Remove", tag, target=f"{dan.uri}/featured"))
    assert world.db.read(featured_tag_rows.list_names, account.id) == []


async def test_pins_and_hashtags_of_people_here_are_told_and_can_be_read(world: World, carol: Actor) -> None:
    post = world.publish(world.alice, "look #here")
    world.db.transact(interactions.pin, world.alice, post.id)
    made = world.db.transact(featured.add_tag, world.alice, "#Here")
    await world.settle()
    base = f"/users/{world.alice.username}"
    documents = {}
    for path in (base, f"{base}/collections/featured", f"{base}/collections/tags"):
        async with world.client.get(path, headers={"Accept": remote.AP, "Host": world.instance.uris.host}) as answer:
            documents[path] = json.loads(await answer.read())
    assert documents[base]["featuredTags"].endswith(f"{base}/collections/tags")
    assert [one["id"] for one in documents[f"{base}/collections/featured"]["orderedItems"]] == [post.uri]
    (tag,) = documents[f"{base}/collections/tags"]["items"]
    assert tag["type"] == "Hashtag" and tag["name"] == "#here" and tag["href"].endswith("/@alice/tagged/here")
    told = world.peer().received("Add")
    assert {one["target"] for one in told} == {documents[base]["featured"]}
    assert post.uri in [one["object"] for one in told] and tag in [one["object"] for one in told]

    world.db.transact(featured.remove_tag, world.alice, made.tag_id)
    await world.settle()
    assert world.peer().received("Remove")[0]["object"]["name"] == "#here"


async def test_two_servers_pin_and_unpin(pair: Pair) -> None:
    await pair.befriend(pair.b)
    post = await pair.a.say("look here")
    await pair.settle()
    pair.a.do(interactions.pin, post.id)
    pair.a.do(featured.add_tag, "cats")
    await pair.settle()
    other = pair.b.db.read(account_rows.find_by_uri, pair.a.person.uri)
    assert other is not None and pair.b.db.read(interaction_rows.list_pins, other.id) == [pair.b.get(post.uri).id]
    assert pair.b.db.read(featured_tag_rows.list_names, other.id) == ["cats"]
    pair.a.do(interactions.unpin, post.id)
    await pair.settle()
    assert pair.b.db.read(interaction_rows.list_pins, other.id) == []


# -- reactions, as each server writes them --

BLOB = {
    "type": "Emoji",
    "id": "https://peer.test/emojis/blobcat",
    "name": ":blobcat:",
    "icon": {"type": "Image", "url": "https://peer.test/b.png"},
}


def reacted(w: World, post: Post) -> dict[str, int]:
    found = w.db.read(reaction_rows.list_tallies, 0, [post.id]).get(post.id, [])
    return {tally.name: tally.number for tally in found}


def likes(w: World, post: Post) -> int:
    return w.db.read(post_rows.get, post.id).favourites_count


@pytest.mark.parametrize(
    ("kind", "more", "name"),
    [
        ("EmojiReact", {"content": "🎉", "to": ["https://peer.test/users/carol/followers"], "cc": []}, "🎉"),  # Pleroma, Akkoma
        ("Like", {"content": "👍", "_misskey_reaction": "👍"}, "👍"),  # Misskey
        ("Like", {"_misskey_reaction": "🎉"}, "🎉"),  # older Misskey
        ("Like", {"content": ":blobcat:", "_misskey_reaction": ":blobcat:", "tag": [BLOB]}, "blobcat"),  # Misskey, Mitra
        ("EmojiReact", {"content": ":blobcat:", "tag": [{**BLOB, "id": None, "name": "blobcat"}]}, "blobcat"),  # Akkoma
        ("EmojiReact", {"content": "❤", "tag": {}}, "❤️"),
    ],
)
async def test_s5_a_reaction_in_the_words_of_each_server_and_its_undo(world: World, carol: Actor, kind: str, more: Json, name: str) -> None:
    post = world.publish(world.alice)
    by_id, by_shape = (carol.activity(kind, post.uri, **more) for _ in range(2))
    await world.accepted(carol, by_id)
    assert reacted(world, post) == {name: 1} and likes(world, post) == 1 and world.told(world.alice)[-1] == "reaction"
    await world.accepted(carol, carol.activity("Undo", by_id["id"]))
    assert reacted(world, post) == {} and likes(world, post) == 0

    await world.accepted(carol, by_shape)
    await world.accepted(carol, carol.activity("Undo", {**by_shape, "id": None}))
    assert reacted(world, post) == {} and likes(world, post) == 0 and "reaction" not in world.told(world.alice)


async def test_s5_an_undo_that_comes_first_and_one_by_somebody_else(world: World, carol: Actor) -> None:
    mallory = world.peer("evil.test").actor("mallory")
    await world.know(mallory)
    post = world.publish(world.alice)
    early, kept = (carol.activity("EmojiReact", post.uri, content=text) for text in "🎉👍")
    await world.accepted(carol, carol.activity("Undo", early))
    await world.accepted(carol, early)
    await world.accepted(carol, kept)
    for undone in (kept["id"], kept, {**kept, "actor": mallory.uri, "id": f"{mallory.uri}/1"}):
        await world.accepted(mallory, mallory.activity("Undo", undone))

    assert reacted(world, post) == {"👍": 1}


async def test_auz_14_a_hundred_reactions_and_likes_of_one_person_count_once(world: World, carol: Actor) -> None:
    post = world.publish(world.alice)
    for number in range(25):
        for kind, more in (("Like", {}), ("EmojiReact", {"content": "🎉"}), ("Like", {"content": "🎉"}), ("Like", {"content": "no emoji"})):
            await world.deliver(carol, carol.activity(kind, post.uri, id=f"{carol.uri}/x/{number}{kind}{more}".replace(" ", ""), **more))
    await world.settle()

    assert likes(world, post) == 1 and reacted(world, post) == {"🎉": 1}
    assert sorted(kind for kind in world.told(world.alice) if kind != "follow") == ["favourite", "reaction"]


async def test_auz_10_a_blocked_person_reacts_in_vain(world: World, carol: Actor) -> None:
    account = world.account(carol)
    assert account is not None
    post = world.publish(world.alice)
    world.db.transact(blocks.block, world.alice, account.id)
    await world.accepted(carol, carol.activity("EmojiReact", post.uri, content="🎉"))

    assert reacted(world, post) == {} and likes(world, post) == 0 and "reaction" not in world.told(world.alice)


@pytest.mark.parametrize("content", [None, "", "words", 5, ["🎉"], {"a": 1}, ":unknown:", "🎉🎉", "x" * 100_000])
async def test_an_emoji_react_without_an_emoji_is_nothing_and_a_like_stays_a_like(world: World, carol: Actor, content: Any) -> None:
    post = world.publish(world.alice)
    await world.accepted(carol, carol.activity("EmojiReact", post.uri, content=content, tag=[5, {}, BLOB]))
    before = reacted(world, post)
    await world.accepted(carol, carol.activity("Like", post.uri, content=content))

    assert (before == {} or content == ["🎉"]) and likes(world, post) == 1


async def test_a_dislike_is_tolerated_and_leaves_reactions_alone(world: World, carol: Actor) -> None:
    post = world.publish(world.alice)
    await world.accepted(carol, carol.activity("EmojiReact", post.uri, content="🎉"))
    before = world.rows()
    await world.accepted(carol, carol.activity("Dislike", post.uri))

    assert world.rows() == before and reacted(world, post) == {"🎉": 1} and likes(world, post) == 1


async def test_s5_two_servers_react_and_take_it_back(pair: Pair) -> None:
    await pair.befriend(pair.b)
    post = await pair.a.say("hello")
    await pair.settle()
    seen = pair.b.get(post.uri)
    pair.b.do(reactions.react, seen.id, "🎉")
    await pair.settle()
    (tally,) = pair.a.db.read(reaction_rows.list_tallies, pair.a.person.id, [post.id])[post.id]
    assert (tally.name, tally.number, tally.mine) == ("🎉", 1, 0) and pair.a.told() == ["follow", "reaction"]
    pair.b.do(reactions.unreact, seen.id, "🎉")
    await pair.settle()
    assert pair.a.db.read(reaction_rows.list_tallies, 0, [post.id]) == {} and pair.a.told() == ["follow"]
