"""Rows of `quotes`: which post quotes which, and whether the quoted author has agreed. One per quoting post."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi.storage import visible
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx
from fedi.storage.posts import P_COLUMNS, Post
from fedi.storage.timelines import Page

SHOWN = "accepted"  # the one state in which readers see what is quoted


class Quote(NamedTuple):
    """`quoted_id` is None while the quoted post is not here; `authorization_uri` is the stamp, '' without one."""

    post_id: int
    quoted_uri: str
    quoted_id: int | None
    state: str
    legacy: int
    authorization_uri: str
    request_uri: str
    checked_at: int


class Seen(NamedTuple):
    """A quote as one viewer may see it. `quoted_id` is None for what they may not; `why` is '' or what of theirs hides it."""

    post_id: int
    state: str
    quoted_id: int | None
    quoted_uri: str
    why: str
    inner_state: str | None
    inner_id: int | None


COLUMNS = ", ".join(Quote._fields)
Q_COLUMNS = ", ".join(f"q.{name}" for name in Quote._fields)


def put(tx: Tx, quote: Quote) -> None:
    """Add the quote of a post, or replace it."""
    tx.execute(f"INSERT OR REPLACE INTO quotes ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", quote)


def delete(tx: Tx, post_id: int) -> None:
    tx.execute("DELETE FROM quotes WHERE post_id = ?", (post_id,))


def find(tx: Tx, post_id: int) -> Quote | None:
    """What a post quotes."""
    row = tx.one(f"SELECT {COLUMNS} FROM quotes WHERE post_id = ?", (post_id,))
    return Quote._make(row) if row else None


def find_by_request(tx: Tx, request_uri: str, post_uri: str) -> Quote | None:
    """The quote somebody here has asked consent for, by the id of the QuoteRequest; `post_uri` is the quoting post's, if said."""
    asked = post_uri or request_uri.rpartition("/")[0]
    row = tx.one(
        f"SELECT {Q_COLUMNS} FROM posts p JOIN quotes q ON q.post_id = p.id WHERE p.uri = ? AND q.request_uri = ? AND q.request_uri <> ''",
        (asked, request_uri),
    )
    return Quote._make(row) if row else None


def list_by_authorization(tx: Tx, uri: str) -> list[Quote]:
    """The quotes that bear a stamp."""
    rows = tx.query(f"SELECT {COLUMNS} FROM quotes WHERE authorization_uri = ? AND authorization_uri <> ''", (uri,))
    return [Quote._make(row) for row in rows]


def list_of(tx: Tx, quoted_id: int) -> list[Quote]:
    """Who quotes a post, in whatever state."""
    return [Quote._make(row) for row in tx.query(f"SELECT {COLUMNS} FROM quotes WHERE quoted_id = ?", (quoted_id,))]


def list_waiting(tx: Tx, quoted_uri: str) -> list[Quote]:
    """Quotes of a post that was not here when they came."""
    return [Quote._make(row) for row in tx.query(f"SELECT {COLUMNS} FROM quotes WHERE quoted_uri = ? AND quoted_id IS NULL", (quoted_uri,))]


def list_unchecked(tx: Tx, before: int, limit: int) -> list[int]:
    """Posts whose quotes bear a stamp of another server that was last asked for before a time."""
    rows = tx.query(
        """SELECT q.post_id FROM quotes q JOIN posts p ON p.id = q.quoted_id JOIN accounts a ON a.id = p.account_id
        WHERE q.state = 'accepted' AND q.authorization_uri <> '' AND q.checked_at < ? AND a.host <> '' ORDER BY q.checked_at LIMIT ?""",
        (before, limit),
    )
    return [row[0] for row in rows]


def mark_checked(tx: Tx, post_id: int) -> None:
    tx.execute("UPDATE quotes SET checked_at = ? WHERE post_id = ?", (tx.now, post_id))


def count(tx: Tx, quoted_id: int, by: int) -> None:
    """A public quote was accepted, or is no more."""
    tx.execute("UPDATE posts SET quotes_count = max(0, quotes_count + ?), version = version + 1 WHERE id = ?", (by, quoted_id))


def touch(tx: Tx, post_id: int) -> None:
    """What readers see of a post has changed, though its text has not."""
    tx.execute("UPDATE posts SET version = version + 1 WHERE id = ?", (post_id,))


def list_local_quoters(tx: Tx, quoted_id: int) -> list[tuple[int, int]]:
    """(account, post) of people here who quote a post with its author's consent."""
    rows = tx.query(
        """SELECT p.account_id, p.id FROM quotes q JOIN posts p ON p.id = q.post_id JOIN users u ON u.account_id = p.account_id
        WHERE q.quoted_id = ? AND q.state = 'accepted'""",
        (quoted_id,),
    )
    return [(row[0], row[1]) for row in rows]


def find_quoted_author(tx: Tx, post_id: int) -> Account | None:
    """Whom a post quotes, where that is known."""
    row = tx.one(
        f"""SELECT {A_COLUMNS} FROM quotes q JOIN posts p ON p.id = q.quoted_id JOIN accounts a ON a.id = p.account_id
        WHERE q.post_id = ?""",
        (post_id,),
    )
    return Account._make(row) if row else None


# -- for readers --

_SEEN = f"""SELECT q.post_id, q.state, p.id, q.quoted_uri, {visible.POST}, n.state, n.quoted_id,
    EXISTS (SELECT 1 FROM blocks WHERE account_id = :viewer AND target_id = p.account_id),
    EXISTS (SELECT 1 FROM user_domain_blocks WHERE account_id = :viewer AND host = a.host AND a.host <> ''),
    EXISTS (SELECT 1 FROM mutes WHERE account_id = :viewer AND target_id = p.account_id AND (expires_at IS NULL OR expires_at > :now))
  FROM quotes q LEFT JOIN posts p ON p.id = q.quoted_id LEFT JOIN accounts a ON a.id = p.account_id
  LEFT JOIN quotes n ON n.post_id = q.quoted_id
  WHERE q.post_id IN (SELECT value FROM json_each(:ids))"""


def list_seen(tx: Tx, viewer_id: int, post_ids: Iterable[int]) -> dict[int, Seen]:
    """What many posts quote, as far as the viewer may know, by the quoting post: one statement."""
    rows = tx.query(_SEEN, {"viewer": viewer_id, "now": tx.now, "ids": json.dumps(list(post_ids))})
    found = {}
    for post_id, state, quoted_id, uri, is_seen, inner_state, inner_id, blocks, blocks_host, mutes in rows:
        why = "blocked_account" if blocks else "blocked_domain" if blocks_host else "muted_account" if mutes else ""
        if state == SHOWN and quoted_id is not None and not is_seen and not why:
            state, why = "unauthorized", "unseen"
        shown = quoted_id if state == SHOWN and is_seen else None
        found[post_id] = Seen(post_id, state, shown, uri, why, inner_state, inner_id if inner_state == SHOWN else None)
    return found


def list_quoting(tx: Tx, post_ids: Iterable[int]) -> set[int]:
    """Which of many posts quote another."""
    rows = tx.query("SELECT post_id FROM quotes WHERE post_id IN (SELECT value FROM json_each(?))", (json.dumps(list(post_ids)),))
    return {row[0] for row in rows}


_QUOTES = f"""SELECT {P_COLUMNS} FROM quotes q CROSS JOIN posts p ON p.id = q.post_id JOIN accounts a ON a.id = p.account_id
  WHERE q.quoted_id = :quoted AND q.state = 'accepted' AND q.post_id < :before AND q.post_id > :after AND {visible.POST}"""
_QUOTES_BACKWARDS = f"{_QUOTES} ORDER BY q.post_id DESC LIMIT :limit"
_QUOTES_FORWARDS = f"{_QUOTES} ORDER BY q.post_id ASC LIMIT :limit"


def list_quotes(tx: Tx, viewer_id: int, quoted_id: int, page: Page) -> list[Post]:
    """The accepted quotes of a post that the viewer may see, the latest first."""
    params = {"viewer": viewer_id, "quoted": quoted_id, "before": page.before or (1 << 63) - 1, "after": page.after, "limit": page.limit}
    rows = tx.query(_QUOTES_FORWARDS, params)[::-1] if page.forward else tx.query(_QUOTES_BACKWARDS, params)
    return [Post._make(row) for row in rows]


class Terms(NamedTuple):
    """What decides whether one viewer may quote a post, or answer, like and boost it."""

    post_id: int
    policy: str
    visibility: str
    local_only: int
    author_id: int
    author_host: str
    viewer_uri: str
    follows: int
    followed: int
    named: int


def list_terms(tx: Tx, viewer_id: int, post_ids: Iterable[int]) -> dict[int, Terms]:
    """For many posts: one statement."""
    rows = tx.query(
        """SELECT p.id, p.policy, p.visibility, p.local_only, p.account_id, a.host,
          ifnull((SELECT uri FROM accounts WHERE id = :viewer), ''),
          EXISTS (SELECT 1 FROM follows WHERE follower_id = :viewer AND followed_id = p.account_id AND state = 'accepted'),
          EXISTS (SELECT 1 FROM follows WHERE follower_id = p.account_id AND followed_id = :viewer AND state = 'accepted'),
          p.in_reply_to_account_id IS :viewer OR EXISTS (SELECT 1 FROM post_mentions WHERE post_id = p.id AND account_id = :viewer)
        FROM posts p JOIN accounts a ON a.id = p.account_id WHERE p.id IN (SELECT value FROM json_each(:ids))""",
        {"viewer": viewer_id, "ids": json.dumps(list(post_ids))},
    )
    return {row[0]: Terms._make(row) for row in rows}
