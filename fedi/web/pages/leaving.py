"""Settings: what one has here, and ending it."""

from aiohttp import web

from fedi import accounts
from fedi.errors import Conflict
from fedi.storage import accounts as account_rows
from fedi.web import auth, params
from fedi.web.pages import security, site


async def show(request: web.Request) -> web.Response:
    site.signed_in(request)
    return page(request)


def page(request: web.Request, wrong: str = "", status: int = 200) -> web.Response:
    account = site.signed_in(request)
    return site.show(request, "settings_data.html", "Your data", area="settings", status=status, account=account, wrong=wrong)


async def delete(request: web.Request) -> web.Response:
    """Name and password are asked for, because nothing brings it back: other servers delete what they have within the hour."""
    account, instance = site.signed_in(request), site.of(request).instance
    given = await params.read(request)
    if given.text("name", max_chars=100).strip().lstrip("@").lower() != account.username.lower():
        return page(request, "Write your username into the first field, so that it is clear that this is meant.", 422)
    if not await security.is_password(request, given, "password"):
        return page(request, security.WRONG, 422)
    try:
        await instance.db.write(lambda tx: accounts.delete_local(tx, account_rows.get(tx, account.id)))
    except Conflict as error:
        return page(request, error.message.partition(":")[0], 409)
    response = site.go("/", "gone")
    auth.sign_out(request, response)
    return response
