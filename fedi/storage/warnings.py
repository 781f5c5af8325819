"""Rows of `warnings`: what staff have told somebody about what they did."""

import json
from collections.abc import Iterable
from typing import Final, NamedTuple

from fedi import ids
from fedi.storage.db import Tx

ACTIONS: Final = ("none", "disable", "mark_statuses_as_sensitive", "delete_statuses", "sensitive", "silence", "suspend")


class Warned(NamedTuple):
    """`action` is what was done besides, one of ACTIONS; `post_ids` a JSON list of what it is about."""

    id: int
    account_id: int
    action: str
    text: str
    post_ids: str
    created_at: int


_COLUMNS: Final = ", ".join(Warned._fields)


def insert(tx: Tx, account_id: int, action: str, text: str, post_ids: Iterable[int]) -> int:
    """Returns its id."""
    made = Warned(ids.new(tx.now), account_id, action, text, json.dumps(list(post_ids)), tx.now)
    tx.execute(f"INSERT INTO warnings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", made)
    return made.id


def list_these(tx: Tx, warning_ids: Iterable[int]) -> dict[int, Warned]:
    sql = f"SELECT {_COLUMNS} FROM warnings WHERE id IN (SELECT value FROM json_each(?))"
    return {row[0]: Warned._make(row) for row in tx.query(sql, (json.dumps(list(warning_ids)),))}
