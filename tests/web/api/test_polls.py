"""Polls over the client API, in the shapes programs send."""

from typing import Any

import pytest
from aiohttp import FormData

from fedi import clock, emojis, polls
from fedi.activitypub import parse
from fedi.storage import polls as poll_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.test_polls import question
from tests.web.api.conftest import Api

POLL = {"options": ["tea", "coffee"], "expires_in": 3600}


def form(*fields: tuple[str, str]) -> FormData:
    made = FormData(default_to_multipart=True)
    for name, value in fields:
        made.add_field(name, value)
    return made


FIELDS = [
    ("status", "what?"),
    ("poll[options][]", "tea"),
    ("poll[options][]", "coffee"),
    ("poll[expires_in]", "3600"),
    ("poll[multiple]", "true"),
]
NUMBERED = [(name.replace("[]", f"[{n}]"), value) for n, (name, value) in enumerate(FIELDS)]


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"status": "what?", "poll": {**POLL, "multiple": True}}},
        {"json": {"status": "what?", "poll": {**POLL, "multiple": "1", "expires_in": "3600"}}},
        {"data": FormData(FIELDS)},
        {"data": form(*FIELDS)},
        {"data": form(*NUMBERED)},
    ],
)
async def test_a_poll_is_made_in_every_form_of_body(api: Api, alice: Account, sent: dict[str, Any]) -> None:
    found = (await api.post(alice, "/api/v1/statuses", **sent)).json

    poll = found["poll"]
    assert [option["title"] for option in poll["options"]] == ["tea", "coffee"] and poll["multiple"] is True
    assert poll["expired"] is False and poll["voted"] is True and poll["own_votes"] == []
    assert poll["id"] == found["id"] and (await api.get(alice, f"/api/v1/polls/{poll['id']}")).json == poll


@pytest.mark.parametrize(
    "poll",
    [
        {"options": ["tea", "coffee"]},
        {"options": ["tea"], "expires_in": 3600},
        {"options": ["tea"] * 1000, "expires_in": 3600},
        {"options": ["tea", "coffee"], "expires_in": "soon"},
        {"options": ["tea", "coffee"], "expires_in": 10**18},
        {"options": [True, False], "expires_in": 3600},
        {"options": ["tea", "coffee"], "expires_in": 3600, "multiple": 1.5},
    ],
)
async def test_a_poll_that_cannot_be_is_refused_with_its_post(api: Api, alice: Account, poll: dict[str, Any]) -> None:
    answer = await api.post(alice, "/api/v1/statuses", json={"status": "what?", "poll": poll})

    assert answer.status == 422 and api.run(make.activities) == []


async def test_a_vote_is_seen_by_the_voter_alone(api: Api, alice: Account, bob: Account) -> None:
    asked = (await api.say(alice, "what?", poll=POLL))["poll"]["id"]

    voted = await api.post(bob, f"/api/v1/polls/{asked}/votes", json={"choices": [1]})

    assert voted.json["voted"] is True and voted.json["own_votes"] == [1]
    assert [option["votes_count"] for option in voted.json["options"]] == [0, 1] and voted.json["voters_count"] == 1
    hers, his = [(await api.get(who, f"/api/v1/statuses/{asked}")).json["poll"] for who in (alice, bob)]
    assert hers["own_votes"] == [] and his["own_votes"] == [1] and hers["votes_count"] == 1
    strangers = (await api.get(None, f"/api/v1/statuses/{asked}")).json["poll"]
    assert "own_votes" not in strangers and "voted" not in strangers and strangers["votes_count"] == 1


@pytest.mark.parametrize("choices", [[], ["x"], [7], [-1], [0, 1], [1.5], ["9" * 400], [None]])
async def test_choices_that_cannot_be_are_refused(api: Api, alice: Account, bob: Account, choices: list[Any]) -> None:
    asked = (await api.say(alice, "what?", poll=POLL))["poll"]["id"]

    assert (await api.post(bob, f"/api/v1/polls/{asked}/votes", json={"choices": choices})).status == 422


async def test_nobody_votes_twice_nor_for_themselves(api: Api, alice: Account, bob: Account) -> None:
    asked = (await api.say(alice, "what?", poll=POLL))["poll"]["id"]

    assert (await api.post(bob, f"/api/v1/polls/{asked}/votes", data={"choices[]": "0"})).status == 200
    assert (await api.post(bob, f"/api/v1/polls/{asked}/votes", data={"choices[]": "1"})).status == 422
    assert (await api.post(alice, f"/api/v1/polls/{asked}/votes", data={"choices[]": "1"})).status == 422
    assert (await api.post(None, f"/api/v1/polls/{asked}/votes", data={"choices[]": "1"})).status == 401


async def test_the_poll_of_a_post_one_may_not_see_is_not_there(api: Api, alice: Account, bob: Account) -> None:
    asked = (await api.say(alice, "what?", visibility="private", poll=POLL))["poll"]["id"]
    other = (await api.say(alice, "no poll"))["id"]

    for path in (asked, other, "12", "nothing"):
        assert (await api.get(bob, f"/api/v1/polls/{path}")).status == 404
        assert (await api.post(bob, f"/api/v1/polls/{path}/votes", json={"choices": [0]})).status == 404


async def test_lists_show_each_viewer_their_own_votes(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.follow, bob, alice)
    asked = (await api.say(alice, "what?", poll=POLL))["poll"]["id"]
    await api.say(alice, 'a text with "poll":{"post":"1"} in it')
    before = (await api.get(bob, "/api/v1/timelines/home")).json[1]["poll"]
    await api.post(bob, f"/api/v1/polls/{asked}/votes", json={"choices": [0]})

    his = (await api.get(bob, "/api/v1/timelines/home")).json
    hers = (await api.get(alice, "/api/v1/timelines/home")).json

    assert before["voted"] is False and his[1]["poll"]["own_votes"] == [0] and hers[1]["poll"]["own_votes"] == []
    assert his[0]["poll"] is None and '"poll":{"post":"1"}' in his[0]["content"].replace("&quot;", '"').replace("&#34;", '"')


async def test_hidden_counts_are_hidden_until_the_end(api: Api, alice: Account, bob: Account) -> None:
    asked = (await api.say(alice, "what?", poll={**POLL, "hide_totals": True}))["poll"]["id"]
    voted = (await api.post(bob, f"/api/v1/polls/{asked}/votes", json={"choices": [0]})).json
    assert [option["votes_count"] for option in voted["options"]] == [None, None] and voted["votes_count"] == 1

    api.run(lambda tx: tx.execute("UPDATE polls SET ends_at = 1"))
    shown = (await api.get(alice, f"/api/v1/statuses/{asked}")).json["poll"]

    assert shown["expired"] is True and [option["votes_count"] for option in shown["options"]] == [1, 0]


async def test_an_edit_keeps_the_poll_changes_it_or_takes_it_away(api: Api, alice: Account, bob: Account) -> None:
    asked = (await api.say(alice, "what?", poll=POLL))["id"]
    await api.post(bob, f"/api/v1/polls/{asked}/votes", json={"choices": [0]})

    kept = (await api.call("PUT", alice, f"/api/v1/statuses/{asked}", json={"status": "what then?"})).json
    other = (await api.call("PUT", alice, f"/api/v1/statuses/{asked}", json={"poll": {**POLL, "options": ["a", "b"]}})).json
    none = (await api.call("PUT", alice, f"/api/v1/statuses/{asked}", json={"status": "never mind", "poll": None})).json

    assert kept["poll"]["votes_count"] == 1 and other["poll"]["votes_count"] == 0
    assert other["poll"]["options"][0]["title"] == "a" and none["poll"] is None


async def test_the_end_is_a_notification_of_its_own_type(api: Api, alice: Account, bob: Account) -> None:
    asked = (await api.say(alice, "what?", poll=POLL))["id"]
    await api.post(bob, f"/api/v1/polls/{asked}/votes", json={"choices": [0]})
    api.run(lambda tx: tx.execute("UPDATE polls SET ends_at = 1"))
    api.run(polls.end, int(asked))

    for who in (alice, bob):
        (told,) = (await api.get(who, "/api/v1/notifications?types[]=poll")).json
        assert told["type"] == "poll" and told["account"]["acct"] == "alice" and told["status"]["poll"]["expired"] is True


async def test_looking_at_an_old_poll_of_others_has_it_read_again_for_people_here_only(api: Api, alice: Account, carol: Account) -> None:
    def arrived(tx: Tx) -> int:
        post = make.arrive(tx, question(carol, "tea", "coffee", ends_at=tx.now + clock.DAY))
        assert post is not None
        tx.execute("UPDATE polls SET fetched_at = 0")
        return post.id

    def waiting(tx: Tx) -> list[str]:
        return [row[0] for row in tx.query("SELECT name FROM jobs")]

    post_id = api.run(arrived)
    await api.get(None, f"/api/v1/polls/{post_id}")
    assert api.run(waiting) == []
    for path in (f"/api/v1/polls/{post_id}", f"/api/v1/statuses/{post_id}"):
        assert (await api.get(alice, path)).status == 200
    assert api.run(waiting) == ["poll-refresh"] and api.run(poll_rows.find, post_id).fetched_at > 0


async def test_emoji_that_options_name_are_listed_with_the_poll_also_after_an_edit(api: Api, alice: Account) -> None:
    for name in ("blob", "cat"):
        api.run(emojis.add, name, api.run(make.picture, alice, "emoji").id)
    poll = {**POLL, "options": ["tea :blob:", "coffee"]}
    found = (await api.post(alice, "/api/v1/statuses", json={"status": "what :cat:?", "poll": poll})).json
    place = f"/api/v1/polls/{found['poll']['id']}"
    assert [one["shortcode"] for one in found["poll"]["emojis"]] == ["blob"] and found["poll"]["emojis"][0]["url"].startswith("https://")
    edited = (await api.call("PUT", alice, f"/api/v1/statuses/{found['id']}", json={"status": "what now?"})).json
    for one in (edited["poll"], (await api.get(alice, place)).json):
        assert [emoji["shortcode"] for emoji in one["emojis"]] == ["blob"]


async def test_emoji_in_options_from_elsewhere_are_those_of_their_server(api: Api, alice: Account) -> None:
    carol = api.run(make.remote)
    api.run(emojis.add, "blob", api.run(make.picture, alice, "emoji").id)
    blob = parse.Emoji("blob", "https://peer.test/e.png", "", 0)
    said = api.run(make.arrive, question(carol, "tea :blob:", "water :other:", emojis=(blob,)))
    found = (await api.get(alice, f"/api/v1/polls/{said.id}")).json["emojis"]
    key = emojis.of(api.run(post_rows.get, said.id).emojis)["blob"]
    assert [(one["shortcode"], key in one["url"]) for one in found] == [("blob", True)]
