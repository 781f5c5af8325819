"""The queue of deliveries as rows: what is queued, what is a receipt, and what ends it."""

from collections.abc import Callable
from typing import Any

import pytest

from fedi import clock, ids
from fedi.storage import deliveries as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.deliveries import Activity, Delivery, Outcome

Run = Callable[..., Any]
ONE, TWO = ("https://peer.test/inbox", "peer.test"), ("https://evil.test/inbox", "evil.test")


def say(tx: Tx, by: Account, *to: tuple[str, str], kind: str = "Create", post_id: int | None = None) -> int:
    activity_id = ids.new(tx.now)
    uri = f"https://fedi.test/activities/{activity_id}"
    rows.insert_activity(tx, Activity(activity_id, uri, kind, by.id, post_id, "https://fedi.test/o", 1, b"{}", tx.now))
    rows.enqueue(tx, activity_id, to)
    return activity_id


def come(tx: Tx, delivery: Delivery, state: str, attempts: int = 1, status: int = 202) -> None:
    rows.record(tx, [Outcome(delivery.activity_id, delivery.inbox_id, state, attempts, tx.now + 60_000, status, "said")])


def queued(db: Database, host: str = "peer.test") -> list[Delivery]:
    return db.read(rows.list_queued, host, 100)


def test_an_inbox_is_queued_once_however_often_it_is_named(db: Database, run: Run, alice: Account) -> None:
    made = run(say, alice, ONE, TWO, ONE)
    assert run(rows.enqueue, made, [ONE]) == ["peer.test"]
    (delivery,) = queued(db)
    assert (delivery.activity_id, delivery.inbox_uri, delivery.state, delivery.attempts) == (made, ONE[0], "queued", 0)
    assert (delivery.type, delivery.object_uri, delivery.account_id) == ("Create", "https://fedi.test/o", alice.id)
    run(say, alice, ONE)
    assert db.read(lambda tx: tx.one("SELECT count(*) FROM inboxes")[0]) == 2, "an address is kept once"
    assert {host for host, _ in db.read(rows.list_queued_hosts)} == {"peer.test", "evil.test"}


def test_what_waits_comes_oldest_first(db: Database, run: Run, alice: Account) -> None:
    made = [run(say, alice, ONE) for _ in range(5)]
    assert [d.activity_id for d in queued(db)] == made
    assert [d.activity_id for d in db.read(rows.list_queued, "peer.test", 2)] == made[:2]


def test_an_outcome_is_written_and_a_superseded_row_takes_it_too(db: Database, run: Run, alice: Account) -> None:
    run(say, alice, ONE, post_id=5)
    (delivery,) = queued(db)
    run(come, delivery, "queued", status=503)
    (again,) = queued(db)
    assert (again.attempts, again.status, again.answer) == (1, 503, "said") and again.next_at > delivery.next_at
    run(rows.supersede, 5)
    run(come, delivery, "delivered", 2)
    assert db.read(rows.count_by_state) == {"delivered": 1}, "it was under way, and they have it"
    run(come, delivery, "refused")
    assert db.read(rows.count_by_state) == {"delivered": 1}, "what is over stays over"


def test_who_got_or_may_have_got_a_post_is_remembered(db: Database, run: Run, alice: Account) -> None:
    hosts = {state: (f"https://{state}.test/inbox", f"{state}.test") for state in ("delivered", "queued", "tried", "dropped")}
    run(say, alice, *hosts.values(), post_id=7)
    run(say, alice, TWO, post_id=8)
    run(come, queued(db, "delivered.test")[0], "delivered")
    run(come, queued(db, "tried.test")[0], "expired", 9)
    run(rows.drop, host="dropped.test")
    assert {host for _, host in db.read(rows.list_reached, 7)} == {"delivered.test", "queued.test", "tried.test"}


def test_a_host_that_opens_its_circuit_is_left_alone_and_one_that_is_back_gets_one_a_second(
    db: Database, run: Run, frozen: Any, alice: Account
) -> None:
    for _ in range(3):
        run(say, alice, ONE, TWO)
    later = clock.now() + clock.DAY
    assert run(rows.postpone, "peer.test", later) == 3
    assert {d.next_at for d in queued(db)} == {later}
    assert {d.next_at for d in queued(db, "evil.test")} == {clock.now()}
    assert run(rows.hasten, "peer.test") == 3
    assert [d.next_at - clock.now() for d in queued(db)] == [0, 1000, 2000]


def test_what_is_too_old_is_given_up(db: Database, run: Run, frozen: Any, alice: Account) -> None:
    run(say, alice, ONE)
    frozen.tick(8 * 24 * 3600)
    new = run(say, alice, ONE)
    assert run(rows.expire, clock.now() - 7 * clock.DAY) == 1
    assert [d.activity_id for d in queued(db)] == [new]
    assert [d.state for d in db.read(rows.list_unfinished)] == ["queued", "expired"]


def test_a_dead_host_keeps_its_latest(db: Database, run: Run, alice: Account) -> None:
    made = [run(say, alice, ONE) for _ in range(8)]
    run(say, alice, TWO)
    assert run(rows.drop_over, "peer.test", 5) == 3
    assert [d.activity_id for d in queued(db)] == made[3:]
    assert len(queued(db, "evil.test")) == 1
    assert run(rows.drop_over, "peer.test", 5) == 0


@pytest.mark.parametrize(
    ("what", "left"), [({"host": "peer.test"}, 2), ({"inbox_uri": TWO[0]}, 2), ({"host": "peer.test", "inbox_uri": TWO[0]}, 4), ({}, 0)]
)
def test_what_is_dropped_is_not_tried_until_it_is_asked_for(
    db: Database, run: Run, alice: Account, what: dict[str, Any], left: int
) -> None:
    for _ in range(2):
        run(say, alice, ONE, TWO)
    run(rows.drop, **what, answer="why")
    assert len(queued(db)) + len(queued(db, "evil.test")) == left
    assert run(rows.retry) == 4
    assert len(queued(db)) + len(queued(db, "evil.test")) == 4


def test_one_activity_can_be_dropped_and_tried_again_alone(db: Database, run: Run, alice: Account) -> None:
    one, other = run(say, alice, ONE), run(say, alice, ONE)
    assert run(rows.drop, activity_id=one) == 1
    assert [d.activity_id for d in queued(db)] == [other]
    assert run(rows.retry, activity_id=one) == 1
    assert len(queued(db)) == 2


def test_what_was_delivered_is_not_sent_again_on_request(db: Database, run: Run, alice: Account) -> None:
    run(say, alice, ONE)
    run(come, queued(db)[0], "delivered")
    assert run(rows.retry) == 0
    assert db.read(rows.list_unfinished) == []


def test_receipts_show_where_each_activity_has_got_to(db: Database, run: Run, alice: Account) -> None:
    run(say, alice, ONE, TWO, post_id=7)
    run(say, alice, ONE, kind="Delete", post_id=7)
    run(come, queued(db)[0], "delivered")
    assert [(d.host, d.type, d.state) for d in db.read(rows.list_receipts, 7)] == [
        ("evil.test", "Create", "queued"),
        ("peer.test", "Create", "delivered"),
        ("peer.test", "Delete", "queued"),
    ]
    assert [d.host for d in db.read(rows.list_unfinished, host="evil.test")] == ["evil.test"]


def test_deliveries_go_with_their_account(db: Database, run: Run, alice: Account) -> None:
    run(say, alice, ONE)
    assert db.read(rows.has_queued, alice.id)
    run(lambda tx: tx.execute("DELETE FROM accounts WHERE id = ?", (alice.id,)))
    assert db.read(rows.count_by_state) == {}
