import pytest

from fedi import accounts, moderation
from fedi.activitypub import keys, parse
from tests.web.rig import AP, AS2, Rig

LD = f'application/ld+json; profile="{AS2}"'


@pytest.mark.parametrize("path", ["/users/alice", "/users/ALICE", "/@alice"])
async def test_an_actor_is_what_other_servers_can_read(rig: Rig, path: str) -> None:
    alice = rig.person("alice")

    answer = await rig.get(path)
    actor = parse.actor(parse.document(await answer.read()))

    assert answer.headers["Content-Type"] == "application/activity+json; charset=utf-8"
    assert (actor.id, actor.username, actor.inbox) == (alice.uri, "alice", f"{alice.uri}/inbox")
    assert {key.id for key in actor.keys} == {f"{alice.uri}#main-key", f"{alice.uri}#ed25519-key"}
    assert all(keys.load_public(key.pem) for key in actor.keys)


@pytest.mark.parametrize(
    "accept", [AP, LD, "application/ld+json", f"{LD},{AP}", "application/activity+json,application/ld+json,application/json,*/*;q=0.9"]
)
async def test_every_way_of_asking_for_activitypub_is_understood(rig: Rig, accept: str) -> None:
    rig.person("alice")

    assert (await rig.get("/users/alice", accept)).status == 200


async def test_a_browser_is_sent_to_the_profile(rig: Rig) -> None:
    answer = await rig.get("/users/alice", "text/html,*/*;q=0.8")

    assert (answer.status, answer.headers["Location"]) == (302, f"{rig.base}/@alice")


async def test_actors_are_readable_by_who_cannot_sign_yet_and_whatever_they_signed(rig: Rig) -> None:
    rig.person("alice")

    for path in ("/users/alice", "/actor"):
        assert (await rig.get(path, Signature="junk")).status == 200


async def test_the_server_itself_is_an_actor(rig: Rig) -> None:
    actor = await (await rig.get("/actor", "*/*")).json()

    assert (actor["id"], actor["type"], actor["preferredUsername"]) == (f"{rig.base}/actor", "Application", "fedi.test")
    assert actor["publicKey"]["id"] == f"{rig.base}/actor#main-key"
    for name in ("outbox", "followers", "following", "featured"):
        answer = await rig.get(actor[name].removeprefix(rig.base))
        assert (answer.status, (await answer.json())["totalItems"]) == (200, 0)
        assert (await answer.json())["id"] == actor[name]


async def test_somebody_deleted_is_gone_and_somebody_suspended_not_there(rig: Rig) -> None:
    alice, bob = rig.person("alice"), rig.person("bob")
    rig.instance.db.transact(accounts.delete_local, alice)
    rig.instance.db.transact(moderation.suspend, bob)

    gone = await rig.get("/users/alice")
    assert (gone.status, (await gone.json())["type"], (await gone.json())["id"]) == (410, "Tombstone", alice.uri)
    missing = await rig.get("/users/bob")
    assert (missing.status, await missing.read()) == (404, await (await rig.get("/users/nobody")).read())


@pytest.mark.parametrize("name", ["nobody", "a" * 31, "a.b", "%00", "fedi.test", "..%2f..%2fetc"])
async def test_nobody_is_not_found(rig: Rig, name: str) -> None:
    assert (await rig.get(f"/users/{name}")).status == 404
