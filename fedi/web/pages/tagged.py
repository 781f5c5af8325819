"""Hashtags on a profile: choosing one's own."""

from aiohttp import web

from fedi import featured, ids
from fedi.errors import Conflict, Invalid
from fedi.storage import featured_tags as rows
from fedi.web import params
from fedi.web.pages import site


async def show(request: web.Request, wrong: str = "") -> web.Response:
    """`/settings/featured`."""
    viewer, pages = site.signed_in(request), site.of(request)
    shown = pages.instance.db.read(rows.list_of, viewer.id)
    suggested = pages.instance.db.read(rows.list_suggested, viewer.id, 10)
    return site.show(
        request,
        "settings_featured.html",
        "Topics on your profile",
        area="settings",
        status=422 if wrong else 200,
        tags=shown,
        suggested=suggested,
        wrong=wrong,
    )


async def add(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    name = (await params.read(request)).text("name", max_chars=500)
    try:
        await pages.instance.db.write(featured.add_tag, viewer, name)
    except (Invalid, Conflict) as error:
        return await show(request, error.message)
    return site.go("/settings/featured", "saved")


async def remove(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    await pages.instance.db.write(featured.remove_tag, viewer, ids.parse(request.match_info["id"]))
    return site.go("/settings/featured", "saved")
