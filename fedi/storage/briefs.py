"""What changes about the posts of a list while their texts stay the same: versions, counters, and what the viewer did to each.

The client API keeps rendered posts by id and mark, so that a page of a list costs one statement of six numbers a row: a number
taken out of SQLite costs more than computing it there.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi.storage import visible
from fedi.storage.db import Tx
from fedi.storage.timelines import Page


class Brief(NamedTuple):
    """A row of a list: a post, or a boost of one. Counters and `flags` are of the post that is shown.

    `stamp` changes whenever a rendering of the row would (its author's and the counters excepted); `shown_*` are the boosted post's,
    None where the row is a post itself. `flags` is a sum of FAVOURITED, BOOSTED, BOOKMARKED, PINNED, OWN and MUTED.
    """

    id: int
    stamp: int
    account_id: int
    account_version: int
    replies: int
    boosts: int
    favourites: int
    flags: int
    shown_id: int | None
    shown_stamp: int
    shown_account_id: int
    shown_account_version: int


Mark = tuple[int, int, int, int, int, int]  # id, a number that differs when what else a Brief says differs, counters, flags
FAVOURITED, BOOSTED, BOOKMARKED, PINNED, OWN, MUTED = 1, 2, 4, 8, 16, 32

_FLAGS = """EXISTS (SELECT 1 FROM favourites WHERE account_id = :viewer AND post_id = ifnull(p.boost_of_id, p.id))
    + 2 * EXISTS (SELECT 1 FROM posts WHERE boost_of_id = ifnull(p.boost_of_id, p.id) AND account_id = :viewer)
    + iif(EXISTS (SELECT 1 FROM bookmarks WHERE account_id = :viewer),
      4 * EXISTS (SELECT 1 FROM bookmarks WHERE account_id = :viewer AND post_id = ifnull(p.boost_of_id, p.id)), 0)
    + iif(ifnull(b.account_id, p.account_id) = :viewer,
      16 + 8 * EXISTS (SELECT 1 FROM pins WHERE account_id = :viewer AND post_id = ifnull(p.boost_of_id, p.id)), 0)
    + iif(EXISTS (SELECT 1 FROM muted_threads WHERE account_id = :viewer),
      32 * EXISTS (SELECT 1 FROM muted_threads WHERE account_id = :viewer AND thread_id = ifnull(b.thread_id, p.thread_id)), 0)"""

# What the post's own server counts, where that is more.
_COUNTS = """iif(b.id IS NULL, max(p.replies_count, p.origin_replies), max(b.replies_count, b.origin_replies)),
  iif(b.id IS NULL, max(p.boosts_count, p.origin_boosts), max(b.boosts_count, b.origin_boosts)),
  iif(b.id IS NULL, max(p.favourites_count, p.origin_favourites), max(b.favourites_count, b.origin_favourites))"""

# The parent's row can go without this one's version rising (ON DELETE SET NULL), so whether it is there is part of the stamp.
_BRIEF = f"""p.id, p.version * 2 + (p.in_reply_to_id IS NOT NULL), p.account_id, a.version,
  {_COUNTS}, {_FLAGS},
  b.id, b.version * 2 + (b.in_reply_to_id IS NOT NULL), b.account_id, c.version"""

# Versions only ever rise, so their sum is as good as each; whose a post is and what it boosts never change.
_MARK = f"""p.id,
  ((p.version + a.version + ifnull(b.version + c.version, 0)) << 2) + (p.in_reply_to_id IS NOT NULL) + 2 * (b.in_reply_to_id IS NOT NULL),
  {_COUNTS}, {_FLAGS}"""
_BESIDE = "JOIN accounts a ON a.id = p.account_id LEFT JOIN posts b ON b.id = p.boost_of_id LEFT JOIN accounts c ON c.id = b.account_id"

_HOME = f"""SELECT {_MARK} FROM home h CROSS JOIN posts p ON p.id = h.post_id {_BESIDE}
  WHERE h.owner_id = :viewer AND h.post_id < :before AND h.post_id > :after AND {visible.POST} AND {visible.UNMUTED}"""
_HOME_BACKWARDS = f"{_HOME} ORDER BY h.post_id DESC LIMIT :limit"
_HOME_FORWARDS = f"{_HOME} ORDER BY h.post_id ASC LIMIT :limit"
_THESE = f"""FROM json_each(:ids) j CROSS JOIN posts p ON p.id = j.value {_BESIDE}
  WHERE {visible.POST} ORDER BY j.key"""
_MARKS_OF_THESE = f"SELECT {_MARK} {_THESE}"
_BRIEFS_OF_THESE = f"SELECT {_BRIEF} {_THESE}"


def list_home(tx: Tx, owner_id: int, page: Page) -> list[Mark]:
    """The rows of `timelines.list_home`, as marks."""
    last = page.before or (1 << 63) - 1
    params = {"viewer": owner_id, "now": tx.now, "before": last, "after": page.after, "limit": page.limit}
    rows = tx.query(_HOME_FORWARDS, params)[::-1] if page.forward else tx.query(_HOME_BACKWARDS, params)
    return [tuple(row) for row in rows]


def list_marks(tx: Tx, viewer_id: int, post_ids: Iterable[int]) -> list[Mark]:
    """Those of many posts that the viewer may see, in the order given."""
    return [tuple(row) for row in tx.query(_MARKS_OF_THESE, {"viewer": viewer_id, "ids": json.dumps(list(post_ids))})]


def list_these(tx: Tx, viewer_id: int, post_ids: Iterable[int]) -> list[Brief]:
    """The same posts in full."""
    return [Brief._make(row) for row in tx.query(_BRIEFS_OF_THESE, {"viewer": viewer_id, "ids": json.dumps(list(post_ids))})]
