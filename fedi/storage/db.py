"""The database: one connection that writes, one that reads, both on the event loop's thread.

    await db.write(posts.publish, author, draft)    a rule on an open transaction; returns once it is durable
    db.read(timelines.home, viewer, page)           a short read, at once
    await db.scan(search.posts, text)               a long read, in a thread, with a deadline

A write that raises Unavailable or StorageFull has an unknown outcome. `Tx` is what rules get.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

from fedi.storage import migrate, private
from fedi.storage.checkpoint import Checkpoints
from fedi.storage.connection import Damaged, data_version, open_memory, open_reader, open_writer, problems, reading
from fedi.storage.group import REOPENED, Group, Publish
from fedi.storage.scan import Scans, limited, snapshot
from fedi.storage.tx import NO_HOUSE, House, Tx

__all__ = ["NAME", "REOPENED", "Damaged", "Database", "House", "Tx", "Version"]

log = logging.getLogger(__name__)

NAME = "fedi.sqlite3"
_CHECKED_BYTES = 32 * 1024 * 1024  # up to this size a database that was not closed is checked at start (0.1 s)

Version = tuple[int, ...]

P = ParamSpec("P")
T = TypeVar("T")


def _publish_nothing(events: object) -> None:
    """For a database nobody listens to."""


class Database:
    """An open database. Made by `open` or `memory`, ended by `close` (or, without an event loop, `shut` or `with`)."""

    def __init__(self, group: Group, reader: sqlite3.Connection, scans: Scans | None) -> None:
        self._group = group
        self._reader = reader
        self._scans = scans
        self._shut = False
        self.house = group.house

    @classmethod
    def open(
        cls, path: Path, *, publish: Publish = _publish_nothing, migrations: Path | None = None, house: House = NO_HOUSE
    ) -> "Database":
        """Open a database file, made and migrated if need be. `publish(events)` is called after each commit that has any.

        The caller holds the folder's lock (`lock.acquire`). Raises Damaged, migrate.TooNew, Invalid, Unavailable, StorageFull.
        """
        private.folder(path.parent)
        private.create(path)
        checkpoints = Checkpoints(path)
        left_open = checkpoints.length() > 0
        writer = open_writer(path)
        try:
            if left_open and path.stat().st_size <= _CHECKED_BYTES:
                _refuse_damage(writer, path)
            migrate.apply(writer, migrations or migrate.folder(), path.parent / "backups")
            reader = open_reader(path)
        except BaseException:
            writer.close()
            raise

        def reopen(old: sqlite3.Connection | None) -> sqlite3.Connection:
            if old is not None:
                with suppress(sqlite3.Error):
                    old.close()
            return open_writer(path)

        return cls(Group(writer, reopen, publish, checkpoints, house), reader, Scans(path, house))

    @classmethod
    def memory(cls, *, publish: Publish = _publish_nothing, migrations: Path | None = None, house: House = NO_HOUSE) -> "Database":
        """A fresh, migrated database in memory, for tests: one connection, everything on the loop, the same semantics."""
        connection = open_memory(migrate.template(migrations or migrate.folder()))

        def reopen(_: sqlite3.Connection | None) -> sqlite3.Connection:
            connection.rollback()
            return connection

        return cls(Group(connection, reopen, publish, None, house), reading(connection), None)

    async def write(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(tx, ...)` in the next group of writes; what it returns or raises arrives once that group is committed.

        A function that raises leaves no rows and no events. Raises Unavailable or StorageFull when the group was lost or its commit failed.
        """
        result: T = await self._group.ask(fn, args, kwargs)
        return result

    def read(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(tx, ...)` on one snapshot of what is committed, now and on this thread: for reads of well under a millisecond."""
        result: T = snapshot(self._reader, self.house, fn, args, kwargs)
        return result

    def version(self) -> Version:
        """What is the same for as long as nothing is committed, by whichever process; costs next to nothing. Raises Unavailable."""
        return data_version(self._reader)

    def transact(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(tx, ...)` and commit, at once: for the command line and tests. Raises RuntimeError while a group is being written."""
        result: T = self._group.transact(fn, args, kwargs)
        return result

    async def scan(self, fn: Callable[..., T], *args: Any, deadline_s: float = 5.0, **kwargs: Any) -> T:
        """Run `fn(tx, ...)` on a snapshot in a thread: for reads that may take long. Raises Unavailable past the deadline.

        `fn` gets nothing from the loop's thread but its arguments.
        """
        deadline = monotonic() + deadline_s
        if self._scans is None:
            found: T = limited(self._reader, self.house, deadline, fn, args, kwargs)
            return found
        loop = asyncio.get_running_loop()
        result: T = await loop.run_in_executor(self._scans.threads, self._scans.run, deadline, fn, args, kwargs)
        return result

    @property
    def failed_commits(self) -> int:
        """How many groups in a row were lost."""
        return self._group.failed_commits

    @property
    def healthy(self) -> bool:
        """Whether the last group could be written."""
        return self._group.failed_commits == 0

    async def close(self) -> None:
        """Wait for what was asked, refuse more, and close. May be called twice."""
        await self._group.drain()
        await asyncio.get_running_loop().run_in_executor(None, self.shut)

    def shut(self) -> None:
        """Close now, without waiting for anything asked: for the command line and tests. May be called twice."""
        if self._shut:
            return
        writer = self._group.shut()
        self._shut = True
        if self._scans is not None:
            self._scans.shut()
            self._reader.close()
        if writer is not None:
            if self._scans is not None:
                _tidy(writer)
            writer.close()

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.shut()


def _refuse_damage(writer: sqlite3.Connection, path: Path) -> None:
    found = problems(writer)
    if found:
        log.critical("the database is damaged: %s", "; ".join(found))
        raise Damaged(f"{path}: this database is damaged. Restore the newest backup with `fedi restore FILE`.")


def _tidy(writer: sqlite3.Connection) -> None:
    try:
        writer.execute("PRAGMA analysis_limit = 400")
        writer.execute("PRAGMA optimize")
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        log.warning("the database was closed untidily: %s", error)
