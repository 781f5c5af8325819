"""Hashtags of the client API: one, following it, the list, and timelines of several."""

from typing import Any

from fedi import clock
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

TAG = "/api/v1/tags/Cats"


async def test_a_hashtag_is_followed_and_unfollowed(api: Api, alice: Account, bob: Account) -> None:
    unknown = await api.get(alice, TAG)
    assert (unknown.json["name"], unknown.json["following"]) == ("cats", False)

    assert (await api.post(alice, f"{TAG}/follow")).json["following"] is True
    assert (await api.get(alice, TAG)).json["following"] is True
    assert (await api.get(bob, TAG)).json["following"] is False
    assert "following" not in (await api.get(None, TAG)).json
    assert [tag["name"] for tag in (await api.get(alice, "/api/v1/followed_tags")).json] == ["cats"]
    assert (await api.get(bob, "/api/v1/followed_tags")).json == []

    assert (await api.post(alice, f"{TAG}/unfollow")).json["following"] is False
    assert (await api.get(alice, "/api/v1/followed_tags")).json == []


async def test_the_list_of_followed_hashtags_is_paged(api: Api, alice: Account) -> None:
    for name in ("one", "two", "three"):
        await api.post(alice, f"/api/v1/tags/{name}/follow")
    first = (await api.get(alice, "/api/v1/followed_tags?limit=2")).json
    rest = (await api.get(alice, f"/api/v1/followed_tags?limit=2&max_id={first[-1]['id']}")).json
    assert [tag["name"] for tag in [*first, *rest]] == ["three", "two", "one"]


async def test_strangers_follow_nothing_and_have_no_list(api: Api) -> None:
    assert (await api.post(None, f"{TAG}/follow")).status == 401
    assert (await api.get(None, "/api/v1/followed_tags")).status == 401
    assert (await api.get(None, "/api/v1/tags/%21")).status == 404


async def test_a_timeline_of_several_hashtags(api: Api, alice: Account, carol: Account) -> None:
    cats, both = api.run(make.post, alice, "#cats"), api.run(make.post, alice, "#cats #boats")
    boats, away = api.run(make.post, alice, "#boats"), api.run(make.post, carol, tags=("cats", "sea"))

    async def ids(query: str) -> list[int]:
        found: Any = await api.get(alice, f"/api/v1/timelines/tag/cats{query}")
        return [int(one["id"]) for one in found.json]

    assert await ids("") == [away.id, both.id, cats.id]
    assert await ids("?any[]=boats") == [away.id, boats.id, both.id, cats.id]
    assert await ids("?all[]=Boats") == [both.id]
    assert await ids("?none[]=boats&none[]=sea") == [cats.id]
    assert await ids("?local=true") == [both.id, cats.id]
    assert await ids("?remote=true") == [away.id]
    assert await ids("?only_media=true") == []


async def test_a_hashtag_tells_how_its_last_seven_days_were(api: Api, alice: Account, bob: Account) -> None:
    now = clock.now()
    api.run(make.post, alice, "#cheese")
    api.run(make.post, alice, "#cheese again")
    api.run(make.post, bob, "#cheese too")
    api.run(make.post, bob, "#cheese for few", "followers")
    there = api.run(make.remote, "there")
    api.run(make.post, there, "then", tags=("cheese",), published_at=now - 3 * clock.DAY)
    api.run(make.post, there, "long ago", tags=("cheese",), published_at=now - 8 * clock.DAY)

    for name in ("cheese", "CHEESE"):
        days = (await api.get(None, f"/api/v1/tags/{name}")).json["history"]
        assert [(day["uses"], day["accounts"]) for day in days] == [("3", "2"), *([("0", "0")] * 2), ("1", "1"), *([("0", "0")] * 3)]
        assert [int(day["day"]) for day in days] == [(now // clock.DAY - back) * 86_400 for back in range(7)]
    unknown = (await api.get(alice, "/api/v1/tags/nothing")).json
    assert len(unknown["history"]) == 7 and unknown["history"][0]["uses"] == "0"


async def test_the_days_of_a_hashtag_leave_out_who_is_hidden(api: Api, alice: Account, carol: Account) -> None:
    api.run(make.post, carol, "hello", tags=("cheese",))
    api.run(lambda tx: account_rows.update(tx, carol.id, suspended_at=1))

    assert (await api.get(alice, "/api/v1/tags/cheese")).json["history"][0]["uses"] == "0"


async def test_a_hashtag_is_put_on_the_profile_by_name_or_id_and_taken_off(api: Api, alice: Account) -> None:
    api.run(make.post, alice, "#cheese")

    shown = (await api.post(alice, "/api/v1/tags/Cheese/feature")).json
    assert shown["featuring"] is True and (await api.post(alice, "/api/v1/tags/cheese/feature")).status == 200
    listed = (await api.get(alice, "/api/v1/featured_tags")).json
    assert [(one["name"], one["statuses_count"]) for one in listed] == [("cheese", "1")]
    assert (await api.post(alice, f"/api/v1/tags/{shown['id']}/unfeature")).json["featuring"] is False
    assert (await api.post(alice, "/api/v1/tags/cheese/unfeature")).json["featuring"] is False
    assert (await api.post(alice, f"/api/v1/tags/{shown['id']}/feature")).json["featuring"] is True
    for name in ("123", "9" * 30, "%20", "a%20b"):
        assert (await api.post(alice, f"/api/v1/tags/{name}/feature")).status == 404
