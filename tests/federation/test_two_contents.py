"""What a post carries, between two whole instances: S2, S3, S6, S7, S9 and S18. It arrives at the other one whole, and no further."""

from pathlib import Path

import pytest
from aiohttp import ClientSession
from freezegun.api import FrozenDateTimeFactory

from fedi import clock, emojis, follows, media, posts
from fedi.activitypub import keys, signatures
from fedi.errors import RemoteError
from fedi.storage import emojis as emoji_rows
from fedi.storage import keys as key_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.streaming import Event
from fedi.uploads import Upload
from tests import cast, make, remote
from tests.federation.test_two_instances import Pair, Side, pair  # noqa: F401 (a fixture)
from tests.films import film
from tests.test_images import animation, picture


async def look(there: Side, url: str, **headers: str) -> tuple[int, str, bytes]:
    async with ClientSession() as client, client.get(url, headers=headers, allow_redirects=False) as answer:
        assert url.startswith(there.instance.uris.base_url), "nobody is sent to the other server"
        return answer.status, answer.content_type, await answer.read()


async def copy(there: Side, key: str) -> tuple[int, str, bytes]:
    """A file as browsers of that side get it."""
    return await look(there, there.instance.uris.media(key))


def attached(there: Side, post: Post) -> list[post_rows.Attachment]:
    return there.db.read(post_rows.list_media, [post.id]).get(post.id, [])


def hold(tx: Tx, kind: str) -> bytes:
    """As if the network had swallowed what was to be sent; returns what that was."""
    [row] = tx.query("SELECT id, body FROM activities WHERE type = ?", (kind,))
    tx.execute("UPDATE deliveries SET state = 'delivered' WHERE activity_id = ?", (row[0],))
    return bytes(row[1])


async def late(sender: Side, body: bytes) -> int:
    """And now it comes out at the other end."""
    inbox = sender.other.instance.uris.shared_inbox()
    row = sender.db.read(key_rows.get_rsa, sender.person.id)
    key = signatures.Key(row.uri, keys.load_private(row.private_pem or ""))
    outgoing = signatures.Outgoing("POST", inbox, content_type=remote.AP, body_digest=signatures.digest(body))
    headers = {"Content-Type": remote.AP, **signatures.sign(outgoing, key, clock.now())}
    async with ClientSession() as client, client.post(inbox, data=body, headers=headers) as answer:
        return answer.status


# -- finding, and who gets what --


@pytest.mark.parametrize("how", ["handle", "page", "id"])
async def test_s2_somebody_is_found_by_what_people_know_of_them(pair: Pair, how: str) -> None:  # noqa: F811
    bob = pair.b.person
    found = await pair.a.instance.remote.resolve({"handle": pair.b.handle, "page": bob.url, "id": bob.uri}[how])
    assert isinstance(found, Account) and (found.uri, found.username, found.host) == (bob.uri, "bob", pair.b.instance.uris.domain)
    pair.a.do(follows.follow, found.id)
    await pair.settle()
    assert pair.a.follow_state(pair.a.person.uri, bob.uri) == pair.b.follow_state(pair.a.person.uri, bob.uri) == "accepted"


@pytest.mark.parametrize("visibility", posts.VISIBILITIES)
async def test_s3_a_post_is_for_the_same_people_on_both_sides(pair: Pair, visibility: str) -> None:  # noqa: F811
    """alice follows bob; eve, on alice's server, does not, and neither does who asks without a signature."""
    await pair.befriend(pair.a)
    eve = pair.a.db.transact(make.account, "mallory")
    post = await pair.b.say(f"{pair.a.handle} hello" if visibility == "direct" else "hello", visibility=visibility)
    await pair.settle()

    there = pair.a.get(post.uri)
    assert there.visibility == visibility and there.account_id == (await pair.a.meet()).id
    assert pair.a.home() == [post.uri]
    is_open = visibility in ("public", "unlisted")
    for viewer_id, sees in ((pair.a.person.id, True), (eve.id, is_open), (0, is_open)):
        assert (pair.a.db.read(post_rows.find_visible, viewer_id, there.id) is not None) is sees
    status, _, body = await look(pair.b, post.uri, Accept=remote.AP)
    assert status == (200 if is_open else 404) and (b"hello" in body) is is_open


# -- S6: ends, in any order --


async def test_s6_what_was_deleted_is_a_tombstone_and_does_not_come_back(pair: Pair) -> None:  # noqa: F811
    await pair.befriend(pair.a)
    post = await pair.b.say("first")
    await pair.settle()
    pair.b.do(posts.edit, post.id, posts.Draft("second", fmt="plain"), {})
    await pair.settle()
    assert "second" in pair.a.get(post.uri).content_html and pair.a.get(post.uri).edited_at
    pair.b.do(posts.remove, post.id)
    await pair.settle()

    assert pair.a.find(post.uri) is None and pair.a.home() == []
    status, kind, body = await look(pair.b, post.uri, Accept=remote.AP)
    assert (status, kind) == (410, remote.AP) and b'"Tombstone"' in body
    with pytest.raises(RemoteError):
        await pair.a.instance.remote.post(post.uri)
    assert pair.a.find(post.uri) is None


async def test_s6_an_end_that_overtakes_its_beginning_wins(pair: Pair) -> None:  # noqa: F811
    await pair.befriend(pair.a)
    post = pair.b.do(posts.publish, posts.Draft("never to be seen", fmt="plain"), {})
    body = pair.b.db.transact(hold, "Create")
    pair.b.do(posts.remove, post.id)
    await pair.settle()
    assert await late(pair.b, body) == 202
    await pair.settle()

    assert pair.a.find(post.uri) is None and pair.a.home() == [] and pair.a.told() == []


async def test_s6_an_edit_that_overtakes_its_beginning_is_not_undone_by_it(pair: Pair) -> None:  # noqa: F811
    await pair.befriend(pair.a)
    post = pair.b.do(posts.publish, posts.Draft("first", fmt="plain"), {})
    body = pair.b.db.transact(hold, "Create")
    pair.b.do(posts.edit, post.id, posts.Draft("second", fmt="plain"), {})
    await pair.settle()
    assert await late(pair.b, body) == 202
    await pair.settle()

    assert "second" in pair.a.get(post.uri).content_html and pair.a.home() == [post.uri]


# -- S7: files --


async def test_s7_files_arrive_with_all_that_is_said_of_them_and_are_shown_from_here(pair: Pair) -> None:  # noqa: F811
    await pair.befriend(pair.a)
    uploads = pair.b.instance.uploads
    image = await uploads.add(pair.b.person.id, Upload(picture("JPEG", (80, 40)), "a <red> field", (0.5, -0.5)))
    video = await uploads.add(pair.b.person.id, Upload(film("mp4"), "a test card"))
    post = await pair.b.say("look", warning="careful", media_ids=(image.id, video.id))
    await pair.settle()

    there = pair.a.get(post.uri)
    first, second = attached(pair.a, there)
    mine, _ = attached(pair.b, pair.b.get(post.uri))
    assert (there.warning, there.sensitive, first.kind, second.kind) == ("careful", 1, "image", "video")
    assert (first.alt, first.width, first.height, first.focus_x, first.focus_y) == ("a <red> field", 80, 40, 0.5, -0.5)
    assert first.blurhash == mine.blurhash != "" and (second.alt, second.duration_ms) == ("a test card", 1000)
    for file, kind in ((first, "image/webp"), (second, "video/mp4")):
        status, content_type, data = await copy(pair.a, file.key)
        assert (status, content_type) == (200, kind) and data

    pair.b.do(posts.edit, post.id, posts.Draft("look", fmt="plain", media_changes=(media.Change(image.id, "a poppy field"),)), {})
    await pair.settle()
    assert [file.alt for file in attached(pair.a, pair.a.get(post.uri))] == ["a poppy field", "a test card"]


async def test_s7_a_picture_that_its_server_has_lost_is_said_to_be_missing(pair: Pair) -> None:  # noqa: F811
    await pair.befriend(pair.a)
    image = await pair.b.instance.uploads.add(pair.b.person.id, Upload(picture(), "a field"))
    post = await pair.b.say("look", media_ids=(image.id,))
    await pair.settle()
    (file,) = attached(pair.a, pair.a.get(post.uri))
    assert pair.b.instance.files.delete(image.sha256)

    assert (await copy(pair.a, file.key))[0] == 404


# -- S9: emoji, topics, languages --


async def test_s9_emoji_topics_and_language_arrive(pair: Pair) -> None:  # noqa: F811
    await pair.befriend(pair.a)
    file = await pair.b.instance.uploads.face(None, "emoji", animation(frames=3, size=(64, 64)))
    pair.b.db.transact(emojis.add, "blob", file.id)
    post = await pair.b.say("hallo :blob: :nobody: #Straßenkatzen", language="de")
    await pair.settle()

    there, host = pair.a.get(post.uri), pair.b.instance.uris.domain
    assert there.language == "de"
    assert pair.a.db.read(post_rows.list_tags, [there.id]) == {there.id: pair.b.db.read(post_rows.list_tags, [post.id])[post.id]}
    found = pair.a.db.read(emoji_rows.find_many, host, ["blob", "nobody"])
    assert set(found) == {"blob"} and emojis.of(there.emojis) == {"blob": found["blob"].key}
    status, content_type, data = await copy(pair.a, found["blob"].key)
    assert (status, content_type) == (200, "image/webp") and data
    assert pair.a.db.read(emoji_rows.find_many, "", ["blob"]) == {}, "it is not one of this server's"


# -- S18: new keys --


def rekeyed(tx: Tx, account_id: int, pem: str) -> None:
    sql = "UPDATE account_keys SET public_pem = ?, private_pem = ? WHERE account_id = ? AND uri LIKE '%#main-key'"
    assert tx.execute(sql, (keys.public_pem(pem), pem, account_id)) == 1
    tx.emit(Event("account", account_id))


async def test_s18_new_keys_of_the_other_server_are_read_there(
    tmp_path: Path,
    frozen: FrozenDateTimeFactory,
    pair: Pair,  # noqa: F811
) -> None:
    await pair.befriend(pair.a)
    early = await pair.b.say("with the old key")
    await pair.settle()
    old = pair.a.db.read(key_rows.find, f"{pair.b.person.uri}#main-key")
    pair.b.db.transact(rekeyed, pair.b.person.id, cast.rsa_pem("mallory"))
    pair.b.instance.sender._keys.clear()  # as after a restart
    frozen.tick(600)
    late = await pair.b.say("with the new one")
    await pair.settle()

    new = pair.a.db.read(key_rows.find, f"{pair.b.person.uri}#main-key")
    assert pair.a.home() == [early.uri, late.uri]
    assert old is not None and new is not None and new.public_pem == keys.public_pem(cast.rsa_pem("mallory")) != old.public_pem
