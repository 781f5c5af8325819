from collections.abc import Callable
from typing import Any

from fedi import clock
from fedi.storage import hosts as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.hosts import Host
from tests import make

Run = Callable[..., Any]


def test_a_host_is_kept_as_it_was_last_put(db: Database, run: Run) -> None:
    assert db.read(rows.find, "peer.test") is None
    for host in (Host("peer.test", "cavage", 3, 1, 5, 9, 2), Host("peer.test", "rfc9421")):
        run(rows.put, host)
        assert db.read(rows.find, "peer.test") == host
    assert db.read(rows.list_all) == [Host("peer.test", "rfc9421")] and db.read(rows.count) == 1


def test_a_valid_request_closes_the_circuit_and_keeps_the_scheme(db: Database, run: Run, frozen: Any) -> None:
    run(rows.put, Host("peer.test", "rfc9421", 9, 3, 5, clock.now() + 5_000, 1))
    run(rows.mark_seen, "peer.test")
    assert db.read(rows.find, "peer.test") == Host("peer.test", "rfc9421", 0, 0, 5, 0, clock.now())
    run(rows.mark_seen, "new.test")
    assert db.read(rows.find, "new.test") == Host("new.test", seen_at=clock.now())


def test_hosts_nothing_was_heard_of_and_nothing_waits_for_are_forgotten(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.post, alice, "hi", "public", (carol,))
    for name, seen in (("peer.test", 1), ("old.test", 1), ("tried.test", 0), ("new.test", 5_000)):
        run(rows.put, Host(name, seen_at=seen, failed_at=4_000 if name == "tried.test" else 0))
    assert run(rows.prune, 3_000, 100) == 1
    assert {host.host for host in db.read(rows.list_all)} == {"peer.test", "tried.test", "new.test"}


def test_a_bounded_number_of_hosts_is_kept_the_latest_heard(db: Database, run: Run) -> None:
    def fill(tx: Tx) -> None:
        for n in range(30):
            rows.put(tx, Host(f"h{n}.test", seen_at=1_000 + n))

    run(fill)
    run(rows.prune, 0, 10)
    kept = {host.host for host in db.read(rows.list_all)}
    assert {f"h{n}.test" for n in range(20, 30)} <= kept and len(kept) <= 11
