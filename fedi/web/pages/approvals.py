"""What others ask to do with one's posts, and the buttons; and what one lets them do without asking."""

from typing import Final, NamedTuple

from aiohttp import web

from fedi import decisions, ids, plaintext, policies, quotelines, revocations
from fedi.storage import accounts as account_rows
from fedi.storage import approvals as rows
from fedi.storage import posts as post_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.approvals import Request
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import params
from fedi.web.pages import paging, persons, site, text, views
from fedi.web.pages.paging import Turn
from fedi.web.pages.site import Pages

_SAID_CHARS: Final = 200
_ICONS: Final = {policies.LIKE: "heart", policies.REPLY: "reply", policies.ANNOUNCE: "boost", policies.QUOTE: "quote"}
_ASKING: Final = {
    policies.LIKE: "wants to like your post",
    policies.REPLY: "wants to answer your post",
    policies.ANNOUNCE: "wants to boost your post",
    policies.QUOTE: "wants to quote your post",
}
_GIVEN: Final = {
    policies.LIKE: "may like your post",
    policies.REPLY: "may answer your post",
    policies.ANNOUNCE: "may boost your post",
    policies.QUOTE: "may quote your post",
}
CHOICES: Final = (
    ("public", "Everybody"),
    ("followers_ask", "Followers; others ask me"),
    ("followers", "Followers"),
    ("ask", "Whoever asks me first"),
    ("nobody", "Nobody but me"),
)
KINDS: Final = ((policies.REPLY, "Answer"), (policies.LIKE, "Like"), (policies.ANNOUNCE, "Boost"), (policies.QUOTE, "Quote"))
_VISIBILITIES: Final = (("public", "Posts for everybody"), ("unlisted", "Quiet posts"), ("followers", "Posts for followers"))


class Item(NamedTuple):
    """A row of the page. `said` is one's own post, `entry` the answer that waits, `away` where a quote can be read that is not here."""

    id: int
    at: int
    face: persons.Face
    icon: str
    words: str
    said: str
    href: str
    entry: views.Entry | None
    away: str


def _read(tx: Tx, pages: Pages, request: web.Request, viewer: Account, state: str) -> tuple[list[Item], Turn]:
    page = paging.page(request)
    found, turn = paging.turn(request, page, rows.list_of(tx, viewer.id, page, rows.Wanted(policies.KINDS, state)))
    posts = post_rows.list_visible(tx, viewer.id, [one.post_id for one in found])
    acts = {one.interaction_uri: act for one in found if (act := post_rows.find_by_uri(tx, one.interaction_uri)) is not None}
    seen = post_rows.list_visible(tx, viewer.id, [act.id for act in acts.values() if act.boost_of_id is None])
    entries = {entry.post.uri: entry for entry in views.entries(pages, tx, viewer, list(seen.values()))}
    accounts = account_rows.list_by_ids(tx, [one.account_id for one in found])
    faces = {face.id: face for face in persons.faces(pages, tx, list(accounts.values()), viewer)}
    return [_item(one, posts[one.post_id], faces[one.account_id], entries, viewer) for one in found if one.post_id in posts], turn


def _item(request: Request, post: Post, face: persons.Face, entries: dict[str, views.Entry], viewer: Account) -> Item:
    words = _GIVEN if request.state == "accepted" else _ASKING
    entry = entries.get(request.interaction_uri)
    is_away = request.kind == policies.QUOTE and entry is None
    return Item(
        id=request.id,
        at=request.created_at,
        face=face,
        icon=_ICONS[request.kind],
        words=words[request.kind],
        said=post.warning or plaintext.text(quotelines.without(post.content_html), _SAID_CHARS),
        href=f"/@{viewer.username}/{post.id}",
        entry=entry,
        away=text.web_address(request.interaction_uri) if is_away else "",
    )


async def show(request: web.Request) -> web.Response:
    """`/approvals`."""
    viewer, pages = site.signed_in(request), site.of(request)
    items, turn = pages.instance.db.read(_read, pages, request, viewer, "pending")
    return site.show(request, "approvals.html", "Waiting for your yes", area="approvals", items=items, pages=turn, given=False)


async def show_given(request: web.Request) -> web.Response:
    """`/approvals/given`."""
    viewer, pages = site.signed_in(request), site.of(request)
    items, turn = pages.instance.db.read(_read, pages, request, viewer, "accepted")
    return site.show(request, "approvals.html", "What you agreed to", area="approvals", items=items, pages=turn, given=True)


async def take_back(request: web.Request) -> web.Response:
    """`/approvals/{id}/revoke`."""
    viewer, pages = site.signed_in(request), site.of(request)
    await pages.instance.db.write(revocations.revoke, viewer, ids.parse(request.match_info["id"]))
    return site.go("/approvals/given", "taken-back")


async def answer(request: web.Request) -> web.Response:
    """`/approvals/{id}/{verb}`."""
    viewer, pages = site.signed_in(request), site.of(request)
    decide = decisions.authorize if request.match_info["verb"] == "accept" else decisions.reject
    await pages.instance.db.write(decide, viewer, ids.parse(request.match_info["id"]))
    return site.go("/approvals", "agreed" if decide is decisions.authorize else "declined")


async def confirm_revoke(request: web.Request) -> web.Response:
    """`/posts/{id}/unquote`: the post that quotes."""
    viewer, pages = site.signed_in(request), site.of(request)
    post_id = ids.parse(request.match_info["id"])
    entry = pages.instance.db.read(_entry, pages, viewer, post_id)
    return site.show(
        request,
        "confirm.html",
        "Take your post out of this quote?",
        question="Take your post out of this quote?",
        consequence="Readers no longer see your post in it, here and on the servers that hear of it. The text around it stays.",
        entry=entry,
        action=f"/posts/{post_id}/unquote",
        back="/notifications",
        target="/notifications",
        button="Take it out",
    )


def _entry(tx: Tx, pages: Pages, viewer: Account, post_id: int) -> views.Entry | None:
    post = post_rows.get_visible(tx, viewer.id, post_id)
    return next(iter(views.entries(pages, tx, viewer, [post])), None)


async def revoke(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    await pages.instance.db.write(decisions.revoke_quote_in, viewer, ids.parse(request.match_info["id"]))
    return site.go("/notifications", "unquoted")


# -- what holds for one's posts --


class _Row(NamedTuple):
    visibility: str
    name: str
    cells: list[tuple[str, str, str]]  # (name of the field, label, chosen)


def _chosen(tx: Tx, viewer: Account) -> dict[str, dict[str, str]]:
    user = user_rows.get(tx, viewer.id)
    found = user.setting("policies", {})
    return found if isinstance(found, dict) else {}


async def show_settings(request: web.Request) -> web.Response:
    """`/settings/consent`."""
    viewer = site.signed_in(request)
    chosen = site.of(request).instance.db.read(_chosen, viewer)
    table = []
    for visibility, name in _VISIBILITIES:
        own = chosen.get(visibility, {})
        cells = [(f"{visibility}_{kind}", label, own.get(kind, "public")) for kind, label in _kinds(visibility)]
        table.append(_Row(visibility, name, cells))
    return site.show(request, "settings_consent.html", "Consent", area="settings", table=table, choices=CHOICES)


def _kinds(visibility: str) -> list[tuple[str, str]]:
    """Posts for followers are neither boosted nor quoted by others anyway."""
    return [one for one in KINDS if visibility != "followers" or one[0] in (policies.REPLY, policies.LIKE)]


async def save_settings(request: web.Request) -> web.Response:
    viewer, pages, given = site.signed_in(request), site.of(request), await params.read(request)
    choices = {}
    for visibility, _ in _VISIBILITIES:
        choices[visibility] = {kind: given.text(f"{visibility}_{kind}", "public", 100) for kind, _ in _kinds(visibility)}
    await pages.instance.db.write(decisions.choose, viewer, choices)
    return site.go("/settings/consent", "saved")
