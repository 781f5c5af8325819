"""Filling a profile: what an account elsewhere has posted before, what it shows on top, and how many follow it. Done in a job, quietly.

Nobody is told, nothing comes to a home but to those of new followers; dates stay. Source: FEDERATION.md, Collections; DOS-06.
"""

from collections.abc import AsyncIterator

from fedi import backfill, clock, featured, groups, interactions, limits, markup
from fedi.activitypub import crawl, parse
from fedi.activitypub.crawl import Budget, Item, Page
from fedi.activitypub.parse import Json
from fedi.activitypub.parse_totals import totals
from fedi.activitypub.remote import Remote
from fedi.errors import FediError, Untrusted
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage import timelines as timeline_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.streaming import Event
from fedi.uris import same_origin

_FRESH_MS = clock.HOUR
_NEW_MS = clock.DAY
_HOME = 40


async def fill(remote: Remote, account_id: int) -> None:
    """Read what can be had within the bounds. What fails is left for another time: nothing is raised that a peer could cause."""
    account = remote.db.read(account_rows.find, account_id)
    if account is None or account.is_local or account.is_hidden:
        return
    try:
        if account.fetched_at < clock.now() - _FRESH_MS:
            account = await remote.actor(account.uri, refresh=True)
    except FediError:
        await remote.db.write(backfill.profile_again, account_id)
        return
    work = _Filling(remote, account)
    for part in (work.featured, work.posts, work.people, work.topics):
        try:
            await part()
        except FediError:
            continue
    await remote.db.write(_end, account, work.counts)


def _end(tx: Tx, account: Account, counts: dict[str, int]) -> None:
    account_rows.set_origin_counts(tx, account.id, **counts)
    for follower_id in follow_rows.list_new_local(tx, account.id, tx.now - _NEW_MS):
        if timeline_rows.fill_home(tx, follower_id, account.id, _HOME):
            tx.emit(Event("home", follower_id))


class _Filling:
    """The work on one account, under one budget."""

    def __init__(self, remote: Remote, account: Account) -> None:
        self.remote = remote
        self.account = account
        self.counts: dict[str, int] = {}
        self._budget = Budget(limits.FILL_FETCHES, limits.BACKFILL_S)
        self._boosts = limits.FILL_BOOSTS

    # -- the parts --

    async def featured(self) -> None:
        """The posts on top of the profile; only the account's own."""
        found = []
        async for item in await self._items(self.account.featured_uri, limits.FEATURED):
            try:
                post = await self._own_post(item)
            except FediError:
                continue
            if post is not None and post.account_id == self.account.id and post.is_public and post.boost_of_id is None:
                found.append(post.id)
        await self.remote.db.write(featured.replace_pins, self.account, found)

    async def topics(self) -> None:
        """The hashtags it shows."""
        names = []
        async for item in await self._items(self.account.featured_tags_uri, limits.FEATURED):
            name = markup.normalise_tag(parse.text(item.said, "name", limits.NAME_CHARS)) if item.said else ""
            if name:
                names.append(name)
        await self.remote.db.write(featured.replace_tags, self.account, names)

    async def people(self) -> None:
        """How many follow it, and whom it follows: numbers only."""
        for name, uri in (("followers", self.account.followers_uri), ("following", self.account.following_uri)):
            if uri:
                self._count(name, await crawl.page(self.remote, uri, self._budget))

    async def posts(self) -> None:
        """What it has said and boosted, the latest first."""
        async for item in await self._items(self.account.outbox_uri, limits.FILL_POSTS, "posts"):
            try:
                await self._said(item)
            except FediError:
                continue

    async def _items(self, uri: str, most: int, counted: str = "") -> AsyncIterator[Item]:
        if not uri:
            raise Untrusted("There is no such collection.")
        first = await crawl.page(self.remote, uri, self._budget)
        if counted:
            self._count(counted, first)
        return crawl.items(self.remote, first, self._budget, pages=limits.FILL_PAGES, most=most)

    def _count(self, name: str, found: Page) -> None:
        if found.total is not None:
            self.counts[name] = found.total

    # -- what stands in an outbox --

    async def _said(self, item: Item) -> None:
        """A Create, an Announce, or (as some write it) the post itself."""
        said = item.said if item.said is not None else await self._named(item.uri)
        is_own = item.document is not None or item.said is None  # else it only says what to ask for
        if said is None or parse.is_post(said):
            await self._own_post(Item(item.uri, said if is_own else None))
            return
        activity = parse.activity(said)
        inner = activity.object_doc
        if activity.actor != self.account.uri:
            return
        if activity.type == "Create" and activity.object_id:
            believed = inner if is_own and inner is not None and parse.belongs_to(inner, self.account.uri) else None
            await self._own_post(Item(activity.object_id, believed))
        elif activity.type == "Announce" and same_origin(activity.id, self.account.uri) and self._find(activity.id) is None:
            if not is_own:
                activity = parse.activity(await crawl.document(self.remote, activity.id, self._budget))
            await self._boosted(activity)

    async def _named(self, uri: str) -> Json | None:
        """What an outbox lists by its id only; None for a post that is here."""
        if not same_origin(uri, self.account.uri) or self._find(uri) is not None:
            return None
        return await crawl.document(self.remote, uri, self._budget)

    async def _own_post(self, item: Item) -> Post | None:
        """A post of the account, stored if it is for everybody. Raises RemoteError, TooMany."""
        if not item.uri or not same_origin(item.uri, self.account.uri):
            return None
        known = self._find(item.uri)
        if known is not None:
            return known
        document = item.document if item.document is not None else await crawl.document(self.remote, item.uri, self._budget)
        note, author = await self.remote.believed(document)
        if author.id != self.account.id or note.visibility not in ("public", "unlisted"):
            return None
        post = await self.remote.keep(note, author)
        await note_totals(self.remote, post, document)
        return post

    async def _boosted(self, activity: parse.Activity) -> None:
        """A boost, where what it boosts is here or can be had. Observed: groups announce a Create, with the post inside."""
        visibility = parse.visibility(activity.to, activity.cc, self.account.followers_uri)
        if activity.type != "Announce" or activity.actor != self.account.uri or visibility not in ("public", "unlisted"):
            return
        inner = activity.object_doc
        is_wrapped = inner is not None and parse.type_of(inner) == "Create"
        said = inner.get("object") if inner is not None and is_wrapped else activity.object
        uri = parse.first_uri(said)
        if not uri or (inner is not None and not is_wrapped and not parse.is_post(inner)):
            return
        post = self._find(uri) or await self._had(uri, said)
        if post is not None and post.is_public and post.boost_of_id is None:
            at = activity.published_at or post.published_at
            await self.remote.db.write(_boost, self.account, post, (activity.id, at, visibility), is_wrapped=is_wrapped)

    async def _had(self, uri: str, said: object) -> Post | None:
        """A boosted post: as it stands inside where it is of the booster's own server, else fetched, as long as there is room for that."""
        if isinstance(said, dict) and parse.is_whole(said) and same_origin(uri, self.account.uri):
            return await self.remote.keep(*await self.remote.believed(said))
        if self._boosts <= 0 or self.remote.uris.is_ours(uri):
            return None
        self._boosts -= 1
        self._budget.spend(uri)
        return await self.remote.boosted(uri, self.account)

    def _find(self, uri: str) -> Post | None:
        return self.remote.db.read(post_rows.find_by_uri, uri)


def _boost(tx: Tx, account: Account, post: Post, said: tuple[str, int, str], *, is_wrapped: bool) -> None:
    """(uri, published_at, visibility) is what was `said`. In a group, what begins a thread there stands as boosted by it."""
    uri, at, visibility = said
    if account.kind == groups.KIND:
        post = groups.announced(tx, account, post)
        if is_wrapped and (post.group_id != account.id or post.in_reply_to_uri):
            return
    interactions.receive_old_boost(tx, account, post, uri, (at, visibility))


async def note_totals(remote: Remote, post: Post, document: Json) -> None:
    """Keep what a post's document says of its likes, boosts and answers."""
    found = totals(document)
    if not found.is_empty:
        await remote.db.write(post_rows.set_origin_counts, post.id, replies=found.replies, boosts=found.boosts, favourites=found.favourites)
