"""How a command reaches its instance: the running server over its control socket, or, without one, the data itself."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from fedi.config import Config

F = TypeVar("F", bound=Callable[..., Any])

_LATER = "No server is running: what is to be sent goes out when it starts."


def config_option(command: F) -> F:
    """`--config FILE`, passed on as `config` (a Path)."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="FEDI_CONFIG",
        default=Path("config.toml"),
        help="The configuration file, else FEDI_CONFIG, else ./config.toml.",
    )(command)


def load(config: Path) -> "Config":
    """The settings in a file. Raises Invalid."""
    from fedi import config as configuration  # lazy: a command's own

    return configuration.load(config)


def ask(config: Path, verb: str, *, sends: bool = False, **args: Any) -> Any:
    """What a verb of control.verbs answers. `sends`: it leaves something for other servers, which without a server waits.

    Raises what the verb raises; Conflict when another command has the data and no server runs.
    """
    from fedi.control import wire  # lazy: a command's own

    settings = load(config)
    connection = wire.connect(settings.dir)
    if connection is not None:
        return wire.ask(connection, verb, args)
    result = asyncio.run(_alone(settings, verb, args))
    if sends:
        click.echo(_LATER, err=True)
    return result


async def _alone(settings: "Config", verb: str, args: dict[str, Any]) -> Any:
    from fedi.cli import logs  # lazy: half a second of imports that a running server spares
    from fedi.control import verbs
    from fedi.instance import Instance

    logs.begin("warning")
    require_database(settings)
    instance = await Instance.open(settings)
    try:
        return await verbs.perform(instance, verb, args)
    finally:
        await instance.close()


def require_database(settings: "Config") -> None:
    """Raise NotFound when nothing was ever kept there: only `init` and `serve` begin a database, a slip in a path should not."""
    from fedi.errors import NotFound  # lazy: a command's own
    from fedi.storage import db

    if not (settings.dir / db.NAME).exists():
        raise NotFound(f"{settings.dir}: there is no database here. `fedi init` makes one.")
