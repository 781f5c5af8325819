"""The names this server answers to, so that no link, cookie or signature is ever made for another. Source: AUT-24."""

from functools import lru_cache

from aiohttp import web

from fedi import uris
from fedi.config import Config, is_loopback
from fedi.errors import Malformed


class Names:
    """Our authorities: where we are served, what our handles end in, and on a loopback address all of its names."""

    def __init__(self, config: Config) -> None:
        self.base_url = config.instance.base_url
        origin = uris.origin(self.base_url)
        self._ours = frozenset({origin.authority, config.instance.domain})
        self._authority = origin.authority
        self._domain = config.instance.domain
        self._scheme = origin.scheme
        self.is_loopback = is_loopback(origin.host)
        self.is_split = config.instance.domain != origin.authority
        self.secure = origin.scheme == "https"
        self.port = origin.port
        self.answers_to = lru_cache(maxsize=256)(self._answers_to)

    def _answers_to(self, host: str) -> bool:
        """Whether a `Host` (or the authority of a request target) names us."""
        if host in self._ours:
            return True
        try:
            origin = uris.origin(f"{self._scheme}://{host}")
        except Malformed:
            return False
        return origin.authority in self._ours or (self.is_loopback and is_loopback(origin.host))

    def is_handle_domain(self, host: str) -> bool:
        """Whether a request came to the handles' domain, where on a split domain nothing but discovery is."""
        return host != self._authority and host.removesuffix(":443") == self._domain

    def is_same_origin(self, origin: str) -> bool:
        """Whether an `Origin` header is a page of ours."""
        try:
            parsed = uris.origin(origin)
        except Malformed:
            return False
        if parsed == uris.origin(self.base_url):
            return True
        return self.is_loopback and parsed.scheme == self._scheme and is_loopback(parsed.host)

    def asked(self, request: web.Request) -> str | None:
        """The authority a request is for, None when it names none or two that differ. That of an absolute target counts as well."""
        hosts = request.headers.getall("Host", ())
        target = request.raw_path
        if len(hosts) != 1:
            return None
        host = hosts[0].lower()
        if target.startswith("/"):
            return host
        authority = target.partition("://")[2].partition("/")[0].partition("?")[0].lower()
        return host if authority == host else None
