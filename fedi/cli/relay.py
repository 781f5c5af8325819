"""`fedi relay`: servers that pass public posts on to all who subscribe."""

from pathlib import Path

import click

from fedi.cli import ask, show


@click.group()
def relay() -> None:
    """Relays: each passes the public posts of its subscribers on to all of them. They fill an empty federated timeline, and cost traffic.

    \b
    Example:
      fedi relay add https://relay.example.net/inbox
      fedi relay list
    """


@relay.command()
@click.argument("uri")
@ask.config_option
def add(uri: str, config: Path) -> None:
    """Subscribe: to an address that ends in /inbox (Mastodon's kind), or to the actor of a relay (LitePub's kind, as Pleroma has it).

    Its owner may have to agree; `fedi relay list` says whether they did.

    \b
    Example:
      fedi relay add https://relay.example.net/actor
    """
    ask.ask(config, "relay.add", sends=True, uri=uri)
    click.echo(f"Asked. Public posts are sent to {uri} once it has agreed.")


@relay.command()
@click.argument("uri")
@ask.config_option
def remove(uri: str, config: Path) -> None:
    """Subscribe no more. What it has brought stays.

    \b
    Example:
      fedi relay remove https://relay.example.net/actor
    """
    ask.ask(config, "relay.remove", sends=True, uri=uri)
    click.echo(f"{uri} is told, and neither sent to nor heard any more.")


@relay.command("list")
@show.json_option
@ask.config_option
def list_all(as_json: bool, config: Path) -> None:
    """Relays asked, and whether they have agreed.

    \b
    Example:
      fedi relay list --json
    """
    found = ask.ask(config, "relay.list")
    if as_json:
        show.as_json(found)
        return
    show.table(found, {"uri": "Relay", "style": "Kind", "state": "State", "created_at": "Since"}, "There are no relays.")
