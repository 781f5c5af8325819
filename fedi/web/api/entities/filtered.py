"""FilterResult: which filters of the viewer a post meets. As on Mastodon all are told, and programs apply those of the place they show."""

from collections.abc import Sequence
from typing import Final

import orjson

from fedi.filtering import Filtering, Met
from fedi.storage.db import Tx
from fedi.web.api.entities import filter as filter_entity
from fedi.web.api.entities.places import Json

_PLACE: Final = b'"filtered":[]'  # inside of a JSON string every quote is escaped: no text can look like it


def fill(tx: Tx, filtering: Filtering, viewer_id: int, statuses: list[bytes], ids: Sequence[int]) -> list[bytes]:
    """The same list with the results of those that meet a filter; of a boost also in what it boosts. Nothing is done for who has none."""
    if not viewer_id or not statuses or filtering.matcher(tx, viewer_id) is None:
        return statuses
    met = filtering.met(tx, viewer_id, ids)
    if not met:
        return statuses
    made = {post_id: b'"filtered":' + orjson.dumps(results(found)) for post_id, found in met.items()}
    return [status.replace(_PLACE, made[post_id]) if post_id in made else status for status, post_id in zip(statuses, ids, strict=True)]


def results(found: Sequence[Met]) -> list[Json]:
    """Source: Mastodon documentation, FilterResult."""
    return [
        {
            "filter": filter_entity.summary(one.filter),
            "keyword_matches": list(one.keywords) or None,
            "status_matches": [str(post_id) for post_id in one.post_ids] or None,
        }
        for one in found
    ]
