"""Servers of which one wants to see nothing."""

from typing import Final

from aiohttp import web

from fedi import blocks
from fedi.errors import Conflict, Invalid
from fedi.storage import shutouts
from fedi.web import params
from fedi.web.pages import paging, site

_MOST: Final = 100


async def show(request: web.Request, wrong: str = "") -> web.Response:
    """`/settings/domains`."""
    viewer, pages = site.signed_in(request), site.of(request)
    page = paging.page(request, _MOST)
    found = pages.instance.db.read(shutouts.list_hosts, viewer.id, page)
    rows, turn = paging.turn(request, page, found)
    return site.show(
        request,
        "settings_domains.html",
        "Blocked servers",
        area="settings",
        status=422 if wrong else 200,
        hosts=[host for _, host in rows],
        pages=turn,
        wrong=wrong,
    )


async def _on_host(request: web.Request, *, block: bool) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    host = (await params.read(request)).text("domain", max_chars=300).strip()
    try:
        await pages.instance.db.write(blocks.block_domain if block else blocks.unblock_domain, viewer, host)
    except (Invalid, Conflict) as error:
        return await show(request, error.message)
    return site.go("/settings/domains", "saved")


async def add(request: web.Request) -> web.Response:
    return await _on_host(request, block=True)


async def remove(request: web.Request) -> web.Response:
    return await _on_host(request, block=False)
