"""Lists of posts for a viewer: home (materialised rows), public, hashtag, profile. Each page is one range read, filtered by `visible`.

Pages go backwards from `before` (an id, 0 for the newest), or forwards from `after`; they come newest first either way.
"""

import json
import sqlite3
from typing import NamedTuple

from fedi import ids
from fedi.storage import visible
from fedi.storage.db import Tx
from fedi.storage.posts import P_COLUMNS, Post


class Page(NamedTuple):
    """Where in a list: posts with after < id < before, `limit` of them; `forward` takes those next to `after`."""

    before: int = 0
    after: int = 0
    limit: int = 20
    forward: bool = False


def _read(tx: Tx, source: str, where: str, page: Page, params: dict[str, object]) -> list[Post]:
    order = "ASC" if page.forward else "DESC"
    rows = tx.query(
        f"""SELECT {P_COLUMNS} FROM {source} JOIN accounts a ON a.id = p.account_id
        WHERE {where} AND {visible.POST} AND {visible.UNMUTED} ORDER BY p.id {order}
        LIMIT :limit""",
        params,
    )
    found = [Post._make(row) for row in rows]
    return found[::-1] if page.forward else found


def _params(tx: Tx, viewer_id: int, page: Page, **more: object) -> dict[str, object]:
    last = page.before or (1 << 63) - 1
    return {"viewer": viewer_id, "now": tx.now, "before": last, "after": page.after, "limit": page.limit, **more}


def list_home(tx: Tx, owner_id: int, page: Page) -> list[Post]:
    """What those whom the owner follows have posted and boosted."""
    order = "ASC" if page.forward else "DESC"
    rows = tx.query(
        f"""SELECT {P_COLUMNS} FROM home h CROSS JOIN posts p ON p.id = h.post_id JOIN accounts a ON a.id = p.account_id
        WHERE h.owner_id = :viewer AND h.post_id < :before AND h.post_id > :after AND {visible.POST} AND {visible.UNMUTED}
        ORDER BY h.post_id {order} LIMIT :limit""",
        _params(tx, owner_id, page),
    )
    found = [Post._make(row) for row in rows]
    return found[::-1] if page.forward else found


def list_public(tx: Tx, viewer_id: int, page: Page, *, local: bool = False, remote: bool = False, only_media: bool = False) -> list[Post]:
    """Public posts, without boosts and answers to others: of this server, of others, or all."""
    where = f"""p.visibility = 'public' AND p.boost_of_id IS NULL AND p.id < :before AND p.id > :after AND {visible.UNLIMITED}
      AND (p.in_reply_to_uri = '' OR p.in_reply_to_account_id = p.account_id)
      AND (:local = 0 OR a.host = '') AND (:remote = 0 OR a.host <> '')
      AND (:only_media = 0 OR EXISTS (SELECT 1 FROM post_media WHERE post_id = p.id))"""
    flags = {"local": int(local), "remote": int(remote), "only_media": int(only_media)}
    return _read(tx, "posts p", where, page, _params(tx, viewer_id, page, **flags))


class Tagged(NamedTuple):
    """Which posts of a hashtag's timeline: with `any` of these (normalised), and with `all` of these, and with `none` of these."""

    any: tuple[str, ...]
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    only_media: bool = False
    local: bool = False
    remote: bool = False


def list_tag(tx: Tx, viewer_id: int, tag: str | Tagged, page: Page) -> list[Post]:
    """Public posts with a (normalised) hashtag, or as a `Tagged` says."""
    wanted = Tagged((tag,)) if isinstance(tag, str) else tag
    where = f"""p.visibility = 'public' AND p.boost_of_id IS NULL AND p.id < :before AND p.id > :after AND {visible.UNLIMITED}
      AND p.id IN (SELECT pt.post_id FROM post_tags pt JOIN tags t ON t.id = pt.tag_id
        WHERE t.name IN (SELECT value FROM json_each(:any)) AND pt.post_id < :before AND pt.post_id > :after)"""
    if wanted.all or wanted.none:
        where += """ AND (SELECT count(*) FROM post_tags pt JOIN tags t ON t.id = pt.tag_id
          WHERE pt.post_id = p.id AND t.name IN (SELECT value FROM json_each(:all))) = json_array_length(:all)
        AND NOT EXISTS (SELECT 1 FROM post_tags pt JOIN tags t ON t.id = pt.tag_id
          WHERE pt.post_id = p.id AND t.name IN (SELECT value FROM json_each(:none)))"""
    if wanted.only_media or wanted.local or wanted.remote:
        where += """ AND (:local = 0 OR a.host = '') AND (:remote = 0 OR a.host <> '')
        AND (:only_media = 0 OR EXISTS (SELECT 1 FROM post_media WHERE post_id = p.id))"""
    names = {name: json.dumps(list(dict.fromkeys(getattr(wanted, name)))) for name in ("any", "all", "none")}
    flags = {name: int(getattr(wanted, name)) for name in ("only_media", "local", "remote")}
    return _read(tx, "posts p", where, page, _params(tx, viewer_id, page, **names, **flags))


class Wanted(NamedTuple):
    """Which posts of a profile."""

    replies: bool = True
    boosts: bool = True
    only_media: bool = False
    pinned: bool = False
    direct: bool = True
    tag: str = ""


EVERYTHING = Wanted()


def list_profile(tx: Tx, viewer_id: int, account_id: int, page: Page, wanted: Wanted = EVERYTHING) -> list[Post]:
    """What one account has posted, as far as the viewer may see it; muted ones too, since the viewer came to look."""
    return [Post._make(row) for row in _profile(tx, P_COLUMNS, (viewer_id, account_id), page, wanted)]


def list_profile_ids(tx: Tx, viewer_id: int, account_id: int, page: Page, wanted: Wanted = EVERYTHING) -> list[int]:
    """The same by their ids."""
    return [row[0] for row in _profile(tx, "p.id", (viewer_id, account_id), page, wanted)]


def _profile(tx: Tx, columns: str, who: tuple[int, int], page: Page, wanted: Wanted) -> list[sqlite3.Row]:
    """Of `who`: the viewer and the account."""
    order = "ASC" if page.forward else "DESC"
    found = tx.query(
        f"""SELECT {columns} FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.account_id = :account AND p.id < :before AND p.id > :after
          AND (:replies OR p.in_reply_to_uri = '' OR p.in_reply_to_account_id = p.account_id)
          AND (:boosts OR p.boost_of_id IS NULL) AND (:direct OR p.visibility <> 'direct')
          AND (NOT :only_media OR EXISTS (SELECT 1 FROM post_media WHERE post_id = p.id))
          AND (NOT :pinned OR EXISTS (SELECT 1 FROM pins WHERE post_id = p.id AND account_id = p.account_id))
          AND (:tag = '' OR EXISTS (SELECT 1 FROM post_tags pt JOIN tags t ON t.id = pt.tag_id WHERE pt.post_id = p.id AND t.name = :tag))
          AND {visible.POST} ORDER BY p.id {order} LIMIT :limit""",
        _params(tx, who[0], page, account=who[1], **wanted._asdict()),
    )
    return found[::-1] if page.forward else found


# -- writing home --


def add_home(tx: Tx, post: Post, via_account_id: int) -> int:
    """Put a post into the homes of the author's (or booster's) local followers, and into a local author's own.

    Left out: who muted or blocked either author, a follow without boosts or for other languages, an answer to somebody the
    follower does not follow, and who has them in an exclusive list.
    Returns in how many homes it now stands.
    """
    answers_unknown = post.in_reply_to_uri != "" and post.in_reply_to_account_id is None
    params: dict[str, object] = {
        "post": post.id,
        "via": via_account_id,
        "direct": post.visibility == "direct",
        "parent_author": -1 if answers_unknown else (post.in_reply_to_account_id or 0),
        "now": tx.now,
        **spoken(post.language),
    }
    if post.boost_of_id is None:
        return tx.execute(_ADD_POST, params)
    boosted = tx.one("SELECT account_id, language FROM posts WHERE id = ?", (post.boost_of_id,)) or (0, "")
    params |= spoken(boosted[1])
    params |= {"boosted": boosted[0], "original": post.boost_of_id, "recent": ids.first_at(tx.now - RECENT_MS)}
    return tx.execute(_ADD_BOOST, params)


RECENT_MS = 12 * 3600 * 1000  # a post already at hand is not shown again because somebody else boosts it


def spoken(language: str) -> dict[str, object]:
    """A post in `pt-BR` is in `pt` too, for who wants either; one that does not say its language is for all."""
    return {"language": language.lower(), "base": language.lower().partition("-")[0]}


SPOKEN = """(f.languages = '[]' OR :language = ''
      OR EXISTS (SELECT 1 FROM json_each(f.languages) WHERE value IN (:language, :base)))"""
_ADD = f"""INSERT INTO home (owner_id, post_id, account_id)
  SELECT f.follower_id, :post, :via FROM follows f
  WHERE f.followed_id = :via AND f.state = 'accepted' AND f.local = 1
    AND (NOT :direct OR EXISTS (SELECT 1 FROM post_mentions WHERE post_id = :post AND account_id = f.follower_id))
    AND (:parent_author = 0 OR :parent_author = f.follower_id OR :parent_author = :via OR EXISTS (
      SELECT 1 FROM follows g WHERE g.follower_id = f.follower_id AND g.followed_id = :parent_author AND g.state = 'accepted'))
    AND (NOT EXISTS (SELECT 1 FROM list_accounts WHERE account_id = :via)
      OR f.follower_id NOT IN (SELECT l.account_id FROM list_accounts m CROSS JOIN lists l ON l.id = m.list_id
        WHERE m.account_id = :via AND l.exclusive = 1))
    AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.account_id = f.follower_id AND b.target_id = :via)
    AND NOT EXISTS (SELECT 1 FROM mutes m WHERE m.account_id = f.follower_id AND m.target_id = :via
      AND (m.expires_at IS NULL OR m.expires_at > :now))
    AND {SPOKEN}"""
_OWN = "UNION ALL SELECT account_id, :post, :via FROM users WHERE account_id = :via ON CONFLICT DO NOTHING"
_ADD_POST = f"{_ADD} {_OWN}"
# A statement of its own: reading the table that is written to makes SQLite keep the rows aside first.
_ADD_BOOST = f"""{_ADD} AND f.boosts = 1
    AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.account_id = f.follower_id AND b.target_id = :boosted)
    AND NOT EXISTS (SELECT 1 FROM mutes m WHERE m.account_id = f.follower_id AND m.target_id = :boosted
      AND (m.expires_at IS NULL OR m.expires_at > :now))
    AND NOT EXISTS (SELECT 1 FROM home h JOIN posts hp ON hp.id = h.post_id WHERE h.owner_id = f.follower_id AND h.post_id > :recent
      AND (h.post_id = :original OR hp.boost_of_id = :original))
  {_OWN}"""


# A post `p` or what it boosts is in a language in which the viewer does not want to read the account.
UNWANTED = """EXISTS (
            SELECT 1 FROM follows f JOIN posts s ON s.id = coalesce(p.boost_of_id, p.id)
            WHERE f.follower_id = :viewer AND f.followed_id = :account AND f.languages <> '[]' AND s.language <> ''
              AND NOT EXISTS (SELECT 1 FROM json_each(f.languages) l WHERE lower(s.language) = l.value
                OR lower(s.language) LIKE l.value || '-%'))"""


def fill_home(tx: Tx, owner_id: int, account_id: int, limit: int) -> int:
    """A follow has begun: bring the followed account's latest posts into the follower's home."""
    return tx.execute(
        f"""INSERT INTO home (owner_id, post_id, account_id)
        SELECT :viewer, p.id, :account FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.account_id = :account AND p.visibility <> 'direct'
          AND (p.in_reply_to_uri = '' OR p.in_reply_to_account_id IN (:account, :viewer) OR EXISTS (
            SELECT 1 FROM follows WHERE follower_id = :viewer AND followed_id = p.in_reply_to_account_id AND state = 'accepted'))
          AND (p.boost_of_id IS NULL OR EXISTS (
            SELECT 1 FROM follows WHERE follower_id = :viewer AND followed_id = :account AND boosts = 1))
          AND NOT {UNWANTED}
          AND NOT EXISTS (SELECT 1 FROM list_accounts m JOIN lists l ON l.id = m.list_id
            WHERE m.account_id = :account AND l.account_id = :viewer AND l.exclusive = 1)
          AND {visible.POST} AND {visible.UNMUTED} ORDER BY p.id DESC LIMIT :limit
        ON CONFLICT DO NOTHING""",
        {"viewer": owner_id, "account": account_id, "limit": limit, "now": tx.now},
    )


def empty_home(tx: Tx, owner_id: int, account_id: int) -> int:
    """A follow has ended: take what that account brought out of the home."""
    return tx.execute("DELETE FROM home WHERE owner_id = ? AND account_id = ?", (owner_id, account_id))


def drop_boosts(tx: Tx, owner_id: int, account_id: int) -> int:
    """Take the boosts that an account brought out of the home."""
    return tx.execute(
        """DELETE FROM home WHERE owner_id = ? AND account_id = ?
        AND EXISTS (SELECT 1 FROM posts WHERE id = home.post_id AND boost_of_id IS NOT NULL)""",
        (owner_id, account_id),
    )


def drop_languages(tx: Tx, owner_id: int, account_id: int) -> int:
    """Take out of the home what an account brought in languages in which its owner does not want to read it."""
    return tx.execute(
        f"""DELETE FROM home WHERE owner_id = :viewer AND account_id = :account
        AND EXISTS (SELECT 1 FROM posts p WHERE p.id = home.post_id AND {UNWANTED})""",
        {"viewer": owner_id, "account": account_id},
    )


def purge_home(tx: Tx, owner_id: int, account_id: int) -> int:
    """A block has begun: take what that account brought, and what others have boosted of it, out of the home."""
    return tx.execute(
        """DELETE FROM home WHERE owner_id = :owner AND (account_id = :account OR post_id IN (
          SELECT h.post_id FROM home h JOIN posts p ON p.id = h.post_id JOIN posts o ON o.id = p.boost_of_id
          WHERE h.owner_id = :owner AND o.account_id = :account AND :account <> :owner))""",
        {"owner": owner_id, "account": account_id},
    )


def empty_homes_of_blocked(tx: Tx) -> int:
    """A domain was blocked: take what its accounts wrote out of every home."""
    return tx.execute(
        """DELETE FROM home WHERE post_id IN (SELECT h.post_id FROM home h JOIN posts p ON p.id = h.post_id
          LEFT JOIN posts o ON o.id = p.boost_of_id
          JOIN accounts a ON a.id IN (p.account_id, o.account_id) WHERE a.host_blocked = 1)"""
    )


def trim_homes(tx: Tx, keep: int, limit: int) -> int:
    """Homes keep their latest rows only; at most `limit` rows go at a time."""
    return tx.execute(
        """DELETE FROM home WHERE (owner_id, post_id) IN (SELECT h.owner_id, h.post_id FROM users u CROSS JOIN home h
          ON h.owner_id = u.account_id AND h.post_id < (
            SELECT post_id FROM home WHERE owner_id = u.account_id ORDER BY post_id DESC LIMIT 1 OFFSET :keep - 1) LIMIT :limit)""",
        {"keep": keep, "limit": limit},
    )
