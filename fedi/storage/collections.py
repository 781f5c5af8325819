"""Rows of `collections` and `collection_items`: people whom somebody recommends, together."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.storage.db import Tx


class Collection(NamedTuple):
    """`description_html` is sanitised; `tag` is the name of its hashtag, '' for none."""

    id: int
    uri: str
    account_id: int
    name: str
    description_source: str
    description_html: str
    language: str
    sensitive: int
    discoverable: int
    tag_id: int | None
    created_at: int
    updated_at: int
    tag: str = ""


class Item(NamedTuple):
    """Somebody in a collection. `state` is pending, accepted, rejected or revoked."""

    id: int
    collection_id: int
    account_id: int
    state: str
    position: int
    created_at: int


_OWN = Collection._fields[:-1]
_COLUMNS = ", ".join(_OWN)
_INSERT = f"INSERT INTO collections ({_COLUMNS}) VALUES ({', '.join('?' * len(_OWN))})"
_C_COLUMNS = ", ".join([*(f"c.{name}" for name in _OWN), "coalesce(t.name, '')"])
_I_COLUMNS = ", ".join(f"i.{name}" for name in Item._fields)
_FROM = "FROM collections c LEFT JOIN tags t ON t.id = c.tag_id"
# Whom the viewer is shown as the owner of a collection, or in one: nobody hidden, nobody with whom a block stands.
_NEAR = """a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :viewer AND target_id = a.id)
      AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = a.id AND target_id = :viewer)"""


def insert(tx: Tx, made: Collection) -> None:
    tx.execute(_INSERT, made[:-1])


def update(tx: Tx, changed: Collection) -> None:
    """Write what can be changed of one."""
    tx.execute(
        """UPDATE collections SET name = ?, description_source = ?, description_html = ?, language = ?, sensitive = ?, discoverable = ?,
        tag_id = ?, updated_at = ? WHERE id = ?""",
        (*changed[3:10], changed.updated_at, changed.id),
    )


def touch(tx: Tx, collection_id: int) -> None:
    """It has changed just now."""
    tx.execute("UPDATE collections SET updated_at = ? WHERE id = ?", (tx.now, collection_id))


def find(tx: Tx, collection_id: int) -> Collection | None:
    row = tx.one(f"SELECT {_C_COLUMNS} {_FROM} WHERE c.id = ?", (collection_id,))
    return Collection._make(row) if row else None


def find_visible(tx: Tx, viewer_id: int, collection_id: int) -> Collection | None:
    """One whose owner the viewer may see."""
    row = tx.one(
        f"SELECT {_C_COLUMNS} {_FROM} JOIN accounts a ON a.id = c.account_id WHERE c.id = :id AND (a.id = :viewer OR {_NEAR})",
        {"id": collection_id, "viewer": viewer_id},
    )
    return Collection._make(row) if row else None


def list_these(tx: Tx, viewer_id: int, collection_ids: Iterable[int]) -> list[Collection]:
    """Those of these whose owner the viewer may see."""
    rows = tx.query(
        f"""SELECT {_C_COLUMNS} {_FROM} JOIN accounts a ON a.id = c.account_id
        WHERE c.id IN (SELECT value FROM json_each(:ids)) AND (a.id = :viewer OR {_NEAR})""",
        {"ids": json.dumps(list(collection_ids)), "viewer": viewer_id},
    )
    return [Collection._make(row) for row in rows]


def delete(tx: Tx, collection_id: int) -> None:
    """With everybody in it, and what was told of it."""
    tx.execute("DELETE FROM notifications WHERE kind IN ('collection', 'collection_edit') AND about_id = ?", (collection_id,))
    tx.execute("DELETE FROM collections WHERE id = ?", (collection_id,))


def count(tx: Tx, account_id: int) -> int:
    row = tx.one("SELECT count(*) FROM collections WHERE account_id = ?", (account_id,))
    return int(row[0]) if row else 0


def list_of(tx: Tx, account_id: int, *, hidden: bool, limit: int, offset: int) -> list[Collection]:
    """Somebody's, the latest first; with `hidden` also those that they do not show."""
    rows = tx.query(
        f"""SELECT {_C_COLUMNS} {_FROM} WHERE c.account_id = :account AND (c.discoverable = 1 OR :hidden)
        ORDER BY c.id DESC LIMIT :limit OFFSET :offset""",
        {"account": account_id, "hidden": int(hidden), "limit": limit, "offset": offset},
    )
    return [Collection._make(row) for row in rows]


def list_with(tx: Tx, account_id: int, *, limit: int, offset: int) -> list[Collection]:
    """Those in which somebody stands, of people they may see; the latest first."""
    rows = tx.query(
        f"""SELECT {_C_COLUMNS} FROM collection_items i JOIN collections c ON c.id = i.collection_id
        JOIN accounts a ON a.id = c.account_id LEFT JOIN tags t ON t.id = c.tag_id
        WHERE i.account_id = :viewer AND i.state = 'accepted' AND {_NEAR} ORDER BY c.id DESC LIMIT :limit OFFSET :offset""",
        {"viewer": account_id, "limit": limit, "offset": offset},
    )
    return [Collection._make(row) for row in rows]


# -- who is in them --


def put_item(tx: Tx, collection_id: int, account_id: int, state: str) -> Item:
    """Somebody more, at the end."""
    row = tx.one("SELECT coalesce(max(position), 0) + 1 FROM collection_items WHERE collection_id = ?", (collection_id,))
    made = Item(ids.new(tx.now), collection_id, account_id, state, row[0] if row else 1, tx.now)
    tx.execute("INSERT INTO collection_items VALUES (?, ?, ?, ?, ?, ?)", made)
    return made


def find_item(tx: Tx, collection_id: int, item_id: int) -> Item | None:
    row = tx.one(f"SELECT {_I_COLUMNS} FROM collection_items i WHERE i.id = ? AND i.collection_id = ?", (item_id, collection_id))
    return Item._make(row) if row else None


def find_item_of(tx: Tx, collection_id: int, account_id: int) -> Item | None:
    sql = f"SELECT {_I_COLUMNS} FROM collection_items i WHERE i.collection_id = ? AND i.account_id = ?"
    row = tx.one(sql, (collection_id, account_id))
    return Item._make(row) if row else None


def set_state(tx: Tx, item_id: int, state: str) -> None:
    tx.execute("UPDATE collection_items SET state = ? WHERE id = ?", (state, item_id))


def delete_item(tx: Tx, item_id: int) -> None:
    tx.execute("DELETE FROM collection_items WHERE id = ?", (item_id,))


def count_items(tx: Tx, collection_id: int) -> int:
    """Those who are in it or asked to be."""
    row = tx.one("SELECT count(*) FROM collection_items WHERE collection_id = ? AND state IN ('pending', 'accepted')", (collection_id,))
    return int(row[0]) if row else 0


def list_items(tx: Tx, viewer_id: int, collection_ids: Iterable[int]) -> dict[int, list[Item]]:
    """Who is in each collection, as the viewer is shown it: its owner also those who have not said yes.

    Left out: whom nobody is shown, with whom a block stands, and people here who do not want to be found any more.
    """
    rows = tx.query(
        f"""SELECT {_I_COLUMNS} FROM collection_items i JOIN collections c ON c.id = i.collection_id JOIN accounts a ON a.id = i.account_id
        WHERE i.collection_id IN (SELECT value FROM json_each(:ids))
          AND (i.state = 'accepted' OR (i.state = 'pending' AND c.account_id = :viewer))
          AND (a.host <> '' OR a.discoverable = 1 OR a.id = :viewer) AND (a.id = :viewer OR {_NEAR})
        ORDER BY i.collection_id, i.position, i.id""",
        {"viewer": viewer_id, "ids": json.dumps(list(collection_ids))},
    )
    found: dict[int, list[Item]] = {}
    for row in rows:
        found.setdefault(row[1], []).append(Item._make(row))
    return found


def delete_between(tx: Tx, one_id: int, other_id: int) -> None:
    """A block begins: neither stands in a collection of the other."""
    tx.execute(
        """DELETE FROM collection_items
        WHERE (account_id = :one AND collection_id IN (SELECT id FROM collections WHERE account_id = :other))
        OR (account_id = :other AND collection_id IN (SELECT id FROM collections WHERE account_id = :one))""",
        {"one": one_id, "other": other_id},
    )
