"""Lists over the client API: made, filled, read and shown to their owner only."""

import pytest

from fedi import filters, lists
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.web.api.conftest import Api


async def made(api: Api, who: Account, **fields: object) -> str:
    answer = await api.post(who, "/api/v1/lists", json={"title": "Friends", **fields})
    assert answer.status == 200, answer.json
    found: str = answer.json["id"]
    return found


async def test_a_list_is_made_changed_shown_and_deleted(api: Api, alice: Account, bob: Account) -> None:
    first = (await api.post(alice, "/api/v1/lists", data={"title": "Friends"})).json
    second = (await api.post(alice, "/api/v1/lists", json={"title": "News", "replies_policy": "none", "exclusive": True})).json

    assert first == {"id": first["id"], "title": "Friends", "replies_policy": "list", "exclusive": False}
    assert second == {"id": second["id"], "title": "News", "replies_policy": "none", "exclusive": True}
    assert (await api.get(alice, "/api/v1/lists")).json == [first, second] and (await api.get(bob, "/api/v1/lists")).json == []
    for method in ("PUT", "PATCH"):
        changed = (await api.call(method, alice, f"/api/v1/lists/{first['id']}", json={"title": method, "exclusive": "true"})).json
        assert changed == {"id": first["id"], "title": method, "replies_policy": "list", "exclusive": True}
    assert (await api.get(alice, f"/api/v1/lists/{first['id']}")).json == changed
    assert (await api.call("DELETE", alice, f"/api/v1/lists/{first['id']}")).json == {}
    assert (await api.get(alice, f"/api/v1/lists/{first['id']}")).status == 404
    assert (await api.get(alice, "/api/v1/lists")).json == [second]


async def test_a_list_needs_a_name_and_a_policy_that_is_one(api: Api, alice: Account) -> None:
    for fields in ({}, {"title": ""}, {"title": "x" * 300}, {"title": "a", "replies_policy": "some"}, {"title": ["a"]}):
        answer = await api.post(alice, "/api/v1/lists", json=fields)
        assert answer.status == 422 and answer.json["error"], fields


async def test_people_one_follows_are_put_into_it_and_taken_out(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    list_id = await made(api, alice)
    path = f"/api/v1/lists/{list_id}/accounts"
    assert (await api.post(alice, path, json={"account_ids": [str(bob.id)]})).status == 404
    for who in (bob, carol):
        api.run(make.follow, alice, who)
    assert (await api.post(alice, path, json={"account_ids": [str(bob.id), str(carol.id)]})).json == {}
    assert (await api.post(alice, path, data={"account_ids[]": str(bob.id)})).status == 422

    for query in ("", "?limit=0", "?limit=80"):
        assert {one["id"] for one in (await api.get(alice, path + query)).json} == {str(bob.id), str(carol.id)}
    first = await api.get(alice, f"{path}?limit=1")
    second = await api.get(alice, first.link("next"))
    assert [first.json[0]["id"], second.json[0]["id"]] == [str(carol.id), str(bob.id)]
    assert (await api.get(alice, f"{path}?limit=0")).link("next") == ""
    assert [one["id"] for one in (await api.get(alice, f"/api/v1/accounts/{bob.id}/lists")).json] == [list_id]
    assert (await api.get(bob, f"/api/v1/accounts/{bob.id}/lists")).json == []
    assert (await api.call("DELETE", alice, f"{path}?account_ids[]={bob.id}")).json == {}
    assert (await api.call("DELETE", alice, path, json={"account_ids": [str(carol.id)]})).json == {}
    assert (await api.get(alice, path)).json == []


async def test_the_timeline_of_a_list_is_paged_and_its_owners(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.follow, alice, bob)
    list_id = await made(api, alice)
    await api.post(alice, f"/api/v1/lists/{list_id}/accounts", json={"account_ids": [str(bob.id)]})
    posts = [(await api.say(bob, f"post {number}"))["id"] for number in range(5)]
    path = f"/api/v1/timelines/list/{list_id}"

    first = await api.get(alice, f"{path}?limit=3")
    rest = await api.get(alice, first.link("next"))
    assert [one["id"] for one in first.json + rest.json] == posts[::-1]
    assert (await api.get(alice, rest.link("prev"))).json == first.json
    assert (await api.get(bob, path)).status == 404


@pytest.mark.parametrize("address", ["", "/accounts"])
async def test_somebody_elses_list_is_not_there(api: Api, alice: Account, bob: Account, address: str) -> None:
    list_id = await made(api, alice)
    for method in ("GET", "PUT", "PATCH", "DELETE") if not address else ("GET", "POST", "DELETE"):
        answer = await api.call(
            method, bob, f"/api/v1/lists/{list_id}{address}", **({} if method == "GET" else {"json": {"title": "mine"}})
        )
        assert answer.status == 404
    assert (await api.get(alice, f"/api/v1/lists/{list_id}")).json["title"] == "Friends"


@pytest.mark.parametrize("what", ["members", "posts", "lists", "filters"])
async def test_a_list_costs_as_many_statements_however_long_it_is(
    api: Api, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    counted: list[str] = []
    for name in ("query", "one"):
        plain = getattr(Tx, name)
        monkeypatch.setattr(Tx, name, lambda tx, sql, params=(), plain=plain: counted.append(sql) or plain(tx, sql, params))
    list_id = int(await made(api, alice))
    api.run(make.follow, alice, bob)
    api.run(lists.add_members, alice, list_id, [bob.id])
    paths = {
        "members": f"/api/v1/lists/{list_id}/accounts?limit=80",
        "posts": f"/api/v1/timelines/list/{list_id}?limit=40",
        "lists": "/api/v1/lists",
        "filters": "/api/v2/filters",
    }

    def grow(tx: Tx) -> None:
        if what == "members":
            somebody = make.remote(tx)
            make.follow(tx, alice, somebody)
            lists.add_members(tx, alice, list_id, [somebody.id])
        elif what == "posts":
            make.post(tx, bob, "hello #topic")
        elif what == "lists":
            lists.create(tx, alice, "more")
        else:
            words = [filters.KeywordChange(keyword=word) for word in ("one", "two")]
            filters.create(tx, alice, filters.Change("more", ("home",), keywords=words))

    counts = []
    for size in (5, 40):
        while len((await api.get(alice, paths[what])).json) < size:
            api.run(grow)
        counted.clear()
        await api.get(alice, paths[what])
        counts.append(len(counted))
    assert counts[0] == counts[1] <= 8
