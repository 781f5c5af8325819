from fedi import blocks
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

PATH = "/api/v1/directory"


async def listed(api: Api, who: Account | None, query: str = "") -> list[str]:
    answer = await api.get(who, f"{PATH}{query}")
    assert answer.status == 200
    return [one["acct"] for one in answer.json]


async def test_those_who_want_to_be_found_are_listed_and_no_others_VIS_21(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    for who in (alice, bob, carol):
        api.run(lambda tx, who=who: account_rows.update(tx, who.id, discoverable=0))
    assert await listed(api, None) == []
    for who in (alice, carol):
        api.run(lambda tx, who=who: account_rows.update(tx, who.id, discoverable=1))
    api.run(make.post, alice, "newest")

    assert await listed(api, None) == ["alice", "carol@peer.test"]
    assert await listed(api, None, "?order=new") == ["carol@peer.test", "alice"]
    assert await listed(api, None, "?local=true") == ["alice"]
    assert await listed(api, None, "?offset=1") == ["carol@peer.test"] and await listed(api, None, "?limit=1") == ["alice"]

    api.run(blocks.mute, bob, carol.id)
    assert await listed(api, bob) == ["alice"]
    api.run(make.block, alice, bob)
    assert await listed(api, bob) == [] and len(await listed(api, None)) == 2
    api.run(lambda tx: account_rows.update(tx, carol.id, host_limited=1))
    assert await listed(api, None) == ["alice"]


async def test_an_order_that_there_is_not_is_refused(api: Api) -> None:
    assert (await api.get(None, f"{PATH}?order=best")).status == 422
