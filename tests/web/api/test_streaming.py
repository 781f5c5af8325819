"""Streams over real sockets: what each tells, to whom it tells nothing, and when it ends."""

import asyncio
import gc
import json
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from fedi import accounts, announcements, blocks, interactions, limits, logins, moderation, posts
from fedi.storage.accounts import Account
from fedi.streaming import Event
from fedi.web.api import exchange as exchanges
from fedi.web.api.exchange import EXCHANGE, Exchange
from tests import make
from tests.web.api.conftest import Api
from tests.web.api.costs import counting

PATH = "/api/v1/streaming"
SOON_S = 30.0


class Ear:
    """A WebSocket that was opened by a program."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self) -> dict[str, Any]:
        found = await self.socket.receive(timeout=SOON_S)
        assert found.type is WSMsgType.TEXT, found
        said: dict[str, Any] = json.loads(found.data)
        return said

    async def say(self, **what: Any) -> None:
        await self.socket.send_json(what)

    async def listen(self, stream: str, **more: str) -> None:
        await self.say(type="subscribe", stream=stream, **more)

    async def silent(self) -> bool:
        """Whether nothing came: a message that is sent afterwards is the next to arrive."""
        await self.listen("no such stream")
        return await self.next() == {"error": "Unknown stream type", "status": 400}

    async def ended(self) -> bool:
        found = await self.socket.receive(timeout=SOON_S)
        return found.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING)


@asynccontextmanager
async def listening(api: Api, who: Account, *streams: str, scopes: str = "read", **more: str) -> AsyncIterator[Ear]:
    headers = {"Authorization": f"Bearer {api.token(who, scopes)}"}
    async with api.rig.client.ws_connect(PATH, headers=headers) as socket:
        ear = Ear(socket)
        for stream in streams:
            await ear.listen(stream, **more)
        assert await ear.silent()
        yield ear


def exchange(api: Api) -> Exchange:
    assert api.rig.client.app is not None
    return api.rig.client.app[EXCHANGE]


async def settled(api: Api) -> None:
    """Until everything that happened has been passed on."""
    for _ in range(200):
        await asyncio.sleep(0.005)
        if not exchange(api)._queue:
            break
    await asyncio.sleep(0.02)


def content(message: dict[str, Any]) -> str:
    payload: str = json.loads(message["payload"])["content"]
    return payload


# -- what is told --


async def test_a_follower_is_told_of_a_post_an_edit_and_its_end(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.follow, bob, alice)
    async with listening(api, bob, "user") as ear:
        made = await api.say(alice, "hello")
        first = await ear.next()
        assert (first["stream"], first["event"]) == (["user"], "update")
        status = json.loads(first["payload"])
        assert status["id"] == made["id"] and "hello" in status["content"] and status["filtered"] == []

        await api.call("PUT", alice, f"/api/v1/statuses/{made['id']}", json={"status": "hello again"})
        second = await ear.next()
        assert (second["event"], "again" in content(second)) == ("status.update", True)

        await api.call("DELETE", alice, f"/api/v1/statuses/{made['id']}")
        assert await ear.next() == {"stream": ["user"], "event": "delete", "payload": made["id"]}


async def test_a_boost_comes_and_goes_and_goes_with_what_it_boosts(api: Api, alice: Account, bob: Account) -> None:
    eve = api.run(make.account, "eve")
    api.run(make.follow, bob, alice)
    made = await api.say(eve, "boost me")
    async with listening(api, bob, "user") as ear:
        await api.post(alice, f"/api/v1/statuses/{made['id']}/reblog")
        boost = json.loads((await ear.next())["payload"])
        assert boost["reblog"]["id"] == made["id"]
        await api.call("DELETE", eve, f"/api/v1/statuses/{made['id']}")
        assert await ear.next() == {"stream": ["user"], "event": "delete", "payload": boost["id"]}


async def test_notifications_come_where_the_token_allows_them(api: Api, alice: Account, bob: Account) -> None:
    made = await api.say(alice, "like me")
    async with (
        listening(api, alice, "user", "user:notification") as ear,
        listening(api, alice, "user", scopes="read:statuses") as deaf,
        listening(api, bob, "user", "user:notification") as other,
    ):
        await api.post(bob, f"/api/v1/statuses/{made['id']}/favourite")
        found = [await ear.next(), await ear.next()]
        assert sorted(one["stream"] for one in found) == [["user"], ["user:notification"]]
        for one in found:
            told = json.loads(one["payload"])
            assert (one["event"], told["type"], told["account"]["username"], told["status"]["id"]) == (
                "notification",
                "favourite",
                "bob",
                made["id"],
            )
        await settled(api)
        assert await deaf.silent() and await other.silent()


PUBLIC = {
    "public": {"near", "yonder", "picture"},
    "public:local": {"near", "picture"},
    "public:remote": {"yonder"},
    "public:media": {"picture"},
    "public:local:media": {"picture"},
    "public:remote:media": set(),
}


@pytest.mark.parametrize("stream", PUBLIC)
async def test_public_streams_have_what_their_timelines_have(api: Api, alice: Account, bob: Account, carol: Account, stream: str) -> None:
    picture = api.run(make.picture, alice)
    async with listening(api, bob, stream) as ear:
        made = await api.say(alice, "near")
        await api.say(alice, "unlisted", visibility="unlisted")
        await api.say(alice, "followers", visibility="private")
        await api.say(bob, "answer", in_reply_to_id=made["id"])
        api.run(posts.publish, alice, posts.Draft("picture", fmt="plain", media_ids=(picture.id,)), {})
        api.run(make.arrive, make.note(carol, "yonder"))
        await settled(api)
        found = set()
        for _ in PUBLIC[stream]:
            message = await ear.next()
            assert (message["stream"], message["event"]) == ([stream], "update")
            found |= {word for word in PUBLIC["public"] if word in content(message)}
        assert found == PUBLIC[stream]
        assert await ear.silent()


async def test_hashtags_keep_the_name_they_were_asked_for_by(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    async with listening(api, bob, "hashtag", tag="Cats") as ear, listening(api, bob, "hashtag:local", tag="cats") as near:
        await api.say(alice, "no dogs")
        made = await api.say(alice, "soft #CATS")
        message = await ear.next()
        assert (message["stream"], json.loads(message["payload"])["id"]) == (["hashtag", "Cats"], made["id"])
        assert (await near.next())["stream"] == ["hashtag:local", "cats"]
        api.run(make.arrive, make.note(carol, "far cats", tags=("cats",)))
        assert "far" in content(await ear.next())
        assert await near.silent()


async def test_one_connection_listens_to_many_things_and_stops_listening(api: Api, alice: Account, bob: Account) -> None:
    async with listening(api, bob, "public", "public", "public:local") as ear:
        await api.say(alice, "one")
        assert sorted([(await ear.next())["stream"][0], (await ear.next())["stream"][0]]) == ["public", "public:local"]
        await ear.say(type="unsubscribe", stream="public")
        assert await ear.silent()
        await api.say(alice, "two")
        assert (await ear.next())["stream"] == ["public:local"]
        assert await ear.silent()


async def test_letters_come_to_the_direct_stream_of_who_gets_them(api: Api, alice: Account, bob: Account) -> None:
    eve = api.run(make.account, "eve")
    async with listening(api, bob, "direct") as ear, listening(api, alice, "direct") as own, listening(api, eve, "direct") as other:
        made = await api.say(alice, "for @bob", visibility="direct")
        message = await ear.next()
        assert (message["stream"], message["event"]) == (["direct"], "conversation")
        told = json.loads(message["payload"])
        assert (told["unread"], told["last_status"]["id"], [one["acct"] for one in told["accounts"]]) == (True, made["id"], ["alice"])
        assert json.loads((await own.next())["payload"])["unread"] is False
        assert await other.silent()


async def test_announcements_are_told_to_everybody_from_their_beginning_to_their_end(api: Api, alice: Account, bob: Account) -> None:
    async with listening(api, alice, "user") as ear, listening(api, bob, "user") as other, listening(api, bob, "public") as deaf:
        made = api.run(announcements.create, "We **move** on Sunday")
        for one in (ear, other):
            message = await one.next()
            told = json.loads(message["payload"])
            assert (message["event"], told["id"], told["reactions"]) == ("announcement", str(made.id), [])
            assert "<strong>move</strong>" in told["content"]
        api.run(announcements.react, bob.id, made.id, "\U0001f389")
        message = await ear.next()
        assert message["event"] == "announcement.reaction"
        assert json.loads(message["payload"]) == {"name": "\U0001f389", "count": 1, "announcement_id": str(made.id)}
        api.run(announcements.remove, made.id)
        assert await ear.next() == {"stream": ["user"], "event": "announcement.delete", "payload": str(made.id)}
        assert await deaf.silent()


async def test_filters_that_changed_and_announcements_that_ended_are_told(api: Api, alice: Account, bob: Account) -> None:
    async with listening(api, alice, "user") as ear, listening(api, bob, "user") as other:
        api.rig.instance.hub.publish([Event("filters", alice.id), Event("announcement_deleted", 7)])
        assert await ear.next() == {"stream": ["user"], "event": "filters_changed"}
        gone = {"stream": ["user"], "event": "announcement.delete", "payload": "7"}
        assert await ear.next() == gone and await other.next() == gone


# -- who is told nothing --


async def test_nobody_hears_what_is_not_for_them_VIS(api: Api, alice: Account, bob: Account) -> None:
    blocked, muter, stranger = (api.run(make.account, name) for name in ("eve", "mel", "sam"))
    for person in (bob, blocked, muter):
        api.run(make.follow, person, alice)
    api.run(blocks.mute, muter, alice.id)
    async with (
        listening(api, bob, "user") as follower,
        listening(api, blocked, "user", "public") as shut_out,
        listening(api, muter, "user", "public") as deaf,
        listening(api, stranger, "user", "user:notification", "direct", "public") as other,
    ):
        api.run(blocks.block, alice, blocked.id)
        await api.say(alice, "secret", visibility="private")
        await api.say(alice, "whispered", visibility="direct")
        await api.say(alice, "for @bob", visibility="direct")
        assert "secret" in content(await follower.next())
        assert {(await follower.next())["event"], (await follower.next())["event"]} == {"update", "notification"}
        await api.say(alice, "loud")
        assert "loud" in content(await other.next())
        await settled(api)
        for ear in (shut_out, deaf, other):
            assert await ear.silent()


async def test_a_public_stream_leaves_out_servers_that_are_limited_or_blocked_by_oneself(api: Api, alice: Account, carol: Account) -> None:
    bob = api.run(make.account, "bea")
    async with listening(api, alice, "public") as ear, listening(api, bob, "public") as other:
        api.run(blocks.block_domain, bob, "peer.test")
        api.run(make.arrive, make.note(carol, "one"))
        assert "one" in content(await ear.next())
        api.run(lambda tx: tx.execute("UPDATE accounts SET host_limited = 1, version = version + 1 WHERE id = ?", (carol.id,)))
        api.run(make.arrive, make.note(carol, "two"))
        await settled(api)
        assert await ear.silent() and await other.silent()


WHO = ("follower", "stranger", "named", "blocked", "blocker", "muter", "listed")
SHOWN = {  # in `user`, `public`, `hashtag`, `list`: who is told of a post of alice's
    "public": ("follower named listed", "follower stranger named listed", "listed"),
    "unlisted": ("follower named listed", "", "listed"),
    "private": ("follower named listed", "", "listed"),
    "direct": ("named", "", ""),
    "local public": ("follower named listed", "follower stranger named listed", "listed"),
    "local private": ("follower named listed", "", "listed"),
}


@pytest.mark.parametrize("kind", SHOWN)
async def test_every_kind_of_post_is_told_to_those_who_may_see_it_and_to_nobody_else_VIS(api: Api, alice: Account, kind: str) -> None:
    people = {name: api.run(make.account, name) for name in WHO}
    for name in ("follower", "named", "muter", "listed"):
        api.run(make.follow, people[name], alice)
    api.run(blocks.block, alice, people["blocked"].id)
    api.run(blocks.block, people["blocker"], alice.id)
    api.run(blocks.mute, people["muter"], alice.id)
    made = (await api.post(people["listed"], "/api/v1/lists", json={"title": "x"})).json["id"]
    assert (await api.post(people["listed"], f"/api/v1/lists/{made}/accounts", json={"account_ids": [str(alice.id)]})).status == 200
    heard: dict[str, set[str]] = {"user": set(), "public": set(), "hashtag": set(), "list": set()}
    async with AsyncExitStack() as stack:
        ears = {}
        for name, person in people.items():
            ears[name] = await stack.enter_async_context(listening(api, person, "user", "public"))
            await ears[name].listen("hashtag", tag="topic")
            if name == "listed":
                await ears[name].listen("list", list=made)
        text = "a #topic for @named" if kind == "direct" else "a #topic"
        await api.say(alice, text, visibility=kind.split()[-1], local_only=kind.startswith("local"))
        await settled(api)
        for name, ear in ears.items():
            await ear.listen("no such stream")
            while "stream" in (message := await ear.next()):
                if message["event"] == "update":
                    heard[message["stream"][0]].add(name)
    home, public, listed = (set(names.split()) for names in SHOWN[kind])
    assert heard == {"user": home, "public": public, "hashtag": public, "list": listed}


async def test_a_list_is_told_of_what_stands_in_it_and_only_its_owner_listens(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.follow, bob, alice)
    made = (await api.post(bob, "/api/v1/lists", json={"title": "x", "exclusive": True})).json["id"]
    await api.post(bob, f"/api/v1/lists/{made}/accounts", json={"account_ids": [str(alice.id)]})
    async with listening(api, bob, "list", list=made) as ear, listening(api, bob, "user") as home, listening(api, alice) as other:
        await other.listen("list", list=made)
        assert await other.next() == {"error": "Not authorized to stream this list", "status": 401}
        post = await api.say(alice, "listed")
        message = await ear.next()
        assert (message["stream"], message["event"], json.loads(message["payload"])["id"]) == (["list", made], "update", post["id"])
        await api.call("PUT", alice, f"/api/v1/statuses/{post['id']}", json={"status": "listed again"})
        assert (await ear.next())["event"] == "status.update"
        await api.call("DELETE", alice, f"/api/v1/statuses/{post['id']}")
        assert await ear.next() == {"stream": ["list", made], "event": "delete", "payload": post["id"]}
        assert await home.silent()  # what an exclusive list shows does not come home


async def test_filters_mark_what_is_told(api: Api, alice: Account, bob: Account) -> None:
    async with listening(api, bob, "public") as ear, listening(api, bob, "user") as told, listening(api, alice, "public") as other:
        given = {"title": "no spiders", "context": ["public"], "filter_action": "hide", "keywords_attributes": [{"keyword": "spider"}]}
        assert (await api.post(bob, "/api/v2/filters", json=given)).status == 200
        assert (await told.next())["event"] == "filters_changed"
        await api.say(alice, "a spider")
        (met,) = json.loads((await ear.next())["payload"])["filtered"]
        assert (met["filter"]["title"], met["keyword_matches"]) == ("no spiders", ["spider"])
        assert json.loads((await other.next())["payload"])["filtered"] == []


async def test_many_events_and_many_people_cost_few_statements(api: Api, alice: Account, monkeypatch: Any) -> None:
    made = [int((await api.say(alice, f"post {number}"))["id"]) for number in range(20)]
    costs = []
    for number in (5, 20):
        people = [api.run(make.account, f"p{number}x{place}") for place in range(3)]
        async with AsyncExitStack() as stack:
            for person in people:
                api.run(make.follow, person, alice)
                await stack.enter_async_context(listening(api, person, "public", "user"))
            with counting(monkeypatch)() as seen:
                api.rig.instance.hub.publish([Event("post", row_id) for row_id in made[:number]])
                await settled(api)
            costs.append(len(seen))
    assert costs[0] == costs[1]


# -- tokens --


async def test_the_token_comes_in_three_ways(api: Api, alice: Account) -> None:
    token = api.token(alice, "read")
    made = await api.say(alice, "x")
    for ways in (
        {"headers": {"Authorization": f"Bearer {token}"}, "path": f"{PATH}?stream=user"},
        {"path": f"{PATH}?stream=user&access_token={token}"},
        {"path": f"{PATH}/?stream=user", "protocols": (token,)},
        {"path": f"{PATH}/user", "protocols": (token,)},
    ):
        path: Any = ways.pop("path")
        options: Any = ways
        async with api.rig.client.ws_connect(path, **options) as socket:
            assert socket.protocol == (token if "protocols" in options else None)
            ear = Ear(socket)
            assert await ear.silent()
            api.rig.instance.hub.publish([Event("post", int(made["id"]))])
            assert (await ear.next())["stream"] == ["user"]


async def test_without_a_good_token_nothing_opens_AUT(api: Api, alice: Account) -> None:
    session = f"__Host-fedi={api.rig.session(alice)}"
    app_only = api.run(lambda tx: logins.new_token(tx, alice.id, "read"))
    api.run(lambda tx: tx.execute("UPDATE oauth_tokens SET account_id = NULL"))
    tries: list[dict[str, Any]] = [
        {},
        {"headers": {"Authorization": "Bearer nonsense"}},
        {"protocols": ("nonsense",)},
        {"headers": {"Cookie": session}},
        {"headers": {"Authorization": f"Bearer {app_only}"}},
    ]
    for given in tries:
        with pytest.raises(WSServerHandshakeError) as refused:
            await api.rig.client.ws_connect(PATH, **given)
        assert refused.value.status == (422 if app_only in str(given) else 401), given
    assert not len(exchange(api))


async def test_streams_need_their_scopes(api: Api, alice: Account) -> None:
    async with listening(api, alice, scopes="read:notifications") as ear:
        for stream, more in (("public", {}), ("direct", {}), ("hashtag", {"tag": "x"})):
            await ear.listen(stream, **more)
            assert await ear.next() == {"error": "Access token does not have the required scopes", "status": 401}
        await ear.listen("user:notification")
        assert await ear.silent()


async def test_what_is_no_stream_is_answered_and_what_is_no_message_passed_over(api: Api, alice: Account) -> None:
    async with listening(api, alice) as ear:
        for text in ("", "nonsense", "[]", "5", '{"type":"dance"}', '{"type":["subscribe"]}'):
            await ear.socket.send_str(text)
        for stream, error in (("hashtag", "Missing tag name parameter"), ("list", "Missing list name parameter")):
            await ear.listen(stream)
            assert await ear.next() == {"error": error, "status": 400}
        await ear.listen("list", list="99")
        assert await ear.next() == {"error": "Not authorized to stream this list", "status": 401}
        await ear.socket.send_bytes(b"x")
        assert await ear.ended() and ear.socket.close_code == 1003


@pytest.mark.parametrize("how", ["revoked", "password", "suspended", "deleted", "swept"])
async def test_streams_end_with_what_opened_them_AUT(api: Api, alice: Account, bob: Account, how: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(exchanges, "_LOOK_S", 0.05)
    async with listening(api, alice, "user") as ear, listening(api, bob, "user") as other:
        token = api.token(alice, "read")
        acts: dict[str, Any] = {
            "revoked": lambda tx: logins.revoke_token(tx, token),
            "password": lambda tx: logins.set_password(tx, alice.id, logins.DUMMY_HASH),
            "suspended": lambda tx: moderation.suspend(tx, alice),
            "deleted": lambda tx: accounts.delete_local(tx, alice),
            "swept": lambda tx: tx.execute("DELETE FROM oauth_tokens WHERE account_id = ?", (alice.id,)),  # as a sweep does: without a word
        }
        api.run(acts[how])
        assert await ear.ended()
        assert await other.silent()
    await settled(api)
    assert not len(exchange(api))


# -- bounds --


async def test_a_token_opens_only_so_many_streams_DOS(api: Api, alice: Account, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "STREAMS_PER_TOKEN", 2)
    async with listening(api, alice), listening(api, alice):
        with pytest.raises(WSServerHandshakeError) as refused:
            await api.rig.client.ws_connect(PATH, headers={"Authorization": f"Bearer {api.token(alice, 'read')}"})
        assert refused.value.status == 429
    await settled(api)
    async with listening(api, alice) as ear:
        for number in range(limits.SUBSCRIPTIONS):
            await ear.listen("hashtag", tag=f"tag{number}")
        await ear.listen("public")
        assert (await ear.next())["status"] == 429


async def test_who_does_not_read_is_cut_off_and_keeps_nobody_waiting_DOS(api: Api, alice: Account, bob: Account, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "STREAM_BYTES", 1000)
    async with listening(api, alice, "public") as slow, listening(api, bob, "public") as ear:
        stuck = next(one for one in exchange(api)._streams if one.listener.account_id == alice.id)

        class Stuck:
            """A connection whose other side takes nothing."""

            def __getattr__(self, name: str) -> Any:
                return getattr(transport, name)

            def get_write_buffer_size(self) -> int:
                return 1001

        transport, stuck.transport = stuck.transport, Stuck()  # type: ignore[assignment]
        await api.say(bob, "one")
        assert "one" in content(await ear.next())
        assert await slow.ended()
        assert len(exchange(api)) == 1


async def test_a_stream_costs_little_memory_DOS_10(api: Api, alice: Account, monkeypatch: Any) -> None:
    """500 of them less than 10 MB; tried with fewer, the other side's sockets included."""
    number = 60
    monkeypatch.setattr(limits, "STREAMS_PER_TOKEN", 1000)
    asked = (
        f"GET {PATH}?stream=user HTTP/1.1\r\nHost: fedi.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer {api.token(alice, 'read')}\r\n\r\n"
    ).encode()
    sockets: list[socket.socket] = []

    async def come(count: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            sockets.append(socket.socket())
            sockets[-1].setblocking(False)
            await loop.sock_connect(sockets[-1], ("127.0.0.1", api.rig.client.port))
            await loop.sock_sendall(sockets[-1], asked)
            assert (await loop.sock_recv(sockets[-1], 4096)).startswith(b"HTTP/1.1 101")

    await come(5)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        await come(number)
        await settled(api)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        for one in sockets:
            one.close()
    assert (after - before) / number < 10_000_000 / 500


async def test_closed_streams_leave_nothing(api: Api, alice: Account) -> None:
    async with listening(api, alice, "user", "public"):
        assert len(exchange(api)) == 1
    await settled(api)
    found = exchange(api)
    assert not len(found) and not found._tokens and not found._clients and not found._tasks and not found._queue
    assert not any(found._heard.values())


async def test_many_events_are_passed_on_without_holding_the_loop(api: Api, alice: Account, bob: Account) -> None:
    made = await api.say(alice, "x")
    async with listening(api, bob, "public") as ear:
        turns = 0
        api.rig.instance.hub.publish([Event("post", int(made["id"]) + (number and 1) * number) for number in range(1000)])
        while exchange(api)._queue:
            await asyncio.sleep(0)
            turns += 1
        assert turns > 1000 / exchanges._AT_ONCE  # everybody else has their turn after each few of them
        assert (await ear.next())["event"] == "update"


# -- server-sent events --


class Lines:
    def __init__(self, response: Any) -> None:
        self.response = response

    async def next(self) -> tuple[str, str]:
        """(event, data)."""
        found: dict[str, str] = {}
        while True:
            line = (await asyncio.wait_for(self.response.content.readline(), SOON_S)).decode().rstrip("\n")
            if not line and found:
                return found["event"], found["data"]
            name, _, value = line.partition(": ")
            if name and not line.startswith(":"):
                found[name] = value

    async def ended(self) -> bool:
        while await asyncio.wait_for(self.response.content.readline(), SOON_S):
            pass
        return True


@asynccontextmanager
async def reading(api: Api, who: Account, path: str, scopes: str = "read") -> AsyncIterator[Lines]:
    headers = {"Authorization": f"Bearer {api.token(who, scopes)}"}
    async with api.rig.client.get(f"{PATH}/{path}", headers=headers) as response:
        assert response.status == 200 and response.content_type == "text/event-stream"
        assert response.headers["X-Accel-Buffering"] == "no" and response.headers["Cache-Control"] == "no-store"
        assert await response.content.readline() == b":)\n"
        yield Lines(response)


@pytest.mark.parametrize(
    "path",
    [
        "user", "public", "public/local", "hashtag?tag=cats", "hashtag/local?tag=cats", "public?only_media=true",
        "public/local?only_media=1",
    ],
)  # fmt: skip
async def test_server_sent_events_tell_the_same(api: Api, alice: Account, path: str) -> None:
    picture = api.run(make.picture, alice)
    async with reading(api, alice, path) as lines:
        post = api.run(posts.publish, alice, posts.Draft("soft #cats", fmt="plain", media_ids=(picture.id,)), {})
        event, data = await lines.next()
        assert (event, json.loads(data)["id"]) == ("update", str(post.id))
        api.run(posts.remove, alice, post.id)
        assert await lines.next() == ("delete", str(post.id))


async def test_server_sent_notifications_filters_and_others(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    async with (
        reading(api, alice, "user/notification") as told,
        reading(api, alice, "user") as lines,
        reading(api, bob, "public/remote") as far,
    ):
        made = await api.say(alice, "x")
        assert (await lines.next())[0] == "update"
        api.run(interactions.favourite, bob, int(made["id"]))
        assert json.loads((await told.next())[1])["type"] == "favourite"
        assert (await lines.next())[0] == "notification"
        api.rig.instance.hub.publish([Event("filters", alice.id)])
        assert await lines.next() == ("filters_changed", "undefined")
        api.run(make.arrive, make.note(carol, "far"))
        assert "far" in json.loads((await far.next())[1])["content"]
        api.run(lambda tx: logins.set_password(tx, alice.id, logins.DUMMY_HASH))
        assert await lines.ended() and await told.ended()


async def test_server_sent_events_refuse_as_json(api: Api, alice: Account) -> None:
    for path, status, scopes in (
        ("hashtag", 400, "read"),
        ("list", 400, "read"),
        ("list?list=5", 401, "read"),
        ("public", 403, "read:accounts"),
        ("nonsense", 404, "read"),
    ):
        answer = await api.get(alice, f"{PATH}/{path}", scopes=scopes)
        assert answer.status == status and answer.json["error"]
    assert (await api.get(None, f"{PATH}/user")).status == 401
    assert (await api.get(None, PATH)).status == 404
    async with api.rig.client.get(f"{PATH}/health") as response:
        assert (response.status, response.content_type, await response.text()) == (200, "text/plain", "OK")


async def test_heartbeats_go_out_and_readers_that_left_are_noticed(api: Api, alice: Account, monkeypatch: Any) -> None:
    monkeypatch.setattr(exchanges, "_LOOK_S", 0.02)
    monkeypatch.setattr(exchanges, "_BEAT_S", 0.03)
    before = len(asyncio.all_tasks())
    async with reading(api, alice, "user") as lines:
        assert await asyncio.wait_for(lines.response.content.readline(), SOON_S) == b":thump\n"
    async with asyncio.timeout(SOON_S):
        while len(exchange(api)) or len(asyncio.all_tasks()) > before:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)
