"""NodeInfo: what this server is and how many use it. Names nobody. Source: NodeInfo 2.1; FEDERATION.md, Discovery, 3.7; VIS-25."""

import time
from typing import Any, Final, NamedTuple

import orjson
from aiohttp import web

from fedi import __version__, clock
from fedi.activitypub import vocab
from fedi.config import FederationSettings
from fedi.errors import NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import census as census_rows
from fedi.storage.db import Tx
from fedi.web import keys

VERSIONS: Final = ("2.0", "2.1")
_SCHEMA: Final = "http://nodeinfo.diaspora.software/ns/schema/"
_COUNTED_S: Final = 600.0  # counting reads every local post: not for each who asks
_CACHED: Final = "public, max-age=1800"


class Usage(NamedTuple):
    """How many people there are and what they wrote, as of `counted_s` of the monotonic clock."""

    counted_s: float
    people: int
    month: int
    half_year: int
    posts: int
    answers: int


class Counted:
    """The last count of one application."""

    def __init__(self) -> None:
        self.usage: Usage | None = None


COUNTED = web.AppKey[Counted]("counted")


async def discover(request: web.Request) -> web.Response:
    """`/.well-known/nodeinfo`."""
    instance = request.app[keys.INSTANCE]
    base_url = request.app[keys.NAMES].base_url
    links = [{"rel": f"{_SCHEMA}{version}", "href": f"{base_url}/nodeinfo/{version}"} for version in VERSIONS]
    links.append({"rel": f"{vocab.AS2_PROFILE}#Application", "href": instance.actor.uri})
    return _json({"links": links}, "application/json; charset=utf-8")


async def show(request: web.Request) -> web.Response:
    """`/nodeinfo/2.0` and `/nodeinfo/2.1`."""
    version = request.match_info["version"].removesuffix(".json")
    if version not in VERSIONS:
        raise NotFound("There is no such version of NodeInfo.")
    settings, federation = request.app[keys.INSTANCE].config.instance, request.app[keys.INSTANCE].config.federation
    usage = await _usage(request.app)
    document = {
        "version": version,
        "software": {"name": "fedi", "version": __version__},
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": settings.registrations != "closed",
        "usage": {
            "users": {"total": usage.people, "activeMonth": usage.month, "activeHalfyear": usage.half_year},
            "localPosts": usage.posts,
            "localComments": usage.answers,
        },
        "metadata": {"nodeName": settings.title, "nodeDescription": settings.description, "federation": _federation(federation)},
    }
    return _json(document, f'application/json; profile="{_SCHEMA}{version}#"; charset=utf-8')


def _federation(settings: FederationSettings) -> dict[str, Any]:
    """With whom, and whether what it serves must be asked for with a signature."""
    return {"enabled": True, "mode": settings.mode, "authorizedFetch": settings.secure}


async def _usage(app: web.Application) -> Usage:
    last = app[COUNTED].usage
    if last is None or last.counted_s < time.monotonic() - _COUNTED_S:
        last = app[COUNTED].usage = await app[keys.INSTANCE].db.scan(_count, time.monotonic())
    return last


def _count(tx: Tx, counted_s: float) -> Usage:
    posts, answers = census_rows.count_local_posts(tx)
    return Usage(
        counted_s,
        account_rows.count_local(tx),
        account_rows.count_local(tx, tx.now - 30 * clock.DAY),
        account_rows.count_local(tx, tx.now - 180 * clock.DAY),
        posts,
        answers,
    )


def _json(document: dict[str, Any], content_type: str) -> web.Response:
    headers = {"Content-Type": content_type, "Cache-Control": _CACHED, "Vary": "Accept-Encoding"}
    return web.Response(body=orjson.dumps(document), headers=headers)
