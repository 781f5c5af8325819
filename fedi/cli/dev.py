"""`fedi dev`: two servers on this machine that follow each other over real sockets, with something to look at."""

import asyncio
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import click

from fedi import config
from fedi.cli import init, logs, scene
from fedi.cli.serve import Served, SignIn, run, stop_signal
from fedi.errors import Conflict
from fedi.storage import private

_HOST: Final = "localhost"
_PORT: Final = 8101


@click.command()
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the data here and go on with it next time. Without it nothing is kept.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65534),
    help=f"The first server's port, the next one is the second's.  [default: {_PORT}, or free ones]",
)
def dev(directory: Path | None, port: int | None) -> None:
    """Try it out: two servers on this machine that follow each other, and links that sign you in. Ctrl-C ends both.

    \b
    Example:
      fedi dev
      fedi dev --dir playground --port 9001
    """
    logs.begin("warning")
    with ExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fedi-dev-")))
        folders = directory.resolve() / "one", directory.resolve() / "two"
        settings = _settings(folders, port)
        run(lambda: _dev(settings, directory))


def _settings(folders: tuple[Path, Path], port: int | None) -> list[config.Config]:
    """The configurations of both, made or found: an instance keeps its port, because its domain names it."""
    if not any((folder / "config.toml").exists() for folder in folders):
        for folder, number in zip(folders, _ports(port), strict=True):
            private.folder(folder)
            init.write(folder / "config.toml", init.settings(init.locate(f"{_HOST}:{number}", "")))
    found = [config.load(folder / "config.toml", {}) for folder in folders]
    if port is not None and found[0].server.port != port:
        raise Conflict(f"{folders[0].parent}: the servers in this folder have other ports ({found[0].server.port}). Take another --dir.")
    return found


def _ports(port: int | None) -> tuple[int, int]:
    if port is not None:
        return port, port + 1
    for first in (_PORT, *range(_PORT + 10, _PORT + 500, 10)):
        if _is_free(first) and _is_free(first + 1):
            return first, first + 1
    raise Conflict("No free ports were found. Name one with --port.")


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


async def _dev(settings: list[config.Config], directory: Path) -> None:
    stop = stop_signal()
    doors = [SignIn(person.name) for person in scene.PEOPLE]
    served: list[Served] = []
    try:
        for setting, door in zip(settings, doors, strict=True):
            served.append(await Served.up(setting, door))
        seeding = asyncio.create_task(scene.make(*(one.instance for one in served)))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({seeding, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if seeding.done():
            await seeding
            _welcome(served, doors, directory)
            await stopping
        seeding.cancel()
    finally:
        await asyncio.gather(*(one.down() for one in served))


def _welcome(served: list[Served], doors: list[SignIn], directory: Path) -> None:
    click.echo("Two servers are running and follow each other. What one posts is on the other's home.\n")
    for one, door, person in zip(served, doors, scene.PEOPLE, strict=True):
        instance = one.instance.config.instance
        click.echo(f"  @{person.name}@{instance.domain}")
        click.echo(f"    signs in with     {instance.base_url}{door.path}")
        click.echo(f"    or as             {person.name}, password {person.password}, at {instance.base_url}/login")
        click.echo(f"    from a terminal   fedi post {person.name} 'Hello!' --config {one.instance.config.dir / 'config.toml'}")
    click.echo(f"\nThe data is in {directory}. Ctrl-C ends both.")
