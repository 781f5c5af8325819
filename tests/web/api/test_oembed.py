"""Posts on other sites: what they may ask of us, and the one page that may stand in a frame of theirs."""

import re
from urllib.parse import quote

import pytest

from fedi import posts
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api


def asking(url: str, more: str = "") -> str:
    return f"/api/oembed?url={quote(url, safe='')}{more}"


async def test_a_public_post_of_this_server_can_be_shown_elsewhere(api: Api, alice: Account) -> None:
    post = api.run(make.post, alice, "hello world", "unlisted")

    for url in (post.url, post.uri, f"{post.url}/"):
        found = (await api.get(None, asking(url, "&maxwidth=300&maxheight=5000"))).json
        assert (found["type"], found["version"], found["author_name"], found["width"], found["height"]) == (
            "rich",
            "1.0",
            "alice",
            300,
            2000,
        )
    (place,) = re.findall(r'src="https://fedi\.test([^"]+)"', found["html"])
    answer = await api.rig.get(place, "text/html")
    text = await answer.text()
    assert answer.status == 200 and "hello world" in text and "<script" not in text and "<form" not in text
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"] and "X-Frame-Options" not in answer.headers


async def test_no_other_page_may_stand_in_a_frame(api: Api, alice: Account) -> None:
    post = api.run(make.post, alice)
    for path in (f"/@alice/{post.id}", "/@alice", "/login"):
        answer = await api.rig.get(path, "text/html")
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"] and answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("kind", ["followers", "direct", "local", "deleted", "elsewhere", "boost"])
async def test_nothing_else_is_shown_elsewhere_VIS_04(api: Api, alice: Account, bob: Account, carol: Account, kind: str) -> None:
    """Not even to its author, whose browser is signed in."""
    visibility = kind if kind in ("followers", "direct") else "public"
    post = api.run(
        make.post, carol if kind == "elsewhere" else alice, "secret", visibility, **({"local_only": True} if kind == "local" else {})
    )
    if kind == "deleted":
        api.run(posts.remove, alice, post.id)
    if kind == "boost":
        post = api.run(make.boost, bob, post)
    cookie = {"Cookie": f"__Host-fedi={api.rig.session(alice)}"}

    for url in (post.url, post.uri, f"https://fedi.test/@alice/{post.id}"):
        if kind == "boost" and url == f"https://fedi.test/@alice/{post.id}":
            continue
        assert (await api.get(None, asking(url))).status == 404
    for name in ("alice", "bob", "carol"):
        answer = await api.rig.get(f"/@{name}/{post.id}/embed", "text/html", **cookie)
        assert answer.status == 404 and "secret" not in await answer.text()


@pytest.mark.parametrize(
    "url", ["", "https://fedi.test/", "https://fedi.test.evil.test/@alice/1", "https://fedi.test/@alice", "/@alice/1", "x" * 3000]
)
async def test_what_is_no_post_of_ours_is_not_there(api: Api, alice: Account, url: str) -> None:
    assert (await api.get(None, asking(url))).status in (404, 422)


async def test_a_post_says_where_it_can_be_asked_for(api: Api, alice: Account) -> None:
    post = api.run(make.post, alice)
    text = await (await api.rig.get(f"/@alice/{post.id}", "text/html")).text()
    (place,) = re.findall(r'type="application/json\+oembed"[^>]*href="https://fedi\.test([^"]+)"|$', text)[:1]
    assert (await api.get(None, place)).json["author_name"] == "alice"
