"""The stylesheet and pictures of our own pages: read once, named by their content, so that browsers keep them for good."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from aiohttp import web

_TYPES = {".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png", ".txt": "text/plain"}
_KEPT = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=3600"
_SVG_POLICY = "default-src 'none'; sandbox"


def folder(name: str) -> Path:
    """A folder of this package, in a checkout and in a wheel alike."""
    return Path(str(files("fedi.web") / name))


class Static:
    """All static files, in memory (some 40 KB)."""

    def __init__(self) -> None:
        self._files = {path.name: path.read_bytes() for path in sorted(folder("static").iterdir()) if path.suffix in _TYPES}
        self._marks = {name: hashlib.sha256(data).hexdigest()[:10] for name, data in self._files.items()}

    def address(self, name: str) -> str:
        """`/static/style.css?v=1f0c…`."""
        return f"/static/{name}?v={self._marks[name]}"

    async def serve(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        data = self._files.get(name)
        if data is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": _KEPT if request.query_string == f"v={self._marks[name]}" else _BRIEFLY, "Vary": "Accept-Encoding"}
        mime = _TYPES[Path(name).suffix]
        if mime == "image/svg+xml":
            headers["Content-Security-Policy"] = _SVG_POLICY
        return web.Response(body=data, content_type=mime, charset="utf-8" if mime.startswith("text/") else None, headers=headers)


@cache
def shipped() -> Static:
    """Those of this installation."""
    return Static()
