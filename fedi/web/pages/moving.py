"""Settings: one's other accounts, and moving to one of them."""

from typing import NamedTuple

from aiohttp import web

from fedi import clock, limits, moves
from fedi.errors import Conflict, FediError, Invalid, NotFound, TooMany
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web import keys, params
from fedi.web.pages import security, site, text


class Other(NamedTuple):
    """An account one has named."""

    uri: str
    name: str
    href: str


def _read(tx: Tx, account_id: int) -> tuple[Account, list[Other]]:
    account = account_rows.get(tx, account_id)
    known = account_rows.list_by_uris(tx, account.aliases())
    found = [
        Other(uri, f"@{known[uri].handle}" if uri in known else uri, f"/@{known[uri].handle}" if uri in known else text.web_address(uri))
        for uri in account.aliases()
    ]
    return account, found


async def show(request: web.Request) -> web.Response:
    site.signed_in(request)
    return _page(request)


def _page(request: web.Request, wrong: str = "", asked: str = "") -> web.Response:
    account, aliases = site.of(request).instance.db.read(_read, site.signed_in(request).id)
    next_at = (account.moved_at or 0) + moves.COOLDOWN_MS
    return site.show(
        request,
        "settings_moving.html",
        "Moving",
        area="settings",
        status=422 if wrong else 200,
        account=account,
        aliases=aliases,
        moved=text.web_address(account.moved_to_uri),
        next_at=next_at if next_at > clock.now() else 0,
        days=limits.MOVE_DAYS,
        asked=asked,
        wrong=wrong,
    )


async def _other(request: web.Request, query: str) -> Account:
    """Another account as it is now on its own server. Raises what looking it up raises, and TooMany."""
    viewer, instance = site.signed_in(request), site.of(request).instance
    request.app[keys.LIMITS].resolve.spend(str(viewer.id))
    found = await instance.remote.resolve(query)
    if not isinstance(found, Account):
        raise Invalid("That is a post. Write a handle, like @name@server.", "other")
    return found if found.is_local else await instance.remote.actor(found.uri, refresh=True)


def _why(error: FediError) -> str:
    if isinstance(error, (Invalid, Conflict, TooMany)):
        return error.message
    if isinstance(error, NotFound):
        return "There is no such account. Write its whole handle, like @name@server."
    return "That account could not be read now. Try again later."


async def add(request: web.Request) -> web.Response:
    account, instance = site.signed_in(request), site.of(request).instance
    query = (await params.read(request)).text("other", max_chars=limits.URI_CHARS)
    try:
        await instance.db.write(moves.add_alias, account, await _other(request, query))
    except FediError as error:
        return _page(request, _why(error), query)
    return site.go("/settings/moving", "alias")


async def remove(request: web.Request) -> web.Response:
    account, instance = site.signed_in(request), site.of(request).instance
    uri = (await params.read(request)).text("uri", max_chars=limits.URI_CHARS)
    try:
        await instance.db.write(moves.remove_alias, account, uri)
    except NotFound:
        pass  # it was removed already
    return site.go("/settings/moving", "saved")


async def move(request: web.Request) -> web.Response:
    """The password is asked for: nobody who finds a browser open takes somebody's followers away."""
    account, instance = site.signed_in(request), site.of(request).instance
    given = await params.read(request)
    query = given.text("target", max_chars=limits.URI_CHARS)
    if not await security.is_password(request, given, "password"):
        return _page(request, security.WRONG, query)
    try:
        await instance.db.write(moves.move, account, await _other(request, query))
    except FediError as error:
        return _page(request, _why(error), query)
    return site.go("/settings/moving", "moved")


async def come_back(request: web.Request) -> web.Response:
    account, instance = site.signed_in(request), site.of(request).instance
    try:
        await instance.db.write(moves.come_back, account)
    except Conflict:
        pass  # done already
    return site.go("/settings/moving", "back")
