"""Where a program wants to be told what happened while it is closed. Source: Mastodon documentation, push; RFC 8030."""

from typing import Final

from aiohttp import web

from fedi import limits, push, webpush
from fedi.errors import Forbidden
from fedi.push import Wanted
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import subscription as entity
from fedi.web.api.table import Field
from fedi.web.params import Params

_KEY_CHARS: Final = 200


async def create(request: web.Request) -> web.Response:
    account, token_id, given = auth.require(request, "push"), _token_id(request), await params.read(request)
    endpoint = given.text("subscription[endpoint]", max_chars=limits.URI_CHARS)
    public, secret = (given.text(f"subscription[keys][{name}]", max_chars=_KEY_CHARS) for name in ("p256dh", "auth"))
    wanted = Wanted(endpoint, webpush.receiver(public, secret), given.flag("subscription[standard]"), *_wishes(given))
    instance = request.app[keys.INSTANCE]
    made = await instance.db.write(push.subscribe, account.id, token_id, wanted)
    return answers.entity(entity.subscription(made, instance.vapid.public))


async def show(request: web.Request) -> web.Response:
    auth.require(request, "push")
    instance = request.app[keys.INSTANCE]
    return answers.entity(entity.subscription(instance.db.read(push.get, _token_id(request)), instance.vapid.public))


async def update(request: web.Request) -> web.Response:
    auth.require(request, "push")
    given, instance = await params.read(request), request.app[keys.INSTANCE]
    changed = await instance.db.write(push.change, _token_id(request), *_wishes(given))
    return answers.entity(entity.subscription(changed, instance.vapid.public))


async def delete(request: web.Request) -> web.Response:
    auth.require(request, "push")
    await request.app[keys.INSTANCE].db.write(push.unsubscribe, _token_id(request))
    return answers.entity({})


def _token_id(request: web.Request) -> int:
    """A subscription is its program's, and ends with its token. Raises Forbidden for a browser."""
    token_id = auth.token_id(request)
    if not token_id:
        raise Forbidden("This is for programs with a token of their own.")
    return token_id


def _wishes(given: Params) -> tuple[str, tuple[str, ...]]:
    """(policy, kinds): what is not asked for is not wanted. Clients write `policy` at both places."""
    policy = given.text("data[policy]", max_chars=20) or given.text("policy", max_chars=20) or "all"
    names = {name for name in entity.ALERTS if given.flag(f"data[alerts][{name}]")}
    return policy, entity.kinds(names)


_DATA: Final = (
    *(Field(f"data[alerts][{name}]", "flag", example=True) for name in entity.ALERTS),
    Field("data[policy]", choices=push.POLICIES, example="all"),
)
_SUBSCRIPTION: Final = (
    Field("subscription[endpoint]", "url", required=True, example="https://push.example/v1/abc"),
    Field(
        "subscription[keys][p256dh]",
        required=True,
        example="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    ),
    Field("subscription[keys][auth]", required=True, example="BTBZMqHH6r4Tts7J_aSIgg"),
    Field("subscription[standard]", "flag", example=True),
)
_PATH: Final = "/api/v1/push/subscription"

ROUTES = (
    table.user("POST", _PATH, create, "push", *_SUBSCRIPTION, *_DATA, gives="WebPushSubscription"),
    table.user("GET", _PATH, show, "push", gives="WebPushSubscription"),
    table.user("PUT", _PATH, update, "push", *_DATA, gives="WebPushSubscription"),
    table.user("PATCH", _PATH, update, "push", *_DATA, gives="WebPushSubscription"),
    table.user("DELETE", _PATH, delete, "push"),
)
