"""No list of the client API costs a statement per item: every route that gives one is asked with five and with forty."""

import json
import sqlite3
from typing import Any

import pytest

from fedi import (
    announcements,
    clock,
    emojis,
    endorsements,
    featured,
    filters,
    interactions,
    limits,
    lists,
    moderation,
    posts,
    reactions,
    rules,
    tags,
    trends,
)
from fedi import collections as collecting
from fedi import scheduled as scheduling
from fedi.storage import approvals as approval_rows
from fedi.storage import cards as card_rows
from fedi.storage import media as media_rows
from fedi.storage import notification_requests as request_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.streaming import Event
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.api.routes import ROUTES
from fedi.web.copies import COPIES, Copies
from fedi.web.limits import Window
from tests import make
from tests.web.api.conftest import EVERYTHING, Api
from tests.web.knocking import knock

PAGE = "https://x.test/page"
PARTY = "%F0%9F%8E%89"
LISTS = ("Search", "V1::Search", "Context", "GroupedNotificationsResults", "Collections", "CollectionWithAccounts", "WrappedAnnualReports")
# Routes whose list does not grow, or is no list of things of people.
FIXED = {
    "/api/v1/instance/languages": "the languages there are",
    "/api/v1/instance/activity": "twelve weeks",
    "/api/v1/instance/peers": "counted once in ten minutes, in one statement",
    "/api/v1/pleroma/statuses/{id}/reactions/{emoji}": "one emoji",
    "/api/v1/accounts/{id}/identity_proofs": "always empty: Mastodon took them away",
    "/api/v1/annual_reports": "one year each, tried in test_annual_reports.py",
    "/api/v1/annual_reports/{year}": "one year, tried in test_annual_reports.py",
    "/api/v2/notifications/{group_key}": "one group",
}
# Of some no forty are shown, whatever is asked for: the most.
MOST = {
    "/api/v1/featured_tags": 10,
    "/api/v1/featured_tags/suggestions": 10,
    "/api/v1/accounts/{id}/featured_tags": 10,
    "/api/v1/accounts/{id}/collections": 10,
    "/api/v1/accounts/{id}/in_collections": 9,
    "/api/v1/collections/{id}": 25,
    "/api/v2/notifications/{group_key}/accounts": 20,
    "/api/v1/pleroma/statuses/{id}/reactions": 5,
    "/api/v1/trends": 20,
    "/api/v1/trends/tags": 20,
    "/api/v1/trends/links": 20,
    "/api/v1/peers/search": 10,
}


# What is quoted stands on the page itself when there is little, and is loaded besides, all of it at once, when there is much.
QUOTED = dict.fromkeys(("/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/list/{id}"), 10)


class Hoard:
    """alice, and `grow` for so many more of everything she can look at."""

    def __init__(self, api: Api) -> None:
        self.api = api
        run = api.run
        self.alice: Account = run(make.account, "alice", discoverable=1, indexable=1)
        self.token = run(make.token, self.alice, EVERYTHING)
        self.post = run(make.post, self.alice, "the one")
        self.liked = run(make.post, self.alice, "liked by all")
        self.list = run(lists.create, self.alice, "people")
        self.card = run(self._card)
        self.filter = run(filters.create, self.alice, filters.Change(title="x", contexts=("public",)))
        self.collection = run(collecting.create, self.alice, collecting.About(name="them"), [])
        self.collections = self.featured = 0
        self.people: list[int] = []
        self.written: list[int] = []

    @staticmethod
    def _card(tx: Tx) -> Any:
        made = card_rows.insert(tx, PAGE)
        card_rows.put(tx, made._replace(state="ready", title="A page", page_url=PAGE, fetched_at=tx.now))
        return card_rows.get(tx, made.id)

    def grow(self, number: int) -> None:
        for _ in range(number):
            self.api.run(self._more)

    def _more(self, tx: Tx) -> None:
        name = f"cheese{make.number()}"
        self._met(tx, name)
        self._read(tx, name)
        self._own(tx, name)

    def _met(self, tx: Tx, name: str) -> None:
        """Somebody for each list of people, and what they did."""
        alice = self.alice
        who = make.account(tx, name, discoverable=1, indexable=1)
        self.people.append(who.id)
        make.follow(tx, alice, who)
        make.follow(tx, who, alice)
        endorsements.endorse(tx, alice, who.id)
        lists.add_members(tx, alice, self.list.id, [who.id])
        lists.add_members(tx, alice, lists.create(tx, alice, name).id, [self.people[0]])
        if len(self.people) <= limits.COLLECTION_ITEMS:
            collecting.add(tx, alice, self.collection.id, who.id)
        make.post(tx, who, f"answer {name}", reply_to=self.post)
        for act in (interactions.favourite, interactions.boost):
            act(tx, who, self.liked.id)
        reactions.react(tx, who, self.liked.id, chr(0x1F400 + len(self.people) % 60))
        make.post(tx, who, f"look {name}", quote_of_id=self.liked.id)
        make.post(tx, who, "psst", "direct", mentions=(alice,))
        make.post(tx, make.remote(tx, f"r{name}", f"{name}.test"), f"hello @alice {name}", mentions=(alice,))
        tx.execute("INSERT OR IGNORE INTO hosts (host, seen_at) VALUES (?, ?)", (f"{name}.test", tx.now))
        moderation.block_domain(tx, f"bad{name}.test", reason="x")
        for other, act in ((make.account(tx), "blocks"), (make.account(tx), "mutes")):
            uri = {"uri": f"https://fedi.test/{name}"} if act == "blocks" else {}
            columns = ", ".join(["account_id", "target_id", "created_at", *uri])
            tx.execute(f"INSERT INTO {act} ({columns}) VALUES (?, ?, ?{', ?' if uri else ''})", (alice.id, other.id, tx.now, *uri.values()))
        asker = make.account(tx)
        tx.execute(
            "INSERT INTO follows (follower_id, followed_id, state, local, uri, created_at) VALUES (?, ?, 'pending', 1, ?, ?)",
            (asker.id, alice.id, f"https://fedi.test/f{name}", tx.now),
        )
        tx.execute("INSERT INTO user_domain_blocks (account_id, host, created_at, id) VALUES (?, ?, ?, ?)",
                   (alice.id, f"worse{name}.test", tx.now, make.number()))  # fmt: skip
        approval_rows.put(tx, approval_rows.new(tx, "announce", self.post.id, who.id, f"https://x.test/asked/{name}"))
        apart = make.remote(tx, f"a{name}", "apart.test")
        note = make.post(tx, apart, "kept apart", mentions=(alice,))
        tx.execute("UPDATE notifications SET filtered = 1, group_key = '' WHERE post_id = ?", (note.id,))
        request_rows.put(tx, alice.id, apart.id, note.id)

    def _read(self, tx: Tx, name: str) -> None:
        """A post of somebody for each list of posts."""
        alice = self.alice
        who = make.remote(tx, f"w{name}", "peer.test", discoverable=1, indexable=1, followers_count=9)
        make.follow(tx, make.again(tx, who), alice)
        post = make.post(tx, who, f"cheese #cheese #{name}", tags=("cheese", name))
        self.written.append(post.id)
        card_rows.attach(tx, post.id, self.card)
        own = card_rows.insert(tx, f"https://x.test/{name}")
        card_rows.put(tx, own._replace(state="ready", title=name, page_url=own.url, fetched_at=tx.now))
        other = make.post(tx, who, f"see {name}")
        card_rows.attach(tx, other.id, card_rows.get(tx, own.id))
        for shown in (post, other):
            interactions.favourite(tx, alice, shown.id)
            interactions.bookmark(tx, alice, shown.id)
        tags.follow(tx, alice, name)

    def _own(self, tx: Tx, name: str) -> None:
        alice = self.alice
        make.post(tx, alice, f"mine #{name} #other{name}")
        if self.featured < limits.FEATURED_TAGS:
            self.featured += 1
            featured.add_tag(tx, alice, name)
        announcements.create(tx, f"news {name} #{name}")
        media = media_rows.insert(tx, kind="emoji", mime="image/png")
        emojis.add(tx, name, media.id)
        rules.add(tx, name)
        scheduling.plan(tx, alice, posts.Draft(name), tx.now + len(self.people) * clock.DAY)
        filters.create(tx, alice, filters.Change(title=name, contexts=("home",), keywords=(filters.KeywordChange(keyword=f"no{name}"),)))
        filters.add_keyword(tx, alice, self.filter.filter.id, f"never{name}", True)
        filters.add_post(tx, alice, self.filter.filter.id, make.post(tx, alice, "x").id)
        if self.collections < limits.COLLECTIONS - 1:
            self.collections += 1
            collecting.create(tx, alice, collecting.About(name=name, description=""), [alice.id])
        at = tx.now + make.number()
        tx.execute("INSERT INTO post_edits VALUES (?, ?, '', ?, '', 0, '[]')", (self.post.id, at, f"<p>{name}</p>"))

    def path(self, pattern: str) -> str:
        """Where a list is, with all there is to ask for."""
        about = {"statuses": self.liked.id, "collections": self.collection.id,
                 "lists": self.list.id, "list": self.list.id, "filters": self.filter.filter.id, "accounts": self.alice.id}  # fmt: skip
        if pattern.endswith(("/context", "/history")):
            about["statuses"] = self.post.id
        if pattern == "/api/v1/accounts/{id}/lists":
            about["accounts"] = self.people[0]
        noun = pattern.partition("/{id}")[0].rpartition("/")[2]
        group = self.api.rig.instance.db.read(self._group)
        filled = pattern.replace("{id}", str(about.get(noun, 0))).replace("{emoji}", PARTY).replace("{hashtag}", "cheese")
        filled = filled.replace("{group_key}", group)
        return f"{filled}?{self._query(pattern)}"

    def _group(self, tx: Tx) -> str:
        row = tx.one("SELECT group_key FROM notifications WHERE account_id = ? AND group_key LIKE 'favourite-%'", (self.alice.id,))
        return str(row[0]) if row else ""

    def _query(self, pattern: str) -> str:
        name = pattern.removeprefix("/api/")
        if name in ("v1/accounts", "v1/accounts/relationships", "v1/accounts/familiar_followers"):
            return "&".join(f"id[]={one}" for one in self.people)
        if name == "v1/statuses":
            return "&".join(f"id[]={one}" for one in self.written)
        query = {"v1/timelines/link": f"url={PAGE}", "v1/peers/search": "q=cheese"}.get(name, "q=cheese" if "search" in name else "")
        return f"{query}&limit=40"


def size(found: Any) -> int:
    """How many things a list has, whatever it is in."""
    if isinstance(found, list):
        return len(found)
    names = ("descendants", "notification_groups", "collections", "statuses", "accounts")
    return next(len(found[name]) for name in names if name in found)


def is_list(gives: str) -> bool:
    return gives.startswith("[") or gives in LISTS


async def ask(hoard: Hoard, path: str, reader: sqlite3.Connection) -> tuple[int, int]:
    """(how many there are, in how many statements); in none for what is begun and ended around them."""
    seen: list[str] = []
    Copies.__init__(hoard.api.app[COPIES], hoard.api.rig.instance.db)  # else nothing is read when the same is asked again
    reader.set_trace_callback(seen.append)
    try:
        answer = await knock(hoard.api.app, "GET", path, hoard.token)
    finally:
        reader.set_trace_callback(None)
    assert answer.status == 200, (path, answer.text[:300])
    said = [sql for sql in seen if not sql.startswith(("BEGIN", "COMMIT", "ROLLBACK", "--", "PRAGMA data_version"))]
    return size(json.loads(answer.text)), len(said)


async def test_no_list_costs_a_statement_per_item(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with nothing kept of what was rendered before, once with all of it."""
    monkeypatch.setattr(trends, "is_stale", lambda *_: False)
    for name in ("check", "spend"):
        monkeypatch.setattr(Window, name, lambda window, key: None)
    hoard, found = Hoard(api), dict[str, list[tuple[int, int, int]]]()
    for more in (5, 35):
        hoard.grow(more)
        for chore in ("index", "trends"):
            await api.rig.instance.jobs.run_chore(chore)
        for route in ROUTES:
            if route.method == "GET" and is_list(route.gives) and route.path not in FIXED:
                found.setdefault(route.path, []).append(await costs(hoard, route.path))
    wrong = []
    for pattern, ((few, cold, warm), (many, cold_again, warm_again)) in found.items():
        if few < 5 or many < MOST.get(pattern, 40):
            wrong.append(f"{pattern}: shows {few}, then {many}")
        if cold_again > cold + QUOTED.get(pattern, 0) or warm_again > warm:
            wrong.append(f"{pattern}: {cold} statements, then {cold_again}; when all is kept {warm}, then {warm_again}")
    assert not wrong, "\n".join(wrong)


async def costs(hoard: Hoard, pattern: str) -> tuple[int, int, int]:
    """(how many there are, statements with nothing kept, statements with everything kept)."""
    reader, path = hoard.api.rig.instance.db._reader, hoard.path(pattern)
    hub, shelf = hoard.api.rig.instance.hub, hoard.api.app[SHELF]
    hub.publish([Event("storage.reopened")])
    shelf.close()
    Shelf.__init__(shelf, shelf.uris, hub, shelf._filtering)
    number, cold = await ask(hoard, path, reader)
    await ask(hoard, path, reader)
    _, warm = await ask(hoard, path, reader)
    return number, cold, warm
