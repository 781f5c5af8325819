"""Reporting somebody, and for those who look after this server: the reports that wait."""

import json
from typing import Final, NamedTuple

from aiohttp import web

from fedi import ids, limits, moderation, plaintext, reports
from fedi.errors import Invalid, NotFound, TooMany
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage import reports as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.reports import Report
from fedi.web import auth, params
from fedi.web.pages import asking, persons, profile, site
from fedi.web.pages.asking import Question
from fedi.web.pages.site import Pages, Void

STAFF: Final = ("owner", "admin", "moderator")
_SHOWN: Final = 100
_CATEGORIES: Final = (
    ("spam", "Spam", "Advertising, fake engagement, links that lead astray."),
    ("legal", "It is against the law", "Here or where this server is."),
    ("violation", "It breaks the rules of this server", "See About."),
    ("other", "Something else", "Say what, below."),
)
_WORDS: Final = {key: words for key, words, _ in _CATEGORIES}


# -- reporting --


def _somebody(tx: Tx, viewer: Account, account_id: int, post_id: int) -> tuple[Account, str]:
    """Whom a report is about, and the first words of the post, '' without one."""
    account = account_rows.get(tx, account_id)
    account = profile.account_of(tx, account.username, account.host)
    post = post_rows.find_visible(tx, viewer.id, post_id) if post_id else None
    own = post is not None and post.account_id == account.id
    return account, (plaintext.text(post.warning or post.content_html, 200) or "A post without words") if own and post else ""


async def show(request: web.Request) -> web.Response:
    site.signed_in(request)
    return _form(request, _post_id(params.query(request)))


def _post_id(given: params.Params) -> int:
    try:
        return given.find_id("post") or 0
    except NotFound:
        return 0


def _form(request: web.Request, post_id: int, wrong: str = "", comment: str = "", category: str = "spam") -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    account, said = pages.instance.db.read(_somebody, viewer, ids.parse(request.match_info["id"]), post_id)
    return site.show(
        request,
        "report.html",
        f"Report @{account.handle}",
        status=422 if wrong else 200,
        account=account,
        post_id=post_id if said else 0,
        words=said,
        categories=_CATEGORIES,
        category=category,
        comment=comment,
        longest=limits.COMPLAINT_CHARS,
        wrong=wrong,
    )


async def send(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    given = await params.read(request)
    post_id = _post_id(given)
    complaint = reports.Complaint(
        target_id=ids.parse(request.match_info["id"]),
        comment=given.text("comment", max_chars=4 * limits.COMPLAINT_CHARS).replace("\r\n", "\n"),
        category=given.text("category", "other", max_chars=100),
        post_ids=(post_id,) if post_id else (),
        forward=given.flag("forward"),
    )
    try:
        await pages.instance.db.write(reports.make, viewer, complaint)
    except (Invalid, TooMany) as error:
        return _form(request, post_id, error.message, complaint.comment, complaint.category)
    account = pages.instance.db.read(account_rows.get, complaint.target_id)
    return site.go(f"/@{account.handle}", "reported")


# -- for staff --


class Item(NamedTuple):
    """A report as it is read."""

    report: Report
    about: persons.Face
    by: str
    category: str
    posts: list[tuple[str, str]]  # (address, first words)


async def show_all(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    auth.require_role(request, *STAFF)
    is_settled = params.query(request).flag("settled")
    items = pages.instance.db.read(_read, pages, viewer, is_settled)
    void = Void("check", "Nothing waits", "Reports by people here and by other servers will stand here.")
    return site.show(request, "moderation.html", "Reports", area="moderation", items=items, settled=is_settled, void=void)


def _read(tx: Tx, pages: Pages, viewer: Account, is_settled: bool) -> list[Item]:
    found = rows.list_open(tx, resolved=is_settled, limit=_SHOWN)
    accounts = account_rows.list_by_ids(tx, [i for report in found for i in (report.target_id, report.reporter_id) if i])
    faces = {face.id: face for face in persons.faces(pages, tx, list(accounts.values()), viewer)}
    return [
        Item(
            report,
            faces[report.target_id],
            _by(report, accounts.get(report.reporter_id or 0)),
            _WORDS.get(report.category, ""),
            _posts(tx, report),
        )
        for report in found
        if report.target_id in faces
    ]


def _by(report: Report, reporter: Account | None) -> str:
    if report.host:
        return report.host
    return f"@{reporter.handle}" if reporter is not None else "somebody who has left"


def _posts(tx: Tx, report: Report) -> list[tuple[str, str]]:
    """What is reported, for staff also where it is not for everybody: they are asked to judge it."""
    found = []
    for uri in json.loads(report.post_uris)[:20]:
        post = post_rows.find_by_uri(tx, uri)
        author = account_rows.find(tx, post.account_id) if post is not None else None
        if post is not None and author is not None:
            words = plaintext.text(post.warning or post.content_html, 200) or "A post without words"
            found.append((f"/@{author.handle}/{post.id}", words))
        else:
            found.append(("", "A post that is gone"))
    return found


async def settle(request: web.Request) -> web.Response:
    viewer = auth.require_role(request, *STAFF)
    report_id = ids.parse(request.match_info["id"])
    try:
        await site.of(request).instance.db.write(moderation.resolve_report, report_id, by_id=viewer.id)
    except NotFound:
        pass  # somebody else was faster
    return site.go("/moderation", "settled")


async def confirm_suspend(request: web.Request) -> web.Response:
    site.signed_in(request)
    auth.require_role(request, *STAFF)
    report_id = ids.parse(request.match_info["id"])
    about = site.of(request).instance.db.read(lambda tx: account_rows.get(tx, rows.get(tx, report_id).target_id))
    return asking.ask(
        request,
        Question(
            f"Suspend @{about.handle}?",
            "Nothing of theirs is shown here any more, and nothing they send is taken."
            f"{' They are signed out everywhere.' if about.is_local else ''} Who runs the server can take it back: fedi account unsuspend.",
            "Suspend",
            action=f"/moderation/{report_id}/suspend",
            back="/moderation",
            target="/moderation",
            area="moderation",
        ),
    )


async def suspend(request: web.Request) -> web.Response:
    """Who a report is about is suspended, and the report settled."""
    viewer = auth.require_role(request, *STAFF)
    await site.of(request).instance.db.write(_suspend, viewer, ids.parse(request.match_info["id"]))
    return site.go("/moderation", "suspended")


def _suspend(tx: Tx, viewer: Account, report_id: int) -> None:
    report = rows.get(tx, report_id)
    target = account_rows.get(tx, report.target_id)
    if target.suspended_at is None:
        moderation.suspend(tx, target, by_id=viewer.id)
    if report.resolved_at is None:
        moderation.resolve_report(tx, report_id, by_id=viewer.id)
