"""Searching, what is popular, and somebody's year, as pages."""

from datetime import UTC, datetime

import pytest

from fedi import annual_reports, interactions
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig

YEAR = datetime.now(UTC).year


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice", "owner")


@pytest.fixture
def bob(rig: Rig) -> Account:
    return rig.person("bob")


async def test_words_are_found_in_tabs_and_from_page_to_page(rig: Rig, alice: Account) -> None:
    for number in range(25):
        rig.post(alice, f"cheese number{number} #cheese")
    rig.instance.db.transact(lambda tx: account_rows.update(tx, alice.id, display_name="Cheese lover"))
    visitor = Visitor(rig, alice)

    everything = await visitor.read("/search?q=cheese")
    assert "Cheese lover" in everything.main and "number24" in everything.main and "number4 " not in everything.main
    posts = await visitor.read("/search?q=cheese&kind=posts")
    assert "Follow" not in posts.main and any(link.get("href") == "/search?q=cheese&kind=posts&skip=20" for link in posts.all("a"))
    older = await visitor.read("/search?q=cheese&kind=posts&skip=20")
    assert "number4" in older.main and "number20" not in older.main
    assert "number1" not in (await visitor.read("/search?q=cheese&kind=topics")).main
    assert "number1" not in (await visitor.read("/search?q=cheese&kind=people")).main
    for odd in ("skip=x", "skip=-1", "skip=999999999999", "kind=x"):
        await visitor.read(f"/search?q=cheese&kind=posts&{odd}")


async def test_posts_of_others_are_found_only_by_those_who_may_VIS_21(rig: Rig, alice: Account, bob: Account) -> None:
    rig.post(alice, "cheese in public")
    rig.post(alice, "cheese in secret", visibility="direct")

    assert "cheese in" not in (await Visitor(rig, bob).read("/search?q=cheese")).main
    rig.instance.db.transact(lambda tx: account_rows.update(tx, alice.id, indexable=1))
    found = (await Visitor(rig, bob).read("/search?q=cheese")).main
    assert "cheese in public" in found and "cheese in secret" not in found


async def test_what_is_popular_is_shown_to_everybody_who_may_see_it(rig: Rig, alice: Account, bob: Account) -> None:
    post = rig.post(alice, "tomatoes #garden")
    rig.instance.db.transact(interactions.favourite, bob, post.id)

    assert "tomatoes" in (await Visitor(rig).read("/explore")).main
    assert "#garden" in (await Visitor(rig).read("/explore/topics")).main
    assert (await Visitor(rig).get("/explore/people")).status == 303
    rig.instance.db.transact(lambda tx: account_rows.update(tx, alice.id, discoverable=1, followers_count=2))
    assert "alice" in (await Visitor(rig, bob).read("/explore/people")).main


async def test_somebodys_year_is_counted_shared_and_taken_back(rig: Rig, alice: Account, bob: Account) -> None:
    best = rig.post(alice, "tomatoes #garden")
    rig.instance.db.transact(interactions.boost, bob, best.id)
    visitor = Visitor(rig, alice)
    assert "Nothing to count" in (await Visitor(rig, bob).read(f"/year/{YEAR - 3}")).main
    assert (await visitor.get("/year")).headers["Location"] == f"/year/{YEAR}"

    await visitor.press(f"/year/{YEAR}/make")
    assert "in a moment" in (await visitor.read(f"/year/{YEAR}")).main
    await rig.instance.settle()
    assert "#garden" in (await visitor.read(f"/year/{YEAR}")).main and "tomatoes" in (await visitor.read(f"/year/{YEAR}")).main

    guess = f"/@alice/year/{YEAR}/{'0' * 16}"
    assert (await Visitor(rig).get(guess)).status == 404
    await visitor.press(f"/year/{YEAR}/share")
    key = rig.instance.db.read(annual_reports.get, alice.id, YEAR).share_key
    shared = f"/@alice/year/{YEAR}/{key}"
    assert "tomatoes" in (await Visitor(rig).read(shared)).main and "Share" not in (await Visitor(rig, bob).read(shared)).main
    assert (await Visitor(rig).get(guess)).status == 404
    await visitor.press(f"/year/{YEAR}/unshare")
    assert (await Visitor(rig).get(shared)).status == 404
    assert (await Visitor(rig, bob).post(f"/year/{YEAR}/share")).status in (303, 403, 404)
