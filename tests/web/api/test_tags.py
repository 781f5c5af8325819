"""Hashtags of the client API: one, following it, the list, and timelines of several."""

from typing import Any

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
