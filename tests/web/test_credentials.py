"""Signing in, staying in and being thrown out, tried as a stranger would: over HTTP, through every address there is. Source: AUT."""

import re
import time
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientResponse
from yarl import URL

from fedi import logins, moderation, sessions
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web.limits import Window
from tests.web.rig import Rig, served, settings

PASSWORD = "correct horse battery"
HASH = logins.hash_password(PASSWORD)
VISIT = {"Cookie": "__Host-fedi_visit=a-visit", "Accept": "text/html"}
EVIL = (
    "//evil.test", "///evil.test", "/\\evil.test", "\\\\evil.test", "https://evil.test", "http:evil.test", "javascript:alert(1)",
    "/%09/evil.test",
    "/\t/evil.test", "/x/..//evil.test", "/.//evil.test", "//fedi.test@evil.test", "/\r\nLocation: https://evil.test", "@evil.test",
    "/@x@evil.test/..//",
    "////", "/;//evil.test", "https:/evil.test", " //evil.test", "\u2028//evil.test", "/\u0000/evil.test", "?//evil.test", "#//evil.test",
    "data:text/html,x",
)  # fmt: skip


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with served(settings(tmp_path, server={"trusted_proxies": []})) as made:
        yield made


def with_password(rig: Rig, name: str = "alice") -> Account:
    account = rig.person(name)
    rig.instance.db.transact(logins.set_password, account.id, HASH)
    return account


async def sign_in(rig: Rig, login: str, password: str, **headers: str) -> ClientResponse:
    form = {"login": login, "password": password, "csrf": logins.csrf_token("a-visit")}
    return await rig.client.post("/login", data=form, headers=VISIT | headers, allow_redirects=False)


def cookie_of(response: ClientResponse) -> Any:
    """The session's, as it was set."""
    jar: SimpleCookie = SimpleCookie()
    for value in response.headers.getall("Set-Cookie", []):
        jar.load(value)
    return jar["__Host-fedi"]


def browser(secret: str, **more: str) -> dict[str, str]:
    return {"Cookie": f"__Host-fedi={secret}", "Accept": "text/html", **more}


def is_local(place: str) -> bool:
    """Whether every browser stays on this server."""
    return (
        bool(re.match(r"/(?![/\\])", place))
        and str(URL("https://fedi.test").join(URL(place, encoded=True)).origin()) == "https://fedi.test"
    )


# -- forms of other sites --


class Forged(NamedTuple):
    """What a page elsewhere can make a browser send, which always sends its cookie along."""

    name: str
    fields: dict[str, str]
    headers: dict[str, str]
    query: str = ""


def forgeries(good: str) -> list[Forged]:
    return [
        Forged("no token", {}, {}),
        Forged("an empty token", {"csrf": ""}, {}),
        Forged("somebody else's token", {"csrf": logins.csrf_token("other")}, {}),
        Forged("the token of a visit", {"csrf": logins.csrf_token("a-visit")}, {}),
        Forged("a token that is longer", {"csrf": good + "0"}, {}),
        Forged("the token in the address", {}, {}, f"?csrf={good}"),
        Forged("the token in both", {"csrf": good}, {}, f"?csrf={good}"),
        Forged("another origin", {"csrf": good}, {"Origin": "https://evil.test"}),
        Forged("an origin like ours", {"csrf": good}, {"Origin": "https://fedi.test.evil.test"}),
        Forged("our name without TLS", {"csrf": good}, {"Origin": "http://fedi.test"}),
        Forged("our name at another port", {"csrf": good}, {"Origin": "https://fedi.test:8443"}),
        Forged("no origin at all", {"csrf": good}, {"Origin": "null"}),
        Forged("another site", {"csrf": good}, {"Sec-Fetch-Site": "cross-site"}),
        Forged("a sister site", {"csrf": good}, {"Sec-Fetch-Site": "same-site"}),
        Forged("a header that is wrong", {"csrf": good}, {"X-CSRF-Token": "x"}),
        Forged("another site that says it is a program", {"csrf": good}, {"Origin": "https://evil.test", "Authorization": "Basic YTpi"}),
    ]


# For programs and other servers, and letters: asked for and ended by who has no session that a forged form could use.
_NO_FORMS = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/inbox", "/actor", "/users/", "/newsletter/")


def unsafe(rig: Rig, signed_in: bool) -> list[tuple[str, str]]:
    """Every address that changes something and listens to cookies."""
    app = rig.client.server.app  # type: ignore[attr-defined]
    found = []
    for route in app.router.routes():
        if route.resource is None or route.method in ("GET", "HEAD"):
            continue
        pattern = route.resource.canonical
        if signed_in or not pattern.startswith(_NO_FORMS):
            found.append((route.method, pattern))
    assert len(found) > 10
    return found


async def test_no_form_of_another_site_changes_anything_AUT_19(rig: Rig) -> None:
    alice, bob = with_password(rig), rig.person("bob")
    post = rig.post(alice)
    secret = rig.session(alice)
    wrong = []
    for signed_in, headers, good in ((True, browser(secret), logins.csrf_token(secret)), (False, VISIT, logins.csrf_token("a-visit"))):
        for method, pattern in unsafe(rig, signed_in):
            somebody = "accounts/" in pattern or "follow_requests/" in pattern
            path = (
                pattern.replace("{name}", "alice")
                .replace("{id}", str(bob.id if somebody else post.id))
                .replace("{verb}", "mute" if somebody else "like")
            )
            for forged in forgeries(good):
                if forged.name == "the token of a visit" and not signed_in:
                    continue
                before = rig.instance.db.version()
                fields = {"login": "alice", "password": PASSWORD, "text": "x", "status": "x", "name": "x"} | forged.fields
                response = await rig.client.request(
                    method, path + forged.query, data=fields, headers=headers | forged.headers, allow_redirects=False
                )
                if response.status != 403 or rig.instance.db.version() != before or "__Host-fedi=" in str(response.headers):
                    wrong.append(f"{forged.name}: {method} {path}: {response.status}")
            plain = await rig.client.request(
                method, path, data='{"csrf":"x"}', headers=headers | {"Content-Type": "text/plain"}, allow_redirects=False
            )
            if not 400 <= plain.status < 500:
                wrong.append(f"JSON as text: {method} {path}: {plain.status}")
    assert not wrong, "\n".join(wrong)


async def test_what_changes_something_is_never_done_by_a_GET_AUT_19(rig: Rig) -> None:
    alice = rig.person("alice")
    post, secret = rig.post(alice), rig.session(alice)
    for method, pattern in unsafe(rig, True):
        path = pattern.replace("{name}", "alice").replace("{id}", str(post.id))
        for verb in ("like", "boost", "block", "follow") if "{verb}" in path else ("",):
            before = rig.instance.db.version()
            query = f"?csrf={logins.csrf_token(secret)}&text=x&status=x&login=alice&password={PASSWORD}"
            response = await rig.client.get(path.replace("{verb}", verb) + query, headers=browser(secret), allow_redirects=False)
            assert response.status < 500
            assert rig.instance.db.version() == before, (method, path)


async def test_a_token_that_is_shown_is_worth_something_for_one_browser_only(rig: Rig) -> None:
    alice = rig.person("alice")
    one, two = rig.session(alice), rig.session(alice)
    answer = await rig.client.post("/logout", data={"csrf": logins.csrf_token(one)}, headers=browser(two), allow_redirects=False)
    assert answer.status == 403


# -- sessions --


async def test_a_session_begins_with_a_new_secret_and_ends_for_good_AUT_17_AUT_18(rig: Rig) -> None:
    with_password(rig)
    fixed = "x" * 43
    form = {"login": "alice", "password": PASSWORD, "csrf": logins.csrf_token("a-visit")}
    headers = {"Cookie": f"__Host-fedi={fixed}; __Host-fedi_visit=a-visit", "Accept": "text/html"}
    response = await rig.client.post("/login", data=form, headers=headers, allow_redirects=False)
    made = cookie_of(response)

    assert response.status == 303
    assert made.value != fixed and len(made.value) >= 40
    assert made["secure"] and made["httponly"] and made["samesite"] == "Lax" and made["path"] == "/" and not made["domain"]
    assert (await rig.client.get("/home", headers=browser(fixed), allow_redirects=False)).status == 303
    assert (await rig.client.get("/home", headers=browser(made.value), allow_redirects=False)).status == 200

    csrf = logins.csrf_token(made.value)
    out = await rig.client.post("/logout", data={"csrf": csrf}, headers=browser(made.value), allow_redirects=False)
    assert out.status == 303 and cookie_of(out).value == ""
    assert (await rig.client.get("/home", headers=browser(made.value), allow_redirects=False)).status == 303


async def test_signing_in_again_ends_the_session_before_AUT_17(rig: Rig) -> None:
    alice = with_password(rig)
    old = rig.session(alice)
    form = {"login": "alice", "password": PASSWORD, "csrf": logins.csrf_token(old)}
    response = await rig.client.post("/login", data=form, headers=browser(old), allow_redirects=False)

    assert response.status == 303
    assert (await rig.client.get("/home", headers=browser(old), allow_redirects=False)).status == 303


async def test_what_ends_a_session_or_token_ends_it_at_once_AUT_10(rig: Rig) -> None:
    alice, bob = with_password(rig), rig.person("bob")
    run = rig.instance.db.transact

    async def works(secret: str, token: str) -> tuple[int, int]:
        page = await rig.client.get("/home", headers=browser(secret), allow_redirects=False)
        return page.status, (await rig.get("/api/v1/accounts/verify_credentials", Authorization=f"Bearer {token}")).status

    for end, expected in (
        (lambda secret, token: run(logins.revoke_token, token), (200, 401)),
        (lambda secret, token: run(logins.end_session, secret), (303, 200)),
        (lambda secret, token: run(sessions.end_others, alice.id, ""), (303, 200)),
        (lambda secret, token: run(logins.set_password, alice.id, HASH), (303, 401)),
        (lambda secret, token: run(moderation.suspend, alice, by_id=bob.id), (303, 401)),
    ):
        secret, token = rig.session(alice), rig.token(alice)
        assert await works(secret, token) == (200, 200)
        end(secret, token)
        assert await works(secret, token) == expected


async def test_who_is_suspended_cannot_sign_in_and_is_told_no_more_than_others(rig: Rig) -> None:
    alice, bob = with_password(rig), rig.person("bob")
    rig.instance.db.transact(moderation.suspend, alice, by_id=bob.id)
    one, other = await sign_in(rig, "alice", PASSWORD), await sign_in(rig, "nobody", PASSWORD)

    assert one.status == other.status == 422
    assert (await one.text()).replace("alice", "nobody") == await other.text()


async def test_no_secret_opens_anything_that_it_is_not_for(rig: Rig) -> None:
    """A session's secret is no token, a token no session, and their hashes as they are stored are neither."""
    alice = rig.person("alice")
    secret, token = rig.session(alice), rig.token(alice)
    stored = [
        row[0].hex()
        for row in rig.instance.db.read(lambda tx: tx.query("SELECT token_hash FROM sessions UNION SELECT token_hash FROM oauth_tokens"))
    ]
    for wrong in (secret, *stored, token + "x", token[:-1], "", "null", "undefined"):
        assert (await rig.get("/api/v1/accounts/verify_credentials", Authorization=f"Bearer {wrong}")).status == 401
    for wrong in (token, *stored, secret + "x", secret[:-1], ""):
        assert (await rig.client.get("/home", headers=browser(wrong), allow_redirects=False)).status == 303
    for path in ("/api/v1/accounts/verify_credentials", "/api/v1/timelines/home"):
        assert (await rig.get(f"{path}?access_token={token}")).status == 401  # AUT-11


async def test_nothing_in_the_database_can_be_shown_as_a_secret_AUT_12(rig: Rig) -> None:
    alice = with_password(rig)
    secret, token = rig.session(alice), rig.token(alice)
    dump = rig.instance.db.read(everything)
    for hidden in (secret, token, PASSWORD, logins.csrf_token(secret)):
        assert hidden not in dump


def everything(tx: Tx) -> str:
    tables = [row[0] for row in tx.query("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return repr([tuple(row) for table in tables for row in tx.query(f'SELECT * FROM "{table}"')])


# -- passwords --


async def test_tries_are_counted_whoever_they_say_they_come_from_AUT_13_AUT_14(rig: Rig) -> None:
    with_password(rig)
    spellings = ["alice", "ALICE", " alice ", "@alice", "Alice", "aLice", "@ALICE"]
    answers = []
    for n, name in enumerate(spellings):
        claims = {"X-Forwarded-For": f"10.0.0.{n}", "X-Real-IP": f"10.0.1.{n}", "Forwarded": f"for=10.0.2.{n}"}
        answers.append(await sign_in(rig, name, "wrong", **claims))

    assert [answer.status for answer in answers] == [422] * 5 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert (await sign_in(rig, "alice", PASSWORD)).status == 429  # the right one too, or guessing would go on
    for path in ("/login/", "//login", "/login.json", "/LOGIN", "/login?x", "/%6cogin", "/./login", "/login;x"):
        form = {"login": "alice", "password": PASSWORD, "csrf": logins.csrf_token("a-visit")}
        answer = await rig.client.session.post(
            URL(f"http://{rig.client.host}:{rig.client.port}{path}", encoded=True), data=form, headers=VISIT, allow_redirects=False
        )
        assert answer.status in (404, 405, 429), path


async def test_behind_a_proxy_it_is_the_client_who_is_counted_AUT_15(tmp_path: Path) -> None:
    async with served(settings(tmp_path, server={"trusted_proxies": ["127.0.0.1"]})) as rig:
        with_password(rig)
        for n in range(5):
            assert (await sign_in(rig, "alice", "wrong", **{"X-Forwarded-For": f"6.6.6.{n}, 198.51.100.7"})).status == 422
        assert (await sign_in(rig, "alice", "wrong", **{"X-Forwarded-For": "127.0.0.1, 198.51.100.7"})).status == 429
        assert (await sign_in(rig, "alice", PASSWORD, **{"X-Forwarded-For": "198.51.100.8"})).status == 303


async def test_one_address_tries_only_so_many_names_AUT_13(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try costs the server some 20 ms, whoever is named."""
    monkeypatch.setattr(logins, "check_password", lambda password_hash, password: False)
    statuses = [(await sign_in(rig, f"name{n}", "wrong")).status for n in range(320)]

    assert statuses.count(422) == 300 and set(statuses[-10:]) == {429}


async def test_guessing_the_present_password_in_the_settings_is_counted_like_signing_in(rig: Rig) -> None:
    secret = rig.session(with_password(rig))
    form = {"old": "wrong", "new": "another long one", "csrf": logins.csrf_token(secret)}
    for _ in range(5):
        assert (await rig.client.post("/settings/security/password", data=form, headers=browser(secret))).status == 422
    assert (await rig.client.post("/settings/security/password", data=form, headers=browser(secret))).status == 429


async def test_a_name_that_nobody_has_takes_as_long_and_says_the_same_AUT_16(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("check", "spend"):
        monkeypatch.setattr(Window, name, lambda window, key: None)
    with_password(rig)
    checked: list[str] = []
    real = logins.check_password

    def check(password_hash: str, password: str) -> bool:
        checked.append(password_hash)
        return real(password_hash, password)

    monkeypatch.setattr(logins, "check_password", check)
    times: dict[str, list[float]] = {"alice": [], "nobody": [], "\u0131": [], "alice@mail.test": []}
    texts = {}
    for _ in range(7):
        for name, spent in times.items():
            began = time.process_time()
            answer = await sign_in(rig, name, "wrong password")
            spent.append(time.process_time() - began)
            texts[name] = (await answer.text()).replace(name, "NAME")
            assert answer.status == 422

    assert len(checked) == 7 * len(times)
    assert {found.rsplit("$", 2)[0] for found in checked} == {HASH.rsplit("$", 2)[0]}  # the same work
    assert len(set(texts.values())) == 1
    fastest = [min(spent) for spent in times.values()]
    assert max(fastest) < 1.5 * min(fastest)  # without the password it would be a tenth


@pytest.mark.parametrize("password", ["x" * 1024 * 512, "x" * 1025, "\x00" * 20, "\u0301" * 1024, "", " "])
async def test_an_odd_password_is_a_wrong_one_and_soon_AUT_25(rig: Rig, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("check", "spend"):
        monkeypatch.setattr(Window, name, lambda window, key: None)
    with_password(rig)
    spent: dict[str, list[float]] = {"a wrong password": [], password: []}
    for _ in range(3):
        for said, costs in spent.items():
            began = time.process_time()
            answer = await sign_in(rig, "alice", said)
            costs.append(time.process_time() - began)
            assert answer.status == 422

    assert min(spent[password]) < 5 * min(spent["a wrong password"])


@pytest.mark.parametrize("length", [55, 56, 64, 72, 73, 128, 1024])
async def test_every_character_of_a_password_counts_AUT_25(rig: Rig, length: int) -> None:
    alice = rig.person("alice")
    rig.instance.db.transact(logins.set_password, alice.id, logins.hash_password("x" * length))

    assert (await sign_in(rig, "alice", "x" * (length - 1) + "y")).status == 422
    assert (await sign_in(rig, "alice", "x" * (length - 1))).status == 422
    assert (await sign_in(rig, "alice", "x" * length)).status == 303


# -- ways off this server --


@pytest.mark.parametrize("place", EVIL)
async def test_no_way_back_leads_elsewhere_AUT_23(rig: Rig, place: str) -> None:
    alice = with_password(rig)
    post, secret = rig.post(alice), rig.session(alice)
    csrf = logins.csrf_token(secret)
    query = str(URL.build(query={"next": place, "uri": place, "said": place, "q": place, "to": place}))
    answers = [await rig.client.get(f"{path}{query}", headers=browser(secret), allow_redirects=False)
               for path in ("/login", "/authorize_interaction", "/settings", "/home", "/", "/compose")]  # fmt: skip
    answers += [
        await rig.client.get(f"{path}{query}", headers=VISIT, allow_redirects=False)
        for path in ("/settings", "/home", "/authorize_interaction")
    ]
    for path, form in ((f"/posts/{post.id}/like", {}), ("/compose", {"text": "x"}), ("/login", {"login": "alice", "password": PASSWORD})):
        answers.append(
            await rig.client.post(path, data={"csrf": csrf, "next": place, **form}, headers=browser(secret), allow_redirects=False)
        )
        secret = rig.session(alice)
        csrf = logins.csrf_token(secret)

    for answer in answers:
        found = answer.headers.get("Location", "/")
        assert answer.status < 500
        assert is_local(found), (str(answer.url), found)


async def test_a_way_back_that_is_ours_is_taken(rig: Rig) -> None:
    with_password(rig)
    form = {"login": "alice", "password": PASSWORD, "csrf": logins.csrf_token("a-visit"), "next": "/@alice?x=1"}
    answer = await rig.client.post("/login", data=form, headers=VISIT, allow_redirects=False)
    assert answer.headers["Location"] == "/@alice?x=1"
