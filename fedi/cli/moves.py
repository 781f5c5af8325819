"""`fedi account alias` and `fedi account move`: somebody's other accounts, and moving to one of them."""

import sys
from pathlib import Path

import click

from fedi.cli import ask, show


@click.group()
def alias() -> None:
    """Other accounts of somebody here, on this server or elsewhere. An account that is named here may move here.

    \b
    Example:
      fedi account alias add alice @alice@old.example
      fedi account alias list alice
    """


@alias.command()
@click.argument("name")
@click.argument("other")
@ask.config_option
def add(name: str, other: str, config: Path) -> None:
    """Name another account of somebody's: OTHER is a handle or an address. Then start the move over there.

    \b
    Example:
      fedi account alias add alice @alice@old.example
    """
    found = ask.ask(config, "alias.add", sends=True, name=name, other=other)
    click.echo(f"@{found['name']} may move to {name}.")


@alias.command()
@click.argument("name")
@click.argument("other")
@ask.config_option
def remove(name: str, other: str, config: Path) -> None:
    """Take an alias back.

    \b
    Example:
      fedi account alias remove alice @alice@old.example
    """
    found = ask.ask(config, "alias.remove", sends=True, name=name, other=other)
    click.echo(f"{found['uri']} is no alias of {name} any more.")


@alias.command("list")
@click.argument("name")
@show.json_option
@ask.config_option
def list_all(name: str, as_json: bool, config: Path) -> None:
    """The other accounts that somebody has named.

    \b
    Example:
      fedi account alias list alice
    """
    found = ask.ask(config, "alias.list", name=name)
    if as_json:
        show.as_json(found)
        return
    show.table(found, {"name": "Account", "uri": "Id"}, f"{name} has named no other account.")


@click.command()
@click.argument("name")
@click.argument("target", required=False)
@click.option("--back", is_flag=True, help="Take it back: the account is at home here again. Followers who went stay where they are.")
@click.option("--yes", is_flag=True, help="Do not ask whether this is meant.")
@ask.config_option
def move(name: str, target: str | None, back: bool, yes: bool, config: Path) -> None:
    """Send somebody's followers to another account, which must name this one among its aliases. Posts stay; nobody new can follow here.

    \b
    Example:
      fedi account move alice @alice@new.example
      fedi account move alice --back
    """
    if back == (target is not None):
        raise click.UsageError("Give either the account to move to, or --back.")
    if back:
        ask.ask(config, "account.back", sends=True, name=name)
        click.echo(f"{name} is at home here.")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("Nobody is there to say that this is meant. Add --yes.")
        click.confirm(f"Send the followers of {name} to {target}? For a week they cannot be sent anywhere else", abort=True, err=True)
    found = ask.ask(config, "account.move", sends=True, name=name, target=target)
    click.echo(f"{name} has moved to @{found['name']}. {found['followers']} followers are sent there.")
