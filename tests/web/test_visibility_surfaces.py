"""Who reads what over HTTP: every kind of post, every kind of viewer, every address that shows posts, from one table. Source: VIS."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import make_mocked_request

from fedi import approvals, blocks, clock, featured, follows, founding, interactions, lists, logins, moderation, policies, posts
from fedi.activitypub import signatures
from fedi.polls import NewPoll
from fedi.storage import approvals as approval_rows
from fedi.storage import cards as card_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web.limits import Window
from tests import make
from tests.web.rig import AP, Rig, Stranger, ed25519, rsa, served, settings

KINDS = ("public", "unlisted", "followers", "direct", "local public", "local followers", "deleted", "deleted direct")
HERE = ("stranger", "asker", "follower", "addressee", "blocked", "former follower", "blocker", "author")
THERE = ("there", "asks there", "follows there", "named there", "blocked there")  # people of another server, who sign
ROLES = ("nobody", *HERE, *THERE)
# Rows are KINDS, columns are ROLES.
MAY = {
    "public":          "yyyyynynyyyyyn",
    "unlisted":        "yyyyynynyyyyyn",
    "followers":       "nnnyynnnynnyyn",
    "direct":          "nnnnynnnynnnyn",
    "local public":    "nyyyynynynnnnn",
    "local followers": "nnnyynnnynnnnn",
    "deleted":         "nnnnnnnnnnnnnn",
    "deleted direct":  "nnnnnnnnnnnnnn",
}  # fmt: skip
ALL = frozenset(KINDS)
LIVE = tuple(kind for kind in KINDS if not kind.startswith("deleted"))
PAGE = "https://x.test/page"
WAYS = ("cookie", "token", "signature")


def may(role: str, kind: str) -> bool:
    return MAY[kind][ROLES.index(role)] == "y"


class Viewer(NamedTuple):
    role: str
    way: str

    def __str__(self) -> str:
        return f"{self.role} by {self.way}" if self.way else self.role

    def seen_as(self, family: str) -> str:
        """A signature counts where ActivityPub is, a token not on pages."""
        return self.role if self.way in COUNTS[family] else "nobody"


VIEWERS = [
    Viewer("nobody", ""),
    *(Viewer(role, way) for role in HERE for way in ("cookie", "token")),
    *(Viewer(role, "signature") for role in THERE),
]


COUNTS = {"page": ("", "cookie"), "api": ("", "cookie", "token"), "ap": ("", *WAYS), "anybody": ("",)}
MOST = {("author", "cookie"), ("author", "token"), ("named there", "signature")}  # who would be shown most by a way that does not count
# Who is tried at each kind of address: everybody in the ways that count there, and one in each that does not.
READERS = {family: [who for who in VIEWERS if who.way in ways or (who.role, who.way) in MOST] for family, ways in COUNTS.items()}
FEW = ("author", "follower", "follows there", "stranger", "nobody")
AGAIN = {family: [viewer for viewer in reversed(readers) if viewer.role in FEW] for family, readers in READERS.items()}


class Place(NamedTuple):
    """An address that shows posts. `family` says who counts as whom there, `kinds` what stands there for who may see it."""

    name: str
    family: str
    path: str
    kinds: frozenset[str] = ALL
    roles: tuple[str, ...] = ROLES  # others are shown nothing there
    by_id: bool = True  # whether the id of a post that may not be seen must not stand there either
    says_ids: bool = False  # whether posts are named there by nothing but their ids
    refuses: bool = False  # whether `roles` are all who may ask, so that others are told that and nothing else


FEDERATED = frozenset({"public", "unlisted", "followers", "direct"})
LISTED = frozenset({"public", "local public"})
PINNED = frozenset({"public", "unlisted"})
PINNED_IN_GROUP = frozenset({"public", "followers", "direct"})
BOOKMARKERS = ("follower", "addressee", "former follower")
REPORTERS = ("stranger", "asker", "follower", "addressee", "blocked", "former follower", "blocker", "author")
SEARCHERS = (*BOOKMARKERS, "author")  # who had to do with the posts: alice has not said that everybody may find them
SIGHTED = tuple(role for role in ROLES if may(role, "public"))  # who sees the post that all others answer


class House:
    """alice has written one post of each kind, all answers to a public one of hers; zoe has answered each in public, and boosted some."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.run = rig.instance.db.transact
        self.alice, self.zoe = rig.person("alice"), rig.person("zoe")
        names = {
            "stranger": "bob",
            "asker": "hugo",
            "follower": "carol",
            "addressee": "dora",
            "blocked": "eve",
            "former follower": "fred",
            "blocker": "gina",
        }
        self.people: dict[str, Account] = {role: rig.person(name) for role, name in names.items()} | {"author": self.alice}
        self.strangers: dict[str, Stranger] = {
            "there": rig.stranger("theo"), "asks there": rig.stranger("toni"), "follows there": rig.stranger("tara"),
            "named there": rig.stranger("tess"),
            "blocked there": rig.stranger("troy"),
        }  # fmt: skip
        for role in ("follower", "blocked", "former follower", "blocker"):
            rig.befriend(self.people[role], self.alice)
        for role in ("follows there", "blocked there"):
            rig.befriend(rig.account(self.strangers[role]), self.alice)
        for asker in (self.people["asker"], rig.account(self.strangers["asks there"])):
            rig.befriend(asker, self.alice)
            self.run(_unanswered, asker.id)
        rig.befriend(self.zoe, self.alice)
        self.list = self.run(lists.create, self.people["follower"], "mine")
        self.run(lists.add_members, self.people["follower"], self.list.id, [self.alice.id])
        self.group = self.run(founding.create, "club", founding.About("Club"), founding.Keys(rsa("club"), ed25519("club")), self.zoe)
        self.root = rig.post(self.alice, "rootmark")
        self.posts = {kind: self._write(kind) for kind in KINDS}
        self.asked = {kind: self.run(_asked, post, self.zoe) for kind, post in self.posts.items()}
        self.stamps = {kind: self.run(_stamped, post, self.zoe) for kind, post in self.posts.items()}
        self.answers = {kind: rig.post(self.zoe, "an answer", in_reply_to_id=post.id) for kind, post in self.posts.items()}
        self._act()
        self.cookies = {role: rig.session(account) for role, account in self.people.items()}
        self.tokens = {role: rig.token(account) for role, account in self.people.items()}

    def _write(self, kind: str) -> Post:
        visibility = kind.split()[-1] if kind != "deleted" else "public"
        text = f"{self.mark(kind)} #topic @dora @zoe @tess@peer.test"
        found = {("tess", "peer.test"): self.rig.account(self.strangers["named there"]).id}
        poll = NewPoll(("one", f"two, {self.mark(kind)}"))
        is_local = kind.startswith("local ")
        draft = posts.Draft(text, "plain", visibility=visibility, local_only=is_local, in_reply_to_id=self.root.id, poll=poll)
        return self.run(posts.publish, self.alice, draft, found)

    def _act(self) -> None:
        """Everybody does to the posts what they may; then some lose their rights."""
        for kind, post in self.posts.items():
            for role in ("follower", "blocked", "former follower", "blocker", "addressee"):
                if kind.removeprefix("deleted ") != "direct" or role == "addressee":
                    self.run(interactions.favourite, self.people[role], post.id)
                    self.run(interactions.bookmark, self.people[role], post.id)
        self.boosts = {kind: self.run(interactions.boost, self.zoe, self.posts[kind].id) for kind in ("public", "unlisted")}
        self.run(self._act_elsewhere, self.rig.account(self.strangers["there"]))
        for kind in PINNED:
            self.run(interactions.pin, self.alice, self.posts[kind].id)
        self.run(featured.add_tag, self.alice, "topic")
        edited = self.posts["followers"]
        draft = posts.Draft(f"{self.mark('followers')} #topic @dora @zoe @tess@peer.test again", "plain")
        self.run(posts.edit, self.alice, edited.id, draft, {("tess", "peer.test"): self.rig.account(self.strangers["named there"]).id})
        for kind in ("deleted", "deleted direct"):
            self.run(posts.remove, self.alice, self.posts[kind].id)
        self.run(blocks.block, self.alice, self.people["blocked"].id)
        self.run(blocks.block, self.alice, self.rig.account(self.strangers["blocked there"]).id)
        self.run(follows.remove_follower, self.alice, self.people["former follower"].id)
        self.run(blocks.block, self.people["blocker"], self.alice.id)

    def _act_elsewhere(self, tx: Tx, theo: Account) -> None:
        """Somebody of another server boosts and answers, and a group of this one has everything: none of that shows it to more people."""
        for kind in self.boosts:
            interactions.receive_boost(tx, theo, self.posts[kind], f"{theo.uri}/boosts/{kind}", tx.now, "public")
            interactions.boost(tx, self.group, self.posts[kind].id)
        answer = make.arrive(tx, make.note(theo, "an answer from there", in_reply_to=self.posts["public"].uri))
        assert answer is not None
        self.answer_there = answer
        for kind, post in self.posts.items():
            tx.execute("UPDATE posts SET group_id = ? WHERE id = ?", (self.group.id, post.id))
            if kind in PINNED_IN_GROUP:
                interaction_rows.put_pin(tx, self.group.id, post.id)
        _about(tx, self.posts)
        tx.execute("UPDATE accounts SET filled_at = ?", (tx.now,))  # nothing is to be read there afterwards

    @staticmethod
    def mark(kind: str) -> str:
        """A word that stands in no other post."""
        return f"mark{KINDS.index(kind)}mark"

    async def get(self, viewer: Viewer, path: str, family: str, **more: str) -> ClientResponse:
        accept = {"page": "text/html", "api": "application/json", "ap": AP, "anybody": "*/*"}[family]
        if viewer.way == "signature":
            outgoing = signatures.Outgoing("GET", f"{self.rig.base}{path}")
            more |= signatures.sign(outgoing, self.strangers[viewer.role].key, clock.now())
        headers = {
            "cookie": {"Cookie": f"__Host-fedi={self.cookies.get(viewer.role)}"},
            "token": {"Authorization": f"Bearer {self.tokens.get(viewer.role)}"},
        }
        return await self.rig.get(path, accept, **headers.get(viewer.way, {}), **more)

    # -- where --

    def lists(self) -> Iterator[Place]:
        root, alice, zoe = self.root, self.alice, self.zoe
        boosts = frozenset(self.boosts)
        yield Place("outbox", "ap", "/users/alice/outbox?page=true", FEDERATED)
        yield Place("outbox, its second page", "ap", f"/users/alice/outbox?page=true&max_id={self.posts['deleted'].id + 1}", FEDERATED)
        yield Place("outbox of who boosted", "ap", "/users/zoe/outbox?page=true", boosts, says_ids=True)
        yield Place("outbox of a group", "ap", "/users/club/outbox?page=true", boosts, says_ids=True)
        yield Place("pinned", "ap", "/users/alice/collections/featured", PINNED, says_ids=True)
        yield Place("pinned in a group", "ap", "/users/club/collections/featured", PINNED_IN_GROUP, says_ids=True)
        yield Place("topics", "ap", "/users/alice/collections/tags", frozenset(), says_ids=True)
        for name, path in (("answers", f"/users/alice/posts/{root.id}/replies"), ("conversation", f"/contexts/{root.id}")):
            yield Place(name, "ap", path, PINNED, SIGHTED, says_ids=True)
            yield Place(f"page of {name}", "ap", f"{path}?page=true", PINNED, SIGHTED, says_ids=True)
        yield Place("first page", "page", "/", frozenset({"public"}), ("nobody",))
        yield Place("feed", "anybody", "/@alice.atom", frozenset({"public"}))
        yield Place("profile", "page", "/@alice")
        yield Place("profile with answers", "page", "/@alice/with_replies")
        yield Place("pictures", "page", "/@alice/media", frozenset())
        yield Place("profile with a topic", "page", "/@alice/tagged/topic")
        yield Place("profile of who boosted", "page", "/@zoe", boosts)
        yield Place("profile of who boosted there", "page", "/@theo@peer.test", boosts, HERE)
        yield Place("profile with answers of who boosted there", "page", "/@theo@peer.test/with_replies", boosts, HERE)
        yield Place("pictures there", "page", "/@theo@peer.test/media", frozenset(), HERE)
        yield Place("profile with a topic there", "page", "/@theo@peer.test/tagged/topic", frozenset(), HERE)
        yield Place("above an answer from there", "page", f"/@theo@peer.test/{self.answer_there.id}", frozenset({"public"}), HERE)
        yield Place("group", "page", "/@club", boosts | PINNED_IN_GROUP)
        yield Place("group with answers", "page", "/@club/with_replies", ALL)
        yield Place("thread", "page", f"/@alice/{root.id}", ALL, SIGHTED)
        yield Place("topic", "page", "/tags/topic", LISTED)
        yield Place("public", "page", "/public", LISTED)
        yield Place("public everywhere", "page", "/public/all", LISTED, HERE)
        yield Place("home", "page", "/home", ALL, ("follower", "author"))
        yield Place("bookmarks page", "page", "/bookmarks", ALL, BOOKMARKERS)
        yield Place("bookmarks taken along", "page", "/settings/data/bookmarks.csv", ALL, BOOKMARKERS, says_ids=True)
        yield Place("what waits for a yes", "page", "/approvals", ALL, ("author",))
        yield Place("what has a yes", "page", "/approvals/given", ALL, ("author",))
        yield Place("activity", "page", "/notifications", ALL, ("addressee", "author"))
        yield Place("search", "page", "/search?q=%23topic", ALL, SEARCHERS)
        yield Place("search for posts", "page", "/search?kind=posts&q=topic", ALL, SEARCHERS)
        yield Place("popular posts", "page", "/explore", frozenset())  # all are answers
        for kind, post in self.posts.items():
            only = frozenset({kind})
            yield Place(f"above its answer, {kind}", "page", f"/@zoe/{self.answers[kind].id}", only, by_id=False)
            yield Place(f"API context of its answer, {kind}", "api", f"/api/v1/statuses/{self.answers[kind].id}/context", only, by_id=False)
            yield Place(f"API search by id, {kind}", "api", f"/api/v2/search?q={post.uri}", only)
            yield Place(f"API search by address, {kind}", "api", f"/api/v2/search?q={post.url}", only)
            yield Place(f"API search elsewhere, {kind}", "api", f"/api/v2/search?resolve=true&q={post.uri}", only, HERE)
            yield Place(f"search by id, {kind}", "page", f"/search?q={post.uri}", only, HERE, by_id=False)
            yield Place(f"answering, {kind}", "page", f"/compose?to={post.id}", only, HERE, by_id=False)
            yield Place(f"reporting, {kind}", "page", f"/accounts/{alice.id}/report?post={post.id}", only, REPORTERS, by_id=False)
            yield Place(f"stamp, {kind}", "ap", f"/users/alice/authorizations/{self.stamps[kind]}", only, says_ids=True)
            yield Place(f"API request, {kind}", "api", f"/api/v1/interaction_requests/{self.asked[kind]}", only, ("author",))
        yield Place("API context", "api", f"/api/v1/statuses/{root.id}/context", ALL, SIGHTED, by_id=False)
        for query, kinds in (("", ALL), ("?exclude_reblogs=true&exclude_replies=true", ALL), ("?pinned=true", PINNED),
                             ("?tagged=topic", ALL),
                             ("?only_media=true", frozenset()), ("?since_id=1", ALL), ("?min_id=1", ALL)):  # fmt: skip
            yield Place(f"API posts {query}", "api", f"/api/v1/accounts/{alice.id}/statuses{query}", kinds)
        yield Place("API posts of who boosted", "api", f"/api/v1/accounts/{zoe.id}/statuses", boosts, by_id=False)
        for query in ("", "?local=true", "?min_id=1"):
            yield Place(f"API public {query}", "api", f"/api/v1/timelines/public{query}", LISTED)
        yield Place("API topic", "api", "/api/v1/timelines/tag/topic", LISTED)
        yield Place("API home", "api", "/api/v1/timelines/home", ALL, ("follower", "author"))
        yield Place("list", "page", f"/lists/{self.list.id}", ALL, ("follower",))
        yield Place("API list", "api", f"/api/v1/timelines/list/{self.list.id}", ALL, ("follower",))
        yield Place("API bookmarks", "api", "/api/v1/bookmarks", ALL, BOOKMARKERS)
        yield Place("API posts about a page", "api", f"/api/v1/timelines/link?url={PAGE}", LISTED)
        yield Place("API likes", "api", "/api/v1/favourites", ALL, BOOKMARKERS)
        yield Place("API direct", "api", "/api/v1/timelines/direct", frozenset({"direct"}), ("addressee", "author"))
        wanted = "&".join(f"id[]={post.id}" for post in self.posts.values())
        yield Place("API posts by id", "api", f"/api/v1/statuses?{wanted}")
        yield Place("API requests", "api", "/api/v1/interaction_requests", ALL, ("author",))
        yield Place("API topics of a profile", "api", f"/api/v1/accounts/{alice.id}/featured_tags", frozenset())
        yield Place("API notifications", "api", "/api/v1/notifications", ALL, ("addressee", "author"))
        yield Place("API groups of notifications", "api", "/api/v2/notifications", ALL, ("addressee", "author"))
        yield Place("API notifications kept apart", "api", "/api/v1/notifications/requests", frozenset())
        yield Place("API conversations", "api", "/api/v1/conversations", frozenset({"direct"}), ("addressee", "author"))
        yield Place("API search for the topic", "api", "/api/v2/search?q=%23topic", ALL, SEARCHERS)
        yield Place("API search for the beginning of a word", "api", "/api/v2/search?q=mark", frozenset())
        yield Place("API search for a word", "api", "/api/v2/search?q=topic", ALL, SEARCHERS)
        yield Place("API search for posts of somebody", "api", "/api/v2/search?q=from:alice", ALL, SEARCHERS, by_id=False)
        yield Place("API search of the first version", "api", "/api/v1/search?q=topic", ALL, SEARCHERS)
        yield Place("API popular posts", "api", "/api/v1/trends/statuses", frozenset())  # all are answers
        for name in ("tags", "links", ""):
            yield Place(f"API popular {name}", "api", f"/api/v1/trends/{name}".rstrip("/"), frozenset())
        yield Place("API search for people", "api", "/api/v1/accounts/search?q=alice", frozenset())

    def own(self, post_id: int) -> Iterator[Place]:
        """The addresses of one post."""
        for part in ("", "/activity", "/replies", "/likes", "/shares"):
            yield Place(f"id{part}", "ap", f"/users/alice/posts/{post_id}{part}", FEDERATED | {"local public", "local followers"})
        yield Place("its page as ActivityPub", "ap", f"/@alice/{post_id}")
        yield Place("its page", "page", f"/@alice/{post_id}")
        yield Place("taking it out of a quote", "page", f"/posts/{post_id}/unquote", roles=HERE, refuses=True)
        for part in ("", "/context", "/history", "/card", "/favourited_by", "/reblogged_by"):
            yield Place(f"API status{part}", "api", f"/api/v1/statuses/{post_id}{part}")
        yield Place("API status/quotes", "api", f"/api/v1/statuses/{post_id}/quotes", roles=HERE, refuses=True)
        yield Place("API poll", "api", f"/api/v1/polls/{post_id}")
        for part in ("", "/%F0%9F%8E%89"):
            yield Place(f"API reactions{part}", "api", f"/api/v1/pleroma/statuses/{post_id}/reactions{part}")

    def ids(self) -> dict[str, int]:
        return {kind: post.id for kind, post in self.posts.items()}


def _about(tx: Tx, shown: dict[str, Post]) -> None:
    """All of them show the same page."""
    made = card_rows.insert(tx, PAGE)
    card_rows.put(tx, made._replace(state="ready", title="A page", page_url=PAGE, fetched_at=tx.now))
    for post in shown.values():
        card_rows.attach(tx, post.id, card_rows.get(tx, made.id))


def _asked(tx: Tx, post: Post, who: Account) -> int:
    """The id of a request that waits."""
    made = approval_rows.new(tx, policies.ANNOUNCE, post.id, who.id, f"https://x.test/asked/{post.id % 997}")
    approval_rows.put(tx, made)
    return made.id


def _stamped(tx: Tx, post: Post, who: Account) -> int:
    """The id of one that was agreed to."""
    made = approval_rows.new(tx, policies.QUOTE, post.id, who.id, f"https://x.test/stamped/{post.id % 997}")
    approval_rows.put(tx, approvals.stamped(tx, made))
    return made.id


def _unanswered(tx: Tx, follower_id: int) -> None:
    tx.execute("UPDATE follows SET state = 'pending' WHERE follower_id = ?", (follower_id,))


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    for name in ("check", "spend"):
        monkeypatch.setattr(Window, name, lambda window, key: None)
    async with served(settings(tmp_path)) as rig:
        yield House(rig)


# -- lists --


@pytest.mark.slow
async def test_every_list_shows_what_its_reader_may_see_and_nothing_else_VIS_02_04_05_06(house: House) -> None:
    """And again, who sees most first: no copy that was kept for one is shown to another."""
    wrong = []
    for place in house.lists():
        for viewer in (*READERS[place.family], *AGAIN[place.family]):
            response = await house.get(viewer, place.path, place.family)
            text = await response.text() + response.headers.get("Link", "")
            text = re.sub('"inReplyTo":"[^"]*"', "", text)  # an answer says in public what it answers
            assert response.status < 500, (place.name, viewer, text)
            role = viewer.seen_as(place.family)
            expected = {kind for kind in place.kinds if role in place.roles and may(role, kind)}
            shown = {kind for kind in KINDS if house.mark(kind) in text}
            if place.says_ids:
                shown = {kind for kind, post_id in house.ids().items() if str(post_id) in text}
            if shown != expected:
                wrong.append(f"{place.name} by {viewer}: {response.status}: too much {shown - expected}, too little {expected - shown}")
            leaked = [kind for kind, post_id in house.ids().items() if place.by_id and str(post_id) in text and not may(role, kind)]
            if leaked:
                wrong.append(f"{place.name} by {viewer}: names the ids of {leaked}")
    assert not wrong, "\n".join(dict.fromkeys(wrong))


# Addresses that show no post of others, by why. A new one is tried in `House.lists` or `House.own`, or is named here.
OF_NO_POST = {
    "about the server": """
        /api/openapi.json /.well-known/host-meta /.well-known/host-meta.json /.well-known/nodeinfo /.well-known/oauth-authorization-server
        /.well-known/change-password /.well-known/security.txt /.well-known/webfinger /about /api/v1/instance /api/v1/instance/activity
        /api/v1/instance/domain_blocks /api/v1/instance/extended_description /api/v1/instance/languages /api/v1/instance/peers
        /api/v1/instance/privacy_policy /api/v1/instance/rules /api/v1/instance/terms_of_service
        /api/v1/instance/terms_of_service/{date} /api/v1/instance/translation_languages /api/v1/peers/search /api/v2/instance
        /authorize_interaction /health /healthz /login /moderation /moderation/{id}/suspend /nodeinfo/{version} /privacy-policy /robots.txt
        /terms-of-service /terms-of-service/{date}""",
    "people, no posts": """
        /@{name}/collections/{id} /@{name}/collections/{id}/delete
        /@{name}/followers /@{name}/following /api/v1/accounts /api/v1/accounts/familiar_followers
        /api/v1/accounts/lookup /api/v1/accounts/{id} /api/v1/accounts/{id}/collections /api/v1/accounts/{id}/endorsements
        /api/v1/accounts/{id}/followers /api/v1/accounts/{id}/following /api/v1/accounts/{id}/in_collections
        /api/v1/collections/{id} /api/v1/directory /api/v1/endorsements /api/v1/suggestions /api/v2/suggestions /explore/people
        /users/{name} /users/{name}/collections/moderators /users/{name}/collections/{id} /users/{name}/followers
        /users/{name}/followers_synchronization /users/{name}/following""",
    "numbers; of posts only those everybody sees: api/test_annual_reports.py": """
        /@{name}/year/{year}/{key} /api/v1/annual_reports /api/v1/annual_reports/{year} /api/v1/annual_reports/{year}/state /year
        /year/{year}""",
    "the author alone: test_nobody_changes_what_is_not_theirs_VIS_21": """
        /@{name}/{id}/delete /@{name}/{id}/edit""",
    "public posts alone: api/test_oembed.py": """
        /@{name}/{id}/embed /api/oembed""",
    "people and what stands between them and who asks": """
        /accounts/{id}/block /accounts/{id}/lists /api/v1/accounts/relationships /api/v1/accounts/verify_credentials
        /api/v1/accounts/{id}/identity_proofs /api/v1/accounts/{id}/lists /api/v1/blocks /api/v1/domain_blocks
        /api/v1/follow_requests /api/v1/lists /api/v1/lists/{id} /api/v1/lists/{id}/accounts /api/v1/mutes /api/v1/preferences
        /api/v1/profile /blocks /lists /lists/{id}/delete /lists/{id}/edit /mutes /requests""",
    "programs, and who they are let in by": """
        /api/v1/apps/verify_credentials /api/v1/push/subscription /oauth/authorize /oauth/authorize/native /oauth/token/info
        /oauth/userinfo /oauth/authorized_applications""",
    "who reads whom by letter, for who has the link: pages/test_newsletters.py": """
        /newsletter/confirm /newsletter/unsubscribe""",
    "signing up": """
        /api/v1/emails/check_confirmation /confirm /moderation/sign-ups /moderation/sign-ups/{id}/reject /sign-up""",
    "tried by a boost: test_a_boost_is_seen_by_who_sees_what_it_boosts_VIS_11": """
        /activities/{id}""",
    "the server itself, who writes nothing": """
        /actor /actor/{rest}""",
    "names public posts alone: api/test_announcements.py": """
        /api/v1/announcements""",
    "files, by names that cannot be guessed or are for all": """
        /api/v1/custom_emojis /emojis/{id} /media/{key} /media/{key}/preview /static/{name}""",
    "hashtags": """
        /api/v1/featured_tags /api/v1/featured_tags/suggestions /api/v1/followed_tags /api/v1/tags/{name} /explore/topics
        /settings/tags""",
    "what who asks does not want to read: api/test_ownership.py": """
        /api/v1/filters /api/v1/filters/{id} /api/v2/filters /api/v2/filters/keywords/{id} /api/v2/filters/statuses/{id}
        /api/v2/filters/{id} /api/v2/filters/{id}/keywords /api/v2/filters/{id}/statuses /settings/filters /settings/filters/{id}
        /settings/filters/{id}/delete""",
    "numbers and choices of who asks": """
        /api/v1/markers /api/v1/notifications/policy /api/v1/notifications/requests/merged /api/v1/notifications/unread_count
        /api/v2/notifications/policy /api/v2/notifications/unread_count""",
    "a file of who asks: api/test_ownership.py": """
        /api/v1/media/{id}""",
    "the owner alone: api/test_ownership.py": """
        /api/v1/notifications/requests/{id} /api/v1/notifications/{id} /api/v2/notifications/{group_key}
        /api/v2/notifications/{group_key}/accounts""",
    "what who asks has written for later: api/test_ownership.py": """
        /api/v1/scheduled_statuses /api/v1/scheduled_statuses/{id} /scheduled /scheduled/{id}/delete""",
    "the author alone: test_the_source_of_a_post_is_its_authors_alone": """
        /api/v1/statuses/{id}/source""",
    "whom streams tell of what: api/test_streaming.py": """
        /api/v1/streaming /api/v1/streaming/direct /api/v1/streaming/hashtag /api/v1/streaming/hashtag/local
        /api/v1/streaming/health /api/v1/streaming/list /api/v1/streaming/public /api/v1/streaming/public/local
        /api/v1/streaming/public/remote /api/v1/streaming/user /api/v1/streaming/user/notification""",
    "a number, for who sees the post: api/test_refreshes.py": """
        /api/v1_alpha/async_refreshes/{id}""",
    "pages of others that are popular": """
        /explore/links""",
    "a group, its people and choices": """
        /groups /groups/new /groups/{name}/bans /groups/{name}/members /groups/{name}/moderators /groups/{name}/settings""",
    "a group, its people and choices; what waits in it is for its moderators: pages/test_groups.py": """
        /groups/{name}/requests""",
    "people, and how much of theirs is kept apart": """
        /notifications/requests""",
    "what who asks has chosen": """
        /settings /settings/consent /settings/data /settings/domains /settings/featured /settings/moving
        /settings/newsletter /settings/newsletter/forget /settings/notifications /settings/profile /settings/security /settings/email
        /settings/writing""",
}  # fmt: skip


async def test_every_address_that_can_be_read_is_tried_or_shows_no_post(house: House) -> None:
    app: web.Application = house.rig.client.server.app  # type: ignore[attr-defined]
    tried = set()
    for place in (*house.lists(), *house.own(house.root.id)):
        found = await app.router.resolve(make_mocked_request("GET", place.path))
        assert found.route.resource is not None, place.path
        tried.add(found.route.resource.canonical)
    there = {route.resource.canonical for route in app.router.routes() if route.resource is not None and route.method == "GET"}
    there = {path.rstrip("/") or path for path in there}
    named = [path for paths in OF_NO_POST.values() for path in paths.split()]
    assert there - tried - set(named) == set(), "add them to `House.lists` or `House.own`, or say why they show no post"
    assert set(named) - there == set() and len(named) == len(set(named)), "these are gone"
    assert set(named) & tried == set(), "these are tried"


# -- a post --


@pytest.mark.slow
async def test_what_may_not_be_seen_answers_like_what_is_not_there_VIS_01(house: House) -> None:
    wrong = []
    nothing = house.root.id + 12345
    nowhere = await answers_of(house, nothing)
    for kind, post_id in house.ids().items():
        for place in house.own(post_id):
            for viewer in READERS[place.family]:
                role = viewer.seen_as(place.family)
                response = await house.get(viewer, place.path, place.family)
                answer = response.status, flat(await response.text(), post_id), heads(response, post_id)
                if may(role, kind) and (role in place.roles or not place.refuses):
                    if response.status != 200:
                        wrong.append(f"{place.name} of {kind} by {viewer}: {response.status}")
                elif kind == "deleted" and response.status == 410:
                    if house.mark(kind) in answer[1]:
                        wrong.append(f"{place.name} of {kind} by {viewer} still says it")
                elif answer != nowhere[place.name, viewer]:
                    wrong.append(f"{place.name} of {kind} by {viewer}: {response.status} {answer[1][:200]}")
    assert not wrong, "\n".join(wrong)


Answer = tuple[int, str, dict[str, str]]


async def answers_of(house: House, nothing: int) -> dict[tuple[str, Viewer], Answer]:
    """What each viewer is told at the addresses of a post that is not there."""
    found: dict[tuple[str, Viewer], Answer] = {}
    for place in house.own(nothing):
        for viewer in READERS[place.family]:
            response = await house.get(viewer, place.path, place.family)
            found[place.name, viewer] = response.status, flat(await response.text(), nothing), heads(response, nothing)
            is_refused = place.refuses and viewer.seen_as(place.family) not in place.roles
            assert response.status in ((302, 303, 401) if is_refused else (404,)), (place.name, viewer, response.status)
    return found


def flat(text: str, post_id: int) -> str:
    return text.replace(str(post_id), "ID")


_OF_NOW = ("Date", "Content-Length", "Set-Cookie", "X-RateLimit-")  # what is different with every answer


def heads(response: ClientResponse, post_id: int) -> dict[str, str]:
    return {name: flat(value, post_id) for name, value in response.headers.items() if not name.startswith(_OF_NOW)}


async def test_a_deleted_post_is_gone_where_it_was_public_and_unknown_where_it_was_not_VIS_20(house: House) -> None:
    deleted, direct = house.posts["deleted"], house.posts["deleted direct"]
    for path, family in ((f"/users/alice/posts/{deleted.id}", "ap"), (f"/@alice/{deleted.id}", "page")):
        assert (await house.get(Viewer("nobody", ""), path, family)).status == 410
        assert (await house.get(Viewer("addressee", "cookie"), path.replace(str(deleted.id), str(direct.id)), family)).status == 404


async def test_the_source_of_a_post_is_its_authors_alone(house: House) -> None:
    for kind, post_id in house.ids().items():
        for viewer in VIEWERS:
            response = await house.get(viewer, f"/api/v1/statuses/{post_id}/source", "api")
            is_mine = viewer.role == "author" and not kind.startswith("deleted")
            assert (response.status == 200) == is_mine, (kind, viewer)
            assert is_mine or house.mark(kind) not in await response.text()


async def test_a_boost_is_seen_by_who_sees_what_it_boosts_VIS_11(house: House) -> None:
    for kind, boost in house.boosts.items():
        for viewer in VIEWERS:
            for family, path in (("ap", f"/activities/{boost.id}"), ("api", f"/api/v1/statuses/{boost.id}")):
                response = await house.get(viewer, path, family)
                assert (response.status == 200) == may(viewer.seen_as(family), kind), (path, viewer, response.status)


@pytest.mark.slow
async def test_what_is_quoted_is_seen_by_who_may_see_it_wherever_the_quote_stands_VIS_01_ORG_22(house: House) -> None:
    """Its author quotes every kind in public: the quote is for everybody whom they have not blocked, what it shows is not."""
    quotes = {
        kind: house.rig.post(house.alice, "look at this", quote_of_id=post.id)
        for kind, post in house.posts.items()
        if kind in LIVE and kind != "direct"
    }
    for kind, quote in quotes.items():
        places = [
            *(("api", f"/api/v1/statuses/{quote.id}{part}") for part in ("", "/context", "/history")),
            ("page", f"/@alice/{quote.id}"),
            ("page", f"/compose?to={quote.id}"),
            ("ap", f"/users/alice/posts/{quote.id}"),
        ]
        for family, path in places:
            for viewer in READERS[family]:
                text = await (await house.get(viewer, path, family)).text()
                shown = {one for one in KINDS if house.mark(one) in text}
                assert shown <= ({kind} if may(viewer.seen_as(family), kind) else set()), (path, viewer)
        for viewer in (Viewer("author", "token"), Viewer("follower", "token")):
            text = await (await house.get(viewer, f"/api/v1/statuses/{quote.id}", "api")).text()
            assert (house.mark(kind) in text) == may(viewer.role, kind), (kind, viewer)


async def test_a_conversation_is_there_for_who_sees_what_began_it_VIS_01(house: House) -> None:
    nothing = house.root.id + 12345
    for kind in LIVE:
        visibility, is_local = kind.split()[-1], kind.startswith("local ")
        top = house.rig.post(house.alice, "top @dora", visibility=visibility, local_only=is_local)
        house.rig.post(house.alice, "below", visibility=visibility, local_only=is_local, in_reply_to_id=top.id)
        for viewer in VIEWERS:
            for query in ("", "?page=true"):
                response = await house.get(viewer, f"/contexts/{top.id}{query}", "ap")
                other = await house.get(viewer, f"/contexts/{nothing}{query}", "ap")
                if kind in PINNED and may(viewer.role, kind):
                    assert response.status == 200, (kind, viewer)
                else:
                    assert response.status == other.status == 404, (kind, viewer)
                    if not may(viewer.role, kind):
                        assert flat(await response.text(), top.id) == flat(await other.text(), nothing), (kind, viewer)


async def test_the_head_of_a_page_tells_machines_of_public_posts_only_VIS_04(house: House) -> None:
    for kind, post_id in house.ids().items():
        for viewer in (Viewer("author", "cookie"), Viewer("addressee", "cookie")):
            text = await (await house.get(viewer, f"/@alice/{post_id}", "page")).text()
            head = text[: text.index("</head>")]
            assert ("og:description" in head) == (kind in ("public", "unlisted")), kind
            if kind not in ("public", "unlisted"):
                assert house.mark(kind) not in re.sub(r"<title>.*?</title>", "", head, flags=re.DOTALL)


async def test_counts_leave_out_what_their_reader_cannot_see_VIS_23(house: House) -> None:
    """Counts are the same for everybody: of what is for everybody."""
    outbox = await (await house.get(Viewer("nobody", ""), "/users/alice/outbox", "ap")).json()
    replies = await (await house.get(Viewer("nobody", ""), f"/users/alice/posts/{house.root.id}/replies", "ap")).json()
    account = await (await house.get(Viewer("nobody", ""), f"/api/v1/accounts/{house.alice.id}", "api")).json()
    status = await (await house.get(Viewer("nobody", ""), f"/api/v1/statuses/{house.root.id}", "api")).json()
    context = await (await house.get(Viewer("nobody", ""), f"/contexts/{house.root.id}", "ap")).json()
    topics = await (await house.get(Viewer("nobody", ""), f"/api/v1/accounts/{house.alice.id}/featured_tags", "api")).json()

    assert outbox["totalItems"] == account["statuses_count"] == 3  # the root, the public one, the unlisted one
    assert replies["totalItems"] == status["replies_count"] == 2
    assert [topic["statuses_count"] for topic in topics] == ["2"]
    # The root, the two that answer it, zoe's answers to all that are there, and one from another server.
    assert context["totalItems"] == 1 + 2 + len(LIVE) + 1


async def test_every_page_of_an_outbox_is_for_its_reader_VIS_02(house: House) -> None:
    for number in range(45):
        house.rig.post(house.alice, f"filler {number}", visibility="followers" if number % 2 else "public")
    for viewer in VIEWERS:
        path, seen = "/users/alice/outbox?page=true", ""
        while path:
            answer = await (await house.get(viewer, path, "ap")).json()
            seen += str(answer["orderedItems"])
            path = answer.get("next", "").removeprefix("https://fedi.test")
        expected = {kind for kind in FEDERATED if may(viewer.role, kind)}
        assert {kind for kind in KINDS if house.mark(kind) in seen} == expected, viewer
        assert ("filler 1'" in seen or "filler 1<" in seen) == (viewer.role in ("follower", "author", "follows there")), viewer


# -- acting --


async def test_nobody_acts_on_what_they_cannot_see_VIS_09_VIS_21(house: House) -> None:
    """Every address of the application that changes something of a post, with every post that is not for the one who asks."""
    app = house.rig.client.server.app  # type: ignore[attr-defined]
    acts = [
        (route.method, route.resource.canonical, verbs(route.resource))
        for route in app.router.routes()
        if route.resource is not None
        and not route.resource.canonical.startswith("/groups/")  # where only moderators get as far as the post
        and re.search(r"(statuses|posts|polls|@\{name\})/\{id\}", route.resource.canonical)
        and route.method not in ("GET", "HEAD")
    ]
    assert len(acts) > 25 and any(len(named) > 1 for _, _, named in acts)
    wrong = []
    for method, pattern, named in acts:
        for role in HERE:
            for kind, post_id in house.ids().items():
                if may(role, kind):
                    continue
                for verb in named:
                    answer_id = str(house.answers[kind].id)
                    given = {"name": "alice", "id": str(post_id), "verb": verb, "emoji": "%F0%9F%8E%89", "quoting": answer_id}
                    path = re.sub(r"\{([a-z_]+)\}", lambda part, given=given: given[part[1]], pattern)
                    before = house.rig.instance.db.read(lambda tx: tx.one("SELECT total_changes()")[0])  # type: ignore[index]
                    headers = {"Authorization": f"Bearer {house.tokens[role]}"} if "/api/" in path else cookie(house, role)
                    said = _SAID | {f"poll{post_id}": "0"}
                    response = await house.rig.client.request(method, path, data=said, headers=headers, allow_redirects=False)
                    if response.status != 404 or house.rig.instance.db.read(lambda tx: tx.one("SELECT total_changes()")[0]) != before:  # type: ignore[index]
                        wrong.append(f"{method} {path} ({kind}) by {role}: {response.status}")
    assert not wrong, "\n".join(wrong)


def verbs(resource: web.AbstractResource) -> list[str]:
    """What may stand for `{verb}` in an address; one empty word where nothing does."""
    pattern = resource.get_info().get("pattern")
    found = re.search(r"\(\?P<verb>([^)]+)\)", pattern.pattern) if pattern is not None else None
    return found[1].split("|") if found else [""]


_SAID = {"status": "x", "text": "x", "quote_approval_policy": "nobody", "comment": "x", "choices[]": "0", "emoji": "🎉"}


def cookie(house: House, role: str) -> dict[str, str]:
    secret = house.cookies[role]
    return {"Cookie": f"__Host-fedi={secret}", "X-CSRF-Token": logins.csrf_token(secret)}


async def test_nobody_changes_what_is_not_theirs_VIS_21(house: House) -> None:
    mine = house.posts["public"]
    before = house.rig.instance.db.read(lambda tx: [tuple(row) for row in tx.query("SELECT * FROM posts")])
    for role in ("stranger", "asker", "follower", "addressee"):
        token, browser = {"Authorization": f"Bearer {house.tokens[role]}"}, cookie(house, role)
        for method, path, headers in (
            ("PUT", f"/api/v1/statuses/{mine.id}", token), ("PATCH", f"/api/v1/statuses/{mine.id}", token), ("DELETE",
            f"/api/v1/statuses/{mine.id}", token),
            ("POST", f"/api/v1/statuses/{mine.id}/pin", token),
            ("GET", f"/api/v1/statuses/{mine.id}/source", token), ("GET", f"/@alice/{mine.id}/edit", browser), ("GET",
            f"/@alice/{mine.id}/delete", browser),
            ("POST", f"/@alice/{mine.id}/edit", browser), ("POST", f"/@alice/{mine.id}/delete", browser), ("POST", f"/posts/{mine.id}/pin",
            browser),
        ):  # fmt: skip
            response = await house.rig.client.request(
                method, path, data={"status": "x", "text": "x"} if method != "GET" else None, headers=headers
            )
            assert response.status in (403, 404, 422), (method, path, role)
    assert house.rig.instance.db.read(lambda tx: [tuple(row) for row in tx.query("SELECT * FROM posts")]) == before


async def test_notifications_are_their_owners_VIS_21(house: House) -> None:
    rows = house.rig.instance.db.read(lambda tx: tx.query("SELECT id, account_id FROM notifications"))
    assert rows
    for row in rows:
        for role, token in house.tokens.items():
            if house.people[role].id != row[1]:
                for path in (
                    f"v1/notifications/{row[0]}",
                    f"v2/notifications/ungrouped-{row[0]}",
                    f"v2/notifications/ungrouped-{row[0]}/accounts",
                ):
                    response = await house.rig.get(f"/api/{path}", Authorization=f"Bearer {token}")
                    assert response.status == 404


# -- what is shown to nobody any more, or not yet --


def _suspend(tx: Tx, house: House) -> None:
    moderation.suspend(tx, house.alice)


def _hold(tx: Tx, house: House) -> None:
    """As what waits for a yes; what was copied to lists before stays there."""
    tx.execute("UPDATE posts SET held = 1, version = version + 1 WHERE account_id = ?", (house.alice.id,))


@pytest.mark.parametrize("hide", [_suspend, _hold])
async def test_posts_of_who_is_suspended_and_posts_that_are_held_stand_nowhere_VIS_01(house: House, hide: Callable[..., None]) -> None:
    """Also where they stood a moment ago."""
    places = [*house.lists(), *(place for kind in LIVE for place in house.own(house.posts[kind].id))]
    few = ("nobody", "stranger", "follower", "addressee", "follows there", "named there")
    wrong, shown = [], 0
    for turn in ("before", "after"):
        for place in places:
            for viewer in READERS[place.family]:
                if viewer.role in few and viewer.seen_as(place.family) == viewer.role:
                    text = await (await house.get(viewer, place.path, place.family)).text()
                    found = {kind for kind in KINDS if house.mark(kind) in text}
                    shown += bool(found) and turn == "before"
                    if found and turn == "after":
                        wrong.append(f"{place.name} by {viewer}: {found}")
        if turn == "before":
            house.run(hide, house)
    assert shown > 100 and not wrong, "\n".join(wrong)


# -- caches --


async def test_nothing_that_is_for_somebody_is_kept_by_a_cache_VIS_14_VIS_15(house: House) -> None:
    places = [*house.lists(), *(place for post_id in house.ids().values() for place in house.own(post_id))]
    for place in places:
        for viewer in (
            Viewer("nobody", ""),
            Viewer("follower", "cookie"),
            Viewer("follower", "token"),
            Viewer("follows there", "signature"),
        ):
            response = await house.get(viewer, place.path, place.family)
            cached = response.headers["Cache-Control"]
            if viewer.way and place.name != "feed":
                assert cached == "private, no-store", (place.name, viewer)
            if "public" in cached and place.name != "feed":
                assert {name.strip() for name in response.headers["Vary"].split(",")} >= {
                    "Accept",
                    "Authorization",
                    "Cookie",
                    "Signature",
                }, place.name
            assert "ETag" not in response.headers and "Last-Modified" not in response.headers, place.name


async def test_no_answer_is_only_not_modified_VIS_15(house: House) -> None:
    for viewer in (Viewer("nobody", ""), Viewer("follower", "cookie")):
        for post_id in house.ids().values():
            for place in house.own(post_id):
                response = await house.get(
                    viewer, place.path, place.family, **{"If-None-Match": "*", "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
                )
                assert response.status != 304


# -- blocked servers --


async def test_a_blocked_server_reads_nothing_with_its_name_SIG_23(house: House) -> None:
    house.run(moderation.block_domain, "peer.test")
    for place in house.lists():
        if place.family == "ap":
            response = await house.get(Viewer("follows there", "signature"), place.path, "ap")
            assert response.status == 403 and "mark" not in await response.text(), place.name
