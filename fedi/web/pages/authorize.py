"""Where people let a program in, or do not. Programs fetch their tokens in api/oauth.py. Source: RFC 6749 4.1, 7636, 9207, 9700."""

import re
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from aiohttp import web

from fedi import apps, limits, oauth, scopes
from fedi.errors import Invalid, Malformed
from fedi.oauth import Wish
from fedi.storage import apps as rows
from fedi.web import headers, keys, params
from fedi.web.pages import site
from fedi.web.params import Params

# Browsers hold `form-action` against where a form leads in the end as well, and that is the program's own place.
_POLICY: Final = headers.PAGE_POLICY.replace(" form-action 'self';", "")
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{20,100}", re.ASCII)
_NOT_KNOWN: Final = "This server does not know the app that sent you here. It has to register again: sign out in the app, and start over."
_NOT_THERE: Final = "The app that sent you here wants to be told at a place it did not name when it registered. Nothing was sent there."


async def show(request: web.Request) -> web.Response:
    """Asks whoever is signed in; who is not signs in first, and `force_login` makes everybody do so."""
    given = params.query(request)
    wish, state = _read(request, given)
    account = site.viewer(request)
    if account is None or given.flag("force_login"):
        pairs = [(name, value) for name, value in request.query.items() if name not in ("force_login", "said")]
        target = f"/oauth/authorize?{urlencode(pairs)}"
        return site.go(f"/login?next={quote(target, safe='')}" + ("&force=1" if account is not None else ""))
    response = site.show(
        request,
        "authorize.html",
        f"Let {wish.app.name} in?",
        app=wish.app,
        website=_shown_host(wish.app.website),
        place=_shown_host(wish.redirect_uri) if wish.redirect_uri != apps.OUT_OF_BAND else "",
        may=scopes.in_words(" ".join(wish.scopes)),
        wish=wish,
        state=state,
        here_url=site.here(request),
    )
    response.headers["Content-Security-Policy"] = _POLICY
    return response


async def decide(request: web.Request) -> web.Response:
    """Yes sends a code, no says so; each to where the program has registered. Source: AUT-01, AUT-03."""
    account = site.signed_in(request)
    given = await params.read(request)
    wish, state = _read(request, given)
    if request.method == "DELETE" or given.text("decision", max_chars=20) != "allow":
        said = {"error": "access_denied", "error_description": "The resource owner or authorization server denied the request."}
        if wish.redirect_uri == apps.OUT_OF_BAND:
            return site.go("/settings/security", "not_let_in")
        return _back(request, wish, said, state)
    code = await site.of(request).instance.db.write(oauth.allow, account.id, wish)
    if wish.redirect_uri == apps.OUT_OF_BAND:
        return site.go(f"/oauth/authorize/native?code={code}")
    return _back(request, wish, {"code": code}, state)


async def native(request: web.Request) -> web.Response:
    """The code, for somebody to carry to the program by hand."""
    site.signed_in(request)
    code = params.query(request).text("code", max_chars=200)
    if not _CODE.fullmatch(code):
        raise Invalid("There is no code here. Start over in the app.")
    return site.show(request, "native.html", "Your code", code=code, seconds=limits.CODE_S)


def _back(request: web.Request, wish: Wish, said: dict[str, str], state: str) -> web.Response:
    """To the program, with what it asked to be reminded of, and who says so. The place is one it has registered, to the letter."""
    more = said | ({"state": state} if state else {}) | {"iss": f"{request.app[keys.NAMES].base_url}/"}
    place, query = wish.redirect_uri, urlencode(more)
    return web.Response(status=303, headers={"Location": f"{place}{'&' if '?' in place else '?'}{query}", "Referrer-Policy": "no-referrer"})


def _read(request: web.Request, given: Params) -> tuple[Wish, str]:
    """What is asked for, and its state. Whatever is wrong is told to the person, never to a place: nobody has said yes to it yet.

    Raises Malformed, which makes a page with 400. Source: AUT-01, AUT-03, AUT-04; RFC 9700 4.11.2.
    """
    try:
        client_id, place = given.text("client_id", max_chars=200), given.text("redirect_uri", max_chars=limits.REDIRECT_URI_CHARS)
        app = site.of(request).instance.db.read(rows.find_by_client, client_id) if client_id else None
        if app is None:
            raise Malformed(_NOT_KNOWN)
        if place not in app.places():
            raise Malformed(_NOT_THERE)
        if given.text("response_type", max_chars=100) != "code":
            raise Malformed("The app asks for an answer that this server does not give: response_type has to be `code`.")
        challenge, state = _challenge(given), given.text("state", max_chars=limits.STATE_CHARS)
        return Wish(app, place, oauth.wanted(app, given.text("scope", max_chars=limits.SCOPES_CHARS)), challenge), state
    except Invalid as error:
        if error.field in ("scope", "scopes"):
            raise Malformed("The app asks for more than it said it would when it registered, or for something there is not.") from None
        raise Malformed(error.message) from None


def _challenge(given: Params) -> str:
    challenge, method = given.text("code_challenge", max_chars=200), given.text("code_challenge_method", max_chars=20)
    if method not in ("", "S256") or (challenge and method != "S256"):
        raise Malformed("The app protects its code in a way that is not safe: code_challenge_method has to be S256.")
    if bool(challenge) != bool(method) or (challenge and not oauth.CHALLENGE.fullmatch(challenge)):
        raise Malformed("The app protects its code in a way that cannot work: code_challenge is no SHA-256.")
    return challenge


def _shown_host(url: str) -> str:
    """The part of an address that says whose it is: `app.example`, or `myapp:` for what opens a program of this device."""
    parts = urlsplit(url)
    return (parts.hostname or "") if parts.scheme in ("http", "https") else f"{parts.scheme}:" if parts.scheme else ""
