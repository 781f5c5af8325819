"""Somebody's posts by letter: asking for them, saying yes, ending it with one press, and for the person themselves, offering them.

Strangers press the buttons here without a cookie: their mail programs do too, and the link in the letter is all that says who they are.
"""

from aiohttp import web

from fedi import ids, limits, newsletters
from fedi.errors import FediError, NotFound, TooMany
from fedi.storage import accounts as account_rows
from fedi.storage import email_subscriptions as rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.web import keys, params
from fedi.web.pages import asking, site
from fedi.web.pages.asking import Question

_TOKEN_CHARS = 200


async def subscribe(request: web.Request) -> web.Response:
    """The form on a profile. As through a program (api/newsletters.py), with the same limits and the same answer for all."""
    instance, given = site.of(request).instance, await params.read(request)
    account_id = ids.parse(given.text("account", max_chars=20))
    email = given.text("email", max_chars=1000)
    account = instance.db.read(account_rows.find, account_id)
    if account is None or not instance.db.read(newsletters.is_offered, instance.config, account):
        raise NotFound(newsletters.NOT_OFFERED)
    try:
        instance.db.read(newsletters.check, instance.config, account_id, email)
        request.app[keys.LIMITS].by_mail(request)
        await instance.db.write(newsletters.subscribe, instance.config, account_id, email)
    except NotFound:
        raise
    except TooMany as error:
        response = _ask(request, account, email, error.message, 429)
        response.headers["Retry-After"] = str(max(1, error.retry_after_s))
        return response
    except FediError as error:
        return _ask(request, account, email, error.message, 422)
    text = "We have sent a letter there, if it does not get these posts already. Open the link in it, and press the button there."
    return _say(request, "Look into your letters", text, account)


def _ask(request: web.Request, account: Account, email: str, wrong: str, status: int) -> web.Response:
    return site.show(
        request, "newsletter_ask.html", f"Posts of {account.name} by e-mail", status=status, account=account, email=email, wrong=wrong
    )


def _say(request: web.Request, heading: str, text: str, account: Account) -> web.Response:
    return site.show(request, "newsletter.html", heading, text=text, account=account, action="", button="", token="", email="")


def _press(request: web.Request, page: tuple[str, str, str, str], account: Account, email: str, token: str) -> web.Response:
    """A page with one button; `page` is its heading, text, button and where that leads."""
    heading, text, button, action = page
    return site.show(
        request, "newsletter.html", heading, text=text, account=account, action=action, button=button, token=token, email=email
    )


def _token(request: web.Request) -> str:
    return params.query(request).text("token", max_chars=_TOKEN_CHARS)


async def show_link(request: web.Request) -> web.Response:
    """Asks once more: programs that look through letters open links, but press no buttons."""
    instance, token = site.of(request).instance, _token(request)
    found, account = instance.db.read(newsletters.find_link, instance.config, token)
    text = f"New public posts of @{account.username} go to this address, in one letter a day at most. Each letter has a link that ends it."
    page = ("Posts by e-mail?", text, "Yes, send them", "/newsletter/confirm")
    return _press(request, page, account, found.email, token)


async def confirm(request: web.Request) -> web.Response:
    instance = site.of(request).instance
    token = (await params.read(request)).text("token", max_chars=_TOKEN_CHARS)
    account = await instance.db.write(newsletters.confirm, instance.config, token)
    return _say(request, "You get their posts", f"The next public post of @{account.username} comes to you by e-mail.", account)


async def show_end(request: web.Request) -> web.Response:
    token = _token(request)
    found, account = site.of(request).instance.db.read(newsletters.find_end, token)
    page = ("No more letters?", f"No more posts of @{account.username} to this address.", "Unsubscribe", "/newsletter/unsubscribe")
    return _press(request, page, account, found.email, token)


async def end(request: web.Request) -> web.Response:
    """Also what mail programs do for their reader, with the token in the address. Source: RFC 8058, section 3.2."""
    token = (await params.read(request)).text("token", max_chars=_TOKEN_CHARS) or _token(request)
    account = await site.of(request).instance.db.write(newsletters.unsubscribe, token)
    return _say(request, "No more letters", f"You get no more posts of @{account.username}, and your address is forgotten.", account)


# -- offering them --


async def show_settings(request: web.Request, wrong: str = "") -> web.Response:
    """`/settings/newsletter`."""
    viewer, instance = site.signed_in(request), site.of(request).instance
    user = instance.db.read(user_rows.get, viewer.id)
    return site.show(
        request,
        "settings_newsletter.html",
        "Settings",
        area="settings",
        status=422 if wrong else 200,
        on=bool(user.setting(newsletters.SETTING, False)),
        sends=bool(instance.config.mail.host),
        readers=instance.db.read(rows.count_of, viewer.id, confirmed=True),
        most=limits.NEWSLETTER_POSTS,
        wrong=wrong,
    )


async def save_settings(request: web.Request) -> web.Response:
    viewer, instance, given = site.signed_in(request), site.of(request).instance, await params.read(request)
    try:
        await instance.db.write(newsletters.switch, instance.config, viewer.id, given.flag("on"))
    except FediError as error:
        return await show_settings(request, error.message)
    return site.go("/settings/newsletter", "saved")


async def confirm_forget(request: web.Request) -> web.Response:
    site.signed_in(request)
    return asking.ask(
        request,
        Question(
            "Forget all who read you by e-mail?",
            "Their addresses are deleted here, and nobody can bring them back. They get no letter about it, and no post of yours any more.",
            "Forget all of them",
            action="/settings/newsletter/forget",
            back="/settings/newsletter",
            target="/settings/newsletter",
            area="settings",
        ),
    )


async def forget(request: web.Request) -> web.Response:
    viewer = site.signed_in(request)
    await site.of(request).instance.db.write(newsletters.forget_all, viewer.id)
    return site.go("/settings/newsletter", "no_readers")
