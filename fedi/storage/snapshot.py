"""A copy of a live database in one file: consistent, complete up to the moment it starts, and never a half-written file under its name."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from fedi import errors
from fedi.storage import private
from fedi.storage.connection import problems, translated

_PAGES = 4096  # copied between two reports of progress: 16 MiB


def copy(source: sqlite3.Connection, target: Path, on_progress: Callable[[float], None] | None = None) -> None:
    """Copy what `source` sees as committed now to `target` (0600), durably; `on_progress` gets 0.0 to 1.0.

    One read transaction spans the copy: writers go on meanwhile, and rows committed before it started are all in it.
    Raises StorageFull, Unavailable, Invalid when the folder cannot be written.
    """
    private.folder(target.parent)
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    private.create(part)
    try:
        _copy(source, part, on_progress)
        handle = os.open(part, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        part.rename(target)
        private.sync_folder(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise translated(error, target.parent) or errors.Unavailable(f"{target}: the copy could not be written.") from error
    finally:
        part.unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, part: Path, on_progress: Callable[[float], None] | None) -> None:
    copied = sqlite3.connect(part, isolation_level=None)
    source.execute("BEGIN")
    try:
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # here the snapshot is taken
        source.backup(copied, pages=_PAGES, progress=lambda _, left, total: on_progress and on_progress(1 - left / max(total, 1)), sleep=0)
        copied.execute("PRAGMA journal_mode = DELETE")  # so that it is whole without a -wal beside it
        found = problems(copied)
        if found:
            raise errors.Unavailable(f"The copy of the database is damaged: {found[0]}")
    finally:
        source.execute("COMMIT")
        copied.close()
