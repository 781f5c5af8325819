"""People sign up through programs: what is refused and why, and that nobody does anything before their address and a yes are there."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import apps, jobs, logins, mail, oauth, signups
from fedi.letters import Letter
from fedi.storage import accounts as account_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.web.limits import Window
from tests import cast, make
from tests.web.api.conftest import Answer, Api
from tests.web.pages.reading import Visitor
from tests.web.rig import rsa, served, settings

GOOD = {"username": "carol", "email": "carol@mail.test", "password": "correct horse", "agreement": True, "locale": "en"}


class Place:
    """A server people may sign up at, and the letters that have left it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.letters: list[Letter] = []
        app = api.run(apps.register, "Program", [apps.OUT_OF_BAND], "read write push")[0]
        self.app_token = api.run(oauth.for_itself, app, ("read", "write")).secret

    async def sign_up(self, token: str = "", **fields: Any) -> Answer:
        headers = {"Authorization": f"Bearer {token or self.app_token}"}
        return await self.api.post(None, "/api/v1/accounts", json=GOOD | fields, headers=headers)

    async def newcomer(self, **fields: Any) -> str:
        answer = await self.sign_up(**fields)
        assert answer.status == 200, answer.json
        return str(answer.json["access_token"])

    async def ask(self, token: str, path: str, method: str = "GET", **more: Any) -> Answer:
        return await self.api.call(method, None, path, headers={"Authorization": f"Bearer {token}"}, **more)

    async def link(self) -> str:
        """What stands in the last letter to a newcomer."""
        await self.api.rig.instance.jobs.settle()
        return (
            next(letter for letter in reversed(self.letters) if "/confirm?token=" in letter.text)
            .text.split("/confirm?token=")[1]
            .split()[0]
        )

    def account(self, name: str = "carol") -> Account:
        found = self.api.rig.instance.db.read(account_rows.find_by_handle, name, "")
        assert found is not None
        return found


async def opened(folder: Path, monkeypatch: pytest.MonkeyPatch, mode: str, host: str = "mail.test", **more: Any) -> AsyncIterator[Place]:
    monkeypatch.setattr("fedi.activitypub.keys.generate_rsa", lambda: rsa("newcomer"))
    made = settings(
        folder, instance={"domain": "fedi.test", "registrations": mode, **more}, mail={"host": host, "sender": "fedi@fedi.test"}
    )
    async with served(made) as rig:
        place = Place(Api(rig))
        monkeypatch.setattr(mail, "send", lambda config, domain, letter: place.letters.append(letter))
        monkeypatch.setattr(jobs.mail, "send", mail.send)
        yield place


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async for made in opened(tmp_path, monkeypatch, "open"):
        yield made


@pytest.fixture
async def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async for made in opened(tmp_path, monkeypatch, "approval"):
        yield made


@pytest.fixture
async def poor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """It sends no letters."""
    async for made in opened(tmp_path, monkeypatch, "open", host=""):
        yield made


async def test_nobody_signs_up_where_that_is_closed_AUT_26(api: Api) -> None:
    assert (await Place(api).sign_up()).status == 403
    assert api.rig.instance.db.read(account_rows.find_by_handle, "carol", "") is None
    assert (await api.get(None, "/api/v2/instance")).json["registrations"]["enabled"] is False


async def test_a_newcomer_does_nothing_until_the_address_is_confirmed(place: Place) -> None:
    boss = place.api.run(make.account, "boss", "owner")
    token = await place.newcomer()
    for path in ("/api/v1/accounts/verify_credentials", "/api/v1/timelines/home"):
        answer = await place.ask(token, path)
        assert (answer.status, answer.json["error"]) == (403, "Your login is missing a confirmed e-mail address")
    assert (await place.ask(token, "/api/v1/statuses", "POST", json={"status": "x"})).status == 403
    assert (await place.ask(token, "/api/v1/emails/check_confirmation")).json is False
    assert (await place.ask(token, "/api/v1/apps/verify_credentials")).status == 200
    assert (await place.api.get(None, "/api/v1/accounts/lookup?acct=carol")).status == 404
    for path in ("/.well-known/webfinger?resource=acct:carol@fedi.test", "/users/carol"):
        assert (await place.api.rig.get(path)).status == 404

    link = await place.link()
    page = await Visitor(place.api.rig).read(f"/confirm?token={link}")
    assert "carol@mail.test" in page.main
    assert (await place.ask(token, "/api/v1/emails/check_confirmation")).json is False, "to look at the link is not to press the button"
    assert (await Visitor(place.api.rig).press("/confirm", {"token": link})).startswith("/login")

    assert (await place.ask(token, "/api/v1/accounts/verify_credentials")).json["username"] == "carol"
    assert (await place.ask(token, "/api/v1/emails/check_confirmation")).json is True
    assert (await place.api.rig.get("/.well-known/webfinger?resource=acct:carol@fedi.test")).status == 200
    told = (await place.api.get(boss, "/api/v1/notifications", scopes="read")).json
    assert [(one["type"], one["account"]["username"]) for one in told] == [("admin.sign_up", "carol")]
    assert (await Visitor(place.api.rig).get(f"/confirm?token={link}")).status == 404, "once"


async def test_where_sign_ups_are_looked_at_a_yes_is_needed_as_well(guarded: Place) -> None:
    boss, bob = guarded.api.run(make.account, "boss", "owner"), guarded.api.run(make.account, "bob")
    assert (await guarded.sign_up()).json["details"]["reason"][0]["error"] == "ERR_BLANK"
    token = await guarded.newcomer(reason="I like gardens")
    await Visitor(guarded.api.rig).press("/confirm", {"token": await guarded.link()})
    answer = await guarded.ask(token, "/api/v1/accounts/verify_credentials")
    assert (answer.status, answer.json["error"]) == (403, "Your login is currently pending approval")
    await guarded.api.rig.instance.jobs.settle()
    assert [letter.to for letter in guarded.letters if "I like gardens" in letter.text] == ["boss@mail.test"]

    where = f"/moderation/sign-ups/{guarded.account().id}/approve"
    assert (await Visitor(guarded.api.rig, bob).post(where)).status == 403
    assert (await Visitor(guarded.api.rig, bob).get("/moderation/sign-ups")).status == 403
    assert "I like gardens" in (await Visitor(guarded.api.rig, boss).read("/moderation/sign-ups")).main
    await Visitor(guarded.api.rig, boss).press(where)

    assert (await guarded.ask(token, "/api/v1/accounts/verify_credentials")).status == 200
    shown = (await guarded.api.get(None, "/api/v2/instance")).json["registrations"]
    assert (shown["enabled"], shown["approval_required"], shown["reason_required"]) == (True, True, True)


async def test_who_is_turned_down_leaves_nothing_behind(guarded: Place) -> None:
    boss = guarded.api.run(make.account, "boss", "owner")
    token = await guarded.newcomer(reason="spam")
    await Visitor(guarded.api.rig, boss).press(f"/moderation/sign-ups/{guarded.account().id}/reject")

    assert (await guarded.ask(token, "/api/v1/accounts/verify_credentials")).status == 401
    assert guarded.api.rig.instance.db.read(user_rows.find_by_login, "carol@mail.test") is None
    assert (await guarded.sign_up(reason="again")).status == 200, "the name is free"


@pytest.mark.parametrize(
    ("fields", "field", "error"),
    [
        ({"username": ""}, "username", "ERR_BLANK"), ({"username": "a b"}, "username", "ERR_INVALID"),
        ({"username": "x" * 31}, "username", "ERR_TOO_LONG"), ({"username": "admin"}, "username", "ERR_RESERVED"),
        ({"username": "Adm1n_"}, "username", "ERR_RESERVED"), ({"username": "b0ss"}, "username", "ERR_RESERVED"),
        ({"username": "BOSS"}, "username", "ERR_TAKEN"), ({"username": "c\u0430rol"}, "username", "ERR_INVALID"),
        ({"email": ""}, "email", "ERR_BLANK"), ({"email": "carol"}, "email", "ERR_INVALID"),
        ({"email": "a@b.test\nBcc: x@y.test"}, "email", "ERR_INVALID"), ({"email": "BOSS@mail.test"}, "email", "ERR_TAKEN"),
        ({"password": ""}, "password", "ERR_BLANK"), ({"password": "short"}, "password", "ERR_TOO_SHORT"),
        ({"password": "x" * 1025}, "password", "ERR_TOO_LONG"), ({"agreement": False}, "agreement", "ERR_ACCEPTED"),
        ({"locale": "<script>"}, "locale", "ERR_INCLUSION"), ({"reason": "x" * 2001}, "reason", "ERR_TOO_LONG"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_form_is_told_by_field_AUT_26(place: Place, fields: dict[str, Any], field: str, error: str) -> None:
    place.api.run(make.account, "boss", "owner")
    answer = await place.sign_up(**fields)

    assert answer.status == 422 and answer.json["error"].startswith("Validation failed: ")
    assert {name: [one["error"] for one in found] for name, found in answer.json["details"].items()} == {field: [error]}


async def test_where_there_is_an_age_to_reach_it_is_asked_for_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async for place in opened(tmp_path, monkeypatch, "open", min_age=16):
        for birthday, error in (
            ("", "ERR_BLANK"),
            ("yesterday", "ERR_BLANK"),
            ("2020-01-01", "ERR_BELOW_LIMIT"),
            ("1066-01-01", "ERR_INVALID"),
        ):
            assert (await place.sign_up(date_of_birth=birthday)).json["details"]["date_of_birth"][0]["error"] == error
        assert (await place.sign_up(date_of_birth="1990-05-06")).status == 200
        assert (await place.api.get(None, "/api/v2/instance")).json["registrations"]["min_age"] == 16
        rows = place.api.rig.instance.db.read(lambda tx: [tuple(row) for row in tx.query("SELECT * FROM users")])
        assert "1990-05-06" not in str(rows)


async def test_only_a_program_by_itself_signs_people_up(place: Place) -> None:
    alice = place.api.person(cast.ALICE)
    assert (await place.api.post(alice, "/api/v1/accounts", json=GOOD)).status == 403
    assert (await place.api.post(None, "/api/v1/accounts", json=GOOD)).status == 401
    app = place.api.run(apps.register, "Program", [apps.OUT_OF_BAND], "read")[0]
    assert (await place.sign_up(place.api.run(oauth.for_itself, app, ("read",)).secret)).status == 403


async def test_one_address_makes_five_accounts_in_half_an_hour_AUT_26(place: Place) -> None:
    statuses = [(await place.sign_up(username=f"carol{n}", email=f"carol{n}@mail.test")) for n in range(6)]
    assert [answer.status for answer in statuses] == [200] * 5 + [429]
    assert int(statuses[-1].headers["Retry-After"]) > 0


async def test_a_letter_is_sent_again_and_to_another_address_and_only_the_last_link_is_good_AUT_27(place: Place) -> None:
    token = await place.newcomer()
    place.api.run(make.account, "boss", "owner")
    first = await place.link()
    assert (await place.ask(token, "/api/v1/emails/confirmations", "POST", json={"email": "boss@mail.test"})).status == 422
    assert (await place.ask(token, "/api/v1/emails/confirmations", "POST", json={"email": "new@mail.test"})).json == {}
    second = await place.link()
    assert place.letters[-1].to == "new@mail.test" and first != second
    assert (await Visitor(place.api.rig).post("/confirm", {"token": first})).status == 404
    await Visitor(place.api.rig).press("/confirm", {"token": second})
    user = place.api.rig.instance.db.read(user_rows.get, place.account().id)
    assert user.email == "new@mail.test" and not user.waiting
    answer = await place.ask(token, "/api/v1/emails/confirmations", "POST")
    assert (answer.status, answer.json["error"]) == (403, "This method is only available while the e-mail is awaiting confirmation")


async def test_letters_are_not_sent_without_end(place: Place) -> None:
    token = await place.newcomer()
    statuses = [(await place.ask(token, "/api/v1/emails/confirmations", "POST")).status for _ in range(6)]
    assert statuses == [200] * 5 + [429]


async def test_no_link_stands_in_the_database_AUT_12(place: Place) -> None:
    await place.newcomer()
    link = await place.link()
    tables = ("email_confirmations", "jobs", "users", "oauth_tokens")
    kept = place.api.rig.instance.db.read(lambda tx: [tuple(row) for table in tables for row in tx.query(f"SELECT * FROM {table}")])
    assert link not in str(kept)


async def test_without_letters_somebody_confirms_by_hand_and_the_api_says_so(poor: Place) -> None:
    token = await poor.newcomer()
    answer = await poor.ask(token, "/api/v1/emails/confirmations", "POST")
    assert (answer.status, answer.json["error"]) == (422, signups.NO_MAIL)

    await poor.api.rig.instance.db.write(signups.confirm_by_hand, poor.account())

    assert (await poor.ask(token, "/api/v1/accounts/verify_credentials")).status == 200


async def test_who_never_opens_the_letter_is_forgotten(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await place.newcomer()
    place.api.run(signups.prune)
    assert place.account()
    place.api.run(lambda tx: tx.execute("UPDATE users SET created_at = created_at - ?", (8 * 24 * 3600 * 1000,)))
    place.api.run(signups.prune)
    assert place.api.rig.instance.db.read(account_rows.find_by_handle, "carol", "") is None


async def test_the_right_password_of_who_waits_says_what_for(place: Place) -> None:
    await place.newcomer()
    visitor = Visitor(place.api.rig)
    answer = await visitor.post("/login", {"login": "carol", "password": GOOD["password"]})
    assert answer.status == 403 and "not confirmed yet" in await answer.text() and "__Host-fedi=" not in str(answer.headers)
    assert "not confirmed" not in await (await visitor.post("/login", {"login": "carol", "password": "wrong one"})).text()


async def test_people_sign_up_on_a_page_too(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Window, "spend", lambda window, key: None)
    visitor = Visitor(place.api.rig)
    await visitor.read("/sign-up")
    wrong = await visitor.post("/sign-up", {"username": "<b>", "email": "x", "password": "y"})
    assert wrong.status == 422 and "must contain only letters" in await wrong.text()
    done = await visitor.post("/sign-up", {"username": "dora", "email": "dora@mail.test", "password": "correct horse", "agreement": "1"})
    assert done.status == 200 and "sent you a letter" in await done.text()
    assert logins.check_password(
        place.api.rig.instance.db.read(user_rows.get, place.account("dora").id).password_hash, "correct horse"
    )  # fmt: skip
    await Visitor(place.api.rig).press("/confirm", {"token": await place.link()})
    assert place.account("dora").suspended_at is None


async def test_a_closed_sign_up_page_says_so(api: Api) -> None:
    assert "closed" in (await Visitor(api.rig).read("/sign-up")).main
    assert (await Visitor(api.rig).post("/sign-up", GOOD | {"agreement": "1"})).status == 403
