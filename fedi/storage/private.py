"""Files and folders that only their owner may read, whatever the umask. What is kept here holds keys, sessions and direct messages."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from fedi import errors

_OTHERS = 0o077


def folder(path: Path) -> Path:
    """Make a folder and the missing ones above it, all 0700; those there already are left as they are. Raises Invalid."""
    if not path.is_dir():
        folder(path.parent)
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            path.chmod(0o700)
        except OSError as error:
            raise errors.Invalid(f"{path}: this folder cannot be made: {error.strerror}.") from error
    return path


def create(path: Path) -> None:
    """Make an empty file (0600) if there is none, and tighten the one there is. Raises Invalid."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise errors.Invalid(f"{path}: this file cannot be made: {error.strerror}.") from error
    tighten(path)


def tighten(*paths: Path) -> None:
    """Take reading and writing from everybody else. Raises Invalid when that is not ours to change."""
    for path in paths:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & _OTHERS:
                path.chmod(mode & ~_OTHERS)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise errors.Invalid(f"{path}: other people may read this file. Run: chmod 600 {path}") from error


def check(directory: Path, others: Iterable[Path] = ()) -> None:
    """Refuse a data folder whose databases, backups or media other people of this machine can read, and `others` likewise.

    Raises Invalid naming the file and the command that mends it. Source: INF-05.
    """
    found = [*directory.glob("*.sqlite3*"), directory / "backups", directory / "media", *others]
    for path in found:
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            continue
        if mode & _OTHERS:
            command = f"chmod {700 if stat.S_ISDIR(mode) else 600} {path}"
            raise errors.Invalid(f"{path}: other people of this machine can read this, and it holds secrets. Run: {command}")


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable: after a rename, or the first write of a new file."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
