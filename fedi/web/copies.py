"""Answers as they went out, given again while nothing is committed: to programs that poll, and to many who come for one thing at once.

A copy counts for one kind of reader and one address, as long as the database is the same to the last commit, whoever made that, and for
seconds at most, since some of what is shown ends by itself or says how long ago it was. What is deleted or hidden is committed, so no
copy outlives it.
"""

import time
from collections.abc import Hashable
from typing import Final, NamedTuple

from aiohttp import web

from fedi.storage.db import Database, Version

_MOST_BYTES: Final = 8 * 1024 * 1024
_OVERHEAD: Final = 1000  # of a key, headers and a dict entry
_ADDRESS_CHARS: Final = 500
_ASKED = web.RequestKey["_Asked"]("copy")


class _Asked(NamedTuple):
    """What an answer that is made now will be kept under."""

    key: tuple[Hashable, str]
    version: Version


class _Copy(NamedTuple):
    """`until` is monotonic seconds."""

    until: float
    body: bytes
    headers: list[tuple[str, str]]  # a name may be there twice


class Copies:
    """Those of one application."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version: Version = ()
        self._kept: dict[tuple[Hashable, str], _Copy] = {}
        self._size = 0

    def find(self, request: web.Request, reader: Hashable) -> web.Response | None:
        """The answer to the same question, None when it has to be made: then `keep` follows, with what is read after this.

        `reader` is whatever the answer hangs on besides its address.
        """
        version, key = self._database.version(), (reader, request.raw_path)
        if version != self._version:
            self._kept, self._size, self._version = {}, 0, version
        found = self._kept.get(key)
        if found is not None and time.monotonic() < found.until:
            return web.Response(body=found.body, headers=found.headers)
        request[_ASKED] = _Asked(key, version)
        return None

    def keep(self, request: web.Request, response: web.Response, seconds: float = 1.0) -> web.Response:
        """The same response; when it is a good one, kept for who asks again within so many seconds."""
        (key, version), body = request[_ASKED], response.body
        if response.status == 200 and version == self._version and isinstance(body, bytes) and len(key[1]) <= _ADDRESS_CHARS:
            self._drop(key)
            self._kept[key] = _Copy(time.monotonic() + seconds, body, list(response.headers.items()))
            self._size += len(body) + _OVERHEAD
            while self._size > _MOST_BYTES:
                self._drop(next(iter(self._kept)))
        return response

    def _drop(self, key: tuple[Hashable, str]) -> None:
        gone = self._kept.pop(key, None)
        self._size -= len(gone.body) + _OVERHEAD if gone is not None else 0


COPIES = web.AppKey[Copies]("copies")
