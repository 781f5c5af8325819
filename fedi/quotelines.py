"""The line `RE: address` that stands in a post for readers who cannot show a quote: written, found, and taken out where one is shown.

Works on HTML that is safe already. Source: FEP-044f; FEP-e232.
"""

import re
from html import unescape

from fedi.html import Html, escape, escape_text

_SPAN = re.compile(r"<(/?)span")
_LINE = re.compile(r'RE: ?<a href="([^"]*)"[^>]*>[^<]*(?:<(?!/a>)[^<]*)*</a>(?=\s*(?:</p>)?\s*\Z)')
_PARAGRAPH, _INLINE = '<p class="quote-inline">', '<span class="quote-inline">'


def write(html: str, address: str) -> Html:
    """The post with the line below it."""
    return Html(f'{html}<p class="quote-inline">RE: <a href="{escape(address)}">{escape_text(address)}</a></p>')


def mark(html: Html, *addresses: str) -> Html:
    """A last line `RE: address` that is about the quoted post is marked as what it is. Observed: Misskey and Mitra write it bare."""
    at = max(html.rfind("RE: <a "), html.rfind("RE:<a "))
    found = _LINE.match(html, at) if at >= 0 and "quote-inline" not in html else None
    if found is None or unescape(found[1]) not in addresses:
        return html
    before = html[:at].rstrip()
    while before.endswith("<br>"):
        before = before[:-4].rstrip()
    return Html(f'{before}<span class="quote-inline">{html[len(before) : found.end()]}</span>{html[found.end() :]}')


def split(html: str) -> tuple[Html, Html, Html]:
    """What stands before the line, the line, and what stands behind it; all of it before where there is none."""
    start, end = _place(html) if "quote-inline" in html else (-1, -1)
    return (Html(html[:start]), Html(html[start:end]), Html(html[end:])) if end >= 0 else (Html(html), Html(""), Html(""))


def without(html: str) -> Html:
    """The text as somebody reads it who is shown the quote, or only told of the post."""
    before, _, after = split(html)
    return Html(before + after)


def _place(html: str) -> tuple[int, int]:
    """Where the line begins and ends; -1 where there is none. In one pass: the text is a stranger's."""
    start = html.find(_PARAGRAPH)
    if start >= 0:
        end = html.find("</p>", start)
        return start, end + 4 if end >= 0 else -1
    start, depth = html.find(_INLINE), 0
    for tag in _SPAN.finditer(html, start) if start >= 0 else ():
        depth += -1 if tag[1] else 1
        if depth == 0:
            return start, tag.end() + 1
    return -1, -1
