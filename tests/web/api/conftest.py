"""The client API as programs use it: `api.get(alice, "/api/v1/...")`, with a token of hers made for it."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from yarl import URL

from fedi.storage.accounts import Account
from tests import cast, make
from tests.web.rig import Rig

EVERYTHING = "read write follow push profile"


class Answer(NamedTuple):
    status: int
    json: Any
    headers: Any

    def link(self, rel: str) -> str:
        """The path of a neighbouring page, or ''."""
        for address, name in re.findall(r'<([^<>]+)>; rel="(\w+)"', self.headers.get("Link", "")):
            if name == rel:
                url = URL(address)
                assert str(url.origin()) == "https://fedi.test"
                return url.raw_path_qs
        return ""


class Api:
    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self._tokens: dict[tuple[int, str], str] = {}

    @property
    def app(self) -> web.Application:
        made = self.rig.client.app
        assert made is not None
        return made

    def run(self, rule: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.rig.instance.db.transact(rule, *args, **kwargs)

    def person(self, who: cast.Person) -> Account:
        return self.run(make.person, who)

    def token(self, who: Account, scopes: str = EVERYTHING) -> str:
        key = (who.id, scopes)
        if key not in self._tokens:
            self._tokens[key] = self.run(make.token, who, scopes)
        return self._tokens[key]

    async def call(self, method: str, who: Account | None, path: str, *, scopes: str = EVERYTHING, **kwargs: Any) -> Answer:
        headers = {**kwargs.pop("headers", {}), **({"Authorization": f"Bearer {self.token(who, scopes)}"} if who else {})}
        url = URL(path, encoded=True)
        async with self.rig.client.request(method, url, headers=headers, allow_redirects=False, **kwargs) as answer:
            if answer.status == 200 and answer.content_type in ("text/event-stream", "text/plain"):  # a stream goes on for ever
                answer.close()
                return Answer(200, None, answer.headers)
            assert answer.content_type == "application/json", await answer.text()
            return Answer(answer.status, await answer.json(), answer.headers)

    async def get(self, who: Account | None, path: str, **kwargs: Any) -> Answer:
        return await self.call("GET", who, path, **kwargs)

    async def post(self, who: Account | None, path: str, **kwargs: Any) -> Answer:
        return await self.call("POST", who, path, **kwargs)

    async def say(self, who: Account, text: str, **fields: Any) -> dict[str, Any]:
        """A post, through the API."""
        answer = await self.post(who, "/api/v1/statuses", json={"status": text, **fields})
        assert answer.status == 200, answer.json
        found: dict[str, Any] = answer.json
        return found


@pytest.fixture
def api(rig: Rig) -> Api:
    return Api(rig)


@pytest.fixture
def alice(api: Api) -> Account:
    return api.person(cast.ALICE)


@pytest.fixture
def bob(api: Api) -> Account:
    return api.person(cast.BOB)


@pytest.fixture
def carol(api: Api) -> Account:
    return api.person(cast.CAROL)


@pytest.fixture
def mallory(api: Api) -> Account:
    return api.person(cast.MALLORY)
