"""Reporting on pages, and the page of those who look after the server."""

import json

import pytest

from fedi.storage import accounts as account_rows
from fedi.storage import reports as rows
from fedi.storage.accounts import Account
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig


@pytest.fixture
def owner(rig: Rig) -> Account:
    return rig.person("captain", "owner")


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice")


@pytest.fixture
def bob(rig: Rig) -> Account:
    return rig.person("bob")


async def test_a_post_is_reported_and_settled(rig: Rig, owner: Account, alice: Account, bob: Account) -> None:
    post = rig.post(bob, "something rude")
    visitor = Visitor(rig, alice)
    profile = await visitor.read("/@bob")
    assert any(link.get("href") == f"/accounts/{bob.id}/report?post={post.id}" for link in profile.all("a"))
    form = await visitor.read(f"/accounts/{bob.id}/report?post={post.id}")
    assert "something rude" in form.main and "is not told" in form.main and not any(i.get("name") == "forward" for i in form.all("input"))
    given = {"post": str(post.id), "category": "other", "comment": "this is rude\r\nand more"}
    assert await visitor.press(f"/accounts/{bob.id}/report", given) == "/@bob?said=reported"

    staff = Visitor(rig, owner)
    page = await staff.read("/moderation")
    for words in ("@bob", "by @alice", "this is rude", "something rude", "Something else"):
        assert words in page.main
    assert any(a.get("href") == "/moderation" and "1" in a.text for a in page.all("nav")[0].all("a"))
    assert "See the reports" in (await staff.read("/notifications")).main
    [report] = rig.instance.db.read(rows.list_open)
    await staff.press(f"/moderation/{report.id}/settle")
    await staff.press(f"/moderation/{report.id}/settle")
    assert "Nothing waits" in (await staff.read("/moderation")).main
    assert "this is rude" in (await staff.read("/moderation?settled=1")).main


async def test_somebody_reported_is_suspended(rig: Rig, owner: Account, alice: Account) -> None:
    rig.stranger("dan", "peer.test")
    dan = rig.instance.db.read(account_rows.find_by_handle, "dan", "peer.test")
    assert dan is not None
    form = await Visitor(rig, alice).read(f"/accounts/{dan.id}/report")
    assert "Tell peer.test too" in form.main
    await Visitor(rig, alice).press(f"/accounts/{dan.id}/report", {"category": "spam", "forward": "1"})
    [report] = rig.instance.db.read(rows.list_open)
    assert report.forwarded and json.loads(report.post_uris) == []

    await Visitor(rig, owner).press(f"/moderation/{report.id}/suspend")
    assert rig.instance.db.read(account_rows.get, dan.id).suspended_at is not None
    assert rig.instance.db.read(rows.list_open) == []


async def test_the_page_of_reports_is_for_staff_only(rig: Rig, owner: Account, alice: Account, bob: Account) -> None:
    await Visitor(rig, alice).press(f"/accounts/{bob.id}/report", {"category": "spam"})
    [report] = rig.instance.db.read(rows.list_open)
    visitor = Visitor(rig, bob)
    assert (await visitor.get("/moderation")).status == 403
    assert "Reports" not in [a.text for a in (await visitor.read("/home")).all("a")]
    for act in ("settle", "suspend"):
        assert (await visitor.post(f"/moderation/{report.id}/{act}")).status == 403
    assert len(rig.instance.db.read(rows.list_open)) == 1
    assert (await Visitor(rig).get("/moderation")).status == 303


async def test_what_is_wrong_with_a_report_is_said(rig: Rig, alice: Account, bob: Account) -> None:
    visitor = Visitor(rig, alice)
    for form in ({"category": "boring"}, {"category": "spam", "comment": "x" * 1500}):
        answer = await visitor.post(f"/accounts/{bob.id}/report", form)
        assert answer.status == 422 and 'role="alert"' in await answer.text()
    assert (await visitor.post(f"/accounts/{alice.id}/report", {"category": "spam"})).status == 422
    assert (await visitor.get("/accounts/1/report")).status == 404
    assert (await visitor.get(f"/accounts/{bob.id}/report?post=x")).status == 200
