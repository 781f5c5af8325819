"""What every page has: whose it is, the frame around it, and the ways out of a form."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from aiohttp import web

from fedi.instance import Instance
from fedi.storage import approvals as approval_rows
from fedi.storage import follows as follow_rows
from fedi.storage import notifications as notification_rows
from fedi.storage import reports as report_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web import auth, headers
from fedi.web.pages import static, templates, text
from fedi.web.pages.fragments import Fragments

_DESCRIPTION: Final = (
    "A small server of the fediverse: the people here can follow and answer anybody on Mastodon and everywhere else,"
    " and be followed from there."
)


class Site(NamedTuple):
    """The server as its pages speak of it."""

    title: str
    description: str
    domain: str
    base_url: str
    contact: str
    registrations: str


class Link(NamedTuple):
    """The page in another form."""

    type: str
    href: str
    title: str = ""


class Head(NamedTuple):
    """What the head of a page says to machines. `properties` are OpenGraph; pages are not for search engines unless they say so."""

    noindex: bool = True
    canonical: str = ""
    alternates: Sequence[Link] = ()
    properties: Sequence[tuple[str, str]] = ()
    creator: str = ""


class Void(NamedTuple):
    """What stands where a list is empty: what it means, and what to do next."""

    icon: str
    heading: str
    text: str
    href: str = ""
    button: str = ""


SAID: Final = {
    "posted": "Your post is out.",
    "scheduled": "Your post waits for its time.",
    "not_scheduled": "It is not going to be published.",
    "voted": "Your vote counts.",
    "edited": "Your change is saved.",
    "deleted": "The post is deleted, and the servers that got it are told.",
    "saved": "Saved.",
    "no_readers": "Forgotten. Nobody reads you by e-mail any more.",
    "followed": "You follow them now.",
    "asked": "You have asked to follow them. They appear in your home once they accept.",
    "unfollowed": "You follow them no more.",
    "joined": "You are in the group now. What is posted in it comes to your home.",
    "asked_in": "You have asked to join. What is posted in the group comes to your home once it lets you in.",
    "left": "You have left the group.",
    "accepted": "They follow you now.",
    "refused": "They do not follow you.",
    "blocked": "Blocked. You see nothing of each other any more.",
    "unblocked": "Unblocked.",
    "muted": "Muted. You find them under Settings, Blocked and muted.",
    "unmuted": "Unmuted.",
    "password": "Your password is changed. Other browsers and apps are signed out.",
    "confirmed": "Your address is confirmed. Sign in.",
    "confirmed_here": "Your address is confirmed.",
    "asked_address": "The letter is on its way.",
    "kept_address": "Your address stays as it is.",
    "approved": "Let in.",
    "rejected": "Turned down, and forgotten.",
    "ended": "Signed out everywhere else.",
    "thrown_out": "Thrown out. It can do nothing for you any more.",
    "not_let_in": "You have let nothing in.",
    "endorsed": "They stand on your profile now.",
    "taken-out": "Taken out.",
    "pinned": "Pinned to your profile.",
    "unpinned": "No longer pinned.",
    "agreed": "You have agreed.",
    "taken-back": "Taken back. The other servers are being told.",
    "declined": "You have refused.",
    "unquoted": "Your post is no longer shown there.",
    "topic": "You follow this topic now.",
    "no_topic": "You follow that topic no more.",
    "reported": "Thank you. Those who look after this server will read it.",
    "settled": "Settled.",
    "suspended": "Suspended, and the report is settled.",
    "bringing": "Your list is being gone through, about one line a second.",
    "alias": "Added. Now start the move over there.",
    "moved": "You have moved. Your followers are being sent to your new account.",
    "back": "You are at home here again.",
    "gone": "Your account is deleted. Other servers are being told.",
    "grouped": "Your group is there. Tell people its handle.",
    "bye": "You are signed out.",
}
WRONG: Final = {
    "no_choice": "Choose an answer, then vote.",
    "no_emoji": "Type one emoji, or the :name: of one of this server.",
}


class Pages:
    """What the pages of one application share."""

    def __init__(self, instance: Instance) -> None:
        settings = instance.config.instance
        self.instance = instance
        self.site = Site(
            settings.title,
            settings.description or _DESCRIPTION,
            settings.domain,
            settings.base_url,
            settings.contact,
            settings.registrations,
        )
        self.static = static.shipped()
        self.templates = templates.environment(self.static.address)
        self.fragments = Fragments()


PAGES = web.AppKey[Pages]("pages")


def of(request: web.Request) -> Pages:
    return request.app[PAGES]


# -- who --


def viewer(request: web.Request) -> Account | None:
    """The person whose browser this is. A bearer token opens no page: tokens have scopes, pages do everything."""
    return auth.viewer(request) if auth.session_secret(request) else None


def signed_in(request: web.Request) -> Account:
    """The person whose browser this is; anybody else is sent to sign in, and from there back."""
    account = viewer(request)
    if account is None:
        raise web.HTTPSeeOther(f"/login?next={quote(here(request), safe='')}")
    return account


def here(request: web.Request) -> str:
    """This page, as a form may lead back to it: the address without what was said last, or, after a form, the home page."""
    if request.method not in ("GET", "HEAD"):
        return "/home"
    pairs = [(name, value) for name, value in parse_qsl(request.rel_url.raw_query_string) if name != "said"]
    path = request.rel_url.raw_path
    return text.local_path(f"{path}?{urlencode(pairs)}" if pairs else path)


# -- showing --


def _counts(tx: Tx, account_id: int) -> tuple[int, int, int | None, int]:
    """(new in Activity, who asks to follow, reports that wait: None for who does not look after the server, what waits for a yes)."""
    user = user_rows.find(tx, account_id)
    waiting = report_rows.count_open(tx) if user is not None and user.role != "user" else None
    asked = approval_rows.count_pending(tx, account_id)
    return notification_rows.count_unread(tx, account_id), follow_rows.count_pending(tx, account_id), waiting, asked


def show(request: web.Request, name: str, title: str, *, area: str = "", status: int = 200, **context: Any) -> web.Response:
    """A page in its frame. `area` is the entry of the navigation it belongs to. Looks at nobody but `viewer`."""
    pages = of(request)
    account = viewer(request)
    unread, requests, reports, asked = pages.instance.db.read(_counts, account.id) if account is not None else (0, 0, None, 0)
    frame = {
        "site": pages.site,
        "viewer": account,
        "csrf": auth.csrf(request) if account is not None else "",
        "unread": unread,
        "requests": requests,
        "asked": asked,
        "reports": reports,
        "title": title,
        "here": area,
        "here_url": here(request),
        "head": Head(),
        "said": SAID.get(request.query.get("said", ""), ""),
        "wrong": WRONG.get(request.query.get("said", ""), ""),
        "refresh": 0,
    }
    response = web.Response(text=pages.templates.get_template(name).render(frame | context), status=status, content_type="text/html")
    if status == 200 and request.method in ("GET", "HEAD") and auth.is_anonymous(request) and name in _PUBLIC:
        response.headers["Cache-Control"] = headers.PUBLIC
    head = frame | context
    for link in head["head"].alternates:
        if link.type == "application/activity+json":
            response.headers.add("Link", f'<{link.href}>; rel="alternate"; type="{link.type}"')
    return response


_PUBLIC: Final = frozenset({"front.html", "timeline.html", "profile.html", "post.html", "about.html", "paper.html"})


# -- after a form --


def go(path: str, said: str = "", anchor: str = "") -> web.Response:
    """See another page of ours, which says what was done. `path` is trusted: it went through `text.local_path`, or is our own."""
    if said:
        parts = urlsplit(path)
        pairs = [(name, value) for name, value in parse_qsl(parts.query) if name != "said"]
        path = f"{parts.path}?{urlencode([*pairs, ('said', said)])}"
    if anchor:
        path = f"{path.partition('#')[0]}#{anchor}"
    return web.Response(status=303, headers={"Location": path})
