import pytest

from fedi import accounts, collections, moderation
from fedi.storage import blocks as block_rows
from fedi.storage import endorsements as endorsement_rows
from fedi.storage import follows as follow_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.web.api.conftest import Api
from tests.web.api.costs import counting

# -- notes --


async def test_a_note_about_somebody_is_read_by_who_wrote_it_alone(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    path = f"/api/v1/accounts/{carol.id}/note"
    written = await api.post(alice, path, json={"comment": "met in Graz"})
    assert (written.status, written.json["note"], written.json["id"]) == (200, "met in Graz", str(carol.id))

    query = f"/api/v1/accounts/relationships?id[]={carol.id}"
    assert (await api.get(alice, query)).json[0]["note"] == "met in Graz"
    assert (await api.get(bob, query)).json[0]["note"] == ""
    assert (await api.post(alice, path, data={"comment": ""})).json["note"] == ""
    assert (await api.post(alice, path, json={"comment": "x" * 2001})).status == 422
    assert (await api.post(alice, "/api/v1/accounts/1/note", json={"comment": "x"})).status == 404


# -- people on a profile --


async def test_people_whom_one_follows_are_shown_on_ones_profile_until_one_does_not(
    api: Api, alice: Account, bob: Account, carol: Account
) -> None:
    api.run(make.follow, alice, bob)
    api.run(make.follow, alice, carol)
    assert (await api.post(alice, f"/api/v1/accounts/{bob.id}/endorse")).json["endorsed"] is True
    assert (await api.post(alice, f"/api/v1/accounts/{carol.id}/pin")).json["endorsed"] is True
    assert (await api.post(alice, f"/api/v1/accounts/{carol.id}/endorse")).status == 200, "twice is once"

    for who, path in (
        (alice, "/api/v1/endorsements"),
        (bob, f"/api/v1/accounts/{alice.id}/endorsements"),
        (None, f"/api/v1/accounts/{alice.id}/endorsements"),
    ):
        assert [one["id"] for one in (await api.get(who, path)).json] == [str(carol.id), str(bob.id)]
    first = await api.get(None, f"/api/v1/accounts/{alice.id}/endorsements?limit=1")
    assert [one["id"] for one in (await api.get(None, first.link("next"))).json] == [str(bob.id)]

    assert (await api.post(alice, f"/api/v1/accounts/{carol.id}/unpin")).json["endorsed"] is False
    await api.post(alice, f"/api/v1/accounts/{bob.id}/unfollow")
    assert (await api.get(alice, "/api/v1/endorsements")).json == []


async def test_whom_one_does_not_follow_is_not_shown_on_ones_profile(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    assert (await api.post(alice, f"/api/v1/accounts/{bob.id}/endorse")).status == 422
    assert (await api.post(alice, "/api/v1/accounts/1/endorse")).status == 404
    api.run(make.follow, alice, carol)
    await api.post(alice, f"/api/v1/accounts/{carol.id}/endorse")
    api.run(moderation.suspend, carol)
    assert (await api.get(bob, f"/api/v1/accounts/{alice.id}/endorsements")).json == []


async def test_who_is_blocked_by_somebody_does_not_find_them_on_profiles(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    api.run(make.follow, alice, carol)
    await api.post(alice, f"/api/v1/accounts/{carol.id}/endorse")
    api.run(make.block, carol, bob)

    assert (await api.get(bob, f"/api/v1/accounts/{alice.id}/endorsements")).json == []
    assert len((await api.get(None, f"/api/v1/accounts/{alice.id}/endorsements")).json) == 1


# -- familiar followers --


async def test_familiar_followers_are_those_whom_one_follows_and_who_do_not_hide(
    api: Api, alice: Account, bob: Account, carol: Account
) -> None:
    eve, frank = api.run(make.account, "eve"), api.run(make.account, "frank")
    for known in (bob, eve):
        api.run(make.follow, alice, known)
        api.run(make.follow, known, carol)
    api.run(make.follow, frank, carol)
    path = f"/api/v1/accounts/familiar_followers?id[]={carol.id}&id[]={bob.id}&id[]=1"

    async def found(who: Account) -> list[tuple[str, set[str]]]:
        return [(one["id"], {other["acct"] for other in one["accounts"]}) for one in (await api.get(who, path)).json]

    assert await found(alice) == [(str(carol.id), {"bob", "eve"}), (str(bob.id), set())]
    in_body = await api.get(alice, "/api/v1/accounts/familiar_followers", json={"id": [str(carol.id)]})
    assert [one["id"] for one in in_body.json] == [str(carol.id)]
    assert await found(frank) == [(str(carol.id), set()), (str(bob.id), set())]
    api.run(user_rows.set_settings, bob.id, {"hide_network": True})
    assert (await found(alice))[0] == (str(carol.id), {"eve"})


# -- shut out --


async def test_blocks_and_mutes_are_listed_for_their_owner(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    eve = api.run(make.account, "eve")
    await api.post(alice, f"/api/v1/accounts/{bob.id}/block")
    await api.post(alice, f"/api/v1/accounts/{carol.id}/mute", json={"duration": 3600})
    await api.post(alice, f"/api/v1/accounts/{eve.id}/mute")

    assert [one["acct"] for one in (await api.get(alice, "/api/v1/blocks")).json] == ["bob"]
    muted = {one["acct"]: one["mute_expires_at"] for one in (await api.get(alice, "/api/v1/mutes")).json}
    assert muted["eve"] is None and muted["carol@peer.test"].endswith("Z")
    first = await api.get(alice, "/api/v1/mutes?limit=1")
    assert len(first.json) == 1 and len((await api.get(alice, first.link("next"))).json) == 1
    for path in ("/api/v1/blocks", "/api/v1/mutes", "/api/v1/domain_blocks"):
        assert (await api.get(bob, path)).json == []
        assert (await api.get(None, path)).status == 401


async def test_a_blocked_domain_ends_follows_both_ways_and_is_listed(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    api.run(make.follow, carol, alice)
    api.run(make.follow, alice, carol)

    for host in ("peer.test", "other.test", "PEER.test"):
        assert (await api.post(alice, "/api/v1/domain_blocks", data={"domain": host})).json == {}

    assert not api.rig.instance.db.read(follow_rows.is_follower, carol.id, alice.id)
    assert not api.rig.instance.db.read(follow_rows.is_follower, alice.id, carol.id)
    assert (await api.get(alice, "/api/v1/domain_blocks")).json == ["other.test", "peer.test"]
    first = await api.get(alice, "/api/v1/domain_blocks?limit=1")
    assert (first.json, (await api.get(alice, first.link("next"))).json) == (["other.test"], ["peer.test"])
    assert (await api.get(alice, f"/api/v1/accounts/relationships?id={carol.id}")).json[0]["domain_blocking"] is True
    assert (await api.get(bob, "/api/v1/domain_blocks")).json == []

    assert (await api.call("DELETE", alice, "/api/v1/domain_blocks?domain=peer.test")).json == {}
    assert (await api.call("DELETE", alice, "/api/v1/domain_blocks", json={"domain": "other.test"})).json == {}
    assert (await api.get(alice, "/api/v1/domain_blocks")).json == []


@pytest.mark.parametrize("domain", ["", "a b", "fedi.test", "https://x.test/"])
async def test_what_is_no_other_domain_is_not_blocked(api: Api, alice: Account, domain: str) -> None:
    assert (await api.post(alice, "/api/v1/domain_blocks", json={"domain": domain})).status == 422


# -- which of their posts --


async def test_whoever_is_followed_in_some_languages_comes_home_in_these(api: Api, alice: Account, bob: Account) -> None:
    old = await api.say(bob, "schon da", language="de")
    early = await api.say(bob, "here already", language="en")
    path = f"/api/v1/accounts/{bob.id}/follow"
    await api.post(alice, path)

    found = (await api.post(alice, path, json={"languages": ["en", "pt"]})).json
    assert found["languages"] == ["en", "pt"]
    mine = [await api.say(bob, "hello", language="en-GB"), await api.say(bob, "olá", language="pt")]
    await api.say(bob, "moin", language="de")

    home = [one["id"] for one in (await api.get(alice, "/api/v1/timelines/home")).json]
    assert home == [*[one["id"] for one in mine[::-1]], early["id"]] and old["id"] not in home
    assert (await api.post(alice, path)).json["languages"] == ["en", "pt"], "what is not said stays"
    assert (await api.post(alice, path, json={"languages": []})).json["languages"] is None
    assert (await api.post(alice, path, json={"languages": ["x y"]})).status == 422


async def test_relationships_leave_out_suspended_people_unless_asked(api: Api, alice: Account, bob: Account) -> None:
    api.run(moderation.suspend, bob)

    assert (await api.get(alice, f"/api/v1/accounts/relationships?id[]={bob.id}")).json == []
    assert len((await api.get(alice, f"/api/v1/accounts/relationships?id[]={bob.id}&with_suspended=true")).json) == 1


async def test_several_accounts_are_read_at_once_without_hidden_ones(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    api.run(accounts.delete_local, bob)
    asked = "&".join(f"id[]={row_id}" for row_id in (carol.id, bob.id, 1, alice.id, api.rig.instance.actor.id))

    assert [one["id"] for one in (await api.get(None, f"/api/v1/accounts?{asked}")).json] == [str(carol.id), str(alice.id)]


async def test_nobody_has_identity_proofs(api: Api, alice: Account, bob: Account) -> None:
    assert (await api.get(alice, f"/api/v1/accounts/{bob.id}/identity_proofs")).json == []
    assert (await api.get(alice, "/api/v1/accounts/1/identity_proofs")).status == 404


# -- what lists cost --


def _people(tx: Tx, alice: Account, count: int) -> list[Account]:
    """So many whom alice follows, shows, has put into collections, mutes, and others whom she blocks."""
    owner = make.account(tx)
    friends = [make.account(tx) for _ in range(count)]
    for friend in friends:
        make.follow(tx, alice, friend)
        make.follow(tx, friend, owner)
        endorsement_rows.put(tx, alice.id, friend.id)
        block_rows.put_mute(tx, alice.id, friend.id, notifications=True, expires_at=None)
        block_rows.put_domain(tx, alice.id, f"{friend.username}.test")
        make.block(tx, alice, make.account(tx))
    for number in range(min(count, 10)):
        collections.create(tx, alice, collections.About(name=f"c{number}"), [friend.id for friend in friends[:20]])
    return [owner, *friends]


async def test_no_list_of_people_costs_a_statement_more_for_each(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    count = counting(monkeypatch)
    costs: dict[int, list[tuple[int, str]]] = {}
    for size in (5, 40):
        alice = api.run(make.account, f"alice{size}")
        owner, *friends = api.run(_people, alice, size)
        asked = "&".join(f"id[]={friend.id}" for friend in friends)
        shown = (await api.get(alice, f"/api/v1/accounts/{alice.id}/collections")).json["collections"][0]
        paths = (
            "/api/v1/blocks?limit=80", "/api/v1/mutes?limit=80", "/api/v1/domain_blocks", "/api/v1/endorsements?limit=80",
            f"/api/v1/accounts/{alice.id}/endorsements?limit=80", f"/api/v1/accounts?{asked}", f"/api/v1/accounts/relationships?{asked}",
            f"/api/v1/accounts/familiar_followers?id[]={owner.id}", f"/api/v1/accounts/{alice.id}/collections",
            f"/api/v1/collections/{shown['id']}", f"/api/v1/accounts/{friends[0].id}/in_collections",
            f"/api/v1/accounts/{alice.id}/following?limit=80",
        )  # fmt: skip
        for number, path in enumerate(paths):
            reader = friends[0] if path.endswith("in_collections") else alice
            await api.get(reader, path)
            with count() as seen:
                assert (await api.get(reader, path)).status == 200
            costs.setdefault(number, []).append((len(seen), path))
    assert all(few[0] == many[0] for few, many in costs.values()), costs
