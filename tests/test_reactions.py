"""Reactions: one emoji, once per person, counted among the likes; seen by who may see the post."""

import json

import pytest

from fedi import accounts, interactions, limits, reactions
from fedi.activitypub.parse_files import Emoji as Said
from fedi.errors import Invalid, NotFound
from fedi.storage import reactions as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.posts import Post
from tests import make

BLOB = Said("blobcat", "https://peer.test/emoji/blobcat.png", "https://peer.test/emojis/blobcat", 0)


@pytest.fixture
def db() -> Database:
    return make.database()


def names(tx: Tx, post: Post, viewer: Account | None = None) -> dict[str, int]:
    return {tally.name: tally.number for tally in rows.list_tallies(tx, viewer.id if viewer else 0, [post.id]).get(post.id, [])}


def likes(tx: Tx, post: Post) -> int:
    return make.fresh(tx, post).favourites_count


@pytest.mark.parametrize("text", ["👍", "🎉", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "⭐", "☺️", "↔️", "‼️", "🫨", "❤️‍🔥", "㊗️", "™️"])
def test_an_emoji_is_one_emoji(text: str) -> None:
    found = reactions.character(text)
    assert found and found.replace("\ufe0f", "") == text.replace("\ufe0f", "") and reactions.character(found) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "ab",
        "1",
        "👍👍",
        "👍a",
        "👍 👍",
        "🇩",
        "🇩🇪🇫",
        "\u200d",
        "👍\u200d",
        "\ufe0f",
        "\u202e",
        "<b>",
        "12⃣",
        "é",
        "名",
        "\u200d" * 30,
    ],
)
def test_what_is_not_one_emoji_is_none(text: str) -> None:
    assert reactions.character(text) == ""


def test_with_and_without_the_sign_of_presentation_are_one_reaction(db: Database) -> None:
    def given(tx: Tx) -> None:
        post = make.post(tx, make.account(tx, "alice"))
        for who, text in ((make.remote(tx), "❤"), (make.remote(tx), "❤️")):
            reactions.receive(tx, who, post, text, None, "")
        assert names(tx, post) == {"❤️": 2}

    db.transact(given)


def test_somebody_who_reacts_and_likes_is_one_who_likes(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, bob = make.account(tx, "alice"), make.account(tx, "bob")
        post = make.post(tx, alice)
        steps = [
            (reactions.react, "👍", 1), (reactions.react, "🎉", 1), (interactions.favourite, None, 1), (reactions.react, "👍", 1),
            (reactions.unreact, "👍", 1), (reactions.unreact, "🎉", 1), (interactions.unfavourite, None, 0),
            (interactions.favourite, None, 1), (reactions.react, "👍", 1), (interactions.unfavourite, None, 1),
            (reactions.unreact, "👍", 0), (reactions.unreact, "👍", 0),
        ]  # fmt: skip
        for act, text, expected in steps:
            act(tx, bob, post.id, *([text] if text else []))  # type: ignore[operator]
            assert likes(tx, post) == expected, (act, text)

    db.transact(given)


def test_the_author_is_told_once_and_not_any_more_when_all_is_taken_back(db: Database) -> None:
    def told(tx: Tx, who: Account) -> list[str]:
        return [row[0] for row in tx.query("SELECT kind FROM notifications WHERE account_id = ?", (who.id,))]

    def given(tx: Tx) -> None:
        alice, bob = make.account(tx, "alice"), make.account(tx, "bob")
        post = make.post(tx, alice)
        for text in ("👍", "🎉"):
            reactions.react(tx, bob, post.id, text)
        assert told(tx, alice) == ["reaction"]
        reactions.unreact(tx, bob, post.id, "👍")
        assert told(tx, alice) == ["reaction"]
        reactions.unreact(tx, bob, post.id, "🎉")
        assert told(tx, alice) == []

    db.transact(given)


@pytest.mark.parametrize("text", ["", "hello", ":unknown:", "👍👍", "blobcat@peer.test", "a" * 10_000])
def test_what_nobody_has_is_refused(db: Database, text: str) -> None:
    def given(tx: Tx) -> None:
        post = make.post(tx, make.account(tx))
        with pytest.raises(Invalid):
            reactions.react(tx, make.account(tx), post.id, text)

    db.transact(given)


def test_nobody_reacts_to_what_they_may_not_see(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, bob, carol = make.account(tx, "alice"), make.account(tx, "bob"), make.remote(tx, "carol")
        post = make.post(tx, alice, visibility="followers")
        with pytest.raises(NotFound):
            reactions.react(tx, bob, post.id, "👍")
        reactions.receive(tx, carol, post, "👍", None, "")
        assert names(tx, post) == {} and likes(tx, post) == 0

    db.transact(given)


def test_so_many_different_ones_of_one_person_and_under_one_post(db: Database) -> None:
    def given(tx: Tx) -> None:
        post, bob = make.post(tx, make.account(tx, "alice")), make.account(tx, "bob")
        signs = [chr(0x1F400 + number) for number in range(limits.REACTIONS + 10)]
        for sign in signs[: limits.REACTIONS_EACH]:
            reactions.react(tx, bob, post.id, sign)
        with pytest.raises(Invalid):
            reactions.react(tx, bob, post.id, signs[50])
        for sign in signs:
            reactions.receive(tx, make.remote(tx), post, sign, None, "")
        assert len(names(tx, post)) == limits.REACTIONS and names(tx, post)[signs[0]] == 2

    db.transact(given)


def test_what_is_sent_is_a_like_that_says_more(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, carol = make.account(tx, "alice"), make.remote(tx, "carol")
        post = make.post(tx, carol)
        reactions.react(tx, alice, post.id, "🎉")
        reactions.unreact(tx, alice, post.id, "🎉")
        like, undo = (json.loads(make.activities(tx, kind)[0].body) for kind in ("Like", "Undo"))
        assert like["content"] == like["_misskey_reaction"] == "🎉" and like["object"] == post.uri and like["to"] == [carol.uri]
        assert undo["object"]["id"] == like["id"] and undo["object"]["content"] == "🎉"
        assert make.inboxes(tx, "Like") == make.inboxes(tx, "Undo") == {carol.shared_inbox_uri}

    db.transact(given)


def test_a_custom_emoji_of_another_server_can_be_joined_where_it_stands(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, bob, carol = make.account(tx, "alice"), make.account(tx, "bob"), make.remote(tx, "carol")
        post, other = make.post(tx, carol), make.post(tx, carol)
        assert reactions.receive(tx, carol, post, ":blobcat:", BLOB, "https://peer.test/r/1")
        (tally,) = rows.list_tallies(tx, 0, [post.id])[post.id]
        assert (tally.name, tally.host) == ("blobcat", "peer.test") and tally.key
        reactions.react(tx, alice, post.id, "blobcat@peer.test")
        with pytest.raises(Invalid):
            reactions.react(tx, bob, other.id, "blobcat@peer.test")
        sent = json.loads(make.activities(tx, "Like")[0].body)
        assert sent["content"] == ":blobcat:" and sent["tag"][0]["icon"]["url"] == BLOB.url
        assert names(tx, post) == {"blobcat": 2}

    db.transact(given)


def test_names_are_for_those_no_block_stands_between(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, bob, mallory = make.account(tx, "alice"), make.account(tx, "bob"), make.remote(tx, "mallory", "evil.test")
        post = make.post(tx, alice)
        make.block(tx, bob, mallory)
        reactions.receive(tx, mallory, post, "👍", None, "")
        assert [who.id for *_, who in rows.list_people(tx, alice.id, post.id, 10)] == [mallory.id]
        assert rows.list_people(tx, bob.id, post.id, 10) == []

    db.transact(given)


def test_with_an_account_its_reactions_go_and_the_count_with_them(db: Database) -> None:
    def given(tx: Tx) -> None:
        carol = make.remote(tx, "carol")
        post = make.post(tx, make.account(tx, "alice"))
        reactions.receive(tx, carol, post, "👍", None, "")
        interactions.receive_favourite(tx, carol, post, "https://peer.test/l/1")
        assert likes(tx, post) == 1
        accounts.delete_remote(tx, carol)
        assert likes(tx, post) == 0 and names(tx, post) == {}

    db.transact(given)
