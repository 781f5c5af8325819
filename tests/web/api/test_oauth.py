"""Programs register, get tokens and give them back, over HTTP, as clients do it."""

import base64
from typing import Any

import pytest
from aiohttp import FormData

from fedi import apps, limits, logins, oauth, scopes
from fedi.oauth import Wish
from fedi.storage.accounts import Account
from tests.test_oauth import CHALLENGE, PLACE, VERIFIER
from tests.web.api.conftest import Answer, Api

OOB = apps.OUT_OF_BAND


async def registered(api: Api, **fields: Any) -> dict[str, Any]:
    given = {"client_name": "Program", "redirect_uris": PLACE, "scopes": "read write push", "website": "https://app.test"} | fields
    answer = await api.post(None, "/api/v1/apps", json=given)
    assert answer.status == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


def secrets_of(app: dict[str, Any]) -> dict[str, str]:
    return {"client_id": app["client_id"], "client_secret": app["client_secret"]}


def code_for(api: Api, app: dict[str, Any], who: Account, held: str = "read write", challenge: str = "", place: str = PLACE) -> str:
    row = api.run(apps.authenticate, app["client_id"], app["client_secret"])
    code: str = api.run(oauth.allow, who.id, Wish(row, place, tuple(held.split()), challenge))
    return code


async def token_for(api: Api, app: dict[str, Any], who: Account, held: str = "read write") -> str:
    given = {"grant_type": "authorization_code", "code": code_for(api, app, who, held), "redirect_uri": PLACE, **secrets_of(app)}
    answer = await api.post(None, "/oauth/token", json=given)
    assert answer.status == 200, answer.json
    return str(answer.json["access_token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("places", [f"{PLACE}\n{OOB}", f"{PLACE} {OOB}", [PLACE, OOB]])
async def test_a_program_registers_with_its_places_as_a_list_or_as_lines(api: Api, places: Any) -> None:
    app = await registered(api, redirect_uris=places)

    assert app["redirect_uris"] == [PLACE, OOB] and app["redirect_uri"] == f"{PLACE}\n{OOB}"
    assert (app["name"], app["website"], app["scopes"], app["client_secret_expires_at"]) == (
        "Program", "https://app.test", ["read", "write", "push"], 0,
    )  # fmt: skip
    assert app["id"].isdecimal() and app["client_id"] and app["client_secret"]


async def test_a_program_registers_in_every_encoding(api: Api) -> None:
    form = {"client_name": "Program", "redirect_uris": OOB}
    parts = FormData()
    parts.add_field("client_name", "Program", content_type="text/plain")
    parts.add_field("redirect_uris[]", OOB)
    for body in ({"data": form}, {"json": form}, {"data": parts}):
        answer = await api.post(None, "/api/v1/apps", **body)
        assert (answer.status, answer.json["scopes"], answer.json["website"]) == (200, ["read"], None), answer.json


@pytest.mark.parametrize(
    "fields",
    [
        {"client_name": ""}, {"redirect_uris": ""}, {"redirect_uris": "javascript:alert(1)"}, {"redirect_uris": "data:text/html,x"},
        {"redirect_uris": "file:///x"}, {"redirect_uris": f"{PLACE}#x"}, {"redirect_uris": "https://app.test/" + "x" * 2049},
        {"redirect_uris": [f"https://app.test/{n}" for n in range(100)]}, {"scopes": "everything"},
        {"website": "https://a.test/" + "x" * 2049},
        {"website": "javascript:alert(1)"},
    ],
)  # fmt: skip
async def test_what_a_program_cannot_have_is_refused_AUT_02_AUT_31(api: Api, fields: dict[str, Any]) -> None:
    answer = await api.post(None, "/api/v1/apps", json={"client_name": "Program", "redirect_uris": PLACE} | fields)

    assert answer.status == 422 and answer.json["error"]


async def test_a_code_becomes_a_token_in_every_encoding_and_by_both_ways_to_say_who_one_is(api: Api, alice: Account) -> None:
    app = await registered(api)
    pair = base64.b64encode(f"{app['client_id']}:{app['client_secret']}".encode()).decode()
    for way in ("json", "data", "basic", "multipart"):
        given = {"grant_type": "authorization_code", "code": code_for(api, app, alice), "redirect_uri": PLACE}
        if way == "basic":
            answer = await api.post(None, "/oauth/token", data=given, headers={"Authorization": f"Basic {pair}"})
        elif way == "multipart":
            parts = FormData()
            for name, value in (given | secrets_of(app)).items():
                parts.add_field(name, value, content_type="text/plain")
            answer = await api.post(None, "/oauth/token", data=parts)
        else:
            answer = await api.post(None, "/oauth/token", **{way: given | secrets_of(app)})
        assert answer.status == 200, (way, answer.json)
        assert (answer.json["token_type"], answer.json["scope"], type(answer.json["created_at"])) == ("Bearer", "read write", int)
        assert answer.headers["Cache-Control"] == "private, no-store" and answer.headers["Access-Control-Allow-Origin"] == "*"
        me = await api.get(None, "/api/v1/accounts/verify_credentials", headers=bearer(answer.json["access_token"]))
        assert me.json["username"] == "alice"


def refusal(answer: Answer) -> tuple[int, str]:
    assert set(answer.json) == {"error", "error_description"} and answer.json["error_description"]
    return answer.status, answer.json["error"]


async def test_pkce_is_asked_for_where_it_was_promised_AUT_04(api: Api, alice: Account) -> None:
    app = await registered(api)
    for verifier, status in (("", 400), (VERIFIER + "x", 400), (CHALLENGE, 400), (VERIFIER, 200)):
        given = {"grant_type": "authorization_code", "code": code_for(api, app, alice, challenge=CHALLENGE), "redirect_uri": PLACE}
        answer = await api.post(None, "/oauth/token", json=given | secrets_of(app) | {"code_verifier": verifier})
        assert answer.status == status
        assert status == 200 or refusal(answer) == (400, "invalid_grant")


async def test_what_is_wrong_with_a_request_for_a_token_is_told_as_rfc_6749_says_AUT_06(api: Api, alice: Account) -> None:
    app, other = await registered(api), await registered(api)
    good = {"grant_type": "authorization_code", "redirect_uri": PLACE, **secrets_of(app)}

    async def asked(**fields: str) -> tuple[int, str]:
        return refusal(await api.post(None, "/oauth/token", json=good | {"code": code_for(api, app, alice)} | fields))

    assert await asked(grant_type="") == (400, "invalid_request")
    assert await asked(grant_type="implicit") == (400, "unsupported_grant_type")
    assert await asked(code="") == (400, "invalid_request")
    assert await asked(redirect_uri="") == (400, "invalid_request")
    assert await asked(redirect_uri=f"{PLACE}/") == (400, "invalid_grant")
    assert await asked(code="nonsense") == (400, "invalid_grant")
    assert await asked(**secrets_of(other)) == (400, "invalid_grant")
    assert await asked(client_secret="wrong") == (401, "invalid_client")
    assert await asked(client_id="wrong") == (401, "invalid_client")
    assert await asked(client_secret="") == (401, "invalid_client")
    assert await asked(client_secret="x" * 5000) == (400, "invalid_request")
    assert refusal(await api.post(None, "/oauth/token", data=b"{", headers={"Content-Type": "application/json"})) == (
        400,
        "invalid_request",
    )


async def test_a_code_is_taken_once_and_its_second_showing_ends_the_token_AUT_06(api: Api, alice: Account) -> None:
    app = await registered(api)
    given = {"grant_type": "authorization_code", "code": code_for(api, app, alice), "redirect_uri": PLACE, **secrets_of(app)}
    token = (await api.post(None, "/oauth/token", json=given)).json["access_token"]
    assert (await api.get(None, "/api/v1/accounts/verify_credentials", headers=bearer(token))).status == 200

    assert refusal(await api.post(None, "/oauth/token", json=given)) == (400, "invalid_grant")

    assert (await api.get(None, "/api/v1/accounts/verify_credentials", headers=bearer(token))).status == 401


async def test_passwords_are_not_taken_from_programs(api: Api, alice: Account) -> None:
    app = await registered(api)
    given = {"grant_type": "password", "username": "alice@mail.test", "password": "x", **secrets_of(app)}
    answer = await api.post(None, "/oauth/token", json=given)

    assert refusal(answer) == (400, "unsupported_grant_type") and "/oauth/authorize" in answer.json["error_description"]


async def test_a_program_gets_a_token_for_itself_within_its_scopes_AUT_07_AUT_09(api: Api) -> None:
    app = await registered(api)

    async def asked(**fields: str) -> Answer:
        return await api.post(None, "/oauth/token", json={"grant_type": "client_credentials", **secrets_of(app)} | fields)

    for scope in ("admin:read", "follow", "nonsense", "read " * 9000):
        assert (await asked(scope=scope)).status == 400
    assert refusal(await asked(scope="write admin:write")) == (400, "invalid_scope")
    assert (await asked()).json["scope"] == "read"
    token = (await asked(scope="read write:accounts read")).json
    assert token["scope"] == "read write:accounts"

    own = await api.get(None, "/api/v1/apps/verify_credentials", headers=bearer(token["access_token"]))
    assert (own.status, own.json["name"], own.json["id"]) == (200, "Program", app["id"])
    assert "client_secret" not in own.json and "client_id" not in own.json
    wrong = await api.get(None, "/api/v1/accounts/verify_credentials", headers=bearer(token["access_token"]))
    assert (wrong.status, wrong.json["error"]) == (422, "This method requires an authenticated user")


async def test_who_a_program_is_can_be_asked_with_any_token_and_with_nothing_else(api: Api, alice: Account) -> None:
    app = await registered(api)
    token = await token_for(api, app, alice)

    assert (await api.get(None, "/api/v1/apps/verify_credentials", headers=bearer(token))).json["id"] == app["id"]
    assert (await api.get(alice, "/api/v1/apps/verify_credentials", scopes="push")).json["name"] == "command line"
    assert (await api.get(None, "/api/v1/apps/verify_credentials")).status == 401
    secret = api.rig.session(alice)
    assert (await api.get(None, "/api/v1/apps/verify_credentials", headers={"Cookie": f"__Host-fedi={secret}"})).status == 401


async def test_a_token_is_given_back_by_the_program_it_was_for(api: Api, alice: Account) -> None:
    app, other = await registered(api), await registered(api)
    token = await token_for(api, app, alice)

    assert refusal(await api.post(None, "/oauth/revoke", data={"token": token, **secrets_of(other)})) == (403, "unauthorized_client")
    assert refusal(await api.post(None, "/oauth/revoke", data={"token": token})) == (401, "invalid_client")
    assert refusal(await api.post(None, "/oauth/revoke", data=secrets_of(app))) == (400, "invalid_request")
    assert (await api.get(None, "/api/v1/accounts/verify_credentials", headers=bearer(token))).status == 200
    for _ in range(2):
        answer = await api.post(None, "/oauth/revoke", data={"token": token, **secrets_of(app)})
        assert (answer.status, answer.json) == (200, {})
    assert (await api.get(None, "/api/v1/accounts/verify_credentials", headers=bearer(token))).status == 401


async def test_a_program_forgotten_by_its_person_is_out_at_once_AUT_10(api: Api, alice: Account) -> None:
    app = await registered(api)
    token = await token_for(api, app, alice)
    row = api.rig.instance.db.read(logins.find_token, token)
    assert row is not None
    assert (await api.get(None, "/api/v1/accounts/verify_credentials", headers=bearer(token))).status == 200

    await api.rig.instance.db.write(apps.dismiss, alice.id, row.id)

    assert (await api.get(None, "/api/v1/accounts/verify_credentials", headers=bearer(token))).status == 401


async def test_who_somebody_is_is_told_with_the_scope_profile(api: Api, alice: Account) -> None:
    for method in ("GET", "POST"):
        claims = (await api.call(method, alice, "/oauth/userinfo", scopes="profile")).json
        assert claims["iss"] == "https://fedi.test/" and claims["sub"] == alice.uri and claims["profile"] == alice.url
        assert (claims["name"], claims["preferred_username"]) == ("alice", "alice") and claims["picture"].startswith("https://fedi.test/")
        assert (await api.call(method, alice, "/oauth/userinfo", scopes="read write")).status == 403
        assert (await api.call(method, None, "/oauth/userinfo")).status == 401


async def test_what_a_token_is_can_be_asked_with_it(api: Api, alice: Account) -> None:
    app = await registered(api)
    found = (await api.get(None, "/oauth/token/info", headers=bearer(await token_for(api, app, alice, "read")))).json
    assert found == {
        "resource_owner_id": str(alice.id), "scope": ["read"], "expires_in": None, "application": {"uid": app["client_id"]},
    }  # fmt: skip
    assert (await api.get(None, "/oauth/token/info")).status == 401


async def test_the_server_says_where_all_that_is(api: Api) -> None:
    found = (await api.get(None, "/.well-known/oauth-authorization-server")).json

    assert found["issuer"] == "https://fedi.test/" and found["code_challenge_methods_supported"] == ["S256"]
    assert found["scopes_supported"] == list(scopes.ALL) and found["response_types_supported"] == ["code"]
    assert "password" not in found["grant_types_supported"]
    router = api.rig.client.app.router  # type: ignore[union-attr]
    paths = {resource.canonical for resource in router.resources()}
    ends = [url.removeprefix("https://fedi.test") for name, url in found.items() if name.endswith("_endpoint")]
    assert len(ends) == 5 and set(ends) <= paths


async def test_pages_elsewhere_may_call_all_of_it_without_cookies_AUT_22(api: Api) -> None:
    asked = {"Origin": "https://elk.test", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for path in ("/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/api/v1/apps", "/.well-known/oauth-authorization-server"):
        async with api.rig.client.options(path, headers=asked) as answer:
            assert answer.status == 204 and "Access-Control-Allow-Credentials" not in answer.headers, path
        async with api.rig.client.get(path, headers={"Origin": "https://elk.test"}) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*" and "Access-Control-Allow-Credentials" not in answer.headers
    for path in ("/oauth/authorize", "/oauth/authorize/native", "/login"):
        async with api.rig.client.options(path, headers=asked) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers and answer.status == 405


async def test_what_a_token_is_for_is_known_of_the_request(api: Api, alice: Account) -> None:
    """`posts.app_id` and push subscriptions hang on it."""
    app = await registered(api)
    row = api.rig.instance.db.read(logins.find_token, await token_for(api, app, alice))
    assert row is not None and str(row.app_id) == app["id"] and limits.CODE_S == 60


async def test_a_token_that_had_to_make_room_opens_nothing_any_more_AUT_10(
    api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TOKENS_PER_PERSON", 2)
    app = await registered(api)
    first = await token_for(api, app, alice)
    assert (await api.get(None, "/api/v1/preferences", headers=bearer(first))).status == 200
    others = [await token_for(api, app, alice) for _ in range(2)]
    said = [(await api.get(None, "/api/v1/preferences", headers=bearer(token))).status for token in (first, *others)]
    assert said == [401, 200, 200]
