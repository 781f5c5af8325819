from typing import Any

import pytest

from fedi import policies, posts
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from tests import cast, make
from tests.web.api.conftest import Api

STATUSES = "/api/v1/statuses"


@pytest.fixture
def alice(api: Api) -> Account:
    return api.person(cast.ALICE)


@pytest.fixture
def bob(api: Api) -> Account:
    return api.person(cast.BOB)


def write(api: Api, by: Account, **more: Any) -> Post:
    return api.run(posts.publish, by, posts.Draft("hello", **more), {})


async def shown(api: Api, viewer: Account | None, post: Post) -> Any:
    return (await api.get(viewer, f"{STATUSES}/{post.id}")).json


async def quote(api: Api, by: Account, post: Post, **more: Any) -> Any:
    return await api.post(by, STATUSES, json={"status": "look", "quoted_status_id": str(post.id), **more})


async def test_a_program_quotes_and_readers_see_what_is_quoted(api: Api, alice: Account, bob: Account) -> None:
    target = write(api, bob)
    made = (await quote(api, alice, target)).json

    assert made["quote"]["state"] == "accepted" and made["quote"]["quoted_status"]["id"] == str(target.id)
    assert (await shown(api, bob, target))["quotes_count"] == 1
    home = (await api.get(alice, "/api/v1/timelines/home")).json
    again = (await api.get(alice, "/api/v1/timelines/home")).json
    assert home[0]["quote"]["quoted_status"]["account"]["id"] == str(bob.id) and home == again
    told = (await api.get(bob, "/api/v1/notifications")).json
    assert [(one["type"], one["status"]["id"]) for one in told] == [("quote", made["id"])]
    listed = (await api.get(bob, f"{STATUSES}/{target.id}/quotes")).json
    assert [one["id"] for one in listed] == [made["id"]]


async def test_a_quote_in_a_quote_is_told_by_its_id(api: Api, alice: Account, bob: Account) -> None:
    first = write(api, bob)
    second = (await quote(api, alice, first)).json
    third = (await quote(api, bob, api.run(lambda tx: make.fresh(tx, first)._replace(id=int(second["id"]))))).json

    assert third["quote"]["quoted_status"]["quote"] == {"state": "accepted", "quoted_status_id": str(first.id)}


async def test_nobody_sees_a_quoted_post_they_may_not_see(api: Api, alice: Account, bob: Account) -> None:
    dave = api.run(make.account)
    secret = write(api, bob, visibility="followers")
    made = (await quote(api, bob, secret)).json
    post = api.run(lambda tx: make.fresh(tx, secret)._replace(id=int(made["id"])))

    for viewer in (alice, dave, None):
        seen = (await shown(api, viewer, post))["quote"]
        assert seen == {"state": "unauthorized", "quoted_status": None}
    api.run(make.follow, alice, bob)
    assert (await shown(api, alice, post))["quote"]["quoted_status"]["id"] == str(secret.id)
    assert (await shown(api, dave, post))["quote"]["quoted_status"] is None


async def test_who_blocks_or_mutes_the_quoted_is_told_why(api: Api, alice: Account, bob: Account) -> None:
    dave = api.run(make.account)
    made = (await quote(api, alice, write(api, bob))).json
    post = int(made["id"])
    api.run(make.block, dave, bob)
    seen = (await api.get(dave, f"{STATUSES}/{post}")).json["quote"]
    assert seen == {"state": "blocked_account", "quoted_status": None}
    assert (await api.get(alice, f"{STATUSES}/{post}")).json["quote"]["state"] == "accepted"


async def test_the_policy_of_a_post_is_told_and_changed_and_enforced(api: Api, alice: Account, bob: Account) -> None:
    made = (await api.post(bob, STATUSES, json={"status": "mine", "quote_approval_policy": "followers"})).json
    place = f"{STATUSES}/{made['id']}"
    assert made["quote_approval"] == {"automatic": ["followers"], "manual": [], "current_user": "automatic"}
    assert (await api.get(alice, place)).json["quote_approval"]["current_user"] == "denied"
    refused = await api.post(alice, STATUSES, json={"status": "look", "quoted_status_id": made["id"]})
    assert refused.status == 403

    api.run(make.follow, alice, bob)
    assert (await api.get(alice, place)).json["quote_approval"]["current_user"] == "automatic"
    changed = await api.call("PUT", bob, f"{place}/interaction_policy", json={"quote_approval_policy": "nobody"})
    assert changed.json["quote_approval"]["automatic"] == []
    assert (await api.get(alice, place)).json["quote_approval"]["current_user"] == "denied"
    assert (await api.call("PUT", alice, f"{place}/interaction_policy", json={"quote_approval_policy": "public"})).status == 403
    assert (await api.call("PUT", bob, f"{place}/interaction_policy", json={"quote_approval_policy": "x"})).status == 422
    edited = await api.call("PUT", bob, place, json={"status": "mine again", "quote_approval_policy": "public"})
    assert edited.json["quote_approval"]["current_user"] == "automatic"


async def test_what_a_post_quotes_is_not_changed_by_an_edit(api: Api, alice: Account, bob: Account) -> None:
    target, other = write(api, bob), write(api, bob)
    made = (await quote(api, alice, target)).json
    place = f"{STATUSES}/{made['id']}"
    assert (await api.call("PUT", alice, place, json={"status": "x", "quoted_status_id": str(other.id)})).status == 422
    same = await api.call("PUT", alice, place, json={"status": "x", "quoted_status_id": str(target.id)})
    assert same.json["quote"]["quoted_status"]["id"] == str(target.id)
    api.run(posts.edit, bob, target.id, posts.Draft("otherwise"), {})
    assert "quoted_update" in [one["type"] for one in (await api.get(alice, "/api/v1/notifications")).json]


async def test_only_the_quoted_author_takes_a_quote_back(api: Api, alice: Account, bob: Account) -> None:
    target = write(api, bob)
    made = (await quote(api, alice, target)).json
    place = f"{STATUSES}/{target.id}/quotes/{made['id']}/revoke"
    assert (await api.post(alice, place)).status == 403
    assert (await api.post(None, place)).status == 401
    revoked = await api.post(bob, place)
    assert revoked.json["quote"] == {"state": "revoked", "quoted_status": None}
    assert (await shown(api, bob, target))["quotes_count"] == 0
    assert (await api.post(bob, f"{STATUSES}/{target.id}/quotes/1/revoke")).status == 404


async def test_a_deleted_post_is_gone_from_its_quotes(api: Api, alice: Account, bob: Account) -> None:
    target = write(api, bob)
    made = (await quote(api, alice, target)).json
    api.run(posts.remove, bob, target.id)
    assert (await api.get(alice, f"{STATUSES}/{made['id']}")).json["quote"] == {"state": "deleted", "quoted_status": None}


# -- what waits --


async def test_requests_are_listed_and_answered_by_the_author_alone(api: Api, alice: Account, bob: Account) -> None:
    target = write(api, bob, policy=((policies.QUOTE, "ask"), (policies.LIKE, "ask"), (policies.REPLY, "ask")))
    made = (await quote(api, alice, target)).json
    assert made["quote"]["state"] == "pending" and made["quote"]["quoted_status"] is None
    await api.post(alice, f"{STATUSES}/{target.id}/favourite")
    answer = (await api.post(alice, STATUSES, json={"status": "an answer", "in_reply_to_id": str(target.id)})).json

    found = (await api.get(bob, "/api/v1/interaction_requests")).json
    assert [one["type"] for one in found] == ["reply", "favourite", "quote"] and found[0]["reply"]["id"] == answer["id"]
    assert (await api.get(alice, "/api/v1/interaction_requests")).json == []
    assert [one["type"] for one in (await api.get(bob, "/api/v1/interaction_requests?replies=false&quotes=false")).json] == ["favourite"]
    place = f"/api/v1/interaction_requests/{found[0]['id']}"
    for verb in ("authorize", "reject"):
        assert (await api.post(alice, f"{place}/{verb}")).status == 404
    assert (await api.get(alice, place)).status == 404

    dave = api.run(make.account)
    assert (await api.get(dave, f"{STATUSES}/{answer['id']}")).status == 404
    assert (await api.get(bob, f"{STATUSES}/{answer['id']}")).status == 200
    assert (await shown(api, dave, target))["replies_count"] == (await shown(api, dave, target))["favourites_count"] == 0
    for one in found:
        answered = (await api.post(bob, f"/api/v1/interaction_requests/{one['id']}/authorize")).json
        assert answered["accepted_at"] and answered["uri"].startswith(bob.uri)
    assert (await api.get(dave, f"{STATUSES}/{answer['id']}")).status == 200
    seen = await shown(api, dave, target)
    assert (seen["replies_count"], seen["favourites_count"], seen["quotes_count"]) == (1, 1, 1)
    assert (await api.get(dave, f"{STATUSES}/{made['id']}")).json["quote"]["state"] == "accepted"
    assert (await api.post(bob, f"{place}/reject")).status == 404


async def test_what_is_refused_stays_unseen(api: Api, alice: Account, bob: Account) -> None:
    target = write(api, bob, policy=((policies.REPLY, "ask"), (policies.LIKE, "ask"), (policies.ANNOUNCE, "ask")))
    await api.post(alice, f"{STATUSES}/{target.id}/favourite")
    await api.post(alice, f"{STATUSES}/{target.id}/reblog")
    answer = (await api.post(alice, STATUSES, json={"status": "an answer", "in_reply_to_id": str(target.id)})).json
    for one in (await api.get(bob, "/api/v1/interaction_requests")).json:
        assert (await api.post(bob, f"/api/v1/interaction_requests/{one['id']}/reject")).json["rejected_at"]
    dave = api.run(make.account)
    assert (await api.get(dave, f"{STATUSES}/{answer['id']}")).status == 404
    seen = await shown(api, alice, target)
    assert (seen["favourites_count"], seen["reblogs_count"], seen["replies_count"], seen["favourited"], seen["reblogged"]) == (
        0,
        0,
        0,
        False,
        False,
    )


async def test_what_is_not_allowed_is_refused_at_once(api: Api, alice: Account, bob: Account) -> None:
    target = write(api, bob, policy=tuple((kind, "nobody") for kind in policies.KINDS))
    assert (await api.post(alice, f"{STATUSES}/{target.id}/favourite")).status == 403
    assert (await api.post(alice, f"{STATUSES}/{target.id}/reblog")).status == 403
    assert (await api.post(alice, STATUSES, json={"status": "an answer", "in_reply_to_id": str(target.id)})).status == 403
    for verb in ("favourite", "reblog"):
        assert (await api.post(bob, f"{STATUSES}/{target.id}/{verb}")).status == 200


async def test_what_was_agreed_to_is_listed_and_taken_back_by_the_author_alone(api: Api, alice: Account, bob: Account) -> None:
    target = write(api, bob, policy=((policies.QUOTE, "ask"), (policies.LIKE, "ask"), (policies.REPLY, "ask"), (policies.ANNOUNCE, "ask")))
    await quote(api, alice, target)
    for verb in ("favourite", "reblog"):
        await api.post(alice, f"{STATUSES}/{target.id}/{verb}")
    answer = (await api.post(alice, STATUSES, json={"status": "an answer", "in_reply_to_id": str(target.id)})).json
    agreed = "/api/v1/interaction_requests?state=accepted"
    waiting = (await api.get(bob, "/api/v1/interaction_requests")).json
    assert (await api.get(bob, agreed)).json == [] and len(waiting) == 4
    for one in waiting:
        assert (await api.post(bob, f"/api/v1/interaction_requests/{one['id']}/revoke")).status == 404
        await api.post(bob, f"/api/v1/interaction_requests/{one['id']}/authorize")
    found = (await api.get(bob, agreed)).json
    assert [one["id"] for one in found] == [one["id"] for one in waiting] and (await api.get(alice, agreed)).json == []
    assert [one["type"] for one in (await api.get(bob, f"{agreed}&replies=0&reblogs=0&status_id={target.id}")).json] == [
        "favourite",
        "quote",
    ]
    assert (await api.get(bob, "/api/v1/interaction_requests?state=every")).status == 422

    dave = api.run(make.account)
    for one in found:
        place = f"/api/v1/interaction_requests/{one['id']}/revoke"
        assert (await api.post(alice, place)).status == 404
        taken = (await api.post(bob, place)).json
        assert taken["rejected_at"] and not taken["accepted_at"] and not taken["uri"]
    seen = await shown(api, dave, target)
    assert (seen["replies_count"], seen["favourites_count"], seen["reblogs_count"], seen["quotes_count"]) == (0, 0, 0, 0)
    assert (await api.get(dave, f"{STATUSES}/{answer['id']}")).status == 404 and (await api.get(bob, agreed)).json == []
