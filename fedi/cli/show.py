"""What commands print: tables for people, tabs for pipes, JSON for programs. Nothing printed can move or colour a terminal."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from fedi.plaintext import terminal

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """`--json`, passed on as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def as_json(value: Any) -> None:
    """ASCII only, so that no control character of a stranger's is left in it."""
    click.echo(json.dumps(value, indent=2))


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], empty: str) -> None:
    """Rows by key -> heading. `empty` is said, on standard error, when there are none."""
    if not rows:
        click.echo(empty, err=True)
        return
    cells = [[terminal(_text(row.get(key))) for key in columns] for row in rows]
    if not sys.stdout.isatty():
        for line in ([heading.lower() for heading in columns.values()], *cells):
            click.echo("\t".join(line))
        return
    from rich.console import Console  # lazy: 0.1 s, and only for people
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        shown.add_column(heading, overflow="fold")
    for line in cells:
        shown.add_row(*(Text(_moment(cell) if key.endswith("_at") else cell) for key, cell in zip(columns, line, strict=True)))
    Console().print(shown)


def facts(pairs: Mapping[str, Any]) -> None:
    """One thing, a line for each fact that is not empty."""
    width = max(map(len, pairs))
    for name, value in pairs.items():
        if value not in (None, "", []):
            click.echo(f"{name:<{width}}  {terminal(_text(value))}")


def size(count: int) -> str:
    """`1.5 MB`."""
    if count < 1000:
        return f"{count} bytes"
    power = min((len(str(count)) - 1) // 3, 4)
    return f"{count / 1000**power:.1f} {('', 'k', 'M', 'G', 'T')[power]}B"


def _moment(stamp: str) -> str:
    return stamp[:16].replace("T", " ")


def _text(value: Any) -> str:
    return "" if value is None else str(value)
