"""Groups: those of this server and those one is in, making one, and what its moderators do."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from aiohttp import web

from fedi import follows, founding, groups, hosting, ids
from fedi.activitypub import keys
from fedi.errors import FediError, Invalid, NotFound
from fedi.founding import About
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import groups as rows
from fedi.storage import listings as listing_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import params
from fedi.web.pages import paging, persons, settings, site, text
from fedi.web.pages.paging import Turn
from fedi.web.pages.site import Pages, Void

POSTING: Final = (
    ("members", "Members", "Whoever has joined begins threads and answers."),
    ("anyone", "Anyone", "Nobody has to join to post in it."),
    ("moderators", "Moderators", "Only moderators begin threads; members answer."),
)
KIND: Final = groups.KIND
_MOST: Final = 40


# -- the list --


class _Lists(NamedTuple):
    hosted: list[persons.Person]
    followed: list[persons.Person]


def _read_lists(tx: Tx, pages: Pages, viewer: Account | None) -> _Lists:
    hosted = rows.list_hosted(tx)
    here = {account.id for account in hosted}
    followed = [account for account in rows.list_followed(tx, viewer.id) if account.id not in here] if viewer is not None else []
    return _Lists(persons.people(pages, tx, hosted, viewer), persons.people(pages, tx, followed, viewer))


async def index(request: web.Request) -> web.Response:
    """`/groups`: those of this server, for everybody; and the others that the viewer is in."""
    pages, viewer = site.of(request), site.viewer(request)
    found = pages.instance.db.read(_read_lists, pages, viewer)
    return site.show(request, "groups.html", "Groups", area="groups", **found._asdict())


# -- making and describing one --


class Form(NamedTuple):
    """What stands in the form. `action` is where it goes; `name` is asked for once."""

    action: str
    about: About
    upload_mb: int
    name: str = ""
    is_new: bool = False


def _form(request: web.Request, action: str, about: About, name: str = "", *, is_new: bool = False) -> Form:
    return Form(action, about, settings.upload_mb(site.of(request)), name, is_new)


def _page(request: web.Request, form: Form, group: Account | None = None, wrong: str = "") -> web.Response:
    pages = site.of(request)
    face, header = pages.instance.db.read(_pictures, pages, group) if group is not None else (None, "")
    title = "New group" if form.is_new else f"Settings of {group.name if group is not None else ''}"
    status = 422 if wrong else 200
    context: dict[str, Any] = {"form": form, "posting": POSTING, "face": face, "header": header, "wrong": wrong}
    tabs = _tabs(group, "settings") if group is not None else []
    return site.show(request, "group_settings.html", title, area="groups", status=status, heading=title, tabs=tabs, **context)


def _pictures(tx: Tx, pages: Pages, group: Account) -> tuple[persons.Face, str]:
    pictures = listing_rows.list_pictures(tx, [group.avatar_id, group.header_id])
    return persons.face(pages, group, pictures, group), persons.address(pictures.get(group.header_id or 0))


def _tabs(group: Account, which: str) -> list[tuple[str, str, bool]]:
    href = f"/groups/{group.username}"
    names = [("settings", "Settings"), ("members", "Members"), ("requests", "Requests"), ("moderators", "Moderators"), ("bans", "Banned")]
    return [(f"/@{group.username}", "Posts", False), *((f"{href}/{key}", name, key == which) for key, name in names)]


def _given(form: params.Params, present: About) -> About:
    return present._replace(
        title=form.text("title"),
        description=form.text("description").replace("\r\n", "\n"),
        rules=form.text("rules").replace("\r\n", "\n"),
        posting=form.text("posting", "members"),
        approves=form.flag("approves"),
    )


async def new(request: web.Request) -> web.Response:
    site.signed_in(request)
    return _page(request, _form(request, "/groups/new", About(), is_new=True))


async def create(request: web.Request) -> web.Response:
    viewer, instance = site.signed_in(request), site.of(request).instance
    given = await params.read(request)
    about, name = _given(given, About()), given.text("name", max_chars=100).strip().lstrip("!@")
    made = founding.Keys(await instance.cpu(keys.generate_rsa), await instance.cpu(keys.generate_ed25519))
    try:
        group = await instance.db.write(_create, name, about, made, viewer)
    except FediError as error:
        return _page(request, _form(request, "/groups/new", about, name, is_new=True), wrong=error.message)
    return site.go(f"/@{group.username}", "grouped")


def _create(tx: Tx, name: str, about: About, made: founding.Keys, viewer: Account) -> Account:
    """Who makes a group is in it."""
    group = founding.create(tx, name, about, made, viewer)
    follows.follow(tx, viewer, group.id)
    follows.accept(tx, group, viewer.id)
    return group


def _mine(tx: Tx, viewer: Account, name: str) -> Account:
    """A group that the viewer moderates. Raises NotFound, Forbidden."""
    group = account_rows.get_local(tx, name)
    if group.kind != groups.KIND:
        raise NotFound("There is no such group here.")
    hosting.check_moderator(tx, group, viewer)
    return group


def _moderated(request: web.Request) -> tuple[Account, Pages, Account]:
    viewer, pages = site.signed_in(request), site.of(request)
    return viewer, pages, pages.instance.db.read(_mine, viewer, request.match_info["name"])


async def show_settings(request: web.Request) -> web.Response:
    _, pages, group = _moderated(request)
    about = pages.instance.db.read(founding.about, group)
    return _page(request, _form(request, f"/groups/{group.username}/settings", about), group)


async def save_settings(request: web.Request) -> web.Response:
    _, pages, group = _moderated(request)
    given = await params.read(request)
    about = _given(given, pages.instance.db.read(founding.about, group))
    try:
        about = about._replace(
            avatar_id=await settings.picture(pages, group, given, "avatar"),
            header_id=await settings.picture(pages, group, given, "header"),
        )
        await pages.instance.db.write(founding.edit, group, about)
    except Invalid as error:
        return _page(request, _form(request, f"/groups/{group.username}/settings", about), group, error.message)
    return site.go(f"/groups/{group.username}/settings", "saved")


# -- its people --

_Acts = list[tuple[str, str, str]]


def _people(request: web.Request, which: str, lead: str, void: str) -> web.Response:
    _, pages, group = _moderated(request)
    people, turn = pages.instance.db.read(_read_people, pages, request, group, which)
    return site.show(
        request,
        "people.html",
        f"{group.name}: {which}",
        area="groups",
        heading=group.name,
        lead=lead,
        tabs=_tabs(group, which),
        people=people,
        pages=turn,
        void=Void("people", void, "They will stand here."),
    )


def _read_people(tx: Tx, pages: Pages, request: web.Request, group: Account, which: str) -> tuple[list[persons.Person], Turn]:
    turn = Turn()
    if which == "moderators":
        found = rows.list_moderators(tx, group.id)
    elif which == "bans":
        found = [account for _, account in rows.list_bans(tx, group.id)]
    else:
        page = paging.page(request, _MOST)
        state = "pending" if which == "requests" else "accepted"
        found, turn = paging.turn(request, page, listing_rows.list_followers(tx, group.id, page, state))
    path = f"/groups/{group.username}/people"
    acts = {
        "members": [("moderator", "Make moderator", "plain"), ("out", "Remove", "plain"), ("ban", "Ban", "bad")],
        "requests": [("accept", "Let in", ""), ("reject", "Refuse", "plain")],
        "moderators": [("no-moderator", "No longer", "plain")],
        "bans": [("unban", "Lift the ban", "plain")],
    }[which]
    shown = persons.faces(pages, tx, found, group)
    moderators = {one.id for one in rows.list_moderators(tx, group.id)} if which == "members" else set()  # their own page says what to do
    people = [
        persons.Person(face, None, [(f"{path}/{face.id}/{verb}", label, kind) for verb, label, kind in acts if face.id not in moderators])
        for face in shown
    ]
    return people, turn


async def show_members(request: web.Request) -> web.Response:
    return _people(request, "members", "Whoever has joined the group.", "Nobody has joined yet")


async def show_requests(request: web.Request) -> web.Response:
    return _people(request, "requests", "Whoever asks to join.", "Nobody is waiting")


async def show_moderators(request: web.Request) -> web.Response:
    return _people(request, "moderators", "They remove posts, close threads, and decide who takes part.", "Nobody moderates this group")


async def show_bans(request: web.Request) -> web.Response:
    return _people(request, "bans", "They can neither join nor post.", "Nobody is banned")


def _in(tx: Tx, group: Account, viewer: Account, who: Account) -> None:
    follows.accept(tx, group, who.id)


def _out(tx: Tx, group: Account, viewer: Account, who: Account) -> None:
    follows.reject(tx, group, who.id)


def _named(tx: Tx, group: Account, viewer: Account, who: Account) -> None:
    hosting.set_moderator(tx, group, viewer, who, added=True)


def _unnamed(tx: Tx, group: Account, viewer: Account, who: Account) -> None:
    hosting.set_moderator(tx, group, viewer, who, added=False)


_ON_PEOPLE: Final[dict[str, Callable[..., None]]] = {
    "accept": _in,
    "reject": _out,
    "out": _out,
    "ban": hosting.ban,
    "unban": hosting.unban,
    "moderator": _named,
    "no-moderator": _unnamed,
}


async def on_person(request: web.Request) -> web.Response:
    """`/groups/{name}/people/{id}/{verb}`."""
    viewer, pages, group = _moderated(request)
    who = pages.instance.db.read(account_rows.get, ids.parse(request.match_info["id"]))
    back = text.local_path((await params.read(request)).text("next"))
    await pages.instance.db.write(_ON_PEOPLE[request.match_info["verb"]], group, viewer, who)
    return site.go(back, "saved")


# -- its posts --


class Moderating(NamedTuple):
    """What a moderator finds below a post: where the buttons lead, and how things are."""

    path: str
    group: persons.Face
    is_locked: bool
    is_pinned: bool


def moderating(tx: Tx, pages: Pages, viewer: Account | None, post: Post) -> Moderating | None:
    """None for everybody who does not moderate the group of this server that the post is in."""
    group = groups.group_of(tx, post)
    if viewer is None or group is None or not group.is_local:
        return None
    if not rows.is_moderator(tx, group.id, viewer.id) and viewer.id not in user_rows.list_staff(tx):
        return None
    pinned = any(one.id == post.id for one in rows.list_pinned(tx, viewer.id, group.id, groups.PINS))
    return Moderating(f"/groups/{group.username}/posts/{post.id}", persons.face(pages, group, {}, viewer), bool(post.locked), pinned)


def _lock(tx: Tx, group: Account, viewer: Account, post_id: int) -> None:
    hosting.lock_post(tx, group, viewer, post_id, locked=True)


def _unlock(tx: Tx, group: Account, viewer: Account, post_id: int) -> None:
    hosting.lock_post(tx, group, viewer, post_id, locked=False)


def _pin(tx: Tx, group: Account, viewer: Account, post_id: int) -> None:
    hosting.pin_post(tx, group, viewer, post_id, added=True)


def _unpin(tx: Tx, group: Account, viewer: Account, post_id: int) -> None:
    hosting.pin_post(tx, group, viewer, post_id, added=False)


_ON_POSTS: Final[dict[str, Callable[..., None]]] = {
    "remove": hosting.remove_post,
    "lock": _lock,
    "unlock": _unlock,
    "pin": _pin,
    "unpin": _unpin,
}


async def on_post(request: web.Request) -> web.Response:
    """`/groups/{name}/posts/{id}/{verb}`."""
    viewer, pages, group = _moderated(request)
    back = text.local_path((await params.read(request)).text("next"))
    await pages.instance.db.write(_ON_POSTS[request.match_info["verb"]], group, viewer, ids.parse(request.match_info["id"]))
    return site.go(back, "saved")


# -- on its profile --


class Shown(NamedTuple):
    """What the profile of a group has besides. `refusal` says why the viewer cannot post in it; '' when they can."""

    moderators: list[persons.Face]
    rules: list[str]
    posting: str
    may_edit: bool
    refusal: str
    is_banned: bool


def shown(tx: Tx, pages: Pages, viewer: Account | None, group: Account) -> Shown:
    hosted = rows.find(tx, group.id)
    banned = viewer is not None and rows.find_ban(tx, group.id, viewer.id) is not None
    why = hosting.refusal(tx, group, viewer) if viewer is not None and hosted is not None else ""
    if banned:
        why = "The moderators of this group have banned you from it."
    elif viewer is not None and hosted is None and not follow_rows.is_follower(tx, viewer.id, group.id):
        why = "You can write in it once you are in: what others answer comes here from then on."
    may_edit = viewer is not None and hosted is not None and _may_edit(tx, group, viewer)
    return Shown(
        moderators=persons.faces(pages, tx, rows.list_moderators(tx, group.id), viewer),
        rules=[line for line in hosted.rules.splitlines() if line.strip()] if hosted is not None else [],
        posting={value: hint for value, _, hint in POSTING}.get(hosted.posting, "") if hosted is not None else "",
        may_edit=may_edit,
        refusal=why,
        is_banned=banned,
    )


def _may_edit(tx: Tx, group: Account, viewer: Account) -> bool:
    return rows.is_moderator(tx, group.id, viewer.id) or viewer.id in user_rows.list_staff(tx)
