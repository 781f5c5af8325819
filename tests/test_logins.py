from collections.abc import Callable
from typing import Any

import pytest

from fedi import clock, logins
from fedi.errors import Invalid, NotFound
from fedi.storage import users as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import make

Run = Callable[..., Any]


def test_a_password_is_checked_against_its_hash_only() -> None:
    hashed = logins.hash_password("correct horse")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert logins.check_password(hashed, "correct horse")
    for wrong in ("correct hors", "", "Correct horse", "x" * 2000):
        assert not logins.check_password(hashed, wrong)
    assert logins.hash_password("correct horse") != hashed, "salted"


def test_half_a_surrogate_in_a_password_is_no_accident() -> None:
    assert not logins.check_password(logins.DUMMY_HASH, "\ud800" * 8)


def test_nobodys_hash_matches_nothing_and_costs_the_same() -> None:
    assert not logins.check_password(logins.DUMMY_HASH, "")
    assert not logins.check_password(logins.DUMMY_HASH, "0" * 32)
    assert logins.DUMMY_HASH.split("$")[:4] == logins.hash_password("x").split("$")[:4]


@pytest.mark.parametrize(("password", "good"), [("1234567", False), ("12345678", True), ("x" * 1024, True), ("x" * 1025, False)])
def test_new_passwords_have_a_length(password: str, good: bool) -> None:
    if good:
        logins.check_new_password(password)
    else:
        with pytest.raises(Invalid):
            logins.check_new_password(password)


def test_only_hashes_of_secrets_are_kept(db: Database, run: Run, dump: Any, alice: Account) -> None:
    session, token = run(logins.start_session, alice.id, "A browser " * 100), run(make.token, alice)
    assert len(session) >= 43 and session != token
    assert session not in dump() and token not in dump()
    found = db.read(logins.find_session, session)
    assert found is not None and found.account_id == alice.id and len(found.agent) == 200
    assert db.read(logins.find_token, token).scopes == "read write follow"
    for nothing in ("", "x", session[:-1], token.upper()):
        assert db.read(logins.find_session, nothing) is None
        assert db.read(logins.find_token, nothing) is None
    assert db.read(logins.find_session, token) is None and db.read(logins.find_token, session) is None


def test_signing_out_ends_that_browser_only(db: Database, run: Run, heard: Any, alice: Account) -> None:
    events = heard("auth")
    one, other = run(logins.start_session, alice.id, "1"), run(logins.start_session, alice.id, "2")
    run(logins.end_session, one)
    run(logins.end_session, one)
    assert db.read(logins.find_session, one) is None and db.read(logins.find_session, other)
    assert [e.id for e in events] == [alice.id]


def test_forms_of_each_browser_have_a_secret_of_their_own() -> None:
    assert logins.csrf_token("a") == logins.csrf_token("a") != logins.csrf_token("b")


@pytest.mark.parametrize("scopes", ["", "  ", "everything", "read everything", "admin", "push:all"])
def test_a_token_is_for_scopes_that_there_are(run: Run, alice: Account, scopes: str) -> None:
    with pytest.raises(Invalid):
        run(logins.new_token, alice.id, scopes)


def test_scopes_are_kept_once_each_and_may_be_parts(db: Database, run: Run, alice: Account) -> None:
    token = run(logins.new_token, alice.id, "read  read:statuses write read", "client")
    assert db.read(logins.find_token, token).scopes == "read read:statuses write"
    assert [t.name for t in db.read(rows.list_tokens, alice.id)] == ["client"]


def test_a_token_is_for_somebody_who_is_here(run: Run, carol: Account) -> None:
    with pytest.raises(NotFound):
        run(logins.new_token, carol.id, "read")


def test_a_revoked_token_is_none(db: Database, run: Run, alice: Account) -> None:
    token = run(make.token, alice)
    run(logins.revoke_token, token)
    assert db.read(logins.find_token, token) is None
    with pytest.raises(NotFound):
        run(logins.revoke_token, token)


def test_a_new_password_ends_every_session_and_token_of_that_person(
    db: Database, run: Run, heard: Any, alice: Account, bob: Account
) -> None:
    ended = [run(logins.start_session, alice.id, "x"), run(make.token, alice)]
    kept = run(make.token, bob)
    events = heard("auth")
    run(logins.set_password, alice.id, "new hash")
    assert db.read(rows.get, alice.id).password_hash == "new hash"
    assert db.read(logins.find_session, ended[0]) is None and db.read(logins.find_token, ended[1]) is None
    assert db.read(logins.find_token, kept)
    assert [e.id for e in events] == [alice.id]


def test_what_nobody_used_for_long_ends(db: Database, run: Run, frozen: Any, alice: Account) -> None:
    old, used = run(logins.start_session, alice.id, "old"), run(logins.start_session, alice.id, "used")
    old_token, used_token = run(make.token, alice), run(make.token, alice)
    frozen.tick(80 * 24 * 3600)
    run(logins.touch_session, used)
    run(logins.touch_token, used_token)
    frozen.tick(11 * 24 * 3600)
    assert run(rows.prune_sessions, clock.now() - 90 * clock.DAY) == 2
    assert db.read(logins.find_session, old) is None and db.read(logins.find_token, old_token) is None
    assert db.read(logins.find_session, used) and db.read(logins.find_token, used_token)


def test_there_is_always_an_owner(db: Database, run: Run) -> None:
    captain, mate = run(make.account, "captain", "owner"), run(make.account, "mate")
    with pytest.raises(Invalid):
        run(logins.set_role, captain.id, "user")
    with pytest.raises(Invalid):
        run(logins.set_role, mate.id, "king")
    run(logins.set_role, mate.id, "owner")
    run(logins.set_role, captain.id, "user")
    assert db.read(rows.list_staff) == [mate.id]


def test_settings_are_ones_own(db: Database, run: Run, alice: Account) -> None:
    run(rows.set_settings, alice.id, {"theme": "dark"})
    user = db.read(rows.get, alice.id)
    assert (user.setting("theme"), user.setting("language", "en")) == ("dark", "en")
