"""Lists of people: who follows somebody, whom they follow, who asks to, and whom the viewer has blocked or muted."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from aiohttp import web

from fedi.storage import blocks as block_rows
from fedi.storage import listings as listing_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web.pages import paging, persons, profile, site
from fedi.web.pages.paging import Turn
from fedi.web.pages.site import Pages, Void

_MOST: Final = 40


class _Follows(NamedTuple):
    people: list[persons.Person]
    turn: Turn
    is_hidden: bool


def _read_follows(tx: Tx, pages: Pages, request: web.Request, viewer: Account, account: Account, which: str) -> _Follows:
    is_mine = viewer.id == account.id
    if not is_mine and listing_rows.hides_network(tx, [account.id]).get(account.id, False):
        return _Follows([], Turn(), True)
    page = paging.page(request, _MOST)
    found = listing_rows.list_followers(tx, account.id, page) if which == "followers" else listing_rows.list_following(tx, account.id, page)
    rows, turn = paging.turn(request, page, found)
    people = persons.people(pages, tx, rows, viewer)
    if which == "followers" and is_mine:
        people = [person._replace(acts=[(f"/accounts/{person.face.id}/remove", "Remove", "plain")]) for person in people]
    return _Follows(people, turn, False)


async def show_followers(request: web.Request) -> web.Response:
    return _show_follows(request, "followers")


async def show_following(request: web.Request) -> web.Response:
    return _show_follows(request, "following")


def _show_follows(request: web.Request, which: str) -> web.Response:
    """For people of this server only: who knows whom is not for everybody to collect."""
    viewer, pages = site.signed_in(request), site.of(request)
    account = pages.instance.db.read(profile.account_of, request.match_info["name"], "")
    found = pages.instance.db.read(_read_follows, pages, request, viewer, account, which)
    href = f"/@{account.username}"
    words = "Nobody follows them yet" if which == "followers" else "They follow nobody yet"
    void = Void("people", words, "Whom they follow and who follows them will stand here.", href, "Back to the profile")
    if found.is_hidden:
        void = Void("lock", "Not shown", f"{account.name} keeps this to themselves.", href, "Back to the profile")
    return site.show(
        request,
        "people.html",
        f"{account.name}: {which}",
        heading=account.name,
        lead="",
        tabs=[
            (href, "Posts", False),
            (f"{href}/following", "Following", which == "following"),
            (f"{href}/followers", "Followers", which == "followers"),
        ],
        people=found.people,
        pages=found.turn,
        void=void,
    )


# -- requests --


def _read_requests(tx: Tx, pages: Pages, request: web.Request, viewer: Account) -> tuple[list[persons.Person], Turn]:
    page = paging.page(request, _MOST)
    found = listing_rows.list_followers(tx, viewer.id, page, "pending")
    rows, turn = paging.turn(request, page, found)
    people = [
        persons.Person(face, None, [(f"/accounts/{face.id}/accept", "Accept", ""), (f"/accounts/{face.id}/reject", "Refuse", "plain")])
        for face in persons.faces(pages, tx, rows, viewer)
    ]
    return people, turn


async def show_requests(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    people, turn = pages.instance.db.read(_read_requests, pages, request, viewer)
    hint = (
        Void("people", "Nobody is waiting", "Whoever asks to follow you will stand here until you answer.")
        if viewer.locked
        else Void(
            "people", "Nobody is waiting", "Anybody can follow you without asking. You can change that.", "/settings/profile", "Settings"
        )
    )
    return site.show(
        request,
        "people.html",
        "Follow requests",
        area="requests",
        heading="Follow requests",
        lead="They see your posts for followers once you accept.",
        tabs=[],
        people=people,
        pages=turn,
        void=hint,
    )


# -- whom one wants nothing of --


def _read_shut_out(tx: Tx, pages: Pages, viewer: Account, which: str) -> list[persons.Person]:
    accounts: Sequence[Account] = (block_rows.list_blocked if which == "blocks" else block_rows.list_muted)(tx, viewer.id)
    verb, label = ("unblock", "Unblock") if which == "blocks" else ("unmute", "Unmute")
    return [
        persons.Person(face, None, [(f"/accounts/{face.id}/{verb}", label, "plain")]) for face in persons.faces(pages, tx, accounts, viewer)
    ]


async def show_blocks(request: web.Request) -> web.Response:
    return _show_shut_out(request, "blocks")


async def show_mutes(request: web.Request) -> web.Response:
    return _show_shut_out(request, "mutes")


def _show_shut_out(request: web.Request, which: str) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    is_blocks = which == "blocks"
    return site.show(
        request,
        "people.html",
        "Blocked" if is_blocks else "Muted",
        area="settings",
        heading="Settings",
        lead="You and those you block see nothing of each other." if is_blocks else "You see nothing of those you mute; they are not told.",
        tabs=[],
        settings=which,
        people=pages.instance.db.read(_read_shut_out, pages, viewer, which),
        pages=Turn(),
        void=Void("stop" if is_blocks else "mute", "Nobody", f"You have {'blocked' if is_blocks else 'muted'} nobody."),
    )
