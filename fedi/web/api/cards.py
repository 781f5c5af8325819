"""Pages that posts link to: the card of a post, and the posts about a page. Source: Mastodon documentation, timelines and statuses."""

import orjson
from aiohttp import web

from fedi import limits
from fedi.errors import Invalid, NotFound
from fedi.storage import cards as rows
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web import keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.shelf import SHELF, Shelf


async def show(request: web.Request) -> web.Response:
    """What a Status has as its `card`; old programs ask for it by itself. `{}` where there is none."""
    viewer_id, post_id = answers.reader_id(request, "read:statuses"), answers.named_id(request)
    return answers.entity(request.app[keys.INSTANCE].db.read(_card, request.app[SHELF], viewer_id, post_id))


def _card(tx: Tx, shelf: Shelf, viewer_id: int, post_id: int) -> object:
    post = answers.post(tx, viewer_id, post_id)
    found = shelf.posts(tx, viewer_id, [post.id])
    return (orjson.loads(found[0])["card"] if found else None) or {}


async def link(request: web.Request) -> web.Response:
    """Public posts about one page, whoever posted it under which of its links. Raises NotFound for a page that none shows."""
    viewer_id, shown = answers.reader_id(request, "read:statuses"), answers.page(request)
    url = params.query(request).text("url", max_chars=limits.URI_CHARS).strip()
    if not url:
        raise Invalid("Say which page: url.", "url")
    items, cursors = request.app[keys.INSTANCE].db.read(_link, request.app[SHELF], viewer_id, shown, url)
    return answers.listing(request, shown, items, cursors)


def _link(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page, url: str) -> tuple[list[bytes], list[int]]:
    about = rows.list_about(tx, url.partition("#")[0])
    found = rows.list_posts(tx, viewer_id, about, shown) if about else []
    if not found and not rows.list_posts(tx, viewer_id, about, Page(limit=1)):  # a letter's link is nobody else's business either
        raise NotFound("No post here shows that page.")
    return shelf.posts(tx, viewer_id, found), found


_URL = table.Field("url", "url", required=True, example="https://example.org/story")
ROUTES = (
    table.reader("GET", "/api/v1/timelines/link", link, "read:statuses", _URL, *table.PAGE, gives="[Status]"),
    table.reader("GET", "/api/v1/statuses/{id}/card", show, "read:statuses", gives="PreviewCard"),
)
