"""Actor documents: of people, and of the server itself. Readable without a signature, because signatures are checked with what is in them.

Source: FEDERATION.md, Actors, 6.5.
"""

from aiohttp import web

from fedi import clock
from fedi.activitypub import render
from fedi.activitypub.render import Json
from fedi.errors import Gone, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage.db import Tx
from fedi.web import keys, negotiate
from fedi.web.federation import answers


async def show(request: web.Request) -> web.StreamResponse:
    """`/users/{name}`: the document; a browser is sent to the page."""
    if not negotiate.wants_activity(request):
        raise web.HTTPFound(f"{request.app[keys.NAMES].base_url}/@{request.match_info['name']}")
    return _document(request)


async def show_page(request: web.Request) -> web.StreamResponse:
    """`/@{name}`: the page; the document for who asks for that."""
    if negotiate.wants_activity(request):
        return _document(request)
    page = request.app.get(keys.PROFILE_PAGE)
    if page is None:
        raise NotFound("There is nothing here.")
    return await page(request)


async def show_instance(request: web.Request) -> web.StreamResponse:
    """`/actor`: who this server is when it asks and reports."""
    instance = request.app[keys.INSTANCE]
    return answers.document(request, instance.db.read(render.actor, instance.actor))


def _document(request: web.Request) -> web.StreamResponse:
    db = request.app[keys.INSTANCE].db
    try:
        return answers.document(request, db.read(_read, request.match_info["name"]))
    except Gone:
        return answers.document(request, db.read(_read_tombstone, request.match_info["name"]), status=410)


def _read(tx: Tx, username: str) -> Json:
    return render.actor(tx, answers.person(tx, username))


def _read_tombstone(tx: Tx, username: str) -> Json:
    account = account_rows.find_by_handle(tx, username, "")
    if account is None:
        raise NotFound("There is nobody of that name here.")
    return render.tombstone(account.uri, account.kind, account.deleted_at or clock.now())
