"""The page a post links to, under the post: as text, with a picture of ours, and without one where the post is sensitive."""

import re

import pytest

from fedi.storage.accounts import Account
from tests.web.api.test_cards import PAGE, URL, carded
from tests.web.rig import Rig


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice")


async def preview(rig: Rig, post_id: int) -> str:
    text = await (await rig.get(f"/@alice/{post_id}", "text/html")).text()
    return "".join(re.findall(r'<a class="linked".*?</a>', text, re.DOTALL))


async def test_a_post_shows_the_page_it_links_to_XSS_06(rig: Rig, alice: Account) -> None:
    post = rig.post(alice, URL)
    assert await preview(rig, post.id) == ""

    rig.instance.db.transact(carded, post)

    shown = await preview(rig, post.id)
    assert f'href="{URL}"' in shown and 'rel="nofollow noopener noreferrer"' in shown
    assert "A &lt;b&gt;story&lt;/b&gt;" in shown and "What happened" in shown and "news.test" in shown
    assert re.findall(r'<img src="([^"]+)"', shown) == re.findall(r'"(/media/[0-9a-f]+/preview)"', shown) != []


async def test_pictures_of_pages_are_not_shown_under_sensitive_posts(rig: Rig, alice: Account) -> None:
    post = rig.post(alice, URL, sensitive=True)
    rig.instance.db.transact(carded, post)
    shown = await preview(rig, post.id)
    assert "What happened" in shown and "<img" not in shown


@pytest.mark.parametrize("url", ["javascript:alert(1)", ""])
async def test_a_preview_leads_to_the_web_only_XSS_05(rig: Rig, alice: Account, url: str) -> None:
    post = rig.post(alice, URL)
    rig.instance.db.transact(carded, post, PAGE)
    rig.instance.db.transact(lambda tx: tx.execute("UPDATE cards SET page_url = ?", (url,)))
    assert f'href="{URL}"' in await preview(rig, post.id)
