"""Signing in and out."""

from aiohttp import hdrs, web

from fedi import limits, logins, plaintext
from fedi.errors import TooMany
from fedi.storage import accounts as account_rows
from fedi.storage import users as user_rows
from fedi.storage.db import Tx
from fedi.storage.users import User
from fedi.web import auth, keys, params
from fedi.web.pages import site, text

_WAITING = {
    "unconfirmed": "Your address is not confirmed yet. Open the link in the letter we have sent you, or ask those who run this server.",
    "pending": "Your account waits for a yes of those who look after this server. You get a letter when it is there.",
}
_WRONG = "That username and password do not belong together."


async def show(request: web.Request) -> web.Response:
    target = text.local_path(request.query.get("next", ""))
    if site.viewer(request) is not None and not request.query.get("force"):
        return site.go(target)
    return _form(request, target)


def _form(request: web.Request, target: str, login: str = "", wrong: str = "", status: int = 200) -> web.Response:
    csrf = auth.csrf(request)
    return site.show(request, "login.html", "Sign in", area="login", status=status, csrf=csrf, target=target, login=login, wrong=wrong)


async def submit(request: web.Request) -> web.Response:
    """A right password begins a session with a secret of its own, whatever cookie came with it. Source: AUT-13, 16, 17."""
    form = await params.read(request)
    login, password = form.text("login", max_chars=320).strip(), form.text("password", max_chars=limits.PASSWORD_CHARS[1])
    target = text.local_path(form.text("next"))
    instance = site.of(request).instance
    counters = request.app[keys.LIMITS]
    try:
        counters.login_try(request, login)
    except TooMany as error:
        response = _form(request, target, login, error.message, 429)
        response.headers["Retry-After"] = str(max(1, error.retry_after_s))
        return response
    user = instance.db.read(_find, login)
    good = await instance.cpu(logins.check_password, user.password_hash if user is not None else logins.DUMMY_HASH, password)
    if user is None or not good:
        return _form(request, target, login, _WRONG, 422)
    if user.waiting:
        counters.forgive_login(request, login)
        return _form(request, target, login, _WAITING[user.waiting], 403)
    counters.forgive_login(request, login)
    old = auth.session_secret(request)
    agent = plaintext.line(request.headers.get(hdrs.USER_AGENT, ""), 200)
    secret = await instance.db.write(_begin, user.account_id, agent, old)
    response = site.go(target)
    auth.sign_in(request, response, secret)
    return response


def _find(tx: Tx, login: str) -> User | None:
    """Who signs in with a name or address; nobody who is suspended."""
    user = user_rows.find_by_login(tx, login.removeprefix("@")) if login else None
    account = account_rows.find(tx, user.account_id) if user is not None else None
    if user is None or account is None or account.deleted_at is not None:
        return None
    return user if user.waiting or not account.is_hidden else None


def _begin(tx: Tx, account_id: int, agent: str, old: str) -> str:
    if old:
        logins.end_session(tx, old)
    return logins.start_session(tx, account_id, agent)


async def out(request: web.Request) -> web.Response:
    """End the session itself, not only the cookie."""
    secret = auth.session_secret(request)
    if secret:
        await site.of(request).instance.db.write(logins.end_session, secret)
    response = site.go("/", "bye")
    auth.sign_out(request, response)
    return response
