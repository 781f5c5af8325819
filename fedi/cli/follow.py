"""`fedi follow` and `fedi unfollow`."""

from pathlib import Path

import click

from fedi.cli import ask, show

_STATES = {
    "accepted": "{} follows {}.",
    "pending": "{} asks to follow {}. It counts when their server accepts.",
    "none": "{} follows {} no more.",
}


@click.command()
@click.argument("name")
@click.argument("handle")
@show.json_option
@ask.config_option
def follow(name: str, handle: str, as_json: bool, config: Path) -> None:
    """Let NAME of this server follow HANDLE, an account anywhere: a handle, or the address of its page.

    \b
    Example:
      fedi follow alice @bob@example.net
      fedi follow alice https://example.net/@bob
    """
    _report(name, ask.ask(config, "follow", sends=True, name=name, handle=handle), as_json)


@click.command()
@click.argument("name")
@click.argument("handle")
@show.json_option
@ask.config_option
def unfollow(name: str, handle: str, as_json: bool, config: Path) -> None:
    """Let NAME of this server follow HANDLE no more.

    \b
    Example:
      fedi unfollow alice @bob@example.net
    """
    _report(name, ask.ask(config, "unfollow", sends=True, name=name, handle=handle), as_json)


def _report(name: str, done: dict[str, str], as_json: bool) -> None:
    if as_json:
        show.as_json(done)
    else:
        click.echo(_STATES[done["state"]].format(name, done["name"]))
