import pytest

from fedi import interactions
from fedi.storage import accounts as account_rows
from fedi.storage import users as user_rows
from tests.web.rig import Rig


async def test_the_outbox_is_read_page_by_page_newest_first(rig: Rig) -> None:
    alice, bob = rig.person("alice"), rig.person("bob")
    made = [rig.post(alice, f"post {n}") for n in range(24)]
    boost = rig.instance.db.transact(interactions.boost, alice, rig.post(bob).id)

    top = await (await rig.get("/users/alice/outbox")).json()
    first = await (await rig.get(top["first"].removeprefix(rig.base))).json()
    second = await (await rig.get(first["next"].removeprefix(rig.base))).json()

    assert (top["type"], top["totalItems"]) == ("OrderedCollection", rig.instance.db.read(account_rows.get, alice.id).posts_count)
    assert [item["type"] for item in first["orderedItems"][:2]] == ["Announce", "Create"]
    items = first["orderedItems"] + second["orderedItems"]
    assert [item["id"] for item in items] == [boost.uri, *(f"{post.uri}/activity" for post in reversed(made))]
    assert items[1]["object"]["content"] and len(first["orderedItems"]) == 20 and "next" not in second
    assert first["partOf"] == top["id"]


@pytest.mark.parametrize("name", ["followers", "following"])
async def test_relations_are_listed_unless_their_owner_hides_them(rig: Rig, name: str) -> None:
    alice, dan = rig.person("alice"), rig.stranger("dan")
    pair = (rig.account(dan), alice) if name == "followers" else (alice, rig.account(dan))
    rig.befriend(*pair)
    rig.instance.db.transact(account_rows.count_follow, pair[0].id, pair[1].id, 1)

    top = await (await rig.get(f"/users/alice/{name}")).json()
    page = await (await rig.get(f"/users/alice/{name}?page=true")).json()
    assert (top["totalItems"], top["first"]) == (1, f"{rig.base}/users/alice/{name}?page=true")
    assert page["orderedItems"] == [dan.uri]

    rig.instance.db.transact(user_rows.set_settings, alice.id, {"hide_network": True})
    top = await (await rig.get(f"/users/alice/{name}")).json()
    page = await (await rig.get(f"/users/alice/{name}?page=true")).json()
    assert top["totalItems"] == 1 and "first" not in top
    assert page["orderedItems"] == [] and "next" not in page


async def test_pinned_posts_are_whole_in_featured(rig: Rig) -> None:
    alice = rig.person("alice")
    rig.post(alice, "not pinned")
    pinned = rig.post(alice, "pinned")
    rig.instance.db.transact(interactions.pin, alice, pinned.id)

    featured = await (await rig.get("/users/alice/collections/featured")).json()

    assert featured["totalItems"] == 1
    assert [note["id"] for note in featured["orderedItems"]] == [pinned.uri]


@pytest.mark.parametrize(
    "query", ["page=true&max_id=x", "page=true&max_id=99999999999999999999", "page=true&max_id=-1", "page=", "page=%00"]
)
async def test_odd_pages_are_no_error_of_ours_DOS_16(rig: Rig, query: str) -> None:
    rig.person("alice")

    assert (await rig.get(f"/users/alice/outbox?{query}")).status in (200, 422)


@pytest.mark.parametrize("name", ["outbox", "followers", "following", "collections/featured"])
async def test_nobodys_collections_are_not_found(rig: Rig, name: str) -> None:
    assert (await rig.get(f"/users/nobody/{name}")).status == 404
