from collections.abc import Callable
from typing import Any

import pytest

from fedi import interactions
from fedi.errors import Forbidden, Invalid, NotFound
from fedi.storage import interactions as rows
from fedi.storage import notifications as notification_rows
from fedi.storage import posts as post_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.interactions import Flags
from fedi.storage.posts import Post
from tests import make

Run = Callable[..., Any]


def kinds(tx: Tx, owner: Account) -> list[str]:
    return [n.kind for n in notification_rows.list_of(tx, owner.id)]


def flags(tx: Tx, who: Account, post: Post) -> Flags:
    return rows.list_flags(tx, who.id, [post.id])[post.id]


def test_liking_counts_once_and_tells_the_author(db: Database, run: Run, alice: Account, bob: Account) -> None:
    post = run(make.post, alice)
    for _ in range(3):
        assert run(interactions.favourite, bob, post.id).favourites_count == 1
    assert db.read(kinds, alice) == ["favourite"]
    assert db.read(flags, bob, post) == Flags(favourited=True)
    assert [a.id for _, a in db.read(rows.list_favouriters, post.id)] == [bob.id]
    for _ in range(2):
        assert run(interactions.unfavourite, bob, post.id).favourites_count == 0
    assert db.read(kinds, alice) == []
    assert db.read(flags, bob, post) == Flags()


def test_a_like_of_somebody_elsewhere_is_told_to_them_alone(db: Database, run: Run, alice: Account, carol: Account, dan: Account) -> None:
    run(make.follow, dan, alice)
    post = run(make.post, carol)
    run(interactions.favourite, alice, post.id)
    run(interactions.unfavourite, alice, post.id)
    said = [d for d in db.read(make.deliveries) if d.type in ("Like", "Undo")]
    assert [(d.type, d.inbox_uri) for d in said] == [("Like", carol.shared_inbox_uri), ("Undo", carol.shared_inbox_uri)]
    assert said[0].object_uri == said[1].object_uri == post.uri, "the Undo stays behind the Like"


def test_acting_on_a_boost_acts_on_what_it_boosts(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    post = run(make.post, alice)
    boost = run(make.boost, carol, post)
    assert run(interactions.favourite, bob, boost.id).id == post.id
    assert run(interactions.bookmark, bob, boost.id).id == post.id
    assert run(interactions.boost, bob, boost.id).boost_of_id == post.id
    assert db.read(flags, bob, post) == Flags(favourited=True, boosted=True, bookmarked=True)


ACTS = [getattr(interactions, name) for name in "favourite unfavourite boost unboost bookmark unbookmark pin unpin".split()]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_what_one_may_not_see_one_may_not_touch(db: Database, run: Run, dump: Any, alice: Account, bob: Account, act: Any) -> None:
    secret = run(make.post, alice, "secret", "direct")
    before = dump()
    for post_id in (secret.id, 1):
        with pytest.raises(NotFound):
            run(act, bob, post_id)
    assert dump() == before


# -- boosts --


def test_boosting_counts_once_and_goes_into_homes(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    run(make.follow, alice, bob)
    post = run(make.post, carol)
    boost = run(interactions.boost, bob, post.id)
    assert run(interactions.boost, bob, post.id).id == boost.id
    assert db.read(make.fresh, post).boosts_count == 1
    assert db.read(make.again, bob).posts_count == 1
    assert (alice.id, boost.id) in {(r[0], r[1]) for r in db.read(lambda tx: tx.query("SELECT owner_id, post_id FROM home"))}
    assert [a.id for _, a in db.read(rows.list_boosters, 0, post.id)] == [bob.id]
    assert run(interactions.unboost, bob, post.id).boosts_count == 0
    run(interactions.unboost, bob, post.id)
    assert db.read(make.again, bob).posts_count == 0
    assert db.read(post_rows.find, boost.id) is None


def test_a_boost_tells_its_author_and_followers_and_so_does_its_end(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, mallory: Account
) -> None:
    run(make.follow, mallory, alice)
    theirs, ours = run(make.post, carol), run(make.post, bob)
    run(interactions.boost, alice, theirs.id)
    run(interactions.boost, alice, ours.id)
    assert db.read(kinds, bob) == ["boost"]
    both = {mallory.shared_inbox_uri, carol.shared_inbox_uri}
    assert db.read(make.inboxes, "Announce") == both
    run(interactions.unboost, alice, theirs.id)
    assert db.read(make.inboxes, "Undo") == both
    assert len({d.object_uri for d in db.read(make.deliveries) if d.inbox_uri == carol.shared_inbox_uri}) == 1


@pytest.mark.parametrize("visibility", ["followers", "direct"])
def test_what_is_not_public_is_boosted_by_nobody_else(run: Run, alice: Account, bob: Account, visibility: str) -> None:
    run(make.follow, bob, alice)
    post = run(make.post, alice, "hush", visibility, (bob,))
    with pytest.raises(Forbidden):
        run(interactions.boost, bob, post.id)


def test_what_is_kept_here_is_not_boosted(run: Run, alice: Account) -> None:
    post = run(make.post, alice, "hush", local_only=True)
    with pytest.raises(Forbidden):
        run(interactions.boost, alice, post.id)


def test_ones_own_post_for_followers_is_boosted_for_followers(db: Database, run: Run, alice: Account, bob: Account) -> None:
    post = run(make.post, alice, "again", "followers")
    boost = run(interactions.boost, alice, post.id)
    assert boost.visibility == "followers"
    assert db.read(make.fresh, post).boosts_count == 0
    assert db.read(post_rows.find_visible, bob.id, boost.id) is None
    own_direct = run(make.post, alice, "x", "direct")
    with pytest.raises(Forbidden):
        run(interactions.boost, alice, own_direct.id)


def test_a_boost_is_never_direct(run: Run, alice: Account, bob: Account) -> None:
    with pytest.raises(Invalid):
        run(interactions.boost, alice, run(make.post, bob).id, "direct")


# -- bookmarks and pins --


def test_bookmarks_are_private_and_come_in_pages(db: Database, run: Run, alice: Account, bob: Account) -> None:
    posts = [run(make.post, alice, str(n)) for n in range(3)]
    for post in posts:
        run(interactions.bookmark, bob, post.id)
        run(interactions.bookmark, bob, post.id)
    assert db.read(rows.list_bookmarked, bob.id, 0, 2) == [posts[2].id, posts[1].id]
    assert db.read(rows.list_bookmarked, bob.id, posts[1].id, 2) == [posts[0].id]
    assert db.read(rows.list_bookmarked, alice.id, 0, 2) == []
    assert db.read(make.activities) == [] and db.read(kinds, alice) == []
    run(interactions.unbookmark, bob, posts[0].id)
    assert posts[0].id not in db.read(rows.list_bookmarked, bob.id, 0, 5)


def test_up_to_five_own_posts_are_pinned_and_no_messages(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    run(make.follow, carol, alice)
    posts = [run(make.post, alice, str(n)) for n in range(6)]
    for post in posts[:5]:
        run(interactions.pin, alice, post.id)
    run(interactions.pin, alice, posts[0].id)
    with pytest.raises(Invalid):
        run(interactions.pin, alice, posts[5].id)
    assert db.read(rows.count_pins, alice.id) == 5
    assert len(db.read(make.activities, "Add")) == 5
    run(interactions.unpin, alice, posts[0].id)
    run(interactions.unpin, alice, posts[0].id)
    assert len(db.read(make.activities, "Remove")) == 1
    assert db.read(flags, alice, posts[1]).pinned and not db.read(flags, alice, posts[0]).pinned
    with pytest.raises(Forbidden):
        run(interactions.pin, bob, posts[0].id)
    with pytest.raises(Invalid, match="Messages"):
        run(interactions.pin, alice, run(make.post, alice, "x", "direct").id)
    run(interactions.pin, alice, run(make.post, alice, "x", "followers").id)


# -- from the wire --


def test_likes_of_many_ids_by_one_person_count_once(db: Database, run: Run, alice: Account, carol: Account) -> None:
    post = run(make.post, alice)
    for n in range(100):
        run(interactions.receive_favourite, carol, post, f"https://peer.test/l/{n}")
    assert db.read(make.fresh, post).favourites_count == 1
    assert db.read(kinds, alice) == ["favourite"]
    run(interactions.receive_unfavourite, carol, post)
    run(interactions.receive_unfavourite, carol, post)
    assert db.read(make.fresh, post).favourites_count == 0


def test_boosts_of_many_ids_by_one_person_count_once(db: Database, run: Run, alice: Account, carol: Account) -> None:
    post = run(make.post, alice)
    made = [run(interactions.receive_boost, carol, post, f"https://peer.test/a/{n}", 0, "public") for n in range(100)]
    assert [one is not None for one in made] == [True] + [False] * 99
    assert db.read(make.fresh, post).boosts_count == 1
    assert db.read(kinds, alice) == ["boost"]
    run(interactions.receive_unboost, carol, made[0])
    assert db.read(make.fresh, post).boosts_count == 0
    assert db.read(kinds, alice) == []


def test_an_undo_before_its_like_or_boost_wins(db: Database, run: Run, alice: Account, carol: Account, dan: Account) -> None:
    post = run(make.post, alice)
    run(tombstone_rows.put, "https://peer.test/1", carol.uri)
    run(interactions.receive_favourite, carol, post, "https://peer.test/1")
    assert run(interactions.receive_boost, carol, post, "https://peer.test/1", 0, "public") is None
    assert (db.read(make.fresh, post).favourites_count, db.read(make.fresh, post).boosts_count) == (0, 0)
    run(interactions.receive_favourite, dan, post, "https://peer.test/1")
    assert db.read(make.fresh, post).favourites_count == 1, "what carol takes back was carol's only"


def test_what_they_may_not_see_they_cannot_touch_from_elsewhere(
    db: Database, run: Run, alice: Account, carol: Account, mallory: Account
) -> None:
    secret, public = run(make.post, alice, "s", "followers"), run(make.post, alice)
    run(make.block, alice, mallory)
    for who, post in ((carol, secret), (mallory, public)):
        run(interactions.receive_favourite, who, post, f"{who.uri}/l")
        assert run(interactions.receive_boost, who, post, f"{who.uri}/a", 0, "public") is None
        assert db.read(make.fresh, post)._replace(version=0) == post._replace(version=0)
    assert db.read(kinds, alice) == []


def test_a_follower_elsewhere_likes_but_does_not_boost_what_is_for_followers(
    db: Database, run: Run, alice: Account, carol: Account
) -> None:
    run(make.follow, carol, alice)
    post = run(make.post, alice, "friends", "followers")
    run(interactions.receive_favourite, carol, post, "https://peer.test/l")
    assert db.read(make.fresh, post).favourites_count == 1
    assert run(interactions.receive_boost, carol, post, "https://peer.test/a", 0, "public") is None


def test_only_who_boosted_takes_a_boost_back(db: Database, run: Run, alice: Account, carol: Account, dan: Account) -> None:
    post = run(make.post, alice)
    boost = run(make.boost, carol, post)
    run(interactions.receive_unboost, dan, boost)
    run(interactions.receive_unboost, alice, post)
    assert db.read(make.fresh, post).boosts_count == 1
    assert db.read(post_rows.find, boost.id)


def test_nobody_has_flags_without_being_somebody(db: Database, run: Run, alice: Account) -> None:
    assert db.read(rows.list_flags, 0, [run(make.post, alice).id]) == {}
