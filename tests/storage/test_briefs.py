"""The small rows of lists agree with the large ones: the same posts for the same people, in the same order."""

import random

import pytest

from fedi import blocks, interactions
from fedi.storage import accounts as account_rows
from fedi.storage import briefs, timelines, visible
from fedi.storage import interactions as interaction_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.briefs import BOOKMARKED, BOOSTED, FAVOURITED, OWN, PINNED, Brief
from fedi.storage.db import Database, Tx
from fedi.storage.interactions import Flags
from fedi.storage.timelines import Page
from tests import make


def fill(tx: Tx, viewer: Account, chance: random.Random) -> list[int]:
    """People who follow, block and mute each other, posts of every kind, boosts of some, and what the viewer did to them."""
    people = [make.account(tx) for _ in range(4)] + [make.remote(tx) for _ in range(4)]
    for other in people:
        make.follow(tx, viewer, other)
    made = []
    for number in range(60):
        author = chance.choice([viewer, *people])
        visibility = chance.choice(["public", "public", "unlisted", "followers", "direct"])
        post = make.post(tx, author, f"{number}", visibility, (viewer,) if chance.random() < 0.2 else ())
        made.append(post.id)
        if post.is_public and chance.random() < 0.5:
            made.append(make.boost(tx, chance.choice([one for one in people if one.id != author.id]), post).id)
        if author.id == viewer.id and visibility == "public" and chance.random() < 0.3:
            interactions.pin(tx, viewer, post.id)
        for act in (interactions.favourite, interactions.bookmark, interactions.boost):
            if chance.random() < 0.3 and (post.is_public or act is interactions.bookmark):
                if post_rows.find_visible(tx, viewer.id, post.id):
                    act(tx, viewer, post.id)
    blocks.mute(tx, viewer, people[0].id)
    make.block(tx, people[5], viewer)
    return made


def flags_of(row: Brief) -> Flags:
    return Flags(*(bool(row.flags & bit) for bit in (FAVOURITED, BOOSTED, BOOKMARKED, PINNED)))


@pytest.mark.parametrize("seed", range(3))
def test_briefs_are_the_rows_of_home(db: Database, alice: Account, seed: int) -> None:
    db.transact(fill, alice, random.Random(seed))
    everything = db.read(timelines.list_home, alice.id, Page(limit=100))
    middle = everything[len(everything) // 2].id

    for page in (
        Page(limit=100),
        Page(limit=5),
        Page(before=middle, limit=7),
        Page(after=middle, limit=7),
        Page(after=middle, limit=7, forward=True),
    ):
        posts = db.read(timelines.list_home, alice.id, page)
        rows = db.read(briefs.list_these, alice.id, [row[0] for row in db.read(briefs.list_home, alice.id, page)])
        assert [row.id for row in rows] == [post.id for post in posts] != []
        originals = db.read(post_rows.list_visible, alice.id, [row.shown_id or row.id for row in rows])
        flags = db.read(interaction_rows.list_flags, alice.id, originals)
        for row in rows:
            shown = originals[row.shown_id or row.id]
            assert (row.replies, row.boosts, row.favourites) == (shown.replies_count, shown.boosts_count, shown.favourites_count)
            assert flags_of(row) == flags[shown.id]
            assert bool(row.flags & OWN) is (shown.account_id == alice.id)
            assert (row.shown_account_id or row.account_id) == shown.account_id


@pytest.mark.parametrize("seed", range(3))
def test_briefs_of_chosen_posts_are_those_one_may_see(db: Database, alice: Account, bob: Account, seed: int) -> None:
    made = db.transact(fill, alice, random.Random(seed))
    random.Random(seed).shuffle(made)

    for viewer_id in (alice.id, bob.id, 0):
        seen = db.read(post_rows.list_visible, viewer_id, made)
        expected = [post_id for post_id in made if post_id in seen]
        assert [row.id for row in db.read(briefs.list_these, viewer_id, made)] == expected
        assert [mark[0] for mark in db.read(briefs.list_marks, viewer_id, made)] == expected


def change(tx: Tx, viewer: Account, made: list[int], chance: random.Random) -> None:
    """One thing happens to one of the posts, or to its author."""
    post = post_rows.find(tx, chance.choice(made))
    acts = (
        lambda post: post_rows.update(tx, post.id, warning=f"{chance.random()}"),
        lambda post: account_rows.update(tx, post.account_id, display_name=f"{chance.random()}"),
        lambda post: post_rows.add_counts(tx, post.id, **{chance.choice(["replies", "boosts", "favourites"]): chance.choice([1, -1, 5])}),
        lambda post: interactions.favourite(tx, viewer, post.id) if post.is_public and post.boost_of_id is None else None,
        lambda post: interactions.bookmark(tx, viewer, post.id) if post.boost_of_id is None else None,
        lambda post: post_rows.delete(tx, post.id) if chance.random() < 0.2 else None,
    )
    if post is not None and post_rows.find_visible(tx, viewer.id, post.id):
        chance.choice(acts)(post)


@pytest.mark.parametrize("seed", range(3))
def test_a_mark_changes_when_the_brief_does(db: Database, alice: Account, seed: int) -> None:
    chance = random.Random(seed)
    made = db.transact(fill, alice, chance)
    states: dict[int, dict[tuple[int, ...], Brief]] = {}

    for _ in range(80):
        marks = db.read(briefs.list_marks, alice.id, made)
        assert {mark for mark in db.read(briefs.list_home, alice.id, Page(limit=100)) if mark[0] in made} <= set(marks)
        for mark, row in zip(marks, db.read(briefs.list_these, alice.id, made), strict=True):
            assert mark[2:] == (row.replies, row.boosts, row.favourites, row.flags)
            assert states.setdefault(row.id, {}).setdefault(mark, row) == row, "one mark is one state"
        db.transact(change, alice, made, chance)
    assert max(len(of_one) for of_one in states.values()) > 3


def test_a_stamp_changes_with_the_text_and_when_what_it_answers_is_gone(db: Database, alice: Account) -> None:
    above = db.transact(make.post, alice)
    below = db.transact(make.post, alice, reply_to=above)

    def stamp() -> int:
        return db.read(briefs.list_these, alice.id, [below.id])[0].stamp

    seen = [stamp()]
    db.transact(lambda tx: post_rows.update(tx, below.id, warning="careful"))
    seen.append(stamp())
    db.transact(post_rows.delete, above.id)
    seen.append(stamp())
    assert len(set(seen)) == 3


# -- the predicate of mutes, in its quicker form --

_AS_IT_WAS = """(:viewer = 0 OR NOT EXISTS (
      SELECT 1 FROM mutes WHERE account_id = :viewer AND (expires_at IS NULL OR expires_at > :now) AND target_id IN (
        p.account_id, (SELECT account_id FROM posts WHERE id = p.boost_of_id))))"""


@pytest.mark.parametrize("seed", range(5))
def test_whom_one_has_muted_is_the_same_whichever_way_it_is_asked(db: Database, alice: Account, seed: int) -> None:
    chance = random.Random(seed)
    db.transact(fill, alice, chance)

    def mute_some(tx: Tx) -> None:
        for row in tx.query("SELECT id FROM accounts WHERE kind = 'Person' AND id <> ?", (alice.id,)):
            if chance.random() < 0.5:
                expires_at = chance.choice([None, tx.now - 1, tx.now, tx.now + 1])
                tx.execute("INSERT OR REPLACE INTO mutes VALUES (?, ?, 1, ?, 0)", (alice.id, row[0], expires_at))

    db.transact(mute_some)
    now = db.read(lambda tx: tx.now)
    for viewer_id in (alice.id, 0, 1):
        for at in (now - 1, now, now + 1, now + 2):
            params = {"viewer": viewer_id, "now": at}
            ways = [db.read(_pick, where, params) for where in (_AS_IT_WAS, visible.UNMUTED)]
            assert ways[0] == ways[1] != []


def _pick(tx: Tx, where: str, params: dict[str, int]) -> list[int]:
    return [row[0] for row in tx.query(f"SELECT p.id FROM posts p WHERE {where} ORDER BY p.id", params)]
