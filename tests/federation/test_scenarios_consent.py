"""A yes that comes late, and one that is taken back: answers, likes and boosts, ours and those of others, and between others."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import decisions, follows, interactions, revocations
from fedi.errors import NotFound
from fedi.storage import post_arrivals as arrival_rows
from fedi.storage import posts as post_rows
from fedi.storage.posts import Post
from tests import remote
from tests.federation.test_scenarios_approvals import answer, asking, document, is_seen, known, waiting
from tests.federation.test_scenarios_hosting import Club
from tests.remote import PUBLIC, Actor, Json, World


@pytest.fixture
async def w(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as there:
        yield there


def stamped(by: Actor, note: Json, **more: Any) -> str:
    """A stamp of GoToSocial for an answer, served."""
    uri = f"{by.uri}/approvals/{note['id'].rpartition('/')[2]}"
    said = {"@context": note["@context"], "id": uri, "type": "ReplyApproval", "attributedTo": by.uri}
    by.peer.documents[uri.removeprefix(by.peer.base)] = said | {"object": note["id"], "target": note["inReplyTo"]} | more
    return uri


def counted(w: World, uri: str) -> int:
    post = w.find(uri)
    assert post is not None
    return w.db.read(post_rows.get, post.id).replies_count


class Late:
    """dan answers carol, whose post is not known when the answers come."""

    def __init__(self, w: World, *kinds: str) -> None:
        self.w = w
        self.carol, self.dan = w.peer().actor("carol"), w.peer("third.test").actor("dan")
        self.parent = self.carol.note("mine", serve=False, **asking(self.carol, *kinds))

    async def answers(self, **more: Any) -> Json:
        note = self.dan.note("an answer", inReplyTo=self.parent["id"], **more)
        await self.w.accepted(self.dan, self.dan.create(note))
        found = self.w.find(note["id"])
        assert found is not None and is_seen(self.w, found)
        return note

    async def parent_comes(self) -> None:
        await self.w.accepted(self.carol, self.carol.create(self.parent))

    def seen(self, note: Json) -> bool:
        found = self.w.find(note["id"])
        return found is not None and is_seen(self.w, found)

    def posts_of_dan(self) -> int:
        found = self.w.account(self.dan)
        return found.posts_count if found is not None else -1


@pytest.fixture
async def late(w: World) -> Late:
    made = Late(w, "Reply")
    await w.befriend(w.alice, made.carol)
    await w.befriend(w.alice, made.dan)
    return made


# -- before what it answers --


async def test_an_answer_that_came_before_its_restrictive_parent_is_held_when_that_comes(w: World, late: Late) -> None:
    note = await late.answers()
    assert late.posts_of_dan() == 1
    await late.parent_comes()
    assert not late.seen(note) and counted(w, late.parent["id"]) == 0 and late.posts_of_dan() == 0


async def test_an_answer_that_came_first_stays_when_its_stamp_is_good_and_not_when_it_is_forged(w: World, late: Late) -> None:
    good, forged, foreign = (
        late.dan.note("an answer", inReplyTo=late.parent["id"], serve=False),
        late.dan.note("an answer", inReplyTo=late.parent["id"], serve=False),
        late.dan.note("an answer", inReplyTo=late.parent["id"], serve=False),
    )
    for note, uri in (
        (good, stamped(late.carol, good)),
        (forged, stamped(late.carol, forged, object=f"{late.dan.uri}/notes/other")),
        (foreign, stamped(late.dan, foreign, attributedTo=late.dan.uri)),
    ):
        await w.accepted(late.dan, late.dan.create(note | {"approvedBy": uri}))
        assert late.seen(note)
    await late.parent_comes()
    assert [late.seen(note) for note in (good, forged, foreign)] == [True, False, False]
    assert counted(w, late.parent["id"]) == 1 and late.posts_of_dan() == 1 and good["id"] in w.home(w.alice)


async def test_an_answer_that_came_first_stays_where_its_parent_lets_everybody_answer(w: World, late: Late) -> None:
    note = await late.answers()
    late.parent["interactionPolicy"] = {"canReply": {"automaticApproval": [PUBLIC]}}
    await late.parent_comes()
    assert late.seen(note) and counted(w, late.parent["id"]) == 1


async def test_the_author_and_who_is_named_answer_whenever_they_like(w: World, late: Late) -> None:
    late.parent["tag"] = [{"type": "Mention", "href": late.dan.uri, "name": "@dan"}]
    note = await late.answers()
    own = late.carol.note("more", inReplyTo=late.parent["id"])
    await w.accepted(late.carol, late.carol.create(own))
    await late.parent_comes()
    assert late.seen(note) and late.seen(own) and counted(w, late.parent["id"]) == 2


async def test_more_early_answers_than_are_looked_at_are_held(w: World, late: Late, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedi.limits.ORPHANS_JUDGED", 1)
    late.parent["tag"] = [{"type": "Mention", "href": late.dan.uri, "name": "@dan"}]
    notes = [await late.answers() for _ in range(3)]
    await late.parent_comes()
    assert [late.seen(note) for note in notes] == [True, False, False] and counted(w, late.parent["id"]) == 1


@pytest.mark.parametrize("kind", ["Create", "Update"])
async def test_a_held_answer_that_comes_again_with_its_stamp_is_seen_and_counts_once(w: World, late: Late, kind: str) -> None:
    note = await late.answers()
    await late.parent_comes()
    assert not late.seen(note)
    again = note | {"approvedBy": stamped(late.carol, note)}
    for _ in range(2):
        await w.accepted(late.dan, late.dan.activity(kind, again, to=again["to"]))
    assert late.seen(note) and counted(w, late.parent["id"]) == 1 and w.home(w.alice).count(note["id"]) == 1


async def test_nobody_but_its_author_brings_the_stamp_of_an_answer(w: World, late: Late) -> None:
    note = await late.answers()
    await late.parent_comes()
    mallory = w.peer("evil.test").actor("mallory")
    await w.deliver(mallory, mallory.create(note | {"approvedBy": stamped(late.carol, note)}))
    await w.settle()
    assert not late.seen(note)


# -- taking a yes back --


async def agreed(w: World, carol: Actor, kind: str) -> tuple[Post, Json, str]:
    """carol has answered, liked or boosted a post of alice, who has agreed: the post, the act, its stamp."""
    post = w.publish(w.alice, "ask me", policy=((kind, "ask"),))
    acts = {
        "reply": lambda: carol.create(carol.note("an answer", inReplyTo=post.uri, cc=[w.alice.uri])),
        "like": lambda: carol.activity("Like", post.uri),
        "announce": lambda: carol.activity("Announce", post.uri, to=[PUBLIC]),
    }
    act = acts[kind]()
    await w.accepted(carol, act)
    uri = act["object"]["id"] if kind == "reply" else act["id"]
    w.db.transact(decisions.authorize, w.alice, waiting(w, post, uri, kind).id)
    await w.settle()
    return post, act, carol.peer.received("Accept")[-1]["result"]


def counts(w: World, post: Post) -> tuple[int, int, int]:
    now = w.db.read(post_rows.get, post.id)
    return now.replies_count, now.favourites_count, now.boosts_count


@pytest.mark.parametrize("kind", ["reply", "like", "announce"])
async def test_an_author_takes_a_yes_back_and_every_server_hears_of_it(w: World, kind: str) -> None:
    carol, dan = w.peer().actor("carol"), w.peer("third.test").actor("dan")
    await w.befriend(dan, w.alice)
    post, act, stamp = await agreed(w, carol, kind)
    uri = act["object"]["id"] if kind == "reply" else act["id"]
    assert sum(counts(w, post)) == 1 and (await document(w, stamp))[0] == 200
    w.forget()

    request = waiting(w, post, uri, kind)
    with pytest.raises(NotFound):
        w.db.transact(revocations.revoke, w.bob, request.id)
    w.db.transact(revocations.revoke, w.alice, request.id)
    await w.settle()
    assert [one["object"] for one in w.peer().received("Delete")] == [stamp] == [one["object"] for one in dan.peer.received("Delete")]
    assert [one["object"] for one in w.peer().received("Reject")] == [uri]
    assert (await document(w, stamp))[0] == 410 and counts(w, post) == (0, 0, 0)
    assert (await document(w, stamp.replace("/alice/", "/bob/")))[0] == 404
    found = w.find(uri)
    assert found is None or not is_seen(w, found)
    await w.accepted(carol, act)
    assert counts(w, post) == (0, 0, 0)
    with pytest.raises(NotFound):
        w.db.transact(revocations.revoke, w.alice, request.id)


async def ours_agreed(w: World, carol: Actor) -> tuple[Post, dict[str, str]]:
    """alice has answered, liked and boosted a post of carol, who has agreed: it, and the stamps by kind."""
    post = await known(w, carol, **asking(carol, "Reply", "Like", "Announce"))
    made = answer(w, post)
    w.db.transact(interactions.favourite, w.alice, post.id)
    boost = w.db.transact(interactions.boost, w.alice, post.id)
    await w.settle()
    stamps = {}
    for kind, uri in (("reply", made.uri), ("like", w.peer().received("Like")[0]["id"]), ("announce", boost.uri)):
        stamps[kind] = f"{carol.uri}/stamps/{kind}"
        await w.accepted(carol, carol.activity("Accept", uri, result=stamps[kind]))
    assert counts(w, post) == (1, 1, 1)
    return post, stamps


@pytest.mark.parametrize("how", ["Delete", "Undo", "Undo of the Accept"])
async def test_what_we_did_is_hidden_when_the_author_takes_the_stamp_back_and_who_did_it_hears_of_it(w: World, how: str) -> None:
    carol, dan, mallory = w.peer().actor("carol"), w.peer("third.test").actor("dan"), w.peer("evil.test").actor("mallory")
    await w.befriend(dan, w.alice)
    post, stamps = await ours_agreed(w, carol)
    for stamp in stamps.values():
        await w.deliver(mallory, mallory.activity("Delete", stamp))
        await w.deliver(mallory, mallory.activity("Undo", stamp))
    await w.settle()
    assert counts(w, post) == (1, 1, 1) and w.told(w.alice) == ["follow"]
    w.forget()

    for kind, stamp in stamps.items():
        said = {"type": "Accept", "actor": carol.uri, "result": stamp} if how == "Undo of the Accept" else stamp
        for _ in range(2):
            await w.accepted(carol, carol.activity(how.split()[0], said, id=f"{carol.uri}/taken/{kind}"))
    assert counts(w, post) == (0, 0, 0)
    found = w.db.read(lambda tx: tx.query("SELECT held FROM posts WHERE account_id = ?", (w.alice.id,)))
    assert [row[0] for row in found] == [1]  # the answer stays for who wrote it, the boost is gone
    assert w.told(w.alice) == ["follow", "approval", "approval"]
    assert len(dan.peer.received("Undo")) == 1 + (how != "Delete")  # of the boost; what hides the answer goes on byte for byte
    assert (stamps["reply"] in str(dan.peer.received())) or how == "Undo of the Accept"


async def test_an_answer_between_others_is_hidden_when_its_stamp_is_taken_back(w: World, late: Late) -> None:
    await late.parent_comes()
    note = late.dan.note("an answer", inReplyTo=late.parent["id"])
    stamp = stamped(late.carol, note)
    await w.accepted(late.dan, late.dan.create(note | {"approvedBy": stamp}))
    assert late.seen(note)
    await w.deliver(late.dan, late.dan.activity("Delete", stamp))
    await w.settle()
    assert late.seen(note)
    await w.accepted(late.carol, late.carol.activity("Delete", stamp))
    assert not late.seen(note) and counted(w, late.parent["id"]) == 0


# -- released --


async def test_an_answer_that_was_held_goes_through_its_hosted_group_and_to_homes_once(w: World) -> None:
    club = Club(w)
    await club.join(club.lemming, club.mastodon)
    await w.befriend(w.bob, club.mastodon)
    w.db.transact(follows.follow, w.bob, w.alice.id)
    post = w.publish(w.alice, "ask me", group_id=club.group.id, policy=(("reply", "ask"),))
    await w.settle()
    w.forget()
    create = club.mastodon.create(club.mastodon.note("an answer", inReplyTo=post.uri, cc=[club.group.uri, w.alice.uri]))
    await w.accepted(club.mastodon, create)
    held = w.find(create["object"]["id"])
    assert held is not None and held.held and club.heard() == [] and w.home(w.bob) == [post.uri]

    w.db.transact(decisions.authorize, w.alice, waiting(w, post, held.uri).id)
    await w.settle()
    freed = w.find(held.uri)
    assert freed is not None and freed.group_id == club.group.id and club.heard() == [create]
    assert w.home(w.bob) == [post.uri, held.uri]
    await w.accepted(club.mastodon, create)
    assert club.heard() == [create] and w.db.read(arrival_rows.take_said, held.id) == b""


async def test_a_post_of_ours_that_was_held_goes_to_its_hosted_group_once(w: World) -> None:
    club = Club(w)
    await club.join(club.lemming, club.mastodon)
    w.db.transact(follows.follow, w.bob, club.group.id)
    post = w.publish(w.alice, "ask me", group_id=club.group.id, policy=(("reply", "ask"),))
    await w.settle()
    w.forget()
    made = answer(w, post, w.bob)
    await w.settle()
    assert made.held and club.heard() == []
    w.db.transact(decisions.authorize, w.alice, waiting(w, post, made.uri).id)
    await w.settle()
    assert [one["object"]["id"] for one in club.heard()] == [made.uri]


async def test_a_signed_answer_that_was_held_is_passed_on_to_the_followers_of_who_is_answered(w: World) -> None:
    carol, dan = w.peer().actor("carol"), w.peer("third.test").actor("dan")
    await w.befriend(dan, w.alice)
    post = w.publish(w.alice, "ask me", policy=(("reply", "ask"),))
    await w.settle()
    w.forget()
    note = carol.note("an answer", inReplyTo=post.uri, cc=[w.alice.uri])
    create = carol.prove(carol.create(note))
    await w.accepted(carol, create)
    assert dan.peer.posts == []
    w.db.transact(decisions.authorize, w.alice, waiting(w, post, note["id"]).id)
    await w.settle()
    assert [seen.json for seen in dan.peer.posts] == [create]
