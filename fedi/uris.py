"""Every URL we mint or recognise as ours, and the comparison of origins. Never compares prefixes.

An authority ("host" everywhere in this house) is lower-case IDNA with its port when that is not the scheme's default.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, urlsplit

import idna

from fedi import limits
from fedi.errors import Malformed

_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")  # half a surrogate pair cannot be stored
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\Z")
_BRACKETED = re.compile(r"\[[^\[\]]*\](:[0-9]*)?\Z")
_NUMBER = re.compile(r"(\d+|0x[0-9a-f]*)\Z")


@dataclass(frozen=True, slots=True)
class Origin:
    """(scheme, host, port). Source: RFC 6454 4; FEP-fe34."""

    scheme: str
    host: str
    port: int
    authority: str = field(init=False, compare=False)  # `example.org`, `example.org:8443`, `[::1]:8080`

    def __post_init__(self) -> None:
        host = f"[{self.host}]" if ":" in self.host else self.host
        object.__setattr__(self, "authority", host if _DEFAULT_PORTS[self.scheme] == self.port else f"{host}:{self.port}")


def _ascii_host(host: str, bracketed: bool) -> str:
    """The one spelling of a host. What ends in a number is an IPv4 address or nothing: `127.1` is no name. Source: WHATWG URL 3.5."""
    try:
        if bracketed:
            address = ipaddress.IPv6Address(host)
            if address.scope_id is not None:
                raise ValueError
            return address.compressed
        host = host.lower()
        if not host.isascii():
            host = idna.encode(host, uts46=True).decode("ascii")
        if not _HOST.match(host):
            raise ValueError
        return str(ipaddress.IPv4Address(host)) if _NUMBER.match(host.rpartition(".")[2]) else host
    except ValueError:  # what idna and ipaddress raise is one too
        raise Malformed("That address has no valid host name.") from None


@lru_cache(maxsize=512)  # one activity names the same few many times
def origin(url: str) -> Origin:
    """The origin of an http(s) URL; raises Malformed for everything else that is not safe to compare or fetch.

    Refused: other schemes, user info, spaces, control characters and lone surrogates, empty labels (`example.org.`), what no
    host name may contain, over 2,048 characters.
    """
    # What follows the authority of an address without odd characters cannot change whose it is, and the few authorities are remembered.
    if len(url) <= limits.URI_CHARS and url.isascii() and url.isprintable() and " " not in url and "\\" not in url:
        end = url.find("/", 8)
        return _origin(url[:end] if end > 0 else url)
    return _origin(url)


@lru_cache(maxsize=8192)
def _origin(url: str) -> Origin:
    if not url or len(url) > limits.URI_CHARS or _UNSAFE.search(url):
        raise Malformed("That is not a web address.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Malformed("That is not a web address.") from None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc or port == 0:
        raise Malformed("That is not a web address.")
    bracketed = "[" in parts.netloc
    if bracketed and not _BRACKETED.match(parts.netloc):
        raise Malformed("That address has no valid host name.")
    host = _ascii_host(parts.hostname, bracketed)
    return Origin(scheme, host, port or _DEFAULT_PORTS[scheme])


def host(url: str) -> str:
    """The authority of a URL; raises Malformed."""
    return origin(url).authority


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs have one origin; False when either is not a URL."""
    try:
        first, second = origin(one), origin(other)
    except Malformed:
        return False
    return first is second or first == second


def normal_host(text: str) -> str:
    """A host as a person or a WebFinger handle writes it (`Example.ORG`, `example.org:443`), in our form; raises Malformed.

    Only a host: `example.org/path` and `https://example.org` are refused.
    """
    if any(c in "/?#" for c in text):
        raise Malformed("That is not a host name.")
    return origin(f"https://{text.strip()}").authority


def parents(authority: str) -> list[str]:
    """The host and every domain above it, with and without its port: what a block of a domain is looked up with."""
    if authority.startswith("["):
        return list(dict.fromkeys([authority, authority.partition("]")[0] + "]"]))
    labels = authority.partition(":")[0].split(".")
    names = [".".join(labels[i:]) for i in range(len(labels))]
    return list(dict.fromkeys([authority, *names]))


@dataclass(frozen=True, slots=True)
class Uris:
    """The URLs of one instance. `domain` is what handles end in, `base_url` where ids live (they differ on a split domain)."""

    base_url: str
    domain: str

    @property
    def host(self) -> str:
        return host(self.base_url)

    def is_ours(self, url: str) -> bool:
        """Whether a URL is of our origin. Compares parsed origins: `https://us.example.evil.test` is not ours."""
        try:
            found, ours = origin(url), _origin(self.base_url)
            return found is ours or found == ours
        except Malformed:
            return False

    def is_our_host(self, authority: str) -> bool:
        return authority in (self.domain, self.host)

    def path(self, url: str) -> str | None:
        """The path of a URL of ours without query and fragment, or None when it is somebody else's."""
        return urlsplit(url).path if self.is_ours(url) else None

    # -- actors --
    def instance_actor(self) -> str:
        return f"{self.base_url}/actor"

    def actor(self, username: str) -> str:
        """The id of a local person."""
        return f"{self.base_url}/users/{username}"

    def inbox(self, actor_uri: str) -> str:
        return f"{actor_uri}/inbox"

    def outbox(self, actor_uri: str) -> str:
        return f"{actor_uri}/outbox"

    def followers(self, actor_uri: str) -> str:
        return f"{actor_uri}/followers"

    def following(self, actor_uri: str) -> str:
        return f"{actor_uri}/following"

    def featured(self, actor_uri: str) -> str:
        return f"{actor_uri}/collections/featured"

    def featured_tags(self, actor_uri: str) -> str:
        return f"{actor_uri}/collections/tags"

    def moderators(self, actor_uri: str) -> str:
        """Of a group."""
        return f"{actor_uri}/collections/moderators"

    def collection(self, username: str, collection_id: int) -> str:
        """People whom somebody here recommends."""
        return f"{self.base_url}/users/{username}/collections/{collection_id}"

    def rsa_key(self, actor_uri: str) -> str:
        return f"{actor_uri}#main-key"

    def ed25519_key(self, actor_uri: str) -> str:
        return f"{actor_uri}#ed25519-key"

    def shared_inbox(self) -> str:
        return f"{self.base_url}/inbox"

    # -- things --
    def post(self, username: str, post_id: int) -> str:
        return f"{self.base_url}/users/{username}/posts/{post_id}"

    def authorization(self, username: str, request_id: int) -> str:
        """A stamp: the word of somebody here that another may quote, answer, like or boost a post of theirs."""
        return f"{self.base_url}/users/{username}/authorizations/{request_id}"

    def context(self, post_id: int) -> str:
        """The thread that a local post began."""
        return f"{self.base_url}/contexts/{post_id}"

    def activity(self, activity_id: int) -> str:
        return f"{self.base_url}/activities/{activity_id}"

    def tag(self, name: str) -> str:
        return f"{self.base_url}/tags/{quote(name, safe='')}"

    def media(self, key: str) -> str:
        return f"{self.base_url}/media/{key}"

    def preview(self, key: str) -> str:
        """A small still picture of a file."""
        return f"{self.base_url}/media/{key}/preview"

    def emoji(self, emoji_id: int) -> str:
        return f"{self.base_url}/emojis/{emoji_id}"

    # -- pages --
    def profile_page(self, username: str) -> str:
        return f"{self.base_url}/@{username}"

    def tagged_page(self, handle: str, tag: str) -> str:
        """What somebody, here or elsewhere, has written with a hashtag."""
        return f"{self.base_url}/@{handle}/tagged/{quote(tag, safe='')}"

    def collection_page(self, username: str, collection_id: int) -> str:
        return f"{self.base_url}/@{username}/collections/{collection_id}"

    def report_page(self, username: str, year: int, key: str) -> str:
        """Somebody's year as they show it to others."""
        return f"{self.base_url}/@{username}/year/{year}/{key}"

    def post_page(self, username: str, post_id: int) -> str:
        return f"{self.base_url}/@{username}/{post_id}"
