"""One process per data folder: an exclusive lock on `DIR/fedi.lock`, which also says who holds it."""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from fedi import errors

NAME = "fedi.lock"


class Lock:
    """A held lock. The kernel releases it when the process ends, however it ends; the file stays and means nothing by itself."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    def release(self) -> None:
        """Let others in. May be called twice."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> "Lock":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def acquire(directory: Path) -> Lock:
    """Take the lock of a data folder, or raise Conflict naming the process that has it; Invalid if the folder cannot be written."""
    path = directory / NAME
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise errors.Invalid(f"{directory}: there is no such folder. `fedi init` makes one.") from None
    except OSError as error:
        raise errors.Invalid(f"{path}: cannot be written: {error.strerror}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(handle, 0o600)
        os.ftruncate(handle, 0)
        os.pwrite(handle, b"%d\n" % os.getpid(), 0)
    except BlockingIOError:
        pid = _pid(handle)
        os.close(handle)
        who = f"process {pid}" if pid else "another process"
        raise errors.Conflict(f"Another fedi ({who}) is running on this data in {directory}. Stop it first.") from None
    except OSError as error:
        os.close(handle)
        raise errors.Invalid(f"{path}: cannot be locked: {error.strerror}. Keep the data on a local disk.") from error
    return Lock(handle)


def _pid(handle: int) -> int:
    text = os.pread(handle, 32, 0).strip()
    return int(text) if text.isdigit() else 0
