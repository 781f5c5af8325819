"""WebFinger: which actor a handle or an address means. Source: RFC 7033; FEDERATION.md, Discovery, 3.3, 3.7."""

import re
from typing import Any, Final
from urllib.parse import unquote

import orjson
from aiohttp import web

from fedi import limits, signups, uris
from fedi.activitypub import vocab
from fedi.errors import Gone, Malformed, NotFound
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import media as media_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.uris import Uris
from fedi.web import keys

_HANDLE: Final = re.compile(r"(?:acct:)?@?([^@/?#\s]{1,253})@([^@/?#\s]{1,253})", re.IGNORECASE)
_PROFILE_PATH: Final = re.compile(rf"/(?:users/|@)({limits.USERNAME})/?", re.ASCII)
_CACHED: Final = "public, max-age=600"
_NOBODY: Final = "There is nobody of that name here."
_SUBSCRIBE: Final = "http://ostatus.org/schema/1.0/subscribe"
_FEP_OBJECT: Final = "https://w3id.org/fep/3b86/Object"
_SERVICE: Final = "https://www.w3.org/ns/activitystreams#Service"

Link = dict[str, Any]


async def show(request: web.Request) -> web.Response:
    """`/.well-known/webfinger?resource=...&rel=...`."""
    limits_ = request.app[keys.LIMITS]
    limits_.webfinger.spend(limits_.client(request))
    resources = request.query.getall("resource", [])
    if len(resources) != 1 or not 0 < len(resources[0]) <= limits.URI_CHARS:
        raise Malformed("Name one `resource`, like `acct:alice@example.org`.")
    instance = request.app[keys.INSTANCE]
    account = _find(instance, resources[0].strip())
    document = instance.db.read(_describe, account)
    wanted = request.query.getall("rel", [])
    if wanted:
        document["links"] = [link for link in document["links"] if link["rel"] in wanted]
    return web.Response(
        body=orjson.dumps(document),
        headers={"Content-Type": f"{vocab.JRD_JSON}; charset=utf-8", "Cache-Control": _CACHED, "Vary": "Accept-Encoding"},
    )


def _find(instance: Instance, resource: str) -> Account:
    """Raises Malformed for what is no resource, NotFound for nobody of ours, Gone for somebody who was deleted or suspended."""
    match = _HANDLE.fullmatch(resource)
    try:
        username = _by_handle(instance.uris, match[1], match[2]) if match else _by_address(instance.uris, resource)
    except Malformed:
        raise Malformed("That is neither a handle nor an address.") from None
    if not username:
        return instance.actor
    account = instance.db.read(account_rows.find_by_handle, username, "")
    if account is None or account.kind == "Application":
        raise NotFound(_NOBODY)
    if instance.db.read(signups.is_waiting, account):
        raise NotFound(_NOBODY)
    if account.deleted_at is not None or account.suspended_at is not None:
        raise Gone("That account is gone.")
    return account


def _by_handle(us: Uris, username: str, host: str) -> str:
    """The local name a handle means, '' for the server itself. Raises NotFound, Malformed."""
    if not us.is_our_host(uris.normal_host(host)) and not us.is_our_host(host.lower()):
        raise NotFound(_NOBODY)
    if us.is_our_host(username.lower()):
        return ""
    if not re.fullmatch(limits.USERNAME, username, re.ASCII):
        raise NotFound(_NOBODY)
    return username


def _by_address(us: Uris, address: str) -> str:
    if "://" not in address:
        raise Malformed("That is no address.")
    uris.origin(address)
    path = us.path(address)
    if path is None:
        raise NotFound(_NOBODY)
    if path in ("", "/", "/actor"):
        return ""
    match = _PROFILE_PATH.fullmatch(unquote(path))
    if not match:
        raise NotFound(_NOBODY)
    return match[1]


def _describe(tx: Tx, account: Account) -> dict[str, Any]:
    us = tx.uris
    is_instance = account.kind == "Application"
    links: list[Link] = [
        {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": account.url},
        {"rel": "self", "type": vocab.ACTIVITY_JSON, "href": account.uri},
        {"rel": "self", "type": vocab.LD_JSON, "href": account.uri},
    ]
    if is_instance:
        links.append({"rel": _SERVICE, "type": vocab.ACTIVITY_JSON, "href": account.uri})
    else:
        interact = f"{us.base_url}/authorize_interaction?uri="
        links.append({"rel": _SUBSCRIBE, "template": interact + "{uri}"})
        links.append({"rel": _FEP_OBJECT, "template": interact + "{object}"})
    picture = media_rows.find(tx, account.avatar_id) if account.avatar_id else None
    if picture is not None:
        links.append({"rel": "http://webfinger.net/rel/avatar", "type": picture.mime, "href": us.media(picture.key)})
    aliases = [account.uri, us.base_url] if is_instance else [us.profile_page(account.username), account.uri]
    return {"subject": f"acct:{account.username}@{us.domain}", "aliases": aliases, "links": links}
