"""Files that people upload: taken in, made anew, kept. Nothing of the file that was sent is ever kept as it came. Source: MED.

A picture is ready when `add` returns. A film or a sound takes a while, in a process of its own; its row says `processing` until then.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from fedi import films, images, limits, media
from fedi.errors import FediError, Invalid, TooLarge, TooMany
from fedi.images import Prepared
from fedi.storage import media as rows
from fedi.storage.db import Database, Tx
from fedi.storage.files import Files
from fedi.storage.media import Media, Stored

Cpu = Callable[..., Awaitable[Any]]


class Upload(NamedTuple):
    """A file for a post. `thumbnail` is a picture to stand for a film or sound, b"" for none."""

    data: bytes
    alt: str = ""
    focus: tuple[float, float] = (0.0, 0.0)
    thumbnail: bytes = b""


class Uploads:
    """One per instance. `pictures` lets one picture at a time be made, here and in the cache: each takes tens of megabytes."""

    def __init__(self, db: Database, files: Files, cpu: Cpu, pictures: asyncio.Semaphore, upload_bytes: int) -> None:
        self._db = db
        self._files = files
        self._cpu = cpu
        self._pictures = pictures
        self._films = asyncio.Semaphore(1)
        self._most = upload_bytes
        self._busy: Counter[int] = Counter()  # by account
        self._at_work: dict[int, asyncio.Task[None]] = {}
        self._why: dict[int, FediError] = {}  # what went wrong with those that were waited for no longer

    async def face(self, account_id: int | None, kind: str, data: bytes) -> Media:
        """An avatar, header or emoji. Raises Invalid, TooLarge."""
        stored = await self._picture(data, kind)
        return await self._db.write(media.add, account_id, kind, stored)

    async def add(self, account_id: int, upload: Upload, wait_s: float = 60.0) -> Media:
        """A file for a post: ready, or after `wait_s` still being worked on. Raises Invalid, TooLarge; TooMany with too many unused ones.

        Source: MED-01, -08.
        """
        media.described(upload.alt)
        if len(upload.data) > self._most:
            raise TooLarge(f"A file has up to {self._most // 1024 // 1024} MB.", "file")
        if self._busy[account_id] >= limits.UPLOADS_AT_ONCE:
            raise TooMany(f"{limits.UPLOADS_AT_ONCE} files of yours are being worked on. Wait until they are ready.", 10)
        self._db.read(_check_room, account_id)
        kind = "image" if images.recognise(upload.data) else films.recognise(upload.data)
        self._busy[account_id] += 1
        if kind == "image":
            try:
                stored = await self._picture(upload.data, "image")
            finally:
                self._free(account_id)
            return await self._db.write(_add, account_id, "image", stored, upload)
        row = await self._db.write(_begin, account_id, kind, upload)
        task = self._at_work[row.id] = asyncio.create_task(self._work(row, upload))
        task.add_done_callback(lambda _: self._done(account_id, row.id))
        return await self.wait(row, wait_s)

    def _done(self, account_id: int, media_id: int) -> None:
        self._at_work.pop(media_id, None)
        self._free(account_id)

    def _free(self, account_id: int) -> None:
        self._busy[account_id] -= 1
        if not self._busy[account_id]:
            del self._busy[account_id]

    async def wait(self, row: Media, wait_s: float) -> Media:
        """The row when its work is done, or as it is after a time. Raises what went wrong."""
        task = self._at_work.get(row.id)
        if task is not None:
            await asyncio.wait([task], timeout=wait_s)
        found = self._db.read(rows.find, row.id) or row._replace(state="failed")
        if found.state == "failed":
            raise self._why.pop(row.id, None) or Invalid("That file could not be read. Upload it again.", "file")
        return found

    async def picture_for(self, row: Media, data: bytes) -> None:
        """Another still picture to stand for a film or sound. Raises Invalid for what has none, and for no picture; TooLarge."""
        if row.kind not in ("video", "audio", "gifv"):
            raise Invalid("Only videos and recordings have a picture that stands for them.", "thumbnail")
        if len(data) > self._most:
            raise TooLarge(f"A file has up to {self._most // 1024 // 1024} MB.", "thumbnail")
        async with self._pictures:
            prepared: Prepared = await self._cpu(images.prepare, data, "poster")
            sha256: str = await self._cpu(self._files.store, prepared.data)
        await self._db.write(rows.replace_preview, row.id, sha256, len(prepared.data), prepared.blurhash)

    async def close(self) -> None:
        """Stop. What was at work is not finished, and not kept."""
        tasks = list(self._at_work.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _picture(self, data: bytes, kind: str) -> Stored:
        async with self._pictures:
            prepared: Prepared = await self._cpu(images.prepare, data, kind)
            stored: Stored = await self._cpu(media.store, self._files, prepared)
        return stored

    async def _work(self, row: Media, upload: Upload) -> None:
        try:
            stored = await self._film(row.kind, upload)
        except FediError as error:
            self._why[row.id] = error
            while len(self._why) > 1000:
                del self._why[next(iter(self._why))]
            await self._db.write(rows.set_state, row.id, "failed")
            return
        except BaseException:
            await self._db.write(rows.set_state, row.id, "failed")
            raise
        await self._db.write(rows.set_stored, row.id, stored)

    async def _film(self, kind: str, upload: Upload) -> Stored:
        async with self._films:
            made: films.Film = await asyncio.to_thread(films.clean, upload.data, self._files)
        picture = Prepared(b"", "", 0, 0)
        if still := upload.thumbnail or made.poster:
            async with self._pictures:
                picture = await self._cpu(images.prepare, still, "poster")
        preview = await self._cpu(self._files.store, picture.data) if picture.data else None
        return Stored(
            made.sha256,
            made.mime,
            made.size_bytes + len(picture.data),
            made.width if kind == "video" else 0,
            made.height if kind == "video" else 0,
            preview,
            picture.blurhash,
            made.duration_ms,
        )


def _check_room(tx: Tx, account_id: int) -> None:
    if rows.count_unused(tx, account_id) >= limits.UPLOADS_UNUSED:
        raise TooMany("Too many files of yours are in no post. Post or delete some of them; after a day they are deleted.", 3600)


def _add(tx: Tx, account_id: int, kind: str, stored: Stored, upload: Upload) -> Media:
    _check_room(tx, account_id)
    return media.add(tx, account_id, kind, stored, upload.alt, upload.focus)


def _begin(tx: Tx, account_id: int, kind: str, upload: Upload) -> Media:
    _check_room(tx, account_id)
    alt, (x, y) = media.described(upload.alt), upload.focus
    return rows.insert(tx, kind=kind, account_id=account_id, state="processing", alt=alt, focus_x=x, focus_y=y, used_at=tx.now)
