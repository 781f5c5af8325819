"""People: oneself, others, what stands between, and changing that. Source: Mastodon documentation, accounts and follow_requests."""

from typing import Final, NamedTuple

import orjson
from aiohttp import web

from fedi import blocks, clock, follows, limits, markup
from fedi.activitypub import webfinger
from fedi.errors import Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import listings
from fedi.storage import timelines as timeline_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.timelines import EVERYTHING, Page, Wanted
from fedi.web import auth, keys, params, tended
from fedi.web.api import answers, table
from fedi.web.api.entities import account as account_entity
from fedi.web.api.entities.relationship import relationships
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.copies import COPIES

_AT_ONCE: Final = 100
_MUTE_S: Final = 10 * 365 * 24 * 3600


# -- showing people --


async def verify_credentials(request: web.Request) -> web.Response:
    viewer = auth.require(request, "profile", "read:accounts")
    return answers.entity(request.app[keys.INSTANCE].db.read(credentials, request.app[SHELF], viewer))


def credentials(tx: Tx, shelf: Shelf, viewer: Account) -> bytes:
    """CredentialAccount."""
    requests = follow_rows.count_pending(tx, viewer.id)
    return shelf.account(tx, viewer, account_entity.credentials(user_rows.get(tx, viewer.id), viewer, requests))


async def lookup(request: web.Request) -> web.Response:
    """Somebody known here, by handle; nobody is asked for somebody unknown."""
    answers.reader(request, "read:accounts")
    handle = webfinger.handle("@" + params.query(request).text("acct", max_chars=400).strip().removeprefix("@"))
    if handle is None:
        raise NotFound("There is no such account.")
    return answers.entity(request.app[keys.INSTANCE].db.read(_lookup, request.app[SHELF], *handle))


def _lookup(tx: Tx, shelf: Shelf, username: str, host: str) -> bytes:
    found = account_rows.find_by_handle(tx, username, "" if tx.uris.is_our_host(host) else host)
    return shelf.account(tx, answers.person(tx, found.id if found is not None else 0))


async def several(request: web.Request) -> web.Response:
    """In the order asked, without those that are not there or not shown."""
    answers.reader(request, "read:accounts")
    wanted = params.query(request).ids("id", limits.PAGE_MAX)
    return answers.entity(answers.array(request.app[keys.INSTANCE].db.read(_several, request.app[SHELF], wanted)))


def _several(tx: Tx, shelf: Shelf, wanted: list[int]) -> list[bytes]:
    there = account_rows.list_by_ids(tx, wanted)
    found = [there[account_id] for account_id in wanted if account_id in there]
    return shelf.accounts(tx, [one for one in found if not one.is_hidden and not (one.kind == "Application" and one.is_local)])


async def show(request: web.Request) -> web.Response:
    await _tend(request, answers.reader(request, "read:accounts"))
    return answers.entity(request.app[keys.INSTANCE].db.read(_show, request.app[SHELF], answers.named_id(request)))


async def _tend(request: web.Request, reader: Account | None) -> None:
    """Somebody of this server looks at somebody elsewhere: what they posted before is fetched, for the next time."""
    instance = request.app[keys.INSTANCE]
    account = instance.db.read(account_rows.find, answers.named_id(request)) if reader is not None else None
    if account is not None and not account.is_local:
        await tended.profile(instance, account)


def _show(tx: Tx, shelf: Shelf, account_id: int) -> bytes:
    return shelf.account(tx, answers.person(tx, account_id))


# -- their posts and people --


async def statuses(request: web.Request) -> web.Response:
    viewer_id, copies = answers.reader_id(request, "read:statuses"), request.app[COPIES]
    return copies.find(request, viewer_id) or copies.keep(request, await _statuses_page(request, viewer_id))


async def _statuses_page(request: web.Request, viewer_id: int) -> web.Response:
    shown, instance = answers.page(request), request.app[keys.INSTANCE]
    wanted = EVERYTHING if answers.is_plain(request) else _wanted(params.query(request))
    asked = _Posts(answers.named_id(request), shown, wanted)
    account, items, cursors = instance.db.read(_statuses, request.app[SHELF], viewer_id, asked)
    if viewer_id and not shown.before and not account.is_local:
        await tended.profile(instance, account)
    return answers.listing(request, shown, items, cursors)


def _wanted(given: params.Params) -> Wanted:
    tag = given.text("tagged", max_chars=500)
    return Wanted(
        replies=not given.flag("exclude_replies"),
        boosts=not given.flag("exclude_reblogs"),
        only_media=given.flag("only_media"),
        pinned=given.flag("pinned"),
        direct=not given.flag("exclude_direct"),
        tag=(markup.normalise_tag(tag) or " ") if tag else "",  # what is no hashtag is on no post
    )


class _Posts(NamedTuple):
    account_id: int
    page: Page
    wanted: Wanted


def _statuses(tx: Tx, shelf: Shelf, viewer_id: int, asked: _Posts) -> tuple[Account, list[bytes], list[int]]:
    account = answers.person(tx, asked.account_id)
    found = timeline_rows.list_profile_ids(tx, viewer_id, account.id, asked.page, asked.wanted)
    return account, shelf.posts(tx, viewer_id, found), found


async def followers(request: web.Request) -> web.Response:
    return _network(request, "followers")


async def following(request: web.Request) -> web.Response:
    return _network(request, "following")


def _network(request: web.Request, side: str) -> web.Response:
    viewer_id, shown = answers.reader_id(request, "read:accounts"), answers.page(request, 40, answers.ACCOUNTS_MAX)
    who = viewer_id, answers.named_id(request)
    items, cursors = request.app[keys.INSTANCE].db.read(_neighbours, request.app[SHELF], who, shown, side)
    return answers.listing(request, shown, items, cursors)


def _neighbours(tx: Tx, shelf: Shelf, who: tuple[int, int], shown: Page, side: str) -> tuple[list[bytes], list[int]]:
    viewer_id, account_id = who
    account = answers.person(tx, account_id)
    if viewer_id != account.id and listings.hides_network(tx, [account.id]).get(account.id):
        return [], []
    found = (listings.list_followers if side == "followers" else listings.list_following)(tx, account.id, shown)
    return shelf.accounts(tx, found), [other.id for other in found]


# -- what stands between --


async def relations(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:follows")
    given = params.query(request)
    wanted, hidden = given.ids("id", _AT_ONCE), given.flag("with_suspended")
    return answers.entity(request.app[keys.INSTANCE].db.read(relationships, viewer.id, wanted, hidden=hidden))


def _relation(request: web.Request, viewer: Account, account_id: int) -> web.Response:
    found = request.app[keys.INSTANCE].db.read(relationships, viewer.id, [account_id])
    if not found:
        raise NotFound("There is no such account.")
    return answers.entity(orjson.dumps(found[0]))


async def follow(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:follows"), answers.named_id(request)
    given = await params.read(request)
    languages = given.texts("languages", limits.FOLLOW_LANGUAGES) if "languages" in given else None
    wishes = _Wishes(given.find_flag("reblogs"), given.find_flag("notify"), languages)
    await request.app[keys.INSTANCE].db.write(_follow, viewer, account_id, wishes)
    return _relation(request, viewer, account_id)


class _Wishes(NamedTuple):
    boosts: bool | None
    notify: bool | None
    languages: list[str] | None


def _follow(tx: Tx, viewer: Account, account_id: int, wishes: _Wishes) -> None:
    """What is not said about an existing follow stays as it is."""
    known = follow_rows.find(tx, viewer.id, account_id)
    boosts, notify, languages = wishes
    if boosts is None:
        boosts = bool(known.boosts) if known is not None else True
    if notify is None:
        notify = bool(known.notify) if known is not None else False
    follows.follow(tx, viewer, answers.person(tx, account_id).id, boosts=boosts, notify=notify, languages=languages)


async def unfollow(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:follows"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(follows.unfollow, viewer, account_id)
    return _relation(request, viewer, account_id)


async def remove_from_followers(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:follows"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(_remove_follower, viewer, account_id)
    return _relation(request, viewer, account_id)


def _remove_follower(tx: Tx, viewer: Account, account_id: int) -> None:
    """Somebody who does not follow is left alone: they are gone already."""
    if follow_rows.is_follower(tx, account_rows.get(tx, account_id).id, viewer.id):
        follows.remove_follower(tx, viewer, account_id)


async def block(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:blocks"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(blocks.block, viewer, account_id)
    return _relation(request, viewer, account_id)


async def unblock(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:blocks"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(blocks.unblock, viewer, account_id)
    return _relation(request, viewer, account_id)


async def mute(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:mutes"), answers.named_id(request)
    given = await params.read(request)
    duration_s = given.find_number("duration") or 0
    if not 0 <= duration_s <= _MUTE_S:
        raise Invalid("duration: write seconds, or 0 for ever.", "duration")
    ends = clock.now() + duration_s * clock.SECOND if duration_s else None
    quiet = given.flag("notifications", True)
    await request.app[keys.INSTANCE].db.write(blocks.mute, viewer, account_id, notifications=quiet, expires_at=ends)
    return _relation(request, viewer, account_id)


async def unmute(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:mutes"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(blocks.unmute, viewer, account_id)
    return _relation(request, viewer, account_id)


# -- who asks to follow --


async def follow_requests(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:follows")
    shown = answers.page(request, 40, answers.ACCOUNTS_MAX)
    items, cursors = request.app[keys.INSTANCE].db.read(_requests, request.app[SHELF], viewer.id, shown)
    return answers.listing(request, shown, items, cursors)


def _requests(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page) -> tuple[list[bytes], list[int]]:
    found = listings.list_followers(tx, viewer_id, shown, "pending")
    return shelf.accounts(tx, found), [other.id for other in found]


async def authorize(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:follows"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(follows.accept, viewer, account_id)
    return _relation(request, viewer, account_id)


async def reject(request: web.Request) -> web.Response:
    viewer, account_id = auth.require(request, "write:follows"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(_reject, viewer, account_id)
    return _relation(request, viewer, account_id)


def _reject(tx: Tx, viewer: Account, account_id: int) -> None:
    """A request only: whoever follows already is ended by `remove_from_followers`."""
    made = follow_rows.find(tx, account_id, viewer.id)
    if made is None or made.state != "pending":
        raise NotFound("That account does not ask to follow you.")
    follows.reject(tx, viewer, account_id)


_STATUSES: Final = (
    table.Field("exclude_replies", "flag"),
    table.Field("exclude_reblogs", "flag"),
    table.Field("only_media", "flag"),
    table.Field("pinned", "flag"),
    table.Field("exclude_direct", "flag"),
    table.Field("tagged", example="topic"),
)
_FOLLOW: Final = (
    table.Field("reblogs", "flag", example=True),
    table.Field("notify", "flag", example=False),
    table.Field("languages", many=True, example=["en"]),
)
_MUTE: Final = (table.Field("notifications", "flag", example=True), table.Field("duration", "number", example=3600))
_MANY: Final = table.Field("id", "id", many=True)

ROUTES = (
    table.user("GET", "/api/v1/accounts/verify_credentials", verify_credentials, "profile read:accounts", gives="CredentialAccount"),
    table.reader(
        "GET", "/api/v1/accounts/lookup", lookup, "read:accounts", table.Field("acct", required=True, example="alice"), gives="Account"
    ),
    table.user(
        "GET",
        "/api/v1/accounts/relationships",
        relations,
        "read:follows",
        _MANY,
        table.Field("with_suspended", "flag"),
        gives="[Relationship]",
    ),
    table.reader("GET", "/api/v1/accounts", several, "read:accounts", _MANY, gives="[Account]"),
    table.reader("GET", "/api/v1/accounts/{id}", show, "read:accounts", gives="Account"),
    table.reader("GET", "/api/v1/accounts/{id}/statuses", statuses, "read:statuses", *table.PAGE, *_STATUSES, gives="[Status]"),
    table.reader("GET", "/api/v1/accounts/{id}/followers", followers, "read:accounts", *table.PAGE, gives="[Account]"),
    table.reader("GET", "/api/v1/accounts/{id}/following", following, "read:accounts", *table.PAGE, gives="[Account]"),
    table.user("POST", "/api/v1/accounts/{id}/follow", follow, "write:follows", *_FOLLOW, gives="Relationship"),
    table.user("POST", "/api/v1/accounts/{id}/unfollow", unfollow, "write:follows", gives="Relationship"),
    table.user("POST", "/api/v1/accounts/{id}/remove_from_followers", remove_from_followers, "write:follows", gives="Relationship"),
    table.user("POST", "/api/v1/accounts/{id}/block", block, "write:blocks", gives="Relationship"),
    table.user("POST", "/api/v1/accounts/{id}/unblock", unblock, "write:blocks", gives="Relationship"),
    table.user("POST", "/api/v1/accounts/{id}/mute", mute, "write:mutes", *_MUTE, gives="Relationship"),
    table.user("POST", "/api/v1/accounts/{id}/unmute", unmute, "write:mutes", gives="Relationship"),
    table.user("GET", "/api/v1/follow_requests", follow_requests, "read:follows", *table.PAGE, gives="[Account]"),
    table.user("POST", "/api/v1/follow_requests/{id}/authorize", authorize, "write:follows", gives="Relationship"),
    table.user("POST", "/api/v1/follow_requests/{id}/reject", reject, "write:follows", gives="Relationship"),
)
