"""The first page: for strangers what this server is, for people of it their home."""

from typing import NamedTuple

from aiohttp import web

from fedi.storage import accounts as account_rows
from fedi.storage import timelines as timeline_rows
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web.pages import persons, site, views
from fedi.web.pages.site import Head, Pages

_POSTS = 10
_PEOPLE = 6


class _Found(NamedTuple):
    posts: list[views.Entry]
    people: list[persons.Face]


def _read(tx: Tx, pages: Pages) -> _Found:
    posts = views.entries(pages, tx, None, timeline_rows.list_public(tx, 0, Page(limit=_POSTS), local=True))
    wanted = [a for a in account_rows.list_local(tx) if a.discoverable and not a.is_hidden]
    wanted.sort(key=lambda account: -(account.last_post_at or 0))
    return _Found(posts, persons.faces(pages, tx, wanted[:_PEOPLE], None))


async def show(request: web.Request) -> web.Response:
    if site.viewer(request) is not None:
        return site.go("/home")
    pages = site.of(request)
    found = pages.instance.db.read(_read, pages)
    head = Head(
        noindex=not all(entry.author.indexable for entry in found.posts),
        canonical=f"{pages.site.base_url}/",
        properties=views.properties(pages, "website", pages.site.title, pages.site.description, f"{pages.site.base_url}/"),
    )
    return site.show(request, "front.html", "", area="front", head=head, posts=found.posts, people=found.people)
