"""Collections of an actor: outbox, followers, following, featured. Source: FEDERATION.md, Collections."""

from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from fedi import groups
from fedi.activitypub import render
from fedi.activitypub.render import Json
from fedi.storage import accounts as account_rows
from fedi.storage import featured_tags as featured_tag_rows
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage import timelines
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.timelines import Page, Wanted
from fedi.web import auth, keys, paging, params
from fedi.web.federation import answers, communities

_POSTS: Final = 20
_ACCOUNTS: Final = 60
_FEATURED: Final = 5


class _Asked:
    """Which page of which collection somebody asks for. `page` is None for the collection itself."""

    def __init__(self, request: web.Request, limit: int) -> None:
        given = params.query(request)
        self.username = request.match_info["name"]
        self.page = paging.page(given)._replace(limit=limit) if given.flag("page") else None


async def show_outbox(request: web.Request) -> web.StreamResponse:
    reader = await auth.reader_id(request)
    return answers.document(request, request.app[keys.INSTANCE].db.read(_read_outbox, reader, _Asked(request, _POSTS)))


async def show_followers(request: web.Request) -> web.StreamResponse:
    await auth.reader_id(request)
    return answers.document(request, request.app[keys.INSTANCE].db.read(_read_followers, _Asked(request, _ACCOUNTS)))


async def show_following(request: web.Request) -> web.StreamResponse:
    await auth.reader_id(request)
    return answers.document(request, request.app[keys.INSTANCE].db.read(_read_following, _Asked(request, _ACCOUNTS)))


async def show_featured(request: web.Request) -> web.StreamResponse:
    reader = await auth.reader_id(request)
    return answers.document(request, request.app[keys.INSTANCE].db.read(_read_featured, reader, request.match_info["name"]))


async def show_featured_tags(request: web.Request) -> web.StreamResponse:
    await auth.reader_id(request)
    return answers.document(request, request.app[keys.INSTANCE].db.read(_read_featured_tags, request.match_info["name"]))


async def show_empty(request: web.Request) -> web.StreamResponse:
    """What the instance actor's document names: it says nothing and follows nobody."""
    return answers.document(request, render.collection(f"{request.app[keys.NAMES].base_url}{request.path}", 0, items=[]), is_open=True)


# -- reads --


def _next(uri: str, shown: Page, cursors: list[int]) -> str | None:
    return f"{uri}?{urlencode({'page': 'true', 'max_id': cursors[-1]})}" if cursors and len(cursors) >= shown.limit else None


def _page_uri(uri: str, shown: Page) -> str:
    return f"{uri}?page=true" + (f"&max_id={shown.before}" if shown.before else "")


def _read_outbox(tx: Tx, reader: int, asked: _Asked) -> Json:
    account = answers.person(tx, asked.username)
    uri = account.outbox_uri
    if asked.page is None:
        return render.collection(uri, account.posts_count, first=f"{uri}?page=true")
    found = timelines.list_profile(tx, reader, account.id, asked.page)
    items: list[Any]
    if account.kind == groups.KIND:
        items = communities.said(tx, account, found)
    else:
        items = [_said(tx, post, account) for post in found if not post.local_only]
    return render.page(_page_uri(uri, asked.page), uri, items, next_uri=_next(uri, asked.page, [post.id for post in found]))


def _said(tx: Tx, post: Post, author: Account) -> Json:
    if post.boost_of_id is None:
        return render.create(tx, post)
    original = post_rows.get(tx, post.boost_of_id)
    return render.announce(post, author, original.uri, account_rows.get(tx, original.account_id).uri)


def _read_featured(tx: Tx, reader: int, username: str) -> Json:
    account = answers.person(tx, username)
    if account.kind == groups.KIND:
        listed = communities.pinned(tx, reader, account)
        return render.collection(account.featured_uri, len(listed), items=listed)
    pinned = timelines.list_profile(tx, reader, account.id, Page(limit=_FEATURED), Wanted(boosts=False, pinned=True))
    items = [render.note(tx, post) for post in pinned if not post.local_only]
    return render.collection(account.featured_uri, len(items), items=items)


def _read_featured_tags(tx: Tx, username: str) -> Json:
    account = answers.person(tx, username)
    items = [render.featured_tag(tx, account, name) for name in featured_tag_rows.list_names(tx, account.id)]
    return render.collection(tx.uris.featured_tags(account.uri), len(items), items=items, ordered=False)


def _read_followers(tx: Tx, asked: _Asked) -> Json:
    account = answers.person(tx, asked.username)
    uri, total = account.followers_uri, account.followers_count
    if asked.page is None:
        return _relations(tx, account, uri, total)
    found = [] if _is_hidden(tx, account) else follow_rows.list_followers(tx, account.id, before=asked.page.before, limit=asked.page.limit)
    return _relations_page(uri, asked.page, [other for _, other in found])


def _read_following(tx: Tx, asked: _Asked) -> Json:
    account = answers.person(tx, asked.username)
    uri, total = account.following_uri, account.following_count
    if asked.page is None:
        return _relations(tx, account, uri, total)
    found = [] if _is_hidden(tx, account) else follow_rows.list_following(tx, account.id, before=asked.page.before, limit=asked.page.limit)
    return _relations_page(uri, asked.page, [other for _, other in found])


def _relations(tx: Tx, account: Account, uri: str, total: int) -> Json:
    return render.collection(uri, total, first=None if _is_hidden(tx, account) else f"{uri}?page=true")


def _relations_page(uri: str, shown: Page, others: list[Account]) -> Json:
    cursors = [other.id for other in others]
    return render.page(_page_uri(uri, shown), uri, [other.uri for other in others], next_uri=_next(uri, shown, cursors))


def _is_hidden(tx: Tx, account: Account) -> bool:
    """Whether the person keeps to themselves whom they follow and who follows them. Source: FEDERATION.md, Collections."""
    user = user_rows.find(tx, account.id)
    return user is None or bool(user.setting("hide_network", False))
