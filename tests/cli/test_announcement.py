"""`fedi announcement` and `fedi account warn`, from the command line."""

import json

from tests.cli.conftest import Fedi


def test_something_is_announced_listed_and_taken_back(here: Fedi) -> None:
    done = here.run(
        "announcement", "create", "On **Sunday** we move.", "--starts", "2090-12-24", "--ends", "2090-12-25T12:00:00Z", "--all-day"
    )
    assert done.exit_code == 0, done.output
    (found,) = json.loads(here.run("announcement", "list", "--json").stdout)
    assert (found["text"], found["starts_at"], found["ends_at"]) == (
        "On **Sunday** we move.",
        "2090-12-24T00:00:00.000Z",
        "2090-12-25T12:00:00.000Z",
    )
    assert found["all_day"] is True
    assert "Sunday" in here.run("announcement", "list").stdout
    assert here.run("announcement", "delete", found["id"]).exit_code == 0
    assert here.run("announcement", "delete", found["id"]).exit_code == 4
    assert here.run("announcement", "list").output == "There are no announcements. `fedi announcement create TEXT` makes one.\n"


def test_what_cannot_be_announced_is_refused(here: Fedi) -> None:
    for words in (
        [" "],
        ["x" * 20_000],
        ["x", "--ends", "2001-01-01"],
        ["x", "--starts", "soon"],
        ["x", "--starts", "2090-02-01", "--ends", "2090-01-01"],
    ):
        done = here.run("announcement", "create", *words)
        assert done.exit_code == 2, (words, done.output)


def test_somebody_is_warned(here: Fedi) -> None:
    here.account("alice")
    assert here.run("account", "warn", "alice", "Be kind.").exit_code == 0
    assert here.run("account", "warn", "alice", "Be kind.", "--post", "5").exit_code == 2
    assert here.run("account", "warn", "nobody", "Be kind.").exit_code == 4
