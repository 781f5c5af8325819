"""A post, with what it answers and what answers it; for its author, where it got to."""

from typing import Any, Final, NamedTuple
from urllib.parse import quote

from aiohttp import web

from fedi import clock, ids, plaintext, quotelines
from fedi.errors import Gone, NotFound
from fedi.html import Html
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import posts as post_rows
from fedi.storage import reactions as reaction_rows
from fedi.storage import threads as thread_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.deliveries import Delivery
from fedi.storage.posts import Edit, Post
from fedi.storage.timelines import Page
from fedi.web import tended
from fedi.web.pages import elsewhere, groups, persons, prose, site, text, under, views
from fedi.web.pages.site import Head, Link, Pages

_NOTHING: Final = "There is no such post."
_ABOVE: Final = 40
_BELOW: Final = 120
_NAMES: Final = Page(limit=12)
_DEEPEST: Final = 3
_QUICK: Final = ("👍", "❤️", "😂", "🎉", "😮", "😢")
_SUMMARY_CHARS: Final = 280


class _Found(NamedTuple):
    entry: views.Entry
    moderating: groups.Moderating | None
    above: list[views.Entry]
    below: list[views.Entry]
    likers: list[persons.Face]
    boosters: list[persons.Face]
    reactors: list[tuple[str, list[persons.Face]]]
    edits: list[Edit]
    receipts: list[Delivery]


def _get(tx: Tx, viewer: Account | None, name: str, host: str, post_id: int) -> tuple[Post, Account]:
    """The post at an address, which says whose it is. What may not be seen is unknown; what was deleted here is gone."""
    post = post_rows.find_visible(tx, viewer.id if viewer is not None else 0, post_id)
    author = account_rows.find(tx, post.account_id) if post is not None else None
    if post is None or author is None:
        _refuse_deleted(tx, name, host, post_id)
        raise NotFound(_NOTHING)
    if author.host != host or author.username.lower() != name.lower() or post.boost_of_id is not None:
        raise NotFound(_NOTHING)
    return post, author


def _refuse_deleted(tx: Tx, name: str, host: str, post_id: int) -> None:
    author = account_rows.find_by_handle(tx, name, "") if not host else None
    tombstone = tombstone_rows.find(tx, tx.uris.post(author.username, post_id)) if author is not None else None
    if tombstone is not None and tombstone.former_type:
        raise Gone("This post was deleted by its author.")


def _read(tx: Tx, pages: Pages, viewer: Account | None, post: Post) -> _Found:
    viewer_id = viewer.id if viewer is not None else 0
    above = thread_rows.list_ancestors(tx, viewer_id, post.id, _ABOVE)
    below = thread_rows.list_descendants(tx, viewer_id, post.id, _BELOW)
    marks = {row.id: "up" for row in above} | {post.id: "big"} | _depths(post, below)
    # One reading for the whole thread; taken apart again by what each entry is to the post.
    shown = {entry.post.id: entry for entry in views.entries(pages, tx, viewer, [*above, post, *below], marks, "thread")}
    if post.id not in shown:
        raise NotFound(_NOTHING)
    is_mine = viewer is not None and viewer.id == post.account_id
    liked, boosted = viewer is not None and post.favourites_count, viewer is not None and post.boosts_count
    likers = [who for _, who in interaction_rows.list_favouriters(tx, post.id, _NAMES)] if liked else []
    boosters = [who for _, who in interaction_rows.list_boosters(tx, viewer_id, post.id, _NAMES)] if boosted else []
    boosters = [account for account in boosters if account.id != post.group_id]  # that it is in the group is said already
    named = persons.faces(pages, tx, [*likers, *boosters], viewer)
    return _Found(
        entry=shown[post.id],
        moderating=groups.moderating(tx, pages, viewer, post) if post.group_id is not None else None,
        above=[shown[row.id] for row in above if row.id in shown],
        below=[shown[row.id] for row in below if row.id in shown],
        likers=named[: len(likers)],
        boosters=named[len(likers) :],
        reactors=_reactors(tx, pages, viewer, post),
        edits=post_rows.list_edits(tx, post.id) if post.edited_at else [],
        receipts=delivery_rows.list_receipts(tx, post.id) if is_mine else [],
    )


def _reactors(tx: Tx, pages: Pages, viewer: Account | None, post: Post) -> list[tuple[str, list[persons.Face]]]:
    """Who reacted, by emoji; for people of this server."""
    given = reaction_rows.list_people(tx, viewer.id, post.id, 5 * _NAMES.limit) if viewer is not None else []
    people = {account.id: account for *_, account in given}
    shown = dict(zip(people, persons.faces(pages, tx, list(people.values()), viewer), strict=True))
    found: dict[str, list[persons.Face]] = {}
    for name, _, account in given:
        found.setdefault(under.sign(name), []).append(shown[account.id])
    return list(found.items())


def _depths(post: Post, below: list[Post]) -> dict[int, str]:
    """A class for each answer: how far it stands from the post, up to a depth that still fits a phone."""
    depth, marks = {post.id: 0}, {}
    for row in below:
        depth[row.id] = depth.get(row.in_reply_to_id or 0, 0) + 1
        if depth[row.id] > 1:
            marks[row.id] = f"d{min(depth[row.id] - 1, _DEEPEST)}"
    return marks


async def show(request: web.Request) -> web.Response:
    pages, viewer = site.of(request), site.viewer(request)
    place = request.match_info["name"], request.match_info.get("host", "").lower(), ids.parse(request.match_info["id"])
    post, author = pages.instance.db.read(_get, viewer, *place)
    if not author.is_local and viewer is None:
        return elsewhere.leave(request, f"This post of @{author.handle}", text.web_address(post.url) or post.uri, author.host)
    fetching = viewer is not None and await tended.thread(pages.instance, post)
    if viewer is not None:
        await pages.instance.look_at_poll(post)
    found = pages.instance.db.read(_read, pages, viewer, post)
    context: dict[str, Any] = found._asdict() | {
        "quick": _QUICK,
        "heading": f"{views.NOUNS.get(post.kind, 'post').capitalize()} by {author.name}",
        "fetching": fetching,
        "refresh": tended.REFRESH_S if fetching else 0,
        "answers": _answers(post),
        "receipts": [_receipt(row) for row in found.receipts],
        "receipt_summary": _summary(found.receipts),
        "edits": [{"edited_at": edit.edited_at, "warning": edit.warning, "content": _revision(pages, edit)} for edit in found.edits],
    }
    title = f"{author.name}: {_title(post)}"
    return site.show(request, "post.html", title, head=_head(pages, post, author, found.entry), **context)


def _answers(post: Post) -> str:
    """How many of the answers are here, where the post's own server knows more."""
    if post.origin_replies <= post.replies_count:
        return ""
    here = post.replies_count
    return f"{here} of at least {post.origin_replies} answers {'is' if here == 1 else 'are'} here."


def _revision(pages: Pages, edit: Edit) -> Html:
    return prose.below(prose.links(pages, prose.stored(edit.content_html), (), ()))


def _title(post: Post) -> str:
    """The post in some words: its title, which stands above any warning; behind a warning, the warning. Source: XSS-07."""
    return post.title[:70] or post.warning[:70] or plaintext.text(quotelines.without(post.content_html), 70).replace("\n", " ") or "a post"


def _head(pages: Pages, post: Post, author: Account, entry: views.Entry) -> Head:
    """Nothing of a post that is not for everybody stands in the head. Source: FEDERATION.md, Discovery; VIS-04."""
    if not author.is_local or not post.is_public:
        return Head()
    acct = f"{author.username}@{pages.site.domain}"
    words = post.warning or plaintext.text(quotelines.without(post.content_html), _SUMMARY_CHARS)
    found = views.properties(pages, "article", post.title or f"{author.name} (@{acct})", words, post.url)
    if post.edited_at is not None:
        found.append(("article:modified_time", clock.rfc3339(post.edited_at)))
    if post.title:
        found.append(("article:author", author.url))
    return Head(
        noindex=not author.indexable or post.visibility != "public",
        canonical=post.url,
        alternates=[
            Link("application/activity+json", post.uri),
            Link("application/json+oembed", f"{pages.site.base_url}/api/oembed?url={quote(post.url, safe='')}"),
        ],
        properties=[*found, ("article:published_time", clock.rfc3339(post.published_at))],
        creator=f"@{acct}",
    )


# -- receipts --


class _Receipt(NamedTuple):
    host: str
    what: str
    state: str
    name: str
    icon: str
    detail: str


_STATES: Final = {
    "delivered": ("Reached", "check"),
    "queued": ("Waiting", "clock"),
    "refused": ("Refused", "cross"),
    "expired": ("Given up", "cross"),
    "dropped": ("Not sent", "cross"),
}
_WHAT: Final = {"Create": "The post", "Update": "An edit", "Announce": "A boost", "Add": "Pinned", "Remove": "Unpinned"}


def _receipt(row: Delivery) -> _Receipt:
    name, icon = _STATES.get(row.state, (row.state, "info"))
    said = f"{row.status} {plaintext.line(row.answer, 200)}".strip() if row.status else plaintext.line(row.answer, 200)
    if row.state == "delivered":
        detail = ""
    elif row.state == "queued":
        tries = f"tried {row.attempts} times" if row.attempts > 1 else "tried once" if row.attempts else "about to be sent"
        detail = f"{tries}{f', last answer: {said}' if said else ''}{f', next at {text.full_time(row.next_at)}' if row.attempts else ''}"
    else:
        detail = f"they said: {said}" if row.status else said
    return _Receipt(row.host, _WHAT.get(row.type, row.type), row.state, name, icon, detail)


def _summary(rows: list[Delivery]) -> str:
    """`Reached 12 servers, 1 waits, 2 refused it.`: by server, of what counts most, the post itself."""
    states: dict[str, set[str]] = {}
    for row in rows:
        if row.type == "Create":
            states.setdefault(row.state, set()).add(row.host)
    reached, waiting = len(states.get("delivered", ())), len(states.get("queued", ()))
    refused = sum(len(hosts) for state, hosts in states.items() if state not in ("delivered", "queued"))
    parts = [f"Reached {reached} {'server' if reached == 1 else 'servers'}"]
    if waiting:
        parts.append(f"{waiting} still waiting")
    if refused:
        parts.append(f"{refused} refused or not reachable")
    return ", ".join(parts) + "."
