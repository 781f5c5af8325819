from typing import Any

from fedi import accounts, moderation
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

BODY = {"name": "Gardeners", "description": "They know <tomatoes>", "language": "en", "tag_name": "#Garden", "sensitive": False}


async def made(api: Api, who: Account, *people: Account, **more: Any) -> dict[str, Any]:
    answer = await api.post(who, "/api/v1/collections", json={**BODY, "account_ids": [str(one.id) for one in people], **more})
    assert answer.status == 200, answer.json
    found: dict[str, Any] = answer.json["collection"]
    return found


async def members(api: Api, viewer: Account | None, collection_id: str) -> list[str]:
    found = (await api.get(viewer, f"/api/v1/collections/{collection_id}")).json
    return [one["account_id"] for one in found["collection"]["items"]]


async def test_people_are_recommended_together_under_a_name(api: Api, alice: Account, bob: Account) -> None:
    shown = await made(api, alice, bob)
    assert (shown["name"], shown["description"], shown["language"], shown["item_count"]) == (
        "Gardeners", "<p>They know &lt;tomatoes&gt;</p>", "en", 1,
    )  # fmt: skip
    assert shown["tag"] == {"name": "garden", "url": "https://fedi.test/tags/garden"} and shown["local"] is True
    assert shown["url"] == f"https://fedi.test/@alice/collections/{shown['id']}" and shown["account_id"] == str(alice.id)

    read = (await api.get(None, f"/api/v1/collections/{shown['id']}")).json
    assert {one["acct"] for one in read["accounts"]} == {"alice", "bob"} and read["collection"] == shown
    assert (await api.get(None, f"/api/v1/accounts/{alice.id}/collections")).json == {"collections": [shown]}
    assert (await api.get(bob, f"/api/v1/accounts/{bob.id}/in_collections")).json == {"collections": [shown]}
    assert (await api.get(alice, f"/api/v1/accounts/{bob.id}/in_collections")).status == 403


async def test_a_collection_is_changed_and_deleted_by_its_owner_alone(api: Api, alice: Account, bob: Account) -> None:
    shown = await made(api, alice)
    path = f"/api/v1/collections/{shown['id']}"

    changed = (await api.call("PATCH", alice, path, data={"name": "Growers", "tag_name": ""})).json["collection"]
    assert (changed["name"], changed["tag"], changed["language"]) == ("Growers", None, "en")
    assert (await api.call("PUT", alice, path, json={"discoverable": False})).json["collection"]["discoverable"] is False
    assert (await api.get(bob, f"/api/v1/accounts/{alice.id}/collections")).json == {"collections": []}
    assert len((await api.get(alice, f"/api/v1/accounts/{alice.id}/collections")).json["collections"]) == 1
    for method in ("PATCH", "DELETE"):
        assert (await api.call(method, bob, path, json={"name": "mine"})).status == 403
    assert (await api.call("DELETE", alice, path)).json == {}
    assert (await api.get(alice, path)).status == (await api.call("DELETE", alice, path)).status == 404


async def test_nobody_is_in_a_collection_who_does_not_want_to_be_found_or_has_blocked(
    api: Api, alice: Account, bob: Account, carol: Account
) -> None:
    shy = api.run(make.account, "shy", discoverable=0)
    eve = api.run(make.account, "eve")
    api.run(make.block, eve, alice)
    shown = await made(api, alice)
    path = f"/api/v1/collections/{shown['id']}/items"

    for other in (shy, eve, carol):
        assert (await api.post(alice, path, json={"account_id": str(other.id)})).status == 403
        assert (await api.post(alice, "/api/v1/collections", json={**BODY, "account_ids": [str(other.id)]})).status == 403
    assert (await api.post(alice, path, json={})).status == 422
    assert (await api.post(alice, path, json={"account_id": "1"})).status == 404
    assert (await api.post(bob, path, json={"account_id": str(bob.id)})).status == 403
    item = (await api.post(alice, path, json={"account_id": str(bob.id)})).json["collection_item"]
    assert (item["account_id"], item["state"]) == (str(bob.id), "accepted")
    assert (await api.post(alice, path, json={"account_id": str(bob.id)})).json["collection_item"] == item, "twice is once"

    api.run(accounts.update_profile, bob, accounts.Profile(discoverable=False))
    assert await members(api, None, shown["id"]) == []
    assert await members(api, bob, shown["id"]) == [str(bob.id)], "who wants out must see where they are"


async def test_somebody_takes_themselves_out_for_good(api: Api, alice: Account, bob: Account) -> None:
    eve = api.run(make.account, "eve")
    shown = await made(api, alice, bob, eve)
    item, other = (f"/api/v1/collections/{shown['id']}/items/{one['id']}" for one in shown["items"])

    assert (await api.post(bob, f"{other}/revoke")).status == 403
    assert (await api.call("DELETE", bob, item)).status == 403
    assert (await api.post(bob, f"{item}/revoke")).json == {}
    assert await members(api, alice, shown["id"]) == [str(eve.id)]
    assert (await api.post(alice, f"/api/v1/collections/{shown['id']}/items", json={"account_id": str(bob.id)})).status == 403
    assert (await api.get(bob, f"/api/v1/accounts/{bob.id}/in_collections")).json == {"collections": []}
    assert (await api.call("DELETE", alice, other)).json == {}
    assert await members(api, alice, shown["id"]) == [] and (await api.call("DELETE", alice, other)).status == 404


async def test_who_is_blocked_sees_no_collection_and_is_in_none(api: Api, alice: Account, bob: Account) -> None:
    eve = api.run(make.account, "eve")
    shown = await made(api, alice, bob, eve)
    api.run(make.block, bob, eve)
    assert await members(api, eve, shown["id"]) == [str(eve.id)]
    assert await members(api, alice, shown["id"]) == [str(bob.id), str(eve.id)]

    await api.post(alice, f"/api/v1/accounts/{bob.id}/block")
    assert await members(api, alice, shown["id"]) == [str(eve.id)]
    assert (await api.get(bob, f"/api/v1/collections/{shown['id']}")).status == 404
    assert (await api.get(bob, f"/api/v1/accounts/{alice.id}/collections")).json == {"collections": []}
    api.run(moderation.suspend, eve)
    assert await members(api, alice, shown["id"]) == []
    api.run(moderation.suspend, alice)
    assert (await api.get(None, f"/api/v1/collections/{shown['id']}")).status == 404


async def test_collections_are_bounded_and_paged(api: Api, alice: Account) -> None:
    for _ in range(10):
        await made(api, alice)
    assert (await api.post(alice, "/api/v1/collections", json=BODY)).status == 422

    path, seen = f"/api/v1/accounts/{alice.id}/collections?limit=4", 0
    while path:
        page = await api.get(None, path)
        seen, path = seen + len(page.json["collections"]), page.link("next")
    assert seen == 10
    for body in ({"name": ""}, {"name": "x" * 41}, {"description": "x" * 101}, {"language": "no such"}, {"tag_name": "!"}):
        first = (await api.get(None, f"/api/v1/accounts/{alice.id}/collections")).json["collections"][0]
        assert (await api.call("PATCH", alice, f"/api/v1/collections/{first['id']}", json=body)).status == 422
    assert (await api.post(alice, "/api/v1/collections", json={})).status == 422


async def test_who_is_put_into_a_collection_is_told(api: Api, alice: Account, bob: Account) -> None:
    shown = await made(api, alice, bob)
    await api.call("PATCH", alice, f"/api/v1/collections/{shown['id']}", json={"name": "Others"})

    def told(tx: Any) -> list[tuple[str, int]]:
        return [tuple(row) for row in tx.query("SELECT kind, about_id FROM notifications WHERE account_id = ? ORDER BY id", (bob.id,))]

    assert api.rig.instance.db.read(told) == [("collection", int(shown["id"])), ("collection_edit", int(shown["id"]))]
    heard = (await api.get(bob, "/api/v1/notifications")).json
    assert [(one["type"], one["account"]["acct"], one["collection"]["name"]) for one in heard] == [
        ("collection_update", "alice", "Others"), ("added_to_collection", "alice", "Others"),
    ]  # fmt: skip
    assert (await api.get(alice, "/api/v1/notifications")).json == []
    await api.call("DELETE", alice, f"/api/v1/collections/{shown['id']}")
    assert api.rig.instance.db.read(told) == [] and (await api.get(bob, "/api/v1/notifications")).json == []
