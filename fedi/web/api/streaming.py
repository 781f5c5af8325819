"""Streams: what happens, told at once, over WebSockets and as server-sent events. Source: Mastodon documentation, streaming.

The token comes in the header, as the WebSocket's protocol or in the query, of programs only: a browser's cookie opens nothing here.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import orjson
from aiohttp import WSCloseCode, WSMsgType, web

from fedi import limits
from fedi.errors import FediError, NotFound, Unauthenticated
from fedi.web import auth, keys, params
from fedi.web.api import channels, table
from fedi.web.api.channels import Channel, Listener
from fedi.web.api.exchange import EXCHANGE, Exchange, Message, Stream
from fedi.web.api.table import Field

_PING_S: Final = 30.0
_MESSAGE_BYTES: Final = 4096
_GOODBYE_S: Final = 1.0
_HEAD: Final = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_PATH: Final = "/api/v1/streaming"


# -- how it goes out --


class Socket:
    """A WebSocket's frames."""

    __slots__ = ("socket",)

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket

    async def say(self, label: bytes, message: Message) -> None:
        await self.socket.send_frame(b'{"stream":' + label + message.tail, WSMsgType.TEXT)

    async def beat(self) -> None:
        """aiohttp pings by itself, and ends what does not answer; it does not answer pings (`_hear_all`)."""

    async def end(self) -> None:
        await self.socket.close()


class Lines:
    """Server-sent events. Source: WHATWG HTML, Server-sent events."""

    __slots__ = ("ended", "response")

    def __init__(self, response: web.StreamResponse) -> None:
        self.response = response
        self.ended = asyncio.Event()

    async def say(self, label: bytes, message: Message) -> None:
        payload = b"undefined" if message.payload is None else message.payload
        await self.response.write(b"event: " + message.event.encode() + b"\ndata: " + payload + b"\n\n")

    async def beat(self) -> None:
        await self.response.write(b":thump\n")

    async def end(self) -> None:
        try:
            await self.response.write_eof()
        finally:  # also when the other side has gone: the handler waits for it
            self.ended.set()


# -- who --


async def _listener(request: web.Request, *scopes: str) -> Listener:
    """Whoever's token it is. Raises Unauthenticated, Forbidden."""
    if "Authorization" not in request.headers:
        given = params.query(request).text("access_token", max_chars=200) or _protocol(request)
        if given:
            await auth.admit(request, given)
    if not auth.token_id(request):
        raise Unauthenticated("Missing access token")
    who = Listener(auth.require(request, *scopes).id, auth.scopes(request))
    auth.let_go(request)
    return who


def _protocol(request: web.Request) -> str:
    """The first protocol that a WebSocket's client offers: where browsers can put a token."""
    return request.headers.get("Sec-WebSocket-Protocol", "").partition(",")[0].strip()


def _is_upgrade(request: web.Request) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


# -- WebSockets --


async def socket(request: web.Request) -> web.StreamResponse:
    """Everything over one connection. Without an upgrade there is nothing here: it is told by that that streams are on this host."""
    if not _is_upgrade(request):
        raise NotFound("There is nothing here but a WebSocket.")
    who = await _listener(request)
    return await _serve_socket(request, who, request.query.get("stream", ""))


async def _serve_socket(request: web.Request, who: Listener, name: str) -> web.StreamResponse:
    exchange, client = request.app[EXCHANGE], request.app[keys.LIMITS].client(request)
    exchange.check(auth.token_id(request), client)
    made = _answer(request)
    await made.prepare(request)
    made.headers.clear()  # they are out, and streams last
    if request.transport is None:
        return made
    stream = Stream(who, auth.token_id(request), client, request.transport, Socket(made))
    exchange.join(stream)
    try:
        with suppress(ConnectionError):  # it has gone while it was answered
            if name:
                await _act(request, stream, "subscribe", name, dict(request.query))
            await _hear_all(request, stream, made)
    finally:
        exchange.leave(stream)
    return made


async def _hear_all(request: web.Request, stream: Stream, made: web.WebSocketResponse) -> None:
    """Until it ends. Whoever asks without end, or takes none of the answers, is not heard any further: pings are such questions too."""
    minute, count = 0, 0
    async for message in made:
        now = int(time.monotonic()) // 60
        minute, count = now, count + 1 if now == minute else 1
        if count > limits.STREAM_MESSAGES:
            await made.close(code=WSCloseCode.POLICY_VIOLATION, message=b"Too many messages.")
        elif not request.app[EXCHANGE].keeps_up(stream):
            return
        elif message.type is WSMsgType.PING:
            await made.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            await _hear(request, stream, message.data)
        elif message.type is not WSMsgType.PONG:
            await made.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"Only text is understood here.")


def _answer(request: web.Request) -> web.WebSocketResponse:
    """Raises 400 for what is no handshake."""
    offered = _protocol(request)
    return web.WebSocketResponse(
        heartbeat=_PING_S,
        autoping=False,
        max_msg_size=_MESSAGE_BYTES,
        compress=False,
        timeout=_GOODBYE_S,
        protocols=(offered,) if offered else (),
    )


async def _hear(request: web.Request, stream: Stream, text: str) -> None:
    """`{"type": "subscribe", "stream": "hashtag", "tag": "cats"}`. What is no such message is passed over, as Mastodon does."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    if isinstance(said, dict) and said.get("type") in ("subscribe", "unsubscribe"):
        name = said.get("stream")
        if isinstance(name, list):
            name = name[0] if name else ""
        await _act(request, stream, said["type"], name if isinstance(name, str) else "", said)


async def _act(request: web.Request, stream: Stream, act: str, name: str, given: Mapping[str, Any]) -> None:
    exchange = request.app[EXCHANGE]
    try:
        channel = _channel(request, stream.listener, name, given)
        if act == "subscribe":
            exchange.subscribe(stream, channel)
        else:
            exchange.unsubscribe(stream, channel.key)
    except FediError as error:
        status = channels.STATUS.get(type(error), 429)
        assert isinstance(stream.wire, Socket)
        await stream.wire.socket.send_frame(orjson.dumps({"error": error.message, "status": status}), WSMsgType.TEXT)


def _channel(request: web.Request, who: Listener, name: str, given: Mapping[str, Any]) -> Channel:
    found: Channel = request.app[keys.INSTANCE].db.read(channels.find, who, name, given)
    return found


# -- server-sent events --


async def events(request: web.Request) -> web.StreamResponse:
    """What the address names, until somebody hangs up."""
    name = request.path.rstrip("/").removeprefix(f"{_PATH}/").replace("/", ":")
    given = params.query(request)
    who = await _listener(request, *channels.SCOPES[name])
    if name.startswith("public") and given.flag("only_media"):
        name = f"{name}:media"
    if _is_upgrade(request):
        return await _serve_socket(request, who, name)
    channel = _channel(request, who, name, {"tag": given.text("tag", max_chars=300), "list": given.text("list", max_chars=20)})
    return await _serve_lines(request, who, channel)


async def _serve_lines(request: web.Request, who: Listener, channel: Channel) -> web.StreamResponse:
    exchange, client = request.app[EXCHANGE], request.app[keys.LIMITS].client(request)
    exchange.check(auth.token_id(request), client)
    made = web.StreamResponse(headers=_HEAD)
    await made.prepare(request)
    made.headers.clear()  # they are out, and streams last
    if request.transport is None:
        return made
    lines = Lines(made)
    stream = Stream(who, auth.token_id(request), client, request.transport, lines)
    exchange.join(stream)
    try:
        exchange.subscribe(stream, channel)
        await made.write(b":)\n")
        await lines.ended.wait()
    finally:
        exchange.leave(stream)
    made.force_close()
    return made


async def health(request: web.Request) -> web.Response:
    return web.Response(text="OK")


def add(app: web.Application, exchange: Exchange) -> None:
    """Give an application its streams; they end before the rest does."""
    app[EXCHANGE] = exchange
    app.on_shutdown.append(_end)


async def _end(app: web.Application) -> None:
    await app[EXCHANGE].close()


_TOKEN: Final = Field("access_token")  # for programs that cannot send headers
_MEDIA: Final = Field("only_media", "flag", example=False)
_TAG: Final = Field("tag", required=True, example="topic")


def _events(path: str, name: str, *takes: Field) -> table.Route:
    return table.user("GET", f"{_PATH}/{path}", events, " ".join(channels.SCOPES[name]), *takes, _TOKEN, gives=table.EVENTS)


ROUTES = (
    table.anyone("GET", f"{_PATH}/health", health, gives=""),
    table.anyone(
        "GET", _PATH, socket, Field("stream", choices=tuple(channels.SCOPES)), Field("tag"), Field("list", "id"), _TOKEN, gives=table.SOCKET
    ),
    _events("user", "user"),
    _events("user/notification", "user:notification"),
    _events("public", "public", _MEDIA),
    _events("public/local", "public:local", _MEDIA),
    _events("public/remote", "public:remote", _MEDIA),
    _events("hashtag", "hashtag", _TAG),
    _events("hashtag/local", "hashtag:local", _TAG),
    _events("list", "list", Field("list", "id", required=True)),
    _events("direct", "direct"),
)
