"""What machines look for at fixed places: whether the server works, what robots may read, whom to tell of a hole."""

from typing import Final

from aiohttp import web

from fedi import clock
from fedi.errors import NotFound
from fedi.web import keys

_ROBOTS: Final = (
    b"User-agent: *\nDisallow: /api/\nDisallow: /oauth/\nDisallow: /settings\nDisallow: /search\nDisallow: /login\nDisallow: /newsletter/\n"
)


async def show(request: web.Request) -> web.Response:
    """`/healthz`: 200 while what is written gets stored, 503 while it does not."""
    if request.app[keys.INSTANCE].db.healthy:
        return web.json_response({"status": "ok"})
    return web.json_response({"status": "unavailable"}, status=503, headers={"Retry-After": "5"})


async def show_plain(request: web.Request) -> web.Response:
    """`/health`, as Mastodon's: one word for programs that ask for nothing in particular. Observed: Mastodon.py compares it with `OK`."""
    if not request.app[keys.INSTANCE].db.healthy:
        return await show(request)
    if "json" in request.headers.get("Accept", ""):
        return web.json_response({"status": "UP"})
    return web.Response(text="OK")


async def show_robots(request: web.Request) -> web.Response:
    """`/robots.txt`."""
    return web.Response(body=_ROBOTS, content_type="text/plain", charset="utf-8", headers={"Cache-Control": "public, max-age=86400"})


async def show_security(request: web.Request) -> web.Response:
    """`/.well-known/security.txt`, when the configuration names a contact. Source: RFC 9116."""
    contact = request.app[keys.INSTANCE].config.instance.contact.strip()
    if not contact or any(c.isspace() for c in contact):
        raise NotFound("There is nothing here.")
    where = f"mailto:{contact}" if "@" in contact and ":" not in contact else contact
    expires = clock.rfc3339(clock.now() + 180 * clock.DAY)
    text = f"Contact: {where}\nExpires: {expires}\n"
    return web.Response(text=text, content_type="text/plain", charset="utf-8", headers={"Cache-Control": "public, max-age=86400"})
