"""People let a program in on a page of ours, or do not; nothing leads where no program has registered."""

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from fedi import apps, logins, oauth
from fedi.storage import apps as app_rows
from fedi.storage.accounts import Account
from fedi.storage.apps import App
from tests.test_oauth import CHALLENGE, PLACE, VERIFIER
from tests.web.pages.reading import HTML, Visitor
from tests.web.rig import Rig

OOB = apps.OUT_OF_BAND


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice")


@pytest.fixture
def app(rig: Rig) -> App:
    places = [PLACE, OOB, "https://app.test/cb?x=1", "myapp://done"]
    made: App = rig.instance.db.transact(apps.register, "<b>Program", places, "read write push", "https://app.test/about")[0]
    return made


def asked(app: App, **fields: str) -> dict[str, str]:
    found = {"response_type": "code", "client_id": app.client_id, "redirect_uri": PLACE, "scope": "read write:statuses", "state": "s t&"}
    return {name: value for name, value in (found | fields).items() if value}


def path(app: App, **fields: str) -> str:
    return f"/oauth/authorize?{urlencode(asked(app, **fields))}"


async def test_whoever_is_not_signed_in_signs_in_and_comes_back(rig: Rig, app: App) -> None:
    response = await Visitor(rig).get(path(app))

    assert response.status == 303
    place = urlsplit(response.headers["Location"])
    assert place.path == "/login" and not place.netloc
    back = parse_qs(place.query)["next"][0]
    assert back == path(app)
    page = await Visitor(rig).read(response.headers["Location"])
    assert next(i for i in page.all("input") if i.get("name") == "next").get("value") == back


async def test_the_page_says_who_asks_for_what_from_whom_AUT_20(rig: Rig, app: App, alice: Account) -> None:
    page = await Visitor(rig, alice).read(path(app))

    assert "<b>Program" in page.main and "app.test" in page.main and "@alice@fedi.test" in page.main
    assert "Read everything you can read here" in page.main and "Write, change and delete posts" in page.main
    response = await Visitor(rig, alice).get(path(app))
    policy = response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "form-action" not in policy
    assert response.headers["X-Frame-Options"] == "DENY" and response.headers["Cache-Control"] == "private, no-store"


async def fields_of(visitor: Visitor, where: str) -> dict[str, str]:
    form = (await visitor.read(where)).form("/oauth/authorize")
    return {i.get("name"): i.get("value") for i in form.all("input")}


async def test_a_yes_brings_a_code_the_state_and_who_says_so(rig: Rig, app: App, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    fields = await fields_of(visitor, path(app, code_challenge=CHALLENGE, code_challenge_method="S256"))

    place = await visitor.press("/oauth/authorize", fields | {"decision": "allow"})

    assert place.startswith(f"{PLACE}?")
    said = parse_qs(urlsplit(place).query)
    assert said["state"] == ["s t&"] and said["iss"] == ["https://fedi.test/"]
    issued = rig.instance.db.transact(oauth.exchange, app, said["code"][0], PLACE, VERIFIER)
    assert issued is not None and issued.token.account_id == alice.id and issued.token.scopes == "read write:statuses"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_no_says_so_and_brings_nothing(rig: Rig, app: App, alice: Account, method: str) -> None:
    visitor = Visitor(rig, alice)
    fields = {"csrf": visitor.csrf, **asked(app)} | ({"decision": "deny"} if method == "POST" else {})
    response = await rig.client.request(method, "/oauth/authorize", data=fields, headers=visitor.headers, allow_redirects=False)

    assert response.status == 303
    said = parse_qs(urlsplit(response.headers["Location"]).query)
    assert said["error"] == ["access_denied"] and said["state"] == ["s t&"] and "code" not in said
    assert rig.instance.db.read(lambda tx: tx.one("SELECT count(*) FROM oauth_codes"))[0] == 0


@pytest.mark.parametrize(
    ("place", "begins"), [("https://app.test/cb?x=1", "https://app.test/cb?x=1&code="), ("myapp://done", "myapp://done?code=")]
)
async def test_a_place_keeps_what_it_has_and_may_be_a_program_of_the_device(
    rig: Rig, app: App, alice: Account, place: str, begins: str
) -> None:
    visitor = Visitor(rig, alice)
    fields = await fields_of(visitor, path(app, redirect_uri=place))
    assert (await visitor.press("/oauth/authorize", fields | {"decision": "allow"})).startswith(begins)


async def test_out_of_band_the_code_is_shown(rig: Rig, app: App, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    fields = await fields_of(visitor, path(app, redirect_uri=OOB))

    place = await visitor.press("/oauth/authorize", fields | {"decision": "allow"})

    assert re.fullmatch(r"/oauth/authorize/native\?code=[\w-]{43}", place)
    code = place.partition("=")[2]
    assert code in (await visitor.read(place)).main
    assert rig.instance.db.transact(oauth.exchange, app, code, OOB, "") is not None
    assert (await visitor.get("/oauth/authorize/native?code=<script>")).status == 422
    assert (await Visitor(rig).get(place)).headers["Location"].startswith("/login?")
    assert (await visitor.press("/oauth/authorize", fields | {"decision": "deny"})).startswith("/settings/security")


PLACES = (
    f"{PLACE}/", f"{PLACE}?x", "https://app.test//cb", "https://sub.app.test/cb", "https://app.test:8443/cb", "https://APP.test/cb",
    "https://app.test/cb@evil.test", "https://app.test/%63b", "http://app.test/cb", "https://evil.test/", "//evil.test", "", "/home",
    "javascript:alert(1)", f"{PLACE} ", f"{PLACE}#x", f"{PLACE}&x", "https://app.test/CB", "https://app.test\\@evil.test/cb", "myapp:",
    OOB + ":",
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
async def test_nobody_is_sent_where_the_program_has_not_registered_AUT_01_AUT_03(rig: Rig, app: App, alice: Account, place: str) -> None:
    visitor = Visitor(rig, alice)
    for who in (visitor, Visitor(rig)):
        response = await who.get(path(app, redirect_uri=place))
        assert response.status == 400 and "Location" not in response.headers
    for decision in ("allow", "deny"):
        response = await visitor.post("/oauth/authorize", asked(app, redirect_uri=place) | {"decision": decision})
        assert response.status == 400 and "Location" not in response.headers


@pytest.mark.parametrize(
    "fields",
    [
        {"client_id": "wrong"}, {"client_id": ""}, {"response_type": "token"}, {"response_type": ""}, {"scope": "admin:write"},
        {"scope": "read follow"}, {"scope": "nonsense"}, {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge": CHALLENGE}, {"code_challenge_method": "S256"}, {"code_challenge": "short", "code_challenge_method": "S256"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "s256"}, {"state": "x" * 2001},
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_told_to_the_person_and_sent_nowhere_AUT_03_AUT_04_AUT_07(
    rig: Rig, app: App, alice: Account, fields: dict[str, Any]
) -> None:
    visitor = Visitor(rig, alice)
    await visitor.read(path(app, **fields), 400)
    response = await visitor.post("/oauth/authorize", asked(app, **fields) | {"decision": "allow"})
    assert response.status == 400 and "Location" not in response.headers
    assert rig.instance.db.read(lambda tx: tx.one("SELECT count(*) FROM oauth_codes"))[0] == 0


async def test_consent_is_given_by_a_form_of_ours_and_by_nothing_else_AUT_19(rig: Rig, app: App, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    fields = asked(app, redirect_uri=OOB) | {"decision": "allow"}
    assert (await visitor.post("/oauth/authorize", {"csrf": "x", **fields})).status == 403
    assert (await visitor.post("/oauth/authorize", fields, Origin="https://evil.test")).status == 403
    token = rig.token(alice, "read write")
    by_token = {"Authorization": f"Bearer {token}", "Accept": HTML}
    response = await rig.client.post("/oauth/authorize", data=fields, headers=by_token, allow_redirects=False)
    assert response.headers.get("Location", "/login").startswith("/login")
    response = await visitor.get(f"{path(app)}&decision=allow")
    assert response.status == 200, "a GET asks"
    assert rig.instance.db.read(lambda tx: tx.one("SELECT count(*) FROM oauth_codes"))[0] == 0


async def test_who_must_sign_in_anew_does_so_as_whom_they_like(rig: Rig, app: App, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    place = (await visitor.get(path(app, force_login="true"))).headers["Location"]
    query = parse_qs(urlsplit(place).query)
    assert urlsplit(place).path == "/login" and query["force"] == ["1"] and "force_login" not in query["next"][0]
    page = await visitor.read(place)
    assert page.form("/login")


async def test_what_one_has_let_in_is_listed_in_words_and_thrown_out_AUT_10(rig: Rig, app: App, alice: Account) -> None:
    bob = rig.person("bob")
    run = rig.instance.db.transact
    issued = run(oauth.exchange, app, run(oauth.allow, alice.id, oauth.Wish(app, PLACE, ("read", "push"))), PLACE, "")
    rig.token(alice, "write:media")
    page = await Visitor(rig, alice).read("/settings/security")
    assert "<b>Program" in page.main and "app.test" in page.main and "Upload pictures and films" in page.main
    assert "<b>Program" not in (await Visitor(rig, bob).read("/settings/security")).main
    where = f"/settings/security/apps/{issued.token.id}/end"
    assert (await Visitor(rig, bob).post(where)).status == 404
    assert rig.instance.db.read(logins.find_token, issued.secret)

    assert (await Visitor(rig, alice).press(where)).startswith("/settings/security?said=thrown_out")

    assert rig.instance.db.read(logins.find_token, issued.secret) is None
    assert [row.app_id for row in rig.instance.db.read(app_rows.list_admitted, alice.id)] == [None]
