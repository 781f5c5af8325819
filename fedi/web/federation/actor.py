"""Actor documents: of people, and of the server itself. Keys are readable without a signature: signatures are checked with them.

Source: FEDERATION.md, Actors, 6.5.
"""

from typing import Final

from aiohttp import web

from fedi import clock
from fedi.activitypub import render
from fedi.activitypub.render import Json
from fedi.errors import Gone, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage.db import Tx
from fedi.web import auth, keys, negotiate
from fedi.web.copies import COPIES
from fedi.web.federation import answers

_SECONDS: Final = 10


async def show(request: web.Request) -> web.StreamResponse:
    """`/users/{name}`: the document; a browser is sent to the page."""
    if not negotiate.wants_activity(request):
        raise web.HTTPFound(f"{request.app[keys.NAMES].base_url}/@{request.match_info['name']}")
    return await _document(request)


async def show_page(request: web.Request) -> web.StreamResponse:
    """`/@{name}`: the page; the document for who asks for that."""
    if negotiate.wants_activity(request):
        return await _document(request)
    page = request.app.get(keys.PROFILE_PAGE)
    if page is None:
        raise NotFound("There is nothing here.")
    return await page(request)


async def show_instance(request: web.Request) -> web.StreamResponse:
    """`/actor`: who this server is when it asks and reports."""
    instance = request.app[keys.INSTANCE]
    return answers.document(request, instance.db.read(render.actor, instance.actor), is_open=True)


async def _document(request: web.Request) -> web.StreamResponse:
    """Whole; in secure mode, to who does not sign, the key and what belongs to it. Otherwise two such servers could never meet."""
    db, name = request.app[keys.INSTANCE].db, request.match_info["name"]
    is_whole = not auth.is_secure(request) or auth.is_signed(request) or auth.viewer_id(request) != 0
    if is_whole and auth.is_secure(request):
        await auth.reader_id(request)
    copies, reader = request.app[COPIES], ("actor", is_whole, auth.is_anonymous(request))
    if (found := copies.find(request, reader)) is not None:
        return found
    try:
        shown = db.read(_read if is_whole else _read_stub, name)
        return copies.keep(request, answers.document(request, shown, is_open=True), _SECONDS)
    except Gone:
        return answers.document(request, db.read(_read_tombstone, name), status=410, is_open=True)


def _read(tx: Tx, username: str) -> Json:
    return render.actor(tx, answers.person(tx, username))


def _read_stub(tx: Tx, username: str) -> Json:
    return render.actor_stub(tx, answers.person(tx, username))


def _read_tombstone(tx: Tx, username: str) -> Json:
    account = account_rows.find_by_handle(tx, username, "")
    if account is None:
        raise NotFound("There is nobody of that name here.")
    return render.tombstone(account.uri, account.kind, account.deleted_at or clock.now())
