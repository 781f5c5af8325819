"""`fedi account`: the people of this server."""

import sys
from pathlib import Path

import click

from fedi.cli import ask, moves, secret, show, transfers

ROLES = ("owner", "admin", "moderator", "user")


@click.group()
def account() -> None:
    """The people of this server.

    \b
    Example:
      fedi account create alice --email alice@example.org
      fedi account list
    """


@account.command()
@click.argument("name")
@click.option("--email", help="Where the person can be reached; they can sign in by it. Asked for when left out.")
@secret.password_option
@click.option("--role", type=click.Choice(ROLES), help="Without it the first person here is the owner, everybody after that a user.")
@show.json_option
@ask.config_option
def create(name: str, email: str | None, password_stdin: bool, role: str | None, as_json: bool, config: Path) -> None:
    """Make an account. NAME is what stands before the @ of the handle, and never changes.

    \b
    Example:
      fedi account create alice --email alice@example.org
      echo "$PASSWORD" | fedi account create alice --email alice@example.org --password-stdin
    """
    settings = ask.load(config)
    if email is None:
        if not sys.stdin.isatty() or password_stdin:
            raise click.UsageError("Missing option '--email'.")
        email = click.prompt("E-mail address", err=True)
    password = secret.read(password_stdin)
    made = ask.ask(config, "account.create", name=name, email=email, password=password, role=role or "")
    if as_json:
        show.as_json(made)
        return
    click.echo(f"@{made['name']}@{settings.instance.domain} is there, as {made['role']}.")
    click.echo(f"Sign in at {settings.instance.base_url}/login", err=True)


@account.command("list")
@click.option("--pending", is_flag=True, help="Only those who have signed up and wait: for their letter, or for a yes.")
@show.json_option
@ask.config_option
def list_all(pending: bool, as_json: bool, config: Path) -> None:
    """Everybody who has an account here.

    \b
    Example:
      fedi account list --json
      fedi account list --pending
    """
    found = ask.ask(config, "account.waiting" if pending else "account.list")
    if as_json:
        show.as_json(found)
        return
    if pending:
        columns = {"name": "Name", "email": "E-mail", "waiting": "Waits", "created_at": "Since", "reason": "Reason"}
        show.table(found, columns, "Nobody waits.")
        return
    for one in found:
        one["suspended"] = one["waiting"] or ("suspended" if one["suspended_at"] else "")
    headings = {"name": "Name", "role": "Role", "email": "E-mail", "posts": "Posts", "followers": "Followers", "following": "Following"}
    show.table(
        found,
        {**headings, "created_at": "Since", "suspended": "State"},
        "Nobody has an account here yet. `fedi account create NAME` makes one.",
    )


@account.command("show")
@click.argument("name")
@show.json_option
@ask.config_option
def show_one(name: str, as_json: bool, config: Path) -> None:
    """What is known of somebody here, or of somebody elsewhere by handle.

    \b
    Example:
      fedi account show alice
      fedi account show bob@example.net
    """
    found = ask.ask(config, "account.show", name=name)
    if as_json:
        show.as_json(found)
    else:
        show.facts({key.replace("_", " "): value for key, value in found.items()})


@account.command()
@click.argument("name")
@secret.password_option
@ask.config_option
def password(name: str, password_stdin: bool, config: Path) -> None:
    """Give somebody a new password. Every browser and program of theirs is signed out.

    \b
    Example:
      fedi account password alice
    """
    ask.ask(config, "account.password", name=name, password=secret.read(password_stdin))
    click.echo("The password is changed; every browser and program is signed out.")


@account.command()
@click.argument("name")
@click.argument("address")
@ask.config_option
def email(name: str, address: str, config: Path) -> None:
    """Give somebody another e-mail address, without a letter that proves it: make sure that it is theirs.

    \b
    Example:
      fedi account email alice alice@example.org
    """
    ask.ask(config, "account.email", name=name, email=address)
    click.echo(f"The address of {name} is {address} now.")


@account.command()
@click.argument("name")
@click.argument("role_name", metavar="ROLE", type=click.Choice(ROLES))
@ask.config_option
def role(name: str, role_name: str, config: Path) -> None:
    """Change what somebody may do: owner, admin, moderator or user.

    \b
    Example:
      fedi account role bob moderator
    """
    ask.ask(config, "account.role", name=name, role=role_name)
    click.echo(f"{name} is {role_name} now.")


@account.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask whether this is meant.")
@ask.config_option
def delete(name: str, yes: bool, config: Path) -> None:
    """Delete somebody's account for good, with all their posts, here and on other servers. The name is never given out again.

    \b
    Example:
      fedi account delete alice
    """
    found = ask.ask(config, "account.show", name=name)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("Nobody is there to say that this is meant. Add --yes.")
        click.confirm(f"Delete {found['name']} with {found['posts']} posts, for good?", abort=True, err=True)
    ask.ask(config, "account.delete", sends=True, name=name)
    click.echo(f"{found['name']} is deleted.")


@account.command()
@click.argument("name")
@ask.config_option
def suspend(name: str, config: Path) -> None:
    """Show nothing of an account and take nothing from it. NAME may be the handle of somebody elsewhere.

    \b
    Example:
      fedi account suspend spammer@example.net
    """
    ask.ask(config, "account.suspend", name=name)
    click.echo(f"{name} is suspended.")


@account.command()
@click.argument("name")
@ask.config_option
def unsuspend(name: str, config: Path) -> None:
    """End a suspension.

    \b
    Example:
      fedi account unsuspend bob
    """
    ask.ask(config, "account.unsuspend", name=name)
    click.echo(f"{name} is suspended no more.")


@account.command()
@click.argument("name")
@click.argument("text")
@click.option(
    "--post",
    "post_ids",
    type=click.IntRange(1, (1 << 63) - 1),
    multiple=True,
    help="A post of theirs that it is about; more than once for several.",
)
@ask.config_option
def warn(name: str, text: str, post_ids: tuple[int, ...], config: Path) -> None:
    """Tell somebody of this server what you think of what they did. They find it among their notifications.

    \b
    Example:
      fedi account warn bob "Please mark such pictures as sensitive."
    """
    ask.ask(config, "account.warn", name=name, text=text, post_ids=list(post_ids))
    click.echo(f"{name} is told.")


@account.command()
@click.argument("name")
@ask.config_option
def approve(name: str, config: Path) -> None:
    """Say yes to somebody who has signed up.

    \b
    Example:
      fedi account list --pending
      fedi account approve carol
    """
    done = ask.ask(config, "account.approve", name=name)
    click.echo(f"{name} is let in." if not done["waiting"] else f"{name} is let in, once their address is confirmed.")


@account.command()
@click.argument("name")
@ask.config_option
def confirm(name: str, config: Path) -> None:
    """Say that the e-mail address of somebody who has signed up is theirs, where no letter can.

    \b
    Example:
      fedi account confirm carol
    """
    done = ask.ask(config, "account.confirm", name=name)
    more = f" They wait for a yes: `fedi account approve {name}`." if done["waiting"] else ""
    click.echo(f"The address of {name} is confirmed.{more}")


@account.command()
@click.argument("name")
@ask.config_option
def reject(name: str, config: Path) -> None:
    """Say no to somebody who has signed up. Nothing of them is kept, and the name is free again.

    \b
    Example:
      fedi account reject carol
    """
    ask.ask(config, "account.reject", name=name)
    click.echo(f"{name} is turned down, and forgotten.")


account.add_command(moves.alias)
account.add_command(moves.move)
account.add_command(transfers.export)
account.add_command(transfers.import_)
