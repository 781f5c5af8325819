"""Settings: one's e-mail address, and another one."""

from aiohttp import web

from fedi import limits, signups
from fedi.errors import FediError, TooMany
from fedi.signups import Unfit
from fedi.storage import confirmations as confirmation_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web import keys, params
from fedi.web.pages import security, site


def _read(tx: Tx, account_id: int) -> tuple[str, str]:
    """(the address that counts, the one that is to: '' for none)."""
    wanted = confirmation_rows.find_of(tx, account_id)
    return user_rows.get(tx, account_id).email, wanted.email if wanted is not None else ""


async def show(request: web.Request) -> web.Response:
    return _page(request, site.signed_in(request))


def _page(request: web.Request, account: Account, given: str = "", wrong: tuple[str, str] = ("", ""), status: int = 200) -> web.Response:
    """`wrong` is which field, and what is wrong with it."""
    instance = site.of(request).instance
    present, wanted = instance.db.read(_read, account.id)
    return site.show(
        request,
        "settings_email.html",
        "E-mail address",
        area="settings",
        status=status,
        present=present,
        wanted=wanted,
        mails=bool(instance.config.mail.host),
        hours=limits.CONFIRMATION_S // 3600,
        given=given,
        field=wrong[0],
        wrong=wrong[1],
    )


async def change(request: web.Request) -> web.Response:
    """Asks for the password, like whatever could lock somebody out; guessing it is counted. Source: AUT-27."""
    account, instance, given = site.signed_in(request), site.of(request).instance, await params.read(request)
    email = given.text("email", max_chars=1000).strip()
    if not await security.is_password(request, given, "password"):
        return _page(request, account, email, ("password", security.WRONG), 422)
    try:
        instance.db.read(signups.check_new_email, instance.config, account.id, email)
        request.app[keys.LIMITS].letter(account.id)
        await instance.db.write(signups.change_email, instance.config, account.id, email)
    except FediError as error:
        return _refused(request, account, email, error)
    return site.go("/settings/email", "asked_address")


def _refused(request: web.Request, account: Account, email: str, error: FediError) -> web.Response:
    """The page again, saying why. Of a form that has faults only those are said."""
    text = " and ".join(words for found in error.faults.values() for _, words in found) if isinstance(error, Unfit) else ""
    wrong = f"{email or 'The address'} {text}." if text else error.message
    if isinstance(error, TooMany):
        response = _page(request, account, email, ("", wrong), 429)
        response.headers["Retry-After"] = str(max(1, error.retry_after_s))
        return response
    return _page(request, account, email, ("email", wrong), 422)


async def again(request: web.Request) -> web.Response:
    account, instance = site.signed_in(request), site.of(request).instance
    try:
        request.app[keys.LIMITS].letter(account.id)
        await instance.db.write(signups.resend, instance.config, account.id)
    except FediError as error:
        return _refused(request, account, "", error)
    return site.go("/settings/email", "asked_address")


async def keep(request: web.Request) -> web.Response:
    """The present address stays: the link in the letter is of no use any more."""
    account = site.signed_in(request)
    await site.of(request).instance.db.write(signups.keep_email, account.id)
    return site.go("/settings/email", "kept_address")
