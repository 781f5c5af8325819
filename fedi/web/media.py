"""Files: pictures of people here, and of people elsewhere once somebody looks at them. Source: XSS-10, VIS-13."""

import asyncio
from typing import Final

from aiohttp import web

from fedi.errors import NotFound
from fedi.storage.media import Media
from fedi.web import headers, keys

_PICTURES: Final = frozenset({"image/webp", "image/jpeg", "image/png", "image/gif", "image/avif"})
_WEEK_S: Final = 7 * 24 * 3600
_FACES: Final = frozenset({"avatar", "header", "emoji"})  # public with their owner; other files may be of a direct message


_FILMS: Final = frozenset({"video/mp4", "video/webm", "audio/mp4", "audio/webm", "audio/mpeg", "audio/ogg", "audio/flac", "audio/wav"})


async def show(request: web.Request) -> web.StreamResponse:
    """`/media/{key}`: the key is 128 random bits, and who has it may read. A part of it with `Range`."""
    found = await request.app[keys.INSTANCE].mediacache.get(request.match_info["key"])
    return await _serve(request, found, found.sha256 or "", found.mime)


async def show_preview(request: web.Request) -> web.StreamResponse:
    """`/media/{key}/preview`: a small still picture of it."""
    found, sha256 = await request.app[keys.INSTANCE].mediacache.get_preview(request.match_info["key"])
    return await _serve(request, found, sha256, "image/webp")


async def _serve(request: web.Request, found: Media, sha256: str, mime: str) -> web.StreamResponse:
    instance = request.app[keys.INSTANCE]
    path = instance.files.path(sha256)
    if not await asyncio.to_thread(path.is_file):
        raise NotFound("That file is lost.")
    await instance.mediacache.touch(found)
    is_picture = mime in _PICTURES
    return web.FileResponse(
        path,
        headers={
            "Content-Type": mime if is_picture or mime in _FILMS else "application/octet-stream",
            "Content-Security-Policy": headers.MEDIA_POLICY,
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Content-Disposition": "inline" if is_picture else "attachment",
            "Cache-Control": _kept(found),
            "Vary": "Accept-Encoding",
        },
    )


def _kept(found: Media) -> str:
    """How long a browser may keep it. An emoji, and a picture that may come once there is one, can change under their address."""
    if found.kind == "emoji":
        return "public, max-age=86400"
    return f"{'public' if found.kind in _FACES else 'private'}, max-age={_WEEK_S}, immutable"
