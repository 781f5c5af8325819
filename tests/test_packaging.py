"""The wheel holds all that the program needs, and what is installed from it works far from the checkout."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedi import __version__

ROOT = Path(__file__).parents[1]


def run(*arguments: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """A program away from the checkout, without the variables that would lead it back there."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FEDI_", "VIRTUAL_ENV"))}
    return subprocess.run(
        [str(a) for a in arguments], cwd=cwd, env={**clean, **environ}, capture_output=True, text=True, timeout=300, check=False
    )


def expected() -> set[str]:
    """Every file of the package, and what stands beside it in the checkout and inside it in the wheel."""
    found = {str(p.relative_to(ROOT)) for p in (ROOT / "fedi").rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    found |= {f"fedi/{p.relative_to(ROOT)}" for p in (ROOT / "migrations").rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    return found | {"fedi/config.example.toml"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing else's build folder is in the way."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".git", ".venv", "build", "dist", "__pycache__", ".*_cache", ".hypothesis"))
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    built = run(sys.executable, "-c", build, folder, cwd=source)
    assert built.returncode == 0, built.stderr
    return folder / built.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_of_the_program(names: set[str]):
    assert expected() <= names


def test_the_wheel_holds_migrations_templates_static_files_and_the_example(names: set[str]):
    assert "fedi/config.example.toml" in names
    assert "fedi/py.typed" in names
    for room in (r"fedi/migrations/0001_\w+\.sql", r"fedi/web/templates/.+", r"fedi/web/static/.+"):
        assert any(re.fullmatch(room, name) for name in names), room


def test_the_wheel_holds_nothing_else(names: set[str]):
    assert {name for name in names if not name.startswith("fedi-")} == expected()


def test_the_wheel_says_its_version_and_its_command(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"fedi-{__version__}.dist-info/METADATA").decode()
        entries = archive.read(f"fedi-{__version__}.dist-info/entry_points.txt").decode()

    assert f"Version: {__version__}\n" in metadata
    assert "Requires-Python: >=3.11\n" in metadata
    assert "fedi = fedi.cli:main" in entries


def test_the_floors_of_what_is_depended_on_INF_09():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]

    assert {"aiohttp>=3.14.3", "jinja2>=3.1.6", "cryptography>=50", "sqlite-utils>=4.2.1", "bleach>=6.4,<7"} <= set(needed)


def locked() -> dict[str, list[str]]:
    """Package -> the hashes of requirements.lock."""
    found: dict[str, list[str]] = {}
    for block in re.split(r"\n(?=[a-z0-9])", (ROOT / "requirements.lock").read_text("utf-8")):
        if match := re.match(r"([a-z0-9.-]+)==\S+", block):
            found[match[1]] = re.findall(r"--hash=sha256:[0-9a-f]{64}", block)
    return found


def test_the_lock_pins_and_hashes_everything_that_is_needed_INF_09():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        project["build-system"]["requires"],
    ]
    names = {re.split(r"[<>=!~\[; ]", requirement)[0] for group in groups for requirement in group}
    needed = {re.sub(r"[-_.]+", "-", name).lower() for name in names}  # as the lock spells them: Mastodon.py is mastodon-py

    assert needed <= set(locked())
    assert all(locked().values())


def test_the_lock_says_nothing_about_where_it_was_made_INF_09():
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()

    assert [line for line in lines if "://" in line or re.search(r"(^|\s)(-i|--index|--extra-index|--find|--trusted|-e|-f)", line)] == []
    assert [line for line in lines if re.search(r"(^|\s)/\w", line)] == []


@pytest.fixture(scope="module")
def far(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A virtual environment with the wheel in it, its dependencies taken from ours: the folder of its programs."""
    folder = tmp_path_factory.mktemp("far") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    site = next(folder.glob("lib/python*/site-packages"))
    ours = [path for path in sys.path if path.endswith("site-packages")]
    installed = run(
        sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--no-deps", "--no-index", wheel, cwd=folder
    )
    assert installed.returncode == 0, installed.stderr
    (site / "dependencies.pth").write_text("".join(f"{path}\n" for path in ours))
    yield folder / "bin"


@pytest.mark.slow
def test_the_installed_program_knows_its_version(far: Path, tmp_path: Path):
    shown = run(far / "fedi", "--version", cwd=tmp_path)

    assert shown.returncode == 0, shown.stderr
    assert __version__ in shown.stdout


@pytest.mark.slow
def test_the_installed_program_is_not_the_checkout(far: Path, tmp_path: Path):
    where = "import fedi; print(fedi.__file__)"

    shown = run(far / "python", "-c", where, cwd=tmp_path)

    assert shown.stdout.startswith(str(far.parent))


@pytest.mark.slow
def test_the_installed_program_makes_an_instance_far_from_the_checkout(far: Path, tmp_path: Path):
    made = run(far / "fedi", "init", "--yes", "--domain", "example.org", cwd=tmp_path)

    assert made.returncode == 0, made.stderr
    settings = [path for path in tmp_path.rglob("*.toml") if 'domain = "example.org"' in path.read_text("utf-8")]
    assert len(settings) == 1
    assert settings[0].stat().st_mode & 0o077 == 0
    assert list(tmp_path.rglob("*.sqlite3")) or list(tmp_path.rglob("*.db"))
