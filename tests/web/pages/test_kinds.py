"""Pages of what is no plain note: articles, events, reviews, films, links."""

from typing import Any

import pytest

from fedi import facts, posts
from fedi.facts import Facts
from fedi.posts import Draft
from fedi.storage.accounts import Account
from tests import make
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig

LONG = "\n\n".join(f"Paragraph {number} of a long walk by the sea, with some more words in it." for number in range(60))


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice", "owner")


def arrive(rig: Rig, **values: Any) -> int:
    dan = rig.instance.db.transact(make.remote, "dan")
    made = rig.instance.db.transact(lambda tx: make.arrive(tx, make.note(dan, "the text", **values)))
    assert made is not None
    return made.id


async def test_an_article_is_folded_in_lists_and_whole_on_its_page(rig: Rig, alice: Account) -> None:
    post = rig.instance.db.transact(posts.publish, alice, Draft(LONG, title="A walk"), {})

    listed = await Visitor(rig).read("/@alice")
    assert [one.text for one in listed.all("h2") if "p-name" in one.get("class")] == ["A walk"]
    (folded,) = [one for one in listed.all("details") if one.get("class") == "rest"]
    assert "Paragraph 59" in folded.text and "Paragraph 0" not in folded.text

    page = await Visitor(rig).read(f"/@alice/{post.id}")
    assert not [one for one in page.all("details") if one.get("class") == "rest"]
    said = {one.get("property"): one.get("content") for one in page.all("meta")}
    assert (said["og:title"], said["og:type"], said["article:author"]) == ("A walk", "article", alice.url)
    assert "A walk" in next(one.text for one in page.all("title"))
    assert [one.text for one in page.all("h1")] == [f"Article by {alice.name}"]


async def test_a_very_long_article_is_read_on_its_own_page(rig: Rig, alice: Account) -> None:
    post = rig.instance.db.transact(posts.publish, alice, Draft(LONG * 4, title="A walk"), {})
    listed = await Visitor(rig).read("/@alice")
    assert not [one for one in listed.all("details") if one.get("class") == "rest"]
    (more,) = [one for one in listed.all("a") if one.text.startswith("Read the whole article")]
    assert more.get("href") == f"/@alice/{post.id}"


async def test_an_event_says_when_and_where(rig: Rig, alice: Account) -> None:
    said = Facts(
        starts_at=1_576_674_000_000, ends_at=1_576_677_600_000, offset_min=60, place="Castle", status="cancelled", abstract="Come all"
    )
    post_id = arrive(rig, type="Event", title="Party", facts=said)
    page = await Visitor(rig, alice).read(f"/@dan@peer.test/{post_id}")

    pairs = {
        one.all("dt")[0].text: one.all("dd")[0].text
        for one in page.all("div")
        if one.parent is not None and "said" in one.parent.get("class")
    }
    assert pairs == {"Status": "Cancelled", "When": facts.span(said), "Where": "Castle"}
    assert "2019-12-18T13:00:00.000Z" in [one.get("datetime") for one in page.all("time")]
    assert [one.text for one in page.all("p") if "abstract" in one.get("class")] == ["Come all"]
    assert "See this event on peer.test" in [one.text for one in page.all("a")]


async def test_a_rating_is_read_out_in_words(rig: Rig, alice: Account) -> None:
    said = Facts(book="Emma", book_url="https://books.test/2", rating=3.5)
    page = await Visitor(rig, alice).read(f"/@dan@peer.test/{arrive(rig, type='Review', title='Good', facts=said)}")
    assert "3.5 of 5" in [one.text for one in page.all("dd")]
    assert "https://books.test/2" in [one.get("href") for one in page.all("a")]


async def test_a_shared_link_stands_below_its_text_and_leads_nowhere_else_than_the_web(rig: Rig, alice: Account) -> None:
    good = await Visitor(rig, alice).read(f"/@dan@peer.test/{arrive(rig, type='Page', title='News', link='https://www.news.test/story')}")
    (link,) = [one for one in good.all("a") if one.get("class") == "outward"]
    assert (link.get("href"), link.text) == ("https://www.news.test/story", "news.test https://www.news.test/story")
    bad = await Visitor(rig, alice).read(f"/@dan@peer.test/{arrive(rig, link='javascript:alert(1)')}")
    assert not [one for one in bad.all("a") if one.get("class") == "outward"]


async def test_what_the_wire_says_is_text_XSS_01(rig: Rig, alice: Account) -> None:
    evil = '"><script>alert(1)</script>'
    said = Facts(
        abstract=evil,
        place=evil,
        book=evil,
        book_url="https://books.test/",
        links=(("https://x.test/", evil),),
        by=evil,
        timezone=evil,
        starts_at=0,
    )
    page = await Visitor(rig, alice).read(f"/@dan@peer.test/{arrive(rig, type='Event', title=evil, facts=said)}")
    assert not page.all("script")


async def test_who_may_not_see_an_article_sees_nothing_of_its_title(rig: Rig, alice: Account) -> None:
    rig.instance.db.transact(posts.publish, alice, Draft(LONG, title="For my friends", visibility="followers"), {})
    for path in ("/@alice", "/@alice.atom", "/public"):
        answer = await Visitor(rig).get(path)
        assert "For my friends" not in await answer.text()
    assert "For my friends" in (await Visitor(rig, alice).read("/@alice")).main


async def test_one_writes_an_article_and_changes_its_title(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    page = await visitor.read("/compose")
    assert [one.get("maxlength") for one in page.all("input") if one.get("name") == "title"] == ["500"]
    answer = await visitor.post("/compose", {"title": "A walk", "text": LONG, "visibility": "public", "key": "k"})
    assert answer.status == 303
    (post,) = rig.instance.db.read(lambda tx: tx.query("SELECT id, kind, title FROM posts WHERE account_id = ?", (alice.id,)))
    assert tuple(post)[1:] == ("Article", "A walk")
    refused = await visitor.post(f"/@alice/{post[0]}/edit", {"title": "", "text": LONG})
    assert refused.status == 422
    assert (await visitor.post(f"/@alice/{post[0]}/edit", {"title": "A run", "text": LONG})).status == 303
    assert "A run" in (await visitor.read(f"/@alice/{post[0]}")).main


async def test_the_feed_names_an_article_by_its_title(rig: Rig, alice: Account) -> None:
    rig.instance.db.transact(posts.publish, alice, Draft(LONG, title="A walk", warning="wind"), {})
    assert "<title>A walk</title>" in await (await Visitor(rig).get("/@alice.atom")).text()


async def test_headings_of_a_post_stand_below_those_of_the_page(rig: Rig, alice: Account) -> None:
    post = rig.instance.db.transact(posts.publish, alice, Draft("# One\n\n##### Five\n\n" + LONG, title="A walk"), {})
    page = await Visitor(rig).read(f"/@alice/{post.id}")
    assert [(one.tag, one.text) for one in page.all("h2", "h3", "h4", "h5", "h6")][:3] == [("h2", "A walk"), ("h3", "One"), ("h6", "Five")]
    assert len(page.all("h1")) == 1
