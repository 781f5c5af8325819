"""Policies: what is kept apart or dropped, by who it is from; and what becomes of it."""

from typing import Any

import pytest

from fedi import blocks, clock, follows, interactions, posts
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.web.api.conftest import Api
from tests.web.api.costs import counting

POLICY = "/api/v2/notifications/policy"
REQUESTS = "/api/v1/notifications/requests"
LIST = "/api/v1/notifications"


async def types(api: Api, who: Account, query: str = "") -> list[str]:
    return [one["type"] for one in (await api.get(who, f"{LIST}{query}")).json]


@pytest.fixture(autouse=True)
def old(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    """Nobody is new here but who is made new."""
    api.run(lambda tx: tx.execute("UPDATE accounts SET created_at = ?", (tx.now - 60 * clock.DAY,)))


async def test_who_has_chosen_nothing_is_told_everything(api: Api, alice: Account, bob: Account) -> None:
    found = (await api.get(alice, POLICY)).json
    names = ("not_following", "not_followers", "new_accounts", "private_mentions", "limited_accounts")
    assert found == {f"for_{name}": "accept" for name in names} | {
        "summary": {"pending_requests_count": 0, "pending_notifications_count": 0}
    }

    api.run(make.post, bob, "psst", "direct", mentions=(alice,))
    assert await types(api, alice) == ["mention"]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("form", ["json", "data"])
async def test_a_policy_is_changed_in_part_and_stays(api: Api, alice: Account, bob: Account, method: str, form: str) -> None:
    await api.call(method, alice, POLICY, **{form: {"for_new_accounts": "drop"}})
    found = (await api.call(method, alice, POLICY, **{form: {"for_not_following": "filter"}})).json

    assert (found["for_new_accounts"], found["for_not_following"], found["for_not_followers"]) == ("drop", "filter", "accept")
    assert (await api.get(alice, POLICY)).json == found
    assert (await api.get(bob, POLICY)).json["for_new_accounts"] == "accept"
    first = (await api.get(alice, "/api/v1/notifications/policy")).json
    assert (first["filter_not_following"], first["filter_new_accounts"], first["filter_private_mentions"]) == (True, True, False)
    wrong = await api.call(method, alice, POLICY, **{form: {"for_not_following": "maybe"}})
    assert (wrong.status, (await api.get(alice, POLICY)).json) == (422, found)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_the_first_version_says_yes_and_no(api: Api, alice: Account, method: str) -> None:
    found = (await api.call(method, alice, "/api/v1/notifications/policy", json={"filter_not_followers": True})).json
    assert (found["filter_not_followers"], found["filter_not_following"]) == (True, False)
    assert (await api.get(alice, POLICY)).json["for_not_followers"] == "filter"


def _stranger(tx: Tx, alice: Account, bob: Account) -> None:
    """bob is nobody to alice."""


def _followed(tx: Tx, alice: Account, bob: Account) -> None:
    make.follow(tx, alice, bob)


def _follower(tx: Tx, alice: Account, bob: Account) -> None:
    make.follow(tx, bob, alice)
    tx.execute("UPDATE follows SET created_at = created_at - ?", (4 * clock.DAY,))
    tx.execute("DELETE FROM notifications")


def _new_follower(tx: Tx, alice: Account, bob: Account) -> None:
    make.follow(tx, bob, alice)
    tx.execute("DELETE FROM notifications")


def _newcomer(tx: Tx, alice: Account, bob: Account) -> None:
    tx.execute("UPDATE accounts SET created_at = ? WHERE id = ?", (tx.now - clock.DAY, bob.id))


def _limited(tx: Tx, alice: Account, bob: Account) -> None:
    tx.execute("UPDATE accounts SET host_limited = 1 WHERE id = ?", (bob.id,))


def _new_but_followed(tx: Tx, alice: Account, bob: Account) -> None:
    _newcomer(tx, alice, bob)
    _limited(tx, alice, bob)
    make.follow(tx, alice, bob)


@pytest.mark.parametrize(
    ("who", "rule", "comes"),
    [
        (_stranger, "for_not_following", False),
        (_followed, "for_not_following", True),
        (_stranger, "for_not_followers", False),
        (_follower, "for_not_followers", True),
        (_new_follower, "for_not_followers", False),
        (_newcomer, "for_new_accounts", False),
        (_stranger, "for_new_accounts", True),
        (_new_but_followed, "for_new_accounts", True),
        (_limited, "for_limited_accounts", False),
        (_new_but_followed, "for_limited_accounts", True),
        (_stranger, "for_private_mentions", True),
    ],
)
async def test_a_rule_concerns_who_it_says(api: Api, alice: Account, bob: Account, who: Any, rule: str, comes: bool) -> None:
    api.run(who, alice, bob)
    await api.call("PATCH", alice, POLICY, json={rule: "filter"})

    api.run(make.post, bob, "hello", mentions=(alice,))

    assert await types(api, alice) == (["mention"] if comes else [])
    assert await types(api, alice, "?include_filtered=true") == ["mention"]
    assert len((await api.get(alice, REQUESTS)).json) == (0 if comes else 1)


async def test_what_is_dropped_is_not_there_at_all(api: Api, alice: Account, bob: Account) -> None:
    await api.call("PATCH", alice, POLICY, json={"for_not_following": "drop", "for_not_followers": "filter"})
    api.run(make.post, bob, "hello", mentions=(alice,))

    assert await types(api, alice, "?include_filtered=true") == []
    assert (await api.get(alice, REQUESTS)).json == []


async def test_letters_of_strangers_are_kept_apart_but_not_answers_to_ones_own(
    api: Api, alice: Account, bob: Account, carol: Account
) -> None:
    await api.call("PATCH", alice, POLICY, json={"for_private_mentions": "filter"})
    mine = api.run(make.post, alice, "anybody there?")
    api.run(make.post, bob, "psst", "direct", mentions=(alice,))
    answer = api.run(make.post, bob, "me", "direct", mentions=(alice,), reply_to=mine)
    api.run(make.post, carol, "me too", "direct", mentions=(alice,), reply_to=answer)

    assert await types(api, alice) == ["mention", "mention"]
    [request] = (await api.get(alice, REQUESTS)).json
    assert (request["account"]["id"], request["notifications_count"]) == (str(bob.id), "1")
    assert "psst" in request["last_status"]["content"]
    assert [one["last_status"]["content"] for one in (await api.get(alice, "/api/v1/conversations")).json if "psst" in str(one)] == []


async def test_staff_come_through_and_what_one_asked_for_too(api: Api, alice: Account, bob: Account) -> None:
    await api.call("PATCH", alice, POLICY, json={"for_not_following": "drop", "for_not_followers": "drop", "for_private_mentions": "drop"})
    captain = api.run(make.account, "captain", "owner")
    api.run(make.post, captain, "a word", "direct", mentions=(alice,))
    theirs = api.run(make.post, bob)
    api.run(make.boost, alice, theirs)
    api.run(posts.edit, bob, theirs.id, posts.Draft("changed"), {})

    assert set(await types(api, alice)) == {"mention", "update"}


@pytest.fixture
async def held(api: Api, alice: Account, bob: Account, carol: Account) -> dict[str, str]:
    """What bob and carol did is kept apart of alice; the ids of the requests by name."""
    await api.call("PATCH", alice, POLICY, json={"for_not_following": "filter"})
    post = api.run(make.post, alice)
    api.run(interactions.favourite, bob, post.id)
    api.run(make.post, bob, "hello", mentions=(alice,))
    api.run(make.post, bob, "psst", "direct", mentions=(alice,))
    api.run(make.post, carol, "me too", mentions=(alice,))
    return {one["account"]["username"]: one["id"] for one in (await api.get(alice, REQUESTS)).json}


async def test_requests_are_counted_and_read_by_their_owner(api: Api, alice: Account, bob: Account, held: dict[str, str]) -> None:
    assert (await api.get(alice, POLICY)).json["summary"] == {"pending_requests_count": 2, "pending_notifications_count": 4}
    one = (await api.get(alice, f"{REQUESTS}/{held['bob']}")).json
    assert (one["account"]["acct"], one["notifications_count"]) == ("bob", "3")
    assert "psst" in one["last_status"]["content"]
    assert await types(api, alice, f"?account_id={bob.id}") == ["mention", "mention", "favourite"]
    for method, path in (("GET", ""), ("POST", "/accept"), ("POST", "/dismiss")):
        assert (await api.call(method, bob, f"{REQUESTS}/{held['bob']}{path}")).status == 404
    assert (await api.post(bob, f"{REQUESTS}/accept", json={"id": [held["bob"]]})).json == {}
    assert len((await api.get(alice, REQUESTS)).json) == 2
    page = await api.get(alice, f"{REQUESTS}?limit=1")
    assert [one["id"] for one in page.json] == [held["carol"]]
    assert [one["id"] for one in (await api.get(alice, page.link("next"))).json] == [held["bob"]]


@pytest.mark.parametrize("way", ["one", "many", "form"])
async def test_what_is_accepted_stands_among_the_rest_and_what_comes_next_too(
    api: Api, alice: Account, bob: Account, held: dict[str, str], way: str
) -> None:
    assert (await api.get(alice, "/api/v1/conversations")).json == []
    more: dict[str, Any] = {"json": {"id": [held["bob"]]}} if way == "many" else {"data": {"id[]": held["bob"]}} if way == "form" else {}
    path = f"{REQUESTS}/{held['bob']}/accept" if way == "one" else f"{REQUESTS}/accept"
    assert (await api.post(alice, path, **more)).json == {}

    assert (await api.get(alice, f"{REQUESTS}/merged")).json == {"merged": True}
    assert await types(api, alice) == ["mention", "mention", "favourite"]
    assert [one["account"]["username"] for one in (await api.get(alice, REQUESTS)).json] == ["carol"]
    api.run(make.post, bob, "again", mentions=(alice,))
    assert await types(api, alice) == ["mention", "mention", "mention", "favourite"]
    [letter] = (await api.get(alice, "/api/v1/conversations")).json
    assert (letter["unread"], "psst" in letter["last_status"]["content"]) == (True, True)


@pytest.mark.parametrize("way", ["one", "many"])
async def test_what_is_dismissed_goes_and_what_comes_next_is_kept_apart_again(
    api: Api, alice: Account, bob: Account, held: dict[str, str], way: str
) -> None:
    if way == "one":
        await api.post(alice, f"{REQUESTS}/{held['bob']}/dismiss")
    else:
        await api.post(alice, f"{REQUESTS}/dismiss", json={"id": [held["bob"], "5", "x"]})

    assert await types(api, alice, f"?account_id={bob.id}") == []
    assert (await api.get(alice, f"{REQUESTS}/{held['bob']}")).status == 404
    api.run(make.post, bob, "again", mentions=(alice,))
    assert [one["notifications_count"] for one in (await api.get(alice, REQUESTS)).json if one["account"]["acct"] == "bob"] == ["1"]


async def test_a_request_of_nothing_is_none(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    """What was kept apart was taken back, or its sender is blocked."""
    await api.call("PATCH", alice, POLICY, json={"for_not_following": "filter"})
    api.run(make.follow, bob, alice)
    api.run(make.post, carol, "hello", mentions=(alice,))
    api.run(follows.unfollow, bob, alice.id)
    assert [one["account"]["username"] for one in (await api.get(alice, REQUESTS)).json] == ["carol"]
    api.run(blocks.block, alice, carol.id)
    assert (await api.get(alice, REQUESTS)).json == []
    assert (await api.get(alice, POLICY)).json["summary"] == {"pending_requests_count": 0, "pending_notifications_count": 0}


async def test_a_page_of_requests_costs_the_same_for_few_and_for_many(api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.call("PATCH", alice, POLICY, json={"for_not_following": "filter"})
    costs = []
    for number in (5, 35):
        api.run(lambda tx, number=number: [make.post(tx, make.account(tx), "hello", mentions=(alice,)) for _ in range(number)])
        await api.get(alice, f"{REQUESTS}?limit=80")
        with counting(monkeypatch)() as seen:
            assert len((await api.get(alice, f"{REQUESTS}?limit=80")).json) in (5, 40)
        costs.append(len(seen))
    assert costs[0] == costs[1]
