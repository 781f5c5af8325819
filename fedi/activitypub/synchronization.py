"""Lists of followers, kept equal between two servers: what we say of ours with each delivery, and what we do when somebody disagrees.

Source: FEP-8fcf; FEDERATION.md, Delivery, 8.6.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, NamedTuple

import orjson

from fedi import clock, follows, limits, uris
from fedi.activitypub import parse, signatures
from fedi.activitypub.documents import Rate
from fedi.activitypub.remote import Remote
from fedi.activitypub.signatures import RequestHead
from fedi.activitypub.verify import Signer
from fedi.errors import Malformed, TooMany
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import jobs as job_rows
from fedi.storage.db import Database, Tx
from fedi.streaming import Event, Hub

JOB: Final = "synchronize"
HEADER: Final = "Collection-Synchronization"
_HEADER_CHARS: Final = 3 * limits.URI_CHARS
_PARAMETER = re.compile(r'\s*(collectionId|digest|url)="([^"]*)"\s*(?:,|\Z)')
_NOBODY: Final = "0" * 64
_KEPT: Final = 2_000  # digests in memory, of so many accounts


def digest(follower_uris: Iterable[str]) -> str:
    """All their SHA-256, added without carry: the same in whatever order."""
    total = 0
    for uri in follower_uris:
        total ^= int.from_bytes(hashlib.sha256(uri.encode("utf-8", "surrogatepass")).digest())
    return f"{total:064x}"


class Claim(NamedTuple):
    """What a header says of a collection of followers: its part on our server has this digest, and can be read at `url`."""

    collection_uri: str
    digest: str
    url: str


def read(text: str) -> Claim | None:
    """The header, its parameters in any order; None when it is none."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text) <= _HEADER_CHARS:
        match = _PARAMETER.match(text, position)
        if match is None or match[1] in found:
            return None
        found[match[1]] = match[2]
        position = match.end()
    return Claim(found["collectionId"], found["digest"].lower(), found["url"]) if len(found) == 3 else None


class Digests:
    """What is known of followers, by account, until a follow changes. One per instance."""

    def __init__(self, db: Database, hub: Hub) -> None:
        self._db = db
        self._kept: OrderedDict[int, dict[uris.Origin, str]] = OrderedDict()
        hub.subscribe("relation", self._on_relation)
        hub.subscribe("storage.reopened", lambda _: self._kept.clear())

    def _on_relation(self, event: Event) -> None:
        self._kept.pop(event.id, None)
        if isinstance(event.data, int):
            self._kept.pop(event.data, None)

    def of(self, account_id: int, place: str) -> str:
        """The digest of an account's followers on the server of an address."""
        known = self._kept.get(account_id)
        if known is None:
            known = self._kept[account_id] = _by_origin(self._db.read(follow_rows.list_follower_uris, account_id))
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return known.get(uris.origin(place), _NOBODY)

    def header(self, account_id: int, followers_uri: str, inbox_uri: str) -> str:
        """What goes with a delivery to the followers of an account here."""
        return f'collectionId="{followers_uri}", digest="{self.of(account_id, inbox_uri)}", url="{followers_uri}_synchronization"'


def _by_origin(follower_uris: Iterable[str]) -> dict[uris.Origin, str]:
    found: dict[uris.Origin, list[str]] = {}
    for uri in follower_uris:
        found.setdefault(uris.origin(uri), []).append(uri)
    return {origin: digest(listed) for origin, listed in found.items()}


class Listener:
    """Hears what others say of their followers here. One per instance."""

    def __init__(self, remote: Remote, digests: Digests) -> None:
        self._db = remote.db
        self._our = remote.uris
        self._digests = digests
        self._asked: OrderedDict[int, int] = OrderedDict()
        self._rate = Rate(limits.SYNCHRONIZATIONS_PER_HOST)

    async def hear(self, head: RequestHead, signer: Signer) -> None:
        """Look whether the sender of a request knows the same followers; if not, their list is read by a job. Never raises for a header.

        Believed is only what the signature covers, of the signer's own collection on the signer's own server.
        """
        texts = [value for name, value in head.headers if name == HEADER.lower()]
        claim, account = read(texts[0]) if len(texts) == 1 else None, signer.account
        if claim is None or claim.collection_uri != account.followers_uri or not uris.same_origin(claim.url, account.uri):
            return
        if HEADER.lower() not in signatures.parse(head).covered or claim.digest == self._digests.of(account.id, self._our.base_url):
            return
        if self._may_ask(account.id, uris.host(account.uri)):
            await self._db.write(queue, account.id, claim.url)

    def _may_ask(self, account_id: int, host: str) -> bool:
        now = clock.now()
        if self._asked.get(account_id, 0) > now - limits.SYNCHRONIZED_S * clock.SECOND:
            return False
        try:
            self._rate.spend(host)
        except TooMany:
            return False
        self._asked[account_id] = now
        self._asked.move_to_end(account_id)
        if len(self._asked) > _KEPT:
            self._asked.popitem(last=False)
        return True


def queue(tx: Tx, account_id: int, url: str) -> None:
    """One list of a server is read at a time, so that a slow one holds up none but its own, and few of them wait."""
    lane = f"{JOB} {uris.host(url)}"
    if job_rows.count_lane(tx, lane) < limits.SYNCHRONIZATIONS_PER_HOST:
        tx.emit(Event("job", job_rows.insert(tx, JOB, orjson.dumps({"account": account_id, "url": url}), lane=lane)))


async def process(remote: Remote, payload: bytes) -> None:
    """Read whom an account elsewhere counts as followers here, and make that true. Raises RemoteError."""
    facts = orjson.loads(payload)
    account = remote.db.read(account_rows.find, facts["account"])
    if account is None or account.is_local or account.is_hidden:
        return
    listed = await _listed(remote, facts["url"])
    await remote.db.write(follows.synchronize, account, listed)


async def _listed(remote: Remote, url: str) -> set[str]:
    """All ids of a collection. Raises Malformed when it is not whole: nobody stops to follow because a page was missing."""
    document = await remote.document(url)
    if not parse.is_collection(document):
        raise Malformed("That is not a list of followers.")
    total, found, pages = document.get("totalItems"), _ids(document), 0
    page: object = document.get("first")
    while page is not None:
        pages += 1
        if isinstance(page, str) and uris.same_origin(page, url):
            page = await remote.document(page)
        if not isinstance(page, dict) or pages > limits.SYNCHRONIZED_PAGES:
            raise Malformed("That list of followers cannot be read to its end.")
        found |= _ids(page)
        page = page.get("next")
    if len(found) > limits.SYNCHRONIZED_ITEMS or (isinstance(total, int) and len(found) < total):
        raise Malformed("That list of followers is not whole.")
    if not found and not pages and "orderedItems" not in document and "items" not in document:
        raise Malformed("That list of followers is hidden.")
    return found


def _ids(page: parse.Json) -> set[str]:
    return {uri for name in ("orderedItems", "items") for item in parse.as_list(page.get(name)) if (uri := parse.first_id(item))}
