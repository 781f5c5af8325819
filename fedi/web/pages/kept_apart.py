"""What one's policy has kept apart, by whom it is from; and the policy itself."""

from typing import Any, Final, NamedTuple

from aiohttp import web

from fedi import filtered, ids, plaintext, quotelines
from fedi.storage import accounts as account_rows
from fedi.storage import notification_policies as policy_rows
from fedi.storage import notification_requests as rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.notification_policies import Policy
from fedi.web import params
from fedi.web.pages import paging, persons, site
from fedi.web.pages.paging import Turn
from fedi.web.pages.site import Pages

_SAID_CHARS: Final = 160
RULES: Final = (
    ("not_following", "People you do not follow", "You can let somebody through by hand."),
    ("not_followers", "People who do not follow you", "And those who have followed you for less than three days."),
    ("new_accounts", "New accounts", "Made within the last 30 days."),
    ("private_mentions", "Direct posts nobody asked for", "Not those that answer a post of yours, or come from somebody you follow."),
    ("limited_accounts", "Accounts of limited servers", "Those who look after this server keep them out of public lists."),
)
CHOICES: Final = (("accept", "Tell me"), ("filter", "Keep apart"), ("drop", "Ignore"))


class Item(NamedTuple):
    """Somebody of whom something is kept apart. `said` is what they wrote last, if they wrote anything, and `href` where."""

    id: int
    at: int
    face: persons.Face
    number: int
    said: str
    href: str


def _read(tx: Tx, pages: Pages, request: web.Request, viewer: Account) -> tuple[list[Item], Turn]:
    found, turn = paging.turn(request, page := paging.page(request), rows.list_of(tx, viewer.id, page))
    accounts = account_rows.list_by_ids(tx, [one.from_account_id for one in found])
    faces = {face.id: face for face in persons.faces(pages, tx, list(accounts.values()), viewer)}
    posts = post_rows.list_visible(tx, viewer.id, [one.last_post_id for one in found if one.last_post_id is not None])
    items = []
    for one in found:
        post = posts.get(one.last_post_id or 0)
        said = plaintext.text(quotelines.without(post.content_html), _SAID_CHARS) or "A post without words" if post is not None else ""
        href = f"/@{accounts[one.from_account_id].handle}/{post.id}" if post is not None else ""
        items.append(Item(one.id, one.updated_at, faces[one.from_account_id], one.held, said, href))
    return items, turn


async def show(request: web.Request) -> web.Response:
    """`/notifications/requests`."""
    viewer, pages = site.signed_in(request), site.of(request)
    items, turn = pages.instance.db.read(_read, pages, request, viewer)
    return site.show(request, "requests.html", "Kept apart", area="notifications", items=items, pages=turn)


async def answer(request: web.Request) -> web.Response:
    """Let somebody through, or what they did go. One that is not there any more is no harm."""
    viewer, act = site.signed_in(request), filtered.accept if request.match_info["verb"] == "accept" else filtered.dismiss
    await site.of(request).instance.db.write(act, viewer.id, [ids.parse(request.match_info["id"])])
    return site.go("/notifications/requests", "saved")


async def show_policy(request: web.Request) -> web.Response:
    """`/settings/notifications`."""
    viewer, pages = site.signed_in(request), site.of(request)
    policy = pages.instance.db.read(policy_rows.get, viewer.id)._asdict()
    return site.show(
        request, "settings_notifications.html", "Whom you hear of", area="settings", rules=RULES, choices=CHOICES, policy=policy
    )


async def save_policy(request: web.Request) -> web.Response:
    """What is none of the choices stays as it is."""
    viewer, pages, given = site.signed_in(request), site.of(request), await params.read(request)
    asked = {name: given.text(name, max_chars=40) for name in Policy._fields}
    chosen = {name: choice for name, choice in asked.items() if choice in policy_rows.CHOICES}
    await pages.instance.db.write(_save, viewer.id, chosen)
    return site.go("/settings/notifications", "saved")


def _save(tx: Tx, viewer_id: int, chosen: dict[str, Any]) -> None:
    policy_rows.put(tx, viewer_id, policy_rows.get(tx, viewer_id)._replace(**chosen))
