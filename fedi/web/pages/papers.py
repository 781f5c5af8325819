"""The longer texts of a server: how it deals with what it is told, and its terms of service."""

from aiohttp import web

from fedi import clock, texts
from fedi.errors import NotFound
from fedi.storage import terms as term_rows
from fedi.storage.db import Tx
from fedi.storage.terms import Terms
from fedi.web.pages import prose, site, text
from fedi.web.pages.site import Head


async def show_privacy(request: web.Request) -> web.Response:
    """`/privacy-policy`."""
    found = site.of(request).instance.db.read(texts.get, texts.PRIVACY)
    changed = text.day(clock.rfc3339(found.updated_at)[:10])
    return _show(request, "Privacy policy", f"Last changed on {changed}.", found.source, "/privacy-policy")


async def show_terms(request: web.Request) -> web.Response:
    """`/terms-of-service`, and the same of a day, `/terms-of-service/2026-11-22`."""
    day = request.match_info.get("date", "")
    if day and not texts.is_date(day):
        raise NotFound("There are no terms of that day.")
    found, others = site.of(request).instance.db.read(_terms, day)
    since = text.day(found.effective_on)
    lead = f"In force since {since}." if found.effective_on in others.past else f"In force from {since} on."
    return _show(request, "Terms of service", lead, found.text_source, f"/terms-of-service/{found.effective_on}", others.days)


class _Versions:
    """The days from which versions hold, the newest first."""

    def __init__(self, days: list[str], today: str) -> None:
        self.days = days
        self.past = {day for day in days if day <= today}


def _terms(tx: Tx, day: str) -> tuple[Terms, _Versions]:
    return texts.terms(tx, day), _Versions([one.effective_on for one in term_rows.list_all(tx)], texts.today(tx))


def _show(request: web.Request, title: str, lead: str, source: str, path: str, days: list[str] | None = None) -> web.Response:
    pages = site.of(request)
    html = prose.below_title(pages.instance.db.read(texts.render, source))
    head = Head(noindex=False, canonical=f"{pages.site.base_url}{path}")
    chosen = path.rpartition("/")[2]
    return site.show(
        request, "paper.html", title, area="about", head=head, heading=title, lead=lead, html=html, days=days or [], chosen=chosen
    )
