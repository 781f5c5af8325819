"""Lists of posts: what is in them, for whom, and how they are paged."""

from collections.abc import Callable
from typing import Any

import pytest

from fedi import blocks, interactions
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.web.api.conftest import Api

HOME = "/api/v1/timelines/home"
PUBLIC = "/api/v1/timelines/public"


def ids(answer: Any) -> list[str]:
    return [one["id"] for one in answer.json]


async def test_home_has_what_one_follows_says_and_boosts(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    api.run(make.follow, alice, bob)
    theirs = api.run(make.post, carol)
    said = api.run(make.post, bob)
    boost = api.run(make.boost, bob, theirs)

    found = await api.get(alice, HOME)

    assert ids(found) == [str(boost.id), str(said.id)]
    assert found.json[0]["reblog"]["id"] == str(theirs.id) and found.json[0]["account"]["acct"] == "bob"
    assert ids(await api.get(bob, HOME)) == [str(boost.id), str(said.id)], "one's own"
    assert ids(await api.get(api.run(make.account), HOME)) == []


async def test_flags_are_of_who_asks(api: Api, alice: Account, bob: Account) -> None:
    """What is kept for one viewer is not shown to another."""
    post = api.run(make.post, alice)
    api.run(interactions.favourite, bob, post.id)

    for _ in range(3):
        assert (await api.get(bob, PUBLIC)).json[0]["favourited"] is True
        assert (await api.get(alice, PUBLIC)).json[0]["favourited"] is False
        assert "favourited" not in (await api.get(None, PUBLIC)).json[0]
        assert "pinned" in (await api.get(alice, PUBLIC)).json[0] and "pinned" not in (await api.get(bob, PUBLIC)).json[0]


async def test_public_lists_leave_out_what_is_not_for_everybody_VIS_06(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    seen = api.run(make.post, alice, "#topic")
    away = api.run(make.post, carol, "#topic", tags=("topic",))
    for visibility in ("unlisted", "followers", "direct"):
        api.run(make.post, alice, "hidden #topic", visibility)
    here = api.run(make.post, alice, "here #topic", local_only=True)
    api.run(make.boost, bob, seen)

    assert ids(await api.get(None, PUBLIC)) == [str(away.id), str(seen.id)]
    assert ids(await api.get(bob, PUBLIC)) == [str(here.id), str(away.id), str(seen.id)]
    assert ids(await api.get(None, f"{PUBLIC}?local=true")) == [str(seen.id)]
    assert ids(await api.get(None, f"{PUBLIC}?remote=true")) == [str(away.id)]
    assert ids(await api.get(None, "/api/v1/timelines/tag/%23Topic")) == [str(away.id), str(seen.id)]
    assert (await api.get(None, "/api/v1/timelines/tag/%20")).status == 404


@pytest.mark.parametrize("visibility", ["followers", "direct"])
async def test_a_stranger_finds_a_private_post_nowhere_VIS_01(api: Api, alice: Account, bob: Account, visibility: str) -> None:
    root = api.run(make.post, alice)
    post = api.run(make.post, alice, "secret #topic", visibility, reply_to=root)
    unknown = await api.get(bob, "/api/v1/statuses/12345")

    for who in (bob, None):
        for rest in ("", "/context", "/history", "/favourited_by", "/reblogged_by"):
            answer = await api.get(who, f"/api/v1/statuses/{post.id}{rest}")
            assert (answer.status, answer.json) == (unknown.status, unknown.json)
        for path in (PUBLIC, "/api/v1/timelines/tag/topic", f"/api/v1/accounts/{alice.id}/statuses", f"/api/v1/statuses/{root.id}/context"):
            for query in ("", "?max_id=9223372036854775807", "?since_id=1", "?min_id=1", "?only_media=false&tagged=topic"):
                assert "secret" not in str((await api.get(who, path + query)).json)
        assert (await api.get(who, f"/api/v2/search?q={post.url}")).json["statuses"] == []
    for act in ("favourite", "reblog", "bookmark", "pin"):
        assert (await api.post(bob, f"/api/v1/statuses/{post.id}/{act}")).status == 404, "VIS-09"
    assert (await api.post(bob, "/api/v1/statuses", json={"status": "a", "in_reply_to_id": str(post.id)})).status == 404


async def test_a_block_and_a_mute_take_effect_at_once(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    for other in (bob, carol):
        api.run(make.follow, alice, other)
    shown = api.run(make.post, carol)
    theirs = api.run(make.post, bob)
    assert ids(await api.get(alice, HOME)) == [str(theirs.id), str(shown.id)]

    api.run(blocks.mute, alice, bob.id)
    assert ids(await api.get(alice, HOME)) == [str(shown.id)]
    api.run(blocks.unmute, alice, bob.id)
    api.run(make.block, bob, alice)
    assert ids(await api.get(alice, HOME)) == [str(shown.id)]
    assert (await api.get(alice, f"/api/v1/statuses/{theirs.id}")).status == 404


# -- paging --


def _home(tx: Tx, alice: Account, bob: Account) -> str:
    make.follow(tx, alice, bob)
    for number in range(7):
        make.post(tx, bob, f"post {number} #topic")
    return HOME


def _public(tx: Tx, alice: Account, bob: Account) -> str:
    _home(tx, alice, bob)
    return PUBLIC


def _tag(tx: Tx, alice: Account, bob: Account) -> str:
    _home(tx, alice, bob)
    return "/api/v1/timelines/tag/topic"


def _profile(tx: Tx, alice: Account, bob: Account) -> str:
    _home(tx, alice, bob)
    return f"/api/v1/accounts/{bob.id}/statuses"


def _bookmarks(tx: Tx, alice: Account, bob: Account) -> str:
    for number in range(7):
        interactions.bookmark(tx, alice, make.post(tx, bob, f"post {number}").id)
    return "/api/v1/bookmarks"


def _notifications(tx: Tx, alice: Account, bob: Account) -> str:
    for number in range(7):
        make.post(tx, bob, f"post {number}", mentions=(alice,))
    return "/api/v1/notifications"


@pytest.mark.parametrize(
    "query", ["limit=3", "limit=3&types%5B%5D=mention&x=%C3%A4", "limit=3&local=true&exclude_replies=1&types[]=mention"]
)
@pytest.mark.parametrize("fill", [_home, _public, _tag, _profile, _bookmarks, _notifications])
async def test_a_list_is_paged_forwards_and_backwards(
    api: Api, alice: Account, bob: Account, fill: Callable[[Tx, Account, Account], str], query: str
) -> None:
    path = f"{api.run(fill, alice, bob)}?{query}"
    everything = ids(await api.get(alice, path.replace("limit=3", "limit=40")))
    assert len(everything) == 7 and everything == sorted(everything, key=int, reverse=True)

    pages = [await api.get(alice, path)]
    while following := pages[-1].link("next"):
        pages.append(await api.get(alice, following))
    assert [ids(page) for page in pages] == [everything[0:3], everything[3:6], everything[6:7]]

    back = await api.get(alice, pages[2].link("prev"))
    assert ids(back) == everything[3:6], "the next newer ones, not the newest"
    back = await api.get(alice, back.link("prev"))
    assert ids(back) == everything[0:3]
    empty = await api.get(alice, back.link("prev"))
    assert (ids(empty), empty.link("next"), empty.link("prev")) == ([], "", "")

    newest = await api.get(alice, f"{path}&since_id={everything[5]}")
    assert ids(newest) == everything[0:3], "since_id takes the newest"
    between = await api.get(alice, f"{path}&max_id={everything[1]}&min_id={everything[6]}")
    assert ids(between) == everything[3:6]


async def test_a_link_keeps_the_other_parameters_and_no_secret(api: Api, alice: Account, bob: Account) -> None:
    api.run(_home, alice, bob)

    for query in ("local=true&limit=2&max_id=9223372036854775807&access_token=secret", "local=true&limit=2&x=%22%3E%0A&min_id=1"):
        link = (await api.get(alice, f"{PUBLIC}?{query}")).headers["Link"]
        assert "local=true" in link and "limit=2" in link and "secret" not in link and '">' not in link.replace('rel="', "")
        assert link.count("max_id=") == link.count("min_id=") == 1


@pytest.mark.parametrize("limit", ["0", "-5", "41", "1000000000", "9223372036854775807"])
async def test_a_limit_out_of_range_counts_as_the_nearest_in_it_DOS_16(api: Api, alice: Account, limit: str) -> None:
    api.run(lambda tx: [make.post(tx, alice, f"{number}") for number in range(42)])

    found = ids(await api.get(alice, f"{HOME}?limit={limit}"))

    assert len(found) == (1 if int(limit) < 1 else 40)
    assert len(ids(await api.get(alice, HOME))) == 20


async def test_an_answer_for_somebody_is_kept_by_no_cache_VIS_14(api: Api, alice: Account) -> None:
    for who in (alice, None):
        headers = (await api.get(who, PUBLIC)).headers
        assert "no-store" in headers["Cache-Control"]
        assert {"Authorization", "Cookie"} <= set(headers["Vary"].split(", "))


async def test_what_one_likes_is_listed_as_far_as_one_may_still_see_it(api: Api, alice: Account, bob: Account) -> None:
    posts = [api.run(make.post, alice) for _ in range(3)]
    for post in posts:
        api.run(interactions.favourite, bob, post.id)

    found = await api.get(bob, "/api/v1/favourites?limit=2")
    assert ids(found) == [str(posts[2].id), str(posts[1].id)] and found.json[0]["favourited"] is True
    assert ids(await api.get(bob, found.link("next"))) == [str(posts[0].id)]
    assert ids(await api.get(alice, "/api/v1/favourites")) == []
    api.run(blocks.block, alice, bob.id)
    assert ids(await api.get(bob, "/api/v1/favourites")) == []


async def test_messages_are_listed_for_who_wrote_them_and_for_whom_they_are_VIS_05(api: Api, alice: Account, bob: Account) -> None:
    to_bob = api.run(make.post, alice, "psst", "direct", mentions=(bob,))
    api.run(make.post, alice, "hello", mentions=(bob,))
    back = api.run(make.post, bob, "psst", "direct", mentions=(alice,))

    for who in (alice, bob):
        found = await api.get(who, "/api/v1/timelines/direct?limit=1")
        assert ids(found) == [str(back.id)] and ids(await api.get(who, found.link("next"))) == [str(to_bob.id)]
        assert ids(await api.get(who, f"/api/v1/timelines/direct?min_id={to_bob.id}")) == [str(back.id)]
    assert ids(await api.get(api.run(make.account), "/api/v1/timelines/direct")) == []


async def test_public_lists_show_only_what_has_files_where_that_is_asked(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.post, alice, "words")
    seen = api.run(make.post, alice, "a picture", media_ids=(api.run(make.picture, alice).id,))
    api.run(make.post, alice, "a hidden picture", "followers", media_ids=(api.run(make.picture, alice).id,))

    assert [post["id"] for post in (await api.get(bob, "/api/v1/timelines/public?only_media=true")).json] == [str(seen.id)]
    assert len((await api.get(bob, "/api/v1/timelines/public")).json) == 2
