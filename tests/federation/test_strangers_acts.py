"""What strangers try: acts in the name of others, yeses that nobody has said, counts that grow by themselves. None has an effect."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fedi import blocks, clock, groups, interactions, limits, polls
from fedi.activitypub import synchronization, threads
from fedi.errors import Forbidden, Invalid
from fedi.storage import approvals as approval_rows
from fedi.storage import follows as follow_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import jobs as job_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from tests import remote
from tests.federation.test_scenarios_groups import EVIL, Lemmy
from tests.federation.test_scenarios_hosting import Club
from tests.federation.test_scenarios_polls import DRINKS, counts
from tests.federation.thread_peers import said, serve
from tests.remote import PUBLIC, Actor, Json, World


@pytest.fixture
async def w(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as there:
        yield there


class Evil:
    """A group on a server of its own whose list of moderators names whom it likes, and which alice follows."""

    def __init__(self, w: World, *moderators: Actor) -> None:
        self.w = w
        self.peer = w.peer(EVIL)
        self.group = self.peer.actor("club", key="mallory", type="Group")
        self.moderators = f"{self.group.uri}/moderators"
        self.group.document["attributedTo"] = self.moderators
        listed = [one.uri for one in moderators]
        self.peer.documents["/users/club/moderators"] = {"id": self.moderators, "type": "OrderedCollection", "orderedItems": listed}

    async def announce(self, inner: Json) -> None:
        activity = self.group.activity("Announce", inner, to=[PUBLIC], cc=[self.group.followers])
        await self.w.accepted(self.group, activity)


async def _evil(w: World, *moderators: Actor) -> Evil:
    made = Evil(w, *moderators)
    await w.befriend(w.alice, made.group)
    await w.settle()
    return made


def asking_first(w: World, by: Account) -> Post:
    """A post whose author is asked about every answer and quote of strangers."""
    return w.publish(by, "ask me first", policy=(("reply", "ask"), ("quote", "ask")))


def is_seen(w: World, post: Post | None) -> bool:
    return post is not None and w.db.read(post_rows.find_visible, 0, post.id) is not None


def likes(w: World, post: Post) -> int:
    return w.db.read(post_rows.get, post.id).favourites_count


# -- groups speak for nobody of other servers --


async def test_a_group_casts_no_vote_in_the_name_of_somebody_here_ORG_21(w: World) -> None:
    evil = Evil(w)
    poll = w.publish(w.bob, "what?", poll=DRINKS)
    forged = {
        "id": f"{w.alice.uri}#votes/1", "type": "Note", "name": "tea", "attributedTo": w.alice.uri, "to": w.bob.uri, "inReplyTo": poll.uri,
    }  # fmt: skip
    await evil.announce({"id": f"{w.alice.uri}#create/1", "type": "Create", "actor": w.alice.uri, "object": forged})

    assert counts(w, poll) == [0, 0]


@pytest.mark.parametrize("kind", ["Block", "Add", "Remove"])
async def test_a_group_takes_nothing_back_for_whom_it_calls_a_moderator_AUZ_16(w: World, kind: str) -> None:
    carol = w.peer().actor("carol")
    evil = await _evil(w, carol)
    follow = carol.activity("Follow", w.alice.uri)
    await w.accepted(carol, follow)
    account = w.account(carol)
    assert account is not None and w.db.read(follow_rows.is_follower, account.id, w.alice.id)

    inner = {"id": follow["id"], "type": kind, "actor": carol.uri, "object": w.alice.uri}
    await evil.announce({"id": f"{carol.uri}/undo", "type": "Undo", "actor": carol.uri, "object": inner})
    assert w.db.read(follow_rows.is_follower, account.id, w.alice.id)


async def test_a_group_blocks_nobody_in_the_name_of_whom_it_calls_a_moderator(w: World) -> None:
    carol = w.peer().actor("carol")
    evil = await _evil(w, carol)
    await w.befriend(carol, w.alice)
    await evil.announce({"id": f"{carol.uri}/block", "type": "Block", "actor": carol.uri, "object": w.alice.uri})

    assert not w.db.read(lambda tx: tx.query("SELECT * FROM blocks"))
    assert w.db.read(follow_rows.is_follower, w.account(carol).id, w.alice.id)  # type: ignore[union-attr]


async def test_a_group_pins_nothing_on_the_profile_of_whom_it_calls_a_moderator(w: World) -> None:
    carol = w.peer().actor("carol")
    evil = await _evil(w, carol)
    post = await w.remote.post(carol.note("mine")["id"])
    pin = {"id": f"{carol.uri}/add", "type": "Add", "actor": carol.uri, "object": post.uri, "target": f"{carol.uri}/featured"}
    await evil.announce(pin)

    assert w.db.read(interaction_rows.list_pins, post.account_id) == []


async def test_a_real_moderator_of_another_server_still_decides_in_the_group(w: World) -> None:
    lemmy = Lemmy(w)
    dora = w.peer("third.test").actor("doris", key="dan")
    lemmy.serve_moderators(lemmy.mod.uri, dora.uri)
    await w.befriend(w.alice, lemmy.group)
    await w.settle()
    post = await lemmy.posted(lemmy.user)
    target = w.account(lemmy.user)
    assert target is not None
    await lemmy.announce(lemmy.said(dora, "Lock", post.uri))
    assert w.find(post.uri).locked  # type: ignore[union-attr]
    await lemmy.announce(lemmy.said(dora, "Undo", {"type": "Lock", "id": f"{dora.uri}/lock", "actor": dora.uri, "object": post.uri}))
    assert not w.find(post.uri).locked  # type: ignore[union-attr]
    await lemmy.announce(lemmy.said(dora, "Block", lemmy.user.uri, target=lemmy.group.uri))
    assert w.db.read(lambda tx: tx.query("SELECT account_id FROM group_bans"))[0][0] == target.id


async def test_a_group_that_removed_an_answer_beforehand_does_not_free_it_from_whom_it_answers(w: World) -> None:
    evil = await _evil(w)
    mallory = w.peer(EVIL).actor("mallory")
    post = asking_first(w, w.bob)
    note = mallory.note("no need to ask", to=[PUBLIC], cc=[w.bob.uri], inReplyTo=post.uri)
    removal = {"id": f"{mallory.uri}/r", "type": "Remove", "actor": mallory.uri, "object": note["id"], "target": evil.group.uri}
    await evil.announce(removal)
    await w.accepted(mallory, mallory.create(note))
    waiting = w.find(note["id"])
    before = is_seen(w, waiting)
    await evil.announce({"id": f"{mallory.uri}/u", "type": "Undo", "actor": mallory.uri, "object": removal})

    assert not before and not is_seen(w, w.find(note["id"]))


# -- consent --


@pytest.fixture
async def mallory(w: World) -> Actor:
    who = w.peer(EVIL).actor("mallory")
    await w.know(who)
    return who


async def test_likes_that_are_asked_for_again_and_again_count_once_AUZ_14(w: World, mallory: Actor) -> None:
    post = w.publish(w.alice, "like me")
    for number in range(3):
        await w.accepted(mallory, mallory.activity("LikeRequest", post.uri, instrument=f"{mallory.uri}/likes/{number}"))

    assert likes(w, post) == 1


async def test_a_yes_to_answer_one_post_frees_no_answer_to_another(w: World, mallory: Actor) -> None:
    strict, open_ = asking_first(w, w.alice), w.publish(w.alice, "anybody")
    note = mallory.note("hello", cc=[w.alice.uri], inReplyTo=strict.uri)
    await w.accepted(mallory, mallory.create(note))
    assert not is_seen(w, w.find(note["id"]))
    await w.accepted(mallory, mallory.activity("ReplyRequest", open_.uri, instrument=note["id"]))

    assert not is_seen(w, w.find(note["id"]))


async def test_a_yes_to_a_like_is_none_to_an_answer_or_a_quote_of_the_same_name_ORG_22(w: World, mallory: Actor) -> None:
    strict = asking_first(w, w.alice)
    answer = mallory.note("hello", cc=[w.alice.uri], inReplyTo=strict.uri)
    quote = mallory.note("look", cc=[w.alice.uri], quote=strict.uri)
    for note in (answer, quote):
        await w.accepted(mallory, mallory.activity("LikeRequest", strict.uri, instrument=note["id"]))
        await w.accepted(mallory, mallory.create(note))

    assert not is_seen(w, w.find(answer["id"]))
    made = w.find(quote["id"])
    assert made is None or w.db.read(quote_rows.find, made.id).state != quote_rows.SHOWN  # type: ignore[union-attr]


async def test_whom_an_author_has_blocked_cannot_fill_what_waits_for_a_yes(w: World, mallory: Actor) -> None:
    post = asking_first(w, w.alice)
    account = w.account(mallory)
    assert account is not None
    w.db.transact(blocks.block, w.alice, account.id)
    await w.accepted(mallory, mallory.create(mallory.note("hello", cc=[w.alice.uri], inReplyTo=post.uri)))

    assert w.db.read(approval_rows.count_pending, w.alice.id) == 0


async def test_one_person_fills_neither_the_list_of_what_waits_nor_the_table_DOS_20(
    w: World, mallory: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedi.limits.REQUESTS_PENDING_EACH", 2)
    monkeypatch.setattr("fedi.limits.REQUESTS_EACH", 3)
    posts = [asking_first(w, w.alice) for _ in range(2)]
    for number in range(10):
        await w.accepted(mallory, mallory.activity("ReplyRequest", posts[number % 2].uri, instrument=f"{mallory.uri}/answers/{number}"))

    assert w.db.read(approval_rows.count_pending, w.alice.id) == 2
    assert w.rows()["interaction_requests"] == 6
    assert len(w.peer(EVIL).received("Reject")) == 4


async def test_a_removed_and_restored_answer_is_counted_as_often_as_it_is_seen(w: World) -> None:
    lemmy = Lemmy(w)
    await w.befriend(w.alice, lemmy.group)
    post = await lemmy.posted(lemmy.user)
    comment = lemmy.comment(lemmy.user, post.uri)
    await lemmy.announce(lemmy.said(lemmy.user, "Create", comment))
    replies = []
    removal = lemmy.said(lemmy.mod, "Delete", comment["id"], summary="no")
    for decided in (None, removal, lemmy.said(lemmy.mod, "Undo", removal)):
        if decided is not None:
            await lemmy.announce(decided)
        replies.append(w.db.read(post_rows.get, post.id).replies_count)

    assert replies == [1, 0, 1] and is_seen(w, w.find(comment["id"]))


# -- proofs --


async def test_a_proven_act_that_was_said_and_undone_is_not_said_again_by_a_group_SIG_16(w: World) -> None:
    evil = await _evil(w)
    carol = w.peer().actor("carol")
    carol.show_proof_key()
    await w.know(carol)
    post = await w.remote.post(carol.note("mine")["id"])
    pin = carol.prove(carol.activity("Add", post.uri, target=f"{carol.uri}/featured"))
    await w.accepted(carol, pin)
    assert w.db.read(interaction_rows.list_pins, post.account_id) == [post.id]
    await w.accepted(carol, carol.activity("Remove", post.uri, target=f"{carol.uri}/featured"))
    await evil.announce(pin)

    assert w.db.read(interaction_rows.list_pins, post.account_id) == []


async def test_who_brings_a_proven_post_does_not_say_whom_it_is_for_VIS_18(w: World, mallory: Actor) -> None:
    carol = w.peer().actor("carol")
    carol.show_proof_key()
    await w.befriend(w.alice, carol)
    note = carol.note("between us", serve=False)
    del note["to"], note["cc"]
    proven = carol.prove(note)
    forged = {"type": "Create", "actor": carol.uri, "object": proven, "to": [PUBLIC], "cc": [w.alice.uri], "@context": proven["@context"]}
    await w.accepted(mallory, forged)

    assert not is_seen(w, w.find(note["id"]))


# -- work that strangers cause --


async def test_a_list_of_moderators_waits_to_be_read_once_DOS_20(w: World) -> None:
    evil = await _evil(w)
    group = w.account(evil.group)
    assert group is not None

    def ask(tx: Tx) -> int:
        for _ in range(5):
            groups.ask_moderators(tx, group)
        return job_rows.count_lane(tx, f"{groups.JOB} {group.id}")

    assert w.db.transact(ask) == 1


async def test_lists_of_followers_of_one_server_are_read_one_after_the_other_and_few_wait_DOS_20(w: World, mallory: Actor) -> None:
    def ask(tx: Tx) -> list[str]:
        for number in range(30):
            synchronization.queue(tx, number, f"{mallory.uri}/followers_synchronization?{number}")
        return [job.lane for job in job_rows.list_waiting(tx) if job.name == synchronization.JOB]

    lanes = w.db.transact(ask)
    assert len(lanes) == limits.SYNCHRONIZATIONS_PER_HOST and len(set(lanes)) == 1


async def test_a_thread_of_a_thousand_people_makes_us_ask_for_few_of_them_DOS_06(
    w: World, mallory: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedi.limits.THREAD_FETCHES", 6)
    root = said(mallory, "root", context=f"{mallory.uri}/topic")
    crowd = [mallory.peer.actor(f"one{number}", key="mallory") for number in range(20)]
    notes = [said(one, "hello", inReplyTo=root["id"], context=f"{mallory.uri}/topic") for one in crowd]
    serve(mallory, "topic", {"type": "OrderedCollection", "orderedItems": notes})
    post = await w.remote.post(root["id"])
    await threads.complete(w.remote, post.id)

    known = [w.account(one) for one in crowd]
    assert 0 < sum(one is not None for one in known) <= 6


async def test_a_like_is_passed_on_by_its_group_when_it_counts_and_not_again(w: World) -> None:
    club = Club(w)
    await club.join(club.lemming, club.mastodon)
    page = club.page(club.mastodon)
    await w.accepted(club.mastodon, page)
    for _ in range(3):
        await w.accepted(club.mallory, club.mallory.activity("Like", page["object"]["id"]))

    assert len(club.heard(kind="Like")) == 1


# -- what is not for everybody is told nobody else --


async def test_the_counts_of_a_poll_that_waits_for_a_yes_go_to_nobody(w: World) -> None:
    carol, dan = w.peer().actor("carol"), w.peer("third.test").actor("dan")
    await w.befriend(dan, w.alice)
    rule = {"automaticApproval": [carol.uri], "manualApproval": [PUBLIC]}
    parent = await w.remote.post(carol.note("ask me", interactionPolicy={"canReply": rule})["id"])
    post = w.publish(w.alice, "what?", poll=DRINKS, in_reply_to_id=parent.id)
    assert post.held
    w.db.transact(polls.tell_counts, post.id)
    w.db.transact(lambda tx: tx.execute("UPDATE polls SET ends_at = 1"))
    w.db.transact(polls.end, post.id)
    await w.settle()

    assert w.peer("third.test").received() == []


async def test_an_edit_of_what_waits_for_a_yes_tells_nobody_whom_it_names(w: World, mallory: Actor) -> None:
    post = asking_first(w, w.alice)
    note = mallory.note("hello", cc=[w.alice.uri], inReplyTo=post.uri)
    await w.accepted(mallory, mallory.create(note))
    tag = [{"type": "Mention", "href": w.bob.uri, "name": "@bob@fedi.test"}]
    edited = note | {"content": "hello bob", "tag": tag, "updated": clock.rfc3339(clock.now() + 1000)}
    await w.accepted(mallory, mallory.activity("Update", edited, to=[PUBLIC]))

    assert w.told(w.bob) == []


async def test_what_waits_for_a_yes_cannot_be_boosted_by_who_is_asked(w: World, mallory: Actor) -> None:
    post = asking_first(w, w.alice)
    note = mallory.note("hello", cc=[w.alice.uri], inReplyTo=post.uri)
    await w.accepted(mallory, mallory.create(note))
    held = w.find(note["id"])
    assert held is not None and held.held
    with pytest.raises(Forbidden):
        w.db.transact(interactions.boost, w.alice, held.id)


async def test_what_waits_for_a_yes_cannot_be_pinned(w: World) -> None:
    carol = w.peer().actor("carol")
    rule = {"automaticApproval": [carol.uri], "manualApproval": [PUBLIC]}
    parent = await w.remote.post(carol.note("ask me", interactionPolicy={"canReply": rule})["id"])
    post = w.publish(w.alice, "hello", in_reply_to_id=parent.id)
    with pytest.raises(Invalid):
        w.db.transact(interactions.pin, w.alice, post.id)


async def test_what_waits_for_others_leaves_nothing_here_but_the_post_DOS_20(w: World, mallory: Actor) -> None:
    carol = w.peer().actor("carol")
    rule = {"automaticApproval": [carol.uri], "manualApproval": [PUBLIC]}
    parent = await w.remote.post(carol.note("ask me", interactionPolicy={"canReply": rule})["id"])
    await w.accepted(mallory, mallory.create(mallory.note("hello", cc=[w.alice.uri], inReplyTo=parent.uri)))
    huge = mallory.note("hello", cc=[w.alice.uri], inReplyTo=asking_first(w, w.alice).uri, filler="x" * limits.SENT_BYTES)
    await w.accepted(mallory, mallory.create(huge))

    assert w.find(huge["id"]).held  # type: ignore[union-attr]
    assert w.rows()["post_arrivals"] == 0


async def test_votes_of_a_stranger_leave_a_group_room_for_posts(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedi.limits.GROUP_VOTES", 5)
    club = Club(w)
    await club.join(club.lemming, club.mastodon)
    page = club.page(club.mastodon)
    await w.accepted(club.mastodon, page)
    for _ in range(8):
        await w.accepted(club.mallory, club.mallory.activity("Dislike", page["object"]["id"]))
    later = club.page(club.mastodon, "Another cat")
    await w.accepted(club.mastodon, later)

    assert 0 < len(club.heard(kind="Dislike")) <= 5
    assert [said["object"]["id"] for said in club.heard(kind="Create")] == [page["object"]["id"], later["object"]["id"]]
