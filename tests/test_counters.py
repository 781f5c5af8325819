"""Hundreds of random acts of people here and elsewhere; afterwards everything that is kept must be what a recount says."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from fedi import accounts, arrivals, backfill, blocks, follows, interactions, moderation, posts
from fedi.errors import FediError
from fedi.posts import Draft
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage import timelines
from fedi.storage import touches as touch_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.posts import Post
from fedi.storage.timelines import Page
from tests import make

ACTS = 500
VISIBILITIES = ("public", "public", "public", "unlisted", "followers", "direct")

RECOUNT = {
    "replies": """SELECT p.id, p.replies_count, (SELECT count(*) FROM posts r WHERE r.in_reply_to_id = p.id
      AND r.visibility IN ('public', 'unlisted') AND r.local_only = 0) AS n FROM posts p WHERE p.replies_count <> n""",
    "boosts": """SELECT p.id, p.boosts_count, (SELECT count(*) FROM posts b WHERE b.boost_of_id = p.id
      AND b.visibility IN ('public', 'unlisted')) AS n FROM posts p WHERE p.boosts_count <> n""",
    "favourites": """SELECT p.id, p.favourites_count, (SELECT count(*) FROM (
      SELECT account_id FROM favourites WHERE post_id = p.id UNION SELECT account_id FROM reactions WHERE post_id = p.id)) AS n
      FROM posts p WHERE p.favourites_count <> n""",
    "posts": """SELECT a.username, a.posts_count, (SELECT count(*) FROM posts p WHERE p.account_id = a.id
      AND p.visibility IN ('public', 'unlisted') AND p.local_only = 0) AS n FROM accounts a WHERE a.posts_count <> n""",
    "followers": """SELECT a.username, a.followers_count, (SELECT count(*) FROM follows f
      WHERE f.followed_id = a.id AND f.state = 'accepted') AS n FROM accounts a WHERE a.followers_count <> n""",
    "following": """SELECT a.username, a.following_count, (SELECT count(*) FROM follows f
      WHERE f.follower_id = a.id AND f.state = 'accepted') AS n FROM accounts a WHERE a.following_count <> n""",
    "broken references": "PRAGMA foreign_key_check",
    "broken pages": "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    "homes of nobody followed": """SELECT h.owner_id, h.post_id FROM home h WHERE h.account_id <> h.owner_id AND NOT EXISTS (
      SELECT 1 FROM follows f WHERE f.follower_id = h.owner_id AND f.followed_id = h.account_id AND f.state = 'accepted')""",
    "homes with others' rows": "SELECT h.* FROM home h JOIN posts p ON p.id = h.post_id WHERE p.account_id <> h.account_id",
    "homes with blocked people": """SELECT h.* FROM home h JOIN posts p ON p.id = h.post_id LEFT JOIN posts o ON o.id = p.boost_of_id
      JOIN blocks b ON b.account_id = h.owner_id AND b.target_id IN (p.account_id, o.account_id)""",
    "homes without boosts": """SELECT h.* FROM home h JOIN posts p ON p.id = h.post_id JOIN follows f ON f.follower_id = h.owner_id
      AND f.followed_id = h.account_id WHERE p.boost_of_id IS NOT NULL AND f.boosts = 0""",
    "homes without their owner's posts": """SELECT p.id FROM posts p JOIN users u ON u.account_id = p.account_id
      WHERE p.boost_of_id IS NULL AND NOT EXISTS (SELECT 1 FROM home h WHERE h.owner_id = p.account_id AND h.post_id = p.id)""",
    "follows across a block": """SELECT f.* FROM follows f JOIN blocks b ON (b.account_id = f.follower_id AND b.target_id = f.followed_id)
      OR (b.account_id = f.followed_id AND b.target_id = f.follower_id)""",
    "follows with a blocked server": """SELECT f.* FROM follows f
      JOIN accounts a ON a.id IN (f.follower_id, f.followed_id) WHERE a.host_blocked""",
    "texts of posts that are gone": """SELECT v.type, v.body FROM activities v WHERE v.type IN ('Create', 'Update') AND length(v.body) > 0
      AND v.post_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM posts p WHERE p.id = v.post_id)""",
    "waiting for a blocked server, other than that follows are over": """SELECT d.* FROM deliveries d JOIN domain_policies USING (host)
      JOIN activities v ON v.id = d.activity_id WHERE d.state = 'queued' AND NOT (
        v.type IN ('Undo', 'Reject') AND json_extract(CAST(v.body AS TEXT), '$.object.type') IS 'Follow')""",
    "notifications about nobody": """SELECT n.* FROM notifications n LEFT JOIN favourites f ON f.post_id = n.post_id
      AND f.account_id = n.from_account_id WHERE n.kind = 'favourite' AND f.post_id IS NULL""",
    "boosts that are told but gone": """SELECT n.* FROM notifications n WHERE n.kind = 'boost' AND NOT EXISTS (
      SELECT 1 FROM posts b WHERE b.boost_of_id = n.post_id AND b.account_id = n.from_account_id)""",
}


class World:
    """Eight people, and everything they might do at random. What is refused is refused; nothing may break."""

    def __init__(self, db: Database, seed: int) -> None:
        self.db = db
        self.random = random.Random(seed)
        here = [db.transact(make.account, name) for name in ("alice", "bob", "erin", "frank")]
        there = [db.transact(make.remote, *who) for who in (("carol", "peer.test"), ("dan", "peer.test"), ("gil", "a.far.test"))]
        self.evil = db.transact(make.remote, "mallory", "evil.test")
        self.people = [*here, *there, self.evil]
        db.transact(make.account, "captain", "owner")
        self.done: dict[str, int] = {}

    def one(self, tx: Tx, *, here: bool | None = None) -> Account:
        people = [who for who in self.people if here is None or who.is_local == here]
        return make.again(tx, self.random.choice(people))

    def post(self, tx: Tx, *, of: Account | None = None, boosts: bool = False) -> Post | None:
        author = of.id if of else 0
        sql = "SELECT id FROM posts WHERE (? = 0 OR account_id = ?) AND (boost_of_id IS NOT NULL) = ? ORDER BY id"
        rows = tx.query(sql, (author, author, int(boosts)))
        return post_rows.find(tx, self.random.choice(rows)[0]) if rows else None

    def act(self) -> None:
        name = self.random.choice(NAMES)
        try:
            self.db.transact(partial(MOVES[name], self))
            self.done[name] = self.done.get(name, 0) + 1
        except FediError:
            pass

    # -- moves --

    def say(self, tx: Tx) -> None:
        who = self.one(tx)
        reply_to = self.post(tx) if self.random.random() < 0.5 else None
        visibility = self.random.choice(VISIBILITIES)
        mentions = tuple(self.random.sample(self.people, self.random.randrange(3)))
        if who.host_blocked:
            return
        if who.is_local:
            make.post(tx, who, "words", visibility, mentions, reply_to=reply_to, local_only=self.random.random() < 0.1)
        else:
            make.post(tx, who, "words", visibility, mentions, reply_to=reply_to)

    def answer_early(self, tx: Tx) -> None:
        """An answer that comes before what it answers."""
        who, other = self.one(tx, here=False), self.one(tx, here=False)
        asked = make.note(other, "question")
        if not who.host_blocked and not other.host_blocked:
            make.post(tx, who, "early", self.random.choice(VISIBILITIES), in_reply_to=asked.id)
            make.arrive(tx, asked, quiet=self.random.random() < 0.5)

    def edit(self, tx: Tx) -> None:
        who = self.one(tx, here=True)
        if post := self.post(tx, of=who):
            posts.edit(tx, who, post.id, Draft(f"edited {self.random.random()} @bob"), {})

    def remove(self, tx: Tx) -> None:
        who = self.one(tx)
        if post := self.post(tx, of=who):
            if who.is_local:
                posts.remove(tx, who, post.id)
            else:
                arrivals.receive_removal(tx, post.uri, who)

    def like(self, tx: Tx) -> None:
        who, post = self.one(tx), self.post(tx)
        if post and who.is_local:
            interactions.favourite(tx, who, post.id)
        elif post:
            interactions.receive_favourite(tx, who, post, f"{who.uri}/likes/{make.number()}")

    def unlike(self, tx: Tx) -> None:
        who, post = self.one(tx), self.post(tx)
        if post and who.is_local:
            interactions.unfavourite(tx, who, post.id)
        elif post:
            interactions.receive_unfavourite(tx, who, post)

    def boost(self, tx: Tx) -> None:
        who, post = self.one(tx), self.post(tx)
        if post and who.is_local:
            interactions.boost(tx, who, post.id, self.random.choice(("public", "unlisted", "followers")))
        elif post:
            interactions.receive_boost(tx, who, post, f"{who.uri}/boosts/{make.number()}", tx.now, self.random.choice(VISIBILITIES[:5]))

    def unboost(self, tx: Tx) -> None:
        if boost := self.post(tx, boosts=True):
            who = account_rows.get(tx, boost.account_id)
            if who.is_local:
                interactions.unboost(tx, who, boost.id)
            else:
                interactions.receive_unboost(tx, who, boost)

    def keep(self, tx: Tx) -> None:
        if post := self.post(tx):
            interactions.bookmark(tx, self.one(tx, here=True), post.id)

    def follow(self, tx: Tx) -> None:
        one, other = self.one(tx), self.one(tx)
        if one.is_local:
            follows.follow(tx, one, other.id, boosts=self.random.random() < 0.8, notify=self.random.random() < 0.2)
            made = follow_rows.find(tx, one.id, other.id)
            if made and made.state == "pending" and not other.is_local and self.random.random() < 0.8:
                follows.receive_accept(tx, other, one, made.uri)
        elif other.is_local and not one.host_blocked:
            follows.receive_follow(tx, one, other, f"{one.uri}/follows/{make.number()}")

    def unfollow(self, tx: Tx) -> None:
        one, other = self.one(tx), self.one(tx)
        if one.is_local:
            follows.unfollow(tx, one, other.id)
        else:
            follows.receive_undo(tx, one, other)

    def refuse(self, tx: Tx) -> None:
        one, other = self.one(tx), self.one(tx)
        if one.is_local:
            follows.reject(tx, one, other.id)
        else:
            follows.receive_reject(tx, one, other, "")

    def block(self, tx: Tx) -> None:
        one, other = self.one(tx), self.one(tx)
        if one.is_local != other.is_local or one.is_local:
            make.block(tx, one, other)

    def unblock(self, tx: Tx) -> None:
        one, other = self.one(tx), self.one(tx)
        if one.is_local:
            blocks.unblock(tx, one, other.id)
        elif other.is_local:
            blocks.receive_unblock(tx, one, other)

    def mute(self, tx: Tx) -> None:
        blocks.mute(tx, self.one(tx, here=True), self.one(tx).id)

    def unmute(self, tx: Tx) -> None:
        blocks.unmute(tx, self.one(tx, here=True), self.one(tx).id)

    def prune(self, tx: Tx) -> None:
        found, _ = touch_rows.list_unreferenced(tx, tx.now + 1000, 0, 1000)
        arrivals.prune(tx, found[:3])

    def block_evil(self, tx: Tx) -> None:
        if account_rows.get(tx, self.evil.id).host_blocked:
            moderation.unblock_domain(tx, "evil.test")
        else:
            moderation.block_domain(tx, "evil.test")

    def block_domain(self, tx: Tx) -> None:
        who = self.one(tx, here=True)
        blocks.block_domain(tx, who, "a.far.test")
        blocks.unblock_domain(tx, who, "a.far.test")

    def deliver(self, tx: Tx) -> None:
        tx.execute("UPDATE deliveries SET state = 'delivered', attempts = 1 WHERE state = 'queued' AND activity_id % 2 = 0")


OFTEN = ("say", "like", "boost", "follow")
SOMETIMES = "answer_early edit remove unlike unboost keep unfollow refuse block unblock mute unmute prune deliver".split()
MOVES: dict[str, Callable[[World, Tx], None]] = {name: getattr(World, name) for name in (*OFTEN, *SOMETIMES, "block_evil", "block_domain")}
NAMES = [*OFTEN * 6, *SOMETIMES * 2, "block_evil", "block_domain"]


def faults(tx: Tx) -> dict[str, list[tuple[Any, ...]]]:
    found = {name: [tuple(row) for row in tx.query(sql)] for name, sql in RECOUNT.items()}
    return {name: rows for name, rows in found.items() if rows}


@pytest.mark.parametrize("seed", range(6))
def test_after_five_hundred_random_acts_everything_kept_is_what_a_recount_says(db: Database, seed: int) -> None:
    world = World(db, seed)
    for n in range(ACTS):
        world.act()
        if n % 100 == 99:
            assert db.read(faults) == {}
    assert len(world.done) == len(MOVES), "everything was done at least once"
    for viewer in [0, *(who.id for who in world.people)]:
        seen = db.read(timelines.list_public, viewer, Page(limit=1000))
        assert {post.id for post in seen} == set(db.read(post_rows.list_visible, viewer, [post.id for post in seen]))


@pytest.mark.parametrize("seed", range(3))
def test_when_everybody_leaves_nothing_is_left_but_their_names(db: Database, seed: int) -> None:
    world = World(db, seed)
    for _ in range(ACTS // 2):
        world.act()
    for who in world.people:
        now = db.read(make.again, who)
        db.transact(accounts.delete_local if who.is_local else accounts.delete_remote, now)
        assert db.read(faults) == {}
    kept = {
        "accounts",
        "account_keys",
        "activities",
        "deliveries",
        "inboxes",
        "tombstones",
        "users",
        "settings",
        "domain_policies",
        "audit",
        "jobs",
        "due_links",
    }
    tables = db.read(
        lambda tx: [r[0] for r in tx.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    )
    rows = {name: db.read(lambda tx, name=name: tx.one(f'SELECT count(*) FROM "{name}"')[0]) for name in tables}
    # Of the search, what is there before anything can be found: no text stands in these.
    kept |= {"search_marks", *(f"{what}_search_{part}" for what in ("post", "account") for part in ("data", "config"))}
    assert {name for name, n in rows.items() if n} <= kept | {"_migrations", "migrations", "_sqlite_migrations"}
    assert {d.type for d in db.read(make.deliveries)} <= {"Delete"}
    # Ids of accounts whose earlier posts were to be read: nothing is, once they are gone.
    assert {row[0] for row in db.read(lambda tx: tx.query("SELECT name FROM jobs"))} <= {backfill.PROFILE}
