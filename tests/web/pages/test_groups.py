"""Groups on pages: made, joined, posted to and moderated."""

import pytest

from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import groups as rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.timelines import Page
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice")


@pytest.fixture
def bob(rig: Rig) -> Account:
    return rig.person("bob")


@pytest.fixture
async def cats(rig: Rig, alice: Account) -> Account:
    """A group that alice has made."""
    given = {"name": "cats", "title": "Cats", "description": "About cats.", "rules": "Be kind.\r\nNo dogs.", "posting": "members"}
    assert await Visitor(rig, alice).press("/groups/new", given) == "/@cats?said=grouped"
    return group(rig)


def group(rig: Rig, name: str = "cats") -> Account:
    found = rig.instance.db.read(account_rows.find_by_handle, name, "")
    assert found is not None
    return found


def posts(rig: Rig, of: Account) -> list[int]:
    return [post.id for post in rig.instance.db.read(rows.list_posts, of.id, of.id, Page())]


async def test_somebody_makes_a_group_and_others_join_and_post(rig: Rig, alice: Account, bob: Account, cats: Account) -> None:
    visitor = Visitor(rig, bob)
    page = await visitor.read("/@cats")
    assert "Be kind." in page.main and "Join it first" in page.main and "@alice" in page.main
    assert not any("/compose?group" in link.get("href") for link in page.all("a"))
    assert "Cats" in (await visitor.read("/groups")).main

    await visitor.press(f"/accounts/{cats.id}/follow")
    assert any(link.get("href") == f"/compose?group={cats.id}" for link in (await visitor.read("/@cats")).all("a"))
    form = await visitor.read(f"/compose?group={cats.id}")
    assert "In Cats" in form.main and any(i.get("name") == "group" and i.get("value") == str(cats.id) for i in form.all("input"))
    await visitor.press("/compose", {"text": "look at mine", "group": str(cats.id)})

    assert len(posts(rig, cats)) == 1
    home = await Visitor(rig, alice).read("/home")
    assert "look at mine" in home.main and "In Cats" in home.main and "boosted" not in home.main


async def test_who_is_no_member_reads_why_nothing_was_posted(rig: Rig, bob: Account, cats: Account) -> None:
    answer = await Visitor(rig, bob).post("/compose", {"text": "look at mine", "group": str(cats.id)})
    text = await answer.text()

    assert answer.status == 422 and "Join it first" in text and "look at mine" in text and posts(rig, cats) == []


async def test_a_moderator_closes_pins_and_removes(rig: Rig, alice: Account, bob: Account, cats: Account) -> None:
    rig.befriend(bob, cats)
    post = rig.post(bob, "@cats look at mine")
    visitor, other = Visitor(rig, alice), Visitor(rig, bob)
    path = f"/groups/cats/posts/{post.id}"
    assert "You moderate" in (await visitor.read(f"/@bob/{post.id}")).main
    assert "You moderate" not in (await other.read(f"/@bob/{post.id}")).main

    await visitor.press(f"{path}/lock")
    shown = await other.read(f"/@bob/{post.id}")
    assert "closed to new answers" in shown.main and not any(a.get("href") == f"/compose?to={post.id}" for a in shown.all("a"))
    answer = await other.post("/compose", {"text": "but", "to": str(post.id)})
    assert answer.status == 422 and "closed this thread" in await answer.text()

    await visitor.press(f"{path}/unlock")
    await visitor.press(f"{path}/pin")
    assert "Pinned" in (await other.read("/@cats")).main
    await visitor.press(f"{path}/lock")
    await visitor.press(f"{path}/remove")
    assert "losed to new answers" not in (await other.read(f"/@bob/{post.id}")).main
    assert posts(rig, cats) == [] and rig.instance.db.read(post_rows.find, post.id) is not None
    assert "removed your post from the group" in (await other.read("/notifications")).main


async def test_a_moderator_decides_who_takes_part(rig: Rig, alice: Account, bob: Account, cats: Account) -> None:
    visitor = Visitor(rig, alice)
    await visitor.press("/groups/cats/settings", {"title": "Cats!", "posting": "members", "approves": "1"})
    assert group(rig).locked and group(rig).display_name == "Cats!"
    await Visitor(rig, bob).press(f"/accounts/{cats.id}/follow")
    assert "@bob" in (await visitor.read("/groups/cats/requests")).main
    await visitor.press(f"/groups/cats/people/{bob.id}/accept")
    assert rig.instance.db.read(follow_rows.is_follower, bob.id, cats.id) and "@bob" in (await visitor.read("/groups/cats/members")).main

    await visitor.press(f"/groups/cats/people/{bob.id}/ban")
    assert "@bob" in (await visitor.read("/groups/cats/bans")).main
    page = await Visitor(rig, bob).read("/@cats")
    assert "banned you from it" in page.main
    await visitor.press(f"/groups/cats/people/{bob.id}/unban")
    await visitor.press(f"/groups/cats/people/{bob.id}/moderator")
    assert "@bob" in (await visitor.read("/groups/cats/moderators")).main
    await visitor.press(f"/groups/cats/people/{bob.id}/no-moderator")
    assert not rig.instance.db.read(rows.is_moderator, cats.id, bob.id)


@pytest.mark.parametrize("path", ["settings", "members", "requests", "moderators", "bans"])
async def test_pages_of_moderators_are_for_moderators(rig: Rig, bob: Account, cats: Account, path: str) -> None:
    answer = await Visitor(rig, bob).get(f"/groups/cats/{path}")

    assert answer.status == 403


async def test_others_press_the_buttons_of_moderators_in_vain(rig: Rig, alice: Account, bob: Account, cats: Account) -> None:
    post = rig.post(alice, "@cats mine")
    visitor = Visitor(rig, bob)
    for path in (f"/groups/cats/posts/{post.id}/remove", f"/groups/cats/people/{alice.id}/ban", "/groups/cats/settings"):
        assert (await visitor.post(path, {"title": "Dogs"})).status == 403

    assert posts(rig, cats) == [post.id] and group(rig).display_name == "Cats"


async def test_a_name_that_cannot_be_is_said_in_the_form(rig: Rig, alice: Account, bob: Account) -> None:
    for name in ("bob", "a b", "groups", ""):
        answer = await Visitor(rig, alice).post("/groups/new", {"name": name, "title": "My cats"})
        assert answer.status == 422 and "My cats" in await answer.text()


async def test_a_group_is_shown_to_strangers(rig: Rig, cats: Account) -> None:
    visitor = Visitor(rig)
    assert "Cats" in (await visitor.read("/groups")).main
    page = await visitor.read("/@cats")
    assert "About cats." in page.main and "Join" in page.main


async def test_a_group_is_joined_and_left_wherever_it_is_found(rig: Rig, bob: Account, cats: Account) -> None:
    visitor = Visitor(rig, bob)
    found = (await visitor.read("/search?q=cats")).main
    assert "Join" in found and "Follow" not in found
    assert (await visitor.press(f"/accounts/{cats.id}/follow")).endswith("said=joined")
    assert "Begin the first thread" in (await visitor.read("/@cats")).main
    assert (await visitor.press(f"/accounts/{cats.id}/unfollow")).endswith("said=left")
