"""Checks of endpoints about posts: writing, acting on them, media, polls, what is scheduled."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import FormData, web

from fedi.streaming import Event
from tests import make
from tests.coverage.people import picture
from tests.coverage.world import Ask, World, covers, ids_of, names_of


def later(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@covers("POST /api/v1/statuses")
async def create(w: World, ask: Ask) -> None:
    body = {"status": "hello @bob #gardens", "spoiler_text": "plants", "language": "en", "visibility": "unlisted"}
    key = {"Idempotency-Key": f"key{make.number()}"}
    found = await ask(json=body, headers=key)
    assert (found["spoiler_text"], found["language"], found["visibility"]) == ("plants", "en", "unlisted")
    assert ids_of(found["mentions"]) == [str(w.bob.id)] and [tag["name"] for tag in found["tags"]] == ["gardens"]
    assert (await ask(json=body, headers=key))["id"] == found["id"]
    poll = await ask(json={"status": "which?", "poll": {"options": ["this", "that"], "expires_in": 3600, "multiple": True}})
    assert [option["title"] for option in poll["poll"]["options"]] == ["this", "that"] and poll["poll"]["multiple"] is True
    assert (await w.call("GET /api/v1/statuses/:id", id=found["id"]))["content"] == found["content"]


@covers("GET /api/v1/statuses/:id")
async def show(w: World, ask: Ask) -> None:
    post = w.post(w.carol, "from afar")
    assert "from afar" in (await ask(id=post.id))["content"]
    await ask(id=w.post(w.bob, "secret", "direct").id, status=404)


@covers("GET /api/v1/statuses")
async def several(w: World, ask: Ask) -> None:
    one, other, hidden = w.post(w.bob), w.post(w.carol), w.post(w.bob, "secret", "direct")
    assert set(ids_of(await ask(params={"id": [one.id, other.id, hidden.id]}))) == {str(one.id), str(other.id)}


@covers("PUT /api/v1/statuses/:id")
async def edit(w: World, ask: Ask) -> None:
    post = w.post()
    found = await ask(id=post.id, json={"status": "said better"})
    assert "said better" in found["content"] and found["edited_at"] is not None


@covers("DELETE /api/v1/statuses/:id")
async def delete(w: World, ask: Ask) -> None:
    post = w.post(text="to be redrafted")
    found = await ask(id=post.id)
    assert found["text"] == "to be redrafted"
    await w.call("GET /api/v1/statuses/:id", id=post.id, status=404)


@covers("GET /api/v1/statuses/:id/context")
async def context(w: World, ask: Ask) -> None:
    first = w.post(w.bob)
    answer = w.post(reply_to=first)
    last = w.post(w.carol, reply_to=answer)
    found = await ask(id=answer.id)
    assert (ids_of(found["ancestors"]), ids_of(found["descendants"])) == ([str(first.id)], [str(last.id)])


@covers("GET /api/v1/statuses/:id/history")
async def history(w: World, ask: Ask) -> None:
    post = w.post(text="first version")
    await w.call("PUT /api/v1/statuses/:id", id=post.id, json={"status": "second version"})
    assert [one["content"] for one in await ask(id=post.id)] == ["<p>first version</p>", "<p>second version</p>"]


@covers("GET /api/v1/statuses/:id/source")
async def source(w: World, ask: Ask) -> None:
    assert (await ask(id=w.post(text="as *written*").id))["text"] == "as *written*"


@covers("GET /api/v1/statuses/:id/card")
async def card(w: World, ask: Ask) -> None:
    post = await linked(w)
    assert (await ask(id=post))["title"] == "A page about bees"


@covers("POST /api/v1/statuses/:id/translate")
async def translate(w: World, ask: Ask) -> None:
    post = w.post(w.bob, "guten Tag", language="de")
    found = await ask(id=post.id, json={"lang": "en"})
    assert found["content"] == "<p>good day</p>" and found["detected_source_language"] == "de"


@covers("GET /api/v1/statuses/:id/reblogged_by")
async def reblogged_by(w: World, ask: Ask) -> None:
    post = w.post()
    w.run(make.boost, w.bob, post)
    assert names_of(await ask(id=post.id, by=None)) == {"bob"}


@covers("GET /api/v1/statuses/:id/favourited_by")
async def favourited_by(w: World, ask: Ask) -> None:
    post = w.post()
    await w.call("POST /api/v1/statuses/:id/favourite", by=w.bob, id=post.id)
    assert names_of(await ask(id=post.id, by=None)) == {"bob"}


_ACTS = {
    "favourite": ("favourited", True),
    "unfavourite": ("favourited", False),
    "bookmark": ("bookmarked", True),
    "unbookmark": ("bookmarked", False),
    "mute": ("muted", True),
    "unmute": ("muted", False),
}


@covers(*(f"POST /api/v1/statuses/:id/{act}" for act in _ACTS))
async def act(w: World, ask: Ask) -> None:
    name = ask.__name__.rpartition("/")[2]
    flag, after = _ACTS[name]
    post = w.post(w.bob) if "mute" not in name else w.post(reply_to=w.post(w.bob))
    if not after:
        await w.call(f"POST /api/v1/statuses/:id/{name.removeprefix('un')}", id=post.id)
    assert (await ask(id=post.id))[flag] is after
    assert (await w.call("GET /api/v1/statuses/:id", id=post.id))[flag] is after


@covers("POST /api/v1/statuses/:id/reblog")
async def reblog(w: World, ask: Ask) -> None:
    post = w.post(w.bob)
    found = await ask(id=post.id)
    assert found["id"] != str(post.id) and found["reblog"]["id"] == str(post.id) and found["reblog"]["reblogged"] is True


@covers("POST /api/v1/statuses/:id/unreblog")
async def unreblog(w: World, ask: Ask) -> None:
    post = w.post(w.bob)
    await w.call("POST /api/v1/statuses/:id/reblog", id=post.id)
    assert (await ask(id=post.id))["reblogged"] is False


@covers("POST /api/v1/statuses/:id/pin")
async def pin(w: World, ask: Ask) -> None:
    person = w.person()
    post = w.post(person)
    assert (await ask(id=post.id, by=person))["pinned"] is True
    found = await w.call("GET /api/v1/accounts/:id/statuses", id=person.id, params={"pinned": True}, by=None)
    assert ids_of(found) == [str(post.id)]


@covers("POST /api/v1/statuses/:id/unpin")
async def unpin(w: World, ask: Ask) -> None:
    person = w.person()
    post = w.post(person)
    await w.call("POST /api/v1/statuses/:id/pin", id=post.id, by=person)
    assert (await ask(id=post.id, by=person))["pinned"] is False


async def _quote(w: World) -> tuple[Any, Any]:
    post = w.post(text="worth quoting")
    made = await w.call("POST /api/v1/statuses", by=w.bob, json={"status": "see this", "quoted_status_id": str(post.id)})
    assert made["quote"]["state"] == "accepted"
    return post, made


@covers("GET /api/v1/statuses/:id/quotes")
async def quotes(w: World, ask: Ask) -> None:
    post, made = await _quote(w)
    assert ids_of(await ask(id=post.id)) == [made["id"]]


@covers("POST /api/v1/statuses/:id/quotes/:quoting_status_id/revoke")
async def revoke_quote(w: World, ask: Ask) -> None:
    post, made = await _quote(w)
    assert (await ask(id=post.id, quoting_status_id=made["id"]))["quote"]["state"] == "revoked"
    assert not await w.call("GET /api/v1/statuses/:id/quotes", id=post.id)


@covers("PUT /api/v1/statuses/:id/interaction_policy")
async def interaction_policy(w: World, ask: Ask) -> None:
    found = await ask(id=w.post().id, json={"quote_approval_policy": "nobody"})
    assert found["quote_approval"]["automatic"] == []


# -- scheduled --


async def _scheduled(w: World) -> dict[str, Any]:
    body = {"status": "for tomorrow", "scheduled_at": later(days=1), "visibility": "unlisted"}
    found: dict[str, Any] = await w.call("POST /api/v1/statuses", json=body, shape="ScheduledStatus")
    return found


@covers("GET /api/v1/scheduled_statuses")
async def scheduled(w: World, ask: Ask) -> None:
    made = await _scheduled(w)
    assert made["id"] in ids_of(await ask()) and made["id"] not in ids_of(await ask(by=w.bob))


@covers("GET /api/v1/scheduled_statuses/:id")
async def show_scheduled(w: World, ask: Ask) -> None:
    made = await _scheduled(w)
    assert (await ask(id=made["id"]))["params"]["text"] == "for tomorrow"
    await ask(id=made["id"], by=w.bob, status=404)


@covers("PUT /api/v1/scheduled_statuses/:id")
async def reschedule(w: World, ask: Ask) -> None:
    made, when = await _scheduled(w), later(days=2)
    assert (await ask(id=made["id"], json={"scheduled_at": when}))["scheduled_at"] == when


@covers("DELETE /api/v1/scheduled_statuses/:id")
async def unschedule(w: World, ask: Ask) -> None:
    made = await _scheduled(w)
    assert await ask(id=made["id"]) == {}
    await w.call("GET /api/v1/scheduled_statuses/:id", id=made["id"], status=404)


# -- media and polls --


def _file(**fields: str) -> FormData:
    form = FormData(fields)
    form.add_field("file", picture(), filename="a.png", content_type="image/png")
    return form


async def _uploaded(w: World) -> dict[str, Any]:
    made: dict[str, Any] = await w.call("POST /api/v1/media", data=_file(description="a red square"))
    return made


@covers("POST /api/v2/media", "POST /api/v1/media")
async def upload(w: World, ask: Ask) -> None:
    found = await ask(data=_file(description="a red square", focus="0.5,-0.5"))
    assert found["type"] == "image" and found["description"] == "a red square" and found["meta"]["focus"] == {"x": 0.5, "y": -0.5}
    post = await w.call("POST /api/v1/statuses", json={"status": "look", "media_ids": [found["id"]]})
    assert ids_of(post["media_attachments"]) == [found["id"]]


@covers("GET /api/v1/media/:id")
async def show_media(w: World, ask: Ask) -> None:
    made = await _uploaded(w)
    assert (await ask(id=made["id"]))["blurhash"] == made["blurhash"] is not None


@covers("PUT /api/v1/media/:id")
async def change_media(w: World, ask: Ask) -> None:
    made = await _uploaded(w)
    assert (await ask(id=made["id"], json={"description": "better words", "focus": "0.1,0.2"}))["description"] == "better words"


@covers("DELETE /api/v1/media/:id")
async def delete_media(w: World, ask: Ask) -> None:
    made = await _uploaded(w)
    assert await ask(id=made["id"]) == {}
    await w.call("GET /api/v1/media/:id", id=made["id"], status=404)


async def _poll(w: World) -> str:
    made = await w.call("POST /api/v1/statuses", json={"status": "?", "poll": {"options": ["this", "that"], "expires_in": 3600}})
    return str(made["poll"]["id"])


@covers("GET /api/v1/polls/:id")
async def show_poll(w: World, ask: Ask) -> None:
    assert [option["title"] for option in (await ask(id=await _poll(w), by=None))["options"]] == ["this", "that"]


@covers("POST /api/v1/polls/:id/votes")
async def vote(w: World, ask: Ask) -> None:
    found = await ask(id=await _poll(w), by=w.bob, json={"choices": [1]})
    assert found["own_votes"] == [1] and [option["votes_count"] for option in found["options"]] == [0, 1]


# -- what one keeps, previews --


@covers("GET /api/v1/bookmarks", "GET /api/v1/favourites")
async def kept(w: World, ask: Ask) -> None:
    post = w.post(w.bob)
    act = ask.__name__.rpartition("/")[2].removesuffix("s")
    await w.call(f"POST /api/v1/statuses/:id/{act}", id=post.id)
    assert str(post.id) in ids_of(await ask()) and str(post.id) not in ids_of(await ask(by=w.person()))


PAGE = """<!doctype html><html lang="en"><head><title>Bees</title><meta property="og:title" content="A page about bees">
<meta property="og:description" content="They fly."><meta property="og:site_name" content="The hive"></head><body>buzz</body></html>"""


async def linked(w: World) -> str:
    """The id of a post with a link whose preview has been fetched."""
    w.peer.behave("/bees", remote_page)
    post = w.post(text="read https://peer.test/bees")

    async def shown() -> Any:
        clock_jobs(w)
        return (await w.call("GET /api/v1/statuses/:id", id=post.id))["card"]

    found = await w.until(shown)
    assert found["title"] == "A page about bees" and found["provider_name"] == "The hive"
    return str(post.id)


async def remote_page(request: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


def clock_jobs(w: World) -> None:
    """What waits for a while is due now; a post that was edited may wait twice."""
    for table in ("jobs", "due_links"):
        sql = f"UPDATE OR REPLACE {table} SET run_at = :now WHERE run_at > :now"
        w.instance.db.transact(lambda tx, sql=sql: tx.execute(sql, {"now": tx.now}))
    w.instance.hub.publish([Event("job"), Event("link")])


@covers("GET /api/v1/timelines/link")
async def link_timeline(w: World, ask: Ask) -> None:
    post = await linked(w)
    await asyncio.sleep(0)
    assert post in ids_of(await ask(params={"url": "https://peer.test/bees"}))


@covers("GET /api/oembed")
async def oembed(w: World, ask: Ask) -> None:
    shown = await w.call("GET /api/v1/statuses/:id", id=w.post().id)
    found = await ask(params={"url": shown["url"]}, by=None)
    assert found["type"] == "rich" and found["author_name"] and "iframe" in found["html"] and found["version"] == "1.0"
