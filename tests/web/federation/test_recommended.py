from fedi import blocks, collections
from fedi.collections import About
from tests.web.rig import Rig


async def test_people_somebody_recommends_are_a_collection_for_who_may_see_them(rig: Rig) -> None:
    alice, bob, eve = (rig.person(name) for name in ("alice", "bob", "eve"))
    dan, mallory = rig.stranger("dan"), rig.stranger("mallory")
    made = rig.instance.db.transact(collections.create, alice, About(name="Bakers", description="Bread & roses"), [bob.id, eve.id])
    path = f"/users/alice/collections/{made.id}"

    found = await (await rig.get(path)).json()
    assert (found["id"], found["type"], found["totalItems"]) == (made.uri, "OrderedCollection", 2)
    assert found["orderedItems"] == [bob.uri, eve.uri] and found["attributedTo"] == alice.uri
    assert (found["name"], found["summary"]) == ("Bakers", "<p>Bread &amp; roses</p>")
    page = await rig.get(path, "text/html")
    assert page.headers["Location"] == f"{rig.base}/@alice/collections/{made.id}"

    rig.instance.db.transact(blocks.block, bob, rig.account(dan).id)
    rig.instance.db.transact(blocks.block, alice, rig.account(mallory).id)
    assert (await (await rig.signed_get(dan, path)).json())["orderedItems"] == [eve.uri]
    assert (await rig.signed_get(mallory, path)).status == 404
    assert (await rig.get(f"/users/bob/collections/{made.id}")).status == 404
    assert (await rig.get("/users/alice/collections/12345")).status == 404
