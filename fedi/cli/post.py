"""`fedi post`: say something as somebody of this server."""

import sys
from pathlib import Path

import click

from fedi.cli import ask, show

_BYTES = 512 * 1024


@click.command()
@click.argument("name")
@click.argument("text")
@click.option(
    "--visibility",
    type=click.Choice(["public", "unlisted", "followers", "direct"]),
    default="public",
    show_default=True,
    help="Who sees it.",
)
@click.option("--title", default="", help="Give it a title; with one it may be long, and is an article then.")
@click.option("--warning", default="", help="Fold it under these words.")
@click.option("--local-only", is_flag=True, help="Keep it on this server.")
@show.json_option
@ask.config_option
def post(config: Path, as_json: bool, text: str, local_only: bool, **said: str) -> None:
    """Post TEXT as NAME. TEXT may be - to read it from standard input.

    \b
    Example:
      fedi post alice "Hello, #fediverse!"
      fortune | fedi post alice - --visibility unlisted
      fedi post alice - --title "A walk by the sea" < walk.md
    """
    if text == "-":
        text = sys.stdin.buffer.read(_BYTES).decode("utf-8", "replace")
    made = ask.ask(config, "post.create", sends=not local_only, text=text, local_only=local_only, **said)
    if as_json:
        show.as_json(made)
    else:
        click.echo(made["url"])
