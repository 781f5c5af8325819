"""A mail server on a socket, which keeps the letters it is given, whole, as texts."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, letters: list[str], port: int) -> None:
        super().__init__(("127.0.0.1", port), _Visitor)
        self.letters = letters


class _Visitor(socketserver.StreamRequestHandler):
    server: _Listener

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self) -> None:
        self.say("220 mail.test")
        for line in self.rfile:
            said = line.decode().strip().lower()
            if said == "quit":
                self.say("221 bye")
                return
            self.say("354 go on" if said == "data" else "250 fine")
            if said == "data":
                self.server.letters.append(self._letter())
                self.say("250 taken")

    def _letter(self) -> str:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.decode().rstrip("\r\n"))
        return "\n".join(lines)


@contextmanager
def server(letters: list[str], port: int = 0) -> Iterator[dict[str, Any]]:
    """What to write into `[mail]` to reach it. It works in a thread of its own, as letters are sent from one."""
    with _Listener(letters, port) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield {"host": "127.0.0.1", "port": listener.server_address[1], "sender": "fedi@fedi.test", "security": "none"}
        listener.shutdown()
        thread.join(5)
