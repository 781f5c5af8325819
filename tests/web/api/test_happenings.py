"""Notifications about something that is no post: reports, sign-ups, lost follows, words of staff, collections; and words for all."""

from typing import Any

from fedi import blocks, moderation, notifications, reports, warnings
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

PATH = "/api/v1/notifications"


async def of(api: Api, who: Account, query: str = "") -> list[Any]:
    answer = await api.get(who, f"{PATH}{query}")
    assert answer.status == 200, answer.json
    grouped = (await api.get(who, f"/api/v2/notifications{query}")).json["notification_groups"]
    found: list[Any] = answer.json
    for one, group in zip(found, grouped, strict=True):
        for name in ("type", "report", "event", "moderation_warning", "collection", "fallback"):
            assert one.get(name) == group.get(name), "groups say the same"
    return found


async def test_staff_hear_of_reports_and_of_who_signs_up_as_long_as_they_are_staff(api: Api, alice: Account, bob: Account) -> None:
    captain = api.run(make.account, "captain", "admin")
    post = api.run(make.post, bob, "rude")
    api.run(reports.make, alice, reports.Complaint(bob.id, "so rude", post_ids=(post.id,)))
    eve = api.run(make.account, "eve")
    api.run(notifications.signed_up, eve)

    joined, report = await of(api, captain)

    assert (joined["type"], joined["account"]["acct"]) == ("admin.sign_up", "eve")
    assert (report["type"], report["account"]["acct"]) == ("admin.report", "alice")
    said = report["report"]
    assert (said["comment"], said["status_ids"], said["target_account"]["acct"]) == ("so rude", [str(post.id)], "bob")
    assert await of(api, alice) == await of(api, bob) == []
    api.run(user_rows.set_role, captain.id, "user")
    assert await of(api, captain) == []
    assert (await api.get(captain, f"{PATH}/{report['id']}")).status == 404
    assert (await api.get(captain, f"{PATH}/unread_count")).json == {"count": 0}


async def test_who_loses_follows_hears_how_many_and_why(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    dan = api.run(make.remote, "dan", "other.test")
    eve = api.run(make.account, "eve")
    for one, other in ((alice, carol), (carol, alice), (alice, dan), (alice, eve), (bob, carol)):
        api.run(make.follow, one, other)
    api.run(lambda tx: tx.execute("DELETE FROM notifications"))
    api.run(moderation.block_domain, "peer.test")
    api.run(blocks.block_domain, alice, "other.test")
    api.run(moderation.suspend, eve)

    found = await of(api, alice)

    assert {one["type"] for one in found} == {"severed_relationships"}
    assert {one["account"]["acct"] for one in found} == {"alice"}
    events = [(one["event"]["type"], one["event"]["target_name"]) for one in found]
    assert events == [("account_suspension", "eve"), ("user_domain_block", "other.test"), ("domain_block", "peer.test")]
    assert [(one["event"]["followers_count"], one["event"]["following_count"]) for one in found] == [(0, 1), (0, 1), (1, 1)]
    assert [one["event"]["followers_count"] for one in await of(api, bob)] == [0]
    assert await of(api, api.run(make.account, "fred")) == []


async def test_a_word_of_staff_is_for_who_it_is_for(api: Api, alice: Account, bob: Account) -> None:
    post = api.run(make.post, alice)
    api.run(warnings.give, alice, "Please be kind.", post_ids=[post.id])

    [one] = await of(api, alice)

    said = one["moderation_warning"]
    assert (one["type"], said["text"], said["action"], said["appeal"]) == ("moderation_warning", "Please be kind.", "none", None)
    assert (said["status_ids"], said["target_account"]["acct"]) == ([str(post.id)], "alice")
    assert await of(api, bob) == []


async def test_who_is_put_into_a_collection_is_shown_it(api: Api, alice: Account, bob: Account) -> None:
    made = await api.post(bob, "/api/v1/collections", json={"name": "People", "account_ids": [str(alice.id)]})
    assert made.status == 200, made.json

    found = await of(api, alice, "?types[]=added_to_collection")

    assert [(one["type"], one["collection"]["name"], one["account"]["acct"]) for one in found] == [("added_to_collection", "People", "bob")]


async def test_what_a_program_does_not_know_is_put_into_words_where_it_asks_for_that(api: Api, alice: Account, bob: Account) -> None:
    api.run(lambda tx: tx.execute("UPDATE accounts SET display_name = '<b>Bob' WHERE id = ?", (bob.id,)))
    api.run(make.follow, bob, alice)
    api.run(notifications.tell, alice.id, "move", api.run(make.again, bob))

    assert [(one["type"], "fallback" in one) for one in await of(api, alice)] == [("follow", False)]
    move, follow = await of(api, alice, "?supported_types[]=follow")
    assert "fallback" not in follow
    assert move["type"] == "move"
    assert move["fallback"]["title"] == "&lt;b&gt;Bob is where somebody you followed has moved to"
    assert move["fallback"].keys() == {"title", "summary", "details"}
    assert [one["fallback"]["title"] for one in await of(api, alice, "?supported_types[]=mention&types[]=follow")] == [
        "&lt;b&gt;Bob followed you"
    ]
    one = (await api.get(alice, f"{PATH}/{follow['id']}?supported_types[]=mention")).json
    assert "fallback" in one
