"""Streams and clients that send without end, or never read: neither costs memory, nor keeps others waiting."""

import asyncio
import contextlib
import socket
from typing import Any

import pytest

from fedi import limits
from fedi.storage.accounts import Account
from tests.web.api.conftest import Api
from tests.web.api.test_streaming import exchange, listening, settled

NONSENSE = b'{"type":"subscribe","stream":"no such stream"}'


def frame(kind: int, payload: bytes) -> bytes:
    """As clients send it, with a mask of zeros."""
    return bytes([0x80 | kind, 0x80 | len(payload)]) + bytes(4) + payload


async def deaf(api: Api, who: Account) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket whose client takes nothing of what it is told."""
    client = api.rig.client
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, (client.host, client.port))
    reader, writer = await asyncio.open_connection(sock=made, limit=1024)
    head = (
        f"GET /api/v1/streaming HTTP/1.1\r\nHost: fedi.test\r\nAuthorization: Bearer {api.token(who)}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    writer.write(head.encode())
    assert b" 101 " in await reader.readline()
    return reader, writer


@pytest.mark.parametrize(("kind", "payload"), [(1, NONSENSE), (9, b"x" * 125)])
async def test_who_asks_without_end_and_takes_no_answer_is_cut_off_DOS(
    api: Api, alice: Account, monkeypatch: Any, kind: int, payload: bytes
) -> None:
    monkeypatch.setattr(limits, "STREAM_BYTES", 50_000)
    monkeypatch.setattr(limits, "STREAM_MESSAGES", 10**9)
    _, writer = await deaf(api, alice)
    (stream,) = exchange(api)._streams
    stream.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    most = 0
    with contextlib.suppress(ConnectionError):
        for _ in range(50):
            writer.write(frame(kind, payload) * 200)
            await writer.drain()
            await asyncio.sleep(0)
            most = max(most, stream.transport.get_write_buffer_size())
    writer.close()
    assert most < 200_000
    assert not len(exchange(api))


async def test_who_asks_without_end_is_told_to_stop_DOS(api: Api, alice: Account, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "STREAM_MESSAGES", 20)
    async with listening(api, alice, "public") as ear:
        for _ in range(30):
            await ear.listen("public")
        assert await ear.ended() and ear.socket.close_code == 1008
    await settled(api)
    assert not len(exchange(api))


async def test_pings_are_answered(api: Api, alice: Account) -> None:
    reader, writer = await deaf(api, alice)
    while await reader.readline() != b"\r\n":
        pass
    writer.write(frame(9, b"there?"))
    assert await reader.readexactly(8) == b"\x8a\x06there?"
    writer.close()
