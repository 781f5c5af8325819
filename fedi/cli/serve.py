"""The server behind `fedi serve` (start.py is the command), and how any instance is brought up and down (dev.py does it twice)."""

import asyncio
import errno
import gc
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click
from aiohttp import web

from fedi import __version__, logins
from fedi.config import Config, is_loopback
from fedi.control.server import Doorway
from fedi.errors import Conflict, Invalid
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.web import auth, connections
from fedi.web.app import make_app, server_options

_BACKLOG: Final = 1024
_IN_FLIGHT_S: Final = 10  # what requests that have come in get when the server is to end
_TWICE_S: Final = 0.3  # supervisors such as timeout(1) send one signal to the process and to its group: that is not two
_SWITCH_S: Final = 0.0002  # threads that sign or hash give the loop its turn back sooner. Source: docs/architecture.md


def serve(settings: Config, config: Path) -> None:
    """Run a server until it is told to stop. `config` is the file its settings are from, for what is said."""
    run(lambda: _serve(settings, config))


def run(main: Callable[[], Any]) -> None:
    """An event loop of the fastest kind there is, until `main()` is done."""
    sys.setswitchinterval(_SWITCH_S)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # lazy: optional (`pip install fedi[speed]`)
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _serve(settings: Config, config: Path) -> None:
    stop = stop_signal()
    served = await Served.up(settings)
    try:
        _welcome(served, config)
        _tell_systemd("READY=1")
        gc.freeze()  # what is there now stays: it need not be looked through again and again
        await stop.wait()
        _tell_systemd("STOPPING=1")
    finally:
        await served.down()


def stop_signal() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    first_at = 0.0

    def heard() -> None:
        nonlocal first_at
        if not stop.is_set():
            first_at = loop.time()
            stop.set()
        elif loop.time() - first_at > _TWICE_S:
            os._exit(1)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heard)
    return stop


class Served:
    """An instance that is open, at work and listening. Made by `up`, ended by `down`."""

    def __init__(self, instance: Instance, runner: web.AppRunner, doorway: Doorway, watching: "asyncio.Task[None]") -> None:
        self.instance = instance
        self._runner = runner
        self._doorway = doorway
        self._watching = watching

    @classmethod
    async def up(cls, settings: Config, sign_in: "SignIn | None" = None) -> "Served":
        """Open the data, listen, begin to work. Raises Conflict when data or port are taken, Invalid when they cannot be had."""
        instance = await Instance.open(settings)
        runner: web.AppRunner | None = None
        watching: asyncio.Task[None] | None = None
        try:
            app = make_app(instance)
            if sign_in is not None:
                sign_in.add(app, instance)
            runner = web.AppRunner(app, shutdown_timeout=_IN_FLIGHT_S, **server_options(settings))
            await runner.setup()
            watching = connections.watch(_server_of(runner), settings)
            await _listen(runner, settings)
            doorway = await Doorway.open(instance)
        except BaseException:
            if watching is not None:
                watching.cancel()
            if runner is not None:
                await runner.cleanup()
            await instance.close()
            raise
        instance.start()
        return cls(instance, runner, doorway, watching)

    @property
    def address(self) -> str:
        """Where it listens: `http://127.0.0.1:8080`."""
        host, port = self._runner.addresses[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def down(self) -> None:
        """Stop listening at once, finish requests and deliveries that are under way, close."""
        self._watching.cancel()
        await self._doorway.close()
        instance = self.instance
        done = await asyncio.gather(self._runner.cleanup(), instance.sender.stop(), instance.jobs.stop(), return_exceptions=True)
        await instance.close()
        for result in done:
            if isinstance(result, BaseException):
                raise result


def _server_of(runner: web.AppRunner) -> web.Server:
    """It is there once the runner is set up."""
    if runner.server is None:
        raise RuntimeError("The runner is not set up.")
    return runner.server


async def _listen(runner: web.AppRunner, settings: Config) -> None:
    server = settings.server
    try:
        await web.TCPSite(runner, server.host, server.port, backlog=_BACKLOG).start()
    except OSError as error:
        raise _not_listening(f"{server.host}:{server.port}", error) from error
    if server.unix_socket:
        await web.SockSite(runner, _unix_socket(Path(server.unix_socket)), backlog=_BACKLOG).start()


def _unix_socket(path: Path) -> socket.socket:
    """For a web server of the same group (0660). One that is there already is left over: who could answer on it would hold our lock."""
    found = socket.socket(socket.AF_UNIX)
    umask = os.umask(0o117)
    try:
        if path.is_socket():
            path.unlink()
        found.bind(str(path))
    except OSError as error:
        found.close()
        raise _not_listening(str(path), error) from error
    finally:
        os.umask(umask)
    return found


def _not_listening(place: str, error: OSError) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return Conflict(f"{place}: another program listens there. Stop it, or choose another port (`--port`, server.port).")
    if error.errno == errno.EACCES:
        return Invalid(
            f"{place}: not allowed. Ports below 1024 are for a web server before this one; keep server.port above.", "server.port"
        )
    return Invalid(f"{place}: this machine cannot listen there: {error.strerror or error}. See server.host.", "server.host")


def _welcome(served: Served, config: Path) -> None:
    """Where it is, whom to sign in as, and what to do next."""
    settings = served.instance.config
    click.echo(f"fedi {__version__} serves {settings.instance.domain} at {served.address}")
    people = served.instance.db.read(account_rows.list_local)
    option = "" if config == Path("config.toml") else f" --config {config}"
    if not people:
        click.echo(f"Nobody has an account yet. In another terminal: fedi account create NAME{option}")
    else:
        names = ", ".join(person.username for person in people[:3]) + (", ..." if len(people) > 3 else "")
        click.echo(f"Sign in at {settings.instance.base_url}/login as {names}")
    if is_loopback(settings.server.host) and settings.instance.base_url.startswith("https:"):
        click.echo(f"A web server with TLS passes {settings.instance.base_url} on to it. `fedi doctor{option}` looks whether all is well.")
    sys.stdout.flush()


def _tell_systemd(state: str) -> None:
    """What sd_notify(3) does, where systemd asked for it."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if place.startswith(("/", "@")):
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.connect("\0" + place[1:] if place.startswith("@") else place)
            notify.send(state.encode())


class SignIn:
    """An address that signs whoever knows it in as one person, as long as the process runs: only for `fedi dev`, on loopback."""

    def __init__(self, username: str) -> None:
        self.path = f"/dev/sign-in/{secrets.token_urlsafe(16)}"
        self._username = username

    def add(self, app: web.Application, instance: Instance) -> None:
        """Give an application that is not running yet this address."""
        if not instance.config.instance.base_url.startswith("http:"):
            raise Invalid("A sign-in link is for servers of this machine only.")

        async def sign_in(request: web.Request) -> web.Response:
            account = instance.db.read(account_rows.get_local, self._username)
            secret = await instance.db.write(logins.start_session, account.id, request.headers.get("User-Agent", ""))
            response = web.Response(status=303, headers={"Location": "/home", "Cache-Control": "no-store"})
            auth.sign_in(request, response, secret)
            return response

        app.router.add_get(self.path, sign_in)
