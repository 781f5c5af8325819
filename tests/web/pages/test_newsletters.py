"""Posts by letter as strangers meet them: the form on a profile, the pages behind the links, one press in a mail program."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import jobs, limits, mail, newsletters
from fedi.errors import Refused
from fedi.letters import Letter
from fedi.storage import email_subscriptions as rows
from fedi.storage import jobs as job_rows
from fedi.storage.accounts import Account
from tests import make
from tests.web.pages.reading import Page, Visitor, faults
from tests.web.rig import Rig, served, settings

READER = "reader@mail.test"


class Place:
    """A server that sends letters; alice offers them, bob does not."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.letters: list[Letter] = []
        self.alice, self.bob = rig.person("alice"), rig.person("bob")
        self.stranger = Visitor(rig)
        self.run(newsletters.switch, rig.instance.config, self.alice.id, True)

    def run(self, rule: Any, *args: Any) -> Any:
        return self.rig.instance.db.transact(rule, *args)

    def take(self, config: Any, domain: str, letter: Letter) -> None:
        self.letters.append(letter)

    async def ask(self, who: Account, email: str = READER) -> tuple[int, Any]:
        path = f"/api/v1/accounts/{who.id}/email_subscriptions"
        async with self.rig.client.post(path, json={"email": email, "locale": "en"}) as answer:
            return answer.status, await answer.json()

    async def arrived(self) -> str:
        """The path of the link in the letter that came last."""
        await self.rig.instance.jobs.settle()
        found = re.search(r"https://fedi\.test(/newsletter/\S+)", self.letters[-1].text)
        assert found is not None
        return found[1]

    async def reader(self, email: str = READER) -> None:
        await self.ask(self.alice, email)
        token = (await self.arrived()).partition("token=")[2]
        async with self.rig.client.post("/newsletter/confirm", data={"token": token}) as answer:
            assert answer.status == 200

    async def told(self) -> str:
        """The path that ends it, in a letter with a post."""
        self.run(make.post, self.alice, "words for everybody")
        await self.rig.instance.jobs.run_chore("newsletters")
        return await self.arrived()

    def reads(self, email: str = READER) -> bool:
        found = self.run(rows.find_of, self.alice.id, email)
        return found is not None and found.confirmed_at is not None


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async with served(settings(tmp_path, mail={"host": "mail.test", "sender": "fedi@fedi.test"})) as rig:
        made = Place(rig)
        monkeypatch.setattr(jobs.mail, "send", made.take)
        monkeypatch.setattr(limits, "NEWSLETTER_WAIT_S", -1)
        yield made


async def test_a_program_is_told_the_same_whoever_reads_already(place: Place) -> None:
    first = await place.ask(place.alice)
    again = await place.ask(place.alice)
    assert first == again == (200, {})
    await place.rig.instance.jobs.settle()
    assert len(place.letters) == 1
    token = (await place.arrived()).partition("token=")[2]
    async with place.rig.client.post("/newsletter/confirm", data={"token": token}) as answer:
        assert answer.status == 200
    assert await place.ask(place.alice) == (200, {})
    await place.rig.instance.jobs.settle()
    assert len(place.letters) == 1


async def test_a_program_is_told_what_cannot_be(place: Place) -> None:
    assert (await place.ask(place.bob))[0] == 404
    assert (await place.ask(place.alice, ""))[0] == 422
    status, said = await place.ask(place.alice, "a@mail.test\r\nBcc: b@mail.test")
    assert (status, said["details"]["email"][0]["error"]) == (422, "ERR_INVALID")
    assert said["error"] == "Validation failed: Email is invalid"
    async with place.rig.client.post("/api/v1/accounts/12345/email_subscriptions", json={"email": READER}) as answer:
        assert answer.status == 404


async def test_without_a_mail_server_it_is_said_so(rig: Rig) -> None:
    alice = rig.person("alice")
    async with rig.client.post(f"/api/v1/accounts/{alice.id}/email_subscriptions", json={"email": READER}) as answer:
        assert answer.status == 422 and "sends no e-mail" in (await answer.json())["error"]
    assert "sends no e-mail" in (await Visitor(rig, alice).read("/settings/newsletter")).main


async def test_one_client_asks_five_times_in_half_an_hour(place: Place) -> None:
    asked = [(await place.ask(place.alice, f"r{number}@mail.test"))[0] for number in range(7)]
    assert asked == [200] * 5 + [429] * 2
    place.run(newsletters.switch, place.rig.instance.config, place.bob.id, True)
    assert (await place.ask(place.bob))[0] == 429, "whoever is to be read"
    async with place.rig.client.post("/newsletter/subscribe", data={"account": place.alice.id, "email": "x@mail.test"}) as answer:
        assert answer.status == 429 and answer.headers["Retry-After"]


def _has_form(page: Page) -> bool:
    return any(form.get("action") == "/newsletter/subscribe" for form in page.all("form"))


async def test_the_form_stands_on_profiles_of_who_offers_letters_and_on_copies_for_all(place: Place) -> None:
    for name, is_there in (("alice", True), ("bob", False)):
        page = await place.stranger.read(f"/@{name}")
        assert _has_form(page) is is_there
    page = await place.stranger.read("/@alice")
    fields = {i.get("name"): i.get("value") for i in page.form("/newsletter/subscribe").all("input")}
    assert set(fields) == {"account", "email"}, "no secret in a page that all strangers get"
    assert not _has_form(await Visitor(place.rig, place.alice).read("/@alice"))
    async with place.rig.client.get(f"/api/v1/accounts/{place.alice.id}") as answer:
        assert (await answer.json())["email_subscriptions"] is True
    place.run(newsletters.switch, place.rig.instance.config, place.alice.id, False)
    assert not _has_form(await place.stranger.read("/@alice"))
    async with place.rig.client.get(f"/api/v1/accounts/{place.alice.id}") as answer:
        assert "email_subscriptions" not in await answer.json()


async def test_a_stranger_asks_confirms_reads_and_ends_it_on_pages(place: Place) -> None:
    async with place.rig.client.post("/newsletter/subscribe", data={"account": place.alice.id, "email": READER}) as answer:
        assert answer.status == 200 and "We have sent a letter" in await answer.text()
    link = await place.arrived()
    page = await place.stranger.read(link)
    assert READER in page.main and not faults(page) and not place.reads(), "to look at the link is not to press the button"
    token = link.partition("token=")[2]
    async with place.rig.client.post("/newsletter/confirm", data={"token": token}) as answer:
        assert answer.status == 200 and "You get their posts" in await answer.text()
    assert place.reads()
    for again in (place.rig.client.post("/newsletter/confirm", data={"token": token}), place.rig.client.get(link)):
        async with again as answer:
            assert answer.status == 404
    end = await place.told()
    assert "words for everybody" in place.letters[-1].text
    assert READER in (await place.stranger.read(end)).main and place.reads()
    async with place.rig.client.post("/newsletter/unsubscribe", data={"token": end.partition("token=")[2]}) as answer:
        assert answer.status == 200
    assert not place.reads()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
async def test_a_mail_program_ends_it_with_one_press(place: Place, kind: str) -> None:
    """RFC 8058, section 3: neither cookie nor form of ours, from wherever it is."""
    await place.reader()
    end = await place.told()
    multipart = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    body = multipart if "multipart" in kind else b"List-Unsubscribe=One-Click"
    async with place.rig.client.post(end, data=body, headers={"Content-Type": kind, "Origin": "https://webmail.test"}) as answer:
        assert answer.status == 200
    assert not place.reads()


async def test_nobody_ends_it_by_guessing_or_without_a_link(place: Place) -> None:
    await place.reader()
    end = await place.told()
    for forged in (
        "/newsletter/unsubscribe",
        f"{end[:-1]}",
        f"{end}x",
        "/newsletter/unsubscribe?token=%00",
        f"/newsletter/unsubscribe?t={READER}",
    ):
        async with place.rig.client.post(forged, data={"email": READER, "id": "1"}) as answer:
            assert answer.status in (404, 422), forged
    assert place.reads()


async def test_who_is_signed_in_presses_only_buttons_of_ours_AUT_19(place: Place) -> None:
    await place.reader()
    end = await place.told()
    visitor = Visitor(place.rig, place.bob)
    assert (await visitor.post("/newsletter/unsubscribe", {"csrf": "0" * 64, "token": end.partition("token=")[2]})).status == 403
    assert place.reads()
    assert (await visitor.post("/newsletter/unsubscribe", {"token": end.partition("token=")[2]})).status == 200
    assert not place.reads()


async def test_what_is_no_address_is_said_on_the_page_with_what_was_typed(place: Place) -> None:
    async with place.rig.client.post("/newsletter/subscribe", data={"account": place.alice.id, "email": '"><b>x'}) as answer:
        text = await answer.text()
    assert answer.status == 422 and "is invalid" in text and "&#34;&gt;&lt;b&gt;x" in text and "<b>x" not in text


async def test_a_person_offers_letters_sees_how_many_read_and_forgets_them(place: Place) -> None:
    visitor = Visitor(place.rig, place.bob)
    assert (await visitor.press("/settings/newsletter", {"on": "1"})).startswith("/settings/newsletter?said=saved")
    assert place.run(newsletters.is_offered, place.rig.instance.config, place.bob)
    assert (await visitor.press("/settings/newsletter", {})).startswith("/settings/newsletter?said=saved")
    assert not place.run(newsletters.is_offered, place.rig.instance.config, place.bob)
    await place.reader()
    alice = Visitor(place.rig, place.alice)
    page = await alice.read("/settings/newsletter")
    assert "1 address has confirmed" in page.main and READER not in page.main and not faults(page)
    await alice.press("/settings/newsletter/forget")
    assert not place.reads()


async def test_a_mailbox_that_is_gone_is_counted_and_other_refusals_are_not(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await place.reader()
    for error, refusals in ((Refused("no", 535), 0), (mail.NoMailbox("no", 550), 1)):

        def fail(config: Any, domain: str, letter: Letter, error: Refused = error) -> None:
            raise error

        monkeypatch.setattr(jobs.mail, "send", fail)
        place.run(make.post, place.alice)
        place.run(lambda tx: tx.execute("UPDATE email_subscriptions SET sent_at = 0, after_id = 0"))
        await place.rig.instance.jobs.run_chore("newsletters")
        await place.rig.instance.jobs.settle()
        assert place.run(rows.find_of, place.alice.id, READER).refusals == refusals
        assert not [job for job in place.run(job_rows.list_waiting) if job.name == newsletters.JOB]


@pytest.mark.parametrize("path", ["/oauth/authorized_applications", "/oauth/authorized_applications/"])
async def test_mastodons_address_leads_to_the_programs_one_has_let_in(place: Place, path: str) -> None:
    answer = await Visitor(place.rig, place.alice).get(path)
    assert (answer.status, answer.headers["Location"]) == (302, "/settings/security#apps")
    answer = await place.stranger.get(path)
    assert answer.status == 303 and answer.headers["Location"].startswith("/login?next=")


async def test_password_managers_find_where_the_password_is_changed(place: Place) -> None:
    answer = await place.stranger.get("/.well-known/change-password")
    assert (answer.status, answer.headers["Location"]) == (302, "/settings/security#password")
    assert (await Visitor(place.rig, place.alice).read("/settings/security")).with_id("password") is not None


async def test_every_address_under_oauth_takes_a_slash_at_its_end(place: Place) -> None:
    paths = {(route.method, route.resource.canonical) for route in place.rig.client.server.app.router.routes() if route.resource}  # type: ignore[attr-defined]
    under = {(method, path) for method, path in paths if path.startswith("/oauth/") and not path.endswith("/")}
    assert under and all((method, f"{path}/") in paths for method, path in under)
