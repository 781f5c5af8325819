"""Snapshots: one consistent view of the database for a short read on the loop, or for a long one in a thread with a deadline."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

from fedi import clock, errors
from fedi.storage.connection import open_reader
from fedi.storage.tx import House, Tx

THREADS = 2
_STEPS = 20_000  # of SQLite's machine between two looks at the clock: about a millisecond


def snapshot(connection: sqlite3.Connection, house: House, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run `fn(tx, *args, **kwargs)` on what is committed now; all its statements see the same."""
    tx = Tx(connection, clock.now(), None, house)
    connection.execute("BEGIN")
    try:
        return fn(tx, *args, **kwargs)
    finally:
        tx.end()
        if connection.in_transaction:
            connection.execute("COMMIT")


def limited(
    connection: sqlite3.Connection, house: House, deadline: float, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """A snapshot whose statements are aborted once `deadline` (monotonic seconds) is past. Raises Unavailable."""
    if monotonic() > deadline:
        raise errors.Unavailable("That took too long.")
    connection.set_progress_handler(lambda: monotonic() > deadline, _STEPS)
    try:
        return snapshot(connection, house, fn, args, kwargs)
    finally:
        connection.set_progress_handler(None, 0)


class Scans:
    """Long reads of one database file, each in a thread on a connection of its own."""

    def __init__(self, path: Path, house: House) -> None:
        self.threads = ThreadPoolExecutor(THREADS, "fedi-scan")
        self._path = path
        self._house = house
        self._free: list[sqlite3.Connection] = []

    def run(self, deadline: float, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """In one of the threads."""
        try:
            connection = self._free.pop()
        except IndexError:
            connection = open_reader(self._path)
        try:
            return limited(connection, self._house, deadline, fn, args, kwargs)
        finally:
            self._free.append(connection)

    def shut(self) -> None:
        """Wait for what runs, drop what waits, close the connections."""
        self.threads.shutdown(cancel_futures=True)
        while self._free:
            self._free.pop().close()
