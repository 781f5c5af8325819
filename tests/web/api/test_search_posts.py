from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from fedi import blocks, ids, interactions, posts
from fedi.posts import NewPoll
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from tests import make
from tests.web.api.conftest import Api

PATH = "/api/v2/search?type=statuses"


async def found(api: Api, who: Account | None, text: str, more: str = "") -> list[str]:
    answer = await api.get(who, f"{PATH}&q={quote(text, safe='')}{more}")
    assert answer.status == 200, answer.json
    return [one["id"] for one in answer.json["statuses"]]


def indexable(api: Api, who: Account, yes: int = 1) -> None:
    api.run(lambda tx: account_rows.update(tx, who.id, indexable=yes))


async def test_one_finds_ones_own_posts_whoever_they_are_for(api: Api, alice: Account, bob: Account) -> None:
    made = [api.run(make.post, alice, f"cheese {kind}", kind) for kind in ("public", "unlisted", "followers", "direct")]

    assert await found(api, alice, "cheese") == [str(post.id) for post in reversed(made)]
    assert await found(api, bob, "cheese") == [] and await found(api, None, "cheese") == []


async def test_public_posts_of_those_who_want_to_be_found_are_found_by_everybody_signed_in_VIS_21(
    api: Api, alice: Account, bob: Account, carol: Account
) -> None:
    for who in (alice, carol):
        for kind in ("public", "unlisted", "followers", "direct"):
            api.run(make.post, who, f"cheese {kind}", kind)
    assert await found(api, bob, "cheese") == []

    indexable(api, carol)
    indexable(api, alice)

    assert len(await found(api, bob, "cheese")) == 2 and await found(api, None, "cheese") == []
    assert len(await found(api, bob, "cheese public")) == 2
    indexable(api, alice, 0)
    assert len(await found(api, bob, "cheese")) == 1


ACTS: dict[str, Callable[[Tx, Account, Post], Any]] = {
    "like": lambda tx, who, post: interactions.favourite(tx, who, post.id),
    "boost": lambda tx, who, post: interactions.boost(tx, who, post.id),
    "bookmark": lambda tx, who, post: interactions.bookmark(tx, who, post.id),
}


@pytest.mark.parametrize("act", ACTS)
async def test_one_finds_what_one_had_to_do_with(api: Api, alice: Account, bob: Account, carol: Account, act: str) -> None:
    post = api.run(make.post, carol, "cheese")
    assert await found(api, alice, "cheese") == []

    api.run(ACTS[act], alice, post)

    assert await found(api, alice, "cheese") == [str(post.id)]
    assert await found(api, alice, "cheese in:library") == [str(post.id)] and await found(api, alice, "cheese in:public") == []
    assert await found(api, bob, "cheese") == []


async def test_one_finds_posts_one_is_named_in(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    post = api.run(make.post, carol, "cheese", "direct", mentions=(alice,))

    assert await found(api, alice, "cheese") == [str(post.id)] and await found(api, bob, "cheese") == []


async def test_what_one_may_not_see_any_more_is_not_found_VIS_21(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    indexable(api, carol)
    post = api.run(make.post, carol, "cheese")
    api.run(ACTS["bookmark"], alice, post)
    assert await found(api, alice, "cheese") == [str(post.id)]

    api.run(make.block, carol, alice)
    assert await found(api, alice, "cheese") == [] and await found(api, bob, "cheese") == [str(post.id)]
    api.run(lambda tx: account_rows.update(tx, carol.id, suspended_at=1))
    assert await found(api, bob, "cheese") == []


async def test_who_is_muted_is_found_only_when_asked_for(api: Api, alice: Account, carol: Account) -> None:
    indexable(api, carol)
    post = api.run(make.post, carol, "cheese")
    api.run(blocks.mute, alice, carol.id)

    assert await found(api, alice, "cheese") == []
    assert await found(api, alice, "cheese from:carol@peer.test") == [str(post.id)]


async def test_operators_narrow_what_is_found(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    indexable(api, carol)
    poll = str(api.run(posts.publish, alice, posts.Draft("cheese", language="de", poll=NewPoll(("brie", "feta"))), {}).id)
    warned = str(api.run(posts.publish, alice, posts.Draft("cheese", language="en", warning="smell"), {}).id)
    answer = str(api.run(make.post, alice, "cheese again", reply_to=api.run(make.post, alice, "root")).id)
    there = str(api.run(make.post, carol, "cheese there").id)

    for text, expected in {
        "cheese has:poll": [poll],
        "cheese -has:poll": [there, answer, warned],
        "feta": [poll],
        "smell": [warned],
        "cheese is:sensitive": [warned],
        "cheese is:reply": [answer],
        "cheese language:de": [poll],
        "cheese from:me": [answer, warned, poll],
        "from:carol@peer.test": [there],
        "from:@carol@peer.test cheese": [there],
        "cheese -from:me": [there],
        "cheese in:public": [there],
        "cheese from:nobody@nowhere.test": [],
        '"cheese again"': [answer],
        '"again cheese"': [],
        "cheese -again -there": [warned, poll],
        "-cheese is:reply": [],
        "chee*": [there, answer, warned, poll],
        "chee": [],
        "CHEESE THERE": [there],
        "cheese before:1999-01-01": [],
        "cheese after:2000-01-01": [there, answer, warned, poll],
    }.items():
        assert sorted(await found(api, alice, text), reverse=True) == sorted(expected, reverse=True), text
    assert await found(api, alice, "cheese", f"&account_id={carol.id}") == [there]
    assert await found(api, bob, "cheese", f"&account_id={alice.id}") == []


async def test_pages_of_posts_are_read_by_offset_and_by_id(api: Api, alice: Account) -> None:
    made = [str(api.run(make.post, alice, f"cheese {number}").id) for number in range(5)][::-1]

    assert await found(api, alice, "cheese", "&limit=2") == made[:2]
    assert await found(api, alice, "cheese", "&limit=2&offset=2") == made[2:4]
    assert await found(api, alice, "cheese", f"&max_id={made[1]}") == made[2:]
    assert await found(api, alice, "cheese", f"&min_id={made[2]}") == made[:2]
    everything = (await api.get(alice, "/api/v2/search?q=cheese&offset=3")).json
    assert len(everything["statuses"]) == 5, "without a type there is no offset"


async def test_the_index_follows_edits_ends_and_what_comes_late(api: Api, alice: Account, carol: Account) -> None:
    indexable(api, carol)
    post = api.run(make.post, carol, "cheese")
    assert await found(api, alice, "cheese") == [str(post.id)]

    api.run(lambda tx: post_rows.update(tx, post.id, content_html="<p>bread</p>"))
    assert await found(api, alice, "cheese") == [] and await found(api, alice, "bread") == [str(post.id)]

    api.run(post_rows.delete, post.id)
    assert await found(api, alice, "bread") == []
    assert api.rig.instance.db.read(lambda tx: tx.one("SELECT count(*) FROM post_search")[0]) == 0

    late = api.run(make.post, carol, "cheese of old", published_at=1_600_000_000_000)
    assert ids.time_of(late.id) < ids.time_of(post.id)
    assert await found(api, alice, "cheese") == [str(late.id)]
