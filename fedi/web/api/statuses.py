"""Posts: writing, changing, reading, and what one does to them. Source: Mastodon documentation, statuses."""

from collections.abc import Callable
from typing import Any, Final

import orjson
from aiohttp import web

from fedi import clock, decisions, interactions, limits, polls, posts, threads
from fedi import scheduled as planned
from fedi.errors import NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import posts as post_rows
from fedi.storage import threads as thread_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.timelines import Page
from fedi.web import auth, keys, params, tended
from fedi.web.api import answers, drafts, quotes, refreshes, scheduled, table
from fedi.web.api.entities import status as status_entity
from fedi.web.api.entities.places import read_visibility
from fedi.web.api.entities.shelf import SHELF, Shelf

# (ancestors, descendants) for a person and for nobody in particular
_THREAD: Final = ((100, 500), (40, 60))


# -- writing --


async def create(request: web.Request) -> web.Response:
    viewer = auth.require(request, "write:statuses")
    given = await params.read(request)
    instance = request.app[keys.INSTANCE]
    draft = drafts.new(request, viewer, given)
    at = drafts.scheduled_at(given)
    if at is not None and at >= clock.now() + planned.SOON_MS:
        return await scheduled.plan(request, viewer, draft, at)
    found = await instance.remote.mentions(draft.text)
    post = await instance.db.write(posts.publish, viewer, draft, found)
    return shown(request, viewer, post.id)


async def edit(request: web.Request) -> web.Response:
    viewer, post_id = auth.require(request, "write:statuses"), answers.named_id(request)
    given = await params.read(request)
    instance = request.app[keys.INSTANCE]
    instance.db.read(quotes.check_same, given, post_id)
    draft = drafts.changed(given, instance.db.read(_own, viewer.id, post_id))
    found = await instance.remote.mentions(draft.text)
    post = await instance.db.write(posts.edit, viewer, post_id, draft, found)
    if choices := dict(quotes.read_policy(given)):
        await instance.db.write(decisions.set_policy, viewer, post_id, choices)
    return shown(request, viewer, post.id)


def _own(tx: Tx, viewer_id: int, post_id: int) -> Post:
    """A post of the viewer's; others' are as unknown as those that are not there."""
    post = post_rows.get_visible(tx, viewer_id, post_id)
    if post.account_id != viewer_id or post.boost_of_id is not None:
        raise NotFound("There is no such post.")
    return post


async def delete(request: web.Request) -> web.Response:
    """The answer has the post's source, so that a program can offer it anew; its files stay for that too, unless it says otherwise."""
    viewer, post_id = auth.require(request, "write:statuses"), answers.named_id(request)
    keep_files = not (await params.read(request)).flag("delete_media")
    instance = request.app[keys.INSTANCE]
    post = instance.db.read(_own, viewer.id, post_id)
    shown = orjson.loads(_shown_bytes(request, viewer.id, post_id))
    await instance.db.write(posts.remove, viewer, post_id, keep_files=keep_files)
    return answers.entity({**shown, "text": post.content_source})


# -- reading --


def _shown_bytes(request: web.Request, viewer_id: int, post_id: int) -> bytes:
    found: list[bytes] = request.app[keys.INSTANCE].db.read(_read, request.app[SHELF], viewer_id, [post_id])
    if not found:
        raise NotFound("There is no such post.")
    return found[0]


def shown(request: web.Request, viewer: Account, post_id: int) -> web.Response:
    """The answer of an act: the post as it is now."""
    return answers.entity(_shown_bytes(request, viewer.id, post_id))


def _read(tx: Tx, shelf: Shelf, viewer_id: int, post_ids: list[int]) -> list[bytes]:
    return shelf.posts(tx, viewer_id, post_ids)


async def index(request: web.Request) -> web.Response:
    """Several by their ids, in the order given; what may not be seen is left out."""
    viewer_id, wanted = answers.reader_id(request, "read:statuses"), params.query(request).ids("id", most=answers.ACCOUNTS_MAX)
    found = request.app[keys.INSTANCE].db.read(_read, request.app[SHELF], viewer_id, wanted[: limits.PAGE_MAX])
    return answers.entity(answers.array(found))


async def show(request: web.Request) -> web.Response:
    viewer_id, post_id = answers.reader_id(request, "read:statuses"), answers.named_id(request)
    shown = _shown_bytes(request, viewer_id, post_id)
    if viewer_id and b'"poll":{' in shown:
        instance = request.app[keys.INSTANCE]
        await instance.look_at_poll(instance.db.read(answers.post, viewer_id, post_id))
    return answers.entity(shown)


async def context(request: web.Request) -> web.Response:
    viewer_id, post_id = answers.reader_id(request, "read:statuses"), answers.named_id(request)
    instance = request.app[keys.INSTANCE]
    post = instance.db.read(answers.post, viewer_id, post_id)
    fetching = viewer_id and await tended.thread(instance, post)  # strangers make us ask nobody
    answer = answers.entity(instance.db.read(_context, request.app[SHELF], viewer_id, post_id))
    if fetching:
        answer.headers.update(refreshes.header(post.id))
    return answer


def _context(tx: Tx, shelf: Shelf, viewer_id: int, post_id: int) -> bytes:
    post = answers.post(tx, viewer_id, post_id)
    up, down = _THREAD[0] if viewer_id else _THREAD[1]
    ancestors = [other.id for other in thread_rows.list_ancestors(tx, viewer_id, post.id, up)]
    descendants = [other.id for other in thread_rows.list_descendants(tx, viewer_id, post.id, down)]
    made = shelf.posts_by_id(tx, viewer_id, [*ancestors, *descendants])
    above, below = ([made[other] for other in ids if other in made] for ids in (ancestors, descendants))
    return b'{"ancestors":%b,"descendants":%b}' % (answers.array(above), answers.array(below))


async def source(request: web.Request) -> web.Response:
    """Only for its author: what is hidden in the source of a post is nobody else's."""
    viewer, post_id = auth.require(request, "read:statuses"), answers.named_id(request)
    return answers.entity(status_entity.source(request.app[keys.INSTANCE].db.read(_own, viewer.id, post_id)))


async def history(request: web.Request) -> web.Response:
    viewer_id, post_id = answers.reader_id(request, "read:statuses"), answers.named_id(request)
    return answers.entity(request.app[keys.INSTANCE].db.read(_history, request.app[SHELF], viewer_id, post_id))


def _history(tx: Tx, shelf: Shelf, viewer_id: int, post_id: int) -> list[dict[str, Any]]:
    post = answers.post(tx, viewer_id, post_id)
    found = shelf.edits(tx, post, account_rows.get(tx, post.account_id))
    found[-1] |= status_entity.asked(polls.titles(tx, post))  # earlier ones have theirs with them
    return found


async def favourited_by(request: web.Request) -> web.Response:
    return _people(request, lambda tx, viewer_id, post_id, shown: interaction_rows.list_favouriters(tx, post_id, shown))


async def reblogged_by(request: web.Request) -> web.Response:
    return _people(request, interaction_rows.list_boosters)


_People = Callable[[Tx, int, int, Page], list[tuple[int, Account]]]


def _people(request: web.Request, rows: _People) -> web.Response:
    """Who did something to a post, the latest first; the cursors are the ids of what they did."""
    viewer_id, post_id = answers.reader_id(request, "read:statuses"), answers.named_id(request)
    shown = answers.page(request, 40, answers.ACCOUNTS_MAX)
    items, cursors = request.app[keys.INSTANCE].db.read(_read_people, request.app[SHELF], (viewer_id, post_id), rows, shown)
    return answers.listing(request, shown, items, cursors)


def _read_people(tx: Tx, shelf: Shelf, what: tuple[int, int], rows: _People, shown: Page) -> tuple[list[bytes], list[int]]:
    viewer_id, post_id = what
    found = rows(tx, viewer_id, answers.post(tx, viewer_id, post_id).id, shown)
    return shelf.accounts(tx, [account for _, account in found]), [cursor for cursor, _ in found]


# -- acts --

_Act = Callable[[Tx, Account, int], Post]


async def _act(request: web.Request, scope: str, act: _Act) -> web.Response:
    viewer, post_id = auth.require(request, scope), answers.named_id(request)
    post = await request.app[keys.INSTANCE].db.write(act, viewer, post_id)
    return shown(request, viewer, post.id)


async def favourite(request: web.Request) -> web.Response:
    return await _act(request, "write:favourites", interactions.favourite)


async def unfavourite(request: web.Request) -> web.Response:
    return await _act(request, "write:favourites", interactions.unfavourite)


async def reblog(request: web.Request) -> web.Response:
    """Answers with the boost, which holds the post."""
    viewer, post_id = auth.require(request, "write:statuses"), answers.named_id(request)
    visibility = read_visibility((await params.read(request)).text("visibility", "public") or "public")
    post = await request.app[keys.INSTANCE].db.write(interactions.boost, viewer, post_id, visibility)
    return shown(request, viewer, post.id)


async def unreblog(request: web.Request) -> web.Response:
    return await _act(request, "write:statuses", interactions.unboost)


async def bookmark(request: web.Request) -> web.Response:
    return await _act(request, "write:bookmarks", interactions.bookmark)


async def unbookmark(request: web.Request) -> web.Response:
    return await _act(request, "write:bookmarks", interactions.unbookmark)


async def mute(request: web.Request) -> web.Response:
    """Hear no more of its thread."""
    return await _act(request, "write:mutes", threads.mute)


async def unmute(request: web.Request) -> web.Response:
    return await _act(request, "write:mutes", threads.unmute)


async def pin(request: web.Request) -> web.Response:
    return await _act(request, "write:accounts", interactions.pin)


async def unpin(request: web.Request) -> web.Response:
    return await _act(request, "write:accounts", interactions.unpin)


_BOOSTED: Final = table.Field("visibility", choices=("public", "unlisted", "private"))

ROUTES = (
    table.user("POST", "/api/v1/statuses", create, "write:statuses", *drafts.NEW, gives="Status").also(200, "ScheduledStatus"),
    table.reader("GET", "/api/v1/statuses", index, "read:statuses", table.Field("id", "id", many=True, required=True), gives="[Status]"),
    table.reader("GET", "/api/v1/statuses/{id}", show, "read:statuses", gives="Status"),
    table.user("PUT", "/api/v1/statuses/{id}", edit, "write:statuses", *drafts.CHANGED, gives="Status"),
    table.user("PATCH", "/api/v1/statuses/{id}", edit, "write:statuses", *drafts.CHANGED, gives="Status"),
    table.user("DELETE", "/api/v1/statuses/{id}", delete, "write:statuses", table.Field("delete_media", "flag"), gives="Status"),
    table.reader("GET", "/api/v1/statuses/{id}/context", context, "read:statuses", gives="Context"),
    table.user("GET", "/api/v1/statuses/{id}/source", source, "read:statuses", gives="StatusSource"),
    table.reader("GET", "/api/v1/statuses/{id}/history", history, "read:statuses", gives="[StatusEdit]"),
    table.reader("GET", "/api/v1/statuses/{id}/favourited_by", favourited_by, "read:statuses", *table.PAGE, gives="[Account]"),
    table.reader("GET", "/api/v1/statuses/{id}/reblogged_by", reblogged_by, "read:statuses", *table.PAGE, gives="[Account]"),
    table.user("POST", "/api/v1/statuses/{id}/favourite", favourite, "write:favourites", gives="Status"),
    table.user("POST", "/api/v1/statuses/{id}/unfavourite", unfavourite, "write:favourites", gives="Status"),
    table.user("POST", "/api/v1/statuses/{id}/reblog", reblog, "write:statuses", _BOOSTED, gives="Status"),
    table.user("POST", "/api/v1/statuses/{id}/unreblog", unreblog, "write:statuses", gives="Status"),
    table.user("POST", "/api/v1/statuses/{id}/bookmark", bookmark, "write:bookmarks", gives="Status"),
    table.user("POST", "/api/v1/statuses/{id}/unbookmark", unbookmark, "write:bookmarks", gives="Status"),
    table.user("POST", "/api/v1/statuses/{id}/mute", mute, "write:mutes", gives="Status"),
    table.user("POST", "/api/v1/statuses/{id}/unmute", unmute, "write:mutes", gives="Status"),
    table.user("POST", "/api/v1/statuses/{id}/pin", pin, "write:accounts", gives="Status"),
    table.user("POST", "/api/v1/statuses/{id}/unpin", unpin, "write:accounts", gives="Status"),
)
