"""Homes: what comes in, for whom, and what is left out."""

from collections.abc import Callable
from typing import Any

import pytest

from fedi import blocks, interactions
from fedi.storage import timelines
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.posts import Post
from tests import make

Run = Callable[..., Any]


def homes(tx: Tx, post: Post) -> set[int]:
    """Whose homes a post stands in."""
    return {row[0] for row in tx.query("SELECT owner_id FROM home WHERE post_id = ?", (post.id,))}


@pytest.mark.parametrize("visibility", ["public", "unlisted", "followers"])
def test_a_post_goes_into_the_homes_of_followers_here_and_of_its_author(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, visibility: str
) -> None:
    run(make.follow, bob, alice)
    run(make.follow, carol, alice)
    run(make.account, "erin")
    assert db.read(homes, run(make.post, alice, "hi", visibility)) == {alice.id, bob.id}


def test_a_post_from_elsewhere_goes_into_the_homes_of_followers(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account
) -> None:
    run(make.follow, bob, carol)
    assert db.read(homes, run(make.post, carol)) == {bob.id}


def test_a_direct_post_goes_into_the_homes_of_followers_it_names(db: Database, run: Run, alice: Account, bob: Account) -> None:
    erin, frank = run(make.account, "erin"), run(make.account, "frank")
    for who in (bob, erin):
        run(make.follow, who, alice)
    assert db.read(homes, run(make.post, alice, "psst", "direct", (bob, frank))) == {alice.id, bob.id}


def test_an_answer_is_for_those_who_follow_both(db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account) -> None:
    erin = run(make.account, "erin")
    for who in (bob, erin):
        run(make.follow, who, carol)
    run(make.follow, bob, dan)
    asked = run(make.post, dan)
    assert db.read(homes, run(make.post, carol, "re", reply_to=asked)) == {bob.id}
    assert db.read(homes, run(make.post, carol, "re", in_reply_to="https://x.test/unknown")) == set(), "to nobody knows whom"
    own = run(make.post, carol)
    assert db.read(homes, run(make.post, carol, "and", reply_to=own)) == {bob.id, erin.id}
    to_erin = run(make.post, erin)
    assert db.read(homes, run(make.post, carol, "re", reply_to=to_erin)) == {erin.id}, "whom it answers sees it"


def test_muted_and_blocked_people_are_left_out(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    run(make.follow, alice, bob)
    run(make.follow, alice, carol)
    run(blocks.mute, alice, carol.id)
    theirs = run(make.post, carol)
    assert db.read(homes, theirs) == set()
    assert db.read(homes, run(make.boost, bob, theirs)) == {bob.id}


def test_boosts_can_be_left_out_per_follow(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    run(make.follow, alice, bob, boosts=0)
    assert db.read(homes, run(make.boost, bob, run(make.post, carol))) == {bob.id}
    assert db.read(homes, run(make.post, bob)) == {alice.id, bob.id}


def test_what_is_at_hand_is_not_shown_again_as_a_boost(
    db: Database, run: Run, frozen: Any, alice: Account, bob: Account, carol: Account
) -> None:
    erin = run(make.account, "erin")
    for who in (bob, erin):
        run(make.follow, alice, who)
    fresh = run(make.post, carol)
    assert alice.id in db.read(homes, run(make.boost, bob, fresh))
    assert alice.id not in db.read(homes, run(make.boost, erin, fresh)), "two who boost one thing show it once"
    said = run(make.post, bob)
    assert alice.id not in db.read(homes, run(make.boost, erin, said))
    frozen.tick(13 * 3600)
    run(interactions.unboost, erin, said.id)
    assert alice.id in db.read(homes, run(make.boost, erin, said)), "after half a day it may come up again"


def test_one_post_is_written_to_a_thousand_homes_in_one_statement(db: Database, run: Run, alice: Account) -> None:
    def crowd(tx: Tx) -> None:
        for n in range(1000):
            who = tx.now * 1000 + n
            tx.execute(
                "INSERT INTO accounts (id, username, host, uri, url, kind, created_at) VALUES (?, ?, '', ?, '', 'Person', 0)",
                (who, f"u{n}", f"https://fedi.test/users/u{n}"),
            )
            tx.execute(
                "INSERT INTO users (account_id, email, password_hash, role, created_at) VALUES (?, ?, '', 'user', 0)", (who, f"{n}@x")
            )
            tx.execute(
                "INSERT INTO follows (follower_id, followed_id, state, local, uri, created_at) VALUES (?, ?, 'accepted', 1, ?, 0)",
                (who, alice.id, str(n)),
            )

    run(crowd)
    assert len(db.read(homes, run(make.post, alice))) == 1001


def test_homes_keep_their_latest_rows(db: Database, run: Run, alice: Account, bob: Account) -> None:
    posts = [run(make.post, alice, str(n)) for n in range(6)]
    theirs = run(make.post, bob)
    assert [run(timelines.trim_homes, 4, 1) for _ in range(3)] == [1, 1, 0]
    assert [p.id for p in db.read(timelines.list_home, alice.id, timelines.Page())] == [p.id for p in posts[:1:-1]]
    assert [p.id for p in db.read(timelines.list_home, bob.id, timelines.Page())] == [theirs.id]
