"""Threads that one wants to hear no more of: they are seen as before, and tell nothing."""

from fedi import interactions
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from tests import make
from tests.web.api.conftest import Api


def told(tx: Tx, who: Account) -> list[str]:
    return [row[0] for row in tx.query("SELECT kind FROM notifications WHERE account_id = ? ORDER BY id", (who.id,))]


async def test_a_muted_thread_tells_nothing_and_is_seen_as_before(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    top = api.run(make.post, alice)
    below = api.run(make.post, bob, "answer", mentions=(alice,), reply_to=top)
    api.run(lambda tx: tx.execute("DELETE FROM notifications"))

    muted = (await api.post(alice, f"/api/v1/statuses/{below.id}/mute")).json
    assert muted["muted"] is True and (await api.get(alice, f"/api/v1/statuses/{top.id}")).json["muted"] is True
    later = api.run(make.post, carol, "from there", mentions=(alice, bob), reply_to=below)
    api.run(interactions.favourite, bob, top.id)
    api.run(make.boost, bob, top)
    assert api.run(told, alice) == [], "neither answers nor likes nor boosts"
    assert (await api.get(alice, f"/api/v1/statuses/{later.id}")).json["muted"] is True
    assert (await api.get(bob, f"/api/v1/statuses/{later.id}")).json["muted"] is False, "another's thread is not muted"
    assert api.run(told, bob) == ["mention"], "who has not muted it is told"

    assert (await api.post(alice, f"/api/v1/statuses/{later.id}/unmute")).json["muted"] is False
    api.run(make.post, bob, "again", mentions=(alice,), reply_to=top)
    assert api.run(told, alice) == ["mention"]


async def test_another_thread_of_the_same_people_is_not_muted(api: Api, alice: Account, bob: Account) -> None:
    await api.post(alice, f"/api/v1/statuses/{api.run(make.post, alice).id}/mute")

    api.run(make.post, bob, "hello", mentions=(alice,), reply_to=api.run(make.post, alice))

    assert api.run(told, alice) == ["mention"]


async def test_what_is_not_to_be_seen_cannot_be_muted_VIS_21(api: Api, alice: Account, bob: Account) -> None:
    post = api.run(make.post, alice, "secret", "direct")

    assert (await api.post(bob, f"/api/v1/statuses/{post.id}/mute")).status == 404


async def test_a_boost_is_muted_as_what_it_boosts(api: Api, alice: Account, bob: Account) -> None:
    post = api.run(make.post, alice)
    boost = api.run(make.boost, bob, post)

    found = (await api.post(alice, f"/api/v1/statuses/{boost.id}/mute")).json

    assert found["reblog"]["id"] == str(post.id) and found["reblog"]["muted"] is found["muted"] is True
    assert (await api.get(alice, f"/api/v1/statuses/{post.id}")).json["muted"] is True


def thread_of(tx: Tx, post: Post) -> int:
    return make.fresh(tx, post).thread_id


async def test_what_came_before_what_it_answers_joins_its_thread_with_who_muted_it(api: Api, alice: Account, carol: Account) -> None:
    """carol's answer comes first, and alice mutes it; then come what it answers, and what that answers."""
    top_uri, middle_uri = f"{carol.uri}/posts/top", f"{carol.uri}/posts/middle"
    answer = api.run(make.post, carol, "answer", mentions=(alice,), in_reply_to=middle_uri)
    below = api.run(make.post, alice, "below", reply_to=answer)
    assert api.run(thread_of, below) == answer.id
    await api.post(alice, f"/api/v1/statuses/{below.id}/mute")

    middle = api.run(make.post, carol, "middle", id=middle_uri, in_reply_to=top_uri)
    assert {api.run(thread_of, one) for one in (answer, below)} == {middle.id}
    top = api.run(make.post, carol, "top", id=top_uri)

    assert {api.run(thread_of, one) for one in (middle, answer, below, top)} == {top.id}
    assert (await api.get(alice, f"/api/v1/statuses/{top.id}")).json["muted"] is True
