"""`/users/NAME/followers_synchronization`: those of a person's followers who live on the asking server. Source: FEP-8fcf."""

from aiohttp import web

from fedi import uris
from fedi.activitypub import render
from fedi.activitypub.render import Json
from fedi.errors import Unauthenticated
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage.db import Tx
from fedi.web import auth, keys
from fedi.web.federation import answers


async def show(request: web.Request) -> web.StreamResponse:
    """Only to who signs, since nobody else has followers to compare."""
    if not auth.is_signed(request):
        raise Unauthenticated("Sign the request: only followers of your own server are listed.")
    reader = await auth.reader_id(request)
    return answers.document(request, request.app[keys.INSTANCE].db.read(_read, reader, request.match_info["name"]))


def _read(tx: Tx, reader: int, username: str) -> Json:
    account, asking = answers.person(tx, username), account_rows.get(tx, reader)
    listed = [uri for uri in follow_rows.list_follower_uris(tx, account.id) if uris.same_origin(uri, asking.uri)]
    return render.collection(f"{account.followers_uri}_synchronization", len(listed), items=listed)
