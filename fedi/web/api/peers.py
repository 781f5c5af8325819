"""Other servers this one knows or blocks, and how busy it is itself. Source: Mastodon documentation, instance."""

import hashlib
import time
from collections.abc import Callable
from typing import Any, Final

import orjson
from aiohttp import web

from fedi import uris
from fedi.errors import Malformed, NotFound
from fedi.storage import census as rows
from fedi.storage import domains as domain_rows
from fedi.storage.db import Tx
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.places import Json
from fedi.web.api.table import Field

_KEPT_S: Final = 600.0
_WEEKS: Final = 12
_FOUND: Final = 10
_SEVERITIES: Final = {"block": "suspend", "limit": "silence"}


class Counted:
    """What was counted lately for one application, as JSON, by name."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[float, bytes]] = {}

    async def get(self, request: web.Request, name: str, read: Callable[[Tx], Any]) -> bytes:
        """Read in a thread, at most once in ten minutes."""
        known = self._made.get(name)
        if known is None or known[0] < time.monotonic():
            found = orjson.dumps(await request.app[keys.INSTANCE].db.scan(read))
            known = self._made[name] = time.monotonic() + _KEPT_S, found
        return known[1]


COUNTED = web.AppKey[Counted]("api_counted_peers")


def _check_shown(request: web.Request, setting: str) -> None:
    """Raises NotFound for what is nobody's to read, Unauthenticated for what is for people of this server."""
    if setting == "nobody":
        raise NotFound("This server does not show that.")
    if setting == "users" or request.app[keys.INSTANCE].config.federation.mode == "allowlist":
        auth.require(request)
    else:
        answers.reader(request)


async def peers(request: web.Request) -> web.Response:
    _check_shown(request, request.app[keys.INSTANCE].config.instance.show_peers)
    return answers.entity(await request.app[COUNTED].get(request, "peers", rows.list_hosts))


async def search(request: web.Request) -> web.Response:
    _check_shown(request, request.app[keys.INSTANCE].config.instance.show_peers)
    start = _start(params.query(request).text("q", max_chars=300).strip())
    return answers.entity(request.app[keys.INSTANCE].db.read(rows.search_hosts, start, _FOUND) if start else [])


def _start(text: str) -> str:
    """The beginning of a domain as it is stored; '' for what is none."""
    try:
        return uris.normal_host(text.rstrip(".")) if "." in text.rstrip(".") or not text.isascii() else text.lower()
    except Malformed:
        return ""


async def domain_blocks(request: web.Request) -> web.Response:
    _check_shown(request, request.app[keys.INSTANCE].config.instance.show_blocks)
    return answers.entity(request.app[keys.INSTANCE].db.read(_blocks))


def _blocks(tx: Tx) -> list[Json]:
    """Source: Mastodon documentation, DomainBlock."""
    found = sorted((policy for policy in domain_rows.list_all(tx) if policy.severity in _SEVERITIES), key=lambda policy: policy.severity)
    return [
        {
            "domain": policy.host,
            "digest": hashlib.sha256(policy.host.encode()).hexdigest(),
            "severity": _SEVERITIES[policy.severity],
            "comment": policy.reason,
        }
        for policy in found
    ]


async def activity(request: web.Request) -> web.Response:
    _check_shown(request, "all")
    return answers.entity(await request.app[COUNTED].get(request, "activity", _activity))


def _activity(tx: Tx) -> list[Json]:
    """The latest week first."""
    return [
        {
            "week": str(week.began_at // 1000),
            "statuses": str(week.posts),
            "logins": str(week.people),
            "registrations": str(week.newcomers),
        }
        for week in rows.list_weeks(tx, _WEEKS)
    ]


ROUTES = (
    table.reader("GET", "/api/v1/instance/peers", peers, "", gives="[String]"),
    table.reader("GET", "/api/v1/peers/search", search, "", Field("q", example="exa"), gives="[String]"),
    table.reader("GET", "/api/v1/instance/activity", activity, "", gives="[Hash]"),
    table.user("GET", "/api/v1/instance/domain_blocks", domain_blocks, "", gives="[DomainBlock]"),
)
