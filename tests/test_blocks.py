from collections.abc import Callable
from typing import Any

import pytest

from fedi import blocks, clock, follows
from fedi.errors import Conflict, Invalid, NotFound
from fedi.storage import blocks as rows
from fedi.storage import follows as follow_rows
from fedi.storage import notifications as notification_rows
from fedi.storage import timelines
from fedi.storage.accounts import Account
from fedi.storage.blocks import Relation
from fedi.storage.db import Database, Tx
from fedi.storage.timelines import Page
from tests import make

Run = Callable[..., Any]


def related(tx: Tx, one: Account, other: Account) -> int:
    return len(follow_rows.list_between(tx, one.id, [other.id]))


def relation(tx: Tx, viewer: Account, of: Account) -> Relation:
    return rows.list_relations(tx, viewer.id, [of.id])[of.id]


def home(tx: Tx, owner: Account) -> list[int]:
    return [row[0] for row in tx.query("SELECT post_id FROM home WHERE owner_id = ? ORDER BY post_id", (owner.id,))]


def test_a_block_ends_everything_between_two_people_here(db: Database, run: Run, alice: Account, bob: Account) -> None:
    run(make.follow, alice, bob)
    run(make.follow, bob, alice)
    run(make.post, bob, "hi", "public", (alice,))
    run(blocks.block, alice, bob.id)
    assert db.read(related, alice, bob) == 0
    assert db.read(make.again, alice).followers_count == db.read(make.again, bob).followers_count == 0
    for one in (alice, bob):
        assert db.read(notification_rows.list_of, one.id) == []
        assert all(
            db.read(lambda tx, i: tx.one("SELECT account_id FROM posts WHERE id = ?", (i,)), i)[0] == one.id for i in db.read(home, one)
        )
    assert db.read(relation, alice, bob) == Relation(blocking=True)
    assert db.read(relation, bob, alice) == Relation(blocked_by=True)
    assert db.read(make.activities) == []


def test_a_block_of_somebody_elsewhere_is_told_to_them_alone(db: Database, run: Run, alice: Account, carol: Account, dan: Account) -> None:
    run(make.follow, alice, carol)
    run(make.follow, carol, alice)
    run(make.follow, dan, alice)
    for _ in range(2):
        run(blocks.block, alice, carol.id)
    said = [a.type for a in db.read(make.activities)]
    assert said.count("Block") == 1, "once"
    assert db.read(make.inboxes, "Block") == {carol.inbox_uri}
    assert db.read(make.inboxes, "Undo") == db.read(make.inboxes, "Reject") == {carol.inbox_uri}
    assert db.read(related, alice, carol) == 0


def test_boosts_of_whom_one_blocks_leave_the_home(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    run(make.follow, alice, bob)
    boost = run(make.boost, bob, run(make.post, carol))
    assert boost.id in db.read(home, alice)
    run(blocks.block, alice, carol.id)
    assert boost.id not in db.read(home, alice)
    later = run(make.boost, bob, run(make.post, carol))
    assert later.id not in db.read(home, alice)


def test_an_unblock_is_told_and_starts_with_nothing(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.follow, carol, alice)
    run(blocks.block, alice, carol.id)
    for _ in range(2):
        run(blocks.unblock, alice, carol.id)
    said = [a for a in db.read(make.activities, "Undo") if b'"Block"' in a.body]
    assert len(said) == 1
    assert db.read(related, alice, carol) == 0
    assert db.read(relation, alice, carol) == Relation()


@pytest.mark.parametrize("act", [blocks.block, blocks.unblock, blocks.mute, blocks.unmute])
def test_one_has_nothing_against_oneself_or_against_nobody(run: Run, alice: Account, act: Any) -> None:
    with pytest.raises(Invalid):
        run(act, alice, alice.id)
    with pytest.raises(NotFound):
        run(act, alice, 1)


def test_a_block_from_elsewhere_counts_both_ways_and_names_nobody(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.follow, alice, carol)
    run(make.follow, carol, alice)
    post = run(make.post, carol, "hi", "public", (alice,))
    before = len(db.read(make.activities))
    for _ in range(2):
        run(blocks.receive_block, carol, alice, "https://peer.test/b/1")
    assert db.read(related, alice, carol) == 0
    assert post.id not in db.read(home, alice)
    assert db.read(notification_rows.list_of, alice.id) == [], "nobody is told who"
    assert len(db.read(make.activities)) == before, "nothing is answered"
    with pytest.raises(Exception, match="A block stands between you"):
        run(follows.follow, alice, carol.id)
    run(blocks.receive_unblock, carol, alice)
    assert run(follows.follow, alice, carol.id).state == "pending"


# -- mutes --


def test_a_mute_is_told_nobody_and_can_be_changed(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(blocks.mute, alice, carol.id)
    assert db.read(relation, alice, carol) == Relation(muting=True, muting_notifications=True)
    run(blocks.mute, alice, carol.id, notifications=False)
    assert db.read(relation, alice, carol) == Relation(muting=True)
    assert [a.id for a in db.read(rows.list_muted, alice.id)] == [carol.id]
    run(blocks.unmute, alice, carol.id)
    run(blocks.unmute, alice, carol.id)
    assert db.read(relation, alice, carol) == Relation()
    assert db.read(make.activities) == []


def test_a_mute_with_an_end_ends(db: Database, run: Run, frozen: Any, alice: Account, carol: Account) -> None:
    at = clock.now() + clock.HOUR
    run(blocks.mute, alice, carol.id, expires_at=at)
    assert db.read(relation, alice, carol).muting_expires_at == at
    frozen.tick(3601)
    assert db.read(relation, alice, carol) == Relation()
    assert db.read(rows.list_muted, alice.id) == []


@pytest.mark.parametrize("after", [0, -1, 11 * 366 * clock.DAY])
def test_a_mute_ends_in_the_near_future_or_never(run: Run, frozen: Any, alice: Account, bob: Account, after: int) -> None:
    with pytest.raises(Invalid):
        run(blocks.mute, alice, bob.id, expires_at=clock.now() + after)


# -- servers --


def test_blocking_a_server_ends_all_with_its_people(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account
) -> None:
    run(make.follow, alice, carol)
    run(make.follow, dan, alice)
    run(make.follow, bob, carol)
    run(blocks.block_domain, alice, "PEER.test")
    assert db.read(related, alice, carol) == db.read(related, alice, dan) == 0
    assert db.read(related, bob, carol) == 1, "others are not concerned"
    assert db.read(relation, alice, carol).domain_blocking
    run(make.post, carol, "hi", "public", (alice,))
    assert [told.kind for told in db.read(notification_rows.list_of, alice.id)] == ["severance"], "of what it cost, and nothing of theirs"
    assert db.read(timelines.list_public, alice.id, Page()) == []
    run(blocks.unblock_domain, alice, "peer.test")
    assert len(db.read(timelines.list_public, alice.id, Page())) == 1


@pytest.mark.parametrize(("host", "error"), [("fedi.test", Conflict), ("not a host", Invalid), ("", Invalid), ("https://x.test", Invalid)])
def test_what_is_no_other_server_cannot_be_blocked(run: Run, alice: Account, host: str, error: Any) -> None:
    with pytest.raises(error):
        run(blocks.block_domain, alice, host)


def test_the_list_of_blocks_has_the_latest_first(db: Database, run: Run, frozen: Any, alice: Account, bob: Account, carol: Account) -> None:
    for who in (bob, carol):
        run(blocks.block, alice, who.id)
        frozen.tick(1)
    assert [a.id for a in db.read(rows.list_blocked, alice.id)] == [carol.id, bob.id]
