import pytest

from fedi.storage.accounts import Account
from tests.web.api.conftest import Api


async def test_a_report_through_the_api(api: Api, alice: Account, bob: Account) -> None:
    said = await api.say(bob, "rude")
    given = {"account_id": str(bob.id), "status_ids": [said["id"], "999"], "comment": "rude", "category": "spam", "forward": True}
    answer = await api.post(alice, "/api/v1/reports", json=given)

    assert answer.status == 200
    found = answer.json
    assert (found["category"], found["comment"], found["status_ids"], found["forwarded"]) == ("spam", "rude", [said["id"]], False)
    assert (found["action_taken"], found["action_taken_at"], found["rule_ids"]) == (False, None, [])
    assert found["target_account"]["acct"] == "bob" and found["created_at"].endswith("Z")


async def test_rules_make_it_a_violation(api: Api, alice: Account, bob: Account) -> None:
    answer = await api.post(alice, "/api/v1/reports", data={"account_id": str(bob.id), "rule_ids[]": "3"})
    assert (answer.json["category"], answer.json["rule_ids"]) == ("violation", ["3"])


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 404),
        ({"account_id": "1"}, 404),
        ({"account_id": "x"}, 404),
        ({"account_id": "BOB", "category": "boring"}, 422),
        ({"account_id": "BOB", "comment": "x" * 1001}, 422),
        ({"account_id": "ALICE"}, 422),
    ],
)
async def test_what_is_no_report_is_answered_with_what_is_wrong(
    api: Api, alice: Account, bob: Account, given: dict[str, object], status: int
) -> None:
    named = {"BOB": str(bob.id), "ALICE": str(alice.id)}
    given = given | ({"account_id": named.get(str(given["account_id"]), given["account_id"])} if given else {})
    assert (await api.post(alice, "/api/v1/reports", json=given)).status == status


async def test_a_program_needs_the_scope_and_a_person(api: Api, alice: Account, bob: Account) -> None:
    given = {"account_id": str(bob.id)}
    assert (await api.post(None, "/api/v1/reports", json=given)).status == 401
    assert (await api.post(alice, "/api/v1/reports", json=given, scopes="read write:statuses")).status == 403
    assert (await api.post(alice, "/api/v1/reports", json=given, scopes="write:reports")).status == 200
