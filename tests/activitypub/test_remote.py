"""Reading other servers: what a document may claim (ORG rows), what is asked and how often, whom an address means."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import backfill, clock, limits, moderation
from fedi.errors import Malformed, NotFound, Refused, RemoteError, RemoteGone, Unreachable, Untrusted
from fedi.storage import hosts as host_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from tests import remote
from tests.remote import AS2, World

NOTE = "/users/carol/notes/x"


def a_note(w: World, **more: Any) -> dict[str, Any]:
    """A post of carol's, with her actor beside it."""
    carol = w.peer().actor("carol")
    return carol.note(id=f"{w.peer().base}{NOTE}", **more)


# -- types --


@pytest.mark.parametrize(
    "kind", ["text/html", "application/json", "application/octet-stream", "image/png", "", "text/plain", "application/ld+json",
             'application/ld+json; profile="https://www.w3.org/ns/anno"', "application/activity+jsonx", "activity+json"],
)  # fmt: skip
async def test_org_01_02_a_document_of_another_type_is_not_one(world: World, kind: str) -> None:
    note = a_note(world)
    world.peer().behave(NOTE, remote.answers(note, content_type=kind))

    with pytest.raises(Malformed):
        await world.remote.post(note["id"])
    assert world.find(note["id"]) is None


@pytest.mark.parametrize(
    "kind", [remote.AP, "Application/Activity+JSON; charset=utf-8", remote.LD, f'application/ld+json;charset=utf-8;profile="{AS2}"',
             f'application/ld+json; profile="https://x.test {AS2}"'],
)  # fmt: skip
async def test_org_01_the_two_right_types_are_accepted_however_written(world: World, kind: str) -> None:
    note = a_note(world)
    world.peer().behave(NOTE, remote.answers(note, content_type=kind))

    assert (await world.remote.post(note["id"])).uri == note["id"]


# -- ids and where they come from --


async def test_org_03_what_says_to_be_somebody_elses_is_read_there(world: World) -> None:
    """Given mallory's server serving a text in carol's name."""
    note = a_note(world, text="what carol wrote")
    evil = world.peer("evil.test")
    evil.documents["/x"] = note | {"content": "what mallory wrote"}

    post = await world.remote.post(f"{evil.base}/x")

    assert (post.uri, post.content_html) == (note["id"], "<p>what carol wrote</p>")
    assert world.peer().gets.count(NOTE) == 1


async def test_org_03_and_is_nothing_when_it_is_not_there(world: World) -> None:
    evil, note = world.peer("evil.test"), a_note(world)
    del world.peer().documents[NOTE]
    evil.documents["/x"] = note

    with pytest.raises(RemoteError):
        await world.remote.post(f"{evil.base}/x")
    assert world.find(note["id"]) is None


async def test_org_03_two_documents_that_point_at_each_other_end(world: World) -> None:
    evil, third = world.peer("evil.test"), world.peer("third.test")
    evil.documents["/a"] = {"@context": AS2, "id": f"{third.base}/b", "type": "Note"}
    third.documents["/b"] = {"@context": AS2, "id": f"{evil.base}/a", "type": "Note"}

    with pytest.raises(Untrusted):
        await world.remote.document(f"{evil.base}/a")
    assert len(world.asked) == 2


async def test_org_04_a_redirect_to_the_real_thing_is_followed(world: World) -> None:
    note, evil = a_note(world), world.peer("evil.test")
    evil.behave("/x", remote.redirects(note["id"]))

    assert (await world.remote.post(f"{evil.base}/x")).uri == note["id"]


@pytest.mark.parametrize("claimed", ["/redir?u=x", NOTE])
async def test_org_05_an_open_redirect_lends_its_name_to_nobody(world: World, claimed: str) -> None:
    """Given a server that redirects anywhere, and mallory's document that bears its name: the redirect's own, or a post's."""
    peer, evil = world.peer(), world.peer("evil.test")
    carol = peer.actor("carol")
    peer.behave("/redir", remote.redirects(f"{evil.base}/fake"))
    evil.documents["/fake"] = carol.note("what mallory wrote", id=f"{peer.base}{claimed}", serve=False)

    with pytest.raises(RemoteError):
        await world.remote.post(f"{peer.base}/redir?u=x")
    assert world.find(f"{peer.base}{claimed}") is None


async def test_org_06_a_post_is_of_its_authors_server(world: World) -> None:
    carol, mallory = world.peer().actor("carol"), world.peer("evil.test").actor("mallory")
    wrong: list[dict[str, Any]] = [
        mallory.note(attributedTo=carol.uri),
        mallory.note(attributedTo=[carol.uri, mallory.uri]),
        mallory.note(attributedTo={"id": carol.uri}),
        mallory.note(attributedTo=None),
    ]
    for note in wrong:
        with pytest.raises(RemoteError):
            await world.remote.post(note["id"])
        assert world.find(note["id"]) is None


async def test_org_06_an_author_whose_document_is_somebody_elses_is_nobody(world: World) -> None:
    """Given a post by somebody of evil.test whose actor document claims to be carol's, which carol's server confirms exists."""
    carol, evil = world.peer().actor("carol"), world.peer("evil.test")
    mallory = evil.actor("mallory")
    evil.documents["/users/fake"] = carol.document
    note = mallory.note("not by carol", attributedTo=f"{evil.base}/users/fake")

    with pytest.raises(Untrusted):
        await world.remote.post(note["id"])
    assert world.find(note["id"]) is None


@pytest.mark.parametrize("address", ["https://fedi.test/users/x", "https://fedi.test:443/users/x", "https://FEDI.test/users/x"])
async def test_org_12_nobody_else_serves_what_bears_our_name(world: World, address: str) -> None:
    evil = world.peer("evil.test")
    evil.documents["/x"] = {"@context": AS2, "id": address, "type": "Note", "attributedTo": evil.base}

    with pytest.raises(RemoteError):
        await world.remote.document(f"{evil.base}/x")
    with pytest.raises((RemoteError, NotFound)):
        await world.remote.post(address)
    assert world.asked == ["GET evil.test /x"]


@pytest.mark.parametrize("other", ["https://peer.test:8443", "http://peer.test", "https://peer.test.evil.test", "https://рeer.test"])
async def test_org_13_origins_are_compared_whole(world: World, other: str) -> None:
    carol = world.peer().actor("carol")
    note = carol.note(attributedTo=f"{other}/users/carol")

    with pytest.raises(RemoteError):
        await world.remote.post(note["id"])
    assert world.find(note["id"]) is None


# -- actors and handles --


async def test_org_17_a_handle_on_another_domain_must_be_confirmed_there(world: World) -> None:
    """Given mallory, whose WebFinger claims alice@peer.test, where there is another alice."""
    evil, peer = world.peer("evil.test"), world.peer()
    peer.actor("alice")
    mallory = evil.actor("alice", key="mallory")
    evil.name("alice@evil.test", mallory.uri, subject="acct:alice@peer.test")

    assert (await world.remote.actor(mallory.uri)).handle == "alice@evil.test"
    assert (await world.remote.mentions("@alice@peer.test"))[("alice", "peer.test")] != world.account(mallory).id  # type: ignore[union-attr]


async def test_org_17_nobody_elsewhere_gets_a_handle_of_ours(world: World) -> None:
    evil = world.peer("evil.test")
    mallory = evil.actor("alice", key="mallory")
    evil.name("alice@evil.test", mallory.uri, subject="acct:alice@fedi.test")

    account = await world.remote.actor(mallory.uri)

    assert (account.handle, account.is_local) == ("alice@evil.test", False)


async def test_org_17_a_handle_that_leads_to_somebody_who_does_not_confirm_it_is_nobodys(world: World) -> None:
    """Given peer.test claiming that a handle of its own means carol of third.test, who knows nothing of that."""
    carol = world.peer("third.test").actor("carol")
    world.peer().name("carol@peer.test", carol.uri)

    with pytest.raises(Untrusted):
        await world.remote.resolve("@carol@peer.test")


async def test_a_split_domain_is_believed_when_both_sides_agree(world: World) -> None:
    """Given carol@peer.test, whose actor lives on third.test."""
    served, handles = world.peer("third.test"), world.peer()
    carol = served.actor("carol")
    for where, name in ((served, "carol@third.test"), (handles, "carol@peer.test")):
        where.name(name, carol.uri, subject="acct:carol@peer.test")

    for query in ("@carol@peer.test", "carol@third.test", carol.uri):
        account = await world.remote.resolve(query)
        assert isinstance(account, Account) and account.handle == "carol@peer.test"


async def test_org_18_a_changed_name_counts_when_webfinger_agrees(world: World, frozen: FrozenDateTimeFactory) -> None:
    carol = world.peer().actor("carol")
    assert (await world.remote.actor(carol.uri)).username == "carol"
    carol.document["preferredUsername"] = "caroline"

    assert (await world.remote.actor(carol.uri, refresh=True)).username == "carol"
    world.peer().name("caroline@peer.test", carol.uri)
    assert (await world.remote.actor(carol.uri, refresh=True)).username == "caroline"


async def test_org_18_a_name_that_is_somebody_elses_is_not_taken(world: World) -> None:
    peer = world.peer()
    carol, dan = peer.actor("carol"), peer.actor("dan")
    await world.remote.actor(carol.uri)
    await world.remote.actor(dan.uri)
    dan.document["preferredUsername"] = "carol"

    assert (await world.remote.actor(dan.uri, refresh=True)).username == "dan"
    found = await world.remote.resolve("@carol@peer.test")
    assert isinstance(found, Account) and found.uri == carol.uri


async def test_org_20_collections_of_another_server_are_left_out(world: World) -> None:
    evil = "https://evil.test"
    carol = world.peer().actor("carol", followers=f"{evil}/f", outbox=f"{evil}/o", featured=f"{evil}/p", following=f"{evil}/g")

    account = await world.remote.actor(carol.uri)

    assert (account.followers_uri, account.outbox_uri, account.featured_uri, account.following_uri) == ("", "", "", "")


async def test_an_actor_is_read_once_and_kept(world: World) -> None:
    carol = world.peer().actor("carol")

    for _ in range(3):
        await world.remote.actor(carol.uri)

    assert world.peer().gets.count("/users/carol") == 1


async def test_many_who_want_the_same_actor_share_one_fetch(world: World) -> None:
    carol = world.peer().actor("carol")
    world.peer().behave("/users/carol", remote.slow(0.05, remote.answers(carol.document)))

    found = await asyncio.gather(*(world.remote.actor(carol.uri) for _ in range(20)))

    assert len({account.id for account in found}) == 1 and world.peer().gets.count("/users/carol") == 1


async def test_what_could_not_be_read_is_not_asked_for_again_at_once(world: World, frozen: FrozenDateTimeFactory) -> None:
    uri = f"{world.peer().base}/users/nobody"
    for _ in range(5):
        with pytest.raises(Refused):
            await world.remote.actor(uri)
    once = world.peer().gets.count("/users/nobody")
    frozen.tick(limits.NEGATIVE_KEY_S + 1)
    with pytest.raises(Refused):
        await world.remote.actor(uri)

    assert world.peer().gets.count("/users/nobody") == 2 * once


async def test_an_actor_that_is_gone_is_deleted_here_too(world: World) -> None:
    carol = world.peer().actor("carol")
    await world.befriend(world.alice, carol)
    world.peer().behave("/users/carol", remote.answers(status=410))

    with pytest.raises(RemoteGone):
        await world.remote.actor(carol.uri, refresh=True)
    assert world.account(carol) is None


async def test_a_failed_refresh_leaves_somebody_as_they_are(world: World) -> None:
    carol = world.peer().actor("carol")
    account = await world.know(carol)
    world.peer().behave("/users/carol", remote.answers(status=500))

    world.db.transact(lambda tx: tx.execute("UPDATE accounts SET fetched_at = 0 WHERE id = ?", (account.id,)))
    world.db.transact(backfill.profile, account)
    await world.settle()

    now = world.again(account)
    assert now._replace(fetched_at=account.fetched_at, filled_at=0) == account
    assert not world.db.read(lambda tx: backfill.is_profile_due(now, tx.now)) and world.db.read(
        lambda tx: backfill.is_profile_due(now, tx.now + clock.HOUR)
    )


async def test_a_blocked_server_is_not_asked_even_by_a_redirect(world: World) -> None:
    world.db.transact(moderation.block_domain, "evil.test")
    mallory, peer = world.peer("evil.test").actor("mallory"), world.peer()
    peer.behave("/x", remote.redirects(mallory.uri))

    with pytest.raises(Refused):
        await world.remote.actor(mallory.uri)
    assert world.asked == []
    with pytest.raises(Refused):
        await world.remote.document(f"{peer.base}/x")
    assert world.account(mallory) is None


# -- misbehaving servers --


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (remote.answers(status=503), Unreachable),
        (remote.answers(status=429), Unreachable),
        (remote.answers(status=404), Refused),
        (remote.answers(status=410), RemoteGone),
        (remote.answers(b"{"), Malformed),
        (remote.answers(b"[" * 5000), Malformed),
        (remote.huge(), Malformed),
        (remote.slow(60), Unreachable),
        (remote.redirects("https://127.0.0.1/"), Refused),
        (remote.redirects("http://peer.test/x"), Refused),
        (remote.redirects("/users/carol"), Malformed),
        (remote.answers({"@context": AS2, "type": "Person"}), Untrusted),
        (remote.answers({"@context": AS2, "id": "https://peer.test/users/carol", "type": "Note"}), Malformed),
    ],
)
async def test_what_a_server_does_wrong_is_a_remote_error(world: World, behaviour: remote.Behaviour, error: type[Exception]) -> None:
    carol = world.peer().actor("carol")
    world.peer().behave("/users/carol", behaviour)

    with pytest.raises(error):
        await world.remote.actor(carol.uri)
    assert world.account(carol) is None


@pytest.mark.parametrize("wanted", ["rfc9421", "cavage-path"])
async def test_a_server_that_verifies_otherwise_is_asked_otherwise_and_remembered(world: World, wanted: str) -> None:
    peer = world.peer()
    carol = peer.actor("carol")
    peer.documents["/users/carol?x=1"] = carol.document | {"id": f"{carol.uri}?x=1"}

    async def picky(request: Any) -> Any:
        seen = peer.seen[-1]
        short = seen.scheme == "cavage" and "?" in seen.path  # our check accepts both forms, so look at the scheme alone
        fits = seen.scheme == "rfc9421" if wanted == "rfc9421" else short and len(peer.seen) >= 3
        return await (peer._serve(request) if fits else remote.answers(status=401)(request))

    peer.behave("/users/carol", picky)
    await world.remote.document(f"{carol.uri}?x=1")

    known = world.db.read(host_rows.find, "peer.test")
    assert known is not None and known.signature == wanted
    before = len(peer.seen)
    await world.remote.document(f"{carol.uri}?x=1")
    assert len(peer.seen) == before + 1


# -- what an address means --


@pytest.mark.parametrize(
    "query", ["@carol@peer.test", "carol@peer.test", "acct:carol@peer.test", " @Carol@PEER.test ", "https://peer.test/users/carol"]
)
async def test_somebody_is_found_by_handle_or_address(world: World, query: str) -> None:
    carol = world.peer().actor("carol")
    world.peer().name("Carol@peer.test", carol.uri)

    found = await world.remote.resolve(query)

    assert isinstance(found, Account) and found.uri == carol.uri


async def test_a_page_leads_to_what_it_shows(world: World) -> None:
    peer, note = world.peer(), a_note(world)
    carol = peer.documents["/users/carol"]
    assert isinstance(carol, dict)
    page = f'<html><head><link rel="alternate" type="application/activity+json" href="{NOTE}"></head><body></body></html>'
    peer.behave("/@carol/x", remote.answers(page.encode(), content_type="text/html; charset=utf-8"))
    header = {"Link": f'<{carol["id"]}>; rel="alternate"; type="application/activity+json"'}
    peer.behave("/@carol", remote.answers(b"<html></html>", content_type="text/html", headers=header))

    post, person = await world.remote.resolve(f"{peer.base}/@carol/x"), await world.remote.resolve(f"{peer.base}/@carol")

    assert isinstance(post, Post) and post.uri == note["id"]
    assert isinstance(person, Account) and person.uri == carol["id"]


async def test_a_link_in_the_body_of_a_page_leads_nowhere(world: World) -> None:
    """What people write stands in the body."""
    peer = world.peer()
    page = '<html><head></head><body><link rel="alternate" type="application/activity+json" href="https://evil.test/x"></body>'
    peer.behave("/page", remote.answers(page.encode(), content_type="text/html"))

    with pytest.raises(NotFound):
        await world.remote.resolve(f"{peer.base}/page")
    assert world.peer("evil.test").seen == []


async def test_our_own_addresses_are_never_asked_for(world: World) -> None:
    post = world.publish(world.alice)

    for name in (world.alice.uri, "@alice", "@alice@fedi.test", f"{world.base}/@alice"):
        assert await world.remote.resolve(name) == world.again(world.alice)
    assert await world.remote.resolve(post.uri) == post and await world.remote.resolve(post.url) == post
    for nothing in ("@nobody", "@nobody@fedi.test", f"{world.base}/users/nobody", f"{world.base}/users/alice/posts/1"):
        with pytest.raises(NotFound):
            await world.remote.resolve(nothing)
    assert world.asked == []


@pytest.mark.parametrize(
    "query", ["", "@", "carol", "@carol@", "@@peer.test", "ftp://peer.test/x", "javascript:alert(1)", "@a@b@c", "x" * 5000]
)
async def test_what_is_no_address_is_nothing(world: World, query: str) -> None:
    with pytest.raises((Malformed, NotFound)):
        await world.remote.resolve(query)
    assert world.asked == []


async def test_webfinger_is_found_through_host_meta(world: World) -> None:
    peer = world.peer()
    carol = peer.actor("carol")
    meta = '<?xml version="1.0"?><XRD><Link rel="lrdd" template="https://peer.test/wf?r={uri}"/></XRD>'
    peer.behave("/.well-known/webfinger", remote.answers(status=404))
    peer.behave("/.well-known/host-meta", remote.answers(meta.encode(), content_type="application/xrd+xml"))
    peer.behave("/wf", remote.answers(peer.handles["acct:carol@peer.test"], content_type="application/jrd+json"))

    found = await world.remote.resolve("@carol@peer.test")

    assert isinstance(found, Account) and found.uri == carol.uri


async def test_mentions_of_people_never_heard_of_are_looked_up(world: World) -> None:
    carol = world.peer().actor("carol")
    text = "hello @carol@peer.test, @nobody@peer.test, @x@down.test, @alice@fedi.test and @bob"

    found = await world.remote.mentions(text)

    account = world.account(carol)
    assert account is not None and found == {("carol", "peer.test"): account.id}


async def test_a_server_that_does_not_answer_holds_up_no_post(tmp_path: Path, quick_keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedi.activitypub.remote._MENTIONS_S", 3)
    async with remote.world(tmp_path, federation={"timeout_s": 60}) as world:
        world.peer("third.test").behave("*", remote.slow(60))
        world.peer().actor("carol")

        async with asyncio.timeout(25):
            found = await world.remote.mentions("@carol@peer.test @x@third.test")

        assert list(found) == [("carol", "peer.test")]


async def test_a_fetched_post_is_stored_quietly(world: World) -> None:
    """Given alice, who follows carol: an old post that somebody looks up is on no timeline and tells nobody."""
    carol = world.peer().actor("carol")
    await world.befriend(world.alice, carol)
    note = carol.note("old", cc=[world.alice.uri], tag=[{"type": "Mention", "href": world.alice.uri, "name": "@alice"}])

    post = await world.remote.post(note["id"])

    assert world.home(world.alice) == [] and world.told(world.alice) == []
    assert world.db.read(post_rows.list_mentioned_ids, post.id) == [world.alice.id]


@pytest.mark.parametrize("tombstone", [True, False])
async def test_a_deleted_post_is_gone(world: World, tombstone: bool) -> None:
    uri = f"{world.peer().base}/gone"
    document = {"@context": AS2, "id": uri, "type": "Tombstone"}
    world.peer().behave("/gone", remote.answers(document, status=200 if tombstone else 410))

    with pytest.raises(RemoteGone):
        await world.remote.post(uri)


async def test_dos_07_a_reply_is_followed_up_one_step_at_a_time(world: World) -> None:
    """Given a chain of 100 answers, of which the last is addressed to alice."""
    carol = world.peer().actor("carol")
    parent = ""
    for _ in range(100):
        parent = carol.note("deep", inReplyTo=parent or None)["id"]
    last = carol.note("hello", to=[world.alice.uri], inReplyTo=parent)

    await world.accepted(carol, carol.create(last))

    assert world.find(last["id"]) is not None
    assert len([path for path in world.peer().gets if "/notes/" in path]) <= limits.THREAD_HOPS


async def test_dos_08_what_a_post_points_at_is_not_followed(world: World) -> None:
    """Given posts that quote each other, and authors that are attributed to each other."""
    carol, peer = world.peer().actor("carol"), world.peer()
    peer.documents["/users/carol"] = carol.document | {"attributedTo": f"{peer.base}/users/a1", "movedTo": f"{peer.base}/users/a2"}
    note = carol.note("quoting", quoteUrl=f"{peer.base}/n/1", quote=f"{peer.base}/n/2", context=f"{peer.base}/c", replies=f"{peer.base}/r")

    await world.remote.post(note["id"])

    assert {path for path in peer.gets if not path.startswith("/.well-known")} == {note["id"].removeprefix(peer.base), "/users/carol"}
