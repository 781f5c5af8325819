"""Checks of endpoints about the instance, programs and sign-in, and what a person gets from their own year."""

import hashlib
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from fedi import newsletters
from fedi.storage import accounts as account_rows
from fedi.storage import email_subscriptions as rows
from fedi.storage.accounts import Account
from tests import make
from tests.coverage.world import Ask, World, covers, ids_of, names_of

# -- the instance --


@covers("GET /api/v2/instance", "GET /api/v1/instance")
async def instance(w: World, ask: Ask) -> None:
    found = await ask(by=None)
    assert found.get("domain", found.get("uri")) == "fedi.test" and "fedi" in found["version"]


@covers("GET /api/v1/instance/peers")
async def peers(w: World, ask: Ask) -> None:
    assert "peer.test" in await ask(by=None)


@covers("GET /api/v1/peers/search")
async def search_peers(w: World, ask: Ask) -> None:
    assert "peer.test" in await ask(by=None, params={"q": "peer"})


@covers("GET /api/v1/instance/activity")
async def activity(w: World, ask: Ask) -> None:
    w.post()
    found = await ask(by=None)
    assert len(found) == 12 and int(found[0]["statuses"]) > 0 and int(found[0]["registrations"]) > 0


@covers("GET /api/v1/instance/rules")
async def list_rules(w: World, ask: Ask) -> None:
    from fedi.control import rules

    await rules.add(w.instance, {"text": "Be kind.", "hint": "Always."})
    assert "Be kind." in {rule["text"] for rule in await ask(by=None)}


@covers("GET /api/v1/instance/domain_blocks")
async def blocked_domains(w: World, ask: Ask) -> None:
    from fedi import moderation

    w.run(moderation.block_domain, "spam.example", reason="spam")
    assert "spam.example" in {block["domain"] for block in await ask()}


@covers("GET /api/v1/instance/extended_description", "GET /api/v1/instance/privacy_policy")
async def texts(w: World, ask: Ask) -> None:
    name = "about" if "extended" in ask.__name__ else "privacy"
    from fedi.control import pages

    await pages.set_text(w.instance, {"page": name, "text": f"This is *our* {name}."})
    assert "<em>our</em>" in (await ask(by=None))["content"]


@covers("GET /api/v1/instance/terms_of_service", "GET /api/v1/instance/terms_of_service/:date")
async def terms(w: World, ask: Ask) -> None:
    from fedi.control import pages

    await pages.set_text(w.instance, {"page": "terms", "text": "You *may*.", "effective": "2026-01-02"})
    found = await (ask(by=None, date="2026-01-02") if ":date" in ask.__name__ else ask(by=None))
    assert found["effective_date"] == "2026-01-02" and "<em>may</em>" in found["content"]


@covers("GET /api/v1/instance/languages")
async def languages(w: World, ask: Ask) -> None:
    assert {"code": "de", "name": "German"} in [{"code": one["code"], "name": one["name"]} for one in await ask(by=None)]


@covers("GET /api/v1/instance/translation_languages")
async def translation_languages(w: World, ask: Ask) -> None:
    assert "en" in (await ask(by=None))["de"]


@covers("GET /api/v1/custom_emojis")
async def custom_emojis(w: World, ask: Ask) -> None:
    def add(tx: Any) -> None:
        media = make.picture(tx, w.alice, "emoji")
        tx.execute("INSERT OR IGNORE INTO emojis (shortcode, host, media_id, updated_at) VALUES ('blob', '', ?, 1)", (media.id,))

    w.run(add)
    assert "blob" in {emoji["shortcode"] for emoji in await ask(by=None)}


@covers("GET /health")
async def health(w: World, ask: Ask) -> None:
    assert "OK" in await ask(by=None, raw=True)


@covers("GET /api/v1_alpha/async_refreshes/:id")
async def async_refresh(w: World, ask: Ask) -> None:
    post = w.post(w.carol, "a thread elsewhere")
    w.run(lambda tx: tx.execute("UPDATE posts SET published_at = published_at - 3600000 WHERE id = ?", (post.id,)))
    async with w.client.get(f"/api/v1/statuses/{post.id}/context", headers={"Authorization": f"Bearer {w.token(w.alice)}"}) as answer:
        said = re.search(r'id="([^"]+)"', answer.headers["Mastodon-Async-Refresh"])
    assert said is not None
    assert (await ask(id=said[1]))["async_refresh"]["id"] == said[1]


@covers("POST /api/v1/reports")
async def report(w: World, ask: Ask) -> None:
    post = w.post(w.carol, "spam spam")
    found = await ask(json={"account_id": str(w.carol.id), "status_ids": [str(post.id)], "comment": "spam", "category": "spam"})
    assert found["status_ids"] == [str(post.id)] and found["target_account"]["username"] == "carol" and found["category"] == "spam"


@covers("GET /.well-known/webfinger")
async def webfinger(w: World, ask: Ask) -> None:
    assert "/users/bob" in await ask(by=None, raw=True, params={"resource": "acct:bob@fedi.test"})


@covers("GET /.well-known/host-meta", "GET /.well-known/nodeinfo", "GET /nodeinfo/2.0")
async def well_known(w: World, ask: Ask) -> None:
    marks = {"host-meta": "webfinger?resource={uri}", "nodeinfo": "/nodeinfo/2.", "2.0": '"activitypub"'}
    assert marks[ask.__name__.rpartition("/")[2]] in await ask(by=None, raw=True)


@covers("GET /.well-known/change-password")
async def change_password(w: World, ask: Ask) -> None:
    w.asked.add(ask.__name__)
    async with w.client.get("/.well-known/change-password", allow_redirects=False) as answer:
        assert answer.status in (302, 303) and "/settings" in answer.headers["Location"]


# -- programs --

OUT = "urn:ietf:wg:oauth:2.0:oob"
BACK = "https://app.example/callback"


async def _app(w: World, **more: Any) -> dict[str, Any]:
    body = {
        "client_name": "Try",
        "redirect_uris": f"{BACK} {OUT}",
        "scopes": "read write follow push profile",
        "website": "https://app.example",
    }
    found: dict[str, Any] = await w.call("POST /api/v1/apps", by=None, json={**body, **more})
    return found


@covers("POST /api/v1/apps")
async def register(w: World, ask: Ask) -> None:
    found = await ask(by=None, json={"client_name": "Mine", "redirect_uris": [BACK], "scopes": "read"})
    assert (found["name"], found["scopes"], found["redirect_uris"]) == ("Mine", ["read"], [BACK])
    assert (await _app_token(w, found, "read"))["scope"] == "read"


async def _app_token(w: World, app: dict[str, Any], scope: str = "read write") -> dict[str, Any]:
    body = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"], "scope": scope}
    found: dict[str, Any] = await w.call("POST /oauth/token", by=None, data={**body, "redirect_uri": OUT})
    return found


@covers("GET /api/v1/apps/verify_credentials")
async def verify_app(w: World, ask: Ask) -> None:
    app = await _app(w)
    token = (await _app_token(w, app))["access_token"]
    found = await ask(by=token)
    assert found["name"] == "Try" and "client_secret" not in found


class Browser:
    """Somebody signed in with a cookie."""

    def __init__(self, w: World, who: Account) -> None:
        from fedi import logins

        self._w, self.secret = w, w.run(logins.start_session, who.id, "test")
        self.cookie = {"Cookie": f"__Host-fedi={self.secret}"}
        self.csrf = logins.csrf_token(self.secret)

    async def call(self, method: str, path: str, **form: str) -> tuple[int, str, str]:
        how: dict[str, Any] = {"data": {"csrf": self.csrf, **form}} if method != "GET" else {}
        headers = {**self.cookie, "Origin": "https://fedi.test"}
        async with self._w.client.request(method, path, headers=headers, allow_redirects=False, **how) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text()


def _asked(app: dict[str, Any], back: str = BACK, verifier: str = "v" * 64) -> dict[str, str]:
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return {
        "client_id": app["client_id"], "redirect_uri": back, "response_type": "code", "scope": "read write", "state": "s7",
        "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip


@covers("GET /oauth/authorize")
async def consent_page(w: World, ask: Ask) -> None:
    w.asked.add(ask.__name__)
    status, _, page = await Browser(w, w.bob).call("GET", f"/oauth/authorize?{urlencode(_asked(await _app(w)))}")
    assert status == 200 and "Try" in page and "app.example" in page and 'name="csrf"' in page


async def _code(w: World, app: dict[str, Any], who: Account) -> str:
    _, place, _ = await Browser(w, who).call("POST", "/oauth/authorize", decision="allow", **_asked(app))
    assert place.startswith(BACK) and parse_qs(urlsplit(place).query)["state"] == ["s7"], place
    return parse_qs(urlsplit(place).query)["code"][0]


@covers("POST /oauth/authorize")
async def consent(w: World, ask: Ask) -> None:
    w.asked.add(ask.__name__)
    assert len(await _code(w, await _app(w), w.bob)) > 20


@covers("DELETE /oauth/authorize")
async def deny(w: World, ask: Ask) -> None:
    w.asked.add(ask.__name__)
    status, place, _ = await Browser(w, w.bob).call("DELETE", "/oauth/authorize", **_asked(await _app(w)))
    assert status in (302, 303) and parse_qs(urlsplit(place).query)["error"] == ["access_denied"]


@covers("GET /oauth/authorize/native")
async def show_code(w: World, ask: Ask) -> None:
    w.asked.add(ask.__name__)
    browser = Browser(w, w.bob)
    status, place, _ = await browser.call("POST", "/oauth/authorize", decision="allow", **_asked(await _app(w), OUT))
    assert status in (302, 303) and "/oauth/authorize/native" in place
    status, _, page = await browser.call("GET", urlsplit(place).path + "?" + urlsplit(place).query)
    assert status == 200 and parse_qs(urlsplit(place).query)["code"][0] in page


@covers("GET /oauth/authorized_applications")
async def authorized_applications(w: World, ask: Ask) -> None:
    w.asked.add(ask.__name__)
    app, person = await _app(w, client_name=f"Shown {make.number()}"), w.person()
    await _token(w, app, person)
    browser = Browser(w, person)
    status, place, page = await browser.call("GET", "/oauth/authorized_applications")
    if status in (302, 303):
        status, _, page = await browser.call("GET", place)
    assert status == 200 and app["name"] in page


async def _token(w: World, app: dict[str, Any], who: Account) -> dict[str, Any]:
    body = {"grant_type": "authorization_code", "code": await _code(w, app, who), "redirect_uri": BACK, "code_verifier": "v" * 64}
    mine = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    found: dict[str, Any] = await w.call("POST /oauth/token", by=None, data={**body, **mine}, shape="Token")
    return found


@covers("POST /oauth/token")
async def token(w: World, ask: Ask) -> None:
    w.asked.add(ask.__name__)
    found = await _token(w, await _app(w), w.bob)
    assert found["scope"] == "read write" and found["token_type"] == "Bearer"
    assert (await w.call("GET /api/v1/accounts/verify_credentials", by=found["access_token"]))["username"] == "bob"


@covers("POST /oauth/revoke")
async def revoke(w: World, ask: Ask) -> None:
    app = await _app(w)
    made = (await _token(w, app, w.bob))["access_token"]
    assert await ask(by=None, data={"client_id": app["client_id"], "client_secret": app["client_secret"], "token": made}) == {}
    await w.call("GET /api/v1/accounts/verify_credentials", by=made, status=401)


@covers("GET /oauth/userinfo")
async def userinfo(w: World, ask: Ask) -> None:
    found = await ask(by=w.bob)
    assert found["preferred_username"] == "bob" and found["sub"] == w.bob.uri and found["iss"].startswith("https://fedi.test")


@covers("GET /.well-known/oauth-authorization-server")
async def metadata(w: World, ask: Ask) -> None:
    found = await ask(by=None)
    assert found["token_endpoint"] == "https://fedi.test/oauth/token" and found["code_challenge_methods_supported"] == ["S256"]


def _newcomer(name: str) -> dict[str, Any]:
    given = {"username": name, "email": f"{name}@mail.test", "password": "correct horse battery"}
    return {**given, "agreement": True, "locale": "en", "reason": "to try"}


@covers("POST /api/v1/accounts")
async def sign_up(w: World, ask: Ask) -> None:
    token = (await _app_token(w, await _app(w)))["access_token"]
    name = f"new{make.number()}"
    body = {
        "username": name,
        "email": f"{name}@mail.test",
        "password": "correct horse battery",
        "agreement": True,
        "locale": "en",
        "reason": "to try",
    }
    found = await ask(by=token, json=body)
    assert found["token_type"] == "Bearer" and w.run(account_rows.find_by_handle, name, "") is not None
    await w.call("GET /api/v1/accounts/verify_credentials", by=found["access_token"], status=403)  # before the address is confirmed


async def _unconfirmed(w: World) -> str:
    token = (await _app_token(w, await _app(w)))["access_token"]
    name = f"new{make.number()}"
    body = {
        "username": name,
        "email": f"{name}@mail.test",
        "password": "correct horse battery",
        "agreement": True,
        "locale": "en",
        "reason": "x",
    }
    found = await w.call("POST /api/v1/accounts", by=token, json=body)
    return str(found["access_token"])


async def _letter(w: World, address: str, mark: str, seen: int = 0) -> str:
    """The newest letter to an address with a mark in it, after `seen` of them."""

    async def arrived() -> str:
        found = [letter for letter in w.letters if f"To: {address}" in letter and mark in letter]
        return found[-1] if len(found) > seen else ""

    return str(await w.until(arrived))


@covers("POST /api/v1/emails/confirmations")
async def confirm_again(w: World, ask: Ask) -> None:
    address = f"again{make.number()}@mail.test"
    token = await _unconfirmed(w)
    assert await ask(by=token, json={"email": address}) == {}
    assert "/confirm?token=" in await _letter(w, address, "/confirm?token=")


@covers("GET /api/v1/emails/check_confirmation")
async def is_confirmed(w: World, ask: Ask) -> None:
    assert await ask() is True
    assert await ask(by=await _unconfirmed(w)) is False


@covers("POST /api/v1/accounts/:id/email_subscriptions")
async def subscribe_by_mail(w: World, ask: Ask) -> None:
    person, address = w.person(), f"reader{make.number()}@mail.test"
    await w.call("POST /api/v1/accounts/:id/email_subscriptions", by=None, id=person.id, json={"email": address}, status=404)
    w.run(newsletters.switch, w.instance.config, person.id, True)
    assert await ask(by=None, id=person.id, json={"email": address}) == {}
    link = (await _letter(w, address, "/newsletter/confirm?token=")).split("/newsletter/confirm?token=")[1].split()[0]
    async with w.client.post("/newsletter/confirm", data={"token": link}) as answer:
        assert answer.status == 200
    assert w.run(rows.find_of, person.id, address).confirmed_at is not None


# -- one's year --


def _year() -> int:
    return datetime.now(UTC).year


async def _reported(w: World) -> Account:
    person = w.person()
    for n in range(5):
        post = w.post(person, f"day {n} of the #year")
        w.run(make.boost, w.bob, post)
    await w.call("POST /api/v1/annual_reports/:year/generate", by=person, year=_year(), status=202)

    async def ready() -> bool:
        return bool((await w.call("GET /api/v1/annual_reports/:year/state", by=person, year=_year()))["state"] == "available")

    await w.until(ready)
    return person


@covers("POST /api/v1/annual_reports/:year/generate", "GET /api/v1/annual_reports/:year/state")
async def generate_report(w: World, ask: Ask) -> None:
    person = w.person()
    for n in range(5):
        w.post(person, f"day {n} of the #year")
    if "generate" in ask.__name__:
        assert await ask(by=person, year=_year(), status=202) == {}
        await w.until(lambda: _state(w, person, "available"))
    else:
        assert (await ask(by=person, year=_year()))["state"] == "eligible"


async def _state(w: World, person: Account, wanted: str) -> bool:
    found = await w.call("GET /api/v1/annual_reports/:year/state", by=person, year=_year())
    return bool(found["state"] == wanted)


@covers("GET /api/v1/annual_reports", "GET /api/v1/annual_reports/:year")
async def annual_report(w: World, ask: Ask) -> None:
    person = await _reported(w)
    found = await (ask(by=person, year=_year()) if ":year" in ask.__name__ else ask(by=person))
    (mine,) = found["annual_reports"]
    assert mine["year"] == _year() and mine["account_id"] == str(person.id) and names_of(found["accounts"]) == {person.username}
    assert ids_of(found["statuses"])


@covers("POST /api/v1/annual_reports/:year/read")
async def read_report(w: World, ask: Ask) -> None:
    person = await _reported(w)
    assert await ask(by=person, year=_year()) == {}
    assert not (await w.call("GET /api/v1/annual_reports", by=person))["annual_reports"]
