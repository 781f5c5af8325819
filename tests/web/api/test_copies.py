"""What is asked for again: given as it was while nothing is written, to the same kind of reader only."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from freezegun.api import FrozenDateTimeFactory

from fedi import interactions, logins, moderation
from fedi.storage.accounts import Account
from fedi.web import copies
from fedi.web.copies import COPIES
from tests import make
from tests.web.api.conftest import Api
from tests.web.api.costs import counting

HOME = "/api/v1/timelines/home"
PUBLIC = "/api/v1/timelines/public"
KEPT = (HOME, PUBLIC, "/api/v1/timelines/tag/topic", "/api/v1/notifications", "/api/v1/accounts/{}/statuses")


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("path", KEPT)
async def test_the_same_answer_costs_no_statement(
    api: Api, alice: Account, bob: Account, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = api.run(make.post, alice, "#topic")
    api.run(interactions.favourite, bob, post.id)
    path = f"{path.format(alice.id)}?limit=7"
    for _ in range(2):
        made = await api.get(alice, path)

    with counting(monkeypatch)() as seen:
        again = await api.get(alice, path)

    assert seen == [] and len(made.json) == 1
    assert (again.json, again.headers["Link"]) == (made.json, made.headers["Link"])
    assert {name for name in made.headers if name != "X-Request-Id"} == {name for name in again.headers if name != "X-Request-Id"}


@pytest.mark.usefixtures("frozen")
async def test_whatever_is_written_is_seen_at_once(api: Api, alice: Account, bob: Account) -> None:
    post = api.run(make.post, alice)
    for number in range(3):
        assert [one["favourites_count"] for one in (await api.get(alice, HOME)).json] == [number]
        api.run(interactions.favourite, (bob, alice, api.run(make.account))[number], post.id)
    await api.call("DELETE", alice, f"/api/v1/statuses/{post.id}")
    assert (await api.get(alice, HOME)).json == []


@pytest.mark.usefixtures("frozen")
async def test_nobody_gets_what_was_made_for_another_VIS_01(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.post, alice, "for oneself", "direct")
    api.run(make.post, alice, "for all")
    path = f"/api/v1/accounts/{alice.id}/statuses"
    for _ in range(2):
        assert len((await api.get(alice, path)).json) == 2
        for stranger in (bob, None):
            assert [one["content"] for one in (await api.get(stranger, path)).json] == ["<p>for all</p>"]


@pytest.mark.usefixtures("frozen")
async def test_a_token_without_the_right_or_ended_gets_nothing_that_is_kept_AUT_08(api: Api, alice: Account) -> None:
    for scopes in ("read:statuses", "write", "read:statuses"):
        answer = await api.get(alice, HOME, scopes=scopes)
        assert answer.status == (403 if scopes == "write" else 200)
    api.run(logins.revoke_token, api.token(alice, "read:statuses"))
    assert (await api.get(alice, HOME, scopes="read:statuses")).status == 401


async def test_what_ends_by_itself_is_told_a_second_later(api: Api, alice: Account, frozen: FrozenDateTimeFactory) -> None:
    api.run(make.post, alice)
    kept = api.app[COPIES]
    await api.get(alice, HOME)
    (first,) = kept._kept.values()
    frozen.tick(0.9)
    await api.get(alice, HOME)
    assert list(kept._kept.values()) == [first]
    frozen.tick(0.2)
    await api.get(alice, HOME)
    (second,) = kept._kept.values()
    assert second.until > first.until


@pytest.mark.usefixtures("frozen")
async def test_what_is_kept_has_a_bound_DOS_08(api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    api.run(make.post, alice)
    monkeypatch.setattr(copies, "_MOST_BYTES", 20_000)
    for number in range(30):
        await api.get(None, f"{PUBLIC}?min_id={number}")
    kept = api.app[COPIES]
    assert 0 < sum(len(answer.body) for answer in kept._kept.values()) < 20_000
    assert kept._size == sum(len(answer.body) + copies._OVERHEAD for answer in kept._kept.values())
    await api.get(None, f"{PUBLIC}?min_id={'1' * 600}")
    assert all(len(address) < 600 for _, address in kept._kept)
    api.run(make.post, alice)
    await api.get(alice, HOME)
    assert len(kept._kept) == 1, "nothing of before a commit is held"


@pytest.mark.usefixtures("frozen")
async def test_documents_and_pages_of_people_are_made_once_for_all_strangers(
    api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = [(path, accept) for path in ("/users/alice", "/@alice") for accept in ("application/activity+json", "text/html")]
    made = [await _look(api, path, accept) for path, accept in ways]
    with counting(monkeypatch)() as seen:
        again = [await _look(api, path, accept) for path, accept in ways]
    assert made == again and seen == []
    api.run(moderation.suspend, alice)
    assert [(await _look(api, path, accept))[0] for path, accept in ways] == [404, 302, 404, 404]


async def _look(api: Api, path: str, accept: str) -> tuple[int, str]:
    async with api.rig.client.get(path, headers={"Accept": accept}, allow_redirects=False) as answer:
        return answer.status, await answer.text()


@pytest.mark.usefixtures("frozen")
async def test_a_copy_has_every_header_of_the_answer_and_no_cookie(api: Api, alice: Account) -> None:
    copies, request = api.app[COPIES], make_mocked_request("GET", "/here")
    assert copies.find(request, 0) is None
    response = web.Response(body=b"x", headers=[("Link", "<1>"), ("Link", "<2>"), ("Content-Type", "text/html")])
    response.set_cookie("secret", "of the first who asked")
    assert copies.keep(request, response) is response

    again = copies.find(request, 0)

    assert again is not None and again.headers.getall("Link") == ["<1>", "<2>"] and again.content_type == "text/html"
    assert not again.cookies and "Set-Cookie" not in again.headers
    assert copies.find(request, 1) is None, "another reader"


@pytest.mark.parametrize("status", [302, 404, 410, 500])
async def test_only_what_went_well_is_kept(api: Api, status: int) -> None:
    copies, request = api.app[COPIES], make_mocked_request("GET", "/here")
    for _ in range(2):
        assert copies.find(request, 0) is None
        copies.keep(request, web.Response(status=status, body=b"x"))


async def test_what_was_read_before_a_commit_is_not_kept_after_it(api: Api, alice: Account) -> None:
    """Made from what was, while another request saw what is."""
    copies, slow, quick = api.app[COPIES], make_mocked_request("GET", "/here"), make_mocked_request("GET", "/there")
    assert copies.find(slow, 0) is None
    api.run(make.post, alice)
    assert copies.find(quick, 0) is None
    copies.keep(slow, web.Response(body=b"old"))
    assert copies.find(slow, 0) is None
