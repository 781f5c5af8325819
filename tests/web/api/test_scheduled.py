"""Posts to come, as programs make and change them."""

from typing import Any

from fedi import clock
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

LIST = "/api/v1/scheduled_statuses"


def at(ms: int) -> str:
    return clock.rfc3339(clock.now() + ms)


async def schedule(api: Api, who: Account, text: str = "later", ms: int = clock.HOUR, **fields: Any) -> dict[str, Any]:
    found = await api.say(who, text, scheduled_at=at(ms), **fields)
    assert "params" in found and "account" not in found
    return found


async def test_a_post_for_later_is_kept_as_it_was_written(api: Api, alice: Account) -> None:
    picture = api.run(make.picture, alice)
    above = await api.say(alice, "question")
    fields = {"visibility": "private", "spoiler_text": "careful", "language": "de", "in_reply_to_id": above["id"]}

    made = await schedule(api, alice, "later", **fields, media_ids=[str(picture.id)])

    assert made["params"] | {"application_id": 0} == {
        "text": "later", "poll": None, "media_ids": [str(picture.id)], "sensitive": False, "spoiler_text": "careful",
        "visibility": "private", "local_only": False, "in_reply_to_id": int(above["id"]), "quoted_status_id": None,
        "quote_approval_policy": None, "language": "de", "application_id": 0, "scheduled_at": None, "idempotency": None,
        "with_rate_limit": False,
    }  # fmt: skip
    assert [file["id"] for file in made["media_attachments"]] == [str(picture.id)]
    assert (await api.get(alice, f"{LIST}/{made['id']}")).json == made and (await api.get(alice, LIST)).json == [made]
    assert len((await api.get(alice, f"/api/v1/accounts/{alice.id}/statuses")).json) == 1, "nothing of it is published"


async def test_a_poll_for_later_begins_then(api: Api, alice: Account) -> None:
    made = await schedule(api, alice, poll={"options": ["a", "b"], "expires_in": 600, "multiple": True})

    assert made["params"]["poll"] == {"options": ["a", "b"], "expires_in": 600, "multiple": True, "hide_totals": False}


async def test_what_is_for_sooner_than_five_minutes_is_posted_now(api: Api, alice: Account) -> None:
    for ms in (-clock.DAY, 0, 4 * clock.MINUTE):
        assert "account" in await api.say(alice, f"now {ms}", scheduled_at=at(ms))


async def test_it_is_moved_and_taken_back(api: Api, alice: Account) -> None:
    made = await schedule(api, alice)
    for method, hours in (("PUT", 2), ("PATCH", 3)):
        moved = await api.call(method, alice, f"{LIST}/{made['id']}", json={"scheduled_at": at(hours * clock.HOUR)})
        assert moved.status == 200 and moved.json["scheduled_at"] > made["scheduled_at"]
    for wrong in ({}, {"scheduled_at": at(clock.MINUTE)}, {"scheduled_at": "soon"}):
        assert (await api.call("PUT", alice, f"{LIST}/{made['id']}", json=wrong)).status == 422

    assert (await api.call("DELETE", alice, f"{LIST}/{made['id']}")).json == {}
    assert (await api.get(alice, f"{LIST}/{made['id']}")).status == 404 and (await api.get(alice, LIST)).json == []


async def test_nobody_else_sees_or_changes_it_VIS_21(api: Api, alice: Account, bob: Account) -> None:
    made = await schedule(api, alice)

    assert (await api.get(bob, LIST)).json == []
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = None if method == "GET" else {"scheduled_at": at(clock.DAY)}
        assert (await api.call(method, bob, f"{LIST}/{made['id']}", json=body)).status == 404
    assert (await api.get(alice, LIST)).json == [made]


async def test_they_are_paged(api: Api, alice: Account) -> None:
    made = [await schedule(api, alice, str(number)) for number in range(3)]

    first = await api.get(alice, f"{LIST}?limit=2")
    assert first.json == [made[2], made[1]] and (await api.get(alice, first.link("next"))).json == [made[0]]
    assert (await api.get(alice, f"{LIST}?min_id={made[0]['id']}&limit=1")).json == [made[1]]
