"""Inboxes of other servers: many loopback addresses on one port, keep-alive, answering 202 and counting. Runs as a process of its own.

python -m bench.sink PORT COUNT      prints `ready`, then on each line of standard input how many requests came
"""

import asyncio
import sys


class _Inbox(asyncio.Protocol):
    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head_end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:head_end].lower()
            at = head.find(b"content-length:") + 15
            length = int(head[at:].split(b"\r\n", 1)[0]) if at > 14 else 0
            if len(self._buffer) < head_end + 4 + length:
                return
            self._buffer = self._buffer[head_end + 4 + length :]
            _Inbox.count += 1
            self._transport.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")


def address(number: int) -> str:
    """The loopback address of one of many pretended hosts."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


async def _serve(port: int, count: int) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(_Inbox, [address(number) for number in range(count)], port, backlog=1024)
    print("ready", flush=True)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        print(_Inbox.count, flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
