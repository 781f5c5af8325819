from urllib.parse import quote

import pytest

from fedi import accounts, follows, moderation, posts
from fedi.storage import follows as follow_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api


async def test_credentials_are_of_who_asks(api: Api, alice: Account, bob: Account) -> None:
    found = (await api.get(alice, "/api/v1/accounts/verify_credentials", scopes="profile")).json

    assert (found["id"], found["acct"]) == (str(alice.id), "alice")


@pytest.mark.parametrize("acct", ["alice", "@alice", "ALICE", "alice@fedi.test", "@alice@fedi.test"])
async def test_somebody_here_is_looked_up_in_every_spelling(api: Api, alice: Account, acct: str) -> None:
    assert (await api.get(None, f"/api/v1/accounts/lookup?acct={quote(acct)}")).json["id"] == str(alice.id)


async def test_looking_up_asks_no_other_server(api: Api, alice: Account) -> None:
    for acct in ("nobody", "eve@unknown.test", "", "fedi.test", "a%20b", "@@", "%00"):
        assert (await api.get(alice, f"/api/v1/accounts/lookup?acct={acct}")).status in (404, 422)
    assert api.rig.asked_nobody


async def test_hidden_accounts_are_as_unknown_as_those_that_never_were(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    unknown = await api.get(alice, "/api/v1/accounts/12345")
    api.run(moderation.suspend, carol)
    api.run(accounts.delete_local, bob)

    for account_id in (bob.id, carol.id, api.rig.instance.actor.id):
        for path in ("", "/statuses", "/followers", "/following"):
            answer = await api.get(alice, f"/api/v1/accounts/{account_id}{path}")
            assert (answer.status, answer.json) == (unknown.status, unknown.json) == (404, {"error": "There is no such account."})


async def test_a_profile_lists_what_is_asked_for(api: Api, alice: Account, bob: Account) -> None:
    plain = api.run(make.post, alice, "plain #topic")
    api.run(make.post, alice, reply_to=api.run(make.post, bob))
    own = api.run(make.post, alice, reply_to=plain)
    boost = api.run(make.boost, alice, api.run(make.post, bob))
    path = f"/api/v1/accounts/{alice.id}/statuses"

    async def ids(query: str) -> list[int]:
        return [int(one["id"]) for one in (await api.get(None, f"{path}?{query}")).json]

    assert len(await ids("")) == 4
    assert await ids("exclude_replies=true") == [boost.id, own.id, plain.id]
    assert boost.id not in await ids("exclude_reblogs=1") and len(await ids("exclude_reblogs=1")) == 3
    assert await ids("tagged=TOPIC") == [plain.id] and await ids("tagged=!") == []
    assert await ids("only_media=true") == await ids("pinned=true") == []
    letter = api.run(make.post, alice, "to bob", "direct", mentions=(bob,))
    assert int((await api.get(bob, path)).json[0]["id"]) == letter.id
    assert letter.id not in [int(one["id"]) for one in (await api.get(bob, f"{path}?exclude_direct=true")).json]


# -- following --


async def test_following_somebody_here_and_no_more(api: Api, alice: Account, bob: Account) -> None:
    followed = (await api.post(alice, f"/api/v1/accounts/{bob.id}/follow")).json
    assert (followed["following"], followed["requested"], followed["showing_reblogs"], followed["notifying"]) == (True, False, True, False)
    assert (await api.get(bob, f"/api/v1/accounts/relationships?id={alice.id}")).json[0]["followed_by"] is True
    assert (await api.get(None, f"/api/v1/accounts/{bob.id}")).json["followers_count"] == 1

    assert (await api.post(alice, f"/api/v1/accounts/{bob.id}/unfollow")).json["following"] is False
    assert (await api.get(None, f"/api/v1/accounts/{bob.id}")).json["followers_count"] == 0


async def test_following_somebody_elsewhere_asks_them(api: Api, alice: Account, carol: Account) -> None:
    found = (await api.post(alice, f"/api/v1/accounts/{carol.id}/follow", json={"notify": True})).json

    assert (found["following"], found["requested"], found["notifying"]) == (False, True, True)
    assert api.run(make.inboxes, "Follow") == {carol.inbox_uri}


@pytest.mark.parametrize("sent", [{"json": {"reblogs": False}}, {"data": {"reblogs": "false"}}, {"data": b"", "params": {"reblogs": "0"}}])
async def test_what_is_not_said_about_a_follow_stays(api: Api, alice: Account, bob: Account, sent: dict[str, object]) -> None:
    path = f"/api/v1/accounts/{bob.id}/follow"
    await api.post(alice, path, json={"notify": True})
    if "params" in sent:
        sent, path = {}, f"{path}?reblogs=0"

    found = (await api.post(alice, path, **sent)).json

    assert (found["showing_reblogs"], found["notifying"]) == (False, True)
    again = (await api.post(alice, f"/api/v1/accounts/{bob.id}/follow")).json
    assert (again["showing_reblogs"], again["notifying"]) == (False, True)


async def test_whom_one_cannot_follow(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.block, bob, alice)

    assert (await api.post(alice, f"/api/v1/accounts/{alice.id}/follow")).status == 422
    assert (await api.post(alice, f"/api/v1/accounts/{bob.id}/follow")).status == 403
    assert (await api.post(alice, f"/api/v1/accounts/{api.rig.instance.actor.id}/follow")).status == 404
    assert (await api.post(alice, "/api/v1/accounts/1/follow")).status == 404


async def test_a_request_to_follow_is_answered(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    api.run(accounts.update_profile, alice, accounts.Profile(locked=True))
    assert (await api.post(bob, f"/api/v1/accounts/{alice.id}/follow")).json["requested"] is True
    api.run(follows.receive_follow, carol, api.run(make.again, alice), "https://peer.test/f/1")

    waiting = await api.get(alice, "/api/v1/follow_requests")
    assert {one["acct"] for one in waiting.json} == {"bob", "carol@peer.test"}
    assert (await api.get(alice, "/api/v1/accounts/verify_credentials")).json["source"]["follow_requests_count"] == 2
    assert (await api.get(alice, f"/api/v1/accounts/relationships?id[]={bob.id}")).json[0]["requested_by"] is True

    assert (await api.post(alice, f"/api/v1/follow_requests/{bob.id}/authorize")).json["followed_by"] is True
    assert (await api.post(alice, f"/api/v1/follow_requests/{carol.id}/reject")).json["followed_by"] is False
    assert (await api.get(alice, "/api/v1/follow_requests")).json == []
    assert (await api.post(alice, f"/api/v1/follow_requests/{carol.id}/authorize")).status == 404
    assert (await api.post(alice, f"/api/v1/follow_requests/{bob.id}/reject")).status == 404, "a follower is no request"


async def test_removing_a_follower_who_is_none_is_no_harm(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.follow, bob, alice)

    for _ in range(2):
        assert (await api.post(alice, f"/api/v1/accounts/{bob.id}/remove_from_followers")).json["followed_by"] is False
    assert not api.rig.instance.db.read(follow_rows.is_follower, bob.id, alice.id)


# -- blocks and mutes --


async def test_blocking_and_unblocking(api: Api, alice: Account, carol: Account) -> None:
    api.run(make.follow, carol, alice)

    found = (await api.post(alice, f"/api/v1/accounts/{carol.id}/block")).json

    assert (found["blocking"], found["followed_by"]) == (True, False)
    assert carol.inbox_uri in api.run(make.inboxes, "Block")
    assert (await api.post(alice, f"/api/v1/accounts/{carol.id}/unblock")).json["blocking"] is False
    assert (await api.post(alice, f"/api/v1/accounts/{alice.id}/block")).status == 422


async def test_muting_for_a_time_and_unmuting(api: Api, alice: Account, bob: Account) -> None:
    found = (await api.post(alice, f"/api/v1/accounts/{bob.id}/mute", json={"notifications": False, "duration": 60})).json

    assert (found["muting"], found["muting_notifications"]) == (True, False) and found["muting_expires_at"].endswith("Z")
    assert (await api.post(alice, f"/api/v1/accounts/{bob.id}/unmute")).json["muting"] is False
    for duration in (-1, 10**12, "x", 1.5, 10**30):
        assert (await api.post(alice, f"/api/v1/accounts/{bob.id}/mute", json={"duration": duration})).status in (400, 422)


async def test_relationships_come_in_the_order_asked_without_those_that_are_not_there(
    api: Api, alice: Account, bob: Account, carol: Account
) -> None:
    path = f"/api/v1/accounts/relationships?id[]={carol.id}&id[]=1&id[]={bob.id}&id[]=x&id[]={bob.id}&with_suspended=true"

    assert [one["id"] for one in (await api.get(alice, path)).json] == [str(carol.id), str(bob.id)]
    assert (await api.get(alice, "/api/v1/accounts/relationships")).json == []


# -- lists of people --


@pytest.mark.parametrize(("side", "arrow"), [("followers", 1), ("following", -1)])
async def test_a_network_is_paged_forwards_and_backwards(api: Api, alice: Account, side: str, arrow: int) -> None:
    others = [api.run(make.account) for _ in range(5)]
    for other in others:
        api.run(make.follow, *((other, alice)[::arrow]))
    wanted = [str(other.id) for other in others[::-1]]
    path, seen = f"/api/v1/accounts/{alice.id}/{side}?limit=2", []

    while path:
        page = await api.get(None, path)
        seen += [one["id"] for one in page.json]
        last, path = path, page.link("next")
    assert seen == wanted and "limit=2" in last

    page = await api.get(None, f"/api/v1/accounts/{alice.id}/{side}?limit=2&min_id={wanted[-1]}")
    assert [one["id"] for one in page.json] == wanted[2:4]
    page = await api.get(None, page.link("prev"))
    assert [one["id"] for one in page.json] == wanted[0:2]


async def test_a_network_that_is_hidden_is_shown_to_its_owner_only(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.follow, bob, alice)
    api.run(user_rows.set_settings, alice.id, {"hide_network": True})
    path = f"/api/v1/accounts/{alice.id}/followers"

    assert (await api.get(bob, path)).json == (await api.get(None, path)).json == []
    assert [one["acct"] for one in (await api.get(alice, path)).json] == ["bob"]
    assert (await api.get(bob, f"/api/v1/accounts/{alice.id}")).json["hide_collections"] is True


async def test_no_e_mail_address_is_in_an_account(api: Api, alice: Account, bob: Account) -> None:
    api.run(posts.publish, alice, posts.Draft("x"), {})

    assert "alice@mail.test" not in str((await api.get(bob, f"/api/v1/accounts/{alice.id}")).json)
    assert "alice@mail.test" not in str((await api.get(alice, "/api/v1/accounts/verify_credentials")).json)
