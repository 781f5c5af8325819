"""Backup and restore of everything one instance is: database, media and configuration in one tar file, while the server runs.

manifest.json   format, version, domain, when, the database's SHA-256; first, so that a reader knows what comes
fedi.sqlite3    a copy of the database, complete up to the moment the backup started, checked
config.toml     the settings
media/ab/cd/HASH
"""

import gzip
import hashlib
import io
import json
import os
import re
import sqlite3
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

import fedi
from fedi import clock, config, errors
from fedi.storage import db, migrate, private, snapshot
from fedi.storage.connection import open_reader, problems, translated
from fedi.storage.files import Files

FORMAT = 1
END = "end.json"
_MEDIA = re.compile(r"media/([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})\Z")
_MANIFEST_BYTES = 64 * 1024
_COMPRESSED = (".tar.gz", ".tgz")
_BROKEN = (tarfile.TarError, EOFError, ValueError, zlib.error, gzip.BadGzipFile)  # what reading a damaged archive raises
_CHUNK = 1024 * 1024
_COPYING = 0.5  # the share of the database's copy in what `on_progress` hears

Progress = Callable[[float], None]


class Manifest(NamedTuple):
    """What a backup says of itself."""

    format: int
    version: str
    domain: str
    made_at: str
    migration: str
    database_sha256: str


def backup(directory: Path, config_path: Path | None, target: Path, on_progress: Progress = lambda share: None) -> Manifest:
    """Write everything under `directory` that matters to `target`: `.tar`, or compressed `.tar.gz`/`.tgz`. Safe beside a running server.

    The file (0600) holds keys and direct messages. It appears under its name only when it is whole and durable. `on_progress` gets 0 to 1.
    Raises Invalid, NotFound when there is no database, StorageFull, Unavailable.
    """
    if not (directory / db.NAME).is_file():
        raise errors.NotFound(f"{directory}: there is no database here.")
    if not target.name.endswith((".tar", *_COMPRESSED)):
        raise errors.Invalid(f"{target}: name the backup `.tar` or `.tar.gz`.")
    if target.exists():
        raise errors.Conflict(f"{target}: there is a file of that name already.")
    copied = target.with_name(f".{target.name}.sqlite3")
    part = target.with_name(f".{target.name}.part")
    try:
        manifest = _copy(directory, config_path, copied, on_progress)
        private.create(part)
        with part.open("r+b") as file:
            with tarfile.open(fileobj=file, mode="w:gz" if target.name.endswith(_COMPRESSED) else "w") as archive:
                _add_bytes(archive, "manifest.json", json.dumps(manifest._asdict(), indent=2).encode())
                _add_file(archive, db.NAME, copied)
                if config_path:
                    _add_file(archive, "config.toml", config_path)
                count = _add_media(archive, Files(directory / "media"), on_progress)
                _add_bytes(archive, END, json.dumps({"media": count}).encode())
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
        private.sync_folder(target.parent)
    except OSError as error:
        raise translated(error) or errors.Invalid(f"{target}: cannot be written: {error.strerror}.") from error
    finally:
        copied.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
    on_progress(1.0)
    return manifest


def _copy(directory: Path, config_path: Path | None, copied: Path, on_progress: Progress) -> Manifest:
    domain = config.load(config_path).instance.domain if config_path else ""
    source = open_reader(directory / db.NAME)
    try:
        snapshot.copy(source, copied, lambda share: on_progress(share * _COPYING))
        migrations = migrate.applied(source)
    finally:
        source.close()
    stamp = clock.rfc3339(clock.now())
    return Manifest(FORMAT, fedi.__version__, domain, stamp, migrations[-1] if migrations else "", _sha256(copied))


def restore(file: Path, directory: Path, on_progress: Progress = lambda share: None) -> Manifest:
    """Unpack a backup into `directory`, which may have no database yet. A config.toml that is there already is kept.

    The database gets its name last, so that an interrupted restore can simply be run again. The caller holds the folder's lock.
    Raises Conflict when there is a database, Invalid when the file is no whole backup, NotFound, StorageFull, Unavailable.
    """
    database = directory / db.NAME
    if any(directory.glob(db.NAME + "*")):
        raise errors.Conflict(f"{directory}: there is a database here already. Restore into an empty folder.")
    private.folder(directory)
    part = directory / f".{db.NAME}.restore"
    try:
        with file.open("rb") as raw, _opened(raw) as archive:
            manifest = _unpack(archive, directory, part, lambda: on_progress(raw.tell() / max(file.stat().st_size, 1)))
        _check(part, manifest)
        part.rename(database)
        private.sync_folder(directory)
    except FileNotFoundError as error:
        raise errors.NotFound(f"{file}: there is no such file.") from error
    except _BROKEN as error:
        raise errors.Invalid(f"{file}: this is not a whole backup: {error}") from error
    except OSError as error:
        raise translated(error) or errors.Invalid(f"{file}: cannot be restored: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    on_progress(1.0)
    return manifest


def read_manifest(file: Path) -> Manifest:
    """What a backup says of itself, without unpacking it. Raises Invalid, NotFound."""
    try:
        with file.open("rb") as raw, _opened(raw) as archive:
            return _manifest(archive)
    except FileNotFoundError as error:
        raise errors.NotFound(f"{file}: there is no such file.") from error
    except (*_BROKEN, OSError) as error:
        raise errors.Invalid(f"{file}: this is not a backup: {error}") from error


def _opened(raw: IO[bytes]) -> tarfile.TarFile:
    compressed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return tarfile.open(fileobj=raw, mode="r:gz" if compressed else "r:")


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(data), 0o600, clock.now() // 1000
    archive.addfile(member, io.BytesIO(data))


def _add_file(archive: tarfile.TarFile, name: str, path: Path) -> None:
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = found.st_size, 0o600, int(found.st_mtime)
        archive.addfile(member, file)


def _add_media(archive: tarfile.TarFile, media: Files, on_progress: Progress) -> int:
    hashes = sorted(media.hashes())
    count = 0
    for number, sha256 in enumerate(hashes, 1):
        try:
            _add_file(archive, f"media/{sha256[:2]}/{sha256[2:4]}/{sha256}", media.path(sha256))
        except FileNotFoundError:
            continue  # swept meanwhile
        count += 1
        on_progress(_COPYING + (1 - _COPYING) * number / len(hashes))
    return count


def _manifest(archive: tarfile.TarFile) -> Manifest:
    member = archive.next()
    file = archive.extractfile(member) if member and member.isreg() and member.name == "manifest.json" else None
    if member is None or file is None or member.size > _MANIFEST_BYTES:
        raise errors.Invalid("This file is not a backup made by fedi: it does not begin with a manifest.")
    try:
        manifest = Manifest(**json.loads(file.read()))
    except (ValueError, TypeError, RecursionError) as error:
        raise errors.Invalid("The manifest of this backup cannot be read.") from error
    if manifest.format != FORMAT:
        raise errors.Conflict(f"This backup was made by a newer fedi ({manifest.version}). Install that version first.")
    return manifest


def _unpack(archive: tarfile.TarFile, directory: Path, part: Path, progress: Callable[[], None]) -> Manifest:
    manifest = _manifest(archive)
    media = Files(directory / "media")
    count = 0
    while (member := archive.next()) is not None:
        file = archive.extractfile(member) if member.isreg() else None
        if file is None:
            raise errors.Invalid(f"The backup has something in it that is no file: {member.name!r}")
        if member.name == END:
            if json.loads(file.read(_MANIFEST_BYTES)) != {"media": count}:
                raise errors.Invalid("The backup is incomplete: a media file is missing.")
            return manifest
        if match := _MEDIA.match(member.name):
            _unpack_media(file, media, match[3])
            count += 1
        elif member.name == db.NAME:
            _write(file, part)
        elif member.name == "config.toml":
            if not (directory / "config.toml").exists():
                _write(file, directory / "config.toml")
        else:
            raise errors.Invalid(f"The backup has a file in it that does not belong there: {member.name!r}")
        progress()
    raise errors.Invalid("The backup is incomplete: its end is missing.")


def _unpack_media(file: IO[bytes], media: Files, sha256: str) -> None:
    with media.begin() as incoming:
        while chunk := file.read(_CHUNK):
            incoming.write(chunk)
        if incoming.sha256 != sha256:
            raise errors.Invalid(f"The backup is damaged: media file {sha256} has another content.")
        incoming.finish()


def _write(file: IO[bytes], path: Path) -> None:
    private.create(path)
    with path.open("r+b") as out:
        out.truncate()
        while chunk := file.read(_CHUNK):
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())


def _check(part: Path, manifest: Manifest) -> None:
    if not part.is_file() or _sha256(part) != manifest.database_sha256:
        raise errors.Invalid("The backup is damaged: its database is not the one that was saved.")
    connection = sqlite3.connect(part)
    try:
        found = problems(connection)
    finally:
        connection.close()
    if found:
        raise errors.Invalid(f"The database in this backup is damaged: {found[0]}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
