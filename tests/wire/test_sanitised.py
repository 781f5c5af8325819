"""All HTML that is recorded, cleaned: clean a second time it is the same, and it is what another implementation makes of it by our rules.

nh3 (ammonia on html5ever) shares no code with bleach. What differs on purpose stands in DIFFERENCES; nothing else may.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import nh3
import pytest

from fedi import sanitize
from fedi.html import ALLOWED, COMMON, DROPPED, RULES, SCHEMES
from fedi.plaintext import BREAKING, UNSAFE_CHARACTER, tidy
from tests import xss_payloads
from tests.wire import fixtures

DIFFERENCES = {
    "links": "a link that leads nowhere safe goes, its text stays; nh3 keeps an <a> without href",
    "rel": "every link says nofollow noopener noreferrer and opens elsewhere; compared without",
    "claims": "a link whose text names another host than it leads to is followed by the real one in brackets (XSS-05)",
    "lines": "blocks we do not keep (div, table rows and the like) leave a line break, cells a space: words do not run together",
    "pictures": "a picture becomes a link with its description, an emoji its shortcode; nh3 drops both",
    "formulas": "MathML leaves its TeX annotation; nh3 drops it",
    "controls": "control and reordering characters go, CRLF is one newline (XSS-05, XSS-14)",
    "caps": "what is over the caps of DOS-05 is words only",
    "newlines": "a newline that begins a <pre> is written twice, since readers drop the first; nh3 writes it once, and so loses it",
    "comments": "what bleach would read letter by letter is cut out before: comments and declarations (the same for both: nothing stays)",
}
_UNLIKE = re.compile(rf"<(?:{'|'.join(sorted(BREAKING | {'img', 'math', 'table', 'tr', 'td', 'th'}))})[\s/>]", re.IGNORECASE)
_PICTURE = re.compile(r"""<img(?:[^>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_CLAIM = re.compile(r" \[[^\[\]\s]+\]$")
_NAMES = ("content", "summary", "name", "value")


def texts(value: Any) -> Iterator[str]:
    """Every text of a document that may be HTML."""
    if isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, str) and name in _NAMES:
                yield one
            elif isinstance(one, dict) and name in ("contentMap", "summaryMap", "nameMap"):
                yield from (text for text in one.values() if isinstance(text, str))
            else:
                yield from texts(one)


def recorded() -> list[str]:
    found: dict[str, None] = {}
    for path in sorted(fixtures.root().rglob("*.json")):
        found.update(
            dict.fromkeys(text for text in texts(fixtures.load(str(path.relative_to(fixtures.root())))) if "<" in text or "&" in text)
        )
    return list(found)


ALL = recorded()


def rival(html: str) -> str:
    """nh3 with our tags, attributes, values and schemes."""

    def judge(tag: str, name: str, value: str) -> str | None:
        rule = RULES.get(tag, COMMON).get(name)
        if rule is None:
            return "reversed" if (tag, name) == ("ol", "reversed") else None
        return rule(value) or None

    return nh3.clean(
        html,
        tags=set(ALLOWED),
        clean_content_tags=set(DROPPED),
        attributes={tag: {*RULES.get(tag, COMMON), *({"reversed"} if tag == "ol" else ())} for tag in ALLOWED},
        attribute_filter=judge,
        url_schemes=set(SCHEMES),
        link_rel=None,
    )


class Tokens(HTMLParser):
    """What a reader sees of HTML, whatever way it is written: tags with sorted attributes, and texts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, Any]] = []
        self._links: list[bool] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs if name not in ("rel", "target")}  # rel
        if tag == "a":
            self._links.append("href" in given)
            if "href" not in given:  # links
                return
        self.found.append((tag, sorted(given.items())))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and not (self._links.pop() if self._links else False):
            return
        if tag == "a" and self.found and self.found[-1][0] == "":
            text = _CLAIM.sub("", self.found[-1][1])  # claims
            self.found[-1:] = [("", text)] if text else []
        if tag != "br":
            self.found.append((f"/{tag}", None))

    def handle_data(self, data: str) -> None:
        text = UNSAFE_CHARACTER.sub("", tidy(data))  # controls
        if text and self.found and self.found[-1][0] == "":
            self.found[-1] = ("", self.found[-1][1] + text)
        elif text:
            if self.found and self.found[-1][0] == "pre":
                text = text.lstrip("\n")  # newlines
            self.found.append(("", text))


def words(tokens: list[tuple[str, Any]]) -> str:
    return "".join("".join(value for name, value in tokens if name == "").split())


def kept(tokens: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The tags but for line breaks."""
    return [(name, attributes) for name, attributes in tokens if name not in ("", "br")]


def test_there_is_something_to_compare() -> None:
    assert len(ALL) > 200
    assert sum(_UNLIKE.search(html) is None for html in ALL) > 180


@pytest.mark.parametrize("html", ALL, ids=range(len(ALL)))
def test_what_is_clean_stays_as_it_is(html: str) -> None:
    once = sanitize.clean(html)
    assert sanitize.clean(once) == once


@pytest.mark.parametrize("html", ALL, ids=range(len(ALL)))
def test_another_implementation_makes_the_same_of_it(html: str) -> None:
    ours = Tokens(sanitize.clean(html)).found
    if sanitize._is_over(html):  # caps
        assert {name.strip("/") for name, _ in ours} <= {"p", "br", ""}
        return
    theirs = Tokens(rival(tidy(html))).found
    if not _UNLIKE.search(html):
        assert ours == theirs
        return
    assert Tokens(rival(sanitize.clean(html))).found == ours  # no tag or attribute that nh3 would not pass
    bare = _PICTURE.sub("", html)  # pictures
    ours, theirs = Tokens(sanitize.clean(bare)).found, Tokens(rival(tidy(bare))).found
    assert words(ours) == words(theirs)  # lines
    assert kept(ours) == kept(theirs)


@pytest.mark.parametrize("html", xss_payloads.TAGS, ids=range(len(xss_payloads.TAGS)))
def test_nothing_that_attacks_passes_us_that_would_not_pass_the_other(html: str) -> None:
    ours = sanitize.clean(html)
    assert Tokens(rival(ours)).found == Tokens(ours).found
