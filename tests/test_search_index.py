import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fedi import accounts, posts, search_index
from fedi.storage import accounts as account_rows
from fedi.storage.db import NAME, Database, Tx
from tests import make


@pytest.fixture
def db() -> Database:
    return make.database()


def catch_up(db: Database) -> None:
    while db.transact(search_index.catch_up, 3):
        pass
    assert not db.read(search_index.is_behind)


def stored(tx: Tx) -> dict[int, str]:
    return dict(tx.query("SELECT rowid, text FROM post_search"))


def meant(tx: Tx) -> dict[int, str]:
    """What an index made from nothing would hold."""
    tx.execute("DELETE FROM post_search")
    tx.execute("DELETE FROM account_search")
    tx.execute("DELETE FROM search_queue")
    tx.execute("UPDATE search_marks SET mark = 0")
    while search_index.catch_up(tx, 100):
        pass
    return stored(tx)


def test_the_index_holds_what_was_written_said_again_and_left(db: Database) -> None:
    alice, carol = db.transact(make.account, "alice"), db.transact(make.remote, "carol")
    made = [db.transact(make.post, who, f"text {number}") for number in range(5) for who in (alice, carol)]
    db.transact(make.boost, alice, made[1])
    catch_up(db)
    assert db.read(stored).keys() == {post.id for post in made}

    db.transact(posts.edit, alice, made[0].id, posts.Draft("changed"), {})
    db.transact(posts.remove, alice, made[2].id)
    db.transact(make.post, carol, "late", published_at=1_500_000_000_000)
    catch_up(db)

    after = db.read(stored)
    assert after[made[0].id] == "changed" and made[2].id not in after and "late" in after.values()
    assert after == db.transact(meant)


def test_what_goes_with_its_author_leaves_the_index(db: Database) -> None:
    alice, carol = db.transact(make.account, "alice"), db.transact(make.remote, "carol")
    for number in range(3):
        db.transact(make.post, carol, f"text {number}")
    catch_up(db)

    db.transact(account_rows.delete, carol.id)
    catch_up(db)

    assert (
        db.read(stored) == {} and [row[0] for row in db.read(lambda tx: tx.query("SELECT rowid FROM account_search"))].count(alice.id) == 1
    )
    assert carol.id not in [row[0] for row in db.read(lambda tx: tx.query("SELECT rowid FROM account_search"))]


def test_a_profile_is_found_by_what_it_says_now(db: Database) -> None:
    alice = db.transact(make.account, "alice")
    catch_up(db)

    db.transact(accounts.update_profile, alice, accounts.Profile(display_name="Ms Cheese", bio_source="grows apples"))
    catch_up(db)

    found = db.read(lambda tx: tx.one("SELECT name, bio FROM account_search WHERE rowid = ?", (alice.id,)))
    assert "Ms Cheese" in found[0] and found[1] == "grows apples"


def test_taking_in_a_post_leaves_nothing_to_do_but_the_post_itself(db: Database) -> None:
    carol = db.transact(make.remote, "carol")
    catch_up(db)

    for number in range(3):
        db.transact(make.post, carol, f"text {number}")

    assert db.read(lambda tx: tx.one("SELECT count(*) FROM search_queue")[0]) == 0 and db.read(search_index.is_behind)


KILLED = """
import os, signal, sys
from pathlib import Path
from fedi import posts, search_index
from fedi.storage import accounts, posts as post_rows
from fedi.storage.db import Database
db = Database.open(Path(sys.argv[1]), house=__import__("tests.make", fromlist=["house"]).house())
alice = db.read(accounts.find_by_handle, "alice", "")
at, done = int(sys.argv[2]), 0
original = type(db.read(lambda tx: tx)).execute
def execute(tx, sql, params=()):
    global done
    done += 1
    if done == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(tx, sql, params)
from fedi.storage.tx import Tx
Tx.execute = execute
for number in range(4):
    first = db.transact(lambda tx: posts.publish(tx, alice, posts.Draft(f"new {number}"), {}))
    while db.transact(search_index.catch_up, 2): pass
    db.transact(lambda tx: posts.edit(tx, alice, first.id, posts.Draft(f"edited {number}"), {}))
    if number % 2:
        db.transact(lambda tx: posts.remove(tx, alice, first.id))
    while db.transact(search_index.catch_up, 2): pass
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("at", [5, 17, 29, 41, 58, 10_000])
def test_a_process_killed_at_any_statement_loses_no_word_and_finds_none_twice(tmp_path: Path, at: int) -> None:
    path = tmp_path / NAME
    with Database.open(path, house=make.house()) as db:
        db.transact(make.account, "alice")

    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), str(at)], check=False, env={**os.environ, "PYTHONPATH": os.getcwd()})
    assert killed.returncode == -signal.SIGKILL

    with Database.open(path, house=make.house()) as db:
        catch_up(db)
        assert db.read(stored) == db.transact(meant)
