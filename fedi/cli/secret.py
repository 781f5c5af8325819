"""Passwords: typed unseen or read from standard input, never an argument, which every user of the machine could read."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from fedi.errors import Invalid

F = TypeVar("F", bound=Callable[..., Any])

_CHARS = 4096


def password_option(command: F) -> F:
    """`--password-stdin`, passed on as `password_stdin`."""
    return click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line, instead of asking.")(
        command
    )


def read(password_stdin: bool) -> str:
    """The password. Raises Invalid when there is nobody to ask."""
    if password_stdin:
        return sys.stdin.readline(_CHARS).rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Invalid("Nobody is there to type a password. Send it on standard input, with --password-stdin.", "password")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
