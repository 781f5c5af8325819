"""Settings: the password, and where one is signed in."""

import re
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from fedi import apps, ids, limits, logins, scopes, sessions
from fedi.errors import Invalid
from fedi.storage import apps as app_rows
from fedi.storage import sessions as session_rows
from fedi.storage import users as user_rows
from fedi.storage.apps import Admitted
from fedi.storage.db import Tx
from fedi.web import auth, keys, params
from fedi.web.pages import site

_BROWSERS: Final = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
WRONG: Final = "That is not your present password."
_SYSTEMS: Final = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")


class Row(NamedTuple):
    """A browser one is signed in with."""

    agent: str
    created_at: int
    used_at: int
    is_this: bool


class Program(NamedTuple):
    """What may act for one. `website` is where it says it comes from, '' for nothing; `may` what it may do, in words."""

    token_id: int
    name: str
    website: str
    host: str
    may: list[str]
    created_at: int
    used_at: int


def _agent(text: str) -> str:
    """`Firefox on Linux`, as far as the browser says."""
    browser = next((name for mark, name in _BROWSERS if mark in text), "")
    system = next((name for name in _SYSTEMS if name in text), "")
    return " on ".join(part for part in (browser, system) if part) or re.split(r"[/ ]", text)[0][:40] or "Unknown"


def _read(tx: Tx, account_id: int, secret: str) -> tuple[list[Row], list[Program]]:
    this = logins.find_session(tx, secret)
    rows = [
        Row(_agent(row.agent), row.created_at, row.used_at, this is not None and row.token_hash == this.token_hash)
        for row in session_rows.list_of(tx, account_id)
    ]
    programs = [_program(row) for row in app_rows.list_admitted(tx, account_id)]
    return sorted(rows, key=lambda row: not row.is_this), programs


def _program(row: Admitted) -> Program:
    host = urlsplit(row.website).hostname or ""
    return Program(row.token_id, row.name, row.website, host, scopes.in_words(row.scopes), row.created_at, row.used_at)


async def show(request: web.Request) -> web.Response:
    site.signed_in(request)
    return _page(request)


async def show_apps(request: web.Request) -> web.Response:
    """`/oauth/authorized_applications`, where apps send people of Mastodon: the programs that may act for them."""
    site.signed_in(request)
    raise web.HTTPFound("/settings/security#apps")


async def show_password(_: web.Request) -> web.Response:
    """`/.well-known/change-password`, for password managers. Source: W3C change-password."""
    raise web.HTTPFound("/settings/security#password")


def _page(request: web.Request, wrong: str = "", status: int = 200) -> web.Response:
    account = site.signed_in(request)
    rows, programs = site.of(request).instance.db.read(_read, account.id, auth.session_secret(request))
    return site.show(
        request,
        "settings_security.html",
        "Security",
        area="settings",
        status=status,
        sessions=rows,
        programs=programs,
        shortest=limits.PASSWORD_CHARS[0],
        wrong=wrong,
    )


async def is_password(request: web.Request, given: params.Params, field: str = "old") -> bool:
    """Whether the form has the viewer's present password. Guessing it is counted like signing in: raises TooMany."""
    account, instance = site.signed_in(request), site.of(request).instance
    secret = given.text(field, max_chars=limits.PASSWORD_CHARS[1])
    request.app[keys.LIMITS].login_try(request, account.username)
    user = instance.db.read(user_rows.get, account.id)
    if not await instance.cpu(logins.check_password, user.password_hash, secret):
        return False
    request.app[keys.LIMITS].forgive_login(request, account.username)
    return True


async def change_password(request: web.Request) -> web.Response:
    """Ends every session and token; this browser gets a new session. Guessing the present password is counted like signing in."""
    account, instance = site.signed_in(request), site.of(request).instance
    given = await params.read(request)
    new = given.text("new", max_chars=limits.PASSWORD_CHARS[1])
    if not await is_password(request, given):
        return _page(request, WRONG, 422)
    try:
        logins.check_new_password(new)
    except Invalid as error:
        return _page(request, error.message, 422)
    hashed = await instance.cpu(logins.hash_password, new)
    secret = await instance.db.write(_change, account.id, hashed, request.headers.get("User-Agent", ""))
    response = site.go("/settings/security", "password")
    auth.sign_in(request, response, secret)
    return response


def _change(tx: Tx, account_id: int, password_hash: str, agent: str) -> str:
    logins.set_password(tx, account_id, password_hash)
    return logins.start_session(tx, account_id, agent)


async def end_others(request: web.Request) -> web.Response:
    account = site.signed_in(request)
    await site.of(request).instance.db.write(sessions.end_others, account.id, auth.session_secret(request))
    return site.go("/settings/security", "ended")


async def dismiss(request: web.Request) -> web.Response:
    """Throw a program out: what it has open ends at once. Source: AUT-10."""
    account = site.signed_in(request)
    await site.of(request).instance.db.write(apps.dismiss, account.id, ids.parse(request.match_info["id"]))
    return site.go("/settings/security", "thrown_out", "apps")
