import os
import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from fedi import __version__, errors
from fedi.cli import COMMANDS, fedi
from fedi.storage.migrate import TooNew
from tests.cli.conftest import Fedi


def pages(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found += pages(inner, f"{path} {name}")
    return found


PAGES = dict(pages(fedi, "fedi"))


@pytest.mark.parametrize("path", [path for path in PAGES if path != "fedi"])
def test_the_help_of_every_command_teaches_by_an_example(path: str):
    shown = CliRunner().invoke(fedi, [*path.split()[1:], "--help"], prog_name="fedi")

    assert shown.exit_code == 0
    assert "Example:" in shown.output
    assert f"fedi {path.split()[1]}" in shown.output.split("Example:")[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_list_is_there_under_its_name(name: str):
    assert PAGES[f"fedi {name}"].name == name


@pytest.mark.parametrize("path", [path for path, command in PAGES.items() if not isinstance(command, click.Group)])
def test_no_command_takes_a_password_as_an_argument(path: str):
    names = {option for parameter in PAGES[path].params for option in parameter.opts}

    assert not {"--password", "-p"} & names


@pytest.mark.parametrize("path", [path for path in PAGES if path.endswith(" list")])
def test_whatever_lists_speaks_json(path: str):
    assert "--json" in {option for parameter in PAGES[path].params for option in parameter.opts}


def test_the_version_is_said():
    assert CliRunner().invoke(fedi, ["--version"], prog_name="fedi").output == f"fedi {__version__}\n"


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_is_quick(argument: str):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "fedi", argument], capture_output=True, check=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert done.stdout
    # 0.09 s where nothing else runs; a busy machine takes twice that
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 0.4


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["account", "--help"], ["account", "create", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]):
    code = (
        "import sys\nfrom fedi.cli import fedi\n"
        f"try: fedi({arguments!r})\nexcept SystemExit: pass\n"
        "print([name for name in ('aiohttp', 'cryptography', 'sqlite3', 'rich', 'jinja2', 'asyncio', 'PIL') if name in sys.modules],"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)

    heavy = done.stderr.strip()
    assert heavy in ("[]", "['asyncio']" if arguments[0] == "account" else "[]")


# -- errors --


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.setattr("fedi.cli.media.media", fail)
    done = CliRunner().invoke(fedi, ["media"], prog_name="fedi")
    return done.exit_code, done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Invalid("x"), 2),
        (errors.TooLarge("x"), 2),
        (errors.Unauthenticated("x"), 3),
        (errors.Forbidden("x"), 3),
        (errors.NotFound("x"), 4),
        (errors.Gone("x"), 4),
        (errors.Conflict("x"), 4),
        (errors.Unreachable("x"), 5),
        (errors.Refused("x", 403), 5),
        (errors.Malformed("x"), 5),
        (errors.RemoteGone("x"), 5),
        (errors.TooMany("x"), 1),
        (errors.Unavailable("x"), 1),
        (errors.StorageFull("x"), 1),
        (TooNew("x"), 3),
        (click.UsageError("x"), 2),
        (KeyError("x"), 1),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_each_error_has_its_exit_code(error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch):
    assert failing(error, monkeypatch)[0] == code


def test_an_error_is_one_line_and_then_what_to_do(monkeypatch: pytest.MonkeyPatch):
    _, said = failing(errors.StorageFull("The disk of this server is full."), monkeypatch)

    assert said == "Error: The disk of this server is full.\nMake room on the disk, then try again.\n"


def test_an_error_cannot_colour_the_terminal_XSS_14(monkeypatch: pytest.MonkeyPatch):
    _, said = failing(errors.Malformed("\x1b[31mred\x1b]0;title\x07\x9b2J"), monkeypatch)

    assert "\x1b" not in said and "\x9b" not in said and "\x07" not in said
    assert "\\x1b[31mred" in said


def test_a_fault_of_ours_has_no_traceback_unless_asked_for(monkeypatch: pytest.MonkeyPatch):
    assert "Traceback" not in failing(ZeroDivisionError("by zero"), monkeypatch)[1]
    monkeypatch.setenv("FEDI_TRACEBACK", "1")
    assert "Traceback" in failing(ZeroDivisionError("by zero"), monkeypatch)[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["\x1b[31m"],
        ["-rf"],
        ["account"],
        ["account", "show"],
        ["account", "show", "-rf"],
        ["account", "role", "alice", "emperor"],
        ["queue", "retry"],
        ["queue", "retry", "../x"],
        ["queue", "drop", "1", "--all"],
        ["serve", "--port", "70000"],
        ["token", "revoke", "alice"],
        ["report", "resolve", "x"],
        ["init", "--yes"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_says_where_help_is(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(fedi, arguments, prog_name="fedi")

    assert done.exit_code == 2
    assert "--help" in done.stderr + done.output
    assert "\x1b" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "nobody", "a\x00b", "\x1b[2J", "x" * 5000, "@x@y@z", "éà", "%s%n", "' OR 1=1 --"])
def test_a_name_that_is_nobodys_is_4(here: Fedi, name: str):
    done = here.run("account", "show", "--", name)

    assert done.exit_code == 4
    assert done.stderr.startswith("Error: ")
    assert "\x1b" not in done.stderr


def test_a_pipe_that_closes_early_is_no_accident(here: Fedi):
    here.account("alice")
    command = f"{sys.executable} -m fedi account list --config {here.config}"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command.split(), stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    os.close(writing)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


# -- where the configuration is --


def test_the_configuration_is_named_by_option_by_environment_or_by_the_folder(here: Fedi, monkeypatch: pytest.MonkeyPatch):
    by_option = CliRunner().invoke(fedi, ["domain", "list", "--config", str(here.config), "--json"], prog_name="fedi")
    by_environment = CliRunner().invoke(fedi, ["domain", "list", "--json"], env={"FEDI_CONFIG": str(here.config)}, prog_name="fedi")
    monkeypatch.chdir(here.folder)
    by_folder = CliRunner().invoke(fedi, ["domain", "list", "--json"], prog_name="fedi")

    assert by_option.output == by_environment.output == by_folder.output == "[]\n"


def test_a_missing_configuration_is_2_and_names_init(tmp_path: Path):
    done = Fedi(tmp_path).run("account", "list")

    assert done.exit_code == 2
    assert "fedi init" in done.stderr


def test_a_wrong_setting_is_named(here: Fedi):
    here.config.write_text(here.config.read_text("utf-8").replace("timeout_s = 10", "timeout_s = 1000"), "utf-8")

    done = here.run("account", "list")

    assert done.exit_code == 2
    assert "federation.timeout_s" in done.stderr


def test_a_folder_without_a_database_is_not_begun_by_accident(here: Fedi):
    for path in here.folder.glob("fedi.sqlite3*"):
        path.unlink()

    done = here.run("account", "list")

    assert done.exit_code == 4
    assert "fedi init" in done.stderr
    assert not list(here.folder.glob("fedi.sqlite3*"))


def test_a_database_of_a_newer_fedi_is_3(here: Fedi):
    from fedi.storage.connection import open_writer

    connection = open_writer(here.folder / "fedi.sqlite3")
    connection.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('fedi', '9999_future', '')")
    connection.close()

    done = here.run("account", "list")

    assert done.exit_code == 3
    assert "newer" in done.stderr
