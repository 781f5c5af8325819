"""Announcements: who reads them until when, and what they are answered with."""

from typing import Any

import pytest

from fedi import announcements, emojis
from fedi.storage import media as media_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.web.api.conftest import Api
from tests.web.api.costs import counting

PATH = "/api/v1/announcements"
PARTY = "%F0%9F%8E%89"


def emoji(tx: Tx, shortcode: str) -> None:
    media = media_rows.insert(tx, kind="emoji", mime="image/png")
    emojis.add(tx, shortcode, media.id)


async def of(api: Api, who: Account, query: str = "") -> list[Any]:
    answer = await api.get(who, f"{PATH}{query}")
    assert answer.status == 200, answer.json
    found: list[Any] = answer.json
    return found


async def test_an_announcement_says_whom_and_what_it_names(api: Api, alice: Account, bob: Account) -> None:
    api.run(emoji, "blobcat")
    post = api.run(make.post, bob)
    secret = api.run(make.post, bob, "secret", "followers")
    text = f"**New**: @bob and #Topic :blobcat:\n\nSee {post.url} but not {secret.url} <script>alert(1)</script>"
    made = api.run(announcements.create, text, starts_at=1_800_000_000_000)

    [one] = await of(api, alice)

    assert one["id"] == str(made.id)
    assert "<strong>New</strong>" in one["content"]
    assert "<script" not in one["content"]
    assert one["mentions"] == [{"id": str(bob.id), "username": "bob", "url": bob.url, "acct": "bob"}]
    assert one["statuses"] == [{"id": str(post.id), "url": post.url}]
    assert [tag["name"] for tag in one["tags"]] == ["topic"]
    assert [found["shortcode"] for found in one["emojis"]] == ["blobcat"]
    assert (one["starts_at"], one["ends_at"], one["all_day"], one["read"]) == ("2027-01-15T08:00:00.000Z", None, False, False)
    assert one["reactions"] == []


async def test_one_that_is_over_is_gone_and_one_that_is_dismissed_only_where_asked_for(
    api: Api, alice: Account, bob: Account, frozen: Any
) -> None:
    now = api.run(lambda tx: tx.now)
    over = api.run(announcements.create, "soon over", ends_at=now + 1000)
    one = api.run(announcements.create, "stays")
    assert len(await of(api, alice)) == 2
    frozen.tick(2)
    assert [found["id"] for found in await of(api, alice)] == [str(one.id)]
    assert (await api.post(alice, f"{PATH}/{over.id}/dismiss")).status == 404

    assert (await api.post(alice, f"{PATH}/{one.id}/dismiss")).json == {}
    assert (await api.post(alice, f"{PATH}/{one.id}/dismiss")).json == {}
    assert await of(api, alice) == []
    assert [found["read"] for found in await of(api, alice, "?with_dismissed=true")] == [True]
    assert [found["read"] for found in await of(api, bob)] == [False]
    api.run(announcements.remove, one.id)
    assert await of(api, alice, "?with_dismissed=true") == []


async def test_people_answer_with_emoji_and_take_them_back(api: Api, alice: Account, bob: Account) -> None:
    api.run(emoji, "blobcat")
    one = api.run(announcements.create, "hooray")
    place = f"{PATH}/{one.id}/reactions"
    for who, name in ((alice, PARTY), (alice, PARTY), (bob, PARTY), (bob, "blobcat")):
        assert (await api.call("PUT", who, f"{place}/{name}")).json == {}

    party, cat = (await of(api, alice))[0]["reactions"]
    assert party == {"name": "\U0001f389", "count": 2, "me": True}
    assert (cat["name"], cat["count"], cat["me"]) == ("blobcat", 1, False)
    assert cat["url"].startswith("https://")
    assert cat["static_url"].startswith("https://")
    for name in (PARTY, PARTY):
        assert (await api.call("DELETE", alice, f"{place}/{name}")).json == {}
    assert [(found["count"], found["me"]) for found in (await of(api, alice))[0]["reactions"]] == [(1, False), (1, False)]


async def test_what_is_no_emoji_or_one_too_many_is_refused(api: Api, alice: Account, bob: Account) -> None:
    one = api.run(announcements.create, "hooray")
    place = f"{PATH}/{one.id}/reactions"
    for name in ("word", "%20", "%F0%9F%8E%89%F0%9F%8E%89", "x" * 600):
        refused = await api.call("PUT", alice, f"{place}/{name}")
        assert refused.status == 422, name
    for number in range(8):
        assert (await api.call("PUT", alice, f"{place}/%F0%9F%8E%8{number + 1}")).status == 200
    assert (await api.call("PUT", alice, f"{place}/%F0%9F%8E%89")).status == 422
    assert (await api.call("PUT", bob, f"{place}/%F0%9F%8E%81")).status == 200, "one that is there already"
    assert (await api.call("PUT", alice, f"{PATH}/5/reactions/{PARTY}")).status == 404
    assert (await api.call("DELETE", alice, f"{PATH}/5/reactions/{PARTY}")).status == 404


async def test_a_list_of_them_costs_the_same_for_few_and_for_many(api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def announced(tx: Tx, number: int) -> None:
        for index in range(number):
            who = make.account(tx)
            one = announcements.create(tx, f"@{who.username} has #topic{index} :cat: https://fedi.test/@{who.username}/1")
            announcements.react(tx, who.id, one.id, "\U0001f389")

    costs = []
    for number in (5, 35):
        api.run(announced, number)
        await of(api, alice)
        with counting(monkeypatch)() as seen:
            assert len(await of(api, alice)) in (5, 40)
        costs.append(len(seen))
    assert costs[0] == costs[1]
