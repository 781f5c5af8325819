"""The answers to a post and the conversation it began, as other servers read them: in order, in pages, and public only."""

import re
from typing import Any

import pytest

from fedi import blocks, clock
from fedi.activitypub import parse, render, render_threads
from fedi.activitypub.parse_totals import totals
from fedi.storage import posts as post_rows
from fedi.storage.posts import Post
from tests import make
from tests.web.rig import Rig


def path(uri: str) -> str:
    return uri.removeprefix("https://fedi.test")


async def read(rig: Rig, uri: str, status: int = 200) -> Any:
    answer = await rig.get(path(uri))
    assert answer.status == status
    return await answer.json()


def document(rig: Rig, post: Post) -> dict[str, Any]:
    return rig.instance.db.read(render.note, rig.instance.db.read(lambda tx: post_rows.get(tx, post.id)))


async def test_a_public_post_names_its_thread_and_its_answers(rig: Rig) -> None:
    """As Mastodon and we ourselves read them."""
    alice, bob = rig.person("alice"), rig.person("bob")
    post = rig.post(alice, "root")
    answer = rig.post(bob, "answer", in_reply_to_id=post.id)
    deep = rig.post(alice, "deep", in_reply_to_id=answer.id)
    private = rig.post(alice, "private", visibility="followers")

    made = document(rig, post)
    assert made["context"] == f"{rig.base}/contexts/{post.id}"
    assert document(rig, answer)["context"] == document(rig, deep)["context"] == made["context"]
    assert "context" not in document(rig, private) and isinstance(document(rig, private)["replies"], str)
    note = parse.note(made, clock.now(), alice.followers_uri)
    assert (note.context, note.replies_uri) == (made["context"], f"{post.uri}/replies")
    assert totals(made)[:3] == (1, 0, 0)


async def test_an_answer_to_somebody_elsewhere_names_the_thread_of_its_first_post(rig: Rig) -> None:
    alice, carol = rig.person("alice"), rig.account(rig.stranger("carol"))
    root = rig.instance.db.transact(make.post, carol, context="https://peer.test/contexts/1")
    middle = rig.instance.db.transact(make.post, carol, reply_to=root, context="https://peer.test/contexts/other")
    assert document(rig, rig.post(alice, in_reply_to_id=middle.id))["context"] == root.context_uri
    tag = rig.instance.db.transact(make.post, carol, context="tag:peer.test,2026:conversation")
    assert "context" not in document(rig, rig.post(alice, in_reply_to_id=tag.id))


async def test_the_conversation_has_its_public_posts_the_oldest_first(rig: Rig) -> None:
    alice, bob = rig.person("alice"), rig.person("bob")
    post = rig.post(alice, "root")
    one = rig.post(bob, in_reply_to_id=post.id)
    rig.post(bob, in_reply_to_id=one.id, visibility="followers")
    rig.post(bob, in_reply_to_id=one.id, local_only=True)
    two = rig.post(alice, in_reply_to_id=one.id)

    found = await read(rig, post.context_uri)

    assert (found["type"], found["attributedTo"], found["totalItems"]) == ("OrderedCollection", alice.uri, 3)
    assert found["first"]["orderedItems"] == [post.uri, one.uri, two.uri] and "next" not in found["first"]
    page = await read(rig, found["first"]["id"])
    assert page == {"@context": page["@context"], **found["first"]}
    browser = await rig.get(path(post.context_uri), "text/html")
    assert browser.status == 302 and browser.headers["Location"] == post.url


async def test_long_conversations_and_long_lists_of_answers_have_pages(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_threads, "PAGE", 2)
    alice, bob = rig.person("alice"), rig.person("bob")
    post = rig.post(alice, "root")
    own = [rig.post(alice, in_reply_to_id=post.id).uri for _ in range(7)]
    others = [rig.post(bob, in_reply_to_id=post.id).uri for _ in range(3)]

    found, listed = await read(rig, post.context_uri), []
    page = found["first"]
    while True:
        listed += page["orderedItems"]
        if "next" not in page:
            break
        page = await read(rig, page["next"])
    assert listed == [post.uri, *own, *others]

    page, listed = (await read(rig, f"{post.uri}/replies"))["first"], []
    assert page["items"] == own[:5]
    for _ in range(10):
        listed += page["items"]
        if "next" not in page:
            break
        page = await read(rig, page["next"])
    assert listed == [*own, *others]


async def test_whom_the_author_has_blocked_is_not_among_the_answers(rig: Rig) -> None:
    alice, bob = rig.person("alice"), rig.person("bob")
    post = rig.post(alice, "root")
    answer = rig.post(bob, in_reply_to_id=post.id)
    rig.instance.db.transact(blocks.block, alice, bob.id)
    assert answer.uri not in str(await read(rig, f"{post.uri}/replies?page=true&only_other_accounts=true"))


async def test_conversations_that_are_not_for_everybody_are_not_found(rig: Rig) -> None:
    alice = rig.person("alice")
    private, post = rig.post(alice, "private", visibility="followers"), rig.post(alice, "root")
    answer, here = rig.post(alice, in_reply_to_id=post.id), rig.post(alice, "here", local_only=True)
    for one in (private, answer, here):
        await read(rig, f"{rig.base}/contexts/{one.id}", 404)
    await read(rig, f"{rig.base}/contexts/{2**63 - 1}", 404)


@pytest.mark.parametrize("query", ["?page=true&min_id=-1", "?page=true&min_id=x", "?page=true&min_id=99999999999999999999", "?page[]=1"])
async def test_odd_pages_are_no_fault_of_ours(rig: Rig, query: str) -> None:
    post = rig.post(rig.person("alice"))
    for place in (path(post.context_uri), path(post.uri) + "/replies"):
        assert (await rig.get(place + query)).status in (200, 400, 404, 422)


def test_every_address_of_a_thread_is_of_this_server(rig: Rig) -> None:
    post = rig.post(rig.person("alice"))
    found = [uri for uri in re.findall(r"https?://[^\"' ]+", str(document(rig, post))) if "/replies" in uri or "/contexts/" in uri]
    assert found and all(uri.startswith("https://fedi.test/") for uri in found)
