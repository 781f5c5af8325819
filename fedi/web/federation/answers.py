"""What the ActivityPub documents we serve have in common: their headers, and whose they are."""

from aiohttp import web

from fedi.activitypub import render
from fedi.activitypub.render import Json
from fedi.errors import Gone, NotFound, Unauthenticated
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web import auth, headers, negotiate


def document(request: web.Request, shown: Json | bytes, status: int = 200, *, is_open: bool = False) -> web.Response:
    """A document as ActivityPub. Caches may keep what nobody in particular asked for, for a minute.

    In secure mode only who is known reads, unless it `is_open` to all. Raises Unauthenticated. Source: FEDERATION.md, Signatures, 6.5.
    """
    secure = auth.is_secure(request)
    if secure and not is_open and not auth.is_identified(request):
        raise Unauthenticated("This server answers other servers only when they sign what they ask.")
    return web.Response(
        status=status,
        body=shown if isinstance(shown, bytes) else render.dump(shown),
        headers={
            "Content-Type": negotiate.ANSWER_TYPE,
            "Cache-Control": headers.PUBLIC if auth.is_anonymous(request) and not secure else headers.PRIVATE,
            "Vary": negotiate.VARY,
            "Access-Control-Allow-Origin": "*",
        },
    )


def person(tx: Tx, username: str) -> Account:
    """Somebody of this server. Raises Gone when deleted, NotFound when unknown or suspended."""
    account = account_rows.find_by_handle(tx, username, "")
    if account is None or account.kind == "Application" or account.suspended_at is not None:
        raise NotFound("There is nobody of that name here.")
    if account.deleted_at is not None:
        raise Gone("That account was deleted.")
    return account
