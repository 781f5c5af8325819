"""How far somebody has read, told by one of their programs for all of them, and for our pages."""

from collections.abc import Mapping
from typing import NamedTuple

from fedi.errors import Conflict
from fedi.storage import markers as rows
from fedi.storage import notifications as notification_rows
from fedi.storage.db import Tx
from fedi.storage.markers import Marker


class Place(NamedTuple):
    """What was read last; `version` is that of the marker it replaces, where a program says which it knows."""

    last_read_id: int
    version: int | None = None


def save(tx: Tx, owner_id: int, places: Mapping[str, Place]) -> list[Marker]:
    """Remember places by timeline; the markers as they are now. Raises Conflict when another program has moved one since."""
    known = {marker.timeline: marker.version for marker in rows.list_of(tx, owner_id, places)}
    for timeline, place in places.items():
        if place.version is not None and place.version != known.get(timeline, 0):
            raise Conflict("Conflict during update, please try again")
        rows.put(tx, owner_id, timeline, place.last_read_id)
    if "notifications" in places:
        notification_rows.mark_read(tx, owner_id, places["notifications"].last_read_id)
    return rows.list_of(tx, owner_id, places)
