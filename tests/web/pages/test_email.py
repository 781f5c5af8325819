"""Another e-mail address: with the password, by a letter to it, and with a word to the present one."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fedi import clock, jobs, limits, logins, mail, signups
from fedi.errors import Invalid
from fedi.letters import Letter
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import cast, make
from tests.web.api.conftest import Api
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig, served, settings

PATH = "/settings/email"
PASSWORD = "correct horse"
OLD, NEW = "alice@mail.test", "alice@elsewhere.test"


class House:
    """A server with alice and bob, and the letters that have left it."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.letters: list[Letter] = []
        run = rig.instance.db.transact
        self.alice: Account = run(make.person, cast.ALICE)
        self.bob: Account = run(make.person, cast.BOB)
        for who in (self.alice, self.bob):
            run(logins.set_password, who.id, logins.hash_password(PASSWORD))
        self.visitor = Visitor(rig, self.alice)

    async def ask(self, email: str = NEW, password: str = PASSWORD) -> tuple[int, str]:
        answer = await self.visitor.post(PATH, {"email": email, "password": password})
        await self.rig.instance.jobs.settle()
        return answer.status, await answer.text()

    def link(self, to: str = NEW) -> str:
        text = next(letter.text for letter in reversed(self.letters) if letter.to == to)
        found = re.search(r"token=(\S+)", text)
        assert found is not None
        return found[1]

    def address(self) -> str:
        return self.rig.instance.db.read(user_rows.get, self.alice.id).email


async def opened(folder: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> AsyncIterator[House]:
    contact = {"domain": "fedi.test", "contact": "boss@fedi.test"}
    async with served(settings(folder, instance=contact, mail={"host": host, "sender": "fedi@fedi.test"})) as rig:
        house = House(rig)
        monkeypatch.setattr(mail, "send", lambda config, domain, letter: house.letters.append(letter))
        monkeypatch.setattr(jobs.mail, "send", mail.send)
        yield house


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    async for made in opened(tmp_path, monkeypatch, "mail.test"):
        yield made


@pytest.fixture
async def poor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """It sends no letters."""
    async for made in opened(tmp_path, monkeypatch, ""):
        yield made


async def test_the_present_address_stays_until_the_link_is_opened_and_is_told_AUT_27(house: House) -> None:
    assert OLD in (await house.visitor.read(PATH)).main

    assert (await house.ask())[0] == 303

    assert [letter.to for letter in house.letters] == [OLD, NEW] and house.address() == OLD
    assert NEW in house.letters[0].text and "token=" not in house.letters[0].text
    assert NEW in (await house.visitor.read(PATH)).main
    assert (await house.visitor.press("/confirm", {"token": house.link()})).startswith(PATH)
    assert house.address() == NEW and NEW in (await house.visitor.read(PATH)).main
    assert (await house.visitor.post("/confirm", {"token": house.link()})).status == 404
    signed = await Visitor(house.rig).press("/login", {"login": NEW, "password": PASSWORD})
    assert signed.startswith("/home")


async def test_the_link_is_opened_by_who_is_not_signed_in_too(house: House) -> None:
    await house.ask()

    assert (await Visitor(house.rig).press("/confirm", {"token": house.link()})).startswith("/login")
    assert house.address() == NEW


@pytest.mark.parametrize("address", ["", "alice", "a@b", "x@mail.test\r\nBcc: y@mail.test", "bob@mail.test", "ALICE@mail.test", "x" * 400])
async def test_what_cannot_be_ones_address_is_refused_and_nobody_is_written_to(house: House, address: str) -> None:
    status, page = await house.ask(address)

    assert status == 422 and page.count('aria-invalid="true"') == 1 and not house.letters


async def test_without_the_password_nothing_happens_and_guessing_is_counted_AUT(house: House) -> None:
    for _ in range(limits.LOGIN_TRIES_PER_ACCOUNT):
        status, page = await house.ask(password="wrong horse")
        if status == 429:
            break
        assert status == 422 and "present password" in page

    assert status == 429 or (await house.ask(password="wrong horse"))[0] == 429
    assert not house.letters and house.address() == OLD


async def test_only_the_last_address_asked_for_counts_and_one_can_stay_with_the_present_one(house: House) -> None:
    await house.ask("first@elsewhere.test")
    first = house.link("first@elsewhere.test")
    await house.ask()
    assert (await house.visitor.post("/confirm", {"token": first})).status == 404

    assert (await house.visitor.press(f"{PATH}/again")).startswith(PATH)
    await house.rig.instance.jobs.settle()
    last = house.link()
    assert (await house.visitor.press(f"{PATH}/keep")).startswith(PATH)
    assert (await house.visitor.post("/confirm", {"token": last})).status == 404
    assert house.address() == OLD and NEW not in (await house.visitor.read(PATH)).main
    assert (await house.visitor.post(f"{PATH}/again")).status == 422


async def test_a_link_is_of_no_use_after_its_time_nor_when_somebody_else_has_the_address(house: House) -> None:
    await house.ask()
    link, run = house.link(), house.rig.instance.db.transact
    run(user_rows.set_email, house.bob.id, NEW)
    assert (await house.visitor.post("/confirm", {"token": link})).status == 409
    run(user_rows.set_email, house.bob.id, "bob@mail.test")
    await house.ask()
    late = limits.CONFIRMATION_S * clock.SECOND + 1
    run(lambda tx: tx.execute("UPDATE email_confirmations SET created_at = created_at - ?", (late,)))
    assert (await house.visitor.post("/confirm", {"token": house.link()})).status == 404
    assert house.address() == OLD


async def test_letters_are_not_asked_for_without_end(house: House) -> None:
    statuses = [(await house.ask(f"a{number}@elsewhere.test"))[0] for number in range(limits.LETTERS + 1)]

    assert statuses == [303] * limits.LETTERS + [429]


async def test_a_program_cannot_turn_the_change_to_another_address(house: House) -> None:
    await house.ask()
    api = Api(house.rig)

    turned = await api.post(house.alice, "/api/v1/emails/confirmations", json={"email": "mallory@evil.test"})
    again = await api.post(house.alice, "/api/v1/emails/confirmations")
    await house.rig.instance.jobs.settle()

    assert (turned.status, again.status) == (403, 200)
    assert {letter.to for letter in house.letters} == {OLD, NEW}


async def test_where_no_letters_are_sent_the_page_says_who_changes_it(poor: House) -> None:
    page = await poor.visitor.read(PATH)
    assert "fedi account email alice" in page.main and "boss@fedi.test" in page.main
    assert 'name="email"' not in await (await poor.visitor.get(PATH)).text()
    assert (await poor.ask())[0] == 422 and poor.address() == OLD

    def by_hand(tx: Tx, address: str) -> None:
        signups.set_email(tx, poor.alice, address)

    poor.rig.instance.db.transact(by_hand, NEW)
    assert poor.address() == NEW
    for taken in (NEW, "bob@mail.test", "nonsense"):
        with pytest.raises(Invalid):
            poor.rig.instance.db.transact(by_hand, taken)
