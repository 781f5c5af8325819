"""Getting documents of other servers: signed by the instance actor, believed only under the id they were fetched by, and not too often."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from fedi import clock, limits, uris
from fedi.activitypub import keys, parse, signatures
from fedi.errors import Malformed, Refused, RemoteError, TooMany, Untrusted
from fedi.http import Client, Fetched
from fedi.storage import domains as domain_rows
from fedi.storage import hosts as host_rows
from fedi.storage.db import Database, Tx

Cpu = Callable[..., Awaitable[Any]]
_DENIED = (400, 401, 403)
_REMEMBERED = 4096


class _Failed(NamedTuple):
    """An address that could not be read lately, and why: not asked again before `until`."""

    until: int
    error: RemoteError


class Rate:
    """At most `most` a minute of one name. Forgets the names that were longest without any."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._spent: OrderedDict[str, list[int]] = OrderedDict()

    def spend(self, name: str) -> None:
        """Count one. Raises TooMany when there is none left, and then counts nothing."""
        now = clock.now()
        spent = [at for at in self._spent.get(name, ()) if at > now - clock.MINUTE]
        if len(spent) >= self._most:
            raise TooMany("Too much at once. Try again in a minute.", max(1, (spent[0] + clock.MINUTE - now) // clock.SECOND))
        self._spent[name] = [*spent, now]
        self._spent.move_to_end(name)
        if len(self._spent) > _REMEMBERED:
            self._spent.popitem(last=False)


class Documents:
    """The documents of other servers as one instance asks for them. One per instance."""

    def __init__(self, our: uris.Uris, db: Database, http: Client, cpu: Cpu) -> None:
        self._uris = our
        self._db = db
        self._cpu = cpu
        self._http = http
        self._key: signatures.Key | None = None
        self._failed: OrderedDict[str, _Failed] = OrderedDict()
        self._running: dict[str, asyncio.Task[Any]] = {}

    def use_key(self, key_uri: str, private_pem: str) -> None:
        """What GETs are signed with: the instance actor's key."""
        self._key = signatures.Key(key_uri, keys.load_private(private_pem))

    async def get(self, url: str) -> dict[str, Any]:
        """The ActivityPub document with exactly this id. Raises RemoteError of all kinds.

        An address that answers with a document of another id is followed to that id once, on the id's own server, and only that result
        counts. Source: FEDERATION.md, Transport; ORG-01..05.
        """
        fetched = await self.fetch(url)
        document = parse.document(fetched.body)
        own_id = parse.first_uri(document)
        if own_id == fetched.final_url or (own_id == url and uris.same_origin(fetched.final_url, url)):
            return document
        if not own_id or self._uris.is_ours(own_id):
            raise Untrusted("The document says that it is another one.")
        fetched = await self.fetch(own_id)
        document = parse.document(fetched.body)
        if parse.first_uri(document) != own_id or not uris.same_origin(fetched.final_url, own_id):
            raise Untrusted("The document says that it is another one.")
        return document

    async def fetch(self, url: str) -> Fetched:
        """What a signed GET brings, whatever it says to be. Knocks again with another signature where one is refused."""
        host = uris.host(url)
        self.refuse_blocked(host)
        known = self._db.read(host_rows.find, host)
        first = known.signature if known and known.signature else "cavage"
        others = [scheme for scheme in ("cavage", "rfc9421", "cavage-path") if scheme != first and (scheme != "cavage-path" or "?" in url)]
        for scheme in (first, *others):
            try:
                fetched = await self._http.get_document(url, sign=self._sign_with(scheme))
            except Refused as error:
                if error.status not in _DENIED or scheme == (others or [first])[-1]:
                    raise
            else:
                self.refuse_blocked(uris.host(fetched.final_url))
                if scheme != first:
                    await self._db.write(_remember_scheme, host, scheme)
                return fetched
        raise Refused("That server does not let us read.", 401)

    def _sign_with(self, scheme: str) -> Callable[[str, str], Awaitable[dict[str, str]]]:
        async def sign(method: str, url: str) -> dict[str, str]:
            if self._key is None:
                return {}
            request = signatures.Outgoing(method, url, content_type=None, body_digest=None)
            base: signatures.Scheme = "rfc9421" if scheme == "rfc9421" else "cavage"
            headers: dict[str, str] = await self._cpu(
                signatures.sign, request, self._key, clock.now(), scheme=base, path_only=scheme == "cavage-path"
            )
            return headers

        return sign

    def refuse_blocked(self, host: str) -> None:
        """Raises Refused for a server we have nothing to do with, Malformed for our own."""
        if self._db.read(domain_rows.is_blocked, host):
            raise Refused("That server is blocked here.", 403)
        if self._uris.is_our_host(host):
            raise Malformed("That is this server.")

    async def once(self, name: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """Several who want the same thing now share one fetch; one that failed lately is not asked for again at once."""
        failed = self._failed.get(name)
        if failed is not None and failed.until > clock.now():
            raise failed.error.with_traceback(None)  # else it would grow with every time it is raised
        task = self._running.get(name)
        if task is None:
            task = self._running[name] = asyncio.ensure_future(self._noting(name, make))
            task.add_done_callback(lambda _: self._running.pop(name, None))
        return await asyncio.shield(task)

    async def _noting(self, name: str, make: Callable[[], Awaitable[Any]]) -> Any:
        try:
            result = await make()
        except RemoteError as error:
            self._failed[name] = _Failed(clock.now() + limits.NEGATIVE_KEY_S * clock.SECOND, error)
            while len(self._failed) > _REMEMBERED:
                self._failed.popitem(last=False)
            raise
        self._failed.pop(name, None)
        return result


def _remember_scheme(tx: Tx, host: str, scheme: str) -> None:
    known = host_rows.find(tx, host) or host_rows.Host(host)
    host_rows.put(tx, known._replace(signature=scheme, seen_at=tx.now))
