"""Checks of endpoints that tell: notifications, requests, conversations, markers, announcements, streams, push."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fedi import posts
from fedi.storage.accounts import Account
from tests import make
from tests.coverage.world import Ask, Failed, World, covers, ids_of, names_of

# -- notifications --


async def _told(w: World) -> tuple[Account, Account, str]:
    """Somebody, who has boosted and favourited their post, and the post."""
    owner, fan = w.person(), w.person()
    post = w.post(owner)
    await w.call("POST /api/v1/statuses/:id/favourite", by=fan, id=post.id)
    w.run(make.boost, fan, post)
    return owner, fan, str(post.id)


@covers("GET /api/v1/notifications")
async def index(w: World, ask: Ask) -> None:
    owner, _, post = await _told(w)
    found = await ask(by=owner)
    assert {(one["type"], one["status"]["id"]) for one in found} == {("favourite", post), ("reblog", post)}
    assert {one["type"] for one in await ask(by=owner, params={"types": ["favourite"]})} == {"favourite"}
    assert not await ask(by=owner, params={"account_id": w.bob.id})


@covers("GET /api/v1/notifications/:id")
async def show(w: World, ask: Ask) -> None:
    owner, fan, _ = await _told(w)
    first = (await w.call("GET /api/v1/notifications", by=owner))[0]
    assert (await ask(by=owner, id=first["id"]))["account"]["username"] == fan.username
    await ask(id=first["id"], status=404)


@covers("POST /api/v1/notifications/clear")
async def clear(w: World, ask: Ask) -> None:
    owner, _, _ = await _told(w)
    assert await ask(by=owner) == {}
    assert not await w.call("GET /api/v1/notifications", by=owner)


@covers("POST /api/v1/notifications/:id/dismiss", "DELETE /api/v1/notifications/:id", "POST /api/v1/notifications/dismiss")
async def dismiss(w: World, ask: Ask) -> None:
    owner, _, _ = await _told(w)
    first = (await w.call("GET /api/v1/notifications", by=owner))[0]["id"]
    assert await (ask(by=owner, id=first) if ":id" in ask.__name__ else ask(by=owner, json={"id": first})) == {}
    assert len(await w.call("GET /api/v1/notifications", by=owner)) == 1


@covers("DELETE /api/v1/notifications/destroy_multiple")
async def destroy(w: World, ask: Ask) -> None:
    owner, _, _ = await _told(w)
    both = ids_of(await w.call("GET /api/v1/notifications", by=owner))
    assert await ask(by=owner, params={"ids": both}) == {}
    assert not await w.call("GET /api/v1/notifications", by=owner)


@covers("GET /api/v1/notifications/unread_count", "GET /api/v2/notifications/unread_count")
async def unread_count(w: World, ask: Ask) -> None:
    owner, _, _ = await _told(w)
    assert await ask(by=owner) == {"count": 2}


@covers("GET /api/v2/notifications")
async def grouped(w: World, ask: Ask) -> None:
    owner, fan, post = await _told(w)
    other = w.person()
    await w.call("POST /api/v1/statuses/:id/favourite", by=other, id=post)
    found = await ask(by=owner)
    groups = {group["type"]: group for group in found["notification_groups"]}
    assert groups["favourite"]["notifications_count"] == 2 and groups["favourite"]["status_id"] == post
    assert set(groups["favourite"]["sample_account_ids"]) == {str(fan.id), str(other.id)}
    assert names_of(found["accounts"]) >= {fan.username, other.username} and post in ids_of(found["statuses"])


async def _group(w: World) -> tuple[Account, Account, str]:
    owner, fan, _ = await _told(w)
    found = await w.call("GET /api/v2/notifications", by=owner)
    return owner, fan, next(one["group_key"] for one in found["notification_groups"] if one["type"] == "favourite")


@covers("GET /api/v2/notifications/:group_key")
async def show_group(w: World, ask: Ask) -> None:
    owner, _, key = await _group(w)
    assert [one["group_key"] for one in (await ask(by=owner, group_key=key))["notification_groups"]] == [key]
    await ask(group_key=key, status=404)


@covers("GET /api/v2/notifications/:group_key/accounts")
async def group_accounts(w: World, ask: Ask) -> None:
    owner, fan, key = await _group(w)
    assert names_of(await ask(by=owner, group_key=key)) == {fan.username}


@covers("POST /api/v2/notifications/:group_key/dismiss")
async def dismiss_group(w: World, ask: Ask) -> None:
    owner, _, key = await _group(w)
    assert await ask(by=owner, group_key=key) == {}
    left = (await w.call("GET /api/v2/notifications", by=owner))["notification_groups"]
    assert [one["type"] for one in left] == ["reblog"]


@covers("GET /api/v2/notifications/policy")
async def policy(w: World, ask: Ask) -> None:
    person = w.person()
    await w.call("PATCH /api/v2/notifications/policy", by=person, json={"for_not_following": "drop"})
    assert (await ask(by=person))["for_not_following"] == "drop"


@covers("PATCH /api/v2/notifications/policy", "PUT /api/v2/notifications/policy")
async def set_policy(w: World, ask: Ask) -> None:
    person = w.person()
    found = await ask(by=person, json={"for_not_following": "filter", "for_new_accounts": "drop"})
    assert (found["for_not_following"], found["for_new_accounts"]) == ("filter", "drop")
    assert (await w.call("GET /api/v2/notifications/policy", by=person))["for_not_following"] == "filter"


async def _requests(w: World, people: int = 1) -> tuple[Account, list[Account], list[str]]:
    """Somebody whom strangers have mentioned, whose notifications were kept apart."""
    owner = w.person()
    await w.call("PATCH /api/v2/notifications/policy", by=owner, json={"for_not_following": "filter"})
    strangers = [w.person() for _ in range(people)]
    for stranger in strangers:
        w.post(stranger, "hear me", mentions=(owner,))
    found = await w.call("GET /api/v1/notifications/requests", by=owner)
    return owner, strangers, ids_of(found)


@covers("GET /api/v1/notifications/requests")
async def requests(w: World, ask: Ask) -> None:
    owner, strangers, _ = await _requests(w)
    (found,) = await ask(by=owner)
    assert found["account"]["username"] == strangers[0].username and found["notifications_count"] == "1"
    assert "hear me" in found["last_status"]["content"] and not await w.call("GET /api/v1/notifications", by=owner)


@covers("GET /api/v1/notifications/requests/:id")
async def show_request(w: World, ask: Ask) -> None:
    owner, strangers, (first,) = await _requests(w)
    assert (await ask(by=owner, id=first))["account"]["username"] == strangers[0].username
    await ask(id=first, status=404)


async def _accepted(w: World, owner: Account) -> bool:
    async def brought() -> Any:
        return await w.call("GET /api/v1/notifications", by=owner)

    return bool(await w.until(brought))


@covers("POST /api/v1/notifications/requests/:id/accept")
async def accept_request(w: World, ask: Ask) -> None:
    owner, _, (first,) = await _requests(w)
    assert await ask(by=owner, id=first) == {}
    assert await _accepted(w, owner) and not await w.call("GET /api/v1/notifications/requests", by=owner)


@covers("POST /api/v1/notifications/requests/:id/dismiss")
async def dismiss_request(w: World, ask: Ask) -> None:
    owner, _, (first,) = await _requests(w)
    assert await ask(by=owner, id=first) == {}
    assert not await w.call("GET /api/v1/notifications/requests", by=owner)
    assert not await w.call("GET /api/v1/notifications", by=owner)


@covers("POST /api/v1/notifications/requests/accept", "POST /api/v1/notifications/requests/dismiss")
async def answer_requests(w: World, ask: Ask) -> None:
    owner, _, both = await _requests(w, 2)
    assert len(both) == 2 and await ask(by=owner, json={"id": both}) == {}
    assert not await w.call("GET /api/v1/notifications/requests", by=owner)
    if "accept" in ask.__name__:
        assert await _accepted(w, owner)


@covers("GET /api/v1/notifications/requests/merged")
async def merged(w: World, ask: Ask) -> None:
    owner, _, (first,) = await _requests(w)
    await w.call("POST /api/v1/notifications/requests/:id/accept", by=owner, id=first)
    await _accepted(w, owner)
    assert await ask(by=owner) == {"merged": True}


# -- markers, conversations --


@covers("GET /api/v1/markers")
async def markers(w: World, ask: Ask) -> None:
    person = w.person()
    await w.call("POST /api/v1/markers", by=person, json={"home": {"last_read_id": "103"}})
    assert (await ask(by=person, params={"timeline": ["home"]}))["home"]["last_read_id"] == "103"


@covers("POST /api/v1/markers")
async def set_marker(w: World, ask: Ask) -> None:
    person = w.person()
    first = (await ask(by=person, json={"notifications": {"last_read_id": "7"}}))["notifications"]
    second = (await ask(by=person, json={"notifications": {"last_read_id": "9"}}))["notifications"]
    assert second["last_read_id"] == "9" and second["version"] > first["version"]


async def _conversation(w: World) -> tuple[Account, Account, str]:
    owner, other = w.person(), w.person()
    w.post(other, "between us", "direct", mentions=(owner,))
    (found,) = await w.call("GET /api/v1/conversations", by=owner)
    return owner, other, found["id"]


@covers("GET /api/v1/conversations")
async def conversations(w: World, ask: Ask) -> None:
    owner, other, _ = await _conversation(w)
    (found,) = await ask(by=owner)
    assert names_of(found["accounts"]) == {other.username} and found["unread"] is True and "between us" in found["last_status"]["content"]


@covers("DELETE /api/v1/conversations/:id")
async def delete_conversation(w: World, ask: Ask) -> None:
    owner, _, made = await _conversation(w)
    assert await ask(by=owner, id=made) == {}
    assert not await w.call("GET /api/v1/conversations", by=owner)


@covers("POST /api/v1/conversations/:id/read", "POST /api/v1/conversations/:id/unread")
async def read_conversation(w: World, ask: Ask) -> None:
    owner, _, made = await _conversation(w)
    unread = ask.__name__.endswith("unread")
    await w.call(f"POST /api/v1/conversations/:id/{'read' if unread else 'unread'}", by=owner, id=made)
    assert (await ask(by=owner, id=made))["unread"] is unread
    await ask(id=made, status=404)


# -- announcements --


async def _announcement(w: World) -> str:
    from fedi.control import announcements

    said = {"text": f"Maintenance on *Sunday* {make.number()}", "starts": "", "ends": "", "all_day": False}
    made = await announcements.create(w.instance, said)
    return str(made["id"])


@covers("GET /api/v1/announcements")
async def list_announcements(w: World, ask: Ask) -> None:
    made = await _announcement(w)
    found = {one["id"]: one for one in await ask()}
    assert "<em>Sunday</em>" in found[made]["content"] and found[made]["read"] is False


@covers("POST /api/v1/announcements/:id/dismiss")
async def dismiss_announcement(w: World, ask: Ask) -> None:
    made = await _announcement(w)
    assert await ask(id=made) == {}
    assert made not in {one["id"] for one in await w.call("GET /api/v1/announcements") if not one["read"]}


@covers("PUT /api/v1/announcements/:id/reactions/:name", "DELETE /api/v1/announcements/:id/reactions/:name")
async def react(w: World, ask: Ask) -> None:
    made, add = await _announcement(w), ask.__name__.startswith("PUT")
    if not add:
        await w.call("PUT /api/v1/announcements/:id/reactions/:name", id=made, name="🎉")
    assert await ask(id=made, name="🎉") == {}
    (found,) = [one for one in await w.call("GET /api/v1/announcements") if one["id"] == made]
    assert [(one["name"], one["count"], one["me"]) for one in found["reactions"]] == ([("🎉", 1, True)] if add else [])


# -- streams --


@asynccontextmanager
async def sse(w: World, path: str, by: Account) -> AsyncIterator[Any]:
    """Server-sent events as (event, payload), read one at a time."""
    headers = {"Authorization": f"Bearer {w.token(by)}", "Accept": "text/event-stream"}
    async with w.client.get(path, headers=headers) as answer:
        if answer.status != 200 or answer.content_type != "text/event-stream":
            raise Failed(f"{path}: {answer.status} {answer.content_type} {await answer.text()}")

        async def read() -> tuple[str, str]:
            event = ""
            async with asyncio.timeout(5):
                while line := (await answer.content.readline()).decode():
                    if line.startswith("event:"):
                        event = line[6:].strip()
                    elif line.startswith("data:"):
                        return event, line[5:].strip()
            raise Failed(f"{path}: it ended")

        if await answer.content.readline() != b":)\n":
            raise Failed(f"{path}: it does not say that it has begun")
        yield read


async def _heard(w: World, ask: Ask, query: str, by: Account, do: Any) -> tuple[str, Any]:
    w.asked.add(ask.__name__)
    async with sse(w, f"{ask.__name__.partition(' ')[2]}{query}", by) as read:
        await do()
        event, data = await read()
        return event, json.loads(data) if data.startswith("{") else data


@covers("GET /api/v1/streaming/health")
async def streaming_health(w: World, ask: Ask) -> None:
    assert await ask(by=None, raw=True) == "OK"


async def publish(w: World, by: Account, text: str, **more: Any) -> None:
    """A post of somebody here, so that what listens is told."""
    await w.instance.db.write(posts.publish, by, posts.Draft(text, **more), {})


@covers("GET /api/v1/streaming/user")
async def stream_user(w: World, ask: Ask) -> None:
    reader, friend = w.person(), w.person()
    w.follow(reader, friend)
    event, status = await _heard(w, ask, "", reader, lambda: publish(w, friend, "news at home"))
    assert event == "update" and "news at home" in status["content"]


@covers("GET /api/v1/streaming/user/notification")
async def stream_notifications(w: World, ask: Ask) -> None:
    reader, fan = w.person(), w.person()
    event, found = await _heard(w, ask, "", reader, lambda: publish(w, fan, f"@{reader.username} listen"))
    assert event == "notification" and found["type"] == "mention"


@covers("GET /api/v1/streaming/public", "GET /api/v1/streaming/public/local")
async def stream_public(w: World, ask: Ask) -> None:
    event, status = await _heard(w, ask, "", w.alice, lambda: publish(w, w.bob, "to everybody"))
    assert event == "update" and "to everybody" in status["content"]


@covers("GET /api/v1/streaming/public/remote")
async def stream_remote(w: World, ask: Ask) -> None:
    made = make.note(w.carol, "from far away")
    event, status = await _heard(w, ask, "", w.alice, lambda: w.instance.db.write(make.arrive, made))
    assert event == "update" and "from far away" in status["content"]


@covers("GET /api/v1/streaming/hashtag", "GET /api/v1/streaming/hashtag/local")
async def stream_tag(w: World, ask: Ask) -> None:
    event, status = await _heard(w, ask, "?tag=Owls", w.alice, lambda: publish(w, w.bob, "seen #owls"))
    assert event == "update" and status["tags"][0]["name"] == "owls"


@covers("GET /api/v1/streaming/list")
async def stream_list(w: World, ask: Ask) -> None:
    friend = w.friend()
    made = await w.call("POST /api/v1/lists", json={"title": "near"})
    await w.call("POST /api/v1/lists/:id/accounts", id=made["id"], json={"account_ids": [str(friend.id)]})
    event, status = await _heard(w, ask, f"?list={made['id']}", w.alice, lambda: publish(w, friend, "for the list"))
    assert event == "update" and "for the list" in status["content"]


@covers("GET /api/v1/streaming/direct")
async def stream_direct(w: World, ask: Ask) -> None:
    reader, friend = w.person(), w.person()
    event, found = await _heard(w, ask, "", reader, lambda: publish(w, friend, f"@{reader.username} psst", visibility="direct"))
    assert event == "conversation" and names_of(found["accounts"]) == {friend.username}


@covers("WS /api/v1/streaming")
async def websocket(w: World, ask: Ask) -> None:
    w.asked.add(ask.__name__)
    reader = w.person()
    async with w.client.ws_connect(f"/api/v1/streaming?access_token={w.token(reader)}") as socket:
        for stream in ("public:local", "no such stream"):
            await socket.send_json({"type": "subscribe", "stream": stream})
        if "error" not in await socket.receive_json(timeout=5):  # to the second one: the first one is taken
            raise Failed("an unknown stream is none")
        await publish(w, w.bob, "over the socket")
        found = await socket.receive_json(timeout=5)
    assert found["event"] == "update" and found["stream"] == ["public:local"]
    assert "over the socket" in json.loads(found["payload"])["content"]


# -- push --


def _subscription() -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def text(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    keys = {"p256dh": text(key), "auth": text(os.urandom(16))}
    subscription = {"endpoint": "https://peer.test/push/1", "keys": keys, "standard": True}
    return {"subscription": subscription, "data": {"policy": "all", "alerts": {"mention": True}}}


@covers("POST /api/v1/push/subscription")
async def subscribe(w: World, ask: Ask) -> None:
    person = w.person()
    found = await ask(by=person, json=_subscription())
    assert found["endpoint"] == "https://peer.test/push/1" and found["alerts"]["mention"] is True and found["alerts"]["poll"] is False
    w.post(w.bob, "wake up", mentions=(person,))

    async def pushed() -> bool:
        return "/push/1" in [seen.path for seen in w.peer.posts]

    await w.until(pushed)


@covers("GET /api/v1/push/subscription")
async def subscription(w: World, ask: Ask) -> None:
    person = w.person()
    made = await w.call("POST /api/v1/push/subscription", by=person, json=_subscription())
    assert (await ask(by=person))["id"] == made["id"]


@covers("PUT /api/v1/push/subscription")
async def change_subscription(w: World, ask: Ask) -> None:
    person = w.person()
    await w.call("POST /api/v1/push/subscription", by=person, json=_subscription())
    assert (await ask(by=person, json={"data": {"alerts": {"poll": True}}}))["alerts"]["poll"] is True


@covers("DELETE /api/v1/push/subscription")
async def unsubscribe(w: World, ask: Ask) -> None:
    person = w.person()
    await w.call("POST /api/v1/push/subscription", by=person, json=_subscription())
    assert await ask(by=person) == {}
    await w.call("GET /api/v1/push/subscription", by=person, status=404)
