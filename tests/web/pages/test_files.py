"""Pictures, videos and recordings on pages: sent with plain forms, shown from here, described, covered when they are to be."""

from typing import Any

import pytest
from aiohttp import FormData

from fedi import accounts, emojis
from fedi.storage import accounts as account_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Attachment
from tests import make
from tests.films import film
from tests.test_images import picture
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice", "owner")


def form(visitor: Visitor, *files: bytes, **fields: Any) -> FormData:
    made = FormData(default_to_multipart=True)
    for name, value in {"csrf": visitor.csrf, "text": "look", "visibility": "public", **fields}.items():
        for one in value if isinstance(value, list) else [value]:
            made.add_field(name, str(one))
    for number, data in enumerate(files, 1):
        made.add_field(f"file{number}", data, filename="x", content_type="application/octet-stream")
    return made


async def published(rig: Rig, visitor: Visitor, *files: bytes, **fields: Any) -> str:
    answer = await visitor.post("/compose", form(visitor, *files, **fields))
    assert answer.status == 303, await answer.text()
    return answer.headers["Location"].partition("?")[0]


def shown(rig: Rig, path: str) -> list[Attachment]:
    post_id = int(path.rpartition("/")[2])
    return rig.instance.db.read(post_rows.list_media, [post_id]).get(post_id, [])


async def test_a_form_without_scripts_takes_files_with_their_descriptions(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    compose = await visitor.read("/compose")
    assert compose.form("/compose").get("enctype") == "multipart/form-data"

    path = await published(rig, visitor, picture("JPEG"), picture("PNG", (900, 700)), filealt1="a red field", filealt2="another", text="")

    page = await visitor.read(path)
    images = [img for img in page.all("img") if "u-photo" in img.get("class") and img.within("ul")]
    assert [img.get("alt") for img in images] == ["a red field", "another"] and "a red field" in page.main
    assert all(img.get("src").startswith("/media/") and img.get("width") for img in images)
    assert [file.alt for file in shown(rig, path)] == ["a red field", "another"]


async def test_a_form_with_something_wrong_keeps_what_was_sent(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)

    answer = await visitor.post("/compose", form(visitor, picture("JPEG"), text="x" * 20_000, filealt1="kept", sensitive="1"))

    text = await answer.text()
    assert answer.status == 422 and "too long" in text and "kept" in text
    (row,) = rig.instance.db.read(lambda tx: tx.query("SELECT id FROM media"))
    assert f'name="media" value="{row[0]}"' in text
    path = await published(rig, visitor, media=[row[0]], **{f"alt{row[0]}": "better"})
    assert [(file.media_id, file.alt) for file in shown(rig, path)] == [(row[0], "better")]


@pytest.mark.parametrize("data", [b"<svg/>", b"hello", picture()[:50]])
async def test_what_is_no_file_says_so_and_posts_nothing(rig: Rig, alice: Account, data: bytes) -> None:
    visitor = Visitor(rig, alice)
    answer = await visitor.post("/compose", form(visitor, data))
    assert answer.status == 422
    assert rig.instance.db.read(lambda tx: tx.one("SELECT count(*) FROM posts"))[0] == 0


async def test_files_of_others_cannot_be_taken_by_their_number(rig: Rig, alice: Account) -> None:
    bob = rig.person("bob")
    theirs = rig.instance.db.transact(make.picture, bob, alt="theirs")
    visitor = Visitor(rig, alice)
    answer = await visitor.post("/compose", form(visitor, media=[theirs.id], **{f"alt{theirs.id}": "mine"}))
    assert answer.status in (404, 422)
    found = rig.instance.db.read(media_rows.find, theirs.id)
    assert found is not None and found.alt == "theirs"


async def test_an_edit_describes_adds_and_takes_out(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    path = await published(rig, visitor, picture("JPEG"), picture("PNG"))
    one, other = shown(rig, path)
    page = await visitor.read(f"{path}/edit")
    assert [field.get("value") for field in page.all("input") if field.get("name") == "media"] == [str(one.media_id), str(other.media_id)]

    data = form(visitor, media=[one.media_id, other.media_id], **{f"alt{one.media_id}": "now", f"drop{other.media_id}": "1"})
    data.add_field("file3", picture("GIF"), filename="x")
    answer = await visitor.post(f"{path}/edit", data)

    assert answer.status == 303, await answer.text()
    kept, added = shown(rig, path)
    assert (kept.media_id, kept.alt) == (one.media_id, "now") and added.media_id not in (one.media_id, other.media_id)
    assert rig.instance.db.read(media_rows.find, other.media_id) is None


async def test_films_play_only_when_asked_and_have_a_poster(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    path = await published(rig, visitor, film("mp4"), film("mp3"), filealt1="a test card", filealt2="a tone")

    page = await visitor.read(path)
    (video,), (audio,) = page.all("video"), page.all("audio")
    for player in (video, audio):
        assert player.get("preload") == "none" and "controls" in player.attributes and "autoplay" not in player.attributes
        assert player.get("src").startswith("/media/")
    assert video.get("poster") == f"{video.get('src')}/preview" and "a test card" in page.main and "0:01" in page.main


async def test_what_is_sensitive_is_covered(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    path = await published(rig, visitor, picture("JPEG"), sensitive="1")

    page = await visitor.read(path)
    (image,) = [img for img in page.all("img") if "u-photo" in img.get("class") and img.within("ul")]
    assert image.within("details") and "Sensitive picture" in page.main


async def test_the_point_that_matters_stays_in_sight_without_styles_of_its_own(rig: Rig, alice: Account) -> None:
    post = rig.post(alice, "look")
    file = rig.instance.db.transact(make.picture, alice, focus_x=-0.9, focus_y=0.9)
    rig.instance.db.transact(post_rows.set_media, post.id, [file.id])

    page = await Visitor(rig, alice).read(f"/@alice/{post.id}")

    (image,) = [img for img in page.all("img") if "u-photo" in img.get("class") and img.within("ul")]
    assert image.get("class").split() == ["u-photo", "fx0", "fy0"]


async def test_what_is_not_kept_here_is_a_link_that_says_so(rig: Rig, alice: Account) -> None:
    carol = rig.instance.db.transact(make.remote, "carol")
    post = rig.instance.db.transact(make.post, carol, "look")
    large = dict(kind="video", account_id=carol.id, remote_url="https://peer.test/v.mp4", state="failed", duration_ms=3_725_000)
    plain = dict(kind="unknown", account_id=carol.id, remote_url="https://peer.test/a.pdf", alt="a paper")
    odd = dict(kind="video", account_id=carol.id, remote_url="javascript:alert(1)", state="failed")
    rows = [rig.instance.db.transact(media_rows.insert, **values).id for values in (large, plain, odd)]
    rig.instance.db.transact(post_rows.set_media, post.id, rows)

    page = await Visitor(rig, alice).read(f"/@carol@peer.test/{post.id}")

    assert page.all("video") == [] and "too large" in page.main and "1:02:05" in page.main and "a paper" in page.main
    links = [
        link.get("href") for link in page.all("a") if link.get("href").startswith("https://peer.test/") and "." in link.get("href")[-5:]
    ]
    assert links == ["https://peer.test/v.mp4", "https://peer.test/a.pdf"] and "javascript" not in page.source


async def test_a_video_of_others_has_a_way_to_its_original(rig: Rig, alice: Account) -> None:
    carol = rig.instance.db.transact(make.remote, "carol")
    post = rig.instance.db.transact(make.post, carol, "look")
    row = rig.instance.db.transact(
        media_rows.insert, kind="video", account_id=carol.id, remote_url="https://peer.test/v.mp4", preview_url="https://peer.test/p.jpg"
    )
    rig.instance.db.transact(post_rows.set_media, post.id, [row.id])

    page = await Visitor(rig, alice).read(f"/@carol@peer.test/{post.id}")

    (video,) = page.all("video")
    assert (video.get("src"), video.get("poster")) == (f"/media/{row.key}", f"/media/{row.key}/preview")
    assert "Original on peer.test" in page.main and "peer.test/p.jpg" not in page.source
    assert rig.asked_nobody, "a page asks no other server"


# -- emoji --


async def test_emoji_are_pictures_in_names_texts_and_fields_and_nowhere_else(rig: Rig, alice: Account) -> None:
    key = rig.instance.db.transact(emojis.add, "blob", rig.instance.db.transact(make.picture, alice, "emoji").id).key
    profile = accounts.Profile(display_name="Alice :blob:", bio_source="I :blob: you", fields=(("Pet :blob:", "a :blob:"),))
    rig.instance.db.transact(accounts.update_profile, alice, profile)
    rig.instance.db.transact(lambda tx: account_rows.get(tx, alice.id))
    again = rig.instance.db.read(account_rows.get, alice.id)
    rig.post(again, "hello :blob: :nobody:", warning="careful :blob:")

    page = await Visitor(rig).read("/@alice")

    pictures = [img for img in page.all("img") if img.get("class") == "emoji"]
    assert {(img.get("src"), img.get("alt"), img.get("title")) for img in pictures} == {(f"/media/{key}", ":blob:", ":blob:")}
    assert len(pictures) == 7, "name, biography, two of the field; name, warning and text of the post"
    assert ":nobody:" in page.main and "<title>Alice :blob:" in page.source
    assert all('<img class="emoji"' not in value for element in page.all() for value in element.attributes.values())
