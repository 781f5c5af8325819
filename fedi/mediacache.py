"""Bytes of remote files: fetched when somebody looks, kept on disk until nobody looks any more. Pictures are made anew like uploads.

Nobody's browser ever asks another server: pages and clients see `/media/KEY` only. Videos and recordings are kept as they come, when
their first bytes say that they are such, up to a size; larger ones stay where they are. Source: SSR; MED-06, -12; DOS-24.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fedi import clock, films, images, limits, media, uris
from fedi.config import StorageSettings
from fedi.errors import FediError, Malformed, NotFound, Unavailable, Unreachable
from fedi.http import Client
from fedi.images import Prepared
from fedi.storage import domains as domain_rows
from fedi.storage import media as rows
from fedi.storage.db import Database, Tx
from fedi.storage.files import Files
from fedi.storage.media import Media, Stored

_BARE = "application/octet-stream"
_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/apng", _BARE})
_RETRY_MS = {True: 10 * clock.MINUTE, False: clock.DAY}
_PICTURES, _FILMS = 4, 2  # fetched at once
_SPARE = 0.9  # of the budget is kept when it is used up, so that not every look has to make room
_NOTHING = "There is no such file."
_NOT_NOW = "That file cannot be had now."

Cpu = Callable[..., Awaitable[Any]]


class MediaCache:
    """One per instance. Several who look at one file wait for one fetch. `pictures` lets one picture at a time be made."""

    def __init__(self, db: Database, http: Client, files: Files, cpu: Cpu, pictures: asyncio.Semaphore) -> None:
        self._db = db
        self._http = http
        self._files = files
        self._cpu = cpu
        self._pictures = pictures
        self._storage = StorageSettings()
        self._used: int | None = None  # bytes; None until they were counted
        self._fetching: dict[tuple[int, str], asyncio.Task[Media]] = {}
        self._slots = {"": asyncio.Semaphore(_PICTURES), "film": asyncio.Semaphore(_FILMS)}

    def set_budget(self, storage: StorageSettings) -> None:
        """How much is kept, and for how long."""
        self._storage = storage

    async def get(self, key: str) -> Media:
        """The file of a public key, its bytes on disk. Raises NotFound when there is none or they cannot be had (now), Unavailable."""
        found = self._find(key)
        if found.sha256 is not None:
            return found
        if found.kind in images.SIZES:
            return await self._once(found, "", self._fetch_picture)
        if found.kind in ("video", "audio", "gifv") and found.remote_url:
            return await self._once(found, "film", self._fetch_film)
        raise NotFound(_NOT_NOW)

    async def get_preview(self, key: str) -> tuple[Media, str]:
        """The same, and the name of the bytes of a small still picture of it: its own where it is small itself."""
        found = self._find(key)
        if found.preview_sha256 is None:
            if found.kind in images.SIZES:
                found = await self.get(key)
            elif found.preview_url:
                found = await self._once(found, "poster", self._fetch_poster)
        name = found.preview_sha256 or (found.sha256 if found.kind in images.SIZES else None)
        if name is None:
            raise NotFound("There is no picture of that file.")
        return found, name

    async def touch(self, found: Media) -> None:
        """Somebody looked: remembered once a day, so that a look costs no write."""
        if found.remote_url and found.used_at < clock.now() - clock.DAY:
            await self._db.write(rows.touch, found.id)

    def _find(self, key: str) -> Media:
        found = self._db.read(rows.find_by_key, key)
        if found is None:
            raise NotFound(_NOTHING)
        return found

    # -- fetching --

    async def _once(self, found: Media, part: str, fetch: Callable[[Media], Coroutine[Any, Any, None]]) -> Media:
        """Fetch unless that is going on, or may not be. Raises NotFound, Unavailable."""
        if found.state != "ready" or found.retry_at > clock.now():
            raise NotFound(_NOT_NOW)
        at_work = (found.id, part)
        task = self._fetching.get(at_work)
        if task is None:
            if self._files.free_bytes() < limits.DISK_FREE_BYTES:
                raise Unavailable("The disk of this server is nearly full: no files of others are fetched now.", 600)
            if self._db.read(_is_refused, found):
                raise NotFound("No files of that server are shown here.")
            task = self._fetching[at_work] = asyncio.create_task(self._fetched(found, part, fetch))
            task.add_done_callback(lambda _: self._fetching.pop(at_work, None))
        return await asyncio.shield(task)

    async def _fetched(self, found: Media, part: str, fetch: Callable[[Media], Coroutine[Any, Any, None]]) -> Media:
        try:
            async with self._slots["film" if part == "film" else ""]:
                await fetch(found)
        except Unavailable:  # our own fault: nobody has to wait for another try
            raise NotFound(_NOT_NOW) from None
        except FediError as error:
            await self._db.write(_give_up, found, isinstance(error, Unreachable), part == "film" and isinstance(error, Malformed))
            raise NotFound(_NOT_NOW) from None
        kept = self._find(found.key)
        await self._make_room(kept.size_bytes)
        return kept

    async def _fetch_picture(self, found: Media) -> None:
        prepared = await self._picture(found.remote_url, found.kind)
        stored: Stored = await self._cpu(media.store, self._files, prepared)
        await self._db.write(_keep, found, stored)

    async def _fetch_poster(self, found: Media) -> None:
        prepared = await self._picture(found.preview_url, "poster")
        sha256: str = await self._cpu(self._files.store, prepared.data)
        await self._db.write(_keep_poster, found, sha256, prepared)

    async def _picture(self, url: str, kind: str) -> Prepared:
        most = limits.REMOTE_EMOJI_BYTES if kind == "emoji" else limits.REMOTE_IMAGE_BYTES
        fetched = await self._http.get(url, accept=", ".join(sorted(_TYPES)), types=_TYPES, max_bytes=most)
        async with self._pictures:
            prepared: Prepared = await self._cpu(images.prepare, fetched.body, kind, strict=False)
        return prepared

    async def _fetch_film(self, found: Media) -> None:
        """Written to disk as it comes. Its first bytes say what it is, whatever its server says. Source: MED-01, -06."""
        head = bytearray()
        with self._files.begin() as incoming:

            def write(part: bytes) -> None:
                if len(head) < films.HEAD_BYTES:
                    head.extend(part[: films.HEAD_BYTES])
                incoming.write(part)

            await self._http.get(found.remote_url, accept="video/*, audio/*", types=None, max_bytes=limits.REMOTE_FILM_BYTES, write=write)
            mime = films.mime_of(bytes(head), found.kind)
            if not mime:
                raise Malformed("That is neither a video nor a recording that is shown here.")
            sha256: str = await self._cpu(incoming.finish)
        await self._db.write(_keep, found, Stored(sha256, mime, incoming.size_bytes))

    # -- room --

    async def _make_room(self, size_bytes: int) -> None:
        """Count what has come, and let go of what was looked at least when that is more than there is room for."""
        budget = self._storage.remote_media_mb * 1024 * 1024
        if self._used is None:
            self._used = (await self._db.scan(rows.usage)).remote_bytes
        else:
            self._used += size_bytes
        if self._used > budget:
            await self.evict(int(budget * _SPARE))

    async def evict(self, budget_bytes: int) -> None:
        """Let go of what nobody looked at for days, and of what is beyond a budget."""
        before = clock.now() - self._storage.remote_media_days * clock.DAY
        names = await self._db.write(rows.uncache, before=before, budget_bytes=budget_bytes)
        self._used = None
        for sha256 in dict.fromkeys(names):
            if not self._db.read(rows.is_kept, sha256):
                await self._cpu(self._files.delete, sha256)


def _is_refused(tx: Tx, found: Media) -> bool:
    """Whether nothing is to be shown of the server it is of, or lies on."""
    hosts = {rows.owner_host(tx, found.id), uris.host(found.remote_url)} - {""}
    return any(domain_rows.rejects_media(tx, host) for host in hosts)


def _keep(tx: Tx, found: Media, stored: Stored) -> None:
    """Unless it became another file meanwhile. Posts that show it are rendered anew when more is known of it now."""
    present = rows.find(tx, found.id)
    if present is None or present.remote_url != found.remote_url:
        return
    rows.set_stored(tx, found.id, stored)
    if found.kind == "image" and (not found.blurhash or not found.width):
        rows.show_anew(tx, found.id)


def _keep_poster(tx: Tx, found: Media, sha256: str, prepared: Prepared) -> None:
    rows.set_preview(tx, found.id, sha256, len(prepared.data), prepared.blurhash)
    if not found.blurhash:
        rows.show_anew(tx, found.id)


def _give_up(tx: Tx, found: Media, soon: bool, for_good: bool) -> None:
    """Not before a time; a film that is too large or none is left where it is, and posts say so."""
    rows.set_failed(tx, found.id, tx.now + _RETRY_MS[soon])
    if for_good:
        rows.set_state(tx, found.id, "failed")
        rows.show_anew(tx, found.id)
