"""Bytes of remote pictures: fetched when somebody looks, made anew like an upload, kept on disk until nobody looks any more.

Nobody's browser ever asks another server: pages and clients see `/media/KEY` only.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fedi import clock, limits, media
from fedi.errors import FediError, NotFound, Unreachable
from fedi.http import Client
from fedi.storage import media as rows
from fedi.storage.db import Database, Tx
from fedi.storage.files import Files
from fedi.storage.media import Media

_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_RETRY_MS = {True: 10 * clock.MINUTE, False: clock.DAY}
_AT_ONCE = 4

Cpu = Callable[..., Awaitable[Any]]


class MediaCache:
    """One per instance. Several who look at one picture wait for one fetch."""

    def __init__(self, db: Database, http: Client, files: Files, cpu: Cpu) -> None:
        self._db = db
        self._http = http
        self._files = files
        self._cpu = cpu
        self._fetching: dict[int, asyncio.Task[Media]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def get(self, key: str) -> Media:
        """The file of a public key, its bytes on disk. Raises NotFound when there is none or they cannot be had (now)."""
        found = self._db.read(rows.find_by_key, key)
        if found is None:
            raise NotFound("There is no such file.")
        if found.sha256 is not None:
            return found
        if found.kind not in media.SIZES or found.retry_at > clock.now():
            raise NotFound("That file cannot be had now.")
        task = self._fetching.get(found.id)
        if task is None:
            task = self._fetching[found.id] = asyncio.create_task(self._fetch(found))
            task.add_done_callback(lambda _: self._fetching.pop(found.id, None))
        return await asyncio.shield(task)

    async def _fetch(self, found: Media) -> Media:
        try:
            async with self._slots:
                fetched = await self._http.get(
                    found.remote_url, accept=", ".join(sorted(_TYPES)), types=_TYPES, max_bytes=limits.REMOTE_IMAGE_BYTES
                )
            prepared: media.Prepared = await self._cpu(media.prepare_image, fetched.body, found.kind)
            sha256: str = await self._cpu(self._files.store, prepared.data)
        except FediError as error:
            again = clock.now() + _RETRY_MS[isinstance(error, Unreachable)]
            await self._db.write(rows.set_failed, found.id, again)
            raise NotFound("That file cannot be had now.") from None
        await self._db.write(_keep, found.id, sha256, prepared)
        kept = self._db.read(rows.find_by_key, found.key)
        if kept is None:
            raise NotFound("There is no such file.")
        return kept

    async def touch(self, found: Media) -> None:
        """Somebody looked: remembered once a day, so that a look costs no write."""
        if found.remote_url and found.used_at < clock.now() - clock.DAY:
            await self._db.write(rows.touch, found.id)


def _keep(tx: Tx, media_id: int, sha256: str, prepared: media.Prepared) -> None:
    rows.set_fetched(tx, media_id, sha256, prepared.mime, len(prepared.data), (prepared.width, prepared.height))
