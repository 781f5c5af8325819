"""What is done after an answer, and for which there is no second asking: previews of links, push messages and letters. Over a kill.

While the first process lives, those it would tell accept connections and say nothing, so that all of it is under way when it is killed.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from bench.server import free_port
from tests import smtp
from tests.clients.conftest import SCOPES, House
from tests.federation.test_two_servers import soon
from tests.hostile_server import trusted

pytestmark = pytest.mark.slow
PAGE = b"<!doctype html><html><head><title>Herons at dusk</title></head><body><p>They wade.</p></body></html>"


@contextmanager
def silent(port: int) -> Iterator[None]:
    """Whoever connects is taken, and waits."""
    with socket.create_server(("127.0.0.1", port), backlog=64):
        yield


@contextmanager
def outside(port: int) -> Iterator[list[bytes]]:
    """A page, and a push service; what that was sent."""
    pushed: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        def do_POST(self) -> None:
            pushed.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.socket = trusted("localhost").wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield pushed
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Of the page and of the mail server, which the server is told of by its surroundings."""
    page, mail = free_port(), free_port()
    said = {"INSTANCE_REGISTRATIONS": "open", "MAIL_HOST": "127.0.0.1", "MAIL_PORT": str(mail), "MAIL_SENDER": "fedi@mail.test"}
    for name, value in (said | {"MAIL_SECURITY": "none"}).items():
        monkeypatch.setenv(f"FEDI_{name}", value)
    return page, mail


def sign_up(house: House, name: str) -> None:
    """Through the API, as a program does for somebody new. Their address is to be confirmed by a letter."""
    said = {"client_name": "a program", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": " ".join(SCOPES)}
    app = requests.post(f"{house.base}/api/v1/apps", json=said, timeout=60).json()
    asked = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"], "scope": "write"}
    token = requests.post(f"{house.base}/oauth/token", json=asked, timeout=60).json()["access_token"]
    about = {"username": name, "email": f"{name}@mail.test", "password": "a long password", "agreement": True, "locale": "en"}
    answer = requests.post(f"{house.base}/api/v1/accounts", json=about, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    assert answer.status_code == 200, answer.text


def test_a_preview_a_push_message_and_a_letter_come_after_a_kill(tmp_path: Path, ports: tuple[int, int]) -> None:
    page, mail = ports
    house = House(tmp_path / "data")
    alice, bob = house.client("alice"), house.client("bob")
    try:
        with silent(page), silent(mail):
            house.start()
            _, public = alice.push_subscription_generate_keys()
            alice.push_subscription_set(f"https://localhost:{page}/push", public, mention_events=True, policy="all")
            sign_up(house, "carol")
            post = bob.status_post(f"@alice look: https://localhost:{page}/herons")
            assert alice.status(post.id).card is None
            house.kill()
        letters: list[str] = []
        with outside(page) as pushed, smtp.server(letters, mail):
            house.start()
            soon(lambda: bool(pushed and letters and alice.status(post.id).card), 120)
        assert alice.status(post.id).card.title == "Herons at dusk"
        assert len(pushed) == 1 and any("To: carol@mail.test" in letter for letter in letters)
    finally:
        house.kill()
