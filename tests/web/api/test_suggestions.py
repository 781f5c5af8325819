from pathlib import Path

import pytest

from fedi import blocks, follows, suggestions
from fedi.errors import Invalid
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from fedi.web.api.suggestions import SOURCES
from tests import make
from tests.web.api.conftest import Api

PATH = "/api/v2/suggestions"


def open_to_all(api: Api, *people: Account) -> None:
    for who in people:
        api.run(lambda tx, who=who: account_rows.update(tx, who.id, discoverable=1))


async def suggested(api: Api, who: Account) -> dict[str, list[str]]:
    answer = await api.get(who, PATH)
    assert answer.status == 200
    return {one["account"]["acct"]: one["sources"] for one in answer.json}


async def test_there_is_a_reason_for_everybody_who_is_suggested(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    friend, alike, known = (api.run(make.remote, name) for name in ("friend", "alike", "known"))
    open_to_all(api, carol, friend, alike, known)
    api.run(make.follow, alice, bob)
    api.run(make.follow, bob, friend)
    api.run(make.post, bob, "about #cheese and #bread")
    api.run(make.post, alike, "also", tags=("cheese",))
    api.run(lambda tx: account_rows.update(tx, known.id, followers_count=50))
    object.__setattr__(api.rig.instance.config.instance, "suggested", ("@carol@peer.test",))

    answer = (await api.get(alice, PATH)).json

    assert answer[0]["account"]["acct"] == "carol@peer.test"
    assert {one["account"]["acct"]: (one["sources"], one["source"]) for one in answer} == {
        "carol@peer.test": (["featured"], "staff"),
        "friend@peer.test": (["friends_of_friends", "most_followed"], "past_interactions"),
        "alike@peer.test": (["similar_to_recently_followed"], "past_interactions"),
        "known@peer.test": (["most_followed"], "global"),
    }
    plain = (await api.get(alice, "/api/v1/suggestions")).json
    assert [one["id"] for one in plain] == [one["account"]["id"] for one in answer]
    assert len((await api.get(alice, f"{PATH}?limit=2")).json) == 2


async def test_nobody_is_suggested_whom_one_does_not_want_to_see_VIS_21(api: Api, alice: Account, bob: Account) -> None:
    names = ("fine", "hidden", "followed", "asked", "blocked", "blocker", "muted", "moved", "away", "suspended", "limited")
    them = {name: api.run(make.remote, name) for name in names}
    open_to_all(api, *them.values())
    api.run(make.follow, alice, bob)
    for who in them.values():
        api.run(make.follow, bob, who)
    assert set(await suggested(api, alice)) == {f"{name}@peer.test" for name in names}

    api.run(lambda tx: account_rows.update(tx, them["hidden"].id, discoverable=0))
    api.run(make.follow, alice, them["followed"])
    api.run(lambda tx: account_rows.update(tx, them["asked"].id, locked=1))
    api.run(follows.follow, alice, them["asked"].id)
    api.run(make.block, alice, them["blocked"])
    api.run(make.block, them["blocker"], alice)
    api.run(blocks.mute, alice, them["muted"].id)
    api.run(lambda tx: account_rows.update(tx, them["moved"].id, moved_to_uri="https://peer.test/users/new"))
    assert (await api.call("DELETE", alice, f"/api/v1/suggestions/{them['away'].id}")).json == {}
    api.run(lambda tx: account_rows.update(tx, them["suspended"].id, suspended_at=1))
    api.run(lambda tx: account_rows.update(tx, them["limited"].id, host_limited=1))

    assert set(await suggested(api, alice)) == {"fine@peer.test"}
    open_to_all(api, bob)
    carol = api.run(make.account, "carla")
    assert set(await suggested(api, carol)) >= {"fine@peer.test", "away@peer.test", "bob"}, "what one person dismisses others still see"


async def test_whom_somebody_follows_in_private_is_not_told(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    open_to_all(api, carol)
    api.run(make.follow, alice, bob)
    api.run(make.follow, bob, carol)
    api.run(lambda tx: tx.execute("UPDATE users SET settings = '{\"hide_network\": true}' WHERE account_id = ?", (bob.id,)))

    assert (await suggested(api, alice)).get("carol@peer.test") == ["most_followed"]


async def test_dismissing_whom_nobody_knows_is_no_harm(api: Api, alice: Account) -> None:
    for name in ("1", "999999", "nobody", "9" * 30):
        answer = await api.call("DELETE", alice, f"/api/v1/suggestions/{name}")
        assert (answer.status, answer.json) == (200, {})


@pytest.mark.parametrize("handle", ["a b", "@", "x@", "x@y@z", "x@y/z"])
def test_what_is_no_handle_cannot_be_advised(tmp_path: Path, handle: str) -> None:
    with pytest.raises(Invalid, match=r"instance\.suggested"):
        make.settings(tmp_path, instance={"suggested": [handle]})


def test_reasons_are_those_programs_know() -> None:
    assert SOURCES.keys() == {
        suggestions.FEATURED,
        suggestions.FRIENDS,
        suggestions.SIMILAR,
        suggestions.LIKED,
        suggestions.FOLLOWED,
    }
