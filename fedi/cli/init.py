"""`fedi init`: a configuration file with every setting explained, and an empty database with the instance's keys."""

import asyncio
import json
import os
import re
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from fedi.errors import Conflict, Invalid, Malformed

if TYPE_CHECKING:
    from fedi.config import Config

_LOCAL_PORT = 8080
_LOCAL_NETWORKS = '["127.0.0.0/8", "::1"]'


class Place(NamedTuple):
    """Where an instance is: its domain, its base URL ('' = https://domain) and the port it listens on."""

    domain: str
    base_url: str
    port: int


@click.command()
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("."),
    show_default="this folder",
    help="Where everything is kept; made if it is not there.",
)
@click.option("--domain", metavar="HOST[:PORT]", help="What handles end in: example.org for @you@example.org. Can never be changed.")
@click.option("--base-url", metavar="URL", help="Where the server is reached, when that is another host than the domain.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
def init(directory: Path, domain: str | None, base_url: str | None, yes: bool) -> None:
    """Make a configuration file and an empty database.

    With a domain of this machine, such as localhost:8101, the server speaks plain http and may reach other servers on this machine:
    for trying things out.

    \b
    Example:
      fedi init
      fedi init --dir /srv/fedi/data --domain example.org --yes
      fedi init --dir one --domain localhost:8101 --yes
    """
    asks = sys.stdin.isatty() and not yes
    if not domain:
        if not asks:
            raise click.UsageError("Missing option '--domain'.")
        click.echo("Handles end in your domain (@you@example.org). It can never change.", err=True)
        domain = str(click.prompt("Domain", err=True))
    place = locate(domain, base_url or "")
    if asks and base_url is None and not place.base_url:
        where = str(click.prompt("Where the server is reached", default=f"https://{place.domain}", err=True))
        place = locate(domain, where)
    directory = directory.resolve()
    if begin(directory, place):
        click.echo(f"{directory / 'config.toml'} and the database are made.")
    else:
        click.echo(f"{directory} has them already; nothing is changed.")
    option = "" if directory == Path.cwd().resolve() else f" --config {directory / 'config.toml'}"
    click.echo(f"Next:\n  fedi serve{option}\n  fedi account create NAME{option}", err=True)


def locate(domain: str, base_url: str) -> Place:
    """Fill in what a domain says about the rest. Raises Invalid."""
    from fedi import uris  # lazy: a command's own
    from fedi.config import is_loopback

    try:
        domain = uris.normal_host(domain)
        origin = uris.origin(base_url or f"https://{domain}")
    except Malformed:
        what = "--base-url" if base_url else "--domain"
        raise Invalid(
            f"{what}: that is not {'an address like https://example.org' if base_url else 'a domain like example.org'}."
        ) from None
    if base_url:
        base_url = base_url.rstrip("/")
        return Place(domain, base_url, origin.port if origin.scheme == "http" else _LOCAL_PORT)
    if not is_loopback(origin.host):
        return Place(domain, "", _LOCAL_PORT)
    if domain == origin.host or domain == f"[{origin.host}]":
        domain = f"{domain}:{_LOCAL_PORT}"
    port = uris.origin(f"http://{domain}").port
    return Place(domain, f"http://{domain}", port)


def begin(directory: Path, place: Place) -> bool:
    """Make what is not there yet; False when all of it is. Raises Conflict when there is another instance, Invalid."""
    from fedi import config as configuration  # lazy: half a second
    from fedi.storage import db, private

    path = directory / "config.toml"
    text = settings(place)
    checked = configuration.parse(_parsed(text), directory)  # before anything is written
    made = False
    if path.exists():
        there = configuration.load(path).instance
        if (there.domain, there.base_url) != (checked.instance.domain, checked.instance.base_url):
            raise Conflict(f"{path}: this is the instance {there.domain} at {there.base_url}. Take another folder with --dir.")
    else:
        private.folder(directory)
        write(path, text)
        made = True
    found = configuration.load(path)
    if (found.dir / db.NAME).exists() and not made:
        return False
    try:
        asyncio.run(_open_once(found))
    except BaseException:
        if made:
            path.unlink(missing_ok=True)
        raise
    return True


async def _open_once(found: "Config") -> None:
    from fedi.instance import Instance  # lazy: half a second

    instance = await Instance.open(found)
    await instance.close()


def settings(place: Place) -> str:
    """The text of the configuration file: the example with what is known filled in."""
    values = {"domain": json.dumps(place.domain), "base_url": json.dumps(place.base_url), "port": str(place.port)}
    if place.base_url.startswith("http:"):
        values["allow_networks"] = _LOCAL_NETWORKS
    text = _example()
    for key, value in values.items():
        line = re.search(rf"(?m)^{key} = .*$", text)
        assert line is not None, key
        text = f"{text[: line.start()]}{key} = {value}{text[line.end() :]}"
    return text


def _example() -> str:
    package = Path(str(files("fedi")))
    inside = package / "config.example.toml"
    return (inside if inside.is_file() else package.parent / "config.example.toml").read_text("utf-8")


def _parsed(text: str) -> dict[str, object]:
    import tomllib  # lazy: a command's own

    return tomllib.loads(text)


def write(path: Path, text: str) -> None:
    """0600 from its first byte on, and durable."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)
