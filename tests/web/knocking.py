"""Asking an application without a wire between: what a sweep does that asks ten thousand times. Only for answers that end."""

import asyncio
from typing import Any, NamedTuple, cast

import orjson
from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EmptyStreamReader, StreamReader
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL


class Said(NamedTuple):
    status: int
    text: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.text)


class _Connection:
    """Somebody on this machine: what a request asks of its transport, its protocol and its writer."""

    _reading_paused = False
    output_size = 0
    peername = sockname = ("127.0.0.1", 1)
    ssl_context = None
    max_field_size = max_line_length = 8190
    max_headers = 128

    @property
    def transport(self) -> "_Connection":
        return self

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name in ("peername", "sockname") else default

    def is_closing(self) -> bool:
        return False

    def pause_reading(self, **_: bool) -> None:
        """All there is to read has come."""

    resume_reading = pause_reading


_CONNECTION: Any = _Connection()


def _body(data: bytes | None) -> StreamReader:
    if data is None:
        return EmptyStreamReader()
    reader = StreamReader(cast(BaseProtocol, _CONNECTION), 2**16, loop=asyncio.get_running_loop())
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def knock(app: web.Application, method: str, path: str, bearer: str = "", said: Any = None) -> Said:
    """What the application answers to a request, whose body is `said` as JSON."""
    data = orjson.dumps(said) if said is not None else None
    headers = {"Host": "fedi.test", "Accept": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    headers |= {"Content-Type": "application/json", "Content-Length": str(len(data))} if data is not None else {}
    shown = CIMultiDictProxy(CIMultiDict(headers))
    raw = tuple((name.encode(), value.encode()) for name, value in headers.items())
    message = RawRequestMessage(method, path, HttpVersion11, shown, raw, False, None, False, False, URL(path, encoded=True))
    task = cast("asyncio.Task[None]", None)
    request = web.Request(message, _body(data), _CONNECTION, cast(AbstractStreamWriter, _CONNECTION), task, asyncio.get_running_loop())
    response = await app._handle(request)
    body = getattr(response, "body", b"")
    return Said(response.status, bytes(body).decode("utf-8", "replace") if isinstance(body, bytes | bytearray) else "")
