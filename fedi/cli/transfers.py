"""`fedi account export` and `fedi account import`: lists that people take along."""

from pathlib import Path
from typing import IO

import click

from fedi.cli import ask, show

_KINDS = ("follows", "blocks", "mutes", "bookmarks", "domains")


@click.command("export")
@click.argument("name")
@click.argument("kind", type=click.Choice(_KINDS))
@ask.config_option
def export(name: str, kind: str, config: Path) -> None:
    """Print a list of somebody's as CSV that this and other servers import.

    \b
    Example:
      fedi account export alice follows > following_accounts.csv
    """
    click.echo(ask.ask(config, "transfer.export", name=name, kind=kind), nl=False)


@click.command("import")
@click.argument("name")
@click.argument("kind", type=click.Choice(_KINDS), required=False)
@click.argument("file", type=click.File("r", encoding="utf-8-sig"), required=False)
@show.json_option
@ask.config_option
def import_(name: str, kind: str | None, file: IO[str] | None, as_json: bool, config: Path) -> None:
    """Bring a list of somebody's, about one line a second while the server runs. Without KIND and FILE: how far the last one has got.

    \b
    Example:
      fedi account import alice follows following_accounts.csv
      fedi account import alice
    """
    if (kind is None) != (file is None):
        raise click.UsageError("Give the kind of the list and its file, or neither.")
    if kind is None or file is None:
        found = ask.ask(config, "transfer.show", name=name)
    else:
        try:
            text = file.read()
        except UnicodeDecodeError:
            raise click.UsageError("That file is not a list (CSV in UTF-8).") from None
        found = ask.ask(config, "transfer.begin", sends=True, name=name, kind=kind, text=text)
    if as_json:
        show.as_json(found)
    elif found is None:
        click.echo(f"{name} has brought no list.")
    else:
        click.echo(f"{found['kind']}: {found['done']} of {found['lines']} lines are done, {found['failed']} could not be.")
