"""What one has written to be published later: the list, another time, and not after all.

Times are in UTC: a page without scripts knows no other.
"""

from typing import Final, NamedTuple

from aiohttp import web

from fedi import clock, ids, scheduled
from fedi.errors import Invalid
from fedi.storage import scheduled as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web import params
from fedi.web.pages import asking, site
from fedi.web.pages.asking import Question
from fedi.web.pages.site import Void

_MOST: Final = 300
_TEXT_CHARS: Final = 500
_NAMES: Final = {
    "public": "For everybody",
    "unlisted": "For everybody, quietly",
    "followers": "For followers",
    "direct": "For whom it names",
}


class Row(NamedTuple):
    """A post to come. `local` is its time as the field of a form has it; `why` says why it was not published."""

    id: int
    at: int
    local: str
    text: str
    warning: str
    scope: str
    files: int
    why: str


def _list(tx: Tx, viewer: Account) -> list[Row]:
    """What comes first stands first."""
    found = rows.list_own(tx, viewer.id, Page(limit=_MOST))
    return [_row(row) for row in sorted(found, key=lambda row: row.scheduled_at)]


def _row(row: rows.Scheduled) -> Row:
    draft = scheduled.draft_of(row)
    text = draft.text if len(draft.text) <= _TEXT_CHARS else f"{draft.text[:_TEXT_CHARS]} …"
    scope = f"{_NAMES[draft.visibility]}{', only here' if draft.local_only else ''}"
    local = clock.rfc3339(row.scheduled_at)[:16]
    return Row(row.id, row.scheduled_at, local, draft.title or text, draft.warning, scope, len(draft.media_ids or ()), row.error)


def read_time(given: params.Params, name: str) -> int | None:
    """The time of a form's field, in milliseconds; None where it is empty. Raises Invalid."""
    text = given.text(name, max_chars=40).strip()
    at = clock.parse_rfc3339(f"{text}Z" if "Z" not in text.upper() else text) if text else None
    if text and at is None:
        raise Invalid("Write the time like 2027-01-31T09:30.", name)
    return at


def _page(request: web.Request, viewer: Account, wrong: str = "") -> web.Response:
    pages = site.of(request)
    return site.show(
        request,
        "scheduled.html",
        "Posts to come",
        area="compose",
        status=422 if wrong else 200,
        rows=pages.instance.db.read(_list, viewer),
        wrong=wrong,
        void=Void("clock", "Nothing waits", "When you write a post, choose a time for it. Until then it stands here.", "/compose", "Write"),
    )


async def show(request: web.Request) -> web.Response:
    return _page(request, site.signed_in(request))


async def move(request: web.Request) -> web.Response:
    viewer, row_id = site.signed_in(request), ids.parse(request.match_info["id"])
    given = await params.read(request)
    try:
        at = read_time(given, "at")
        if at is None:
            raise Invalid("Choose a time.", "at")
        await site.of(request).instance.db.write(scheduled.move, viewer, row_id, at)
    except Invalid as error:
        return _page(request, viewer, error.message)
    return site.go("/scheduled", "saved", f"s{row_id}")


async def confirm_cancel(request: web.Request) -> web.Response:
    viewer, row_id = site.signed_in(request), ids.parse(request.match_info["id"])
    row = _row(site.of(request).instance.db.read(rows.get_own, viewer.id, row_id))
    return asking.ask(
        request,
        Question(
            "Delete this post to come?",
            f"It is not going to be published, and what you have written is gone: “{row.warning or row.text}”",
            "Delete it",
            action=f"/scheduled/{row_id}/delete",
            back=f"/scheduled#s{row_id}",
            target="/scheduled",
            area="compose",
        ),
    )


async def cancel(request: web.Request) -> web.Response:
    viewer, row_id = site.signed_in(request), ids.parse(request.match_info["id"])
    await site.of(request).instance.db.write(scheduled.cancel, viewer, row_id)
    return site.go("/scheduled", "not_scheduled")
