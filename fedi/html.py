"""What HTML of ours may hold: the type that templates trust, escaping, and the allow-list with its rules for every attribute.

`Html` is made by `sanitize` and `markup` only (and by `paragraphs`, for plain text). Source: FEDERATION.md, Objects; XSS-03 to 05.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from fedi import limits, uris
from fedi.errors import Malformed
from fedi.plaintext import line, tidy

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


class Html(str):
    """HTML that is safe to show as it is. Adding anything to it gives a plain `str` again, which templates escape."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def escape(text: str) -> str:
    """`text` for an attribute in double quotes."""
    return text.translate(_ESCAPES)


def escape_text(text: str) -> str:
    """`text` for between tags: quotes stay as they are, as every serialiser of HTML leaves them."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def paragraphs(text: str) -> Html:
    """Plain text as `<p>` and `<br>`; a blank line parts paragraphs."""
    parts = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", tidy(text))]
    return Html("".join(f"<p>{escape_text(part).replace(chr(10), '<br>')}</p>" for part in parts if part.strip()))


INLINE = frozenset("span a abbr del s code b strong u sub sup i em ruby rt rp".split())
BLOCK = frozenset("p pre blockquote h1 h2 h3 h4 h5 ul ol li".split())
ALLOWED = INLINE | BLOCK | {"br"}
DROPPED = frozenset("script style iframe noscript noembed noframes svg math".split())  # with everything inside
SCHEMES = ("http", "https", "dat", "dweb", "ipfs", "ipns", "ssb", "gopher", "xmpp", "magnet", "gemini")
_CLASSES = frozenset(["h-card", "u-url", "mention", "hashtag", "invisible", "ellipsis", "quote-inline"])
REL = "nofollow noopener noreferrer"

_WEB = re.compile(
    r"""(?i:https?)://(?P<authority>(?:\[[0-9a-fA-F:.]+\]|[^\x00-\x20\x7f-\xa0/?#@\\"<>^`{|}:\[\]%]{1,255})(?::\d{1,5})?)"""
    r"""(?:[/?#][^\x00-\x20\x7f-\xa0\\"<>^`]*)?"""
)
_OTHER = re.compile(rf"""(?:{"|".join(SCHEMES[2:])}):[^\x00-\x20\x7f-\xa0\\"<>^`]+""")


def _href(value: str) -> str:
    """An address that a reader may follow, or '': absolute, of a listed scheme, without user info, with nothing to split or hide in."""
    value = value.strip(" \t\n\r\f")
    if len(value) > limits.URI_CHARS:
        return ""
    if " " in value:
        value = value.replace(" ", "%20")
    return value if _WEB.fullmatch(value) or _OTHER.fullmatch(value) else ""


def _cite(value: str) -> str:
    return value if len(value) <= limits.URI_CHARS and _WEB.fullmatch(value) else ""


def _class(value: str) -> str:
    return " ".join(dict.fromkeys(name for name in value.split() if name in _CLASSES))


def _matching(pattern: str) -> Callable[[str], str]:
    fits = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: value if fits(value) else ""


def _title(value: str) -> str:
    return line(value, limits.NAME_CHARS)


_lang = _matching(r"[A-Za-z0-9-]{1,35}")
_translate = _matching(r"no|yes")
_number = _matching(r"-?\d{1,9}")
RULES: dict[str, dict[str, Callable[[str], str]]] = {
    "a": {"href": _href, "class": _class, "title": _title, "translate": _translate, "lang": _lang},
    "span": {"class": _class, "translate": _translate, "lang": _lang},
    "p": {"class": _class, "lang": _lang},
    "abbr": {"title": _title, "lang": _lang},
    "blockquote": {"cite": _cite, "lang": _lang},
    "ol": {"start": _number, "lang": _lang},
    "li": {"value": _number, "lang": _lang},
}
COMMON = {"lang": _lang}


def kept_attributes(name: str, given: dict[str, str]) -> dict[str, str] | None:
    """What stays of a tag's (decoded) attributes, in canonical order; None for a link that leads nowhere safe."""
    kept = {}
    for key, rule in RULES.get(name, COMMON).items():
        if key in given and (value := rule(given[key])):
            kept[key] = value
    if name == "a":
        if "href" not in kept:
            return None
        kept["rel"] = f"{REL} tag" if "tag" in given.get("rel", "").split() else REL
        kept["target"] = "_blank"
    elif name == "ol" and "reversed" in given:
        kept["reversed"] = "reversed"
    return kept


# -- tags as the recogniser of `sanitize` reads them --

_NAMES = "p|br|a|span|strong|b|em|i|u|s|del|code|sub|sup|pre|blockquote|ul|ol|li|h[1-5]"
_TAG = re.compile(rf"(/?)({_NAMES})((?: [a-z][a-z-]*=\"(?:[^&\"]++|&amp;)*+\")*)( ?/?)")
_ATTR = re.compile(r' ([a-z-]+)="([^"]*)"')
# A link as nearly all are written, its address one that `fedi.html` keeps as it is: (address, other attributes)
_LINK = re.compile(
    r"""a href="(https?://[A-Za-z0-9._-]{1,255}(?::[0-9]{1,5})?(?:[/?#][!#-%'-;=?-\[\]_a-z{|}~]*+)?)\""""
    r"""((?: [a-z][a-z-]*="[^&"]*+")*)"""
)
REMEMBERED = 256  # characters: most tags come again and again, links but for where they lead


class Tag(NamedTuple):
    """A tag in canonical form ('' for one that has to go), what a link leads to, and whether it hides what it holds."""

    name: str
    written: str
    is_end: bool = False
    href: str = ""
    invisible: bool = False


_GONE = Tag("", "")


def read_tag(inside: str) -> Tag:
    """What stands between `<` and `>`, if it is a tag of the recogniser's. The caller has refused unsafe characters, `<` and `>` before."""
    found = _TAG.fullmatch(inside)
    if not found:
        return _GONE
    close, name, raw, slash = found.groups()
    if name == "br":
        return _GONE if close or raw else Tag(name, "<br>")
    if slash or (close and raw):
        return _GONE
    if close or not raw:
        return _GONE if inside == "a" else Tag(name, f"<{inside}>", bool(close))
    pairs = _ATTR.findall(raw)
    given = {key: value.replace("&amp;", "&") for key, value in pairs}
    kept = kept_attributes(name, given)
    if kept is None or len(given) != len(pairs):
        return _GONE
    written = "".join([f' {key}="{escape(value)}"' for key, value in kept.items()])
    return Tag(name, f"<{name}{written}>", False, kept["href"] if name == "a" else "", "invisible" in kept.get("class", ""))


known_tag = lru_cache(maxsize=2048)(read_tag)


@lru_cache(maxsize=512)
def _after_href(raw: str) -> str:
    """The canonical form of what follows the address in the start tag of a link; '' if the tag has to go."""
    start = 'a href="https://a.example"'
    return read_tag(start + raw).written.removeprefix(f"<{start}")


def link_tag(inside: str) -> Tag:
    """`read_tag` for what begins with `a `, which is seldom seen twice."""
    found = _LINK.fullmatch(inside)
    if found:
        href, raw = found.groups()
        if len(href) <= limits.URI_CHARS and len(raw) <= REMEMBERED:
            rest = _after_href(raw)
            return Tag("a", f'<a href="{href}"{rest}', False, href) if rest else _GONE
    return read_tag(inside)


# -- what links say --

_CLAIM = re.compile(r"\s*(?:https?://(?:www\.)?|www\.)([^\s/?#]+)", re.IGNORECASE)
_SHOWN_CLAIM = re.compile(
    r"(?:https?://)?(?:www\.)?([^\s/?#]+\.[^\s/?#]*)", re.IGNORECASE
)  # where `https://` is hidden, a bare host claims
_CLAIM_CHARS = 500


class LinkText:
    """The text of one link while it is read, to see whether it names another host than the one it leads to. Source: XSS-05."""

    __slots__ = ("_displayed", "_href", "_whole")

    def __init__(self, href: str) -> None:
        self._href = href
        self._whole: list[str] = []
        self._displayed: list[str] = []

    def add(self, text: str, *, displayed: bool) -> None:
        self._whole.append(text)
        if displayed:
            self._displayed.append(text)

    def warning(self) -> str:
        """` [real.host]` when the text claims to be of another host, else ''."""
        whole = "".join(self._whole)
        if whole[:1] in "@#" and len(self._displayed) == len(self._whole):
            return ""
        if not whole.isascii():
            whole = line(whole, _CLAIM_CHARS)
        web = _WEB.match(self._href)
        real = (web["authority"] if web else self._href.partition(":")[0]).lower()
        claim, bare = _CLAIM.match(whole), real.removeprefix("www.")
        honest = claim is None or _same_host(claim[1].lower(), bare)
        if honest and len(self._displayed) != len(self._whole):
            claim = _SHOWN_CLAIM.match(line("".join(self._displayed), _CLAIM_CHARS))
            honest = claim is None or _same_host(claim[1].lower(), bare)
        if honest:
            return ""
        return "" if whole.endswith(f"[{real}]") else f" [{real}]"


def _same_host(claimed: str, real: str) -> bool:
    cut = claimed.rstrip("…")  # servers shorten addresses to 30 characters, some of which a long host fills alone
    if claimed == real or (len(cut) >= 26 and real.startswith(cut)):
        return True
    try:
        return uris.host(f"https://{claimed.rstrip('.,;:!')}") == uris.host(f"https://{real}")
    except Malformed:
        return False
