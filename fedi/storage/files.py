"""Media bytes on disk, named by their SHA-256: `DIR/ab/cd/abcd...`. Durable before the row that names them commits.

All of this blocks: callers run it in a thread. Which files are wanted is the database's business; `sweep` asks.
"""

import errno
import hashlib
import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from fedi import errors
from fedi.storage import private
from fedi.storage.connection import full

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class Swept(NamedTuple):
    """What a sweep removed."""

    files: int
    size_bytes: int


class Files:
    """The files of one folder. Safe to use from several threads of one process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._arriving = directory / "arriving"
        self._lock = threading.Lock()  # between a file that is stored again and the sweep that is about to remove it

    def store(self, data: bytes) -> str:
        """Keep these bytes durably; their SHA-256 in hex. Storing the same again costs nothing. Raises StorageFull, Unavailable."""
        with self.begin() as incoming:
            incoming.write(data)
            return incoming.finish()

    def begin(self, max_bytes: int | None = None) -> "Incoming":
        """Take a file piece by piece; use it in a `with`, which throws away what was not finished. Raises StorageFull, Unavailable."""
        try:
            private.folder(self._arriving)
            part = self._arriving / secrets.token_hex(16)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _failed(error) from error
        return Incoming(self, part, handle, max_bytes)

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """An empty folder for a while; it and what is in it go afterwards. Raises StorageFull, Unavailable."""
        try:
            private.folder(self._arriving)
            place = Path(tempfile.mkdtemp(dir=self._arriving))
        except OSError as error:
            raise _failed(error) from error
        try:
            yield place
        except OSError as error:
            raise _failed(error) from error
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def clear_arriving(self) -> None:
        """Remove what was left unfinished when the server ended: nothing is arriving yet."""
        shutil.rmtree(self._arriving, ignore_errors=True)

    def free_bytes(self) -> int:
        """What the disk has left."""
        with suppress(OSError):
            return shutil.disk_usage(self.directory if self.directory.exists() else self.directory.parent).free
        return 0

    def path(self, sha256: str) -> Path:
        """Where the file of that hash is, if it is. Raises NotFound for what cannot be a hash."""
        if not _SHA256.match(sha256):
            raise errors.NotFound("There is no such file.")
        return self.directory / sha256[:2] / sha256[2:4] / sha256

    def has(self, sha256: str) -> bool:
        """Whether the file is there."""
        return self.path(sha256).is_file()

    def delete(self, sha256: str) -> bool:
        """Remove a file no row names any more; False if it was not there. Where the same bytes may be stored meanwhile, use `sweep`."""
        with self._lock:
            try:
                self.path(sha256).unlink()
            except FileNotFoundError:
                return False
            except OSError as error:
                raise _failed(error) from error
        return True

    def sweep(self, keep: Callable[[str], bool], older_than_s: float) -> Swept:
        """Remove the files `keep(sha256)` says no to, and unfinished ones, that were last stored `older_than_s` ago or more.

        The age covers files whose row is not committed yet. `keep` is called in this thread: give it a set's `__contains__`.
        """
        count = size_bytes = 0
        for path in self._all():
            if path.parent != self._arriving and keep(path.name):
                continue
            with self._lock, suppress(FileNotFoundError):
                found = path.stat()
                if time.time() - found.st_mtime >= older_than_s:
                    path.unlink()
                    count, size_bytes = count + 1, size_bytes + found.st_size
        return Swept(count, size_bytes)

    def hashes(self) -> Iterator[str]:
        """The names of all finished files."""
        return (path.name for path in self._all() if path.parent != self._arriving)

    def adopt(self, part: Path, sha256: str) -> None:
        """Give a complete, synced file its name, durably. For Incoming."""
        target = self.path(sha256)
        with self._lock:
            if target.is_file():
                os.utime(target)  # a sweep that has not heard of its new row leaves it
                part.unlink()
                return
            for folder in (self.directory, target.parent.parent, target.parent):
                if not folder.is_dir():
                    private.folder(folder)
                    private.sync_folder(folder.parent)
            part.rename(target)
            private.sync_folder(target.parent)

    def _all(self) -> Iterator[Path]:
        for folder, _, names in os.walk(self.directory):
            at = Path(folder)
            for name in names:
                if at == self._arriving or (_SHA256.match(name) and at == self.path(name).parent):
                    yield at / name


class Incoming:
    """A file that is arriving. Nothing is under its final name until `finish`."""

    def __init__(self, files: Files, part: Path, handle: int, max_bytes: int | None) -> None:
        self.size_bytes = 0
        self._files = files
        self._part = part
        self._handle = handle
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._open = True

    def write(self, data: bytes) -> None:
        """The next piece. Raises TooLarge past the limit, StorageFull, Unavailable."""
        self.size_bytes += len(data)
        if self._max_bytes is not None and self.size_bytes > self._max_bytes:
            raise errors.TooLarge(f"A file here may have {self._max_bytes // 1024} KiB.")
        self._hash.update(data)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._handle, view) :]
        except OSError as error:
            raise _failed(error) from error

    @property
    def sha256(self) -> str:
        """The hash of what came so far, in hex."""
        return self._hash.hexdigest()

    def finish(self) -> str:
        """Make it durable under its hash, which is returned. Raises StorageFull, Unavailable."""
        sha256 = self.sha256
        try:
            os.fsync(self._handle)
            self._close()
            self._files.adopt(self._part, sha256)
        except OSError as error:
            raise _failed(error) from error
        return sha256

    def __enter__(self) -> "Incoming":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()
        with suppress(OSError):
            self._part.unlink()

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._handle)


def _failed(error: OSError) -> errors.Unavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full()
    return errors.Unavailable("The media folder cannot be used.")
