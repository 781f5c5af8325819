from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import accounts, blocks, interactions, limits, transfers
from fedi.errors import Conflict, Invalid
from fedi.storage import blocks as block_rows
from fedi.storage import follows as follow_rows
from fedi.storage import jobs as job_rows
from fedi.storage import settings as setting_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import make, remote

Run = Callable[..., Any]


def test_lists_are_written_as_mastodon_reads_them(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account
) -> None:
    run(make.follow, alice, carol, boosts=0, notify=1)
    run(make.follow, alice, bob)
    run(blocks.block, alice, dan.id)
    run(blocks.mute, alice, carol.id, notifications=False)
    run(blocks.block_domain, alice, "evil.test")
    post = run(make.post, carol)
    run(interactions.bookmark, alice, post.id)

    files = {kind: db.read(transfers.export, alice, kind) for kind in transfers.NAMES}
    assert files["follows"] == (
        "Account address,Show boosts,Notify on new posts,Languages\nbob@fedi.test,true,false,\ncarol@peer.test,false,true,\n"
    )
    assert files["mutes"] == "Account address,Hide notifications\ncarol@peer.test,false\n"
    assert (files["blocks"], files["domains"], files["bookmarks"]) == ("dan@peer.test\n", "evil.test\n", f"{post.uri}\n")
    for kind, text in files.items():
        assert len(transfers.read(kind, text)) == text.count("\n") - (kind in ("follows", "mutes"))
    with pytest.raises(Invalid):
        db.read(transfers.export, alice, "passwords")


@pytest.mark.parametrize(
    ("kind", "text", "lines"),
    [
        ("follows", "\ufeffAccount address,Show boosts\nA@x.test,false\n@a@x.test\n\nno handle,true\n",
         [["A@x.test", False, False], ["a@x.test", True, False]]),
        ("mutes", "a@x.test,true\na@x.test,false\n", [["a@x.test", True, False]]),
        ("bookmarks", "https://x.test/1\njavascript:alert(1)\n", [["https://x.test/1", True, False]]),
        ("domains", "#domain\nx.test\n", [["x.test", True, False]]),
    ],
)  # fmt: skip
def test_lists_of_others_are_understood(kind: str, text: str, lines: list[Any]) -> None:
    assert transfers.read(kind, text) == lines


@pytest.mark.parametrize("text", ["", "\n\n", "nothing\n", "\x00", '"' + "x" * 200_000])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        transfers.read("follows", text)


def test_a_list_has_an_end_dos_27() -> None:
    with pytest.raises(Invalid, match="20,000"):
        transfers.read("domains", "\n".join(f"h{n}.test" for n in range(limits.IMPORT_LINES + 2)))


@pytest.fixture
async def world(tmp_path: Path, quick_keys: None) -> AsyncIterator[remote.World]:
    async with remote.world(tmp_path, working=False) as made:
        yield made


async def test_a_list_is_gone_through_a_slice_at_a_time_dos_27(world: remote.World, frozen: FrozenDateTimeFactory) -> None:
    """Given 12 lines: ten now, two after a pause; what cannot be is counted."""
    carol = world.peer().actor("carol")
    text = "carol@peer.test,false,true\nbob@fedi.test\n" + "".join(f"nobody{n}@peer.test\n" for n in range(10))
    lines = transfers.read("follows", text)
    world.db.transact(transfers.begin, world.alice, "follows", lines)
    with pytest.raises(Conflict):
        world.db.transact(transfers.begin, world.alice, "follows", lines)
    await world.instance.jobs.settle()

    account = world.account(carol)
    assert account is not None
    made = world.db.read(follow_rows.find, world.alice.id, account.id)
    assert made is not None and (made.boosts, made.notify) == (0, 1)
    assert world.db.read(follow_rows.find, world.alice.id, world.bob.id) is not None
    first = world.db.read(transfers.progress, world.alice.id)
    assert first is not None and (first.at, first.failed, first.is_over) == (10, 8, False)
    frozen.tick(transfers.PAUSE_MS / 1000)
    await world.instance.jobs.settle()
    last = world.db.read(transfers.progress, world.alice.id)
    assert last is not None and (last.at, last.failed, last.is_over) == (12, 10, True)
    assert world.db.read(job_rows.list_waiting) == []
    assert world.db.read(setting_rows.find, f"import.lines.{world.alice.id}") is None


async def test_every_kind_of_list_has_its_effect(world: remote.World, frozen: FrozenDateTimeFactory) -> None:
    carol = world.peer().actor("carol")
    note = carol.note("keep this")
    for kind, text in (
        ("bookmarks", note["id"]),
        ("mutes", "carol@peer.test,false"),
        ("domains", "evil.test"),
        ("blocks", "carol@peer.test"),
    ):
        if kind == "blocks":
            assert world.db.read(transfers.export, world.alice, "bookmarks") == f"{note['id']}\n"
        world.db.transact(transfers.begin, world.alice, kind, transfers.read(kind, text + "\n"))
        await world.instance.jobs.settle()

    account = world.account(carol)
    assert account is not None
    relation = world.db.read(block_rows.list_relations, world.alice.id, [account.id])[account.id]
    assert relation.blocking and relation.muting and not relation.muting_notifications
    assert world.db.read(transfers.export, world.alice, "domains") == "evil.test\n"


async def test_the_list_of_somebody_who_left_is_dropped(world: remote.World) -> None:
    world.db.transact(transfers.begin, world.alice, "domains", transfers.read("domains", "evil.test\n"))
    world.db.transact(accounts.delete_local, world.alice)
    await world.instance.jobs.settle()

    assert world.db.read(transfers.progress, world.alice.id) is None
    assert world.db.read(lambda tx: tx.query("SELECT * FROM user_domain_blocks")) == []
