"""What a browser is shown when something cannot be shown: in the same design, with a way on."""

from typing import Final
from urllib.parse import quote

from aiohttp import web

from fedi.errors import FediError
from fedi.web.pages import site

_HEADINGS: Final = {
    400: ("info", "That request makes no sense"),
    401: ("lock", "Sign in first"),
    403: ("lock", "Not allowed"),
    404: ("search", "Nothing here"),
    410: ("bin", "Gone"),
    429: ("clock", "Too often"),
    500: ("warn", "Something broke here"),
    502: ("globe", "The other server did not answer"),
    503: ("clock", "Not just now"),
    507: ("warn", "This server is full"),
}


async def show(request: web.Request, status: int, message: str) -> web.Response:
    """The page for an error. Fits whoever looks, also when the error is that they may not."""
    sign, heading = _HEADINGS.get(status, ("info", "That did not work"))
    try:
        someone = site.viewer(request) is not None
    except FediError:  # a suspended account: nothing of the frame can be theirs
        return _bare(request, status, heading, message)
    ways = [("/home", "To your home")] if someone else [("/", "To the first page")]
    if not someone and status in (401, 403, 404):
        ways.append((f"/login?next={quote(site.here(request), safe='')}", "Sign in"))
    return site.show(request, "error.html", heading, status=status, sign=sign, heading=heading, message=message, ways=ways)


def _bare(request: web.Request, status: int, heading: str, message: str) -> web.Response:
    pages = site.of(request)
    text = pages.templates.get_template("bare.html").render(site=pages.site, heading=heading, message=message)
    return web.Response(text=text, status=status, content_type="text/html")
