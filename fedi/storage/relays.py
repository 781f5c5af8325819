"""Rows of `relays`: servers that pass public posts on to all who subscribe to them."""

from typing import NamedTuple

from fedi import ids
from fedi.storage.db import Tx


class Relay(NamedTuple):
    """`style` is `inbox` (Mastodon's: named by its inbox, passes activities on) or `actor` (LitePub's: followed, announces).

    `actor_uri` is who signs what it sends, '' until it has accepted.
    """

    id: int
    uri: str
    style: str
    inbox_uri: str
    actor_uri: str
    follow_uri: str
    state: str
    created_at: int


COLUMNS = ", ".join(Relay._fields)


def insert(tx: Tx, **values: str) -> Relay:
    """Raises Conflict when it is there already."""
    relay = Relay(**{"id": ids.new(tx.now), "actor_uri": "", "state": "pending", "created_at": tx.now, **values})  # type: ignore[arg-type]
    tx.execute(f"INSERT INTO relays ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", relay)
    return relay


def find(tx: Tx, uri: str) -> Relay | None:
    row = tx.one(f"SELECT {COLUMNS} FROM relays WHERE uri = ?", (uri,))
    return Relay._make(row) if row else None


def find_by_follow(tx: Tx, follow_uri: str) -> Relay | None:
    row = tx.one(f"SELECT {COLUMNS} FROM relays WHERE follow_uri = ?", (follow_uri,))
    return Relay._make(row) if row else None


def find_by_actor(tx: Tx, actor_uri: str) -> Relay | None:
    row = tx.one(f"SELECT {COLUMNS} FROM relays WHERE actor_uri = ? AND actor_uri <> ''", (actor_uri,))
    return Relay._make(row) if row else None


def is_accepted(tx: Tx, actor_uri: str) -> bool:
    """Whether that actor is a relay we are subscribed to."""
    found = find_by_actor(tx, actor_uri)
    return found is not None and found.state == "accepted"


def list_all(tx: Tx) -> list[Relay]:
    return [Relay._make(row) for row in tx.query(f"SELECT {COLUMNS} FROM relays ORDER BY id")]


def list_accepted(tx: Tx) -> list[Relay]:
    return [Relay._make(row) for row in tx.query(f"SELECT {COLUMNS} FROM relays WHERE state = 'accepted'")]


def set_state(tx: Tx, relay_id: int, state: str, actor_uri: str) -> None:
    tx.execute("UPDATE relays SET state = ?, actor_uri = ? WHERE id = ?", (state, actor_uri, relay_id))


def delete(tx: Tx, relay_id: int) -> None:
    tx.execute("DELETE FROM relays WHERE id = ?", (relay_id,))
