"""Hashtags: one, following it, showing it on one's profile, and those one follows.

Source: Mastodon documentation, tags and followed_tags.
"""

from contextlib import suppress

import orjson
from aiohttp import web

from fedi import featured, ids, tags
from fedi.errors import Conflict, NotFound
from fedi.storage import followed_tags as followed_tag_rows
from fedi.storage import tags as tag_rows
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.uris import Uris
from fedi.web import auth, keys
from fedi.web.api import answers, table
from fedi.web.api.entities import tag as tag_entity
from fedi.web.api.entities.places import Json

_MOST = 200


def _answer(request: web.Request, viewer_id: int, name: str) -> web.Response:
    instance = request.app[keys.INSTANCE]
    return answers.entity(instance.db.read(_read, instance.uris, viewer_id, name))


def _read(tx: Tx, us: Uris, viewer_id: int, name: str) -> Json:
    found = tag_entity.tags(us, tx, [name], viewer_id)
    return found[0] if found else tag_entity.unknown(us, name, viewer_id)


async def show(request: web.Request) -> web.Response:
    viewer_id = answers.reader_id(request, "read", "read:follows", "read:statuses")
    return _answer(request, viewer_id, tags.named(request.match_info["name"]))


async def follow(request: web.Request) -> web.Response:
    viewer, name = auth.require(request, "write:follows"), tags.named(request.match_info["name"])
    await request.app[keys.INSTANCE].db.write(tags.follow, viewer, name)
    return _answer(request, viewer.id, name)


async def unfollow(request: web.Request) -> web.Response:
    viewer, name = auth.require(request, "write:follows"), tags.named(request.match_info["name"])
    await request.app[keys.INSTANCE].db.write(tags.unfollow, viewer, name)
    return _answer(request, viewer.id, name)


def _featured_name(request: web.Request) -> str:
    """The hashtag in the address, by its name or by its id: no name is all digits. Raises NotFound."""
    given = request.match_info["name"]
    if not (given.isascii() and given.isdigit()):
        return tags.named(given)
    name = request.app[keys.INSTANCE].db.read(tag_rows.find_name, ids.parse(given))
    if name is None:
        raise NotFound("There is no such hashtag.")
    return name


async def feature(request: web.Request) -> web.Response:
    """Again is no harm."""
    viewer, name = auth.require(request, "write:accounts"), _featured_name(request)
    with suppress(Conflict):
        await request.app[keys.INSTANCE].db.write(featured.add_tag, viewer, name)
    return _answer(request, viewer.id, name)


async def unfeature(request: web.Request) -> web.Response:
    viewer, name = auth.require(request, "write:accounts"), _featured_name(request)
    tag_id = request.app[keys.INSTANCE].db.read(tag_rows.find_id, name)
    if tag_id is not None:
        with suppress(NotFound):
            await request.app[keys.INSTANCE].db.write(featured.remove_tag, viewer, tag_id)
    return _answer(request, viewer.id, name)


async def followed(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:follows")
    shown, instance = answers.page(request, 100, _MOST), request.app[keys.INSTANCE]
    items, cursors = instance.db.read(_followed, instance.uris, viewer.id, shown)
    return answers.listing(request, shown, items, cursors)


def _followed(tx: Tx, us: Uris, viewer_id: int, shown: Page) -> tuple[list[bytes], list[int]]:
    found = followed_tag_rows.list_names(tx, viewer_id, shown)
    made = tag_entity.tags(us, tx, [name for _, name in found], viewer_id)
    return [orjson.dumps(one) for one in made], [tag_id for tag_id, _ in found]


ROUTES = (
    table.reader("GET", "/api/v1/tags/{name}", show, "read:follows read:statuses", gives="Tag"),
    table.user("POST", "/api/v1/tags/{name}/follow", follow, "write:follows", gives="Tag"),
    table.user("POST", "/api/v1/tags/{name}/unfollow", unfollow, "write:follows", gives="Tag"),
    table.user("POST", "/api/v1/tags/{name}/feature", feature, "write:accounts", gives="Tag"),
    table.user("POST", "/api/v1/tags/{name}/unfeature", unfeature, "write:accounts", gives="Tag"),
    table.user("GET", "/api/v1/followed_tags", followed, "read:follows", *table.PAGE, gives="[Tag]"),
)
