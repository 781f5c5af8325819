from typing import Any

import pytest

from fedi import blocks, clock, interactions, trends
from fedi.errors import Unavailable
from fedi.storage import accounts as account_rows
from fedi.storage import settings as setting_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import popular as popular_pages
from tests import make
from tests.web.api.conftest import Api

TAGS, POSTS, LINKS = "/api/v1/trends/tags", "/api/v1/trends/statuses", "/api/v1/trends/links"


@pytest.fixture(autouse=True)
def always_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends, "is_stale", lambda *_: True)


async def names(api: Api, who: Account | None, query: str = "") -> list[str]:
    return [one["name"] for one in (await api.get(who, f"{TAGS}{query}")).json]


async def popular(api: Api, who: Account | None, query: str = "") -> list[str]:
    return [one["id"] for one in (await api.get(who, f"{POSTS}{query}")).json]


def discoverable(api: Api, *people: Account, yes: int = 1) -> None:
    for who in people:
        api.run(lambda tx, who=who: account_rows.update(tx, who.id, discoverable=yes))


async def test_hashtags_more_people_use_now_than_before_come_first(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    now = clock.now()
    for _ in range(4):
        api.run(make.post, alice, "#often")
    for who in (alice, bob):
        api.run(make.post, who, "#new")
    for who in (alice, bob):
        api.run(make.post, who, "#steady")
    for number in range(2):
        old = api.run(make.remote, f"old{number}")
        api.run(make.post, old, "#steady", tags=("steady",), published_at=now - 10 * clock.DAY)
    api.run(make.post, carol, "long ago", tags=("gone",), published_at=now - 9 * clock.DAY)
    api.run(make.post, alice, "#quiet", "unlisted")
    api.run(make.post, alice, "#secret", "direct")

    assert await names(api, None) == ["new", "steady", "often"]
    assert [one["name"] for one in (await api.get(None, "/api/v1/trends")).json] == ["new", "steady", "often"]
    first = (await api.get(None, f"{TAGS}?limit=1")).json[0]
    assert (first["history"][0]["uses"], first["history"][0]["accounts"], len(first["history"])) == ("2", "2", 7)
    assert "following" not in first and (await api.get(alice, TAGS)).json[0]["following"] is False
    assert await names(api, None, "?offset=1&limit=1") == ["steady"]


async def test_pages_of_what_is_popular_are_linked(api: Api, alice: Account) -> None:
    for number in range(5):
        api.run(make.post, alice, f"#tag{number}")

    first = await api.get(None, f"{TAGS}?limit=2")
    second = await api.get(None, first.link("next"))
    third = await api.get(None, second.link("next"))

    assert len({one["name"] for page in (first, second, third) for one in page.json}) == 5
    assert third.link("next") == "" and first.link("prev") == ""
    assert [one["name"] for one in (await api.get(None, second.link("prev"))).json] == [one["name"] for one in first.json]


async def test_posts_many_like_are_popular_and_who_may_not_see_them_does_not_VIS_21(
    api: Api, alice: Account, bob: Account, carol: Account
) -> None:
    discoverable(api, alice, carol)
    one, two = api.run(make.post, alice, "liked once"), api.run(make.post, carol, "liked by two")
    for who, post in ((bob, one), (alice, two), (bob, two)):
        api.run(interactions.favourite, who, post.id)

    assert await popular(api, None) == [str(two.id), str(one.id)] == await popular(api, bob)
    assert await popular(api, None, "?offset=1") == [str(one.id)]
    api.run(blocks.mute, bob, carol.id)
    assert await popular(api, bob) == [str(one.id)]
    api.run(make.block, alice, bob)
    assert await popular(api, bob) == [] and len(await popular(api, None)) == 2


@pytest.mark.parametrize(
    "more", [{"sensitive": True}, {"warning": "hm"}, {"visibility": "unlisted"}, {"visibility": "followers"}, {"local_only": True}]
)
async def test_what_is_not_for_everybody_is_never_popular(api: Api, alice: Account, bob: Account, more: dict[str, Any]) -> None:
    discoverable(api, alice)
    api.run(make.follow, bob, alice)
    post = api.run(make.post, alice, "hello #topic", **more)
    api.run(interactions.favourite, bob, post.id)

    assert await popular(api, None) == [] and await popular(api, bob) == []
    if "warning" not in more:
        assert await names(api, None) == []


async def test_who_does_not_want_to_be_found_is_limited_or_answers_is_not_popular(api: Api, alice: Account, bob: Account) -> None:
    post = api.run(make.post, alice, "hello")
    answer = api.run(make.post, bob, "an answer", reply_to=post)
    api.run(interactions.favourite, bob, post.id)
    api.run(interactions.favourite, alice, answer.id)
    discoverable(api, alice, yes=0)
    assert await popular(api, None) == []

    discoverable(api, alice)
    assert await popular(api, None) == [str(post.id)]
    api.run(lambda tx: account_rows.update(tx, alice.id, host_limited=1))
    assert await popular(api, None) == []


async def test_ones_own_applause_makes_nothing_popular(api: Api, alice: Account) -> None:
    discoverable(api, alice)
    post = api.run(make.post, alice, "hello")
    api.run(interactions.favourite, alice, post.id)
    api.run(interactions.boost, alice, post.id)

    assert await popular(api, None) == []


def _link(tx: Tx, post: Post, card_id: int, title: str = "A page") -> None:
    tx.execute(
        "INSERT INTO cards (id, url, state, title, description, author_name, created_at) VALUES (?, ?, 'ready', ?, 'About', 'Ann', 0)"
        " ON CONFLICT DO NOTHING",
        (card_id, f"https://news.test/{card_id}", title),
    )
    tx.execute("INSERT INTO post_cards (post_id, card_id) VALUES (?, ?)", (post.id, card_id))


async def test_links_many_share_are_popular(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    for who, card_id in ((alice, 1), (bob, 2), (carol, 2)):
        api.run(_link, api.run(make.post, who, "look"), card_id)
    api.run(_link, api.run(make.post, alice, "psst", "followers"), 3)

    found = (await api.get(None, LINKS)).json

    assert [one["url"] for one in found] == ["https://news.test/2", "https://news.test/1"]
    assert found[0]["title"] == "A page" and found[0]["history"][0]["uses"] == "2" == found[0]["history"][0]["accounts"]
    assert len(found[0]["history"]) == 7


async def test_it_takes_more_people_on_a_larger_server(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.post, alice, "#one #two")
    api.run(make.post, bob, "#two")
    object.__setattr__(api.rig.instance.config.limits, "trend_people", 2)

    assert await names(api, None) == ["two"]


async def test_what_is_popular_is_counted_once_a_while_and_by_the_clock(api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    api.run(make.post, alice, "#one")
    assert await names(api, None) == ["one"]

    api.run(make.post, alice, "#two")
    assert await names(api, None) == ["one"], "at most every few seconds"
    await api.rig.instance.jobs.run_chore("trends")
    assert sorted(await names(api, None)) == ["one", "two"]

    api.run(make.post, alice, "#three")
    api.run(setting_rows.put, "trends.counted", 0)
    popular_pages._seen_at.clear()
    assert "three" in await names(api, None)


async def test_a_look_that_finds_nothing_new_popular_writes_nothing(api: Api, alice: Account) -> None:
    """Whatever anybody reads is no reason to write: not even when it was last counted."""
    api.run(make.post, alice, "#one")
    assert await names(api, None) == ["one"]
    before = api.rig.instance.db.version()
    for path in (TAGS, POSTS, LINKS, "/api/v1/trends"):
        assert (await api.get(None, path)).status == 200
    assert api.rig.instance.db.version() == before

    api.run(make.post, alice, "#two")
    assert sorted(await names(api, None)) == ["one", "two"]


async def test_counting_that_fails_shows_what_there_was_and_is_not_tried_by_everybody(
    api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.run(make.post, alice, "#one")
    assert await names(api, None) == ["one"]
    tried = []

    async def scan(*args: object, **kwargs: object) -> None:
        tried.append(args)
        raise Unavailable("That took too long.")

    monkeypatch.setattr(api.rig.instance.db, "scan", scan)

    for _ in range(3):
        assert await names(api, None) == ["one"]
    assert len(tried) == 1
