"""What destroys something asks first, on a page of its own, and does nothing until one has said yes."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest

from fedi import clock, collections, filters, reports, scheduled, signups
from fedi.config import Config
from fedi.posts import Draft
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig, ed25519, rsa


class People(NamedTuple):
    """Somebody, and who looks after a server where sign-ups are looked at."""

    alice: Account
    boss: Account
    config: Config


class Case(NamedTuple):
    """`make` gives who may do it, the page it begins on, and the address it is done at; `table` is where the thing stands."""

    make: Callable[[Tx, "People"], tuple[Account, str, str]]
    table: str
    words: str
    refused: tuple[int, ...]


def a_collection(tx: Tx, there: People) -> tuple[Account, str, str]:
    made = collections.create(tx, there.alice, collections.About(name="Bakers"), [])
    return there.alice, f"/@alice/collections/{made.id}", f"/@alice/collections/{made.id}/delete"


def a_post_to_come(tx: Tx, there: People) -> tuple[Account, str, str]:
    made = scheduled.plan(tx, there.alice, Draft("later <b>"), tx.now + clock.DAY)
    return there.alice, "/scheduled", f"/scheduled/{made.id}/delete"


def a_filter(tx: Tx, there: People) -> tuple[Account, str, str]:
    made = filters.create(tx, there.alice, filters.Change(title="Endings", contexts=("home",)))
    return there.alice, f"/settings/filters/{made.filter.id}", f"/settings/filters/{made.filter.id}/delete"


def a_sign_up(tx: Tx, there: People) -> tuple[Account, str, str]:
    form = signups.Form("newcomer", "new@mail.test", "correct horse", True, reason="gardens")
    made = signups.create(tx, there.config, form, signups.Made("x", rsa("newcomer"), ed25519("newcomer")))
    return there.boss, "/moderation/sign-ups", f"/moderation/sign-ups/{made.id}/reject"


def a_report(tx: Tx, there: People) -> tuple[Account, str, str]:
    made = reports.make(tx, there.boss, reports.Complaint(there.alice.id))
    return there.boss, "/moderation", f"/moderation/{made.id}/suspend"


CASES = {
    "a collection": Case(a_collection, "collections", "Delete the collection “Bakers”?", (403,)),
    "a post to come": Case(a_post_to_come, "scheduled_posts", "“later <b>”", (404,)),
    "a filter": Case(a_filter, "filters", "Delete the filter “Endings”?", (404,)),
    "a sign-up": Case(a_sign_up, "users", "Turn down @newcomer?", (403,)),
    "who is reported": Case(a_report, "reports WHERE resolved_at IS NULL", "Suspend @alice?", (403,)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
async def test_a_page_asks_first_and_leads_back(rig: Rig, case: Case) -> None:
    alice, bob, boss = rig.person("alice"), rig.person("bob"), rig.person("boss", "owner")
    made = rig.instance.config
    people = People(alice, boss, replace(made, instance=replace(made.instance, registrations="approval")))
    who, begin, path = rig.instance.db.transact(case.make, people)
    visitor = Visitor(rig, who)

    def left() -> int:
        return int(rig.instance.db.read(lambda tx: tx.query(f"SELECT count(*) FROM {case.table}"))[0][0])

    before, page = left(), await visitor.read(begin)
    assert [link.get("href") for link in page.all("a")].count(path) == 1
    assert path not in [one.get("formaction") or one.get("action") for one in page.all("form", "button")]

    asked = await visitor.read(path)
    assert case.words in asked.main and left() == before
    [form] = [one for one in asked.all("form") if one.get("action") == path]
    assert form.get("method") == "post"
    back = [link.get("href").partition("#")[0] for link in asked.all("a") if "Keep things" in link.text]
    assert back == [begin]
    await visitor.read(back[0])

    stranger = Visitor(rig, bob)
    assert (await stranger.get(path)).status in case.refused and (await stranger.post(path)).status in case.refused
    assert (await Visitor(rig).get(path)).status in (302, 303) and left() == before
    await visitor.press(path)
    assert left() == before - 1
    assert (await visitor.get(path.replace(path.split("/")[-2], "1"))).status == 404


async def test_forgetting_who_reads_by_letter_asks_first(rig: Rig) -> None:
    asked = await Visitor(rig, rig.person("alice")).read("/settings/newsletter/forget")

    assert "nobody can bring them back" in asked.main
    assert [one.get("action") for one in asked.all("form")].count("/settings/newsletter/forget") == 1
