"""Who is asking: a browser with a session cookie, a program with a bearer token, another server with a signature, or nobody.

`identify` runs before every handler; then `viewer` and `require` are plain reads. What a browser sends with its cookie counts only when
the form it came from was ours (`csrf` in the template), so no handler has to think of that.
"""

import hmac
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from aiohttp import web

from fedi import clock, limits, logins, uris
from fedi import scopes as scope_names
from fedi.activitypub import signatures, verify
from fedi.errors import Forbidden, Invalid, RemoteError, Unauthenticated, Unavailable
from fedi.storage import accounts as account_rows
from fedi.storage import domains as domain_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.web import keys, params
from fedi.web.credentials import KNOWN, Credentials

SESSION_S: Final = 90 * 24 * 3600
_CREDENTIALS = web.RequestKey[Credentials]("credentials")
_VIEWER = web.RequestKey[Account]("viewer")
_READER = web.RequestKey[int]("reader")
_NEW_VISIT = web.RequestKey[str]("new_visit")

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PROGRAMS: Final = (  # where no form of ours leads
    "/api/",
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/userinfo",
    "/inbox",
    "/users/",
    "/actor",
    "/newsletter/",  # but some that stand on pages kept for all strangers alike; mail programs ask here too (RFC 8058)
)
_UNSIGNED: Final = (
    "This server answers other servers only when they sign what they ask (HTTP signatures: draft-cavage-12 or RFC 9421)."
    " The key of an account is shown without; that of this server is at {}/actor."
)
_FORM_ERROR: Final = "This form is out of date, or came from another site. Go back, reload the page and try again."

# In Mastodon's words: clients look for them.
_NO_USER: Final = "This method requires an authenticated user"
_WAITING: Final = {
    "unconfirmed": "Your login is missing a confirmed e-mail address",
    "pending": "Your login is currently pending approval",
}


# -- before every handler --


async def identify(request: web.Request) -> None:
    """Find out who asks. Raises Unauthenticated for a token that is none, Forbidden for a form that is not ours."""
    authorization = request.headers.get("Authorization")
    if authorization is not None and authorization[:7].lower() == "bearer ":
        await _identify_program(request, authorization[7:].strip())
        return
    is_known = "Cookie" in request.headers and await _identify_browser(request)
    if request.method not in _SAFE and (is_known or not request.path.startswith(_PROGRAMS)):
        await _check_form(request)


async def admit(request: web.Request, secret: str) -> None:
    """Take a token that came by another way than the header, where that is allowed: for streams. Raises Unauthenticated."""
    await _identify_program(request, secret)


async def _identify_program(request: web.Request, secret: str) -> None:
    found = request.app[KNOWN].token(secret)
    if found is None:
        raise Unauthenticated("The access token is invalid")
    request[_CREDENTIALS] = found
    if request.method not in _SAFE:
        request[params.STILL] = _still(request.app[KNOWN].token, secret)
    if found.used_at // clock.DAY < clock.now() // clock.DAY:
        await _note_use(request, "token", secret)


async def _identify_browser(request: web.Request) -> bool:
    """Whether the cookie was somebody's."""
    secret = request.cookies.get(_cookie(request.app))
    found = request.app[KNOWN].session(secret) if secret else None
    if found is None:
        return False
    request[_CREDENTIALS] = found
    if request.method not in _SAFE:
        request[params.STILL] = _still(request.app[KNOWN].session, found.secret)
    if found.used_at // clock.DAY < clock.now() // clock.DAY:
        await _note_use(request, "session", found.secret)
    return True


def _still(known: Callable[[str], Credentials | None], secret: str) -> Callable[[], None]:
    def check() -> None:
        if known(secret) is None:
            raise Unauthenticated("The access token is invalid")

    return check


async def _note_use(request: web.Request, kind: str, secret: str) -> None:
    """Once a day, so that a look costs no write."""
    request.app[KNOWN].used(kind, secret, clock.now())
    with suppress(Unavailable):  # a full disk keeps nobody from reading
        await request.app[keys.INSTANCE].db.write(logins.touch_token if kind == "token" else logins.touch_session, secret)


# -- who --


def viewer(request: web.Request) -> Account | None:
    """The local person who asks, or None: also for a program by itself, and for who has only just signed up.

    Raises Forbidden when that person is suspended.
    """
    if _VIEWER in request:
        return request[_VIEWER]
    found = request.get(_CREDENTIALS)
    if found is None or not found.account_id or found.waiting:
        return None
    account = request.app[keys.INSTANCE].db.read(account_rows.find, found.account_id)
    if account is None or account.deleted_at is not None:
        return None
    if account.suspended_at is not None:
        raise Forbidden("This account is suspended.")
    request[_VIEWER] = account
    return account


def let_go(request: web.Request) -> None:
    """A stream lasts for days: the row of its person is not kept for as long."""
    if _VIEWER in request:
        del request[_VIEWER]


def viewer_id(request: web.Request) -> int:
    """The viewer's account id, or 0: what reads of posts bind."""
    account = viewer(request)
    return account.id if account is not None else 0


def require(request: web.Request, *wanted: str) -> Account:
    """The person who asks, whose program has one of these scopes. Raises Unauthenticated, Forbidden. A browser has all of them.

    Raises Invalid (422, as Mastodon does) when a program asks for itself.
    """
    account = viewer(request)
    found = request.get(_CREDENTIALS)
    if found is None:
        raise _nobody(request)
    _check_scopes(found, wanted)
    if account is not None:
        return account
    if found.waiting:
        raise Forbidden(_WAITING[found.waiting])
    raise _nobody(request) if found.account_id else Invalid(_NO_USER)


def _nobody(request: web.Request) -> Unauthenticated:
    return Unauthenticated("The access token is invalid" if "Authorization" in request.headers else "Sign in first.")


def _check_scopes(found: Credentials, wanted: tuple[str, ...]) -> None:
    if wanted and not covers(found.scopes, *wanted):
        raise Forbidden("This action is outside the authorized scopes")


def reader(request: web.Request, *wanted: str) -> Account | None:
    """Who reads what anybody may read: nobody in particular, or a person; any token needs one of the scopes. Raises Forbidden."""
    found = request.get(_CREDENTIALS)
    if found is None:
        return None
    _check_scopes(found, wanted)
    return viewer(request)


def reads_as(request: web.Request, *wanted: str) -> int:
    """The same as an id, 0 for nobody: without a look at the account's row each time."""
    found: Credentials | None = request.get(_CREDENTIALS) if len(request) else None
    if found is None:
        return 0
    known = request.app[KNOWN].active
    if found.account_id in known and not found.waiting and found.scopes is not None and covers(found.scopes, *wanted):
        return found.account_id
    account = reader(request, *wanted)
    if account is None:
        return 0
    known.add(account.id)
    return account.id


def require_app(request: web.Request, *wanted: str) -> Credentials:
    """The program that asks, with or without a person, with one of these scopes. Raises Unauthenticated, Forbidden."""
    found: Credentials | None = request.get(_CREDENTIALS)
    if found is None or found.scopes is None:
        raise _nobody(request)
    _check_scopes(found, wanted)
    return found


def require_waiting(request: web.Request, *wanted: str) -> Credentials:
    """Whoever has signed up, whether or not they may do anything yet. Raises Unauthenticated, Forbidden, Invalid like `require`."""
    found: Credentials | None = request.get(_CREDENTIALS)
    if found is None or not found.waiting:
        require(request, *wanted)
        return request[_CREDENTIALS]
    _check_scopes(found, wanted)
    return found


def app_id(request: web.Request) -> int | None:
    """The program the request comes from; None for a browser, a token made by hand, and nobody. What `posts.app_id` keeps."""
    found = request.get(_CREDENTIALS)
    return found.app_id if found is not None else None


def token_id(request: web.Request) -> int:
    """The id of the token that was shown, 0 for none: what push subscriptions hang on."""
    found = request.get(_CREDENTIALS)
    return found.token_id if found is not None else 0


def person_id(request: web.Request) -> int:
    """Whose token was shown, whatever they may do, 0 for nobody's: what requests are counted by."""
    found = request.get(_CREDENTIALS)
    return found.account_id if found is not None and found.token_id else 0


def require_id(request: web.Request, *wanted: str) -> int:
    """The same as an id, for reads that need nothing else of the person: without a look at the account's row each time."""
    found: Credentials | None = request.get(_CREDENTIALS)
    known = request.app[KNOWN].active
    if found is None or found.account_id not in known or found.scopes is None or not covers(found.scopes, *wanted):
        account_id = require(request, *wanted).id
        known.add(account_id)
        return account_id
    return found.account_id


def require_role(request: web.Request, *roles: str) -> Account:
    """The person who asks, when they have one of these roles (`owner`, `admin`, `moderator`). Raises Unauthenticated, Forbidden."""
    account = require(request)
    if role(request) not in roles:
        raise Forbidden("That is not for you to do.")
    return account


def role(request: web.Request) -> str:
    """The viewer's role, or '' for nobody."""
    account = viewer(request)
    user = request.app[keys.INSTANCE].db.read(user_rows.find, account.id) if account is not None else None
    return user.role if user is not None else ""


def scopes(request: web.Request) -> frozenset[str] | None:
    """What the program may do; None for a browser and for nobody."""
    found = request.get(_CREDENTIALS)
    return found.scopes if found is not None else None


def covers(held: frozenset[str] | None, *wanted: str) -> bool:
    """Whether what `scopes` gave holds one of these scopes."""
    return held is None or any(scope_names.covers(held, scope) for scope in wanted)


# -- cookies and forms --


def _cookie(app: web.Application, suffix: str = "") -> str:
    names = app[keys.NAMES]
    return f"__Host-fedi{suffix}" if names.secure else f"fedi{suffix}_{names.port}"


def sign_in(request: web.Request, response: web.StreamResponse, secret: str) -> None:
    """Give the browser the secret of its new session (`logins.start_session`)."""
    _set_cookie(request, response, _cookie(request.app), secret, SESSION_S)


def sign_out(request: web.Request, response: web.StreamResponse) -> None:
    """Take the cookie back; ending the session itself is the caller's (`logins.end_session`, with `session_secret`)."""
    response.del_cookie(_cookie(request.app), path="/", secure=request.app[keys.NAMES].secure, httponly=True, samesite="Lax")


def session_secret(request: web.Request) -> str:
    """The secret of the browser's session, or ''."""
    found = request.get(_CREDENTIALS)
    return found.secret if found is not None else ""


def csrf(request: web.Request) -> str:
    """What every form of ours carries as its field `csrf` (scripts: header `X-CSRF-Token`), signed in or not."""
    return logins.csrf_token(session_secret(request) or _visit(request))


def _visit(request: web.Request) -> str:
    """A secret for a browser that is not signed in, so that nobody else can sign it in as somebody."""
    secret = request.cookies.get(_cookie(request.app, "_visit")) or request.get(_NEW_VISIT)
    if not secret:
        secret = request[_NEW_VISIT] = secrets.token_urlsafe(24)
    return secret


def finish(request: web.Request, response: web.StreamResponse) -> None:
    """After the handler: a form was shown to a browser that has no cookie yet."""
    if not len(request):  # nothing was noted of it; to look for a key that is not there costs an exception
        return
    secret = request.get(_NEW_VISIT)
    if secret is not None and not response.prepared:
        _set_cookie(request, response, _cookie(request.app, "_visit"), secret, None)


def _set_cookie(request: web.Request, response: web.StreamResponse, name: str, value: str, max_age: int | None) -> None:
    secure = request.app[keys.NAMES].secure
    response.set_cookie(name, value, max_age=max_age, path="/", secure=secure, httponly=True, samesite="Lax")


async def _check_form(request: web.Request) -> None:
    """A browser sends its cookie along with forms of other sites as well. Source: AUT-19; OWASP CSRF Prevention."""
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden(_FORM_ERROR)
    if origin is not None and not request.app[keys.NAMES].is_same_origin(origin):
        raise Forbidden(_FORM_ERROR)
    given = request.headers.get("X-CSRF-Token")
    if given is None:
        limit = request.app[keys.INSTANCE].config.limits.upload_mb * 1024 * 1024 + limits.BODY_BYTES if session_secret(request) else 0
        given = (await params.read(request, limit)).text("csrf", max_chars=100)
    if "csrf" in request.query or not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), csrf(request).encode()):
        raise Forbidden(_FORM_ERROR)


# -- other servers --


def head(request: web.Request) -> signatures.RequestHead:
    """The request as its signature covers it; an absolute target without our name."""
    target = request.raw_path
    if not target.startswith("/"):
        target = "/" + target.partition("://")[2].partition("/")[2]
    scheme = "https" if request.app[keys.NAMES].secure else "http"
    return signatures.RequestHead(request.method, target, scheme, [(name.lower(), value) for name, value in request.headers.items()])


def is_signed(request: web.Request) -> bool:
    return "Signature" in request.headers or request.headers.get("Authorization", "")[:10].lower() == "signature "


async def reader_id(request: web.Request) -> int:
    """Whose rights a GET of ActivityPub has: the signer's, else the local viewer's, else nobody's (0).

    Raises Unauthenticated for a signature that is not good, whatever is wrong with it, and in secure mode for none; Forbidden for a server
    we have nothing to do with, before its key is asked for.
    """
    if not is_signed(request):
        reader = viewer_id(request)
        if not reader and is_secure(request):
            raise Unauthenticated(_UNSIGNED.format(request.app[keys.NAMES].base_url))
        return reader
    asked, instance = head(request), request.app[keys.INSTANCE]
    with suppress(RemoteError):
        if instance.db.read(domain_rows.is_blocked, uris.host(signatures.parse(asked).key_id)):
            raise Forbidden("Your server or account is blocked here.")
    try:
        signer = await verify.request(instance.remote, asked, b"")
    except RemoteError as error:
        raise Unauthenticated(error.message) from None
    if signer.account.host_blocked or signer.account.suspended_at is not None:
        raise Forbidden("Your server or account is blocked here.")
    request[_READER] = signer.account.id
    return signer.account.id


def is_secure(request: web.Request) -> bool:
    """Whether other servers must sign what they ask. Source: FEDERATION.md, Signatures, 6.5; VIS-27."""
    return request.app[keys.INSTANCE].config.federation.secure


def is_identified(request: web.Request) -> bool:
    """Whether it is known who reads: `reader_id` has found a signer, or somebody here is signed in."""
    return _READER in request or viewer_id(request) != 0


def is_anonymous(request: web.Request) -> bool:
    """Whether the answer is the same for everybody, so that caches may keep it."""
    return _CREDENTIALS not in request and not is_signed(request)
