"""Hashtags on profiles over the client API, and pins and bookmarks as lists."""

from fedi import featured
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.web.api.conftest import Api


async def test_a_hashtag_is_put_on_the_profile_seen_by_anybody_and_taken_off(api: Api, alice: Account, bob: Account) -> None:
    await api.say(alice, "look, #cats")
    await api.say(alice, "and #dogs")
    made = (await api.post(alice, "/api/v1/featured_tags", json={"name": "#Cats"})).json

    assert made["name"] == "cats" and made["statuses_count"] == "1" and len(made["last_status_at"]) == 10
    assert made["url"] == "https://fedi.test/@alice/tagged/cats"
    for who in (alice, bob, None):
        assert (await api.get(who, f"/api/v1/accounts/{alice.id}/featured_tags")).json == [made]
    assert (await api.get(alice, "/api/v1/featured_tags")).json == [made] and (await api.get(bob, "/api/v1/featured_tags")).json == []
    assert [one["name"] for one in (await api.get(alice, "/api/v1/featured_tags/suggestions")).json] == ["dogs"]
    assert (await api.get(alice, "/api/v1/tags/cats")).json["featuring"] is True
    assert (await api.call("DELETE", bob, f"/api/v1/featured_tags/{made['id']}")).status == 404
    assert (await api.call("DELETE", alice, f"/api/v1/featured_tags/{made['id']}")).json == {}
    assert (await api.get(alice, "/api/v1/featured_tags")).json == []


async def test_what_is_no_hashtag_and_what_is_there_is_refused(api: Api, alice: Account) -> None:
    assert (await api.post(alice, "/api/v1/featured_tags", json={"name": "two words"})).status == 422
    assert (await api.post(alice, "/api/v1/featured_tags", json={})).status == 422
    assert (await api.post(alice, "/api/v1/featured_tags", json={"name": "cats"})).status == 200
    assert (await api.post(alice, "/api/v1/featured_tags", json={"name": "Cats"})).status in (409, 422)


async def test_pins_of_somebody_elsewhere_are_listed_to_who_may_see_them(api: Api, alice: Account, carol: Account) -> None:
    def pinned(tx: Tx) -> int:
        post = make.post(tx, carol, "on top")
        make.post(tx, carol, "not on top")
        featured.receive_pin(tx, carol, post, added=True)
        return post.id

    post_id = api.run(pinned)
    path = f"/api/v1/accounts/{carol.id}/statuses?pinned=true"
    assert [one["id"] for one in (await api.get(alice, path)).json] == [str(post_id)]
    api.run(make.block, carol, alice)
    assert (await api.get(alice, path)).json == []


async def test_bookmarks_are_private_and_paged(api: Api, alice: Account, bob: Account) -> None:
    posts = [(await api.say(bob, f"post {number}"))["id"] for number in range(5)]
    for post_id in posts:
        await api.post(alice, f"/api/v1/statuses/{post_id}/bookmark")

    first = await api.get(alice, "/api/v1/bookmarks?limit=2")
    second = await api.get(alice, first.link("next"))
    back = await api.get(alice, second.link("prev"))

    assert [one["id"] for one in first.json] == posts[:2:-1] and [one["id"] for one in second.json] == posts[2:0:-1]
    assert back.json == first.json
    assert (await api.get(bob, "/api/v1/bookmarks")).json == []
    seen = (await api.get(bob, f"/api/v1/statuses/{posts[0]}")).json
    assert seen["bookmarked"] is False and api.run(make.activities) == []
