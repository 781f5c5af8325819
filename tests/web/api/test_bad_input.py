"""Any bytes to any route: an answer of the 4xx family with a message, or a list that is merely empty."""

import io
from typing import Any

import pytest

from fedi.storage.accounts import Account
from fedi.web.api.routes import ROUTES
from tests.web.api.conftest import Api

NAMES = sorted({route.name for route in ROUTES})
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
BODIES: list[dict[str, Any]] = [
    {"data": b"{", "headers": {"Content-Type": "application/json"}},
    {"data": b"[1]", "headers": {"Content-Type": "application/json"}},
    {"data": b"null", "headers": {"Content-Type": "application/json"}},
    {"data": b'{"status": NaN}', "headers": {"Content-Type": "application/json"}},
    {"data": b'{"status": "a", "duration": 1e999, "reblogs": [[]]}', "headers": {"Content-Type": "application/json"}},
    {"data": b'{"status": ' + b"9" * 500 + b"}", "headers": {"Content-Type": "application/json"}},
    {"data": b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "headers": {"Content-Type": "application/json"}},
    {"data": b"[" * 100_000, "headers": {"Content-Type": "application/json"}},
    {"data": b'{"status": "\\ud800"}', "headers": {"Content-Type": "application/json"}},
    {"data": b"\xff\xfe\x00", "headers": {"Content-Type": "application/json"}},
    {"data": b"status=%ff&duration=x", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    {"data": b"--x\r\n\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    {"data": b"hello", "headers": {"Content-Type": "multipart/form-data"}},
    {"data": b"<a/>", "headers": {"Content-Type": "application/xml"}},
    {"data": b"x" * (1024 * 1024 + 1), "headers": {"Content-Type": "application/json"}},
    {"data": b"x", "headers": {"Content-Encoding": "gzip", "Content-Type": "application/json"}},
]


def sane(answer: Any) -> None:
    assert 200 <= answer.status < 300 or (400 <= answer.status < 500 and isinstance(answer.json["error"], str)), (
        answer.status,
        answer.json,
    )
    assert "Traceback" not in str(answer.json) and "sqlite" not in str(answer.json).lower()


@pytest.mark.parametrize("route", [route for route in NAMES if "{" in route])
async def test_no_id_is_too_strange(api: Api, alice: Account, route: str) -> None:
    method, _, path = route.partition(" ")
    for name in IDS:
        answer = await api.call(method, alice, path.replace("{id}", name).replace("{hashtag}", name))
        sane(answer)
        assert answer.status in (400, 404, 422) or "hashtag" in path or "suggestions" in path


@pytest.mark.parametrize("route", [route for route in NAMES if route.startswith("GET")])
async def test_no_query_is_too_strange_DOS_16(api: Api, alice: Account, route: str) -> None:
    path = route.partition(" ")[2].replace("{id}", str(alice.id)).replace("{hashtag}", "topic")
    for query in QUERIES:
        sane(await api.get(alice, f"{path}?{query}"))


@pytest.mark.parametrize("route", [route for route in NAMES if not route.startswith("GET")])
async def test_no_body_is_too_strange_XSS_17(api: Api, alice: Account, bob: Account, route: str) -> None:
    method, _, path = route.partition(" ")
    path = path.replace("{id}", str(bob.id))
    for body in BODIES:  # a connection each: a body that nobody read ends it
        sane(await api.call(method, alice, path, data=io.BytesIO(body["data"]), headers={**body["headers"], "Connection": "close"}))


async def test_an_address_that_is_not_there_answers_in_json(api: Api, alice: Account) -> None:
    for method, path, status in (
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/timelines/home", 405),
        ("POST", "/api/v2/search", 405),
    ):
        answer = await api.call(method, alice, path)
        assert (answer.status, list(answer.json)) == (status, ["error"])
