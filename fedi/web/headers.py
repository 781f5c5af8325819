"""Headers that every answer has, whoever made it. What a handler sets itself stays."""

from typing import Final

from aiohttp import web

from fedi.web import negotiate, throttle

# Source: XSS-09.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; manifest-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DATA_POLICY: Final = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
MEDIA_POLICY: Final = "default-src 'none'; sandbox"

FRAMED: Final = "ALLOWALL"  # marks a page that may stand in a frame of another site; the header itself is not sent

PUBLIC: Final = "public, max-age=60"
PRIVATE: Final = "private, no-store"

# Read by programs in browsers, with bearer tokens and never with cookies. Source: AUT-22.
_OPEN: Final = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/.well-known/", "/nodeinfo/", "/media/", "/static/")
_EXPOSED: Final = "Link, Mastodon-Async-Refresh, Retry-After, X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
# Apps in browsers open these in a window of their own, and wait for it to come back to them.
_POPUPS: Final = ("/login", "/oauth/")
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "86400",
    "Cache-Control": "public, max-age=86400",
}

# What `add` comes to for an answer that is no page and has nothing but these headers, at a third of the cost: (it is read, _OPEN).
_DATA: Final = frozenset({None, "application/json; charset=utf-8", "application/json", negotiate.ANSWER_TYPE})
_USUAL: Final = frozenset({"Content-Type", "Content-Length", "Date", "Server", "Link", "Connection"})
_PREPARED: Final = {
    (is_read, is_open): {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": PRIVATE,
        "Content-Security-Policy": DATA_POLICY,
        **({"Vary": negotiate.VARY} if is_read else {}),
        **({"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED} if is_open else {}),
    }
    for is_read in (False, True)
    for is_open in (False, True)
}


async def add(request: web.Request, response: web.StreamResponse) -> None:
    """For `Application.on_response_prepare`: also reaches streams and files, whose heads go out before their handlers end."""
    headers = response.headers
    is_open, is_read = request.path.startswith(_OPEN), request.method in ("GET", "HEAD")
    if headers.get("Content-Type") in _DATA and _USUAL.issuperset(headers):  # nearly every answer to a program
        headers["Server"] = "fedi"
        headers.extend(_PREPARED[is_read, is_open])
        throttle.add_headers(request, response)
        return
    throttle.add_headers(request, response)
    headers["Server"] = "fedi"  # aiohttp's own names its version and Python's
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cache-Control", PRIVATE)
    if response.content_type == "text/html":
        headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        if headers.setdefault("X-Frame-Options", "DENY") == FRAMED:
            del headers["X-Frame-Options"]
        headers.setdefault("Cross-Origin-Opener-Policy", "unsafe-none" if request.path.startswith(_POPUPS) else "same-origin")
    else:
        headers.setdefault("Content-Security-Policy", DATA_POLICY)
    if is_read:
        headers.setdefault("Vary", negotiate.VARY)
    if is_open:
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = _EXPOSED


def preflight(request: web.Request) -> web.Response | None:
    """The answer to a browser that asks whether a page elsewhere may call us; None when this is no such question."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers or not request.path.startswith(_OPEN):
        return None
    return web.Response(status=204, headers=_PREFLIGHT)
