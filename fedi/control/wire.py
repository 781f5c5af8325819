"""The control socket: where it is, and one question and one answer as lines of JSON. Light, because every command imports it.

{"verb": "account.list", "args": {}}
{"result": [...]}   or   {"error": {"kind": "NotFound", "message": "...", ...}}
"""

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from fedi import errors

NAME = "control.sock"
QUESTION_BYTES = 1024 * 1024
ANSWER_BYTES = 16 * 1024 * 1024
_PATH_BYTES = 100  # of the 104 to 108 that a socket's address holds
_TIMEOUT_S = 600  # a verb may ask other servers, or tidy a large folder
_BUG = "Something went wrong inside the running server. Its log says what."

T = TypeVar("T")


def at(directory: Path, act: Callable[[str], T]) -> T:
    """Call `act` with an address of the socket of a data folder that is short enough. Not from two threads at once."""
    path = directory / NAME
    if len(os.fsencode(path)) <= _PATH_BYTES:
        return act(str(path))
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(directory)
        return act(NAME)
    finally:
        os.fchdir(here)
        os.close(here)


def connect(directory: Path) -> socket.socket | None:
    """A connection to the server that runs on a data folder, None when there is none. Raises Forbidden when it is somebody else's."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_TIMEOUT_S)
    try:
        at(directory, connection.connect)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        connection.close()
        return None
    except PermissionError:
        connection.close()
        raise errors.Forbidden(f"{directory}: this data belongs to another user of this machine. Use `sudo -u USER fedi ...`.") from None
    except OSError as error:
        connection.close()
        raise errors.Unavailable(f"{directory / NAME}: {error.strerror or error}.") from None
    return connection


def ask(connection: socket.socket, verb: str, args: dict[str, Any]) -> Any:
    """Ask and close. Raises what the verb raised there, and Unavailable when the server ends meanwhile."""
    question = json.dumps({"verb": verb, "args": args}).encode() + b"\n"
    if len(question) > QUESTION_BYTES:
        connection.close()
        raise errors.TooLarge("That is too much to ask at once.")
    with connection, connection.makefile("rb") as answers:
        try:
            connection.sendall(question)
            line = answers.readline(ANSWER_BYTES)
        except OSError:
            line = b""
    if not line.endswith(b"\n"):
        raise errors.Unavailable(
            "The running server ended or did not answer in time. What was asked may still have happened: look before you repeat it."
        )
    return read_answer(line)


def read_question(line: bytes) -> tuple[str, dict[str, Any]]:
    """(verb, args) of a line. Raises Invalid."""
    with suppress(ValueError, RecursionError):
        question = json.loads(line)
        if isinstance(question, dict) and isinstance(question.get("verb"), str) and isinstance(question.get("args"), dict):
            return question["verb"], question["args"]
    raise errors.Invalid('That is not a question. Ask like {"verb": "account.list", "args": {}}.')


def write_answer(result: Any) -> bytes:
    return json.dumps({"result": result}).encode() + b"\n"


def write_error(error: BaseException) -> bytes:
    """What of an error a person may see: those of the tree as they are, a bug of ours without its text."""
    if not isinstance(error, errors.FediError):
        found: dict[str, Any] = {"kind": "FediError", "message": _BUG}
    else:
        kind = next(cls for cls in type(error).__mro__ if getattr(errors, cls.__name__, None) is cls)
        found = {"kind": kind.__name__, "message": error.message, **{k: v for k, v in vars(error).items() if k in ("field", "status")}}
    return json.dumps({"error": found}).encode() + b"\n"


def read_answer(line: bytes) -> Any:
    """The result of a line, or raise the error in it."""
    answer = json.loads(line)
    if "error" in answer:
        raise _error(answer["error"])
    return answer["result"]


def _error(found: dict[str, Any]) -> errors.FediError:
    kind: Any = getattr(errors, str(found.get("kind")), errors.FediError)
    given: list[Any] = [str(found.get("message"))]
    if issubclass(kind, errors.Invalid):
        given.append(found.get("field"))
    if issubclass(kind, errors.Refused):
        given.append(int(found.get("status") or 0))
    made: errors.FediError = kind(*given)
    return made
