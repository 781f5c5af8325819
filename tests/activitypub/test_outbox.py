"""What a local act leaves: one activity, one delivery per inbox, in its transaction."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fedi import accounts, blocks, follows, interactions, limits, posts
from fedi.accounts import Profile
from fedi.activitypub import parse, vocab
from fedi.posts import Draft
from fedi.storage import deliveries as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.deliveries import Activity
from tests import make

Run = Callable[..., Any]


def documents(tx: Tx) -> list[dict[str, Any]]:
    return [json.loads(activity.body) for activity in make.activities(tx)]


def everything(tx: Tx, alice: Account, carol: Account) -> None:
    """Alice says everything that can be said."""
    make.follow(tx, carol, alice)
    theirs = make.post(tx, carol)
    post = make.post(tx, alice, "hello @carol@peer.test", reply_to=theirs)
    posts.edit(tx, alice, post.id, Draft("hello again @carol@peer.test"), {})
    interactions.favourite(tx, alice, theirs.id)
    interactions.unfavourite(tx, alice, theirs.id)
    interactions.boost(tx, alice, theirs.id)
    interactions.unboost(tx, alice, theirs.id)
    interactions.pin(tx, alice, post.id)
    interactions.unpin(tx, alice, post.id)
    follows.follow(tx, alice, carol.id)
    follows.unfollow(tx, alice, carol.id)
    follows.remove_follower(tx, alice, carol.id)
    accounts.update_profile(tx, alice, Profile("Alice"))
    blocks.block(tx, alice, carol.id)
    blocks.unblock(tx, alice, carol.id)
    make.follow(tx, carol, alice)
    make.post(tx, alice, "to be taken back")


def test_everything_we_say_can_be_read_by_our_own_reader(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(everything, alice, carol)
    said = db.read(make.activities)
    assert {a.type for a in said} >= set("Accept Create Update Like Undo Announce Add Remove Follow Reject Block".split())
    for activity in said:
        read = parse.activity(parse.document(activity.body), activity.body)
        assert (read.id, read.type, read.actor) == (activity.uri, activity.type, alice.uri)
        assert read.object_id, activity.type
        document = json.loads(activity.body)
        assert document["@context"] == vocab.CONTEXT
        assert "bto" not in document and "bcc" not in document
        assert all(isinstance(document.get(name, []), list) for name in ("to", "cc")), "one form for all"
        assert len(activity.body) < limits.SENT_BYTES


def test_every_activity_has_an_id_of_its_own(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(everything, alice, carol)
    uris = [a.uri for a in db.read(make.activities)]
    assert len(set(uris)) == len(uris)
    assert all(uri.startswith("https://fedi.test/") for uri in uris)


def test_relations_are_told_to_the_one_concerned_only(db: Database, run: Run, alice: Account, carol: Account, dan: Account) -> None:
    run(make.follow, dan, alice)
    run(everything, alice, carol)
    for kind in ("Follow", "Block", "Reject"):
        assert db.read(make.inboxes, kind) == {carol.inbox_uri}
        assert all(d["to"] == [carol.uri] and "cc" not in d for d in db.read(documents) if d["type"] == kind)


def test_undo_accept_and_reject_carry_what_they_are_about(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(everything, alice, carol)
    found = [d for d in db.read(documents) if d["type"] in ("Undo", "Accept", "Reject")]
    assert {d["object"]["type"] for d in found} == {"Like", "Announce", "Follow", "Block"}
    for document in found:
        inner = document["object"]
        expected = carol.uri if document["type"] in ("Accept", "Reject") else alice.uri
        assert inner["actor"] == expected and isinstance(inner["object"], str) and inner["id"]


def test_addressing_says_what_the_visibility_means(db: Database, run: Run, alice: Account, carol: Account) -> None:
    public, followers = vocab.PUBLIC, alice.followers_uri
    expected = {
        "public": ([public], [followers, carol.uri]),
        "unlisted": ([followers], [public, carol.uri]),
        "followers": ([followers], [carol.uri]),
        "direct": ([carol.uri], []),
    }
    for visibility in expected:
        run(make.post, alice, "x", visibility, (carol,))
    for visibility, document in zip(expected, db.read(documents), strict=True):
        assert (document["to"], document["cc"]) == (document["object"]["to"], document["object"]["cc"]) == expected[visibility]
        assert parse.visibility(tuple(document["to"]), tuple(document["cc"]), followers) == visibility


def test_a_delete_is_addressed_like_the_post_and_says_nothing_of_it(db: Database, run: Run, alice: Account, carol: Account) -> None:
    post = run(make.post, alice, "xyzzy", "unlisted", (carol,))
    run(posts.remove, alice, post.id)
    document = db.read(documents_of, "Delete")[0]
    assert (document["to"], document["cc"]) == ([alice.followers_uri], [vocab.PUBLIC, carol.uri])
    assert document["object"]["id"] == post.uri and document["object"]["type"] == "Tombstone"
    assert "xyzzy" not in json.dumps(document)


def documents_of(tx: Tx, kind: str) -> list[dict[str, Any]]:
    return [json.loads(activity.body) for activity in make.activities(tx, kind)]


@pytest.mark.parametrize(("visibility", "public"), [("public", 1), ("unlisted", 1), ("followers", 0), ("direct", 0)])
def test_what_is_for_everybody_is_marked_so(db: Database, run: Run, alice: Account, carol: Account, visibility: str, public: int) -> None:
    run(make.post, alice, "x", visibility, (carol,))
    assert [a.public for a in db.read(make.activities)] == [public]


def test_all_acts_about_one_thing_keep_one_order(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.follow, carol, alice)
    post = run(make.post, alice)
    run(posts.edit, alice, post.id, Draft("changed"), {})
    run(posts.remove, alice, post.id)
    assert [d.object_uri for d in db.read(make.deliveries) if d.type in ("Create", "Update", "Delete")] == [post.uri]
    order = {a.type: a.object_uri for a in db.read(make.activities)}
    assert order["Create"] == order["Update"] == order["Delete"] == post.uri


def test_what_goes_to_nobody_is_not_kept_but_boosts_are_read_at_their_ids(db: Database, run: Run, alice: Account, bob: Account) -> None:
    post = run(make.post, alice)
    run(accounts.update_profile, alice, Profile("Alice"))
    assert db.read(make.activities) == []
    boost = run(interactions.boost, alice, run(make.post, bob).id)
    found = db.read(rows.find_activity_by_uri, boost.uri)
    assert isinstance(found, Activity) and (found.type, found.public, found.post_id) == ("Announce", 1, boost.id)
    run(posts.remove, alice, post.id)


def test_a_failed_act_leaves_no_delivery(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.follow, carol, alice)
    before = db.read(make.activities)

    def fails(tx: Tx) -> None:
        make.post(tx, alice)
        raise LookupError

    with pytest.raises(LookupError):
        run(fails)
    assert db.read(make.activities) == before


def test_a_very_long_post_is_sent_without_what_readers_can_spare(db: Database, run: Run, carol: Account) -> None:
    with make.database(post_chars=6_000) as roomy:
        alice = roomy.transact(make.account, "alice")
        them = roomy.transact(make.remote, "carol")
        roomy.transact(make.follow, them, alice)
        for text in ("🦊" * 5_000, "x" * 5_000):
            roomy.transact(posts.publish, alice, Draft(text, language="en"), {})
        said = roomy.read(make.activities, "Create")
        assert all(len(activity.body) <= limits.SENT_BYTES for activity in said)
        long, short = (json.loads(activity.body) for activity in said)
        assert "contentMap" not in long["object"] and long["object"]["content"].count("🦊") == 5_000
        assert short["object"]["contentMap"]["en"] == short["object"]["content"] and short["object"]["source"]
