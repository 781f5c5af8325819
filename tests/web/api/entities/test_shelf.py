"""How lists are put together: in how many statements, and from what is kept."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from fedi import accounts, filters, interactions, posts
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.timelines import Page
from fedi.streaming import Hub
from fedi.web.api.entities import shelf as shelf_module
from fedi.web.api.entities.shelf import Shelf
from tests import make

Run = Callable[..., Any]


@pytest.fixture
def shelf(db: Database, hub: Hub) -> Shelf:
    return Shelf(db.house.uris, hub)


def statements(monkeypatch: pytest.MonkeyPatch, db: Database, read: Callable[[Tx], Any]) -> int:
    """How many a read makes."""
    count = 0
    query, one = Tx.query, Tx.one

    def counted(method: Any) -> Any:
        def call(*args: Any) -> Any:
            nonlocal count
            count += 1
            return method(*args)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Tx, "query", counted(query))
        patch.setattr(Tx, "one", counted(one))
        db.read(read)
    return count


@pytest.mark.parametrize("size", [1, 20])
def test_a_page_of_home_costs_one_statement_once_it_is_kept(
    db: Database, run: Run, shelf: Shelf, alice: Account, carol: Account, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    run(make.follow, alice, carol)
    for _ in range(size):
        post = run(make.post, carol, "hello #topic", mentions=(alice,), tags=("topic",))
    run(make.boost, carol, run(make.post, run(make.account)))

    def home(tx: Tx) -> Any:
        return shelf.home(tx, alice.id, Page(limit=40))

    assert statements(monkeypatch, db, home) <= 12, "with one for the reader's filters, which are then kept"
    assert statements(monkeypatch, db, home) == 1
    run(interactions.favourite, alice, post.id)
    assert statements(monkeypatch, db, home) == 1, "a flag and a counter need nothing that is not kept"
    run(accounts.receive, make.actor("carol"), "peer.test", "")
    assert statements(monkeypatch, db, home) <= 4, "a new version of an author is rendered alone"


@pytest.mark.parametrize("size", [5, 40])
def test_filters_cost_one_statement_more_however_long_the_list_is(
    db: Database, run: Run, shelf: Shelf, alice: Account, carol: Account, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    run(make.follow, alice, carol)
    for number in range(size):
        run(make.post, carol, f"hello {number}")
    words = [filters.KeywordChange(keyword=f"{number}") for number in range(20)]
    run(filters.create, alice, filters.Change("Numbers", ("home",), keywords=words))

    def home(tx: Tx) -> Any:
        return shelf.home(tx, alice.id, Page(limit=40))

    assert statements(monkeypatch, db, home) <= 15
    assert statements(monkeypatch, db, home) == 2
    found, _ = db.read(home)
    assert sum(b'"keyword_matches":["' in status for status in found) == min(size, 20)


def test_the_order_is_that_of_the_list_whatever_is_kept(db: Database, run: Run, shelf: Shelf, alice: Account, bob: Account) -> None:
    made = [run(make.post, bob, f"{number}").id for number in range(9)]
    db.read(shelf.posts, alice.id, made[::2])

    found = [int(orjson.loads(one)["id"]) for one in db.read(shelf.posts, alice.id, made[::-1])]

    assert found == made[::-1]
    assert db.read(shelf.posts, alice.id, []) == [] and db.read(shelf.posts_by_id, alice.id, []) == {}
    assert list(db.read(shelf.posts_by_id, alice.id, [made[1], made[0], made[1]])) == [made[1], made[0]]


def test_what_is_too_much_to_keep_is_shown_all_the_same(
    db: Database, hub: Hub, run: Run, alice: Account, carol: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_POSTS_BYTES", "_ACCOUNTS_BYTES", "_WHOLE_BYTES"):
        monkeypatch.setattr(shelf_module, name, 3000)
    shelf = Shelf(db.house.uris, hub)
    run(make.follow, alice, carol)
    made = [run(make.post, carol, "x" * 3000).id for _ in range(10)]
    run(make.boost, carol, run(make.post, run(make.account)))

    for _ in range(2):
        found, ids = db.read(shelf.home, alice.id, Page(limit=40))
        assert len(found) == len(ids) == 11 and ids[1:] == made[::-1]


def test_what_is_kept_for_one_is_not_seen_by_another_who_may_not(
    db: Database, run: Run, shelf: Shelf, alice: Account, bob: Account
) -> None:
    post = run(make.post, alice, "secret", "direct")

    assert len(db.read(shelf.posts, alice.id, [post.id])) == 1
    assert db.read(shelf.posts, bob.id, [post.id]) == db.read(shelf.posts, 0, [post.id]) == []
    run(make.block, alice, bob)
    assert db.read(shelf.posts, bob.id, [run(make.post, alice).id]) == []


def test_nothing_of_a_deleted_post_is_kept_VIS_20(db: Database, run: Run, shelf: Shelf, alice: Account) -> None:
    post = run(make.post, alice, "before")
    db.read(shelf.posts, alice.id, [post.id])

    run(posts.remove, alice, post.id)
    assert len(shelf._heads) == len(shelf._whole) == 0

    def under_the_same_id(tx: Tx) -> None:
        post_rows.insert(tx, **{**post._asdict(), "uri": "https://fedi.test/other", "content_html": "after"})

    run(under_the_same_id)
    assert orjson.loads(db.read(shelf.posts, alice.id, [post.id])[0])["content"] == "after"


def test_under_a_post_its_authors_counters_are_not_older_than_a_minute(
    db: Database, run: Run, shelf: Shelf, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = run(make.post, alice)

    def count() -> int:
        return int(orjson.loads(db.read(shelf.posts, alice.id, [post.id])[0])["account"]["statuses_count"])

    assert count() == 1
    run(make.post, alice)
    monkeypatch.setattr(shelf_module.time, "monotonic", lambda: shelf._until + 1)
    assert count() == 2
