"""`fedi queue`: what waits to be sent, what failed and why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from fedi.cli import ask, show

F = TypeVar("F", bound=Callable[..., Any])

_ID = click.IntRange(1, (1 << 63) - 1)


@click.group()
def queue() -> None:
    """What waits to be sent to other servers, and what failed.

    \b
    Example:
      fedi queue list
      fedi queue retry --host example.net
    """


@queue.command("list")
@click.option("--host", default="", help="Only what goes to this server.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, help="So many of each kind at most.")
@show.json_option
@ask.config_option
def list_all(host: str, limit: int, as_json: bool, config: Path) -> None:
    """Deliveries that have not arrived, with the other server's answer, and jobs that wait or are parked.

    A delivery is queued (tried again at the time shown), refused (the other server said no), expired (a week in vain) or dropped. A parked
    job failed because of a fault of fedi.

    \b
    Example:
      fedi queue list --host example.net
    """
    found = ask.ask(config, "queue.list", host=host, limit=limit)
    if as_json:
        show.as_json(found)
        return
    for delivery in found["deliveries"]:
        status = str(delivery["status"] or "")
        delivery["said"] = f"{status}: {delivery['answer']}" if status and delivery["answer"] else status or delivery["answer"]
    columns = {"id": "Id", "host": "Host", "state": "State", "type": "What", "object": "About", "attempts": "Tries", "next_at": "Next try"}
    show.table(found["deliveries"], {**columns, "said": "Answer"}, "Nothing waits to be sent.")
    if found["jobs"]:
        columns = {"id": "Id", "job": "Job", "state": "State", "attempts": "Tries", "next_at": "Next try", "error": "Failure"}
        show.table(found["jobs"], columns, "")


def _which(command: F) -> F:
    """ID, --host and --all: what is meant."""
    command = click.argument("row_id", metavar="[ID]", type=_ID, required=False)(command)
    command = click.option("--host", default="", help="Everything that goes to this server.")(command)
    return click.option("--all", "everything", is_flag=True, help="Everything there is.")(command)


def _check(row_id: int | None, host: str, everything: bool) -> None:
    if [row_id is not None, bool(host), everything].count(True) != 1:
        raise click.UsageError("Say what: an ID of `fedi queue list`, or --host HOST, or --all.")


@queue.command()
@_which
@ask.config_option
def retry(row_id: int | None, host: str, everything: bool, config: Path) -> None:
    """Try again now: what waits, what was refused or given up, and parked jobs.

    \b
    Example:
      fedi queue retry --host example.net
    """
    _check(row_id, host, everything)
    done = ask.ask(config, "queue.retry", sends=True, host=host, id=row_id or 0)
    click.echo(f"{done['deliveries']} deliveries and {done['jobs']} jobs are due.")


@queue.command()
@_which
@ask.config_option
def drop(row_id: int | None, host: str, everything: bool, config: Path) -> None:
    """Give up: nothing more is tried for these deliveries, and these parked jobs are forgotten.

    \b
    Example:
      fedi queue drop --host gone.example.net
    """
    _check(row_id, host, everything)
    done = ask.ask(config, "queue.drop", host=host, id=row_id or 0)
    click.echo(f"{done['deliveries']} deliveries and {done['jobs']} jobs are dropped.")
