from pathlib import Path

from fedi.cli import reference

PAGE = Path("docs/operations.md")


def test_the_commands_in_the_documentation_are_those_there_are():
    page = PAGE.read_text("utf-8")

    assert reference.put_into(page) == page, "Run: python -m fedi.cli.reference"


def test_every_command_is_in_it():
    text = reference.text()

    for path in ("fedi init", "fedi account create", "fedi queue retry", "fedi domain import"):
        assert f"### `{path}`" in text
