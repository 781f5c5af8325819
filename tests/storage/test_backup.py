import asyncio
import io
import json
import os
import sqlite3
import stat
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import fedi
from fedi import errors
from fedi.storage import backup, snapshot
from fedi.storage.connection import open_reader
from fedi.storage.db import NAME, Database
from fedi.storage.files import Files
from tests.storage import ledger

CONFIG = '[instance]\ndomain = "example.test"\n'


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    """A running instance in `data`."""
    made = Database.open(tmp_path / "data" / NAME, migrations=ledger.migrations(tmp_path))
    await made.write(ledger.add, "alice")
    (tmp_path / "data" / "config.toml").write_text(CONFIG)
    Files(tmp_path / "data" / "media").store(b"a cat")
    yield made
    await made.close()


def save(tmp_path: Path, name: str = "saved.tar") -> Path:
    backup.backup(tmp_path / "data", tmp_path / "data" / "config.toml", tmp_path / name)
    return tmp_path / name


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def rewritten(file: Path, changed: dict[str, bytes | tarfile.TarInfo | None]) -> Path:
    """A copy of a backup whose members are replaced (by bytes), taken out (None) or added before its end."""
    left = dict(changed)
    made = file.with_name("rewritten.tar")
    with tarfile.open(file) as old, tarfile.open(made, "w") as new:
        for member in old.getmembers():
            if member.name == backup.END:
                for name, value in left.items():
                    add(new, value if isinstance(value, tarfile.TarInfo) else tarfile.TarInfo(name), value)
            value = left.pop(member.name, old.extractfile(member).read())
            if value is not None:
                add(new, value if isinstance(value, tarfile.TarInfo) else member, value)
    return made


def add(archive: tarfile.TarFile, member: tarfile.TarInfo, value: object) -> None:
    data = value if isinstance(value, bytes) else b""
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


# -- backup --


@pytest.mark.parametrize("name", ["saved.tar", "saved.tar.gz", "saved.tgz"])
async def test_what_was_saved_comes_back(db: Database, tmp_path: Path, name: str) -> None:
    heard: list[float] = []
    made = backup.backup(tmp_path / "data", tmp_path / "data" / "config.toml", tmp_path / name, heard.append)
    assert (made.domain, made.version, made.migration) == ("example.test", fedi.__version__, "0001_initial")
    assert heard == sorted(heard) and heard[-1] == 1.0
    assert backup.read_manifest(tmp_path / name) == made

    assert backup.restore(tmp_path / name, tmp_path / "new") == made
    with Database.open(tmp_path / "new" / NAME, migrations=tmp_path / "migrations") as again:
        assert again.read(ledger.names) == ["alice"]
    assert (tmp_path / "new" / "config.toml").read_text() == CONFIG
    media = Files(tmp_path / "new" / "media")
    assert [media.path(sha256).read_bytes() for sha256 in media.hashes()] == [b"a cat"]


async def test_a_backup_and_what_is_restored_are_private(db: Database, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        file = save(tmp_path)
        backup.restore(file, tmp_path / "new")
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for path in (tmp_path / "new").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


async def test_a_backup_under_load_is_whole_and_has_every_row_acknowledged_before_it(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acked: list[str] = []

    async def writer(k: int) -> None:
        for n in range(100_000):
            acked.append(await db.write(ledger.add, f"{k}-{n}"))

    async def more(number: int) -> None:
        wanted = len(acked) + number
        async with asyncio.timeout(30):
            while len(acked) < wanted:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.001)

    monkeypatch.setattr(snapshot, "_PAGES", 2)
    writers = [asyncio.create_task(writer(k)) for k in range(4)]
    loop = asyncio.get_running_loop()
    for n in range(3):
        await more(100)
        before = list(acked)
        file = tmp_path / f"saved-{n}.tar"
        meanwhile: list[bool] = []

        def half(share: float, meanwhile: list[bool] = meanwhile) -> None:
            """In the middle of the copying: it goes on once others have written."""
            if not meanwhile and share < 1:
                meanwhile.append(True)
                asyncio.run_coroutine_threadsafe(more(20), loop).result()

        await asyncio.to_thread(backup.backup, tmp_path / "data", None, file, half)
        assert meanwhile, "writing went on"
        backup.restore(file, tmp_path / f"new-{n}")
        with Database.open(tmp_path / f"new-{n}" / NAME, migrations=tmp_path / "migrations") as again:
            assert set(before) <= set(again.read(ledger.names))
            assert again.read(lambda tx: [row[0] for row in tx.query("PRAGMA integrity_check")]) == ["ok"]
            assert again.read(lambda tx: tx.query("PRAGMA foreign_key_check")) == []
    for task in writers:
        task.cancel()
    await asyncio.gather(*writers, return_exceptions=True)


async def test_a_copy_in_many_steps_is_of_one_moment(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await db.write(lambda tx: [ledger.add(tx, f"{n}-{'x' * 2000}") for n in range(50)])
    monkeypatch.setattr(snapshot, "_PAGES", 5)
    shares: list[float] = []

    def meanwhile(share: float) -> None:
        shares.append(share)
        db.transact(ledger.add, f"meanwhile-{len(shares)}")

    source = open_reader(tmp_path / "data" / NAME)
    snapshot.copy(source, tmp_path / "copy.sqlite3", meanwhile)
    source.close()
    assert len(shares) > 3 and shares[-1] == 1.0
    connection = sqlite3.connect(tmp_path / "copy.sqlite3")
    assert connection.execute("SELECT count(*) FROM entries").fetchone() == (51,)
    connection.close()


async def test_a_failed_backup_leaves_no_half_file(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for module, name in ((snapshot.private, "sync_folder"), (backup, "_add_media"), (backup.os, "fsync")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, failing)
            with pytest.raises(errors.StorageFull):
                save(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["data", "migrations"]


async def test_a_backup_that_cannot_be_made_says_why(db: Database, tmp_path: Path) -> None:
    with pytest.raises(errors.Invalid, match=r"`\.tar`"):
        save(tmp_path, "saved.zip")
    with pytest.raises(errors.NotFound, match="no database"):
        backup.backup(tmp_path, None, tmp_path / "saved.tar")
    file = save(tmp_path)
    before = file.read_bytes()
    with pytest.raises(errors.Conflict, match="already"):
        save(tmp_path)
    assert file.read_bytes() == before


# -- restore --


async def test_a_restore_never_touches_a_database_that_is_there(db: Database, tmp_path: Path) -> None:
    file = save(tmp_path)
    for name in (NAME, f"{NAME}-wal"):
        folder = tmp_path / f"in-use-{name}"
        folder.mkdir()
        (folder / name).write_text("precious")
        with pytest.raises(errors.Conflict, match="empty folder"):
            backup.restore(file, folder)
        assert contents(folder) == {name: b"precious"}


async def test_a_configuration_that_is_there_is_kept(db: Database, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "config.toml").write_text("# mine")
    backup.restore(save(tmp_path), tmp_path / "new")
    assert (tmp_path / "new" / "config.toml").read_text() == "# mine"


@pytest.mark.parametrize(
    "name", ["../evil", "/tmp/evil", "media/../../evil", "media/aa/bb/" + "c" * 64, "media/aa/bb/../x", NAME + "-wal", "x"]
)
async def test_a_name_that_does_not_belong_is_refused(db: Database, tmp_path: Path, name: str) -> None:
    made = rewritten(save(tmp_path), {name: b"evil"})
    with tarfile.open(made) as archive:
        assert name in archive.getnames()
    with pytest.raises(errors.Invalid, match="does not belong"):
        backup.restore(made, tmp_path / "deep" / "new")
    assert not any("evil" in name for name in contents(tmp_path)) and not (tmp_path / "deep" / "new" / NAME).exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
async def test_links_and_devices_are_refused(db: Database, tmp_path: Path, kind: bytes) -> None:
    link = tarfile.TarInfo("config.toml")
    link.type, link.linkname = kind, "/etc/passwd"
    made = rewritten(save(tmp_path), {"config.toml": link})
    with pytest.raises(errors.Invalid, match="no file"):
        backup.restore(made, tmp_path / "new")
    assert not (tmp_path / "new" / "config.toml").exists() and not (tmp_path / "new" / NAME).exists()


async def test_a_changed_or_missing_database_is_refused(db: Database, tmp_path: Path) -> None:
    file = save(tmp_path)
    for changed in (b"SQLite format 3\0 but not this one", None):
        with pytest.raises(errors.Invalid, match="damaged"):
            backup.restore(rewritten(file, {NAME: changed}), tmp_path / "new")
        assert not (tmp_path / "new" / NAME).exists()


async def test_a_changed_media_file_is_refused(db: Database, tmp_path: Path) -> None:
    file = save(tmp_path)
    with tarfile.open(file) as archive:
        name = next(name for name in archive.getnames() if name.startswith("media/"))
    with pytest.raises(errors.Invalid, match="another content"):
        backup.restore(rewritten(file, {name: b"a dog"}), tmp_path / "new")
    assert list(Files(tmp_path / "new" / "media").hashes()) == []


@pytest.mark.parametrize("name", ["saved.tar", "saved.tar.gz"])
async def test_a_backup_cut_anywhere_is_refused_and_a_whole_one_goes_in_afterwards(db: Database, tmp_path: Path, name: str) -> None:
    file = save(tmp_path, name)
    with tarfile.open(file) as archive:
        offsets = [at for member in archive for at in (member.offset, member.offset + 100, member.offset_data, member.offset_data + 3)]
    whole = file.read_bytes()
    half = tmp_path / f"half-{name}"
    for cut in offsets[:-1] if name.endswith(".tar") else [5, len(whole) // 10, len(whole) // 2, len(whole) * 3 // 4]:
        half.write_bytes(whole[:cut])
        with pytest.raises(errors.Invalid):
            backup.restore(half, tmp_path / "new")
        assert not (tmp_path / "new" / NAME).exists()
    backup.restore(file, tmp_path / "new")
    assert (tmp_path / "new" / NAME).exists()


async def test_a_backup_without_one_of_its_media_files_is_refused(db: Database, tmp_path: Path) -> None:
    file = save(tmp_path)
    with tarfile.open(file) as archive:
        name = next(name for name in archive.getnames() if name.startswith("media/"))
    with pytest.raises(errors.Invalid, match="incomplete"):
        backup.restore(rewritten(file, {name: None}), tmp_path / "new")


async def test_bytes_that_were_changed_on_the_way_are_refused(db: Database, tmp_path: Path) -> None:
    whole = save(tmp_path, "saved.tar.gz").read_bytes()
    for at in range(20, len(whole) * 3 // 4, len(whole) // 10):
        (tmp_path / "changed.tar.gz").write_bytes(whole[:at] + b"\xff\x00\xff" + whole[at + 3 :])
        with pytest.raises(errors.Invalid):
            backup.restore(tmp_path / "changed.tar.gz", tmp_path / "new")
        assert not (tmp_path / "new" / NAME).exists()


@pytest.mark.parametrize("manifest", [b"", b"not json", b"[]", b'{"format": 1}', b"[" * 10_000, b"x" * 70_000])
async def test_a_file_without_our_manifest_is_refused(db: Database, tmp_path: Path, manifest: bytes) -> None:
    made = rewritten(save(tmp_path), {"manifest.json": manifest})
    for call in (lambda: backup.restore(made, tmp_path / "new"), lambda: backup.read_manifest(made)):
        with pytest.raises(errors.Invalid):
            call()


async def test_a_backup_of_a_newer_format_is_refused(db: Database, tmp_path: Path) -> None:
    file = save(tmp_path)
    newer = json.dumps({**backup.read_manifest(file)._asdict(), "format": 2, "version": "9.0"}).encode()
    with pytest.raises(errors.Conflict, match=r"newer fedi \(9\.0\)"):
        backup.restore(rewritten(file, {"manifest.json": newer}), tmp_path / "new")


def test_what_is_no_backup_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cat.tar").write_bytes(b"a picture of a cat" * 1000)
    for call in (lambda: backup.restore(tmp_path / "cat.tar", tmp_path / "new"), lambda: backup.read_manifest(tmp_path / "cat.tar")):
        with pytest.raises(errors.Invalid, match="not a"):
            call()
    with pytest.raises(errors.NotFound, match="no such file"):
        backup.restore(tmp_path / "nowhere.tar", tmp_path / "new")
