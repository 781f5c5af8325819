from typing import Any
from urllib.parse import quote

import pytest

from fedi import limits
from fedi.errors import Malformed, NotFound, Unreachable
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
