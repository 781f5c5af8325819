"""Letters as conversations: whose they are, what is new in them, and that nobody else reads them."""

from typing import Any

import pytest

from fedi import blocks, posts
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api
from tests.web.api.costs import counting

PATH = "/api/v1/conversations"


async def of(api: Api, who: Account, query: str = "") -> list[Any]:
    answer = await api.get(who, f"{PATH}{query}")
    assert answer.status == 200, answer.json
    found: list[Any] = answer.json
    return found


async def test_both_have_the_conversation_and_who_wrote_last_has_read_it(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    first = await api.say(alice, "@bob psst", visibility="direct")
    answer = await api.say(bob, "@alice what?", visibility="direct", in_reply_to_id=first["id"])

    [mine], [theirs] = await of(api, alice), await of(api, bob)

    assert (mine["unread"], theirs["unread"]) == (True, False)
    assert [one["id"] for one in mine["accounts"]] == [str(bob.id)]
    assert [one["id"] for one in theirs["accounts"]] == [str(alice.id)]
    assert mine["last_status"]["id"] == theirs["last_status"]["id"] == answer["id"]
    other = api.run(make.account, "eve")
    assert await of(api, other) == []


async def test_a_letter_from_elsewhere_begins_one(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    letter = api.run(make.post, carol, "psst", "direct", mentions=(alice, bob))

    [mine] = await of(api, alice)
    assert mine["last_status"]["id"] == str(letter.id)
    assert {one["id"] for one in mine["accounts"]} == {str(bob.id), str(carol.id)}
    assert len(await of(api, bob)) == 1


async def test_others_take_part_in_another_one(api: Api, alice: Account, bob: Account) -> None:
    eve = api.run(make.account, "eve")
    first = await api.say(alice, "@bob psst", visibility="direct")
    await api.say(alice, "@bob @eve psst", visibility="direct", in_reply_to_id=first["id"])

    assert len(await of(api, alice)) == len(await of(api, bob)) == 2
    assert len(await of(api, eve)) == 1
    await api.say(alice, "@bob for everybody")
    assert len(await of(api, alice)) == 2


async def test_it_is_marked_as_read_and_as_new(api: Api, alice: Account, bob: Account) -> None:
    await api.say(bob, "@alice psst", visibility="direct")
    [one] = await of(api, alice)
    assert one["unread"] is True

    assert (await api.post(alice, f"{PATH}/{one['id']}/read")).json == one | {"unread": False}
    assert (await of(api, alice))[0]["unread"] is False
    assert (await api.post(alice, f"{PATH}/{one['id']}/unread")).json == one
    for method, path in (("POST", "/read"), ("POST", "/unread"), ("DELETE", "")):
        assert (await api.call(method, bob, f"{PATH}/{one['id']}{path}")).status == 404
        assert (await api.call(method, alice, f"{PATH}/5{path}")).status == 404


async def test_what_is_removed_comes_back_with_the_next_letter(api: Api, alice: Account, bob: Account) -> None:
    first = await api.say(bob, "@alice psst", visibility="direct")
    [one] = await of(api, alice)
    assert (await api.call("DELETE", alice, f"{PATH}/{one['id']}")).json == {}
    assert await of(api, alice) == []
    assert len(await of(api, bob)) == 1

    await api.say(bob, "@alice hello?", visibility="direct", in_reply_to_id=first["id"])
    assert len(await of(api, alice)) == 1


async def test_a_letter_that_is_deleted_leaves_the_one_before_and_the_last_of_them_nothing(api: Api, alice: Account, bob: Account) -> None:
    first = await api.say(bob, "@alice one", visibility="direct")
    second = await api.say(bob, "@alice two", visibility="direct", in_reply_to_id=first["id"])
    api.run(posts.remove, bob, int(second["id"]))
    assert [one["last_status"]["id"] for one in await of(api, alice)] == [first["id"]]
    api.run(posts.remove, bob, int(first["id"]))
    assert await of(api, alice) == await of(api, bob) == []


async def test_of_who_is_blocked_nothing_is_shown(api: Api, alice: Account, bob: Account) -> None:
    first = await api.say(alice, "@bob psst", visibility="direct")
    await api.say(bob, "@alice go away", visibility="direct", in_reply_to_id=first["id"])
    [before] = await of(api, alice)
    api.run(blocks.block, alice, bob.id)

    [one] = await of(api, alice)
    assert one["last_status"]["id"] == first["id"] != before["last_status"]["id"]
    api.run(blocks.mute, api.run(make.account, "eve"), alice.id)
    eve = api.run(make.again, api.rig.instance.db.read(lambda tx: make.account_rows.get_local(tx, "eve")))
    await api.say(alice, "@eve psst", visibility="direct")
    assert await of(api, eve) == [], "who is muted is not heard"


async def test_pages_go_by_the_last_letter(api: Api, alice: Account, bob: Account) -> None:
    for number in range(5):
        api.run(make.post, bob, f"{number}", "direct", mentions=(alice,))
    every = await of(api, alice)
    assert len(every) == 5

    page = await api.get(alice, f"{PATH}?limit=2")
    second = await api.get(alice, page.link("next"))
    assert page.json + second.json == every[:4]
    assert (await api.get(alice, second.link("prev"))).json == every[:2]
    assert (await api.get(alice, f"{PATH}?limit=2&since_id={every[4]['last_status']['id']}")).json == every[:2]


async def test_a_page_of_them_costs_the_same_for_few_and_for_many(api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = []
    for number in (5, 35):
        api.run(lambda tx, number=number: [make.post(tx, make.account(tx), "psst", "direct", mentions=(alice,)) for _ in range(number)])
        await api.get(alice, f"{PATH}?limit=40")
        with counting(monkeypatch)() as seen:
            assert len((await api.get(alice, f"{PATH}?limit=40")).json) in (5, 40)
        costs.append(len(seen))
    assert costs[0] == costs[1]
