"""The line `RE: address` that stands in a post for readers who cannot show a quote: written, found, and taken out where one is shown.

Works on HTML that is safe already. Source: FEP-044f; FEP-e232.
"""

import re
from html import unescape

from fedi.html import Html, escape, escape_text

_MARKED = re.compile(
    r'<p class="quote-inline">(?:[^<]|<(?!/p>))*</p>|<span class="quote-inline">(?:[^<]|<(?!/?span)|<span[^>]*>[^<]*</span>)*</span>'
)
_TRAILING = re.compile(r'(?:<br>|\s)*+RE: ?<a href="([^"]*)"[^>]*>(?:[^<]|<(?!/a>))*</a>(?=\s*(?:</p>)?\s*\Z)')


def write(html: str, address: str) -> Html:
    """The post with the line below it."""
    return Html(f'{html}<p class="quote-inline">RE: <a href="{escape(address)}">{escape_text(address)}</a></p>')


def mark(html: Html, *addresses: str) -> Html:
    """A last line `RE: address` that is about the quoted post is marked as what it is. Observed: Misskey and Mitra write it bare."""
    if "RE:" not in html or "quote-inline" in html:
        return html
    found = _TRAILING.search(html)
    if found is None or unescape(found[1]) not in addresses:
        return html
    return Html(f'{html[: found.start()]}<span class="quote-inline">{found[0]}</span>{html[found.end() :]}')


def split(html: str) -> tuple[Html, Html, Html]:
    """What stands before the line, the line, and what stands behind it; all of it before where there is none."""
    found = _MARKED.search(html) if "quote-inline" in html else None
    if found is None:
        return Html(html), Html(""), Html("")
    return Html(html[: found.start()]), Html(found[0]), Html(html[found.end() :])
