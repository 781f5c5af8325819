from collections.abc import Callable
from typing import Any

import pytest

from fedi import blocks, follows, interactions, moderation, notifications, posts
from fedi.posts import Draft
from fedi.storage import accounts as account_rows
from fedi.storage import notifications as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from tests import make

Run = Callable[..., Any]


def told(tx: Tx, owner: Account) -> list[tuple[str, int]]:
    return [(n.kind, n.from_account_id) for n in rows.list_of(tx, owner.id)]


def test_each_thing_is_told_once_the_latest_first(db: Database, run: Run, alice: Account, bob: Account) -> None:
    post = run(make.post, alice)
    run(make.follow, bob, alice)
    run(interactions.favourite, bob, post.id)
    run(interactions.boost, bob, post.id)
    run(make.post, bob, "re", "public", (alice,), reply_to=post)
    run(interactions.unfavourite, bob, post.id)
    run(interactions.favourite, bob, post.id)
    assert db.read(told, alice) == [(kind, bob.id) for kind in ("mention", "boost", "favourite", "follow")]
    assert db.read(told, bob) == []


@pytest.mark.parametrize("why", ["blocked", "blocking", "muted", "domain blocked", "suspended", "host blocked", "oneself", "elsewhere"])
def test_nobody_hears_of(db: Database, run: Run, alice: Account, bob: Account, carol: Account, why: str) -> None:
    sender = run(make.again, carol)
    if why == "blocked":
        run(blocks.block, alice, carol.id)
    elif why == "blocking":
        run(make.block, carol, alice)
    elif why == "muted":
        run(blocks.mute, alice, carol.id)
    elif why == "domain blocked":
        run(blocks.block_domain, alice, "peer.test")
    elif why == "suspended":
        run(moderation.suspend, carol)
    elif why == "host blocked":
        run(moderation.block_domain, "peer.test")
    elif why == "oneself":
        sender = alice
    owner = carol if why == "elsewhere" else alice
    if why == "elsewhere":
        sender = alice
    run(notifications.tell, owner.id, "follow", sender)
    assert db.read(lambda tx: tx.query("SELECT * FROM notifications")) == []


def test_a_mute_can_leave_notifications_be(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(blocks.mute, alice, carol.id, notifications=False)
    run(notifications.tell, alice.id, "follow", carol)
    assert db.read(told, alice) == [("follow", carol.id)]


def test_what_was_told_before_a_block_of_a_server_is_shown_and_counted_no_more(
    db: Database, run: Run, alice: Account, carol: Account
) -> None:
    post = run(make.post, alice)
    run(interactions.receive_favourite, carol, post, "https://peer.test/l")
    assert db.read(rows.count_unread, alice.id) == 1
    run(blocks.block_domain, alice, "peer.test")
    assert db.read(told, alice) == []
    assert db.read(rows.count_unread, alice.id) == 0


def test_unread_is_what_one_would_see(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    for who in (bob, carol):
        run(make.post, who, "hi", "public", (alice,))
    assert db.read(rows.count_unread, alice.id) == 2
    run(account_rows.update, carol.id, suspended_at=1)
    assert db.read(rows.count_unread, alice.id) == 1
    run(rows.mark_read, alice.id)
    assert db.read(rows.count_unread, alice.id) == 0
    assert len(db.read(told, alice)) == 1, "read ones are still listed"


def test_pages_and_kinds(db: Database, run: Run, alice: Account, bob: Account) -> None:
    people = [run(make.account) for _ in range(5)]
    for who in people:
        run(make.follow, who, alice)
        run(make.post, who, "hi", "public", (alice,))
    every = db.read(rows.list_of, alice.id, limit=100)
    assert len(every) == 10
    assert db.read(rows.list_of, alice.id, limit=4, before=every[3].id) == every[4:8]
    assert db.read(rows.list_of, alice.id, limit=100, after=every[3].id) == every[:3]
    assert {n.kind for n in db.read(rows.list_of, alice.id, kinds=("follow",))} == {"follow"}
    assert db.read(rows.list_of, bob.id) == []


def test_what_was_taken_back_is_forgotten(db: Database, run: Run, alice: Account, bob: Account) -> None:
    post = run(make.post, bob, "hi", "public", (alice,))
    run(make.follow, bob, alice)
    run(follows.unfollow, bob, alice.id)
    assert db.read(told, alice) == [("mention", bob.id)]
    run(posts.remove, bob, post.id)
    assert db.read(told, alice) == []


def test_a_listener_hears_of_each_notification_once(db: Database, run: Run, heard: Any, alice: Account, bob: Account) -> None:
    events = heard("notification")
    for _ in range(2):
        run(notifications.tell, alice.id, "follow", bob)
    assert [(e.id, e.data) for e in events] == [(db.read(rows.list_of, alice.id)[0].id, alice.id)]


# -- who asked to hear of every post --


def test_who_asked_hears_of_what_is_said_but_not_of_boosts_and_answers(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account
) -> None:
    run(follows.follow, alice, bob.id, notify=True)
    said = run(make.post, bob, "news")
    run(make.post, bob, "more news", reply_to=said)
    run(make.post, bob, "for friends", "followers")
    run(make.boost, bob, run(make.post, carol))
    run(make.post, bob, "re", reply_to=run(make.post, carol))
    assert [kind for kind, _ in db.read(told, alice)] == ["post"] * 3


def test_who_asked_hears_nothing_of_letters_to_others(db: Database, run: Run, heard: Any, alice: Account, bob: Account) -> None:
    run(follows.follow, alice, bob.id, notify=True)
    events = heard("notification")
    run(posts.publish, bob, Draft("@carl secret", visibility="direct"), {})
    assert events == []
    assert db.read(rows.count_unread, alice.id) == 0
    assert db.read(lambda tx: tx.query("SELECT * FROM notifications WHERE account_id = ?", (alice.id,))) == []
