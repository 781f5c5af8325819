"""The public names of avatars and headers, many at once: what a list of people needs of `media`."""

import json
from collections.abc import Iterable

from fedi.storage.db import Tx


def list_keys(tx: Tx, media_ids: Iterable[int | None]) -> dict[int, str]:
    """The key of each file, by its id; absent ones (and None) are left out."""
    wanted = list(dict.fromkeys(media_id for media_id in media_ids if media_id is not None))
    if not wanted:
        return {}
    rows = tx.query("SELECT id, key FROM media WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(wanted),))
    return {row[0]: row[1] for row in rows}
