from collections.abc import Callable
from typing import Any

import pytest

from fedi import follows, moderation
from fedi.errors import Conflict, Forbidden, Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import follows as rows
from fedi.storage import notifications as notification_rows
from fedi.storage import timelines
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.timelines import Page
from tests import make

Run = Callable[..., Any]


def counts(tx: Tx, who: Account) -> tuple[int, int]:
    """(followers, following)"""
    now = make.again(tx, who)
    return now.followers_count, now.following_count


def state(tx: Tx, one: Account, other: Account) -> str:
    found = rows.find(tx, one.id, other.id)
    return found.state if found else "none"


def kinds(tx: Tx, owner: Account) -> list[str]:
    return [n.kind for n in notification_rows.list_of(tx, owner.id)]


def home(tx: Tx, owner: Account) -> list[int]:
    return [post.id for post in timelines.list_home(tx, owner.id, Page(limit=100))]


# -- people here --


def test_an_open_account_here_is_followed_at_once(db: Database, run: Run, alice: Account, bob: Account) -> None:
    assert run(follows.follow, alice, bob.id).state == "accepted"
    assert db.read(counts, bob) == (1, 0) and db.read(counts, alice) == (0, 1)
    assert db.read(kinds, bob) == ["follow"]
    assert db.read(make.activities) == [], "nobody else is told"


def test_following_twice_counts_once_and_changes_what_one_sees(db: Database, run: Run, alice: Account, bob: Account) -> None:
    run(follows.follow, alice, bob.id)
    changed = run(follows.follow, alice, bob.id, boosts=False, notify=True)
    assert (changed.state, changed.boosts, changed.notify) == ("accepted", 0, 1)
    assert db.read(counts, bob) == (1, 0)
    assert db.read(kinds, bob) == ["follow"]


def test_a_locked_account_is_asked_and_decides(db: Database, run: Run, alice: Account) -> None:
    locked = run(make.account, "locked", locked=1)
    assert run(follows.follow, alice, locked.id).state == "pending"
    assert db.read(counts, locked) == (0, 0)
    assert db.read(kinds, locked) == ["follow_request"]
    assert db.read(rows.count_pending, locked.id) == 1
    run(follows.accept, locked, alice.id)
    run(follows.accept, locked, alice.id)
    assert db.read(state, alice, locked) == "accepted"
    assert db.read(counts, locked) == (1, 0), "accepting twice counts once"
    assert db.read(kinds, locked) == ["follow"]


def test_a_request_can_be_refused_and_made_again(db: Database, run: Run, alice: Account) -> None:
    locked = run(make.account, "locked", locked=1)
    run(follows.follow, alice, locked.id)
    run(follows.reject, locked, alice.id)
    assert db.read(state, alice, locked) == "none"
    assert db.read(kinds, locked) == []
    with pytest.raises(NotFound):
        run(follows.reject, locked, alice.id)
    assert run(follows.follow, alice, locked.id).state == "pending"


def test_one_cannot_accept_what_nobody_asked(run: Run, alice: Account, bob: Account) -> None:
    with pytest.raises(NotFound):
        run(follows.accept, bob, alice.id)


def test_whom_one_cannot_follow(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account, mallory: Account
) -> None:
    run(account_rows.update, carol.id, suspended_at=1)
    run(account_rows.update, dan.id, moved_to_uri="https://new.test/dan")
    run(make.block, mallory, alice)
    run(make.block, alice, bob)
    actor = run(account_rows.insert, username="x", host="", uri="https://fedi.test/actor", url="", kind="Application")
    for target, error in ((alice, Invalid), (carol, NotFound), (dan, Conflict), (mallory, Forbidden), (bob, Forbidden), (actor, NotFound)):
        with pytest.raises(error):
            run(follows.follow, alice, target.id)
    with pytest.raises(NotFound):
        run(follows.follow, alice, 1)
    assert db.read(counts, alice) == (0, 0)


def test_unfollowing_ends_it_and_again_is_no_harm(db: Database, run: Run, alice: Account, bob: Account) -> None:
    run(follows.follow, alice, bob.id)
    for _ in range(2):
        run(follows.unfollow, alice, bob.id)
    assert db.read(state, alice, bob) == "none"
    assert db.read(counts, bob) == (0, 0) and db.read(counts, alice) == (0, 0)
    assert db.read(kinds, bob) == []
    with pytest.raises(NotFound):
        run(follows.unfollow, alice, 1)


def test_a_follower_can_be_removed(db: Database, run: Run, alice: Account, bob: Account) -> None:
    run(make.follow, alice, bob)
    run(follows.remove_follower, bob, alice.id)
    assert db.read(state, alice, bob) == "none"
    assert db.read(counts, alice) == (0, 0)


# -- homes --


def test_following_fills_the_home_and_unfollowing_empties_it(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    erin = run(make.account, "erin")
    said = run(make.post, bob, "public")
    friends = run(make.post, bob, "friends", "followers")
    direct = run(make.post, bob, "@alice", "direct", (alice,))
    to_self = run(make.post, bob, "more", reply_to=said)
    to_alice = run(make.post, bob, "to alice", reply_to=run(make.post, alice))
    to_erin = run(make.post, bob, "to erin", reply_to=run(make.post, erin))
    to_unknown = run(make.post, carol, "to whom?", in_reply_to="https://x.test/1")
    boost = run(make.boost, bob, run(make.post, carol))
    before = set(db.read(home, alice))
    run(follows.follow, alice, bob.id)
    got = set(db.read(home, alice)) - before
    assert got == {said.id, friends.id, to_self.id, to_alice.id, boost.id}
    assert not {direct.id, to_erin.id, to_unknown.id} & got
    run(follows.unfollow, alice, bob.id)
    assert set(db.read(home, alice)) == before


def test_a_follow_without_boosts_brings_none(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    said, boost = run(make.post, bob), run(make.boost, bob, run(make.post, carol))
    run(follows.follow, alice, bob.id, boosts=False)
    later = run(make.boost, bob, run(make.post, carol))
    found = db.read(home, alice)
    assert said.id in found
    assert boost.id not in found and later.id not in found


def test_boosts_go_from_the_home_when_they_are_wanted_no_more(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    run(follows.follow, alice, bob.id)
    said, boost = run(make.post, bob), run(make.boost, bob, run(make.post, carol))
    assert boost.id in db.read(home, alice)
    run(follows.follow, alice, bob.id, boosts=False)
    assert db.read(home, alice) == [said.id]


def test_unfollowing_keeps_what_others_have_boosted(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    run(make.follow, alice, bob)
    run(make.follow, alice, carol)
    theirs = run(make.post, carol, published_at=1_600_000_000_000)
    boost = run(make.boost, bob, theirs)
    assert {boost.id, theirs.id} <= set(db.read(home, alice))
    run(follows.unfollow, alice, carol.id)
    assert boost.id in db.read(home, alice)
    assert theirs.id not in db.read(home, alice)


def test_only_the_latest_forty_are_brought(db: Database, run: Run, alice: Account, bob: Account) -> None:
    for _ in range(45):
        run(make.post, bob)
    run(follows.follow, alice, bob.id)
    assert len(db.read(home, alice)) == 40


# -- with other servers --


def test_somebody_elsewhere_is_asked_and_the_answer_makes_it_count(db: Database, run: Run, alice: Account, carol: Account) -> None:
    made = run(follows.follow, alice, carol.id)
    assert made.state == "pending"
    assert db.read(make.inboxes, "Follow") == {carol.inbox_uri}
    assert db.read(counts, carol) == (0, 0)
    run(follows.receive_accept, carol, alice, made.uri)
    run(follows.receive_accept, carol, alice, made.uri)
    assert db.read(state, alice, carol) == "accepted"
    assert db.read(counts, carol) == (1, 0) and db.read(counts, alice) == (0, 1)


def test_nobody_else_accepts_or_refuses_for_them(db: Database, run: Run, alice: Account, carol: Account, mallory: Account) -> None:
    made = run(follows.follow, alice, carol.id)
    run(follows.receive_accept, mallory, alice, made.uri)
    run(follows.receive_accept, carol, alice, "https://peer.test/another-follow")
    assert db.read(state, alice, carol) == "pending"
    assert db.read(state, alice, mallory) == "none", "an Accept of what was never asked is nothing"
    run(follows.receive_accept, carol, alice, "")
    assert db.read(state, alice, carol) == "accepted", "named by its two sides only"
    run(follows.receive_reject, mallory, alice, made.uri)
    assert db.read(state, alice, carol) == "accepted"
    run(follows.receive_reject, carol, alice, made.uri)
    assert db.read(state, alice, carol) == "none"
    assert db.read(counts, carol) == (0, 0)


def test_unfollowing_somebody_elsewhere_is_told_after_the_follow(db: Database, run: Run, alice: Account, carol: Account) -> None:
    made = run(follows.follow, alice, carol.id)
    run(follows.unfollow, alice, carol.id)
    again = run(follows.follow, alice, carol.id)
    said = db.read(make.deliveries)
    assert [d.type for d in said] == ["Follow", "Undo", "Follow"]
    assert len({d.object_uri for d in said}) == 1, "one order for all three"
    assert made.uri != again.uri


def test_a_follow_from_elsewhere_is_accepted_and_answered(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(follows.receive_follow, carol, alice, "https://peer.test/f/1")
    assert db.read(state, carol, alice) == "accepted"
    assert db.read(counts, alice) == (1, 0)
    assert db.read(kinds, alice) == ["follow"]
    assert db.read(make.inboxes, "Accept") == {carol.inbox_uri}
    assert b"https://peer.test/f/1" in db.read(make.activities, "Accept")[0].body


def test_asked_again_they_are_answered_again_with_the_new_id(db: Database, run: Run, alice: Account, carol: Account) -> None:
    for uri in ("https://peer.test/f/1", "https://peer.test/f/2"):
        run(follows.receive_follow, carol, alice, uri)
    assert db.read(counts, alice) == (1, 0)
    assert [b"f/1" in a.body for a in db.read(make.activities, "Accept")] == [True, False]
    found = db.read(rows.find, carol.id, alice.id)
    assert found is not None and found.uri == "https://peer.test/f/2"


def test_a_locked_account_is_asked_from_elsewhere_too(db: Database, run: Run, carol: Account) -> None:
    locked = run(make.account, "locked", locked=1)
    run(follows.receive_follow, carol, locked, "https://peer.test/f/1")
    assert db.read(state, carol, locked) == "pending"
    assert db.read(make.activities) == []
    run(follows.accept, locked, carol.id)
    assert db.read(make.inboxes, "Accept") == {carol.inbox_uri}
    run(follows.remove_follower, locked, carol.id)
    assert db.read(make.inboxes, "Reject") == {carol.inbox_uri}


@pytest.mark.parametrize("why", ["blocked", "moved", "suspended"])
def test_a_follow_that_cannot_be_is_refused_in_so_many_words(db: Database, run: Run, alice: Account, carol: Account, why: str) -> None:
    if why == "blocked":
        run(make.block, alice, carol)
    elif why == "moved":
        run(account_rows.update, alice.id, moved_to_uri="https://new.test/alice")
    else:
        run(moderation.suspend, alice)
    run(follows.receive_follow, carol, db.read(make.again, alice), "https://peer.test/f/1")
    assert db.read(state, carol, alice) == "none"
    assert db.read(make.inboxes, "Reject") == {carol.inbox_uri}
    assert db.read(kinds, alice) == []


def test_an_undo_before_its_follow_wins(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(tombstone_rows.put, "https://peer.test/f/1", carol.uri)
    run(follows.receive_follow, carol, alice, "https://peer.test/f/1")
    assert db.read(state, carol, alice) == "none"
    assert db.read(make.activities) == []


def test_an_undone_follow_is_over_and_undoing_it_again_no_harm(
    db: Database, run: Run, alice: Account, carol: Account, dan: Account
) -> None:
    run(make.follow, carol, alice)
    run(follows.receive_undo, dan, alice)
    assert db.read(counts, alice) == (1, 0)
    for _ in range(2):
        run(follows.receive_undo, carol, alice)
    assert db.read(counts, alice) == (0, 0)
    assert db.read(kinds, alice) == []


# -- lists --


def test_lists_of_followers_leave_out_who_is_hidden(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account
) -> None:
    for who in (bob, carol, dan):
        run(make.follow, who, alice)
    run(moderation.suspend, carol)
    assert {a.username for _, a in db.read(rows.list_followers, alice.id)} == {"bob", "dan"}
    run(moderation.block_domain, "peer.test")
    assert {a.username for _, a in db.read(rows.list_followers, alice.id)} == {"bob"}
    assert db.read(rows.list_inboxes, alice.id) == []


def test_lists_of_followers_come_in_pages(db: Database, run: Run, alice: Account) -> None:
    people = [run(make.account) for _ in range(5)]
    for who in people:
        run(make.follow, who, alice)
        run(make.follow, alice, who)
    for read in (rows.list_followers, rows.list_following):
        first = db.read(read, alice.id, limit=3)
        rest = db.read(read, alice.id, limit=3, before=first[-1][1].id)
        assert [a.id for _, a in first + rest] == sorted((p.id for p in people), reverse=True)
    assert {f.followed_id for f in db.read(rows.list_between, alice.id, [p.id for p in people[:2]])} == {
        alice.id,
        people[0].id,
        people[1].id,
    }
