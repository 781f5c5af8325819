"""Files through the client API: sent, described, shown by one post, and by nobody else's."""

import asyncio
import io
from typing import Any

import pytest
from aiohttp import FormData
from PIL import Image

from fedi import clock, emojis, films, limits
from fedi.errors import Invalid
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from tests import make
from tests.films import film
from tests.test_images import picture
from tests.web.api.conftest import Answer, Api


def form(data: bytes, name: str = "x.png", **fields: str) -> FormData:
    made = FormData(default_to_multipart=True)
    made.add_field("file", data, filename=name, content_type="application/octet-stream")
    for field, value in fields.items():
        made.add_field(field, value)
    return made


async def upload(api: Api, who: Account | None, data: bytes = b"", path: str = "/api/v2/media", **fields: str) -> Answer:
    return await api.post(who, path, data=form(data or picture("JPEG"), **fields))


async def sent(api: Api, who: Account, **fields: str) -> str:
    answer = await upload(api, who, **fields)
    assert answer.status == 200, answer.json
    return str(answer.json["id"])


async def test_a_picture_is_ready_at_once_with_all_that_apps_need(api: Api, alice: Account) -> None:
    answer = await upload(api, alice, picture("JPEG", (1000, 500)), description=" a red  field ", focus="-0.5,0.25")

    found = answer.json
    assert (answer.status, found["type"], found["description"]) == (200, "image", "a red field")
    assert found["url"].startswith("https://fedi.test/media/") and found["preview_url"] == f"{found['url']}/preview"
    assert found["remote_url"] is None and len(found["blurhash"]) == 28
    assert found["meta"]["original"] == {"width": 1000, "height": 500, "size": "1000x500", "aspect": 2.0}
    assert found["meta"]["small"]["width"] == 640 and found["meta"]["focus"] == {"x": -0.5, "y": 0.25}
    for address, side in ((found["url"], 1000), (found["preview_url"], 640)):
        shown = await api.rig.get(address.removeprefix("https://fedi.test"))
        assert (shown.status, shown.content_type, shown.headers["Content-Security-Policy"]) == (
            200,
            "image/webp",
            "default-src 'none'; sandbox",
        )
        assert max(Image.open(io.BytesIO(await shown.read())).size) == side


async def test_a_post_shows_files_in_their_order_and_may_have_no_words(api: Api, alice: Account) -> None:
    one, other = await sent(api, alice, description="one"), await sent(api, alice, description="other")

    post = await api.say(alice, "", media_ids=[other, one])

    assert [file["id"] for file in post["media_attachments"]] == [other, one] and post["content"] == ""
    assert (await api.get(None, f"/api/v1/statuses/{post['id']}")).json["media_attachments"][1]["description"] == "one"


async def test_a_file_is_shown_by_one_post_and_by_its_owner_only(api: Api, alice: Account, bob: Account) -> None:
    mine, theirs = await sent(api, alice), await sent(api, bob)
    await api.say(alice, "first", media_ids=[mine])

    for wanted in ([mine], [theirs], ["1"], ["x"], [mine, theirs]):
        answer = await api.post(alice, "/api/v1/statuses", json={"status": "second", "media_ids": wanted})
        assert answer.status == 422, wanted
    assert len((await api.get(alice, f"/api/v1/accounts/{alice.id}/statuses")).json) == 1


async def test_a_post_has_no_more_files_than_others_would_show(api: Api, alice: Account) -> None:
    ids = [str(api.run(make.picture, alice).id) for _ in range(limits.ATTACHMENTS_LOCAL + 1)]

    assert (await api.post(alice, "/api/v1/statuses", json={"status": "a", "media_ids": ids})).status == 422
    assert len((await api.say(alice, "a", media_ids=ids[:-1]))["media_attachments"]) == limits.ATTACHMENTS_LOCAL


async def test_nobody_else_reads_changes_or_deletes_an_upload(api: Api, alice: Account, bob: Account) -> None:
    mine = f"/api/v1/media/{await sent(api, alice, description='mine')}"

    for who, status in ((bob, 404), (None, 401)):
        assert (await api.get(who, mine)).status == status
        assert (await api.call("PUT", who, mine, json={"description": "x"})).status == status
        assert (await api.call("DELETE", who, mine)).status == status
    assert (await api.get(alice, mine)).json["description"] == "mine"
    assert (await api.get(alice, mine, scopes="read")).status == 403 == (await upload_with(api, alice, "read write:statuses")).status


async def upload_with(api: Api, who: Account, scopes: str) -> Answer:
    return await api.post(who, "/api/v2/media", data=form(picture()), scopes=scopes)


async def test_an_upload_is_described_until_a_post_shows_it_and_then_with_the_post(api: Api, alice: Account) -> None:
    media_id = await sent(api, alice)
    path = f"/api/v1/media/{media_id}"
    changed = (await api.call("PUT", alice, path, json={"description": "better", "focus": "0.1,0.2"})).json
    assert (changed["description"], changed["meta"]["focus"]) == ("better", {"x": 0.1, "y": 0.2})

    post = await api.say(alice, "hello", media_ids=[media_id])
    assert (await api.call("PUT", alice, path, json={"description": "late"})).status == 404
    assert (await api.call("DELETE", alice, path)).status == 422
    edited = await api.call(
        "PUT",
        alice,
        f"/api/v1/statuses/{post['id']}",
        json={"status": "hello", "media_ids": [media_id], "media_attributes": [{"id": media_id, "description": "best", "focus": "1,-1"}]},
    )

    (shown,) = edited.json["media_attachments"]
    assert (shown["description"], shown["meta"]["focus"]) == ("best", {"x": 1.0, "y": -1.0}) and edited.json["edited_at"]


async def test_an_edit_changes_files_and_lets_go_of_those_it_drops(api: Api, alice: Account) -> None:
    one, other = await sent(api, alice), await sent(api, alice)
    post = await api.say(alice, "hello", media_ids=[one])
    path = f"/api/v1/statuses/{post['id']}"

    kept = await api.call("PUT", alice, path, json={"status": "hello again"})
    swapped = await api.call("PUT", alice, path, json={"status": "hello again", "media_ids": [other]})
    dropped = await api.call("PUT", alice, path, json={"status": "hello again", "media_ids": []})

    assert [[file["id"] for file in answer.json["media_attachments"]] for answer in (kept, swapped, dropped)] == [[one], [other], []]
    assert api.run(media_rows.find, int(one)) is None is api.run(media_rows.find, int(other))


async def test_an_upload_that_is_not_wanted_goes(api: Api, alice: Account) -> None:
    media_id = await sent(api, alice)
    assert (await api.call("DELETE", alice, f"/api/v1/media/{media_id}")).status == 200
    assert (await api.get(alice, f"/api/v1/media/{media_id}")).status == 404


async def test_files_go_with_their_post(api: Api, alice: Account) -> None:
    found = (await upload(api, alice)).json
    post = await api.say(alice, "hello", media_ids=[found["id"]])

    await api.call("DELETE", alice, f"/api/v1/statuses/{post['id']}?delete_media=true")

    assert (await api.rig.get(found["url"].removeprefix("https://fedi.test"))).status == 404


# -- what cannot be --


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png"),
        (b"<html><script>1</script>", "a.jpg"),
        (b'{"type": "Note"}', "a.gif"),
        (b"#EXTM3U\nfile:///etc/passwd", "a.mp4"),
        (b"push graphic-context\nviewbox 0 0 1 1\nimage over 0,0 0,0 'https://evil.test'", "a.png"),
        (b"%PDF-1.7", "a.webp"),
        (b"\x7fELF", "a.mp3"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "a.png"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42", "a.mp4"),
        (b"OggS" + b"\0" * 60, "a.ogg"),
        (b"\x1a\x45\xdf\xa3" + b"\0" * 60, "a.webm"),
    ],
)
async def test_what_is_no_file_we_show_is_refused_whatever_its_name_MED_01_MED_05_MED_11(
    api: Api, alice: Account, data: bytes, name: str
) -> None:
    answer = await api.post(alice, "/api/v1/media", data=form(data, name))

    assert answer.status == 422 and isinstance(answer.json["error"], str)


@pytest.mark.parametrize("name", ["../../x", "C:\\x", "a\0b", "x" * 300, ".htaccess", "\u202egnp.exe", ""])
async def test_names_of_files_are_of_no_interest_MED_03(api: Api, alice: Account, name: str) -> None:
    answer = await api.post(alice, "/api/v2/media", data=form(picture(), name.replace("\0", "%00") or "x"))

    key = answer.json["url"].rpartition("/")[2]
    assert answer.status == 200 and len(key) == 32 and int(key, 16)


async def test_a_description_has_its_length_and_a_focus_its_form_MED_13(api: Api, alice: Account) -> None:
    assert (await upload(api, alice, description="x" * 1501)).status == 422
    assert (await upload(api, alice, description="x" * 10_001)).status == 422
    for wrong in ("2,0", "a,b", "0", "0,0,0", "nan,0", "١,٢", "--1,0"):
        assert (await upload(api, alice, focus=wrong)).status == 422, wrong
    assert (await upload(api, alice, focus=".5,-1.0")).json["meta"]["focus"] == {"x": 0.5, "y": -1.0}
    assert api.run(media_rows.count_unused, alice.id) == 1


async def test_a_request_without_a_file_says_so(api: Api, alice: Account) -> None:
    assert (await api.post(alice, "/api/v2/media", json={"description": "x"})).status == 422


async def test_uploads_at_once_and_unused_ones_have_their_number_MED_08(
    api: Api, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = await asyncio.gather(*(upload(api, alice, picture("PNG", (900, 900))) for _ in range(12)))
    assert {answer.status for answer in answers} == {200, 429}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status == 429)
    monkeypatch.setattr(limits, "UPLOADS_UNUSED", api.run(media_rows.count_unused, alice.id))
    assert (await upload(api, alice)).status == 429
    assert (await upload(api, bob)).status == 200, "others have their own"


async def test_unused_uploads_go_after_a_day_MED_08(api: Api, alice: Account) -> None:
    unused, used = await sent(api, alice), await sent(api, alice)
    await api.say(alice, "hello", media_ids=[used])
    instance = api.rig.instance
    api.run(lambda tx: tx.execute("UPDATE media SET created_at = ?", (clock.now() - 25 * clock.HOUR,)))

    await instance.jobs.run_chore("prune-media")

    assert api.run(media_rows.find, int(unused)) is None and api.run(media_rows.find, int(used)) is not None


# -- films --


async def test_a_video_has_a_poster_a_length_and_no_place_MED_04(api: Api, alice: Account) -> None:
    answer = await upload(api, alice, film("mp4"), "/api/v1/media", description="a test picture")

    found = answer.json
    assert (answer.status, found["type"], found["meta"]["length"]) == (200, "video", "0:00:01.00")
    assert (found["meta"]["original"]["width"], found["meta"]["width"]) == (64, 64) and len(found["blurhash"]) == 28
    served = await api.rig.get(found["url"].removeprefix("https://fedi.test"))
    data = await served.read()
    assert served.content_type == "video/mp4" and b"xyzzy" not in data and b"48.85" not in data
    part = await api.rig.get(found["url"].removeprefix("https://fedi.test"), Range="bytes=4-7")
    assert (part.status, await part.read()) == (206, b"ftyp")
    poster = await api.rig.get(found["preview_url"].removeprefix("https://fedi.test"))
    assert (poster.status, poster.content_type) == (200, "image/webp")
    post = await api.say(alice, "look", media_ids=[found["id"]])
    assert post["media_attachments"][0]["type"] == "video"


async def test_what_takes_long_is_answered_before_it_is_done(api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    data, clean = film("mp3"), films.clean
    gate = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def slow(*args: Any) -> films.Film:
        asyncio.run_coroutine_threadsafe(_wait(gate), loop).result(10)
        return clean(*args)

    monkeypatch.setattr(films, "clean", slow)
    monkeypatch.setattr("fedi.web.api.media._SHORT_S", 0.01)
    answer = await upload(api, alice, data)
    path = f"/api/v1/media/{answer.json['id']}"
    assert (answer.status, answer.json["url"], answer.json["type"]) == (202, None, "audio")
    assert (await api.get(alice, path)).status == 206
    early = await api.post(alice, "/api/v1/statuses", json={"status": "a", "media_ids": [answer.json["id"]]})
    assert early.status == 422 and "moment" in early.json["error"]
    gate.set_result(None)
    await api.rig.instance.uploads.wait(api.run(media_rows.find, int(answer.json["id"])), 10)
    done = await api.get(alice, path)
    assert (done.status, done.json["meta"]["original"]) == (200, {"duration": pytest.approx(1.0, abs=0.1)})


async def _wait(gate: "asyncio.Future[None]") -> None:
    await gate


async def test_what_went_wrong_later_is_told(api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> films.Film:
        raise Invalid("That video is broken in the middle.", "file")

    monkeypatch.setattr(films, "clean", fail)
    answer = await upload(api, alice, film("mp3"), "/api/v1/media")
    assert answer.status == 422 and "broken in the middle" in answer.json["error"]


async def test_what_was_at_work_when_the_server_ended_is_told_to_have_failed(api: Api, alice: Account) -> None:
    row = api.run(media_rows.insert, kind="video", account_id=alice.id, state="processing")
    api.run(media_rows.fail_unfinished)
    assert (await api.get(alice, f"/api/v1/media/{row.id}")).status == 422


# -- others' --


async def test_files_of_others_come_from_here_and_failed_ones_are_links(api: Api, alice: Account, carol: Account) -> None:
    post = api.run(make.post, carol, "look")
    rows = [
        api.run(media_rows.insert, kind="image", account_id=carol.id, remote_url="https://peer.test/a.png", width=10, height=5),
        api.run(
            media_rows.insert,
            kind="video",
            account_id=carol.id,
            remote_url="https://peer.test/a.mp4",
            preview_url="https://peer.test/a.jpg",
        ),
        api.run(media_rows.insert, kind="audio", account_id=carol.id, remote_url="https://peer.test/a.mp3"),
        api.run(media_rows.insert, kind="video", account_id=carol.id, remote_url="https://peer.test/b.mp4", state="failed"),
        api.run(media_rows.insert, kind="unknown", account_id=carol.id, remote_url="https://peer.test/a.pdf"),
    ]
    api.run(post_rows.set_media, post.id, [row.id for row in rows])

    found = (await api.get(alice, f"/api/v1/statuses/{post.id}")).json["media_attachments"]

    ours = [f"https://fedi.test/media/{row.key}" for row in rows]
    assert [file["type"] for file in found] == ["image", "video", "audio", "unknown", "unknown"]
    assert [file["url"] for file in found] == [*ours[:3], "https://peer.test/b.mp4", "https://peer.test/a.pdf"]
    assert [file["preview_url"] for file in found] == [f"{ours[0]}/preview", f"{ours[1]}/preview", None, None, None]
    assert [file["remote_url"] for file in found] == [row.remote_url for row in rows]


async def test_the_emoji_of_this_server_are_listed_and_named_with_what_uses_them(api: Api, alice: Account) -> None:
    api.run(emojis.add, "blob", api.run(make.picture, alice, "emoji").id, "Blobs")

    listed = await api.get(None, "/api/v1/custom_emojis")
    post = await api.say(alice, "hello :blob: :nobody:")

    (blob,) = listed.json
    assert (blob["shortcode"], blob["category"], blob["visible_in_picker"]) == ("blob", "Blobs", True)
    assert blob["static_url"] == f"{blob['url']}/preview" and "public" in listed.headers["Cache-Control"]
    assert [one["shortcode"] for one in post["emojis"]] == ["blob"] and post["emojis"][0]["url"] == blob["url"]
    assert ":blob:" in post["content"], "programs put the pictures in themselves"


def standing(data: bytes) -> FormData:
    made = FormData(default_to_multipart=True)
    made.add_field("thumbnail", data, filename="x.png", content_type="application/octet-stream")
    return made


async def test_a_recording_gets_the_picture_its_owner_chooses_and_a_picture_none(api: Api, alice: Account, bob: Account) -> None:
    sound = api.run(make.picture, alice, "audio", mime="audio/mpeg")
    path = f"/api/v1/media/{sound.id}"
    assert (await api.get(alice, path)).json["preview_url"] is None

    answer = await api.call("PUT", alice, path, data=standing(picture()))

    assert answer.status == 200 and answer.json["preview_url"] and len(answer.json["blurhash"]) == 28
    shown = await api.rig.get(answer.json["preview_url"].removeprefix("https://fedi.test"))
    assert (shown.status, shown.content_type) == (200, "image/webp")
    assert (await api.call("PUT", bob, path, data=standing(picture()))).status == 404
    assert (await api.call("PUT", alice, path, data=standing(b"nonsense"))).status == 422
    still = await sent(api, alice)
    assert (await api.call("PUT", alice, f"/api/v1/media/{still}", data=standing(picture()))).status == 422
