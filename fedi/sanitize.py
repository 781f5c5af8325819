"""Strangers' HTML -> HTML of ours: the only way in for it, and the only caller of bleach.

`clean` has three stations: caps, a strict recogniser for markup that is clean already, and bleach inside bounds with our gate behind it.
Recogniser and gate share the rules of `fedi.html`, so that both give the same output.
Source: FEDERATION.md, Objects; XSS-01, XSS-03, XSS-04, XSS-05, XSS-12, DOS-05.
"""

import html as entities
import logging
import re
import threading
from collections.abc import Iterable, Iterator
from html.entities import html5
from typing import Any

from bleach import html5lib_shim as shim
from bleach.sanitizer import Cleaner

from fedi import limits
from fedi.html import (
    ALLOWED,
    BLOCK,
    COMMON,
    DROPPED,
    REMEMBERED,
    RULES,
    SCHEMES,
    Html,
    LinkText,
    Tag,
    escape,
    kept_attributes,
    known_tag,
    link_tag,
    paragraphs,
    read_tag,
)
from fedi.plaintext import BREAKING, UNSAFE_CHARACTER, line, plain, terminal, text, tidy

__all__ = ["VERSION", "clean", "is_heavy", "line", "plain", "terminal", "text"]

VERSION = 1  # stored with every cleaned row; raise it when the output for some input changes

_log = logging.getLogger(__name__)

# -- the recogniser: markup that is clean already, as most servers send it --
_TEXT = re.compile("(?:[^&]++|&(?:amp|lt|gt|quot|apos|nbsp|#39);)++")
_DEPTH = limits.HTML_DEPTH // 2
_LISTS = frozenset(["ul", "ol"])
_PARENTS = {name: frozenset(["", "blockquote", "li"]) if name in BLOCK else ALLOWED - _LISTS | {""} for name in ALLOWED} | {"li": _LISTS}
_PICKY = frozenset(["ul", "ol", "pre"])


def _decode(text: str) -> str:
    return text.replace("&quot;", '"').replace("&#39;", "'").replace("&apos;", "'").replace("&nbsp;", "\xa0")


class _Reader:
    """One pass of the recogniser: the open tags, the output, and the text of the link being read."""

    __slots__ = ("link", "out", "stack", "unseen")

    def __init__(self) -> None:
        self.out: list[str] = []
        self.stack: list[str] = [""]
        self.link: LinkText | None = None
        self.unseen = 0  # depth of the stack at the `invisible` span being read

    def text(self, text: str) -> bool:
        top = self.stack[-1]
        if top in _PICKY and (text.strip(" \n\t") if top != "pre" else text[0] == "\n" and self.out[-1].startswith("<pre")):
            return False
        if "&" in text:
            if not _TEXT.fullmatch(text):
                return False
            text = _decode(text)
        self.out.append(text)
        if self.link is not None:
            self.link.add(text, displayed=not self.unseen)
        return True

    def open(self, tag: Tag) -> bool:
        name, written, _, href, invisible = tag
        stack = self.stack
        if name == "br":
            self.out.append(written)
            return stack[-1] not in _LISTS
        if not name or stack[-1] not in _PARENTS[name] or len(stack) > _DEPTH or (href and self.link is not None):
            return False
        stack.append(name)
        if href:
            self.link = LinkText(href)
        elif invisible and not self.unseen:
            self.unseen = len(stack)
        self.out.append(written)
        return True

    def close(self, tag: Tag) -> bool:
        stack, name = self.stack, tag[0]
        if stack[-1] != name:
            return False
        if self.unseen == len(stack):
            self.unseen = 0
        stack.pop()
        self.out.append(tag[1])
        if name == "a" and self.link is not None:
            plain_link, self.link = not self.link.warning(), None
            return plain_link
        return True


def _recognise(html: str) -> Html | None:
    """The canonical form of markup that needs no repair, or None. Accepts nothing that bleach and the policy would give another form."""
    if not html.isprintable() and UNSAFE_CHARACTER.search(html):  # all that is unsafe is unprintable
        return None
    first, *parts = html.split("<")
    if html.count(">") != len(parts):
        return None
    reader = _Reader()
    if first and not reader.text(first):
        return None
    for part in parts:
        inside, end, words = part.partition(">")
        if not end:
            return None
        tag = (link_tag if inside[:2] == "a " else known_tag if len(inside) <= REMEMBERED else read_tag)(inside)
        if not (reader.close(tag) if tag.is_end else reader.open(tag)) or (words and not reader.text(words)):
            return None
    return Html("".join(reader.out)) if len(reader.stack) == 1 else None


# -- bleach, inside bounds --

_WORK = 1200  # elements the parser may make of one text (45 us each, links 80), and tags it may be given
_ATTRIBUTES, _ALL_ATTRIBUTES, _NAME = 32, 4000, 64  # on one tag, on all; characters of a name


class _TooMuch(Exception):
    """The parser was led into too much work."""


class _Tokenizer(shim.BleachHTMLTokenizer):  # type: ignore[misc]
    """Bleach's tokenizer with an end to names, attributes and unquoted values, each of which it reads in quadratic time."""

    attributes = 0

    def tagNameState(self) -> bool:
        if len(self.currentToken["name"]) > _NAME:
            raise _TooMuch
        return bool(super().tagNameState())

    def attributeNameState(self) -> bool:
        found = self.currentToken["data"]
        self.attributes += 1
        if len(found) > _ATTRIBUTES or len(found[-1][0]) > _NAME or self.attributes > _ALL_ATTRIBUTES:
            raise _TooMuch
        return bool(super().attributeNameState())

    def attributeValueUnQuotedState(self) -> bool:
        if len(self.currentToken["data"][-1][1]) > limits.URI_CHARS:
            raise _TooMuch
        return bool(super().attributeValueUnQuotedState())


class _Parser(shim.BleachHTMLParser):  # type: ignore[misc]
    """Bleach's parser with an end to depth and to the number of elements (reopening formatting elements multiplies them)."""

    def __init__(self, tags: frozenset[str]) -> None:
        super().__init__(tags=tags, strip=True, consume_entities=False, namespaceHTMLElements=False)
        make = self.tree.elementClass
        self.made = 0

        def element(name: str, namespace: str | None = None) -> Any:
            self.made += 1
            if self.made > _WORK or len(self.tree.openElements) > limits.HTML_DEPTH:
                raise _TooMuch
            return make(name, namespace)

        self.tree.elementClass = element

    def _parse(self, stream: str, innerHTML: bool = False, container: str = "div", scripting: bool = True, **_: Any) -> None:
        # As in the parent, but with our tokenizer: the parent names its own.
        self.innerHTMLMode, self.container, self.scripting, self.made = innerHTML, container, scripting, 0
        self.tokenizer = _Tokenizer(stream=stream, consume_entities=False, parser=self)
        self.reset()
        self.mainLoop()


_READ = {name: frozenset([*rules, *COMMON]) for name, rules in RULES.items()} | {
    "a": frozenset([*RULES["a"], "rel"]),
    "ol": frozenset(["start", "reversed", "lang"]),
    "img": frozenset(["src", "alt", "class"]),
    "annotation": frozenset(["encoding"]),
}
_TAGS = ALLOWED | DROPPED | BREAKING | {"img", "annotation"}


def _may_read(tag: str, attribute: str, _value: str) -> bool:
    return attribute in _READ.get(tag, COMMON)


class _Gate:
    """The last word on bleach's stream: passes what the policy names, turns some of the rest into text and links, drops what is left."""

    def __init__(self, source: Iterable[dict[str, Any]]) -> None:
        self._source = source
        self._open: list[str] = []  # the end tag to write for each element being read, or ''
        self._dropping = 0
        self._formula: list[str] | None = None
        self._line = False  # something stands on this line already
        self._break = False  # a line break is due before the next thing
        self._link: LinkText | None = None
        self._unseen = 0  # depth at the `invisible` span being read
        self._after_pre = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for token in self._source:
            kind = token["type"]
            if self._dropping:
                yield from self._dropped(kind, token)
            elif kind in ("StartTag", "EmptyTag"):
                given = {key[1]: entities.unescape(value) for key, value in token["data"].items() if key[0] is None}
                foreign = bool(token.get("namespace")) and token["name"] not in ("svg", "math")
                yield from self._start("" if foreign else token["name"], given, kind == "EmptyTag")
            elif kind == "EndTag":
                yield from self._end(token["name"])
            elif kind in ("Characters", "SpaceCharacters"):
                yield from self._text(token["data"])
            elif kind == "Entity":
                yield from self._text(entities.unescape(f"&{token['name']};"))

    def _dropped(self, kind: str, token: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if kind == "StartTag":
            self._dropping += 1
            if token["name"] == "annotation" and self._formula == []:
                encoding = token["data"].get((None, "encoding"), "")
                self._formula = [""] if encoding == "application/x-tex" else []
        elif kind == "EndTag":
            self._dropping -= 1
            if self._dropping == 0:
                yield from self._text("".join(self._formula or []))
                self._formula = None
        elif self._formula and kind in ("Characters", "SpaceCharacters", "Entity"):
            self._formula.append(token.get("data") or entities.unescape(f"&{token['name']};"))

    def _start(self, name: str, given: dict[str, str], empty: bool) -> Iterator[dict[str, Any]]:
        end, self._after_pre = "", False
        if name in DROPPED:
            if not empty:
                self._dropping, self._formula = 1, [] if name == "math" else None
            return
        if name == "img":
            yield from self._image(given)
        elif name in BREAKING:
            self._break = self._break or self._line
        elif name == "br":
            self._line = self._break = False
            yield _start_token("br", {})
        elif name in ALLOWED and not (name == "a" and self._link):
            kept = kept_attributes(name, given)
            if kept is not None:
                end = name
                yield from self._element(name, kept)
        if not empty:
            self._open.append(end)

    def _element(self, name: str, kept: dict[str, str]) -> Iterator[dict[str, Any]]:
        if name in BLOCK:
            self._line = self._break = False
        else:
            yield from self._new_line()
        if name == "a":
            self._link = LinkText(kept["href"])
        elif not self._unseen and "invisible" in kept.get("class", ""):
            self._unseen = len(self._open) + 1
        self._after_pre = name == "pre"
        yield _start_token(name, kept)

    def _end(self, name: str) -> Iterator[dict[str, Any]]:
        self._after_pre = False
        if name in BREAKING:
            self._break = self._break or self._line
        if not self._open:
            return
        if self._unseen == len(self._open):
            self._unseen = 0
        end = self._open.pop()
        if end == "a":
            warning = self._link.warning() if self._link else ""
            self._link = None
            if warning:
                yield {"type": "Characters", "data": warning}
        elif end in BLOCK:
            self._line = self._break = False
        if end:
            yield {"type": "EndTag", "name": end, "namespace": None, "data": {}}

    def _new_line(self) -> Iterator[dict[str, Any]]:
        if self._break:
            self._break = self._line = False
            yield _start_token("br", {})

    def _text(self, text: str) -> Iterator[dict[str, Any]]:
        text = tidy(text)
        if not text:
            return
        if text.strip():
            yield from self._new_line()
            self._line = True
        if self._link is not None:
            self._link.add(text, displayed=not self._unseen)
        if self._after_pre and text[0] == "\n":
            text = f"\n{text}"  # a reader takes the first newline of a <pre> for nothing
        self._after_pre = False
        yield {"type": "Characters", "data": text}

    def _image(self, given: dict[str, str]) -> Iterator[dict[str, Any]]:
        alt = line(given.get("alt", ""), limits.ALT_CHARS)
        kept = kept_attributes("a", {"href": given.get("src", "")})
        if self._link or kept is None or re.search(r"emoji|smil", given.get("class", "")) or re.fullmatch(r":\w+:", alt):
            yield from self._text(alt)
            return
        yield from self._element("a", kept)
        self._open.append("a")
        yield from self._text(alt or kept["href"].partition("?")[0].rpartition("/")[2] or "image")
        yield from self._end("a")


def _start_token(name: str, kept: dict[str, str]) -> dict[str, Any]:
    # The serializer leaves entities in values alone: an escaped value is written exactly as it is.
    kind = "EmptyTag" if name == "br" else "StartTag"
    return {"type": kind, "name": name, "namespace": None, "data": {(None, key): escape(value) for key, value in kept.items()}}


_local = threading.local()  # a Cleaner has state: one per thread
_EDITS = (  # before the parser; they can let nothing through, since what comes of them is still parsed and judged
    (re.compile(r"<!--.*?(?:--!?>|\Z)|<[!?][^>]*+>?", re.DOTALL), ""),
    (re.compile(r"</t[dh]\s*+>", re.IGNORECASE), " "),
    (re.compile(r"</tr\s*+>", re.IGNORECASE), "<br>"),
    (re.compile(r"<(?=[!?])"), "&lt;"),  # what the first left behind: comments are read letter by letter
)
_AMPERSAND = re.compile(r"&(?:#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[a-zA-Z][a-zA-Z0-9]{1,31};)?")


def _plain_entity(found: re.Match[str]) -> str:
    """The character an entity stands for, as it is or as one of `&amp; &lt; &gt; &quot; &#39;`; what is no entity, with its `&` escaped."""
    name = found[0][1:]
    decoded = entities.unescape(found[0]) if name.startswith("#") else html5.get(name, f"&{name}")
    return escape(decoded).replace("'", "&#39;")


def _bleached(html: str) -> Html:
    """What bleach and the gate make of tidied HTML; raises _TooMuch."""
    cleaner = getattr(_local, "cleaner", None)
    if cleaner is None:
        cleaner = Cleaner(tags=_TAGS, attributes=_may_read, protocols=SCHEMES, strip=True, filters=[_Gate])
        cleaner.parser = _Parser(_TAGS)
        _local.cleaner = cleaner
    for pattern, instead in _EDITS:
        html = pattern.sub(instead, html)
    return Html(cleaner.clean(_AMPERSAND.sub(_plain_entity, html)))  # bleach tries entities letter by letter: it gets five of them only


def _is_over(html: str) -> bool:
    """Whether the text is over a cap, whatever it holds."""
    size = len(html) if 4 * len(html) <= limits.HTML_BYTES else len(html.encode(errors="replace"))
    return size > limits.HTML_BYTES or html.count("<") > limits.HTML_MARKUP


def clean(html: str) -> Html:
    """Foreign HTML as HTML of ours: never raises, never takes much over 0.1 s. Over the caps, only the text stays.

    Call it once, when the text comes in, and store the result with VERSION; off the loop when `is_heavy` says so.
    """
    if _is_over(html):
        return _words(html)
    found = _recognise(html)
    if found is None and (tidied := tidy(html)) != html:
        html = tidied
        found = _recognise(html)
    if found is not None:
        return found
    if html.count("<") + html.count("&") // 4 > _WORK:
        return _words(html)
    try:
        return _bleached(html)
    except Exception as error:  # too much work; or a fault in bleach, which had its last release and must not lose us the post
        _log.debug("the HTML parser gave up: %r", error)
        return _words(html)


def _words(html: str) -> Html:
    return paragraphs(text(html[: limits.CONTENT_CHARS], limits.CONTENT_CHARS))


def is_heavy(html: str) -> bool:
    """Whether `clean` may take over some 15 ms, and so has to be called off the loop."""
    if len(html) <= 16 * 1024 and html.count("<") <= 250 and html.count("&") <= 1500:
        return False
    return _is_over(html) or _recognise(html) is None
