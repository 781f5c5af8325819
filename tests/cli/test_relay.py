"""`fedi relay` and the list of allowed servers, from the command line."""

import json

from tests.cli.conftest import Fedi


def test_a_relay_is_asked_listed_and_left(here: Fedi) -> None:
    assert here.run("relay", "add", "https://relay.test/inbox").exit_code == 0
    assert here.run("relay", "add", "https://relay.test/inbox").exit_code == 4
    (found,) = json.loads(here.run("relay", "list", "--json").stdout)
    assert (found["uri"], found["style"], found["state"]) == ("https://relay.test/inbox", "inbox", "pending")
    assert "pending" in here.run("relay", "list").stdout
    assert "Follow" in here.run("queue", "list").stdout
    assert here.run("relay", "remove", "https://relay.test/inbox").exit_code == 0
    assert here.run("relay", "remove", "https://relay.test/inbox").exit_code == 4
    assert here.run("relay", "list").output == "There are no relays.\n"


def test_what_is_no_relay_is_refused(here: Fedi) -> None:
    here.run("domain", "block", "bad.test")
    for uri, code in (("relay", 2), ("https://bad.test/inbox", 2), ("http://localhost:8101/inbox", 2)):
        done = here.run("relay", "add", uri)
        assert done.exit_code == code, (uri, done.output)
    assert here.run("relay", "list", "--json").stdout == "[]\n"


def test_servers_are_allowed_listed_and_taken_off(here: Fedi) -> None:
    assert here.run("domain", "allow", "Friend.test").exit_code == 0
    assert here.run("domain", "allow", "friend.test").exit_code == 0
    assert [one["domain"] for one in json.loads(here.run("domain", "list", "--allowed", "--json").stdout)] == ["friend.test"]
    assert "friend.test" in here.run("domain", "list", "--allowed").stdout
    assert here.run("domain", "list", "--json").stdout == "[]\n", "to be allowed is no policy"
    assert here.run("domain", "disallow", "friend.test").exit_code == 0
    assert here.run("domain", "disallow", "friend.test").exit_code == 4
    assert here.run("domain", "allow", "https://friend.test/").exit_code == 2


def test_doctor_says_with_whom_the_server_talks(here: Fedi) -> None:
    def finding() -> dict[str, str]:
        found = json.loads(here.run("doctor", "--json").stdout)
        return next(one for one in found if one["check"] == "federation")

    assert (finding()["state"], finding()["message"]) == ("ok", "with every server that is not blocked")
    text = here.config.read_text("utf-8")
    here.config.write_text(text.replace('mode = "open"', 'mode = "allowlist"').replace("secure = false", "secure = true"), "utf-8")
    assert finding()["message"] == "with servers that are allowed, signed requests only"
