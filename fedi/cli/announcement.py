"""`fedi announcement`: what everybody of this server is to know."""

from pathlib import Path

import click

from fedi.cli import ask, show


@click.group()
def announcement() -> None:
    """Announcements stand at the top of everybody's home, here and in their apps, until they read them away or they are over.

    \b
    Example:
      fedi announcement create "On **Sunday** the server moves house." --ends 2026-12-24
      fedi announcement list
    """


@announcement.command()
@click.argument("text")
@click.option("--starts", default="", help="When what it announces begins: a day or a time, in UTC.")
@click.option("--ends", default="", help="When that is over. It is shown no more afterwards.")
@click.option("--all-day", is_flag=True, help="Both are days: apps show no hours.")
@ask.config_option
def create(text: str, starts: str, ends: str, all_day: bool, config: Path) -> None:
    """Announce something, in Markdown.

    \b
    Example:
      fedi announcement create "We are two years old!" --starts 2026-12-24 --ends 2026-12-27 --all-day
    """
    made = ask.ask(config, "announcement.create", text=text, starts=starts, ends=ends, all_day=all_day)
    click.echo(f"Announced, as {made['id']}.")


@announcement.command("list")
@show.json_option
@ask.config_option
def list_all(as_json: bool, config: Path) -> None:
    """All there are, also those that are over.

    \b
    Example:
      fedi announcement list --json
    """
    found = ask.ask(config, "announcement.list")
    if as_json:
        show.as_json(found)
        return
    for one in found:
        one["text"] = one["text"].replace("\n", " ")[:60]
    columns = {"id": "Id", "text": "Text", "starts_at": "Begins", "ends_at": "Is over", "published_at": "Since"}
    show.table(found, columns, "There are no announcements. `fedi announcement create TEXT` makes one.")


@announcement.command()
@click.argument("announcement_id", metavar="ID", type=click.IntRange(1, (1 << 63) - 1))
@ask.config_option
def delete(announcement_id: int, config: Path) -> None:
    """Take one back.

    \b
    Example:
      fedi announcement delete 116023409382400001
    """
    ask.ask(config, "announcement.delete", id=announcement_id)
    click.echo("It is shown no more.")
