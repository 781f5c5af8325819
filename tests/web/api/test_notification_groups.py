"""Grouped notifications: what is put together, how its pages go, and that it costs the same however many there are."""

from typing import Any

import pytest

from fedi import blocks, interactions
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from tests import make
from tests.web.api.conftest import Api
from tests.web.api.costs import counting

PATH = "/api/v2/notifications"


def crowd(tx: Tx, number: int) -> list[Account]:
    return [make.account(tx) for _ in range(number)]


def liked(tx: Tx, post: Post, people: list[Account]) -> None:
    for who in people:
        interactions.favourite(tx, who, post.id)


@pytest.fixture
def post(api: Api, alice: Account) -> Post:
    found: Post = api.run(make.post, alice)
    return found


async def groups(api: Api, who: Account, query: str = "") -> list[Any]:
    answer = await api.get(who, f"{PATH}{query}")
    assert answer.status == 200, answer.json
    found: list[Any] = answer.json["notification_groups"]
    return found


async def test_likes_of_one_post_stand_together_with_the_latest_eight_of_who_likes_it(api: Api, alice: Account, post: Post) -> None:
    people = api.run(crowd, 10)
    api.run(liked, post, people)
    other = api.run(make.post, alice)
    api.run(liked, other, people[:1])

    answer = (await api.get(alice, PATH)).json
    second, first = answer["notification_groups"]

    assert (first["type"], first["notifications_count"], first["status_id"]) == ("favourite", 10, str(post.id))
    assert first["sample_account_ids"] == [str(who.id) for who in people[:1:-1]]
    assert first["group_key"].startswith(f"favourite-{post.id}-")
    assert (second["notifications_count"], second["status_id"]) == (1, str(other.id))
    assert {one["id"] for one in answer["statuses"]} == {str(post.id), str(other.id)}
    assert {one["id"] for one in answer["accounts"]} == {*first["sample_account_ids"], *second["sample_account_ids"]}
    assert first["page_max_id"] == first["most_recent_notification_id"] > first["page_min_id"]
    plain = (await api.get(alice, "/api/v1/notifications")).json
    assert {one["group_key"] for one in plain} == {first["group_key"], second["group_key"]}


async def test_mentions_stand_by_themselves_and_what_a_program_does_not_group_too(
    api: Api, alice: Account, bob: Account, post: Post
) -> None:
    api.run(liked, post, [bob, *api.run(crowd, 1)])
    api.run(make.post, bob, "one", mentions=(alice,))
    api.run(make.post, bob, "two", mentions=(alice,))

    assert [one["type"] for one in await groups(api, alice)] == ["mention", "mention", "favourite"]
    apart = await groups(api, alice, "?grouped_types[]=follow")
    assert [one["type"] for one in apart] == ["mention", "mention", "favourite", "favourite"]
    assert all(one["group_key"] == f"ungrouped-{one['most_recent_notification_id']}" for one in apart)
    assert [one["type"] for one in await groups(api, alice, "?types[]=favourite")] == ["favourite"]
    assert [one["type"] for one in await groups(api, alice, "?exclude_types[]=favourite")] == ["mention", "mention"]
    assert len(await groups(api, alice, f"?account_id={bob.id}")) == 3


async def test_a_group_lasts_for_half_a_day_from_its_first(api: Api, alice: Account, post: Post, frozen: Any) -> None:
    for who in api.run(crowd, 3):
        api.run(interactions.favourite, who, post.id)
        frozen.tick(7 * 3600)

    assert [one["notifications_count"] for one in await groups(api, alice)] == [1, 2]


async def test_pages_go_through_all_groups_in_both_directions(api: Api, alice: Account) -> None:
    people = api.run(crowd, 2)
    posts = [api.run(make.post, alice, f"{number}") for number in range(7)]
    for who in people:
        for one in posts:
            api.run(interactions.favourite, who, one.id)
    every = [one["status_id"] for one in await groups(api, alice)]
    assert every == [str(one.id) for one in reversed(posts)]

    found, path = [], f"{PATH}?limit=3"
    while path:
        answer = await api.get(alice, path)
        found += [one["status_id"] for one in answer.json["notification_groups"]]
        path = answer.link("next")
        assert len(found) <= 20
    assert list(dict.fromkeys(found))[:7] == every
    back = (await api.get(alice, f"{PATH}?limit=3&min_id=1")).json["notification_groups"]
    assert [one["status_id"] for one in back] == every[-3:]


async def test_people_are_shown_by_their_pictures_where_that_is_enough(api: Api, alice: Account, post: Post) -> None:
    people = api.run(crowd, 3)
    api.run(liked, post, people)

    answer = (await api.get(alice, f"{PATH}?expand_accounts=partial_avatars")).json
    assert [one["id"] for one in answer["accounts"]] == [str(people[-1].id)]
    assert {one["id"] for one in answer["partial_accounts"]} == {str(who.id) for who in people[:-1]}
    fields = {"id", "acct", "url", "avatar", "avatar_static", "avatar_description", "locked", "bot"}
    assert all(one.keys() == fields for one in answer["partial_accounts"])
    assert (await api.get(alice, f"{PATH}?expand_accounts=some")).status == 422


async def test_a_group_by_its_key_its_people_and_its_end(api: Api, alice: Account, bob: Account, post: Post) -> None:
    people = api.run(crowd, 10)
    api.run(liked, post, people)
    api.run(make.post, bob, "hello", mentions=(alice,))
    single, many = await groups(api, alice)

    for one, number in ((many, 10), (single, 1)):
        answer = (await api.get(alice, f"{PATH}/{one['group_key']}")).json
        assert [group["notifications_count"] for group in answer["notification_groups"]] == [number]
        assert "page_min_id" not in answer["notification_groups"][0]
        assert len((await api.get(alice, f"{PATH}/{one['group_key']}/accounts")).json) == number
        assert (await api.get(bob, f"{PATH}/{one['group_key']}")).status == 404
        assert (await api.get(bob, f"{PATH}/{one['group_key']}/accounts")).status == 404
        assert (await api.post(bob, f"{PATH}/{one['group_key']}/dismiss")).status == 404
    page = await api.get(alice, f"{PATH}/{many['group_key']}/accounts?limit=4")
    assert [one["id"] for one in page.json] == [str(who.id) for who in people[:5:-1]]
    assert [one["id"] for one in (await api.get(alice, page.link("next"))).json] == [str(who.id) for who in people[5:1:-1]]

    assert (await api.post(alice, f"{PATH}/{many['group_key']}/dismiss")).json == {}
    assert await groups(api, alice) == [single]
    assert (await api.post(alice, f"{PATH}/{single['group_key']}/dismiss")).json == {}
    assert (await api.get(alice, f"{PATH}/{single['group_key']}")).status == 404
    for key in ("ungrouped-", "ungrouped-x", "ungrouped-99999999999999999999", "favourite-1-1", "%00"):
        assert (await api.get(alice, f"{PATH}/{key}")).status in (404, 422)
        assert (await api.post(alice, f"{PATH}/{key}/dismiss")).status in (404, 422)


async def test_who_was_blocked_is_in_no_group(api: Api, alice: Account, bob: Account, post: Post) -> None:
    people = api.run(crowd, 2)
    api.run(liked, post, [*people, bob])
    api.run(lambda tx: tx.execute("UPDATE accounts SET suspended_at = 1 WHERE id = ?", (people[1].id,)))
    api.run(blocks.block, alice, bob.id)

    [group] = await groups(api, alice)

    assert (group["notifications_count"], group["sample_account_ids"]) == (1, [str(people[0].id)])


async def test_unread_groups_are_those_after_what_was_read_last(api: Api, alice: Account, bob: Account, post: Post) -> None:
    api.run(liked, post, api.run(crowd, 3))
    api.run(make.post, bob, "hello", mentions=(alice,))
    count, plain = f"{PATH}/unread_count", "/api/v1/notifications/unread_count"

    assert (await api.get(alice, count)).json == {"count": 2}
    assert (await api.get(alice, plain)).json == {"count": 4}
    assert (await api.get(alice, f"{plain}?limit=2")).json == {"count": 2}
    assert (await api.get(alice, f"{plain}?types[]=mention")).json == {"count": 1}
    latest = (await groups(api, alice))[1]["most_recent_notification_id"]
    saved = await api.post(alice, "/api/v1/markers", json={"notifications": {"last_read_id": latest}})
    assert saved.json["notifications"]["last_read_id"] == latest
    assert (await api.get(alice, count)).json == {"count": 1}
    assert (await api.get(alice, plain)).json == {"count": 1}


@pytest.mark.parametrize("path", [PATH, "/api/v1/notifications", f"{PATH}?expand_accounts=partial_avatars"])
async def test_a_page_costs_the_same_for_few_and_for_many(
    api: Api, alice: Account, bob: Account, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def happened(tx: Tx, number: int) -> None:
        for _ in range(number):
            post = make.post(tx, alice)
            liked(tx, post, [make.account(tx), make.account(tx)])
            make.post(tx, make.account(tx), "hello", mentions=(alice,))

    costs = []
    for number in (5, 35):
        api.run(happened, number)
        joint = "&" if "?" in path else "?"
        await api.get(alice, f"{path}{joint}limit=80")  # renders what is kept afterwards
        with counting(monkeypatch)() as seen:
            await api.get(alice, f"{path}{joint}limit=80")
        costs.append(len(seen))
    assert costs[0] == costs[1]
