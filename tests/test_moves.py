import json
from collections.abc import Callable
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import blocks, follows, limits, moves
from fedi.errors import Conflict, Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as block_rows
from fedi.storage import follows as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import make
from tests.test_follows import counts, kinds, state

Run = Callable[..., Any]


def named(run: Run, who: Account, old: Account) -> Account:
    """Somebody elsewhere names an old account among their aliases."""
    found: Account = run(account_rows.update, who.id, also_known_as=json.dumps([old.uri]))
    return found


# -- what a move does here --


def test_followers_follow_when_somebody_moves(db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account) -> None:
    for who in (alice, bob):
        run(make.follow, who, carol, boosts=0)
    run(blocks.block, bob, dan.id)
    run(moves.carry, carol, dan)
    assert db.read(state, alice, carol) == db.read(state, bob, carol) == "none"
    assert db.read(state, alice, dan) == "pending"
    assert db.read(state, bob, dan) == "none", "a block is stronger"
    moved = db.read(rows.find, alice.id, dan.id)
    assert moved is not None and moved.boosts == 0
    assert db.read(counts, carol) == (0, 0)
    assert "move" in db.read(kinds, alice)
    assert db.read(make.inboxes, "Follow") >= {dan.inbox_uri}
    run(moves.carry, carol, dan)
    assert db.read(state, alice, dan) == "pending"


def test_a_move_to_somebody_here_is_followed_at_once(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    run(make.follow, alice, carol)
    run(make.follow, bob, carol)
    run(moves.carry, carol, bob)
    assert db.read(state, alice, bob) == "accepted"
    assert db.read(state, bob, bob) == "none", "nobody follows themselves"


def test_blocks_and_mutes_go_along(db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account) -> None:
    run(blocks.block, alice, carol.id)
    run(blocks.mute, bob, carol.id, notifications=False)
    run(moves.carry, carol, dan)

    assert db.read(block_rows.find_uri, alice.id, dan.id) is not None and db.read(block_rows.find_uri, alice.id, carol.id) is not None
    assert db.read(block_rows.list_relations, bob.id, [dan.id])[dan.id].muting
    assert not db.read(block_rows.list_relations, bob.id, [dan.id])[dan.id].muting_notifications
    assert db.read(kinds, alice) == db.read(kinds, bob) == []


def test_a_block_by_somebody_elsewhere_is_not_ours_to_carry(db: Database, run: Run, carol: Account, dan: Account, mallory: Account) -> None:
    run(make.block, mallory, carol)
    run(moves.carry, carol, dan)

    assert db.read(block_rows.find_uri, mallory.id, dan.id) is None


# -- aliases --


def test_an_alias_is_told_to_followers_and_can_be_taken_back(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    run(make.follow, carol, alice)
    run(moves.add_alias, alice, bob)
    run(moves.add_alias, alice, bob)
    assert db.read(make.again, alice).aliases() == [bob.uri]
    [update] = db.read(make.activities, "Update")
    assert json.loads(update.body)["object"]["alsoKnownAs"] == [bob.uri]

    run(moves.remove_alias, alice, bob.uri)
    assert db.read(make.again, alice).aliases() == []
    with pytest.raises(NotFound):
        run(moves.remove_alias, alice, bob.uri)


def test_nobody_is_their_own_alias_and_there_is_an_end_to_them(db: Database, run: Run, alice: Account) -> None:
    with pytest.raises(Invalid):
        run(moves.add_alias, alice, alice)
    for _ in range(limits.OWN_ALIASES):
        run(moves.add_alias, alice, run(make.remote))
    with pytest.raises(Conflict):
        run(moves.add_alias, alice, run(make.remote))
    assert len(db.read(make.again, alice).aliases()) == limits.OWN_ALIASES


# -- moving away --


def test_followers_are_sent_to_the_new_account_and_nobody_new_is_taken(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account
) -> None:
    run(make.follow, carol, alice)
    run(make.follow, bob, alice)
    moved = run(moves.move, alice, named(run, dan, alice))

    assert moved.moved_to_uri == dan.uri
    [said] = db.read(make.activities, "Move")
    document = json.loads(said.body)
    assert (document["actor"], document["object"], document["target"]) == (alice.uri, alice.uri, dan.uri)
    assert document["to"] == [alice.followers_uri] and db.read(make.inboxes, "Move") == {carol.shared_inbox_uri}
    assert json.loads(db.read(make.activities, "Update")[0].body)["object"]["movedTo"] == dan.uri
    assert db.read(state, bob, alice) == "none" and db.read(state, bob, dan) == "pending"
    assert db.read(state, carol, alice) == "accepted", "their own server moves them"
    with pytest.raises(Conflict, match="moved"):
        run(follows.follow, bob, alice.id)
    run(follows.receive_follow, run(make.remote), moved, "https://peer.test/follows/late")
    assert len(db.read(make.activities, "Reject")) == 1 and db.read(counts, alice)[0] == 1


def test_a_move_goes_only_to_an_account_that_names_this_one(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account
) -> None:
    run(make.follow, carol, alice)
    with pytest.raises(Invalid, match="does not name"):
        run(moves.move, alice, dan)
    with pytest.raises(Invalid, match="itself"):
        run(moves.move, alice, alice)
    gone_on = run(account_rows.update, named(run, dan, alice).id, moved_to_uri="https://third.test/users/dan")
    with pytest.raises(Conflict, match="moved on"):
        run(moves.move, alice, gone_on)
    blocked = run(account_rows.update, dan.id, moved_to_uri="", host_blocked=1)
    with pytest.raises(NotFound):
        run(moves.move, alice, blocked)
    assert db.read(make.activities, "Move") == [] and db.read(make.again, alice).moved_to_uri == ""


def test_a_move_within_this_server(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    other = run(make.account)
    run(make.follow, other, alice)
    run(make.follow, carol, alice)
    named_bob = run(moves.add_alias, bob, alice)
    run(moves.move, alice, named_bob)

    assert db.read(state, other, bob) == "accepted" and db.read(state, other, alice) == "none"
    assert len(db.read(make.activities, "Move")) == 1


def test_nobody_moves_twice_in_a_week_but_can_come_back(
    db: Database, run: Run, alice: Account, carol: Account, dan: Account, frozen: FrozenDateTimeFactory
) -> None:
    """AUZ-07, as others will hold us to it."""
    run(moves.move, alice, named(run, dan, alice))
    with pytest.raises(Conflict, match="already"):
        run(moves.move, alice, db.read(make.again, dan))
    run(moves.come_back, alice)
    assert db.read(make.again, alice).moved_to_uri == ""
    with pytest.raises(Conflict):
        run(moves.come_back, alice)
    with pytest.raises(Conflict, match="7 days"):
        run(moves.move, alice, named(run, carol, alice))
    frozen.tick(moves.COOLDOWN_MS / 1000)
    assert run(moves.move, alice, db.read(make.again, carol)).moved_to_uri == carol.uri


# -- from the wire --


@pytest.mark.parametrize("case", ["no alias", "moved on", "hidden", "not rested", "ours"])
def test_auz_07_a_move_that_is_not_confirmed_changes_nothing(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account, case: str
) -> None:
    run(make.follow, alice, carol)
    run(make.follow, alice, bob)
    old, new = carol, dan if case == "no alias" else named(run, dan, carol)
    if case == "moved on":
        new = run(account_rows.update, new.id, moved_to_uri="https://third.test/x")
    elif case == "hidden":
        new = run(account_rows.update, new.id, suspended_at=1)
    elif case == "not rested":
        old = run(lambda tx: account_rows.update(tx, carol.id, moved_at=tx.now - 1000))
    elif case == "ours":
        old, new = bob, named(run, dan, bob)
    run(moves.receive, old, new)

    assert db.read(state, alice, old) in ("pending", "accepted") and db.read(state, alice, new) == "none"
    assert db.read(rows.find, alice.id, old.id) is not None and db.read(make.again, old).moved_to_uri == ""
