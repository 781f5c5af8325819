"""Lists, filters and the papers of a server on our pages."""

import pytest

from fedi import filters, lists, rules, texts
from fedi.filters import Change, KeywordChange
from fedi.storage import lists as list_rows
from fedi.storage.accounts import Account
from fedi.storage.timelines import Page
from tests import make
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig

SETTINGS = (
    "featured",
    "writing",
    "consent",
    "filters",
    "tags",
    "newsletter",
    "notifications",
    "domains",
    "security",
    "email",
    "data",
    "moving",
)


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice")


@pytest.fixture
def bob(rig: Rig) -> Account:
    return rig.person("bob")


async def read(visitor: Visitor, path: str, status: int = 200) -> str:
    answer = await visitor.get(path)
    assert answer.status == status, path
    return await answer.text()


async def test_a_list_is_made_filled_read_changed_and_deleted(rig: Rig, alice: Account, bob: Account) -> None:
    rig.befriend(alice, bob)
    mine = Visitor(rig, alice)
    await mine.post("/lists", {"title": "Old <b>friends</b>"})
    made = rig.instance.db.read(list_rows.list_of, alice.id)[0]
    assert "Old &lt;b&gt;friends" in await read(mine, "/lists") and f"/accounts/{bob.id}/lists" in await read(mine, "/@bob")

    await mine.post(f"/accounts/{bob.id}/lists", {"lists": str(made.id)})
    rig.post(bob, "in the list")
    assert "in the list" in await read(mine, f"/lists/{made.id}") and "@bob" in await read(mine, f"/lists/{made.id}/edit")
    assert " checked" in await read(mine, f"/accounts/{bob.id}/lists")
    await mine.post(f"/lists/{made.id}/edit", {"title": "Friends", "replies": "none", "exclusive": "1"})
    changed = rig.instance.db.read(lists.get, alice.id, made.id)
    assert (changed.title, changed.replies, changed.exclusive) == ("Friends", "none", 1)
    assert "in the list" not in await read(mine, "/home")
    assert (await mine.post(f"/lists/{made.id}/edit", {"title": "", "replies": "none"})).status == 422
    assert (await mine.post("/lists", {"title": " "})).status == 422

    await mine.post(f"/lists/{made.id}/remove/{bob.id}")
    assert rig.instance.db.read(list_rows.list_members, made.id, Page()) == []
    assert "Delete the list" in await read(mine, f"/lists/{made.id}/delete")
    await mine.post(f"/lists/{made.id}/delete")
    await read(mine, f"/lists/{made.id}", 404)


async def test_somebody_elses_list_and_filter_are_not_there(rig: Rig, alice: Account, bob: Account) -> None:
    made = rig.instance.db.transact(lists.create, alice, "Mine")
    one = rig.instance.db.transact(filters.create, alice, Change("Mine", ("home",)))
    other = Visitor(rig, bob)
    for path in (f"/lists/{made.id}", f"/lists/{made.id}/edit", f"/lists/{made.id}/delete", f"/settings/filters/{one.filter.id}"):
        await read(other, path, 404)
    for path in (f"/lists/{made.id}/edit", f"/lists/{made.id}/delete", f"/lists/{made.id}/remove/{bob.id}"):
        assert (await other.post(path, {"title": "theirs", "replies": "none"})).status == 404
    assert (await other.post(f"/accounts/{bob.id}/lists", {"lists": str(made.id)})).status == 404
    assert (await other.post(f"/settings/filters/{one.filter.id}", {"title": "x", "context": "home", "action": "warn"})).status == 404
    assert (await other.post(f"/settings/filters/{one.filter.id}/delete")).status == 404
    assert rig.instance.db.read(lists.get, alice.id, made.id).title == "Mine"


async def test_a_filter_is_made_changed_and_deleted(rig: Rig, alice: Account) -> None:
    mine = Visitor(rig, alice)
    form = {
        "title": "Spoilers",
        "words": "ending\n\n <i>#finale</i> ",
        "whole_word": "1",
        "context": "home",
        "action": "warn",
        "lasts": "3600",
    }
    await mine.post("/settings/filters", form)
    (made,) = rig.instance.db.read(filters.list_of, alice.id)
    assert [word.keyword for word in made.keywords] == ["ending", "<i>#finale</i>"] and made.filter.expires_at is not None
    assert "&lt;i&gt;#finale" in await read(mine, "/settings/filters")
    path = f"/settings/filters/{made.filter.id}"
    assert "As it is" in await read(mine, path)
    await mine.post(path, {**form, "words": "#finale\nending", "lasts": "-1", "action": "hide"})
    (changed,) = rig.instance.db.read(filters.list_of, alice.id)
    assert changed.filter == made.filter._replace(action="hide")
    assert {word.keyword for word in changed.keywords} == {"ending", "#finale"} and made.keywords[0] in changed.keywords
    for wrong in ({"title": ""}, {"context": ""}, {"action": "explode"}):
        assert (await mine.post("/settings/filters", {**form, **wrong})).status == 422
        assert (await mine.post(path, {**form, **wrong})).status == 422
    await mine.post(f"{path}/delete")
    assert rig.instance.db.read(filters.list_of, alice.id) == []


@pytest.mark.parametrize("action", ["warn", "hide", "blur"])
async def test_filters_fold_posts_or_their_files_or_leave_posts_out(rig: Rig, alice: Account, bob: Account, action: str) -> None:
    rig.befriend(alice, bob)
    run = rig.instance.db.transact
    post, plain = rig.post(bob, "the ending, @alice"), rig.post(bob, "hello")
    file = run(make.picture, bob)
    run(lambda tx: tx.execute("INSERT INTO post_media (post_id, position, media_id) VALUES (?, 0, ?)", (post.id, file.id)))
    rig.post(alice, "my own ending")
    change = Change("<Spoilers>", ("home", "thread", "account", "notifications"), action, keywords=(KeywordChange(keyword="ending"),))
    run(filters.create, alice, change)

    for path in ("/home", "/@bob/with_replies", "/notifications"):
        page = await read(Visitor(rig, alice), path)
        assert ("the ending" in page) is (action != "hide"), path
        assert ("Filtered: &lt;Spoilers&gt;" in page) is (action != "hide"), path
        assert path == "/notifications" or "hello" in page
    if action != "hide":
        page = await read(Visitor(rig, alice), "/home")
        fold, words = page.index("Filtered: "), page.index("the ending")
        assert (fold < words) is (action == "warn") and page.count("Filtered: ") == 1
    for path in ("/public", f"/@bob/{post.id}", f"/@bob/{plain.id}"):  # not a place of the filter; what the page is about
        assert "Filtered" not in await read(Visitor(rig, alice), path)
    assert "the ending" in await read(Visitor(rig, alice), f"/@bob/{post.id}")
    for other in (bob, None):
        page = await read(Visitor(rig, other), "/@bob")
        assert "the ending" in page and "Filtered" not in page


async def test_rules_privacy_and_terms_can_be_read_by_anybody(rig: Rig) -> None:
    run, stranger = rig.instance.db.transact, Visitor(rig, None)
    assert "What fedi.test keeps" in await read(stranger, "/privacy-policy")
    await read(stranger, "/terms-of-service", 404)
    run(rules.add, "Be <kind>.", "Always.")
    run(texts.put, "about", "We *bake*.")
    run(texts.put, "terms", "Old words.", "2020-01-01")
    run(texts.put, "terms", "New words.", "2999-01-01")

    about = await read(stranger, "/about")
    assert "Be &lt;kind&gt;." in about and "<em>bake</em>" in about and "/terms-of-service" in about
    terms = await read(stranger, "/terms-of-service")
    assert "Old words." in terms and "/terms-of-service/2999-01-01" in terms and "In force since 1 January 2020" in terms
    assert "In force from 1 January 2999 on" in await read(stranger, "/terms-of-service/2999-01-01")
    for day in ("2020-01-02", "x"):
        await read(stranger, f"/terms-of-service/{day}", 404)


@pytest.mark.parametrize("first", ["#", "##"])
async def test_headings_of_a_paper_begin_right_below_that_of_the_page(rig: Rig, first: str) -> None:
    rig.instance.db.transact(texts.put, "privacy", f"{first} What we keep\n\nNothing.\n\n{first}# For long\n\nNo.")
    page = await Visitor(rig, None).read("/privacy-policy")
    found = [[one.text for one in page.all("main")[0].all(level)] for level in ("h1", "h2", "h3")]
    assert found == [["Privacy policy"], ["What we keep"], ["For long"]]


async def test_every_page_of_settings_is_two_steps_from_every_other(rig: Rig, alice: Account) -> None:
    mine, here = Visitor(rig, alice), "/settings/profile"
    paths = {here, "/blocks", "/mutes", *(f"/settings/{name}" for name in SETTINGS)}

    async def leads(path: str) -> set[str]:
        [nav] = [found for found in (await mine.read(path)).all("nav") if found.get("aria-label") == "Settings"]
        [marked] = [found.get("href") for found in nav.all("a") if found.get("aria-current") == "page"]
        assert marked == path
        return {found.get("href") for found in nav.all("a")}

    first = {path: await leads(path) for path in paths}
    for path, found in first.items():
        assert found | set().union(*(first[other] for other in found)) == paths, path
