"""Refreshes: what is fetched while a program waits for nothing, and how it goes. Source: Mastodon documentation, async_refreshes."""

from typing import Any, Final

from aiohttp import web

from fedi import backfill, ids
from fedi.errors import NotFound
from fedi.storage import threads as thread_rows
from fedi.storage.db import Tx
from fedi.web import auth, keys
from fedi.web.api import answers, table

_RETRY_S: Final = 5
_MOST: Final = 1000
_CONTEXT: Final = "context-"


def header(post_id: int) -> dict[str, str]:
    """For the answer about a thread that is being completed."""
    return {"Mastodon-Async-Refresh": f'id="{_CONTEXT}{post_id}", retry={_RETRY_S}, result_count=0'}


async def show(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read", "read:statuses")
    name = request.match_info["id"]
    if not name.startswith(_CONTEXT):
        raise NotFound("There is no such refresh.")
    found = request.app[keys.INSTANCE].db.read(_read, viewer.id, ids.parse(name.removeprefix(_CONTEXT)))
    return answers.entity({"async_refresh": {"id": name, **found}})


def _read(tx: Tx, viewer_id: int, post_id: int) -> dict[str, Any]:
    post = answers.post(tx, viewer_id, post_id)
    since = thread_rows.fetched_at(tx, post.id)
    if not since:
        raise NotFound("There is no such refresh.")
    below = [other.id for other in thread_rows.list_descendants(tx, viewer_id, post.id, _MOST)]
    status = "running" if backfill.is_thread_under_way(tx, post) else "finished"
    return {"status": status, "result_count": thread_rows.count_found(tx, below, since)}


ROUTES = (table.user("GET", "/api/v1_alpha/async_refreshes/{id}", show, "read:statuses", gives="WrappedAsyncRefresh"),)
