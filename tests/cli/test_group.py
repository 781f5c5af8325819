"""`fedi group`: what it prints and takes; what groups do is tests/federation/test_scenarios_hosting.py's."""

import json

from tests.cli.conftest import Fedi


def listed(here: Fedi) -> list[dict[str, object]]:
    found = json.loads(here.run("group", "list", "--json").stdout)
    assert isinstance(found, list)
    return found


def test_a_group_is_made_changed_and_ended(here: Fedi):
    here.account("alice")
    made = here.run("group", "create", "cats", "--title", "Cats", "--rules", "Be kind.", "--approve", "--moderator", "alice")
    assert made.stdout == "!cats@localhost:8101 is there.\n"
    assert here.run("group", "edit", "cats", "--posting", "anyone", "--open").exit_code == 0

    group = listed(here)[0]
    assert (group["name"], group["title"], group["posting"], group["approves"]) == ("cats", "Cats", "anyone", False)
    assert group["rules"] == "Be kind." and group["moderators"] == ["alice"]
    assert here.run("group", "delete", "cats", "--yes").exit_code == 0 and listed(here) == []


def test_moderators_and_bans_are_set(here: Fedi):
    here.account("alice")
    here.account("mallory")
    here.run("group", "create", "cats")
    assert here.run("group", "moderator", "cats", "alice").stdout == "Moderators of cats: alice.\n"
    assert here.run("group", "moderator", "cats", "alice", "--remove").exit_code == 4, "the last one stays"
    assert here.run("group", "ban", "cats", "mallory", "--reason", "spam").exit_code == 0
    assert here.run("group", "ban", "cats", "alice").exit_code == 4
    assert here.run("group", "ban", "cats", "mallory", "--lift").exit_code == 0


def test_a_person_is_no_group(here: Fedi):
    here.account("alice")

    assert here.run("group", "edit", "alice", "--title", "x").exit_code == 4
    assert here.run("group", "create", "alice").exit_code == 4
