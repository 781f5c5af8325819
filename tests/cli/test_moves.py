"""What `fedi account alias` and `fedi account move` print and take."""

import json

from tests.cli.conftest import Fedi


def test_an_account_names_another_and_that_one_moves_to_it(here: Fedi):
    here.account("alice")
    here.account("newalice")
    assert "has named no other account" in here.run("account", "alias", "list", "newalice").output
    done = here.run("account", "alias", "add", "newalice", "@alice@localhost:8101")
    assert (done.exit_code, done.stdout) == (0, "@alice may move to newalice.\n")
    assert json.loads(here.run("account", "alias", "list", "newalice", "--json").stdout)[0]["name"] == "alice"

    assert here.run("account", "move", "alice", "@newalice@localhost:8101").exit_code == 2, "nobody said that it is meant"
    moved = here.run("account", "move", "alice", "@newalice@localhost:8101", "--yes")
    assert (moved.exit_code, moved.stdout) == (0, "alice has moved to @newalice. 0 followers are sent there.\n")
    again = here.run("account", "move", "alice", "@newalice@localhost:8101", "--yes")
    assert again.exit_code == 4 and "already" in again.stderr
    back = here.run("account", "move", "alice", "--back")
    assert back.exit_code == 0 and "at home" in back.stdout
    assert here.run("account", "alias", "remove", "newalice", "@alice@localhost:8101").exit_code == 0


def test_a_move_needs_a_place_or_the_way_back(here: Fedi):
    here.account("alice")
    for arguments in ((), ("@x@y.test", "--back")):
        done = here.run("account", "move", "alice", *arguments)
        assert done.exit_code == 2 and "either" in done.stderr
