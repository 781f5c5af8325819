"""Who may answer, like and boost: with GoToSocial as it speaks now and as it spoke, both ways, and between two of ours."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import decisions, interactions, posts
from fedi.errors import Forbidden
from fedi.storage import approvals as approval_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from tests import remote
from tests.federation.test_two_instances import Pair, side
from tests.remote import PUBLIC, Actor, World

GTS = ["https://www.w3.org/ns/activitystreams", "https://gotosocial.org/ns"]


@pytest.fixture
async def w(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as there:
        yield there


@pytest.fixture
async def pair(tmp_path: Path, quick_keys: None) -> AsyncIterator[Pair]:
    async with side(tmp_path, "alice") as a, side(tmp_path, "bob") as b:
        yield Pair(a, b)


def rule(*, automatic: list[str], manual: list[str] = [], old: bool = False) -> dict[str, Any]:  # noqa: B006
    return {"always": automatic, "approvalRequired": manual} if old else {"automaticApproval": automatic, "manualApproval": manual}


def asking(who: Actor, *kinds: str, old: bool = False) -> dict[str, Any]:
    """Everybody has to ask, as GoToSocial writes it."""
    return {"interactionPolicy": {f"can{kind}": rule(automatic=[who.uri], manual=[PUBLIC], old=old) for kind in kinds}}


async def known(w: World, who: Actor, **more: Any) -> Post:
    return await w.remote.post(who.note("mine", **more)["id"])


def is_seen(w: World, post: Post, by: Account | None = None) -> bool:
    return w.db.read(post_rows.find_visible, by.id if by else 0, post.id) is not None


def answer(w: World, to: Post, by: Account | None = None, text: str = "an answer") -> Post:
    return w.publish(by or w.alice, text, in_reply_to_id=to.id)


async def document(w: World, uri: str) -> tuple[int, dict[str, Any]]:
    got = await w.client.get(uri.removeprefix(w.base), headers={"Accept": remote.AP, "Host": w.instance.uris.host})
    return got.status, await got.json(content_type=None) if got.status == 200 else {}


def waiting(w: World, post: Post, uri: str, kind: str = "reply") -> approval_rows.Request:
    found = w.db.read(approval_rows.find_about, post.id, uri, kind)
    assert found is not None
    return found


# -- we ask others --


@pytest.mark.parametrize("old", [False, True])
async def test_an_answer_goes_to_its_author_alone_and_after_their_yes_to_everybody(w: World, old: bool) -> None:
    carol, dan = w.peer().actor("carol"), w.peer("third.test").actor("dan")
    await w.befriend(dan, w.alice)
    post = answer(w, await known(w, carol, **asking(carol, "Reply", old=old)))
    await w.settle()
    assert [found["object"]["id"] for found in w.peer().received("Create")] == [post.uri]
    assert w.peer("third.test").received() == [] and not is_seen(w, post) and is_seen(w, post, w.alice)

    stamp = f"{carol.uri}/reply_approvals/1"
    await w.accepted(carol, carol.activity("Accept", post.uri, result=stamp, target=post.in_reply_to_uri, to=w.alice.uri))
    sent = w.peer("third.test").received("Create")[0]["object"]
    assert sent["approvedBy"] == sent["replyAuthorization"] == stamp and is_seen(w, post)
    assert (await document(w, post.uri))[1]["approvedBy"] == stamp
    await w.accepted(carol, carol.activity("Accept", post.uri, result=stamp))
    assert len(w.peer("third.test").received("Create")) == 1


async def test_a_no_hides_an_answer_and_its_author_hears_of_it(w: World) -> None:
    carol = w.peer().actor("carol")
    held = answer(w, await known(w, carol, **asking(carol, "Reply")))
    open_ = answer(w, await known(w, carol))
    for post in (held, open_):
        await w.accepted(carol, carol.activity("Reject", post.uri, to=w.alice.uri))
        assert not is_seen(w, post) and is_seen(w, post, w.alice)
    assert w.told(w.alice) == ["approval", "approval"]


async def test_nobody_else_says_yes_or_no_and_no_stamp_of_another_server_counts(w: World) -> None:
    carol, mallory = w.peer().actor("carol"), w.peer("evil.test").actor("mallory")
    held = answer(w, await known(w, carol, **asking(carol, "Reply")))
    open_ = answer(w, await known(w, carol))
    await w.settle()
    await w.accepted(mallory, mallory.activity("Accept", held.uri, result=f"{mallory.uri}/1"))
    await w.accepted(mallory, mallory.activity("Accept", held.uri, result=f"{carol.uri}/1"))
    await w.accepted(mallory, mallory.activity("Reject", open_.uri))
    await w.accepted(carol, carol.activity("Accept", held.uri, result=f"{mallory.uri}/1"))
    assert not is_seen(w, held) and is_seen(w, open_)


async def test_an_accept_without_a_result_is_itself_the_stamp_as_GoToSocial_0_17_had_it(w: World) -> None:
    carol = w.peer().actor("carol")
    post = answer(w, await known(w, carol, **asking(carol, "Reply", old=True)))
    await w.settle()
    yes = carol.activity("Accept", post.uri)
    await w.accepted(carol, yes)
    assert is_seen(w, post) and (await document(w, post.uri))[1]["approvedBy"] == yes["id"]


async def test_what_only_followers_may_do_waits_for_a_word_though_we_follow(w: World) -> None:
    carol = w.peer().actor("carol")
    limited = {"interactionPolicy": {"canReply": rule(automatic=[carol.uri, carol.followers])}}
    with pytest.raises(Forbidden):
        answer(w, await known(w, carol, **limited))
    await w.befriend(w.alice, carol)
    assert answer(w, await known(w, carol, **limited)).held
    named = {"interactionPolicy": {"canReply": rule(automatic=[carol.uri, w.alice.uri])}}
    assert not answer(w, await known(w, carol, **named)).held
    with pytest.raises(Forbidden):
        answer(w, await known(w, carol, **limited), w.bob)
    mention = {"tag": [{"type": "Mention", "href": w.bob.uri, "name": "@bob"}]}
    assert not answer(w, await known(w, carol, **limited, **mention), w.bob).held


async def test_likes_and_boosts_wait_as_well(w: World) -> None:
    carol, dan = w.peer().actor("carol"), w.peer("third.test").actor("dan")
    await w.befriend(dan, w.alice)
    post = await known(w, carol, **asking(carol, "Like", "Announce"))
    w.db.transact(interactions.favourite, w.alice, post.id)
    boost = w.db.transact(interactions.boost, w.alice, post.id)
    await w.settle()
    like = w.peer().received("Like")[0]["id"]
    now = w.db.read(post_rows.get, post.id)
    assert (now.favourites_count, now.boosts_count) == (0, 0) and w.peer("third.test").received() == []

    await w.accepted(carol, carol.activity("Accept", like, result=f"{carol.uri}/likes/1"))
    await w.accepted(carol, carol.activity("Accept", boost.uri, result=f"{carol.uri}/boosts/1"))
    now = w.db.read(post_rows.get, post.id)
    assert (now.favourites_count, now.boosts_count) == (1, 1)
    announce = w.peer("third.test").received("Announce")[0]
    assert (announce["id"], announce["approvedBy"]) == (boost.uri, f"{carol.uri}/boosts/1")
    w.db.transact(interactions.unfavourite, w.alice, post.id)
    assert w.db.read(post_rows.get, post.id).favourites_count == 0


async def test_a_refused_like_and_boost_are_no_more(w: World) -> None:
    carol = w.peer().actor("carol")
    post = await known(w, carol, **asking(carol, "Like", "Announce"))
    w.db.transact(interactions.favourite, w.alice, post.id)
    boost = w.db.transact(interactions.boost, w.alice, post.id)
    await w.settle()
    for uri in (w.peer().received("Like")[0]["id"], boost.uri):
        await w.accepted(carol, carol.activity("Reject", uri))
    now = w.db.read(post_rows.get, post.id)
    assert (now.favourites_count, now.boosts_count) == (0, 0) and w.find(boost.uri) is None
    w.db.transact(interactions.favourite, w.alice, post.id)
    w.db.transact(interactions.unfavourite, w.alice, post.id)
    assert w.db.read(post_rows.get, post.id).favourites_count == 0


# -- others ask us --


async def test_an_answer_is_held_until_the_author_agrees(w: World) -> None:
    carol = w.peer().actor("carol")
    post = w.publish(w.alice, "ask me", policy=(("reply", "ask"),))
    note = carol.note("an answer", inReplyTo=post.uri, cc=[w.alice.uri])
    await w.accepted(carol, carol.create(note))
    held = w.find(note["id"])
    assert held is not None and not is_seen(w, held) and not is_seen(w, held, w.bob) and is_seen(w, held, w.alice)
    assert w.told(w.alice) == ["approval"] and w.db.read(post_rows.get, post.id).replies_count == 0
    assert note["id"] not in str((await document(w, f"{post.uri}/replies"))[1])

    w.db.transact(decisions.authorize, w.alice, waiting(w, post, note["id"]).id)
    await w.settle()
    yes = w.peer().received("Accept")[0]
    status, found = await document(w, yes["result"])
    assert status == 200 and yes["object"] == note["id"] and yes["target"] == post.uri
    assert (found["type"], found["attributedTo"]) == ("ReplyApproval", w.alice.uri)
    assert (found["object"], found["target"]) == (note["id"], post.uri)
    assert is_seen(w, held) and w.db.read(post_rows.get, post.id).replies_count == 1


async def test_an_answer_that_is_refused_goes_and_does_not_come_again(w: World) -> None:
    carol = w.peer().actor("carol")
    post = w.publish(w.alice, "ask me", policy=(("reply", "ask"),))
    note = carol.note("an answer", inReplyTo=post.uri, cc=[w.alice.uri])
    await w.accepted(carol, carol.create(note))
    w.db.transact(decisions.reject, w.alice, waiting(w, post, note["id"]).id)
    await w.settle()
    assert [found["object"] for found in w.peer().received("Reject")] == [note["id"]] and w.find(note["id"]) is None
    await w.accepted(carol, carol.create(note))
    assert w.find(note["id"]) is None


async def test_who_may_not_is_told_so_and_followers_get_their_stamp(w: World) -> None:
    carol, dan = w.peer().actor("carol"), w.peer("third.test").actor("dan")
    await w.befriend(dan, w.alice)
    post = w.publish(w.alice, "followers", policy=(("reply", "followers"), ("like", "followers"), ("announce", "followers")))
    await w.settle()
    policy = w.peer("third.test").received("Create")[0]["object"]["interactionPolicy"]
    assert policy["canReply"]["automaticApproval"] == [w.alice.followers_uri] and {"canLike", "canAnnounce", "canQuote"} < policy.keys()
    for who, kind in ((carol, "Reject"), (dan, "Accept")):
        w.forget()
        note = who.note("an answer", inReplyTo=post.uri, cc=[w.alice.uri])
        acts = [who.create(note), who.activity("Like", post.uri), who.activity("Announce", post.uri, to=[PUBLIC])]
        for act in acts:
            await w.accepted(who, act)
        assert [found["type"] for found in who.peer.received()] == [kind] * 3
        assert [found["object"] for found in who.peer.received()] == [note["id"], acts[1]["id"], acts[2]["id"]]
    now = w.db.read(post_rows.get, post.id)
    assert (now.replies_count, now.favourites_count, now.boosts_count) == (1, 1, 1)


async def test_a_like_and_a_boost_that_wait_can_be_taken_back(w: World) -> None:
    carol = w.peer().actor("carol")
    post = w.publish(w.alice, "ask me", policy=(("like", "ask"), ("announce", "ask")))
    acts = [carol.activity("Like", post.uri), carol.activity("Announce", post.uri, to=[PUBLIC])]
    for act in acts:
        await w.accepted(carol, act)
    assert w.db.read(approval_rows.count_pending, w.alice.id) == 2
    for act in acts:
        await w.accepted(carol, carol.activity("Undo", act))
    now = w.db.read(post_rows.get, post.id)
    assert w.db.read(approval_rows.count_pending, w.alice.id) == 0 and (now.favourites_count, now.boosts_count) == (0, 0)


async def test_a_like_and_a_boost_count_once_the_author_agrees(w: World) -> None:
    carol = w.peer().actor("carol")
    post = w.publish(w.alice, "ask me", policy=(("like", "ask"), ("announce", "ask")))
    for act in (carol.activity("Like", post.uri), carol.activity("Announce", post.uri, to=[PUBLIC])):
        await w.accepted(carol, act)
        before = w.db.read(post_rows.get, post.id)
        w.db.transact(decisions.authorize, w.alice, waiting(w, post, act["id"], act["type"].lower()).id)
        await w.settle()
        await w.accepted(carol, act | {"id": act["id"]})
        now = w.db.read(post_rows.get, post.id)
        assert now.favourites_count + now.boosts_count == before.favourites_count + before.boosts_count + 1
    kinds = [(await document(w, found["result"]))[1]["type"] for found in w.peer().received("Accept")]
    assert kinds == ["LikeApproval", "AnnounceApproval"]


async def test_who_asks_politely_is_answered_before_they_act(w: World) -> None:
    carol = w.peer().actor("carol")
    post = w.publish(w.alice, "ask me", policy=(("reply", "ask"), ("like", "nobody")))
    note = carol.note("an answer", inReplyTo=post.uri, cc=[w.alice.uri])
    await w.accepted(carol, carol.activity("ReplyRequest", post.uri, instrument=note, to=[w.alice.uri]))
    assert w.find(note["id"]) is None and w.told(w.alice) == ["approval"]
    w.db.transact(decisions.authorize, w.alice, waiting(w, post, note["id"]).id)
    await w.settle()
    yes = w.peer().received("Accept")[0]
    found = (await document(w, yes["result"]))[1]
    assert (yes["object"]["type"], found["type"]) == ("ReplyRequest", "ReplyAuthorization")
    assert (found["interactingObject"], found["interactionTarget"]) == (note["id"], post.uri)
    await w.accepted(carol, carol.create(note | {"replyAuthorization": yes["result"]}))
    made = w.find(note["id"])
    assert made is not None and is_seen(w, made)

    await w.accepted(carol, carol.activity("LikeRequest", post.uri, instrument=f"{carol.uri}/likes/1"))
    assert w.peer().received()[-1]["type"] == "Reject"


async def test_somebody_is_put_into_no_collection_of_others(w: World) -> None:
    carol = w.peer().actor("carol")
    await w.accepted(carol, carol.activity("FeatureRequest", w.alice.uri, instrument=f"{carol.uri}/packs/1"))
    assert [found["type"] for found in w.peer().received()] == ["Reject"]


async def test_more_requests_than_somebody_can_look_at_are_refused(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedi.limits.REQUESTS_PENDING", 2)
    carol = w.peer().actor("carol")
    post = w.publish(w.alice, "ask me", policy=(("reply", "ask"),))
    for _ in range(4):
        await w.accepted(carol, carol.create(carol.note("an answer", inReplyTo=post.uri, cc=[w.alice.uri])))
    assert w.db.read(approval_rows.count_pending, w.alice.id) == 2 and len(w.peer().received("Reject")) == 2


# -- between others --


async def test_answers_between_others_are_seen_only_with_the_approval_they_need(w: World) -> None:
    carol, dan = w.peer().actor("carol"), w.peer("third.test").actor("dan")
    await w.befriend(w.alice, dan)
    await w.befriend(w.alice, carol)
    parent = carol.note("mine", **asking(carol, "Reply"))
    await w.accepted(carol, carol.create(parent))

    def made(stamp: str, **more: Any) -> dict[str, Any]:
        note = dan.note("an answer", inReplyTo=parent["id"], approvedBy=stamp or None)
        found: dict[str, Any] = {"@context": GTS, "id": stamp, "type": "ReplyApproval", "attributedTo": carol.uri}
        found |= {"object": note["id"], "target": parent["id"]}
        if stamp:
            w.peers[stamp.split("/")[2]].documents["/" + stamp.split("/", 3)[3]] = found | more
        return note

    good, bare = made(f"{carol.uri}/approvals/1"), made("")
    forged = made(f"{dan.uri}/approvals/2")
    other = made(f"{carol.uri}/approvals/3", target=f"{carol.uri}/notes/other")
    for note in (good, bare, forged, other):
        await w.accepted(dan, dan.create(note))
    seen = {note["id"] for note in (good, bare, forged, other) if (post := w.find(note["id"])) is not None and is_seen(w, post)}
    assert seen == {good["id"]} and w.home(w.alice) == [parent["id"], good["id"]]


# -- between two of ours --


async def test_two_of_ours_ask_and_agree(pair: Pair) -> None:
    await pair.befriend(pair.a)
    target = pair.b.do(posts.publish, posts.Draft("ask me", policy=(("reply", "ask"), ("announce", "ask"), ("like", "ask"))), {})
    await pair.settle()
    copy = pair.a.get(target.uri)
    made = pair.a.do(posts.publish, posts.Draft("an answer", in_reply_to_id=copy.id), {})
    pair.a.do(interactions.favourite, copy.id)
    pair.a.do(interactions.boost, copy.id)
    await pair.settle()
    there = pair.b.get(made.uri)
    assert made.held and there.held and pair.b.get(target.uri).favourites_count == 0 and "approval" in pair.b.told()

    rows = pair.b.db.read(lambda tx: [row[0] for row in tx.query("SELECT id FROM interaction_requests WHERE state = 'pending'")])
    assert len(rows) == 3
    for request_id in rows:
        pair.b.do(decisions.authorize, request_id)
    await pair.settle()
    for one in (pair.a, pair.b):
        now = one.get(target.uri)
        assert (now.replies_count, now.favourites_count, now.boosts_count) == (1, 1, 1) and not one.get(made.uri).held


async def test_two_of_ours_ask_and_refuse(pair: Pair) -> None:
    await pair.befriend(pair.a)
    target = pair.b.do(posts.publish, posts.Draft("ask me", policy=(("reply", "ask"),)), {})
    await pair.settle()
    made = pair.a.do(posts.publish, posts.Draft("an answer", in_reply_to_id=pair.a.get(target.uri).id), {})
    await pair.settle()
    asked = pair.b.db.read(approval_rows.find_about, target.id, made.uri, "reply")
    assert asked is not None
    pair.b.do(decisions.reject, asked.id)
    await pair.settle()
    assert pair.b.find(made.uri) is None and pair.a.get(made.uri).held == 1 and pair.a.told() == ["approval"]
