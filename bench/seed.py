"""Other servers and their people, put into a server's data before it starts; and what they send, signed beforehand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.sink import address
from fedi import clock, config, ids, notifications, posts
from fedi.activitypub import keys, signatures, vocab
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import keys as key_rows
from fedi.storage.accounts import Account
from fedi.storage.db import NAME, Database, House, Tx
from fedi.storage.follows import Follow
from fedi.storage.keys import Key

_PARAGRAPH = (
    '<p><span class="h-card" translate="no"><a href="https://{host}/@dora" class="u-url mention">@<span>dora</span></a></span> I have been'
    " reading about small servers all week, and the more I read the more I like the idea that a person can own the place where they talk."
    ' See <a href="https://{host}/notes/{number}" target="_blank" rel="nofollow noopener noreferrer" translate="no">'
    '<span class="invisible">https://</span><span class="ellipsis">{host}/notes</span><span class="invisible">/{number}</span></a></p>'
    '<p>More of that tomorrow. <a href="https://{host}/tags/fediverse" class="mention hashtag" rel="tag">#<span>fediverse</span></a></p>'
)
# The context a peer sends: the same from run to run, whatever ours becomes.
_CONTEXT: list[Any] = [
    "https://www.w3.org/ns/activitystreams",
    "https://w3id.org/security/v1",
    {
        "toot": "http://joinmastodon.org/ns#",
        "schema": "http://schema.org#",
        "gts": "https://gotosocial.org/ns#",
        "litepub": "http://litepub.social/ns#",
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "sensitive": "as:sensitive",
        "Hashtag": "as:Hashtag",
        "movedTo": {"@id": "as:movedTo", "@type": "@id"},
        "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
        "featured": {"@id": "toot:featured", "@type": "@id"},
        "discoverable": "toot:discoverable",
        "indexable": "toot:indexable",
        "blurhash": "toot:blurhash",
        "focalPoint": {"@container": "@list", "@id": "toot:focalPoint"},
        "Emoji": "toot:Emoji",
        "PropertyValue": "schema:PropertyValue",
        "value": "schema:value",
        "directMessage": "litepub:directMessage",
        "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
        "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
        "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
        "ostatus": "http://ostatus.org#",
        "conversation": "ostatus:conversation",
        "votersCount": "toot:votersCount",
    },
]


class Peer(NamedTuple):
    """Somebody on another server, with the private key nobody else knows."""

    account: Account
    host: str
    key: signatures.Key


def peers(folder: Path, count: int, *, followed_by: str, following: str, sink_port: int) -> list[Peer]:
    """Put `count` people of as many servers into the data: each followed by one local person, each following another."""
    settings = config.load(folder / "config.toml", {})
    pems = [keys.generate_rsa() for _ in range(8)]
    with Database.open(folder / NAME, house=House(settings.uris, settings.limits)) as database:
        return database.transact(_insert, count, pems, (followed_by, following), sink_port)


def _insert(tx: Tx, count: int, pems: list[str], locals_: tuple[str, str], sink_port: int) -> list[Peer]:
    reader, writer = (account_rows.get_local(tx, name) for name in locals_)
    made = []
    for number in range(count):
        host = f"{address(number)}:{sink_port}"
        uri = f"http://{host}/users/carol"
        account = account_rows.insert(
            tx,
            username="carol",
            host=host,
            uri=uri,
            url=f"http://{host}/@carol",
            kind="Person",
            display_name=f"Carol {number}",
            inbox_uri=f"{uri}/inbox",
            shared_inbox_uri=f"http://{host}/inbox",
            followers_uri=f"{uri}/followers",
            fetched_at=tx.now,
        )
        pem = pems[number % len(pems)]
        key_rows.put(tx, Key(f"{uri}#main-key", account.id, keys.public_pem(pem), None, tx.now))
        follow_rows.put(tx, Follow(reader.id, account.id, "accepted", 1, f"{reader.uri}/f/{number}", 1, 0, "[]", tx.now))
        follow_rows.put(tx, Follow(account.id, writer.id, "accepted", 0, f"{uri}/f/1", 1, 0, "[]", tx.now))
        made.append(Peer(account, host, signatures.Key(f"{uri}#main-key", keys.load_private(pem))))
    return made


def history(folder: Path, owner: str, count: int) -> int:
    """Let somebody have written `count` posts before anybody followed them, and have heard as often of others; their account's id."""
    settings = config.load(folder / "config.toml", {})
    with Database.open(folder / NAME, house=House(settings.uris, settings.limits)) as database:
        return database.transact(_write, owner, count)


def _write(tx: Tx, owner: str, count: int) -> int:
    writer = account_rows.get_local(tx, owner)
    for number in range(count):
        text = f"Post {number} of somebody who has been here for a while. See https://example.org/{number} #fediverse"
        post = posts.publish(tx, writer, posts.Draft(text), {})
        sender = account_rows.insert(
            tx, username=f"fan{number}", host="fans.test", uri=f"https://fans.test/users/{number}", url=f"https://fans.test/@{number}",
            kind="Person", inbox_uri=f"https://fans.test/users/{number}/inbox", fetched_at=tx.now,
        )  # fmt: skip
        kind, about = [("favourite", post.id), ("follow", None), ("boost", post.id), ("favourite", post.id)][number % 4]
        notifications.tell(tx, writer.id, kind, sender, about)
    return writer.id


def deliveries(people: list[Peer], count: int, inbox_url: str, *, first: int = 0) -> Iterator[bytes]:
    """Signed Creates of distinct notes, from one server after the other, as bytes to send."""
    for number in range(first, first + count):
        peer = people[number % len(people)]
        body = _create(peer, number)
        request = signatures.Outgoing("POST", inbox_url, content_type=vocab.ACTIVITY_JSON, body_digest=signatures.digest(body))
        headers = signatures.sign(request, peer.key, clock.now())
        lines = ["POST /inbox HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        lines += ["User-Agent: Mastodon/4.6.0 (http.rb/5.3.1; +https://peer.test/)", f"Content-Length: {len(body)}"]
        yield "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _create(peer: Peer, number: int) -> bytes:
    """About what Mastodon sends for a post of 500 characters."""
    actor, now = peer.account.uri, clock.rfc3339(clock.now())
    note_uri = f"{actor}/statuses/{ids.new(clock.now())}"
    content = _PARAGRAPH.format(host=peer.host, number=number) + f"<p>{number}</p>"
    note = {
        "id": note_uri,
        "type": "Note",
        "summary": None,
        "inReplyTo": None,
        "published": now,
        "url": f"http://{peer.host}/@carol/{number}",
        "attributedTo": actor,
        "to": [vocab.PUBLIC],
        "cc": [f"{actor}/followers"],
        "sensitive": False,
        "atomUri": note_uri,
        "inReplyToAtomUri": None,
        "conversation": f"tag:{peer.host},2026-11-22:objectId={number}:objectType=Conversation",
        "content": content,
        "contentMap": {"en": content},
        "attachment": [],
        "tag": [{"type": "Hashtag", "href": f"http://{peer.host}/tags/fediverse", "name": "#fediverse"}],
        "replies": {
            "id": f"{note_uri}/replies",
            "type": "Collection",
            "first": {"type": "CollectionPage", "next": f"{note_uri}/replies?page=true", "partOf": f"{note_uri}/replies", "items": []},
        },
        "likes": {"id": f"{note_uri}/likes", "type": "Collection", "totalItems": 0},
        "shares": {"id": f"{note_uri}/shares", "type": "Collection", "totalItems": 0},
    }
    activity = {
        "@context": _CONTEXT,
        "id": f"{note_uri}/activity",
        "type": "Create",
        "actor": actor,
        "published": now,
        "to": note["to"],
        "cc": note["cc"],
        "object": note,
    }
    return json.dumps(activity, separators=(",", ":")).encode()
