"""host-meta: where WebFinger is, for servers that ask that first. Source: RFC 6415; FEDERATION.md, Discovery."""

from typing import Final
from xml.sax.saxutils import quoteattr

import orjson
from aiohttp import web

from fedi.web import keys, negotiate

_CACHED: Final = "public, max-age=86400"


async def show(request: web.Request) -> web.Response:
    """`/.well-known/host-meta`: XRD, or JSON for who asks for that."""
    if negotiate.wants_json(request, "application/json", "application/jrd+json"):
        return await show_json(request)
    template = quoteattr(_template(request))
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" type="application/jrd+json" template={template}/>\n</XRD>\n'
    )
    headers = {"Content-Type": "application/xrd+xml; charset=utf-8", "Cache-Control": _CACHED, "Vary": "Accept"}
    return web.Response(body=text.encode(), headers=headers)


async def show_json(request: web.Request) -> web.Response:
    """`/.well-known/host-meta.json`."""
    document = {"links": [{"rel": "lrdd", "type": "application/jrd+json", "template": _template(request)}]}
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": _CACHED, "Vary": "Accept"}
    return web.Response(body=orjson.dumps(document), headers=headers)


def _template(request: web.Request) -> str:
    return f"{request.app[keys.NAMES].base_url}/.well-known/webfinger?resource={{uri}}"
