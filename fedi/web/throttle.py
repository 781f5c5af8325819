"""How often programs may ask: by token, by address where there is none, and less often for what costs more. Says so in headers.

Windows are fixed, so that their end can be told; the sliding ones are in limits.py. Source: Mastodon documentation, rate limits.
"""

import time
from functools import lru_cache
from typing import Final, NamedTuple

from aiohttp import web

from fedi import clock, limits
from fedi.errors import TooMany
from fedi.web import auth, keys

_KEYS: Final = 50_000  # counted in one window
_STATE: Final = web.RequestKey["State"]("rate")
_MESSAGE: Final = "Too many requests"
_COUNTED: Final = ("/api/", "/oauth/token", "/oauth/revoke")
_PERSON: Final = 5  # times as much as one token: for all tokens of one person together


class State(NamedTuple):
    """What is left of the limit that is nearest: `resets_s` is when its window ends, in seconds since 1970."""

    limit: int
    left: int
    resets_s: int


class Bucket:
    """At most `most` in each `seconds` for a key; counting is one look into a dict."""

    def __init__(self, most: int, seconds: int) -> None:
        self.most = most
        self.seconds = seconds
        self._window = 0
        self._counts: dict[int | str, int] = {}

    def count(self, key: int | str, now: float) -> State:
        """Count one more. `left` is -1 when there was none left."""
        window = int(now) // self.seconds
        if window != self._window:
            self._window, self._counts = window, {}
        counts = self._counts
        used = counts.get(key, 0) + 1
        if used == 1 and len(counts) >= _KEYS:
            del counts[next(iter(counts))]
        counts[key] = used
        return State(self.most, max(self.most - used, -1), (window + 1) * self.seconds)


class Throttle:
    """The buckets of one application."""

    def __init__(self, per_token: int, per_address: int) -> None:
        five, half_an_hour = 300, 1800
        self._tokens = Bucket(per_token, five)
        self._people = Bucket(_PERSON * per_token, five)
        self._addresses = Bucket(per_address, five)
        share = max(1, per_token // limits.REQUESTS)  # where an owner allows more, more of everything
        media, deletes = Bucket(limits.UPLOADS * share, half_an_hour), Bucket(limits.DELETES * share, half_an_hour)
        self._stricter = {
            ("POST", "/api/v1/media"): media,
            ("POST", "/api/v2/media"): media,
            ("DELETE", "/api/v1/statuses/{id}"): deletes,
            ("POST", "/api/v1/statuses/{id}/unreblog"): deletes,
        }
        self._apps = Bucket(limits.APPS * share, half_an_hour)

    def check(self, request: web.Request) -> None:
        """Count a request to the client API, or for a token. Raises TooMany.

        Programs get as many tokens for themselves as they ask for, and those count as none; a person's count for the person as well.
        """
        if not request.path.startswith(_COUNTED):
            return
        now = time.time()
        person_id = auth.person_id(request)
        key: int | str = person_id or request.app[keys.LIMITS].client(request)
        if person_id:
            state, all_of_them = self._tokens.count(auth.token_id(request), now), self._people.count(person_id, now)
            state = all_of_them if all_of_them.left < state.left else state
        else:
            state = self._addresses.count(key, now)
        if request.method != "GET":
            state = self._stricter_of(request, key, now, state)
        request[_STATE] = state
        if state.left < 0:
            raise TooMany(_MESSAGE, max(1, int(state.resets_s - now)))

    def _stricter_of(self, request: web.Request, key: int | str, now: float, state: State) -> State:
        """The state that is nearest to its end, of all that count this request. Source: AUT-31."""
        resource = request.match_info.route.resource
        place = (request.method, resource.canonical.rstrip("/") if resource is not None else "")
        bucket = self._stricter.get(place)
        if bucket is None and place == ("POST", "/api/v1/apps"):
            bucket, key = self._apps, request.app[keys.LIMITS].client(request)
        return min(state, bucket.count(key, now), key=lambda one: one.left) if bucket is not None else state


THROTTLE = web.AppKey[Throttle]("throttle")


def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Say what is left, in an answer of the client API."""
    state = request.get(_STATE) if len(request) else None
    if state is not None:
        response.headers["X-RateLimit-Limit"] = str(state.limit)
        response.headers["X-RateLimit-Remaining"] = str(max(0, state.left))
        response.headers["X-RateLimit-Reset"] = _moment(state.resets_s)


@lru_cache(maxsize=64)
def _moment(at_s: int) -> str:
    return clock.rfc3339(at_s * clock.SECOND)
