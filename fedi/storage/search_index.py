"""The texts people search: `post_search` and `account_search`, how far they are made (`search_marks`), and what is to be made again.

Triggers put into `search_queue` what is written below the mark, changed or deleted, in the transaction that does it. So nothing is
forgotten when the program ends in between, and taking in a new post costs one look at the mark.
"""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fedi.storage.db import Tx


class PostText(NamedTuple):
    """What of a post can be found. A boost has no text of its own; `html` is its content."""

    id: int
    is_boost: int
    title: str
    warning: str
    html: str
    options: str
    alts: str


class AccountText(NamedTuple):
    """What of an account can be found."""

    id: int
    username: str
    host: str
    display_name: str
    bio_html: str


_POST = """SELECT p.id, p.boost_of_id IS NOT NULL, p.title, p.warning, p.content_html,
    coalesce((SELECT group_concat(title, ' ') FROM poll_options WHERE post_id = p.id), ''),
    coalesce((SELECT group_concat(m.alt, ' ') FROM post_media pm JOIN media m ON m.id = pm.media_id WHERE pm.post_id = p.id), '')
  FROM posts p"""
_ACCOUNT = "SELECT a.id, a.username, a.host, a.display_name, a.bio_html FROM accounts a"


def is_behind(tx: Tx) -> bool:
    """Whether something was written that cannot be found yet."""
    row = tx.one(
        """SELECT EXISTS (SELECT 1 FROM search_queue)
          OR EXISTS (SELECT 1 FROM posts WHERE id > (SELECT mark FROM search_marks WHERE kind = 'post'))
          OR EXISTS (SELECT 1 FROM accounts WHERE id > (SELECT mark FROM search_marks WHERE kind = 'account'))"""
    )
    return bool(row and row[0])


def list_queued(tx: Tx, kind: str, limit: int) -> list[int]:
    """Ids (of the kind `post` or `account`) whose text is to be made again, or to go."""
    return [row[0] for row in tx.query("SELECT ref_id FROM search_queue WHERE kind = ? ORDER BY ref_id LIMIT ?", (kind, limit))]


def settle(tx: Tx, kind: str, ref_ids: Iterable[int]) -> None:
    """These are done."""
    tx.execute("DELETE FROM search_queue WHERE kind = ? AND ref_id IN (SELECT value FROM json_each(?))", (kind, json.dumps(list(ref_ids))))


def advance(tx: Tx, kind: str, mark: int) -> None:
    """Everything up to this id is made."""
    tx.execute("UPDATE search_marks SET mark = ? WHERE kind = ? AND mark < ?", (mark, kind, mark))


def list_posts(tx: Tx, post_ids: Iterable[int]) -> list[PostText]:
    """Those that are there."""
    rows = tx.query(f"{_POST} WHERE p.id IN (SELECT value FROM json_each(?))", (json.dumps(list(post_ids)),))
    return [PostText._make(row) for row in rows]


def list_new_posts(tx: Tx, limit: int) -> list[PostText]:
    """The next ones above the mark, boosts among them."""
    rows = tx.query(f"{_POST} WHERE p.id > (SELECT mark FROM search_marks WHERE kind = 'post') ORDER BY p.id LIMIT ?", (limit,))
    return [PostText._make(row) for row in rows]


def list_accounts(tx: Tx, account_ids: Iterable[int]) -> list[AccountText]:
    """Those that are there."""
    rows = tx.query(f"{_ACCOUNT} WHERE a.id IN (SELECT value FROM json_each(?))", (json.dumps(list(account_ids)),))
    return [AccountText._make(row) for row in rows]


def list_new_accounts(tx: Tx, limit: int) -> list[AccountText]:
    """The next ones above the mark."""
    rows = tx.query(f"{_ACCOUNT} WHERE a.id > (SELECT mark FROM search_marks WHERE kind = 'account') ORDER BY a.id LIMIT ?", (limit,))
    return [AccountText._make(row) for row in rows]


def put_posts(tx: Tx, texts: Sequence[tuple[int, str]]) -> None:
    """(post id, its words). They have none yet."""
    tx.executemany("INSERT INTO post_search (rowid, text) VALUES (?, ?)", texts)


def put_accounts(tx: Tx, texts: Sequence[tuple[int, str, str]]) -> None:
    """(account id, the words of its names, of its biography). They have none yet."""
    tx.executemany("INSERT INTO account_search (rowid, name, bio) VALUES (?, ?, ?)", texts)


def delete_posts(tx: Tx, post_ids: Iterable[int]) -> None:
    tx.executemany("DELETE FROM post_search WHERE rowid = ?", [(post_id,) for post_id in post_ids])


def delete_accounts(tx: Tx, account_ids: Iterable[int]) -> None:
    tx.executemany("DELETE FROM account_search WHERE rowid = ?", [(account_id,) for account_id in account_ids])
