"""A running instance with people and posts, and how a check asks it: by the name an endpoint has in the documentation."""

import asyncio
import csv
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch
from urllib.parse import quote

from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from fedi.activitypub import keys
from fedi.instance import Instance
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from fedi.web.api.routes import ROUTES
from fedi.web.app import make_app, server_options
from tests import cast, make, remote, smtp
from tests.coverage import shapes

EVERYTHING: Final = "read write follow push profile admin:read admin:write"


class Endpoint(NamedTuple):
    """A line of `endpoints.tsv`. `name` is `GET /api/v1/accounts/:id`."""

    name: str
    since: str
    state: str
    called_by: frozenset[str]


def endpoints() -> list[Endpoint]:
    with (Path(__file__).parent / "endpoints.tsv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [_endpoint(row) for row in rows]


def _endpoint(row: dict[str, str]) -> Endpoint:
    return Endpoint(f"{row['method']} {row['path']}", row["since"], row["state"], frozenset(row["called_by"].split("+")))


def normal(name: str) -> str:
    """An endpoint whatever its parameters are called."""
    return re.sub(r":\w+|{[^}]+}", "*", name)


GIVES: Final = {normal(route.name): route.gives for route in ROUTES}


class Failed(AssertionError):
    """What an endpoint did not do."""


class World:
    """alice asks unless something else is said; bob is here too, carol on peer.test. Every check makes what it needs besides."""

    def __init__(self, instance: Instance, client: TestClient[Any, Any], peer: remote.Peer, faults: dict[str, bytes]) -> None:
        self.letters: list[str] = []  # as the mail server has them
        self.instance = instance
        self.client = client
        self.peer = peer
        self.faults = faults  # answers put in the place of a handler's, by normal name
        self.asked: set[str] = set()
        self._tokens: dict[int, str] = {}
        self.alice: Account = self.run(make.account, "alice", "owner")
        self.bob: Account = self.run(make.account, "bob", discoverable=1, indexable=1)
        self.carol: Account = self.run(make.remote, "carol", discoverable=1, indexable=1)

    def run(self, rule: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """A rule, in a transaction."""
        return self.instance.db.transact(rule, *args, **kwargs)

    # -- things --

    def person(self, **columns: Any) -> Account:
        found: Account = self.run(make.account, "", "user", **{"discoverable": 1, "indexable": 1, **columns})
        return found

    def post(self, by: Account | None = None, text: str = "hello", visibility: str = "public", **more: Any) -> Post:
        found: Post = self.run(make.post, by or self.alice, text, visibility, **more)
        return found

    def follow(self, follower: Account, followed: Account) -> None:
        self.run(make.follow, follower, followed)

    def friend(self) -> Account:
        """Somebody new whom alice follows."""
        found = self.person()
        self.follow(self.alice, found)
        return found

    def token(self, of: Account, scopes: str = EVERYTHING) -> str:
        if scopes != EVERYTHING:
            return str(self.run(make.token, of, scopes))
        if of.id not in self._tokens:
            self._tokens[of.id] = self.run(make.token, of, EVERYTHING)
        return self._tokens[of.id]

    # -- asking --

    async def call(self, name: str, /, *, by: Account | str | None = "alice", status: int | None = 200, **how: Any) -> Any:
        """The JSON of an answer, after its status and shape were looked at.

        `how` names what stands in the path, and what aiohttp takes: `json`, `data`, `params`, `headers`. `by=None` asks without a token;
        a text is a token. `raw=True` gives the answer's text, `shape` names another entity than the route's own.
        """
        method, _, path = name.partition(" ")
        raw, shape = how.pop("raw", False), how.pop("shape", None)
        kept = {key: how.pop(key) for key in ("json", "data", "params", "headers") if key in how}
        headers = {**self._bearer(by), **kept.pop("headers", {})}
        filled = re.sub(r":(\w+)", lambda match: quote(str(how[match[1]]), safe=""), path)
        url = URL(filled, encoded=True)
        async with self.client.request(method, url, headers=headers, allow_redirects=False, **_query(kept)) as answer:
            text = await answer.text()
        if status is None:
            return None
        if answer.status != status:
            raise Failed(f"{name}: {answer.status} instead of {status}: {text[:300]}")
        if raw:
            return text
        if answer.content_type != "application/json":
            raise Failed(f"{name}: {answer.content_type} instead of JSON")
        found = json.loads(text)
        if status < 300 and (gives := shape or GIVES.get(normal(name), "")) and (wrong := shapes.check(gives, found)):
            raise Failed(f"{name}: {'; '.join(wrong[:6])}")
        return found

    def _bearer(self, by: Account | str | None) -> dict[str, str]:
        if by is None:
            return {}
        token = by if isinstance(by, str) and by != "alice" else self.token(self.alice if isinstance(by, str) else by)
        return {"Authorization": f"Bearer {token}"}

    async def until(self, condition: Callable[[], Awaitable[Any]]) -> Any:
        """What the condition gives once it is something; what is done in the background may take five seconds."""
        for _ in range(100):
            if found := await condition():
                return found
            await asyncio.sleep(0.05)
        raise Failed("it did not come to that within five seconds")


def _query(kept: dict[str, Any]) -> dict[str, Any]:
    """`params` with lists as `name[]`, true and false as words."""
    params = kept.pop("params", None)
    if params is None:
        return kept
    pairs = []
    for key, value in params.items():
        values = [(f"{key}[]", one) for one in value] if isinstance(value, list | tuple) else [(key, value)]
        pairs += [(name, str(one).lower() if isinstance(one, bool) else str(one)) for name, one in values]
    return {**kept, "params": pairs}


def names_of(accounts: Iterable[dict[str, Any]]) -> set[str]:
    """The usernames of accounts."""
    return {account["username"] for account in accounts}


def ids_of(found: Iterable[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in found]


Ask = Callable[..., Awaitable[Any]]
Check = Callable[[World, Ask], Awaitable[None]]
CHECKS: Final[dict[str, Check]] = {}


def covers(*names: str) -> Callable[[Check], Check]:
    """The check of an endpoint, or of several that do the same. `ask` asks the endpoint itself."""

    def keep(check: Check) -> Check:
        for name in names:
            assert name not in CHECKS, name
            CHECKS[name] = check
        return check

    return keep


async def run(world: World, name: str) -> None:
    """One check. Raises Failed, AssertionError, or whatever a wrong answer leads to."""

    async def ask(**how: Any) -> Any:
        world.asked.add(name)
        return await world.call(name, **how)

    ask.__name__ = name
    check = CHECKS.get(name)
    if check is None:
        raise Failed(f"{name}: there is no check for it")
    await check(world, ask)
    if name not in world.asked:
        raise Failed(f"{name}: the check never asked for it")


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[World]:
    """The instance with a server on loopback and what works in the background, and another server, peer.test, beside it."""
    quick = patch.multiple(keys, generate_rsa=lambda: cast.rsa_pem("new"), generate_ed25519=lambda: cast.ed25519_pem("new"))
    async with remote.peers([cast.PEER]) as (peers, federation), AsyncExitStack() as stack:
        stack.enter_context(quick)
        letters: list[str] = []
        mail = stack.enter_context(smtp.server(letters))
        instance = await Instance.in_memory(make.settings(folder, federation=federation, mail=mail, **SETTINGS))
        stack.push_async_callback(instance.close)
        app = make_app(instance)
        app.middlewares.append(_mutate)
        faults = app[_FAULTS] = {}
        server = TestServer(app)
        await server.start_server(**server_options(instance.config))
        client = await stack.enter_async_context(TestClient(server, headers={"Host": cast.DOMAIN}, cookie_jar=DummyCookieJar()))
        instance.start()
        peers[cast.PEER].behave("/translator/translate", _translate)
        peers[cast.PEER].documents["/translator/languages"] = [{"code": code, "targets": ["de", "en"]} for code in ("de", "en")]
        world = World(instance, client, peers[cast.PEER], faults)
        world.letters = letters
        yield world


SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "instance": {"registrations": "open"},
    "translation": {"provider": "libretranslate", "url": f"https://{cast.PEER}/translator"},
}
_FAULTS = web.AppKey[dict[str, bytes]]("faults")


async def _translate(request: web.Request) -> web.Response:
    """LibreTranslate, with a small vocabulary."""
    asked = await request.json()
    texts = [text.replace("guten Tag", "good day") for text in asked["q"]]
    return web.json_response({"translatedText": texts, "detectedLanguage": [{"language": "de", "confidence": 90}] * len(texts)})


@web.middleware
async def _mutate(request: web.Request, handler: Any) -> web.StreamResponse:
    """Answers in the place of a handler what a test has put there."""
    resource = request.match_info.route.resource
    paths = [request.path, *([resource.canonical] if resource is not None else [])]
    for path in paths:
        for method in (request.method, "WS"):
            fault = request.app[_FAULTS].get(normal(f"{method} {path.rstrip('/')}"))
            if fault is not None:
                await request.read()
                return web.Response(body=fault, content_type="application/json")
    response: web.StreamResponse = await handler(request)
    return response
