"""Accounts and posts as JSON, for whoever asks, whole lists at a time.

What is the same for everybody is rendered once per version and kept; counters and the viewer's flags are added per answer. A list whose
posts are all kept costs one statement of small rows, one with new posts a fixed number more.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import orjson
from aiohttp import web

from fedi.filtering import Filtering
from fedi.storage import accounts as account_rows
from fedi.storage import briefs
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.briefs import Brief, Mark
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.timelines import Page
from fedi.streaming import Event, Hub
from fedi.uris import Uris
from fedi.web.api.entities import account as account_entity
from fedi.web.api.entities import filtered, spots
from fedi.web.api.entities import status as status_entity
from fedi.web.api.entities.kept import Kept
from fedi.web.api.entities.places import Json

_POSTS_BYTES: Final = 8 * 1024 * 1024
_WHOLE_BYTES: Final = 8 * 1024 * 1024
_ACCOUNTS_BYTES: Final = 4 * 1024 * 1024
_BRIEFS: Final = 10_000  # some 4 MB
_COUNTS_S: Final = 60.0  # under a post, its author's counters may be this old; asked for by itself an account is of this moment


class _Made(NamedTuple):
    """What was rendered for this answer, by id: heads of posts, and accounts. Held besides what is kept, which has its bounds."""

    heads: Mapping[int, bytes]
    accounts: Mapping[int, bytes]


_NOTHING: Final = _Made({}, {})


class Shelf:
    """One per application; `close` ends it."""

    def __init__(self, us: Uris, hub: Hub, filtering: Filtering | None = None) -> None:
        self.uris = us
        self._filtering = filtering or Filtering(hub)
        self._heads = Kept(_POSTS_BYTES)
        self._accounts = Kept(_ACCOUNTS_BYTES)
        self._whole = Kept(_WHOLE_BYTES)
        self._briefs: dict[int, tuple[int, Brief]] = {}  # of rows that were kept whole, with the mark of their versions
        self._spotted: set[int] = set()  # rows kept whole but for places that are filled for each answer
        self._until = 0.0
        self.close = hub.subscribe("post_removed", self._removed)

    def _removed(self, event: Event) -> None:
        """What is deleted is not kept, nor given out under the same id should it come again."""
        self._heads.drop(event.id)
        self._whole.drop(event.id)
        self._briefs.pop(event.id, None)

    # -- accounts --

    def accounts(self, tx: Tx, shown: Sequence[Account]) -> list[bytes]:
        """Each as JSON, of this moment. The caller has left out those that nobody is to see."""
        if not shown:
            return []
        beside = account_entity.load(tx, list(shown))
        return [orjson.dumps(account_entity.account(self.uris, account, beside)) for account in shown]

    def people(self, tx: Tx, account_ids: Iterable[int]) -> dict[int, bytes]:
        """Accounts as JSON by id, as they stand under posts: their counters may be somewhat old. Nothing is said of who may see them."""
        self._expire()
        versions = account_rows.list_versions(tx, account_ids)
        found = {account_id: self._accounts.get(account_id, version) for account_id, version in versions.items()}
        missing = [account_id for account_id, made in found.items() if made is None]
        fresh = self._render(tx, missing) if missing else {}
        return {account_id: made or fresh[account_id] for account_id, made in found.items()}

    def _render(self, tx: Tx, account_ids: Iterable[int]) -> dict[int, bytes]:
        """Accounts as JSON by id, kept from now on."""
        accounts = list(account_rows.list_by_ids(tx, account_ids).values())
        rendered = {account.id: made for account, made in zip(accounts, self.accounts(tx, accounts), strict=True)}
        for account in accounts:
            self._accounts.put(account.id, account.version, rendered[account.id])
        return rendered

    def account(self, tx: Tx, shown: Account, more: Json | None = None) -> bytes:
        """One, with `more` of its own, and with where it has moved to."""
        successor = account_rows.find_by_uri(tx, shown.moved_to_uri) if shown.moved_to_uri else None
        people = [shown, successor] if successor is not None and not successor.is_hidden and successor.id != shown.id else [shown]
        found, *moved = self.accounts(tx, people)
        extra = {**(more or {}), **({"moved": orjson.Fragment(moved[0])} if moved else {})}
        return found[:-1] + b"," + orjson.dumps(extra)[1:] if extra else found

    # -- posts --

    def home(self, tx: Tx, owner_id: int, page: Page) -> tuple[list[bytes], list[int]]:
        """A page of somebody's home as JSON, and the ids of its rows."""
        found, ids = self._list(tx, owner_id, briefs.list_home(tx, owner_id, page))
        return self._filled(tx, owner_id, found, ids), ids

    def posts(self, tx: Tx, viewer_id: int, post_ids: Iterable[int]) -> list[bytes]:
        """Posts and boosts as JSON in the order given; those the viewer may not see are left out."""
        wanted = list(post_ids)
        return self._filled(tx, viewer_id, *self._chosen(tx, viewer_id, wanted)) if wanted else []

    def posts_by_id(self, tx: Tx, viewer_id: int, post_ids: Iterable[int]) -> dict[int, bytes]:
        """The same by id."""
        wanted = list(dict.fromkeys(post_ids))
        if not wanted:
            return {}
        found, ids = self._chosen(tx, viewer_id, wanted)
        return dict(zip(ids, self._filled(tx, viewer_id, found, ids), strict=True))

    def _filled(self, tx: Tx, viewer_id: int, statuses: list[bytes], ids: Sequence[int]) -> list[bytes]:
        """A list with the places filled that are for each answer; what is quoted is taken from here, with its own places filled."""
        statuses = filtered.fill(tx, self._filtering, viewer_id, statuses, ids)
        if viewer_id and (not self._spotted or self._spotted.isdisjoint(ids)):
            return statuses
        return spots.fill(
            tx, viewer_id, statuses, lambda wanted: self._quoted(tx, viewer_id, wanted), lambda wanted: self._people(tx, wanted)
        )

    def _quoted(self, tx: Tx, viewer_id: int, post_ids: Sequence[int]) -> dict[int, bytes]:
        found, ids = self._chosen(tx, viewer_id, list(dict.fromkeys(post_ids))) if post_ids else ([], [])
        found = filtered.fill(tx, self._filtering, viewer_id, found, ids)
        return dict(zip(ids, spots.fill(tx, viewer_id, found, None, lambda wanted: self._people(tx, wanted)), strict=True))

    def _people(self, tx: Tx, account_ids: Sequence[int]) -> dict[int, bytes]:
        """Authors of pages, without those that nobody is to see."""
        people = [account for account in account_rows.list_by_ids(tx, set(account_ids)).values() if not account.is_hidden]
        return dict(zip([account.id for account in people], self.accounts(tx, people), strict=True))

    def _chosen(self, tx: Tx, viewer_id: int, post_ids: Sequence[int]) -> tuple[list[bytes], list[int]]:
        """What is kept whole is for people: the flags of nobody in particular are left out, and put together each time."""
        if viewer_id:
            return self._list(tx, viewer_id, briefs.list_marks(tx, viewer_id, post_ids))
        self._expire()
        rows = briefs.list_these(tx, 0, post_ids)
        made = self._make(tx, 0, {row.id: row for row in rows})
        found = [(status, row.id) for row in rows if (status := made[row.id]) is not None]
        return [status for status, _ in found], [row_id for _, row_id in found]

    def _list(self, tx: Tx, viewer_id: int, rows: Sequence[Mark]) -> tuple[list[bytes], list[int]]:
        self._expire()
        whole = self._whole.get
        found = [whole(row[0], row) for row in rows]
        if None in found:
            found = self._complete(tx, viewer_id, rows, found)
        if None in found:
            rows = [row for row, status in zip(rows, found, strict=True) if status is not None]
        return [status for status in found if status is not None], [row[0] for row in rows]

    def _expire(self) -> None:
        if time.monotonic() > self._until:
            self._accounts.clear()
            self._whole.clear()
            self._briefs.clear()
            self._spotted.clear()
            self._until = time.monotonic() + _COUNTS_S

    def _complete(self, tx: Tx, viewer_id: int, rows: Sequence[Mark], found: Sequence[bytes | None]) -> list[bytes | None]:
        """The same list with what was not kept whole: put together, or rendered now."""
        marks = {row[0]: row for row, status in zip(rows, found, strict=True) if status is None}
        missing = self._in_full(tx, viewer_id, marks)
        made = self._make(tx, viewer_id, missing)
        if len(self._briefs) > _BRIEFS:
            self._briefs.clear()
        for row_id, status in made.items():
            if status is not None:
                self._whole.put(row_id, marks[row_id], status)
                if spots.any_in(status):
                    self._spotted.add(row_id)
                self._briefs[row_id] = marks[row_id][1], missing[row_id]
        return [status or made[row[0]] for row, status in zip(rows, found, strict=True)]

    def _in_full(self, tx: Tx, viewer_id: int, marks: Mapping[int, Mark]) -> dict[int, Brief]:
        """The briefs of these rows: known ones of which only counters or flags have changed, or read."""
        found = {}
        for row_id, (_, versions, replies, boosts, favourites, flags) in marks.items():
            known = self._briefs.get(row_id)
            if known is not None and known[0] == versions:
                found[row_id] = known[1]._replace(replies=replies, boosts=boosts, favourites=favourites, flags=flags)
        unknown = [row_id for row_id in marks if row_id not in found]
        if unknown:
            found.update((row.id, row) for row in briefs.list_these(tx, viewer_id, unknown))
        return found

    def _make(self, tx: Tx, viewer_id: int, rows: Mapping[int, Brief]) -> dict[int, bytes | None]:
        """Rows as JSON by id: put together from kept parts, or rendered now."""
        made = {row.id: self._status(viewer_id, row, _NOTHING) for row in rows.values()}
        if None in made.values():
            fresh = self._load(tx, viewer_id, [rows[row_id] for row_id, status in made.items() if status is None])
            made = {row_id: status or self._status(viewer_id, rows[row_id], fresh) for row_id, status in made.items()}
        return made

    def _status(self, viewer_id: int, row: Brief, made: _Made) -> bytes | None:
        """The row as JSON, or None when a part of it is neither kept nor made."""
        head = self._heads.get(row.id, row.stamp) or made.heads.get(row.id)
        author = self._accounts.get(row.account_id, row.account_version) or made.accounts.get(row.account_id)
        if head is None or author is None:
            return None
        counts = status_entity.counts(row.replies, row.boosts, row.favourites)
        mine = status_entity.MINE[row.flags] if viewer_id else status_entity.NOBODYS
        if row.shown_id is None:
            return b"".join((head, author, b',"reblog":null', counts, mine))
        inner = self._heads.get(row.shown_id, row.shown_stamp) or made.heads.get(row.shown_id)
        writer = self._accounts.get(row.shown_account_id, row.shown_account_version) or made.accounts.get(row.shown_account_id)
        if inner is None or writer is None:
            return None
        return b"".join((head, author, b',"reblog":', inner, writer, b',"reblog":null', counts, mine, counts, mine))

    def _load(self, tx: Tx, viewer_id: int, rows: Sequence[Brief]) -> _Made:
        """Render what these rows need and keep it."""
        people = {row.account_id for row in rows} | {row.shown_account_id for row in rows if row.shown_id is not None}
        rendered = self._render(tx, people)
        wanted = {row.id: row.stamp for row in rows} | {row.shown_id: row.shown_stamp for row in rows if row.shown_id is not None}
        missing = [row_id for row_id, stamp in wanted.items() if self._heads.get(row_id, stamp) is None]
        posts = post_rows.list_visible(tx, viewer_id, missing) if missing else {}
        answers = [post.id for post in posts.values() if post.in_reply_to_id is not None]
        written = [post.id for post in posts.values() if post.app_id is not None]
        beside = status_entity.load(tx, missing, answers, written) if missing else status_entity.NOTHING
        heads = {post.id: status_entity.head(self.uris, post, beside) for post in posts.values()}
        for post_id, head in heads.items():
            self._heads.put(post_id, wanted[post_id], head)
        return _Made(heads, rendered)

    def edits(self, tx: Tx, post: Post, author: Account) -> list[Json]:
        """The revisions of a post."""
        beside = status_entity.load(tx, [post.id])
        return status_entity.edits(self.uris, post, post_rows.list_edits(tx, post.id), self.account(tx, author), beside)


SHELF = web.AppKey[Shelf]("shelf")
