"""What a page of the web says of itself: OpenGraph, Twitter cards, JSON-LD, and the plain head of HTML. Read as data, never as HTML.

The reader takes any bytes in linear time: no part of it looks at a character more than a few times. Source: XSS-06, DOS.
"""

import codecs
import html
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin

import orjson

from fedi import clock, limits, plaintext, uris
from fedi.errors import Malformed


class Picture(NamedTuple):
    """Where a picture lies, '' for none, and what it shows."""

    url: str = ""
    alt: str = ""


class Webpage(NamedTuple):
    """A page in its own words, as plain text; addresses are absolute or ''. `claimed` is the handle it names as its author's."""

    url: str
    title: str = ""
    description: str = ""
    kind: str = "link"  # or photo, video
    language: str = ""
    provider_name: str = ""
    provider_url: str = ""
    author_name: str = ""
    author_url: str = ""
    claimed: str = ""
    picture: Picture = Picture()
    published_at: int | None = None
    oembed_url: str = ""


# -- bytes to text --

# The encodings of the web. Others that Python knows are no encodings of pages (`unicode_escape`, `punycode`), and some are slow.
_ENCODINGS: Final = frozenset(
    "utf-8 utf-16-le utf-16-be iso8859-1 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10"
    " iso8859-13 iso8859-14 iso8859-15 iso8859-16 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp866 cp874 koi8-r koi8-u"
    " mac-roman shift_jis cp932 euc_jp iso2022_jp euc_kr cp949 gb2312 gbk gb18030 big5 tis-620 ascii".split()
)
_SAYS_CHARSET: Final = re.compile(rb"""charset\s{0,9}=\s{0,9}["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_HEAD_BYTES: Final = 4096


def decoded(body: bytes, charset: str) -> str:
    """The text of a page, whose server says that it is in `charset`. Raises nothing: what is no text comes out as marks."""
    if body.startswith(codecs.BOM_UTF8):
        return body[3:].decode("utf-8", "replace")
    said = _SAYS_CHARSET.search(body, 0, _HEAD_BYTES)
    name = _encoding(charset) or _encoding(said[1].decode("ascii") if said else "")
    if name:
        return body.decode("cp1252" if name in ("ascii", "iso8859-1") else name, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:  # only its end is cut: a character may be
        return body.decode("utf-8" if error.start >= len(body) - 4 else "cp1252", "replace")


def _encoding(name: str) -> str:
    try:
        found = codecs.lookup(name.strip().lower()).name if 0 < len(name) <= 40 and name.isascii() and "\0" not in name else ""
    except LookupError:
        return ""
    return found if found in _ENCODINGS else ""


# -- text to tags --

# Every alternative that has begun also ends, at the end of the text if need be: so the whole is read once.
_INSIDE = r"""(?:[^>=]++|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?+)*+"""
_TAG: Final = re.compile(
    rf"""<!--.*?(?:-->|\Z)
    |<(?P<raw>script|style|noscript|template|title|textarea|svg|iframe)(?=[\s/>])(?P<given>{_INSIDE})(?:>|\Z)(?P<text>.*?)(?:</(?P=raw)\b|\Z)
    |<(?P<name>html|meta|link)(?=[\s/>])(?P<said>{_INSIDE})(?:>|\Z)""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(r"""([^\s"'<>/=]{1,100}+)(?:\s*+=\s*+(?:"([^"]*+)"?|'([^']*+)'?|([^\s"'>]++)))?+""")
_TAGS: Final = 2_000
_VALUE_CHARS: Final = 4_096
_SCRIPTS: Final = 8
_SCRIPT_CHARS: Final = 128 * 1024


class _Said:
    """The tags of one page: the first of each name counts."""

    def __init__(self) -> None:
        self.meta: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.title = ""
        self.language = ""
        self.scripts: list[str] = []

    def of(self, *names: str) -> str:
        """The first of these metas that says something."""
        return next((self.meta[name] for name in names if self.meta.get(name)), "")


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, match in enumerate(_ATTRIBUTE.finditer(text[: 4 * _VALUE_CHARS])):
        if number == 20:
            break
        value = match[2] or match[3] or match[4] or ""
        found.setdefault(match[1].lower(), html.unescape(value[:_VALUE_CHARS]))
    return found


def _scan(text: str) -> _Said:
    said = _Said()
    for number, tag in enumerate(_TAG.finditer(text)):
        if number == _TAGS:
            break
        name = (tag["raw"] or tag["name"] or "").lower()
        if name == "meta":
            _read_meta(said, _attributes(tag["said"]))
        elif name == "link":
            _read_link(said, _attributes(tag["said"]))
        elif name == "html":
            said.language = said.language or _attributes(tag["said"]).get("lang", "")
        elif name == "title":
            said.title = said.title or html.unescape(tag["text"][:_VALUE_CHARS])
        elif name == "script" and len(said.scripts) < _SCRIPTS and len(tag["text"]) <= _SCRIPT_CHARS:
            if _attributes(tag["given"]).get("type", "").strip().lower() == "application/ld+json":
                said.scripts.append(tag["text"])
    return said


def _read_meta(said: _Said, given: dict[str, str]) -> None:
    for key in ("property", "name", "itemprop"):
        if name := given.get(key, "").strip().lower()[:100]:
            said.meta.setdefault(name, given.get("content", ""))
    if given.get("http-equiv", "").strip().lower() == "content-language":
        said.meta.setdefault("content-language", given.get("content", ""))


def _read_link(said: _Said, given: dict[str, str]) -> None:
    rels = given.get("rel", "").lower().split()
    if "canonical" in rels:
        said.links.setdefault("canonical", given.get("href", ""))
    if "alternate" in rels and given.get("type", "").strip().lower() == "application/json+oembed":
        said.links.setdefault("oembed", given.get("href", ""))


# -- JSON-LD --

_ARTICLES: Final = frozenset(
    "Article NewsArticle ReportageNewsArticle AnalysisNewsArticle OpinionNewsArticle BlogPosting LiveBlogPosting SocialMediaPosting"
    " ScholarlyArticle TechArticle Report Review WebPage VideoObject Recipe Event Product Book PodcastEpisode".split()
)
_NODES: Final = 50


def _nodes(scripts: list[str]) -> Iterator[dict[str, Any]]:
    """The things that a page describes, the first ones first."""
    count = 0
    for text in scripts:
        try:
            document = orjson.loads(text.strip().removeprefix("<![CDATA[").removesuffix("]]>"))
        except orjson.JSONDecodeError:
            continue
        found = document if isinstance(document, list) else [document]
        for one in found[:_NODES]:
            inner = one.get("@graph") if isinstance(one, dict) else None
            for node in [one, *(inner[:_NODES] if isinstance(inner, list) else [])]:
                count += 1
                if count > _NODES:
                    return
                if isinstance(node, dict):
                    yield node


def _article(scripts: list[str]) -> dict[str, Any]:
    for node in _nodes(scripts):
        kinds = node.get("@type")
        named = kinds if isinstance(kinds, list) else [kinds]
        if any(isinstance(kind, str) and kind in _ARTICLES for kind in named[:10]):
            return node
    return {}


def _word(value: Any, key: str = "name") -> str:
    """A text, or the name (or another `key`) of a thing, or that of the first of several."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get(key)
    return html.unescape(value[:_VALUE_CHARS]) if isinstance(value, str) else ""


# -- all of it --


def read(body: bytes, charset: str, url: str) -> Webpage:
    """A page that was fetched from `url`. May cost some 20 ms of CPU."""
    said = _scan(decoded(body[: limits.WEBPAGE_BYTES], charset))
    article = _article(said.scripts)
    author = article.get("author")
    author_url = _word(author, "url") if isinstance(author, dict | list) else ""
    return Webpage(
        url=_own(url, said.links.get("canonical", "")) or _own(url, said.of("og:url")) or url,
        title=_line(said.of("og:title", "twitter:title") or _word(article.get("headline")) or said.title, limits.NAME_CHARS),
        description=_line(
            said.of("og:description", "twitter:description") or _word(article.get("description")) or said.of("description"),
            limits.SUMMARY_CHARS,
        ),
        kind="video" if said.of("og:type").lower().startswith("video") else "link",
        language=_language(_word(article.get("inLanguage")), said.of("og:locale"), said.language, said.of("content-language")),
        provider_name=_line(said.of("og:site_name") or _word(article.get("publisher")) or said.of("application-name"), 200),
        author_name=_line(_word(author) or said.of("author", "article:author:name", "og:author", "og:author:username"), 200),
        author_url=_absolute(url, author_url) or _absolute(url, said.of("article:author")),
        claimed=_line(said.of("fediverse:creator"), 500),
        picture=_picture(url, said, article),
        published_at=_time(_word(article.get("datePublished")) or said.of("article:published_time", "datepublished", "date")),
        oembed_url=_absolute(url, said.links.get("oembed", "")),
    )


def _picture(url: str, said: _Said, article: dict[str, Any]) -> Picture:
    written = said.of("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
    place = _absolute(url, written or _word(article.get("image"), "url") or _word(article.get("thumbnailUrl")))
    return Picture(place, _line(said.of("og:image:alt", "twitter:image:alt"), limits.ALT_CHARS_LOCAL)) if place else Picture()


def with_oembed(page: Webpage, body: bytes) -> Webpage:
    """The same with what its oEmbed document says besides. Its `html` is never looked at. Source: oEmbed; XSS-06."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return page
    if not isinstance(said, dict):
        return page
    kind = said.get("type")
    picture = _absolute(page.url, _word(said.get("url") if kind == "photo" else said.get("thumbnail_url")))
    return page._replace(
        kind=kind if kind in ("photo", "video") else page.kind,
        title=page.title or _line(_word(said.get("title")), limits.NAME_CHARS),
        author_name=page.author_name or _line(_word(said.get("author_name")), 200),
        author_url=page.author_url or _absolute(page.url, _word(said.get("author_url"))),
        provider_name=page.provider_name or _line(_word(said.get("provider_name")), 200),
        provider_url=page.provider_url or _absolute(page.url, _word(said.get("provider_url"))),
        picture=page.picture if page.picture.url or not picture else Picture(picture),
    )


def _line(text: str, most: int) -> str:
    """Plain text on one line: what looks like markup in it is markup that was meant to be shown, or a trick."""
    return plaintext.line(text, most)


def _absolute(url: str, place: str) -> str:
    """A web address as it is meant on the page of `url`; '' for what is none."""
    place = place.strip()
    if not place or len(place) > limits.URI_CHARS:
        return ""
    try:
        found = urljoin(url, place)
        uris.origin(found)
    except (ValueError, Malformed):
        return ""
    return found if len(found) <= limits.URI_CHARS else ""


def _own(url: str, place: str) -> str:
    """The address that a page gives as its own, if it is of the same host: none may speak for another. Source: ORG-03."""
    found = _absolute(url, place)
    return found if found and uris.host(found) == uris.host(url) and found.startswith("https://") else ""


_LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}|[A-Z][a-z]{3}))?(?:[-_.].{0,40})?", re.ASCII)


def _language(*said: str) -> str:
    """The first of these that is a language, as a code like `en`."""
    for text in said:
        if found := _LANGUAGE.fullmatch(text.strip()[:60]):
            return found[1].lower()
    return ""


def _time(text: str) -> int | None:
    text = text.strip()[:60]
    if len(text) == 10:
        text = f"{text}T00:00:00Z"
    found = clock.parse_rfc3339(text)
    return found if found is not None and found > 0 else None
