"""Hashtags on profiles, and what stands on top of profiles elsewhere."""

import pytest

from fedi import featured, interactions, limits
from fedi.errors import Conflict, Invalid, NotFound
from fedi.storage import featured_tags as rows
from fedi.storage import interactions as interaction_rows
from fedi.storage.db import Database, Tx
from tests import make


@pytest.fixture
def db() -> Database:
    return make.database()


def test_a_hashtag_stands_on_a_profile_once_with_the_number_of_public_posts(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, bob = make.account(tx, "alice"), make.account(tx, "bob")
        for text, visibility in (("#cats", "public"), ("#Cats again", "unlisted"), ("#cats in secret", "followers")):
            make.post(tx, alice, text, visibility)
        make.post(tx, bob, "#cats too")
        made = featured.add_tag(tx, alice, "#CATS")
        assert (made.name, made.posts_count, made.last_post_at) == ("cats", 2, tx.now)
        with pytest.raises(Conflict):
            featured.add_tag(tx, alice, "cats")
        featured.remove_tag(tx, alice, made.tag_id)
        with pytest.raises(NotFound):
            featured.remove_tag(tx, alice, made.tag_id)
        assert rows.list_of(tx, alice.id) == []

    db.transact(given)


@pytest.mark.parametrize("name", ["", "#", "two words", "a-b!", "🐈"])
def test_what_is_no_hashtag_is_refused(db: Database, name: str) -> None:
    with pytest.raises(Invalid):
        db.transact(lambda tx: featured.add_tag(tx, make.account(tx), name))


def test_so_many_hashtags_and_no_more(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice = make.account(tx, "alice")
        for number in range(limits.FEATURED_TAGS):
            featured.add_tag(tx, alice, f"tag{number}")
        with pytest.raises(Invalid):
            featured.add_tag(tx, alice, "another")

    db.transact(given)


def test_hashtags_one_uses_most_are_suggested(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice = make.account(tx, "alice")
        for text in ("#a #b", "#b", "#c #b", "#a"):
            make.post(tx, alice, text)
        make.post(tx, make.account(tx), "#d")
        featured.add_tag(tx, alice, "b")
        assert rows.list_suggested(tx, alice.id, 10) == ["a", "c"]

    db.transact(given)


def test_auz_16_pins_of_others_are_their_own_public_posts_and_bounded(db: Database) -> None:
    def given(tx: Tx) -> None:
        carol, dan = make.remote(tx, "carol"), make.remote(tx, "dan")
        good = [make.post(tx, carol) for _ in range(limits.FEATURED + 5)]
        bad = [make.post(tx, dan), make.post(tx, carol, visibility="followers"), make.boost(tx, carol, make.post(tx, dan))]
        featured.replace_pins(tx, carol, [one.id for one in bad])
        assert interaction_rows.list_pins(tx, carol.id) == []
        featured.replace_pins(tx, carol, [999, *(one.id for one in good)])
        assert len(interaction_rows.list_pins(tx, carol.id)) == limits.FEATURED - 1
        featured.receive_pin(tx, dan, good[-1], added=True)
        featured.receive_pin(tx, dan, good[0], added=False)
        assert interaction_rows.list_pins(tx, dan.id) == [] and good[0].id in interaction_rows.list_pins(tx, carol.id)

    db.transact(given)


def test_a_pin_of_ones_own_is_not_touched_by_others(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, carol = make.account(tx, "alice"), make.remote(tx, "carol")
        post = make.post(tx, alice)
        interactions.pin(tx, alice, post.id)
        featured.receive_pin(tx, carol, post, added=False)
        assert interaction_rows.list_pins(tx, alice.id) == [post.id]

    db.transact(given)
