"""What looking through a program sets going: the rest of a thread, and how that goes; earlier posts of an account."""

from fedi import backfill, clock
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.web.api.conftest import Api

HEADER = "Mastodon-Async-Refresh"


def old(api: Api, by: Account) -> int:
    """A post of elsewhere, an hour old."""
    made = api.run(make.post, by, published_at=clock.now() - clock.HOUR)
    return int(made.id)


async def test_a_thread_of_elsewhere_is_asked_for_and_a_program_can_see_how_it_goes(api: Api, alice: Account, carol: Account) -> None:
    post_id = old(api, carol)

    found = await api.get(alice, f"/api/v1/statuses/{post_id}/context")
    assert found.headers[HEADER] == f'id="context-{post_id}", retry=5, result_count=0'
    refresh = await api.get(alice, f"/api/v1_alpha/async_refreshes/context-{post_id}")
    assert refresh.json == {"async_refresh": {"id": f"context-{post_id}", "status": "running", "result_count": 0}}

    answer = api.run(make.arrive, make.note(carol, in_reply_to=api.run(uri, post_id)), quiet=True)
    api.run(lambda tx: tx.execute("DELETE FROM jobs"))
    refresh = await api.get(alice, f"/api/v1_alpha/async_refreshes/context-{post_id}")
    assert refresh.json["async_refresh"] | {"id": ""} == {"id": "", "status": "finished", "result_count": 1}
    again = await api.get(alice, f"/api/v1/statuses/{post_id}/context")
    assert HEADER not in again.headers and again.json["descendants"][0]["id"] == str(answer.id)


def uri(tx: Tx, post_id: int) -> str:
    row = tx.one("SELECT uri FROM posts WHERE id = ?", (post_id,))
    assert row is not None
    return str(row[0])


async def test_strangers_set_nothing_going(api: Api, carol: Account) -> None:
    post_id = old(api, carol)
    assert HEADER not in (await api.get(None, f"/api/v1/statuses/{post_id}/context")).headers
    await api.get(None, f"/api/v1/accounts/{carol.id}")
    await api.get(None, f"/api/v1/accounts/{carol.id}/statuses")
    assert (await api.get(None, f"/api/v1_alpha/async_refreshes/context-{post_id}")).status == 401
    assert api.run(lambda tx: tx.one("SELECT count(*) FROM jobs")[0]) == 0


async def test_refreshes_of_what_one_may_not_see_or_nobody_asked_for_are_not_found(
    api: Api, alice: Account, bob: Account, carol: Account
) -> None:
    private = api.run(make.post, bob, "x", "direct")
    for name in (f"context-{private.id}", f"context-{old(api, carol)}", "context-", "context-x", "other", "1"):
        assert (await api.get(alice, f"/api/v1_alpha/async_refreshes/{name}")).status == 404


async def test_looking_at_somebody_elsewhere_asks_for_what_they_posted_before(api: Api, alice: Account, carol: Account) -> None:
    await api.get(alice, f"/api/v1/accounts/{carol.id}/statuses?limit=1")
    await api.get(alice, f"/api/v1/accounts/{carol.id}")
    assert api.run(lambda tx: tx.one("SELECT count(*) FROM jobs WHERE name = ?", (backfill.PROFILE,))[0]) == 1


async def test_counts_are_those_of_the_origin_where_it_knows_more(api: Api, alice: Account, carol: Account) -> None:
    post_id = old(api, carol)
    await api.post(alice, f"/api/v1/statuses/{post_id}/favourite")
    api.run(post_rows.set_origin_counts, post_id, replies=15, boosts=3, favourites=0)
    api.run(lambda tx: tx.execute("UPDATE accounts SET origin_followers = 99, origin_posts = 0 WHERE id = ?", (carol.id,)))

    shown = (await api.get(alice, f"/api/v1/statuses/{post_id}")).json
    assert (shown["replies_count"], shown["reblogs_count"], shown["favourites_count"]) == (15, 3, 1)
    account = (await api.get(alice, f"/api/v1/accounts/{carol.id}")).json
    assert (account["followers_count"], account["statuses_count"]) == (99, 1)
