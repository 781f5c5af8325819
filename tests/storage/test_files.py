import errno
import hashlib
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from fedi import errors
from fedi.storage.files import Files

CAT = b"\x89PNG a cat"
SHA = hashlib.sha256(CAT).hexdigest()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "media")


def everything(files: Files) -> list[str]:
    return sorted(path.name for path in files.directory.rglob("*") if path.is_file())


def age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds, time.time() - seconds))


def test_stored_bytes_are_found_by_their_hash(files: Files) -> None:
    assert files.store(CAT) == SHA
    assert files.path(SHA) == files.directory / SHA[:2] / SHA[2:4] / SHA
    assert files.path(SHA).read_bytes() == CAT and files.has(SHA)
    assert list(files.hashes()) == [SHA] == everything(files)


def test_storing_the_same_bytes_again_changes_nothing(files: Files) -> None:
    files.store(CAT)
    before = files.path(SHA).stat().st_ino
    assert files.store(CAT) == SHA
    assert files.path(SHA).stat().st_ino == before and everything(files) == [SHA]


def test_an_empty_file_is_a_file(files: Files) -> None:
    assert files.path(files.store(b"")).read_bytes() == b""


def test_files_and_folders_are_private_whatever_the_umask(files: Files) -> None:
    old = os.umask(0)
    try:
        path = files.path(files.store(CAT))
    finally:
        os.umask(old)
    folders = [path.parent, path.parent.parent, files.directory, files.directory / "arriving"]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700] * 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_bytes_and_the_name_are_synced_before_store_returns(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def noting(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        real(handle)

    monkeypatch.setattr(os, "fsync", noting)
    path = files.path(files.store(CAT))
    assert "arriving" in synced[0], "the content, before it has its name"
    assert synced[-1] == str(path.parent), "then its name"
    assert {str(files.directory), str(path.parent.parent)} <= set(synced), "and the folders that are new"


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "/etc/passwd", SHA.upper(), SHA + "\n", SHA[:-1], SHA + "0", "z" * 64, "\0" * 64]
)
def test_what_is_no_hash_names_no_file(files: Files, name: str) -> None:
    for call in (files.path, files.has, files.delete):
        with pytest.raises(errors.NotFound):
            call(name)


def test_a_deleted_file_is_gone_and_deleting_it_again_is_no_error(files: Files) -> None:
    files.store(CAT)
    assert files.delete(SHA) is True
    assert files.delete(SHA) is False and not files.has(SHA)


def test_a_file_can_arrive_in_pieces(files: Files) -> None:
    with files.begin(max_bytes=len(CAT)) as incoming:
        incoming.write(CAT[:4])
        incoming.write(CAT[4:])
        assert not files.has(SHA)
        assert incoming.sha256 == SHA == incoming.finish()
    assert files.has(SHA) and incoming.size_bytes == len(CAT)


def test_a_file_over_its_limit_leaves_nothing(files: Files) -> None:
    with pytest.raises(errors.TooLarge), files.begin(max_bytes=4) as incoming:
        incoming.write(CAT[:4])
        incoming.write(CAT[4:])
    assert everything(files) == []


def test_a_file_that_stopped_arriving_leaves_nothing(files: Files) -> None:
    with pytest.raises(LookupError), files.begin() as incoming:
        incoming.write(CAT)
        raise LookupError
    assert everything(files) == []


@pytest.mark.parametrize(("number", "raised"), [(errno.ENOSPC, errors.StorageFull), (errno.EIO, errors.Unavailable)])
@pytest.mark.parametrize("call", ["write", "fsync", "open"])
def test_a_full_or_broken_disk_leaves_nothing_and_says_so(
    files: Files, monkeypatch: pytest.MonkeyPatch, call: str, number: int, raised: type[errors.FediError]
) -> None:
    files.store(b"earlier")

    def failing(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, failing)
    with pytest.raises(errors.Unavailable) as caught:
        files.store(CAT)
    monkeypatch.undo()
    assert type(caught.value) is raised
    assert everything(files) == [hashlib.sha256(b"earlier").hexdigest()]


def test_a_sweep_removes_old_files_nobody_wants_and_what_never_finished(files: Files) -> None:
    wanted, unwanted, young = files.store(b"wanted"), files.store(b"unwanted"), files.store(b"young")
    left = files.directory / "arriving" / "left-by-a-killed-process"
    left.write_bytes(b"half")
    arriving = files.directory / "arriving" / "arriving-now"
    arriving.write_bytes(b"ha")
    for path in (files.path(wanted), files.path(unwanted), left):
        age(path, 100)
    swept = files.sweep({wanted}.__contains__, older_than_s=50)
    assert (swept.files, swept.size_bytes) == (2, len(b"unwanted") + len(b"half"))
    assert everything(files) == sorted([wanted, young, "arriving-now"])


def test_a_sweep_leaves_a_file_that_was_just_stored_again(files: Files) -> None:
    path = files.path(files.store(CAT))
    age(path, 100)
    files.store(CAT)
    assert files.sweep(lambda sha256: False, older_than_s=50).files == 0
    assert path.exists()


def test_a_sweep_touches_nothing_that_is_not_ours(files: Files) -> None:
    files.store(CAT)
    for name in ("README", SHA):  # the second is a hash, but not in the place of one
        (files.directory / name).write_text("mine")
        age(files.directory / name, 100)
    assert files.sweep(lambda sha256: False, older_than_s=50).files == 0
    assert Files(files.directory / "nowhere").sweep(lambda sha256: False, older_than_s=0).files == 0


def test_the_same_file_stored_by_many_threads_is_stored_once(files: Files) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(files.store(CAT * 1000))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1 and len(found) == 8
    assert everything(files) == [found[0]]
