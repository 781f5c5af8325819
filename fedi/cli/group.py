"""`fedi group`: the groups of this server."""

from pathlib import Path
from typing import Any

import click

from fedi.cli import ask, show

POSTING = ("anyone", "members", "moderators")


@click.group()
def group() -> None:
    """The groups of this server: people anywhere join one, post to it, and read what its members post.

    \b
    Example:
      fedi group create gardening --title Gardening --moderator alice
      fedi group list
    """


@group.command()
@click.argument("name")
@click.option("--title", default="", help="What it is called.")
@click.option("--description", default="", help="What it is about.")
@click.option("--rules", default="", help="What its members agree to.")
@click.option("--posting", type=click.Choice(POSTING), default="members", show_default=True, help="Who begins threads.")
@click.option("--approve", "approves", is_flag=True, help="Whoever wants to join asks first.")
@click.option("--moderator", default="", help="Somebody of this server who looks after it.")
@show.json_option
@ask.config_option
def create(name: str, moderator: str, as_json: bool, config: Path, **about: Any) -> None:
    """Make a group. NAME is what stands before the @ of its handle, and never changes.

    \b
    Example:
      fedi group create gardening --title Gardening --moderator alice
    """
    made = ask.ask(config, "group.create", name=name, moderator=moderator, **about)
    if as_json:
        show.as_json(made)
        return
    click.echo(f"!{made['name']}@{ask.load(config).instance.domain} is there.")


@group.command("list")
@show.json_option
@ask.config_option
def list_all(as_json: bool, config: Path) -> None:
    """The groups of this server.

    \b
    Example:
      fedi group list --json
    """
    found = ask.ask(config, "group.list")
    if as_json:
        show.as_json(found)
        return
    rows = [one | {"moderators": ", ".join(one["moderators"])} for one in found]
    columns = {"name": "Name", "title": "Title", "posting": "Posting", "members": "Members", "moderators": "Moderators"}
    show.table(rows, columns, "There are no groups here.")


@group.command()
@click.argument("name")
@click.option("--title", help="What it is called.")
@click.option("--description", help="What it is about.")
@click.option("--rules", help="What its members agree to.")
@click.option("--posting", type=click.Choice(POSTING), help="Who begins threads.")
@click.option("--approve/--open", "approves", default=None, help="Whether whoever wants to join asks first.")
@ask.config_option
def edit(name: str, config: Path, **about: Any) -> None:
    """Change what a group says of itself. What is not given stays.

    \b
    Example:
      fedi group edit gardening --posting anyone --open
    """
    ask.ask(config, "group.edit", sends=True, name=name, **about)
    click.echo(f"{name} is changed.")


@group.command()
@click.argument("name")
@click.confirmation_option(prompt="End this group for good? Its name is never given out again.")
@ask.config_option
def delete(name: str, config: Path) -> None:
    """End a group for good. The posts stay their authors'.

    \b
    Example:
      fedi group delete gardening --yes
    """
    ask.ask(config, "group.delete", sends=True, name=name)
    click.echo(f"{name} is deleted.")


@group.command()
@click.argument("name")
@click.argument("who")
@click.option("--remove", is_flag=True, help="No more, instead.")
@ask.config_option
def moderator(name: str, who: str, remove: bool, config: Path) -> None:
    """Let somebody look after a group: WHO is a name here, or the handle of somebody known from elsewhere.

    \b
    Example:
      fedi group moderator gardening alice
      fedi group moderator gardening alice --remove
    """
    made = ask.ask(config, "group.moderator", sends=True, name=name, who=who, added=not remove)
    click.echo(f"Moderators of {name}: {', '.join(made['moderators']) or 'nobody'}.")


@group.command()
@click.argument("name")
@click.argument("who")
@click.option("--reason", default="", help="Why; they and the members' servers are told.")
@click.option("--with-posts", is_flag=True, help="Take what they wrote out of the group as well.")
@click.option("--lift", is_flag=True, help="End the ban, instead.")
@ask.config_option
def ban(name: str, who: str, reason: str, with_posts: bool, lift: bool, config: Path) -> None:
    """Keep somebody out of a group: WHO is a name here, or the handle of somebody known from elsewhere.

    \b
    Example:
      fedi group ban gardening mallory@example.net --reason spam --with-posts
      fedi group ban gardening mallory@example.net --lift
    """
    if lift:
        ask.ask(config, "group.unban", sends=True, name=name, who=who)
        click.echo(f"{who} may join {name} again.")
        return
    ask.ask(config, "group.ban", sends=True, name=name, who=who, reason=reason, with_posts=with_posts)
    click.echo(f"{who} is banned from {name}.")
