"""Lists of people: what comes into them, what they keep from home, and who can be in one."""

from collections.abc import Callable
from typing import Any

import pytest

from fedi import blocks, follows, limits, lists, posts
from fedi.errors import Invalid, NotFound
from fedi.storage import list_posts, timelines
from fedi.storage import lists as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.lists import List
from fedi.storage.timelines import Page
from tests import make

Run = Callable[..., Any]


@pytest.fixture
def run(db: Database) -> Run:
    return db.transact


def shown(tx: Tx, one: List) -> list[int]:
    return list_posts.list_ids(tx, one.account_id, one.id, Page())


def home(tx: Tx, owner: Account) -> list[int]:
    return [post.id for post in timelines.list_home(tx, owner.id, Page())]


def friends(tx: Tx, owner: Account, *people: Account, replies: str = "list", exclusive: bool = False) -> List:
    """A list of people whom its owner follows."""
    made = lists.create(tx, owner, "Friends", replies, exclusive=exclusive)
    for who in people:
        if rows.list_not_followed(tx, owner.id, [who.id]):
            make.follow(tx, owner, who)
    if people:
        lists.add_members(tx, owner, made.id, [who.id for who in people])
    return made


def test_a_list_shows_what_its_members_post_and_nobody_else(run: Run, alice: Account, bob: Account, carol: Account, dan: Account) -> None:
    made = run(friends, alice, carol)
    run(make.follow, alice, dan)
    kept = run(make.post, carol, "in the list")
    run(make.post, dan, "only at home")
    run(make.post, bob, "nowhere")

    assert run(shown, made) == [kept.id]
    assert len(run(home, alice)) == 2
    assert run(list_posts.list_ids, bob.id, made.id, Page()) == []


def test_what_somebody_has_posted_before_comes_along_and_leaves_with_them(run: Run, alice: Account, carol: Account) -> None:
    old = run(make.post, carol, "before")
    run(make.post, carol, "secret", "direct", (alice,))
    made = run(friends, alice, carol)

    assert run(shown, made) == [old.id]
    run(lists.remove_members, alice, made.id, [carol.id])
    assert run(shown, made) == []
    assert run(rows.list_members, made.id, Page()) == []


def test_followers_only_posts_are_seen_and_direct_ones_are_not(run: Run, alice: Account, carol: Account) -> None:
    made = run(friends, alice, carol)
    private = run(make.post, carol, "for followers", "followers")
    run(make.post, carol, "to alice", "direct", (alice,))

    assert run(shown, made) == [private.id]
    run(blocks.receive_block, carol, alice, "https://peer.test/blocks/1")
    assert run(shown, made) == []


@pytest.mark.parametrize(("policy", "seen"), [("followed", "abcd"), ("list", "abc"), ("none", "ab")])
def test_answers_to_others_are_in_it_as_the_list_says(
    run: Run, alice: Account, bob: Account, carol: Account, dan: Account, mallory: Account, policy: str, seen: str
) -> None:
    made = run(friends, alice, carol, bob, replies=policy)
    run(make.follow, alice, dan)
    roots = {who.id: run(make.post, who, "root") for who in (carol, alice, bob, dan, mallory)}
    wanted = {
        name: run(make.post, carol, name, reply_to=roots[who.id]).id
        for name, who in zip("abcde", (carol, alice, bob, dan, mallory), strict=True)
    }

    found = set(run(shown, made))
    assert {name for name, post_id in wanted.items() if post_id in found} == set(seen)
    before = run(shown, made)
    run(lists.update, alice, made.id, None, "followed" if policy == "none" else "none", None)
    run(lists.update, alice, made.id, None, policy, None)
    assert run(shown, made) == before


def test_boosts_are_in_it_once_and_only_where_they_are_wanted(run: Run, alice: Account, bob: Account, carol: Account, dan: Account) -> None:
    made = run(friends, alice, carol, dan)
    original = run(make.post, bob, "boosted")
    first = run(make.boost, carol, original)
    run(make.boost, dan, original)

    assert run(shown, made) == [first.id]
    run(follows.follow, alice, carol.id, boosts=False)
    assert run(shown, made) == []
    run(make.boost, carol, run(make.post, bob, "another"))
    assert run(shown, made) == []


def test_posts_in_languages_one_does_not_want_are_not_in_it(run: Run, alice: Account, bob: Account) -> None:
    made = run(friends, alice, bob)
    english, german = (run(make.post, bob, "hello", language=language).id for language in ("en", "de"))
    assert run(shown, made) == [german, english]
    run(follows.follow, alice, bob.id, languages=("en",))
    run(make.post, bob, "hallo", language="de")
    assert run(shown, made) == [english]
    run(lists.remove_members, alice, made.id, [bob.id])
    run(lists.add_members, alice, made.id, [bob.id])
    assert run(shown, made) == [english]


def test_who_is_muted_or_blocked_is_not_in_it(run: Run, alice: Account, carol: Account, dan: Account) -> None:
    made = run(friends, alice, carol, dan)
    run(blocks.mute, alice, carol.id)
    run(make.post, carol, "muted")
    theirs = run(make.post, dan, "heard")
    run(make.boost, carol, theirs)

    assert run(shown, made) == [theirs.id]
    run(blocks.block, alice, dan.id)
    assert run(shown, made) == []
    assert [who.id for who in run(rows.list_members, made.id, Page())] == [carol.id]


def test_who_is_followed_no_more_is_in_no_list(run: Run, alice: Account, carol: Account) -> None:
    made = run(friends, alice, carol)
    run(make.post, carol, "hello")
    run(follows.unfollow, alice, carol.id)

    assert run(shown, made) == [] and run(rows.list_members, made.id, Page()) == []


def test_who_has_not_said_yes_yet_can_be_in_it_and_shows_when_they_do(run: Run, alice: Account, carol: Account) -> None:
    post = run(make.post, carol, "hello")
    made = run(lists.create, alice, "Waiting")
    asked = run(follows.follow, alice, carol.id)
    run(lists.add_members, alice, made.id, [carol.id])
    assert run(shown, made) == []

    run(follows.receive_accept, carol, alice, asked.uri)
    assert run(shown, made) == [post.id]


def test_only_people_one_follows_and_oneself_can_be_in_a_list(run: Run, alice: Account, carol: Account) -> None:
    made = run(lists.create, alice, "Mine")
    for account_id in (carol.id, 12345):
        with pytest.raises(NotFound):
            run(lists.add_members, alice, made.id, [account_id])
    run(lists.add_members, alice, made.id, [alice.id])
    mine = run(make.post, alice, "mine")
    assert run(shown, made) == [mine.id]
    with pytest.raises(Invalid):
        run(lists.add_members, alice, made.id, [alice.id])


def test_members_of_an_exclusive_list_are_not_at_home(run: Run, alice: Account, bob: Account, carol: Account) -> None:
    run(make.follow, alice, carol)
    run(make.follow, bob, carol)
    old = run(make.post, carol, "before")
    made = run(friends, alice, carol, exclusive=True)
    new = run(make.post, carol, "after")
    mine = run(make.post, alice, "mine")

    assert run(shown, made) == [new.id, old.id]
    assert run(home, alice) == [mine.id] and run(home, bob) == [new.id, old.id]


@pytest.mark.parametrize("how", ["update", "delete", "remove"])
def test_they_come_back_home_when_it_is_exclusive_no_more(run: Run, alice: Account, carol: Account, how: str) -> None:
    made = run(friends, alice, carol, exclusive=True)
    post = run(make.post, carol, "hello")
    assert run(home, alice) == []

    if how == "update":
        run(lists.update, alice, made.id, None, None, False)
    elif how == "delete":
        run(lists.delete, alice, made.id)
    else:
        run(lists.remove_members, alice, made.id, [carol.id])
    assert run(home, alice) == [post.id]


def test_a_list_that_becomes_exclusive_takes_its_members_from_home_unless_another_one_keeps_them_away(
    run: Run, alice: Account, carol: Account
) -> None:
    one, other = run(friends, alice, carol), run(friends, alice, carol)
    post = run(make.post, carol, "hello")
    run(lists.update, alice, one.id, None, None, True)
    run(lists.update, alice, other.id, None, None, True)
    assert run(home, alice) == []
    run(lists.delete, alice, one.id)
    assert run(home, alice) == []
    run(lists.delete, alice, other.id)
    assert run(home, alice) == [post.id]


def test_a_deleted_post_is_in_no_list(run: Run, alice: Account, bob: Account) -> None:
    made = run(friends, alice, bob)
    post = run(make.post, bob, "hello")
    assert run(list_posts.list_holding, post.id) == [(made.id, alice.id)]
    run(posts.remove, bob, post.id)
    assert run(shown, made) == []


def test_lists_keep_their_latest_rows(run: Run, alice: Account, bob: Account) -> None:
    made = run(friends, alice, bob)
    found = [run(make.post, bob, f"post {number}").id for number in range(6)]
    assert [run(list_posts.trim, 4, 1) for _ in range(3)] == [1, 1, 0]
    assert run(shown, made) == found[:1:-1]


def test_there_is_an_end_to_lists_names_and_members(run: Run, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    for title in ("", " \u200b ", "x" * (limits.LIST_CHARS + 1)):
        with pytest.raises(Invalid):
            run(lists.create, alice, title)
    with pytest.raises(Invalid):
        run(lists.create, alice, "name", "everything")
    monkeypatch.setattr(limits, "LIST_MEMBERS", 1)
    made = run(friends, alice, bob)
    with pytest.raises(Invalid):
        run(lists.add_members, alice, made.id, [alice.id])
    monkeypatch.setattr(limits, "LISTS", 1)
    with pytest.raises(Invalid):
        run(lists.create, alice, "one more")


def test_somebody_elses_list_is_not_there(run: Run, alice: Account, bob: Account) -> None:
    made = run(friends, alice)
    for act in (
        lambda tx: lists.get(tx, bob.id, made.id),
        lambda tx: lists.update(tx, bob, made.id, "mine", None, None),
        lambda tx: lists.delete(tx, bob, made.id),
        lambda tx: lists.add_members(tx, bob, made.id, [bob.id]),
        lambda tx: lists.remove_members(tx, bob, made.id, [bob.id]),
    ):
        with pytest.raises(NotFound):
            run(act)
    assert run(lists.get, alice.id, made.id) == made
