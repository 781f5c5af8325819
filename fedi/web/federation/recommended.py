"""Collections of people whom somebody here recommends: ids of actors under a name. Source: FEDERATION.md, Collections."""

from aiohttp import web

from fedi import collections, ids
from fedi.activitypub import render_recommended
from fedi.activitypub.render import Json
from fedi.errors import NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import collections as rows
from fedi.storage.db import Tx
from fedi.web import auth, keys, negotiate
from fedi.web.federation import answers


async def show(request: web.Request) -> web.StreamResponse:
    """`/users/{name}/collections/{id}`; a browser is sent to the page."""
    name, row_id = request.match_info["name"], request.match_info["id"]
    if not negotiate.wants_activity(request):
        raise web.HTTPFound(request.app[keys.INSTANCE].uris.collection_page(name, ids.parse(row_id)))
    reader = await auth.reader_id(request)
    return answers.document(request, request.app[keys.INSTANCE].db.read(_read, reader, name, ids.parse(row_id)))


def _read(tx: Tx, reader: int, username: str, collection_id: int) -> Json:
    owner, shown = answers.person(tx, username), collections.get(tx, reader, collection_id)
    if shown.account_id != owner.id:
        raise NotFound("There is nothing here.")
    wanted = [item.account_id for item in rows.list_items(tx, reader, [shown.id]).get(shown.id, []) if item.state == "accepted"]
    people = account_rows.list_by_ids(tx, wanted)
    return render_recommended.recommended(tx.uris, shown, owner, [people[account_id].uri for account_id in wanted])
