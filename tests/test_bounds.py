"""Bounds that belong to no single module: what a stranger's post makes this server do, and where its links lead."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fedi.storage import accounts as account_rows
from tests import remote
from tests.remote import World
from tests.web.pages.reading import Page, Visitor
from tests.web.rig import Rig

BAD = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "file:///etc/passwd",
    "//evil.test/x", "https://evil.test@peer.test/", "",
]  # fmt: skip


@pytest.fixture
async def world(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as made:
        yield made


async def read(w: World, path: str) -> Page:
    """A page as alice sees it."""
    w.client.session.headers["Host"] = w.instance.uris.host
    answer = await Visitor(Rig(w.instance, w.client), w.alice).get(path)
    assert answer.status == 200, (path, answer.status)
    return Page(await answer.text())


@pytest.mark.parametrize("url", BAD)
async def test_a_url_that_is_no_web_address_is_no_link_org_19(world: World, url: str) -> None:
    """Of a post and of a person: the id stands in its place."""
    carol = world.peer().actor("carol", url=url)
    await world.befriend(world.alice, carol)
    note = carol.note("look", url=url)
    await world.accepted(carol, carol.create(note))
    post, account = world.find(note["id"]), world.db.read(account_rows.find_by_uri, carol.uri)
    assert post is not None and account is not None
    assert (post.url, account.url) == (note["id"], carol.uri)

    for path in ("/home", "/@carol@peer.test"):
        links = [link.get("href") for link in (await read(world, path)).all("a")]
        assert {carol.uri, note["id"]} & set(links), "what leads to it is the id"
        assert not [link for link in links if not link.startswith(("/", "#", "https://peer.test/"))]


async def test_a_url_on_another_host_leads_there_without_vouching_for_it_org_19(world: World) -> None:
    carol = world.peer().actor("carol")
    await world.befriend(world.alice, carol)
    note = carol.note("look", url="https://evil.test/landing")
    await world.accepted(carol, carol.create(note))

    found = [link for link in (await read(world, "/home")).all("a") if "evil.test" in link.get("href")]
    assert found
    assert all({"nofollow", "noopener", "noreferrer"} <= set(link.get("rel").split()) for link in found)
    assert world.peer("evil.test").seen == []


async def test_a_post_full_of_links_makes_this_server_ask_nobody_dos_19(world: World) -> None:
    """Given 100 links to 100 servers: there are no previews to be fetched, neither when it arrives nor when it is looked at."""
    carol = world.peer().actor("carol")
    await world.befriend(world.alice, carol)
    links = " ".join(f'<a href="https://evil.test/{n}">{n}</a> <a href="https://third.test/{n}">{n}</a>' for n in range(50))
    note = carol.note(links, attachment=[{"type": "Link", "href": f"https://evil.test/l{n}"} for n in range(100)])
    await world.accepted(carol, carol.create(note))
    await read(world, "/home")
    await world.settle()

    assert world.find(note["id"]) is not None and world.asked == []
