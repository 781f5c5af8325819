"""Activity: who followed, answered, liked and boosted. Looking at it does not change it; a button marks it as read."""

from typing import Final, NamedTuple

from aiohttp import web

from fedi import notifications, plaintext, quotelines
from fedi.storage import accounts as account_rows
from fedi.storage import notification_requests as request_rows
from fedi.storage import notifications as rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage import reactions as reaction_rows
from fedi.storage import severances as severance_rows
from fedi.storage import warnings as warning_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.notifications import Notification
from fedi.storage.posts import Post
from fedi.storage.severances import Severance
from fedi.web.pages import paging, persons, site, under, views
from fedi.web.pages.paging import Turn
from fedi.web.pages.site import Pages

_SAID_CHARS: Final = 160
_WORDS: Final = {
    "follow": ("person", "followed you"),
    "follow_request": ("people", "asks to follow you"),
    "favourite": ("heart", "liked your post"),
    "boost": ("boost", "boosted your post"),
    "edit": ("write", "edited a post you boosted"),
    "post": ("bell", "wrote something new"),
    "mention": ("reply", "named you"),
    "reaction": ("heart", "reacted to your post"),
    "poll": ("poll", "asked in a poll that is over"),
    "quote": ("quote", "quoted your post"),
    "quoted_edit": ("write", "edited a post you quoted"),
    "approval": ("clock", "asks for your yes"),
    "report": ("warn", "sent a report"),
    "moderation": ("stop", "banned you from the group"),
    "collection": ("people", "put you into a collection"),
    "collection_edit": ("people", "changed a collection you are in"),
    "sign_up": ("person", "signed up"),
    "severance": ("warn", "lost follows"),
    "warning": ("warn", "got a word from those who look after this server"),
    "move": ("away", "is where somebody you followed has moved to"),
}
_PLACES: Final = {"report": ("/moderation", "See the reports")}
# What one may choose to see alone: its name in the address, in words, and the kinds.
_CHOICES: Final = (
    ("", "All", ()),
    ("mentions", "Mentions", ("mention", "quote")),
    ("likes", "Likes", ("favourite", "reaction")),
    ("boosts", "Boosts", ("boost",)),
    ("follows", "Follows", ("follow", "follow_request", "move")),
    ("posts", "Posts", ("post", "edit", "quoted_edit", "poll")),
    ("rest", "The rest", ("approval", "moderation", "report", "sign_up", "severance", "warning", "collection", "collection_edit")),
)
_LOST: Final = {
    "domain_block": "{} is blocked on this server",
    "user_domain_block": "You have blocked {}",
    "account_suspension": "@{} is suspended",
}
_WHOLE: Final = frozenset({"mention", "post"})  # shown as posts one can answer at once


class Item(NamedTuple):
    """A row of the page: a whole post (`entry`), or who did what to which."""

    kind: str
    at: int
    is_new: bool
    face: persons.Face
    icon: str
    text: str
    href: str
    said: str
    post_id: int
    entry: views.Entry | None
    is_shown: bool = False  # of a quote: with the viewer's post in it
    about_id: int = 0


def _read(tx: Tx, pages: Pages, request: web.Request, viewer: Account) -> tuple[list[Item], Turn]:
    page, kinds = paging.page(request), next(kinds for name, _, kinds in _CHOICES if name == _chosen(request))
    read = rows.list_of(tx, viewer.id, before=page.before, after=page.after, limit=page.limit, kinds=kinds)
    found, turn = paging.turn(request, page, read)
    posts = post_rows.list_visible(tx, viewer.id, [row.post_id for row in found if row.post_id is not None])
    accounts = account_rows.list_by_ids(tx, [row.from_account_id for row in found] + [post.account_id for post in posts.values()])
    senders = {row.from_account_id for row in found}
    faces = {face.id: face for face in persons.faces(pages, tx, [accounts[i] for i in senders if i in accounts], viewer)}
    whole = [posts[row.post_id] for row in found if row.kind in _WHOLE and row.post_id in posts]
    new = {row.post_id: "new" for row in found if row.kind in _WHOLE and row.read_at is None and row.post_id is not None}
    entries = {entry.row.id: entry for entry in views.entries(pages, tx, viewer, list(dict.fromkeys(whole)), new, "notifications")}
    left_out = {post.id for post in whole} - entries.keys()  # by a filter
    items = [
        _item(row, posts, accounts, faces, entries)
        for row in found
        if row.from_account_id in faces and not (row.kind in _WHOLE and row.post_id in left_out)
    ]
    return _happened(tx, _quoted(tx, viewer, _reacted(tx, items))), turn


def _chosen(request: web.Request) -> str:
    """Which kinds the page is to show; all for what is no name of some."""
    given = request.query.get("show", "")
    return given if any(name == given for name, _, _ in _CHOICES) else ""


def _happened(tx: Tx, items: list[Item]) -> list[Item]:
    """With what became of follows, and with the words of staff."""
    lost = [item.about_id for item in items if item.kind == "severance"]
    said = [item.about_id for item in items if item.kind == "warning"]
    words = {made.id: _lost(made) for made in (severance_rows.list_these(tx, lost).values() if lost else ())}
    words |= {made.id: made.text for made in (warning_rows.list_these(tx, said).values() if said else ())}
    return [item._replace(said=words[item.about_id]) if item.about_id in words and not item.said else item for item in items]


def _lost(made: Severance) -> str:
    """What a severance has cost, in words."""
    counted = [
        f"{number} {one if number == 1 else many}"
        for number, one, many in (
            (made.followers_count, "follower", "followers"),
            (made.following_count, "whom you followed", "whom you followed"),
        )
        if number
    ]
    return f"{_LOST[made.kind].format(made.target)}. Gone with it: {' and '.join(counted)}."


def _reacted(tx: Tx, items: list[Item]) -> list[Item]:
    """With the emoji people have reacted with."""
    signs = reaction_rows.list_names(tx, [(item.face.id, item.post_id) for item in items if item.kind == "reaction"])
    names = {pair: " ".join(under.sign(name) for name in given) for pair, given in signs.items()}
    return [
        item._replace(text=f"{item.text} with {names[item.face.id, item.post_id]}") if (item.face.id, item.post_id) in names else item
        for item in items
    ]


def _quoted(tx: Tx, viewer: Account, items: list[Item]) -> list[Item]:
    """Knowing in which quotes the viewer's post is still shown."""
    seen = quote_rows.list_seen(tx, viewer.id, [item.post_id for item in items if item.kind == "quote"])
    return [item._replace(is_shown=item.post_id in seen and seen[item.post_id].quoted_id is not None) for item in items]


def _item(
    row: Notification, posts: dict[int, Post], accounts: dict[int, Account], faces: dict[int, persons.Face], entries: dict[int, views.Entry]
) -> Item:
    icon, words = _WORDS.get(row.kind, ("info", row.kind))
    post = posts.get(row.post_id) if row.post_id is not None else None
    is_refused = row.kind == "approval" and post is not None and post.account_id == row.from_account_id
    if row.kind == "moderation" and row.post_id is not None:
        words = "removed your post from the group"
    if row.kind == "approval" and post is not None and post.held:
        words = "does not want your answer: only you and they see it"
    elif is_refused:
        words = "does not want your like or boost any more: it is taken back"
    author = accounts.get(post.account_id) if post is not None else None
    href, place = _PLACES.get(row.kind, ("", ""))
    if row.kind in ("collection", "collection_edit"):
        href, place = f"/@{faces[row.from_account_id].username}/collections/{row.about_id}", "See the collection"
    return Item(
        kind=row.kind,
        at=row.created_at,
        is_new=row.read_at is None,
        face=faces[row.from_account_id],
        icon=icon,
        text=words,
        href=f"/@{author.handle}/{post.id}" if post is not None and author is not None else href,
        said=_said(post) if post is not None else place,
        post_id=post.id if post is not None and not post.held and not is_refused else 0,
        entry=entries.pop(row.post_id, None) if row.kind in _WHOLE and row.post_id is not None else None,
        about_id=row.about_id or 0,
    )


def _said(post: Post) -> str:
    words = post.warning or post.title or plaintext.text(quotelines.without(post.content_html), _SAID_CHARS)
    return words or "A post without words"


async def show(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    items, turn = pages.instance.db.read(_read, pages, request, viewer)
    held, _ = pages.instance.db.read(request_rows.count, viewer.id)
    return site.show(
        request,
        "notifications.html",
        "Activity",
        area="notifications",
        items=items,
        pages=turn,
        has_new=any(item.is_new for item in items),
        choices=[(name, words) for name, words, _ in _CHOICES],
        chosen=_chosen(request),
        held=held,
    )


async def mark_read(request: web.Request) -> web.Response:
    viewer = site.signed_in(request)
    await site.of(request).instance.db.write(notifications.mark_all_read, viewer.id)
    return site.go("/notifications")
