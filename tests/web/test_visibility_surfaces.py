"""Who reads what over HTTP: every kind of post, every kind of viewer, every address that shows posts, from one table. Source: VIS."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import ClientResponse

from fedi import blocks, clock, follows, interactions, logins, moderation, posts
from fedi.activitypub import signatures
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web.limits import Window
from tests.web.rig import AP, Rig, Stranger, served, settings

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
        counts = {"page": ("cookie",), "api": ("cookie", "token"), "ap": WAYS, "anybody": ()}[family]
        return self.role if self.way in counts else "nobody"


VIEWERS = [
    Viewer("nobody", ""),
    *(Viewer(role, way) for role in HERE for way in ("cookie", "token")),
    *(Viewer(role, "signature") for role in THERE),
]


class Place(NamedTuple):
    """An address that shows posts. `family` says who counts as whom there, `kinds` what stands there for who may see it."""

    name: str
    family: str
    path: str
    kinds: frozenset[str] = ALL
    roles: tuple[str, ...] = ROLES  # others are shown nothing there
    by_id: bool = True  # whether the id of a post that may not be seen must not stand there either


FEDERATED = frozenset({"public", "unlisted", "followers", "direct"})
LISTED = frozenset({"public", "local public"})
PINNED = frozenset({"public", "unlisted"})
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
        self.root = rig.post(self.alice, "rootmark")
        self.posts = {kind: self._write(kind) for kind in KINDS}
        self.answers = {kind: rig.post(self.zoe, "an answer", in_reply_to_id=post.id) for kind, post in self.posts.items()}
        self._act()
        self.cookies = {role: rig.session(account) for role, account in self.people.items()}
        self.tokens = {role: rig.token(account) for role, account in self.people.items()}

    def _write(self, kind: str) -> Post:
        visibility = kind.split()[-1] if kind != "deleted" else "public"
        text = f"{self.mark(kind)} #topic @dora @zoe @tess@peer.test"
        found = {("tess", "peer.test"): self.rig.account(self.strangers["named there"]).id}
        draft = posts.Draft(text, "plain", visibility=visibility, local_only=kind.startswith("local "), in_reply_to_id=self.root.id)
        return self.run(posts.publish, self.alice, draft, found)

    def _act(self) -> None:
        """Everybody does to the posts what they may; then some lose their rights."""
        for kind, post in self.posts.items():
            for role in ("follower", "blocked", "former follower", "blocker", "addressee"):
                if kind.removeprefix("deleted ") != "direct" or role == "addressee":
                    self.run(interactions.favourite, self.people[role], post.id)
                    self.run(interactions.bookmark, self.people[role], post.id)
        self.boosts = {kind: self.run(interactions.boost, self.zoe, self.posts[kind].id) for kind in ("public", "unlisted")}
        for kind in PINNED:
            self.run(interactions.pin, self.alice, self.posts[kind].id)
        edited = self.posts["followers"]
        draft = posts.Draft(f"{self.mark('followers')} #topic @dora @zoe @tess@peer.test again", "plain")
        self.run(posts.edit, self.alice, edited.id, draft, {("tess", "peer.test"): self.rig.account(self.strangers["named there"]).id})
        for kind in ("deleted", "deleted direct"):
            self.run(posts.remove, self.alice, self.posts[kind].id)
        self.run(blocks.block, self.alice, self.people["blocked"].id)
        self.run(blocks.block, self.alice, self.rig.account(self.strangers["blocked there"]).id)
        self.run(follows.remove_follower, self.alice, self.people["former follower"].id)
        self.run(blocks.block, self.people["blocker"], self.alice.id)

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
        yield Place("outbox of who boosted", "ap", "/users/zoe/outbox?page=true", boosts)
        yield Place("pinned", "ap", "/users/alice/collections/featured", PINNED)
        yield Place("answers", "ap", f"/users/alice/posts/{root.id}/replies", PINNED, SIGHTED)
        yield Place("page of answers", "ap", f"/users/alice/posts/{root.id}/replies?page=true", PINNED, SIGHTED)
        yield Place("first page", "page", "/", frozenset({"public"}), ("nobody",))
        yield Place("feed", "anybody", "/@alice.atom", frozenset({"public"}))
        yield Place("profile", "page", "/@alice")
        yield Place("profile with answers", "page", "/@alice/with_replies")
        yield Place("pictures", "page", "/@alice/media", frozenset())
        yield Place("profile of who boosted", "page", "/@zoe", boosts)
        yield Place("thread", "page", f"/@alice/{root.id}", ALL, SIGHTED)
        yield Place("topic", "page", "/tags/topic", LISTED)
        yield Place("public", "page", "/public", LISTED)
        yield Place("public everywhere", "page", "/public/all", LISTED, HERE)
        yield Place("home", "page", "/home", ALL, ("follower", "author"))
        yield Place("bookmarks page", "page", "/bookmarks", ALL, ("follower", "addressee", "former follower"))
        yield Place("activity", "page", "/notifications", ALL, ("addressee", "author"))
        yield Place("search", "page", "/search?q=%23topic", frozenset())
        for kind, post in self.posts.items():
            only = frozenset({kind})
            yield Place(f"above its answer, {kind}", "page", f"/@zoe/{self.answers[kind].id}", only, by_id=False)
            yield Place(f"API context of its answer, {kind}", "api", f"/api/v1/statuses/{self.answers[kind].id}/context", only, by_id=False)
            yield Place(f"API search by id, {kind}", "api", f"/api/v2/search?q={post.uri}", only)
            yield Place(f"API search by address, {kind}", "api", f"/api/v2/search?q={post.url}", only)
            yield Place(f"API search elsewhere, {kind}", "api", f"/api/v2/search?resolve=true&q={post.uri}", only, HERE)
            yield Place(f"search by id, {kind}", "page", f"/search?q={post.uri}", only, HERE, by_id=False)
            yield Place(f"answering, {kind}", "page", f"/compose?to={post.id}", only, HERE, by_id=False)
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
        yield Place("API bookmarks", "api", "/api/v1/bookmarks", ALL, ("follower", "addressee", "former follower"))
        yield Place("API notifications", "api", "/api/v1/notifications", ALL, ("addressee", "author"))
        yield Place("API search for the topic", "api", "/api/v2/search?q=%23topic", frozenset())
        yield Place("API search for a word", "api", "/api/v2/search?q=mark", frozenset())

    def own(self, post_id: int) -> Iterator[Place]:
        """The addresses of one post."""
        for part in ("", "/activity", "/replies", "/likes", "/shares"):
            yield Place(f"id{part}", "ap", f"/users/alice/posts/{post_id}{part}", FEDERATED | {"local public", "local followers"})
        yield Place("its page as ActivityPub", "ap", f"/@alice/{post_id}")
        yield Place("its page", "page", f"/@alice/{post_id}")
        for part in ("", "/context", "/history", "/favourited_by", "/reblogged_by"):
            yield Place(f"API status{part}", "api", f"/api/v1/statuses/{post_id}{part}")

    def ids(self) -> dict[str, int]:
        return {kind: post.id for kind, post in self.posts.items()}


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
    """Twice, in two orders: no copy that was kept for one is shown to another."""
    wrong = []
    for place in house.lists():
        for viewer in (*VIEWERS, *reversed(VIEWERS)):
            response = await house.get(viewer, place.path, place.family)
            text = await response.text() + response.headers.get("Link", "")
            text = re.sub('"inReplyTo":"[^"]*"', "", text)  # an answer says in public what it answers
            assert response.status < 500, (place.name, viewer, text)
            role = viewer.seen_as(place.family)
            expected = {kind for kind in place.kinds if role in place.roles and may(role, kind)}
            shown = {kind for kind in KINDS if house.mark(kind) in text}
            if place.family == "ap" and place.kinds != FEDERATED:  # names posts by their ids
                shown = {kind for kind, post_id in house.ids().items() if str(post_id) in text}
            if shown != expected:
                wrong.append(f"{place.name} by {viewer}: {response.status}: too much {shown - expected}, too little {expected - shown}")
            leaked = [kind for kind, post_id in house.ids().items() if place.by_id and str(post_id) in text and not may(role, kind)]
            if leaked:
                wrong.append(f"{place.name} by {viewer}: names the ids of {leaked}")
    assert not wrong, "\n".join(dict.fromkeys(wrong))


# -- a post --


@pytest.mark.slow
async def test_what_may_not_be_seen_answers_like_what_is_not_there_VIS_01(house: House) -> None:
    wrong = []
    nothing = house.root.id + 12345
    for kind, post_id in house.ids().items():
        for place, random in zip(house.own(post_id), house.own(nothing), strict=True):
            for viewer in VIEWERS:
                role = viewer.seen_as(place.family)
                response, other = await house.get(viewer, place.path, place.family), await house.get(viewer, random.path, place.family)
                answer = response.status, flat(await response.text(), post_id), heads(response, post_id)
                if may(role, kind):
                    if response.status != 200:
                        wrong.append(f"{place.name} of {kind} by {viewer}: {response.status}")
                elif kind == "deleted" and response.status == 410:
                    if house.mark(kind) in answer[1]:
                        wrong.append(f"{place.name} of {kind} by {viewer} still says it")
                elif answer != (404, flat(await other.text(), nothing), heads(other, nothing)):
                    wrong.append(f"{place.name} of {kind} by {viewer}: {response.status} {answer[1][:200]}")
    assert not wrong, "\n".join(wrong)


def flat(text: str, post_id: int) -> str:
    return text.replace(str(post_id), "ID")


def heads(response: ClientResponse, post_id: int) -> dict[str, str]:
    return {name: flat(value, post_id) for name, value in response.headers.items() if name not in ("Date", "Content-Length", "Set-Cookie")}


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

    assert outbox["totalItems"] == account["statuses_count"] == 3  # the root, the public one, the unlisted one
    assert replies["totalItems"] == status["replies_count"] == 2


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
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None
        and re.search(r"(statuses|posts|@\{name\})/\{id\}", route.resource.canonical)
        and route.method not in ("GET", "HEAD")
    ]
    assert len(acts) > 12
    wrong = []
    for method, pattern in acts:
        for role in HERE:
            for kind, post_id in house.ids().items():
                if may(role, kind):
                    continue
                for verb in ("like", "boost", "bookmark", "pin") if "{verb}" in pattern else ("",):
                    path = pattern.replace("{name}", "alice").replace("{id}", str(post_id)).replace("{verb}", verb)
                    before = house.rig.instance.db.read(lambda tx: tx.one("SELECT total_changes()")[0])  # type: ignore[index]
                    headers = {"Authorization": f"Bearer {house.tokens[role]}"} if "/api/" in path else cookie(house, role)
                    response = await house.rig.client.request(method, path, data=_SAID, headers=headers, allow_redirects=False)
                    if response.status != 404 or house.rig.instance.db.read(lambda tx: tx.one("SELECT total_changes()")[0]) != before:  # type: ignore[index]
                        wrong.append(f"{method} {path} ({kind}) by {role}: {response.status}")
    assert not wrong, "\n".join(wrong)


_SAID = {"status": "x", "text": "x", "quote_approval_policy": "nobody", "comment": "x", "choices[]": "0"}


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
                response = await house.rig.get(f"/api/v1/notifications/{row[0]}", Authorization=f"Bearer {token}")
                assert response.status == 404


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
