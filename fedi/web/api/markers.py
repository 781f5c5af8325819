"""How far one has read. Source: Mastodon documentation, markers."""

from collections.abc import Sequence

from aiohttp import web

from fedi import clock, markers
from fedi.markers import Place
from fedi.storage import markers as rows
from fedi.storage.markers import Marker
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.places import Json
from fedi.web.api.table import Field


def _entities(found: Sequence[Marker]) -> Json:
    """Source: Mastodon documentation, Marker."""
    return {
        marker.timeline: {
            "last_read_id": str(marker.last_read_id),
            "version": marker.version,
            "updated_at": clock.rfc3339(marker.updated_at),
        }
        for marker in found
    }


async def show(request: web.Request) -> web.Response:
    """Of the timelines that are named."""
    viewer, given = auth.require(request, "read:statuses"), params.query(request)
    return answers.entity(_entities(request.app[keys.INSTANCE].db.read(rows.list_of, viewer.id, given.texts("timeline"))))


async def save(request: web.Request) -> web.Response:
    """`version`, which may be left out, is of the marker as the program knows it: 409 when it was moved since."""
    viewer, given = auth.require(request, "write:statuses"), await params.read(request)
    places = {}
    for timeline in rows.TIMELINES:
        last_read_id = given.find_id(f"{timeline}[last_read_id]")
        if last_read_id is not None:
            places[timeline] = Place(last_read_id, given.find_number(f"{timeline}[version]"))
    return answers.entity(_entities(await request.app[keys.INSTANCE].db.write(markers.save, viewer.id, places)))


ROUTES = (
    table.user("GET", "/api/v1/markers", show, "read:statuses", Field("timeline", many=True, choices=rows.TIMELINES), gives="Hash"),
    table.user(
        "POST",
        "/api/v1/markers",
        save,
        "write:statuses",
        *(Field(f"{timeline}[last_read_id]", "id", example="1") for timeline in rows.TIMELINES),
        *(Field(f"{timeline}[version]", "number") for timeline in rows.TIMELINES),
        gives="Hash",
    ),
)
