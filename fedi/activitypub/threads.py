"""Completing a thread from elsewhere: up to what a post answers, down to its answers. Done in jobs, quietly and within bounds.

Downward the collection in `context` of the thread's first post is read where there is one, else `replies`, breadth first. Every post
is had from its own server. Nothing here calls itself: threads may be as deep, wide and circular as a stranger likes.
Source: FEP-7888; FEP-f228; FEDERATION.md, Collections; DOS-06, DOS-07.
"""

from collections import deque
from typing import NamedTuple

from fedi import backfill, clock, limits
from fedi.activitypub import crawl, parse
from fedi.activitypub import parse_values as values
from fedi.activitypub.crawl import Budget, Item, Page
from fedi.activitypub.parse import Json, Note
from fedi.activitypub.parse_totals import Totals, totals
from fedi.activitypub.profiles import note_totals
from fedi.activitypub.remote import Remote
from fedi.errors import FediError, Malformed, TooMany
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage import threads as thread_rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.uris import same_origin


async def climb(remote: Remote, post_id: int, budget: Budget | None = None) -> None:
    """Fetch what a post answers, what that answers, and so on, as far as it is not known."""
    budget = budget or Budget(limits.THREAD_HOPS - 1, limits.BACKFILL_S)
    post = remote.db.read(post_rows.find, post_id)
    seen = set()
    for _ in range(limits.THREAD_HOPS):
        if post is None or not post.in_reply_to_uri or post.id in seen:
            return
        seen.add(post.id)
        uri = post.in_reply_to_uri
        post = remote.db.read(post_rows.find_by_uri, uri)
        if post is None and not remote.uris.is_ours(uri):
            try:
                budget.spend(uri)
                post = await remote.post(uri)
            except FediError:
                return


async def complete(remote: Remote, post_id: int) -> None:
    """Bring what is missing of the thread of a post. What fails is left for another time: nothing is raised that a peer could cause."""
    budget = Budget(limits.THREAD_FETCHES, limits.BACKFILL_S)
    await climb(remote, post_id, budget)
    beginnings = remote.db.read(backfill.beginnings, post_id)
    if beginnings:
        await _Walk(remote, budget).go(beginnings)


class _Branch(NamedTuple):
    """A post whose answers are to be read: their collection as it stood in its document, or its address."""

    post_id: int
    uri: str
    replies: Json | str


class _Walk:
    """One reading of one thread."""

    def __init__(self, remote: Remote, budget: Budget) -> None:
        self._remote = remote
        self._budget = budget
        self._left = limits.THREAD_ITEMS
        self._strangers = limits.THREAD_FETCHES
        self._branches: deque[_Branch] = deque()
        self._branched: set[int] = set()  # posts whose answers were read, or will be
        self._uris: set[str] = set()  # of the posts of this thread
        self._looked: set[str] = set()  # at these ids

    async def go(self, beginnings: list[Post]) -> None:
        has_context = False
        for post in beginnings:
            self._uris.add(post.uri)
            try:
                document = await crawl.document(self._remote, post.uri, self._budget)
                note, author = await self._remote.believed(document)
            except FediError:
                continue
            if note.id != post.uri or author.id != post.account_id:
                continue
            await self._measure(post, document)
            await self._branch(post, note, document)
            if post is beginnings[-1]:  # the top: whose thread it is
                has_context = await self._context(document)
        while self._branches and not has_context:
            branch = self._branches.popleft()
            try:
                await self._answers(branch)
            except FediError:
                continue

    # -- counts --

    async def _measure(self, post: Post, document: Json) -> None:
        """What the origin counts; where it only names the collections, they are asked."""
        found = totals(document)
        counts = {"replies": found.replies, "boosts": found.boosts, "favourites": found.favourites}
        for name, uri in _unsaid(found).items():
            try:
                counts[name] = (await crawl.page(self._remote, uri, self._budget)).total
            except FediError:
                continue
        await self._remote.db.write(post_rows.set_origin_counts, post.id, **counts)

    # -- context --

    async def _context(self, document: Json) -> bool:
        """Read the thread's own collection, of the server of its first post; False when there is none to be read."""
        own_id = parse.first_uri(document)
        uri = values.own_uri(document.get("context"), own_id)
        if not uri or uri == own_id:
            return False
        found = 0
        try:
            first = await crawl.page(self._remote, uri, self._budget)
            async for item in crawl.items(self._remote, first, self._budget, pages=limits.THREAD_FETCHES, most=self._left):
                found += 1
                self._left -= 1
                await self._try(item, uri)
        except FediError:
            return found > 1
        return found > 1  # more than the post itself

    # -- replies --

    async def _branch(self, post: Post, note: Note, document: Json) -> None:
        """Its answers are to be read: as its document lists them."""
        listed = document.get("replies")
        self._queue(post, listed if isinstance(listed, dict) and parse.is_collection(listed) else note.replies_uri)
        if note.replies_uri:
            await self._remote.db.write(thread_rows.set_replies_uri, post.id, note.replies_uri)

    def _queue(self, post: Post, replies: Json | str) -> None:
        if replies and post.id not in self._branched:
            self._branched.add(post.id)
            self._branches.append(_Branch(post.id, post.uri, replies))

    async def _answers(self, branch: _Branch) -> None:
        """The answers one post's server knows. How many it lists is how many there are at least."""
        first = await self._first(branch)
        listed, is_counted = 0, first.total is not None
        async for item in crawl.items(
            self._remote, first, self._budget, pages=limits.THREAD_FETCHES, most=min(self._left, limits.THREAD_ITEMS_PER_POST)
        ):
            listed += 1
            self._left -= 1
            await self._try(item, "")
        if listed and not is_counted:
            await self._remote.db.write(_count_listed, branch.post_id, listed)

    async def _first(self, branch: _Branch) -> Page:
        if isinstance(branch.replies, str):
            return await crawl.page(self._remote, branch.replies, self._budget)
        own_id = values.own_uri(branch.replies, branch.uri)
        found = crawl.read(branch.replies, own_id or branch.uri, is_proven=True)
        if not found.items and not found.following and own_id:
            return await crawl.page(self._remote, own_id, self._budget)
        return found

    # -- items --

    async def _try(self, item: Item, context_uri: str) -> None:
        try:
            await self._take(item, context_uri)
        except FediError:
            return

    async def _take(self, item: Item, context_uri: str) -> None:
        """Store a post that is of this thread, and go on with its answers. Raises RemoteError, TooMany."""
        if not item.uri or item.uri in self._looked or self._remote.uris.is_ours(item.uri):
            return
        self._looked.add(item.uri)
        known = self._remote.db.read(post_rows.find_by_uri, item.uri)
        if known is not None:
            await self._known(known)
            return
        document = item.document
        if document is None or not parse.is_post(document):
            document = await crawl.document(self._remote, item.uri, self._budget)
        note = _checked(document)
        if note.in_reply_to not in self._uris and not (context_uri and note.context == context_uri):
            return
        self._meet(note.attributed_to)
        believed, author = await self._remote.believed(document)
        if believed.visibility not in ("public", "unlisted"):
            return
        post = await self._remote.keep(believed, author)
        self._uris.add(post.uri)
        await note_totals(self._remote, post, document)
        if totals(document).replies != 0:
            await self._branch(post, believed, document)

    def _meet(self, author_uri: str) -> None:
        """Somebody nobody here knows has to be asked about as well. Raises TooMany when that were too many, or took too long."""
        if self._remote.db.read(account_rows.find_by_uri, author_uri) is None:
            if self._strangers <= 0 or not self._budget.is_running:
                raise TooMany("Enough people were met for this time.", 60)
            self._strangers -= 1

    async def _known(self, post: Post) -> None:
        """One that is here: its answers are read where its server was seen to list them."""
        self._uris.add(post.uri)
        uri = self._remote.db.read(thread_rows.find_replies_uri, post.id)
        if uri and same_origin(uri, post.uri):
            self._queue(post, uri)


def _unsaid(found: Totals) -> dict[str, str]:
    """Counts that are not in the document, and where they may be asked. Answers are counted when they are read."""
    said = {"boosts": (found.boosts, found.boosts_uri), "favourites": (found.favourites, found.favourites_uri)}
    return {name: uri for name, (count, uri) in said.items() if count is None and uri}


def _checked(document: Json) -> Note:
    """What a document says, before its author is asked for. Raises Malformed."""
    if not parse.is_post(document):
        raise Malformed("That is not a post.")
    return parse.note(document, clock.now())


def _count_listed(tx: Tx, post_id: int, listed: int) -> None:
    post = post_rows.find(tx, post_id)
    if post is not None and listed > post.origin_replies:
        post_rows.set_origin_counts(tx, post_id, replies=listed, boosts=None, favourites=None)
