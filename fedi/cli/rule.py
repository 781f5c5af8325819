"""`fedi rule`: what people of this server agree to."""

from pathlib import Path

import click

from fedi.cli import ask, show


@click.group()
def rule() -> None:
    """What people of this server agree to; it stands on the page about it, and reports can name it.

    \b
    Example:
      fedi rule add "Be kind."
      fedi rule list
    """


@rule.command()
@click.argument("text")
@click.option("--hint", default="", help="What exactly is meant.")
@show.json_option
@ask.config_option
def add(text: str, hint: str, as_json: bool, config: Path) -> None:
    """Add a rule after the others.

    \b
    Example:
      fedi rule add "Be kind." --hint "Also to people who are wrong."
    """
    made = ask.ask(config, "rule.add", text=text, hint=hint)
    if as_json:
        show.as_json(made)
    else:
        click.echo(f"Added, as rule {made['id']}.")


@rule.command()
@click.argument("rule_id", metavar="ID", type=click.IntRange(1, 1_000_000))
@click.argument("language")
@click.argument("text")
@click.option("--hint", default="", help="What exactly is meant.")
@ask.config_option
def translate(rule_id: int, language: str, text: str, hint: str, config: Path) -> None:
    """Say a rule in another language, for programs whose people read it.

    \b
    Example:
      fedi rule translate 1 de "Sei freundlich."
    """
    ask.ask(config, "rule.translate", id=rule_id, language=language, text=text, hint=hint)
    click.echo(f"Rule {rule_id} is said in `{language}` too.")


@rule.command()
@click.argument("rule_id", metavar="ID", type=click.IntRange(1, 1_000_000))
@ask.config_option
def remove(rule_id: int, config: Path) -> None:
    """Take a rule back. Reports that name it still do.

    \b
    Example:
      fedi rule remove 3
    """
    ask.ask(config, "rule.remove", id=rule_id)
    click.echo(f"Rule {rule_id} is taken back.")


@rule.command("list")
@show.json_option
@ask.config_option
def list_all(as_json: bool, config: Path) -> None:
    """The rules, in order.

    \b
    Example:
      fedi rule list
    """
    found = ask.ask(config, "rule.list")
    if as_json:
        show.as_json(found)
    else:
        show.table(found, {"id": "Id", "text": "Rule", "hint": "Hint"}, "There are no rules yet. `fedi rule add TEXT` makes one.")
