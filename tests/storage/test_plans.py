"""Statements that run for every page, post and delivery use an index: none reads a whole table of posts, accounts, deliveries or jobs."""

import re
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from fedi.storage import accounts, census, deliveries, follows, interactions, jobs, notifications, posts, threads, timelines, touches
from fedi.storage.db import Database, Tx
from fedi.storage.timelines import Page, Wanted
from tests import make

LARGE = ("posts", "accounts", "deliveries", "jobs", "activities", "home", "follows", "notifications", "post_mentions", "post_tags")
PAGE = Page(before=1 << 60, after=5, limit=20)

# What ANALYZE says of a server with 100,000 posts: table, index, rows and rows per key.
LARGE_SERVER = """
account_keys account_keys 3150 1
account_keys account_keys_account 2044 1
accounts accounts_handle 2055 1 1
accounts accounts_host 1727 7
accounts accounts_local_name 20 1
accounts sqlite_autoindex_accounts_1 2134 1
activities activities_account 321 17
activities activities_post 321 1
activities sqlite_autoindex_activities_1 321 1
deliveries deliveries 55510 134 1
deliveries deliveries_queued 59500 201 1 1 1
follows follows 9776 134 1
follows follows_followed 10795 201 201 201 1
follows follows_page 10611 201 201 1
follows follows_uri 5546 1
home home 7743 401 1
home home_post 6300 2
inboxes inboxes_host 300 1
inboxes sqlite_autoindex_inboxes_1 300 1
jobs - 20000
jobs jobs_due 20048 401
jobs jobs_lane 16200 10 1
notifications notifications_account 4830 401 1
notifications notifications_from 5180 3
notifications notifications_once 5568 401 401 2 1
notifications notifications_post 4956 1
post_tags post_tags 10206 1 1
post_tags post_tags_tag 10440 51 1
posts posts_account 100352 19 1
posts posts_public 38232 1
posts posts_reply 20010 1 1
posts posts_reply_account 15640 15
posts posts_url 109520 1
posts sqlite_autoindex_posts_1 84320 1
tags sqlite_autoindex_tags_1 200 1
users users_email 20 1
"""

READS: dict[str, Callable[[Tx], object]] = {
    "home": lambda tx: timelines.list_home(tx, 1, PAGE),
    "home forward": lambda tx: timelines.list_home(tx, 1, Page(after=5, forward=True)),
    "public": lambda tx: timelines.list_public(tx, 1, PAGE),
    "public of strangers": lambda tx: timelines.list_public(tx, 0, PAGE, local=True),
    "tag": lambda tx: timelines.list_tag(tx, 1, "topic", PAGE),
    "profile": lambda tx: timelines.list_profile(tx, 1, 2, PAGE),
    "profile, pinned": lambda tx: timelines.list_profile(tx, 1, 2, PAGE, Wanted(pinned=True)),
    "notifications": lambda tx: notifications.list_of(tx, 1, before=9),
    "unread": lambda tx: notifications.count_unread(tx, 1),
    "a post": lambda tx: posts.find_visible(tx, 1, 2),
    "posts": lambda tx: posts.list_visible(tx, 1, [2, 3]),
    "a post by its page": lambda tx: posts.find_by_url(tx, "https://x.test/1"),
    "ancestors": lambda tx: threads.list_ancestors(tx, 1, 2, 20),
    "descendants": lambda tx: threads.list_descendants(tx, 1, 2, 20),
    "mentions": lambda tx: posts.list_mentions(tx, [1, 2]),
    "tags": lambda tx: posts.list_tags(tx, [1, 2]),
    "files": lambda tx: posts.list_media(tx, [1, 2]),
    "flags": lambda tx: interactions.list_flags(tx, 1, [2, 3]),
    "bookmarks": lambda tx: interactions.list_bookmarked(tx, 1, 0, 20),
    "likers": lambda tx: interactions.list_favouriters(tx, 1),
    "boosters": lambda tx: interactions.list_boosters(tx, 1, 2),
    "followers": lambda tx: follows.list_followers(tx, 1),
    "following": lambda tx: follows.list_following(tx, 1),
    "follows between": lambda tx: follows.list_between(tx, 1, [2, 3]),
    "inboxes": lambda tx: follows.list_inboxes(tx, 1),
    "whom to tell": lambda tx: follows.list_notified(tx, 1),
    "accounts": lambda tx: accounts.list_by_ids(tx, [1, 2]),
    "accounts by uri": lambda tx: accounts.list_by_uris(tx, ["https://x.test/1"]),
    "an account": lambda tx: accounts.find_by_handle(tx, "alice", ""),
    "queued": lambda tx: deliveries.list_queued(tx, "peer.test", 20),
    "queued hosts": lambda tx: deliveries.list_queued_hosts(tx),
    "reached": lambda tx: deliveries.list_reached(tx, 1),
    "receipts": lambda tx: deliveries.list_receipts(tx, 1),
    "body": lambda tx: deliveries.find_body(tx, 1),
    "waits": lambda tx: deliveries.has_queued(tx, 1),
    "jobs due": lambda tx: jobs.list_due(tx, 16, (1, 2), ("a",)),
    "next job": lambda tx: jobs.next_run_at(tx),
    "lane": lambda tx: jobs.has_lane(tx, "a"),
    "people by name": lambda tx: accounts.list_matching(tx, "al", 10),
    "posts for NodeInfo": lambda tx: census.count_local_posts(tx),
    "posts to forget": lambda tx: touches.list_unreferenced(tx, 1 << 40, 5, 200),
}


def plans(db: Database, act: Callable[[Tx], object], monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The steps of every statement an act runs."""
    statements: list[tuple[str, Any]] = []
    real_query, real_one, real_execute, real_many = Tx.query, Tx.one, Tx.execute, Tx.executemany

    def noting(real: Any) -> Any:
        def run(self: Tx, sql: str, params: Any = ()) -> Any:
            rows = list(params) if real is real_many else params
            statements.append((sql, (rows[0] if rows else ()) if real is real_many else params))
            return real(self, sql, rows)

        return run

    with monkeypatch.context() as patched:
        for name, real in (("query", real_query), ("one", real_one), ("execute", real_execute), ("executemany", real_many)):
            patched.setattr(Tx, name, noting(real))
        db.transact(act)
    connection: sqlite3.Connection = db._reader
    found: dict[str, list[str]] = {}
    for sql, params in statements:
        try:
            found[sql] = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", params)]
        except sqlite3.ProgrammingError:  # an empty executemany
            continue
    return found


def whole_tables(steps: list[str], sql: str) -> list[str]:
    """Steps that read all of a large table; also to make a Bloom filter of it, which the planner likes when it thinks that it is small."""
    names = {alias: table for table, alias in re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?", sql)}
    names |= {table: table for table in names.values()}
    scans = [match for step in steps if (match := re.match(r"(?:SCAN|BLOOM FILTER ON) (\w+)(.*)", step))]
    return [match[0] for match in scans if names.get(match[1], match[1]) in LARGE and not _bounded(match[0])]


def _bounded(step: str) -> bool:
    """Partial indexes hold only what waits, or only the people of this server."""
    return any(name in step for name in ("INDEX deliveries_queued", "INDEX jobs_due", "INDEX accounts_local_name"))


@pytest.fixture
def filled(db: Database) -> Database:
    """Enough rows that the planner has something to choose between."""

    def fill(tx: Tx) -> None:
        alice, carol = make.account(tx, "alice"), make.remote(tx, "carol")
        make.follow(tx, carol, alice)
        make.follow(tx, alice, carol)
        for n in range(50):
            make.post(tx, alice if n % 2 else carol, f"{n} #topic")

    db.transact(fill)
    return db


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("known", ["nothing", "a young server", "a large server"])
def test_no_read_on_the_way_to_a_page_reads_a_whole_table(filled: Database, monkeypatch: pytest.MonkeyPatch, name: str, known: str) -> None:
    """Whatever the planner knows of the data: its numbers may be of yesterday."""
    if known != "nothing":
        filled._group.connection.execute("ANALYZE")
    if known == "a large server":
        rows = [line.split(" ", 2) for line in LARGE_SERVER.split("\n") if line]
        filled._group.connection.execute("DELETE FROM sqlite_stat1")
        filled._group.connection.executemany("INSERT INTO sqlite_stat1 VALUES (?, nullif(?, '-'), ?)", rows)
        filled._group.connection.execute("ANALYZE sqlite_schema")
    for sql, steps in plans(filled, READS[name], monkeypatch).items():
        assert whole_tables(steps, sql) == [], "\n".join([sql, *steps])


def test_no_statement_of_an_act_reads_a_whole_table(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing, answering, editing, liking, boosting, taking back; of people here and elsewhere."""
    from fedi import arrivals
    from fedi import interactions as acts
    from fedi import posts as rules

    def everything(tx: Tx) -> None:
        alice, carol = accounts.find_by_handle(tx, "alice", ""), accounts.find_by_handle(tx, "carol", "peer.test")
        assert alice and carol
        theirs = make.post(tx, carol, "hi", "public", (alice,))
        mine = make.post(tx, alice, "re @carol@peer.test #tag", reply_to=theirs)
        rules.edit(tx, alice, mine.id, rules.Draft("re re"), {})
        for act in (acts.favourite, acts.boost, acts.bookmark, acts.unfavourite, acts.unboost):
            act(tx, alice, theirs.id)
        acts.receive_favourite(tx, carol, mine, "https://peer.test/l")
        make.boost(tx, carol, mine)
        rules.remove(tx, alice, mine.id)
        arrivals.receive_removal(tx, theirs.uri, carol)

    faults = {sql: bad for sql, steps in plans(filled, everything, monkeypatch).items() if (bad := whole_tables(steps, sql))}
    assert faults == {}


def test_the_search_for_whole_tables_finds_one(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for sql in ("SELECT * FROM posts WHERE content_html = 'x'", "SELECT 1 FROM accounts a WHERE a.display_name = 'x'"):
        found = plans(filled, lambda tx, sql=sql: tx.query(sql), monkeypatch)  # type: ignore[misc]
        assert whole_tables(found[sql], sql) != []
