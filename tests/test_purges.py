from collections.abc import Callable
from typing import Any

import orjson
import pytest

from fedi import accounts, interactions, purges
from fedi.instance import Instance
from fedi.storage import accounts as rows
from fedi.storage import jobs as job_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import cast, make
from tests.test_counters import faults

Run = Callable[..., Any]


@pytest.fixture
def in_threes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purges, "SLICE", 3)


@pytest.mark.parametrize("here", [True, False], ids=["here", "elsewhere"])
def test_many_posts_go_in_slices_and_are_hidden_from_the_first_moment(
    db: Database, run: Run, in_threes: None, bob: Account, here: bool
) -> None:
    """Given an account with more posts than go at once, which others liked, boosted and answered."""
    who = run(make.person, cast.ALICE if here else cast.CAROL)
    made = [run(make.post, who, f"post {n}") for n in range(7)]
    run(make.follow, bob, who)
    run(interactions.favourite, bob, made[0].id)
    run(make.boost, bob, made[1])
    theirs = run(make.post, bob)
    run(make.post, who, "answer", reply_to=theirs)
    run(make.boost, who, theirs)

    run(accounts.delete_local if here else accounts.delete_remote, db.read(make.again, who))
    assert db.read(post_rows.list_visible, bob.id, [post.id for post in made]) == {}
    assert db.read(rows.get, who.id).is_hidden and db.read(make.again, bob).following_count == 0
    left = [len(db.read(post_rows.list_ids_of, who.id, 100))]
    while run(purges.some, who.id):
        left.append(len(db.read(post_rows.list_ids_of, who.id, 100)))

    assert left == [9, 6, 3, 0]
    assert db.read(faults) == {}
    now = db.read(make.fresh, theirs)
    assert (now.replies_count, now.boosts_count) == (0, 0)
    assert (db.read(rows.find, who.id) is not None) == here, "a name of ours stays taken"
    assert all((db.read(tombstone_rows.find, post.uri) is not None) for post in made) or not here
    assert run(purges.some, who.id) is False or here


def test_the_end_of_a_living_account_is_not_begun_by_a_job(db: Database, run: Run, carol: Account) -> None:
    run(make.post, carol)
    assert run(purges.some, carol.id) is False
    assert len(db.read(post_rows.list_ids_of, carol.id, 9)) == 1


async def test_the_bytes_of_its_files_go_but_not_those_somebody_else_shows(instance: Instance) -> None:
    alice, bob = (instance.db.transact(make.person, who) for who in (cast.ALICE, cast.BOB))
    own, shared = instance.files.store(b"only hers"), instance.files.store(b"theirs too")
    for sha256 in (own, shared):
        instance.db.transact(media_rows.insert, kind="image", account_id=alice.id, sha256=sha256)
    instance.db.transact(media_rows.insert, kind="image", account_id=bob.id, sha256=shared)

    instance.db.transact(accounts.delete_local, alice)
    [job] = instance.db.read(job_rows.list_waiting)
    assert (job.name, set(orjson.loads(job.payload)["files"])) == (purges.JOB, {own, shared})
    await instance.settle()

    assert not instance.files.path(own).exists() and instance.files.path(shared).exists()
    assert instance.db.read(job_rows.list_waiting) == []
