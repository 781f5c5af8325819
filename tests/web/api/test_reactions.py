"""Reactions over the client API."""

from urllib.parse import quote

import pytest

from fedi import reactions
from fedi.activitypub.parse_files import Emoji as Said
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.web.api.conftest import Api

PLEROMA = "/api/v1/pleroma/statuses/{id}/reactions/{emoji}"


def path(post_id: str, emoji: str, shape: str = PLEROMA) -> str:
    return shape.format(id=post_id, emoji=quote(emoji, safe=""))


@pytest.mark.parametrize(
    ("put", "take"),
    [
        (("PUT", PLEROMA), ("DELETE", PLEROMA)),
        (("POST", PLEROMA), ("DELETE", PLEROMA)),
        (("POST", "/api/v1/statuses/{id}/react/{emoji}"), ("POST", "/api/v1/statuses/{id}/unreact/{emoji}")),
    ],
)
async def test_a_reaction_is_put_and_taken_in_every_dialect(
    api: Api, alice: Account, bob: Account, put: tuple[str, str], take: tuple[str, str]
) -> None:
    post_id = (await api.say(alice, "hello"))["id"]

    given = (await api.call(put[0], bob, path(post_id, "🎉", put[1]))).json
    hers = (await api.get(alice, f"/api/v1/statuses/{post_id}")).json
    taken = (await api.call(take[0], bob, path(post_id, "🎉", take[1]))).json

    assert given["reactions"] == [{"name": "🎉", "count": 1, "me": True, "url": None, "static_url": None}]
    assert given["pleroma"]["emoji_reactions"] == given["reactions"] and given["favourites_count"] == 1 and given["favourited"] is False
    assert hers["reactions"][0]["me"] is False and taken["reactions"] == [] and taken["favourites_count"] == 0


async def test_lists_show_reactions_and_forged_places_stay_text(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.follow, bob, alice)
    post_id = (await api.say(alice, 'reactions":{"post":"1"}'))["id"]
    before = (await api.get(bob, "/api/v1/timelines/home")).json[0]
    await api.call("PUT", bob, path(post_id, "👍"))
    after = (await api.get(bob, "/api/v1/timelines/home")).json[0]
    await api.call("PUT", alice, path(post_id, "👍"))

    assert before["reactions"] == [] and after["reactions"][0]["me"] is True
    assert (await api.get(bob, "/api/v1/timelines/home")).json[0]["reactions"][0]["count"] == 2
    assert (await api.get(None, f"/api/v1/statuses/{post_id}")).json["reactions"][0]["me"] is False


async def test_who_reacted_is_shown_to_people_here_who_may_see_the_post(api: Api, alice: Account, bob: Account) -> None:
    public = (await api.say(alice, "hello"))["id"]
    private = (await api.say(alice, "hello", visibility="private"))["id"]
    await api.call("PUT", bob, path(public, "👍"))
    await api.call("PUT", alice, path(public, "🎉"))
    await api.call("PUT", alice, path(private, "🎉"))

    found = (await api.get(alice, f"/api/v1/pleroma/statuses/{public}/reactions")).json
    assert {one["name"]: [who["acct"] for who in one["accounts"]] for one in found} == {"👍": ["bob"], "🎉": ["alice"]}
    assert [one["name"] for one in (await api.get(alice, path(public, "👍"))).json] == ["👍"]
    strangers = (await api.get(None, f"/api/v1/pleroma/statuses/{public}/reactions")).json
    assert {one["name"]: one["accounts"] for one in strangers} == {"👍": [], "🎉": []}
    assert (await api.get(bob, f"/api/v1/pleroma/statuses/{private}/reactions")).status == 404
    assert (await api.call("PUT", bob, path(private, "👍"))).status == 404


@pytest.mark.parametrize("emoji", ["hello", ":nothing:", "👍👍", "<b>", "\u202e", "x" * 900, "blob@evil.test"])
async def test_what_is_no_emoji_is_refused(api: Api, alice: Account, emoji: str) -> None:
    post_id = (await api.say(alice, "hello"))["id"]

    assert (await api.call("PUT", alice, path(post_id, emoji))).status == 422
    assert (await api.call("DELETE", alice, path(post_id, emoji))).status == 200


async def test_a_notification_is_a_favourite_for_who_knows_no_reactions(api: Api, alice: Account, carol: Account) -> None:
    post_id = (await api.say(alice, "hello"))["id"]

    def react(tx: Tx) -> None:
        post = make.post_rows.get(tx, int(post_id))
        said = Said("blobcat", "https://peer.test/blobcat.png", "", 0)
        assert reactions.receive(tx, carol, post, ":blobcat:", said, "https://peer.test/r/1")

    api.run(react)
    (plain,) = (await api.get(alice, "/api/v1/notifications")).json
    (named,) = (await api.get(alice, "/api/v1/notifications?types[]=pleroma:emoji_reaction&types[]=mention")).json
    (glitch,) = (await api.get(alice, "/api/v1/notifications?types[]=reaction")).json

    assert plain["type"] == "favourite" and named["type"] == "pleroma:emoji_reaction" and glitch["type"] == "reaction"
    assert named["emoji"] == ":blobcat:" and named["emoji_url"].startswith("https://fedi.test/media/")
    assert (await api.get(alice, "/api/v1/notifications?exclude_types[]=pleroma:emoji_reaction")).json == []
    assert (await api.get(alice, "/api/v1/notifications?exclude_types[]=favourite")).json == []
    assert (await api.get(alice, f"/api/v1/notifications/{plain['id']}")).json["type"] == "favourite"
    shown = (await api.get(alice, f"/api/v1/statuses/{post_id}")).json["reactions"][0]
    assert shown["name"] == "blobcat@peer.test" and shown["url"] == named["emoji_url"]
