"""Signing up, proving an address, and for those who look after this server: who waits for a yes."""

from typing import Final

from aiohttp import web

from fedi import ids, signups
from fedi.errors import Conflict, FediError, NotFound, TooMany
from fedi.signups import CLOSED, Faults, Form, Unfit
from fedi.storage import accounts as account_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.users import User
from fedi.web import auth, keys, params
from fedi.web.api.signups import form as read_form
from fedi.web.api.signups import made_for
from fedi.web.pages import asking, site
from fedi.web.pages.asking import Question

_STAFF: Final = ("owner", "admin", "moderator")
_DONE: Final = {
    "mail": "We have sent you a letter. Open the link in it, and press the button there, to say that the address is yours.",
    "mail_approval": "We have sent you a letter. Open the link in it to say that the address is yours; then those who look after this"
    " server say yes or no.",
    "hand": "This server sends no letters. Those who run it let you in by hand.",
}


async def show(request: web.Request) -> web.Response:
    if site.viewer(request) is not None:
        return site.go("/home")
    return _form(request, Form("", "", "", False), {})


def _form(request: web.Request, said: Form, faults: Faults, wrong: str = "", status: int = 200) -> web.Response:
    config = site.of(request).instance.config
    closed = config.instance.registrations == "closed"
    return site.show(
        request,
        "signup.html",
        "Sign up",
        area="login",
        status=403 if closed and request.method == "POST" else status,
        csrf=auth.csrf(request),
        closed=CLOSED if closed else "",
        approval=config.instance.registrations == "approval",
        min_age=config.instance.min_age,
        given=said,
        faults={field: " and ".join(words for _, words in found) for field, found in faults.items()},
        wrong=wrong,
    )


async def submit(request: web.Request) -> web.Response:
    """As through a program (api/signups.py), with the same limits. Source: AUT-26."""
    instance = site.of(request).instance
    said = read_form(await params.read(request))._replace(locale="")
    try:
        if instance.config.instance.registrations != "closed":
            request.app[keys.LIMITS].sign_up(request)
        made = await made_for(instance, said)
        await instance.db.write(signups.create, instance.config, said, made)
    except Unfit as error:
        return _form(request, said, error.faults, status=422)
    except TooMany as error:
        response = _form(request, said, {}, error.message, 429)
        response.headers["Retry-After"] = str(max(1, error.retry_after_s))
        return response
    except Conflict as error:
        return _form(request, said, {}, error.message, 422)
    except FediError as error:
        return _form(request, said, {}, error.message, 403)
    approval = "_approval" if instance.config.instance.registrations == "approval" else ""
    text = _DONE[f"mail{approval}" if instance.config.mail.host else "hand"]
    return site.show(request, "signed_up.html", "Almost there", area="login", text=text)


# -- the link in the letter --


async def show_link(request: web.Request) -> web.Response:
    """Asks once more: programs that look through letters open links, but press no buttons."""
    link = params.query(request).text("token", max_chars=200)
    found = site.of(request).instance.db.read(signups.find_link, link)
    return site.show(request, "confirm_link.html", "Is this your address?", csrf=auth.csrf(request), link=link, email=found.email)


async def confirm(request: web.Request) -> web.Response:
    link = (await params.read(request)).text("token", max_chars=200)
    await site.of(request).instance.db.write(signups.confirm, link)
    return site.go("/settings/email", "confirmed_here") if site.viewer(request) is not None else site.go("/login", "confirmed")


# -- those who wait --


def _waiting(tx: Tx) -> list[tuple[Account, User]]:
    return [(account_rows.get(tx, user.account_id), user) for user in user_rows.list_waiting(tx, limit=100)]


async def show_waiting(request: web.Request) -> web.Response:
    site.signed_in(request)
    auth.require_role(request, *_STAFF)
    return site.show(request, "signups.html", "Sign-ups", area="moderation", items=site.of(request).instance.db.read(_waiting))


def _who_waits(tx: Tx, account_id: int) -> Account:
    account = account_rows.find(tx, account_id)
    if account is None or not signups.is_waiting(tx, account):
        raise NotFound("Nobody of that id waits.")
    return account


async def confirm_reject(request: web.Request) -> web.Response:
    site.signed_in(request)
    auth.require_role(request, *_STAFF)
    account = site.of(request).instance.db.read(_who_waits, ids.parse(request.match_info["id"]))
    return asking.ask(
        request,
        Question(
            f"Turn down @{account.username}?",
            "Nothing of this sign-up is kept, they are not told why, and the name is free again. They may ask once more.",
            "Turn down",
            action=f"/moderation/sign-ups/{account.id}/reject",
            back="/moderation/sign-ups",
            target="/moderation/sign-ups",
            area="moderation",
        ),
    )


async def answer(request: web.Request) -> web.Response:
    """Yes or no to somebody who waits. Source: AUT-30."""
    site.signed_in(request)
    by = auth.require_role(request, *_STAFF)
    approves = request.match_info["verb"] == "approve"
    instance, account_id = site.of(request).instance, ids.parse(request.match_info["id"])
    account = instance.db.read(_who_waits, account_id)
    if approves:
        await instance.db.write(signups.approve, instance.config, account, by)
    else:
        await instance.db.write(signups.reject, account, by)
    return site.go("/moderation/sign-ups", "approved" if approves else "rejected")
