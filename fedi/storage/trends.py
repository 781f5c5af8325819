"""Rows of `trends`: what people talk about, share and like now. Counted from posts here, read with a viewer."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from fedi import clock, ids
from fedi.storage import cards, visible
from fedi.storage.account_search import SHOWN
from fedi.storage.cards import Shown
from fedi.storage.db import Tx
from fedi.storage.tag_days import Days

# Public, and by somebody whom neither this server nor theirs keeps out of lists.
_OPEN = f"p.visibility = 'public' AND p.boost_of_id IS NULL AND p.local_only = 0 AND p.held = 0 AND a.host_limited = 0 AND {SHOWN}"


class Used(NamedTuple):
    """How many people have used something in the last days, and in as many days before; the latest use, as a post's id."""

    ref_id: int
    people: int
    people_before: int
    uses: int
    last_id: int


class Liked(NamedTuple):
    """How many people, its author left out, have liked or boosted a post."""

    ref_id: int
    people: int
    language: str


class Trend(NamedTuple):
    """A row."""

    ref_id: int
    score: float
    language: str = ""


_PEOPLE = """count(DISTINCT CASE WHEN p.id >= :since THEN p.account_id END), count(DISTINCT CASE WHEN p.id < :since THEN p.account_id END),
    sum(p.id >= :since), max(p.id)"""
_TAGS = f"""SELECT pt.tag_id, {_PEOPLE} FROM posts p CROSS JOIN accounts a ON a.id = p.account_id
  CROSS JOIN post_tags pt ON pt.post_id = p.id
  WHERE p.id >= :before AND p.sensitive = 0 AND {_OPEN} GROUP BY pt.tag_id"""
_LINKS = f"""SELECT pc.card_id, {_PEOPLE} FROM posts p CROSS JOIN accounts a ON a.id = p.account_id
  CROSS JOIN post_cards pc ON pc.post_id = p.id CROSS JOIN cards c ON c.id = pc.card_id
  WHERE p.id >= :before AND p.sensitive = 0 AND c.state = 'ready' AND c.title <> '' AND {_OPEN} GROUP BY pc.card_id"""


def count_tags(tx: Tx, since: int, before: int) -> list[Used]:
    """Uses since a time, and between an earlier one and that (ms). A scan."""
    rows = tx.query(_TAGS, {"since": ids.first_at(since), "before": ids.first_at(before)})
    return [Used._make(row) for row in rows]


def count_links(tx: Tx, since: int, before: int) -> list[Used]:
    """The same of pages that posts link to, by the ids of their cards."""
    rows = tx.query(_LINKS, {"since": ids.first_at(since), "before": ids.first_at(before)})
    return [Used._make(row) for row in rows]


def count_posts(tx: Tx, since: int) -> list[Liked]:
    """Posts since a time that may be popular: by people who want to be found, no answers, nothing behind a warning. A scan."""
    rows = tx.query(
        f"""SELECT p.id, (SELECT count(*) FROM (SELECT account_id FROM favourites WHERE post_id = p.id
            UNION SELECT account_id FROM posts WHERE boost_of_id = p.id) WHERE account_id <> p.account_id) AS people, p.language
        FROM posts p CROSS JOIN accounts a ON a.id = p.account_id
        WHERE p.id >= :since AND p.favourites_count + p.boosts_count > 0 AND p.sensitive = 0 AND p.warning = '' AND p.in_reply_to_uri = ''
          AND a.discoverable = 1 AND a.moved_to_uri = '' AND {_OPEN}""",
        {"since": ids.first_at(since)},
    )
    return [Liked._make(row) for row in rows]


def replace(tx: Tx, kind: str, found: Iterable[Trend]) -> None:
    """All rows of a kind (`tag`, `post`, `link`)."""
    tx.execute("DELETE FROM trends WHERE kind = ?", (kind,))
    tx.executemany(
        "INSERT INTO trends (kind, ref_id, score, language, counted_at) VALUES (?, ?, ?, ?, ?)", [(kind, *row, tx.now) for row in found]
    )


def list_of(tx: Tx, kind: str) -> list[tuple[int, str]]:
    """(id, language) of what is popular of a kind, the most popular first."""
    return [tuple(row) for row in tx.query("SELECT ref_id, language FROM trends WHERE kind = ? ORDER BY score DESC, ref_id", (kind,))]


def has_all_kinds(tx: Tx) -> bool:
    """Whether there is at least one popular hashtag, post and link."""
    row = tx.one(
        "SELECT count(*) FROM (SELECT 'tag' AS kind UNION SELECT 'post' UNION SELECT 'link') k WHERE k.kind IN (SELECT kind FROM trends)"
    )
    return bool(row and row[0] == 3)


def list_tags(tx: Tx, limit: int, offset: int) -> list[str]:
    """Normalised names."""
    rows = tx.query(
        """SELECT t.name FROM trends r JOIN tags t ON t.id = r.ref_id WHERE r.kind = 'tag'
        ORDER BY r.score DESC, r.ref_id LIMIT ? OFFSET ?""",
        (limit, offset),
    )
    return [row[0] for row in rows]


def list_posts(tx: Tx, viewer_id: int, limit: int, offset: int) -> list[int]:
    """Ids of those the viewer may see and has not muted. What has changed since they were counted counts."""
    rows = tx.query(
        f"""SELECT p.id FROM trends r CROSS JOIN posts p ON p.id = r.ref_id CROSS JOIN accounts a ON a.id = p.account_id
        WHERE r.kind = 'post' AND p.sensitive = 0 AND p.warning = '' AND a.discoverable = 1 AND {_OPEN}
          AND {visible.POST} AND {visible.UNMUTED} ORDER BY r.score DESC, r.ref_id LIMIT :limit OFFSET :offset""",
        {"viewer": viewer_id, "now": tx.now, "limit": limit, "offset": offset},
    )
    return [row[0] for row in rows]


def list_links(tx: Tx, limit: int, offset: int) -> list[Shown]:
    """Cards of pages that are shared."""
    rows = tx.query(
        """SELECT c.id FROM trends r JOIN cards c ON c.id = r.ref_id WHERE r.kind = 'link' AND c.state = 'ready'
        ORDER BY r.score DESC, r.ref_id LIMIT ? OFFSET ?""",
        (limit, offset),
    )
    ids_found = [row[0] for row in rows]
    shown = cards.list_by_ids(tx, ids_found) if ids_found else {}
    return [shown[card_id] for card_id in ids_found if card_id in shown]


_LINK_USES = f"""SELECT pc.card_id, p.published_at / :day, count(*), count(DISTINCT p.account_id)
  FROM post_cards pc CROSS JOIN posts p ON p.id = pc.post_id CROSS JOIN accounts a ON a.id = p.account_id
  WHERE pc.card_id IN (SELECT value FROM json_each(:cards)) AND pc.post_id >= :since AND {_OPEN} GROUP BY 1, 2"""


def list_link_uses(tx: Tx, card_ids: Iterable[int], since: int) -> dict[int, Days]:
    """Posts that link to these pages since a time (ms), and their authors, by card and day."""
    params: dict[str, Any] = {"cards": json.dumps(list(card_ids)), "since": ids.first_at(since), "day": clock.DAY}
    found: dict[int, Days] = {}
    for card_id, day, uses, accounts in tx.query(_LINK_USES, params):
        found.setdefault(card_id, {})[day] = (uses, accounts)
    return found
