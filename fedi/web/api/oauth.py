"""Programs get tokens here, and give them back. Where people consent is pages/authorize.py. Source: RFC 6749, 7009, 8414."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final
from urllib.parse import unquote_plus

import orjson
from aiohttp import web

from fedi import apps, clock, limits, oauth, scopes
from fedi.errors import Invalid, Malformed
from fedi.oauth import Issued
from fedi.storage import apps as rows
from fedi.storage.apps import App
from fedi.storage.users import Token
from fedi.web import auth, headers, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.shelf import SHELF
from fedi.web.api.table import Field
from fedi.web.params import Params

# Source: RFC 6749 5.2. In the words of Mastodon's, which clients show as they are.
_SAID: Final = {
    "invalid_client": "Client authentication failed due to unknown client, no client authentication included, or unsupported"
    " authentication method.",
    "invalid_grant": "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the"
    " authorization request, or was issued to another client.",
    "invalid_scope": "The requested scope is invalid, unknown, or malformed.",
    "unauthorized_client": "You are not authorized to revoke this token",
    "unsupported_grant_type": "The authorization grant type is not supported by the authorization server.",
}
_STATUS: Final = {"invalid_client": 401, "unauthorized_client": 403}
_NO_PASSWORDS: Final = (
    "This server takes no passwords from programs: send people to /oauth/authorize with response_type=code, and exchange the code."
)
_TEXT_CHARS: Final = 4096
_SHOWN: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")  # what a description may have: RFC 6749 5.2

Handler = Callable[[web.Request], Awaitable[web.Response]]


def refusal(code: str, why: str = "") -> web.Response:
    """An error as RFC 6749 5.2 writes it."""
    said = "".join(_SHOWN.findall(why or _SAID[code]))
    made = web.Response(
        status=_STATUS.get(code, 400), body=orjson.dumps({"error": code, "error_description": said}), content_type="application/json"
    )
    if code == "invalid_client":
        made.headers["WWW-Authenticate"] = 'Basic realm="fedi"'
    return made


def _answered(handler: Handler) -> Handler:
    """What cannot be read is told in the same form."""

    @wraps(handler)
    async def wrapped(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except (Invalid, Malformed) as error:
            return refusal("invalid_request", error.message)

    return wrapped


# -- tokens --


@_answered
async def token(request: web.Request) -> web.Response:
    """A code or the program's own secret for a token. Source: RFC 6749 4.1.3, 4.4.2; AUT-04, AUT-06, AUT-07."""
    given = await params.read(request)
    grant = given.text("grant_type", max_chars=100)
    if not grant:
        return refusal("invalid_request", "Missing required parameter: grant_type.")
    if grant not in ("authorization_code", "client_credentials"):
        return refusal("unsupported_grant_type", _NO_PASSWORDS if grant == "password" else "")
    app = _client(request, given)
    if app is None:
        return refusal("invalid_client")
    return await (_by_code if grant == "authorization_code" else _for_itself)(request, given, app)


async def _by_code(request: web.Request, given: Params, app: App) -> web.Response:
    code, place, verifier = (given.text(name, max_chars=_TEXT_CHARS) for name in ("code", "redirect_uri", "code_verifier"))
    if not code or not place:
        return refusal("invalid_request", f"Missing required parameter: {'redirect_uri' if code else 'code'}.")
    issued = await request.app[keys.INSTANCE].db.write(oauth.exchange, app, code, place, verifier)
    return _issued(issued) if issued is not None else refusal("invalid_grant")


async def _for_itself(request: web.Request, given: Params, app: App) -> web.Response:
    try:
        wanted = oauth.wanted(app, given.text("scope", max_chars=limits.SCOPES_CHARS))
    except Invalid:
        return refusal("invalid_scope")
    return _issued(await request.app[keys.INSTANCE].db.write(oauth.for_itself, app, wanted))


def _issued(issued: Issued) -> web.Response:
    return answers.entity(entity(issued.secret, issued.token))


def entity(secret: str, made: Token) -> dict[str, Any]:
    """Source: Mastodon documentation, Token."""
    return {"access_token": secret, "token_type": "Bearer", "scope": made.scopes, "created_at": made.created_at // clock.SECOND}


def _client(request: web.Request, given: Params) -> App | None:
    """The program, by HTTP Basic or by the form. Source: RFC 6749 2.3.1."""
    header = request.headers.get("Authorization", "")
    if header[:6].lower() == "basic ":
        client_id, secret = _basic(header[6:])
    else:
        client_id, secret = given.text("client_id", max_chars=_TEXT_CHARS), given.text("client_secret", max_chars=_TEXT_CHARS)
    return request.app[keys.INSTANCE].db.read(apps.authenticate, client_id, secret) if client_id and secret else None


def _basic(text: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(text.strip()[:_TEXT_CHARS], validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


@_answered
async def revoke(request: web.Request) -> web.Response:
    """Source: RFC 7009; Mastodon documentation, oauth."""
    given = await params.read(request)
    app = _client(request, given)
    if app is None:
        return refusal("invalid_client")
    secret = given.text("token", max_chars=_TEXT_CHARS)
    if not secret:
        return refusal("invalid_request", "Missing required parameter: token.")
    if not await request.app[keys.INSTANCE].db.write(oauth.revoke, app, secret):
        return refusal("unauthorized_client")
    return answers.entity({})


# -- what a token is --


async def userinfo(request: web.Request) -> web.Response:
    """Claims of OpenID Connect about who asks. Source: Mastodon documentation, oauth."""
    account = auth.require(request, "profile")
    base_url, shelf = request.app[keys.NAMES].base_url, request.app[SHELF]
    shown = orjson.loads(request.app[keys.INSTANCE].db.read(shelf.account, account))
    claims = {
        "iss": f"{base_url}/",
        "sub": account.uri,
        "name": account.name,
        "preferred_username": account.username,
        "profile": account.url,
        "picture": shown["avatar"],
    }
    return answers.entity(claims)


async def info(request: web.Request) -> web.Response:
    """What is known of the token that is shown. Source: Doorkeeper, token info."""
    held = auth.require_app(request)
    app = request.app[keys.INSTANCE].db.read(rows.find, held.app_id) if held.app_id is not None else None
    shown = {
        "resource_owner_id": str(held.account_id) if held.account_id else None,
        "scope": sorted(held.scopes or ()),
        "expires_in": None,
        "application": {"uid": app.client_id if app is not None else None},
    }
    return answers.entity(shown)


async def metadata(request: web.Request) -> web.Response:
    """Source: RFC 8414; RFC 9207 3; Mastodon documentation, oauth."""
    base_url = request.app[keys.NAMES].base_url
    response = answers.entity(
        {
            "issuer": f"{base_url}/",
            "service_documentation": f"{base_url}/about",
            "authorization_endpoint": f"{base_url}/oauth/authorize",
            "token_endpoint": f"{base_url}/oauth/token",
            "app_registration_endpoint": f"{base_url}/api/v1/apps",
            "revocation_endpoint": f"{base_url}/oauth/revoke",
            "userinfo_endpoint": f"{base_url}/oauth/userinfo",
            "scopes_supported": list(scopes.ALL),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
    )
    response.headers["Cache-Control"] = headers.PUBLIC
    return response


_CLIENT = (Field("client_id", required=True, example="{client_id}"), Field("client_secret", required=True, example="{client_secret}"))

ROUTES = (
    table.anyone(
        "POST",
        "/oauth/token",
        token,
        Field("grant_type", required=True, choices=("authorization_code", "client_credentials"), example="client_credentials"),
        *_CLIENT,
        Field("code"),
        Field("redirect_uri"),
        Field("code_verifier"),
        Field("scope", example="read"),
        gives="Token",
    ),
    table.anyone("POST", "/oauth/revoke", revoke, *_CLIENT, Field("token", required=True, example="already-ended"), gives="{}"),
    table.app("GET", "/oauth/token/info", info, "", gives=""),
    table.user("GET", "/oauth/userinfo", userinfo, "profile", gives=""),
    table.user("POST", "/oauth/userinfo", userinfo, "profile", gives=""),
    table.anyone("GET", "/.well-known/oauth-authorization-server", metadata, gives=""),
)
