import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from bench.server import free_port
from fedi.cli import doctor
from fedi.config import Config, load
from fedi.control import wire
from fedi.errors import Refused
from tests import make, smtp
from tests.cli.conftest import Fedi, Start


def findings(here: Fedi) -> dict[str, doctor.Finding]:
    return {finding.check: finding for finding in doctor.examine(here.config)}


@pytest.fixture(autouse=True)
def right_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_clock", lambda: doctor.Finding("clock", "ok", "it is noon"))


def public(tmp_path: Path, **sections: object) -> Config:
    return make.settings(tmp_path, instance={"domain": "example.org"}, **sections)  # type: ignore[arg-type]


def test_an_instance_that_is_well_is_well_from_outside_too(here: Fedi, start: Start):
    port = free_port()
    for path in here.folder.iterdir():
        path.unlink()
    assert here.run("init", "--dir", str(here.folder), "--domain", f"localhost:{port}", "--yes").exit_code == 0
    here.account("alice")
    start(here, "--port", str(port))

    found = findings(here)

    assert {finding.state for finding in found.values()} == {"ok", "skipped"}
    assert found["WebFinger"].message == f"@alice@localhost:{port} leads to http://localhost:{port}/users/alice"
    assert found["actor"].state == "ok"
    assert here.run("doctor").exit_code == 0


def test_every_finding_that_is_not_well_says_what_to_do(here: Fedi):
    for finding in doctor.examine(here.config):
        assert finding.state in ("ok", "skipped") or finding.remedy


def test_it_prints_json_for_programs(here: Fedi):
    found = json.loads(here.run("doctor", "--json").stdout)

    assert found[0] == {"check": "configuration", "state": "ok", "message": "localhost:8101 at http://localhost:8101", "remedy": ""}


def test_a_server_that_does_not_run_is_told(here: Fedi):
    found = findings(here)

    assert found["server"].state == "look"
    assert "fedi serve" in found["server"].remedy
    assert found["from outside"].state == "skipped"


def test_a_wrong_configuration_ends_the_visit_with_1(here: Fedi):
    here.config.write_text("[instance]\ndomain = 'http://x/'\n", "utf-8")

    done = here.run("doctor")

    assert done.exit_code == 1
    assert "instance.domain" in done.stdout
    assert len(findings(here)) == 1


def test_a_server_that_cannot_be_reached_as_it_is_named_is_wrong(here: Fedi, start: Start):
    here.account("alice")
    start(here)  # on another port than its base_url says

    found = findings(here)

    assert found["server"].state == "ok"
    assert found["actor"].state == found["WebFinger"].state == "wrong"
    assert found["actor"].remedy
    assert here.run("doctor").exit_code == 1


def test_files_that_others_can_read_are_wrong_INF_05(here: Fedi):
    (here.folder / "fedi.sqlite3").chmod(0o644)

    assert "chmod 600" in findings(here)["files"].message


def test_a_missing_and_a_damaged_database_are_told(here: Fedi):
    path = here.folder / "fedi.sqlite3"
    path.write_bytes(b"not a database" * 1000)
    assert findings(here)["database"].state == "wrong"

    path.unlink()
    assert "fedi init" in findings(here)["database"].remedy


def test_a_full_disk_is_told(here: Fedi, monkeypatch: pytest.MonkeyPatch):
    real = doctor.shutil.disk_usage(here.folder)
    for free, state in ((2_000_000_000, "ok"), (500_000_000, "look"), (1000, "wrong")):
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _, free=free: real._replace(free=free))
        assert findings(here)["disk"].state == state


def test_a_proxy_that_is_everybody_is_wrong(tmp_path: Path):
    assert doctor._proxies(public(tmp_path, server={"trusted_proxies": ["0.0.0.0/0"]})).state == "wrong"
    assert doctor._proxies(public(tmp_path, server={"host": "0.0.0.0"})).state == "look"
    assert doctor._proxies(public(tmp_path)).state == "ok"


@pytest.mark.parametrize(("address", "state"), [("93.184.216.34", "ok"), ("192.168.1.5", "look"), ("127.0.0.1", "look")])
def test_a_name_must_lead_to_a_public_address(address: str, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor.socket, "getaddrinfo", lambda *a, **k: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))])

    found = doctor._names(public(tmp_path))

    assert (found.state, address in found.message) == (state, True)


def test_a_name_nobody_knows_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(doctor.socket, "getaddrinfo", unknown)

    assert "A or AAAA record" in doctor._names(public(tmp_path)).remedy


def test_a_machine_that_does_not_answer_with_tls_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(doctor.socket, "create_connection", refuse)

    found = doctor._certificate(public(tmp_path))
    assert found.state == "wrong"
    assert "443" in found.remedy


def test_the_answers_of_a_misled_web_server_have_their_remedies(here: Fedi):
    settings = load(here.config, {})
    split = replace(settings, instance=replace(settings.instance, domain="example.org", base_url="https://social.example.org"))

    assert "Host" in doctor._remedy(Refused("The server answered 421.", 421), settings)
    assert "redirect" in doctor._remedy(Refused("The server answered 404.", 404), split)
    assert "own network" in doctor._remedy(Refused(doctor.NOT_ALLOWED, 0), settings)


def test_what_a_running_server_says_of_itself_is_weighed(here: Fedi):
    status = {"version": "0.0.1", "pid": 1, "writes": "ok", "jobs_by_state": {}, "deliveries_by_state": {}}
    patient = doctor.Patient(load(here.config, {}), status, "alice")

    assert "Restart" in doctor._server(patient).remedy
    assert doctor._server(patient._replace(status={**status, "writes": "failing"})).state == "wrong"
    parked = {**status, "version": doctor.__version__, "jobs_by_state": {"parked": 3}}
    assert "3 jobs failed" in doctor._server(patient._replace(status=parked)).message


def test_it_changes_nothing(here: Fedi):
    before = {path.name: path.read_bytes() for path in here.folder.iterdir() if path.name != wire.NAME}

    findings(here)

    after = {path.name: path.read_bytes() for path in here.folder.iterdir() if not path.name.endswith(("-wal", "-shm"))}
    assert after == before


def test_the_mail_server_is_tried_and_a_letter_goes_only_where_one_says(tmp_path: Path):
    assert doctor._mail(public(tmp_path)).state == "skipped"
    assert doctor._mail(public(tmp_path), "you@mail.test").state == "wrong"
    letters: list[str] = []
    with smtp.server(letters) as mail:
        settings = public(tmp_path, mail=mail)
        assert doctor._mail(settings).state == "ok" and letters == []
        assert doctor._mail(settings, "you@mail.test\r\nBcc: x@mail.test").state == "wrong" and letters == []
        assert doctor._mail(settings, "you@mail.test").state == "ok"
        assert len(letters) == 1 and "To: you@mail.test" in letters[0] and "fedi doctor" in letters[0]
    found = doctor._mail(settings)
    assert found.state == "wrong" and "FEDI_MAIL_PASSWORD" in found.remedy, "it is gone by now"
