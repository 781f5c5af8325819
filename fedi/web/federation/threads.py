"""The answers to a post, and the conversation it began, as collections. Source: FEP-7888; FEDERATION.md, Collections."""

from aiohttp import web

from fedi import ids
from fedi.activitypub import render_threads
from fedi.activitypub.render import Json
from fedi.errors import NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import auth, keys, negotiate, params
from fedi.web.federation import answers

_NOTHING = "There is no such post."


async def show_replies(request: web.Request) -> web.StreamResponse:
    """`.../replies`: ids of the public answers, the first page embedded."""
    given = params.query(request)
    reader = await auth.reader_id(request)
    named = request.match_info["name"], ids.parse(request.match_info["id"])
    page = (given.flag("only_other_accounts"), given.find_id("min_id") or 0) if given.flag("page") else None
    return answers.document(request, request.app[keys.INSTANCE].db.read(_read_replies, reader, named, page))


def _read_replies(tx: Tx, reader: int, named: tuple[str, int], page: tuple[bool, int] | None) -> Json:
    username, post_id = named
    post = _local(tx, reader, post_id)
    if account_rows.get(tx, post.account_id).username.lower() != username.lower():
        raise NotFound(_NOTHING)
    if page is None:
        return render_threads.replies(tx, post)
    return render_threads.replies_page(tx, post, others=page[0], after=page[1])


async def show_context(request: web.Request) -> web.StreamResponse:
    """`/contexts/{id}`: the thread that a public post of this server began; a browser is sent to its page."""
    instance, post_id, given = request.app[keys.INSTANCE], ids.parse(request.match_info["id"]), params.query(request)
    if not negotiate.wants_activity(request):
        post = instance.db.read(_top, auth.viewer_id(request), post_id)
        raise web.HTTPFound(post.url)
    reader = await auth.reader_id(request)
    after = (given.find_id("min_id") or 0) if given.flag("page") else None
    return answers.document(request, instance.db.read(_read_context, reader, post_id, after))


def _read_context(tx: Tx, reader: int, post_id: int, after: int | None) -> Json:
    top = _top(tx, reader, post_id)
    if after is None:
        return render_threads.context(tx, top, account_rows.get(tx, top.account_id))
    return render_threads.context_page(tx, top, after)


def _top(tx: Tx, reader: int, post_id: int) -> Post:
    post = _local(tx, reader, post_id)
    if post.in_reply_to_uri or not post.is_public:
        raise NotFound("There is no such conversation.")
    return post


def _local(tx: Tx, reader: int, post_id: int) -> Post:
    """A post of this server that the reader sees. Raises NotFound."""
    post = post_rows.get_visible(tx, reader, post_id)
    if not tx.uris.is_ours(post.uri) or post.boost_of_id is not None:
        raise NotFound(_NOTHING)
    return post
