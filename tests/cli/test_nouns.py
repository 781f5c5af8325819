"""What the commands of the nouns print and take; what they do is tests/test_control.py's."""

import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from fedi import moderation
from fedi.config import load
from fedi.storage import accounts as account_rows
from fedi.storage.db import Database, House, Tx
from tests import cast, make
from tests.cli.conftest import Fedi


def write(here: Fedi, rule: object, *args: object) -> object:
    """A rule on the data, as a server would run it."""
    settings = load(here.config, {})
    with Database.open(here.folder / "fedi.sqlite3", publish=lambda events: None, house=House(settings.uris, settings.limits)) as db:
        return db.transact(rule, *args)  # type: ignore[arg-type]


# -- account --


def test_an_account_is_made_with_the_password_of_standard_input(here: Fedi):
    done = here.account("alice")

    assert done.stdout == "@alice@localhost:8101 is there, as owner.\n"
    assert "http://localhost:8101/login" in done.stderr


def test_the_role_is_taken(here: Fedi):
    here.account("alice", "--role", "moderator")

    assert json.loads(here.run("account", "show", "alice", "--json").stdout)["role"] == "moderator"


def test_without_a_password_and_without_anybody_to_ask_nothing_happens(here: Fedi):
    done = here.run("account", "create", "alice", "--email", "a@mail.test")

    assert done.exit_code == 2
    assert "--password-stdin" in done.stderr
    assert here.run("account", "list", "--json").stdout == "[]\n"


def test_a_password_typed_twice_is_taken(here: Fedi, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True, raising=False)

    done = here.run("account", "create", "alice", stdin="a@mail.test\na long password\na long password\n")

    assert done.exit_code == 0, done.output
    assert "a long password" not in done.output


@pytest.mark.parametrize("stdin", ["", "\n", "short\n", "x" * 5000 + "\n"])
def test_a_password_that_is_none_is_refused(here: Fedi, stdin: str):
    done = here.run("account", "create", "alice", "--email", "a@mail.test", "--password-stdin", stdin=stdin)

    assert done.exit_code == 2
    assert "password" in done.stderr


@pytest.mark.parametrize("name", ["../alice", "al ice", "admin", "\x1b[31m", "alice@example.org"])
def test_a_name_that_cannot_be_is_2(here: Fedi, name: str):
    done = here.run("account", "create", name, "--email", "a@mail.test", "--password-stdin", stdin="a long password\n")

    assert done.exit_code == 2
    assert "\x1b" not in done.stderr


def test_a_name_that_is_taken_is_4(here: Fedi):
    here.account("alice")

    done = here.run("account", "create", "ALICE", "--email", "b@mail.test", "--password-stdin", stdin="a long password\n")

    assert done.exit_code == 4


def test_accounts_are_listed_as_columns_of_tabs_for_pipes(here: Fedi):
    here.account("alice")
    here.account("bob")

    lines = here.run("account", "list").stdout.splitlines()

    assert [line.split("\t")[:3] for line in lines] == [
        ["name", "role", "e-mail"],
        ["alice", "owner", "alice@mail.test"],
        ["bob", "user", "bob@mail.test"],
    ]


def test_accounts_are_listed_as_a_table_for_people(here: Fedi, monkeypatch: pytest.MonkeyPatch):
    here.account("alice")
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True, raising=False)
    monkeypatch.setenv("COLUMNS", "120")

    shown = here.run("account", "list").stdout

    assert "alice@mail.test" in shown
    assert "\t" not in shown


def test_nobody_yet_says_what_to_do(here: Fedi):
    done = here.run("account", "list")

    assert done.stdout == ""
    assert "fedi account create" in done.stderr


def test_what_a_stranger_calls_themselves_cannot_colour_the_terminal_XSS_14(here: Fedi):
    def arrive(tx: Tx) -> None:
        carol = make.person(tx, cast.CAROL)
        account_rows.update(tx, carol.id, display_name="\x1b]0;mine\x07\x9b31m\u202eevil\nroot  owner")

    write(here, arrive)

    plain, as_json = here.run("account", "show", "carol@peer.test"), here.run("account", "show", "carol@peer.test", "--json")

    for shown in (plain.stdout, as_json.stdout):
        assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert not any(line.startswith("root") for line in plain.stdout.splitlines())
    assert json.loads(as_json.stdout)["display_name"].startswith("\x1b")


def test_a_password_is_changed(here: Fedi):
    here.account("alice")

    assert here.run("account", "password", "alice", "--password-stdin", stdin="another password\n").exit_code == 0
    assert here.run("account", "password", "nobody", "--password-stdin", stdin="another password\n").exit_code == 4


def test_an_address_is_changed_without_a_letter(here: Fedi):
    here.account("alice")

    assert here.run("account", "email", "alice", "alice@elsewhere.test").exit_code == 0
    assert "alice@elsewhere.test" in here.run("account", "show", "alice").output
    for address in ("alice@elsewhere.test", "nonsense"):
        assert here.run("account", "email", "alice", address).exit_code == 2


def test_the_last_owner_stays(here: Fedi):
    here.account("alice")

    assert here.run("account", "role", "alice", "user").exit_code == 2
    assert here.run("account", "delete", "alice", "--yes").exit_code == 4
    assert here.run("account", "suspend", "alice").exit_code == 3


def test_an_account_is_deleted_only_when_that_is_meant(here: Fedi):
    here.account("alice")
    here.account("bob")

    assert here.run("account", "delete", "bob").exit_code == 2
    assert here.run("account", "delete", "bob", "--yes").exit_code == 0
    assert here.run("account", "show", "bob").exit_code == 4
    assert here.run("account", "create", "bob", "--email", "c@mail.test", "--password-stdin", stdin="a long password\n").exit_code == 4


def test_suspending_and_its_end(here: Fedi):
    here.account("alice")
    here.account("bob")

    assert here.run("account", "suspend", "bob").exit_code == 0
    assert json.loads(here.run("account", "list", "--json").stdout)[1]["suspended_at"]
    assert here.run("post", "bob", "hello").exit_code == 3
    assert here.run("account", "unsuspend", "bob").exit_code == 0
    assert here.run("post", "bob", "hello").exit_code == 0


# -- token --


def test_a_token_is_all_that_is_printed(here: Fedi):
    here.account("alice")

    done = here.run("token", "create", "alice", "--scopes", "read write follow push")

    assert len(done.stdout.split()) == 1
    assert len(done.stdout.strip()) >= 40


def test_tokens_are_listed_and_revoked_one_or_all(here: Fedi):
    here.account("alice")
    for program in ("one", "two", "three"):
        here.run("token", "create", "alice", "--program", program)
    found = json.loads(here.run("token", "list", "alice", "--json").stdout)

    assert sorted(one["program"] for one in found) == ["one", "three", "two"]
    assert here.run("token", "revoke", "alice", found[0]["id"]).stdout == "1 revoked.\n"
    assert here.run("token", "revoke", "alice", found[0]["id"]).exit_code == 4
    assert here.run("token", "revoke", "alice", "--all").stdout == "2 revoked.\n"
    assert here.run("token", "list", "alice", "--json").stdout == "[]\n"


def test_a_scope_that_is_not_there_is_2(here: Fedi):
    here.account("alice")

    assert here.run("token", "create", "alice", "--scopes", "everything").exit_code == 2


# -- post, follow --


def test_a_post_prints_its_address(here: Fedi):
    here.account("alice")

    done = here.run("post", "alice", "Hello, #fediverse!", "--visibility", "unlisted", "--warning", "greeting")

    assert done.stdout.startswith("http://localhost:8101/@alice/")
    assert "goes out when it starts" in done.stderr


def test_a_post_is_read_from_standard_input(here: Fedi):
    here.account("alice")

    assert here.run("post", "alice", "-", "--local-only", stdin="from a pipe\n").exit_code == 0
    assert here.run("post", "alice", "-", stdin="").exit_code == 2


def test_a_visibility_that_is_not_there_is_2(here: Fedi):
    here.account("alice")

    assert here.run("post", "alice", "x", "--visibility", "secret").exit_code == 2


def test_following_and_its_end(here: Fedi):
    here.account("alice")
    here.account("bob")

    assert here.run("follow", "alice", "@bob").stdout == "alice follows bob.\n"
    assert here.run("unfollow", "alice", "@bob@localhost:8101", "--json").stdout.count('"none"') == 1
    assert here.run("follow", "alice", "@alice").exit_code == 2


def test_a_server_that_is_not_there_is_5(here: Fedi):
    here.account("alice")

    done = here.run("follow", "alice", "@bob@localhost:1")

    assert done.exit_code == 5
    assert "Try again" in done.stderr


@pytest.mark.parametrize("handle", ["bob", "@", "../x", "http://", "\x1b[31m", "@bob@exa mple"])
def test_what_is_no_handle_is_refused(here: Fedi, handle: str):
    here.account("alice")

    done = here.run("follow", "alice", handle)

    assert done.exit_code in (2, 4, 5)
    assert done.stderr.startswith("Error: ")
    assert "\x1b" not in done.stderr


# -- queue, domain, media, report --


def test_the_queue_says_what_waits(here: Fedi):
    here.account("alice")
    write(here, lambda tx: make.follow(tx, make.person(tx, cast.CAROL), account_rows.get_local(tx, "alice")))
    here.run("post", "alice", "hello")

    shown = here.run("queue", "list").stdout
    found = json.loads(here.run("queue", "list", "--host", "peer.test", "--json").stdout)

    assert "peer.test\tqueued\tCreate" in shown
    assert {one["type"] for one in found["deliveries"]} == {"Accept", "Create"}
    assert here.run("queue", "drop", found["deliveries"][0]["id"]).stdout == "1 deliveries and 0 jobs are dropped.\n"
    assert here.run("queue", "drop", "--host", "peer.test").stdout == "1 deliveries and 0 jobs are dropped.\n"
    assert here.run("queue", "retry", "--all").stdout == "2 deliveries and 0 jobs are due.\n"
    assert here.run("queue", "retry", "12345").exit_code == 4


def test_domains_are_blocked_limited_listed_and_freed(here: Fedi):
    assert here.run("domain", "block", "spam.test", "--reason", "spam").exit_code == 0
    assert here.run("domain", "limit", "loud.test").exit_code == 0

    found = json.loads(here.run("domain", "list", "--json").stdout)
    assert [(one["domain"], one["severity"], one["reason"]) for one in found] == [
        ("loud.test", "limit", ""),
        ("spam.test", "block", "spam"),
    ]
    assert here.run("domain", "unblock", "spam.test").exit_code == 0
    assert here.run("domain", "unblock", "spam.test").exit_code == 4
    assert here.run("domain", "block", "localhost:8101").exit_code == 4
    assert here.run("domain", "block", "https://spam.test/").exit_code == 2


def test_what_is_exported_is_imported_elsewhere_again(here: Fedi, tmp_path: Path):
    here.run("domain", "block", "spam.test", "--reason", 'they "said", so')
    here.run("domain", "limit", "loud.test")
    exported = here.run("domain", "export").stdout
    before = here.run("domain", "list", "--json").stdout
    for host in ("spam.test", "loud.test"):
        here.run("domain", "unblock", host)
    (tmp_path / "blocks.csv").write_text(exported, "utf-8")

    done = here.run("domain", "import", str(tmp_path / "blocks.csv"))

    assert done.stdout == "2 added, 0 there already.\n"
    again = [(one["domain"], one["severity"], one["reason"]) for one in json.loads(here.run("domain", "list", "--json").stdout)]
    assert again == [(one["domain"], one["severity"], one["reason"]) for one in json.loads(before)]


def test_lists_of_others_are_understood(here: Fedi, tmp_path: Path):
    (tmp_path / "theirs.csv").write_text(
        "\ufeff#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n"
        "spam.test,suspend,TRUE,TRUE,spam,FALSE\nloud.test,silence,FALSE,FALSE,,FALSE\n"
        "fine.test,noop,FALSE,FALSE,,FALSE\npics.test,noop,True,false,,FALSE\n\nnot a host,suspend,,,,\n",
        "utf-8",
    )
    (tmp_path / "plain.txt").write_text("one.test\ntwo.test\n# a remark\n", "utf-8")

    theirs = json.loads(here.run("domain", "import", str(tmp_path / "theirs.csv"), "--json").stdout)
    plain = json.loads(here.run("domain", "import", str(tmp_path / "plain.txt"), "--json").stdout)

    assert (theirs["added"], [one["domain"] for one in theirs["refused"]]) == (3, ["not a host"])
    assert plain["added"] == 2
    found = {one["domain"]: one for one in json.loads(here.run("domain", "list", "--json").stdout)}
    rejects = {name: (one["reject_media"], one["reject_reports"]) for name, one in found.items()}
    assert rejects["spam.test"] == (True, True) and rejects["pics.test"] == (True, False) and rejects["one.test"] == (False, False)
    assert found["pics.test"]["severity"] == "none"


def test_a_server_is_restricted_in_what_it_sends(here: Fedi):
    assert here.run("domain", "restrict", "pics.test").exit_code == 2
    done = here.run("domain", "restrict", "pics.test", "--reject-media", "--reject-reports", "--reason", "stolen")
    assert done.stdout == "No media and no reports of pics.test are taken.\n"
    exported = here.run("domain", "export").stdout
    assert "pics.test,noop,True,True,stolen,False\n" in exported
    assert "media, reports" in here.run("domain", "list").stdout


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'"' + b"x" * 200_000, b"a\x00b\n"])
def test_a_file_that_is_no_list_is_refused_or_left_out(here: Fedi, tmp_path: Path, content: bytes):
    (tmp_path / "odd.csv").write_bytes(content)

    done = here.run("domain", "import", str(tmp_path / "odd.csv"))

    assert done.exit_code in (0, 2)
    assert here.run("domain", "list", "--json").stdout == "[]\n"


def test_a_long_list_is_imported_in_slices(here: Fedi, tmp_path: Path):
    (tmp_path / "long.csv").write_text("\n".join(f"host{number}.test" for number in range(450)), "utf-8")

    done = here.run("domain", "import", str(tmp_path / "long.csv"))

    assert done.stdout == "450 added, 0 there already.\n"


def test_media_is_counted_and_pruned(here: Fedi):
    assert "0 files, 0 bytes" in here.run("media", "usage").stdout
    assert here.run("media", "prune").stdout == "0 files removed, 0 bytes.\n"


def test_a_report_is_listed_and_settled(here: Fedi):
    here.account("alice")

    def complain(tx: Tx) -> None:
        alice = account_rows.get_local(tx, "alice")
        moderation.receive_report(tx, make.person(tx, cast.CAROL), alice, "rude\x1b[31m", [], "https://peer.test/flags/1")

    write(here, complain)
    shown = here.run("report", "list").stdout
    report_id = json.loads(here.run("report", "list", "--json").stdout)[0]["id"]

    assert "alice\tcarol@peer.test\trude" in shown
    assert "\x1b" not in shown
    assert here.run("report", "resolve", report_id).exit_code == 0
    assert here.run("report", "resolve", report_id).exit_code == 4
    assert len(json.loads(here.run("report", "list", "--resolved", "--json").stdout)) == 1


# -- emoji --


def _png(path: Path, side: int = 20) -> Path:
    Image.new("RGB", (side, side), "red").save(path)
    return path


def test_emoji_are_added_listed_replaced_and_removed(here: Fedi, tmp_path: Path):
    picture = _png(tmp_path / "x.png")
    assert here.run("emoji", "add", ":blob:", str(picture), "--category", "Blobs").stdout == ":blob: is there.\n"
    again = here.run("emoji", "add", "blob", str(picture))
    assert again.exit_code == 1 and "already" in again.stderr
    here.run("emoji", "add", "blob", str(picture), "--replace")
    assert [one["shortcode"] for one in json.loads(here.run("emoji", "list", "--json").stdout)] == ["blob"]
    assert here.run("emoji", "remove", "blob").stdout == ":blob: is gone.\n"
    assert "There is none." in here.run("emoji", "list").output
    assert here.run("emoji", "remove", "blob").exit_code == 4


def test_emoji_come_from_folders_and_archives_and_what_cannot_be_is_said(here: Fedi, tmp_path: Path):
    folder = tmp_path / "blobs"
    folder.mkdir()
    for name in ("blob_one.png", "blob_two.png", "not-a-name.png"):
        _png(folder / name)
    (folder / "broken.gif").write_bytes(b"GIF89a")
    (folder / "readme.txt").write_text("hello")
    with zipfile.ZipFile(tmp_path / "blobs.zip", "w") as archive:
        archive.write(_png(tmp_path / "z.png"), "deep/../../blob_three.png")
        archive.writestr("large.png", b"x" * 600_000)

    done = json.loads(here.run("emoji", "import", str(folder), "--json").stdout)
    packed = json.loads(here.run("emoji", "import", str(tmp_path / "blobs.zip"), "--json").stdout)

    assert sorted(done["added"]) == ["blob_one", "blob_two"] and {one["shortcode"] for one in done["refused"]} == {"not-a-name", "broken"}
    assert packed["added"] == ["blob_three"] and [one["shortcode"] for one in packed["refused"]] == ["large"]
    assert here.run("emoji", "import", str(folder / "readme.txt")).exit_code == 1
