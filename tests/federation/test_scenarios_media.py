"""S7 and S9 against a peer that speaks as Mastodon does: media with alt, focal point, warning and sensitivity; emoji, topics, languages."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from fedi import accounts, emojis, limits, media, posts
from fedi.storage import emojis as emoji_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage.posts import Post
from fedi.uploads import Upload
from tests import remote
from tests.films import film
from tests.remote import Actor, World, answers
from tests.test_images import animation, picture


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as made:
        yield made


@pytest.fixture
async def carol(world: World) -> Actor:
    """Somebody whom alice follows, and who follows alice."""
    made = world.peer().actor("carol")
    await world.befriend(world.alice, made)
    await world.befriend(made, world.alice)
    return made


def serve(world: World, path: str, data: bytes, content_type: str) -> str:
    world.peer().behave(path, answers(data, content_type=content_type))
    return f"{world.peer().base}{path}"


def attached(world: World, post: Post) -> list[post_rows.Attachment]:
    return world.db.read(post_rows.list_media, [post.id]).get(post.id, [])


async def look(world: World, path: str, **headers: str) -> tuple[int, str, bytes, Any]:
    answer = await world.client.get(path, headers={"Host": world.instance.uris.host, **headers})
    return answer.status, answer.content_type, await answer.read(), answer.headers


# -- S7 in --


async def test_S7_files_of_others_arrive_with_all_that_is_said_of_them_and_are_fetched_when_somebody_looks(
    world: World, carol: Actor
) -> None:
    image = serve(world, "/files/a.png", picture("PNG", (80, 40)), "image/png")
    video = serve(world, "/files/v.mp4", film("mp4"), "video/mp4")
    poster = serve(world, "/files/p.jpg", picture("JPEG"), "image/jpeg")
    sound = serve(world, "/files/s.mp3", film("mp3"), "audio/mpeg")
    note = carol.note(
        "look",
        summary="careful",
        sensitive=True,
        attachment=[
            {"type": "Document", "mediaType": "image/png", "url": image, "name": "a <b>red</b> field", "width": 80, "height": 40,
             "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj", "focalPoint": [-0.5, 0.25]},
            {"type": "Document", "mediaType": "video/mp4", "url": video, "name": None, "width": 64, "height": 48, "duration": "PT1S",
             "icon": {"type": "Image", "mediaType": "image/jpeg", "url": poster}},
            {"type": "Document", "mediaType": "audio/mpeg", "url": sound},
        ],
    )  # fmt: skip
    world.peer().seen.clear()

    await world.accepted(carol, carol.create(note))

    post = world.find(note["id"])
    assert post is not None and (post.warning, post.sensitive) == ("careful", 1)
    first, second, third = attached(world, post)
    assert (first.kind, first.alt, first.width, first.height, first.focus_x, first.focus_y) == (
        "image",
        "a <b>red</b> field",
        80,
        40,
        -0.5,
        0.25,
    )
    assert first.blurhash == "LEHV6nWB2yk8pyo0adR*.7kCMdnj"
    assert (second.kind, second.duration_ms, second.preview_url, third.kind) == ("video", 1000, poster, "audio")
    assert not [path for path in world.peer().gets if path.startswith("/files/")], "nothing is fetched before somebody looks"

    for file, kind in ((first, "image/webp"), (second, "video/mp4"), (third, "audio/mpeg")):
        status, content_type, data, headers = await look(world, f"/media/{file.key}")
        assert (status, content_type) == (200, kind) and data
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox" and headers["X-Content-Type-Options"] == "nosniff"
    assert (await look(world, f"/media/{second.key}/preview"))[1] == "image/webp"
    status, _, part, headers = await look(world, f"/media/{second.key}", Range="bytes=4-7")
    assert (status, part, headers["Content-Range"].startswith("bytes 4-7/")) == (206, b"ftyp", True)
    assert [path for path in world.peer().gets if path.startswith("/files/")] == [
        "/files/a.png",
        "/files/v.mp4",
        "/files/s.mp3",
        "/files/p.jpg",
    ]


async def test_S7_an_edit_changes_descriptions_and_files_and_keeps_what_was_fetched(world: World, carol: Actor) -> None:
    image = serve(world, "/files/a.png", picture(), "image/png")
    other = serve(world, "/files/b.png", picture(), "image/png")
    note = carol.note("look", published="2026-11-22T00:00:00Z", attachment=[{"type": "Image", "url": image, "name": "old"}])
    await world.accepted(carol, carol.create(note))
    post = world.find(note["id"])
    assert post is not None
    (file,) = attached(world, post)
    await look(world, f"/media/{file.key}")

    note |= {
        "updated": "2026-11-22T00:01:00Z",
        "attachment": [{"type": "Image", "url": image, "name": "new"}, {"type": "Image", "url": other}],
    }
    await world.accepted(carol, carol.activity("Update", note))

    again, added = attached(world, post)
    assert (again.key, again.alt) == (file.key, "new") and added.remote_url == other


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"<html><script>alert(1)</script>", "image/png"),
        (b'{"id": "https://fedi.test/users/alice", "type": "Person"}', "image/png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/png"),
        (picture(), "text/html"),
        (b"", "image/png"),
    ],
)
async def test_S7_what_is_no_picture_is_never_served_from_here_MED_07(world: World, carol: Actor, data: bytes, content_type: str) -> None:
    image = serve(world, "/files/a.png", data, content_type)
    note = carol.note("look", attachment=[{"type": "Image", "mediaType": "image/png", "url": image}])
    await world.accepted(carol, carol.create(note))
    post = world.find(note["id"])
    assert post is not None
    (file,) = attached(world, post)

    status, shown, body, _ = await look(world, f"/media/{file.key}")

    assert status == 404 and b"alert" not in body and shown in ("text/html", "application/json", "text/plain")
    assert list(world.instance.files.hashes()) == []


async def test_S7_what_never_ends_is_cut_and_leaves_nothing_MED_06(world: World, carol: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REMOTE_FILM_BYTES", 300_000)
    monkeypatch.setattr(limits, "REMOTE_IMAGE_BYTES", 300_000)
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "video/mp4" if "v" in request.path else "image/png"})
        await response.prepare(request)
        await response.write(b"\0\0\0\x18ftypisom\0\0\0\0isom")
        try:
            for _ in range(2_000):
                await response.write(b"x" * 65_536)
                sent += 65_536
                await asyncio.sleep(0)  # what is written into a lost connection blocks nothing: let the loop see that it is lost
        except ConnectionError:
            pass
        return response

    for name in ("v.mp4", "i.png"):
        world.peer().behave(f"/{name}", endless)
    base = world.peer().base
    note = carol.note(
        "look", attachment=[{"type": "Video", "url": f"{base}/v.mp4"}, {"type": "Image", "mediaType": "image/png", "url": f"{base}/i.png"}]
    )
    await world.accepted(carol, carol.create(note))
    post = world.find(note["id"])
    assert post is not None

    for file in attached(world, post):
        assert (await look(world, f"/media/{file.key}"))[0] == 404

    assert sent < 40 * 1024 * 1024 and list(world.instance.files.hashes()) == []
    assert not list((world.instance.files.directory / "arriving").glob("*"))
    assert [file.state for file in attached(world, post)] == ["failed", "ready"]


async def test_S7_nobody_gets_at_our_own_network_by_way_of_a_picture(world: World, carol: Actor) -> None:
    note = carol.note("look", attachment=[{"type": "Image", "mediaType": "image/png", "url": f"{world.base}/media/{'0' * 32}"}])
    await world.accepted(carol, carol.create(note))
    post = world.find(note["id"])
    assert post is not None
    (file,) = attached(world, post)
    assert (await look(world, f"/media/{file.key}"))[0] == 404


# -- S7 out --


async def test_S7_files_of_ours_go_out_with_all_that_is_said_of_them(world: World, carol: Actor) -> None:
    uploads = world.instance.uploads
    image = await uploads.add(world.alice.id, Upload(picture("JPEG", (80, 40)), "a red field", (0.5, -0.5)))
    video = await uploads.add(world.alice.id, Upload(film("mp4"), "a test card"))

    post = world.publish(world.alice, "look", warning="careful", media_ids=(image.id, video.id))
    await world.settle()

    (create,) = world.peer().received("Create")
    note = create["object"]
    first, second = note["attachment"]
    us = world.instance.uris
    assert (note["summary"], note["sensitive"]) == ("careful", True)
    assert (first["type"], first["mediaType"], first["name"], first["width"], first["height"]) == (
        "Image",
        "image/webp",
        "a red field",
        80,
        40,
    )
    assert first["focalPoint"] == [0.5, -0.5] and len(first["blurhash"]) == 28 and first["url"] == us.media(image.key)
    assert (second["type"], second["mediaType"], second["name"], second["duration"]) == ("Video", "video/mp4", "a test card", "PT1.000S")
    assert second["icon"]["url"] == us.preview(video.key)
    for address in (first["url"], second["url"], second["icon"]["url"]):
        assert (await look(world, address.removeprefix(us.base_url)))[0] == 200
    world.db.transact(
        posts.edit, world.alice, post.id, posts.Draft("look", fmt="plain", media_changes=(media.Change(image.id, "better"),)), {}
    )
    await world.settle()
    (update,) = world.peer().received("Update")
    assert [file["name"] for file in update["object"]["attachment"]] == ["better", "a test card"]


# -- S9 --


def emoji_tag(url: str, name: str = "blob", **more: Any) -> dict[str, Any]:
    icon = {"type": "Image", "mediaType": "image/gif", "url": url}
    return {"type": "Emoji", "id": f"{url}#id", "name": f":{name}:", "updated": "2026-01-01T00:00:00Z", "icon": icon, **more}


async def test_S9_emoji_of_others_are_theirs_kept_small_and_shown_from_here(world: World, carol: Actor) -> None:
    url = serve(world, "/emoji/blob.gif", animation(frames=4, size=(300, 200)), "image/gif")
    topic = {"type": "Hashtag", "name": "#Katzen", "href": f"{carol.peer.base}/tags/katzen"}
    note = carol.note("hallo :blob: :nobody: #Katzen", tag=[emoji_tag(url), topic])
    note["contentMap"] = {"de": note["content"]}

    await world.accepted(carol, carol.create(note))

    post = world.find(note["id"])
    assert post is not None and post.language == "de"
    assert world.db.read(post_rows.list_tags, [post.id])[post.id] == ["katzen"]
    found = world.db.read(emoji_rows.find_many, "peer.test", ["blob"])["blob"]
    assert emojis.of(post.emojis) == {"blob": found.key}
    status, content_type, data, headers = await look(world, f"/media/{found.key}")
    assert (status, content_type) == (200, "image/webp") and len(data) <= limits.EMOJI_BYTES and "immutable" not in headers["Cache-Control"]
    row = world.db.read(media_rows.find, found.media_id)
    assert row is not None and max(row.width, row.height) == 128


async def test_S9_a_changed_emoji_is_fetched_anew_under_its_name(world: World, carol: Actor) -> None:
    old, new = (
        serve(world, "/emoji/1.png", picture("PNG", (20, 20)), "image/png"),
        serve(world, "/emoji/2.png", picture("PNG", (30, 10)), "image/png"),
    )
    await world.accepted(carol, carol.create(carol.note(":blob:", tag=[emoji_tag(old)])))
    found = world.db.read(emoji_rows.find_many, "peer.test", ["blob"])["blob"]
    before = (await look(world, f"/media/{found.key}"))[2]

    await world.accepted(carol, carol.create(carol.note(":blob:", tag=[emoji_tag(new, updated="2026-06-01T00:00:00Z")])))

    after = (await look(world, f"/media/{found.key}"))[2]
    assert before != after and len(world.db.read(emoji_rows.find_many, "peer.test", ["blob"])) == 1


async def test_S9_nobody_changes_the_emoji_of_another_server(world: World, carol: Actor) -> None:
    url = serve(world, "/emoji/1.png", picture(), "image/png")
    await world.accepted(carol, carol.create(carol.note(":blob:", tag=[emoji_tag(url)])))
    mallory = world.peer("evil.test").actor("mallory")
    await world.befriend(world.alice, mallory)

    forged = emoji_tag("https://evil.test/e.png", id=f"{url}#id", updated="2026-11-01T00:00:00Z")
    await world.accepted(mallory, mallory.create(mallory.note(":blob:", tag=[forged])))

    found = world.db.read(emoji_rows.find_many, "peer.test", ["blob"])["blob"]
    row = world.db.read(media_rows.find, found.media_id)
    assert row is not None and row.remote_url == url


async def test_S9_our_emoji_go_out_with_what_names_them_and_have_a_document(world: World, carol: Actor) -> None:
    file = await world.instance.uploads.face(None, "emoji", picture("PNG", (64, 64)))
    made = world.db.transact(emojis.add, "blob", file.id)

    world.publish(world.alice, "hello :blob: #Cats", language="en")
    world.db.transact(accounts.update_profile, world.again(world.alice), accounts.Profile(display_name="Alice :blob:"))
    await world.settle()

    (create,), (update,) = world.peer().received("Create"), world.peer().received("Update")
    note = create["object"]
    tags = {tag["name"]: tag for tag in note["tag"]}
    assert set(tags) == {":blob:", "#cats"} and set(note["contentMap"]) == {"en"} and ":blob:" in note["content"]
    assert tags[":blob:"]["icon"] == {"type": "Image", "mediaType": "image/webp", "url": world.instance.uris.media(file.key)}
    assert [tag["id"] for tag in update["object"]["tag"]] == [tags[":blob:"]["id"]] == [world.instance.uris.emoji(made.id)]
    answer = await world.client.get(f"/emojis/{made.id}", headers={"Host": world.instance.uris.host, "Accept": remote.AP})
    document = await answer.json(content_type=None)
    assert answer.status == 200 and {name: document[name] for name in tags[":blob:"]} == tags[":blob:"]
    for path in ("/emojis/1", f"/emojis/{9 * 10**18}"):
        assert (await look(world, path, Accept=remote.AP))[0] == 404
