from collections.abc import Callable
from typing import Any

from fedi import clock
from fedi.storage import tombstones as rows
from fedi.storage.db import Database

Run = Callable[..., Any]


def test_what_was_taken_back_stays_so_for_who_took_it_back(db: Database, run: Run) -> None:
    run(rows.put, "https://peer.test/1", "https://peer.test/carol")
    assert db.read(rows.is_taken_back, "https://peer.test/1", "https://peer.test/carol")
    assert not db.read(rows.is_taken_back, "https://peer.test/1", "https://evil.test/mallory")
    assert not db.read(rows.is_taken_back, "", "")


def test_what_was_ours_stands_before_what_a_stranger_claims(db: Database, run: Run) -> None:
    run(rows.put, "https://peer.test/1", "https://evil.test/mallory")
    run(rows.put, "https://peer.test/1", "https://peer.test/carol", "Note")
    run(rows.put, "https://peer.test/1", "https://evil.test/trudy")
    found = db.read(rows.find, "https://peer.test/1")
    assert found is not None and (found.actor_uri, found.former_type) == ("https://peer.test/carol", "Note")


def test_a_neighbour_who_claims_first_takes_nobodys_place(db: Database, run: Run) -> None:
    run(rows.put, "https://peer.test/1", "https://peer.test/dan")
    run(rows.put, "https://peer.test/1", "https://peer.test/carol")
    assert db.read(rows.is_taken_back, "https://peer.test/1", "https://peer.test/carol")
    assert db.read(rows.is_taken_back, "https://peer.test/1", "https://peer.test/dan")
    run(rows.put, "https://peer.test/1", "https://peer.test/carol", "Note")
    run(rows.put, "https://peer.test/1", "https://peer.test/carol")
    found = db.read(rows.find, "https://peer.test/1")
    assert found is not None and found.former_type == "Note", "and what is known of it is not forgotten"


def test_foreign_ones_are_forgotten_and_ours_are_not(db: Database, run: Run, frozen: Any) -> None:
    run(rows.put, "theirs", "x")
    run(rows.put, "ours", "x", "Note")
    frozen.tick(10)
    run(rows.put, "new", "x")
    assert run(rows.prune, clock.now()) == 1
    assert [db.read(rows.find, uri) is not None for uri in ("theirs", "ours", "new")] == [False, True, True]
