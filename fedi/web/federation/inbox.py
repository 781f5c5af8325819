"""Where other servers deliver. One straight line of refusals, the cheap ones first; what gets to its end is stored, then answered 202.

Source: FEDERATION.md, Transport, 7.1; SIG, DOS-15.
"""

from contextlib import suppress
from typing import Final

from aiohttp import web

from fedi import uris
from fedi.activitypub import parse, receive, signatures, synchronization, verify
from fedi.activitypub.parse import Activity
from fedi.errors import Forbidden, Gone, NotFound, RemoteError, RemoteGone, Unauthenticated, Unavailable, Unreachable
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import domains as domain_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web import auth, keys, params

_TYPES: Final = frozenset({"application/activity+json", "application/ld+json"})
_FROM_SUSPENDED: Final = frozenset({"Delete", "Reject", "Undo", "Update"})  # what they take back, we must hear


async def post(request: web.Request) -> web.Response:
    """`/inbox` and `/actor/inbox`: a delivery."""
    return await _take(request)


async def _take(request: web.Request, recipient_uri: str = "") -> web.Response:
    instance = request.app[keys.INSTANCE]
    if request.content_type.lower() not in _TYPES:
        raise web.HTTPUnsupportedMediaType(text="Send application/activity+json.")
    body = await params.body(request)
    activity = parse.activity(parse.document(body), body)
    host = uris.host(activity.actor)
    actor = instance.remote.keyring.find_actor(activity.actor)
    if actor is not None and actor.host == host:
        is_blocked = actor.host_blocked == 1
    else:
        actor, is_blocked = instance.db.read(_look_up, activity.actor, host)
    _refuse(activity, actor, is_blocked)
    if actor is None and _is_about_self(activity):
        return web.Response(status=202)  # most of what arrives unasked: the end of people nobody here has heard of
    limit = request.app[keys.LIMITS].inbox
    limit.check(host)
    signer = await _signer(instance, auth.head(request), body, activity)
    if signer is None:
        return web.Response(status=202)
    limit.spend(uris.host(signer.account.uri))  # counted only for who has proved to be it
    _refuse(activity, signer.account, is_blocked)
    await receive.accept(instance.db, signer, activity, recipient_uri)
    if synchronization.HEADER in request.headers:
        await instance.followers.hear(auth.head(request), signer)
    return web.Response(status=202)


async def post_to_person(request: web.Request) -> web.Response:
    """`/users/{name}/inbox`: whom a delivery is for is read from it; the address counts only where it names nobody at all."""
    account = request.app[keys.INSTANCE].db.read(account_rows.find_by_handle, request.match_info["name"], "")
    if account is None or account.kind == "Application":
        raise NotFound("There is nobody of that name here.")
    if account.deleted_at is not None:
        raise Gone("That account was deleted.")
    return await _take(request, account.uri)


def _look_up(tx: Tx, actor_uri: str, host: str) -> tuple[Account | None, bool]:
    """(who is known under that id, whether its server is blocked), which a known account's row says already."""
    account = account_rows.find_by_uri(tx, actor_uri)
    if account is not None and account.host == host:
        return account, account.host_blocked == 1
    return account, domain_rows.is_blocked(tx, host)


def _refuse(activity: Activity, actor: Account | None, is_blocked: bool) -> None:
    if is_blocked or (actor is not None and actor.host_blocked):
        raise Forbidden("Your server is blocked here.")
    if actor is not None and actor.suspended_at is not None and activity.type not in _FROM_SUSPENDED:
        raise Forbidden("That account is suspended here.")


def _is_about_self(activity: Activity) -> bool:
    return activity.type in ("Delete", "Update") and activity.object_id == activity.actor


async def _signer(instance: Instance, head: signatures.RequestHead, body: bytes, activity: Activity) -> verify.Signer | None:
    """Who has signed; None when nobody can say, and it is the end of somebody whose key has gone with them."""
    try:
        return await verify.request(instance.remote, head, body)
    except Unreachable as error:
        raise Unavailable("Your key could not be read now. Send it again later.", error.retry_after_s or 60) from None
    except RemoteGone:
        if activity.type == "Delete":
            if _is_about_self(activity):
                with suppress(RemoteError):  # what its own server says is believed, and that it is gone has its effect there
                    await instance.remote.actor(activity.actor, refresh=True)
            return None
        raise Unauthenticated("The signature's key is deleted.") from None
    except RemoteError as error:
        _refuse_key(instance, head)
        raise Unauthenticated(error.message) from None


def _refuse_key(instance: Instance, head: signatures.RequestHead) -> None:
    """A key on a blocked server was not fetched, whoever is named as actor: say why. Raises Forbidden."""
    with suppress(RemoteError):
        if instance.db.read(domain_rows.is_blocked, uris.host(signatures.parse(head).key_id)):
            raise Forbidden("Your server is blocked here.")
