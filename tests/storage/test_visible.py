"""Who may read what: every visibility, every kind of viewer, every list of posts, from one table."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from fedi import blocks, follows, moderation, posts
from fedi.storage import accounts as account_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import notifications as notification_rows
from fedi.storage import posts as post_rows
from fedi.storage import threads as thread_rows
from fedi.storage import timelines
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.posts import Post
from fedi.storage.timelines import Page
from tests import cast, make

KINDS = ("public", "unlisted", "followers", "direct", "local public", "local followers", "deleted")
VIEWERS = ("anybody", "remote stranger", "remote follower", "remote blocked", "local stranger", "local follower", "addressee", "author")
# Rows are KINDS, columns are VIEWERS.
MAY = {
    "public": "yyynyyyy",
    "unlisted": "yyynyyyy",
    "followers": "nnynnyyy",
    "direct": "nnnnnnyy",
    "local public": "nnnnyyyy",
    "local followers": "nnnnnyyy",
    "deleted": "nnnnnnnn",
}
LOCAL = ("local stranger", "local follower", "addressee", "author")


class Scene(NamedTuple):
    """One post between a question above and an answer below it, and everybody who might look."""

    post: Post
    above: Post
    below: Post
    viewers: dict[str, int]


def scene(tx: Tx, kind: str) -> Scene:
    author = make.person(tx, cast.ALICE)
    viewers = {
        "remote stranger": make.person(tx, cast.DAN),
        "remote follower": make.person(tx, cast.CAROL),
        "remote blocked": make.person(tx, cast.MALLORY),
        "local stranger": make.person(tx, cast.BOB),
        "local follower": make.account(tx, "erin"),
        "addressee": make.account(tx, "frank"),
    }
    for name in ("remote follower", "local follower", "remote blocked"):
        make.follow(tx, viewers[name], author)
    make.block(tx, author, viewers["remote blocked"])
    above = make.post(tx, author, "above")
    visibility = kind.removeprefix("local ") if kind != "deleted" else "public"
    post = make.post(
        tx, author, "the one #topic", visibility, (viewers["addressee"],), reply_to=above, local_only=kind.startswith("local ")
    )
    below = make.post(tx, author, "below", reply_to=post)
    ids = {name: account.id for name, account in viewers.items()} | {"anybody": 0, "author": author.id}
    for name in LOCAL:
        interaction_rows.put_bookmark(tx, ids[name], post.id)
        if name != "author":
            notification_rows.insert(tx, notification_rows.Told(ids[name], "edit", author.id, post.id))
    post_rows.insert(
        tx, id=post_rows.new_id(tx, tx.now), uri="https://peer.test/b", url="", account_id=ids["remote stranger"], kind="Announce",
        visibility="public", boost_of_id=post.id, published_at=tx.now,
    )  # fmt: skip
    if kind == "deleted":
        posts.remove(tx, author, post.id)
    return Scene(post, above, below, ids)


def _has(found: list[Post], post: Post) -> bool:
    return any(post.id in (one.id, one.boost_of_id) for one in found)


PAGE = Page(limit=100)
Surface = Callable[[Tx, Scene, int], bool]
SURFACES: dict[str, Surface] = {
    "find": lambda tx, s, who: post_rows.find_visible(tx, who, s.post.id) is not None,
    "list": lambda tx, s, who: s.post.id in post_rows.list_visible(tx, who, [s.post.id, s.above.id]),
    "ids of the profile": lambda tx, s, who: s.post.id in timelines.list_profile_ids(tx, who, s.post.account_id, PAGE),
    "profile": lambda tx, s, who: _has(timelines.list_profile(tx, who, s.post.account_id, PAGE), s.post),
    "profile of who boosted it": lambda tx, s, who: _has(timelines.list_profile(tx, who, s.viewers["remote stranger"], PAGE), s.post),
    "profile by tag": lambda tx, s, who: _has(
        timelines.list_profile(tx, who, s.post.account_id, PAGE, timelines.Wanted(tag="topic")), s.post
    ),
    "ancestors": lambda tx, s, who: _has(thread_rows.list_ancestors(tx, who, s.below.id, 20), s.post),
    "descendants": lambda tx, s, who: _has(thread_rows.list_descendants(tx, who, s.above.id, 20), s.post),
    "boosters": lambda tx, s, who: bool(interaction_rows.list_boosters(tx, who, s.post.id)),
}
OWN: dict[str, Surface] = {  # lists that only people of this server have
    "bookmarks": lambda tx, s, who: s.post.id in interaction_rows.list_bookmarked(tx, who, 0, 20),
    "notifications": lambda tx, s, who: any(n.post_id == s.post.id for n in notification_rows.list_of(tx, who)),
    "unread": lambda tx, s, who: notification_rows.count_unread(tx, who) > int(who == s.viewers["addressee"]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("surface", SURFACES)
def test_every_list_shows_a_post_to_those_who_may_see_it_and_to_nobody_else(db: Database, kind: str, surface: str) -> None:
    made = db.transact(scene, kind)
    seen = {name: db.read(SURFACES[surface], made, made.viewers[name]) for name in VIEWERS}
    # The one that came above or below is not lost with it: only the one in question is left out.
    expected = {name: cell == "y" for name, cell in zip(VIEWERS, MAY[kind], strict=True)}
    if surface == "ancestors" and kind == "deleted":
        expected = dict.fromkeys(VIEWERS, False)
    assert seen == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("surface", OWN)
def test_ones_own_lists_forget_what_one_may_not_see(db: Database, kind: str, surface: str) -> None:
    made = db.transact(scene, kind)
    for name in LOCAL[: 3 if surface != "bookmarks" else 4]:
        if kind == "direct" and name == "addressee" and surface == "unread":
            continue  # told of the mention and of the edit: counted below
        shown = db.read(OWN[surface], made, made.viewers[name])
        assert shown == (MAY[kind][VIEWERS.index(name)] == "y"), name


@pytest.mark.parametrize("kind", KINDS)
def test_lists_for_everybody_have_public_posts_only(db: Database, kind: str) -> None:
    made = db.transact(scene, kind)
    for name in VIEWERS:
        who = made.viewers[name]
        public = kind in ("public", "local public") and MAY[kind][VIEWERS.index(name)] == "y"
        assert _has(db.read(timelines.list_tag, who, "topic", PAGE), made.post) == public, name
        assert _has(db.read(timelines.list_public, who, PAGE), made.post) == public, name
        assert _has(db.read(timelines.list_public, who, PAGE, local=True), made.post) == public, name
        assert not _has(db.read(timelines.list_public, who, PAGE, remote=True), made.post), name


@pytest.mark.parametrize("kind", KINDS)
def test_homes_have_what_their_owner_follows_and_may_see(db: Database, kind: str) -> None:
    made = db.transact(scene, kind)
    for name in LOCAL:
        expected = kind != "deleted" and (name == "author" or (name == "local follower" and kind != "direct"))
        assert _has(db.read(timelines.list_home, made.viewers[name], PAGE), made.post) == expected, name


# -- what takes sight away --


Act = Callable[[Tx, Account, Account], object]
TAKEN: dict[str, Act] = {
    "the author blocks the viewer": lambda tx, author, viewer: make.block(tx, author, viewer),
    "the viewer blocks the author": lambda tx, author, viewer: make.block(tx, viewer, author),
    "the viewer blocks the server": lambda tx, author, viewer: blocks.block_domain(tx, viewer, author.host),
    "this server blocks the server": lambda tx, author, viewer: moderation.block_domain(tx, author.host),
    "the author is suspended": lambda tx, author, viewer: moderation.suspend(tx, author),
    "the viewer unfollows": lambda tx, author, viewer: follows.unfollow(tx, viewer, author.id),
    "the author ends the follow": lambda tx, author, viewer: follows.receive_reject(tx, author, viewer, ""),
}


@pytest.mark.parametrize("act", TAKEN)
def test_a_followers_only_post_is_gone_at_once_when(db: Database, act: str) -> None:
    def begin(tx: Tx) -> tuple[Account, Account, Post]:
        author, viewer = make.person(tx, cast.CAROL), make.person(tx, cast.BOB)
        make.follow(tx, viewer, author)
        return author, viewer, make.post(tx, author, "for friends", "followers")

    author, viewer, post = db.transact(begin)
    assert db.read(post_rows.find_visible, viewer.id, post.id)
    assert _has(db.read(timelines.list_home, viewer.id, PAGE), post)
    db.transact(TAKEN[act], author, viewer)
    assert db.read(post_rows.find_visible, viewer.id, post.id) is None
    assert not _has(db.read(timelines.list_home, viewer.id, PAGE), post)
    assert not _has(db.read(timelines.list_profile, viewer.id, author.id, PAGE), post)


def test_one_who_only_asked_to_follow_sees_nothing_of_it(db: Database, bob: Account, carol: Account) -> None:
    def asked(tx: Tx) -> tuple[Post, Post]:
        locked = make.account(tx, "locked", locked=1)
        theirs, ours = make.post(tx, carol, "x", "followers"), make.post(tx, locked, "y", "followers")
        assert follows.follow(tx, bob, carol.id).state == follows.follow(tx, bob, locked.id).state == "pending"
        return theirs, ours

    for post in db.transact(asked):
        assert db.read(post_rows.find_visible, bob.id, post.id) is None
        assert not _has(db.read(timelines.list_home, bob.id, PAGE), post)


def test_a_local_only_post_is_for_signed_in_people_of_this_server(db: Database, alice: Account, bob: Account, carol: Account) -> None:
    def made(tx: Tx) -> Post:
        make.follow(tx, carol, alice)
        return make.post(tx, alice, "just us", "public", (carol,), local_only=True)

    post = db.transact(made)
    assert db.read(post_rows.find_visible, bob.id, post.id)
    assert db.read(post_rows.find_visible, 0, post.id) is None
    assert db.read(post_rows.find_visible, carol.id, post.id) is None, "a follower elsewhere, even mentioned, gets nothing"


def test_a_boost_shows_only_to_those_who_may_see_what_it_boosts(
    db: Database, run: Any, alice: Account, bob: Account, carol: Account
) -> None:
    def made(tx: Tx) -> tuple[Post, Post]:
        make.follow(tx, bob, alice)
        theirs = make.post(tx, carol)
        return theirs, make.boost(tx, alice, theirs)

    theirs, boost = run(made)
    assert db.read(post_rows.find_visible, bob.id, boost.id)
    run(make.block, carol, bob)
    assert db.read(post_rows.find_visible, bob.id, boost.id) is None
    assert db.read(post_rows.find_visible, 0, boost.id)
    assert not _has(db.read(timelines.list_home, bob.id, PAGE), boost)
    run(moderation.suspend, carol)
    assert db.read(post_rows.find_visible, 0, boost.id) is None
    assert db.read(post_rows.find_visible, alice.id, theirs.id) is None


def test_what_may_not_be_seen_is_refused_in_the_same_words_as_what_is_not_there(db: Database, alice: Account, bob: Account) -> None:
    post = db.transact(make.post, alice, "secret", "direct")
    said = []
    for post_id in (post.id, 12345):
        with pytest.raises(Exception, match="There is no such post") as caught:
            db.read(post_rows.get_visible, bob.id, post_id)
        said.append((type(caught.value), str(caught.value)))
    assert said[0] == said[1]


def test_people_of_a_limited_server_are_left_out_of_lists_for_everybody_but_not_for_followers(
    db: Database, run: Any, alice: Account, bob: Account, carol: Account
) -> None:
    post = run(make.post, carol, "hi #topic", tags=("topic",))
    run(make.follow, bob, carol)
    run(moderation.block_domain, "peer.test", severity="limit")
    for viewer, shown in ((0, False), (alice.id, False), (bob.id, True)):
        assert _has(db.read(timelines.list_public, viewer, PAGE), post) == shown
        assert _has(db.read(timelines.list_tag, viewer, "topic", PAGE), post) == shown
        assert db.read(post_rows.find_visible, viewer, post.id), "who looks for it finds it"


def test_muted_people_are_left_out_of_lists_but_can_be_looked_at(
    db: Database, run: Any, alice: Account, bob: Account, carol: Account
) -> None:
    run(make.follow, bob, carol)
    run(make.follow, bob, alice)
    theirs = run(make.post, carol, "hi #topic", tags=("topic",))
    boost = run(make.boost, alice, run(make.post, carol, "again"))
    assert _has(db.read(timelines.list_home, bob.id, PAGE), theirs)
    assert _has(db.read(timelines.list_tag, bob.id, "topic", PAGE), theirs)
    run(blocks.mute, bob, carol.id)
    for found in (
        db.read(timelines.list_home, bob.id, PAGE),
        db.read(timelines.list_public, bob.id, PAGE),
        db.read(timelines.list_tag, bob.id, "topic", PAGE),
    ):
        assert not _has(found, theirs)
        assert not _has(found, boost)
    assert _has(db.read(timelines.list_profile, bob.id, carol.id, PAGE), theirs)
    run(blocks.unmute, bob, carol.id)
    assert _has(db.read(timelines.list_home, bob.id, PAGE), theirs)


def test_a_mute_ends_by_itself(db: Database, run: Any, frozen: Any, bob: Account, carol: Account) -> None:
    run(make.follow, bob, carol)
    post = run(make.post, carol)
    now = db.read(lambda tx: tx.now)
    run(blocks.mute, bob, carol.id, expires_at=now + 60_000)
    assert not _has(db.read(timelines.list_home, bob.id, PAGE), post)
    frozen.tick(61)
    assert _has(db.read(timelines.list_home, bob.id, PAGE), post)


def test_the_posts_of_an_account_that_ended_are_seen_by_nobody(db: Database, alice: Account) -> None:
    """Also should a row be left behind."""
    post = db.transact(make.post, alice)
    db.transact(account_rows.update, alice.id, deleted_at=1)
    assert db.read(post_rows.find_visible, 0, post.id) is None
    assert db.read(post_rows.find_visible, alice.id, post.id) is None
