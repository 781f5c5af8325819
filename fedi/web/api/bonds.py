"""What people keep about others: notes, people they show, whom they shut out, familiar followers.

Source: Mastodon documentation, accounts, endorsements, blocks, mutes and domain_blocks.
"""

from typing import Final

import orjson
from aiohttp import web

from fedi import account_notes, blocks, clock, endorsements
from fedi.errors import Conflict, Invalid, NotFound
from fedi.storage import endorsements as endorsement_rows
from fedi.storage import familiars, shutouts
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.relationship import relationships
from fedi.web.api.entities.shelf import SHELF, Shelf

_AT_ONCE: Final = 100
_FAMILIAR_EACH: Final = 10
_HOSTS: Final = (100, 200)


def _relation(request: web.Request, viewer_id: int, account_id: int) -> web.Response:
    found = request.app[keys.INSTANCE].db.read(relationships, viewer_id, [account_id])
    if not found:
        raise NotFound("There is no such account.")
    return answers.entity(found[0])


# -- notes --


async def note(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:accounts"), answers.named_id(request)
    text = (await params.read(request)).text("comment")
    await request.app[keys.INSTANCE].db.write(account_notes.write, viewer, account_id, text)
    return _relation(request, viewer.id, account_id)


# -- people on a profile --


async def endorse(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:accounts"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(endorsements.endorse, viewer, account_id)
    return _relation(request, viewer.id, account_id)


async def unendorse(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:accounts"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(endorsements.unendorse, viewer, account_id)
    return _relation(request, viewer.id, account_id)


async def endorsed(request: web.Request) -> web.Response:
    """Those whom the viewer shows."""
    viewer = auth.require(request, "read:accounts")
    return _endorsed(request, viewer.id, viewer.id)


async def endorsed_by(request: web.Request) -> web.Response:
    """Those whom somebody shows."""
    viewer_id = answers.reader_id(request, "read:accounts")
    return _endorsed(request, viewer_id, answers.named_id(request))


def _endorsed(request: web.Request, viewer_id: int, account_id: int) -> web.Response:
    shown = answers.page(request, 40, answers.ACCOUNTS_MAX)
    items, cursors = request.app[keys.INSTANCE].db.read(_read_endorsed, request.app[SHELF], (viewer_id, account_id), shown)
    return answers.listing(request, shown, items, cursors)


def _read_endorsed(tx: Tx, shelf: Shelf, who: tuple[int, int], shown: Page) -> tuple[list[bytes], list[int]]:
    viewer_id, account_id = who
    found = endorsement_rows.list_of(tx, answers.person(tx, account_id).id, viewer_id, shown)
    return shelf.accounts(tx, [other for _, other in found]), [place for place, _ in found]


# -- familiar followers --


async def familiar_followers(request: web.Request) -> web.Response:
    """Mastodon.py names them in a body of JSON, though it only reads."""
    viewer, given = auth.require(request, "read:follows"), params.query(request)
    if request.body_exists and request.content_type == "application/json":
        given.extend(params.from_json(await params.body(request)))
    wanted = given.ids("id", _AT_ONCE)
    return answers.entity(request.app[keys.INSTANCE].db.read(_familiar, request.app[SHELF], viewer.id, wanted))


def _familiar(tx: Tx, shelf: Shelf, viewer_id: int, wanted: list[int]) -> bytes:
    there = [one["id"] for one in relationships(tx, viewer_id, wanted, hidden=False)]
    found = familiars.list_familiar(tx, viewer_id, wanted, _FAMILIAR_EACH) if there else {}
    people = list({one.id: one for several in found.values() for one in several}.values())
    made = dict(zip([one.id for one in people], map(orjson.Fragment, shelf.accounts(tx, people)), strict=True))
    return orjson.dumps([{"id": row_id, "accounts": [made[one.id] for one in found.get(int(row_id), [])]} for row_id in there])


# -- whom one wants nothing of --


async def blocked(request: web.Request) -> web.Response:
    viewer, shown = auth.require(request, "read:blocks"), answers.page(request, 40, answers.ACCOUNTS_MAX)
    items, cursors = request.app[keys.INSTANCE].db.read(_blocked, request.app[SHELF], viewer.id, shown)
    return answers.listing(request, shown, items, cursors)


def _blocked(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page) -> tuple[list[bytes], list[int]]:
    found = shutouts.list_blocked(tx, viewer_id, shown)
    return shelf.accounts(tx, found), [other.id for other in found]


async def muted(request: web.Request) -> web.Response:
    viewer, shown = auth.require(request, "read:mutes"), answers.page(request, 40, answers.ACCOUNTS_MAX)
    items, cursors = request.app[keys.INSTANCE].db.read(_muted, request.app[SHELF], viewer.id, shown)
    return answers.listing(request, shown, items, cursors)


def _muted(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page) -> tuple[list[bytes], list[int]]:
    found = shutouts.list_muted(tx, viewer_id, shown)
    made = zip(shelf.accounts(tx, [other for _, other in found]), found, strict=True)
    return [_until(item, ends) for item, (ends, _) in made], [other.id for _, other in found]


def _until(account: bytes, ends: int | None) -> bytes:
    """MutedAccount."""
    return account[:-1] + b"," + orjson.dumps({"mute_expires_at": clock.rfc3339(ends) if ends is not None else None})[1:]


async def hosts(request: web.Request) -> web.Response:
    viewer, shown = auth.require(request, "read:blocks"), answers.page(request, *_HOSTS)
    found = request.app[keys.INSTANCE].db.read(shutouts.list_hosts, viewer.id, shown)
    return answers.listing(request, shown, [orjson.dumps(host) for _, host in found], [place for place, _ in found])


async def _host(request: web.Request) -> str:
    found = (await params.read(request)).text("domain", max_chars=300).strip()
    if not found:
        raise Invalid("domain: write which one, like `example.org`.", "domain")
    return found


async def block_host(request: web.Request) -> web.Response:
    viewer = auth.require(request, "write:blocks")
    try:
        await request.app[keys.INSTANCE].db.write(blocks.block_domain, viewer, await _host(request))
    except Conflict as error:
        raise Invalid(error.message, "domain") from None
    return answers.entity({})


async def unblock_host(request: web.Request) -> web.Response:
    viewer = auth.require(request, "write:blocks")
    await request.app[keys.INSTANCE].db.write(blocks.unblock_domain, viewer, await _host(request))
    return answers.entity({})


# -- formerly --


async def identity_proofs(request: web.Request) -> web.Response:
    """Of a service that has ended: nobody has any. Programs ask for them still."""
    auth.require(request, "read:accounts")
    return answers.entity(request.app[keys.INSTANCE].db.read(_proofs, answers.named_id(request)))


def _proofs(tx: Tx, account_id: int) -> list[bytes]:
    answers.person(tx, account_id)
    return []


_DOMAIN: Final = table.Field("domain", required=True, example="blocked.example")

ROUTES = (
    table.user(
        "POST",
        "/api/v1/accounts/{id}/note",
        note,
        "write:accounts",
        table.Field("comment", example="Met at the conference"),
        gives="Relationship",
    ),
    table.user("POST", "/api/v1/accounts/{id}/endorse", endorse, "write:accounts", gives="Relationship"),
    table.user("POST", "/api/v1/accounts/{id}/unendorse", unendorse, "write:accounts", gives="Relationship"),
    table.user("POST", "/api/v1/accounts/{id}/pin", endorse, "write:accounts", gives="Relationship"),
    table.user("POST", "/api/v1/accounts/{id}/unpin", unendorse, "write:accounts", gives="Relationship"),
    table.reader("GET", "/api/v1/accounts/{id}/endorsements", endorsed_by, "read:accounts", *table.PAGE, gives="[Account]"),
    table.user("GET", "/api/v1/accounts/{id}/identity_proofs", identity_proofs, "read:accounts", gives="[IdentityProof]"),
    table.user(
        "GET",
        "/api/v1/accounts/familiar_followers",
        familiar_followers,
        "read:follows",
        table.Field("id", "id", many=True),
        gives="[FamiliarFollowers]",
    ),
    table.user("GET", "/api/v1/endorsements", endorsed, "read:accounts", *table.PAGE, gives="[Account]"),
    table.user("GET", "/api/v1/blocks", blocked, "read:blocks", *table.PAGE, gives="[Account]"),
    table.user("GET", "/api/v1/mutes", muted, "read:mutes", *table.PAGE, gives="[MutedAccount]"),
    table.user("GET", "/api/v1/domain_blocks", hosts, "read:blocks", *table.PAGE, gives="[String]"),
    table.user("POST", "/api/v1/domain_blocks", block_host, "write:blocks", _DOMAIN),
    table.user("DELETE", "/api/v1/domain_blocks", unblock_host, "write:blocks", _DOMAIN),
)
