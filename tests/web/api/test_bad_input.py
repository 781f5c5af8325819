"""Any bytes to any route: an answer of the 4xx family with a message, or a list that is merely empty."""

from collections.abc import Awaitable, Callable

import pytest

from fedi.storage.accounts import Account
from fedi.web.api import table
from fedi.web.api.routes import ROUTES
from fedi.web.limits import Window
from tests.web.api.conftest import Api
from tests.web.knocking import Said, knock

Ask = Callable[[str, str], Awaitable[Said]]

NAMES = sorted({route.name for route in ROUTES if route.gives not in (table.EVENTS, table.SOCKET)})  # what ends
IDS = (
    "0",
    "-1",
    "abc",
    "1.5",
    "1e9",
    "9" * 19,
    "9" * 40,
    "%00",
    "%ff",
    "..%2f..",
    "%F0%9F%98%80",
    "0x10",
    "\u0661".encode().hex(),
    "+1",
    "1%20",
)
QUERIES = (
    "limit=abc", "limit=1.5", "limit=NaN", "limit=1e400", f"limit={'9' * 400}", "limit=", "limit[]=1&limit[]=2", "max_id=abc", "min_id=-1",
    f"since_id={'9' * 50}", "max_id=%00", "min_id=%ff", "id[]=abc&id[]=1&id[]=%00", "types[]=%00", "q=%ed%a0%80", "acct=%ff%fe",
    "&".join(f"id[]={number}" for number in range(300)), "local=maybe", "x" * 6000,
    "=", "&&&", "[]=1", "limit=1&limit=x", "offset=-1", "offset=99999999999999999999", "account_id=x",
)  # fmt: skip


def sane(answer: Said) -> None:
    assert 200 <= answer.status < 300 or (400 <= answer.status < 500 and isinstance(answer.json["error"], str)), answer
    assert "Traceback" not in answer.text and "sqlite" not in answer.text.lower()


@pytest.fixture
def ask(api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """As alice, whose requests are not counted."""
    for name in ("check", "spend"):
        monkeypatch.setattr(Window, name, lambda window, key: None)
    token = api.token(alice)

    async def knocking(method: str, path: str) -> Said:
        return await knock(api.app, method, path, token)

    return knocking


async def test_no_id_is_too_strange(ask: Ask) -> None:
    """Of the API alone, where it is known what becomes of them; whatever else may stand in an address is in tests/web/test_bad_input.py."""
    for route in NAMES:
        method, _, path = route.partition(" ")
        for name in IDS if "{" in route else ():
            answer = await ask(method, path.replace("{id}", name).replace("{hashtag}", name))
            sane(answer)
            assert answer.status in (400, 404, 422) or "hashtag" in path or "suggestions" in path, (route, name, answer)


async def test_no_query_is_too_strange_DOS_16(ask: Ask, alice: Account) -> None:
    for route in NAMES:
        method, _, path = route.partition(" ")
        for query in QUERIES if method == "GET" else ():
            sane(await ask(method, f"{path.replace('{id}', str(alice.id)).replace('{hashtag}', 'topic')}?{query}"))


async def test_an_address_that_is_not_there_answers_in_json(api: Api, alice: Account) -> None:
    for method, path, status in (
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/timelines/home", 405),
        ("POST", "/api/v2/search", 405),
    ):
        answer = await api.call(method, alice, path)
        assert (answer.status, list(answer.json)) == (status, ["error"])
