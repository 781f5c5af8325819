import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fedi import errors
from fedi.storage import lock, private

HOLDER = """
import sys, time
from pathlib import Path
from fedi.storage import lock
held = lock.acquire(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_holder_is_told_the_process_of_the_first(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(errors.Conflict, match=rf"Another fedi \(process {process.pid}\) is running on this data"):
            lock.acquire(tmp_path)
        process.kill()
        process.wait()
    lock.acquire(tmp_path).release()


def test_a_lock_is_free_again_after_its_release_and_after_its_block(tmp_path: Path) -> None:
    with lock.acquire(tmp_path), pytest.raises(errors.Conflict, match=f"process {os.getpid()}"):
        lock.acquire(tmp_path)
    held = lock.acquire(tmp_path)
    held.release()
    held.release()
    lock.acquire(tmp_path).release()


def test_the_lock_file_is_private_and_holds_only_the_process_id(tmp_path: Path) -> None:
    (tmp_path / lock.NAME).write_text("123456789012345\nrubbish")
    (tmp_path / lock.NAME).chmod(0o644)
    with lock.acquire(tmp_path):
        assert (tmp_path / lock.NAME).read_text() == f"{os.getpid()}\n"
        assert stat.S_IMODE((tmp_path / lock.NAME).stat().st_mode) == 0o600


def test_a_missing_folder_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(errors.Invalid, match="fedi init"):
        lock.acquire(tmp_path / "nowhere")


def test_a_link_in_place_of_the_lock_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep me")
    (tmp_path / lock.NAME).symlink_to(tmp_path / "precious")
    with pytest.raises(errors.Invalid):
        lock.acquire(tmp_path)
    assert (tmp_path / "precious").read_text() == "keep me"


@pytest.mark.parametrize("name", ["fedi.sqlite3", "fedi.sqlite3-wal", "fedi.sqlite3-shm"])
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o622])
def test_data_others_can_read_is_refused_with_the_command_that_mends_it(tmp_path: Path, name: str, mode: int) -> None:
    private.check(tmp_path)
    (tmp_path / name).touch()
    (tmp_path / name).chmod(mode)
    with pytest.raises(errors.Invalid, match=f"Run: chmod 600 {tmp_path / name}"):
        private.check(tmp_path)
    (tmp_path / name).chmod(0o600)
    private.check(tmp_path)


@pytest.mark.parametrize("name", ["backups", "media"])
def test_a_folder_others_can_enter_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name).chmod(0o755)
    with pytest.raises(errors.Invalid, match=f"Run: chmod 700 {tmp_path / name}"):
        private.check(tmp_path)


def test_other_files_with_secrets_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").touch()
    (tmp_path / "config.toml").chmod(0o644)
    private.check(tmp_path)
    with pytest.raises(errors.Invalid, match=r"config\.toml"):
        private.check(tmp_path, [tmp_path / "config.toml"])


def test_folders_are_made_private_with_those_above_them(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        private.folder(tmp_path / "a" / "b")
    finally:
        os.umask(old)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b")] == [0o700, 0o700]
    tmp_path.chmod(0o755)
    private.folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755, "what was there before is its owner's business"
    (tmp_path / "file").touch()
    with pytest.raises(errors.Invalid, match="cannot be made"):
        private.folder(tmp_path / "file" / "below")
