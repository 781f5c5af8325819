"""Filters: words one does not want to read, or wants to be warned of."""

from typing import Final

from aiohttp import web

from fedi import filters, ids, limits
from fedi.errors import Invalid
from fedi.filters import Change, KeywordChange
from fedi.storage.db import Tx
from fedi.storage.filters import Keyword
from fedi.web import params
from fedi.web.pages import asking, site
from fedi.web.pages.asking import Question

CONTEXTS: Final = (
    ("home", "Home and lists"),
    ("notifications", "Activity"),
    ("public", "Public posts and topics"),
    ("thread", "Threads"),
    ("account", "Profiles"),
)
ACTIONS: Final = (
    ("warn", "Fold the post under the name of the filter"),
    ("blur", "Fold only pictures and other files"),
    ("hide", "Leave the post out"),
)
_LASTING: Final = ((0, "Always"), (1800, "30 minutes"), (3600, "An hour"), (86400, "A day"), (604800, "A week"), (2592000, "A month"))
_KEEP: Final = -1


def _id(request: web.Request) -> int:
    return ids.parse(request.match_info["id"])


async def index(request: web.Request, wrong: str = "") -> web.Response:
    """`/settings/filters`."""
    viewer, pages = site.signed_in(request), site.of(request)
    return site.show(
        request,
        "settings_filters.html",
        "Filters",
        area="settings",
        status=422 if wrong else 200,
        filters=pages.instance.db.read(filters.list_of, viewer.id),
        now=pages.instance.db.read(_now),
        contexts=CONTEXTS,
        actions=ACTIONS,
        lasting=_LASTING,
        wrong=wrong,
        one=None,
        words="",
    )


def _now(tx: Tx) -> int:
    return tx.now


async def edit(request: web.Request, wrong: str = "") -> web.Response:
    """`/settings/filters/{id}`."""
    viewer, pages = site.signed_in(request), site.of(request)
    one = pages.instance.db.read(filters.get, viewer.id, _id(request))
    return site.show(
        request,
        "settings_filter.html",
        one.filter.title,
        area="settings",
        status=422 if wrong else 200,
        contexts=CONTEXTS,
        actions=ACTIONS,
        lasting=((_KEEP, "As it is"), *_LASTING) if one.filter.expires_at is not None else _LASTING,
        wrong=wrong,
        one=one,
        words="\n".join(word.keyword for word in one.keywords),
    )


async def create(request: web.Request) -> web.Response:
    viewer, given = site.signed_in(request), await params.read(request)
    try:
        await site.of(request).instance.db.write(filters.create, viewer, _change(given, ()))
    except Invalid as error:
        return await index(request, error.message)
    return site.go("/settings/filters", "saved")


async def save(request: web.Request) -> web.Response:
    viewer, given = site.signed_in(request), await params.read(request)
    pages = site.of(request)
    known = pages.instance.db.read(filters.get, viewer.id, _id(request)).keywords
    try:
        await pages.instance.db.write(filters.update, viewer, _id(request), _change(given, known))
    except Invalid as error:
        return await edit(request, error.message)
    return site.go("/settings/filters", "saved")


async def confirm_delete(request: web.Request) -> web.Response:
    viewer, row_id = site.signed_in(request), _id(request)
    found = site.of(request).instance.db.read(filters.get, viewer.id, row_id)
    return asking.ask(
        request,
        Question(
            f"Delete the filter “{found.filter.title}”?",
            "What it kept from you is shown again, in apps too.",
            "Delete the filter",
            action=f"/settings/filters/{row_id}/delete",
            back=f"/settings/filters/{row_id}",
            target="/settings/filters",
            area="settings",
        ),
    )


async def delete(request: web.Request) -> web.Response:
    viewer = site.signed_in(request)
    await site.of(request).instance.db.write(filters.delete, viewer, _id(request))
    return site.go("/settings/filters", "saved")


def _change(given: params.Params, known: tuple[Keyword, ...]) -> Change:
    """What a form says: a line for each keyword, all of them whole words or none."""
    whole = given.flag("whole_word")
    lines = list(dict.fromkeys(line.strip() for line in given.text("words", max_chars=200_000).splitlines() if line.strip()))
    if len(lines) > limits.FILTER_KEYWORDS:
        lines = lines[: limits.FILTER_KEYWORDS + 1]  # one too many is refused with a message
    there = {word.keyword: word for word in known}
    changes = [KeywordChange(there[line].id if line in there else None, line, whole) for line in lines]
    gone = [KeywordChange(word.id, gone=True) for word in known if word.keyword not in lines]
    lasts = given.number("lasts", 0, _KEEP, _LASTING[-1][0])
    return Change(given.text("title"), given.texts("context"), given.text("action"), None if lasts == _KEEP else lasts, (*gone, *changes))
