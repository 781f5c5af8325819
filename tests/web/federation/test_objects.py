import re

import pytest

from fedi import blocks, clock, interactions, posts
from fedi.ids import new
from tests.web.rig import AP, Rig, Stranger

VISIBILITIES = ["public", "unlisted", "followers", "direct"]


def path(uri: str) -> str:
    return "/" + uri.split("/", 3)[3]


async def test_a_public_post_is_a_note_for_everybody(rig: Rig) -> None:
    post = rig.post(rig.person("alice"), "hello #world", warning="cw")

    answer = await rig.get(path(post.uri))
    note = await answer.json()

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/activity+json; charset=utf-8"  # Lemmy compares exactly this
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert {name.strip() for name in answer.headers["Vary"].split(",")} >= {"Accept", "Authorization", "Cookie", "Signature"}
    assert (note["id"], note["type"], note["summary"]) == (post.uri, "Note", "cw")
    assert "@context" in note and "bto" not in note and "bcc" not in note


READERS = ["nobody", "stranger", "follower", "mentioned", "blocked", "author", "local stranger", "local follower"]
MAY = {
    "public": set(READERS) - {"blocked"},
    "unlisted": set(READERS) - {"blocked"},
    "followers": {"follower", "author", "local follower", "mentioned"},
    "direct": {"mentioned", "author"},
}


class Cast:
    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.alice, self.bob, self.carol = rig.person("alice"), rig.person("bob"), rig.person("carol")
        self.remote: dict[str, Stranger] = {name: rig.stranger(name) for name in ("stranger", "follower", "mentioned", "blocked")}
        rig.befriend(rig.account(self.remote["follower"]), self.alice)
        rig.befriend(self.carol, self.alice)
        rig.befriend(rig.account(self.remote["blocked"]), self.alice)
        rig.instance.db.transact(blocks.block, self.alice, rig.account(self.remote["blocked"]).id)
        mentioned = rig.account(self.remote["mentioned"])
        found = {("mentioned", "peer.test"): mentioned.id}
        self.posts = {
            visibility: rig.instance.db.transact(
                posts.publish, self.alice, posts.Draft("secret @mentioned@peer.test", fmt="plain", visibility=visibility), found
            )
            for visibility in VISIBILITIES
        }

    async def read(self, reader: str, at: str) -> tuple[int, bytes]:
        if reader in self.remote:
            answer = await self.rig.signed_get(self.remote[reader], at)
        else:
            local = {"author": self.alice, "local stranger": self.bob, "local follower": self.carol}.get(reader)
            headers = {"Authorization": f"Bearer {self.rig.token(local)}"} if local else {}
            answer = await self.rig.get(at, **headers)
            if local:
                assert answer.headers["Cache-Control"] == "private, no-store"
        return answer.status, await answer.read()


@pytest.mark.parametrize("suffix", ["", "/activity", "/replies", "/likes", "/shares"])
async def test_who_may_not_see_a_post_gets_what_an_unknown_one_gets_VIS_01_VIS_11(rig: Rig, suffix: str) -> None:
    cast = Cast(rig)
    unknown = f"/users/alice/posts/{new(clock.now())}{suffix}"
    for visibility, post in cast.posts.items():
        for reader in READERS:
            found = await cast.read(reader, path(post.uri) + suffix)
            if reader in MAY[visibility]:
                assert found[0] == 200, (visibility, reader)
            else:
                assert found == await cast.read(reader, unknown), (visibility, reader)
                assert found[0] == 404


async def test_no_one_finds_more_in_the_outbox_than_they_may_read_VIS_02(rig: Rig) -> None:
    cast = Cast(rig)
    for reader in READERS:
        _, body = await cast.read(reader, "/users/alice/outbox?page=true")
        for visibility, post in cast.posts.items():
            assert (post.uri.encode() in body) == (reader in MAY[visibility]), (visibility, reader)
        _, top = await cast.read(reader, "/users/alice/outbox")
        assert b'"totalItems":2,' in top


async def test_a_bad_signature_on_a_read_is_refused(rig: Rig) -> None:
    dan = rig.stranger("dan")
    at = path(rig.post(rig.person("alice")).uri)
    good = await rig.signed_get(dan, at)
    headers = dict(good.request_info.headers)
    headers["Signature"] = re.sub(r'signature="....', 'signature="AAAA', headers["Signature"])

    assert good.status == 200 and good.headers["Cache-Control"] == "private, no-store"
    assert (await rig.client.get(at, headers=headers)).status == 401
    assert (await rig.client.get(at, headers={"Accept": AP, "Signature": "junk"})).status == 401


async def test_no_cached_answer_of_a_reader_is_anybody_elses_VIS_14_VIS_15(rig: Rig) -> None:
    cast = Cast(rig)
    at = path(cast.posts["followers"].uri)
    seen = await rig.signed_get(cast.remote["follower"], at)

    assert seen.status == 200 and "ETag" not in seen.headers and "Last-Modified" not in seen.headers
    again = await rig.get(at, **{"If-None-Match": "*", "If-Modified-Since": "Sun, 22 Nov 2026 00:00:00 GMT"})
    assert again.status == 404


async def test_a_deleted_post_is_a_tombstone_without_its_text_VIS_20(rig: Rig) -> None:
    alice = rig.person("alice")
    post = rig.post(alice, "regretted")
    rig.instance.db.transact(posts.remove, alice, post.id)

    answer = await rig.get(path(post.uri))
    document = await answer.json()

    assert answer.status == 410
    assert (document["type"], document["id"], document["formerType"]) == ("Tombstone", post.uri, "Note")
    assert b"regretted" not in await answer.read()
    for suffix in ("/activity", "/replies"):
        assert (await rig.get(path(post.uri) + suffix)).status == 404


async def test_a_post_is_found_under_its_authors_name_only(rig: Rig) -> None:
    post = rig.post(rig.person("alice"))
    rig.person("bob")

    assert (await rig.get(f"/users/bob/posts/{post.id}")).status == 404
    assert (await rig.get(f"/users/ALICE/posts/{post.id}")).status == 200


async def test_a_local_only_post_leaves_the_house_for_nobody(rig: Rig) -> None:
    alice = rig.person("alice")
    dan = rig.stranger("dan")
    rig.befriend(rig.account(dan), alice)
    post = rig.post(alice, local_only=True)

    assert (await rig.signed_get(dan, path(post.uri))).status == 404
    assert (await rig.get(path(post.uri))).status == 404
    assert (
        post.uri.encode() not in await (await rig.get("/users/alice/outbox?page=true", Authorization=f"Bearer {rig.token(alice)}")).read()
    )


async def test_the_answers_to_a_post_are_the_public_ones(rig: Rig) -> None:
    alice, bob = rig.person("alice"), rig.person("bob")
    post = rig.post(alice)
    open_, closed = (rig.post(bob, in_reply_to_id=post.id, visibility=v) for v in ("public", "followers"))
    own = rig.post(alice, in_reply_to_id=post.id)
    rig.post(bob, in_reply_to_id=open_.id)

    whole = await (await rig.get(path(post.uri) + "/replies")).json()
    page = await (await rig.get(path(post.uri) + "/replies?page=true&only_other_accounts=true")).json()

    assert whole["type"] == "Collection" and whole["first"]["type"] == "CollectionPage"
    assert whole["first"]["items"] == [own.uri] and whole["totalItems"] == 2
    assert whole["first"]["next"] == page["id"] and page["items"] == [open_.uri]
    assert closed.uri not in str(whole) + str(page)


async def test_likes_and_shares_are_numbers_only(rig: Rig) -> None:
    alice, bob = rig.person("alice"), rig.person("bob")
    post = rig.post(alice)
    rig.instance.db.transact(interactions.favourite, bob, post.id)

    likes = await (await rig.get(path(post.uri) + "/likes")).json()

    assert likes["totalItems"] == 1 and "items" not in likes and "first" not in likes


async def test_a_boost_is_readable_at_its_id_while_what_it_boosts_is(rig: Rig) -> None:
    alice, bob = rig.person("alice"), rig.person("bob")
    post = rig.post(alice)
    boost = rig.instance.db.transact(interactions.boost, bob, post.id)

    answer = await rig.get(path(boost.uri))
    assert (await answer.json())["type"] == "Announce" and (await answer.json())["object"] == post.uri
    browser = await rig.get(path(boost.uri), "text/html")
    assert (browser.status, browser.headers["Location"]) == (302, f"{rig.base}/@alice/{post.id}")

    rig.instance.db.transact(posts.remove, alice, post.id)
    assert (await rig.get(path(boost.uri))).status == 404
    assert (await rig.get(path(boost.uri), "text/html")).status == 404


async def test_a_boost_for_followers_is_not_readable_at_its_id(rig: Rig) -> None:
    alice, bob = rig.person("alice"), rig.person("bob")
    boost = rig.instance.db.transact(interactions.boost, bob, rig.post(alice).id, "followers")

    assert (await rig.get(path(boost.uri))).status == 404


@pytest.mark.parametrize("accept", ["text/html", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8", ""])
async def test_a_browser_is_sent_to_the_page(rig: Rig, accept: str) -> None:
    post = rig.post(rig.person("alice"))

    answer = await rig.get(path(post.uri), accept)

    assert (answer.status, answer.headers["Location"]) == (302, f"{rig.base}/@alice/{post.id}")


async def test_the_address_of_the_page_gives_the_post_to_who_asks_for_that(rig: Rig) -> None:
    post = rig.post(rig.person("alice"))

    answer = await rig.get(f"/@alice/{post.id}")

    assert (await answer.json())["id"] == post.uri
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize("post_id", ["0", "9223372036854775807", "9223372036854775808", "9" * 19])
async def test_ids_of_nothing_are_not_found_DOS_02(rig: Rig, post_id: str) -> None:
    rig.person("alice")

    assert (await rig.get(f"/users/alice/posts/{post_id}")).status == 404
    assert (await rig.get(f"/activities/{post_id}")).status == 404
