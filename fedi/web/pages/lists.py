"""Lists of people: reading, making and filling them. They are their owner's alone."""

from typing import Final, NamedTuple

from aiohttp import web

from fedi import ids, limits, lists
from fedi.errors import Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import list_posts as list_post_rows
from fedi.storage import lists as rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.lists import List
from fedi.storage.timelines import Page
from fedi.web import params
from fedi.web.pages import asking, paging, persons, site, text, views
from fedi.web.pages.asking import Question
from fedi.web.pages.paging import Turn
from fedi.web.pages.site import Pages, Void

REPLIES: Final = (
    ("list", "To other people of the list"),
    ("followed", "To anybody you follow"),
    ("none", "To nobody else"),
)
_VOID: Final = Void("people", "Nothing in it yet", "What the people of this list write will stand here.")


def _id(request: web.Request) -> int:
    return ids.parse(request.match_info["id"])


# -- all lists --


def _read_all(tx: Tx, viewer: Account) -> tuple[list[List], dict[int, int]]:
    return rows.list_of(tx, viewer.id), rows.count_all_members(tx, viewer.id)


async def index(request: web.Request, wrong: str = "") -> web.Response:
    """`/lists`."""
    viewer = site.signed_in(request)
    found, members = site.of(request).instance.db.read(_read_all, viewer)
    status = 422 if wrong else 200
    return site.show(
        request, "lists.html", "Lists", area="lists", status=status, lists=found, members=members, wrong=wrong, most=limits.LIST_CHARS
    )


async def create(request: web.Request) -> web.Response:
    viewer, given = site.signed_in(request), await params.read(request)
    try:
        made = await site.of(request).instance.db.write(lists.create, viewer, given.text("title"))
    except Invalid as error:
        return await index(request, error.message)
    return site.go(f"/lists/{made.id}/edit", "saved")


# -- one list --


def _read(tx: Tx, pages: Pages, request: web.Request, viewer: Account) -> tuple[List, list[views.Entry], Turn]:
    made, page = lists.get(tx, viewer.id, _id(request)), paging.page(request)
    wanted = list_post_rows.list_ids(tx, viewer.id, made.id, page)
    found = post_rows.list_visible(tx, viewer.id, wanted)
    shown, turn = paging.turn(request, page, [found[post_id] for post_id in wanted if post_id in found])
    return made, views.entries(pages, tx, viewer, shown, context="home"), turn


def _tabs(made: List, here: str) -> list[tuple[str, str, bool]]:
    return [(f"/lists/{made.id}", "Posts", here == "posts"), (f"/lists/{made.id}/edit", "People and settings", here == "edit")]


async def show(request: web.Request) -> web.Response:
    """`/lists/{id}`: what its people have posted."""
    viewer, pages = site.signed_in(request), site.of(request)
    made, posts, turn = pages.instance.db.read(_read, pages, request, viewer)
    return site.show(
        request,
        "timeline.html",
        made.title,
        area="lists",
        heading=made.title,
        lead="Only you see this list.",
        tabs=_tabs(made, "posts"),
        topic=None,
        posts=posts,
        pages=turn,
        void=_VOID,
    )


class _Edited(NamedTuple):
    made: List
    people: list[persons.Face]


def _read_edited(tx: Tx, pages: Pages, viewer: Account, list_id: int) -> _Edited:
    made = lists.get(tx, viewer.id, list_id)
    return _Edited(made, persons.faces(pages, tx, rows.list_members(tx, made.id, Page(limit=limits.LIST_MEMBERS)), viewer))


async def edit(request: web.Request, wrong: str = "") -> web.Response:
    """`/lists/{id}/edit`: its name, its rules and who is in it."""
    viewer, pages = site.signed_in(request), site.of(request)
    found = pages.instance.db.read(_read_edited, pages, viewer, _id(request))
    return site.show(
        request,
        "list.html",
        found.made.title,
        area="lists",
        status=422 if wrong else 200,
        list=found.made,
        people=found.people,
        tabs=_tabs(found.made, "edit"),
        replies=REPLIES,
        wrong=wrong,
        most=limits.LIST_CHARS,
    )


async def save(request: web.Request) -> web.Response:
    viewer, given = site.signed_in(request), await params.read(request)
    title, replies, exclusive = given.text("title"), given.text("replies"), given.flag("exclusive")
    try:
        await site.of(request).instance.db.write(lists.update, viewer, _id(request), title, replies, exclusive)
    except Invalid as error:
        return await edit(request, error.message)
    return site.go(f"/lists/{_id(request)}/edit", "saved")


async def remove(request: web.Request) -> web.Response:
    """`/lists/{id}/remove/{account}`."""
    viewer = site.signed_in(request)
    await site.of(request).instance.db.write(lists.remove_members, viewer, _id(request), [ids.parse(request.match_info["account"])])
    return site.go(f"/lists/{_id(request)}/edit", "saved")


async def confirm_delete(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    made = pages.instance.db.read(lists.get, viewer.id, _id(request))
    place = f"/lists/{made.id}"
    return asking.ask(
        request,
        Question(
            f"Delete the list “{made.title}”?",
            "You go on following the people in it.",
            "Delete the list",
            action=f"{place}/delete",
            back=f"{place}/edit",
            target="/lists",
            area="lists",
        ),
    )


async def delete(request: web.Request) -> web.Response:
    viewer = site.signed_in(request)
    await site.of(request).instance.db.write(lists.delete, viewer, _id(request))
    return site.go("/lists", "saved")


# -- somebody in one's lists --


class _Somebody(NamedTuple):
    face: persons.Face
    lists: list[List]
    having: set[int]
    may_be_in: bool


def _read_somebody(tx: Tx, pages: Pages, viewer: Account, account_id: int) -> _Somebody:
    account = account_rows.get(tx, account_id)
    if account.is_hidden or account.kind == "Application":
        raise NotFound("There is nobody of that name here.")
    face = persons.faces(pages, tx, [account], viewer)[0]
    having = {one.id for one in rows.list_with(tx, viewer.id, account.id)}
    return _Somebody(face, rows.list_of(tx, viewer.id), having, not rows.list_not_followed(tx, viewer.id, [account.id]))


async def show_somebody(request: web.Request) -> web.Response:
    """`/accounts/{id}/lists`: which of one's lists somebody is in."""
    viewer, pages = site.signed_in(request), site.of(request)
    found = pages.instance.db.read(_read_somebody, pages, viewer, _id(request))
    return site.show(request, "account_lists.html", "Lists", area="lists", found=found, back=text.local_path(found.face.href))


async def save_somebody(request: web.Request) -> web.Response:
    viewer, pages, given = site.signed_in(request), site.of(request), await params.read(request)
    wanted = set(given.ids("lists", limits.LISTS))
    await pages.instance.db.write(_put_somebody, viewer, _id(request), wanted)
    return site.go(f"/accounts/{_id(request)}/lists", "saved")


def _put_somebody(tx: Tx, viewer: Account, account_id: int, wanted: set[int]) -> None:
    """Into these lists, and out of all others."""
    having = {one.id for one in rows.list_with(tx, viewer.id, account_id)}
    for list_id in wanted - having:
        lists.add_members(tx, viewer, list_id, [account_id])
    for list_id in having - wanted:
        lists.remove_members(tx, viewer, list_id, [account_id])
