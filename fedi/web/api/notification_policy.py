"""What is kept apart or dropped, by who it is from. Source: Mastodon documentation, notifications, policy."""

from typing import Final

from aiohttp import web

from fedi.errors import Invalid
from fedi.storage import notification_policies as rows
from fedi.storage import notification_requests as request_rows
from fedi.storage.db import Tx
from fedi.storage.notification_policies import Policy
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.places import Json
from fedi.web.api.table import Field

_FIRST: Final = ("not_following", "not_followers", "new_accounts", "private_mentions")  # what the first version could say


def _summary(tx: Tx, viewer_id: int) -> Json:
    requests, held = request_rows.count(tx, viewer_id)
    return {"summary": {"pending_requests_count": requests, "pending_notifications_count": held}}


def _shown(tx: Tx, viewer_id: int) -> Json:
    """Source: Mastodon documentation, NotificationPolicy."""
    return {f"for_{name}": choice for name, choice in rows.get(tx, viewer_id)._asdict().items()} | _summary(tx, viewer_id)


def _shown_first(tx: Tx, viewer_id: int) -> Json:
    """Source: Mastodon documentation, V1::NotificationPolicy."""
    policy = rows.get(tx, viewer_id)._asdict()
    return {f"filter_{name}": policy[name] != rows.ACCEPT for name in _FIRST} | _summary(tx, viewer_id)


async def show(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:notifications")
    return answers.entity(request.app[keys.INSTANCE].db.read(_shown, viewer.id))


async def change(request: web.Request) -> web.Response:
    """What is not named stays as it is."""
    viewer, given = auth.require(request, "write:notifications"), await params.read(request)
    choices = {name: given.text(f"for_{name}", max_chars=40) for name in Policy._fields if f"for_{name}" in given}
    for name, choice in choices.items():
        if choice not in rows.CHOICES:
            raise Invalid(f"`for_{name}` is one of {', '.join(rows.CHOICES)}.", f"for_{name}")
    return answers.entity(await request.app[keys.INSTANCE].db.write(_change, viewer.id, choices))


def _change(tx: Tx, viewer_id: int, choices: dict[str, str]) -> Json:
    rows.put(tx, viewer_id, rows.get(tx, viewer_id)._replace(**choices))
    return _shown(tx, viewer_id)


async def show_first(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:notifications")
    return answers.entity(request.app[keys.INSTANCE].db.read(_shown_first, viewer.id))


async def change_first(request: web.Request) -> web.Response:
    """With yes and no for each: yes keeps apart."""
    viewer, given = auth.require(request, "write:notifications"), await params.read(request)
    flags = {name: given.find_flag(f"filter_{name}") for name in _FIRST}
    choices = {name: "filter" if flag else rows.ACCEPT for name, flag in flags.items() if flag is not None}
    return answers.entity(await request.app[keys.INSTANCE].db.write(_change_first, viewer.id, choices))


def _change_first(tx: Tx, viewer_id: int, choices: dict[str, str]) -> Json:
    _change(tx, viewer_id, choices)
    return _shown_first(tx, viewer_id)


_FIELDS: Final = tuple(Field(f"for_{name}", choices=rows.CHOICES) for name in Policy._fields)
_FLAGS: Final = tuple(Field(f"filter_{name}", "flag", example=True) for name in _FIRST)
_PATH: Final = "/api/v2/notifications/policy"
_FIRST_PATH: Final = "/api/v1/notifications/policy"
ROUTES = (
    table.user("GET", _PATH, show, "read:notifications", gives="NotificationPolicy"),
    *(table.user(method, _PATH, change, "write:notifications", *_FIELDS, gives="NotificationPolicy") for method in ("PATCH", "PUT")),
    table.user("GET", _FIRST_PATH, show_first, "read:notifications", gives="V1::NotificationPolicy"),
    *(
        table.user(method, _FIRST_PATH, change_first, "write:notifications", *_FLAGS, gives="V1::NotificationPolicy")
        for method in ("PUT", "PATCH")
    ),
)
