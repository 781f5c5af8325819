"""`fedi dev`: two servers on this machine that follow each other over real sockets, with something to look at."""

import asyncio
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from fedi import accounts, config
from fedi.cli import init, logs
from fedi.cli.serve import Served, SignIn, run, stop_signal
from fedi.control import verbs
from fedi.errors import Conflict, Unreachable
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage import private
from fedi.storage import settings as setting_rows
from fedi.storage.db import Tx

_HOST: Final = "localhost"
_PORT: Final = 8101
_WAIT_S: Final = 15
_SEEDED: Final = "dev.seeded"


class Person(NamedTuple):
    """Who lives on one of the two."""

    name: str
    shown: str
    bio: str
    post: str

    @property
    def password(self) -> str:
        return f"{self.name}-password"


ALICE = Person(
    "alice", "Alice", "I live on the first server. #introduction", "Hello from the first server! This post went over a socket, **signed**."
)
BOB = Person(
    "bob",
    "Bob",
    "I live on the second server.",
    "Good to be here. Whoever follows me on the first server reads this at once. #introduction",
)


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
    people = (ALICE, BOB)
    doors = [SignIn(person.name) for person in people]
    served: list[Served] = []
    try:
        for setting, door in zip(settings, doors, strict=True):
            served.append(await Served.up(setting, door))
        seeding = asyncio.create_task(_seed(*(one.instance for one in served)))
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
    for one, door, person in zip(served, doors, (ALICE, BOB), strict=True):
        instance = one.instance.config.instance
        click.echo(f"  @{person.name}@{instance.domain}")
        click.echo(f"    signs in with     {instance.base_url}{door.path}")
        click.echo(f"    or as             {person.name}, password {person.password}, at {instance.base_url}/login")
        click.echo(f"    from a terminal   fedi post {person.name} 'Hello!' --config {one.instance.config.dir / 'config.toml'}")
    click.echo(f"\nThe data is in {directory}. Ctrl-C ends both.")


async def _seed(one: Instance, two: Instance) -> None:
    """Once: two people, who follow each other and have posted, each on the own server, all of it by federation."""
    if two.db.read(setting_rows.find, _SEEDED):
        return
    for instance, person in ((one, ALICE), (two, BOB)):
        await _settle_in(instance, person)
    await asyncio.gather(
        _follow(one, ALICE, f"@{BOB.name}@{two.config.instance.domain}"), _follow(two, BOB, f"@{ALICE.name}@{one.config.instance.domain}")
    )
    sent = [await _post(instance, person.name, person.post) for instance, person in ((one, ALICE), (two, BOB))]
    for instance, uri in ((two, sent[0]["uri"]), (one, sent[1]["uri"])):
        await _until(instance, lambda tx, uri=uri: post_rows.find_by_uri(tx, uri) is not None)
    await _post(two, BOB.name, f"@{ALICE.name}@{one.config.instance.domain} And this is an answer.")
    await two.db.write(setting_rows.put, _SEEDED, True)


async def _settle_in(instance: Instance, person: Person) -> None:
    if any(known.username == person.name for known in instance.db.read(account_rows.list_local)):
        return  # it was stopped half way the last time
    email = f"{person.name}@example.org"
    await verbs.perform(instance, "account.create", {"name": person.name, "email": email, "password": person.password, "role": "owner"})
    await instance.db.write(_introduce, person)


def _introduce(tx: Tx, person: Person) -> None:
    account = account_rows.get_local(tx, person.name)
    accounts.update_profile(tx, account, accounts.Profile(person.shown, person.bio, discoverable=True, indexable=True))


async def _follow(instance: Instance, person: Person, handle: str) -> None:
    done = await verbs.perform(instance, "follow", {"name": person.name, "handle": handle})

    def is_accepted(tx: Tx) -> bool:
        follower, followed = account_rows.get_local(tx, person.name), account_rows.find_by_uri(tx, done["uri"])
        return followed is not None and follow_rows.is_follower(tx, follower.id, followed.id)

    await _until(instance, is_accepted)


async def _post(instance: Instance, name: str, text: str) -> Any:
    said = {"name": name, "text": text, "visibility": "public", "warning": "", "local_only": False}
    return await verbs.perform(instance, "post.create", said)


async def _until(instance: Instance, is_so: Any) -> None:
    for _ in range(_WAIT_S * 50):
        if instance.db.read(is_so):
            return
        await asyncio.sleep(0.02)
    raise Unreachable("The two servers do not hear each other on this machine. Is something between programs on localhost?")
