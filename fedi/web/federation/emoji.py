"""Custom emoji of this server as ActivityPub."""

from aiohttp import web

from fedi import ids
from fedi.activitypub import render
from fedi.activitypub.render import Json
from fedi.errors import NotFound
from fedi.storage import emojis as rows
from fedi.storage.db import Tx
from fedi.web import keys, negotiate
from fedi.web.federation import answers


async def show(request: web.Request) -> web.StreamResponse:
    """`/emojis/{id}`: the document; a browser is sent to the picture."""
    db, emoji_id = request.app[keys.INSTANCE].db, ids.parse(request.match_info["id"])
    if not negotiate.wants_activity(request):
        raise web.HTTPFound(f"{request.app[keys.NAMES].base_url}/media/{db.read(_get, emoji_id).key}")
    return answers.document(request, db.read(_read, emoji_id), is_open=True)


def _get(tx: Tx, emoji_id: int) -> rows.Emoji:
    found = rows.find(tx, emoji_id)
    if found is None or found.host:
        raise NotFound("There is no such emoji.")
    return found


def _read(tx: Tx, emoji_id: int) -> Json:
    return render.emoji(tx, _get(tx, emoji_id))
