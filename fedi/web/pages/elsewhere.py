"""Leaving: what lives on other servers is shown to people of this one only; everybody else is told where it is."""

from aiohttp import web

from fedi.errors import NotFound
from fedi.web.pages import site, text


def leave(request: web.Request, what: str, target: str, host: str) -> web.Response:
    """The page between here and another server. Never a redirect. Source: AUT-23."""
    address = text.web_address(target)
    if not address:
        raise NotFound("There is nothing here.")
    return site.show(request, "elsewhere.html", f"To {host}", what=what, target=address, host=host)
