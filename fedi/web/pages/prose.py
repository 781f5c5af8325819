"""Safe HTML as a page shows it: where its links lead from here, and below which headings it stands."""

import re
from collections.abc import Iterable
from html import unescape
from urllib.parse import quote, unquote

from markupsafe import Markup

from fedi import markup
from fedi.html import Html
from fedi.storage.accounts import Account
from fedi.web.pages import text
from fedi.web.pages.site import Pages

_LINK = re.compile(r'<a href="([^"]*)"([^>]*)>')  # as our sanitiser and our markup write every link
_REL = re.compile(r' rel="([^"]*)"')
_FOREIGN = frozenset(["nofollow", "noopener", "noreferrer"])


_BLANK = ' target="_blank"'


def _own_rel(match: re.Match[str]) -> str:
    """What a link says of where it leads, when that is here."""
    words = " ".join(word for word in match[1].split() if word not in _FOREIGN)
    return f' rel="{words}"' if words else ""


def links(pages: Pages, html: Html, mentions: Iterable[Account], tags: Iterable[str]) -> Html:
    """Safe HTML in which links to people and topics lead to their pages here. Changes addresses only, to ones of ours."""
    local = {}
    for account in mentions:
        local[account.url] = local[account.uri] = f"/@{account.handle}"
    names = set(tags)
    ours = pages.site.base_url + "/"

    def lead(match: re.Match[str]) -> str:
        href, rest = unescape(match[1]), match[2]
        target = local.get(href, "")
        if not target and names and "hashtag" in rest:
            tag = markup.normalise_tag(unquote(href.rstrip("/").rpartition("/")[2]))
            target = f"/tags/{quote(tag, safe='')}" if tag in names else ""
        if not target and href.startswith(ours):
            target = text.local_path(href[len(ours) - 1 :], "")
        if not target:
            return match[0]
        return f'<a href="{Markup.escape(target)}"{_REL.sub(_own_rel, rest).replace(_BLANK, "")}>'

    return Html(_LINK.sub(lead, html))


_HEADING = re.compile(r"<(/?)h([1-5])(?=[ >])")


def below(html: Html, by: int = 2) -> Html:
    """Safe HTML whose headings stand below those of the page and of the post: `h1` becomes `h3`, down to `h6`."""
    return Html(_HEADING.sub(lambda found: f"<{found[1]}h{min(int(found[2]) + by, 6)}", html)) if "<h" in html else html


def below_title(html: Html) -> Html:
    """The same for a text that is all of a page: its uppermost headings are those right below the title."""
    return below(html, 2 - min((int(level) for _, level in _HEADING.findall(html)), default=2))


def stored(html: str) -> Html:
    """A column that ends in `_html`: it was made safe when it came in."""
    return Html(html)
