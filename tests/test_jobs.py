"""The loop and what it runs: order within a lane, tries again, parks what cannot be done, and never lets one stop the others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from fedi import accounts, chores, clock, interactions, jobs, logins
from fedi.errors import Conflict, Invalid, Malformed, TooMany, Unavailable, Unreachable
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import idempotency as idempotency_rows
from fedi.storage import jobs as rows
from fedi.storage import keys as key_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage import settings as setting_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.db import Tx
from fedi.storage.jobs import Job
from fedi.storage.posts import Post
from fedi.streaming import Event
from tests import cast, make

Script = Callable[[bytes], Awaitable[None] | None]


class Works:
    """A job named `test` that does what it is told; remembers payloads in the order they were finished."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.done: list[bytes] = []
        self.tried: list[bytes] = []
        self.script: Script = lambda payload: None

    async def run(self, _: object, payload: bytes) -> None:
        self.tried.append(payload)
        wanted = self.script(payload)
        if wanted is not None:
            await wanted
        self.done.append(payload)

    def add(self, *payloads: bytes, lane: str = "") -> list[int]:
        def insert(tx: Tx) -> list[int]:
            made = [make.job(tx, "test", payload, lane) for payload in payloads]
            tx.emit(Event("job", made[0]))
            return made

        return self.instance.db.transact(insert)

    def waiting(self, state: str = "") -> list[Job]:
        return self.instance.db.read(rows.list_waiting, state=state)


@pytest.fixture
async def works(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Works]:
    made = Works(instance)
    monkeypatch.setitem(jobs.JOBS, "test", made.run)
    yield made


def fails(error: Exception) -> Script:
    def script(payload: bytes) -> None:
        if b"bad" in payload:
            raise error

    return script


async def test_jobs_of_one_lane_run_in_order_and_one_at_a_time(works: Works) -> None:
    at_work: set[bytes] = set()

    async def slowly(payload: bytes) -> None:
        assert not {other for other in at_work if other[:1] == payload[:1]}, "two of one lane at once"
        at_work.add(payload)
        await asyncio.sleep(0.001)
        at_work.remove(payload)

    works.script = slowly
    for lane in (b"a", b"b", b"c"):
        works.add(*(lane + b"%d" % n for n in range(8)), lane=lane.decode())
    await works.instance.jobs.settle()
    for lane in (b"a", b"b", b"c"):
        assert [p for p in works.done if p.startswith(lane)] == [lane + b"%d" % n for n in range(8)]
    assert works.waiting() == []


async def test_lanes_and_jobs_without_one_run_side_by_side(works: Works) -> None:
    begun = asyncio.Event()
    works.script = lambda payload: begun.wait() if payload == b"slow" else begun.set()
    works.add(b"slow", lane="a")
    works.add(b"quick")
    await asyncio.wait_for(works.instance.jobs.settle(), 30)
    assert works.done == [b"quick", b"slow"]


async def test_a_bounded_number_runs_at_once_and_the_rest_after_them(works: Works) -> None:
    now = most = 0

    async def counted(_: bytes) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1

    works.script = counted
    works.add(*(b"%d" % n for n in range(50)))
    await works.instance.jobs.settle()
    assert most == 16 and len(works.done) == 50


async def test_work_that_waits_for_somebody_does_not_take_all_places_DOS(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go, at_work, most = asyncio.Event(), 0, 0

    async def stuck(_: object, payload: bytes) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await let_go.wait()
        at_work -= 1

    monkeypatch.setitem(jobs.JOBS, "stuck", stuck)
    monkeypatch.setitem(jobs._SHARES, "stuck", 3)
    for number in range(40):
        works.instance.db.transact(make.job, "stuck", b"", f"stuck {number}" if number % 2 else "")
    works.add(b"quick", lane="quick")
    works.script = lambda _: let_go.set()
    await asyncio.wait_for(works.instance.jobs.settle(), 30)
    assert (works.done, most) == ([b"quick"], 3)
    assert works.waiting() == []


async def test_the_loop_runs_what_is_added_while_it_waits(works: Works) -> None:
    works.instance.start()
    await asyncio.sleep(0)
    works.add(b"one")
    async with asyncio.timeout(30):
        while not works.done:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.005)
    assert works.done == [b"one"]


async def test_a_peer_that_does_not_answer_is_tried_again_later_and_given_up_in_the_end(works: Works, frozen: Any) -> None:
    works.script = fails(Unreachable("no answer"))
    works.add(b"bad", b"next", lane="a")
    works.add(b"other", lane="b")
    await works.instance.jobs.settle()
    assert works.done == [b"other"], "what stands behind it in its lane waits, others do not"
    waits = []
    for _ in range(7):
        (job, _next) = works.waiting()
        waits.append((job.run_at - clock.now()) // 1000)
        assert job.error == "no answer"
        frozen.tick(waits[-1] - 1)
        await works.instance.jobs.settle()
        assert len(works.waiting()) == 2, "not before its time"
        frozen.tick(2)
        await works.instance.jobs.settle()
    assert waits == [30 << n for n in range(7)]
    assert works.tried.count(b"bad") == 8
    assert works.done == [b"other", b"next"] and works.waiting() == []


async def test_a_peers_wish_to_wait_is_honoured_within_an_hour(works: Works, frozen: Any) -> None:
    for asked, waited in ((120, 120), (1, 30), (10**9, 3600)):
        works.script = fails(Unreachable("later", retry_after_s=asked))
        (job_id,) = works.add(b"bad")
        await works.instance.jobs.settle()
        (job,) = works.waiting()
        assert (job.run_at - clock.now()) // 1000 == waited
        works.instance.db.transact(rows.drop, job_id)
    works.script = fails(TooMany("slow down", 77))
    works.add(b"bad")
    await works.instance.jobs.settle()
    assert (works.waiting()[0].run_at - clock.now()) // 1000 == 77


@pytest.mark.parametrize("error", [Malformed("nonsense"), Invalid("wrong"), Conflict("again")])
async def test_what_will_never_work_is_dropped_and_counted(works: Works, error: Exception) -> None:
    works.script = fails(error)
    works.add(b"bad", b"next", lane="a")
    await works.instance.jobs.settle()
    assert works.done == [b"next"] and works.waiting() == []
    assert works.instance.jobs.dropped == {type(error).__name__: 1}


async def test_poison_is_parked_after_eight_tries_and_nobody_else_is_harmed(
    works: Works, frozen: Any, caplog: pytest.LogCaptureFixture
) -> None:
    works.script = fails(ZeroDivisionError("our bug"))
    works.add(b"bad", b"next", lane="a")
    for _ in range(8):
        works.add(b"good")
        await works.instance.jobs.settle()
        frozen.tick(200)
    await works.instance.jobs.settle()
    assert works.tried.count(b"bad") == 8
    assert works.done.count(b"good") == 8 and b"next" in works.done, "out of its lane's way"
    (parked,) = works.waiting("parked")
    assert (parked.payload, parked.error, parked.attempts) == (b"bad", "ZeroDivisionError: our bug", 8)
    assert "failed" in caplog.text
    works.script = lambda payload: None
    assert works.instance.db.transact(rows.retry) == 1
    await works.instance.jobs.settle()
    assert works.done[-1] == b"bad" and works.waiting() == []


async def test_a_job_that_nobody_knows_is_parked_like_any_bug(works: Works, frozen: Any) -> None:
    works.instance.db.transact(make.job, "unheard-of")
    for _ in range(8):
        await works.instance.jobs.settle()
        frozen.tick(300)
    assert [job.name for job in works.waiting("parked")] == ["unheard-of"]


async def test_a_full_disk_costs_a_job_no_try(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    monkeypatch.setattr(jobs.asyncio, "sleep", sleep)
    tries = 0

    def script(payload: bytes) -> None:
        nonlocal tries
        tries += 1
        if tries < 20:
            raise Unavailable("the disk is full")

    works.script = script
    works.add(b"one")
    await works.instance.jobs.settle()
    assert works.done == [b"one"] and tries == 20 and slept == [1] * 19


async def test_what_was_at_work_when_it_stopped_runs_again(works: Works) -> None:
    never = asyncio.Event()
    works.script = lambda payload: never.wait()
    works.add(b"one")
    works.instance.start()
    for _ in range(100):
        await asyncio.sleep(0)
        if works.tried:
            break
    runner = works.instance.jobs
    stopping = asyncio.ensure_future(runner.stop())
    await asyncio.sleep(0)
    for task in runner._tasks:
        task.cancel()
    await stopping
    works.instance._running = False
    await works.instance.sender.stop()
    assert [job.attempts for job in works.waiting()] == [0]


async def test_a_blocked_lane_does_not_keep_the_loop_busy(works: Works, frozen: Any) -> None:
    works.script = fails(Unreachable("no answer"))
    works.add(b"bad", b"next", lane="a")
    await works.instance.jobs.settle()
    assert works.instance.jobs._claim() > 25, "nothing happens before the first of the lane is due"


# -- chores --


async def chore(instance: Instance, name: str) -> None:
    await chores.CHORES[name][1](instance)


@pytest.fixture
def house(instance: Instance) -> Callable[..., Any]:
    """`house(rule, *args)`: a rule in the instance."""
    return instance.db.transact


async def test_old_posts_that_nobody_here_touched_are_forgotten(instance: Instance, house: Any) -> None:
    alice, carol, dan = (house(make.person, who) for who in (cast.ALICE, cast.CAROL, cast.DAN))
    house(make.follow, alice, carol)
    at = clock.now() - 100 * clock.DAY

    def old(by: Any = carol, **more: Any) -> Post:
        made: Post = house(make.post, by, more.pop("text", "old"), published_at=at, **more)
        return made

    kept = {name: old() for name in ("liked", "boosted", "bookmarked", "answered")}
    house(interactions.favourite, alice, kept["liked"].id)
    house(interactions.boost, alice, kept["boosted"].id)
    house(interactions.bookmark, alice, kept["bookmarked"].id)
    house(make.post, alice, "re", reply_to=kept["answered"])
    kept["names alice"] = old(mentions=(alice,))
    mine = house(make.post, alice)
    kept["answers alice"] = old(reply_to=mine)
    kept["new"] = house(make.post, carol)
    own_old = house(make.post, alice)
    house(lambda tx: tx.execute("UPDATE posts SET published_at = ?, received_at = ? WHERE id = ?", (at, at, own_old.id)))
    gone = {"plain": old(), "liked elsewhere": old(), "answer elsewhere": old(dan, reply_to=kept["liked"])}
    gone["liked by its friends"] = old(dan)
    house(interactions.receive_favourite, carol, gone["liked elsewhere"], "https://peer.test/l")
    for _ in range(450):
        old(dan)
    await chore(instance, "prune-posts")
    left = {row[0] for row in instance.db.read(lambda tx: tx.query("SELECT id FROM posts"))}
    assert {name for name, post in kept.items() if post.id not in left} == set()
    assert {name for name, post in gone.items() if post.id in left} == set()
    assert {mine.id, own_old.id} <= left
    assert instance.db.read(make.again, dan).posts_count == 0
    assert instance.db.read(make.fresh, kept["liked"]).replies_count == 0
    assert not instance.db.read(tombstone_rows.is_taken_back, gone["plain"].uri, carol.uri), "it may come again"


async def test_rows_that_have_had_their_time_end(instance: Instance, house: Any, frozen: Any) -> None:
    alice = house(make.person, cast.ALICE)
    house(make.person, cast.CAROL)
    house(rows.mark_seen, b"old")
    house(tombstone_rows.put, "https://peer.test/1", "https://peer.test/u")
    house(tombstone_rows.put, "https://fedi.test/1", "https://fedi.test/u", "Note")
    session = house(logins.start_session, alice.id, "x")
    house(make.post, alice, "hi @carol@peer.test", idempotency_key="k")
    frozen.tick(8 * 24 * 3600)
    await chore(instance, "tidy")
    assert instance.db.read(delivery_rows.count_by_state).get("queued", 0) == 0, "given up after a week"
    assert house(rows.mark_seen, b"old") is False
    assert instance.db.read(idempotency_rows.find, alice.id, "k") is None
    frozen.tick(90 * 24 * 3600)
    await chore(instance, "tidy")
    assert house(rows.mark_seen, b"old") is True
    assert instance.db.read(tombstone_rows.find, "https://peer.test/1") is None
    assert instance.db.read(tombstone_rows.find, "https://fedi.test/1"), "what was ours stays gone"
    assert instance.db.read(logins.find_session, session) is None


async def test_files_nobody_looks_at_leave_the_disk_and_those_of_people_here_stay(instance: Instance, house: Any, frozen: Any) -> None:
    alice, carol = house(make.person, cast.ALICE), house(make.person, cast.CAROL)
    stored = {name: instance.files.store(name.encode()) for name in ("mine", "old", "looked at", "shared", "unused")}
    mine = house(media_rows.insert, kind="avatar", account_id=alice.id, sha256=stored["mine"], size_bytes=4)
    house(account_rows.update, alice.id, avatar_id=mine.id)
    house(media_rows.insert, kind="image", account_id=alice.id, sha256=stored["unused"], size_bytes=4)
    post = house(make.post, carol)
    theirs = {}
    for name in ("old", "looked at", "shared"):
        made = house(media_rows.insert, kind="image", account_id=carol.id, remote_url=f"https://peer.test/{name}")
        house(media_rows.set_stored, made.id, media_rows.Stored(stored[name], "image/webp", 4, 1, 1))
        theirs[name] = made
    house(media_rows.insert, kind="image", account_id=alice.id, sha256=stored["shared"], size_bytes=4)
    house(post_rows.set_media, post.id, [one.id for one in theirs.values()])
    house(post_rows.set_media, house(make.post, alice).id, [house(media_rows.insert, kind="image", sha256=stored["shared"]).id])
    frozen.tick(6 * 24 * 3600)
    house(media_rows.touch, theirs["looked at"].id)
    frozen.tick(2 * 24 * 3600)
    await chore(instance, "prune-media")
    there = {name for name, sha256 in stored.items() if instance.files.path(sha256).exists()}
    assert there == {"mine", "looked at", "shared"}
    old = instance.db.read(media_rows.find, theirs["old"].id)
    assert old is not None and old.sha256 is None, "the row stays, and is fetched again when somebody looks"


async def test_keys_of_ended_accounts_go_when_nothing_waits(instance: Instance, house: Any) -> None:
    alice = house(make.person, cast.ALICE)
    house(make.person, cast.CAROL)
    house(accounts.delete_local, alice)
    await chore(instance, "forget-keys")
    assert instance.db.read(key_rows.list_of, alice.id)
    house(lambda tx: tx.execute("UPDATE deliveries SET state = 'delivered'"))
    await chore(instance, "forget-keys")
    assert instance.db.read(key_rows.list_of, alice.id) == []


async def test_accounts_that_cannot_be_read_anew_are_asked_again_in_a_week(
    instance: Instance, house: Any, frozen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, carol = house(make.person, cast.ALICE), house(make.person, cast.CAROL)
    house(make.follow, alice, carol)
    asked: list[str] = []

    async def actor(uri: str, *, refresh: bool = False) -> None:
        asked.append(uri)
        raise Unreachable("no answer")

    monkeypatch.setattr(instance.remote, "actor", actor)
    for days, times in ((6, 0), (2, 1), (1, 1), (7, 2)):
        frozen.tick(days * 24 * 3600)
        await chore(instance, "refresh-accounts")
        assert asked == [carol.uri] * times


async def test_a_failing_chore_is_logged_and_has_its_next_time(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: object) -> None:
        raise LookupError("x")

    monkeypatch.setitem(chores.CHORES, "broken", (1, broken))
    await instance.jobs.run_chore("broken")
    assert "the chore broken failed" in caplog.text
    await instance.jobs.run_chore("tidy")
    assert instance.db.read(setting_rows.find, "chore.tidy") > 0
    assert instance.db.read(setting_rows.find, "chore.broken") is None


async def turns() -> None:
    """Of the loop, more than it takes until whoever is to wake has looked."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_job_that_is_due_after_the_next_look_wakes_nobody_and_one_that_is_due_before_does(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = jobs.Runner(instance)
    looks: list[int] = []

    def look(_: jobs.Runner) -> float:
        looks.append(clock.now())
        return 30.0

    monkeypatch.setattr(jobs.Runner, "_claim", look)
    runner.start()
    await turns()
    assert len(looks) == 1
    instance.hub.publish([Event("job", 1, clock.now() + 45 * clock.SECOND)])
    await turns()
    assert len(looks) == 1
    instance.hub.publish([Event("job", 2, clock.now() + 5 * clock.SECOND)])
    await turns()
    assert len(looks) == 2
    instance.hub.publish([Event("job", 3)])
    await turns()
    assert len(looks) == 3
    await runner.stop()
