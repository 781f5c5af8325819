from collections.abc import Callable
from typing import Any

from fedi import clock
from fedi.storage import accounts as account_rows
from fedi.storage import media as rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from fedi.storage.media import Media
from tests import make

Run = Callable[..., Any]


def cached(run: Run, of: Account, name: str, size: int = 10) -> Media:
    made: Media = run(rows.insert, kind="image", account_id=of.id, remote_url=f"https://peer.test/{name}")
    run(rows.set_stored, made.id, rows.Stored(name, "image/webp", size, 3, 2))
    return made


def test_a_file_is_found_by_a_key_nobody_can_guess(db: Database, run: Run, alice: Account) -> None:
    keys = {run(make.picture, alice).key for _ in range(50)}
    assert len(keys) == 50 and all(len(key) == 32 and int(key, 16) for key in keys)
    assert db.read(rows.find_by_key, keys.pop()) and db.read(rows.find_by_key, "x") is None


def test_a_remote_file_is_bytes_only_after_it_was_fetched(db: Database, run: Run, frozen: Any, carol: Account) -> None:
    made = run(rows.insert, kind="image", account_id=carol.id, remote_url="https://peer.test/1", alt="a cat")
    assert made.sha256 is None
    run(rows.set_failed, made.id, 99)
    assert db.read(rows.find, made.id).retry_at == 99
    run(rows.set_stored, made.id, rows.Stored("ab", "image/webp", 5, 3, 2))
    found = db.read(rows.find, made.id)
    assert (found.sha256, found.mime, found.size_bytes, found.width, found.height, found.retry_at) == ("ab", "image/webp", 5, 3, 2, 0)
    assert found.used_at == clock.now() and found.alt == "a cat"


def test_bytes_of_others_go_when_nobody_looks_or_when_there_are_too_many(
    db: Database, run: Run, frozen: Any, alice: Account, carol: Account
) -> None:
    mine = run(make.picture, alice, size_bytes=1_000)
    old = cached(run, carol, "old")
    frozen.tick(100)
    since = clock.now()
    new = []
    for n in range(5):
        new.append(cached(run, carol, f"new{n}"))
        frozen.tick(1)
    assert run(rows.uncache, before=since, budget_bytes=30) == ["new1", "new0", "old"]
    assert [db.read(rows.find, one.id).sha256 for one in (old, *new)] == [None, None, None, "new2", "new3", "new4"]
    assert db.read(rows.find, mine.id).sha256, "what people here uploaded is no cache"
    assert run(rows.uncache, before=since, budget_bytes=30) == []


def test_rows_that_nothing_shows_go_after_a_while(db: Database, run: Run, frozen: Any, alice: Account) -> None:
    shown = {"avatar": run(make.picture, alice, "avatar"), "header": run(make.picture, alice, "header"), "post": run(make.picture, alice)}
    run(account_rows.update, alice.id, avatar_id=shown["avatar"].id, header_id=shown["header"].id)
    run(post_rows.set_media, run(make.post, alice).id, [shown["post"].id])
    unused = run(make.picture, alice, sha256="cd")
    frozen.tick(10)
    fresh = run(make.picture, alice)
    assert run(rows.prune_unused, clock.now()) == ["cd"]
    assert db.read(rows.find, unused.id) is None
    assert all(db.read(rows.find, one.id) for one in (*shown.values(), fresh))
    assert db.read(rows.is_kept, "ab" * 32) and not db.read(rows.is_kept, "cd")
    assert db.read(rows.list_hashes) == {"ab" * 32}


def test_usage_tells_ours_from_theirs(db: Database, run: Run, alice: Account, carol: Account) -> None:
    assert db.read(rows.usage) == rows.Usage(0, 0, 0, 0, 0)
    run(make.picture, alice, size_bytes=7)
    cached(run, carol, "x", 5)
    run(rows.insert, kind="image", account_id=carol.id, remote_url="https://peer.test/2")
    assert db.read(rows.usage) == rows.Usage(1, 7, 1, 5, 2)
