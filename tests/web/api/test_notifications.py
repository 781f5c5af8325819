import pytest

from fedi import blocks, interactions, posts
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

PATH = "/api/v1/notifications"


@pytest.fixture
def busy(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    """Everything that can happen to alice."""
    post = api.run(make.post, alice)
    api.run(make.follow, bob, alice)
    api.run(make.follow, alice, bob, notify=1)
    api.run(interactions.favourite, bob, post.id)
    api.run(make.boost, carol, post)
    theirs = api.run(make.post, bob, "hello", mentions=(alice,))
    api.run(make.boost, alice, theirs)
    api.run(posts.edit, bob, theirs.id, posts.Draft("hello @alice, changed"), {})


async def test_everything_is_told_in_the_words_of_the_api(api: Api, alice: Account, busy: None) -> None:
    found = (await api.get(alice, PATH)).json

    assert {one["type"] for one in found} == {"update", "status", "mention", "reblog", "favourite", "follow"}
    assert all(("status" in one) == (one["type"] != "follow") for one in found)
    assert {one["account"]["acct"] for one in found} == {"bob", "carol@peer.test"}


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("types[]=reblog&types[]=update", {"reblog", "update"}),
        ("exclude_types[]=mention&exclude_types[]=follow", {"update", "status", "reblog", "favourite"}),
        ("types[]=follow&exclude_types[]=follow", set()),
        ("types[]=poll&types[]=no%20such%20thing", set()),
        ("account_id={carol}", {"reblog"}),
        ("account_id=1", set()),
    ],
)
async def test_types_are_chosen(api: Api, alice: Account, carol: Account, busy: None, query: str, types: set[str]) -> None:
    assert {one["type"] for one in (await api.get(alice, f"{PATH}?{query.format(carol=carol.id)}")).json} == types


async def test_one_is_read_by_its_owner_only_VIS_21(api: Api, alice: Account, bob: Account, busy: None) -> None:
    for one in (await api.get(alice, PATH)).json:
        assert (await api.get(alice, f"{PATH}/{one['id']}")).json == one
        assert (await api.get(bob, f"{PATH}/{one['id']}")).status == 404
    for name in ("0", "1", "x", "9223372036854775807", "9" * 40):
        assert (await api.get(alice, f"{PATH}/{name}")).status == 404


async def test_what_may_not_be_seen_any_more_is_not_told(api: Api, alice: Account, bob: Account, busy: None) -> None:
    before = (await api.get(alice, PATH)).json
    api.run(blocks.block, alice, bob.id)

    after = (await api.get(alice, PATH)).json

    assert {one["account"]["acct"] for one in after} == {"carol@peer.test"}
    gone = next(one for one in before if one["account"]["acct"] == "bob")
    assert (await api.get(alice, f"{PATH}/{gone['id']}")).status == 404


async def test_a_page_has_40_and_up_to_80(api: Api, alice: Account, bob: Account) -> None:
    api.run(lambda tx: [make.post(tx, bob, f"{number}", mentions=(alice,)) for number in range(82)])

    assert len((await api.get(alice, PATH)).json) == 40
    assert len((await api.get(alice, f"{PATH}?limit=1000")).json) == 80
