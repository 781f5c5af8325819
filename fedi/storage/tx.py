"""What a rule holds while it runs: statements, one timestamp, and the events to send once it is committed."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, cast

from fedi.config import Config, LimitSettings
from fedi.storage.connection import FAILURES, fail
from fedi.streaming import Event
from fedi.uris import Uris

Params = Sequence[Any] | Mapping[str, Any]


class House(NamedTuple):
    """What every rule may ask of the instance it runs in: its addresses, what people may do here, and whether it talks to everybody."""

    uris: Uris
    limits: LimitSettings
    mode: str = "open"  # config.FederationSettings.mode

    @classmethod
    def of(cls, config: Config) -> "House":
        return cls(config.uris, config.limits, config.federation.mode)


NO_HOUSE = House(Uris("https://localhost", "localhost"), LimitSettings())


class _Over:
    """Stands in for the connection of a transaction that has ended."""

    in_transaction = True

    def execute(self, *_: object) -> NoReturn:
        raise RuntimeError("this transaction is over")

    executemany = execute


_OVER = cast(sqlite3.Connection, _Over())


class Tx:
    """An open transaction: a write's own part of a group, or one snapshot for a read. Dead once its function returned.

    `now` is the time of this transaction, ms; `uris` and `limits` are the instance's. Every statement raises Conflict when a constraint
    says no, Invalid for text or numbers that SQLite cannot hold (lone surrogates, over 63 bits), Unavailable or StorageFull when the
    machine fails.
    """

    __slots__ = ("_connection", "_execute", "events", "limits", "mode", "now", "uris")

    def __init__(self, connection: sqlite3.Connection, now: int, events: list[Event] | None = None, house: House = NO_HOUSE) -> None:
        self._connection = connection
        self._execute = connection.execute
        self.events = events
        self.now = now
        self.uris, self.limits, self.mode = house

    def query(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        """All rows of a statement."""
        try:
            return self._execute(sql, params).fetchall()
        except FAILURES as error:
            self._fail(error)

    def one(self, sql: str, params: Params = ()) -> sqlite3.Row | None:
        """The first row of a statement, or None. The rest is not read."""
        try:
            cursor = self._execute(sql, params)
            row: sqlite3.Row | None = cursor.fetchone()
            cursor.close()
            return row
        except FAILURES as error:
            self._fail(error)

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run a statement that returns no rows; the number of rows it changed."""
        try:
            return self._execute(sql, params).rowcount
        except FAILURES as error:
            self._fail(error)

    def executemany(self, sql: str, rows: Iterable[Params]) -> int:
        """Run a statement once per row of parameters; the number of rows changed in all. At most some hundred rows per turn of the loop."""
        try:
            return self._connection.executemany(sql, rows).rowcount
        except FAILURES as error:
            self._fail(error)

    def emit(self, event: Event) -> None:
        """Send an event after the commit, if there is one."""
        if self.events is None:
            raise RuntimeError("a read has nothing to tell")
        self.events.append(event)

    def end(self) -> list[Event]:
        """The events so far. Every later use fails loudly: a rule that kept its transaction would write outside of it."""
        self._connection = _OVER
        self._execute = _OVER.execute
        return self.events or []

    def _fail(self, error: BaseException) -> NoReturn:
        # Some failures (a full disk) end the whole transaction. What the rule would do next must not commit by itself.
        if not self._connection.in_transaction:
            self.end()
        fail(error)
