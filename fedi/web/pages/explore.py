"""What is popular here: posts, topics and links. For everybody, as far as they may see it."""

from typing import Any, Final, NamedTuple

from aiohttp import web

from fedi import clock, suggestions
from fedi.storage import listings, tag_days
from fedi.storage import posts as post_rows
from fedi.storage import trends as trend_rows
from fedi.storage.accounts import Account
from fedi.storage.cards import Card
from fedi.storage.db import Tx
from fedi.web import popular
from fedi.web.pages import persons, site, views
from fedi.web.pages.site import Pages, Void

_MOST: Final = 40
_WEEK_MS: Final = 7 * clock.DAY
_TABS: Final = (("", "Posts"), ("/topics", "Topics"), ("/links", "Links"), ("/people", "People"))
_VOID: Final = Void("globe", "Quiet in here", "Once people like posts, share links and write about topics, the best of it stands here.")
_NOBODY: Final = Void("people", "Nobody to suggest yet", "Follow somebody, and people they know come here.", "/search", "Find people")


class Topic(NamedTuple):
    """A hashtag with how many posts and people have used it these days."""

    name: str
    posts: int
    people: int


def _show(request: web.Request, part: str, void: Void = _VOID, **found: Any) -> web.Response:
    is_known = site.viewer(request) is not None
    tabs = [(f"/explore{path}", name, path == part) for path, name in _TABS if is_known or path != "/people"]
    empty: dict[str, Any] = {"posts": [], "topics": [], "shared": [], "people": []}
    return site.show(request, "explore.html", "Popular now", area="explore", tabs=tabs, void=void, **(empty | found))


async def posts(request: web.Request) -> web.Response:
    """`/explore`."""
    viewer, pages = site.viewer(request), site.of(request)
    await popular.refresh(pages.instance)
    return _show(request, "", posts=pages.instance.db.read(_posts, pages, viewer))


def _posts(tx: Tx, pages: Pages, viewer: Account | None) -> list[views.Entry]:
    viewer_id = viewer.id if viewer is not None else 0
    found = trend_rows.list_posts(tx, viewer_id, _MOST, 0)
    seen = post_rows.list_visible(tx, viewer_id, found)
    return views.entries(pages, tx, viewer, [seen[post_id] for post_id in found if post_id in seen])


async def topics(request: web.Request) -> web.Response:
    instance = site.of(request).instance
    await popular.refresh(instance)
    return _show(request, "/topics", topics=instance.db.read(_topics))


def _topics(tx: Tx) -> list[Topic]:
    names = trend_rows.list_tags(tx, _MOST, 0)
    ids = listings.tag_ids(tx, names)
    uses = tag_days.list_uses(tx, ids.values(), tx.now - _WEEK_MS) if ids else {}
    found = ((name, uses.get(ids[name], {}).values()) for name in names)
    return [Topic(name, sum(day[0] for day in days), max((day[1] for day in days), default=0)) for name, days in found]


async def links(request: web.Request) -> web.Response:
    instance = site.of(request).instance
    await popular.refresh(instance)
    return _show(request, "/links", shared=instance.db.read(_links))


def _links(tx: Tx) -> list[Card]:
    return [link.card for link in trend_rows.list_links(tx, _MOST, 0) if link.card.url.startswith(("https://", "http://"))]


async def people(request: web.Request) -> web.Response:
    """Whom to follow: for people of this server."""
    viewer, pages = site.signed_in(request), site.of(request)
    found = await pages.instance.db.scan(suggestions.suggest, viewer, pages.instance.config.instance.suggested, _MOST)
    shown = pages.instance.db.read(lambda tx: persons.people(pages, tx, [one.account for one in found], viewer))
    return _show(request, "/people", _NOBODY, people=shown)
