"""Followers kept equal: the header we send, the list we serve, and what we do when a peer disagrees. Source: FEP-8fcf."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fedi import clock, follows
from fedi.activitypub import signatures, synchronization
from fedi.activitypub.synchronization import Claim
from fedi.storage import follows as follow_rows
from tests import make
from tests.remote import AP, Actor, World

NOBODY = "0" * 64
DIGEST = "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f"


def test_the_digest_has_its_check_value() -> None:
    uris = ["https://testing.example.org/users/1", "https://testing.example.org/users/2"]
    assert synchronization.digest(uris) == synchronization.digest(reversed(uris)) == DIGEST
    assert synchronization.digest([]) == NOBODY


HEADER = f'collectionId="https://a.test/f", digest="{DIGEST}", url="https://a.test/s"'
CLAIM = Claim("https://a.test/f", DIGEST, "https://a.test/s")


@pytest.mark.parametrize(
    "text", [HEADER, f'url="https://a.test/s",digest="{DIGEST.upper()}",collectionId="https://a.test/f"', f"  {HEADER} "]
)
def test_the_header_is_read_in_any_order(text: str) -> None:
    assert synchronization.read(text) == CLAIM


@pytest.mark.parametrize(
    "text",
    ["", "x", 'collectionId="a"', f'{HEADER}, url="https://b.test/"', f"{HEADER}, more", HEADER.replace('"', ""), HEADER + "," * 9999],
)
def test_what_is_no_header_is_none(text: str) -> None:
    assert synchronization.read(text) is None


# -- what we say --


@pytest.fixture
async def carol(world: World) -> AsyncIterator[Actor]:
    """Somebody of peer.test who follows alice."""
    made = world.peer("peer.test").actor("carol")
    await world.befriend(made, world.alice)
    yield made


def said(world: World, host: str = "peer.test") -> list[Claim | None]:
    assert all(seen.signer for seen in world.peer(host).posts), "signed, whatever it covers"
    found = [seen.headers.get("collection-synchronization") for seen in world.peer(host).posts]
    return [synchronization.read(text) if text else None for text in found]


async def test_what_is_for_followers_says_which_of_them_are_on_that_server(world: World, carol: Actor) -> None:
    erin = world.peer("third.test").actor("erin", key="dan")
    await world.befriend(erin, world.alice)
    world.publish(world.alice, visibility="followers")
    await world.settle()
    for who in (carol, erin):
        url = f"{world.alice.followers_uri}_synchronization"
        assert said(world, who.peer.host) == [Claim(world.alice.followers_uri, synchronization.digest([who.uri]), url)]
    (seen,) = carol.peer.posts
    assert "collection-synchronization" in seen.headers["signature"]


async def test_with_rfc_9421_it_is_covered_as_well(world: World, carol: Actor) -> None:
    world.db.transact(lambda tx: tx.execute("INSERT INTO hosts (host, signature) VALUES ('peer.test', 'rfc9421')"
                                            " ON CONFLICT (host) DO UPDATE SET signature = 'rfc9421'"))  # fmt: skip
    world.publish(world.alice)
    await world.settle()
    (seen,) = carol.peer.posts
    assert seen.signer and seen.scheme == "rfc9421" and '"collection-synchronization"' in seen.headers["signature-input"]


async def test_what_is_not_for_followers_says_nothing_of_them(world: World, carol: Actor) -> None:
    account = world.account(carol)
    assert account is not None
    world.db.transact(follows.follow, world.alice, account.id)
    world.db.transact(lambda tx: make.post(tx, world.alice, "psst", "direct", mentions=(account,)))
    await world.settle()
    assert said(world) == [None, None] or said(world) == [None], said(world)


async def test_the_digest_follows_the_follows(world: World, carol: Actor) -> None:
    world.publish(world.alice)
    await world.settle()
    dan = carol.peer.actor("dan")
    await world.accepted(dan, dan.activity("Follow", world.alice.uri))
    world.publish(world.alice)
    await world.settle()
    account = world.account(carol)
    assert account is not None
    world.db.transact(follows.remove_follower, world.alice, account.id)
    world.publish(world.alice)
    await world.settle()
    found = [claim.digest for claim in said(world) if claim]
    assert found == [synchronization.digest(uris) for uris in ([carol.uri], [carol.uri, dan.uri], [dan.uri])]


async def test_followers_are_looked_up_once_however_many_servers_there_are(world: World, carol: Actor, monkeypatch: Any) -> None:
    asked = []
    real = follow_rows.list_follower_uris
    monkeypatch.setattr(follow_rows, "list_follower_uris", lambda tx, account_id: asked.append(account_id) or real(tx, account_id))
    erin = world.peer("third.test").actor("erin", key="dan")
    await world.befriend(erin, world.alice)
    for _ in range(3):
        world.publish(world.alice)
    await world.settle()
    assert asked == [world.alice.id]


# -- what we serve --


PLACE = "/users/alice/followers_synchronization"


async def test_a_server_is_shown_its_own_followers_only(world: World, carol: Actor) -> None:
    erin = world.peer("third.test").actor("erin", key="dan")
    await world.befriend(erin, world.alice)
    for who in (carol, erin):
        shown = await (await world.get(PLACE, who)).json()
        assert (shown["type"], shown["orderedItems"], shown["totalItems"]) == ("OrderedCollection", [who.uri], 1)
        assert shown["id"] == f"{world.base}{PLACE}"


async def test_who_does_not_sign_is_shown_none(world: World, carol: Actor) -> None:
    assert (await world.get(PLACE)).status == 401
    assert (await world.get("/users/nobody/followers_synchronization", carol)).status == 404


# -- what we hear --


@pytest.fixture
async def dan(world: World) -> AsyncIterator[Actor]:
    """Somebody of third.test whom alice and bob follow."""
    made = world.peer("third.test").actor("dan")
    await world.befriend(world.alice, made)
    await world.befriend(world.bob, made)
    yield made


def serve(who: Actor, *uris: str, **more: Any) -> str:
    """Whom their server counts as followers here."""
    url = f"{who.uri}/followers_synchronization"
    who.peer.documents[url.removeprefix(who.peer.base)] = {
        "id": url, "type": "OrderedCollection", "totalItems": len(uris), "orderedItems": list(uris), **more,
    }  # fmt: skip
    return url


async def tell(world: World, who: Actor, header: str, *, covered: bool = True, scheme: signatures.Scheme = "cavage") -> None:
    """A post of theirs with the header."""
    body = json.dumps(who.create(who.note(to=[who.followers]))).encode()
    more = (("Collection-Synchronization", header),)
    outgoing = signatures.Outgoing("POST", f"{world.base}/inbox", AP, signatures.digest(body), more if covered else ())
    headers = {"Content-Type": AP, **signatures.sign(outgoing, who.key, clock.now(), scheme=scheme), **dict(more)}
    assert (await world.post(body, "/inbox", headers)).status == 202
    await world.settle()


def header(who: Actor, *uris: str, url: str = "", collection: str = "") -> str:
    at = url or f"{who.uri}/followers_synchronization"
    return f'collectionId="{collection or who.followers}", digest="{synchronization.digest(uris)}", url="{at}"'


def state(world: World, person: Any, who: Actor) -> str:
    account = world.account(who)
    assert account is not None
    found = world.db.read(follow_rows.find, person.id, account.id)
    return found.state if found else ""


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_s16_who_is_not_listed_follows_no_more(world: World, dan: Actor, scheme: signatures.Scheme) -> None:
    serve(dan, world.alice.uri)
    await tell(world, dan, header(dan, world.alice.uri), scheme=scheme)
    assert (state(world, world.alice, dan), state(world, world.bob, dan)) == ("accepted", "")
    assert world.again(world.bob).following_count == 0
    assert dan.peer.received("Undo") == [], "their server knows"


async def test_s16_who_is_listed_and_does_not_follow_sends_an_undo(world: World, dan: Actor) -> None:
    world.db.transact(lambda tx: tx.execute("DELETE FROM follows WHERE follower_id = ?", (world.bob.id,)))
    serve(dan, world.alice.uri, world.bob.uri, f"{world.base}/users/nobody", "https://peer.test/users/x")
    await tell(world, dan, header(dan, world.alice.uri, world.bob.uri))
    (undo,) = dan.peer.received("Undo")
    assert (undo["actor"], undo["object"]["type"], undo["object"]["object"]) == (world.bob.uri, "Follow", dan.uri)
    assert state(world, world.alice, dan) == "accepted"


async def test_s16_who_has_asked_and_is_listed_was_accepted(world: World, dan: Actor) -> None:
    world.db.transact(lambda tx: tx.execute("UPDATE follows SET state = 'pending' WHERE follower_id = ?", (world.bob.id,)))
    serve(dan, world.alice.uri, world.bob.uri)
    await tell(world, dan, header(dan, world.alice.uri, world.bob.uri))
    assert state(world, world.bob, dan) == "accepted"


async def test_when_both_agree_nothing_is_asked(world: World, dan: Actor) -> None:
    serve(dan)
    await tell(world, dan, header(dan, world.alice.uri, world.bob.uri))
    assert dan.peer.gets == []


@pytest.mark.parametrize("why", ["not covered", "another collection", "another server", "garbage", "twice"])
async def test_a_header_that_cannot_be_believed_has_no_effect(world: World, dan: Actor, why: str) -> None:
    serve(dan)
    evil = world.peer("evil.test")
    text = {
        "another collection": header(dan, collection=f"{dan.peer.base}/users/erin/followers"),
        "another server": header(dan, url=f"{evil.base}/list"),
        "garbage": 'collectionId="',
    }.get(why, header(dan))
    await tell(world, dan, text, covered=why != "not covered")
    if why != "twice":
        assert dan.peer.gets == [] and evil.gets == []
    else:
        await tell(world, dan, text)
        assert len(dan.peer.gets) == 1, "at most once in a while"


@pytest.mark.parametrize(
    "more", [{"totalItems": 5}, {"orderedItems": None}, {"type": "Note"}, {"next": 5}, {"first": "https://evil.test/page"},
     {"first": {"next": 7}}],
    ids=str,
)  # fmt: skip
async def test_nobody_is_removed_for_a_list_that_is_not_whole(world: World, dan: Actor, more: dict[str, Any]) -> None:
    url = serve(dan, **more)
    if more.get("orderedItems", 1) is None:
        del dan.peer.documents[url.removeprefix(dan.peer.base)]["orderedItems"]  # type: ignore[attr-defined]
    if "next" in more:
        dan.peer.documents[url.removeprefix(dan.peer.base)] |= {"first": {"orderedItems": [], "next": 5}}  # type: ignore[operator]
    await tell(world, dan, header(dan))
    assert (state(world, world.alice, dan), state(world, world.bob, dan)) == ("accepted", "accepted")


async def test_a_list_in_pages_is_read_to_its_end(world: World, dan: Actor) -> None:
    url = serve(dan)
    place = url.removeprefix(dan.peer.base)
    page = {"id": f"{url}?page=2", "type": "OrderedCollectionPage", "orderedItems": [world.bob.uri]}
    dan.peer.documents[f"{place}?page=2"] = page
    dan.peer.documents[place] = {
        "id": url, "type": "OrderedCollection", "totalItems": 2,
        "first": {"type": "OrderedCollectionPage", "orderedItems": [world.alice.uri], "next": f"{url}?page=2"},
    }  # fmt: skip
    world.db.transact(lambda tx: tx.execute("UPDATE follows SET state = 'pending' WHERE follower_id = ?", (world.bob.id,)))
    await tell(world, dan, header(dan))
    assert (state(world, world.alice, dan), state(world, world.bob, dan)) == ("accepted", "accepted")
