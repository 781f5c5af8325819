"""An instance with a web server on loopback, its people, and people elsewhere who sign with real keys."""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aiohttp import ClientResponse, DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer

from fedi import accounts, clock, config, logins, posts
from fedi.activitypub import keys, signatures
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import keys as key_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from fedi.web.app import make_app, server_options

AS2 = "https://www.w3.org/ns/activitystreams"
AP = "application/activity+json"
HOST = "fedi.test"
_ids = itertools.count(1)
_generate_rsa, _generate_ed25519 = keys.generate_rsa, keys.generate_ed25519


@cache
def rsa(name: str) -> str:
    """A key pair per name, made once: making one takes up to 200 ms."""
    return _generate_rsa()


@cache
def ed25519(name: str) -> str:
    return _generate_ed25519()


class Stranger:
    """Somebody on another server, known here or not."""

    def __init__(self, username: str, host: str) -> None:
        self.uri = f"https://{host}/users/{username}"
        self.username, self.host = username, host
        self.key = signatures.Key(f"{self.uri}#main-key", keys.load_private(rsa(self.uri)))

    def activity(self, kind: str, obj: Any, **more: Any) -> dict[str, Any]:
        return {"@context": AS2, "id": f"{self.uri}#{next(_ids)}", "type": kind, "actor": self.uri, "object": obj, **more}


class Rig:
    def __init__(self, instance: Instance, client: TestClient[Any, Any]) -> None:
        self.instance = instance
        self.client = client
        self.base = instance.config.instance.base_url
        self.host = instance.uris.host

    # -- people --

    def person(self, username: str, role: str = "user") -> Account:
        new = accounts.NewAccount(username, f"{username}@mail.test", logins.DUMMY_HASH, role, rsa(username), ed25519(username))
        return self.instance.db.transact(accounts.create, new)

    def stranger(self, username: str = "dan", host: str = "peer.test", *, known: bool = True) -> Stranger:
        made = Stranger(username, host)
        if known:
            self.instance.db.transact(self._insert_stranger, made)
        return made

    @staticmethod
    def _insert_stranger(tx: Any, made: Stranger) -> None:
        row = account_rows.insert(
            tx, username=made.username, host=made.host, uri=made.uri, url=made.uri, kind="Person", inbox_uri=f"{made.uri}/inbox",
            followers_uri=f"{made.uri}/followers", fetched_at=tx.now,
        )  # fmt: skip
        key_rows.put(tx, key_rows.Key(made.key.id, row.id, keys.public_pem(rsa(made.uri)), None, tx.now))

    def account(self, who: Stranger) -> Account:
        found = self.instance.db.read(account_rows.find_by_uri, who.uri)
        assert found is not None
        return found

    def befriend(self, follower: Account, followed: Account) -> None:
        """An accepted follow."""
        row = follow_rows.Follow(
            follower.id, followed.id, "accepted", int(follower.is_local), f"https://x.test/{next(_ids)}", 1, 0, "[]", 0
        )
        self.instance.db.transact(follow_rows.put, row)

    def post(self, author: Account, text: str = "hello", **more: Any) -> Post:
        return self.instance.db.transact(posts.publish, author, posts.Draft(text, fmt="plain", **more), {})

    def session(self, account: Account) -> str:
        return self.instance.db.transact(logins.start_session, account.id, "test")

    def token(self, account: Account, scopes: str = "read write") -> str:
        return self.instance.db.transact(logins.new_token, account.id, scopes)

    # -- requests --

    async def get(self, path: str, accept: str = AP, **headers: str) -> ClientResponse:
        return await self.client.get(path, headers={"Accept": accept, **headers}, allow_redirects=False)

    async def signed_get(self, who: Stranger, path: str) -> ClientResponse:
        signed = signatures.sign(signatures.Outgoing("GET", f"{self.base}{path}"), who.key, clock.now())
        return await self.client.get(path, headers={**signed, "Accept": AP}, allow_redirects=False)

    async def deliver(self, who: Stranger, activity: dict[str, Any], path: str = "/inbox", **kwargs: Any) -> ClientResponse:
        body = json.dumps(activity).encode()
        return await self.client.post(path, data=body, headers=self.signed(who, body, path, **kwargs))

    def signed(self, who: Stranger, body: bytes, path: str = "/inbox", scheme: signatures.Scheme = "cavage", at: int = 0) -> dict[str, str]:
        outgoing = signatures.Outgoing("POST", f"{self.base}{path}", content_type=AP, body_digest=signatures.digest(body))
        return {"Content-Type": AP, **signatures.sign(outgoing, who.key, at or clock.now(), scheme=scheme)}

    @property
    def asked_nobody(self) -> bool:
        """Whether no outgoing connection was ever tried."""
        return self.instance.http._session is None


def settings(folder: Path, **sections: dict[str, Any]) -> config.Config:
    often = {"requests_per_token": 1_000_000, "requests_per_address": 1_000_000}  # a test asks more than a program does
    document: dict[str, Any] = {"instance": {"domain": HOST}, "limits": often}
    for name, values in sections.items():
        document[name] = document.get(name, {}) | values
    return config.parse(document, folder)


async def opened(made: config.Config) -> Instance:
    """An instance in memory; its own keys are made once for all tests."""
    with patch.object(keys, "generate_rsa", lambda: rsa("instance")), patch.object(keys, "generate_ed25519", lambda: ed25519("instance")):
        return await Instance.in_memory(made)


@asynccontextmanager
async def served(made: config.Config) -> AsyncIterator[Rig]:
    instance = await opened(made)
    server = TestServer(make_app(instance))
    await server.start_server(**server_options(made))
    try:
        async with TestClient(server, headers={"Host": instance.uris.host}, cookie_jar=DummyCookieJar()) as client:
            yield Rig(instance, client)
    finally:
        await instance.close()


__all__ = ["AP", "AS2", "HOST", "Rig", "Stranger", "opened", "served", "settings"]
