"""What programs and other servers ask about this server. Source: Mastodon documentation, instance."""

import time
from typing import Final

from aiohttp import web

from fedi import clock, texts
from fedi.storage import accounts as account_rows
from fedi.storage import census as census_rows
from fedi.storage import listings
from fedi.storage import terms as term_rows
from fedi.storage.db import Tx
from fedi.web import keys
from fedi.web.api import statements, table
from fedi.web.api.entities import instance as entity
from fedi.web.api.entities.instance import Census, Words
from fedi.web.api.entities.shelf import SHELF, Shelf

_COUNTED_S: Final = 600.0  # counting reads every local post: not for each who asks


class Counted:
    """The last census of one application."""

    def __init__(self) -> None:
        self.census: Census | None = None
        self.until_s = 0.0


COUNTED = web.AppKey[Counted]("api_counted")


async def show(request: web.Request) -> web.Response:
    return statements.public(entity.instance(request.app[keys.INSTANCE].config, *await _found(request)))


async def show_v1(request: web.Request) -> web.Response:
    return statements.public(entity.instance_v1(request.app[keys.INSTANCE].config, *await _found(request)))


async def _found(request: web.Request) -> tuple[Census, Words]:
    return await _census(request.app), request.app[keys.INSTANCE].db.read(_words)


def _words(tx: Tx) -> Words:
    return Words(statements.list_rules(tx), term_rows.find_current(tx, texts.today(tx)) is not None)


async def _census(app: web.Application) -> Census:
    counted, instance = app[COUNTED], app[keys.INSTANCE]
    if counted.census is None or counted.until_s < time.monotonic():
        contact = instance.db.read(_contact, app[SHELF], instance.config.instance.contact)
        census: Census = await instance.db.scan(_count)
        counted.census, counted.until_s = census._replace(contact=contact, vapid=instance.vapid.public), time.monotonic() + _COUNTED_S
    return counted.census


def _count(tx: Tx) -> Census:
    posts, answered = census_rows.count_local_posts(tx)
    people, month = account_rows.count_local(tx), account_rows.count_local(tx, tx.now - 30 * clock.DAY)
    return Census(people, month, posts + answered, listings.count_hosts(tx), None)


def _contact(tx: Tx, shelf: Shelf, contact: str) -> bytes | None:
    """The account that `instance.contact` names, if it is a handle of somebody here."""
    name = contact.removeprefix("@")
    found = account_rows.find_by_handle(tx, name.removesuffix(f"@{tx.uris.domain}"), "") if contact.startswith("@") else None
    return shelf.account(tx, found) if found is not None and not found.is_hidden and found.kind != "Application" else None


ROUTES = (
    table.anyone("GET", "/api/v1/instance", show_v1, gives="V1::Instance"),
    table.anyone("GET", "/api/v2/instance", show, gives="Instance"),
)
