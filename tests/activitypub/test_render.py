"""Rows as ActivityPub JSON: what is there, what is not, and that our own reader understands it."""

import json
from collections.abc import Callable
from typing import Any

from fedi import accounts, interactions, limits, posts
from fedi.accounts import Profile
from fedi.activitypub import keys, parse, render, vocab
from fedi.posts import Draft
from fedi.storage import accounts as account_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import cast, make

Run = Callable[..., Any]


def test_an_actor_says_who_somebody_is_and_nothing_private(db: Database, run: Run, alice: Account) -> None:
    avatar = run(media_rows.insert, kind="avatar", account_id=alice.id, sha256="ab", mime="image/webp", alt="me")
    fields = (("Site", "https://alice.test"),)
    who = run(accounts.update_profile, alice, Profile("Alice", "I am *alice*", fields, locked=True, avatar_id=avatar.id))
    document = db.read(render.actor, who)
    assert (document["id"], document["type"], document["preferredUsername"]) == (alice.uri, "Person", "alice")
    assert document["webfinger"] == "alice@fedi.test"
    assert document["endpoints"] == {"sharedInbox": "https://fedi.test/inbox"}
    assert document["manuallyApprovesFollowers"] is True
    assert document["icon"] == {"type": "Image", "mediaType": "image/webp", "url": f"https://fedi.test/media/{avatar.key}", "summary": "me"}
    assert document["attachment"][0]["name"] == "Site" and 'rel="me' in document["attachment"][0]["value"]
    assert document["published"].endswith("T00:00:00.000Z"), "the day, not the moment"
    text = json.dumps(document)
    assert "mail.test" not in text and "PRIVATE" not in text and "user" not in document


def test_an_actor_is_read_by_our_own_reader(db: Database, run: Run, alice: Account) -> None:
    run(account_rows.update, alice.id, also_known_as='["https://old.test/a"]', moved_to_uri="https://new.test/a")
    read = parse.actor(parse.document(render.dump(db.read(render.actor, db.read(make.again, alice)))))
    assert (read.id, read.username, read.inbox, read.shared_inbox) == (alice.uri, "alice", alice.inbox_uri, "https://fedi.test/inbox")
    assert read.also_known_as == ("https://old.test/a",) and read.moved_to == "https://new.test/a"
    rsa = next(key for key in read.keys if key.id.endswith("#main-key"))
    assert keys.load_public(rsa.pem) == keys.load_public(keys.public_pem(cast.ALICE.rsa_pem))
    ed25519 = next(key for key in read.keys if key.id.endswith("#ed25519-key"))
    assert ed25519.owner == alice.uri


def test_the_instance_actor_is_an_application(db: Database, run: Run) -> None:
    actor = run(accounts.create_instance_actor, cast.rsa_pem("x"), cast.ed25519_pem("x"))
    document = db.read(render.actor, actor)
    assert (document["type"], document["id"], document["manuallyApprovesFollowers"]) == ("Application", "https://fedi.test/actor", True)
    assert parse.actor(parse.document(render.dump(document))).username == "fedi.test"


def test_a_note_says_what_was_written(db: Database, run: Run, alice: Account, carol: Account) -> None:
    asked = run(make.post, carol)
    post = run(make.post, alice, "*hi* @carol@peer.test #Topic", reply_to=asked, warning="w", language="pt-BR")
    picture = run(
        media_rows.insert,
        kind="image",
        account_id=alice.id,
        sha256="ab",
        mime="image/webp",
        width=3,
        height=2,
        alt="a cat",
        blurhash="LEHV",
    )
    run(post_rows.set_media, post.id, [picture.id])
    document = db.read(render.note, post)
    assert (document["id"], document["attributedTo"], document["inReplyTo"]) == (post.uri, alice.uri, asked.uri)
    assert "<em>hi</em>" in document["content"] and document["contentMap"] == {"pt-BR": document["content"]}
    assert document["source"] == {"content": post.content_source, "mediaType": "text/markdown"}
    assert (document["summary"], document["sensitive"]) == ("w", True)
    assert {"type": "Mention", "href": carol.uri, "name": "@carol@peer.test"} in document["tag"]
    assert {"type": "Hashtag", "href": "https://fedi.test/tags/topic", "name": "#topic"} in document["tag"]
    (shown,) = document["attachment"]
    assert (shown["type"], shown["name"], shown["width"], shown["blurhash"]) == ("Image", "a cat", 3, "LEHV")
    assert "updated" not in document and "directMessage" not in document


def test_a_note_is_read_back_as_what_it_was(db: Database, run: Run, alice: Account, carol: Account) -> None:
    for visibility in ("public", "unlisted", "followers", "direct"):
        post = run(make.post, alice, "hi #topic", visibility, (carol,))
        read = parse.note(parse.document(render.dump(db.read(render.note, post))), post.received_at, alice.followers_uri)
        assert (read.id, read.visibility, read.content) == (post.uri, visibility, post.content_html)
        assert read.mention_hrefs == (carol.uri,) and read.tags == ("topic",)
        assert read.published_at == post.published_at and read.updated_at is None


def test_whom_a_post_is_sent_to_without_a_name_is_addressed_but_not_tagged(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account
) -> None:
    post = run(make.post, alice, "hi", "direct")
    run(post_rows.set_mentions, post.id, [bob.id], [carol.id])
    document = db.read(render.note, post)
    assert set(document["to"]) == {bob.uri, carol.uri}
    assert [tag["href"] for tag in document["tag"]] == [bob.uri]
    assert document["directMessage"] is True


def test_an_edited_note_says_when(db: Database, run: Run, alice: Account) -> None:
    post = run(make.post, alice)
    edited = run(posts.edit, alice, post.id, Draft("changed"), {})
    document = db.read(render.update, edited)
    assert document["object"]["updated"] == document["published"] and document["id"].startswith(f"{post.uri}#updates/")


def test_counts_are_of_public_acts(db: Database, run: Run, alice: Account, bob: Account) -> None:
    post = run(make.post, alice)
    run(interactions.favourite, bob, post.id)
    run(interactions.boost, bob, post.id, "followers")
    document = db.read(render.note, db.read(make.fresh, post))
    assert document["likes"]["totalItems"] == 1 and document["shares"]["totalItems"] == 0


def test_a_boost_is_addressed_as_its_visibility_says(run: Run, alice: Account, carol: Account) -> None:
    post = run(make.post, carol)
    expected = {
        "public": ([vocab.PUBLIC], [alice.followers_uri, carol.uri]),
        "unlisted": ([alice.followers_uri], [vocab.PUBLIC]),
        "followers": ([alice.followers_uri], []),
    }
    for visibility, (to, cc) in expected.items():
        boost = run(interactions.boost, alice, post.id, visibility)
        document = render.announce(boost, alice, post.uri, carol.uri)
        assert (document["to"], document["cc"], document["object"]) == (to, cc, post.uri)
        run(interactions.unboost, alice, post.id)


def test_a_tombstone_says_what_it_was_and_when_it_ended() -> None:
    assert render.tombstone("https://fedi.test/1", "", 0) == {
        "id": "https://fedi.test/1",
        "type": "Tombstone",
        "formerType": "Note",
        "deleted": "1970-01-01T00:00:00.000Z",
    }


def test_collections_and_their_pages() -> None:
    assert render.collection("u", 3) == {"id": "u", "type": "OrderedCollection", "totalItems": 3}
    assert render.collection("u", 1, items=["x"], ordered=False) == {"id": "u", "type": "Collection", "totalItems": 1, "items": ["x"]}
    assert render.page("u?p", "u", ["x"], next_uri="n") == {
        "id": "u?p",
        "type": "OrderedCollectionPage",
        "partOf": "u",
        "orderedItems": ["x"],
        "next": "n",
    }


def test_every_document_has_the_one_context_and_fits(db: Database, run: Run, alice: Account) -> None:
    body = render.dump(db.read(render.create, run(make.post, alice)))
    document = json.loads(body)
    assert next(iter(document)) == "@context" and document["@context"] == vocab.CONTEXT
    assert len(body) < limits.SENT_BYTES
