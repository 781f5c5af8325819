"""Rows of `list_posts`: what the lists of people here show. Written once when a post comes, as homes are; read through `visible`."""

import json
from collections.abc import Iterable

from fedi import ids
from fedi.storage import visible
from fedi.storage.db import Tx
from fedi.storage.lists import List
from fedi.storage.posts import Post
from fedi.storage.timelines import RECENT_MS, SPOKEN, UNWANTED, Page, spoken

# Whom a list shows: its owner, and who is followed with boosts and in this language, and neither muted nor blocked.
_READ = """(m.account_id = l.account_id OR EXISTS (
      SELECT 1 FROM follows f WHERE f.follower_id = l.account_id AND f.followed_id = m.account_id AND f.state = 'accepted'
        AND (f.boosts = 1 OR NOT {boost}) AND {spoken}))"""
# Answers to others: to the owner always, otherwise as the list says, and never to somebody the owner does not follow.
_ANSWERS = """({parent} = 0 OR {parent} = {author} OR {parent} = l.account_id OR (l.replies <> 'none'
      AND EXISTS (SELECT 1 FROM follows g WHERE g.follower_id = l.account_id AND g.followed_id = {parent} AND g.state = 'accepted')
      AND (l.replies = 'followed' OR EXISTS (SELECT 1 FROM list_accounts n WHERE n.list_id = l.id AND n.account_id = {parent}))))"""
_WANTED = """NOT EXISTS (SELECT 1 FROM blocks b WHERE b.account_id = l.account_id AND b.target_id IN (:via, :boosted))
    AND NOT EXISTS (SELECT 1 FROM mutes u WHERE u.account_id = l.account_id AND u.target_id IN (:via, :boosted)
      AND (u.expires_at IS NULL OR u.expires_at > :now))"""

_ADD = f"""INSERT INTO list_posts (list_id, post_id, account_id)
  SELECT l.id, :post, :via FROM list_accounts m CROSS JOIN lists l ON l.id = m.list_id
  WHERE m.account_id = :via AND {_READ.format(boost=":boost", spoken=SPOKEN)} AND {_WANTED}
    AND {_ANSWERS.format(parent=":parent", author=":via")}"""
_ADD_POST = f"{_ADD} ON CONFLICT DO NOTHING"
# A boost of what the list has shown lately is not shown again.
_ADD_BOOST = f"""{_ADD} AND NOT EXISTS (SELECT 1 FROM list_posts x JOIN posts xp ON xp.id = x.post_id
    WHERE x.list_id = l.id AND x.post_id > :recent AND (x.post_id = :original OR xp.boost_of_id = :original))
  ON CONFLICT DO NOTHING"""


def add(tx: Tx, post: Post, via_account_id: int) -> int:
    """Put a post into the lists that its author (or booster) is in, by the rules of `timelines.add_home` and those of the list.

    In one statement; the caller has seen that somebody lists them. Direct posts stay out. Returns into how many.
    """
    if post.visibility == "direct":
        return 0
    answers_unknown = post.in_reply_to_uri != "" and post.in_reply_to_account_id is None
    params: dict[str, object] = {
        "post": post.id,
        "via": via_account_id,
        "boost": post.boost_of_id is not None,
        "boosted": 0,
        "parent": -1 if answers_unknown else (post.in_reply_to_account_id or 0),
        "now": tx.now,
        **spoken(post.language),
    }
    if post.boost_of_id is None:
        return tx.execute(_ADD_POST, params)
    boosted = tx.one("SELECT account_id, language FROM posts WHERE id = ?", (post.boost_of_id,)) or (0, "")
    params |= spoken(boosted[1])
    params |= {"boosted": boosted[0], "original": post.boost_of_id, "recent": ids.first_at(tx.now - RECENT_MS)}
    return tx.execute(_ADD_BOOST, params)


_PARENT = "CASE WHEN p.in_reply_to_uri = '' THEN 0 ELSE ifnull(p.in_reply_to_account_id, -1) END"
_FOREIGN = UNWANTED.replace(":account", "p.account_id")
_FILL = f"""INSERT INTO list_posts (list_id, post_id, account_id)
  SELECT l.id, p.id, p.account_id FROM lists l CROSS JOIN posts p CROSS JOIN accounts a ON a.id = p.account_id
  CROSS JOIN list_accounts m ON m.list_id = l.id AND m.account_id = p.account_id
  WHERE {{where}} AND p.visibility <> 'direct' AND {_READ.format(boost="(p.boost_of_id IS NOT NULL)", spoken="true")} AND NOT {_FOREIGN}
    AND {_ANSWERS.format(parent=_PARENT, author="p.account_id")}
    AND {visible.POST} AND {visible.UNMUTED} ORDER BY p.id DESC LIMIT :limit
  ON CONFLICT DO NOTHING"""
_FILL_ONE = _FILL.format(where="l.id = :list AND p.account_id = :account")
_FILL_ALL_OF_ONE = _FILL.format(where="l.account_id = :viewer AND p.account_id = :account")
_IN_LIST = "l.id = :list AND p.id > :oldest AND p.account_id IN (SELECT account_id FROM list_accounts WHERE list_id = :list)"
_FILL_LIST = _FILL.format(where=_IN_LIST)


def fill(tx: Tx, made: List, account_id: int, limit: int) -> int:
    """Somebody is in a list from now on: bring their latest posts."""
    params = {"viewer": made.account_id, "list": made.id, "account": account_id, "limit": limit, "now": tx.now}
    return tx.execute(_FILL_ONE, params)


def follow_began(tx: Tx, owner_id: int, account_id: int, limit: int) -> int:
    """Somebody who was put into lists before they said yes: bring their latest posts."""
    return tx.execute(_FILL_ALL_OF_ONE, {"viewer": owner_id, "account": account_id, "limit": limit, "now": tx.now})


def fill_again(tx: Tx, made: List, oldest: int, limit: int) -> int:
    """The rules of a list have changed: what they leave out goes, and what they let in comes, as far back as an id."""
    tx.execute("DELETE FROM list_posts WHERE list_id = ?", (made.id,))
    params = {"viewer": made.account_id, "list": made.id, "oldest": oldest, "limit": limit, "now": tx.now}
    return tx.execute(_FILL_LIST, params)


def empty(tx: Tx, list_id: int, account_id: int) -> int:
    """Somebody is in a list no more: take out what they brought."""
    return tx.execute("DELETE FROM list_posts WHERE list_id = ? AND account_id = ?", (list_id, account_id))


def empty_all(tx: Tx, owner_id: int, account_id: int) -> int:
    """Take what an account brought out of all lists of somebody."""
    return tx.execute(
        "DELETE FROM list_posts WHERE list_id IN (SELECT id FROM lists WHERE account_id = ?) AND account_id = ?",
        (owner_id, account_id),
    )


def drop_boosts(tx: Tx, owner_id: int, account_id: int) -> int:
    """Take the boosts that an account brought out of all lists of somebody."""
    return tx.execute(
        """DELETE FROM list_posts WHERE list_id IN (SELECT id FROM lists WHERE account_id = ?) AND account_id = ?
        AND EXISTS (SELECT 1 FROM posts WHERE id = list_posts.post_id AND boost_of_id IS NOT NULL)""",
        (owner_id, account_id),
    )


def drop_languages(tx: Tx, owner_id: int, account_id: int) -> int:
    """Take what an account brought in languages that are not wanted out of all lists of somebody."""
    return tx.execute(
        f"""DELETE FROM list_posts WHERE list_id IN (SELECT id FROM lists WHERE account_id = :viewer) AND account_id = :account
        AND EXISTS (SELECT 1 FROM posts p WHERE p.id = list_posts.post_id AND {UNWANTED})""",
        {"viewer": owner_id, "account": account_id},
    )


def purge(tx: Tx, owner_id: int, account_id: int) -> int:
    """A block has begun: take what that account wrote out of all lists of somebody, by whomever it was boosted."""
    return tx.execute(
        """DELETE FROM list_posts WHERE list_id IN (SELECT id FROM lists WHERE account_id = :owner) AND (account_id = :account
          OR post_id IN (SELECT p.id FROM lists l JOIN list_posts x ON x.list_id = l.id JOIN posts p ON p.id = x.post_id
            JOIN posts o ON o.id = p.boost_of_id WHERE l.account_id = :owner AND o.account_id = :account))""",
        {"owner": owner_id, "account": account_id},
    )


def empty_of_blocked(tx: Tx) -> int:
    """A domain was blocked: take what its accounts wrote out of every list."""
    return tx.execute(
        """DELETE FROM list_posts WHERE post_id IN (SELECT x.post_id FROM list_posts x JOIN posts p ON p.id = x.post_id
          LEFT JOIN posts o ON o.id = p.boost_of_id
          JOIN accounts a ON a.id IN (p.account_id, o.account_id) WHERE a.host_blocked = 1)"""
    )


def trim(tx: Tx, keep: int, limit: int) -> int:
    """Lists keep their latest rows only; at most `limit` rows go at a time."""
    return tx.execute(
        """DELETE FROM list_posts WHERE (list_id, post_id) IN (SELECT x.list_id, x.post_id FROM lists l CROSS JOIN list_posts x
          ON x.list_id = l.id AND x.post_id < (
            SELECT post_id FROM list_posts WHERE list_id = l.id ORDER BY post_id DESC LIMIT 1 OFFSET :keep - 1) LIMIT :limit)""",
        {"keep": keep, "limit": limit},
    )


def list_ids(tx: Tx, owner_id: int, list_id: int, page: Page) -> list[int]:
    """A page of a list of somebody's own: ids of posts and boosts, the newest first."""
    rows = tx.query(
        f"""SELECT p.id FROM lists l CROSS JOIN list_posts x ON x.list_id = l.id CROSS JOIN posts p ON p.id = x.post_id
        JOIN accounts a ON a.id = p.account_id
        WHERE l.id = :list AND l.account_id = :viewer AND x.post_id < :before AND x.post_id > :after
          AND {visible.POST} AND {visible.UNMUTED}
        ORDER BY x.post_id {"ASC" if page.forward else "DESC"} LIMIT :limit""",
        {"viewer": owner_id, "now": tx.now, "list": list_id, "before": page.before or ids.MAX, "after": page.after, "limit": page.limit},
    )
    found = [row[0] for row in rows]
    return found[::-1] if page.forward else found


def list_holding(tx: Tx, post_id: int) -> list[tuple[int, int]]:
    """(list id, owner id) of the lists that show a post."""
    rows = tx.query(
        "SELECT l.id, l.account_id FROM list_posts x CROSS JOIN lists l ON l.id = x.list_id WHERE x.post_id = ?",
        (post_id,),
    )
    return [(row[0], row[1]) for row in rows]


# -- exclusive lists: their members are not at home --


def leave_home(tx: Tx, owner_id: int, account_ids: Iterable[int]) -> int:
    """Take what these accounts have brought out of the home of somebody."""
    return tx.execute(
        """DELETE FROM home WHERE owner_id = :owner AND account_id <> :owner
        AND account_id IN (SELECT value FROM json_each(:ids))""",
        {"owner": owner_id, "ids": json.dumps(list(account_ids))},
    )


def come_home(tx: Tx, owner_id: int, account_ids: Iterable[int], limit: int) -> int:
    """Bring back what these accounts have posted since the oldest row of the home of somebody, but for those that an exclusive list has."""
    return tx.execute(
        f"""INSERT INTO home (owner_id, post_id, account_id)
        SELECT :viewer, p.id, p.account_id FROM json_each(:ids) j
        CROSS JOIN follows f ON f.follower_id = :viewer AND f.followed_id = j.value AND f.state = 'accepted'
        CROSS JOIN posts p ON p.account_id = j.value CROSS JOIN accounts a ON a.id = p.account_id
        WHERE p.id > :oldest AND p.visibility <> 'direct' AND (p.boost_of_id IS NULL OR f.boosts = 1)
          AND (p.in_reply_to_uri = '' OR p.in_reply_to_account_id IN (p.account_id, :viewer) OR EXISTS (
            SELECT 1 FROM follows WHERE follower_id = :viewer AND followed_id = p.in_reply_to_account_id AND state = 'accepted'))
          AND NOT {_FOREIGN} AND NOT EXISTS (SELECT 1 FROM list_accounts m JOIN lists l ON l.id = m.list_id
            WHERE m.account_id = p.account_id AND l.account_id = :viewer AND l.exclusive = 1)
          AND {visible.POST} AND {visible.UNMUTED} ORDER BY p.id DESC LIMIT :limit
        ON CONFLICT DO NOTHING""",
        {
            "viewer": owner_id,
            "ids": json.dumps(list(account_ids)),
            "oldest": oldest_at_home(tx, owner_id),
            "limit": limit,
            "now": tx.now,
        },
    )


def oldest_at_home(tx: Tx, owner_id: int) -> int:
    """The id of the last row of a home, or what was posted two weeks ago where that is older."""
    row = tx.one("SELECT min(post_id) FROM home WHERE owner_id = ?", (owner_id,))
    recent = ids.first_at(tx.now - 14 * 24 * 3600 * 1000)
    return min(row[0], recent) if row and row[0] is not None else recent
