"""Asking an application without a wire between: what a sweep does that asks ten thousand times. Only for answers that end."""

import asyncio
from typing import Any, NamedTuple
from unittest.mock import Mock

import orjson
from aiohttp import web
from aiohttp.streams import EmptyStreamReader, StreamReader
from aiohttp.test_utils import make_mocked_request


class Said(NamedTuple):
    status: int
    text: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.text)


class _Transport:
    """Somebody on this machine."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name in ("peername", "sockname") else default

    def is_closing(self) -> bool:
        return False


def _body(said: Any) -> StreamReader:
    if said is None:
        return EmptyStreamReader()
    reader = StreamReader(Mock(_reading_paused=False), 2**16, loop=asyncio.get_running_loop())
    reader.feed_data(orjson.dumps(said))
    reader.feed_eof()
    return reader


async def knock(app: web.Application, method: str, path: str, bearer: str = "", said: Any = None) -> Said:
    """What the application answers to a request, whose body is `said` as JSON."""
    headers = {"Host": "fedi.test", "Accept": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    headers |= {"Content-Type": "application/json", "Content-Length": str(len(orjson.dumps(said)))} if said is not None else {}
    request = make_mocked_request(
        method, path, headers=headers, app=app, writer=Mock(output_size=0), transport=_Transport(), payload=_body(said)
    )
    response = await app._handle(request)
    body = getattr(response, "body", b"")
    return Said(response.status, bytes(body).decode("utf-8", "replace") if isinstance(body, bytes | bytearray) else "")
