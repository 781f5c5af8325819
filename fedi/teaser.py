"""Where a long text is cut for a list: between blocks of HTML that is safe already, so that both parts are whole and safe as well."""

import re

from fedi.html import BLOCK, Html

TEASER_CHARS = 700  # of text in the first part, about
LONG_CHARS = 1_500  # of text: what has fewer is not cut
_TAG = re.compile(r"<(/?)([a-z0-9]+)[^>]*>")  # no `>` stands in an attribute of ours: it is escaped


def split(html: Html) -> tuple[Html, Html]:
    """(beginning, rest) of a long text; (all, '') of one that is short, or that is one block. Linear."""
    if len(html) <= LONG_CHARS:
        return html, Html("")
    at, closing = _cut(html)
    if not at or _chars(html[at:]) < LONG_CHARS - TEASER_CHARS:
        return html, Html("")
    return Html(html[:at] + ("</p>" if closing else "")), Html(("<p>" if closing else "") + html[at:])


def _cut(html: str) -> tuple[int, bool]:
    """Where the second part begins (0: nowhere), and whether that is inside of a paragraph."""
    depth, end, chars = 0, 0, 0
    paragraph = False
    for tag in _TAG.finditer(html):
        chars += tag.start() - end
        end = tag.end()
        name = tag[2]
        if name == "br":
            if chars >= TEASER_CHARS and (depth == 0 or (depth == 1 and paragraph)):
                return end, depth == 1
        elif not tag[1]:
            depth += 1
            paragraph = name == "p" if depth == 1 else paragraph
        else:
            depth -= 1
            if depth == 0 and chars >= TEASER_CHARS and name in BLOCK:
                return end, False
    return 0, False


def _chars(html: str) -> int:
    return len(_TAG.sub("", html))
