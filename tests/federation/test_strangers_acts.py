"""What strangers try: acts in the name of others, yeses that nobody has said, counts that grow by themselves. None has an effect."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fedi.storage import follows as follow_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from tests import remote
from tests.federation.test_scenarios_groups import EVIL, Lemmy
from tests.federation.test_scenarios_polls import DRINKS, counts
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
