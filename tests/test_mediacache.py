"""Pictures of others: fetched once, when somebody looks, made anew, and not asked for again too soon when they cannot be had."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import clock, limits
from fedi.errors import FediError, Malformed, NotFound, Refused, Unreachable
from fedi.instance import Instance
from fedi.storage import media as rows
from fedi.storage.media import Media
from tests import cast, make
from tests.test_media import picture


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


async def test_films_and_sounds_are_not_fetched(instance: Instance, remote: Callable[..., Media]) -> None:
    asked = peer(instance, picture())
    for kind in ("video", "audio", "unknown"):
        with pytest.raises(NotFound):
            await instance.mediacache.get(remote(kind).key)
    assert asked.asked == []


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
