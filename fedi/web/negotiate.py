"""What a client wants to read: ActivityPub or a page. Source: FEDERATION.md, Transport."""

from functools import lru_cache
from typing import Final

from aiohttp import web

from fedi.activitypub import vocab

_ACTIVITY: Final = frozenset({vocab.ACTIVITY_JSON, "application/ld+json"})
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})
_ACCEPT_CHARS: Final = 1024
ANSWER_TYPE: Final = "application/activity+json; charset=utf-8"  # Lemmy compares the whole header with this
VARY: Final = "Accept, Authorization, Cookie, Signature"


def wants_activity(request: web.Request) -> bool:
    """Whether to answer with ActivityPub: it is named and no page is liked better. `*/*` and nothing at all mean a page.

    Observed: Mbin and Friendica also ask for plain `application/json`; nobody asks for that and means a page.
    """
    found = _weights(accept(request))
    return found[0] > 0 and found[0] >= found[1]


def wants_page(request: web.Request) -> bool:
    """Whether the client is a browser: it names HTML."""
    return _weights(accept(request))[1] > 0


def wants_json(request: web.Request, *names: str) -> bool:
    """Whether one of these media types is named, for documents with two forms."""
    return any(name in accept(request).lower() for name in names)


def accept(request: web.Request) -> str:
    """All `Accept` headers as one, cut at a length nobody needs. Observed: Akkoma sends two."""
    values = request.headers.getall("Accept", ())
    return (values[0] if len(values) == 1 else ", ".join(values))[:_ACCEPT_CHARS]


@lru_cache(maxsize=512)
def _weights(text: str) -> tuple[float, float]:
    """How much ActivityPub and how much a page is wanted, each from 0 to 1."""
    activity = plain = page = 0.0
    for part in text.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = _weight(parameters)
        if name in _ACTIVITY:
            activity = max(activity, weight)
        elif name == "application/json":
            plain = max(plain, weight)
        elif name in _PAGES:
            page = max(page, weight)
    return activity or (0.0 if page else plain), page


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
