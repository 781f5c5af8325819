"""Pages of lists: backwards from a post, forwards from a post, nothing twice and nothing left out."""

from collections.abc import Callable
from typing import Any

import pytest

from fedi import interactions
from fedi.storage import posts as post_rows
from fedi.storage import threads as thread_rows
from fedi.storage import timelines
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.posts import Post
from fedi.storage.timelines import Page, Wanted
from tests import make

Run = Callable[..., Any]
List = Callable[[Database, Page], list[Post]]


@pytest.fixture
def posts(run: Run, alice: Account) -> list[Post]:
    """Ten of alice, the oldest first."""
    return [run(make.post, alice, f"{n} #topic") for n in range(10)]


LISTS: dict[str, Callable[[Tx, int, Page], list[Post]]] = {
    "home": timelines.list_home,
    "public": timelines.list_public,
    "tag": lambda tx, who, page: timelines.list_tag(tx, who, "topic", page),
    "profile": lambda tx, who, page: timelines.list_profile(tx, who, who, page),
}


@pytest.mark.parametrize("name", LISTS)
def test_every_list_comes_in_pages_in_both_directions(db: Database, alice: Account, posts: list[Post], name: str) -> None:
    def read(page: Page) -> list[int]:
        return [post.id for post in db.read(LISTS[name], alice.id, page)]

    every = [post.id for post in reversed(posts)]
    assert read(Page(limit=100)) == every
    assert read(Page(limit=3)) == every[:3]
    assert read(Page(before=every[2], limit=3)) == every[3:6]
    assert read(Page(after=every[5], limit=3)) == every[:3], "the newest of what is newer"
    assert read(Page(after=every[5], limit=3, forward=True)) == every[2:5], "what comes next"
    assert read(Page(before=every[2], after=every[5], limit=9)) == every[3:5]
    assert read(Page(before=every[-1])) == [] and read(Page(after=every[0])) == []


def test_the_public_list_has_no_boosts_and_no_answers_to_others(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account
) -> None:
    said = run(make.post, alice)
    own = run(make.post, alice, "and", reply_to=said)
    run(make.post, bob, "re", reply_to=said)
    run(make.post, carol, "re", in_reply_to="https://x.test/unknown")
    run(interactions.boost, bob, said.id)
    run(make.post, alice, "quiet", "unlisted")
    theirs = run(make.post, carol)
    assert [p.id for p in db.read(timelines.list_public, 0, Page())] == [theirs.id, own.id, said.id]
    assert [p.id for p in db.read(timelines.list_public, 0, Page(), local=True)] == [own.id, said.id]
    assert [p.id for p in db.read(timelines.list_public, 0, Page(), remote=True)] == [theirs.id]


def test_a_profile_shows_what_was_asked_for(db: Database, run: Run, alice: Account, bob: Account) -> None:
    said = run(make.post, alice, "one #topic")
    own = run(make.post, alice, "two", reply_to=said)
    answer = run(make.post, alice, "re", reply_to=run(make.post, bob))
    boost = run(interactions.boost, alice, run(make.post, bob).id)
    run(interactions.pin, alice, said.id)
    run(post_rows.set_media, own.id, [run(make.picture, alice).id])

    def read(**wanted: Any) -> set[int]:
        return {p.id for p in db.read(timelines.list_profile, 0, alice.id, Page(), Wanted(**wanted))}

    assert read() == {said.id, own.id, answer.id, boost.id}
    assert read(replies=False) == {said.id, own.id, boost.id}
    assert read(boosts=False) == {said.id, own.id, answer.id}
    assert read(only_media=True) == {own.id}
    assert read(pinned=True) == {said.id}
    assert read(tag="topic") == {said.id}


def test_a_thread_is_read_in_order(db: Database, run: Run, alice: Account, bob: Account) -> None:
    root = run(make.post, alice, "root")
    one = run(make.post, bob, "1", reply_to=root)
    two = run(make.post, alice, "2", reply_to=root)
    one_one = run(make.post, alice, "1.1", reply_to=one)
    one_one_one = run(make.post, bob, "1.1.1", reply_to=one_one)
    assert [p.id for p in db.read(thread_rows.list_descendants, 0, root.id, 20)] == [one.id, one_one.id, one_one_one.id, two.id]
    assert [p.id for p in db.read(thread_rows.list_ancestors, 0, one_one_one.id, 20)] == [root.id, one.id, one_one.id]
    assert [p.id for p in db.read(thread_rows.list_ancestors, 0, one_one_one.id, 2)] == [one.id, one_one.id], "the nearest"
    assert len(db.read(thread_rows.list_descendants, 0, root.id, 2)) == 2


def test_a_very_deep_thread_is_cut(db: Database, run: Run, carol: Account) -> None:
    def deep(tx: Tx) -> list[Post]:
        made = [make.post(tx, carol)]
        for _ in range(120):
            made.append(make.post(tx, carol, reply_to=made[-1]))
        return made

    made = run(deep)
    assert len(db.read(thread_rows.list_descendants, 0, made[0].id, 500)) == 50
    assert [p.id for p in db.read(thread_rows.list_ancestors, 0, made[-1].id, 30)] == [p.id for p in made[-31:-1]]
