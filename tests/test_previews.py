"""The worker that looks at links: what it takes up first, when it rests, and that nothing is asked twice or lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import arrivals, cardreader, cards, clock, limits, previews
from fedi.previews import Previews
from fedi.storage import cards as rows
from fedi.storage import due_links as due_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.due_links import DueLink
from fedi.storage.posts import Post
from fedi.streaming import Event
from tests import make, remote
from tests.remote import World
from tests.test_cards import PAGE, Now, serve

Carol = tuple[World, Account]


@pytest.fixture
async def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Carol]:
    """An instance whose workers do nothing by themselves, and somebody elsewhere whom alice follows."""
    monkeypatch.setattr(cards, "_RANDOM", Now())
    async with remote.world(tmp_path, working=False) as w:
        carol = await w.know(w.peer().actor("carol"))
        w.instance.db.transact(make.follow, w.alice, carol)
        yield w, carol


def arrive(w: World, carol: Account, url: str) -> Post:
    def made(tx: Tx) -> Post:
        note = make.note(carol, f'<a href="{url}">x</a>')
        found = arrivals.receive(tx, note, carol, arrivals.html_of(note, tx.uris.tag))
        assert found is not None
        return found

    post: Post = w.instance.db.transact(made)
    return post


def waiting(w: World) -> list[DueLink]:
    found: list[DueLink] = w.instance.db.read(due_rows.list_due, 100)
    return found


async def many_arrive(worker: Previews) -> None:
    for number in range(10 * limits.CARD_REST_POSTS):
        worker._count(Event("post", number))
    worker._counted_at -= 1.0
    worker._measure()


async def test_links_of_others_rest_while_many_posts_arrive_and_what_is_written_here_does_not(there: Carol) -> None:
    w, carol = there
    serve(w)
    serve(w, path="/own")
    arrive(w, carol, PAGE)
    w.publish(w.alice, "https://third.test/own")
    worker = w.instance.previews
    await many_arrive(worker)

    while await worker._look(rests=worker._is_busy):
        pass
    await remote.until(lambda: not worker._tasks, 30)

    assert [path for path in w.peer("third.test").gets if path != "/cat.png"] == ["/own"] and len(waiting(w)) == 1
    worker._counted_at -= 1.0
    worker._measure()
    assert not worker._is_busy
    await w.settle()
    assert "/story" in w.peer("third.test").gets and waiting(w) == []


async def test_links_do_not_rest_for_ever(there: Carol) -> None:
    w, carol = there
    serve(w)
    arrive(w, carol, PAGE)
    earlier = (limits.CARD_REST_S + 10) * clock.SECOND
    w.instance.db.transact(lambda tx: tx.execute("UPDATE due_links SET run_at = run_at - ?", (earlier,)))

    assert await w.instance.previews._look(rests=True)
    await remote.until(lambda: waiting(w) == [], 30)

    assert "/story" in w.peer("third.test").gets


async def test_a_link_that_is_being_fetched_is_not_asked_for_again_and_shows_with_all_its_posts_DOS_19(there: Carol) -> None:
    w, carol = there
    serve(w)
    go_on = asyncio.Event()

    async def slowly(desk: Any, claim: cards.Claim) -> None:
        await go_on.wait()
        await read(desk, claim)

    read = cardreader.read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cardreader, "read", slowly)
        first = arrive(w, carol, PAGE)
        assert await w.instance.previews._look()
        second = arrive(w, carol, f"{PAGE}#again")
        assert await w.instance.previews._look() and not await w.instance.previews._look()
        go_on.set()
        await w.settle()

    assert w.peer("third.test").gets == ["/story", "/cat.png"]
    assert len(w.instance.db.read(rows.list_shown, [first.id, second.id])) == 2


async def test_what_was_taken_up_waits_until_it_is_done_whatever_happens_in_between(there: Carol) -> None:
    w, carol = there
    serve(w)
    hangs = asyncio.Event()

    async def never(*_: object) -> None:
        hangs.set()
        await asyncio.sleep(1e6)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cardreader, "read", never)
        post = arrive(w, carol, PAGE)
        assert await w.instance.previews._look()
        await hangs.wait()
        await w.instance.previews.stop()
    assert len(waiting(w)) == 1 and w.peer("third.test").gets == []

    await w.settle()  # as after the next start

    assert waiting(w) == [] and post.id in w.instance.db.read(rows.list_shown, [post.id])


async def test_a_fault_of_ours_costs_one_link_and_stops_no_other(there: Carol) -> None:
    w, carol = there
    serve(w, path="/good")
    read = cardreader.read

    async def fails(desk: Any, claim: cards.Claim) -> None:
        if claim.card.url.endswith("/bad"):
            raise LookupError
        await read(desk, claim)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cardreader, "read", fails)
        arrive(w, carol, "https://third.test/bad")
        good = arrive(w, carol, "https://third.test/good")
        await w.settle()

    assert waiting(w) == [] and good.id in w.instance.db.read(rows.list_shown, [good.id])


async def test_the_worker_wakes_for_what_is_written_here_and_finds_the_rest_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "_RANDOM", Now())
    monkeypatch.setattr(previews, "_LOOK_S", 0.02)
    monkeypatch.setattr(previews, "_IDLE_S", 3600.0)
    async with remote.world(tmp_path) as w:
        serve(w)
        await asyncio.sleep(0.05)  # it sleeps
        w.publish(w.alice, PAGE)
        await remote.until(lambda: "/story" in w.peer("third.test").gets, 30)
        await remote.until(lambda: waiting(w) == [], 30)


async def test_with_previews_off_links_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "_RANDOM", Now())
    async with remote.world(tmp_path, working=False, instance={"previews": False}) as w:
        w.publish(w.alice, PAGE)
        assert len(waiting(w)) == 1
        await w.settle()
        assert waiting(w) == [] and w.peer("third.test").gets == []
