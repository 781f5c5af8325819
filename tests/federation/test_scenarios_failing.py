"""S15, the part of fetching and of being sent to: peers that are down, gone, busy, slow, endless, packed or going in circles."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from freezegun.api import FrozenDateTimeFactory

from fedi import limits
from fedi.errors import FediError
from tests import remote
from tests.remote import Behaviour, World, answers


@pytest.fixture
async def world(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path, federation={"timeout_s": 20}) as made:
        yield made


def trickle(content_type: str = remote.AP) -> Behaviour:
    """One byte now and then, for ever: a slow loris that answers."""

    async def behave(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        for _ in range(2_000):
            await response.write(b" ")
            await asyncio.sleep(0.02)
        return response

    return behave


BOMB = gzip.compress(b" " * 50_000_000)
FAILING: dict[str, Behaviour] = {
    "500": answers(status=500),
    "410": answers(status=410),
    "429": answers(status=429, headers={"Retry-After": "600"}),
    "slow": remote.slow(60),
    "slow loris": trickle(),
    "endless": remote.huge(20 * 1024 * 1024),
    "gzip bomb": answers(BOMB, headers={"Content-Encoding": "gzip"}),
    "redirect loop": remote.redirects("/users/mallory"),
    "nonsense": answers(b"<html>" * 1000),
    "deep": answers(b"[" * 100_000),
}

HANGING = ("slow", "slow loris")


@pytest.mark.parametrize("how", FAILING)
async def test_s15_whoever_cannot_be_read_costs_little_and_others_are_heard_meanwhile(
    world: World, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mallory's server misbehaves when her actor, or a post of hers that somebody boosts, is asked for."""
    mallory, carol = world.peer("evil.test").actor("mallory"), world.peer().actor("carol")
    await world.befriend(world.alice, carol)
    note = mallory.note("never read")
    for path in ("/users/mallory", note["id"].removeprefix(mallory.peer.base)):
        mallory.peer.behave(path, FAILING[how])
    before = world.rows()

    monkeypatch.setattr(limits, "FETCH_TOTAL_S", 5)
    asking = asyncio.create_task(world.deliver(mallory, mallory.activity("Follow", world.alice.uri)))
    hello = carol.note("hello")
    assert (await world.deliver(carol, carol.create(hello))).status == 202
    await remote.until(lambda: hello["id"] in world.home(world.alice))
    assert not asking.done() or how not in HANGING, "she waits, and nobody else"

    monkeypatch.setattr(limits, "FETCH_TOTAL_S", 1)
    status = (await asyncio.wait_for(asking, 30)).status
    await world.accepted(carol, carol.activity("Announce", note["id"], to=[remote.PUBLIC]))
    assert status in (202, 401, 404, 410, 429, 502, 503, 504), "a plain answer"
    assert world.account(mallory) is None and world.find(note["id"]) is None and world.told(world.alice) == []
    assert len(mallory.peer.seen) <= 12 and world.rows()["follows"] == before["follows"]
    with pytest.raises(FediError):
        await asyncio.wait_for(world.remote.actor(mallory.uri), 30)


async def test_s15_bodies_that_are_packed_huge_or_slow_are_refused_at_the_inbox(world: World) -> None:
    carol = world.peer().actor("carol")
    await world.befriend(world.alice, carol)
    packed = gzip.compress(json.dumps(carol.create(carol.note("packed"))).encode())
    answer = await world.post(packed, "/inbox", {**carol.sign(f"{world.base}/inbox", packed), "Content-Encoding": "gzip"})
    assert answer.status == 415
    huge = json.dumps(carol.create(carol.note("x" * 1_100_000))).encode()

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(huge), 65_536):
            yield huge[start : start + 65_536]

    sent = await world.client.post("/inbox", data=parts(), headers={**carol.sign(f"{world.base}/inbox", huge), "Host": "fedi.test"})
    assert sent.status == 413
    assert world.home(world.alice) == []


async def test_s15_who_says_429_is_left_alone_as_long_as_they_ask(world: World, frozen: FrozenDateTimeFactory) -> None:
    carol = world.peer().actor("carol")
    await world.befriend(carol, world.alice)
    world.peer().behave("*", answers(status=429, headers={"Retry-After": "3600"}))
    post = world.publish(world.alice, "patience")
    await world.settle()
    asked = len(world.peer().posts)
    for _ in range(3):
        frozen.tick(900)
        await world.settle()
    assert asked == len(world.peer().posts) == 1
    world.peer().behaviours.clear()
    frozen.tick(1_800)
    await world.settle()
    assert [create["object"]["id"] for create in world.peer().received("Create")] == [post.uri] * 2


async def test_s15_an_inbox_that_is_gone_gets_nothing_more(world: World, frozen: FrozenDateTimeFactory) -> None:
    """The shared one first, then each person's own."""
    carol = world.peer().actor("carol")
    await world.befriend(carol, world.alice)
    for path in ("/inbox", "/users/carol/inbox"):
        world.peer().behave(path, answers(status=410))
    for number in range(5):
        world.publish(world.alice, f"post {number}")
        await world.settle()
        frozen.tick(24 * 3600)

    assert [seen.path for seen in world.peer().posts] == ["/inbox", "/users/carol/inbox"]
