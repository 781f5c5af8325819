"""Reporting somebody. Source: Mastodon documentation, reports."""

import json
from typing import Final

import orjson
from aiohttp import web

from fedi import limits, reports
from fedi.errors import NotFound
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.reports import Report
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import report as report_entity
from fedi.web.api.entities.shelf import SHELF, Shelf

_MOST: Final = limits.REPORTED_OBJECTS


async def create(request: web.Request) -> web.Response:
    viewer = auth.require(request, "write:reports")
    given = await params.read(request)
    target_id = given.find_id("account_id")
    if target_id is None:
        raise NotFound("There is no such account.")
    complaint = reports.Complaint(
        target_id=target_id,
        comment=given.text("comment", max_chars=4 * limits.COMPLAINT_CHARS),
        category=given.text("category", max_chars=100) or ("violation" if given.texts("rule_ids") else "other"),
        post_ids=tuple(given.ids("status_ids", _MOST)),
        rule_ids=tuple(given.texts("rule_ids")),
        forward=given.flag("forward"),
    )
    instance = request.app[keys.INSTANCE]
    made = await instance.db.write(reports.make, viewer, complaint)
    return answers.entity(instance.db.read(_shown, request.app[SHELF], viewer, made))


def _shown(tx: Tx, shelf: Shelf, viewer: Account, made: Report) -> bytes:
    found = (post_rows.find_by_uri(tx, uri) for uri in json.loads(made.post_uris))
    post_ids = [str(post.id) for post in found if post is not None]
    return orjson.dumps(report_entity.report(made, post_ids, shelf.account(tx, answers.person(tx, made.target_id))))


_SAID: Final = (
    table.Field("account_id", "id", required=True),
    table.Field("status_ids", "id", many=True),
    table.Field("comment", example="It is spam."),
    table.Field("category", example="spam"),
    table.Field("rule_ids", "id", many=True),
    table.Field("forward", "flag", example=False),
)
ROUTES = (table.user("POST", "/api/v1/reports", create, "write:reports", *_SAID, gives="Report"),)
