"""Two whole instances on loopback, as `fedi init` sets them up for localhost: what one does arrives at the other and takes effect."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.server import free_port
from fedi import accounts, blocks, config, follows, interactions, moderation, moves, posts, reports
from fedi.errors import Forbidden, Invalid
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as block_rows
from fedi.storage import follows as follow_rows
from fedi.storage import keys as key_rows
from fedi.storage import posts as post_rows
from fedi.storage import reports as report_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from tests import make, remote


class Side:
    """One of the two, and its one person."""

    def __init__(self, instance: Instance, person: Account) -> None:
        self.instance = instance
        self.db = instance.db
        self.person = person
        self.other: Side

    @property
    def handle(self) -> str:
        return f"@{self.person.username}@{self.instance.uris.domain}"

    def do(self, rule: Any, *args: Any, **kwargs: Any) -> Any:
        """Let the person do something."""
        return self.db.transact(rule, self.person, *args, **kwargs)

    async def meet(self) -> Account:
        """The other's person as this side knows them, found by their handle."""
        found = await self.instance.remote.resolve(self.other.handle)
        assert isinstance(found, Account)
        return found

    async def say(self, text: str, **more: Any) -> Post:
        found = await self.instance.remote.mentions(text)
        return self.do(posts.publish, posts.Draft(text, fmt="plain", **more), found)

    def find(self, uri: str) -> Post | None:
        return self.db.read(post_rows.find_by_uri, uri)

    def get(self, uri: str) -> Post:
        found = self.find(uri)
        assert found is not None
        return found

    def home(self) -> list[str]:
        sql = "SELECT p.uri FROM home h JOIN posts p ON p.id = h.post_id WHERE h.owner_id = ? ORDER BY p.id"
        return [row[0] for row in self.db.read(lambda tx: tx.query(sql, (self.person.id,)))]

    def told(self) -> list[str]:
        rows = self.db.read(lambda tx: tx.query("SELECT kind FROM notifications WHERE account_id = ? ORDER BY id", (self.person.id,)))
        return [row[0] for row in rows]

    def follow_state(self, follower: str, followed: str) -> str:
        """'' when there is none."""
        one, other = (self.db.read(account_rows.find_by_uri, uri) for uri in (follower, followed))
        made = self.db.read(follow_rows.find, one.id, other.id) if one and other else None
        return made.state if made else ""

    def now(self) -> Account:
        return self.db.read(account_rows.get, self.person.id)


class Pair:
    def __init__(self, a: Side, b: Side) -> None:
        self.a, self.b = a, b
        a.other, b.other = b, a

    async def settle(self) -> None:
        for _ in range(4):
            for side in (self.a, self.b):
                await asyncio.wait_for(side.instance.settle(), 60)

    async def befriend(self, follower: Side) -> None:
        """One follows the other."""
        other = await follower.meet()
        follower.do(follows.follow, other.id)
        await self.settle()
        assert follower.follow_state(follower.person.uri, other.uri) == "accepted"


@asynccontextmanager
async def side(folder: Path, username: str, **federation: Any) -> AsyncIterator[Side]:
    port = free_port()
    name = f"localhost:{port}"
    document = {
        "instance": {"domain": name, "base_url": f"http://{name}"},
        "server": {"port": port},
        "federation": {"allow_networks": ["127.0.0.0/8", "::1"], **federation},
        "storage": {"dir": str(folder / username)},
    }
    (folder / username).mkdir()
    async with AsyncExitStack() as stack:
        instance = await Instance.in_memory(config.parse(document, folder))
        stack.push_async_callback(instance.close)
        await stack.enter_async_context(remote.serving(instance, port))
        instance.start()
        yield Side(instance, instance.db.transact(make.account, username))


@pytest.fixture
async def pair(tmp_path: Path, quick_keys: None) -> AsyncIterator[Pair]:
    """Alice on one, bob on the other."""
    async with side(tmp_path, "alice") as a, side(tmp_path, "bob") as b:
        yield Pair(a, b)


async def test_a_follow_by_handle_is_answered_and_brings_earlier_and_later_posts(pair: Pair) -> None:
    early = await pair.b.say("before anybody followed")
    await pair.befriend(pair.a)
    late = await pair.b.say("hello #fediverse")
    await pair.settle()

    assert pair.a.follow_state(pair.a.person.uri, pair.b.person.uri) == pair.b.follow_state(pair.a.person.uri, pair.b.person.uri)
    assert pair.a.home() == [early.uri, late.uri]
    assert pair.a.get(late.uri).content_html and pair.b.told() == ["follow"]
    assert (pair.a.now().following_count, pair.b.now().followers_count) == (1, 1)


async def test_an_edit_and_an_end_arrive(pair: Pair) -> None:
    await pair.befriend(pair.a)
    post = await pair.b.say("first", warning="careful", language="de")
    await pair.settle()
    seen = pair.a.get(post.uri)
    assert (seen.warning, seen.language, seen.visibility) == ("careful", "de", "public")

    pair.b.do(posts.edit, post.id, posts.Draft("second", fmt="plain"), {})
    await pair.settle()
    assert "second" in pair.a.get(post.uri).content_html and pair.a.get(post.uri).edited_at

    pair.b.do(posts.remove, post.id)
    await pair.settle()
    assert pair.a.find(post.uri) is None and pair.a.home() == []


async def test_likes_and_boosts_and_their_undoing_arrive(pair: Pair) -> None:
    await pair.befriend(pair.a)
    await pair.befriend(pair.b)
    post = await pair.b.say("like me")
    await pair.settle()
    copy = pair.a.get(post.uri)

    pair.a.do(interactions.favourite, copy.id)
    pair.a.do(interactions.boost, copy.id)
    await pair.settle()
    assert (pair.b.get(post.uri).favourites_count, pair.b.get(post.uri).boosts_count) == (1, 1)
    assert sorted(pair.b.told()) == ["boost", "favourite", "follow"]

    pair.a.do(interactions.unfavourite, copy.id)
    pair.a.do(interactions.unboost, copy.id)
    await pair.settle()
    assert (pair.b.get(post.uri).favourites_count, pair.b.get(post.uri).boosts_count) == (0, 0)
    assert pair.b.told() == ["follow"]


async def test_an_answer_stands_in_the_thread_and_is_told_of(pair: Pair) -> None:
    await pair.befriend(pair.a)
    post = await pair.b.say("a question")
    await pair.settle()

    answer = await pair.a.say(f"{pair.b.handle} an answer", in_reply_to_id=pair.a.get(post.uri).id)
    await pair.settle()

    arrived = pair.b.get(answer.uri)
    assert arrived.in_reply_to_id == post.id and pair.b.get(post.uri).replies_count == 1
    assert "mention" in pair.b.told()
    again = await pair.b.say(f"{pair.a.handle} thanks", in_reply_to_id=arrived.id)
    await pair.settle()
    assert pair.a.get(again.uri).in_reply_to_id == answer.id and pair.a.told() == ["mention"]


async def test_an_unfollow_arrives(pair: Pair) -> None:
    await pair.befriend(pair.a)
    await pair.b.say("one")
    await pair.settle()

    pair.a.do(follows.unfollow, (await pair.a.meet()).id)
    await pair.settle()
    late = await pair.b.say("two")
    await pair.settle()

    assert pair.b.follow_state(pair.a.person.uri, pair.b.person.uri) == "" and pair.b.now().followers_count == 0
    assert pair.a.home() == [] and pair.a.find(late.uri) is None


async def test_a_block_ends_everything_between_two_people(pair: Pair) -> None:
    await pair.befriend(pair.a)
    await pair.befriend(pair.b)
    other = await pair.a.meet()
    pair.a.do(blocks.block, other.id)
    await pair.settle()

    for one in (pair.a, pair.b):
        assert one.follow_state(pair.a.person.uri, pair.b.person.uri) == one.follow_state(pair.b.person.uri, pair.a.person.uri) == ""
    alice_there = pair.b.db.read(account_rows.find_by_uri, pair.a.person.uri)
    assert alice_there is not None and pair.b.db.read(block_rows.stands_between, pair.b.person.id, alice_there.id)
    with pytest.raises(Forbidden):
        pair.b.do(follows.follow, alice_there.id)
    await pair.b.say(f"{pair.a.handle} are you there?")
    await pair.settle()
    assert "mention" not in pair.a.told()

    pair.a.do(blocks.unblock, other.id)
    await pair.settle()
    await pair.befriend(pair.b)


async def test_a_locked_account_is_asked_first(pair: Pair) -> None:
    pair.b.db.transact(account_rows.update, pair.b.person.id, locked=1)
    pair.b.person = pair.b.now()
    secret = await pair.b.say("for followers", visibility="followers")
    other = await pair.a.meet()
    pair.a.do(follows.follow, other.id)
    await pair.settle()
    assert pair.a.follow_state(pair.a.person.uri, other.uri) == "pending" and pair.b.told() == ["follow_request"]
    assert pair.a.find(secret.uri) is None

    follower = pair.b.db.read(account_rows.find_by_uri, pair.a.person.uri)
    assert follower is not None
    pair.b.do(follows.accept, follower.id)
    await pair.settle()
    second = await pair.b.say("for followers now", visibility="followers")
    await pair.settle()
    assert pair.a.home() == [second.uri]

    pair.b.do(follows.remove_follower, follower.id)
    await pair.settle()
    third = await pair.b.say("for others", visibility="followers")
    await pair.settle()
    assert pair.a.follow_state(pair.a.person.uri, other.uri) == "" and pair.a.find(third.uri) is None


async def test_a_refused_request_is_over(pair: Pair) -> None:
    pair.b.db.transact(account_rows.update, pair.b.person.id, locked=1)
    other = await pair.a.meet()
    pair.a.do(follows.follow, other.id)
    await pair.settle()
    follower = pair.b.db.read(account_rows.find_by_uri, pair.a.person.uri)
    assert follower is not None
    pair.b.do(follows.reject, follower.id)
    await pair.settle()

    assert pair.a.follow_state(pair.a.person.uri, other.uri) == ""


async def test_a_direct_message_reaches_the_named_only(pair: Pair) -> None:
    eve = pair.b.db.transact(make.account, "mallory")
    await pair.befriend(pair.b)
    post = await pair.a.say(f"{pair.b.handle} a secret", visibility="direct")
    await pair.settle()

    arrived = pair.b.get(post.uri)
    assert arrived.visibility == "direct" and pair.b.told() == ["mention"]
    assert pair.b.db.read(post_rows.find_visible, eve.id, arrived.id) is None
    assert pair.b.db.read(post_rows.find_visible, 0, arrived.id) is None


async def test_a_local_only_post_does_not_leave(pair: Pair) -> None:
    await pair.befriend(pair.a)
    post = await pair.b.say("just us", local_only=True)
    await pair.settle()

    assert pair.a.find(post.uri) is None


async def test_a_blocked_domain_is_heard_no_more(pair: Pair) -> None:
    await pair.befriend(pair.a)
    await pair.befriend(pair.b)
    post = await pair.b.say("before")
    await pair.settle()
    pair.a.db.transact(moderation.block_domain, pair.b.instance.uris.domain)
    await pair.settle()
    late = await pair.b.say(f"{pair.a.handle} after")
    await pair.settle()

    assert pair.a.home() == [] and pair.a.find(late.uri) is None and "mention" not in pair.a.told()
    assert pair.a.db.read(post_rows.find_visible, pair.a.person.id, pair.a.get(post.uri).id) is None
    mine = await pair.a.say("does not leave for there")
    await pair.settle()
    assert pair.b.find(mine.uri) is None


async def test_a_changed_profile_arrives(pair: Pair) -> None:
    await pair.befriend(pair.a)
    pair.b.do(accounts.update_profile, accounts.Profile(display_name="Bob the Second", bio_source="Hello", fields=(("site", "x"),)))
    await pair.settle()

    known = pair.a.db.read(account_rows.find_by_uri, pair.b.person.uri)
    assert known is not None and known.display_name == "Bob the Second" and "Hello" in known.bio_html


async def test_a_deleted_account_is_gone_on_the_other_side(pair: Pair) -> None:
    await pair.befriend(pair.a)
    post = await pair.b.say("farewell")
    await pair.settle()
    pair.b.do(accounts.delete_local)
    await pair.settle()

    assert pair.a.db.read(account_rows.find_by_uri, pair.b.person.uri) is None
    assert pair.a.find(post.uri) is None and pair.a.home() == [] and pair.a.now().following_count == 0


async def test_a_post_is_found_by_its_address_and_can_be_answered(pair: Pair) -> None:
    """Given nobody following anybody."""
    post = await pair.b.say("find me")
    for address in (post.uri, post.url):
        found = await pair.a.instance.remote.resolve(address)
        assert isinstance(found, Post) and found.uri == post.uri
    pair.a.do(interactions.favourite, pair.a.get(post.uri).id)
    await pair.settle()

    assert pair.b.told() == ["favourite"] and pair.a.home() == []


async def test_followers_only_posts_are_read_by_followers_only(pair: Pair) -> None:
    secret = await pair.b.say("for followers", visibility="followers")
    with pytest.raises(Exception, match=r"404|There is no"):
        await pair.a.instance.remote.post(secret.uri)
    assert pair.a.find(secret.uri) is None


async def test_a_post_is_soon_home_by_itself(pair: Pair) -> None:
    """The workers are told of it: to look from time to time would take them half a minute."""
    await pair.befriend(pair.a)
    post = await pair.b.say("now")

    await remote.until(lambda: pair.a.home() == [post.uri], 20)


# -- moving, reporting, ending --


async def test_s11_followers_go_along_when_somebody_moves_to_the_other_server(pair: Pair) -> None:
    """bob moves from his server to a new account on alice's; alice and somebody on his own server follow him."""
    eve = pair.b.db.transact(make.account, "mallory")
    await pair.befriend(pair.a)
    pair.b.db.transact(follows.follow, eve, pair.b.person.id)
    new = pair.a.db.transact(make.account, "dan")
    pair.a.db.transact(moves.add_alias, new, await pair.a.meet())
    there = await pair.b.instance.remote.resolve(f"@dan@{pair.a.instance.uris.domain}")
    assert isinstance(there, Account)
    pair.b.do(moves.move, there)
    await pair.settle()

    assert pair.a.follow_state(pair.a.person.uri, new.uri) == "accepted" and pair.a.follow_state(pair.a.person.uri, pair.b.person.uri) == ""
    assert pair.b.follow_state(eve.uri, new.uri) == pair.a.follow_state(eve.uri, new.uri) == "accepted"
    assert "move" in pair.a.told() and pair.a.db.read(account_rows.get, new.id).followers_count == 2
    old = pair.a.db.read(account_rows.find_by_uri, pair.b.person.uri)
    assert old is not None and old.moved_to_uri == new.uri and pair.b.now().followers_count == 0


async def test_s11_nobody_moves_to_an_account_that_does_not_name_them(pair: Pair) -> None:
    await pair.befriend(pair.a)
    pair.a.db.transact(make.account, "dan")
    there = await pair.b.instance.remote.resolve(f"@dan@{pair.a.instance.uris.domain}")
    assert isinstance(there, Account)
    with pytest.raises(Invalid):
        pair.b.do(moves.move, there)
    await pair.settle()

    assert pair.a.follow_state(pair.a.person.uri, pair.b.person.uri) == "accepted"


async def test_s12_a_report_reaches_the_staff_of_the_other_server_without_a_name(pair: Pair) -> None:
    captain = pair.b.db.transact(make.account, "captain", "owner")
    await pair.befriend(pair.a)
    post = await pair.b.say("rude")
    await pair.settle()
    other = await pair.a.meet()
    pair.a.do(reports.make, reports.Complaint(other.id, "too rude", "spam", (pair.a.get(post.uri).id,), forward=True))
    await pair.settle()

    [report] = pair.b.db.read(report_rows.list_open)
    assert (report.target_id, report.comment, report.post_uris) == (pair.b.person.id, "too rude", f'["{post.uri}"]')
    reporter = pair.b.db.read(account_rows.get, report.reporter_id or 0)
    assert reporter.uri == pair.a.instance.actor.uri and reporter.kind == "Application"
    kinds = pair.b.db.read(lambda tx: tx.query("SELECT kind FROM notifications WHERE account_id = ?", (captain.id,)))
    assert [row[0] for row in kinds] == ["report"]


async def test_s18_who_ends_is_gone_for_those_too_who_only_once_got_something(pair: Pair) -> None:
    """alice follows nobody; she was written to once."""
    letter = await pair.b.say(f"{pair.a.handle} just once", visibility="direct")
    await pair.settle()
    assert pair.a.find(letter.uri) is not None
    pair.b.do(accounts.delete_local)
    await pair.settle()

    assert pair.a.find(letter.uri) is None and pair.a.db.read(account_rows.find_by_uri, pair.b.person.uri) is None
    assert pair.b.db.read(key_rows.list_of_deleted) == [pair.b.person.id]
    await pair.b.instance.jobs.run_chore("forget-keys")
    assert pair.b.db.read(key_rows.list_of, pair.b.person.id) == []
