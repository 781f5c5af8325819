"""S16, threads: completed from other servers in their dialects, upward and downward, quietly, and bounded against hostile ones."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from fedi import backfill, clock, interactions, limits, logins, moderation
from fedi.activitypub import crawl
from fedi.storage import accounts as account_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import posts as post_rows
from fedi.storage import threads as thread_rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from tests import remote
from tests.federation.test_two_instances import Pair, pair  # noqa: F401 (a fixture)
from tests.federation.thread_peers import (
    announce,
    create,
    fetched,
    known,
    looked_at,
    mastodon_replies,
    opened,
    outbox,
    page,
    said,
    serve,
)  # fmt: skip
from tests.remote import AS2, PUBLIC, Actor, World


@pytest.fixture
async def world(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path, working=False) as made:
        yield made


@pytest.fixture
def carol(world: World) -> Actor:
    return world.peer().actor("carol")


@pytest.fixture
def dan(world: World) -> Actor:
    """Of another server than carol."""
    return world.peer("third.test").actor("dan")


def now(w: World, post: Post) -> Post:
    return w.db.read(post_rows.get, post.id)


def below(w: World, post: Post) -> list[str]:
    return [found.uri for found in w.db.read(thread_rows.list_descendants, w.alice.id, post.id, 1000)]


# -- dialects --


async def test_s16_a_thread_of_mastodon_is_completed_from_its_pages(world: World, carol: Actor, dan: Actor) -> None:
    """The author's answers stand inline and cost no request; those of others are had from their own servers; deeper ones follow."""
    root = said(carol, "root", likes={"type": "Collection", "totalItems": 7}, shares={"type": "Collection", "totalItems": 3})
    own = said(carol, "and then", inReplyTo=root["id"])
    other = said(dan, "indeed", inReplyTo=root["id"])
    deep = said(carol, "thank you", inReplyTo=other["id"])
    mastodon_replies(root, carol, [own], [other["id"]])
    mastodon_replies(other, dan, [], [deep["id"]])
    post = await known(world, root)

    await opened(world, post)

    assert set(below(world, post)) == {own["id"], other["id"], deep["id"]}
    assert f"GET peer.test {own['id'].removeprefix(carol.peer.base)}" not in fetched(world)
    seen = now(world, post)
    assert (seen.favourites_shown, seen.boosts_shown, seen.replies_shown, seen.replies_count) == (7, 3, 2, 2)
    assert all(request.signer for request in carol.peer.seen), "the instance actor signs what it asks"


async def test_s16_what_comes_later_tells_nobody_and_stands_in_no_home(world: World, carol: Actor, dan: Actor) -> None:
    root = said(carol, "root")
    mention = [{"type": "Mention", "href": world.alice.uri, "name": "@alice"}]
    answer = said(dan, "@alice", inReplyTo=root["id"], tag=mention, cc=[world.alice.uri])
    mastodon_replies(root, carol, [], [answer["id"]])
    await world.befriend(world.alice, dan)
    post = await known(world, root)
    events: list[object] = []
    world.instance.hub.subscribe("post", events.append)

    await opened(world, post)

    assert world.find(answer["id"]) is not None
    assert (world.told(world.alice), world.home(world.alice), events) == ([], [], [])
    assert world.find(answer["id"]).published_at < clock.now() - 50 * clock.MINUTE  # type: ignore[union-attr]


@pytest.mark.parametrize("dialect", ["nodebb", "mastodon"])
async def test_s16_the_collection_of_a_conversation_is_preferred_to_answers(world: World, carol: Actor, dan: Actor, dialect: str) -> None:
    """FEP-f228: items are ids of any server, in one list (NodeBB) or in pages (Mastodon); `replies` is not asked then."""
    context = f"{carol.uri}/topic/1"
    root = said(carol, "root", context=context, replies=f"{carol.uri}/replies/1")
    one = said(dan, "one", inReplyTo=root["id"])
    two = said(carol, "two", inReplyTo=one["id"], context=context)
    ids = [root["id"], one["id"], two["id"]]
    if dialect == "nodebb":
        serve(carol, "topic/1", {"type": "OrderedCollection", "totalItems": 3, "orderedItems": ids})
    else:
        first = {"type": "CollectionPage", "id": f"{context}?page=1", "partOf": context, "items": ids}
        serve(carol, "topic/1", {"type": "Collection", "attributedTo": carol.uri, "first": first})
    post = await known(world, root)

    await opened(world, post)

    assert below(world, post) == [one["id"], two["id"]]
    assert not [line for line in fetched(world) if "/replies/" in line]


async def test_s16_each_comment_of_lemmy_names_a_conversation_and_that_of_the_top_is_read(world: World, carol: Actor, dan: Actor) -> None:
    root = said(carol, "root", type="Page", name="A title", context=f"{carol.uri}/post/1/context")
    comment = said(carol, "a comment", inReplyTo=root["id"], context=f"{carol.uri}/comment/1/context")
    answer = said(dan, "an answer", inReplyTo=comment["id"])
    serve(carol, "post/1/context", {"type": "OrderedCollection", "orderedItems": [root["id"], comment["id"], answer["id"]]})
    await known(world, root)
    opener = await known(world, comment)

    await opened(world, opener)

    assert below(world, opener) == [answer["id"]]
    assert not [line for line in fetched(world) if "/comment/1/context" in line]


async def test_s16_bare_values_of_gotosocial_are_read(world: World, carol: Actor, dan: Actor) -> None:
    """`replies` is an address, `first` is one too, and a single item stands there without a list."""
    root = said(carol, "root")
    answer = said(dan, "one", inReplyTo=root["id"])
    first = serve(carol, "replies/1?page=true", {"type": "CollectionPage", "items": answer["id"]})
    root["replies"] = serve(carol, "replies/1", {"type": "Collection", "first": first})
    post = await known(world, root)

    await opened(world, post)

    assert below(world, post) == [answer["id"]]
    assert now(world, post).replies_shown == 1


async def test_s16_what_an_answer_answers_is_fetched_to_the_top_and_from_there_downward(world: World, carol: Actor, dan: Actor) -> None:
    root = said(carol, "root")
    middle = said(dan, "middle", inReplyTo=root["id"])
    last = said(carol, "last", inReplyTo=middle["id"])
    beside = said(dan, "beside", inReplyTo=root["id"])
    mastodon_replies(root, carol, [], [beside["id"]])
    post = await known(world, last)

    await opened(world, post)

    assert [one.uri for one in world.db.read(thread_rows.list_ancestors, world.alice.id, post.id, 10)] == [root["id"], middle["id"]]
    assert world.find(beside["id"]) is not None


async def test_s16_a_create_brings_what_it_answers_to_the_top(world: World, carol: Actor) -> None:
    await world.befriend(world.alice, carol)
    parent = ""
    for _ in range(5):
        parent = said(carol, "above", inReplyTo=parent or None)["id"]
    last = said(carol, "here", inReplyTo=parent)

    await world.accepted(carol, carol.create(last))

    post = world.find(last["id"])
    assert post is not None and len(world.db.read(thread_rows.list_ancestors, world.alice.id, post.id, 10)) == 5


# -- when --


async def test_s16_a_thread_is_asked_for_again_only_after_a_while(world: World, carol: Actor) -> None:
    root = said(carol, "root")
    mastodon_replies(root, carol, [], [])
    post = await known(world, root)
    await opened(world, post)
    world.forget()

    await opened(world, post)
    assert fetched(world) == []

    def due(tx: Tx, minutes: int) -> bool:
        tx.now += minutes * clock.MINUTE
        return backfill.is_thread_due(tx, post)

    assert [world.db.read(due, minutes) for minutes in (0, 14, 16)] == [False, False, True]


@pytest.mark.parametrize("why", ["young", "followers", "local"])
async def test_s16_only_settled_public_threads_of_elsewhere_are_asked_for(world: World, carol: Actor, why: str) -> None:
    if why == "local":
        post = world.publish(world.alice)
    else:
        to = [carol.followers] if why == "followers" else [PUBLIC]
        post = await known(world, said(carol, "root", ago_ms=clock.MINUTE if why == "young" else clock.HOUR, to=to))
    await opened(world, post)
    assert fetched(world) == []


async def test_a_full_queue_takes_no_more_and_a_thread_under_way_is_not_queued_twice(
    world: World, carol: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await known(world, said(carol)), await known(world, said(carol))
    monkeypatch.setattr(limits, "BACKFILL_QUEUE", 1)
    assert world.db.transact(backfill.thread, one) and world.db.transact(backfill.thread, one)
    assert not world.db.transact(backfill.thread, two)
    assert world.rows()["jobs"] == 1


# -- hostile --


async def test_s16_only_public_posts_of_the_thread_come_and_no_votes(world: World, carol: Actor, dan: Actor) -> None:
    root = said(carol, "root")
    astray, elsewhere = said(dan, "astray"), said(dan, "answers another", inReplyTo=f"{dan.uri}/notes/other")
    private = said(dan, "private", inReplyTo=root["id"], to=[dan.followers])
    vote = said(dan, "", inReplyTo=root["id"], name="Yes") | {"content": None}
    dan.peer.documents[vote["id"].removeprefix(dan.peer.base)] = vote
    mastodon_replies(root, carol, [], [note["id"] for note in (astray, elsewhere, private, vote)])
    post = await known(world, root)

    await opened(world, post)

    assert below(world, post) == []
    assert [world.find(note["id"]) for note in (astray, elsewhere, private, vote)] == [None] * 4


async def test_org_08_org_09_a_copy_of_another_servers_post_is_not_believed(world: World, carol: Actor, dan: Actor) -> None:
    """Inline in a collection of peer.test, a post under third.test only says what to ask there."""
    root = said(carol, "root")
    real = said(dan, "what dan said", inReplyTo=root["id"])
    never = {**real, "id": f"{dan.uri}/notes/never", "content": "<p>never said</p>"}
    by_dan_here = {**real, "id": f"{carol.uri}/notes/999", "content": "<p>forged</p>"}
    mastodon_replies(root, carol, [{**real, "content": "<p>forged</p>"}, never, by_dan_here], [])
    post = await known(world, root)

    await opened(world, post)

    assert below(world, post) == [real["id"]]
    assert "what dan said" in world.find(real["id"]).content_html  # type: ignore[union-attr]


async def test_auz_11_nothing_of_a_blocked_server_is_asked_for(world: World, carol: Actor, dan: Actor) -> None:
    root = said(carol, "root")
    mastodon_replies(root, carol, [], [said(dan, "x", inReplyTo=root["id"])["id"]])
    post = await known(world, root)
    world.db.transact(moderation.block_domain, "third.test")

    await opened(world, post)

    assert dan.peer.seen == [] and below(world, post) == []


async def test_dos_06_pages_without_end_cost_a_bounded_number_of_requests(world: World, carol: Actor) -> None:
    numbers = itertools.count(1)

    async def endless(request: web.Request) -> web.Response:
        number = next(numbers)
        document = {"type": "CollectionPage", "id": f"{carol.peer.base}{request.path_qs}", "items": []}
        document |= {"@context": AS2, "next": f"{carol.peer.base}/endless?n={number}"}
        return web.Response(body=json.dumps(document).encode(), headers={"Content-Type": remote.AP})

    carol.peer.behave("/endless", endless)
    post = await known(world, said(carol, "root", replies=f"{carol.peer.base}/endless?n=0"))

    await opened(world, post)

    assert len(fetched(world)) <= limits.THREAD_FETCHES


@pytest.mark.parametrize("trap", ["ring", "itself", "other host", "huge", "html", "nothing"])
async def test_dos_06_a_bad_collection_costs_two_requests_at_most(world: World, carol: Actor, dan: Actor, trap: str) -> None:
    root = said(carol, "root")
    uri = f"{carol.uri}/replies/1"
    root["replies"] = uri
    if trap == "ring":
        page(carol, "replies/1", [], next_uri=page(carol, "replies/2", [], next_uri=uri))
    elif trap == "itself":
        page(carol, "replies/1", [uri, root["id"]], next_uri=uri)
    elif trap == "other host":
        page(carol, "replies/1", [], next_uri=page(dan, "replies/2", [said(dan, "x", inReplyTo=root["id"])["id"]]))
    elif trap == "huge":
        carol.peer.behave("/users/carol/replies/1", remote.huge())
    elif trap == "html":
        carol.peer.behave("/users/carol/replies/1", remote.answers(b"<p>hello</p>", content_type="text/html"))
    post = await known(world, root)

    await opened(world, post)

    assert len([line for line in fetched(world) if "/replies/" in line]) <= 2 and dan.peer.seen == []
    assert below(world, post) == []


async def test_dos_06_a_host_that_keeps_failing_is_left_alone(world: World, carol: Actor, dan: Actor) -> None:
    root = said(carol, "root")
    mastodon_replies(root, carol, [], [f"{dan.uri}/notes/{number}" for number in range(50)])
    dan.peer.behave("*", remote.answers(status=503))
    post = await known(world, root)

    await opened(world, post)

    assert len(dan.peer.seen) <= 2


async def test_dos_07_a_thread_of_any_depth_and_width_costs_a_hundred_requests(world: World, carol: Actor) -> None:
    """Given a chain of 1,000 answers, each of which lists 1,000 more, in a ring."""
    base = f"{carol.uri}/notes/n"

    async def anything(request: web.Request) -> web.Response:
        number = int(request.path.rpartition("n")[2])
        listed = [f"{base}{(number * 31 + step) % 10_000}" for step in range(1, 1001)]
        document = {
            "@context": AS2, "id": f"{base}{number}", "type": "Note", "attributedTo": carol.uri, "content": "x", "to": [PUBLIC],
            "published": "2026-11-01T00:00:00Z", "inReplyTo": f"{base}{(number + 1) % 10_000}",
            "replies": {"type": "Collection", "items": listed},
        }  # fmt: skip
        return web.Response(body=json.dumps(document).encode(), headers={"Content-Type": remote.AP})

    for number in range(10_000):
        carol.peer.behave(f"/users/carol/notes/n{number}", anything)
    post = await world.remote.post(f"{base}0")
    world.forget()

    await opened(world, post)

    asked = [line for line in fetched(world) if "/notes/n" in line]
    assert limits.THREAD_HOPS < len(asked) <= limits.THREAD_FETCHES


async def test_dos_07_a_ring_of_answers_is_climbed_once(world: World, carol: Actor) -> None:
    one, two = said(carol, "one"), said(carol, "two")
    one["inReplyTo"], two["inReplyTo"] = two["id"], one["id"]
    post = await known(world, one)
    await opened(world, post)
    assert world.find(two["id"]) is not None and len(fetched(world)) < 10


async def test_dos_07_one_collection_and_one_thread_bring_so_many_posts(
    world: World, carol: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "THREAD_ITEMS_PER_POST", 5)
    monkeypatch.setattr(limits, "THREAD_ITEMS", 8)
    root = said(carol, "root")
    answers = [said(carol, f"{number}", inReplyTo=root["id"]) for number in range(10)]
    for answer in answers:
        mastodon_replies(answer, carol, [said(carol, "deeper", inReplyTo=answer["id"])], [])
    mastodon_replies(root, carol, answers, [])
    post = await known(world, root)

    await opened(world, post)

    assert len(below(world, post)) == 8
    assert now(world, post).replies_count == 5


async def test_a_budget_ends_by_number_by_time_and_by_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = crawl.Budget(2, 60)
    budget.spend("https://a.test/1")
    budget.failed("https://b.test/1")
    assert budget.has("https://b.test/")
    budget.failed("https://b.test/2")
    assert not budget.has("https://b.test/") and budget.has("https://a.test/") and not budget.has("no address")
    budget.spend("https://a.test/2")
    assert not budget.has("https://a.test/")
    assert not crawl.Budget(9, 0).has("https://a.test/")


# -- profiles --


async def test_a_profile_is_filled_with_what_was_said_and_boosted_before(world: World, carol: Actor, dan: Actor) -> None:
    notes = [said(carol, f"number {number}", ago_ms=number * clock.DAY) for number in range(1, 4)]
    of_dan = said(dan, "boost me")
    unlisted, private = said(carol, "unlisted", to=[carol.followers], cc=[PUBLIC]), said(carol, "private", to=[carol.followers])
    outbox(carol, [*(create(note) for note in (*notes, unlisted, private)), announce(carol, of_dan["id"])], total=321)
    serve(carol, "followers", {"type": "OrderedCollection", "totalItems": 1234})
    serve(carol, "following", {"type": "OrderedCollection", "totalItems": 56})
    serve(carol, "featured", {"type": "OrderedCollection", "orderedItems": [notes[2], of_dan]})
    carol.document["featuredTags"] = f"{carol.uri}/tags"
    serve(carol, "tags", {"type": "Collection", "items": [{"type": "Hashtag", "name": "#Sailing", "href": f"{carol.uri}/tagged/sailing"}]})

    await looked_at(world, carol)

    for note in (*notes, unlisted):
        post = world.find(note["id"])
        assert post is not None and clock.rfc3339(post.published_at)[:16] == note["published"][:16]
    assert world.find(private["id"]) is None
    account = world.account(carol)
    assert account is not None
    assert (account.followers_shown, account.following_shown, account.posts_shown, account.posts_count) == (1234, 56, 321, 5)
    boosted = world.find(of_dan["id"])
    assert boosted is not None and world.db.read(post_rows.find_boost, account.id, boosted.id) is not None
    pinned = world.find(notes[2]["id"])
    assert pinned is not None and world.db.read(interaction_rows.count_pins, account.id) == 1
    sql = "SELECT t.name FROM featured_tags f JOIN tags t ON t.id = f.tag_id WHERE f.account_id = ?"
    assert [row[0] for row in world.db.read(lambda tx: tx.query(sql, (account.id,)))] == ["sailing"]
    assert (world.told(world.alice), world.home(world.alice)) == ([], [])
    assert len([line for line in fetched(world) if "/notes/" in line]) == 1, "what stood inline on carol's own server was believed"


async def test_a_new_follow_brings_earlier_posts_home_and_an_old_one_does_not(world: World, carol: Actor) -> None:
    old, new = world.alice, world.bob
    await world.befriend(old, carol)
    world.db.transact(lambda tx: tx.execute("UPDATE follows SET created_at = 0"))
    world.db.transact(lambda tx: tx.execute("UPDATE accounts SET filled_at = 0"))
    note = said(carol, "earlier")
    outbox(carol, [create(note)])

    await world.befriend(new, carol)

    assert world.home(new) == [note["id"]] and world.home(old) == []


async def test_who_is_followed_is_read_again_every_week_with_what_stands_on_top(world: World, carol: Actor, dan: Actor) -> None:
    """Dan only follows somebody here: of him the document is enough."""
    await world.befriend(world.alice, carol)
    await world.befriend(dan, world.alice)
    note = said(carol, "on top")
    serve(carol, "featured", {"type": "OrderedCollection", "orderedItems": [note["id"]]})
    world.db.transact(lambda tx: tx.execute("UPDATE accounts SET fetched_at = 0, filled_at = 0 WHERE host <> ''"))

    await world.instance.jobs.run_chore("refresh-accounts")
    await world.settle()

    account = world.account(carol)
    assert account is not None and world.db.read(interaction_rows.count_pins, account.id) == 1
    assert "GET third.test /users/dan" in fetched(world) and not [line for line in fetched(world) if "/users/dan/" in line]


async def test_a_profile_is_asked_for_once_a_day(world: World, carol: Actor) -> None:
    outbox(carol, [])
    await looked_at(world, carol)
    assert "GET peer.test /users/carol/outbox" in fetched(world)
    await looked_at(world, carol)
    assert fetched(world) == []

    account = world.account(carol)
    assert account is not None
    day = account.filled_at + clock.DAY
    assert [backfill.is_profile_due(account, at) for at in (day - 1, day)] == [False, True]


async def test_bare_ids_of_an_outbox_are_fetched_and_what_is_not_the_accounts_is_left(world: World, carol: Actor, dan: Actor) -> None:
    """GoToSocial lists Creates with the post's id, snac whole ones; a hostile one lists posts and acts of others."""
    bare, named = said(carol, "bare"), said(carol, "named")
    erin = carol.peer.actor("erin")
    of_erin, of_dan = said(erin, "of erin"), said(dan, "of dan")
    forged = {**create(of_dan), "id": f"{carol.uri}/activities/1"}
    boost = announce(erin, bare["id"])
    outbox(carol, [bare["id"], create(named) | {"object": named["id"]}, create(of_erin), forged, of_dan["id"], boost, 7, {"type": "Note"}])

    await looked_at(world, carol)

    assert world.find(bare["id"]) and world.find(named["id"])
    assert [world.find(uri) for uri in (of_erin["id"], of_dan["id"], boost["id"])] == [None] * 3
    assert dan.peer.seen == []


async def test_auz_22_a_thousand_boosts_in_an_outbox_fetch_ten_posts(world: World, carol: Actor, dan: Actor) -> None:
    outbox(carol, [announce(carol, said(dan, f"{number}")["id"]) for number in range(100)])
    await looked_at(world, carol)
    assert len([line for line in fetched(world) if "/notes/" in line]) == limits.FILL_BOOSTS


async def test_the_outbox_of_a_lemmy_group_fills_it_and_its_votes_are_no_boosts(world: World, carol: Actor) -> None:
    """It announces whole activities: a Create has the post inside, of its own server; a Like is not a boost of what is liked."""
    group = carol.peer.actor("cats", type="Group")
    begins = said(carol, "begins", audience=group.uri, cc=[group.uri])
    answers = said(carol, "answers", inReplyTo=begins["id"], audience=group.uri, cc=[group.uri])
    astray = said(carol, "not for the group")
    like = {"id": f"{carol.uri}/likes/1", "type": "Like", "actor": carol.uri, "object": astray["id"]}
    inner = [create(begins), create(answers), like, create(astray)]
    outbox(group, [announce(group, "") | {"object": activity} for activity in inner])
    world.forget()

    await looked_at(world, group)

    account, first = world.account(group), world.find(begins["id"])
    assert account is not None and first is not None and first.group_id == account.id
    assert world.db.read(post_rows.find_boost, account.id, first.id) is not None
    for note in (answers, astray):
        post = world.find(note["id"])
        assert post is not None and world.db.read(post_rows.find_boost, account.id, post.id) is None
    assert not [line for line in fetched(world) if "/notes/" in line]


async def test_dos_06_an_outbox_without_end_brings_forty_posts(world: World, carol: Actor) -> None:
    numbers = itertools.count(1)

    async def endless(request: web.Request) -> web.Response:
        uri = f"{carol.peer.base}{request.path_qs}"
        notes = [{**said(carol, "x", serve=False), "id": f"{carol.uri}/n/{next(numbers)}"} for _ in range(15)]
        document = {"@context": AS2, "id": uri, "type": "OrderedCollectionPage", "orderedItems": [create(note) for note in notes]}
        document["next"] = f"{carol.uri}/outbox?page={next(numbers)}"
        return web.Response(body=json.dumps(document).encode(), headers={"Content-Type": remote.AP})

    carol.peer.behave("/users/carol/outbox", endless)
    await looked_at(world, carol)

    account = world.account(carol)
    assert account is not None and account.posts_count == limits.FILL_POSTS
    assert len([line for line in fetched(world) if "outbox" in line]) <= limits.FILL_PAGES


@pytest.fixture
async def patient(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    """A world that waits for a peer for a long time."""
    async with remote.world(tmp_path, working=False, federation={"timeout_s": 60}) as made:
        yield made


async def test_a_server_that_never_answers_keeps_nobody_from_its_profiles(patient: World) -> None:
    """Forty posts with pictures are here; the profile is due to be read again, and the peer hangs."""
    world, carol = patient, patient.peer().actor("carol")
    account = await world.know(carol)
    for number in range(40):
        picture = {"type": "Image", "mediaType": "image/png", "url": f"{carol.peer.base}/{number}.png", "name": "a picture"}
        await known(world, said(carol, f"number {number}", attachment=[picture]))
    carol.peer.behave("*", remote.slow(60))
    world.db.transact(lambda tx: tx.execute("UPDATE accounts SET fetched_at = 0, filled_at = 0 WHERE id = ?", (account.id,)))
    token = world.db.transact(logins.start_session, world.alice.id, "test")
    world.instance.jobs.start()

    async with asyncio.timeout(25):
        answer = await world.client.get("/@carol@peer.test", headers={"Host": world.instance.uris.host, "Cookie": f"__Host-fedi={token}"})
        text = await answer.text()

    assert answer.status == 200 and text.count("number ") >= 20
    assert "Fetching more" in text and 'http-equiv="refresh"' in text
    assert world.db.read(account_rows.get, account.id).filled_at > 0
    await world.instance.jobs.stop()


# -- between two of us --


def aged(tx: Tx, post: Post) -> None:
    tx.execute("UPDATE posts SET published_at = published_at - ? WHERE id = ?", (clock.HOUR, post.id))


async def test_s16_between_two_instances_a_thread_is_completed_both_ways(pair: Pair) -> None:  # noqa: F811
    """Bob has talked with himself before alice's server knew of it; she finds an answer, and opens it."""
    root = await pair.b.say("root")
    middle = await pair.b.say("middle", in_reply_to_id=root.id)
    beside = [await pair.b.say(f"beside {number}", in_reply_to_id=root.id) for number in range(7)]
    last = await pair.b.say("last", in_reply_to_id=middle.id)
    hidden = await pair.b.say("hidden", in_reply_to_id=root.id, visibility="followers")
    found = await pair.a.instance.remote.post(middle.uri)
    pair.a.db.transact(aged, found)

    pair.a.db.transact(backfill.thread, pair.a.get(middle.uri))
    await pair.settle()

    top = pair.a.get(root.uri)
    there = [post.uri for post in pair.a.db.read(thread_rows.list_descendants, pair.a.person.id, top.id, 100)]
    assert set(there) == {post.uri for post in (middle, last, *beside)}
    assert pair.a.find(hidden.uri) is None and top.replies_shown == 8
    answer = await pair.a.say("hello", in_reply_to_id=pair.a.get(last.uri).id)
    assert answer.context_uri == root.context_uri, "the thread goes on under its first post's name"
    assert pair.a.home() == [answer.uri] and pair.a.told() == []


async def test_s16_between_two_instances_a_profile_is_filled(pair: Pair) -> None:  # noqa: F811
    said_before = [await pair.b.say(f"number {number} #topic") for number in range(25)]
    boosted = await pair.a.say("boost me")
    await pair.settle()
    other = await pair.b.instance.remote.post(boosted.uri)
    pair.b.do(interactions.boost, other.id)
    pair.b.do(interactions.pin, said_before[0].id)
    account = await pair.a.meet()

    pair.a.db.transact(backfill.profile, account)
    await pair.settle()

    account = pair.a.db.read(account_rows.get, account.id)
    assert all(pair.a.find(post.uri) for post in said_before)
    assert (account.posts_shown, account.posts_count) == (26, 26)
    assert pair.a.db.read(interaction_rows.list_pins, account.id) == [pair.a.get(said_before[0].uri).id]
    assert pair.a.get(boosted.uri).boosts_count == 1 and pair.a.told() in ([], ["boost"])
