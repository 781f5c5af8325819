"""Posts to come, on pages: written, seen by their author alone, moved and taken back."""

import pytest

from fedi import clock, scheduled
from fedi.posts import Draft
from fedi.storage import scheduled as rows
from fedi.storage.accounts import Account
from fedi.storage.timelines import Page
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice")


def local(ms: int) -> str:
    return clock.rfc3339(clock.now() + ms)[:16]


def waiting(rig: Rig, who: Account) -> list[rows.Scheduled]:
    found: list[rows.Scheduled] = rig.instance.db.read(rows.list_own, who.id, Page())
    return found


async def test_a_post_is_written_for_later_moved_and_taken_back(rig: Rig, alice: Account) -> None:
    me = Visitor(rig, alice)
    answer = await me.post("/compose", {"text": "later <b>", "later": local(clock.DAY), "visibility": "unlisted"})
    assert answer.status == 303 and answer.headers["Location"].startswith("/scheduled")
    (row,) = waiting(rig, alice)
    page = await me.read("/scheduled")
    assert "later <b>" in page.main and "For everybody, quietly" in page.main

    assert (await me.post(f"/scheduled/{row.id}/move", {"at": local(2 * clock.DAY)})).status == 303
    assert waiting(rig, alice)[0].scheduled_at > row.scheduled_at
    for wrong in ("", "soon", local(0)):
        assert (await me.post(f"/scheduled/{row.id}/move", {"at": wrong})).status == 422
    assert (await me.post(f"/scheduled/{row.id}/delete")).status == 303 and waiting(rig, alice) == []
    assert "Nothing waits" in (await me.read("/scheduled")).main


async def test_a_time_that_cannot_be_keeps_what_was_written(rig: Rig, alice: Account) -> None:
    answer = await Visitor(rig, alice).post("/compose", {"text": "precious", "later": local(0), "visibility": "public"})
    text = await answer.text()
    assert answer.status == 422 and "precious" in text and local(0)[:13] in text and waiting(rig, alice) == []


async def test_nobody_else_sees_or_changes_it_VIS_21(rig: Rig, alice: Account) -> None:
    row = rig.instance.db.transact(scheduled.plan, alice, Draft("secret"), clock.now() + clock.DAY)
    eve = Visitor(rig, rig.person("eve"))

    assert "secret" not in (await eve.read("/scheduled")).main
    for path in (f"/scheduled/{row.id}/move", f"/scheduled/{row.id}/delete"):
        assert (await eve.post(path, {"at": local(clock.DAY)})).status == 404
    assert (await rig.get("/scheduled", "text/html")).status == 303
    assert waiting(rig, alice) == [row]
