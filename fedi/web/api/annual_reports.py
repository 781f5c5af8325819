"""Somebody's year in numbers. Source: Mastodon documentation, annual_reports."""

import re
from collections.abc import Sequence

import orjson
from aiohttp import web

from fedi import annual_reports
from fedi.errors import NotFound
from fedi.storage import annual_reports as rows
from fedi.storage.accounts import Account
from fedi.storage.annual_reports import Report
from fedi.storage.db import Tx
from fedi.uris import Uris
from fedi.web import auth, keys
from fedi.web.api import answers, table
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import SHELF, Shelf

_YEAR = re.compile(r"[12]\d{3}", re.ASCII)


def _year(request: web.Request) -> int:
    """Raises NotFound for what is none."""
    text = request.match_info["year"]
    if not _YEAR.fullmatch(text):
        raise NotFound("There is no report of that year.")
    return int(text)


async def index(request: web.Request) -> web.Response:
    viewer, instance = auth.require(request, "read:accounts"), request.app[keys.INSTANCE]
    return answers.entity(instance.db.read(lambda tx: _wrapped(tx, request.app[SHELF], viewer, rows.list_unread(tx, viewer.id))))


async def show(request: web.Request) -> web.Response:
    viewer, year, instance = auth.require(request, "read:accounts"), _year(request), request.app[keys.INSTANCE]
    return answers.entity(instance.db.read(lambda tx: _wrapped(tx, request.app[SHELF], viewer, [annual_reports.get(tx, viewer.id, year)])))


async def state(request: web.Request) -> web.Response:
    viewer, year = auth.require(request, "read:accounts"), _year(request)
    return answers.entity({"state": request.app[keys.INSTANCE].db.read(annual_reports.state, viewer, year)})


async def read(request: web.Request) -> web.Response:
    viewer, year = auth.require(request, "write:accounts"), _year(request)
    await request.app[keys.INSTANCE].db.write(annual_reports.read, viewer, year)
    return answers.entity({})


async def generate(request: web.Request) -> web.Response:
    """202 while it is being made, 200 when it is there, or there is nothing to make it of."""
    viewer, year = auth.require(request, "write:accounts"), _year(request)
    is_under_way = await request.app[keys.INSTANCE].db.write(annual_reports.ask, viewer, year)
    answer = answers.entity({})
    answer.set_status(202 if is_under_way else 200)
    return answer


def _wrapped(tx: Tx, shelf: Shelf, viewer: Account, found: Sequence[Report]) -> Json:
    """Source: Mastodon documentation, WrappedAnnualReports."""
    posts = [post_id for report in found if (post_id := report.contents()["top_post"]) is not None]
    return {
        "annual_reports": [_report(shelf.uris, viewer, report) for report in found],
        "accounts": [orjson.Fragment(made) for made in shelf.accounts(tx, [viewer] if found else [])],
        "statuses": [orjson.Fragment(made) for made in shelf.posts(tx, viewer.id, posts)],
    }


def _report(us: Uris, viewer: Account, report: Report) -> Json:
    """Source: Mastodon documentation, AnnualReport, with the numbers by kind that its first schema had."""
    said = report.contents()
    kinds, tag = said["kinds"], said["top_tag"]
    return {
        "year": report.year,
        "data": {
            "archetype": said["archetype"],
            "type_distribution": {
                "total": kinds["standalone"] + kinds["answers"] + kinds["boosts"],
                "reblogs": kinds["boosts"],
                "replies": kinds["answers"],
                "standalone": kinds["standalone"],
            },
            "time_series": [{"month": month, "statuses": posts, "followers": followers} for month, posts, followers in said["months"]],
            "top_hashtags": [{"name": tag[0], "count": tag[1]}] if tag is not None else [],
            "top_statuses": {
                "by_reblogs": str(said["top_post"]) if said["top_post"] is not None else None,
                "by_replies": None,
                "by_favourites": None,
            },
        },
        "schema_version": annual_reports.SCHEMA,
        "share_url": us.report_page(viewer.username, report.year, report.share_key) if report.share_key else None,
        "account_id": str(viewer.id),
    }


ROUTES = (
    table.user("GET", "/api/v1/annual_reports", index, "read:accounts", gives="WrappedAnnualReports"),
    table.user("GET", "/api/v1/annual_reports/{year}", show, "read:accounts", gives="WrappedAnnualReports"),
    table.user("GET", "/api/v1/annual_reports/{year}/state", state, "read:accounts", gives="AnnualReportState"),
    table.user("POST", "/api/v1/annual_reports/{year}/read", read, "write:accounts"),
    table.user("POST", "/api/v1/annual_reports/{year}/generate", generate, "write:accounts").also(202),
)
