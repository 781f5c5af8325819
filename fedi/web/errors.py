"""Errors as answers: the one table of statuses, and what a program or a browser is shown. What is no FediError is never shown."""

import logging
import secrets
from typing import Final

import orjson
from aiohttp import web

from fedi import errors
from fedi.web import keys, negotiate, params

log = logging.getLogger(__name__)

STATUS: Final[dict[type[BaseException], int]] = {
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.Conflict: 409,
    errors.TooMany: 429,
    errors.StorageFull: 507,
    errors.Unavailable: 503,
    errors.Malformed: 400,
    errors.Untrusted: 401,
    errors.Unreachable: 502,
    errors.Refused: 502,
    errors.RemoteGone: 502,
    errors.RemoteError: 502,
    params.Slow: 408,
}
_TEXTS: Final = {
    400: "That request cannot be understood.",
    401: "Sign in first.",
    403: "That is not allowed.",
    404: "There is nothing here.",
    405: "That cannot be done here.",
    408: "The request took too long to arrive.",
    413: "That is too large.",
    415: "That media type is not accepted here.",
    417: "That expectation cannot be met.",
    421: "This server does not answer to that name.",
    500: "Something went wrong here. The administrator finds it under the request id {}.",
}
_CLOSING: Final = frozenset({408, 413})  # after these the rest of what the client sends is not waited for
_PROGRAMS: Final = (
    "/api/",
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/userinfo",
    "/.well-known/",
    "/nodeinfo/",
    "/inbox",
    "/activities/",
    "/media/",
    "/healthz",
)


async def answer(request: web.Request, error: Exception) -> web.StreamResponse:
    """The answer to a request that raised. Redirects and the like, raised as exceptions, pass as they are."""
    if isinstance(error, web.HTTPException):
        if error.status < 400:
            return _plain(error)
        return await _shown(request, error.status, _http_text(error), _kept_headers(error))
    for kind in type(error).__mro__:
        if kind in STATUS:
            message = error.message if isinstance(error, errors.FediError) else _TEXTS[STATUS[kind]]
            return await _shown(request, STATUS[kind], message, _headers(error))
    return await _bug(request, error)


def json_error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    """`{"error": "..."}`, the one shape of errors for programs."""
    return web.Response(status=status, body=orjson.dumps({"error": message}), content_type="application/json", headers=headers)


async def _bug(request: web.Request, error: Exception) -> web.StreamResponse:
    request_id = secrets.token_hex(8)
    route = request.match_info.route.resource
    place = route.canonical if route is not None else "?"
    log.error("request %s failed: %s %s", request_id, request.method, place, exc_info=error)
    return await _shown(request, 500, _TEXTS[500].format(request_id), {"X-Request-Id": request_id})


async def _shown(request: web.Request, status: int, message: str, headers: dict[str, str]) -> web.StreamResponse:
    page = request.app.get(keys.ERROR_PAGE)
    response: web.StreamResponse | None = None
    if page is not None and negotiate.wants_page(request) and not request.path.startswith(_PROGRAMS):
        try:
            response = await page(request, status, message)
            response.set_status(status)
            response.headers.update(headers)
        except Exception:
            log.exception("the page for an error failed")
    if response is None:
        response = json_error(status, message, headers)
    if status in _CLOSING and not request.content.is_eof():
        response.force_close()
    return response


def _headers(error: BaseException) -> dict[str, str]:
    if isinstance(error, errors.TooMany | errors.Unavailable):
        return {"Retry-After": str(max(1, error.retry_after_s))}
    if isinstance(error, errors.Unreachable):
        return {"Retry-After": str(max(1, error.retry_after_s or 60))}
    if isinstance(error, errors.Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    return {}


def _kept_headers(error: web.HTTPException) -> dict[str, str]:
    return {name: error.headers[name] for name in ("Allow", "Retry-After", "WWW-Authenticate", "Accept") if name in error.headers}


def _http_text(error: web.HTTPException) -> str:
    """Our words for aiohttp's own errors; a text that one of our handlers has set stays."""
    if error.text and not error.text.startswith(f"{error.status}: "):
        return error.text
    return _TEXTS.get(error.status, error.reason)


def _plain(error: web.HTTPException) -> web.Response:
    """The same answer as an ordinary response: aiohttp does not want its exceptions returned."""
    response = web.Response(status=error.status, headers=error.headers)
    response.headers.popall("Content-Type", None)
    for cookie in error.cookies.values():
        response.cookies[cookie.key] = cookie
    return response
