"""What filters look at: the words of posts, by the version they are of."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi.storage.db import Tx

Stamp = tuple[int, int, int]  # of the post, of its card, and which card that is


class Shown(NamedTuple):
    """A row of a list: a post, or a boost of the post `shown_id`. The words of that one are the same while `stamp` is."""

    id: int
    shown_id: int
    account_id: int
    stamp: Stamp


class Words(NamedTuple):
    """The parts of a post that say something; `html` is what it says, the others are plain."""

    id: int
    title: str
    warning: str
    html: str
    files: str
    options: str
    card: str


def list_shown(tx: Tx, post_ids: Iterable[int]) -> list[Shown]:
    rows = tx.query(
        """SELECT p.id, o.id, o.account_id, o.version, ifnull(k.version, 0), ifnull(k.id, 0)
        FROM json_each(?) j CROSS JOIN posts p ON p.id = j.value CROSS JOIN posts o ON o.id = ifnull(p.boost_of_id, p.id)
        LEFT JOIN post_cards c ON c.post_id = o.id LEFT JOIN cards k ON k.id = c.card_id""",
        (json.dumps(list(post_ids)),),
    )
    return [Shown(row[0], row[1], row[2], (row[3], row[4], row[5])) for row in rows]


def list_words(tx: Tx, post_ids: Iterable[int]) -> list[Words]:
    """Of posts that are no boosts."""
    rows = tx.query(
        """SELECT o.id, o.title, o.warning, o.content_html,
          ifnull((SELECT group_concat(m.alt, char(10)) FROM post_media pm JOIN media m ON m.id = pm.media_id WHERE pm.post_id = o.id), ''),
          ifnull((SELECT group_concat(title, char(10)) FROM poll_options WHERE post_id = o.id), ''),
          ifnull((SELECT k.title || char(10) || k.description FROM post_cards c JOIN cards k ON k.id = c.card_id
            WHERE c.post_id = o.id), '')
        FROM json_each(?) j CROSS JOIN posts o ON o.id = j.value""",
        (json.dumps(list(post_ids)),),
    )
    return [Words._make(row) for row in rows]
