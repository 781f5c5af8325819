"""People sign up through a program, and prove their address. Source: Mastodon documentation, accounts and emails."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import orjson
from aiohttp import web

from fedi import limits, logins, plaintext, signups
from fedi.activitypub import keys as key_pairs
from fedi.errors import Forbidden
from fedi.instance import Instance
from fedi.signups import Faults, Form, Made, Unfit
from fedi.storage import apps as app_rows
from fedi.storage import users as user_rows
from fedi.storage.db import Tx
from fedi.storage.users import Token
from fedi.web import auth, keys, params
from fedi.web.api import answers, oauth, table
from fedi.web.api.table import Field
from fedi.web.params import Params

_NOT_BY_ITSELF: Final = "This method requires an client credentials authentication"


def form(given: Params) -> Form:
    """What somebody has said, whether it can be or not."""
    try:
        birthday = date.fromisoformat(given.text("date_of_birth", max_chars=20))
    except ValueError:
        birthday = None
    return Form(
        given.text("username", max_chars=1000).strip(),
        given.text("email", max_chars=1000).strip(),
        given.text("password", max_chars=10_000),
        given.flag("agreement"),
        given.text("locale", max_chars=100),
        plaintext.tidy(given.text("reason", max_chars=10 * limits.SIGN_UP_REASON_CHARS)).strip(),
        birthday,
    )


async def made_for(instance: Instance, asked: Form) -> Made:
    """What costs CPU, once it is clear that it is worth it. Raises as `signups.check`."""
    instance.db.read(signups.check, instance.config, asked)
    hashed = await instance.cpu(logins.hash_password, asked.password)
    return Made(hashed, await instance.cpu(key_pairs.generate_rsa), await instance.cpu(key_pairs.generate_ed25519))


async def create(request: web.Request) -> web.Response:
    """The token acts for the newcomer as soon as they may do anything. Source: AUT-26."""
    held, instance = auth.require_app(request, "write:accounts"), request.app[keys.INSTANCE]
    if held.account_id or held.app_id is None:
        raise Forbidden(_NOT_BY_ITSELF)
    request.app[keys.LIMITS].sign_up(request)
    asked = form(await params.read(request))
    try:
        made = await made_for(instance, asked)
        secret, token = await instance.db.write(_create, instance, asked, made, held.app_id)
    except Unfit as error:
        return unfit(error.message, error.faults)
    return answers.entity(oauth.entity(secret, token))


def _create(tx: Tx, instance: Instance, asked: Form, made: Made, app_id: int) -> tuple[str, Token]:
    account = signups.create(tx, instance.config, asked, made)
    app = app_rows.find(tx, app_id)
    if app is None:
        raise Forbidden(_NOT_BY_ITSELF)
    return logins.issue_token(tx, account.id, app.id, app.scopes.split(), app.name)


def unfit(message: str, faults: Faults) -> web.Response:
    """What is wrong, field by field. Source: Mastodon documentation, accounts, create."""
    details = {
        field: [{"error": f"ERR_{kind.upper()}", "description": said} for kind, said in found] for field, found in faults.items()
    }  # fmt: skip
    return web.Response(status=422, body=orjson.dumps({"error": message, "details": details}), content_type="application/json")


# -- addresses --


async def resend(request: web.Request) -> web.Response:
    """Another letter, for the program the person signed up with."""
    held, instance = auth.require_waiting(request, "write:accounts"), request.app[keys.INSTANCE]
    request.app[keys.LIMITS].letter(held.account_id)
    email = (await params.read(request)).text("email", max_chars=1000).strip()
    try:
        await instance.db.write(signups.resend, instance.config, held.account_id, email)
    except Unfit as error:
        return unfit(error.message, error.faults)
    return answers.entity({})


async def is_confirmed(request: web.Request) -> web.Response:
    """`true` once the address of who asks is known to be theirs."""
    held = auth.require_waiting(request, "read:accounts")
    read: Callable[..., Any] = request.app[keys.INSTANCE].db.read
    return answers.entity(read(user_rows.get, held.account_id).confirmed_at is not None)


ROUTES = (
    table.app(
        "POST",
        "/api/v1/accounts",
        create,
        "write:accounts",
        Field("username", required=True, example="newcomer"),
        Field("email", required=True, example="newcomer@mail.example"),
        Field("password", required=True, example="correct horse battery staple"),
        Field("agreement", "flag", required=True, example=True),
        Field("locale", required=True, example="en"),
        Field("reason", example="I would like to write about gardens."),
        Field("date_of_birth", "date", example="1990-01-31"),
        gives="Token",
    ),
    table.user("POST", "/api/v1/emails/confirmations", resend, "write:accounts", Field("email")),
    table.user("GET", "/api/v1/emails/check_confirmation", is_confirmed, "read:accounts", gives=""),
)
