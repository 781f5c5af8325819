"""Somebody's year in numbers: for themselves, and for others by an address that they have given out."""

from typing import Final, NamedTuple

from aiohttp import web

from fedi import annual_reports, clock
from fedi.errors import NotFound
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.annual_reports import Report
from fedi.storage.db import Tx
from fedi.web.pages import profile, site, views
from fedi.web.pages.site import Pages

_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_SORTS: Final = {
    "lurker": "Reads more than writes",
    "booster": "Passes on what others say",
    "pollster": "Asks everybody",
    "replier": "Talks with people",
    "oracle": "Has something to say",
}


class Month(NamedTuple):
    name: str
    posts: int
    followers: int


class Year(NamedTuple):
    """A report as its page shows it."""

    number: int
    sort: str
    standalone: int
    answers: int
    boosts: int
    months: list[Month]
    tag: tuple[str, int] | None
    post: list[views.Entry]
    share_url: str


def _year(tx: Tx, pages: Pages, viewer: Account | None, owner: Account, report: Report) -> Year:
    said = report.contents()
    kinds = said["kinds"]
    top = post_rows.find_visible(tx, viewer.id if viewer is not None else 0, said["top_post"]) if said["top_post"] else None
    return Year(
        number=report.year,
        sort=_SORTS[said["archetype"]],
        standalone=kinds["standalone"],
        answers=kinds["answers"],
        boosts=kinds["boosts"],
        months=[Month(_MONTHS[month - 1], posts, followers) for month, posts, followers in said["months"] if posts or followers],
        tag=(said["top_tag"][0], said["top_tag"][1]) if said["top_tag"] is not None else None,
        post=views.entries(pages, tx, viewer, [top]) if top is not None else [],
        share_url=pages.instance.uris.report_page(owner.username, report.year, report.share_key) if report.share_key else "",
    )


def _number(request: web.Request) -> int:
    return int(request.match_info["year"])


async def latest(request: web.Request) -> web.Response:
    """`/year`: the present one."""
    site.signed_in(request)
    return site.go(f"/year/{annual_reports.year_of(clock.now())}")


async def show(request: web.Request) -> web.Response:
    """`/year/2026`: one's own, with what can be done about it."""
    viewer, pages, number = site.signed_in(request), site.of(request), _number(request)
    db = pages.instance.db
    state = db.read(annual_reports.state, viewer, number)
    year = None
    if state == "available":
        year = db.read(lambda tx: _year(tx, pages, viewer, viewer, annual_reports.get(tx, viewer.id, number)))
        await db.write(annual_reports.read, viewer, number)
    return site.show(
        request,
        "year.html",
        f"Your {number}",
        area="year",
        refresh=3 if state == "generating" else 0,
        number=number,
        owner=viewer,
        state=state,
        year=year,
        is_mine=True,
    )


async def act(request: web.Request) -> web.Response:
    """Make it, share it, share it no more."""
    viewer, pages, number = site.signed_in(request), site.of(request), _number(request)
    rules = {"make": annual_reports.ask, "share": annual_reports.share, "unshare": annual_reports.unshare}
    await pages.instance.db.write(rules[request.match_info["verb"]], viewer, number)
    return site.go(f"/year/{number}")


async def shared(request: web.Request) -> web.Response:
    """`/@name/year/2026/KEY`: for everybody who has the address, as long as it is shared."""
    viewer, pages, number = site.viewer(request), site.of(request), _number(request)
    owner, year = pages.instance.db.read(_shared, pages, viewer, request.match_info["name"], number, request.match_info["key"])
    return site.show(
        request, "year.html", f"{number} of {owner.name}", number=number, owner=owner, state="available", year=year, is_mine=False
    )


def _shared(tx: Tx, pages: Pages, viewer: Account | None, name: str, number: int, key: str) -> tuple[Account, Year]:
    owner = profile.account_of(tx, name, "")
    if owner.is_hidden:
        raise NotFound("There is no report of that year.")
    report = annual_reports.get_shared(tx, owner.id, number, key)
    return owner, _year(tx, pages, viewer, owner, report)
