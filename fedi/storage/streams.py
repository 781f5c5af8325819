"""What happens now, and to whom of those who look on it is shown: rows for many posts and many people in one statement each."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi.storage import visible
from fedi.storage.db import Tx

_TRACES = 10_000  # homes and lists that are told of an end


class Fact(NamedTuple):
    """A post that is for everybody. `answers`: somebody else. `tags` are normalised."""

    id: int
    answers: bool
    is_local: bool
    has_media: bool
    tags: tuple[str, ...]


class Traces(NamedTuple):
    """Where a post that is about to go stood: (owner, post) of homes and (list, post) of lists, its boosts' too, and what it was."""

    homes: tuple[tuple[int, int], ...]
    lists: tuple[tuple[int, int], ...]
    public: Fact | None


def list_public(tx: Tx, post_ids: Iterable[int]) -> list[Fact]:
    """Those of the posts that lists for everybody show: public, seen by all, no boosts."""
    rows = tx.query(
        """SELECT p.id, p.in_reply_to_uri <> '' AND p.in_reply_to_account_id IS NOT p.account_id, a.host = '',
          EXISTS (SELECT 1 FROM post_media WHERE post_id = p.id),
          (SELECT json_group_array(t.name) FROM post_tags pt JOIN tags t ON t.id = pt.tag_id WHERE pt.post_id = p.id)
        FROM json_each(:ids) j CROSS JOIN posts p ON p.id = j.value JOIN accounts a ON a.id = p.account_id
        WHERE p.visibility = 'public' AND p.boost_of_id IS NULL AND p.held = 0""",
        {"ids": json.dumps(list(post_ids))},
    )
    return [Fact(row[0], bool(row[1]), bool(row[2]), bool(row[3]), tuple(json.loads(row[4]))) for row in rows]


def list_homes(tx: Tx, owner_ids: Iterable[int], post_ids: Iterable[int]) -> list[tuple[int, int]]:
    """(owner, post) for those of the posts that stand in the homes of these people."""
    rows = tx.query(
        """SELECT h.owner_id, h.post_id FROM json_each(:owners) o CROSS JOIN json_each(:ids) j
        CROSS JOIN home h ON h.owner_id = o.value AND h.post_id = j.value""",
        {"owners": json.dumps(list(owner_ids)), "ids": json.dumps(list(post_ids))},
    )
    return [(row[0], row[1]) for row in rows]


def list_lists(tx: Tx, list_ids: Iterable[int], post_ids: Iterable[int]) -> list[tuple[int, int]]:
    """(list, post) for those of the posts that stand in these lists."""
    rows = tx.query(
        """SELECT l.list_id, l.post_id FROM json_each(:lists) o CROSS JOIN json_each(:ids) j
        CROSS JOIN list_posts l ON l.list_id = o.value AND l.post_id = j.value""",
        {"lists": json.dumps(list(list_ids)), "ids": json.dumps(list(post_ids))},
    )
    return [(row[0], row[1]) for row in rows]


def list_wanted(tx: Tx, viewer_id: int, post_ids: Iterable[int]) -> dict[int, bool]:
    """Those of the posts that the viewer may see and has not muted, and whether they belong into lists for everybody."""
    rows = tx.query(
        f"""SELECT p.id, {visible.UNLIMITED} FROM json_each(:ids) j CROSS JOIN posts p ON p.id = j.value
        JOIN accounts a ON a.id = p.account_id WHERE {visible.POST} AND {visible.UNMUTED}""",
        {"viewer": viewer_id, "now": tx.now, "ids": json.dumps(list(post_ids))},
    )
    return {row[0]: bool(row[1]) for row in rows}


def traces(tx: Tx, post_id: int) -> Traces:
    """Where a post and its boosts stand, before they go."""
    rows = tx.query(
        """WITH gone (id) AS (SELECT :post UNION ALL SELECT id FROM posts WHERE boost_of_id = :post)
        SELECT 'home', h.owner_id, h.post_id FROM gone CROSS JOIN home h ON h.post_id = gone.id
        UNION ALL SELECT 'list', l.list_id, l.post_id FROM gone CROSS JOIN list_posts l ON l.post_id = gone.id LIMIT :limit""",
        {"post": post_id, "limit": _TRACES},
    )
    homes = tuple((row[1], row[2]) for row in rows if row[0] == "home")
    return Traces(homes, tuple((row[1], row[2]) for row in rows if row[0] == "list"), next(iter(list_public(tx, [post_id])), None))


def list_good(tx: Tx, token_ids: Iterable[int]) -> set[int]:
    """Those of the tokens that still open something, of people who may still act."""
    rows = tx.query(
        """SELECT t.id FROM json_each(:ids) j CROSS JOIN oauth_tokens t ON t.id = j.value JOIN accounts a ON a.id = t.account_id
        WHERE a.suspended_at IS NULL AND a.deleted_at IS NULL""",
        {"ids": json.dumps(list(token_ids))},
    )
    return {row[0] for row in rows}


def owns_list(tx: Tx, account_id: int, list_id: int) -> bool:
    return tx.one("SELECT 1 FROM lists WHERE id = ? AND account_id = ?", (list_id, account_id)) is not None
