"""Cards as programs see them: with every post that shows the page, for everybody who may see that post, and text only."""

from collections.abc import Callable
from typing import Any

import pytest

from fedi import cards, moderation
from fedi.storage import cards as rows
from fedi.storage import media as media_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.webpages import Webpage
from tests import make
from tests.web.api.conftest import Api

URL = "https://news.test/story"
PAGE = Webpage(
    URL, "A <b>story</b>", "What happened", "video", "de", "News", "https://news.test/", "Ann", "https://news.test/ann", published_at=0
)  # fmt: skip


def carded(tx: Tx, post: Post, page: Webpage = PAGE, link: str = URL) -> Post:
    """A post that shows a page."""
    card = rows.find_by_link(tx, link) or rows.insert(tx, link)
    picture = media_rows.insert(tx, kind="image", remote_url="https://news.test/i.jpg", width=64, height=32, blurhash="LE", alt="A cat")
    rows.attach(tx, post.id, card)
    cards.keep(tx, card.id, page, page.url, picture.id)
    return post


async def test_a_post_has_the_card_of_its_page_in_the_shape_of_the_api_XSS_06(api: Api, alice: Account) -> None:
    post = api.run(carded, api.run(make.post, alice, URL))

    found = (await api.get(None, f"/api/v1/statuses/{post.id}")).json["card"]

    image = found.pop("image")
    assert image.startswith("https://fedi.test/media/")
    assert found == {
        "url": URL, "title": "A <b>story</b>", "description": "What happened", "type": "video", "language": "de", "author_name": "Ann",
        "author_url": "https://news.test/ann", "authors": [{"name": "Ann", "url": "https://news.test/ann", "account": None}],
        "provider_name": "News", "provider_url": "https://news.test/", "html": "", "width": 64, "height": 32, "image_description": "A cat",
        "embed_url": "", "blurhash": "LE", "published_at": "1970-01-01T00:00:00.000Z", "missing_attribution": False,
    }  # fmt: skip
    assert (await api.get(None, f"/api/v1/statuses/{post.id}/card")).json == {**found, "image": image}


async def test_a_card_comes_to_what_was_kept_without_it(api: Api, alice: Account, bob: Account) -> None:
    """Also under a boost and in a list that was read before."""
    post = api.run(make.post, alice, URL)
    api.run(make.boost, bob, post)
    for _ in range(2):
        assert (await api.get(bob, "/api/v1/timelines/home")).json[0]["reblog"]["card"] is None

    api.run(carded, post)

    assert (await api.get(bob, "/api/v1/timelines/home")).json[0]["reblog"]["card"]["title"] == "A <b>story</b>"
    assert (await api.get(alice, "/api/v1/timelines/public")).json[0]["card"]["title"] == "A <b>story</b>"


def agree(tx: Tx, who: Account, site: str = '["news.test"]') -> None:
    tx.execute("UPDATE accounts SET attribution_domains = ?, version = version + 1 WHERE id = ?", (site, who.id))


async def test_an_author_who_agrees_is_shown_as_they_are_now_ORG_23(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    api.run(agree, carol)
    page = PAGE._replace(claimed="@carol@peer.test")
    post = api.run(carded, api.run(make.post, alice, URL), page)

    for who in (None, bob):
        for path in (f"/api/v1/statuses/{post.id}", f"/api/v1/statuses?id[]={post.id}"):
            answer = (await api.get(who, path)).json
            (author,) = (answer if isinstance(answer, dict) else answer[0])["card"]["authors"]
            assert author["account"]["acct"] == "carol@peer.test"
    api.run(moderation.suspend, carol)
    for who in (None, bob):
        assert (await api.get(who, f"/api/v1/statuses/{post.id}")).json["card"]["authors"][0]["account"] is None


async def test_who_is_named_without_having_agreed_learns_that_and_nobody_else_ORG_23(api: Api, alice: Account, bob: Account) -> None:
    post = api.run(carded, api.run(make.post, alice, URL), PAGE._replace(claimed="@bob@fedi.test"))

    for who, is_missing in ((None, False), (alice, False), (bob, True)):
        card = (await api.get(who, f"/api/v1/statuses/{post.id}")).json["card"]
        assert card["missing_attribution"] is is_missing and card["authors"][0]["account"] is None


async def test_a_quoted_post_shows_its_card_with_its_author(api: Api, alice: Account, bob: Account) -> None:
    api.run(agree, bob)
    quoted = api.run(carded, api.run(make.post, alice, URL), PAGE._replace(claimed="@bob@fedi.test"))
    quote = await api.say(alice, "look", quoted_status_id=str(quoted.id))

    shown = (await api.get(None, f"/api/v1/statuses/{quote['id']}")).json["quote"]["quoted_status"]["card"]

    assert shown["authors"][0]["account"]["acct"] == "bob"


async def test_public_posts_about_a_page_are_listed_under_each_of_its_addresses_VIS_06(api: Api, alice: Account, bob: Account) -> None:
    made = [api.run(carded, api.run(make.post, alice, URL, visibility)) for visibility in ("public", "unlisted", "followers", "direct")]
    other = api.run(carded, api.run(make.post, bob, "https://short.test/1"), PAGE, "https://short.test/1")
    here = api.run(carded, api.run(make.post, bob, URL, local_only=True))

    def ids(answer: Any) -> list[str]:
        return [one["id"] for one in answer.json]

    assert ids(await api.get(None, f"/api/v1/timelines/link?url={URL}")) == [str(other.id), str(made[0].id)]
    assert ids(await api.get(alice, f"/api/v1/timelines/link?url={URL}%23part")) == [str(here.id), str(other.id), str(made[0].id)]
    first = await api.get(None, f"/api/v1/timelines/link?url={URL}&limit=1")
    assert ids(await api.get(None, first.link("next"))) == [str(made[0].id)]
    assert ids(await api.get(None, "/api/v1/timelines/link?url=https://short.test/1")) == [str(other.id)]
    assert (await api.get(None, "/api/v1/timelines/link?url=https://nobody.test/")).status == 404
    assert (await api.get(None, "/api/v1/timelines/link")).status == 422


@pytest.mark.parametrize("who", ["nobody", "somebody"])
async def test_a_list_of_cards_costs_the_same_whatever_its_length(
    api: Api, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    api.run(agree, bob)
    page = PAGE._replace(claimed="@bob@fedi.test")

    def fill(count: int) -> None:
        for number in range(count):
            api.run(carded, api.run(make.post, alice, f"{URL}/{number}"), page._replace(url=f"{URL}/{number}"), f"{URL}/{number}")

    async def cost() -> int:
        asked = 0
        query, one = Tx.query, Tx.one

        def counted(method: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any) -> Any:
                nonlocal asked
                asked += 1
                return method(*args)

            return call

        with monkeypatch.context() as patch:
            patch.setattr(Tx, "query", counted(query))
            patch.setattr(Tx, "one", counted(one))
            answer = await api.get(alice if who == "somebody" else None, "/api/v1/timelines/public?limit=40")
        assert all(post["card"]["authors"][0]["account"] for post in answer.json)
        return asked

    api.token(alice)
    fill(5)
    await cost()
    few = await cost()
    fill(35)
    await cost()
    assert await cost() == few


async def test_that_somebody_has_sent_a_link_in_a_letter_is_told_to_nobody_VIS_06(api: Api, alice: Account, bob: Account) -> None:
    for visibility in ("followers", "direct"):
        api.run(carded, api.run(make.post, alice, URL, visibility))
    for who in (None, bob):
        there, nowhere = [await api.get(who, f"/api/v1/timelines/link?url={url}") for url in (URL, "https://nobody.test/")]
        assert (there.status, there.json) == (nowhere.status, nowhere.json) == (404, nowhere.json)
