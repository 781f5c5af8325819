import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fedi.cli import fedi
from fedi.config import load
from tests.cli.conftest import Fedi, Server, Start


def restore(file: Path, folder: Path) -> Result:
    return CliRunner().invoke(fedi, ["restore", str(file), "--dir", str(folder)], prog_name="fedi")


def names(here: Fedi) -> list[str]:
    return [one["name"] for one in json.loads(here.run("account", "list", "--json").stdout)]


@pytest.mark.parametrize("name", ["b.tar", "b.tar.gz"])
def test_what_is_backed_up_comes_back(here: Fedi, tmp_path: Path, name: str):
    here.account("alice")
    here.run("post", "alice", "kept")

    made = here.run("backup", str(tmp_path / name))
    back = restore(tmp_path / name, tmp_path / "elsewhere")

    assert (made.exit_code, back.exit_code) == (0, 0), made.output + back.output
    there = Fedi(tmp_path / "elsewhere")
    assert names(there) == ["alice"]
    assert json.loads(there.run("account", "show", "alice", "--json").stdout)["posts"] == 1
    assert there.config.read_bytes() == here.config.read_bytes()


def test_a_backup_is_for_its_owner_only_INF_05(here: Fedi, tmp_path: Path):
    here.run("backup", str(tmp_path / "b.tar"))
    restore(tmp_path / "b.tar", tmp_path / "elsewhere")

    for path in (tmp_path / "b.tar", *(tmp_path / "elsewhere").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_it_is_made_while_the_server_runs_and_has_what_was_just_written(here: Fedi, served: Server, tmp_path: Path):
    here.account("bob")

    assert here.run("backup", str(tmp_path / "b.tar")).exit_code == 0

    restore(tmp_path / "b.tar", tmp_path / "elsewhere")
    assert names(Fedi(tmp_path / "elsewhere")) == ["alice", "bob"]


def test_a_restored_server_starts(here: Fedi, start: Start, tmp_path: Path):
    here.account("alice")
    here.run("backup", str(tmp_path / "b.tar"))
    restore(tmp_path / "b.tar", tmp_path / "elsewhere")

    server = start(Fedi(tmp_path / "elsewhere"))

    assert server.welcome[1].endswith("as alice\n")


def test_a_backup_of_data_kept_elsewhere_is_restored_into_one_folder(here: Fedi, tmp_path: Path):
    (here.folder / "deep").mkdir(mode=0o700)
    for path in here.folder.glob("fedi.*"):
        path.rename(here.folder / "deep" / path.name)
    here.config.write_text(here.config.read_text("utf-8").replace('dir = "."', 'dir = "deep"'), "utf-8")
    here.account("alice")
    here.run("backup", str(tmp_path / "b.tar"))

    restore(tmp_path / "b.tar", tmp_path / "elsewhere")

    there = Fedi(tmp_path / "elsewhere")
    assert load(there.config, {}).dir == tmp_path / "elsewhere"
    assert names(there) == ["alice"]


def test_a_configuration_that_is_there_is_kept(here: Fedi, tmp_path: Path):
    here.run("backup", str(tmp_path / "b.tar"))
    (tmp_path / "elsewhere").mkdir()
    mine = here.config.read_text("utf-8").replace('title = "fedi"', 'title = "Mine"')
    (tmp_path / "elsewhere" / "config.toml").write_text(mine, "utf-8")

    assert restore(tmp_path / "b.tar", tmp_path / "elsewhere").exit_code == 0
    assert (tmp_path / "elsewhere" / "config.toml").read_text("utf-8") == mine


def test_nothing_is_overwritten(here: Fedi, tmp_path: Path):
    here.run("backup", str(tmp_path / "b.tar"))

    assert here.run("backup", str(tmp_path / "b.tar")).exit_code == 4
    assert restore(tmp_path / "b.tar", here.folder).exit_code == 4


def test_a_restore_into_the_data_of_a_running_server_is_4(here: Fedi, served: Server, tmp_path: Path):
    here.run("backup", str(tmp_path / "b.tar"))

    assert restore(tmp_path / "b.tar", here.folder).exit_code == 4
    assert here.run("account", "list").exit_code == 0


@pytest.mark.parametrize("name", ["b.zip", "b", "../b.exe"])
def test_a_name_that_is_no_archives_is_2(here: Fedi, tmp_path: Path, name: str):
    assert here.run("backup", str(tmp_path / name)).exit_code == 2


def test_a_place_that_cannot_be_written_is_2(here: Fedi, tmp_path: Path):
    (tmp_path / "file").write_text("")

    for folder in ("file", "nowhere"):
        done = here.run("backup", str(tmp_path / folder / "b.tar"))

        assert done.exit_code == 2, done.output
        assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert not (tmp_path / "nowhere").exists()


def test_what_is_no_backup_is_refused_and_no_folder_begun(tmp_path: Path):
    (tmp_path / "odd.tar").write_bytes(b"\x1b[31m not a backup" * 100)

    assert restore(tmp_path / "odd.tar", tmp_path / "elsewhere").exit_code == 2
    assert restore(tmp_path / "missing.tar", tmp_path / "elsewhere").exit_code == 4
    assert not (tmp_path / "elsewhere").exists()
