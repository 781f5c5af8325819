"""Hashtags on profiles. Source: Mastodon documentation, featured_tags."""

from typing import Final

from aiohttp import web

from fedi import clock, featured
from fedi.storage import featured_tags as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.featured_tags import FeaturedTag
from fedi.uris import Uris
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import tag as tag_entity
from fedi.web.api.entities.places import Json

_SUGGESTED: Final = 10


def _entity(us: Uris, account: Account, tag: FeaturedTag) -> Json:
    """Source: Mastodon documentation, FeaturedTag. Its id is the hashtag's."""
    last = clock.rfc3339(tag.last_post_at)[:10] if tag.last_post_at is not None else None
    return {
        "id": str(tag.tag_id),
        "name": tag.name,
        "url": us.tagged_page(account.handle, tag.name),
        "statuses_count": str(tag.posts_count),
        "last_status_at": last,
    }


def entities(tx: Tx, us: Uris, account_id: int) -> list[Json]:
    """Those of a profile, as FeaturedTag. Raises NotFound."""
    account = answers.person(tx, account_id)
    return [_entity(us, account, tag) for tag in rows.list_of(tx, account.id)]


async def of_account(request: web.Request) -> web.Response:
    answers.reader_id(request, "read:accounts")
    instance = request.app[keys.INSTANCE]
    return answers.entity(instance.db.read(entities, instance.uris, answers.named_id(request)))


async def index(request: web.Request) -> web.Response:
    viewer, instance = auth.require(request, "read:accounts"), request.app[keys.INSTANCE]
    return answers.entity(instance.db.read(entities, instance.uris, viewer.id))


async def create(request: web.Request) -> web.Response:
    viewer, instance = auth.require(request, "write:accounts"), request.app[keys.INSTANCE]
    name = (await params.read(request)).text("name", max_chars=500)
    made = await instance.db.write(featured.add_tag, viewer, name)
    return answers.entity(_entity(instance.uris, viewer, made))


async def delete(request: web.Request) -> web.Response:
    viewer = auth.require(request, "write:accounts")
    await request.app[keys.INSTANCE].db.write(featured.remove_tag, viewer, answers.named_id(request))
    return answers.entity({})


async def suggestions(request: web.Request) -> web.Response:
    viewer, instance = auth.require(request, "read:accounts"), request.app[keys.INSTANCE]
    return answers.entity(instance.db.read(_suggested, instance.uris, viewer.id))


def _suggested(tx: Tx, us: Uris, viewer_id: int) -> list[Json]:
    return tag_entity.tags(us, tx, rows.list_suggested(tx, viewer_id, _SUGGESTED), viewer_id)


ROUTES = (
    table.reader("GET", "/api/v1/accounts/{id}/featured_tags", of_account, "read:accounts", gives="[FeaturedTag]"),
    table.user("GET", "/api/v1/featured_tags", index, "read:accounts", gives="[FeaturedTag]"),
    table.user(
        "POST",
        "/api/v1/featured_tags",
        create,
        "write:accounts",
        table.Field("name", required=True, example="gardening"),
        gives="FeaturedTag",
    ),
    table.user("GET", "/api/v1/featured_tags/suggestions", suggestions, "read:accounts", gives="[Tag]"),
    table.user("DELETE", "/api/v1/featured_tags/{id}", delete, "write:accounts", gives="{}"),
)
