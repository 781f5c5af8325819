"""An instance in a folder, commands run against it in this process, and servers as processes of their own."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from fedi.activitypub import keys
from fedi.cli import fedi
from tests import cast

DOMAIN = "localhost:8101"


class Fedi(NamedTuple):
    """The `fedi` command against one folder: `run("account", "list")`."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def run(self, *arguments: str, stdin: str = "") -> Result:
        """In this process. A command that leaves an exception behind is a fault of ours."""
        return CliRunner().invoke(fedi, arguments, input=stdin, env={"FEDI_CONFIG": str(self.config)}, prog_name="fedi")

    def account(self, name: str = "alice", *more: str) -> Result:
        done = self.run("account", "create", name, "--email", f"{name}@mail.test", "--password-stdin", *more, stdin="a long password\n")
        assert done.exit_code == 0, done.output
        return done

    def process(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """In a process of its own."""
        command = [sys.executable, "-m", "fedi", *arguments, "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("instance") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "generate_rsa", lambda: cast.rsa_pem("extra"))
        done = CliRunner().invoke(fedi, ["init", "--dir", str(folder), "--domain", DOMAIN, "--yes"], prog_name="fedi")
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def here(made_once: Path, tmp_path: Path, quick_keys: None) -> Fedi:
    """A fresh instance that nobody lives on yet."""
    shutil.copytree(made_once, tmp_path / "data")
    (tmp_path / "data").chmod(0o700)
    return Fedi(tmp_path / "data")


def quiet(log: str) -> str:
    """What a server wrote, but for what it says of a machine that was slow just then."""
    return "".join(line for line in log.splitlines(keepends=True) if " held the loop for " not in line and " the commit of " not in line)


class Server(NamedTuple):
    """A running `fedi serve`."""

    process: subprocess.Popen[str]
    address: str
    welcome: list[str]


Start = Callable[..., Server]


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(here)`: a server on any free port, ended after the test."""
    running: list[subprocess.Popen[str]] = []

    def begin(here: Fedi, *arguments: str, lines: int = 2) -> Server:
        command = [sys.executable, "-m", "fedi", "serve", "--config", str(here.config), "--port", "0", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        first = process.stdout.readline()
        if " at " not in first:
            raise AssertionError(process.communicate(timeout=60))
        return Server(process, first.split(" at ")[1].strip(), [first, *(process.stdout.readline() for _ in range(lines - 1))])

    yield begin
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def served(here: Fedi, start: Start) -> Server:
    """A server on `here`, where alice lives."""
    here.account("alice")
    return start(here)
