"""What sites ask that want to show a post: a frame of ours that holds it. Source: oEmbed; VIS-04."""

import re
from typing import Any, Final

from aiohttp import web

from fedi import html, ids, limits
from fedi.errors import Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import headers, keys, params
from fedi.web.api import answers, table

_PATH: Final = re.compile(r"/(?:@[A-Za-z0-9_]{1,30}|users/[A-Za-z0-9_]{1,30}/(?:posts|statuses))/([0-9]{1,19})/?(?:[?#].*)?", re.ASCII)
_WIDTH: Final = (220, 400, 1000)  # least, where nothing is said, most
_HEIGHT: Final = (120, 300, 2000)
_AGE_S: Final = 24 * 3600


async def show(request: web.Request) -> web.Response:
    """Raises NotFound for everything but a post of somebody here that everybody may read."""
    given, instance = params.query(request), request.app[keys.INSTANCE]
    url = given.text("url", max_chars=limits.URI_CHARS)
    if given.text("format", "json", max_chars=20) != "json":
        raise Invalid("There is only `json`.", "format")
    post, author = instance.db.read(_read, url.removeprefix(instance.uris.base_url) if url.startswith(f"{instance.uris.base_url}/") else "")
    width, height = (
        given.number(name, usual, least, most) for name, (least, usual, most) in (("maxwidth", _WIDTH), ("maxheight", _HEIGHT))
    )
    response = answers.entity(_document(post, author, instance.config.instance.title, (width, height)))
    response.headers["Cache-Control"] = headers.PUBLIC
    return response


def _read(tx: Tx, path: str) -> tuple[Post, Account]:
    match = _PATH.fullmatch(path)
    post = post_rows.get_visible(tx, 0, ids.parse(match[1])) if match is not None else None
    author = account_rows.find(tx, post.account_id) if post is not None else None
    if post is None or author is None or not author.is_local or not post.is_public or post.boost_of_id is not None:
        raise NotFound("There is no such post.")
    return post, author


def _document(post: Post, author: Account, title: str, size: tuple[int, int]) -> dict[str, Any]:
    width, height = size
    place = html.escape(f"{post.url}/embed")
    base_url = post.url.rpartition("/@")[0]
    frame = f'<iframe src="{place}" width="{width}" height="{height}" style="max-width:100%;border:0" allowfullscreen></iframe>'
    return {
        "type": "rich",
        "version": "1.0",
        "title": f"A post by {author.name}",
        "author_name": author.name,
        "author_url": author.url,
        "provider_name": title,
        "provider_url": f"{base_url}/",
        "cache_age": _AGE_S,
        "html": frame,
        "width": width,
        "height": height,
    }


ROUTES = (
    table.anyone(
        "GET",
        "/api/oembed",
        show,
        table.Field("url", "url", required=True),
        table.Field("maxwidth", "number"),
        table.Field("maxheight", "number"),
        table.Field("format", choices=("json",)),
        gives="OEmbed",
    ),
)
