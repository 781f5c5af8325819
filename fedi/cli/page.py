"""`fedi page`: longer texts of this server."""

from pathlib import Path
from typing import IO

import click

from fedi.cli import ask, show

_BYTES = 512 * 1024
_NAMES = click.Choice(["about", "privacy", "terms"])


@click.group()
def page() -> None:
    """What this server says of itself: about it, its privacy policy, its terms of service. In Markdown.

    \b
    Example:
      fedi page show privacy > privacy.md
      fedi page set privacy privacy.md
    """


@page.command("set")
@click.argument("name", type=_NAMES)
@click.argument("file", type=click.File("rb"))
@click.option("--effective", default="", metavar="DAY", help="From which day terms hold, like 2026-12-31. Otherwise from today.")
@ask.config_option
def set_text(name: str, file: IO[bytes], effective: str, config: Path) -> None:
    """Replace a text by what is in FILE (- reads standard input).

    An empty file brings the text back that fedi has by itself. Of terms it takes every version away; they have no text by themselves.

    \b
    Example:
      fedi page set privacy privacy.md
      fedi page set terms terms.md --effective 2027-01-01
    """
    text = file.read(_BYTES).decode("utf-8", "replace")
    ask.ask(config, "page.set", page=name, text=text, effective=effective)
    click.echo("Set." if text.strip() else "The text is what it was at first.")


@page.command("show")
@click.argument("name", type=_NAMES)
@show.json_option
@ask.config_option
def show_text(name: str, as_json: bool, config: Path) -> None:
    """Print a text as it is written: to change it and set it again.

    \b
    Example:
      fedi page show about
    """
    found = ask.ask(config, "page.show", page=name)
    if as_json:
        show.as_json(found)
    else:
        click.echo(found["text"])
