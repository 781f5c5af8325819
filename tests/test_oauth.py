"""Consent, codes and tokens as rules. The addresses are tried in tests/web/api/test_oauth.py."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from fedi import apps, logins, moderation, oauth
from fedi.errors import Invalid, NotFound
from fedi.oauth import Wish
from fedi.storage import apps as rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.apps import App
from fedi.storage.db import Database

Run = Callable[..., Any]
PLACE = "https://app.test/cb"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-1"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def app(run: Run) -> App:
    made: App = run(apps.register, "Program", [PLACE, apps.OUT_OF_BAND], "read write", "https://app.test")[0]
    return made


def wish(app: App, challenge: str = "", place: str = PLACE) -> Wish:
    return Wish(app, place, ("read", "write:statuses"), challenge)


@pytest.mark.parametrize(
    "place",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "https://app.test/cb#x",
        "blob:x",
        "https://app.test/" + "x" * 2049, "", "/cb", "app.test/cb", "https:///cb", "https://me@app.test/", "https://app.test/\u00e9",
        "https://app.test/\\evil", 'https://app.test/"x', "about:blank", "view-source:x", "1x:y", "x:",
    ],
)  # fmt: skip
def test_a_program_comes_back_to_places_only_AUT_02(run: Run, place: str) -> None:
    with pytest.raises(Invalid):
        run(apps.register, "Program", [place])


def test_a_program_has_a_name_a_page_and_some_places_AUT_02_AUT_31(run: Run) -> None:
    app, _ = run(
        apps.register, "  A\u202eprogram \n", ["https://a.test/cb?x=1 myapp://cb", "http://localhost:8000/", PLACE, PLACE], "", " "
    )
    assert app.places() == ["https://a.test/cb?x=1", "myapp://cb", "http://localhost:8000/", PLACE]
    assert (app.scopes, app.website, "\u202e" in app.name) == ("read", "", False)
    for wrong in (
        (" ", [PLACE]), ("x", []), ("x", [f"https://a.test/{n}" for n in range(100)]), ("x", [PLACE], "everything"),
        ("x", [PLACE], "", "javascript:x"), ("x", [PLACE], "", "https://a.test/" + "x" * 2049),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            run(apps.register, *wrong)


def test_only_hashes_of_programs_secrets_are_kept_AUT_12(run: Run, dump: Any, alice: Account) -> None:
    app, secret = run(apps.register, "Program", [PLACE])
    code = run(oauth.allow, alice.id, wish(app))
    issued = run(oauth.exchange, app, run(oauth.allow, alice.id, wish(app)), PLACE, "")
    assert issued is not None
    for kept in (secret, code, issued.secret):
        assert len(kept) >= 43 and kept not in dump()


def test_a_program_is_known_by_its_secret(db: Database, run: Run) -> None:
    app, secret = run(apps.register, "Program", [PLACE])
    assert db.read(apps.authenticate, app.client_id, secret) == app
    for wrong in ((app.client_id, secret + "x"), (app.client_id, ""), ("x", secret), ("", "")):
        assert db.read(apps.authenticate, *wrong) is None


def test_a_code_becomes_a_token_of_that_person_program_and_consent(db: Database, run: Run, app: App, alice: Account) -> None:
    issued = run(oauth.exchange, app, run(oauth.allow, alice.id, wish(app, CHALLENGE)), PLACE, VERIFIER)
    assert issued is not None
    token = db.read(logins.find_token, issued.secret)
    assert token is not None
    assert (token.account_id, token.app_id, token.scopes, token.name) == (alice.id, app.id, "read write:statuses", "Program")


@pytest.mark.parametrize("verifier", ["", VERIFIER + "x", VERIFIER.upper(), "short", CHALLENGE, "x" * 200, "\u00e9" * 50])
def test_a_protected_code_needs_what_it_was_protected_with_AUT_04(run: Run, app: App, alice: Account, verifier: str) -> None:
    code = run(oauth.allow, alice.id, wish(app, CHALLENGE))
    assert run(oauth.exchange, app, code, PLACE, verifier) is None
    assert run(oauth.exchange, app, code, PLACE, VERIFIER) is None, "one try"


def test_who_takes_the_challenge_out_gains_nothing_AUT_04(run: Run, app: App, alice: Account) -> None:
    """The program that protects its codes shows what it protected it with, and learns that its challenge never arrived."""
    assert run(oauth.exchange, app, run(oauth.allow, alice.id, wish(app)), PLACE, VERIFIER) is None


def test_a_code_is_good_for_its_program_place_and_minute_AUT_06(run: Run, frozen: Any, app: App, alice: Account) -> None:
    other = run(apps.register, "Other", [PLACE], "read write")[0]
    code = run(oauth.allow, alice.id, wish(app))
    assert run(oauth.exchange, other, code, PLACE, "") is None
    for place in (f"{PLACE}/", f"{PLACE}?", "https://APP.test/cb", "\u00e9", apps.OUT_OF_BAND):
        assert run(oauth.exchange, app, run(oauth.allow, alice.id, wish(app)), place, "") is None
    assert run(oauth.exchange, app, "nonsense", PLACE, "") is None
    late = run(oauth.allow, alice.id, wish(app))
    frozen.tick(59)
    assert run(oauth.exchange, app, code, PLACE, "") is not None, "the other program has not used it up"
    frozen.tick(3)
    assert run(oauth.exchange, app, late, PLACE, "") is None


def test_a_code_shown_twice_ends_what_it_brought_AUT_06(db: Database, run: Run, heard: Any, app: App, alice: Account) -> None:
    code = run(oauth.allow, alice.id, wish(app))
    issued = run(oauth.exchange, app, code, PLACE, "")
    other = run(oauth.exchange, app, run(oauth.allow, alice.id, wish(app)), PLACE, "")
    events = heard("auth")
    assert run(oauth.exchange, app, code, PLACE, "") is None
    assert db.read(logins.find_token, issued.secret) is None
    assert db.read(logins.find_token, other.secret) is not None
    assert [event.id for event in events] == [alice.id]


def test_a_program_asks_within_what_it_registered_AUT_07(run: Run, app: App) -> None:
    assert oauth.wanted(app, "write:media read write:media") == ("write:media", "read")
    assert oauth.wanted(app, "") == ("read",)
    for wrong in ("push", "admin:read", "read follow", "nonsense"):
        with pytest.raises(Invalid):
            oauth.wanted(app, wrong)
    assert oauth.wanted(run(apps.register, "x", [PLACE], "write:accounts")[0], "") == ("write:accounts",)


def test_a_program_ends_its_own_tokens_only(db: Database, run: Run, heard: Any, app: App, alice: Account) -> None:
    other = run(apps.register, "Other", [PLACE])[0]
    issued = run(oauth.exchange, app, run(oauth.allow, alice.id, wish(app)), PLACE, "")
    by_hand = run(logins.new_token, alice.id, "read")
    events = heard("auth")
    assert run(oauth.revoke, other, issued.secret) is False and run(oauth.revoke, app, by_hand) is False
    assert db.read(logins.find_token, issued.secret) and db.read(logins.find_token, by_hand) and not events
    assert run(oauth.revoke, app, issued.secret) and run(oauth.revoke, app, issued.secret)
    assert db.read(logins.find_token, issued.secret) is None
    assert [event.id for event in events] == [alice.id]


def test_throwing_a_program_out_ends_all_it_has_of_that_person_AUT_10(
    db: Database, run: Run, heard: Any, app: App, alice: Account, bob: Account
) -> None:
    kept = run(oauth.exchange, app, run(oauth.allow, bob.id, wish(app)), PLACE, "")
    ended = [run(oauth.exchange, app, run(oauth.allow, alice.id, wish(app)), PLACE, "") for _ in range(2)]
    code = run(oauth.allow, alice.id, wish(app))
    by_hand = run(logins.new_token, alice.id, "read", "by hand")
    listed = db.read(rows.list_admitted, alice.id)
    assert sorted((row.name, row.app_id) for row in listed) == [("Program", app.id), ("by hand", None)]
    events = heard("auth")
    with pytest.raises(NotFound):
        run(apps.dismiss, bob.id, ended[0].token.id)

    run(apps.dismiss, alice.id, next(row.token_id for row in listed if row.app_id))

    assert all(db.read(logins.find_token, issued.secret) is None for issued in ended)
    assert run(oauth.exchange, app, code, PLACE, "") is None
    assert db.read(logins.find_token, kept.secret) and db.read(logins.find_token, by_hand)
    assert [event.id for event in events] == [alice.id]
    run(apps.dismiss, alice.id, db.read(rows.list_admitted, alice.id)[0].token_id)
    assert db.read(logins.find_token, by_hand) is None


@pytest.mark.parametrize("end", ["password", "suspension"])
def test_a_new_password_and_a_suspension_end_codes_as_well_AUT_10(run: Run, app: App, alice: Account, end: str) -> None:
    code = run(oauth.allow, alice.id, wish(app))
    if end == "password":
        run(logins.set_password, alice.id, "hash")
    else:
        run(moderation.suspend, alice)
    assert run(oauth.exchange, app, code, PLACE, "") is None


def test_the_tokens_of_one_person_are_not_without_number(
    db: Database, run: Run, app: App, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedi.limits.TOKENS_PER_PERSON", 3)
    by_hand = run(logins.new_token, alice.id, "read")
    for _ in range(6):
        run(oauth.exchange, app, run(oauth.allow, alice.id, wish(app)), PLACE, "")
        run(oauth.for_itself, app, ("read",))
    assert len(db.read(user_rows.list_tokens, alice.id)) == 4 and db.read(logins.find_token, by_hand)
    assert db.read(lambda tx: tx.one("SELECT count(*) FROM oauth_tokens WHERE account_id IS NULL"))[0] == 3


def test_programs_nobody_let_in_are_forgotten_AUT_31(db: Database, run: Run, frozen: Any, app: App, alice: Account) -> None:
    unused = run(apps.register, "Unused", [PLACE])[0]
    run(oauth.exchange, app, run(oauth.allow, alice.id, wish(app)), PLACE, "")
    run(oauth.prune)
    assert db.read(rows.find, unused.id)
    frozen.tick(25 * 3600)
    run(oauth.prune)
    assert db.read(rows.find, unused.id) is None and db.read(rows.find, app.id)
    assert db.read(lambda tx: tx.one("SELECT count(*) FROM oauth_codes"))[0] == 0
