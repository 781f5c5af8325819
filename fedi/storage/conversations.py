"""Rows of `conversations` and `conversation_posts`: letters by thread and by who takes part, as each of these people here has them."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.storage import visible
from fedi.storage.db import Tx
from fedi.storage.timelines import Page


class Conversation(NamedTuple):
    """`participants` is a JSON list of account ids without the owner's. `last_post_id` is the place in the list; `shown_id` the latest
    post that the owner may see."""

    id: int
    account_id: int
    thread_id: int
    participants: str
    last_post_id: int
    unread: int
    shown_id: int

    @property
    def people(self) -> list[int]:
        found: list[int] = json.loads(self.participants)
        return found


def thread_of(tx: Tx, post_id: int) -> int:
    """The uppermost post known above a post, itself where there is none."""
    row = tx.one("SELECT thread_id FROM posts WHERE id = ?", (post_id,))
    if row is not None and row[0]:
        return int(row[0])
    above = tx.one(
        """WITH RECURSIVE up (id, above, steps) AS (SELECT id, in_reply_to_id, 0 FROM posts WHERE id = ?
          UNION ALL SELECT p.id, p.in_reply_to_id, up.steps + 1 FROM up JOIN posts p ON p.id = up.above WHERE up.steps < 1000)
        SELECT id FROM up ORDER BY steps DESC LIMIT 1""",
        (post_id,),
    )
    return int(above[0]) if above is not None else post_id


def list_participants(tx: Tx, post_id: int) -> tuple[list[int], list[int]]:
    """(everybody a post is between, ascending; those of them who are people of this server)."""
    rows = tx.query(
        """SELECT id, EXISTS (SELECT 1 FROM users WHERE account_id = id) FROM (
          SELECT account_id AS id FROM posts WHERE id = :post UNION SELECT account_id FROM post_mentions WHERE post_id = :post)
        ORDER BY id""",
        {"post": post_id},
    )
    return [row[0] for row in rows], [row[0] for row in rows if row[1]]


def add(tx: Tx, account_id: int, thread_id: int, people: Iterable[int], post_id: int, *, unread: bool) -> int:
    """A post belongs to a conversation, which begins with it if need be; the conversation's id."""
    participants = json.dumps(sorted(set(people) - {account_id}), separators=(",", ":"))
    tx.execute(
        """INSERT INTO conversations (id, account_id, thread_id, participants, last_post_id, unread, updated_at)
        VALUES (:id, :account, :thread, :participants, :post, :unread, :now)
        ON CONFLICT (account_id, thread_id, participants) DO UPDATE SET
          last_post_id = max(coalesce(last_post_id, 0), excluded.last_post_id), unread = excluded.unread,
          updated_at = excluded.updated_at""",
        {
            "id": ids.new(tx.now),
            "account": account_id,
            "thread": thread_id,
            "participants": participants,
            "post": post_id,
            "unread": int(unread),
            "now": tx.now,
        },
    )
    sql = "SELECT id FROM conversations WHERE account_id = ? AND thread_id = ? AND participants = ?"
    row = tx.one(sql, (account_id, thread_id, participants))
    assert row is not None
    tx.execute("INSERT INTO conversation_posts (conversation_id, post_id) VALUES (?, ?) ON CONFLICT DO NOTHING", (row[0], post_id))
    return int(row[0])


def has(tx: Tx, account_id: int, post_id: int) -> bool:
    """Whether a post is in one of the owner's already."""
    sql = "SELECT 1 FROM conversation_posts cp JOIN conversations c ON c.id = cp.conversation_id WHERE cp.post_id = ? AND c.account_id = ?"
    return tx.one(sql, (post_id, account_id)) is not None


class Place(NamedTuple):
    """A conversation a post is in. `people` are all who take part, its owner too."""

    id: int
    account_id: int
    unread: bool
    people: frozenset[int]


def list_of_post(tx: Tx, post_id: int) -> list[Place]:
    """The conversations a post is in, of whomever."""
    rows = tx.query(
        """SELECT c.id, c.account_id, c.unread, c.participants FROM conversation_posts cp JOIN conversations c ON c.id = cp.conversation_id
        WHERE cp.post_id = ?""",
        (post_id,),
    )
    return [Place(row[0], row[1], bool(row[2]), frozenset({row[1], *json.loads(row[3])})) for row in rows]


def join(tx: Tx, thread_id: int, joined: str) -> None:
    """Threads (`joined`, JSON) turn out to be parts of another: what the same people have in them is one conversation, which is new to its
    owner where one of them was."""
    params = {"thread": thread_id, "joined": joined}
    among = "c.thread_id IN (SELECT value FROM json_each(:joined))"
    tx.execute(f"UPDATE OR IGNORE conversations AS c SET thread_id = :thread WHERE {among}", params)
    same = "t.account_id = c.account_id AND t.thread_id = :thread AND t.participants = c.participants"
    tx.execute(
        f"""INSERT INTO conversation_posts (conversation_id, post_id)
        SELECT t.id, cp.post_id FROM conversations c JOIN conversations t ON {same} JOIN conversation_posts cp ON cp.conversation_id = c.id
        WHERE {among} ON CONFLICT DO NOTHING""",
        params,
    )
    tx.execute(
        f"""UPDATE conversations AS t SET last_post_id = max(coalesce(t.last_post_id, 0), o.last_post_id), unread = max(t.unread, o.unread)
        FROM (SELECT c.account_id, c.participants, max(c.last_post_id) AS last_post_id, max(c.unread) AS unread FROM conversations c
          WHERE {among} AND c.last_post_id IS NOT NULL GROUP BY c.account_id, c.participants) AS o
        WHERE t.account_id = o.account_id AND t.thread_id = :thread AND t.participants = o.participants""",
        params,
    )
    tx.execute(f"DELETE FROM conversations AS c WHERE {among}", params)


def take_out(tx: Tx, post_id: int) -> None:
    """A post goes: conversations of which it was the last are back at the one before, those of nothing else end."""
    tx.execute("DELETE FROM conversation_posts WHERE post_id = ?", (post_id,))
    tx.execute(
        """UPDATE conversations SET last_post_id = (SELECT max(post_id) FROM conversation_posts WHERE conversation_id = conversations.id)
        WHERE last_post_id = ?""",
        (post_id,),
    )
    sweep(tx)


def sweep(tx: Tx, limit: int = 500) -> int:
    """Conversations whose last post has gone with its author are back at the one before, or end; how many there were."""
    rows = tx.query(
        """SELECT id, (SELECT max(post_id) FROM conversation_posts WHERE conversation_id = conversations.id) FROM conversations
        WHERE last_post_id IS NULL LIMIT ?""",
        (limit,),
    )
    tx.executemany("UPDATE conversations SET last_post_id = ? WHERE id = ?", [(row[1], row[0]) for row in rows if row[1] is not None])
    tx.executemany("DELETE FROM conversations WHERE id = ?", [(row[0],) for row in rows if row[1] is None])
    return len(rows)


_LIST = f"""SELECT id, account_id, thread_id, participants, last_post_id, unread, shown_id FROM (
    SELECT c.*, (SELECT p.id FROM conversation_posts cp JOIN posts p ON p.id = cp.post_id JOIN accounts a ON a.id = p.account_id
      WHERE cp.conversation_id = c.id AND {visible.POST} ORDER BY cp.post_id DESC LIMIT 1) AS shown_id
    FROM conversations c WHERE c.account_id = :viewer AND c.last_post_id < :before AND c.last_post_id > :after AND (:id = 0 OR c.id = :id))
  WHERE shown_id IS NOT NULL"""
_BACKWARDS = f"{_LIST} ORDER BY last_post_id DESC LIMIT :limit"
_FORWARDS = f"{_LIST} ORDER BY last_post_id ASC LIMIT :limit"


def list_of(tx: Tx, account_id: int, page: Page, conversation_id: int = 0) -> list[Conversation]:
    """The owner's by their last posts, the newest first; none of which the owner may see nothing (any more)."""
    params = {
        "viewer": account_id,
        "before": page.before or ids.MAX,
        "after": page.after,
        "limit": page.limit,
        "id": conversation_id,
    }
    if page.forward:
        return [Conversation._make(row) for row in tx.query(_FORWARDS, params)[::-1]]
    return [Conversation._make(row) for row in tx.query(_BACKWARDS, params)]


def find(tx: Tx, account_id: int, conversation_id: int) -> Conversation | None:
    """One of the owner's, by the same rules."""
    return next(iter(list_of(tx, account_id, Page(limit=1), conversation_id)), None) if conversation_id else None


def set_unread(tx: Tx, account_id: int, conversation_id: int, unread: bool) -> bool:
    """False when there is none of the owner's with that id."""
    sql = "UPDATE conversations SET unread = ?, updated_at = ? WHERE id = ? AND account_id = ?"
    return tx.execute(sql, (int(unread), tx.now, conversation_id, account_id)) > 0


def delete(tx: Tx, account_id: int, conversation_id: int) -> bool:
    """Off the owner's list, until somebody writes again. False when there is none of the owner's with that id."""
    return tx.execute("DELETE FROM conversations WHERE id = ? AND account_id = ?", (conversation_id, account_id)) > 0
