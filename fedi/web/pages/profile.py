"""A profile: of somebody here for everybody, of somebody elsewhere for those who are signed in."""

from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote

from aiohttp import web

from fedi import emojis, limits, plaintext, tags
from fedi.errors import Gone, NotFound
from fedi.html import Html
from fedi.storage import accounts as account_rows
from fedi.storage import collections as collection_rows
from fedi.storage import endorsements as endorsement_rows
from fedi.storage import featured_tags as featured_tag_rows
from fedi.storage import groups as group_rows
from fedi.storage import listings as listing_rows
from fedi.storage import timelines as timeline_rows
from fedi.storage.accounts import Account
from fedi.storage.collections import Collection
from fedi.storage.db import Tx
from fedi.storage.listings import Showing
from fedi.storage.posts import Post
from fedi.storage.timelines import Page, Wanted
from fedi.web import tended
from fedi.web.pages import elsewhere, groups, paging, persons, prose, site, text, views
from fedi.web.pages.paging import Turn
from fedi.web.pages.site import Head, Link, Pages

_SUMMARY_CHARS: Final = 200
_PEOPLE: Final = 20


class _Found(NamedTuple):
    face: persons.Face
    header: str
    header_alt: str
    about: persons.Relation | None
    posts: list[views.Entry]
    turn: Turn
    moved_name: str
    topics: list[str]
    group: groups.Shown | None
    chosen: Showing
    endorsed: list[persons.Face]
    collections: list[Collection]


def account_of(tx: Tx, name: str, host: str) -> Account:
    """Whose profile an address is. Raises NotFound, and Gone for somebody who has left this server."""
    account = account_rows.find_by_handle(tx, name, host)
    if account is None or account.kind == "Application" or (account.is_hidden and account.deleted_at is None):
        raise NotFound("There is nobody of that name here.")
    if account.deleted_at is not None:
        raise Gone("This account was deleted by the person it belonged to.")
    return account


def _read(tx: Tx, pages: Pages, request: web.Request, viewer: Account | None, account: Account, wanted: Wanted) -> _Found:
    pictures = listing_rows.list_pictures(tx, [account.avatar_id, account.header_id])
    page = paging.page(request)
    is_group = account.kind == groups.KIND
    if is_group and wanted.replies and not (wanted.only_media or wanted.tag):
        found = group_rows.list_posts(tx, viewer.id if viewer else 0, account.id, page)
    else:
        found = timeline_rows.list_profile(tx, viewer.id if viewer else 0, account.id, page, wanted)
    rows, turn = paging.turn(request, page, found)
    marks: dict[int, str] = {}
    if wanted.replies is False and not (page.before or page.after):
        pinned = _pinned(tx, viewer.id if viewer else 0, account)
        marks = {row.id: "pinned" for row in pinned}
        rows = [*pinned, *(row for row in rows if row.id not in marks and row.boost_of_id not in marks)]
    header = pictures.get(account.header_id or 0)
    return _Found(
        persons.face(pages, account, pictures, viewer),
        persons.address(header),
        header.alt if header is not None else "",
        persons.relations(tx, viewer, [account.id]).get(account.id),
        views.entries(pages, tx, viewer, rows, marks, "account"),
        turn,
        _moved_name(tx, viewer, account),
        featured_tag_rows.list_names(tx, account.id),
        groups.shown(tx, pages, viewer, account) if is_group else None,
        *_recommended(tx, pages, viewer, account),
    )


def _recommended(tx: Tx, pages: Pages, viewer: Account | None, account: Account) -> tuple[Showing, list[persons.Face], list[Collection]]:
    """What a person here chose for their profile, and whom they recommend on it."""
    chosen = listing_rows.list_showing(tx, [account.id]).get(account.id, Showing()) if account.is_local else Showing()
    if not account.is_local or not chosen.show_featured:
        return chosen, [], []
    viewer_id = viewer.id if viewer is not None else 0
    people = [other for _, other in endorsement_rows.list_of(tx, account.id, viewer_id, Page(limit=_PEOPLE))]
    found = collection_rows.list_of(tx, account.id, hidden=viewer_id == account.id, limit=limits.COLLECTIONS, offset=0)
    return chosen, persons.faces(pages, tx, people, viewer), found


def _pinned(tx: Tx, viewer_id: int, account: Account) -> list[Post]:
    if account.kind == groups.KIND:
        return group_rows.list_pinned(tx, viewer_id, account.id, 5)
    return timeline_rows.list_profile(tx, viewer_id, account.id, Page(limit=5), Wanted(pinned=True))


def _moved_name(tx: Tx, viewer: Account | None, account: Account) -> str:
    """The handle of where somebody has moved to, where that has a page here that the viewer may open."""
    new = account_rows.find_by_uri(tx, account.moved_to_uri) if account.moved_to_uri else None
    return new.handle if new is not None and not new.is_hidden and (new.is_local or viewer is not None) else ""


async def show(request: web.Request) -> web.Response:
    """`/@name`: what they write. Answers to others stand under a tab of their own."""
    return await _show(request, "", Wanted(replies=False))


async def show_replies(request: web.Request) -> web.Response:
    return await _show(request, "/with_replies", Wanted(replies=True))


async def show_media(request: web.Request) -> web.Response:
    return await _show(request, "/media", Wanted(boosts=False, only_media=True))


async def show_tagged(request: web.Request) -> web.Response:
    """`/@name/tagged/topic`: what they have written with a hashtag."""
    tag = tags.named(request.match_info["tag"])
    return await _show(request, f"/tagged/{quote(tag, safe='')}", Wanted(boosts=False, tag=tag))


async def _show(request: web.Request, tab: str, wanted: Wanted) -> web.Response:
    pages, viewer = site.of(request), site.viewer(request)
    account = pages.instance.db.read(account_of, request.match_info["name"], request.match_info.get("host", "").lower())
    if not account.is_local and viewer is None:
        return elsewhere.leave(request, f"The profile of @{account.handle}", text.web_address(account.url) or account.uri, account.host)
    fetching = await tended.profile(pages.instance, account)
    found = pages.instance.db.read(_read, pages, request, viewer, account, wanted)
    is_me = viewer is not None and viewer.id == account.id
    return site.show(
        request,
        "profile.html",
        f"{account.name} (@{found.face.acct})",
        area="me" if is_me else "",
        head=_head(pages, account, found, tab),
        account=account,
        is_me=is_me,
        fetching=fetching,
        refresh=tended.REFRESH_S if fetching else 0,
        **_words(pages, account, found, tab),
    )


def _words(pages: Pages, account: Account, found: _Found, tab: str) -> dict[str, Any]:
    href = f"/@{account.handle}"
    pictures = emojis.of(account.emojis)
    names = [("", "Posts"), ("/with_replies", "Posts and answers")]
    if found.group is None and found.chosen.show_media:
        names.append(("/media", "Pictures"))
    if tab.startswith("/tagged/"):
        names.append((tab, f"#{unquote(tab.removeprefix('/tagged/'))}"))
    return {
        "topics": [(f"{href}/tagged/{quote(name, safe='')}", name) for name in found.topics],
        "face": found.face,
        "header": found.header,
        "header_alt": found.header_alt,
        "about": found.about,
        "posts": found.posts,
        "pages": found.turn,
        "origin": "" if account.is_local else text.web_address(account.url) or account.uri,
        "badges": _badges(account, found.about),
        "moved": text.web_address(account.moved_to_uri),
        "moved_name": found.moved_name,
        "group": found.group,
        "bio": emojis.in_html(prose.links(pages, prose.stored(account.bio_html), (), ()), pictures),
        "fields": [(emojis.in_text(name, pictures), emojis.in_html(_value(html), pictures)) for name, html, _ in account.field_rows()],
        "proven": account.field_proofs(),
        "endorsed": found.endorsed,
        "collections": [(f"{href}/collections/{one.id}", one.name) for one in found.collections],
        "feed": f"{href}.atom",
        "newsletter": found.chosen.newsletter and bool(pages.instance.config.mail.host),
        "tabs": [(href + path, name, path == tab) for path, name in names],
        "void": "No posts yet" if not (found.turn.newer or found.turn.older) else "Nothing further back",
    }


def _value(html: str) -> Html:
    return prose.stored(html)


def _badges(account: Account, about: persons.Relation | None) -> list[tuple[str, str]]:
    found = []
    if account.kind == "Service":
        found.append(("robot", "Automated"))
    if account.kind in ("Group", "Organization"):
        found.append(("people", account.kind))
    if account.locked:
        found.append(("lock", "Approves followers"))
    if about is not None and about.followed_by:
        found.append(("check", "Follows you"))
    if about is not None and about.muting:
        found.append(("mute", "Muted"))
    if about is not None and about.blocked_by:
        found.append(("stop", "Has blocked you"))
    return found


def _head(pages: Pages, account: Account, found: _Found, tab: str) -> Head:
    """What machines learn: public things of people here, and nothing of others. Source: FEDERATION.md, Discovery; VIS-04."""
    if not account.is_local:
        return Head()
    summary = plaintext.text(account.bio_html, _SUMMARY_CHARS) or f"@{found.face.acct} on {pages.site.title}"
    return Head(
        noindex=not (account.discoverable and account.indexable),
        canonical=account.url + tab,
        alternates=[
            Link("application/activity+json", account.uri),
            Link("application/atom+xml", f"{account.url}.atom", f"Posts of {account.name}"),
        ],
        properties=[
            *views.properties(pages, "profile", f"{account.name} (@{found.face.acct})", summary, account.url, found.face.avatar),
            ("profile:username", found.face.acct),
        ],
        creator=f"@{found.face.acct}",
    )
