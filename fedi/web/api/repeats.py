"""Answers that are given again as they were: programs poll the same lists, mostly with nothing written in between.

An answer counts for one viewer and address, as long as the database is the same to the last commit, whoever made that, and at most
for a second, since some of what is shown ends by itself (polls, mutes).
"""

from typing import Final, NamedTuple

from aiohttp import web

from fedi import clock
from fedi.storage.db import Version
from fedi.web import keys

_BYTES: Final = 4 * 1024 * 1024
_OVERHEAD: Final = 500  # of a key and headers
_LASTS_MS: Final = 1000
_ASKED = web.RequestKey["_Asked"]("asked_again")


class _Key(NamedTuple):
    viewer_id: int
    address: str  # with the query, as it came


class _Asked(NamedTuple):
    """What an answer that is made now will be kept under."""

    key: _Key
    version: Version


class _Answer(NamedTuple):
    made_at: int
    body: bytes
    headers: dict[str, str]


class Repeats:
    """The answers of one application."""

    def __init__(self) -> None:
        self._version: Version = ()
        self._kept: dict[_Key, _Answer] = {}
        self._size = 0

    def find(self, request: web.Request, viewer_id: int) -> web.Response | None:
        """The answer to the same question, None when it has to be made: then `keep` follows, with what is read after this."""
        version, key = request.app[keys.INSTANCE].db.version(), _Key(viewer_id, request.raw_path)
        if version != self._version:
            self._kept, self._size, self._version = {}, 0, version
        found = self._kept.get(key)
        if found is not None and 0 <= clock.now() - found.made_at < _LASTS_MS:
            return web.Response(body=found.body, headers=found.headers)
        request[_ASKED] = _Asked(key, version)
        return None

    def keep(self, request: web.Request, response: web.Response) -> web.Response:
        """The same response, kept for who asks again. `find` was asked before anything was read for it."""
        key, version = request[_ASKED]
        body = response.body
        if version == self._version and isinstance(body, bytes):
            if self._size > _BYTES:
                self._kept, self._size = {}, 0
            self._size += len(body) + _OVERHEAD
            self._kept[key] = _Answer(clock.now(), body, dict(response.headers))
        return response


REPEATS = web.AppKey[Repeats]("repeats")
