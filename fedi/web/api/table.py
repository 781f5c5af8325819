"""What a route of the client API is: its address, who may ask, what it takes and what it gives.

Each module lists its own in `ROUTES`; `routes.py` puts them together. The router, the sweeps of rights and of hostile input, and the
OpenAPI document are made from the same table, so that a route cannot escape them.
"""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, Final, NamedTuple

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


EVENTS: Final = "text/event-stream"
SOCKET: Final = "websocket"


class Access(Enum):
    """Who may ask. The handler itself calls `auth.require` or `answers.reader`; a test compares what it does with what is said here."""

    ANYONE = "anyone"  # the same answer for everybody: no token is looked at
    READER = "reader"  # anybody; a program that shows a token needs one of the scopes
    APP = "app"  # a program, also one without a person
    USER = "user"  # a person, whose program has one of the scopes


class Field(NamedTuple):
    """A parameter of the query or of the body, by its name in a form without `[]`: `media_ids`, `poll[options]`.

    `kind` is one of text, number, real, flag, id, time, date, url, file, object; `many` says that it is a list of these.
    """

    name: str
    kind: str = "text"
    required: bool = False
    many: bool = False
    choices: tuple[str, ...] = ()
    example: Any = None


class Route(NamedTuple):
    """One address. `gives` names the entity of a 200: `Status`, `[Status]` for a list, `{}` for an empty object, '' for what is no JSON.

    It is EVENTS where the answer goes on until somebody hangs up, SOCKET where it is no answer but a WebSocket.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    scopes: tuple[str, ...] = ()
    takes: tuple[Field, ...] = ()
    gives: str = "{}"
    others: tuple[tuple[int, str], ...] = ()  # what else comes where all is well, by status

    def also(self, status: int, gives: str = "") -> "Route":
        """This route, which may answer with another status or with another entity as well."""
        return self._replace(others=(*self.others, (status, gives or self.gives)))

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


PAGE = (Field("max_id", "id"), Field("since_id", "id"), Field("min_id", "id"), Field("limit", "number"))


def anyone(method: str, path: str, handler: Handler, *takes: Field, gives: str) -> Route:
    """A route that answers everybody alike."""
    return Route(method, path, handler, Access.ANYONE, (), takes, gives)


def reader(method: str, path: str, handler: Handler, scopes: str, *takes: Field, gives: str) -> Route:
    """A route anybody may read; `scopes`, space-separated, are those of which a token needs one."""
    return Route(method, path, handler, Access.READER, tuple(scopes.split()), takes, gives)


def app(method: str, path: str, handler: Handler, scopes: str, *takes: Field, gives: str) -> Route:
    """A route for programs, with or without a person."""
    return Route(method, path, handler, Access.APP, tuple(scopes.split()), takes, gives)


def user(method: str, path: str, handler: Handler, scopes: str, *takes: Field, gives: str = "{}") -> Route:
    """A route for a person; '' as `scopes` when any token of theirs will do."""
    return Route(method, path, handler, Access.USER, tuple(scopes.split()), takes, gives)
