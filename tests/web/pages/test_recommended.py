import pytest

from fedi import backlinks, collections
from fedi.accounts import Profile, update_profile
from fedi.storage import follows as follow_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice")


@pytest.fixture
def bob(rig: Rig) -> Account:
    return rig.person("bob")


async def test_a_note_stands_on_a_profile_for_who_wrote_it_alone(rig: Rig, alice: Account, bob: Account) -> None:
    mine = Visitor(rig, alice)
    await mine.post(f"/accounts/{bob.id}/note", {"note": "owes me a <b>cake</b>", "next": "/@bob"})

    assert "owes me a &lt;b&gt;cake" in await (await mine.get("/@bob")).text()
    for other in (Visitor(rig, bob), Visitor(rig, None), Visitor(rig, rig.person("eve"))):
        assert "cake" not in await (await other.get("/@bob")).text()


async def test_people_and_collections_stand_on_a_profile_unless_one_does_not_want_that(rig: Rig, alice: Account, bob: Account) -> None:
    eve = rig.person("eve")
    rig.befriend(alice, bob)
    mine = Visitor(rig, alice)
    await mine.post(f"/accounts/{bob.id}/endorse", {"next": "/@bob"})
    about = collections.About(name="Bakers & co", description="all of them")
    made = rig.instance.db.transact(collections.create, alice, about, [bob.id, eve.id])
    rig.instance.db.transact(collections.create, alice, collections.About(name="Quiet ones", discoverable=False), [])

    page = await (await Visitor(rig, None).get("/@alice")).text()
    assert 'href="/@bob"' in page and "Bakers &amp; co" in page and "Quiet ones" not in page
    assert "Quiet ones" in await (await mine.get("/@alice")).text()
    path = f"/@alice/collections/{made.id}"
    shown = await (await Visitor(rig, None).get(path)).text()
    assert "@bob" in shown and "@eve" in shown and "all of them" in shown and "Take" not in shown
    assert (await Visitor(rig, None).get(f"/@bob/collections/{made.id}")).status == 404

    item = rig.instance.db.read(lambda tx: tx.one("SELECT id FROM collection_items WHERE account_id = ?", (bob.id,)))[0]
    assert (await Visitor(rig, eve).post(f"{path}/{item}/leave")).status == 403
    assert "Take me out" in await (await Visitor(rig, bob).get(path)).text()
    await Visitor(rig, bob).post(f"{path}/{item}/leave")
    assert 'href="/@bob"' not in await (await Visitor(rig, None).get(path)).text()

    rig.instance.db.transact(user_rows.set_settings, alice.id, {"show_featured": False, "show_media": False})
    hidden = await (await Visitor(rig, None).get("/@alice")).text()
    assert "Bakers" not in hidden and 'href="/@bob"' not in hidden and 'href="/@alice/media"' not in hidden


async def test_a_collection_is_deleted_by_its_owner(rig: Rig, alice: Account, bob: Account) -> None:
    made = rig.instance.db.transact(collections.create, alice, collections.About(name="Bakers"), [])
    path = f"/@alice/collections/{made.id}"
    assert (await Visitor(rig, bob).post(f"{path}/delete")).status == 403
    await Visitor(rig, alice).post(f"{path}/delete")
    assert (await Visitor(rig, None).get(path)).status == 404


async def test_servers_are_blocked_and_let_back_on_a_page(rig: Rig, alice: Account, bob: Account) -> None:
    dan = rig.account(rig.stranger())
    rig.befriend(dan, alice)
    mine = Visitor(rig, alice)
    await mine.post("/settings/domains", {"domain": "Peer.TEST"})
    assert "peer.test" in await (await mine.get("/settings/domains")).text()
    assert not rig.instance.db.read(follow_rows.is_follower, dan.id, alice.id)
    assert "peer.test" not in await (await Visitor(rig, bob).get("/settings/domains")).text()
    for wrong in ("", "a b", "fedi.test"):
        assert (await mine.post("/settings/domains", {"domain": wrong})).status == 422
    await mine.post("/settings/domains/remove", {"domain": "peer.test"})
    assert "peer.test" not in await (await mine.get("/settings/domains")).text()


async def test_habits_chosen_on_the_page_hold_for_what_one_writes(rig: Rig, alice: Account) -> None:
    mine = Visitor(rig, alice)
    await mine.post(
        "/settings/writing", {"visibility": "followers", "language": "de", "sensitive": "1", "expand_media": "show_all", "autoplay": "1"}
    )
    user = rig.instance.db.read(user_rows.get, alice.id)
    assert (user.setting("visibility"), user.setting("sensitive"), user.setting("expand_media")) == ("followers", True, "show_all")
    assert 'value="followers" checked' in await (await mine.get("/compose")).text()
    assert (await mine.post("/settings/writing", {"visibility": "secret"})).status == 422


async def test_a_proven_link_is_marked(rig: Rig, alice: Account) -> None:
    rig.instance.db.transact(update_profile, alice, Profile(fields=(("site", "https://peer.test/me"),)))
    assert "links back" not in await (await Visitor(rig, None).get("/@alice")).text()
    rig.instance.db.transact(backlinks.prove, alice.id, ["https://peer.test/me"])
    assert "links back" in await (await Visitor(rig, None).get("/@alice")).text()
