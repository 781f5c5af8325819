"""Announcements at the top of home, until one reads them away."""

from typing import NamedTuple

from aiohttp import web

from fedi import announcements, emojis, ids
from fedi.errors import NotFound
from fedi.html import Html
from fedi.storage import announcements as rows
from fedi.storage.db import Tx
from fedi.web.pages import site


class Notice(NamedTuple):
    """One as it is shown: its text as safe HTML."""

    id: int
    html: Html
    starts_at: int | None
    ends_at: int | None
    all_day: bool


def read(tx: Tx, viewer_id: int) -> list[Notice]:
    """Those the viewer has not read away, in one statement where there are none."""
    found = rows.list_current(tx, viewer_id, dismissed=False)
    used = announcements.written_emojis(tx, [one.text_source for one in found]) if found else {}
    pictures = {name: emoji.key for name, emoji in used.items()}
    return [Notice(one.id, emojis.in_html(Html(one.text_html), pictures), one.starts_at, one.ends_at, bool(one.all_day)) for one in found]


async def dismiss(request: web.Request) -> web.Response:
    """One that is over is no harm."""
    viewer = site.signed_in(request)
    try:
        await site.of(request).instance.db.write(announcements.dismiss, viewer.id, ids.parse(request.match_info["id"]))
    except NotFound:
        pass
    return site.go("/home")
