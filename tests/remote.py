"""Other servers, for real: HTTPS on loopback under names of their own, people who sign with keys, and every way to misbehave.

async with remote.world(tmp_path) as w:
    carol = w.peer("peer.test").actor("carol")
    answer = await w.deliver(carol, carol.activity("Follow", w.alice.uri))
    await w.settle()
"""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from fedi import clock, posts
from fedi.activitypub import keys, proofs, signatures
from fedi.errors import RemoteError
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import keys as key_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web.app import make_app, server_options
from tests import cast, make
from tests.hostile_server import authority, trusted

AP = "application/activity+json"
AS2 = "https://www.w3.org/ns/activitystreams"
LD = f'application/ld+json; profile="{AS2}"'
PUBLIC = f"{AS2}#Public"
INBOXES = ("/inbox", "/users/alice/inbox")
HOSTS = ("peer.test", "evil.test", "third.test")
DOWN = "down.test"  # a name nobody listens under

_numbers = itertools.count(1)

Json = dict[str, Any]
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Seen(NamedTuple):
    """A request that a peer got. `signer` is the keyId of a signature that verified, '' without one."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    signer: str
    scheme: str

    @property
    def json(self) -> Json:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


# -- ways to behave --


def answers(
    body: object = b"",
    status: int = 200,
    content_type: str = AP,
    headers: Json | None = None,
    times: int = 0,
    then: Behaviour | None = None,
) -> Behaviour:
    """Answer this; with `times`, so often, and after that as `then` (a plain 202)."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    left = itertools.count(1)

    async def behave(request: web.Request) -> web.StreamResponse:
        if times and next(left) > times:
            return await then(request) if then else web.Response(status=202)
        given = {**({"Content-Type": content_type} if content_type else {}), **(headers or {})}
        return web.Response(body=data, status=status, headers=given)

    return behave


def redirects(place: str, status: int = 302) -> Behaviour:
    return answers(status=status, headers={"Location": place})


def slow(seconds: float, then: Behaviour | None = None) -> Behaviour:
    """Answer only after a while."""

    async def behave(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await (then or answers(status=202))(request)

    return behave


def huge(size: int = 3 * 1024 * 1024, content_type: str = AP) -> Behaviour:
    """More than anybody should read."""

    async def behave(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        for _ in range(size // 65_536):
            await response.write(b" " * 65_536)
        return response

    return behave


# -- people elsewhere --


class Actor:
    """Somebody on a peer: their document and WebFinger are served, and they sign what they send."""

    def __init__(self, peer: "Peer", username: str, key_name: str) -> None:
        self.peer = peer
        self.username = username
        self.uri = f"{peer.base}/users/{username}"
        self.set_key(key_name)
        self.document: Json = {
            "@context": [AS2, "https://w3id.org/security/v1"],
            "id": self.uri,
            "type": "Person",
            "preferredUsername": username,
            "name": username.title(),
            "url": f"{peer.base}/@{username}",
            "inbox": f"{self.uri}/inbox",
            "outbox": f"{self.uri}/outbox",
            "followers": f"{self.uri}/followers",
            "following": f"{self.uri}/following",
            "featured": f"{self.uri}/featured",
            "endpoints": {"sharedInbox": f"{peer.base}/inbox"},
            "publicKey": self.public_key,
        }
        peer.documents[f"/users/{username}"] = self.document

    def set_key(self, name: str, suffix: str = "#main-key") -> None:
        """From now on sign with another key of the cast."""
        self.pem = cast.rsa_pem(name)
        self.key = signatures.Key(f"{self.uri}{suffix}", keys.load_private(self.pem))

    @property
    def public_key(self) -> Json:
        return {"id": self.key.id, "owner": self.uri, "publicKeyPem": keys.public_pem(self.pem)}

    @property
    def proof_key_uri(self) -> str:
        return f"{self.uri}#ed25519-key"

    def show_proof_key(self) -> None:
        """List the key of their integrity proofs, as Mitra, Fedify and we do."""
        public = keys.load_private(cast.ed25519_pem(self.username)).public_key()
        multikey = {"id": self.proof_key_uri, "type": "Multikey", "controller": self.uri, "publicKeyMultibase": keys.to_multikey(public)}
        self.document["assertionMethod"] = [multikey]

    def prove(self, document: Json, *, at: int = 0) -> Json:
        """The document with a proof of theirs."""
        self.show_proof_key()
        private = keys.load_private(cast.ed25519_pem(self.username))
        return {**document, "proof": proofs.make(document, self.proof_key_uri, private, at or clock.now())}

    @property
    def handle(self) -> str:
        return f"@{self.username}@{self.peer.host}"

    @property
    def followers(self) -> str:
        return f"{self.uri}/followers"

    def activity(self, kind: str, obj: Any, **more: Any) -> Json:
        made = {"@context": AS2, "id": f"{self.uri}/activities/{next(_numbers)}", "type": kind, "actor": self.uri, "object": obj, **more}
        return {name: value for name, value in made.items() if value is not None}

    def note(self, text: str = "hello", *, to: Iterable[str] = (PUBLIC,), cc: Iterable[str] = (), serve: bool = True, **more: Any) -> Json:
        """A post of theirs, served at its id."""
        uri = f"{self.uri}/notes/{next(_numbers)}"
        made: Json = {
            "@context": AS2, "id": uri, "type": "Note", "attributedTo": self.uri, "content": f"<p>{text}</p>",
            "to": list(to), "cc": list(cc), "published": clock.rfc3339(clock.now()), **more,
        }  # fmt: skip
        if serve:
            self.peer.documents[made["id"].removeprefix(self.peer.base)] = made
        return made

    def create(self, note: Json, **more: Any) -> Json:
        return self.activity("Create", note, to=note.get("to"), cc=note.get("cc"), **more)

    def sign_get(self, url: str, scheme: signatures.Scheme = "cavage") -> dict[str, str]:
        """Headers of a GET."""
        return {"Accept": AP, **signatures.sign(signatures.Outgoing("GET", url), self.key, clock.now(), scheme=scheme)}

    def sign(self, url: str, body: bytes, *, at: int = 0, scheme: signatures.Scheme = "cavage") -> dict[str, str]:
        """Headers of a POST."""
        outgoing = signatures.Outgoing("POST", url, content_type=AP, body_digest=signatures.digest(body))
        return {"Content-Type": AP, **signatures.sign(outgoing, self.key, at or clock.now(), scheme=scheme)}


class Peer:
    """A server under a name. Serves `documents` by path, behaves as `behaviours` say, and remembers what it was asked."""

    def __init__(self, host: str, address: str, base: str = "") -> None:
        self.host = host
        self.address = address
        self.base = base or f"https://{host}"
        self.port = 0
        self.documents: dict[str, object] = {}
        self.handles: dict[str, Json] = {}
        self.behaviours: dict[str, Behaviour] = {}  # by path, or '*' for every path
        self.seen: list[Seen] = []
        self.connections = 0
        self.at_once = 0
        self.most_at_once = 0
        self.key_of: Callable[[str], str | None] = lambda key_id: None
        self._runner: web.ServerRunner | None = None

    # -- what it has --

    def actor(self, username: str, *, key: str = "", **more: Any) -> Actor:
        made = Actor(self, username, key or username)
        made.document |= more
        self.name(f"{username}@{self.host}", made.uri)
        return made

    def name(self, handle: str, actor_uri: str, *, subject: str = "") -> None:
        """Let a handle mean an actor."""
        links = [{"rel": "self", "type": AP, "href": actor_uri}]
        self.handles[f"acct:{handle}"] = {"subject": subject or f"acct:{handle}", "links": links}

    def behave(self, path: str, behaviour: Behaviour) -> None:
        self.behaviours[path] = behaviour

    # -- what it was asked --

    @property
    def gets(self) -> list[str]:
        return [seen.path for seen in self.seen if seen.method == "GET"]

    @property
    def posts(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == "POST"]

    def received(self, kind: str = "") -> list[Json]:
        """Activities that were delivered and signed by one of ours."""
        return [found for seen in self.posts if seen.signer and (found := seen.json) and kind in ("", found["type"])]

    # -- serving --

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        signer, scheme = self._signer(request, body)
        path = request.path_qs
        self.seen.append(Seen(request.method, path, {name.lower(): value for name, value in request.headers.items()}, body, signer, scheme))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            behaviour = self.behaviours.get(path) or self.behaviours.get(request.path) or self.behaviours.get("*") or self._serve
            return await behaviour(request)  # type: ignore[arg-type]
        finally:
            self.at_once -= 1

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return web.Response(status=202)
        if request.path == "/.well-known/webfinger":
            found = self.handles.get(request.query.get("resource", ""))
            return web.json_response(found, content_type="application/jrd+json") if found else web.Response(status=404)
        document = self.documents.get(request.path_qs) or self.documents.get(request.path)
        if document is None:
            return web.Response(status=404)
        return web.Response(body=json.dumps(document).encode(), headers={"Content-Type": AP})

    def _signer(self, request: web.BaseRequest, body: bytes) -> tuple[str, str]:
        """Verified with the key our instance publishes."""
        scheme = "https" if self.base.startswith("https") else "http"
        head = signatures.RequestHead(request.method, request.raw_path, scheme, [(n.lower(), v) for n, v in request.headers.items()])
        try:
            claim = signatures.parse(head)
            signatures.check(claim, head, body, clock.now(), (self.base.partition("://")[2],))
        except RemoteError:
            return "", ""
        pem = self.key_of(claim.key_id)
        if pem is None or not signatures.verify(claim, head, keys.load_public(pem)):
            return "", ""
        return claim.key_id, claim.scheme

    async def start(self, context: Any) -> None:
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.address, 0, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


async def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for what the workers do by themselves."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)


# -- the world --


class World:
    """An instance served on loopback, its people, and its peers."""

    def __init__(self, instance: Instance, client: TestClient[Any, Any], peers: dict[str, Peer]) -> None:
        self.instance = instance
        self.client = client
        self.peers = peers
        self.db = instance.db
        self.remote = instance.remote
        self.base = instance.config.instance.base_url
        self.alice = self.db.transact(make.account, "alice")
        self.bob = self.db.transact(make.account, "bob", locked=1)
        for peer in peers.values():
            peer.key_of = self._key_of

    def _key_of(self, key_id: str) -> str | None:
        key = self.db.read(key_rows.find, key_id)
        return key.public_pem if key else None

    def peer(self, host: str = "peer.test") -> Peer:
        return self.peers[host]

    # -- sending --

    async def deliver(self, who: Actor, activity: Json | bytes, path: str = "/inbox", **how: Any) -> ClientResponse:
        """A signed POST, as other servers send it."""
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        return await self.post(body, path, who.sign(f"{self.base}{path}", body, **how))

    async def get(self, path: str, who: Actor | None = None, accept: str = AP) -> ClientResponse:
        """A GET as other servers ask, signed when somebody asks."""
        headers = {"Accept": accept} | (who.sign_get(f"{self.base}{path}") if who else {})
        answer = await self.client.get(path, headers={**headers, "Host": self.instance.uris.host}, allow_redirects=False)
        await answer.read()
        return answer

    async def post(self, body: bytes, path: str, headers: dict[str, str]) -> ClientResponse:
        answer = await self.client.post(path, data=body, headers={"Content-Type": AP, **headers, "Host": self.instance.uris.host})
        await answer.read()
        return answer

    async def accepted(self, who: Actor, activity: Json, path: str = "/inbox") -> None:
        """Deliver it, which must be answered 202, and let it have its effect."""
        answer = await self.deliver(who, activity, path)
        assert answer.status == 202, await answer.text()
        await self.settle()

    async def settle(self) -> None:
        await asyncio.wait_for(self.instance.settle(), 120)

    # -- knowing --

    async def know(self, who: Actor) -> Account:
        """Let the instance read somebody; what it asked for that is forgotten."""
        account = await self.remote.actor(who.uri)
        self.forget()
        return account

    def account(self, who: Actor) -> Account | None:
        return self.db.read(account_rows.find_by_uri, who.uri)

    def find(self, uri: str) -> Post | None:
        return self.db.read(post_rows.find_by_uri, uri)

    def again(self, account: Account) -> Account:
        return self.db.read(account_rows.get, account.id)

    async def befriend(self, follower: Account | Actor, followed: Account | Actor) -> None:
        """An accepted follow between somebody here and somebody elsewhere."""
        sides = [await self.know(who) if isinstance(who, Actor) else who for who in (follower, followed)]
        self.db.transact(make.follow, *sides)
        self.db.transact(lambda tx: tx.execute("UPDATE deliveries SET state = 'delivered'"))
        await self.settle()
        self.forget()

    def publish(self, by: Account, text: str = "hello", **more: Any) -> Post:
        return self.db.transact(posts.publish, by, posts.Draft(text, fmt="plain", **more), {})

    def home(self, who: Account) -> list[str]:
        """The ids of the posts on a home timeline."""
        sql = "SELECT p.uri FROM home h JOIN posts p ON p.id = h.post_id WHERE h.owner_id = ? ORDER BY p.id"
        return [row[0] for row in self.db.read(lambda tx: tx.query(sql, (who.id,)))]

    def told(self, who: Account) -> list[str]:
        """The kinds of somebody's notifications."""
        rows = self.db.read(lambda tx: tx.query("SELECT kind FROM notifications WHERE account_id = ? ORDER BY id", (who.id,)))
        return [row[0] for row in rows]

    def deliveries(self) -> list[tuple[str, str, str]]:
        """(type, inbox, state) of everything that was to be sent."""
        sql = """SELECT v.type, i.uri, d.state FROM deliveries d JOIN activities v ON v.id = d.activity_id
        JOIN inboxes i ON i.id = d.inbox_id ORDER BY d.activity_id, i.uri"""
        return [tuple(row) for row in self.db.read(lambda tx: tx.query(sql))]

    def receipts(self, post: Post) -> list[delivery_rows.Delivery]:
        return self.db.read(delivery_rows.list_receipts, post.id)

    def rows(self) -> Counter[str]:
        """How many rows every table has; what only remembers that somebody was heard of is left out."""
        return self.db.read(_count_rows)

    @property
    def asked(self) -> list[str]:
        """Every request that went out, `METHOD host path`."""
        return [f"{seen.method} {peer.host} {seen.path}" for peer in self.peers.values() for seen in peer.seen]

    def forget(self) -> None:
        """Forget what was asked so far."""
        for peer in self.peers.values():
            peer.seen.clear()


_BOOKKEEPING = {"seen", "hosts", "settings", "sqlite_sequence"}


def _count_rows(tx: Tx) -> Counter[str]:
    tables = [row[0] for row in tx.query("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    counted: Counter[str] = Counter()
    for table in tables:
        row = tx.one(f'SELECT count(*) FROM "{table}"')
        if table not in _BOOKKEEPING and row is not None and row[0]:
            counted[table] = row[0]
    return counted


@asynccontextmanager
async def peers(hosts: Iterable[str] = HOSTS) -> AsyncIterator[tuple[dict[str, Peer], Json]]:
    """Running peers by host, and the `[federation]` settings that lead to them."""
    made = {host: Peer(host, f"127.0.1.{10 + place}") for place, host in enumerate(hosts)}
    host_map = {DOWN: "127.0.1.9:1"}
    async with AsyncExitStack() as stack:
        for host, peer in made.items():
            await peer.start(trusted(host.partition(":")[0]))
            stack.push_async_callback(peer.stop)
            host_map[host] = f"{peer.address}:{peer.port}"
        yield made, {"allow_networks": ["127.0.1.0/24"], "timeout_s": 4, "host_map": host_map, "ca_file": str(authority().file)}


@asynccontextmanager
async def world(folder: Path, hosts: Iterable[str] = HOSTS, *, working: bool = True, **sections: Json) -> AsyncIterator[World]:
    """Everything, running: peers, an instance in memory with its workers, its web server. Needs the fixture `quick_keys`."""
    async with peers(hosts) as (made, federation), AsyncExitStack() as stack:
        federation = federation | sections.pop("federation", {})
        settings = make.settings(folder, federation=federation, **sections)
        instance = await Instance.in_memory(settings)
        stack.push_async_callback(instance.close)
        client = await stack.enter_async_context(serving(instance))
        there = World(instance, client, made)
        if working:
            instance.start()
        yield there


@asynccontextmanager
async def serving(instance: Instance, port: int | None = None) -> AsyncIterator[TestClient[Any, Any]]:
    """The instance's own web server, and a client of it."""
    server = TestServer(make_app(instance), port=port)
    await server.start_server(**server_options(instance.config))
    async with TestClient(server) as client:
        yield client
