"""Lists in both directions; who may be in them is looked at where they are served (tests/web/api)."""

import pytest

from fedi import interactions
from fedi.storage import listings
from fedi.storage import media as media_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from fedi.storage.timelines import Page
from tests import make


@pytest.mark.parametrize("column", ["suspended_at", "host_blocked", "deleted_at"])
def test_people_who_are_hidden_are_in_no_list(db: Database, alice: Account, bob: Account, column: str) -> None:
    db.transact(make.follow, bob, alice)
    db.transact(make.follow, alice, bob)
    db.transact(lambda tx: make.account_rows.update(tx, bob.id, **{column: 1}))

    assert db.read(listings.list_followers, alice.id, Page()) == db.read(listings.list_following, alice.id, Page()) == []


def test_bookmarks_of_posts_one_may_no_longer_see_are_left_out(db: Database, alice: Account, bob: Account) -> None:
    kept, lost = (db.transact(make.post, author) for author in (alice, bob))
    for post in (kept, lost):
        db.transact(interactions.bookmark, alice, post.id)
    assert db.read(listings.list_bookmarked, alice.id, Page()) == [lost.id, kept.id]

    db.transact(make.block, bob, alice)

    assert db.read(listings.list_bookmarked, alice.id, Page()) == [kept.id]


def test_the_small_things_beside(db: Database, alice: Account, bob: Account, carol: Account) -> None:
    picture = db.transact(lambda tx: media_rows.insert(tx, kind="avatar", alt="a cat"))
    db.transact(make.post, alice, "#one #two")
    db.transact(user_rows.set_settings, bob.id, {"hide_network": True})

    assert db.read(listings.list_pictures, [None, picture.id, 5, picture.id]) == {picture.id: (picture.key, "a cat")}
    assert db.read(listings.list_pictures, [None]) == {}
    assert set(db.read(listings.tag_ids, ["two", "one", "three"])) == {"one", "two"}
    assert db.read(listings.hides_network, [alice.id, bob.id, carol.id]) == {alice.id: False, bob.id: True}
    assert db.read(listings.count_hosts) == 1
