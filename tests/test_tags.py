"""Following hashtags: what comes home by them, to whom it does not, and what leaves again."""

from collections.abc import Callable
from typing import Any

import pytest

from fedi import blocks, limits, moderation, tags
from fedi.errors import Invalid, NotFound
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.posts import Post
from tests import make

Run = Callable[..., Any]


def homes(tx: Tx, post: Post) -> set[int]:
    return {row[0] for row in tx.query("SELECT owner_id FROM home WHERE post_id = ?", (post.id,))}


def test_a_public_post_with_a_followed_tag_comes_home_once(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    for name in ("cats", "boats"):
        run(tags.follow, bob, name)
    run(make.follow, bob, carol)

    assert db.read(homes, run(make.post, carol, tags=("cats", "boats"))) == {bob.id}
    assert db.read(homes, run(make.post, alice, "#Cats and #boats")) == {alice.id, bob.id}
    assert db.read(homes, run(make.post, alice, "#dogs")) == {alice.id}


@pytest.mark.parametrize("visibility", ["unlisted", "followers", "direct"])
def test_what_is_not_for_everybody_does_not_come_by_its_tag(run: Run, db: Database, bob: Account, carol: Account, visibility: str) -> None:
    run(tags.follow, bob, "cats")
    assert db.read(homes, run(make.post, carol, "x", visibility, tags=("cats",))) == set()


def test_boosts_and_old_posts_do_not_come_by_their_tag(run: Run, db: Database, bob: Account, carol: Account, dan: Account) -> None:
    run(tags.follow, bob, "cats")
    post = run(make.arrive, make.note(carol, tags=("cats",)), quiet=True)
    assert db.read(homes, post) == set()
    assert db.read(homes, run(make.boost, dan, post)) == set()


def test_whom_one_shut_out_does_not_come_by_a_tag(run: Run, db: Database, bob: Account, carol: Account, dan: Account) -> None:
    """Nor who has blocked one, nor people of a server that is limited, blocked, or blocked by oneself."""
    run(tags.follow, bob, "cats")

    def comes(by: Account) -> bool:
        return db.read(homes, run(make.post, by, tags=("cats",))) == {bob.id}

    assert comes(carol) and comes(dan)
    run(blocks.mute, bob, carol.id)
    assert not comes(carol)
    run(blocks.unmute, bob, carol.id)
    run(blocks.block, bob, carol.id)
    assert not comes(carol)
    run(blocks.unblock, bob, carol.id)
    run(make.block, carol, bob)
    assert not comes(carol)
    run(blocks.block_domain, bob, dan.host)
    assert not comes(dan)
    run(blocks.unblock_domain, bob, dan.host)
    assert comes(dan)
    run(moderation.block_domain, dan.host, severity="limit")
    assert not comes(dan)


def test_what_only_the_tag_has_brought_leaves_with_it(run: Run, db: Database, alice: Account, bob: Account, carol: Account) -> None:
    for name in ("cats", "boats"):
        run(tags.follow, bob, name)
    run(make.follow, bob, carol)
    followed, both = run(make.post, carol, tags=("cats",)), run(make.post, alice, "#cats #boats")
    only, own = run(make.post, alice, "#cats"), run(make.post, bob, "#cats")

    run(tags.unfollow, bob, "cats")
    run(tags.unfollow, bob, "cats")
    run(tags.unfollow, bob, "neverseen")

    assert [bob.id in db.read(homes, post) for post in (followed, both, only, own)] == [True, True, False, True]


def test_following_tags_has_a_bound(run: Run, db: Database, bob: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FOLLOWED_TAGS", 2)
    for name in ("a", "b", "b"):
        run(tags.follow, bob, name)
    with pytest.raises(Invalid):
        run(tags.follow, bob, "c")


def test_what_is_no_hashtag_cannot_be_followed() -> None:
    assert tags.named("#Cats") == "cats"
    with pytest.raises(NotFound):
        tags.named("# !")
