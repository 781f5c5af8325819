"""A group with members on two instances, over sockets: what either posts, answers, edits, likes and deletes reaches the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fedi import follows, founding, hosting, interactions, posts
from fedi.errors import Invalid
from fedi.storage import accounts as account_rows
from fedi.storage import groups as group_rows
from fedi.storage.accounts import Account
from fedi.storage.timelines import Page
from tests.federation.test_scenarios_hosting import found
from tests.federation.test_two_instances import Pair, Side, side


class Shared:
    """Alice's group on her instance, as each side knows it."""

    def __init__(self, pair: Pair, here: Account, there: Account) -> None:
        self.a, self.b, self.settle = pair.a, pair.b, pair.settle
        self.here, self.there = here, there

    def shown(self, at: Side) -> list[str]:
        group = self.here if at is self.a else self.there
        return [post.uri for post in at.db.read(group_rows.list_posts, at.person.id, group.id, Page())]


@pytest.fixture
async def shared(tmp_path: Path, quick_keys: None) -> AsyncIterator[Shared]:
    """Both are members: alice where the group is, bob elsewhere."""
    async with side(tmp_path, "alice") as a, side(tmp_path, "bob") as b:
        pair = Pair(a, b)
        here = a.db.transact(found, "cats", a.person)
        a.do(follows.follow, here.id)
        there = await b.instance.remote.resolve(f"!cats@{a.instance.uris.domain}")
        assert isinstance(there, Account) and there.kind == "Group"
        b.do(follows.follow, there.id)
        await pair.settle()
        yield Shared(pair, here, there)


async def test_both_read_what_either_posts(shared: Shared) -> None:
    a, b = shared.a, shared.b
    mine = await a.say("@cats from here")
    yours = await b.say(f"!cats@{a.instance.uris.domain} from there")
    await shared.settle()

    assert set(shared.shown(a)) == set(shared.shown(b)) == {mine.uri, yours.uri}
    assert a.get(yours.uri).group_id == shared.here.id and b.get(mine.uri).group_id == shared.there.id
    assert len(a.home()) == 2 and len(b.home()) == 2, "each post once"


async def test_answers_likes_edits_and_ends_arrive(shared: Shared) -> None:
    a, b = shared.a, shared.b
    post = await b.say(f"@cats@{a.instance.uris.domain} look")
    await shared.settle()
    answer = await a.say("nice", in_reply_to_id=a.get(post.uri).id)
    a.do(interactions.favourite, a.get(post.uri).id)
    await shared.settle()
    assert b.get(answer.uri).in_reply_to_id == post.id and b.get(answer.uri).group_id == shared.there.id
    assert b.get(post.uri).favourites_count == 1 and set(shared.shown(b)) == {post.uri, answer.uri}

    a.do(posts.edit, answer.id, posts.Draft("very nice", fmt="plain"), {})
    await shared.settle()
    assert "very nice" in b.get(answer.uri).content_html
    a.do(posts.remove, answer.id)
    b.do(posts.remove, post.id)
    await shared.settle()
    assert b.find(answer.uri) is None and a.find(post.uri) is None and a.home() == []


async def test_what_the_moderator_decides_holds_on_the_other_side(shared: Shared) -> None:
    a, b = shared.a, shared.b
    post = await b.say(f"@cats@{a.instance.uris.domain} look")
    await shared.settle()
    a.db.transact(hosting.lock_post, shared.here, a.person, a.get(post.uri).id, locked=True)
    await shared.settle()
    with pytest.raises(Invalid, match="closed this thread"):
        await b.say("but", in_reply_to_id=post.id)

    a.db.transact(hosting.remove_post, shared.here, a.person, a.get(post.uri).id, "a dog")
    await shared.settle()
    assert shared.shown(a) == shared.shown(b) == [] and "moderation" in b.told() and b.find(post.uri) is not None

    bob = a.db.read(account_rows.find_by_uri, b.person.uri)
    assert bob is not None
    a.db.transact(hosting.ban, shared.here, a.person, bob, "dogs")
    await shared.settle()
    ban = b.db.read(group_rows.find_ban, shared.there.id, b.person.id)
    assert ban is not None and ban.reason == "dogs" and b.follow_state(b.person.uri, shared.there.uri) == ""
    await b.say(f"@cats@{a.instance.uris.domain} again")
    await shared.settle()
    assert shared.shown(a) == []


async def test_the_end_of_a_group_arrives(shared: Shared) -> None:
    post = await shared.a.say("@cats from here")
    await shared.settle()
    shared.a.db.transact(founding.delete, shared.here)
    await shared.settle()

    assert shared.b.db.read(account_rows.find_by_uri, shared.here.uri) is None and shared.b.home() == []
    assert shared.a.find(post.uri) is not None
