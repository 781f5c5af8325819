"""What this server is, who runs it, and what it does with what people write."""

from typing import Final, NamedTuple

from aiohttp import web

import fedi
from fedi import clock, texts
from fedi.html import Html
from fedi.storage import accounts as account_rows
from fedi.storage import census as census_rows
from fedi.storage import rules as rule_rows
from fedi.storage import terms as term_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.rules import Rule
from fedi.web.pages import persons, prose, site, views
from fedi.web.pages.site import Head, Pages

_MONTH_MS: Final = 30 * clock.DAY


class Numbers(NamedTuple):
    """Counts that stand on the page."""

    people: int
    active: int
    posts: int


class Said(NamedTuple):
    """What the owner has written; `html` is None until they have."""

    html: Html | None
    rules: list[Rule]
    has_terms: bool


def _said(tx: Tx) -> Said:
    html = prose.below(texts.render(tx, texts.get(tx, texts.ABOUT).source)) if texts.is_own(tx, texts.ABOUT) else None
    return Said(html, rule_rows.list_all(tx), term_rows.find_current(tx, texts.today(tx)) is not None)


def _read(tx: Tx, pages: Pages, viewer: Account | None) -> tuple[Numbers, list[persons.Face]]:
    posts, answers = census_rows.count_local_posts(tx)
    numbers = Numbers(account_rows.count_local(tx), account_rows.count_local(tx, tx.now - _MONTH_MS), posts + answers)
    staff = account_rows.list_by_ids(tx, user_rows.list_staff(tx))
    shown = [account for account in staff.values() if account.discoverable and not account.is_hidden]
    return numbers, persons.faces(pages, tx, shown, viewer)


async def show(request: web.Request) -> web.Response:
    pages = site.of(request)
    numbers, staff = pages.instance.db.read(_read, pages, site.viewer(request))
    url = f"{pages.site.base_url}/about"
    head = Head(noindex=False, canonical=url, properties=views.properties(pages, "website", pages.site.title, pages.site.description, url))
    about = pages.instance.db.read(_said)
    return site.show(
        request, "about.html", "About", area="about", head=head, numbers=numbers, staff=staff, about=about, version=fedi.__version__
    )
