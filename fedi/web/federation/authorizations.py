"""The stamps of people here, to whoever may see the post they are about. One that was taken back is not there."""

from aiohttp import web

from fedi import ids
from fedi.activitypub import render_consents
from fedi.activitypub.render import Json
from fedi.errors import Gone, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import approvals as approval_rows
from fedi.storage import posts as post_rows
from fedi.storage.approvals import Request
from fedi.storage.db import Tx
from fedi.web import auth, keys
from fedi.web.federation import answers


async def show(request: web.Request) -> web.StreamResponse:
    """`/users/{name}/authorizations/{id}`. Source: FEP-044f."""
    reader = await auth.reader_id(request)
    named = request.match_info["name"], ids.parse(request.match_info["id"])
    return answers.document(request, request.app[keys.INSTANCE].db.read(_read, reader, *named))


def _read(tx: Tx, reader: int, username: str, request_id: int) -> Json:
    found = approval_rows.find(tx, request_id)
    if found is not None and found.state == "revoked" and _is_of(tx, found, username):
        raise Gone("That authorization was taken back.")
    post = post_rows.find_visible(tx, reader, found.post_id) if found is not None and found.state == "accepted" else None
    author = account_rows.get(tx, post.account_id) if post is not None else None
    if found is None or post is None or author is None or not author.is_local or author.username.lower() != username.lower():
        raise NotFound("There is no such authorization.")
    return render_consents.stamp(found, post, author)


def _is_of(tx: Tx, request: Request, username: str) -> bool:
    author = account_rows.get(tx, post_rows.get(tx, request.post_id).account_id)
    return author.is_local and author.username.lower() == username.lower()
