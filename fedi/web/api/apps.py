"""Programs register here, and ask who they are. Source: Mastodon documentation, apps."""

from typing import Any

from aiohttp import web

from fedi import apps
from fedi.errors import Unauthenticated
from fedi.storage import apps as rows
from fedi.storage.db import Tx
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import application as entity
from fedi.web.api.table import Field
from fedi.web.credentials import Credentials


async def create(request: web.Request) -> web.Response:
    """`redirect_uris` is a list, or one text with a line for each."""
    given = await params.read(request)
    places = given.texts("redirect_uris", most=100)
    wanted = (given.text("client_name"), places, given.text("scopes"), given.text("website"))
    instance = request.app[keys.INSTANCE]
    app, secret = await instance.db.write(apps.register, *wanted)
    return answers.entity(entity.with_secret(app, secret, instance.vapid.public))


async def verify(request: web.Request) -> web.Response:
    """The program whose token it is; of one made by hand what it was called by then."""
    held, instance = auth.require_app(request), request.app[keys.INSTANCE]
    return answers.entity(instance.db.read(_own, held, instance.vapid.public))


def _own(tx: Tx, held: Credentials, vapid: str) -> dict[str, Any]:
    app = rows.find(tx, held.app_id) if held.app_id is not None else None
    if app is None and held.app_id is not None:
        raise Unauthenticated("The access token is invalid")
    if app is not None:
        return entity.application(app, vapid)
    return entity.made_by_hand(held.token_id, sorted(held.scopes or ()), vapid)


ROUTES = (
    table.anyone(
        "POST",
        "/api/v1/apps",
        create,
        Field("client_name", required=True, example="Example client"),
        Field("redirect_uris", required=True, many=True, example=["urn:ietf:wg:oauth:2.0:oob"]),
        Field("scopes", example="read write push"),
        Field("website", "url", example="https://app.example"),
        gives="CredentialApplication",
    ),
    table.app("GET", "/api/v1/apps/verify_credentials", verify, "", gives="Application"),
)
