"""The server's end of the control socket: who may read the data folder may ask, one question per connection."""

import asyncio
import logging
import os
import socket
from contextlib import suppress

from fedi.control import verbs, wire
from fedi.errors import FediError, Invalid, TooLarge
from fedi.instance import Instance

log = logging.getLogger(__name__)

_QUESTION_S = 10
_LAST_S = 5  # what is being answered when the server ends gets that long
_WAITING = 16


class Doorway:
    """The open socket of one instance, 0600. Made by `open`, ended by `close`."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, instance: Instance) -> "Doorway":
        """Listen. The caller holds the folder's lock, so a socket that is there already is a dead server's. Raises Invalid."""
        self = cls(instance)
        self._server = await asyncio.start_unix_server(self._meet, sock=_listen(instance), limit=wire.QUESTION_BYTES)
        return self

    async def close(self) -> None:
        """Take no more questions, answer those that were asked."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        with suppress(OSError):
            (self._instance.config.dir / wire.NAME).unlink()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            writer.write(await self._answer(reader))
            await writer.drain()
        except OSError:
            log.debug("a command went away before its answer")
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(_QUESTION_S):
                line = await reader.readline()
            verb, args = wire.read_question(line)
            answer = wire.write_answer(await verbs.perform(self._instance, verb, args))
        except FediError as error:
            return wire.write_error(error)
        except ValueError:  # what `readline` raises past its limit
            return wire.write_error(TooLarge("That is too much to ask at once."))
        except TimeoutError:
            return wire.write_error(Invalid("No question came."))
        except Exception as error:
            log.exception("a command failed")
            return wire.write_error(error)
        return answer if len(answer) <= wire.ANSWER_BYTES else wire.write_error(TooLarge("The answer is too long. Ask for less."))


def _listen(instance: Instance) -> socket.socket:
    directory = instance.config.dir
    found = socket.socket(socket.AF_UNIX)
    umask = os.umask(0o177)
    try:
        (directory / wire.NAME).unlink(missing_ok=True)
        wire.at(directory, found.bind)
        found.listen(_WAITING)
        found.setblocking(False)
    except OSError as error:
        found.close()
        raise Invalid(f"{directory / wire.NAME}: the control socket cannot be made: {error.strerror or error}.") from error
    finally:
        os.umask(umask)
    return found
