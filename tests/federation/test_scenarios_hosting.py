"""Groups of this server: people of Lemmy and of Mastodon join one, post to it and get what others post. S13, the part of groups."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import accounts, clock, follows, founding, hosting, interactions, limits, posts, reactions
from fedi.errors import Conflict, Forbidden, Invalid
from fedi.founding import About
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import groups as group_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.timelines import Page
from tests import cast, make, remote
from tests.remote import AP, PUBLIC, Actor, Json, World

ASKING = {"Accept": AP, "Host": "fedi.test"}
LEMMY, MASTODON, EVIL = "peer.test", "third.test", "evil.test"


def found(tx: Tx, name: str = "cats", by: Account | None = None, **about: Any) -> Account:
    """A group of this server."""
    return founding.create(tx, name, About(title="Cats", **about), founding.Keys(cast.rsa_pem(name), cast.ed25519_pem(name)), by)


class Club:
    """A group of this server that alice moderates, with a member of Lemmy and one of Mastodon."""

    def __init__(self, w: World, **about: Any) -> None:
        self.w = w
        self.group = w.db.transact(found, by=w.alice, rules="Be kind.\nNo dogs.", **about)
        self.lemming = w.peer(LEMMY).actor("lemming", key="carol")
        self.mastodon = w.peer(MASTODON).actor("elephant", key="dan")
        self.mallory = w.peer(EVIL).actor("mallory")

    async def join(self, *who: Actor) -> None:
        for one in who:
            await self.w.accepted(one, one.activity("Follow", self.group.uri))
        self.w.forget()

    def page(self, by: Actor, title: str = "A cat", **more: Any) -> Json:
        """A post as Lemmy makes it."""
        note = by.note("look", to=[self.group.uri, PUBLIC], name=title, audience=self.group.uri, type="Page", **more)
        return by.activity("Create", note, to=[self.group.uri, PUBLIC], cc=[self.group.uri], audience=self.group.uri)

    def toot(self, by: Actor, **more: Any) -> Json:
        """A post as Mastodon makes it: the group is mentioned."""
        tag = {"type": "Mention", "href": self.group.uri, "name": "@cats@fedi.test"}
        return by.create(by.note("@cats look", cc=[by.followers, self.group.uri], tag=[tag], **more))

    def heard(self, host: str = LEMMY, kind: str = "") -> list[Json]:
        """What the group has announced to a server: whole activities, or with `kind` those of that type."""
        said = [one for one in self.w.peer(host).received("Announce") if one["actor"] == self.group.uri and isinstance(one["object"], dict)]
        return [one["object"] for one in said if kind in ("", one["object"]["type"])]

    def boosts(self, host: str = MASTODON) -> list[str]:
        return [one["object"] for one in self.w.peer(host).received("Announce") if isinstance(one["object"], str)]

    def shown(self) -> list[str]:
        return [post.uri for post in self.w.db.read(group_rows.list_posts, self.w.alice.id, self.group.id, Page())]

    def is_member(self, who: Actor) -> bool:
        account = self.w.account(who)
        return account is not None and self.w.db.read(follow_rows.is_follower, account.id, self.group.id)


@pytest.fixture
async def w(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as there:
        yield there


@pytest.fixture
async def club(w: World) -> Club:
    made = Club(w)
    await made.join(made.lemming, made.mastodon)
    return made


async def get(w: World, path: str) -> Json:
    answer = await w.client.get(path, headers=ASKING)
    assert answer.status == 200
    return json.loads(await answer.text())  # type: ignore[no-any-return]


# -- what it shows of itself --


async def test_a_group_is_a_community_to_lemmy_and_an_account_to_mastodon(w: World) -> None:
    club = Club(w)
    shown = await get(w, "/users/cats")

    assert (shown["type"], shown["preferredUsername"], shown["name"]) == ("Group", "cats", "Cats")
    assert shown["attributedTo"] == f"{club.group.uri}/collections/moderators" and shown["postingRestrictedToMods"] is False
    assert shown["inbox"] and shown["outbox"] and shown["followers"] and shown["publicKey"]["owner"] == club.group.uri
    assert "No dogs." in shown["summary"] and shown["source"]["content"] == "Be kind.\nNo dogs."
    moderators = await get(w, "/users/cats/collections/moderators")
    assert moderators["orderedItems"] == [w.alice.uri]
    finger = await w.client.get("/.well-known/webfinger?resource=acct:cats@fedi.test", headers={"Host": "fedi.test"})
    assert club.group.uri in await finger.text()


async def test_people_have_no_moderators(w: World) -> None:
    assert (await get(w, "/users/alice/collections/moderators"))["orderedItems"] == []


async def test_its_outbox_has_what_it_announced_as_it_was_sent(w: World, club: Club) -> None:
    page = club.page(club.lemming)
    await w.accepted(club.lemming, page)
    items = (await get(w, "/users/cats/outbox?page=true"))["orderedItems"]

    assert [(item["type"], item["object"]["id"]) for item in items] == [("Announce", page["id"])]
    assert items[0]["object"] == page


# -- joining --


async def test_whoever_follows_is_a_member_and_leaves_by_undoing_it(w: World, club: Club) -> None:
    assert club.is_member(club.lemming) and club.is_member(club.mastodon)
    await club.join(club.mallory)
    assert w.peer(EVIL).seen == [] and club.is_member(club.mallory)
    follow = club.mallory.activity("Follow", club.group.uri)
    await w.accepted(club.mallory, club.mallory.activity("Undo", follow))

    assert not club.is_member(club.mallory)


async def test_a_group_that_approves_lets_nobody_in_by_itself(w: World) -> None:
    club = Club(w, approves=True)
    await club.join(club.lemming)
    assert not club.is_member(club.lemming)
    account = w.account(club.lemming)
    assert account is not None
    w.db.transact(follows.accept, club.group, account.id)
    await w.settle()

    assert club.is_member(club.lemming) and w.peer(LEMMY).received("Accept")


async def test_a_group_does_not_join_a_group(w: World, club: Club) -> None:
    other = w.peer(EVIL).actor("dogs", key="mallory", type="Group")
    await w.accepted(other, other.activity("Follow", club.group.uri))

    assert not club.is_member(other) and w.peer(EVIL).received("Reject")


# -- posting --


async def test_a_post_of_lemmy_goes_to_all_as_it_came_and_as_a_boost(w: World, club: Club) -> None:
    w.db.transact(make.follow, w.bob, club.group)
    page = club.page(club.lemming)
    await w.accepted(club.lemming, page)

    assert club.heard(LEMMY, "Create") == [page] and club.heard(MASTODON, "Create") == [page]
    assert club.boosts(MASTODON) == [page["object"]["id"]]
    body = next(seen.body for seen in w.peer(LEMMY).posts if b'"Announce"' in seen.body and b'"Create"' in seen.body)
    assert json.dumps(page).encode() in body, "byte for byte"
    assert len(w.home(w.bob)) == 1 and club.shown() == [page["object"]["id"]]


async def test_a_post_of_mastodon_that_mentions_the_group_is_in_it(w: World, club: Club) -> None:
    toot = club.toot(club.mastodon)
    await w.accepted(club.mastodon, toot)
    await w.accepted(club.mastodon, toot)

    assert club.heard(LEMMY, "Create") == [toot] and club.boosts(LEMMY) == [toot["object"]["id"]]


async def test_a_member_here_posts_by_naming_it(w: World, club: Club) -> None:
    w.db.transact(make.follow, w.bob, club.group)
    post = w.publish(w.bob, "@cats mine")
    await w.settle()

    note = club.heard(LEMMY, "Create")[0]["object"]
    assert post.group_id == club.group.id and note["id"] == post.uri and note["audience"] == club.group.uri
    assert club.boosts(MASTODON) == [post.uri]
    mine = [seen for seen in w.peer(LEMMY).received("Create")]
    assert not mine, "bob's own followers get his own Create, the group's get the group's"


async def test_answers_are_passed_on_but_not_boosted(w: World, club: Club) -> None:
    page = club.page(club.lemming)
    await w.accepted(club.lemming, page)
    answer = club.mastodon.create(club.mastodon.note("nice", cc=[club.lemming.uri], inReplyTo=page["object"]["id"]))
    await w.accepted(club.mastodon, answer)
    mine = w.publish(w.alice, "very", in_reply_to_id=w.find(page["object"]["id"]).id)  # type: ignore[union-attr]
    await w.settle()

    assert [one["object"]["id"] for one in club.heard(LEMMY, "Create")[1:]] == [answer["object"]["id"], mine.uri]
    assert club.boosts(LEMMY) == [page["object"]["id"]]


async def test_edits_votes_and_ends_are_passed_on(w: World, club: Club) -> None:
    page = club.page(club.lemming)
    await w.accepted(club.lemming, page)
    post = w.find(page["object"]["id"])
    assert post is not None
    like = club.mastodon.activity("Like", post.uri)
    dislike = club.mastodon.activity("Dislike", post.uri)
    update = club.lemming.activity("Update", page["object"] | {"name": "Two cats", "updated": clock.rfc3339(clock.now() + 1000)})
    delete = club.lemming.activity("Delete", post.uri)
    undo = club.mastodon.activity("Undo", like)
    for who, said in (
        (club.mastodon, like),
        (club.mastodon, undo),
        (club.mastodon, dislike),
        (club.lemming, update),
        (club.lemming, delete),
    ):
        await w.accepted(who, said)

    assert club.heard(LEMMY)[1:] == club.heard(MASTODON)[1:] == [like, undo, dislike, update, delete]
    assert w.find(post.uri) is None and "Undo" in [one["type"] for one in w.peer(MASTODON).received()]


async def test_what_a_member_here_does_is_passed_on_too(w: World, club: Club) -> None:
    post = w.publish(w.alice, "@cats mine")
    w.db.transact(interactions.favourite, w.alice, post.id)
    w.db.transact(interactions.unfavourite, w.alice, post.id)
    w.db.transact(reactions.react, w.alice, post.id, "🐈")
    w.db.transact(reactions.unreact, w.alice, post.id, "🐈")
    w.db.transact(posts.edit, w.alice, post.id, posts.Draft("@cats mine!", fmt="plain"), {})
    w.db.transact(posts.remove, w.alice, post.id)
    await w.settle()

    assert [one["type"] for one in club.heard(LEMMY)] in (
        ["Create", "Like", "Undo", "Like", "Undo", "Update", "Delete"], ["Like", "Undo", "Like", "Undo", "Update", "Delete"],
    ), "what had not left yet of a deleted post is not sent"  # fmt: skip
    answer = await w.client.get("/users/cats/outbox?page=true", headers=ASKING)
    assert post.uri not in await answer.text()


# -- who may not --


async def test_who_is_no_member_does_not_post_in_it(w: World, club: Club) -> None:
    toot = club.toot(club.mallory)
    await w.accepted(club.mallory, toot)
    mention = w.publish(w.bob, "@cats look at me")
    with pytest.raises(Forbidden, match="Join it first"):
        w.publish(w.bob, "look", group_id=club.group.id)

    assert club.heard() == [] and club.shown() == [] and mention.group_id is None
    assert w.find(toot["object"]["id"]) is not None, "a mention like any other"


async def test_a_group_for_anyone_takes_it_and_one_for_moderators_does_not(w: World, club: Club) -> None:
    w.db.transact(founding.edit, club.group, About(posting="anyone"))
    await w.accepted(club.mallory, club.toot(club.mallory))
    assert len(club.shown()) == 1
    w.db.transact(founding.edit, club.group, About(posting="moderators"))
    await w.accepted(club.lemming, club.page(club.lemming))
    assert len(club.shown()) == 1 and w.publish(w.alice, "@cats by me").group_id == club.group.id


async def test_somebody_who_is_banned_is_heard_no_more(w: World, club: Club) -> None:
    page = club.page(club.lemming)
    await w.accepted(club.lemming, page)
    account = w.account(club.lemming)
    assert account is not None
    w.db.transact(hosting.ban, club.group, w.alice, account, "spam", with_posts=True)
    await w.settle()
    w.forget()
    await w.accepted(club.lemming, club.page(club.lemming))
    await w.accepted(club.lemming, club.lemming.activity("Like", page["object"]["id"]))
    await club.join(club.lemming)

    assert club.shown() == [] and club.heard(MASTODON) == [] and not club.is_member(club.lemming)
    w.db.transact(hosting.unban, club.group, w.alice, account)
    await club.join(club.lemming)
    assert club.is_member(club.lemming)


async def test_what_is_said_in_somebody_elses_name_is_not_passed_on(w: World, club: Club) -> None:
    await club.join(club.mallory)
    forged = club.page(club.lemming) | {"actor": club.mallory.uri, "id": f"{club.mallory.uri}/1"}
    await w.accepted(club.mallory, forged)
    inner = club.page(club.lemming)
    answer = await w.deliver(club.mallory, inner)
    wrapped = club.mallory.activity("Announce", inner, to=[PUBLIC, club.group.uri])
    await w.accepted(club.mallory, wrapped)

    assert answer.status in (401, 403) and club.heard() == [] and club.shown() == []


async def test_private_posts_and_posts_of_groups_are_not_passed_on(w: World, club: Club) -> None:
    other = w.peer(EVIL).actor("dogs", key="mallory", type="Group")
    w.db.transact(founding.edit, club.group, About(posting="anyone"))
    await w.accepted(club.lemming, club.lemming.create(club.lemming.note("psst", to=[club.group.uri])))
    await w.accepted(other, club.toot(other))
    await w.accepted(other, other.activity("Announce", other.note("x", to=[PUBLIC, club.group.uri])["id"], to=[PUBLIC, club.group.uri]))

    assert club.heard() == [] and club.boosts() == []


async def test_a_member_posts_only_so_much_in_an_hour(w: World, club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "GROUP_POSTS", 2)
    for _ in range(4):
        await w.accepted(club.lemming, club.page(club.lemming))

    assert len(club.shown()) == 2


# -- moderation --


async def test_moderators_here_decide_and_everybody_is_told(w: World, club: Club) -> None:
    page = club.page(club.lemming)
    await w.accepted(club.lemming, page)
    post = w.find(page["object"]["id"])
    assert post is not None
    w.forget()
    w.db.transact(hosting.pin_post, club.group, w.alice, post.id, added=True)
    assert (await get(w, "/users/cats/collections/featured"))["orderedItems"] == [post.uri]
    w.db.transact(hosting.lock_post, club.group, w.alice, post.id, locked=True)
    w.db.transact(hosting.lock_post, club.group, w.alice, post.id, locked=False)
    w.db.transact(hosting.remove_post, club.group, w.alice, post.id, "a dog")
    await w.settle()

    said = club.heard(LEMMY)
    assert [one["type"] for one in said] == ["Add", "Lock", "Undo", "Delete"]
    assert all(one["actor"] == w.alice.uri and one["audience"] == club.group.uri for one in said)
    assert said[0]["target"] == club.group.featured_uri and said[3]["summary"] == "a dog" and said[3]["object"] == post.uri
    assert club.shown() == [] and w.peer(MASTODON).received("Undo"), "microblogs are told that the boost is over"


async def test_a_locked_thread_takes_nothing_more(w: World, club: Club) -> None:
    page = club.page(club.lemming)
    await w.accepted(club.lemming, page)
    post = w.find(page["object"]["id"])
    assert post is not None
    w.db.transact(hosting.lock_post, club.group, w.alice, post.id, locked=True)
    await w.accepted(club.mastodon, club.mastodon.create(club.mastodon.note("late", inReplyTo=post.uri, cc=[club.group.uri])))
    with pytest.raises(Invalid, match="closed this thread"):
        w.publish(w.alice, "late", in_reply_to_id=post.id)

    assert club.shown() == [post.uri]


async def test_a_moderator_of_another_server_decides_too(w: World, club: Club) -> None:
    lemming = w.account(club.lemming)
    assert lemming is not None
    w.db.transact(hosting.set_moderator, club.group, w.alice, lemming, added=True)
    toot = club.toot(club.mastodon)
    await w.accepted(club.mastodon, toot)
    w.forget()
    about = {"to": [PUBLIC], "cc": [club.group.uri], "audience": club.group.uri}
    lock = club.lemming.activity("Lock", toot["object"]["id"], **about)
    block = club.lemming.activity("Block", club.mastodon.uri, target=club.group.uri, removeData=True, summary="enough", **about)
    delete = club.lemming.activity("Delete", toot["object"]["id"], summary="bad", **about)
    for said in (lock, delete, block):
        await w.accepted(club.lemming, said)

    assert club.heard(LEMMY) == [lock, delete, block] and club.shown() == [] and not club.is_member(club.mastodon)


async def test_who_is_no_moderator_decides_nothing(w: World, club: Club) -> None:
    page = club.page(club.lemming)
    await w.accepted(club.lemming, page)
    uri = page["object"]["id"]
    about = {"to": [PUBLIC], "cc": [club.group.uri], "audience": club.group.uri}
    w.forget()
    for said in (
        club.mastodon.activity("Lock", uri, **about),
        club.mastodon.activity("Delete", uri, **about),
        club.mastodon.activity("Remove", uri, target=club.group.uri, **about),
        club.mastodon.activity("Add", uri, target=club.group.featured_uri, **about),
        club.mastodon.activity("Add", club.mastodon.uri, target=w.instance.uris.moderators(club.group.uri), **about),
        club.mastodon.activity("Block", club.lemming.uri, target=club.group.uri, **about),
        club.mastodon.activity("Update", {"id": club.group.uri, "type": "Group", "name": "Dogs"}, **about),
    ):
        await w.accepted(club.mastodon, said)
    post = w.find(uri)
    assert post is not None
    for act in (
        hosting.remove_post,
        lambda tx, *a: hosting.lock_post(tx, *a, locked=True),
        lambda tx, *a: hosting.pin_post(tx, *a, added=True),
    ):
        with pytest.raises(Forbidden):
            w.db.transact(act, club.group, w.bob, post.id)

    assert club.heard() == [] and club.shown() == [uri] and not post.locked and club.is_member(club.lemming)
    assert w.again(club.group).display_name == "Cats"


async def test_a_report_about_the_group_reaches_its_moderators(w: World, club: Club) -> None:
    post = w.publish(w.alice, "@cats mine")
    await w.accepted(club.lemming, club.lemming.activity("Flag", post.uri, summary="not a cat", to=[club.group.uri]))

    assert "report" in w.told(w.alice)


async def test_the_last_moderator_stays(w: World, club: Club) -> None:
    with pytest.raises(Conflict):
        w.db.transact(hosting.set_moderator, club.group, w.alice, w.alice, added=False)
    with pytest.raises(Conflict):
        w.db.transact(hosting.ban, club.group, w.alice, w.alice)


async def test_a_group_that_ends_says_so_and_leaves_the_posts(w: World, club: Club) -> None:
    page = club.page(club.lemming)
    await w.accepted(club.lemming, page)
    w.db.transact(founding.delete, club.group)
    await w.settle()

    answer = await w.client.get("/users/cats", headers=ASKING)
    assert answer.status == 410 and w.peer(LEMMY).received("Delete")
    kept = w.find(page["object"]["id"])
    assert kept is not None
    with pytest.raises(Conflict):
        w.db.transact(found)
    assert w.db.read(account_rows.get, club.group.id).deleted_at is not None


def test_names_of_groups_are_names_of_accounts_and_taken_once() -> None:
    db = make.database()
    db.transact(make.account, "cats")
    with pytest.raises(Conflict):
        db.transact(found)
    with pytest.raises(Invalid):
        db.transact(found, "groups")
    with pytest.raises(Invalid):
        db.transact(found, "dogs", posting="nobody")
    group: Account = db.transact(found, "birds")
    with pytest.raises(Conflict):
        db.transact(make.account, "birds")
    made: Post | None = db.read(post_rows.find_boost, group.id, 1)
    assert made is None and accounts.ROLES
