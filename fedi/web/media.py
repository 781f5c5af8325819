"""Files: pictures of people here, and of people elsewhere once somebody looks at them. Source: XSS-10, VIS-13."""

import asyncio
from typing import Final

from aiohttp import web

from fedi.errors import NotFound
from fedi.web import headers, keys

_PICTURES: Final = frozenset({"image/webp", "image/jpeg", "image/png", "image/gif", "image/avif"})
_WEEK_S: Final = 7 * 24 * 3600
_FACES: Final = frozenset({"avatar", "header"})  # public with their owner; other files may be of a direct message


async def show(request: web.Request) -> web.StreamResponse:
    """`/media/{key}`: the key is 128 random bits, and who has it may read. A part of it with `Range`."""
    instance = request.app[keys.INSTANCE]
    found = await instance.mediacache.get(request.match_info["key"])
    if found.sha256 is None:
        raise NotFound("There is no such file.")
    path = instance.files.path(found.sha256)
    if not await asyncio.to_thread(path.is_file):
        raise NotFound("That file is lost.")
    await instance.mediacache.touch(found)
    is_picture = found.mime in _PICTURES
    return web.FileResponse(
        path,
        headers={
            "Content-Type": found.mime if is_picture or found.kind in ("video", "audio") else "application/octet-stream",
            "Content-Security-Policy": headers.MEDIA_POLICY,
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Content-Disposition": "inline" if is_picture else "attachment",
            "Cache-Control": f"{'public' if found.kind in _FACES else 'private'}, max-age={_WEEK_S}, immutable",
            "Vary": "Accept-Encoding",
        },
    )
