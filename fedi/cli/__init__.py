"""The `fedi` command. One file per noun; a command's file, and what it needs, is imported when it runs, so that `--help` is quick.

This is where errors become exit codes: Invalid and wrong usage 2, not allowed 3, not there or in the way 4, another server's fault 5,
anything else 1. A database newer than the program is 3.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from fedi import __version__, errors

CODES: dict[type[BaseException], int] = {
    errors.Invalid: 2,
    errors.Unauthenticated: 3,
    errors.Forbidden: 3,
    errors.NotFound: 4,
    errors.Gone: 4,
    errors.Conflict: 4,
    errors.RemoteError: 5,
}
TOO_NEW = 3

_NEXT = {
    errors.Unreachable: "Try again in a while; `fedi doctor` says whether the fault is on this side.",
    errors.StorageFull: "Make room on the disk, then try again.",
    errors.Unavailable: "`fedi doctor` looks at what is wrong.",
}


class Entry(NamedTuple):
    """A command: its module in this package, and what the list of commands says about it."""

    module: str
    help: str


COMMANDS = {
    "init": Entry("init", "Make a configuration file and an empty database."),
    "serve": Entry("start", "Run the server."),
    "dev": Entry("dev", "Try it out: two servers on this machine that follow each other."),
    "account": Entry("account", "The people of this server."),
    "token": Entry("token", "Bearer tokens, with which programs act for somebody."),
    "post": Entry("post", "Post as somebody of this server."),
    "follow": Entry("follow", "Let somebody of this server follow an account anywhere."),
    "unfollow": Entry("follow", "Let somebody of this server follow an account no more."),
    "group": Entry("group", "Groups of this server, for people anywhere."),
    "queue": Entry("queue", "What waits to be sent to other servers, and what failed."),
    "domain": Entry("domain", "Other servers: blocked, limited, allowed."),
    "relay": Entry("relay", "Servers that pass public posts on."),
    "emoji": Entry("emoji", "The custom emoji of this server."),
    "media": Entry("media", "Files on disk."),
    "rule": Entry("rule", "What people of this server agree to."),
    "page": Entry("page", "What this server says of itself: about it, its privacy policy, its terms."),
    "announcement": Entry("announcement", "What everybody of this server is to know."),
    "report": Entry("report", "What people and other servers complain about."),
    "doctor": Entry("doctor", "Look whether everything is as it should be."),
    "backup": Entry("backup", "Copy everything into one file, also while the server runs."),
    "restore": Entry("backup", "Unpack a backup into an empty folder."),
}


class Root(click.Group):
    """The `fedi` command: imports its sub-commands when they are used, and turns errors into messages and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        found: click.Command = getattr(importlib.import_module(f"fedi.cli.{entry.module}"), cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run and exit; `standalone_mode=False` (for tests) raises instead."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, **extra)
        try:
            code = super().main(args, prog_name, complete_var, False, **extra)
            sys.stdout.flush()
        except BrokenPipeError:  # `fedi account list | head`
            sys.stdout = open(os.devnull, "w", encoding="utf-8")
            code = 1
        except BaseException as error:
            code = _complain(error)
        sys.exit(code if isinstance(code, int) else 0)


def _complain(error: BaseException) -> int:
    """Say what went wrong and what to do next, on standard error; the exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        click.echo("Stopped.", err=True)
        return 130
    if isinstance(error, click.ClickException):
        return _complain_of_usage(error)
    if not isinstance(error, errors.FediError):
        return _complain_of_bug(error)
    _say(error.message)
    hint = next((_NEXT[kind] for kind in type(error).__mro__ if kind in _NEXT), "")
    if hint:
        click.echo(hint, err=True)
    if type(error).__name__ == "TooNew":  # storage.migrate's, which is not imported for this
        return TOO_NEW
    return next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), 1)


def _complain_of_usage(error: click.ClickException) -> int:
    _say(error.format_message())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(f"`{error.ctx.command_path} --help` shows how, with an example.", err=True)
    return error.exit_code


def _complain_of_bug(error: BaseException) -> int:
    if os.environ.get("FEDI_TRACEBACK"):
        traceback.print_exception(error)
    _say(f"{type(error).__name__}: {error}")
    click.echo("This is a fault of fedi. With FEDI_TRACEBACK=1 before the command it says where; please report that.", err=True)
    return 1


def _say(message: str) -> None:
    from fedi.plaintext import terminal  # lazy: only when something went wrong

    click.echo("Error: " + "\n".join(terminal(line) for line in message.split("\n")), err=True)


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fedi", message="%(prog)s %(version)s")
def fedi() -> None:
    """A server of your own in the fediverse.

    \b
    Begin:
      fedi init                             asks for your domain
      fedi serve                            runs the server
      fedi account create alice             makes your account

    Commands find the configuration by --config FILE, by FEDI_CONFIG, or as config.toml in this folder. They may be given while the server
    runs: it does then what they ask.

    Exit codes: 0 done, 2 wrong usage or value, 3 not allowed, 4 not there or in the way, 5 another server's fault, 1 anything else.
    """


def main() -> None:
    """The console script."""
    fedi(prog_name="fedi")
