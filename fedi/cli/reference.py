"""The help of every command as the text of docs/operations.md between its markers: `python -m fedi.cli.reference` writes it there."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from fedi.cli import fedi

BEGIN, END = "<!-- commands: begin -->", "<!-- commands: end -->"
_WIDTH = 120


def text() -> str:
    """A heading and a block for each command, in the order of `fedi --help`."""
    return "\n".join(f"### `{path}`\n\n```text\n{said}\n```\n" for path, said in _pages(fedi, _context(fedi, "fedi", None)))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(command, parent, name, terminal_width=_WIDTH, max_content_width=_WIDTH, help_option_names=["-h", "--help"])


def _pages(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _pages(found, _context(found, name, context))


def put_into(page: str) -> str:
    """The page with the text between its markers."""
    return re.sub(rf"(?s){BEGIN}.*?{END}", lambda _: f"{BEGIN}\n\n{text()}\n{END}", page)


def main(path: Path) -> None:
    path.write_text(put_into(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/operations.md"))
