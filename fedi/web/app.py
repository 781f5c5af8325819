"""The web application of one instance: what happens around every handler, and how the server under it is to be set up."""

import logging
import warnings
from typing import Any, Final

from aiohttp import http_exceptions, multipart, web, web_response
from aiohttp.abc import AbstractAccessLogger

from fedi.config import Config
from fedi.instance import Instance
from fedi.web import auth, errors, headers, keys, params, routes
from fedi.web.copies import COPIES, Copies
from fedi.web.credentials import KNOWN, Known
from fedi.web.limits import Limits
from fedi.web.names import Names
from fedi.web.throttle import THROTTLE, Throttle

log = logging.getLogger(__name__)
_requests = logging.getLogger("fedi.web.requests")
_connections = logging.getLogger("fedi.web.connections")

KEEP_ALIVE_S: Final = 15  # without a whole request: ends idle connections and such whose head drips
_WELL_KNOWN: Final = "/.well-known/"
web_response.SERVER_SOFTWARE = "fedi"  # type: ignore[attr-defined]  # also where aiohttp answers by itself, to what is not HTTP
_NOT_US: Final = "This server does not answer to that name."


def make_app(instance: Instance) -> web.Application:
    """The application of an open instance. Serve it with `web.AppRunner(app, **server_options(config))`."""
    for bad in (multipart.BadContentDispositionHeader, multipart.BadContentDispositionParam):
        warnings.filterwarnings("ignore", category=bad)  # else each text of a stranger is printed, and remembered for good
    app = web.Application(middlewares=[frame])
    app[keys.INSTANCE] = instance
    app[keys.NAMES] = Names(instance.config)
    app[keys.LIMITS] = Limits(instance.config)
    app[THROTTLE] = Throttle(instance.config.limits.requests_per_token, instance.config.limits.requests_per_address)
    app[KNOWN] = Known(instance)
    app[COPIES] = Copies(instance.db)
    app.on_response_prepare.append(headers.add)
    app.on_cleanup.append(_close)
    routes.add(app)
    return app


async def _close(app: web.Application) -> None:
    app[KNOWN].close()


@web.middleware
async def frame(request: web.Request, handler: Any) -> web.StreamResponse:
    """Around every handler: refuse what is not for us, find out who asks, and turn what is raised into an answer."""
    try:
        response = _refused(request) or headers.preflight(request)
        if response is None:
            await auth.identify(request)
            request.app[THROTTLE].check(request)
            response = await handler(request)
    except ConnectionError:
        raise
    except Exception as error:
        if request.writer.output_size > 0:  # a stream broke off: its head is out, so all that is left is to hang up
            log.exception("a stream failed: %s", request.method)
            raise ConnectionResetError from None
        response = await errors.answer(request, error)
    auth.finish(request, response)
    if not (request.content.is_eof() or response.prepared or response.keep_alive is False or await params.drain(request)):
        response.force_close()
    return response


def _refused(request: web.Request) -> web.StreamResponse | None:
    """The answer to a request that no handler should see. Source: AUT-24, DOS-04, INF-01."""
    if request.version < (1, 0) or not request.raw_path.isascii():  # aiohttp's parser in C refuses the latter, that in Python does not
        raise web.HTTPBadRequest
    if request.path != "/healthz":
        names = request.app[keys.NAMES]
        asked = names.asked(request)
        if asked is None or not names.answers_to(asked):
            raise web.HTTPMisdirectedRequest
        if names.is_split and request.method in ("GET", "HEAD") and names.is_handle_domain(asked) and not _is_well_known(request):
            raise web.HTTPMovedPermanently(f"{names.base_url}{request.rel_url.raw_path_qs}")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(text="Send the body without Content-Encoding.")
    return None


def _is_well_known(request: web.Request) -> bool:
    return request.path.startswith(_WELL_KNOWN)


# -- the server --


def server_options(config: Config) -> dict[str, Any]:
    """Arguments for `web.AppRunner`: compressed bodies stay so, nothing is read for long that nobody wants, little is logged."""
    return {
        "keepalive_timeout": KEEP_ALIVE_S,
        "lingering_time": 0,
        "auto_decompress": False,
        "access_log_class": RequestLog,
        "access_log": _requests if config.log.requests else None,
        "logger": _connections,
    }


class RequestLog(AbstractAccessLogger):
    """One line per request, without its query, which may hold secrets. Source: AUT-11, INF-06."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        self.logger.info("%s %r %d %.1f ms", request.method, request.path, response.status, time * 1000)

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)


class _Quiet(logging.Filter):
    """What strangers send that is not HTTP is no error of ours: told at debug level, without a traceback. Source: DOS-26."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, http_exceptions.HttpProcessingError):
            record.exc_info, record.exc_text = None, None
            record.levelno, record.levelname = logging.DEBUG, "DEBUG"
            return _connections.isEnabledFor(logging.DEBUG)
        return True


_connections.addFilter(_Quiet())
