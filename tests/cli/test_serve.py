import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench.server import spent_s
from fedi.cli import serve
from fedi.config import load
from fedi.control import wire
from fedi.errors import Conflict, Invalid
from fedi.instance import Instance
from tests.cli.conftest import Fedi, Server, Start, quiet
from tests.pace import usual_s


def get(address: str, path: str, **headers: str) -> tuple[int, bytes]:
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": "localhost:8101", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_it_says_where_it_is_and_whom_to_sign_in_as(served: Server):
    assert served.welcome[0].startswith("fedi ")
    assert "localhost:8101" in served.welcome[0]
    assert served.welcome[1] == "Sign in at http://localhost:8101/login as alice\n"
    assert get(served.address, "/healthz")[0] == 200


def test_port_0_is_a_free_one_and_said(here: Fedi, start: Start):
    server = start(here)

    port = urlsplit(server.address).port
    assert port not in (None, 0, 8101)
    assert "fedi account create" in server.welcome[1]


def test_sigterm_ends_it_with_0_and_leaves_nothing_behind(here: Fedi, served: Server):
    served.process.terminate()

    assert served.process.wait(30) == 0
    assert not (here.folder / wire.NAME).exists()
    assert served.process.stderr is not None
    assert quiet(served.process.stderr.read()) == ""


def test_one_signal_that_arrives_twice_is_one(served: Server):
    served.process.send_signal(signal.SIGSTOP)  # it hears of them together, however long it takes to send them
    served.process.send_signal(signal.SIGTERM)
    served.process.send_signal(signal.SIGTERM)
    served.process.send_signal(signal.SIGINT)
    served.process.send_signal(signal.SIGCONT)

    assert served.process.wait(30) == 0


SLOW = """
import asyncio, os, sys
from fedi.cli import serve
from aiohttp import web

async def slow(request):
    print("asked", flush=True)
    while not os.path.exists(sys.argv[2]):
        await asyncio.sleep(0.01)
    return web.Response(text="done")

made = serve.make_app
def make_app(instance):
    app = made(instance)
    app.router.add_get("/slow", slow)
    return app
serve.make_app = make_app
from fedi.cli import fedi
fedi(["serve", "--config", sys.argv[1], "--port", "0"])
"""


@pytest.fixture
def slow_server(here: Fedi, tmp_path: Path) -> object:
    """One with an address that answers once there is a file `go on`."""
    command = [sys.executable, "-c", SLOW, str(here.config), str(tmp_path / "go on")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    yield Server(process, first.split(" at ")[1].strip(), [first])
    process.kill()
    process.communicate()


def ask_slowly(server: Server) -> tuple[threading.Thread, list[tuple[int, bytes]]]:
    answers: list[tuple[int, bytes]] = []

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            answers.append(get(server.address, "/slow"))

    thread = threading.Thread(target=ask)
    thread.start()
    assert server.process.stdout is not None
    assert "asked\n" in server.process.stdout
    return thread, answers


def until_it_listens_no_more(server: Server) -> None:
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        try:
            get(server.address, "/healthz")
        except ConnectionError:
            return
        time.sleep(0.01)
    raise AssertionError("it still listens")


def test_what_was_asked_before_the_end_is_answered_and_nothing_new_taken(slow_server: Server, tmp_path: Path):
    thread, answers = ask_slowly(slow_server)

    slow_server.process.terminate()
    until_it_listens_no_more(slow_server)

    assert slow_server.process.poll() is None and answers == []
    (tmp_path / "go on").touch()
    thread.join(60)
    assert answers == [(200, b"done")]
    assert slow_server.process.wait(60) == 0


def test_a_second_signal_ends_it_at_once(slow_server: Server):
    thread, answers = ask_slowly(slow_server)
    slow_server.process.send_signal(signal.SIGINT)
    until_it_listens_no_more(slow_server)
    time.sleep(serve._TWICE_S + 0.1)

    slow_server.process.send_signal(signal.SIGINT)

    assert slow_server.process.wait(30) != 0  # it would be 0 after the time that what was asked before has
    thread.join(60)
    assert answers == []


def test_a_second_server_on_the_same_data_is_4_and_names_the_first(here: Fedi, served: Server):
    done = here.process("serve", "--port", "0")

    assert done.returncode == 4
    assert str(served.process.pid) in done.stderr
    assert get(served.address, "/healthz")[0] == 200
    assert here.run("account", "list").exit_code == 0  # its socket is where it was


async def test_a_second_server_does_not_wait_for_the_first(here: Fedi, served: Server):
    """In this process: how long a process of its own takes to begin says more about the machine."""
    began = time.monotonic()
    with pytest.raises(Conflict, match=str(served.process.pid)):
        await serve.Served.up(load(here.config))

    assert time.monotonic() - began < 30


def test_a_port_that_is_taken_is_4_and_says_so(here: Fedi):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = here.process("serve", "--port", str(other.getsockname()[1]))

    assert done.returncode == 4
    assert "another port" in done.stderr


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid"])
def test_an_address_that_is_not_ours_is_2(here: Fedi, host: str):
    done = here.process("serve", "--port", "0", "--host", host)

    assert done.returncode == 2
    assert "server.host" in done.stderr


def test_data_that_others_can_read_is_refused_with_the_remedy_INF_05(here: Fedi):
    (here.folder / "fedi.sqlite3").chmod(0o644)

    done = here.process("serve", "--port", "0")

    assert done.returncode == 2
    assert f"chmod 600 {here.folder / 'fedi.sqlite3'}" in done.stderr


def test_data_of_another_domain_is_refused(here: Fedi):
    here.config.write_text(here.config.read_text("utf-8").replace("localhost:8101", "localhost:8109"), "utf-8")

    done = here.process("serve", "--port", "0")

    assert done.returncode == 2
    assert "instance.domain" in done.stderr


def test_commands_go_to_the_running_server(here: Fedi, served: Server):
    here.account("bob")
    token = here.run("token", "create", "alice", "--scopes", "read write").stdout.strip()
    url = here.run("post", "alice", "said while it runs").stdout.strip()

    assert json.loads(here.run("account", "list", "--json").stdout)[1]["name"] == "bob"
    assert here.run("account", "show", "nobody").exit_code == 4
    assert here.run("account", "role", "alice", "user").exit_code == 2
    assert get(served.address, urlsplit(url).path, Accept="application/activity+json")[0] == 200
    assert token


def test_no_secret_is_in_the_log_even_at_debug_level_INF_06(here: Fedi, start: Start):
    text = here.config.read_text("utf-8").replace('level = "info"', 'level = "debug"').replace("requests = false", "requests = true")
    here.config.write_text(text, "utf-8")
    server = start(here)
    here.account("alice")
    token = here.run("token", "create", "alice", "--scopes", "read write").stdout.strip()
    here.run("post", "alice", "a whisper", "--visibility", "direct")
    get(server.address, "/api/v1/accounts/verify_credentials", Authorization=f"Bearer {token}")
    get(server.address, f"/home?access_token={token}", Cookie=f"fedi_8101={token}")
    server.process.terminate()
    _, log = server.process.communicate(timeout=60)

    assert "/home" in log
    for secret in (token, "a long password", "a whisper", "PRIVATE KEY"):
        assert secret not in log


def test_requests_are_not_logged_unless_wanted(here: Fedi, start: Start):
    server = start(here)
    get(server.address, "/about")
    server.process.terminate()

    assert quiet(server.process.communicate(timeout=60)[1]) == ""


def test_nobody_forges_a_line_of_the_log_DOS_26(here: Fedi, start: Start):
    here.config.write_text(here.config.read_text("utf-8").replace("requests = false", "requests = true"), "utf-8")
    server = start(here)
    get(server.address, "/%0d%0a2026-01-01T00:00:00.000Z%20error%20fedi:%20forged%1b[31m")
    server.process.terminate()
    _, log = server.process.communicate(timeout=60)

    assert not any(line.startswith("2026-01-01T") for line in log.splitlines())
    assert "\x1b" not in log


def test_a_web_server_can_reach_it_by_a_socket(here: Fedi, start: Start, tmp_path: Path):
    path = tmp_path / "http.sock"
    here.config.write_text(here.config.read_text("utf-8").replace('unix_socket = ""', f'unix_socket = "{path}"'), "utf-8")
    for _ in range(2):  # the second time the first one's socket is still there
        server = start(here)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost:8101\r\nConnection: close\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        assert path.stat().st_mode & 0o777 == 0o660
        server.process.kill()
        server.process.wait()


def test_systemd_is_told_when_it_serves(here: Fedi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        start(here)

        assert notify.recv(100) == b"READY=1"


def test_start_and_memory_are_those_promised(here: Fedi):
    command = [sys.executable, "-m", "fedi", "serve", "--config", str(here.config), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().split(" at ")[1].strip()
    status = get(address, "/healthz")[0]
    memory = Path(f"/proc/{process.pid}/status")
    resident_kb = int(memory.read_text().split("VmRSS:")[1].split()[0]) if memory.exists() else 0
    took = spent_s(process.pid)
    process.terminate()
    process.communicate(timeout=60)

    assert status == 200
    assert usual_s(took) < 3  # of the processor: bench measures the second it takes by the clock where nothing else runs
    assert resident_kb < 75 * 1024


def test_a_server_that_was_killed_starts_again(here: Fedi, start: Start):
    server = start(here)
    url = ""
    here.account("alice")
    url = here.run("post", "alice", "durable").stdout.strip()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()

    again = start(here)

    assert get(again.address, urlsplit(url).path, Accept="application/activity+json")[0] == 200


async def test_what_could_not_listen_lets_go_of_the_data(here: Fedi):
    settings = load(here.config, {"FEDI_SERVER_HOST": "203.0.113.1"})

    with pytest.raises(Invalid):
        await serve.Served.up(settings)

    instance = await Instance.open(settings)
    await instance.close()


async def test_a_sign_in_link_is_for_this_machine_only(here: Fedi):
    public = load(here.config, {"FEDI_INSTANCE_DOMAIN": "example.org", "FEDI_INSTANCE_BASE_URL": "https://example.org"})
    (here.folder / "fedi.sqlite3").unlink()

    with pytest.raises(Invalid):
        await serve.Served.up(public, serve.SignIn("alice"))


async def test_down_is_up_again(here: Fedi):
    settings = load(here.config, {"FEDI_SERVER_PORT": "0"})
    for _ in range(2):
        served = await serve.Served.up(settings)
        await asyncio.sleep(0)
        await served.down()
