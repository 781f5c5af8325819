"""The group commit: rules run on the event loop, one after another in one transaction; only COMMIT goes to a thread.

What is asked for while a commit runs forms the next group: gather, drain, commit, repeat, no timer. Callbacks rather than coroutines:
this is the hot path of every write, and the loop wakes nobody but the callers.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from types import CoroutineType
from typing import Any, NamedTuple

from fedi import clock, errors
from fedi.storage.checkpoint import Checkpoints
from fedi.storage.connection import fail, full, is_busy, no_room, translated
from fedi.storage.tx import NO_HOUSE, House, Tx
from fedi.streaming import Event

log = logging.getLogger(__name__)

REOPENED = Event("storage.reopened")  # a commit failed, its rows may or may not be there: what memory keeps of rows must be read again

GROUP = 256  # functions in one transaction
GATHER = 16  # turns of the loop that a group waits for more
QUIET = 2  # turns without anybody new, and it does not wait any more
GROUP_S = 0.020  # of the loop's time
QUEUE = 20_000  # functions waiting; past that the answer is 503 at once
BUSY_S = 5.0  # how long another program may hold the lock before callers are told
BUSY_RETRY_S = 0.02
SLOW_S = 0.100
IDLE_S = 30.0  # without a write, then the log is emptied

Publish = Callable[[Iterable[Event]], object]
Reopen = Callable[[sqlite3.Connection | None], sqlite3.Connection]

_IDLE = 0  # nothing is asked
_READY = 1  # a turn is scheduled
_OPEN = 2  # a transaction is open, or the thread has the connection


class Asked(NamedTuple):
    """A function waiting for its turn."""

    future: "asyncio.Future[Any]"
    at: float
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Ran(NamedTuple):
    """A function that ran; what it returned or raised is told after the commit."""

    future: "asyncio.Future[Any]"
    result: Any
    error: BaseException | None


class Group:
    """The writing side of a Database. Everything but the methods marked so is called on the loop's thread."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        reopen: Reopen,
        publish: Publish = lambda events: None,
        checkpoints: Checkpoints | None = None,
        house: House = NO_HOUSE,
    ) -> None:
        """`reopen` discards a connection and gives a new one. Without `checkpoints` (in memory) commits happen on the loop."""
        self.connection: sqlite3.Connection | None = connection
        self.failed_commits = 0  # in a row
        self.house = house
        self._reopen = reopen
        self._publish = publish
        self._checkpoints = checkpoints
        self._queue: deque[Asked] = deque()
        self._state = _IDLE
        self._asked = self._gathered = self._quiet = 0  # how many, at the last turn of the loop; turns, and quiet ones
        self._threads = ThreadPoolExecutor(1, "fedi-commit") if checkpoints else None
        self._drained: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rested_at = 0.0
        self._loop: asyncio.AbstractEventLoop

    # -- asking --

    def ask(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> "asyncio.Future[Any]":
        """Have `fn(tx, *args, **kwargs)` run in the next group; the future is done once that is durable."""
        if self._drained is not None:
            raise errors.Unavailable("This server is shutting down.")
        if len(self._queue) >= QUEUE:
            raise errors.Unavailable("This server has too much to write.")
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._queue.append(Asked(future, monotonic(), fn, args, kwargs))
        if self._state == _IDLE:
            self._loop = loop
            self._state = _READY
            loop.call_soon(self._turn)
        return future

    def drain(self) -> "asyncio.Future[None]":
        """Take nothing more; the future is done when everything asked is."""
        if self._drained is None:
            loop = asyncio.get_running_loop()
            self._drained = loop.create_future()
            if self._timer is not None:
                self._timer.cancel()
            if self._state == _IDLE:
                self._drained.set_result(None)
        return self._drained

    @property
    def is_open(self) -> bool:
        """Whether a group is being written now."""
        return self._state == _OPEN

    # -- one group --

    def _turn(self) -> None:
        connection = self.connection
        if self._is_growing():
            self._loop.call_soon(self._turn)
        elif not self._queue:
            self._rest()
        elif connection is None:
            self._hand_over(self._replace, [], errors.Unavailable("The database cannot be reached."))
        else:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                self._not_begun(error)
            else:
                self._run(connection)

    def _is_growing(self) -> bool:
        """Whether others may be about to ask: a commit costs nearly the same for many as for few.

        A request that has come is read in one turn of the loop and asks in the next, so it is waited until two have brought nobody.
        """
        asked = len(self._queue)
        if 0 < asked < GROUP and self._gathered < GATHER and (asked > self._asked or self._quiet < QUIET):
            self._quiet = 0 if asked > self._asked else self._quiet + 1
            self._asked, self._gathered = asked, self._gathered + 1
            return True
        self._asked = self._gathered = self._quiet = 0
        return False

    def _run(self, connection: sqlite3.Connection) -> None:
        self._state = _OPEN
        queue = self._queue
        group: list[Ran] = []
        events: list[Event] = []
        began = at = monotonic()
        while queue and len(group) < GROUP and at - began < GROUP_S:
            asked = queue.popleft()
            if asked.future.cancelled():  # nobody waits any more, and nothing is done yet
                continue
            group.append(_one(connection, asked, events, self.house))
            if not connection.in_transaction:
                self._hand_over(self._replace, group, self._lost(group[-1].error))
                return
            before, at = at, monotonic()
            if at - before > SLOW_S:
                log.warning("%s.%s held the loop for %d ms", asked.fn.__module__, asked.fn.__qualname__, (at - before) * 1000)
        self._hand_over(self._commit, connection, group, events)

    def _not_begun(self, error: sqlite3.Error) -> None:
        if not is_busy(error):
            log.error("no transaction could be begun: %s", error)
            lost = self._lost(error)
            self._refuse_all(lost)
            self._hand_over(self._replace, [], lost)
            return
        overdue = monotonic() - BUSY_S
        while self._queue and self._queue[0].at <= overdue:
            _settle(self._queue.popleft().future, None, errors.Unavailable("The database is in use by another program."))
        self._loop.call_later(BUSY_RETRY_S, self._turn)

    def _committed(self, group: list[Ran], events: list[Event], free: bool) -> None:
        self.failed_commits = 0
        self._tell_listeners(events)
        for ran in group:
            _settle(*ran)
        if free:
            self._next()

    def _replaced(self, group: list[Ran], error: errors.Unavailable, connection: sqlite3.Connection | None) -> None:
        self.connection = connection
        self.failed_commits += 1
        if connection is not None:
            self._tell_listeners([REOPENED])
        for ran in group:
            _settle(ran.future, None, _again(error))
        if connection is None:
            self._refuse_all(error)
        self._next()

    def _next(self) -> None:
        """The connection is free. Those just answered run before the next group begins, so that what they ask joins it."""
        self._state = _READY
        self._loop.call_soon(self._turn)

    def _rest(self) -> None:
        self._state = _IDLE
        self._rested_at = monotonic()
        if self._drained is not None:
            self._drained.set_result(None)
        elif self._timer is None and self._checkpoints and self.connection and self._checkpoints.pending(self.connection):
            self._timer = self._loop.call_later(IDLE_S, self._on_idle)

    def _on_idle(self) -> None:
        self._timer = None
        left = self._rested_at + IDLE_S - monotonic()
        if self._state != _IDLE or left > 0:
            self._timer = self._loop.call_later(max(left, 1.0), self._on_idle)
        elif self.connection is not None:
            self._hand_over(self._tidy, self.connection, "TRUNCATE")

    # -- failures --

    def _lost(self, error: BaseException | None) -> errors.Unavailable:
        """What everybody in a group is told whose transaction is gone: even a refusal was decided on rows that are not there now."""
        known = error if isinstance(error, errors.FediError) else translated(error, self._folder) if error else None
        if isinstance(known, errors.StorageFull) or (self._folder and no_room(self._folder)):
            return full()
        log.error("a transaction was lost: %r", error)
        return known if isinstance(known, errors.Unavailable) else errors.Unavailable("The database could not be written.")

    def _refuse_all(self, error: errors.Unavailable) -> None:
        while self._queue:
            _settle(self._queue.popleft().future, None, _again(error))

    def _tell_listeners(self, events: list[Event]) -> None:
        if events:
            try:
                self._publish(events)
            except Exception:
                log.exception("events could not be published")

    @property
    def _folder(self) -> Any:
        return self._checkpoints.folder if self._checkpoints else None

    # -- the thread --

    def _hand_over(self, work: Callable[..., None], *args: Any) -> None:
        self._state = _OPEN
        if self._threads is None:
            work(*args)
        else:
            self._threads.submit(work, *args)

    def _tell(self, callback: Callable[..., None], *args: Any) -> None:
        if self._threads is None:
            callback(*args)
        else:
            self._loop.call_soon_threadsafe(callback, *args)

    def _commit(self, connection: sqlite3.Connection, group: list[Ran], events: list[Event]) -> None:
        """In the thread."""
        began = monotonic()
        try:
            connection.execute("COMMIT")
        except Exception as error:
            self._replace(group, self._lost(error))
            return
        if monotonic() - began > SLOW_S:
            log.warning("the commit of %d writes took %d ms", len(group), (monotonic() - began) * 1000)
        due = self._checkpoints.due(connection) if self._checkpoints else None
        self._tell(self._committed, group, events, due is None)
        if due:
            self._tidy(connection, due)

    def _replace(self, group: list[Ran], error: errors.Unavailable) -> None:
        """In the thread: after a failure a connection cannot be trusted, and a failed commit is unknown, not no."""
        connection = None
        try:
            connection = self._reopen(self.connection)
        except errors.FediError as failure:
            log.error("the database could not be opened again: %s", failure)
        finally:
            self._tell(self._replaced, group, error, connection)

    def _tidy(self, connection: sqlite3.Connection, kind: str) -> None:
        """In the thread: a checkpoint, then the connection is free."""
        try:
            if self._checkpoints:
                self._checkpoints.run(connection, kind)
        finally:
            self._tell(self._next)

    # -- without a loop --

    def transact(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run and commit one function now, waiting for another program's lock up to 5 s. Raises RuntimeError inside a group."""
        if self.connection is None:
            self.connection = self._reopen(None)
        connection = self.connection
        if self._state == _OPEN or connection.in_transaction:
            raise RuntimeError("a transaction is open")
        tx = Tx(connection, clock.now(), [], self.house)
        try:
            _begin_waiting(connection)
            result = fn(tx, *args, **kwargs)
            _refuse_coroutine(result)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            events = tx.end()
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self.connection = self._reopen(connection)
            raise self._lost(error) from error
        self._tell_listeners(events)
        due = self._checkpoints.due(connection) if self._checkpoints else None
        if due and self._checkpoints:
            self._checkpoints.run(connection, due)
        return result

    def shut(self) -> sqlite3.Connection | None:
        """Give the connection back for closing. Raises RuntimeError inside a group."""
        if self._state == _OPEN:
            raise RuntimeError("a transaction is open")
        connection, self.connection = self.connection, None
        if self._timer is not None:
            self._timer.cancel()
        if self._threads is not None:
            self._threads.shutdown()
        return connection


def _one(connection: sqlite3.Connection, asked: Asked, events: list[Event], house: House) -> Ran:
    """Run one function in its own savepoint."""
    tx = Tx(connection, clock.now(), [], house)
    try:
        connection.execute("SAVEPOINT one")
        result = asked.fn(tx, *asked.args, **asked.kwargs)
        _refuse_coroutine(result)
        connection.execute("RELEASE one")
    except BaseException as error:
        tx.end()
        _undo(connection)
        return Ran(asked.future, None, error)
    events += tx.end()
    return Ran(asked.future, result, None)


def _undo(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        try:
            connection.execute("ROLLBACK TO one")
            connection.execute("RELEASE one")
        except sqlite3.Error:
            log.exception("a savepoint could not be rolled back")
            connection.rollback()


def _refuse_coroutine(result: object) -> None:
    if type(result) is CoroutineType:
        result.close()
        raise TypeError("rules are synchronous functions")


def _begin_waiting(connection: sqlite3.Connection) -> None:
    try:
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        fail(error)
    finally:
        connection.execute("PRAGMA busy_timeout = 0")


def _settle(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():  # its caller was cancelled; what it asked for is done nevertheless
        return
    if error is None:
        future.set_result(result)
    elif isinstance(error, StopIteration):
        future.set_exception(RuntimeError("a rule raised StopIteration"))
    else:
        future.set_exception(error)


def _again(error: errors.Unavailable) -> errors.Unavailable:
    """Each caller its own: a raised exception grows a traceback."""
    return type(error)(error.message, error.retry_after_s)
