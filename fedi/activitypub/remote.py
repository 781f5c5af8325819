"""Reading other servers: actors, posts, keys, WebFinger. What comes back has been checked against where it came from, and is stored.

Every GET is signed by the instance actor. Nothing here believes a copy: a document counts only under the id it was fetched by.
"""

import asyncio
from typing import Any
from urllib.parse import quote, urlsplit

from fedi import accounts, arrivals, clock, limits, markup, sanitize, uris
from fedi.activitypub import parse, vocab, webfinger
from fedi.activitypub.documents import Cpu, Documents, Rate
from fedi.activitypub.keyring import Keyring
from fedi.activitypub.parse import Actor, Note
from fedi.activitypub.parse_objects import attribution
from fedi.config import Config, is_loopback
from fedi.errors import FediError, Malformed, NotFound, Refused, RemoteError, RemoteGone, TooMany, Unreachable, Untrusted
from fedi.html import Html
from fedi.http import Client, Fetched
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.posts import Post

_STALE_MS = clock.DAY
_HANDLE_MS = 7 * clock.DAY  # a handle that was proven is not asked about again for this long
_MENTIONS_S = 15  # how long a post waits for the people it names


class Remote:
    """Other servers as one instance sees them: its signing key, and what it remembers of failures and rates. One per instance."""

    def __init__(self, config: Config, db: Database, http: Client, cpu: Cpu) -> None:
        self.config = config
        self.uris = config.uris
        self.db = db
        self.cpu = cpu
        self.keyring = Keyring(db)
        self._http = http
        self._documents = Documents(config.uris, db, http, cpu)
        self._key_fetches = Rate(limits.KEY_FETCHES)
        self._key_fetches_of = Rate(limits.KEY_FETCHES_PER_HOST)
        self._boosted = Rate(limits.BOOSTED_FETCHES)
        self._forwarded = Rate(limits.FORWARDED_FETCHES)
        self._quoted = Rate(limits.QUOTED_FETCHES)
        self._wrapped = Rate(limits.WRAPPED_FETCHES)

    def use_key(self, key_uri: str, private_pem: str) -> None:
        """What GETs are signed with: the instance actor's key."""
        self._documents.use_key(key_uri, private_pem)

    async def document(self, url: str) -> dict[str, Any]:
        """The ActivityPub document with exactly this id. Raises RemoteError of all kinds."""
        return await self._documents.get(url)

    async def fetched(self, url: str) -> Fetched:
        """What a signed GET brings, whatever it says to be: for what is not stored under an id. Raises RemoteError of all kinds."""
        return await self._documents.fetch(url)

    # -- actors --

    async def actor(self, uri: str, *, refresh: bool = False) -> Account:
        """The account with this id, from the database or its server. Raises RemoteError; NotFound for one of ours that is not there."""
        known = self.db.read(account_rows.find_by_uri, uri)
        if known is not None and (known.is_local or not refresh):
            return known
        if self.uris.is_ours(uri):
            raise NotFound("There is nobody of that name here.")
        found: Account = await self._documents.once(f"actor {uri}", lambda: self._fetch_actor(uri))
        return found

    async def _fetch_actor(self, uri: str) -> Account:
        try:
            document = await self.document(uri)
        except RemoteGone:
            await self.db.write(_actor_gone, uri)
            raise
        return await self.take_actor(parse.actor(document))

    async def take_actor(self, actor: Actor) -> Account:
        """Store an actor whose document came from its own server."""
        username, host = await self._handle(actor)
        if self.uris.is_our_host(host):
            raise Untrusted("That account claims a name of this server.")
        bio_html = await self.clean(actor.summary)
        return await self.db.write(accounts.receive, actor._replace(username=username), host, bio_html)

    async def clean(self, html: str) -> Html:
        """Sanitised; off the loop where that takes long."""
        if sanitize.is_heavy(html):
            cleaned: Html = await self.cpu(sanitize.clean, html)
            return cleaned
        return sanitize.clean(html)

    async def content(self, note: Note) -> Html:
        """A post's text as it is stored; off the loop where that takes long."""
        if arrivals.is_heavy(note):
            cleaned: Html = await self.cpu(arrivals.html_of, note, self.uris.tag)
            return cleaned
        return arrivals.html_of(note, self.uris.tag)

    async def _handle(self, actor: Actor) -> tuple[str, str]:
        """(username, host) of an actor: on its own host, or on another one where each vouches for the other.

        A changed name counts when WebFinger agrees; until then the earlier one stays. Source: FEDERATION.md, Discovery; ORG-18.
        """
        own = uris.host(actor.id)
        known = self.db.read(account_rows.find_by_uri, actor.id)
        before = (known.username, known.host) if known is not None else (actor.username, own)
        if known is not None and known.username == actor.username and known.fetched_at > clock.now() - _HANDLE_MS:
            return before
        try:
            there = await self._webfinger(actor.username, own, urlsplit(actor.id).scheme)
            if there.actor_uri != actor.id:
                return before if before[0] != actor.username else (actor.username, own)
            if there.host == own:
                return actor.username, own
            back = await self._webfinger(there.username, there.host, urlsplit(actor.id).scheme)
        except FediError:
            return before
        proven = back.actor_uri == actor.id and back.host == there.host and back.username.lower() == actor.username.lower()
        return actor.username, back.host if proven else own

    # -- WebFinger --

    async def _webfinger(self, username: str, host: str, scheme: str = "https") -> webfinger.Subject:
        """Whom a handle means. Asks host-meta where WebFinger is not at its place. Raises RemoteError."""
        self._documents.refuse_blocked(host)
        resource = quote(f"acct:{username}@{host}", safe="")
        try:
            return await self._jrd(f"{scheme}://{host}/.well-known/webfinger?resource={resource}")
        except Refused as error:
            if error.status != 404:
                raise
        meta = await self._http.get(
            f"{scheme}://{host}/.well-known/host-meta", accept="application/xrd+xml", types=webfinger.XRD_TYPES, max_bytes=64 * 1024
        )
        template = webfinger.lrdd_template(meta.body)
        return await self._jrd(template.replace("{uri}", resource))

    async def _jrd(self, url: str) -> webfinger.Subject:
        fetched = await self._http.get(url, accept=f"{vocab.JRD_JSON}, application/json", types=webfinger.JRD_TYPES, max_bytes=64 * 1024)
        return webfinger.read(fetched.body)

    async def account_of(self, username: str, host: str) -> Account:
        """Whom a handle means, asked of its server when not known here. `host` '' is this server. Raises NotFound, RemoteError."""
        if not host or self.uris.is_our_host(host):
            return self.db.read(account_rows.get_local, username)
        known = self.db.read(account_rows.find_by_handle, username, host)
        if known is not None and known.fetched_at > clock.now() - _STALE_MS:
            return known
        try:
            found: Account = await self._documents.once(f"acct {username.lower()}@{host}", lambda: self._resolve_handle(username, host))
        except RemoteError:
            if known is not None:
                return known
            raise
        return found

    async def _resolve_handle(self, username: str, host: str) -> Account:
        subject = await self._webfinger(username, host, self._scheme_of(host))
        account = await self.actor(subject.actor_uri, refresh=True)
        if account.host != host and account.host != subject.host:
            raise Untrusted("That handle belongs to an account that does not vouch for it.")
        return account

    def _scheme_of(self, host: str) -> str:
        """Plain http only where this server itself is a local one and so is the other."""
        name = urlsplit(f"//{host}").hostname or ""
        return "http" if self.config.instance.base_url.startswith("http:") and is_loopback(name) else "https"

    async def mentions(self, text: str, fmt: markup.Format = "markdown") -> dict[tuple[str, str], int]:
        """Account ids of the handles a text names, by (lower-case username, host); those that cannot be found are left out."""
        if len(text) > 4 * max(
            self.config.limits.post_chars, limits.ARTICLE_CHARS
        ):  # it will be refused, and reading it would hold the loop
            return {}
        named = markup.scan(text, fmt).mentions[: limits.MENTIONS]
        wanted = {(name.lower(), host) for name, host in named if host and not self.uris.is_our_host(host)}
        asked = {asyncio.ensure_future(self.account_of(*handle)): handle for handle in wanted}
        if not asked:
            return {}
        done, late = await asyncio.wait(asked, timeout=_MENTIONS_S)
        for task in late:
            task.cancel()
        found = {}
        for task in done:
            error = task.exception()
            if error is not None and not isinstance(error, FediError):
                raise error
            if error is None:
                found[asked[task]] = task.result().id
        return found

    # -- posts --

    async def post(self, uri: str) -> Post:
        """The post with this id, from the database or its server; stored quietly, on no timeline. Raises RemoteError."""
        known = self.db.read(post_rows.find_by_uri, uri)
        if known is not None:
            return known
        if self.uris.is_ours(uri):
            raise NotFound("There is no such post.")
        found: Post = await self._documents.once(f"post {uri}", lambda: self._fetch_post(uri))
        return found

    async def _fetch_post(self, uri: str, hops: int = 0) -> Post:
        return await self.keep(*await self.note(uri), hops)

    async def keep(self, note: Note, author: Account, hops: int = 0) -> Post:
        """Store what `note` or `believed` gave, quietly, on no timeline. Raises RemoteGone, Malformed for a vote, which is no post."""
        if note.is_vote:
            raise Malformed("That is a vote.")
        content = await self.content(note)
        post = await self.db.write(arrivals.receive, note, author, content, quiet=True, hops=hops)
        if post is None:
            raise RemoteGone("That post was deleted.")
        return post

    async def quoted(self, uri: str, hops: int) -> Post:
        """The post somebody quotes, like `post`; `hops` quotes have led to it."""
        known = self.db.read(post_rows.find_by_uri, uri)
        if known is not None:
            return known
        if self.uris.is_ours(uri):
            raise NotFound("There is no such post.")
        found: Post = await self._documents.once(f"post {uri}", lambda: self._fetch_post(uri, hops))
        return found

    def spend_quoted(self, author_uri: str) -> None:
        """Raises TooMany when somebody has made us fetch much for their quotes in this minute."""
        self._quoted.spend(author_uri)

    async def boosted(self, uri: str, by: Account) -> Post:
        """The post somebody boosts, like `post`; raises TooMany when it is not here and they have made us fetch much in this minute."""
        if self.db.read(post_rows.find_by_uri, uri) is None:
            self._boosted.spend(by.uri)
        return await self.post(uri)

    def spend_forwarded(self, host: str) -> None:
        """Count a fetch that a server makes us do by passing on what others have said. Raises TooMany."""
        self._forwarded.spend(host)

    def spend_wrapped(self, group_uri: str) -> None:
        """Something that a group passes on is about to be asked for where it comes from. Raises TooMany past the group's rate."""
        self._wrapped.spend(group_uri)

    async def note(self, uri: str) -> tuple[Note, Account]:
        """A post as its server has it now, and its author; not stored. Raises RemoteError, Untrusted when they have two origins."""
        return await self.believed(await self.document(uri))

    async def believed(self, document: dict[str, Any]) -> tuple[Note, Account]:
        """The same of a document that is known to come from where its id is."""
        if parse.is_tombstone(document):
            raise RemoteGone("That post was deleted.")
        author_uri, _ = attribution(document)
        own_id = parse.first_uri(document)
        if not author_uri or not uris.same_origin(own_id, author_uri):
            raise Untrusted("The post is not from its author's server.")
        author = await self.actor(author_uri)
        if author.uri != author_uri:  # its document has led to somebody else's, maybe on another server
            raise Untrusted("The post's author is somebody else.")
        if author.is_hidden:
            raise Refused("That account is suspended here.", 403)
        if self.db.read(tombstone_rows.is_taken_back, own_id, author_uri):
            raise RemoteGone("That post was deleted.")
        return parse.note(document, clock.now(), author.followers_uri), author

    async def resolve(self, query: str) -> Account | Post:
        """What a handle or a web address means. Raises NotFound, Malformed, RemoteError."""
        text = query.strip()
        handle = webfinger.handle(text)
        if handle is not None:
            return await self.account_of(*handle)
        uris.origin(text)
        url = text
        known = self.db.read(account_rows.find_by_uri, url) or self.db.read(post_rows.find_by_url, url) or self._local_page(url)
        if known is not None:
            return known
        if self.uris.is_ours(url):
            raise NotFound("There is nothing at that address.")
        document = await self._linked_document(url)
        own_id = parse.first_uri(document)
        if parse.is_actor(document):
            return await self.actor(own_id, refresh=True)
        return await self.post(own_id)

    def _local_page(self, url: str) -> Account | None:
        path = self.uris.path(url)
        if path is None or not path.startswith("/@") or "/" in path[2:] or "@" in path[2:]:
            return None
        return self.db.read(account_rows.find_by_handle, path[2:], "")

    async def _linked_document(self, url: str) -> dict[str, Any]:
        """The document of an address a person copied: the address itself, or what its page names as its ActivityPub form."""
        try:
            return await self.document(url)
        except Malformed:
            page = await self._http.get(url, accept="text/html", types=frozenset({"text/html"}), max_bytes=limits.BODY_BYTES)
        linked = webfinger.alternate(page.link, page.body, page.final_url)
        if linked is None:
            raise NotFound("There is no fediverse page at that address.")
        return await self.document(linked)

    # -- keys --

    async def key_owner(self, key_uri: str, *, refresh: bool) -> Account:
        """The account whose document lists this key, its keys now stored. `refresh` reads a known one again.

        Raises Unreachable past the rate of key fetches, RemoteGone, Untrusted when the owner's document does not list the key.
        Source: FEDERATION.md, Actors; SIG-14, SIG-15, SIG-19, SIG-20, SIG-27.
        """
        host = uris.host(key_uri)
        self._documents.refuse_blocked(host)
        found: Account = await self._documents.once(f"key {key_uri}", lambda: self._fetch_key_owner(key_uri, host, refresh))
        return found

    async def _fetch_key_owner(self, key_uri: str, host: str, refresh: bool) -> Account:
        self._spend_key_fetch(host)
        document, is_proven = await self._key_document(key_uri.partition("#")[0])
        owner_uri = parse.first_uri(document) if parse.is_actor(document) else parse.key(document).owner
        if not uris.same_origin(owner_uri, key_uri):
            raise Untrusted("The key is not on its owner's server.")
        if not is_proven or not parse.is_actor(document) or not document.get("inbox"):
            document = await self.document(owner_uri)
        actor = parse.actor(document)
        if all(key.id != key_uri for key in actor.keys):
            raise Untrusted("The owner's document does not list the key.")
        return await self.take_actor(actor)

    async def _key_document(self, url: str) -> tuple[dict[str, Any], bool]:
        """A key's document, and whether it is what its own id serves. One that is not only says whom to ask, on the same server."""
        try:
            return await self.document(url), True
        except Untrusted:
            fetched = await self._documents.fetch(url)
            document = parse.document(fetched.body)
            if not uris.same_origin(parse.first_uri(document), url) or not uris.same_origin(fetched.final_url, url):
                raise
            return document, False

    def _spend_key_fetch(self, host: str) -> None:
        """At most so many key fetches a minute, in all and from one host: signatures nobody can check cost others nothing."""
        try:
            self._key_fetches_of.spend(host)
            self._key_fetches.spend("")
        except TooMany as error:
            raise Unreachable("Too many unknown keys. Try again in a minute.", error.retry_after_s) from None


def _actor_gone(tx: Tx, uri: str) -> None:
    account = account_rows.find_by_uri(tx, uri)
    if account is not None and not account.is_local:
        accounts.delete_remote(tx, account)
