"""Pictures of others: fetched once, when somebody looks, made anew, and not asked for again too soon when they cannot be had."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import clock, limits
from fedi.config import StorageSettings
from fedi.errors import FediError, Malformed, NotFound, Refused, Unavailable, Unreachable
from fedi.instance import Instance
from fedi.storage import media as rows
from fedi.storage import posts as post_rows
from fedi.storage.media import Media
from tests import cast, make
from tests.test_images import picture


class Peer:
    """Stands in for the client: answers every request with `answer`, bytes or an error."""

    def __init__(self, answer: bytes | FediError) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.options: dict[str, Any] = {}

    async def get(self, url: str, **options: Any) -> Any:
        self.asked.append(url)
        self.options = options
        await asyncio.sleep(0.002)
        if isinstance(self.answer, FediError):
            raise self.answer
        if "write" in options:
            options["write"](self.answer)
        return type("Answer", (), {"body": self.answer})()


@pytest.fixture
def remote(instance: Instance) -> Callable[..., Media]:
    """A file of carol's, not fetched yet."""
    carol = instance.db.transact(make.person, cast.CAROL)

    def made(kind: str = "image") -> Media:
        row: Media = instance.db.transact(
            rows.insert, kind=kind, account_id=carol.id, remote_url=f"https://peer.test/{make.number()}", alt="a cat"
        )
        return row

    return made


def peer(instance: Instance, answer: bytes | FediError) -> Peer:
    made = Peer(answer)
    instance.mediacache._http = made  # type: ignore[assignment]
    return made


async def test_a_look_fetches_once_and_keeps_a_picture_made_anew(instance: Instance, remote: Callable[..., Media]) -> None:
    asked = peer(instance, picture("JPEG"))
    row = remote()
    looks = await asyncio.gather(*(instance.mediacache.get(row.key) for _ in range(10)))
    looks.append(await instance.mediacache.get(row.key))
    assert asked.asked == [row.remote_url], "many who look wait for one fetch"
    assert asked.options["max_bytes"] == limits.REMOTE_IMAGE_BYTES
    assert {look.sha256 for look in looks} == {looks[0].sha256} and looks[0].mime == "image/webp"
    assert looks[0].alt == "a cat" and looks[0].width == 60
    assert looks[0].sha256 and instance.files.path(looks[0].sha256).read_bytes()[:4] == b"RIFF"


async def test_a_key_that_nobody_has_is_nothing(instance: Instance) -> None:
    asked = peer(instance, picture())
    with pytest.raises(NotFound):
        await instance.mediacache.get("0" * 32)
    assert asked.asked == []


@pytest.mark.parametrize(
    ("answer", "wait_s"),
    [
        (Unreachable("no answer"), 600),
        (Refused("404", 404), 86_400),
        (Malformed("not a picture"), 86_400),
        (b"<svg/>", 86_400),
        (b"\x89PNG\r\n\x1a\n broken", 86_400),
    ],
)
async def test_what_cannot_be_had_is_not_asked_for_again_at_once(
    instance: Instance, remote: Callable[..., Media], frozen: FrozenDateTimeFactory, answer: Any, wait_s: int
) -> None:
    asked = peer(instance, answer)
    row = remote()
    for _ in range(3):
        with pytest.raises(NotFound):
            await instance.mediacache.get(row.key)
    assert len(asked.asked) == 1
    frozen.tick(wait_s + 1)
    asked.answer = picture()
    assert (await instance.mediacache.get(row.key)).sha256


async def test_what_is_of_no_known_kind_is_not_fetched(instance: Instance, remote: Callable[..., Media]) -> None:
    asked = peer(instance, picture())
    with pytest.raises(NotFound):
        await instance.mediacache.get(remote("unknown").key)
    assert asked.asked == []


async def test_a_film_is_kept_as_it_comes_under_the_type_of_its_bytes_MED_01(instance: Instance, remote: Callable[..., Media]) -> None:
    data = b"\0\0\0\x18ftypisom\0\0\0\0isom" + b"x" * 10_000
    asked = peer(instance, data)
    found = await instance.mediacache.get(remote("video").key)
    assert asked.options["max_bytes"] == limits.REMOTE_FILM_BYTES
    assert found.sha256 and (found.mime, found.size_bytes) == ("video/mp4", len(data))
    assert instance.files.path(found.sha256).read_bytes() == data


@pytest.mark.parametrize("data", [b"<html>", b'{"type": "Note"}', b"#EXTM3U", b"\x89PNG\r\n\x1a\n", b"", b"fLaC" + b"x" * 99])
async def test_what_is_no_film_is_left_where_it_is_and_posts_say_so_MED_07(
    instance: Instance, remote: Callable[..., Media], data: bytes
) -> None:
    row = remote("video")
    post = instance.db.transact(make.post, instance.db.transact(make.remote), "look")
    instance.db.transact(post_rows.set_media, post.id, [row.id])
    asked = peer(instance, data)
    for _ in range(2):
        with pytest.raises(NotFound):
            await instance.mediacache.get(row.key)
    assert len(asked.asked) == 1 and instance.db.read(rows.find, row.id).state == "failed"
    assert instance.db.read(post_rows.get, post.id).version == post.version + 1
    assert list(instance.files.hashes()) == [] and not list((instance.files.directory / "arriving").iterdir())


async def test_a_film_that_is_too_long_leaves_nothing_MED_06(instance: Instance, remote: Callable[..., Media]) -> None:
    row = remote("audio")
    peer(instance, Malformed("The answer is too long."))
    with pytest.raises(NotFound):
        await instance.mediacache.get(row.key)
    assert instance.db.read(rows.find, row.id).state == "failed" and list(instance.files.hashes()) == []


async def test_a_film_has_the_picture_its_server_gives_it(instance: Instance, remote: Callable[..., Media]) -> None:
    row, bare = remote("video"), remote("video")
    instance.db.transact(lambda tx: tx.execute("UPDATE media SET preview_url = 'https://peer.test/p.jpg' WHERE id = ?", (row.id,)))
    asked = peer(instance, picture("JPEG"))
    found, name = await instance.mediacache.get_preview(row.key)
    assert asked.asked == ["https://peer.test/p.jpg"] and found.sha256 is None and len(found.blurhash) == 28
    assert instance.files.path(name).read_bytes()[:4] == b"RIFF"
    with pytest.raises(NotFound):
        await instance.mediacache.get_preview(bare.key)


async def test_pictures_have_a_preview_and_small_ones_are_it(instance: Instance, remote: Callable[..., Media]) -> None:
    peer(instance, picture("PNG", (900, 600)))
    found, name = await instance.mediacache.get_preview(remote().key)
    assert name == found.preview_sha256 != found.sha256
    peer(instance, picture("PNG", (90, 60)))
    found, name = await instance.mediacache.get_preview(remote("emoji").key)
    assert name == found.sha256


async def test_what_was_not_known_of_a_picture_is_shown_once_it_came(instance: Instance, remote: Callable[..., Media]) -> None:
    row = remote()
    post = instance.db.transact(make.post, instance.db.transact(make.remote), "look")
    instance.db.transact(post_rows.set_media, post.id, [row.id])
    peer(instance, picture())
    found = await instance.mediacache.get(row.key)
    assert len(found.blurhash) == 28 and instance.db.read(post_rows.get, post.id).version == post.version + 1


async def test_an_emoji_that_changed_meanwhile_keeps_no_old_picture(instance: Instance, remote: Callable[..., Media]) -> None:
    row = remote("emoji")
    peer(instance, picture())
    look = asyncio.ensure_future(instance.mediacache.get(row.key))
    await asyncio.sleep(0)
    instance.db.transact(lambda tx: tx.execute("UPDATE media SET remote_url = 'https://peer.test/new' WHERE id = ?", (row.id,)))
    await look
    assert instance.db.read(rows.find, row.id).sha256 is None


@pytest.mark.parametrize(("severity", "reject"), [("none", 1), ("block", 0), ("limit", 1)])
@pytest.mark.parametrize("kind", ["image", "avatar", "video"])
async def test_no_files_are_taken_from_servers_whose_files_are_refused(
    instance: Instance, remote: Callable[..., Media], severity: str, reject: int, kind: str
) -> None:
    row = remote(kind)
    sql = "INSERT INTO domain_policies (host, severity, reject_media, created_at) VALUES ('peer.test', ?, ?, 0)"
    instance.db.transact(lambda tx: tx.execute(sql, (severity, reject)))
    asked = peer(instance, picture())
    with pytest.raises(NotFound):
        await instance.mediacache.get(row.key)
    assert asked.asked == [] and instance.db.read(rows.find, row.id).retry_at == 0


async def test_a_disk_that_is_nearly_full_takes_no_copies_DOS_24_R_17(
    instance: Instance, remote: Callable[..., Media], monkeypatch: pytest.MonkeyPatch
) -> None:
    row, kept = remote(), remote()
    asked = peer(instance, picture())
    await instance.mediacache.get(kept.key)
    monkeypatch.setattr(type(instance.files), "free_bytes", lambda self: limits.DISK_FREE_BYTES - 1)
    with pytest.raises(Unavailable):
        await instance.mediacache.get(row.key)
    assert len(asked.asked) == 1 and (await instance.mediacache.get(kept.key)).sha256, "what is there is shown"
    monkeypatch.undo()
    assert (await instance.mediacache.get(row.key)).sha256, "once there is room it goes on"


async def test_copies_stay_within_their_budget_and_the_least_looked_at_go_MED_12_DOS_24(
    instance: Instance, remote: Callable[..., Media], frozen: FrozenDateTimeFactory
) -> None:
    mine = instance.db.transact(make.picture, instance.db.transact(make.account), size_bytes=10_000_000)
    instance.mediacache.set_budget(StorageSettings(remote_media_mb=1))
    looked = [remote("video") for _ in range(8)]
    for index, row in enumerate(looked):
        peer(instance, b"\0\0\0\x18ftypisom\0\0\0\0isom" + bytes([index]) * 300_000)
        await instance.mediacache.get(row.key)
        frozen.tick(60)
    there = [instance.db.read(rows.find, row.id).sha256 for row in looked]
    usage = instance.db.read(rows.usage)
    assert usage.remote_bytes <= 1024 * 1024 and there[0] is None and there[-1] is not None
    assert {name for name in there if name} == set(instance.files.hashes()), "and their bytes with them"
    assert instance.db.read(rows.find, mine.id).sha256 == mine.sha256, "what people here uploaded is no cache"


async def test_few_are_fetched_at_a_time(instance: Instance, remote: Callable[..., Media]) -> None:
    now = most = 0
    asked = peer(instance, picture())
    answer = asked.get

    async def get(url: str, **options: Any) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            return await answer(url, **options)
        finally:
            now -= 1

    asked.get = get  # type: ignore[method-assign]
    found = await asyncio.gather(*(instance.mediacache.get(remote().key) for _ in range(10)))
    assert most == 4 and all(one.sha256 for one in found)


async def test_who_stops_waiting_stops_nobody_else(instance: Instance, remote: Callable[..., Media]) -> None:
    peer(instance, picture())
    row = remote()
    first, second = (asyncio.ensure_future(instance.mediacache.get(row.key)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).sha256


async def test_a_row_that_went_meanwhile_is_no_accident(instance: Instance, remote: Callable[..., Media]) -> None:
    peer(instance, picture())
    row = remote()
    look = asyncio.ensure_future(instance.mediacache.get(row.key))
    await asyncio.sleep(0)
    await instance.db.write(rows.delete, row.id)
    with pytest.raises(NotFound):
        await look


async def test_a_look_is_written_down_once_a_day(instance: Instance, remote: Callable[..., Media], frozen: FrozenDateTimeFactory) -> None:
    peer(instance, picture())
    found = await instance.mediacache.get(remote().key)
    first = found.used_at
    frozen.tick(3600)
    await instance.mediacache.touch(found)
    assert instance.db.read(rows.find, found.id).used_at == first
    frozen.tick(24 * 3600)
    await instance.mediacache.touch(found)
    assert instance.db.read(rows.find, found.id).used_at == clock.now()
