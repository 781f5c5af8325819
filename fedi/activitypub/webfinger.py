"""Handles, and what servers say of them: WebFinger, host-meta, links in pages. Pure reading; fetching is remote.py's.

Source: RFC 7033; RFC 6415; FEDERATION.md, Discovery.
"""

import re
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin

import orjson

from fedi import uris
from fedi.activitypub import vocab
from fedi.errors import Malformed

JRD_TYPES = frozenset({"application/jrd+json", "application/json", "application/activity+json"})
XRD_TYPES = frozenset({"application/xrd+xml", "application/xml", "text/xml"})
_SELF_TYPES = frozenset({vocab.ACTIVITY_JSON, vocab.LD_JSON})
_HANDLE = re.compile(r"[@!]?(?:acct:)?([\w.-]{1,64})@([^\s@/?#\\]{1,253})", re.IGNORECASE)
_LOCAL = re.compile(r"@(\w{1,64})", re.ASCII)
_LINK_TAG = re.compile(rb"<Link\s[^<>]{0,2000}>", re.IGNORECASE)
_LINK_HEADER = re.compile(r"<([^<>\s]{1,2048})>([^<]{0,512})")


class Subject(NamedTuple):
    """Whom a server says a handle means."""

    username: str
    host: str
    actor_uri: str


def handle(text: str) -> tuple[str, str] | None:
    """(username, host) of `@alice@example.org` and its spellings, host '' for `@alice`; None for anything else. `!` names a group."""
    if match := _HANDLE.fullmatch(text):
        try:
            return match[1], uris.normal_host(match[2])
        except Malformed:
            return None
    if match := _LOCAL.fullmatch(text):
        return match[1], ""
    return None


def read(body: bytes) -> Subject:
    """The subject of a JRD and the actor it points to. Raises Malformed."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("The answer to WebFinger is not JSON.") from None
    links = document.get("links") if isinstance(document, dict) else None
    subject = handle(str(document.get("subject", ""))) if isinstance(document, dict) else None
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "self" and str(link.get("type", "")).replace('";', '"') in _SELF_TYPES:
            href = link.get("href")
            if isinstance(href, str) and subject is not None:
                uris.origin(href)
                return Subject(*subject, href)
    raise Malformed("The answer to WebFinger names no actor.")


def lrdd_template(body: bytes) -> str:
    """Where host-meta says that WebFinger is. The XML is not parsed as XML: no entities, no DTD. Raises Malformed."""
    for tag in _LINK_TAG.findall(body):
        text = tag.decode("utf-8", "replace")
        rel = re.search(r"""\srel=["']lrdd["']""", text)
        template = re.search(r"""\stemplate=["']([^"'<>\s]{1,2000})["']""", text)
        if rel and template and "{uri}" in template[1]:
            uris.origin(template[1].replace("{uri}", "x"))
            return template[1].replace("&amp;", "&")
    raise Malformed("host-meta names no place for WebFinger.")


def alternate(link_header: str, page: bytes, base: str) -> str | None:
    """The ActivityPub form of a page: by its Link header, else by `<link rel=alternate>` in its head. Source: FEDERATION.md, Discovery."""
    for match in _LINK_HEADER.finditer(link_header[:8192]):
        if "alternate" in match[2] and ("activity+json" in match[2] or vocab.AS2_PROFILE in match[2]):
            return str(urljoin(base, match[1]))
    reader = _Head()
    reader.feed(page[: 256 * 1024].decode("utf-8", "replace"))
    return str(urljoin(base, reader.found)) if reader.found else None


class _Head(HTMLParser):
    """Looks for the first fitting `<link>` before the body begins."""

    def __init__(self) -> None:
        super().__init__()
        self.found: str = ""
        self._over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._over = True
        if tag != "link" or self._over or self.found:
            return
        values = {name: value or "" for name, value in attrs}
        if "alternate" in values.get("rel", "").split() and values.get("type", "").replace("; profile", ";profile").split(";")[0] in (
            vocab.ACTIVITY_JSON,
            "application/ld+json",
        ):
            self.found = values.get("href", "")
