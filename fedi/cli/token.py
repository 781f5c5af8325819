"""`fedi token`: what programs act for somebody with."""

from pathlib import Path

import click

from fedi.cli import ask, show


@click.group()
def token() -> None:
    """Bearer tokens, with which programs act for somebody.

    \b
    Example:
      TOKEN=$(fedi token create alice --scopes "read write")
      curl -H "Authorization: Bearer $TOKEN" https://example.org/api/v1/accounts/verify_credentials
    """


@token.command()
@click.argument("name")
@click.option("--scopes", default="read", show_default=True, help='What it may do: "read write follow push", or parts like read:statuses.')
@click.option("--program", default="command line", show_default=True, help="What it is for, to tell it from others later.")
@ask.config_option
def create(name: str, scopes: str, program: str, config: Path) -> None:
    """Make a token and print it, this once.

    \b
    Example:
      fedi token create alice --scopes "read write follow push"
    """
    click.echo(ask.ask(config, "token.create", name=name, scopes=scopes, program=program)["token"])


@token.command("list")
@click.argument("name")
@show.json_option
@ask.config_option
def list_all(name: str, as_json: bool, config: Path) -> None:
    """The tokens of somebody, by the id `revoke` takes.

    \b
    Example:
      fedi token list alice
    """
    found = ask.ask(config, "token.list", name=name)
    if as_json:
        show.as_json(found)
        return
    columns = {"id": "Id", "program": "Program", "scopes": "Scopes", "created_at": "Since", "used_at": "Last used"}
    show.table(found, columns, f"{name} has no tokens. `fedi token create {name}` makes one.")


@token.command()
@click.argument("name")
@click.argument("token_id", metavar="[ID]", default="")
@click.option("--all", "everything", is_flag=True, help="All tokens of that person.")
@ask.config_option
def revoke(name: str, token_id: str, everything: bool, config: Path) -> None:
    """End a token at once.

    \b
    Example:
      fedi token revoke alice 116432103612345678
      fedi token revoke alice --all
    """
    if bool(token_id) == everything:
        raise click.UsageError("Name one token by its id (`fedi token list` shows them), or give --all.")
    done = ask.ask(config, "token.revoke", name=name, id=token_id)
    click.echo(f"{done['revoked']} revoked.")
