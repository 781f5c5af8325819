"""Rows of `rules`: what people of this server agree to, in order. One that is taken back stays for the reports that name it."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from fedi.storage.db import Tx


class Rule(NamedTuple):
    """`translations` is JSON, {language: {"text": ..., "hint": ...}}."""

    id: int
    position: int
    text: str
    hint: str
    translations: str
    deleted_at: int | None

    def translated(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads(self.translations)
        return found


COLUMNS = ", ".join(Rule._fields)


def add(tx: Tx, text: str, hint: str) -> Rule:
    """The last one."""
    row = tx.one("SELECT ifnull(max(id), 0) + 1, ifnull(max(position), 0) + 1 FROM rules")
    number, position = (row[0], row[1]) if row else (1, 1)
    made = Rule(number, position, text, hint, "{}", None)
    tx.execute(f"INSERT INTO rules ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", made)
    return made


def put_translation(tx: Tx, rule: Rule, language: str, text: str, hint: str) -> None:
    changed = {**rule.translated(), language: {"text": text, "hint": hint}}
    tx.execute("UPDATE rules SET translations = ? WHERE id = ?", (json.dumps(changed), rule.id))


def delete(tx: Tx, rule_id: int) -> bool:
    return tx.execute("UPDATE rules SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL", (tx.now, rule_id)) > 0


def find(tx: Tx, rule_id: int) -> Rule | None:
    """One that holds."""
    row = tx.one(f"SELECT {COLUMNS} FROM rules WHERE id = ? AND deleted_at IS NULL", (rule_id,))
    return Rule._make(row) if row else None


def list_all(tx: Tx) -> list[Rule]:
    """Those that hold, in order."""
    return [Rule._make(row) for row in tx.query(f"SELECT {COLUMNS} FROM rules WHERE deleted_at IS NULL ORDER BY position, id")]


def list_by_ids(tx: Tx, rule_ids: Iterable[int]) -> list[Rule]:
    """Also those that were taken back."""
    rows = tx.query(f"SELECT {COLUMNS} FROM rules WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", (json.dumps(list(rule_ids)),))
    return [Rule._make(row) for row in rows]
