"""Secure mode: other servers read only what they sign for. Every address that serves ActivityPub is tried."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fedi import moderation
from fedi.activitypub import parse
from fedi.storage.posts import Post
from tests import make, remote
from tests.remote import Actor, World


@pytest.fixture
async def world(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path, federation={"secure": True}) as made:
        yield made


@pytest.fixture
async def carol(world: World) -> Actor:
    made = world.peer("peer.test").actor("carol")
    await world.know(made)
    return made


ALWAYS = [
    "/actor", "/actor/outbox", "/actor/followers", "/.well-known/webfinger?resource=acct:alice@fedi.test", "/.well-known/host-meta",
    "/.well-known/nodeinfo", "/nodeinfo/2.1", "/robots.txt", "/users/alice", "/@alice",
]  # fmt: skip


def paths(world: World) -> list[str]:
    """Every address of ActivityPub that is not open, with a public post in it."""
    post = world.publish(world.alice)
    place = post.uri.removeprefix(world.base)
    boost = world.db.transact(make.boost, world.alice, world.publish(world.bob))
    found = []
    for route in world.client.app.router.routes():  # type: ignore[union-attr]
        name = route.resource.canonical if route.resource is not None else ""
        if route.method == "GET" and name.startswith(("/users/", "/activities/")):
            path = name.replace("/users/{name}/posts/{id}", place).replace("/activities/{id}", boost.uri.removeprefix(world.base))
            found.append(path.replace("{name}", "alice"))
    assert place in found and f"{place}/replies" in found and "/users/alice/outbox" in found
    return [path for path in found if path != "/users/alice" and "{" not in path]


async def test_s14_who_does_not_sign_reads_nothing_but_what_signatures_are_checked_with_VIS_27(world: World) -> None:
    for path in ALWAYS:
        assert (await world.get(path)).status == 200, path
    for path in paths(world):
        answer = await world.get(path)
        assert answer.status == 401, path
        assert "sign" in (await answer.json())["error"].lower()
        assert "private" in answer.headers["Cache-Control"] and "Signature" in answer.headers["Vary"]


async def test_s14_who_signs_reads(world: World, carol: Actor) -> None:
    for path in paths(world):
        answer = await world.get(path, carol)
        assert answer.status == 200, path
        assert "private" in answer.headers["Cache-Control"]


async def test_s14_whether_a_post_is_there_is_not_said_to_who_does_not_sign(world: World) -> None:
    there, nowhere = world.publish(world.alice).uri, f"{world.alice.uri}/posts/1"
    one, other = [await world.get(uri.removeprefix(world.base)) for uri in (there, nowhere)]
    assert (one.status, await one.read()) == (other.status, await other.read())


async def test_s14_an_actor_is_a_stub_with_its_key_until_one_signs(world: World, carol: Actor) -> None:
    world.db.transact(lambda tx: tx.execute("UPDATE accounts SET bio_html = 'secret', display_name = 'Alice A.' WHERE username = 'alice'"))
    for path in ("/users/alice", "/@alice"):
        answer = await world.get(path)
        stub = await answer.json()
        assert set(stub) == {"@context", "id", "type", "preferredUsername", "inbox", "endpoints", "publicKey", "assertionMethod"}
        assert parse.actor(stub).keys[0].id == f"{world.alice.uri}#main-key"
        assert answer.headers["Cache-Control"].startswith("private")
        assert (await (await world.get(path, carol)).json())["summary"] == "secret"


async def test_s14_a_bad_signature_is_worse_than_none(world: World, carol: Actor) -> None:
    mallory = world.peer("evil.test").actor("mallory")
    for path in ("/users/alice", "/users/alice/outbox"):
        headers = mallory.sign_get(f"{world.base}{path}")
        headers["Signature"] = headers["Signature"].replace(mallory.uri, carol.uri)
        answer = await world.client.get(path, headers={**headers, "Host": world.instance.uris.host})
        assert answer.status == 401


@pytest.mark.parametrize("path", ["/users/alice", "/users/alice/outbox"])
async def test_s14_a_blocked_server_is_refused_before_its_key_is_asked_for(world: World, path: str) -> None:
    mallory = world.peer("evil.test").actor("mallory")
    world.db.transact(moderation.block_domain, "evil.test")
    assert (await world.get(path, mallory)).status == 403
    assert world.asked == []


async def test_s14_a_blocked_server_whose_key_is_known_is_refused(world: World, carol: Actor) -> None:
    world.db.transact(moderation.block_domain, "peer.test")
    await world.settle()
    assert (await world.get("/users/alice/outbox", carol)).status == 403
    assert (await world.get("/users/alice", carol)).status == 403


async def test_s14_followers_only_posts_are_for_followers_who_sign(world: World, carol: Actor) -> None:
    stranger = world.peer("third.test").actor("dan")
    await world.befriend(carol, world.alice)
    post: Post = world.publish(world.alice, visibility="followers")
    path = post.uri.removeprefix(world.base)
    assert (await world.get(path, carol)).status == 200
    assert (await world.get(path, stranger)).status == 404
    assert (await world.get(path)).status == 401


async def test_pages_stay_as_they_are(world: World) -> None:
    post = world.publish(world.alice, "for everybody's eyes")
    page = await world.get(post.url.removeprefix(world.base), accept="text/html")
    assert page.status == 200 and "everybody" in await page.text()
    assert (await world.get("/@alice", accept="text/html")).status == 200


async def test_a_deleted_account_is_gone_for_everybody(world: World) -> None:
    world.db.transact(lambda tx: tx.execute("UPDATE accounts SET deleted_at = 1 WHERE username = 'alice'"))
    assert (await world.get("/users/alice")).status == 410


async def test_without_secure_mode_nothing_of_this_holds(tmp_path: Path, quick_keys: None) -> None:
    async with remote.world(tmp_path) as world:
        for path in paths(world):
            if not path.endswith("followers_synchronization"):
                answer = await world.get(path)
                assert (answer.status, answer.headers["Cache-Control"]) == (200, "public, max-age=60"), path
        assert "summary" in await (await world.get("/users/alice")).json()
