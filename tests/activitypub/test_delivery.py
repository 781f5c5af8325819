"""Sending: fairly, in order, at the right time, once more after a crash, and never to whom it is not for."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import accounts, clock, follows, interactions, limits, moderation, posts
from fedi.activitypub import backoff, delivery
from fedi.errors import StorageFull
from fedi.instance import Instance
from fedi.storage import deliveries as rows
from fedi.storage import hosts as host_rows
from fedi.storage.accounts import Account
from tests import make, remote
from tests.hostile_server import Authority, after_request, answer, endless, serving
from tests.remote import Actor, World

UP = remote.answers(status=202)
DOWN = remote.answers(status=503)


@pytest.fixture
async def carol(world: World) -> Actor:
    """Of peer.test, follows alice."""
    who = world.peer().actor("carol")
    await world.befriend(who, world.alice)
    return who


def states(w: World, kind: str = "") -> list[str]:
    return [state for name, _, state in w.deliveries() if kind in ("", name) and name != "Accept"]


def host(w: World, name: str = "peer.test") -> host_rows.Host:
    return w.db.read(host_rows.find, name) or host_rows.Host(name)


async def later(w: World, frozen: FrozenDateTimeFactory, **duration: float) -> None:
    """Let time pass, and do what is due then."""
    frozen.tick(clock.timedelta(**duration))
    await w.settle()


# -- who gets it --


async def test_a_post_goes_once_to_each_server(world: World) -> None:
    """Given three followers on one server and one on another."""
    for name in ("a", "b", "c"):
        await world.befriend(world.peer().actor(name, key="extra"), world.alice)
    await world.befriend(world.peer("third.test").actor("d", key="extra"), world.alice)

    post = world.publish(world.alice)
    await world.settle()

    assert [seen.path for seen in world.peer().posts] == ["/inbox"]
    assert [one["object"]["id"] for one in world.peer().received("Create")] == [post.uri]
    assert len(world.peer("third.test").received("Create")) == 1


async def test_vis_18_a_direct_post_goes_to_the_named_and_to_nobody_else(world: World, carol: Actor) -> None:
    dan = world.peer("third.test").actor("dan")
    await world.befriend(dan, world.alice)
    found = await world.remote.mentions("@carol@peer.test")
    world.forget()

    world.db.transact(posts.publish, world.alice, posts.Draft("@carol@peer.test secret", visibility="direct"), found)
    await world.settle()

    assert [seen.path for seen in world.peer().posts] == ["/users/carol/inbox"]
    assert world.peer("third.test").seen == [] and world.peer("evil.test").seen == []
    [sent] = world.peer().received("Create")
    assert sent["to"] == [carol.uri] and not sent.get("cc") and "bto" not in sent and "bcc" not in sent


async def test_a_local_only_post_goes_to_nobody(world: World, carol: Actor) -> None:
    post = world.publish(world.alice, local_only=True)
    world.db.transact(posts.edit, world.alice, post.id, posts.Draft("changed"), {})
    world.db.transact(posts.remove, world.alice, post.id)
    await world.settle()

    assert world.asked == []


async def test_a_blocked_server_gets_nothing(world: World, carol: Actor) -> None:
    world.peer().behave("*", DOWN)
    world.publish(world.alice)
    await world.settle()
    world.forget()
    world.db.transact(moderation.block_domain, "peer.test")
    world.publish(world.alice, f"@carol@peer.test {carol.uri}")
    await world.settle()

    assert [seen.json["type"] for seen in world.peer().posts] == ["Reject"], "and nothing after it"


async def test_a_server_blocked_after_it_was_read_gets_nothing(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    world.peer().behave("*", DOWN)
    world.publish(world.alice)
    await world.settle()
    world.db.transact(moderation.block_domain, "peer.test")
    world.forget()

    await later(world, frozen, hours=2)

    assert {seen.json["type"] for seen in world.peer().posts} <= {"Reject"} and "dropped" in states(world)


async def test_what_is_sent_is_signed_by_its_author_with_a_fresh_date(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    world.peer().behave("/inbox", remote.answers(status=503, times=1))
    world.publish(world.alice)
    await world.settle()
    await later(world, frozen, minutes=2)

    first, second = world.peer().posts
    assert first.signer == second.signer == f"{world.alice.uri}#main-key"
    assert first.body == second.body and first.headers["date"] != second.headers["date"]


# -- fairness and order --


async def test_two_at_a_time_for_a_host_and_one_for_an_object(world: World, carol: Actor) -> None:
    world.peer().behave("/inbox", remote.slow(0.05, UP))
    made = [world.publish(world.alice, f"n{n}") for n in range(6)]
    for post in made[:2]:
        world.db.transact(posts.edit, world.alice, post.id, posts.Draft("changed"), {})
    await world.settle()

    peer = world.peer()
    assert peer.most_at_once == limits.IN_FLIGHT_PER_HOST
    assert len(peer.received()) == 8
    for post in made[:2]:
        assert [one["type"] for one in peer.received() if one["object"]["id"] == post.uri] == ["Create", "Update"]


async def test_what_is_about_one_object_waits_for_what_came_before(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    """Given a Create that has to be tried again: its Update waits, another post does not."""
    peer = world.peer()
    peer.behave("/inbox", remote.answers(status=503, times=1))
    post = world.publish(world.alice)
    await world.settle()
    world.db.transact(posts.edit, world.alice, post.id, posts.Draft("changed"), {})
    other = world.publish(world.alice, "other")
    await world.settle()
    assert [seen.json["object"]["id"] for seen in peer.posts] == [post.uri, other.uri]

    await later(world, frozen, minutes=2)

    assert [one["type"] for one in peer.received() if one["object"]["id"] == post.uri] == ["Create", "Create", "Update"]
    assert set(states(world)) == {"delivered"}


async def test_an_undo_comes_after_what_it_undoes(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    world.peer().behave("/users/carol/inbox", remote.answers(status=503, times=1))
    account = world.account(carol)
    assert account is not None
    world.db.transact(follows.follow, world.alice, account.id)
    await world.settle()
    world.db.transact(follows.unfollow, world.alice, account.id)
    await world.settle()
    await later(world, frozen, minutes=2)

    assert [one["type"] for one in world.peer().received()] == ["Follow", "Follow", "Undo"]


async def test_no_more_than_so_many_at_once_in_all(tmp_path: Path, quick_keys: None, calm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "IN_FLIGHT", 4)
    hosts = [f"h{n}.test" for n in range(10)]
    async with remote.world(tmp_path, hosts) as w:
        for name in hosts:
            await w.befriend(w.peer(name).actor("x", key="extra"), w.alice)
        at_once, most = itertools.count(1), [0]

        async def count(request: Any) -> Any:
            most[0] = max(most[0], sum(peer.at_once for peer in w.peers.values()))
            return await remote.slow(0.02, UP)(request)

        for name in hosts:
            w.peer(name).behave("*", count)
        for _ in range(3):
            w.publish(w.alice)
        await w.settle()

        assert next(at_once) and most[0] == 4
        assert states(w) == ["delivered"] * 30


async def test_tarpits_hold_up_nobody(tmp_path: Path, quick_keys: None, calm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given 20 servers that never answer, more than there are slots for, and 20 that do."""
    monkeypatch.setattr(limits, "IN_FLIGHT", 16)
    monkeypatch.setattr(delivery, "_AT_MOST", 64)
    monkeypatch.setattr(delivery, "_SLOW_S", 0.1)
    slow, good = [f"slow{n}.test" for n in range(20)], [f"good{n}.test" for n in range(20)]
    async with remote.world(tmp_path, [*slow, *good], federation={"timeout_s": 60}) as w:
        for name in (*slow, *good):
            await w.befriend(w.peer(name).actor("x", key="extra"), w.alice)
        for name in slow:
            w.peer(name).behave("*", remote.slow(60))
        for _ in range(5):
            w.publish(w.alice)

        await remote.until(lambda: sum(len(w.peer(name).posts) for name in good) == 100)  # long before the first tarpit is given up
        assert all(len(w.peer(name).posts) <= limits.IN_FLIGHT_PER_HOST for name in slow)


# -- when --


async def test_r_04_attempts_come_at_the_times_of_the_schedule(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    """Given a server that is down for a week: every attempt within 20 % of its time, and then no more."""
    world.peer().behave("*", DOWN)
    began = clock.now()
    world.publish(world.alice)
    await world.settle()
    at = [began]
    while clock.now() < began + backoff.GIVE_UP_MS + clock.DAY:
        before = len(world.peer().posts)
        await later(world, frozen, minutes=1 if clock.now() < began + clock.HOUR else 10)
        if len(world.peer().posts) > before:
            at.append(clock.now())
        if clock.now() > began + backoff.GIVE_UP_MS:
            world.db.transact(rows.expire, clock.now() - backoff.GIVE_UP_MS)

    waits = [later - earlier for earlier, later in itertools.pairwise(at)]
    for wait, wanted in zip(waits, backoff.STEPS_MS[1:], strict=False):
        assert wanted * 0.8 <= wait <= wanted * 1.2 + 11 * clock.MINUTE
    assert 11 <= len(at) <= 15 and states(world) == ["expired"]


@pytest.mark.parametrize("days", [0.003, 0.08, 3, 6.9])
async def test_r_04_a_server_that_comes_back_gets_what_waited(
    world: World, carol: Actor, frozen: FrozenDateTimeFactory, days: float
) -> None:
    world.peer().behave("*", DOWN)
    world.publish(world.alice)
    await world.settle()
    for _ in range(20):
        await later(world, frozen, days=days / 20)
    world.peer().behave("*", UP)

    await later(world, frozen, days=1.3)

    assert states(world) == ["delivered"]


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [("120", 115, 125), ("date", 115, 125), ("", 48, 72), ("soon", 48, 72), ("-5", 48, 72), ("99999999999", 86_400, 86_400), ("0", 1, 1)],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_r_06_retry_after_is_kept_within_reason(
    world: World, carol: Actor, frozen: FrozenDateTimeFactory, status: int, value: str, low: int, high: int
) -> None:
    written = clock.http_date(clock.now() + 120_000) if value == "date" else value
    world.peer().behave("*", remote.answers(status=status, headers={"Retry-After": written} if value else {}))
    post = world.publish(world.alice)
    await world.settle()

    [receipt] = world.receipts(post)
    assert (receipt.state, receipt.status, receipt.attempts) == ("queued", status, 1)
    assert low <= (receipt.next_at - clock.now()) / 1000 <= high
    assert host(world).failures == (0 if status == 429 else 1)


CLASSES = {
    202: "delivered", 200: "delivered", 204: "delivered", 400: "refused", 403: "refused", 404: "refused", 413: "refused", 501: "refused",
    301: "refused", 308: "refused", 401: "queued", 408: "queued", 425: "queued", 429: "queued", 500: "queued", 502: "queued", 503: "queued",
}  # fmt: skip


@pytest.mark.parametrize("status", CLASSES)
async def test_r_07_every_answer_has_its_meaning(world: World, carol: Actor, frozen: FrozenDateTimeFactory, status: int) -> None:
    world.peer().behave("*", remote.answers(b"why not", status=status, headers={"Location": "https://evil.test/inbox"}))
    post = world.publish(world.alice)
    await world.settle()
    await later(world, frozen, minutes=90)
    await later(world, frozen, hours=3)

    [receipt] = world.receipts(post)
    assert receipt.state == CLASSES[status] and receipt.status == status
    if CLASSES[status] == "delivered":
        assert receipt.attempts == 1
    if CLASSES[status] == "refused":
        assert receipt.attempts == 2 and receipt.answer == "why not"
    assert world.peer("evil.test").seen == []


async def test_r_07_410_forgets_the_inbox(world: World, carol: Actor) -> None:
    world.peer().behave("/inbox", remote.answers(status=410))
    first, second = world.publish(world.alice, "one"), world.publish(world.alice, "two")
    await world.settle()

    account = world.account(carol)
    assert account is not None and account.shared_inbox_uri == "" and account.inbox_uri
    assert {receipt.state for post in (first, second) for receipt in world.receipts(post)} <= {"refused", "dropped"}
    third = world.publish(world.alice, "three")
    await world.settle()
    assert [receipt.inbox_uri for receipt in world.receipts(third)] == [f"{carol.uri}/inbox"]


# -- signatures --


@pytest.mark.parametrize("wanted", ["cavage", "rfc9421"])
async def test_a_refused_signature_is_made_otherwise_and_the_one_that_works_is_remembered(world: World, carol: Actor, wanted: str) -> None:
    peer = world.peer()

    async def picky(request: Any) -> Any:
        return await remote.answers(status=202 if peer.seen[-1].scheme == wanted else 401)(request)

    peer.behave("/inbox", picky)
    world.db.transact(host_rows.put, host_rows.Host("peer.test", "rfc9421" if wanted == "cavage" else "cavage"))
    world.publish(world.alice, "one")
    await world.settle()
    assert [seen.scheme for seen in peer.posts] == (["cavage", "rfc9421"] if wanted == "rfc9421" else ["rfc9421", "cavage"])
    assert host(world).signature == wanted and states(world) == ["delivered"]

    world.publish(world.alice, "two")
    await world.settle()
    assert len(peer.posts) == 3 and peer.posts[-1].scheme == wanted


# -- the circuit --


async def opened(w: World, frozen: FrozenDateTimeFactory) -> None:
    """Five posts that peer.test does not take."""
    w.peer().behave("*", DOWN)
    for number in range(backoff.CIRCUIT_FAILURES):
        w.publish(w.alice, f"n{number}")
        await w.settle()
    assert host(w).open_until > clock.now()
    w.forget()


async def test_after_five_failures_a_server_is_left_alone(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    await opened(world, frozen)

    for number in range(5):
        world.publish(world.alice, f"more {number}")
    await later(world, frozen, seconds=30)

    assert world.asked == []


async def test_then_one_probe_at_a_time(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    await opened(world, frozen)
    probes = 0
    for _ in range(6):
        await later(world, frozen, hours=15)
        assert len(world.peer().posts) - probes == 1 and world.peer().most_at_once == 1
        probes = len(world.peer().posts)


async def test_a_probe_that_succeeds_closes_the_circuit(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    await opened(world, frozen)
    world.peer().behave("*", UP)

    await later(world, frozen, hours=1)
    await later(world, frozen, minutes=1)

    assert host(world).failures == 0 and set(states(world)) == {"delivered"}
    assert len(world.peer().received("Create")) == backoff.CIRCUIT_FAILURES


async def test_r_05_anything_valid_from_a_server_closes_its_circuit(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    """Given a server that was down for eight days and then sends us something."""
    await opened(world, frozen)
    for _ in range(8):
        await later(world, frozen, days=1)
    world.db.transact(rows.expire, clock.now() - backoff.GIVE_UP_MS)
    assert host(world).failing_days >= backoff.DEAD_DAYS
    world.peer().behave("*", UP)
    world.forget()
    waiting = world.publish(world.alice, "while it was down")
    await world.settle()
    assert world.asked == []

    await world.accepted(carol, carol.activity("Like", waiting.uri))
    await later(world, frozen, seconds=60)

    assert [one["object"]["id"] for one in world.peer().received("Create")] == [waiting.uri]
    assert host(world).open_until == 0
    fresh = world.publish(world.alice, "now")
    await world.settle()
    assert world.receipts(fresh)[0].state == "delivered"
    assert states(world).count("expired") == backoff.CIRCUIT_FAILURES


async def test_one_bad_inbox_does_not_close_a_server(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    """Given a server that refuses what is for one person."""
    world.peer().behave("/users/carol/inbox", remote.answers(status=404))
    account = world.account(carol)
    assert account is not None
    for _ in range(4):
        world.db.transact(follows.follow, world.alice, account.id)
        world.db.transact(follows.unfollow, world.alice, account.id)
        await later(world, frozen, hours=2)

    post = world.publish(world.alice)
    await world.settle()

    assert world.receipts(post)[0].state == "delivered" and host(world).open_until == 0


# -- what is not sent any more --


async def test_a_delete_supersedes_what_was_not_sent(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    peer = world.peer()
    peer.behave("/inbox", remote.answers(status=503, times=1))
    post = world.publish(world.alice, "a secret")
    await world.settle()
    world.db.transact(posts.edit, world.alice, post.id, posts.Draft("changed"), {})
    world.db.transact(posts.remove, world.alice, post.id)
    await later(world, frozen, minutes=2)

    assert [seen.json["type"] for seen in peer.posts] == ["Create", "Delete"]
    assert states(world, "Create") == states(world, "Update") == ["superseded"]


async def test_a_create_that_fails_while_it_is_deleted_is_not_sent_again(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    peer = world.peer()
    peer.behave("/inbox", remote.slow(0.1, remote.answers(status=503, times=1)))
    post = world.publish(world.alice, "a secret")
    await remote.until(lambda: len(peer.posts) == 1)
    world.db.transact(posts.remove, world.alice, post.id)
    await world.settle()
    for _ in range(3):
        await later(world, frozen, minutes=10)

    assert [seen.json["type"] for seen in peer.posts] == ["Create", "Delete"]


async def test_who_got_a_post_gets_its_edit_and_its_end(world: World, carol: Actor) -> None:
    """Given a follower who has left since, and a server that knows the post from an answer to it."""
    post = world.publish(world.alice)
    await world.settle()
    await world.accepted(carol, carol.activity("Undo", carol.activity("Follow", world.alice.uri, id=None)))
    world.forget()

    world.db.transact(posts.edit, world.alice, post.id, posts.Draft("changed"), {})
    world.db.transact(posts.remove, world.alice, post.id)
    await world.settle()

    assert [one["type"] for one in world.peer().received()] == ["Update", "Delete"] or [one["type"] for one in world.peer().received()] == [
        "Delete"
    ]


async def test_the_keys_of_a_deleted_account_outlive_its_last_delivery(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    world.peer().behave("/inbox", remote.answers(status=503, times=1))
    world.db.transact(accounts.delete_local, world.alice)
    await world.settle()
    await world.instance.jobs.run_chore("forget-keys")
    await later(world, frozen, minutes=2)

    assert [one["type"] for one in world.peer().received()] == ["Delete", "Delete"]
    await world.instance.jobs.run_chore("forget-keys")
    assert not world.db.read(lambda tx: tx.query("SELECT 1 FROM account_keys WHERE account_id = ?", (world.alice.id,)))


# -- crashes --


async def test_a_crash_repeats_and_never_loses(tmp_path: Path, quick_keys: None, calm: None) -> None:
    """Given deliveries under way when the process dies: the next one makes them again."""
    async with remote.peers() as (peers, federation):
        settings = make.settings(tmp_path, federation=federation, storage={"dir": str(tmp_path / "data")})
        peer = peers["peer.test"]
        carol = peer.actor("carol")
        instance = await Instance.open(settings)
        alice: Account = instance.db.transact(make.account, "alice")
        instance.db.transact(make.follow, await instance.remote.actor(carol.uri), alice)
        peer.behave("/inbox", remote.slow(30))
        for number in range(3):
            instance.db.transact(posts.publish, alice, posts.Draft(f"n{number}"), {})
        instance.start()
        await remote.until(lambda: any(seen.path == "/inbox" for seen in peer.posts))
        for task in [*instance.sender._tasks]:
            task.cancel()
        instance.sender._tasks.clear()
        await instance.close()

        peer.behave("/inbox", UP)
        peer.seen.clear()
        again = await Instance.open(settings)
        again.start()
        await again.settle()
        states = again.db.read(lambda tx: [tuple(row) for row in tx.query("SELECT state, count(*) FROM deliveries GROUP BY state")])
        await again.close()

    assert len({seen.json["id"] for seen in peer.posts if seen.json["type"] == "Create"}) == 3
    assert states == [("delivered", 4)]


async def test_outcomes_that_cannot_be_written_are_written_later_and_not_sent_again(
    world: World, carol: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, failures = delivery._record, itertools.count(1)

    def full(*args: Any) -> Any:
        if next(failures) <= 1:
            raise StorageFull("The disk of this server is full.")
        return real(*args)

    monkeypatch.setattr(delivery, "_record", full)
    world.publish(world.alice)
    await world.settle()

    assert states(world) == ["delivered"] and len(world.peer().posts) == 1
    caplog.clear()


# -- misbehaviour on the wire --

WIRE: dict[str, Any] = {
    "reset": after_request(lambda writer: writer.transport.abort()),
    "closed": after_request(),
    "half an answer": after_request(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "garbage": after_request(b"\x00\xff" * 500),
    "not http": after_request(b"SSH-2.0-OpenSSH\r\n\r\n"),
    "wrong length": after_request(b"HTTP/1.1 500 X\r\nContent-Length: 100\r\n\r\nshort"),
    "huge head": after_request(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000),
    "status 600": after_request(answer(b"", "", "600 What")),
    "status 199": after_request(b"HTTP/1.1 199 What\r\n\r\n" * 5),
    "a storm of 100": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.005),
    "a byte now and then": endless(b"HTTP/1.1 2", b"0", 0.2),
}


@pytest.mark.parametrize("how", WIRE)
async def test_r_32_whatever_happens_on_the_wire_is_tried_again(
    tmp_path: Path, quick_keys: None, calm: None, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(limits, "FETCH_TOTAL_S", 2)
    async with serving(WIRE[how], "127.0.1.50", Authority(tmp_path).context("bad.test")) as bad:
        federation = {"host_map": {"bad.test": f"127.0.1.50:{bad.port}"}, "ca_file": str(tmp_path / "ca.pem")}
        settings = make.settings(tmp_path, federation={"allow_networks": ["127.0.1.0/24"], "timeout_s": 1, **federation})
        instance = await Instance.in_memory(settings)
        alice: Account = instance.db.transact(make.account, "alice")
        instance.db.transact(make.follow, instance.db.transact(make.remote, "x", "bad.test"), alice)
        instance.start()
        for number in range(3):
            instance.db.transact(posts.publish, alice, posts.Draft(f"n{number}"), {})
        await asyncio.wait_for(instance.settle(), 120)
        found = instance.db.read(rows.list_unfinished)
        await instance.close()

    assert bad.connects >= 1
    assert {one.state for one in found} == {"queued"} and all(one.attempts >= 1 for one in found)
    assert all("127.0" not in one.answer for one in found)


# -- receipts --


async def test_receipts_say_where_a_post_has_got_to(world: World, carol: Actor, frozen: FrozenDateTimeFactory) -> None:
    for name, behaviour in (
        ("third.test", DOWN),
        ("evil.test", remote.answers(b"go <b>away</b>\r\nX", status=403, content_type="text/html")),
    ):
        await world.befriend(world.peer(name).actor("x", key="extra"), world.alice)
        world.peer(name).behave("*", behaviour)
    post = world.publish(world.alice)
    await world.settle()
    await later(world, frozen, hours=2)

    found = {receipt.host: (receipt.state, receipt.status) for receipt in world.receipts(post)}
    assert found == {"peer.test": ("delivered", 202), "third.test": ("queued", 503), "evil.test": ("refused", 403)}
    [refused] = [receipt for receipt in world.receipts(post) if receipt.host == "evil.test"]
    assert "\n" not in refused.answer and "away" in refused.answer


async def test_what_people_here_do_reaches_whom_it_concerns(world: World, carol: Actor) -> None:
    """Likes and boosts, and their undoing."""
    note = carol.note("hello")
    post = await world.remote.post(note["id"])
    world.forget()
    for act in (interactions.favourite, interactions.unfavourite, interactions.boost, interactions.unboost):
        world.db.transact(act, world.alice, post.id)
        await world.settle()

    sent = world.peer().received()
    assert [one["type"] for one in sent] == ["Like", "Undo", "Announce", "Undo"]
    assert [one["object"] if isinstance(one["object"], str) else one["object"]["type"] for one in sent] == [
        note["id"],
        "Like",
        note["id"],
        "Announce",
    ]
