"""Posts and activities as ActivityPub, to whoever may see them. What may not be seen answers exactly like what does not exist."""

from collections.abc import Callable
from typing import Final

from aiohttp import web

from fedi import ids
from fedi.activitypub import render
from fedi.activitypub.render import Json
from fedi.errors import NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import posts as post_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.tombstones import Tombstone
from fedi.web import auth, keys, negotiate
from fedi.web.federation import answers

_NOTHING: Final = "There is no such post."


async def show(request: web.Request) -> web.StreamResponse:
    """`/users/{name}/posts/{id}`: the post; a browser is sent to the page."""
    if not negotiate.wants_activity(request):
        name, post_id = request.match_info["name"], request.match_info["id"]
        raise web.HTTPFound(f"{request.app[keys.NAMES].base_url}/@{name}/{post_id}")
    return await _show(request)


async def show_page(request: web.Request) -> web.StreamResponse:
    """`/@{name}/{id}`: the page; the document for who asks for that."""
    if negotiate.wants_activity(request):
        return await _show(request)
    page = request.app.get(keys.POST_PAGE)
    if page is None:
        raise NotFound("There is nothing here.")
    return await page(request)


async def _show(request: web.Request) -> web.StreamResponse:
    reader = await auth.reader_id(request)
    found = request.app[keys.INSTANCE].db.read(_read_note, reader, *_named(request))
    if isinstance(found, Tombstone):
        return answers.document(request, render.tombstone(found.uri, found.former_type, found.deleted_at), status=410)
    return answers.document(request, found)


async def show_activity(request: web.Request) -> web.StreamResponse:
    """`.../activity`: the Create of a post."""
    return answers.document(request, await _about(request, _read_create))


async def show_likes(request: web.Request) -> web.StreamResponse:
    return answers.document(request, await _about(request, _read_likes))


async def show_shares(request: web.Request) -> web.StreamResponse:
    return answers.document(request, await _about(request, _read_shares))


async def show_stored(request: web.Request) -> web.StreamResponse:
    """`/activities/{id}`: what was sent, when it was for everybody. A browser is sent to what was boosted."""
    instance = request.app[keys.INSTANCE]
    activity_id = ids.parse(request.match_info["id"])
    if not negotiate.wants_activity(request):
        place = instance.db.read(_boosted_page, auth.viewer_id(request), activity_id)
        raise web.HTTPFound(f"{request.app[keys.NAMES].base_url}{place}")
    reader = await auth.reader_id(request)
    return answers.document(request, instance.db.read(_read_stored, reader, activity_id))


def _named(request: web.Request) -> tuple[str, int]:
    return request.match_info["name"], ids.parse(request.match_info["id"])


async def _about(request: web.Request, read: Callable[[Tx, int, str, int], Json]) -> Json:
    reader = await auth.reader_id(request)
    return request.app[keys.INSTANCE].db.read(read, reader, *_named(request))


# -- reads --


def _get(tx: Tx, reader: int, username: str, post_id: int) -> Post:
    """A local post under its author's name, seen by the reader. Raises NotFound."""
    post = post_rows.get_visible(tx, reader, post_id)
    author = account_rows.get(tx, post.account_id)
    if not author.is_local or author.username.lower() != username.lower() or post.boost_of_id is not None:
        raise NotFound(_NOTHING)
    return post


def _read_note(tx: Tx, reader: int, username: str, post_id: int) -> Json | Tombstone:
    try:
        return render.note(tx, _get(tx, reader, username, post_id))
    except NotFound:
        author = account_rows.find_by_handle(tx, username, "")
        found = tombstone_rows.find(tx, tx.uris.post(author.username, post_id)) if author is not None else None
        if found is None or not found.former_type:
            raise NotFound(_NOTHING) from None
        return found


def _read_create(tx: Tx, reader: int, username: str, post_id: int) -> Json:
    return render.create(tx, _get(tx, reader, username, post_id))


def _read_likes(tx: Tx, reader: int, username: str, post_id: int) -> Json:
    post = _get(tx, reader, username, post_id)
    return render.collection(f"{post.uri}/likes", post.favourites_count, ordered=False)


def _read_shares(tx: Tx, reader: int, username: str, post_id: int) -> Json:
    post = _get(tx, reader, username, post_id)
    return render.collection(f"{post.uri}/shares", post.boosts_count, ordered=False)


def _read_stored(tx: Tx, reader: int, activity_id: int) -> bytes:
    """What everybody may read, unless the reader in particular may not."""
    activity = delivery_rows.find_activity_by_uri(tx, tx.uris.activity(activity_id))
    post_id = activity.post_id if activity is not None else None
    is_seen = post_id is None or all(post_rows.find_visible(tx, someone, post_id) for someone in (0, reader))
    if activity is None or not activity.public or not is_seen:
        raise NotFound("There is no such activity.")
    return bytes(activity.body)


def _boosted_page(tx: Tx, viewer_id: int, activity_id: int) -> str:
    boost = post_rows.find_visible(tx, viewer_id, activity_id)
    if boost is None or boost.boost_of_id is None:
        raise NotFound("There is no such activity.")
    post = post_rows.get(tx, boost.boost_of_id)
    return f"/@{account_rows.get(tx, post.account_id).handle}/{post.id}"
