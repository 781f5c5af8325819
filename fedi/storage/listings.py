"""Lists that programs read page by page in both directions, newest first: followers, requests, bookmarks.

And the small things beside them: pictures with their descriptions, hashtags with their ids, how many servers are known.
"""

import json
from collections.abc import Iterable
from typing import Final, NamedTuple

from fedi.storage import visible
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx
from fedi.storage.timelines import Page

_LAST: Final = (1 << 63) - 1


def _bounds(page: Page, **more: object) -> dict[str, object]:
    return {"before": page.before or _LAST, "after": page.after, "limit": page.limit, **more}


# -- people --

_SHOWN = "a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL AND a.id < :before AND a.id > :after"
_FOLLOWERS = f"""SELECT {A_COLUMNS} FROM follows f JOIN accounts a ON a.id = f.follower_id
  WHERE f.followed_id = :account AND f.state = :state AND {_SHOWN}"""
_FOLLOWERS_BACKWARDS = f"{_FOLLOWERS} ORDER BY a.id DESC LIMIT :limit"
_FOLLOWERS_FORWARDS = f"{_FOLLOWERS} ORDER BY a.id ASC LIMIT :limit"
_FOLLOWING = f"""SELECT {A_COLUMNS} FROM follows f JOIN accounts a ON a.id = f.followed_id
  WHERE f.follower_id = :account AND f.state = :state AND {_SHOWN}"""
_FOLLOWING_BACKWARDS = f"{_FOLLOWING} ORDER BY a.id DESC LIMIT :limit"
_FOLLOWING_FORWARDS = f"{_FOLLOWING} ORDER BY a.id ASC LIMIT :limit"


def list_followers(tx: Tx, account_id: int, page: Page, state: str = "accepted") -> list[Account]:
    """Who follows an account, or with the state `pending` asks to; by account id."""
    params = _bounds(page, account=account_id, state=state)
    if page.forward:
        return [Account._make(row) for row in tx.query(_FOLLOWERS_FORWARDS, params)[::-1]]
    return [Account._make(row) for row in tx.query(_FOLLOWERS_BACKWARDS, params)]


def list_following(tx: Tx, account_id: int, page: Page) -> list[Account]:
    """Whom an account follows; by account id."""
    params = _bounds(page, account=account_id, state="accepted")
    if page.forward:
        return [Account._make(row) for row in tx.query(_FOLLOWING_FORWARDS, params)[::-1]]
    return [Account._make(row) for row in tx.query(_FOLLOWING_BACKWARDS, params)]


class Showing(NamedTuple):
    """What a person here chose for their profile. `role` is what they are on this server."""

    hide_network: bool = False
    show_media: bool = True
    show_media_replies: bool = True
    show_featured: bool = True
    role: str = "user"
    newsletter: bool = False


def list_showing(tx: Tx, account_ids: Iterable[int]) -> dict[int, Showing]:
    """For each person of this server. Others are left out."""
    rows = tx.query(
        "SELECT account_id, settings, role FROM users WHERE account_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(account_ids)),),
    )
    return {row[0]: _showing(row[1], row[2]) for row in rows}


def _showing(settings: str, role: str) -> Showing:
    chosen = json.loads(settings) if len(settings) > 2 else {}
    media, replies, featured = (bool(chosen.get(name, True)) for name in Showing._fields[1:4])
    return Showing(bool(chosen.get("hide_network", False)), media, replies, featured, role, bool(chosen.get("newsletter")))


def hides_network(tx: Tx, account_ids: Iterable[int]) -> dict[int, bool]:
    """For each person of this server: whether they keep to themselves whom they follow. Others are left out."""
    rows = tx.query(
        """SELECT account_id, ifnull(json_extract(settings, '$.hide_network'), 0) FROM users
        WHERE account_id IN (SELECT value FROM json_each(?))""",
        (json.dumps(list(account_ids)),),
    )
    return {row[0]: bool(row[1]) for row in rows}


# -- bookmarks --

_BOOKMARKS = f"""SELECT p.id FROM bookmarks k JOIN posts p ON p.id = k.post_id JOIN accounts a ON a.id = p.account_id
  WHERE k.account_id = :viewer AND p.id < :before AND p.id > :after AND {visible.POST}"""
_BOOKMARKS_BACKWARDS = f"{_BOOKMARKS} ORDER BY p.id DESC LIMIT :limit"
_BOOKMARKS_FORWARDS = f"{_BOOKMARKS} ORDER BY p.id ASC LIMIT :limit"


def list_bookmarked(tx: Tx, owner_id: int, page: Page) -> list[int]:
    """Ids of the posts that the owner has bookmarked and may still see."""
    params = _bounds(page, viewer=owner_id)
    if page.forward:
        return [row[0] for row in tx.query(_BOOKMARKS_FORWARDS, params)[::-1]]
    return [row[0] for row in tx.query(_BOOKMARKS_BACKWARDS, params)]


# -- favourites --

_FAVOURITES = f"""SELECT p.id FROM favourites k JOIN posts p ON p.id = k.post_id JOIN accounts a ON a.id = p.account_id
  WHERE k.account_id = :viewer AND p.id < :before AND p.id > :after AND {visible.POST}"""
_FAVOURITES_BACKWARDS = f"{_FAVOURITES} ORDER BY p.id DESC LIMIT :limit"
_FAVOURITES_FORWARDS = f"{_FAVOURITES} ORDER BY p.id ASC LIMIT :limit"


def list_favourited(tx: Tx, owner_id: int, page: Page) -> list[int]:
    """Ids of the posts that the owner likes and may still see."""
    params = _bounds(page, viewer=owner_id)
    if page.forward:
        return [row[0] for row in tx.query(_FAVOURITES_FORWARDS, params)[::-1]]
    return [row[0] for row in tx.query(_FAVOURITES_BACKWARDS, params)]


# -- direct posts --

_BETWEEN = f"p.visibility = 'direct' AND p.boost_of_id IS NULL AND p.id < :before AND p.id > :after AND {visible.POST}"
_OWN_DIRECT = f"SELECT p.id FROM posts p JOIN accounts a ON a.id = p.account_id WHERE p.account_id = :viewer AND {_BETWEEN}"
_TO_ONESELF = f"""SELECT p.id FROM post_mentions m JOIN posts p ON p.id = m.post_id JOIN accounts a ON a.id = p.account_id
  WHERE m.account_id = :viewer AND m.post_id < :before AND m.post_id > :after AND {_BETWEEN} AND {visible.UNMUTED}"""
_DIRECT_BACKWARDS = f"""SELECT * FROM ({_OWN_DIRECT} ORDER BY p.id DESC LIMIT :limit)
  UNION SELECT * FROM ({_TO_ONESELF} ORDER BY m.post_id DESC LIMIT :limit) ORDER BY 1 DESC LIMIT :limit"""
_DIRECT_FORWARDS = f"""SELECT * FROM ({_OWN_DIRECT} ORDER BY p.id ASC LIMIT :limit)
  UNION SELECT * FROM ({_TO_ONESELF} ORDER BY m.post_id ASC LIMIT :limit) ORDER BY 1 ASC LIMIT :limit"""


def list_direct(tx: Tx, owner_id: int, page: Page) -> list[int]:
    """Ids of the direct posts that the owner has written or is addressed by."""
    params = _bounds(page, viewer=owner_id, now=tx.now)
    if page.forward:
        return [row[0] for row in tx.query(_DIRECT_FORWARDS, params)[::-1]]
    return [row[0] for row in tx.query(_DIRECT_BACKWARDS, params)]


# -- beside --


class Picture(NamedTuple):
    """An avatar or header: its public name, and what is on it."""

    key: str
    alt: str


def list_pictures(tx: Tx, media_ids: Iterable[int | None]) -> dict[int, Picture]:
    """Avatars and headers by id; absent ones (and None) are left out."""
    wanted = [media_id for media_id in dict.fromkeys(media_ids) if media_id is not None]
    if not wanted:
        return {}
    rows = tx.query("SELECT id, key, alt FROM media WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(wanted),))
    return {row[0]: Picture(row[1], row[2]) for row in rows}


def tag_ids(tx: Tx, names: Iterable[str]) -> dict[str, int]:
    """The ids of (normalised) hashtags by name."""
    rows = tx.query("SELECT name, id FROM tags WHERE name IN (SELECT value FROM json_each(?))", (json.dumps(list(names)),))
    return {row[0]: row[1] for row in rows}


def count_hosts(tx: Tx) -> int:
    """How many other servers have accounts here."""
    row = tx.one("SELECT count(DISTINCT host) FROM accounts WHERE host <> '' AND host_blocked = 0")
    return int(row[0]) if row else 0
