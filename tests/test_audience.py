"""Who gets what: the exact inboxes of every act."""

from collections.abc import Callable
from typing import Any

import pytest

from fedi import accounts, follows, interactions, moderation, posts
from fedi.accounts import Profile
from fedi.posts import Draft
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from tests import make

Run = Callable[..., Any]
PEER, EVIL, SOLO = "https://peer.test/inbox", "https://evil.test/inbox", "https://solo.test/users/sam/inbox"


@pytest.fixture
def sam(db: Database) -> Account:
    """Somebody whose server has no shared inbox."""
    return db.transact(make.remote, "sam", "solo.test", shared_inbox_uri="")


def deliver(tx: Tx) -> None:
    """All that waits arrives."""
    tx.execute("UPDATE deliveries SET state = 'delivered', attempts = 1")


@pytest.mark.parametrize("visibility", ["public", "unlisted", "followers"])
def test_a_post_goes_once_to_each_server_of_followers_and_of_the_named(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account, sam: Account, mallory: Account, visibility: str
) -> None:
    for who in (bob, carol, dan, sam):
        run(make.follow, who, alice)
    run(make.post, alice, "hi", visibility, (mallory, bob))
    assert sorted(d.inbox_uri for d in db.read(make.deliveries, "Create")) == [EVIL, PEER, SOLO]


def test_a_direct_post_goes_to_the_inboxes_of_the_named_and_nowhere_else(
    db: Database, run: Run, alice: Account, carol: Account, dan: Account, sam: Account
) -> None:
    for who in (carol, dan, sam):
        run(make.follow, who, alice)
    run(make.post, alice, "psst", "direct", (carol,))
    assert db.read(make.inboxes, "Create") == {carol.inbox_uri}


def test_whom_a_post_answers_gets_it(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.post, alice, "re", reply_to=run(make.post, carol))
    assert db.read(make.inboxes, "Create") == {PEER}


@pytest.mark.parametrize("visibility", ["public", "unlisted", "followers", "direct"])
def test_a_local_only_post_never_leaves(db: Database, run: Run, alice: Account, carol: Account, visibility: str) -> None:
    run(make.follow, carol, alice)
    asked = run(make.post, carol)
    post = run(make.post, alice, "here", visibility, (carol,), reply_to=asked, local_only=True)
    run(posts.edit, alice, post.id, Draft("here still"), {})
    run(interactions.favourite, alice, post.id)
    run(posts.remove, alice, post.id)
    assert {a.type for a in db.read(make.activities)} == {"Accept"}


def test_our_own_inboxes_are_never_posted_to(db: Database, run: Run, alice: Account) -> None:
    odd = run(make.remote, "odd", "peer.test", shared_inbox_uri="https://fedi.test/inbox")
    run(make.follow, odd, alice)
    run(make.post, alice)
    assert db.read(make.inboxes, "Create") == set()


def test_an_inbox_that_is_no_address_is_left_out(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.follow, carol, alice)
    run(make.follow, run(make.remote, "odd", "odd.test"), alice)
    run(lambda tx: tx.execute("UPDATE accounts SET shared_inbox_uri = 'gopher://odd' WHERE host = 'odd.test'"))
    run(make.post, alice)
    assert db.read(make.inboxes, "Create") == {PEER}


def test_suspended_blocked_and_ended_people_get_nothing(
    db: Database, run: Run, alice: Account, carol: Account, sam: Account, mallory: Account
) -> None:
    for who in (carol, sam, mallory):
        run(make.follow, who, alice)
    run(moderation.block_domain, "evil.test")
    run(moderation.suspend, sam)
    run(make.block, alice, carol)
    run(make.post, alice, "@carol@peer.test @sam@solo.test @mallory@evil.test hi")
    assert db.read(make.inboxes, "Create") == set(), "not even when they are named"
    assert EVIL not in db.read(make.inboxes), "and what waited for a blocked server is dropped"


def test_an_edit_goes_to_all_who_got_it_and_to_the_newly_named(
    db: Database, run: Run, alice: Account, carol: Account, sam: Account, mallory: Account
) -> None:
    run(make.follow, sam, alice)
    post = run(make.post, alice, "hi", "public", (carol,))
    run(deliver)
    run(follows.receive_undo, sam, alice)
    run(posts.edit, alice, post.id, Draft("hi @mallory@evil.test"), {})
    assert db.read(make.inboxes, "Update") == {PEER, SOLO, EVIL}


def test_an_edit_reaches_servers_of_those_who_acted_on_a_public_post(db: Database, run: Run, alice: Account, carol: Account) -> None:
    post = run(make.post, alice)
    run(interactions.receive_favourite, carol, post, "https://peer.test/l")
    run(posts.edit, alice, post.id, Draft("changed"), {})
    assert db.read(make.inboxes, "Update") == {PEER}


def test_a_delete_reaches_everybody_who_ever_got_it(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, sam: Account, mallory: Account
) -> None:
    """Followers of then and of now, those named in an earlier text, those who acted on it, and who got it as a boost of somebody here."""
    eve, liker, new = run(make.remote, "eve", "eve.test"), run(make.remote, "lil", "like.test"), run(make.remote, "new", "new.test")
    run(make.follow, sam, alice)
    run(make.follow, eve, bob)
    post = run(make.post, alice, "hi", "public", (carol,))
    run(interactions.boost, bob, post.id)
    run(deliver)
    run(follows.receive_undo, sam, alice)
    run(posts.edit, alice, post.id, Draft("hi all"), {})
    run(interactions.receive_favourite, liker, post, "https://like.test/l")
    run(make.boost, mallory, post)
    run(make.follow, new, alice)
    run(posts.remove, alice, post.id)
    hosts = ("peer.test", "solo.test", "eve.test", "like.test", "evil.test", "new.test")
    assert {d.host for d in db.read(make.deliveries, "Delete")} == set(hosts)


def test_a_delete_of_a_direct_post_goes_to_the_named_only(db: Database, run: Run, alice: Account, carol: Account, sam: Account) -> None:
    run(make.follow, sam, alice)
    post = run(make.post, alice, "psst", "direct", (carol,))
    run(posts.remove, alice, post.id)
    assert db.read(make.inboxes, "Delete") == {carol.inbox_uri}


def test_what_was_not_sent_of_a_deleted_post_is_never_sent(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.follow, carol, alice)
    post = run(make.post, alice, "oops")
    run(posts.edit, alice, post.id, Draft("oops again"), {})
    run(
        lambda tx: tx.execute(
            "UPDATE deliveries SET state = 'refused' WHERE activity_id IN (SELECT id FROM activities WHERE type = 'Update')"
        )
    )
    run(posts.remove, alice, post.id)
    run(delivery_rows.retry)
    left = [d.type for d in db.read(make.deliveries) if d.object_uri == post.uri]
    assert left == ["Delete"]
    for activity in db.read(make.activities):
        if activity.type in ("Create", "Update"):
            assert db.read(delivery_rows.find_body, activity.id) is None


def test_a_profile_change_goes_to_followers(db: Database, run: Run, alice: Account, bob: Account, carol: Account, sam: Account) -> None:
    for who in (bob, carol, sam):
        run(make.follow, who, alice)
    run(accounts.update_profile, alice, Profile("Alice"))
    run(accounts.update_profile, alice, Profile("Alice again"))
    assert db.read(make.inboxes, "Update") == {PEER, SOLO}


def test_the_end_of_an_account_goes_to_every_server_known(db: Database, run: Run, alice: Account, carol: Account, sam: Account) -> None:
    gone = run(make.remote, "gone", "gone.test")
    run(account_rows.update, gone.id, suspended_at=1)
    run(make.remote, "x", "evil.test")
    run(moderation.block_domain, "evil.test")
    run(accounts.delete_local, alice)
    assert db.read(make.inboxes, "Delete") == {PEER, SOLO}


def test_listeners_are_told_of_each_host_once(db: Database, run: Run, heard: Any, alice: Account, carol: Account, sam: Account) -> None:
    for who in (carol, sam):
        run(make.follow, who, alice)
    events = heard("delivery")
    run(make.post, alice, "hi", "direct", (carol, run(make.remote, "dan", "peer.test")))
    assert [e.data for e in events] == ["peer.test"]
    run(make.post, alice, "here", local_only=True)
    assert len(events) == 1


def test_an_edit_for_followers_goes_to_present_ones_and_is_withdrawn_from_former_ones(
    db: Database, run: Run, alice: Account, carol: Account, mallory: Account
) -> None:
    for who in (carol, mallory):
        run(make.follow, who, alice)
    post = run(make.post, alice, "for followers", "followers")
    run(lambda tx: tx.execute("UPDATE deliveries SET state = 'delivered'"))
    run(follows.remove_follower, alice, mallory.id)

    for text in ("changed", "and again"):
        run(posts.edit, alice, post.id, posts.Draft(text), {})
    assert db.read(make.inboxes, "Update") == {carol.shared_inbox_uri}
    withdrawn = [delivery.inbox_uri for delivery in db.read(make.deliveries, "Delete")]
    assert withdrawn == [mallory.shared_inbox_uri], "once, however often it is edited"
    [delete] = db.read(make.activities, "Delete")
    assert b"changed" not in delete.body and post.uri.encode() in delete.body

    run(posts.remove, alice, post.id)
    assert db.read(make.inboxes, "Delete") == {carol.shared_inbox_uri, mallory.shared_inbox_uri}


def test_who_is_named_no_more_in_a_letter_gets_no_more_of_it(
    db: Database, run: Run, alice: Account, carol: Account, mallory: Account
) -> None:
    post = run(make.post, alice, "psst", "direct", (carol, mallory))
    run(lambda tx: tx.execute("UPDATE deliveries SET state = 'delivered'"))
    run(posts.edit, alice, post.id, posts.Draft("@carol@peer.test psst, not mallory"), {})

    assert db.read(make.inboxes, "Update") == {carol.inbox_uri}
    assert db.read(make.inboxes, "Delete") == {mallory.inbox_uri}
