"""A profile as an Atom feed: public posts only, well-formed whatever is in them. Source: RFC 4287; XSS-08, VIS-04."""

from typing import Final, NamedTuple

from aiohttp import web

from fedi import plaintext, quotelines
from fedi.html import Html
from fedi.storage import listings as listing_rows
from fedi.storage import posts as post_rows
from fedi.storage import timelines as timeline_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Attachment, Post
from fedi.storage.timelines import Page, Wanted
from fedi.web import headers
from fedi.web.pages import persons, profile, site, text
from fedi.web.pages.site import Pages

_POSTS: Final = 20


class Item(NamedTuple):
    """An entry of the feed. `html` goes out as text: the template escapes it, as Atom wants it."""

    uri: str
    url: str
    title: str
    published_at: int
    updated_at: int
    warning: str
    language: str
    html: str
    tags: list[str]
    files: list[Attachment]


def _read(tx: Tx, account: Account) -> tuple[list[Item], str]:
    found = timeline_rows.list_profile(tx, 0, account.id, Page(limit=2 * _POSTS), Wanted(replies=False, boosts=False))
    posts = [post for post in found if post.visibility == "public"][:_POSTS]
    tags = post_rows.list_tags(tx, [post.id for post in posts])
    media = post_rows.list_media(tx, [post.id for post in posts])
    items = [_item(post, tags.get(post.id, []), media.get(post.id, [])) for post in posts]
    avatar = listing_rows.list_pictures(tx, [account.avatar_id]).get(account.avatar_id or 0)
    return items, persons.address(avatar)


def _item(post: Post, tags: list[str], files: list[Attachment]) -> Item:
    title = post.title or post.warning or plaintext.text(quotelines.without(post.content_html), 80).replace("\n", " ")
    html = str(Html(post.content_html))
    return Item(
        post.uri, post.url, title, post.published_at, post.edited_at or post.published_at, post.warning, post.language, html, tags, files
    )


def _document(pages: Pages, account: Account, items: list[Item], avatar: str) -> str:
    acct = f"{account.username}@{pages.site.domain}"
    return text.xml(
        pages.templates.get_template("feed.xml").render(
            site=pages.site,
            account=account,
            name=f"{account.name} (@{acct})",
            summary=plaintext.text(account.bio_html, 200) or f"Public posts of @{acct}",
            feed=f"{account.url}.atom",
            avatar=f"{pages.site.base_url}{avatar}" if avatar else "",
            updated=max([account.created_at, *(item.updated_at for item in items)]),
            items=items,
        )
    )


async def show(request: web.Request) -> web.Response:
    """`/@name.atom`."""
    pages = site.of(request)
    account = pages.instance.db.read(profile.account_of, request.match_info["name"], "")
    items, avatar = pages.instance.db.read(_read, account)
    body = _document(pages, account, items, avatar)
    kept = {"Cache-Control": headers.PUBLIC} | ({} if account.indexable else {"X-Robots-Tag": "noindex"})
    return web.Response(text=body, content_type="application/atom+xml", charset="utf-8", headers=kept)
