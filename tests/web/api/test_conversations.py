"""Letters as conversations: whose they are, what is new in them, and that nobody else reads them."""

from typing import Any

import pytest

from fedi import blocks, posts
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
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


def threads(tx: Tx) -> set[int]:
    return {row[0] for row in tx.query("SELECT thread_id FROM conversations")}


async def test_parts_of_a_thread_become_one_conversation_when_what_joins_them_comes(api: Api, alice: Account, carol: Account) -> None:
    """Both parts were begun by answers to a letter that came last; a third was never part of it."""
    apart = api.run(make.post, carol, "something else", "direct", mentions=(alice,))
    late = f"{carol.uri}/late"
    first = api.run(make.post, carol, "so?", "direct", mentions=(alice,), in_reply_to=late)
    mine = await api.say(alice, "@carol@peer.test yes", visibility="direct", in_reply_to_id=str(first.id))
    [one, *_] = await of(api, alice)
    assert one["last_status"]["id"] == mine["id"]
    await api.post(alice, f"{PATH}/{one['id']}/read")
    second = api.run(make.post, carol, "and?", "direct", mentions=(alice,), in_reply_to=late)
    assert len(await of(api, alice)) == 3

    top = api.run(make.post, carol, "the letter", "direct", mentions=(alice,), id=late)

    found = await of(api, alice)
    assert [one["last_status"]["id"] for one in found] == [str(top.id), str(apart.id)]
    assert found[0]["unread"] is True
    assert api.run(threads) == {top.id, apart.id}
    listed = api.run(lambda tx: tx.query("SELECT post_id FROM conversation_posts WHERE conversation_id = ?", (int(found[0]["id"]),)))
    assert {row[0] for row in listed} == {first.id, int(mine["id"]), second.id, top.id}


async def test_of_who_takes_part_in_one_part_only_nobody_else_gets_the_other(
    api: Api, alice: Account, bob: Account, carol: Account
) -> None:
    late = f"{carol.uri}/late"
    secret = api.run(make.post, carol, "for alice", "direct", mentions=(alice,), in_reply_to=late)
    api.run(make.post, carol, "for bob", "direct", mentions=(bob,), in_reply_to=late)

    api.run(make.post, carol, "for all", id=late)

    assert [one["last_status"]["id"] for one in await of(api, alice)] == [str(secret.id)]
    assert [one["last_status"]["content"] for one in await of(api, bob)] == ["<p>for bob</p>"]


async def test_a_letter_that_names_somebody_new_is_a_conversation_of_theirs_too(api: Api, alice: Account, bob: Account) -> None:
    eve = api.run(make.account, "eve")
    first = await api.say(alice, "@bob psst", visibility="direct")
    letter = await api.say(alice, "@bob psst again", visibility="direct", in_reply_to_id=first["id"])
    [theirs] = await of(api, bob)
    await api.post(bob, f"{PATH}/{theirs['id']}/read")

    await api.call("PUT", alice, f"/api/v1/statuses/{letter['id']}", json={"status": "@bob @eve psst all"})

    [news] = await of(api, eve)
    assert news["unread"] is True and news["last_status"]["id"] == letter["id"]
    assert {one["acct"] for one in news["accounts"]} == {"alice", "bob"}
    for who, others in ((alice, {"bob", "eve"}), (bob, {"alice", "eve"})):
        both = await of(api, who)
        assert [one["last_status"]["id"] for one in both] == [letter["id"], first["id"]]
        assert {one["acct"] for one in both[0]["accounts"]} == others and both[0]["unread"] is False


async def test_an_edit_that_names_nobody_new_brings_back_no_conversation(api: Api, alice: Account, bob: Account) -> None:
    letter = await api.say(alice, "@bob psst", visibility="direct")
    [theirs] = await of(api, bob)
    assert (await api.call("DELETE", bob, f"{PATH}/{theirs['id']}")).status == 200

    for text in ("@bob hush", "@bob hush hush"):
        await api.call("PUT", alice, f"/api/v1/statuses/{letter['id']}", json={"status": text})

    assert await of(api, bob) == [] and len(await of(api, alice)) == 1


async def test_who_is_named_no_more_and_who_mutes_the_author_has_none_of_it(api: Api, alice: Account, bob: Account) -> None:
    eve = api.run(make.account, "eve")
    api.run(blocks.mute, eve, alice.id)
    letter = await api.say(alice, "@bob psst", visibility="direct")

    await api.call("PUT", alice, f"/api/v1/statuses/{letter['id']}", json={"status": "@eve psst"})

    assert await of(api, bob) == [] and await of(api, eve) == []
    [mine] = await of(api, alice)
    assert [one["acct"] for one in mine["accounts"]] == ["eve"]
