"""A post as other sites may show it in a frame: the only page of ours that may stand in one. It is the same whoever's browser asks."""

from typing import Final

from aiohttp import web

from fedi import ids
from fedi.errors import NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx
from fedi.web import headers
from fedi.web.pages import site, views
from fedi.web.pages.site import Pages

POLICY: Final = headers.PAGE_POLICY.replace("frame-ancestors 'none'", "frame-ancestors *").replace(
    "form-action 'self'", "form-action 'none'"
)


def _read(tx: Tx, pages: Pages, name: str, post_id: int) -> views.Entry:
    post = post_rows.get_visible(tx, 0, post_id)
    author = account_rows.get(tx, post.account_id)
    if not author.is_local or author.username.lower() != name.lower() or not post.is_public or post.boost_of_id is not None:
        raise NotFound("There is no such post.")
    shown = views.entries(pages, tx, None, [post], {post.id: "big"})
    if not shown:
        raise NotFound("There is no such post.")
    return shown[0]


async def show(request: web.Request) -> web.Response:
    pages = site.of(request)
    entry = pages.instance.db.read(_read, pages, request.match_info["name"], ids.parse(request.match_info["id"]))
    text = pages.templates.get_template("embed.html").render(site=pages.site, entry=entry, title=f"A post by {entry.author.name}")
    return web.Response(
        text=text,
        content_type="text/html",
        headers={"Content-Security-Policy": POLICY, "X-Frame-Options": headers.FRAMED, "Cache-Control": headers.PUBLIC},
    )
