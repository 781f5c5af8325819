"""Rows of `cards`, what pages say of themselves, once per link for everybody, and of `post_cards`, which post shows which."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fedi import ids
from fedi.storage import visible
from fedi.storage.db import Tx
from fedi.storage.timelines import Page


class Card(NamedTuple):
    """A link's preview. `state` is queued, ready or empty; `author_id` is who is its author by both sides' word, `claimed_id` by the
    page's alone. `media_id` is the picture, `width` and `height` its size."""

    id: int
    url: str
    page_url: str
    host: str
    state: str
    kind: str
    title: str
    description: str
    language: str
    provider_name: str
    provider_url: str
    author_name: str
    author_url: str
    author_id: int | None
    claimed_id: int | None
    media_id: int | None
    width: int
    height: int
    published_at: int | None
    created_at: int
    fetched_at: int


class Shown(NamedTuple):
    """A card with its picture: the public name ('' for none), what is on it, and its blurhash."""

    card: Card
    key: str
    alt: str
    blurhash: str


_COLUMNS = ", ".join(Card._fields)
_COLUMN_SET = frozenset(Card._fields)
_SHOWN = f"{', '.join(f'c.{name}' for name in Card._fields)}, ifnull(m.key, ''), ifnull(m.alt, ''), ifnull(m.blurhash, '')"
_BESIDE = "LEFT JOIN media m ON m.id = c.media_id"
_STALE_AT_ONCE = 2_000  # posts whose kept renderings are dropped when their card comes


def insert(tx: Tx, url: str) -> Card:
    """A link that is to be looked at."""
    card_id = ids.new(tx.now)
    tx.execute("INSERT INTO cards (id, url, created_at) VALUES (?, ?, ?)", (card_id, url, tx.now))
    return get(tx, card_id)


def find(tx: Tx, card_id: int) -> Card | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM cards WHERE id = ?", (card_id,))
    return Card._make(row) if row else None


def get(tx: Tx, card_id: int) -> Card:
    """One that is there."""
    return Card._make(tx.query(f"SELECT {_COLUMNS} FROM cards WHERE id = ?", (card_id,))[0])


def find_by_link(tx: Tx, url: str) -> Card | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM cards WHERE url = ?", (url,))
    return Card._make(row) if row else None


def put(tx: Tx, card: Card) -> None:
    """What was found out about a link."""
    values = card._asdict()
    tx.execute(
        """UPDATE cards SET page_url = :page_url, host = :host, state = :state, kind = :kind, title = :title, description = :description,
        language = :language, provider_name = :provider_name, provider_url = :provider_url, author_name = :author_name,
        author_url = :author_url, author_id = :author_id, claimed_id = :claimed_id, media_id = :media_id, width = :width,
        height = :height, published_at = :published_at, fetched_at = :fetched_at, version = version + 1 WHERE id = :id""",
        values,
    )


def set_state(tx: Tx, card_id: int, state: str) -> None:
    tx.execute("UPDATE cards SET state = ?, fetched_at = ? WHERE id = ?", (state, tx.now, card_id))


def show_anew(tx: Tx, card_id: int) -> None:
    """What is rendered of the posts that show a card is old."""
    tx.execute(
        """UPDATE posts SET version = version + 1 WHERE id IN (
          SELECT post_id FROM post_cards WHERE card_id = ? ORDER BY post_id DESC LIMIT ?)""",
        (card_id, _STALE_AT_ONCE),
    )


# -- with posts --


def attach(tx: Tx, post_id: int, card: Card) -> None:
    """Let a post show a card, in place of the one it had."""
    sql = "INSERT INTO post_cards (post_id, card_id) VALUES (?, ?) ON CONFLICT (post_id) DO UPDATE SET card_id = excluded.card_id"
    tx.execute(sql, (post_id, card.id))
    if card.state == "ready":
        tx.execute("UPDATE posts SET version = version + 1 WHERE id = ?", (post_id,))


def detach(tx: Tx, post_id: int) -> None:
    tx.execute("DELETE FROM post_cards WHERE post_id = ?", (post_id,))


def link_of(tx: Tx, post_id: int) -> str:
    """The link whose card a post shows, or will; '' for none."""
    row = tx.one("SELECT c.url FROM post_cards pc JOIN cards c ON c.id = pc.card_id WHERE pc.post_id = ?", (post_id,))
    return str(row[0]) if row else ""


def shows_other(tx: Tx, post_id: int) -> bool:
    """Whether a post shows files or another post, and so no card."""
    sql = "SELECT 1 FROM post_media WHERE post_id = ?1 UNION ALL SELECT 1 FROM quotes WHERE post_id = ?1 LIMIT 1"
    return tx.one(sql, (post_id,)) is not None


def list_shown(tx: Tx, post_ids: Iterable[int]) -> dict[int, Shown]:
    """The cards of many posts that are ready, by post id."""
    rows = tx.query(
        f"""SELECT pc.post_id, {_SHOWN} FROM post_cards pc JOIN cards c ON c.id = pc.card_id {_BESIDE}
        WHERE pc.post_id IN (SELECT value FROM json_each(?)) AND c.state = 'ready'""",
        (json.dumps(list(post_ids)),),
    )
    return {row[0]: _made(row[1:]) for row in rows}


def list_by_ids(tx: Tx, card_ids: Iterable[int]) -> dict[int, Shown]:
    """Those of many cards that are ready, by id."""
    rows = tx.query(
        f"SELECT {_SHOWN} FROM cards c {_BESIDE} WHERE c.id IN (SELECT value FROM json_each(?)) AND c.state = 'ready'",
        (json.dumps(list(card_ids)),),
    )
    return {row[0]: _made(row) for row in rows}


def _made(row: Sequence[Any]) -> Shown:
    count = len(Card._fields)
    return Shown(Card._make(row[:count]), *row[count:])


# -- by link --

_LINKED = f"""SELECT p.id FROM post_cards pc JOIN posts p ON p.id = pc.post_id JOIN accounts a ON a.id = p.account_id
  WHERE pc.card_id IN (SELECT value FROM json_each(:cards)) AND pc.post_id < :before AND pc.post_id > :after
  AND p.visibility = 'public' AND {visible.UNLIMITED} AND {visible.POST} AND {visible.UNMUTED}"""
_LINKED_BACKWARDS = f"{_LINKED} ORDER BY p.id DESC LIMIT :limit"
_LINKED_FORWARDS = f"{_LINKED} ORDER BY p.id ASC LIMIT :limit"


def list_about(tx: Tx, url: str) -> list[int]:
    """Ids of the cards of a link, or of links that lead to that page."""
    ready = "SELECT id FROM cards WHERE state = 'ready' AND"
    return [row[0] for row in tx.query(f"{ready} url = ?1 UNION {ready} page_url = ?1 AND page_url <> '' LIMIT 50", (url,))]


def list_posts(tx: Tx, viewer_id: int, card_ids: Iterable[int], page: Page) -> list[int]:
    """Ids of the public posts that show one of these cards and that the viewer may see."""
    params = {
        "viewer": viewer_id,
        "now": tx.now,
        "cards": json.dumps(list(card_ids)),
        "before": page.before or ids.MAX,
        "after": page.after,
        "limit": page.limit,
    }
    if page.forward:
        return [row[0] for row in tx.query(_LINKED_FORWARDS, params)[::-1]]
    return [row[0] for row in tx.query(_LINKED_BACKWARDS, params)]


# -- the end --


def delete_of_host(tx: Tx, host: str) -> None:
    """Nothing of a site, or of one below it, is shown any more."""
    among = "SELECT id FROM cards WHERE host = :host OR host LIKE '%.' || :host"
    tx.execute(
        f"UPDATE posts SET version = version + 1 WHERE id IN (SELECT post_id FROM post_cards WHERE card_id IN ({among}))", {"host": host}
    )
    tx.execute(f"DELETE FROM cards WHERE id IN ({among})", {"host": host})


def prune(tx: Tx, before: int, limit: int) -> int:
    """Forget cards from before a time that no post shows."""
    return tx.execute(
        """DELETE FROM cards WHERE id IN (SELECT id FROM cards c WHERE created_at < ?
          AND NOT EXISTS (SELECT 1 FROM post_cards WHERE card_id = c.id) LIMIT ?)""",
        (before, limit),
    )
