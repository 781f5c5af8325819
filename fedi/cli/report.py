"""`fedi report`: what people and other servers complain about."""

from pathlib import Path

import click

from fedi.cli import ask, show


@click.group()
def report() -> None:
    """What people and other servers complain about.

    \b
    Example:
      fedi report list
    """


@report.command("list")
@click.option("--resolved", is_flag=True, help="Those that are settled, instead.")
@show.json_option
@ask.config_option
def list_all(resolved: bool, as_json: bool, config: Path) -> None:
    """Reports that wait for an answer.

    \b
    Example:
      fedi report list --json
    """
    found = ask.ask(config, "report.list", resolved=resolved)
    if as_json:
        show.as_json(found)
        return
    columns = {"id": "Id", "about": "About", "by": "By", "comment": "Comment", "created_at": "Since"}
    show.table(found, columns, "There are no such reports.")


@report.command()
@click.argument("report_id", metavar="ID", type=click.IntRange(1, (1 << 63) - 1))
@ask.config_option
def resolve(report_id: int, config: Path) -> None:
    """Settle a report.

    \b
    Example:
      fedi report resolve 116023409382400001
    """
    ask.ask(config, "report.resolve", id=report_id)
    click.echo("Settled.")
