from typing import Any
from urllib.parse import quote

import pytest

from fedi import limits
from fedi.errors import Malformed, NotFound, Unreachable
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

PATH = "/api/v2/search"


class Asked:
    """Stands in for the network: what was asked for, and what came of it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.answer: Any = None

    async def resolve(self, text: str) -> Any:
        self.texts.append(text)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def asked(api: Api, monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked()
    monkeypatch.setattr(api.rig.instance.remote, "resolve", made.resolve)
    return made


async def test_people_and_topics_are_found_by_how_they_begin(api: Api, alice: Account, carol: Account) -> None:
    api.run(make.post, alice, "#alpine")
    api.run(make.post, alice, "#alone", "direct")

    found = (await api.get(None, f"{PATH}?q=al")).json

    assert [one["acct"] for one in found["accounts"]] == ["alice"]
    assert [one["name"] for one in found["hashtags"]] == ["alpine"] and found["statuses"] == []
    assert (await api.get(alice, f"{PATH}?q=%23alp")).json["accounts"] == []
    assert (await api.get(alice, f"{PATH}?q=al&type=hashtags")).json["accounts"] == []
    assert (await api.get(alice, f"{PATH}?q=al&type=accounts")).json["hashtags"] == []


async def test_what_is_known_is_found_by_handle_and_by_address(api: Api, alice: Account, carol: Account) -> None:
    post = api.run(make.post, carol)

    for text in ("@carol@peer.test", "carol@peer.test", carol.uri):
        assert [one["id"] for one in (await api.get(None, f"{PATH}?q={quote(text, safe='')}")).json["accounts"]] == [str(carol.id)]
    found = (await api.get(alice, f"{PATH}?q={quote(post.uri, safe='')}")).json
    assert [one["id"] for one in found["statuses"]] == [str(post.id)] and found["accounts"] == []
    assert api.rig.asked_nobody


async def test_nobody_in_particular_makes_us_ask_others_SSR_09(api: Api, asked: Asked) -> None:
    for query in ("resolve=true", "resolve=1", "offset=20"):
        assert (await api.get(None, f"{PATH}?q=https://peer.test/x&{query}")).status == 401
    assert asked.texts == [] and api.rig.asked_nobody


async def test_a_person_resolves_what_names_one_thing_and_nothing_else(api: Api, alice: Account, carol: Account, asked: Asked) -> None:
    asked.answer = carol
    names = ["@carol@peer.test", "https://peer.test/@carol"]

    for text in (*names, "carol", "#topic", "two words@peer.test x", "https://peer.test/a b", ""):
        await api.get(alice, f"{PATH}?resolve=true&q={quote(text, safe='')}")
    await api.get(alice, f"{PATH}?q={quote(names[0])}")

    assert asked.texts == names
    found = await api.get(alice, f"{PATH}?resolve=true&q={quote(names[1], safe='')}")
    assert [one["id"] for one in found.json["accounts"]] == [str(carol.id)]


async def test_what_was_resolved_is_shown_only_to_those_who_may_see_it(
    api: Api, alice: Account, bob: Account, carol: Account, asked: Asked
) -> None:
    asked.answer = api.run(make.post, carol, "secret", "direct", mentions=(bob,))
    path = f"{PATH}?resolve=true&q=https://peer.test/secret"

    assert (await api.get(alice, path)).json["statuses"] == []
    assert len((await api.get(bob, path)).json["statuses"]) == 1


@pytest.mark.parametrize("error", [NotFound("no"), Malformed("no"), Unreachable("no")])
async def test_what_goes_wrong_elsewhere_leaves_nothing_found(api: Api, alice: Account, asked: Asked, error: Exception) -> None:
    asked.answer = error

    answer = await api.get(alice, f"{PATH}?resolve=true&q=https://peer.test/x")

    assert (answer.status, answer.json) == (200, {"accounts": [], "statuses": [], "hashtags": []})


async def test_a_person_may_look_up_so_much_and_no_more_SSR_09(
    api: Api, alice: Account, bob: Account, carol: Account, asked: Asked
) -> None:
    asked.answer = carol
    path = f"{PATH}?resolve=true&q=https://peer.test/x"

    statuses = [(await api.get(alice, path)).status for _ in range(limits.RESOLVES + 2)]

    assert statuses == [200] * limits.RESOLVES + [429, 429] and len(asked.texts) == limits.RESOLVES
    assert (await api.get(bob, path)).status == 200


@pytest.mark.parametrize(
    "text", ["*", "NEAR(", '"', "a* OR b*", "%", "_", "\\", "%%%%_", "'; --", "@", "#", "@@", "x" * 2000, "https://[", "\u202e", "é" * 300]
)
async def test_no_text_is_too_strange_to_look_for_DOS_17(api: Api, alice: Account, text: str) -> None:
    answer = await api.get(alice, f"{PATH}?q={quote(text, safe='')}&resolve=false")

    assert answer.status == 200 and answer.json["accounts"] == []


async def test_a_text_that_is_too_long_is_refused_DOS_17(api: Api, alice: Account) -> None:
    assert (await api.get(alice, f"{PATH}?q={'x' * 5000}")).status == 422
    assert (await api.get(alice, f"{PATH}?q=a%00b")).status == 422


async def people(api: Api, who: Account | None, text: str, more: str = "") -> list[str]:
    answer = await api.get(who, f"/api/v1/accounts/search?q={quote(text, safe='')}{more}")
    assert answer.status == 200, answer.json
    return [one["acct"] for one in answer.json]


async def test_people_are_found_by_names_handles_and_what_they_say_of_themselves(api: Api, alice: Account, bob: Account) -> None:
    said = {"display_name": "Zoë Cheesemaker", "bio_html": "<p>brews beer</p>"}
    zoe = api.run(make.remote, "zoe", discoverable=1, **said)
    api.run(make.remote, "shy", **(said | {"display_name": "Shy"}))

    for text in ("zoe", "ZO", "@zoe", "zoe@pe", "@zoe@peer.test", "cheesem", "Zoe Cheese", "cheesemaker zoë", "brews", "beer"):
        assert await people(api, alice, text) == ["zoe@peer.test"], text
    for text in ("heese", "zoe@other", "beer wine", "zoe@peer.test.example"):
        assert await people(api, alice, text) == [], text
    api.run(lambda tx: account_rows.update(tx, zoe.id, bio_html="<p>brews tea</p>"))
    assert await people(api, alice, "beer") == [] and await people(api, alice, "tea") == ["zoe@peer.test"]


async def test_who_is_meant_most_likely_comes_first(api: Api, alice: Account) -> None:
    for name, followers in (("cheesecake", 90), ("cheeseman", 5), ("cheese", 1), ("cheesy", 0)):
        api.run(make.remote, name, followers_count=followers)
    teller = api.run(make.remote, "teller", display_name="The Cheese Teller", followers_count=7)
    api.run(make.remote, "talker", bio_html="cheese", discoverable=1, followers_count=500)
    api.run(make.follow, alice, teller)

    found = [acct.partition("@")[0] for acct in await people(api, alice, "cheese")]

    assert found == ["cheese", "teller", "cheesecake", "cheeseman", "talker"]
    assert await people(api, alice, "cheese", "&following=true") == ["teller@peer.test"]
    assert await people(api, alice, "cheese", "&limit=2&offset=1") == ["teller@peer.test", "cheesecake@peer.test"]


async def test_people_apart_do_not_find_each_other_VIS_21(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    hidden = api.run(make.remote, "carola")
    api.run(lambda tx: account_rows.update(tx, hidden.id, suspended_at=1))
    assert await people(api, alice, "caro") == ["carol@peer.test"]

    api.run(make.block, carol, alice)
    assert await people(api, alice, "caro") == [] and await people(api, bob, "caro") == ["carol@peer.test"]
    api.run(make.block, bob, carol)
    assert await people(api, bob, "caro") == [] and await people(api, bob, "carol@pe") == []
    assert (await api.get(None, "/api/v1/accounts/search?q=caro")).status == 401


async def test_the_first_version_of_search_names_hashtags_alone(api: Api, alice: Account) -> None:
    post = api.run(make.post, alice, "#alpine air")

    found = (await api.get(alice, "/api/v1/search?q=alpine")).json

    assert found["hashtags"] == ["alpine"] and [one["id"] for one in found["statuses"]] == [str(post.id)]


async def test_hashtags_used_more_come_first_and_hidden_ones_not_at_all(api: Api, alice: Account, carol: Account) -> None:
    for text in ("#cheesecake", "#cheesy", "#cheesy", "#cheese"):
        api.run(make.post, alice, text)
    api.run(make.post, carol, "hello", tags=("cheesehouse",))
    api.run(make.post, alice, "#cheesesecret", "followers")

    async def named(query: str) -> list[str]:
        return [one["name"] for one in (await api.get(alice, f"{PATH}?type=hashtags&q={query}")).json["hashtags"]]

    assert await named("chees") == ["cheesy", "cheese", "cheesecake", "cheesehouse"]
    assert (await named("%23cheese"))[0] == "cheese" and await named("chees&limit=1&offset=1") == ["cheese"]
    api.run(lambda tx: account_rows.update(tx, carol.id, suspended_at=1))
    assert "cheesehouse" not in await named("chees")
