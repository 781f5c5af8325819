"""Somebody's posts by letter, for who has no account. Observed: Mastodon 4.6, where it is not documented."""

from aiohttp import web

from fedi import ids, newsletters
from fedi.signups import Unfit
from fedi.web import keys, params
from fedi.web.api import answers, table
from fedi.web.api.signups import unfit
from fedi.web.api.table import Field


async def subscribe(request: web.Request) -> web.Response:
    """The same answer whether or not the address is known: what follows stands in a letter to it, if in any."""
    instance, account_id = request.app[keys.INSTANCE], ids.parse(request.match_info["id"])
    given = await params.read(request)
    email, locale = given.text("email", max_chars=1000), given.text("locale", max_chars=100)
    try:
        instance.db.read(newsletters.check, instance.config, account_id, email)
        request.app[keys.LIMITS].by_mail(request)  # only what may lead to a letter
        await instance.db.write(newsletters.subscribe, instance.config, account_id, email, locale)
    except Unfit as error:
        return unfit(error.message, error.faults)
    return answers.entity({})


ROUTES = (
    table.anyone(
        "POST",
        "/api/v1/accounts/{id}/email_subscriptions",
        subscribe,
        Field("email", required=True, example="reader@mail.example"),
        Field("locale", example="en"),
        gives="{}",
    ),
)
