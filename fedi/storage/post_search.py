"""Finding posts by their words. Everything a viewer may see is not everything they may search.

One finds what one wrote or had to do with (liked, boosted, bookmarked, voted, was named in), and of others the public posts of those who
want to be found. Source: Mastodon documentation, search.
"""

import json
from typing import NamedTuple

from fedi.storage import visible
from fedi.storage.db import Tx

NOTHING = '"-"'  # an expression that no text matches
LOOKED_AT = 20_000  # matches that are tried for one page; older ones are found by narrowing the search

_OWN = """(p.account_id = :viewer
    OR EXISTS (SELECT 1 FROM favourites WHERE account_id = :viewer AND post_id = p.id)
    OR EXISTS (SELECT 1 FROM bookmarks WHERE account_id = :viewer AND post_id = p.id)
    OR EXISTS (SELECT 1 FROM reactions WHERE post_id = p.id AND account_id = :viewer)
    OR EXISTS (SELECT 1 FROM poll_votes WHERE post_id = p.id AND account_id = :viewer)
    OR EXISTS (SELECT 1 FROM post_mentions WHERE post_id = p.id AND account_id = :viewer)
    OR EXISTS (SELECT 1 FROM posts WHERE boost_of_id = p.id AND account_id = :viewer))"""
_PUBLIC = f"(p.visibility = 'public' AND p.held = 0 AND a.indexable = 1 AND {visible.UNLIMITED})"
_TRAITS = """(:media IS NULL OR :media = EXISTS (SELECT 1 FROM post_media WHERE post_id = p.id))
  AND (:image IS NULL OR :image = EXISTS (
    SELECT 1 FROM post_media pm JOIN media m ON m.id = pm.media_id WHERE pm.post_id = p.id AND m.kind IN ('image', 'gifv')))
  AND (:video IS NULL OR :video = EXISTS (
    SELECT 1 FROM post_media pm JOIN media m ON m.id = pm.media_id WHERE pm.post_id = p.id AND m.kind = 'video'))
  AND (:audio IS NULL OR :audio = EXISTS (
    SELECT 1 FROM post_media pm JOIN media m ON m.id = pm.media_id WHERE pm.post_id = p.id AND m.kind = 'audio'))
  AND (:poll IS NULL OR :poll = EXISTS (SELECT 1 FROM polls WHERE post_id = p.id))
  AND (:link IS NULL OR :link = (p.link_url <> '' OR EXISTS (SELECT 1 FROM post_cards WHERE post_id = p.id)))
  AND (:embed IS NULL OR :embed = EXISTS (
    SELECT 1 FROM post_cards pc JOIN cards c ON c.id = pc.card_id WHERE pc.post_id = p.id AND c.kind IN ('video', 'rich')))
  AND (:quote IS NULL OR :quote = EXISTS (SELECT 1 FROM quotes WHERE post_id = p.id))
  AND (:reply IS NULL OR :reply = (p.in_reply_to_uri <> ''))
  AND (:sensitive IS NULL OR :sensitive = (p.sensitive = 1 OR p.warning <> ''))"""
TRAITS = ("media", "image", "video", "audio", "poll", "link", "embed", "quote", "reply", "sensitive")

_MATCHING = """SELECT rowid AS id FROM post_search
  WHERE post_search MATCH :words AND rowid > :after AND rowid < :before ORDER BY rowid DESC LIMIT :looked"""
_WRITTEN = """SELECT id FROM posts WHERE account_id IN (SELECT value FROM json_each(:authors)) AND boost_of_id IS NULL
  AND id > :after AND id < :before ORDER BY id DESC LIMIT :looked"""
_NEWEST = "SELECT id FROM posts WHERE boost_of_id IS NULL AND id > :after AND id < :before ORDER BY id DESC LIMIT :looked"


class Wanted(NamedTuple):
    """Which posts. `words` and `excluded` are FTS5 expressions, '' for none; `authors` None for anybody's; after < id < before."""

    words: str = ""
    excluded: str = ""
    authors: tuple[int, ...] | None = None
    others: tuple[int, ...] = ()
    has: tuple[tuple[str, bool], ...] = ()
    languages: tuple[str, ...] = ()
    other_languages: tuple[str, ...] = ()
    place: str = ""  # library: only what is one's own business; public: only what everybody finds
    after: int = 0
    before: int = (1 << 63) - 1


def _read(source: str) -> str:
    """The matches come newest first, and are tried one by one until there are enough."""
    return f"""SELECT p.id FROM ({source}) s CROSS JOIN posts p ON p.id = s.id CROSS JOIN accounts a ON a.id = p.account_id
    WHERE p.boost_of_id IS NULL
      AND (:authors IS NULL OR p.account_id IN (SELECT value FROM json_each(:authors)))
      AND p.account_id NOT IN (SELECT value FROM json_each(:others))
      AND (:languages = '[]' OR p.language IN (SELECT value FROM json_each(:languages)))
      AND p.language NOT IN (SELECT value FROM json_each(:other_languages))
      AND p.id NOT IN (SELECT rowid FROM post_search WHERE post_search MATCH :excluded)
      AND {_TRAITS}
      AND ((:place <> 'public' AND {_OWN}) OR (:place <> 'library' AND {_PUBLIC}))
      AND {visible.POST} AND (:authors IS NOT NULL OR {visible.UNMUTED})
    LIMIT :limit OFFSET :offset"""


_BY_WORDS, _BY_AUTHOR, _BY_TIME = _read(_MATCHING), _read(_WRITTEN), _read(_NEWEST)


def list_found(tx: Tx, viewer_id: int, wanted: Wanted, limit: int, offset: int = 0) -> list[int]:
    """Ids of posts, the newest first. A scan: it may try LOOKED_AT matches."""
    traits: dict[str, int | None] = dict.fromkeys(TRAITS)
    traits.update((name, int(there)) for name, there in wanted.has)
    params = {
        **traits,
        "viewer": viewer_id,
        "now": tx.now,
        "words": wanted.words,
        "excluded": wanted.excluded or NOTHING,
        "authors": None if wanted.authors is None else json.dumps(wanted.authors),
        "others": json.dumps(wanted.others),
        "languages": json.dumps(wanted.languages),
        "other_languages": json.dumps(wanted.other_languages),
        "place": wanted.place,
        "after": wanted.after,
        "before": wanted.before,
        "limit": limit,
        "offset": offset,
        "looked": LOOKED_AT,
    }
    if wanted.words:
        return [row[0] for row in tx.query(_BY_WORDS, params)]
    return [row[0] for row in tx.query(_BY_TIME if wanted.authors is None else _BY_AUTHOR, params)]
