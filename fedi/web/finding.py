"""Finding for programs and pages alike: what was written a moment ago can be found, and a long search keeps nobody else waiting."""

from contextlib import suppress
from typing import Final, NamedTuple

from aiohttp import web

from fedi import limits, search_index, searches
from fedi.errors import FediError
from fedi.instance import Instance
from fedi.searches import Part
from fedi.storage.accounts import Account
from fedi.web import keys

_SLICE: Final = 50  # rows whose words are made in one transaction


class People(NamedTuple):
    """Whom to look for."""

    text: str
    part: Part
    followed: bool = False


async def posts(request: web.Request, viewer: Account, text: str, part: Part) -> list[int]:
    """Ids of the posts a query finds. Raises Unavailable where it took too long."""
    instance = request.app[keys.INSTANCE]
    await _catch_up(instance)
    return await instance.db.scan(searches.find_posts, viewer, text, part)


async def people(request: web.Request, viewer_id: int, wanted: People) -> list[Account]:
    instance = request.app[keys.INSTANCE]
    await _catch_up(instance)
    return await instance.db.scan(searches.find_people, viewer_id, wanted.text, wanted.part, followed=wanted.followed)


async def _catch_up(instance: Instance) -> None:
    """Make what is new findable: so much of it that nobody waits long. What cannot be written now is found later."""
    with suppress(FediError):
        for _ in range(limits.CAUGHT_UP):
            if not instance.db.read(search_index.is_behind) or not await instance.db.write(search_index.catch_up, _SLICE):
                break
