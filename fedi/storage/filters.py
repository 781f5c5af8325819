"""Rows of `filters`, `filter_keywords` and `filter_posts`: what somebody here does not want to read, or wants to be warned of."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.storage.db import Tx


class Filter(NamedTuple):
    """`contexts` are of home, notifications, public, thread and account; `action` is warn, hide or blur; `expires_at` ms or None."""

    id: int
    account_id: int
    title: str
    contexts: tuple[str, ...]
    action: str
    expires_at: int | None
    created_at: int

    def is_over(self, now: int) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class Keyword(NamedTuple):
    id: int
    filter_id: int
    keyword: str
    whole_word: int


class FilteredPost(NamedTuple):
    id: int
    filter_id: int
    post_id: int


COLUMNS = ", ".join(Filter._fields)
_K_COLUMNS = "k.id, k.filter_id, k.keyword, k.whole_word"
_P_COLUMNS = "p.id, p.filter_id, p.post_id"


def _filter(row: Iterable[object]) -> Filter:
    made = Filter._make(row)
    return made._replace(contexts=tuple(json.loads(str(made.contexts))))


def add(tx: Tx, made: Filter) -> Filter:
    """Its id is given here."""
    made = made._replace(id=ids.new(tx.now))
    tx.execute(f"INSERT INTO filters ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", made._replace(contexts=json.dumps(made.contexts)))  # type: ignore[arg-type]
    return made


def put(tx: Tx, changed: Filter) -> None:
    tx.execute(
        "UPDATE filters SET title = ?, contexts = ?, action = ?, expires_at = ? WHERE id = ?",
        (changed.title, json.dumps(changed.contexts), changed.action, changed.expires_at, changed.id),
    )


def delete(tx: Tx, filter_id: int) -> None:
    tx.execute("DELETE FROM filters WHERE id = ?", (filter_id,))


def find(tx: Tx, account_id: int, filter_id: int) -> Filter | None:
    """One of somebody's own."""
    row = tx.one(f"SELECT {COLUMNS} FROM filters WHERE id = ? AND account_id = ?", (filter_id, account_id))
    return _filter(row) if row else None


def list_of(tx: Tx, account_id: int) -> list[Filter]:
    """All of somebody's, also those that are over, the first made first."""
    return [_filter(row) for row in tx.query(f"SELECT {COLUMNS} FROM filters WHERE account_id = ? ORDER BY id", (account_id,))]


def count(tx: Tx, account_id: int) -> int:
    row = tx.one("SELECT count(*) FROM filters WHERE account_id = ?", (account_id,))
    return int(row[0]) if row else 0


# -- keywords --


def add_keyword(tx: Tx, filter_id: int, keyword: str, *, whole_word: bool) -> Keyword:
    made = Keyword(ids.new(tx.now), filter_id, keyword, int(whole_word))
    tx.execute("INSERT INTO filter_keywords (id, filter_id, keyword, whole_word) VALUES (?, ?, ?, ?)", made)
    return made


def put_keyword(tx: Tx, changed: Keyword) -> None:
    tx.execute("UPDATE filter_keywords SET keyword = ?, whole_word = ? WHERE id = ?", (changed.keyword, changed.whole_word, changed.id))


def delete_keyword(tx: Tx, keyword_id: int) -> None:
    tx.execute("DELETE FROM filter_keywords WHERE id = ?", (keyword_id,))


def find_keyword(tx: Tx, account_id: int, keyword_id: int) -> Keyword | None:
    """One of somebody's own."""
    row = tx.one(
        f"SELECT {_K_COLUMNS} FROM filter_keywords k JOIN filters f ON f.id = k.filter_id WHERE k.id = ? AND f.account_id = ?",
        (keyword_id, account_id),
    )
    return Keyword._make(row) if row else None


def list_keywords(tx: Tx, account_id: int) -> list[Keyword]:
    """Of all filters of somebody, the first made first."""
    rows = tx.query(
        f"""SELECT {_K_COLUMNS} FROM filters f CROSS JOIN filter_keywords k ON k.filter_id = f.id
        WHERE f.account_id = ? ORDER BY k.filter_id, k.id""",
        (account_id,),
    )
    return [Keyword._make(row) for row in rows]


# -- posts --


def put_post(tx: Tx, filter_id: int, post_id: int) -> FilteredPost | None:
    """None when it is in it already."""
    made = FilteredPost(ids.new(tx.now), filter_id, post_id)
    sql = "INSERT INTO filter_posts (id, filter_id, post_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    return made if tx.execute(sql, made) else None


def delete_post(tx: Tx, row_id: int) -> None:
    tx.execute("DELETE FROM filter_posts WHERE id = ?", (row_id,))


def find_post(tx: Tx, account_id: int, row_id: int) -> FilteredPost | None:
    """One of somebody's own, by the id of the row."""
    row = tx.one(
        f"SELECT {_P_COLUMNS} FROM filter_posts p JOIN filters f ON f.id = p.filter_id WHERE p.id = ? AND f.account_id = ?",
        (row_id, account_id),
    )
    return FilteredPost._make(row) if row else None


def list_posts(tx: Tx, account_id: int) -> list[FilteredPost]:
    """Of all filters of somebody, the first put first."""
    rows = tx.query(
        f"""SELECT {_P_COLUMNS} FROM filters f CROSS JOIN filter_posts p ON p.filter_id = f.id
        WHERE f.account_id = ? ORDER BY p.filter_id, p.id""",
        (account_id,),
    )
    return [FilteredPost._make(row) for row in rows]
