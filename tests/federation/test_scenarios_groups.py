"""Groups of other servers: Lemmy passes whole activities on; PeerTube's channels, NodeBB and Guppe have their ways. S13."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import clock, follows, interactions, posts
from fedi.errors import Invalid
from fedi.storage import groups as group_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from fedi.storage.timelines import Page
from tests import remote
from tests.remote import PUBLIC, Actor, Json, World

LEMMY, THIRD, EVIL = "peer.test", "third.test", "evil.test"


class Lemmy:
    """A community, its moderator and its people, and the documents that Lemmy makes of what they do."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.peer = w.peer(LEMMY)
        self.group = self.peer.actor("main", key="carol", type="Group")
        self.moderators = f"{self.group.uri}/moderators"
        self.group.document |= {
            "attributedTo": self.moderators, "postingRestrictedToMods": False, "sensitive": False,
            "source": {"content": "All about *main*", "mediaType": "text/markdown"},
        }  # fmt: skip
        self.mod = self.peer.actor("mod", key="dan")
        self.user = self.peer.actor("user", key="extra")
        self.dora = w.peer(THIRD).actor("dora", key="dan")
        self.serve_moderators(self.mod.uri)

    def serve_moderators(self, *uris: str) -> None:
        path = self.moderators.removeprefix(self.peer.base)
        self.peer.documents[path] = {"id": self.moderators, "type": "OrderedCollection", "orderedItems": list(uris)}

    def page(self, by: Actor, title: str = "A title", **more: Any) -> Json:
        """A post, as objects/page.json has it."""
        made = by.note(
            "the text", to=[self.group.uri, PUBLIC], cc=[], name=title, audience=self.group.uri, mediaType="text/html",
            source={"content": "the text", "mediaType": "text/markdown"}, commentsEnabled=True, sensitive=False, **more,
        )  # fmt: skip
        made["type"] = more.get("type", "Page")
        return made

    def comment(self, by: Actor, parent: str, text: str = "a comment") -> Json:
        return by.note(text, to=[PUBLIC], cc=[self.group.uri], audience=self.group.uri, inReplyTo=parent)

    def said(self, by: Actor, kind: str, obj: Any, **more: Any) -> Json:
        """An activity in the community; served at its id, as Lemmy does."""
        given = {"to": [PUBLIC], "cc": [self.group.uri], "audience": self.group.uri, **more}
        made = by.activity(kind, obj, **given)
        by.peer.documents[made["id"].removeprefix(by.peer.base)] = made
        return made

    async def announce(self, inner: Any, by: Actor | None = None) -> Json:
        """The community passes something on."""
        group = by or self.group
        activity = group.activity("Announce", inner, to=[PUBLIC], cc=[group.followers])
        await self.w.accepted(group, activity)
        return activity

    async def posted(self, by: Actor, **more: Any) -> Post:
        """A post that has come in as Lemmy sends it: wrapped, and then by its id."""
        page = self.page(by, **more)
        await self.announce(self.said(by, "Create", page))
        await self.announce(page["id"])
        found = self.w.find(page["id"])
        assert found is not None
        return found

    @property
    def account(self) -> Account:
        found = self.w.account(self.group)
        assert found is not None
        return found

    def shown(self) -> list[str]:
        """What the group's page lists."""
        found = self.w.db.read(group_rows.list_posts, self.w.alice.id, self.account.id, Page())
        return [post.uri for post in found]


@pytest.fixture
async def w(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as there:
        yield there


@pytest.fixture
async def lemmy(w: World) -> Lemmy:
    """A community that alice follows."""
    made = Lemmy(w)
    await w.befriend(w.alice, made.group)
    return made


# -- following --


@pytest.mark.parametrize("handle", ["!main@peer.test", "@main@peer.test", "main@peer.test"])
async def test_a_group_is_found_by_either_spelling_of_its_handle(w: World, handle: str) -> None:
    lemmy = Lemmy(w)
    found = await w.remote.resolve(handle)

    assert isinstance(found, Account) and (found.uri, found.kind) == (lemmy.group.uri, "Group")


async def test_following_a_group_reads_who_moderates_it(w: World, lemmy: Lemmy) -> None:
    assert [one.uri for one in w.db.read(group_rows.list_moderators, lemmy.account.id)] == [lemmy.mod.uri]


async def test_a_post_that_is_wrapped_and_boosted_stands_in_a_home_once(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.user)

    assert (post.title, post.group_id, post.kind) == ("A title", lemmy.account.id, "Page")
    assert len(w.home(w.alice)) == 1 and lemmy.shown() == [post.uri]
    assert w.find(post.uri).boosts_count == 1  # type: ignore[union-attr]


async def test_the_boost_may_come_before_the_wrapped_activity(w: World, lemmy: Lemmy) -> None:
    page = lemmy.page(lemmy.user)
    await lemmy.announce(page["id"])
    await lemmy.announce(lemmy.said(lemmy.user, "Create", page))

    assert len(w.home(w.alice)) == 1 and lemmy.shown() == [page["id"]]


async def test_a_wrapped_comment_stands_in_its_thread_and_not_in_the_home(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.user)
    comment = lemmy.comment(lemmy.user, post.uri)
    await lemmy.announce(lemmy.said(lemmy.user, "Create", comment))

    found = w.find(comment["id"])
    assert found is not None and (found.in_reply_to_id, found.group_id) == (post.id, lemmy.account.id)
    assert len(w.home(w.alice)) == 1 and set(lemmy.shown()) == {post.uri, comment["id"]}


async def test_a_list_of_activities_is_unwrapped_one_by_one(w: World, lemmy: Lemmy) -> None:
    pages = [lemmy.page(lemmy.user, title=f"number {i}") for i in range(3)]
    await lemmy.announce([lemmy.said(lemmy.user, "Create", page) for page in pages])

    assert set(lemmy.shown()) == {page["id"] for page in pages}


async def test_a_post_of_a_third_server_is_read_there_and_not_from_the_copy(w: World, lemmy: Lemmy) -> None:
    page = lemmy.page(lemmy.dora)
    await lemmy.announce(lemmy.said(lemmy.dora, "Create", page | {"content": "<p>words in her mouth</p>"}))

    found = w.find(page["id"])
    assert found is not None and "words" not in found.content_html and "the text" in found.content_html
    assert lemmy.shown() == [page["id"]] and len(w.home(w.alice)) == 1


async def test_an_edit_that_is_passed_on_counts(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.user)
    later = clock.rfc3339(clock.now() + 1000)
    page = {**lemmy.page(lemmy.user, title="Another title"), "id": post.uri, "updated": later}
    await lemmy.announce(lemmy.said(lemmy.user, "Update", page))

    assert w.find(post.uri).title == "Another title"  # type: ignore[union-attr]


async def test_votes_that_are_passed_on_count_once_and_can_be_taken_back(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.user)
    like = lemmy.said(lemmy.mod, "Like", post.uri)
    await lemmy.announce(like)
    await lemmy.announce(like)
    assert w.find(post.uri).favourites_count == 1  # type: ignore[union-attr]

    await lemmy.announce(lemmy.said(lemmy.mod, "Undo", like))
    assert w.find(post.uri).favourites_count == 0  # type: ignore[union-attr]


async def test_a_dislike_takes_a_like_back_and_counts_for_nothing(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.user)
    await lemmy.announce(lemmy.said(lemmy.mod, "Like", post.uri))
    dislike = lemmy.said(lemmy.mod, "Dislike", post.uri)
    await lemmy.announce(dislike)
    await lemmy.announce(lemmy.said(lemmy.mod, "Undo", dislike))

    assert w.find(post.uri).favourites_count == 0  # type: ignore[union-attr]


async def test_a_delete_by_the_author_that_is_passed_on_ends_the_post(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.user)
    await lemmy.announce(lemmy.said(lemmy.user, "Delete", post.uri))

    assert w.find(post.uri) is None and w.home(w.alice) == []


# -- moderation --


async def test_a_moderator_removes_a_post_from_the_group_and_puts_it_back(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.dora)
    delete = lemmy.said(lemmy.mod, "Delete", post.uri, summary="off topic")
    await lemmy.announce(delete)
    assert lemmy.shown() == [] and w.home(w.alice) == []
    assert w.find(post.uri) is not None, "it stays its author's"

    await lemmy.announce(lemmy.said(lemmy.mod, "Undo", delete))
    assert lemmy.shown() == [post.uri]


async def test_a_comment_that_was_removed_is_seen_by_nobody_else(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.user)
    comment = lemmy.comment(lemmy.user, post.uri)
    await lemmy.announce(lemmy.said(lemmy.user, "Create", comment))
    await lemmy.announce(lemmy.said(lemmy.mod, "Delete", comment["id"], summary="rude"))

    assert w.find(comment["id"]).held == 1 and lemmy.shown() == [post.uri]  # type: ignore[union-attr]


async def test_a_removal_that_comes_before_the_post_counts(w: World, lemmy: Lemmy) -> None:
    page = lemmy.page(lemmy.dora)
    create = lemmy.said(lemmy.dora, "Create", page)
    await lemmy.announce(lemmy.said(lemmy.mod, "Delete", page["id"], summary="off topic"))
    await lemmy.announce(create)
    await lemmy.announce(page["id"])

    assert lemmy.shown() == []


async def test_a_locked_thread_takes_no_answers_from_here(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.user)
    comment = lemmy.comment(lemmy.user, post.uri)
    await lemmy.announce(lemmy.said(lemmy.user, "Create", comment))
    lock = lemmy.said(lemmy.mod, "Lock", post.uri, summary="enough")
    await lemmy.announce(lock)
    for uri in (post.uri, comment["id"]):
        with pytest.raises(Invalid, match="closed this thread"):
            w.publish(w.alice, "one more thing", in_reply_to_id=w.find(uri).id)  # type: ignore[union-attr]

    await lemmy.announce(lemmy.said(lemmy.mod, "Undo", lock))
    w.publish(w.alice, "one more thing", in_reply_to_id=post.id)


async def test_a_person_here_who_is_banned_is_told(w: World, lemmy: Lemmy) -> None:
    block = lemmy.said(lemmy.mod, "Block", w.alice.uri, target=lemmy.group.uri, removeData=False, summary="spam")
    await lemmy.announce(block)

    found = w.db.read(group_rows.find_ban, lemmy.account.id, w.alice.id)
    assert found is not None and found.reason == "spam" and w.told(w.alice) == ["moderation"]
    await lemmy.announce(lemmy.said(lemmy.mod, "Undo", block))
    assert w.db.read(group_rows.find_ban, lemmy.account.id, w.alice.id) is None and w.told(w.alice) == []


async def test_a_ban_is_no_block_between_two_people_and_takes_the_posts_along_if_it_says_so(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.dora)
    await w.befriend(w.alice, lemmy.mod)
    await lemmy.announce(lemmy.said(lemmy.mod, "Block", lemmy.dora.uri, target=lemmy.group.uri, removeData=True))
    await w.accepted(lemmy.mod, lemmy.said(lemmy.mod, "Block", w.alice.uri, target=lemmy.group.uri))
    await w.accepted(lemmy.mod, lemmy.said(lemmy.mod, "Block", w.alice.uri, target=f"{lemmy.peer.base}/"))

    assert lemmy.shown() == [] and w.find(post.uri) is not None
    assert w.again(w.alice).following_count == 2


async def test_posts_are_pinned_and_moderators_named(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.user)
    await lemmy.announce(lemmy.said(lemmy.mod, "Add", post.uri, target=lemmy.group.document["featured"]))
    await lemmy.announce(lemmy.said(lemmy.mod, "Add", lemmy.user.uri, target=lemmy.moderators))
    pinned = w.db.read(group_rows.list_pinned, w.alice.id, lemmy.account.id, 5)
    assert [one.uri for one in pinned] == [post.uri]
    assert w.db.read(group_rows.is_moderator, lemmy.account.id, w.account(lemmy.user).id)  # type: ignore[union-attr]

    await lemmy.announce(lemmy.said(lemmy.mod, "Remove", post.uri, target=lemmy.group.document["featured"]))
    await lemmy.announce(lemmy.said(lemmy.mod, "Remove", lemmy.user.uri, target=lemmy.moderators))
    assert not w.db.read(group_rows.list_pinned, w.alice.id, lemmy.account.id, 5)
    assert not w.db.read(group_rows.is_moderator, lemmy.account.id, w.account(lemmy.user).id)  # type: ignore[union-attr]


async def test_an_update_of_the_group_by_a_moderator_is_read_from_its_server(w: World, lemmy: Lemmy) -> None:
    lemmy.group.document["name"] = "Renamed"
    await lemmy.announce(lemmy.said(lemmy.mod, "Update", {**lemmy.group.document, "name": "Forged"}))

    assert lemmy.account.display_name == "Renamed"


# -- forgers --


async def test_nothing_is_believed_that_a_group_says_in_somebody_elses_name(w: World, lemmy: Lemmy) -> None:
    """Forged: what dora of another server has never said."""
    post = await lemmy.posted(lemmy.user)
    never = {"id": f"{lemmy.dora.uri}/notes/never", "type": "Page", "attributedTo": lemmy.dora.uri, "name": "x", "to": [PUBLIC]}
    w.forget()
    for kind, obj in (("Create", never), ("Update", never), ("Like", post.uri), ("Lock", post.uri), ("Block", w.alice.uri)):
        await lemmy.announce(lemmy.dora.activity(kind, obj, to=[PUBLIC], target=lemmy.group.uri if kind == "Block" else None))

    found = w.find(post.uri)
    assert w.find(never["id"]) is None and found is not None and (found.favourites_count, found.locked) == (0, 0)
    assert w.db.read(group_rows.find_ban, lemmy.account.id, w.alice.id) is None


async def test_a_vote_of_a_third_server_counts_for_a_post_of_ours_when_that_server_confirms_it(w: World, lemmy: Lemmy) -> None:
    post = w.publish(w.alice, "of ours")
    await lemmy.announce(lemmy.dora.activity("Like", post.uri))
    assert w.find(post.uri).favourites_count == 0  # type: ignore[union-attr]

    await lemmy.announce(lemmy.said(lemmy.dora, "Like", post.uri))
    assert w.find(post.uri).favourites_count == 1 and "favourite" in w.told(w.alice)  # type: ignore[union-attr]


async def test_what_carries_a_proof_of_its_own_is_believed_without_asking(w: World, lemmy: Lemmy) -> None:
    lemmy.dora.show_proof_key()
    await w.know(lemmy.dora)
    post = await lemmy.posted(lemmy.user)
    w.forget()
    like = lemmy.dora.prove(lemmy.dora.activity("Like", post.uri, to=[PUBLIC]))
    forged = {**lemmy.dora.prove(lemmy.dora.activity("Like", post.uri, to=[PUBLIC])), "object": lemmy.page(lemmy.user)["id"]}
    page = lemmy.page(lemmy.dora)
    create = lemmy.dora.prove(lemmy.dora.activity("Create", page, to=[PUBLIC], cc=[lemmy.group.uri]))
    await lemmy.announce([like, forged, create])

    assert w.find(post.uri).favourites_count == 1 and page["id"] in lemmy.shown()  # type: ignore[union-attr]
    assert w.find(forged["object"]) is None and w.peer(THIRD).gets == []


async def test_who_is_no_moderator_decides_nothing(w: World, lemmy: Lemmy) -> None:
    """A stranger's decision, passed on by the group or sent by themselves, and one of the group's people sent without the group."""
    post = await lemmy.posted(lemmy.user)
    decisions: list[tuple[str, Any, Json]] = [
        ("Lock", post.uri, {}), ("Delete", post.uri, {}), ("Block", w.alice.uri, {"target": lemmy.group.uri}),
        ("Remove", post.uri, {"target": lemmy.group.uri}), ("Add", post.uri, {"target": lemmy.group.document["featured"]}),
        ("Add", lemmy.dora.uri, {"target": lemmy.moderators}),
    ]  # fmt: skip
    for kind, obj, more in decisions:
        await lemmy.announce(lemmy.said(lemmy.dora, kind, obj, **more))
        await w.accepted(lemmy.dora, lemmy.said(lemmy.dora, kind, obj, **more))
        await w.accepted(lemmy.user, lemmy.said(lemmy.user, kind, obj, **more)) if kind != "Delete" else None

    found = w.find(post.uri)
    assert found is not None and (found.locked, found.group_id) == (0, lemmy.account.id)
    assert w.db.read(group_rows.find_ban, lemmy.account.id, w.alice.id) is None
    assert not w.db.read(group_rows.list_pinned, w.alice.id, lemmy.account.id, 5)
    assert len(w.db.read(group_rows.list_moderators, lemmy.account.id)) == 1


async def test_a_group_of_another_host_decides_nothing_in_this_one(w: World, lemmy: Lemmy) -> None:
    evil = w.peer(EVIL).actor("main", key="mallory", type="Group")
    minion = w.peer(EVIL).actor("minion", key="mallory")
    await w.befriend(w.alice, evil)
    post = await lemmy.posted(lemmy.user)
    for kind, obj, more in (
        ("Lock", post.uri, {}),
        ("Delete", post.uri, {}),
        ("Add", post.uri, {"target": lemmy.group.document["featured"]}),
    ):
        await lemmy.announce(lemmy.said(minion, kind, obj, **more), by=evil)
    await lemmy.announce(post.uri, by=evil)

    found = w.find(post.uri)
    assert found is not None and (found.locked, found.group_id) == (0, lemmy.account.id) and lemmy.shown() == [post.uri]
    assert not w.db.read(interaction_rows.count_pins, lemmy.account.id)


async def test_a_group_cannot_take_a_post_that_was_not_sent_to_it(w: World, lemmy: Lemmy) -> None:
    note = lemmy.dora.note("for my friends")
    await lemmy.announce(lemmy.said(lemmy.dora, "Create", note))
    await lemmy.announce(note["id"])

    found = w.find(note["id"])
    assert found is not None and found.group_id is None and lemmy.shown() == []


async def test_what_is_wrapped_twice_or_by_somebody_who_is_no_group_has_no_effect(w: World, lemmy: Lemmy) -> None:
    page = lemmy.page(lemmy.user)
    create = lemmy.said(lemmy.user, "Create", page)
    await lemmy.announce(lemmy.group.activity("Announce", create))
    await w.befriend(w.alice, lemmy.mod)
    await w.accepted(lemmy.mod, lemmy.mod.activity("Announce", create, to=[PUBLIC]))

    assert w.find(page["id"]) is None


async def test_a_group_that_nobody_follows_brings_nothing(w: World) -> None:
    lemmy = Lemmy(w)
    page = lemmy.page(lemmy.user)
    await lemmy.announce(lemmy.said(lemmy.user, "Create", page))

    assert w.find(page["id"]) is None


async def test_a_group_makes_us_ask_others_only_so_often_AUZ_22(w: World, lemmy: Lemmy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(w.remote._wrapped, "_most", 3)
    pages = [lemmy.page(lemmy.dora, title=f"number {i}") for i in range(6)]
    await w.know(lemmy.dora)
    for page in pages:
        answer = await w.deliver(lemmy.group, lemmy.group.activity("Announce", lemmy.said(lemmy.dora, "Create", page), to=[PUBLIC]))
        assert answer.status == 202
    await w.settle()

    assert len([path for path in w.peer(THIRD).gets if "/notes/" in path]) == 3


# -- posting to a group --


async def test_a_post_that_names_a_group_goes_to_it_as_lemmy_reads_it(w: World, lemmy: Lemmy) -> None:
    text = "!main@peer.test What do you think?"
    found = await w.remote.mentions(text)
    post = w.db.transact(posts.publish, w.alice, posts.Draft(text, fmt="plain"), found)
    await w.settle()

    sent = lemmy.peer.received("Create")[-1]
    note = sent["object"]
    assert post.group_id == lemmy.account.id and sent["audience"] == note["audience"] == lemmy.group.uri
    assert {lemmy.group.uri, lemmy.group.followers} <= set(note["cc"]) and note["to"] == [PUBLIC]
    assert [tag["href"] for tag in note["tag"]] == [lemmy.group.uri]
    await lemmy.announce({name: value for name, value in sent.items() if name != "@context"})
    assert lemmy.shown() == [post.uri] and w.find(post.uri).boosts_count == 1  # type: ignore[union-attr]


async def test_an_answer_in_a_thread_of_a_group_stays_in_it(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.user)
    answer = w.publish(w.alice, "indeed", in_reply_to_id=post.id)
    await w.settle()

    note = lemmy.peer.received("Create")[-1]["object"]
    assert answer.group_id == lemmy.account.id and note["audience"] == lemmy.group.uri and lemmy.group.uri in note["cc"]


async def test_only_public_posts_go_to_a_group(w: World, lemmy: Lemmy) -> None:
    found = await w.remote.mentions("@main@peer.test")
    quiet = w.db.transact(posts.publish, w.alice, posts.Draft("@main@peer.test psst", fmt="plain", visibility="followers"), found)
    with pytest.raises(Invalid):
        w.publish(w.alice, "psst", visibility="followers", group_id=lemmy.account.id)

    assert quiet.group_id is None


async def test_a_like_is_told_to_the_author_and_to_the_group_once_each(w: World, lemmy: Lemmy) -> None:
    post = await lemmy.posted(lemmy.dora)
    w.db.transact(interactions.favourite, w.alice, post.id)
    await w.settle()
    w.db.transact(interactions.unfavourite, w.alice, post.id)
    await w.settle()

    for peer in (w.peer(LEMMY), w.peer(THIRD)):
        assert [one["type"] for one in peer.received() if one["type"] in ("Like", "Undo")] == ["Like", "Undo"]
        assert peer.received("Like")[0]["audience"] == lemmy.group.uri


async def test_leaving_a_group_is_an_undo(w: World, lemmy: Lemmy) -> None:
    await lemmy.posted(lemmy.user)
    w.db.transact(follows.unfollow, w.alice, lemmy.account.id)
    await w.settle()

    assert lemmy.peer.received("Undo") and w.home(w.alice) == []


# -- other dialects --


async def test_a_channel_of_peertube_brings_its_videos(w: World) -> None:
    channel = w.peer().actor("channel", key="carol", type="Group")
    uploader = w.peer().actor("uploader", key="dan")
    await w.befriend(w.alice, channel)
    video = uploader.note("about it", to=[PUBLIC], cc=[uploader.followers], name="A film", duration="PT3M2S", type="Video")
    video["attributedTo"] = [{"type": "Person", "id": uploader.uri}, {"type": "Group", "id": channel.uri}]
    await w.accepted(channel, channel.activity("Announce", video["id"], to=[PUBLIC], cc=[channel.followers]))

    found, account = w.find(video["id"]), w.account(channel)
    assert found is not None and account is not None and found.group_id == account.id and len(w.home(w.alice)) == 1


async def test_a_category_of_nodebb_passes_on_what_is_said_in_it(w: World) -> None:
    """NodeBB's people are Persons of the same host; articles name the category in `to` and `audience`."""
    category = w.peer().actor("general", key="carol", type="Group")
    person = w.peer().actor("julian", key="dan")
    await w.befriend(w.alice, category)
    article = person.note(
        "welcome", to=[PUBLIC, category.uri], cc=[person.followers], name="Welcome", audience=category.uri, type="Article"
    )
    await w.accepted(category, category.activity("Announce", person.create(article), to=[f"{category.uri}/followers"], cc=[PUBLIC]))

    found, account = w.find(article["id"]), w.account(category)
    assert found is not None and account is not None and found.group_id == account.id and len(w.home(w.alice)) == 1


async def test_a_group_of_guppe_boosts_whatever_names_it(w: World) -> None:
    guppe = w.peer().actor("books", key="carol", type="Group")
    reader = w.peer(THIRD).actor("reader", key="dan")
    await w.befriend(w.alice, guppe)
    tag = {"type": "Mention", "href": guppe.uri, "name": "@books@peer.test"}
    note = reader.note("@books a good one", cc=[reader.followers, guppe.uri], tag=[tag])
    await w.accepted(guppe, guppe.activity("Announce", note["id"], to=[PUBLIC], cc=[guppe.followers]))

    found, account = w.find(note["id"]), w.account(guppe)
    assert found is not None and account is not None and found.group_id == account.id and len(w.home(w.alice)) == 1
