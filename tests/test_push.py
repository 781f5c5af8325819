"""Who is sent what when something happens, and what becomes of messages that a push service does not take. The service is a real one."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import (
    blocks,
    clock,
    collections,
    follows,
    interactions,
    limits,
    logins,
    moderation,
    notifications,
    polls,
    posts,
    push,
    reactions,
    warnings,
    webpush,
)
from fedi.push import Wanted
from fedi.storage import notifications as notification_rows
from fedi.storage import push as rows
from fedi.storage.accounts import Account
from fedi.storage.push import Subscription
from fedi.webpush import from_b64
from tests import make, pushed, remote
from tests.remote import Seen, World

HOST = "peer.test"
PATH = "/send/abc"
EVERYTHING = tuple(push.KINDS)


@pytest.fixture
async def w(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path, working=False) as world:
        world.peer(HOST).behave("*", remote.answers(status=201))
        yield world


def subscribe(
    w: World, who: Account, *alerts: str, policy: str = "all", standard: bool = True, endpoint: str = f"https://{HOST}{PATH}"
) -> tuple[Subscription, pushed.Subscriber]:
    to = pushed.Subscriber()
    wanted = Wanted(endpoint, webpush.receiver(to.p256dh, to.auth), standard, policy, alerts or EVERYTHING)

    def make_it(tx: Any) -> Subscription:
        token = logins.find_token(tx, make.token(tx, who, "push"))
        assert token is not None
        return push.subscribe(tx, who.id, token.id, wanted)

    return w.db.transact(make_it), to


def sent(w: World) -> list[Seen]:
    return w.peer(HOST).posts


def opened(seen: Seen, to: pushed.Subscriber) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(to.open(seen.body, seen.headers))
    return found


def waiting(w: World) -> list[tuple[int, int]]:
    """(attempt, seconds from now) of the messages that wait."""
    found = w.db.read(lambda tx: tx.query("SELECT payload, run_at FROM jobs WHERE name = 'push' ORDER BY id"))
    return [(json.loads(row[0])["tries"], round((row[1] - clock.now()) / 1000)) for row in found]


@pytest.mark.parametrize("standard", [True, False])
async def test_a_mention_is_sent_sealed_and_with_proof(w: World, standard: bool) -> None:
    _, to = subscribe(w, w.alice, standard=standard)
    w.publish(w.bob, "@alice **hello** <there>")
    told = w.db.read(lambda tx: tx.one("SELECT id FROM notifications"))
    await w.settle()

    (seen,) = sent(w)
    assert told is not None
    assert opened(seen, to) == {
        "access_token": "",
        "preferred_locale": "en",
        "notification_id": told[0],
        "notification_type": "mention",
        "icon": f"{w.base}/static/avatar.png",
        "title": "bob mentioned you",
        "body": "@alice **hello** <there>",
    }
    head = seen.headers
    assert (head["ttl"], head["urgency"], head["topic"]) == ("172800", "high", str(told[0]))
    assert head["content-type"] == "application/octet-stream"
    proof = head["authorization"].split("t=")[1].split(",")[0] if standard else head["authorization"].removeprefix("WebPush ")
    claims = json.loads(from_b64(proof.split(".")[1]))
    assert (claims["aud"], claims["sub"]) == (f"https://{HOST}", f"{w.base}/")
    assert w.instance.vapid.public in (head["authorization"] if standard else head["crypto-key"])
    assert b"hello" not in seen.body


async def test_every_kind_that_is_wanted_is_sent_and_no_other(w: World) -> None:
    _, to = subscribe(w, w.alice, "favourite", "boost", "follow", "poll")
    post = w.publish(w.alice, "x", poll=polls.NewPoll(("a", "b")))
    for act in (interactions.favourite, interactions.boost, interactions.bookmark):
        w.db.transact(act, w.bob, post.id)
    w.db.transact(follows.follow, w.bob, w.alice.id)
    w.publish(w.bob, "@alice")
    w.db.transact(lambda tx: tx.execute("UPDATE polls SET ends_at = ? WHERE post_id = ?", (tx.now, post.id)))
    w.db.transact(polls.end, post.id)
    await w.settle()

    assert sorted(opened(seen, to)["notification_type"] for seen in sent(w)) == ["favourite", "follow", "poll", "reblog"]


async def test_doing_and_undoing_the_same_over_and_over_is_told_once_a_day(w: World) -> None:
    """A flood of likes, boosts, follows and choices, each undone: one message each, one line each in the list, read when it was read."""
    _, to = subscribe(w, w.alice)
    post = w.publish(w.alice, "x")
    w.db.transact(lambda tx: tx.execute("UPDATE accounts SET discoverable = 1"))

    def toggle(tx: Any) -> None:
        interactions.favourite(tx, w.bob, post.id)
        interactions.boost(tx, w.bob, post.id)
        follows.follow(tx, w.bob, w.alice.id)
        reactions.react(tx, w.bob, post.id, "\N{PARTY POPPER}")
        made = collections.create(tx, w.bob, collections.About(name="x"), [w.alice.id])
        made_now.append(made.id)

    def undo(tx: Any) -> None:
        interactions.unfavourite(tx, w.bob, post.id)
        interactions.unboost(tx, w.bob, post.id)
        follows.unfollow(tx, w.bob, w.alice.id)
        reactions.unreact(tx, w.bob, post.id, "\N{PARTY POPPER}")
        collections.delete(tx, w.bob, made_now.pop())

    made_now: list[int] = []
    kinds = ["boost", "collection", "favourite", "follow", "reaction"]
    for times in range(6):
        w.db.transact(toggle)
        if times == 0:
            w.db.transact(notifications.mark_all_read, w.alice.id)
            await w.settle()
        told = w.db.read(notification_rows.list_of, w.alice.id)
        assert sorted(one.kind for one in told) == kinds and all(one.read_at for one in told)
        w.db.transact(undo)
        assert w.db.read(notification_rows.list_of, w.alice.id) == []
    await w.settle()
    assert sorted(opened(seen, to)["notification_type"] for seen in sent(w)) == [
        "added_to_collection", "favourite", "favourite", "follow", "reblog",
    ]  # fmt: skip

    w.db.transact(lambda tx: tx.execute("UPDATE withdrawn_notifications SET created_at = created_at - ?", (clock.DAY,)))
    w.db.transact(toggle)
    await w.settle()
    assert len(sent(w)) == 2 * len(kinds) and all(one.read_at is None for one in w.db.read(notification_rows.list_of, w.alice.id))


async def test_what_was_undone_does_not_keep_quiet_who_did_not_do_it(w: World) -> None:
    subscribe(w, w.alice)
    post, other = w.publish(w.alice, "x"), w.publish(w.alice, "y")
    w.db.transact(interactions.favourite, w.bob, post.id)
    w.db.transact(interactions.unfavourite, w.bob, post.id)
    w.db.transact(interactions.favourite, w.bob, other.id)
    w.db.transact(interactions.favourite, w.db.transact(make.account, "eve"), post.id)
    await w.settle()

    assert len(sent(w)) == 2


async def test_a_block_forgets_what_was_told_before(w: World) -> None:
    post = w.publish(w.alice, "x")
    w.db.transact(interactions.favourite, w.bob, post.id)
    w.db.transact(interactions.unfavourite, w.bob, post.id)
    w.db.transact(blocks.block, w.alice, w.bob.id)

    assert w.db.read(lambda tx: tx.query("SELECT * FROM withdrawn_notifications")) == []


async def test_a_word_of_staff_and_lost_follows_are_sent_to_who_wants_to_hear_of_them(w: World) -> None:
    _, to = subscribe(w, w.alice, "warning", "severance", policy="followed")
    subscribe(w, w.bob, "mention")
    eve = w.db.transact(make.account, "eve")
    w.db.transact(make.follow, eve, w.alice)
    w.db.transact(make.follow, eve, w.bob)
    w.db.transact(warnings.give, w.alice, "Be kind.")
    w.db.transact(moderation.suspend, eve)
    await w.settle()

    found = [opened(seen, to) for seen in sent(w)]
    assert sorted((one["notification_type"], one["body"]) for one in found) == [
        ("moderation_warning", "Be kind."),
        ("severed_relationships", "eve: 1 of your followers, 0 of those you follow"),
    ]


@pytest.mark.parametrize(
    ("policy", "by"),
    [("all", {"friend", "fan", "nobody"}), ("followed", {"friend"}), ("follower", {"fan"}), ("none", set())],
)
async def test_the_policy_says_whose_doings_are_sent(w: World, policy: str, by: set[str]) -> None:
    people = {name: w.db.transact(make.account, name) for name in ("friend", "fan", "nobody")}
    w.db.transact(make.follow, w.alice, people["friend"])
    w.db.transact(make.follow, people["fan"], w.alice)
    _, to = subscribe(w, w.alice, "favourite", policy=policy)
    post = w.publish(w.alice)
    for person in people.values():
        w.db.transact(interactions.favourite, person, post.id)
    await w.settle()

    assert {opened(seen, to)["title"].split()[0] for seen in sent(w)} == by


async def test_nobody_is_told_of_what_is_not_for_them_or_not_wanted_VIS(w: World) -> None:
    eve = w.db.transact(make.account, "eve")
    subscribe(w, eve)
    subscribe(w, w.alice)
    w.db.transact(blocks.block, w.alice, eve.id)
    w.publish(w.bob, "for @bob only", visibility="direct")
    w.db.transact(blocks.mute, w.alice, w.bob.id)
    w.publish(w.bob, "@alice @nobody")
    w.publish(eve, "@alice")
    await w.settle()

    assert not sent(w)


async def test_what_went_before_it_was_sent_is_not_sent(w: World) -> None:
    subscribe(w, w.alice)
    post = w.publish(w.bob, "@alice secret")
    w.db.transact(posts.remove, w.bob, post.id)
    await w.settle()
    assert not sent(w) and not waiting(w)


async def test_a_content_warning_stands_for_the_text(w: World) -> None:
    _, to = subscribe(w, w.alice)
    w.publish(w.bob, "@alice the butler", warning="who did it")
    await w.settle()
    assert opened(sent(w)[0], to)["body"] == "who did it"


@pytest.mark.parametrize("status", [404, 410, 403])
async def test_a_subscription_that_is_gone_is_removed(w: World, status: int) -> None:
    made, _ = subscribe(w, w.alice)
    w.peer(HOST).behave("*", remote.answers(status=status))
    w.publish(w.bob, "@alice one")
    await w.settle()
    w.publish(w.bob, "@alice two")
    await w.settle()

    assert len(sent(w)) == 1 and not waiting(w)
    assert w.db.read(rows.find, made.id) is None


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (500, {}, 60),
        (503, {"Retry-After": "120"}, 120),
        (429, {"Retry-After": "30"}, 60),
        (429, {"Retry-After": "99999"}, None),
        (400, {}, None),
    ],
)
async def test_what_is_not_taken_now_is_sent_later_unless_that_is_too_late(
    w: World, status: int, headers: dict[str, str], wait: int | None
) -> None:
    made, _ = subscribe(w, w.alice)
    w.peer(HOST).behave("*", remote.answers(status=status, headers=headers))
    w.publish(w.bob, "@alice")
    await w.settle()

    found = waiting(w)
    assert [tries for tries, _ in found] == ([] if wait is None else [1])
    assert all(wait is not None and abs(at - wait) <= 3 for _, at in found)
    assert w.db.read(rows.find, made.id) is not None
    w.peer(HOST).behave("*", remote.answers(status=201))
    w.db.transact(lambda tx: tx.execute("UPDATE jobs SET run_at = 0 WHERE name = 'push'"))
    await w.settle()
    assert not waiting(w) and len(sent(w)) == (1 if wait is None else 2)


async def test_it_is_tried_for_hours_and_then_left(w: World) -> None:
    subscribe(w, w.alice)
    w.peer(HOST).behave("*", remote.answers(status=500))
    w.publish(w.bob, "@alice")
    await w.settle()
    tries = 1
    while waiting(w):
        w.db.transact(lambda tx: tx.execute("UPDATE jobs SET run_at = 0 WHERE name = 'push'"))
        await w.settle()
        tries += 1
    assert tries == len(sent(w)) == 7


async def test_what_is_too_long_is_sent_without_its_text(w: World) -> None:
    _, to = subscribe(w, w.alice)
    w.peer(HOST).behave("*", remote.answers(status=413, times=1, then=remote.answers(status=201)))
    w.publish(w.bob, "@alice very long")
    await w.settle()
    assert [opened(seen, to)["body"] for seen in sent(w)] == ["@alice very long", ""]


async def test_the_longest_texts_fit(w: World) -> None:
    w.db.transact(lambda tx: tx.execute("UPDATE accounts SET display_name = ? WHERE id = ?", ("\U0001f389" * 500, w.bob.id)))
    _, to = subscribe(w, w.alice)
    w.publish(w.bob, "@alice " + '"\\\n\U0001f389' * 500)
    await w.settle()
    (seen,) = sent(w)
    assert len(seen.body) <= 4096 and opened(seen, to)["notification_type"] == "mention"


@pytest.mark.parametrize(
    "endpoint", ["https://127.0.0.1/x", "https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "https://fedi.test/inbox"]
)
async def test_no_subscription_leads_into_our_own_network_SSRF(w: World, endpoint: str) -> None:
    subscribe(w, w.alice, endpoint=endpoint)
    w.publish(w.bob, "@alice")
    await w.settle()
    assert not w.asked


async def test_a_redirect_is_not_followed_SSRF(w: World) -> None:
    subscribe(w, w.alice)
    w.peer(HOST).behave("*", remote.redirects("https://third.test/", 307))
    w.publish(w.bob, "@alice")
    await w.settle()
    assert not w.peer("third.test").seen and len(sent(w)) == 1


async def test_only_so_much_waits_for_one_service_DOS(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PUSHES_WAITING", 3)
    subscribe(w, w.alice)
    for number in range(6):
        w.publish(w.bob, f"@alice {number}")
    assert len(waiting(w)) == 3


async def test_the_key_stays_the_same(w: World) -> None:
    secret = w.db.read(push.find_secret)
    assert secret is not None and webpush.Sender(secret).public == w.instance.vapid.public
    assert w.db.transact(push.keep_secret, webpush.new_secret()) == secret


async def test_messages_that_wait_for_another_try_do_not_pile_up_DOS(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PUSHES_AGAIN", 2)
    for number in range(5):
        w.db.transact(push.again, 1, number, 0)
    assert len(waiting(w)) == 2
