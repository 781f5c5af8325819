import stat
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fedi import config
from fedi.cli import fedi, init
from fedi.errors import Invalid

pytestmark = pytest.mark.usefixtures("quick_keys")


def begin(folder: Path, *arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(fedi, ["init", "--dir", str(folder), *arguments], input=stdin, prog_name="fedi")


def test_it_makes_a_configuration_that_loads_and_a_database(tmp_path: Path):
    done = begin(tmp_path / "a" / "b", "--domain", "Example.ORG", "--yes")

    assert done.exit_code == 0, done.output
    found = config.load(tmp_path / "a" / "b" / "config.toml", {})
    assert (found.instance.domain, found.instance.base_url, found.server.port) == ("example.org", "https://example.org", 8080)
    assert found.federation.allow_networks == ()
    assert (found.dir / "fedi.sqlite3").exists()


def test_only_the_owner_may_read_what_it_makes_INF_05(tmp_path: Path):
    begin(tmp_path / "data", "--domain", "example.org", "--yes")

    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    for path in (tmp_path / "data").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_every_setting_is_in_the_file_with_its_reason(tmp_path: Path):
    begin(tmp_path, "--domain", "example.org", "--yes")

    text = (tmp_path / "config.toml").read_text("utf-8")
    example = Path("config.example.toml").read_text("utf-8")
    assert [line for line in text.splitlines() if line.startswith("#")] == [line for line in example.splitlines() if line.startswith("#")]
    assert tomllib.loads(text).keys() == tomllib.loads(example).keys()


@pytest.mark.parametrize(
    ("domain", "base_url", "place"),
    [
        ("example.org", "", ("example.org", "", 8080)),
        ("example.org", "https://social.example.org/", ("example.org", "https://social.example.org", 8080)),
        ("example.org:8443", "", ("example.org:8443", "", 8080)),
        ("localhost:8101", "", ("localhost:8101", "http://localhost:8101", 8101)),
        ("127.0.0.1:9001", "", ("127.0.0.1:9001", "http://127.0.0.1:9001", 9001)),
        ("[::1]:9001", "", ("[::1]:9001", "http://[::1]:9001", 9001)),
        ("localhost", "", ("localhost:8080", "http://localhost:8080", 8080)),
        ("a.localhost:8101", "", ("a.localhost:8101", "http://a.localhost:8101", 8101)),
        ("localhost:1", "http://127.0.0.1:9002", ("localhost:1", "http://127.0.0.1:9002", 9002)),
    ],
)
def test_the_domain_says_where_the_server_is(domain: str, base_url: str, place: tuple[str, str, int]):
    assert init.locate(domain, base_url) == place


def test_an_instance_of_this_machine_may_speak_to_this_machine(tmp_path: Path):
    begin(tmp_path, "--domain", "localhost:8101", "--yes")

    found = config.load(tmp_path / "config.toml", {})
    assert found.federation.allow_networks == ("127.0.0.0/8", "::1")
    assert (found.instance.base_url, found.server.port) == ("http://localhost:8101", 8101)


@pytest.mark.parametrize(
    "domain",
    ["https://example.org", "example.org/x", "", " ", "ex ample.org", "../x", "\x1b[31m", "a" * 300, "@example.org", "x\ny"],
)
def test_what_is_no_domain_is_refused_and_nothing_made(domain: str, tmp_path: Path):
    done = begin(tmp_path / "data", "--yes", f"--domain={domain}")

    assert done.exit_code == 2
    assert "\x1b" not in done.stderr
    assert not (tmp_path / "data" / "config.toml").exists()


@pytest.mark.parametrize("base_url", ["example.org", "ftp://example.org", "https://example.org/path", "http://example.org"])
def test_what_is_no_base_url_is_refused_and_nothing_made(base_url: str, tmp_path: Path):
    done = begin(tmp_path / "data", "--yes", "--domain", "example.org", "--base-url", base_url)

    assert done.exit_code == 2
    assert not (tmp_path / "data").exists()


def test_a_port_out_of_range_is_refused():
    with pytest.raises(Invalid):
        init.locate("localhost:99999", "")


def test_a_second_time_changes_nothing(tmp_path: Path):
    begin(tmp_path, "--domain", "example.org", "--yes")
    (tmp_path / "config.toml").write_text(
        (tmp_path / "config.toml").read_text("utf-8").replace('title = "fedi"', 'title = "Ours"'), "utf-8"
    )
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    done = begin(tmp_path, "--domain", "example.org", "--yes")

    assert done.exit_code == 0
    assert "nothing is changed" in done.output
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_lost_database_is_begun_again_under_the_same_configuration(tmp_path: Path):
    begin(tmp_path, "--domain", "example.org", "--yes")
    (tmp_path / "fedi.sqlite3").unlink()

    assert begin(tmp_path, "--domain", "example.org", "--yes").exit_code == 0
    assert (tmp_path / "fedi.sqlite3").exists()


def test_another_domain_in_the_same_folder_is_4(tmp_path: Path):
    begin(tmp_path, "--domain", "example.org", "--yes")
    before = (tmp_path / "config.toml").read_bytes()

    done = begin(tmp_path, "--domain", "example.net", "--yes")

    assert done.exit_code == 4
    assert "example.org" in done.stderr
    assert (tmp_path / "config.toml").read_bytes() == before


def test_foreign_data_is_refused_and_the_configuration_taken_back(tmp_path: Path):
    begin(tmp_path, "--domain", "example.org", "--yes")
    (tmp_path / "config.toml").unlink()

    done = begin(tmp_path, "--domain", "example.net", "--yes")

    assert done.exit_code == 2
    assert "example.org" in done.stderr
    assert not (tmp_path / "config.toml").exists()


def test_without_anybody_to_ask_the_domain_must_be_given(tmp_path: Path):
    done = begin(tmp_path / "data")

    assert done.exit_code == 2
    assert "--domain" in done.stderr
    assert not (tmp_path / "data").exists()


def test_it_asks_somebody_who_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True, raising=False)

    done = begin(tmp_path, stdin="example.org\nhttps://social.example.org\n")

    assert done.exit_code == 0, done.output
    found = config.load(tmp_path / "config.toml", {}).instance
    assert (found.domain, found.base_url) == ("example.org", "https://social.example.org")


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")

    done = begin(tmp_path / "file" / "data", "--domain", "example.org", "--yes")

    assert done.exit_code == 2
    assert done.stderr.startswith("Error: ")


def test_it_says_what_comes_next(tmp_path: Path):
    done = begin(tmp_path, "--domain", "example.org", "--yes")

    assert f"fedi serve --config {tmp_path / 'config.toml'}" in done.stderr
