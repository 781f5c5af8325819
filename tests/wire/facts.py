"""What is to be known of a recorded document after it came through the inbox: facts about it, and a digest in place of its words."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import clock, plaintext, uris
from fedi import facts as post_facts
from fedi.activitypub import parse, parse_objects, parse_values, webfinger
from fedi.errors import Malformed
from fedi.storage import polls as poll_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from tests.wire import fixtures
from tests.wire.test_documents import Document, Rig, play, rig

Json = dict[str, Any]

GOLDEN = Path(__file__).parent / "golden"
_TELLING = ("Create", "Update")
_REACTING = ("Like", "EmojiReact", "Dislike")


def file_of(software: str) -> Path:
    return GOLDEN / f"{software}.json"


async def of_software(
    software: str, documents: list[Document], folder: Path, time: FrozenDateTimeFactory, patch: pytest.MonkeyPatch
) -> dict[str, tuple[Json, str]]:
    """By name of document: its facts, and the plain text the digest is of. Only what has facts: posts, actors, reactions."""
    found = {}
    documents = [_filled(document, number) for number, document in enumerate(documents)]
    async with rig(folder, documents, time, patch) as there:
        for number, document in enumerate(documents):
            if (seen := await _of(there, document, number)) is not None:
                found[document.name] = seen
    for file in handles(software):
        found[file] = of_handle((fixtures.root() / file).read_bytes()), ""
    return found


def handles(software: str) -> list[str]:
    """The WebFinger answers of a folder."""
    folder = fixtures.root() / software
    loaded = {path: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}
    return [f"{software}/{path.name}" for path, body in loaded.items() if isinstance(body, dict) and "subject" in body and "links" in body]


def _filled(document: Document, number: int) -> Document:
    """With something in the place of what was taken out of it. Observed: recordings of Mbin and Pleroma."""
    text = json.dumps(document.body)
    text = text.replace('"inReplyTo": "SCRUBBED_ID"', f'"inReplyTo": "https://kbin.test/rig/{number}/parent"')
    for gap, instead in (("SCRUBBED_ID", f"https://kbin.test/rig/{number}"), ("{{domain}}", "domain.test"), ("{{nickname}}", "lain")):
        text = text.replace(gap, instead)
    return document._replace(body=json.loads(text))


async def _of(there: Rig, document: Document, number: int) -> tuple[Json, str] | None:
    body = document.body
    kind = parse_values.type_of(body, parse_objects.ACTIVITY_TYPES)
    await play(there, document, number)
    if parse.is_actor(body):
        return _actor(body), ""
    if kind in _REACTING:
        return there.db.read(_reaction, body, kind), ""
    told = body.get("object") if kind in _TELLING else body
    if isinstance(told, str):
        told = there.web.documents.get(told)
    if not isinstance(told, dict) or not parse.is_post(told):
        found = _activity(body) if kind in parse_objects.ACTIVITY_TYPES else _collection(body) if parse.is_collection(body) else _rest(body)
        return None if found is None else (found, "")
    author = parse_objects.attribution(told)[0] or parse_values.first_uri(body.get("actor")) or "https://rig.test/users/author"
    note = {"id": f"{author}/rig/{number}", "attributedTo": author, **told}
    return there.db.read(_post, note, body if kind in _TELLING else None, there.web.actor(author).get("followers", ""))


def _post(tx: Tx, document: Json, envelope: Json | None, followers: str) -> tuple[Json, str]:
    try:
        note = parse.note(document, clock.now(), followers, envelope)
    except Malformed as error:
        return {"refused": error.message}, ""
    post = post_rows.find_by_uri(tx, note.id)
    if post is None:
        return {"type": note.type, "is_vote": note.is_vote, "is_kept": False}, ""
    stored, words = _stored(tx, post)
    read: Json = {
        "mentions": len(note.mentions),
        "addressed": len((set(note.to) | set(note.cc)) - {parse_objects.vocab.PUBLIC, followers} - set(note.mention_hrefs)),
        "emojis": len(note.emojis),
        "told": len(tx.query("SELECT 1 FROM post_mentions WHERE post_id = ?", (post.id,))),
        "is_reply": bool(note.in_reply_to),
        "groups": len(note.audience),
        "grouped": post.group_id is not None,
        "edited": note.updated_at is not None,
    }
    return stored | {name: value for name, value in (read | _consent(tx, post, note) | _poll(tx, post)).items() if value}, words


def _consent(tx: Tx, post: Post, note: parse.Note) -> Json:
    """Whether it quotes, what readers see of that, and who may do what with it."""
    quote = quote_rows.find(tx, post.id)
    assert (quote is not None) == bool(note.quote_uri or note.consent.quote_gone)
    said = (
        "" if quote is None else f"{quote.state}{', in old words' if quote.legacy else ''}{', stamped' if quote.authorization_uri else ''}"
    )
    return {"quote": said, "policy": sorted(json.loads(post.policy)) if post.policy else [], "closed thread": bool(post.locked)}


def _poll(tx: Tx, post: Post) -> Json:
    poll = poll_rows.find(tx, post.id)
    if poll is None:
        return {}
    votes = [option.votes_count for option in poll.options]
    return {
        "options": len(votes),
        "many": bool(poll.multiple),
        "votes": votes if any(votes) else [],
        "voters": poll.voters_count,
        "endless": poll.ends_at is None,
        "over": poll.is_over(tx.now),
    }


def _stored(tx: Tx, post: Post) -> tuple[Json, str]:
    """What the rows say. What is not there is left out."""
    words = plaintext.text(post.content_html, 200_000)
    said = post_facts.load(post.facts)
    media = post_rows.list_media(tx, [post.id]).get(post.id, [])
    more: Json = {
        "title": bool(post.title),
        "warning": bool(post.warning),
        "sensitive": bool(post.sensitive),
        "language": post.language,
        "tags": len(post_rows.list_tags(tx, [post.id]).get(post.id, [])),
        "media": [one.kind for one in media],
        "described": sum(bool(one.alt) for one in media),
        "link": bool(post.link_url),
        "links": len(said.links),
        "abstract": bool(said.abstract),
        "facts": [one.kind for one in post_facts.sayings(said)],
    }
    found: Json = {
        "type": post.kind,
        "visibility": post.visibility,
        "digest": hashlib.sha256(words.encode()).hexdigest()[:16] if words else "",
    }
    return found | {name: value for name, value in more.items() if value}, words


def _activity(document: Json) -> Json:
    """What is done to which kind of thing."""
    try:
        activity = parse.activity(document)
    except Malformed as error:
        return {"refused": error.message}
    inner = activity.object_doc
    more: Json = {
        "object": _name(inner) if inner else "id" if activity.object_id else "",
        "objects": len(activity.object_ids) if len(activity.object_ids) > 1 else 0,
        "target": bool(activity.target_id),
        "groups": len(activity.audience),
    }
    return {"activity": activity.type} | {name: value for name, value in more.items() if value}


def _name(document: Json) -> str:
    """`Create(Page)`"""
    inner = document.get("object")
    kind = parse_values.type_of(document, parse_objects.ACTIVITY_TYPES)
    return f"{kind}({_name(inner)})" if isinstance(inner, dict) and kind in parse_objects.ACTIVITY_TYPES else kind


def _collection(document: Json) -> Json:
    try:
        found = parse.collection(document)
    except Malformed as error:
        return {"refused": error.message}
    more = {"total": found.total or 0, "items": len(found.items), "first": bool(found.first), "next": bool(found.next)}
    return {"collection": parse_values.type_of(document)} | {name: value for name, value in more.items() if value}


def _rest(document: Json) -> Json | None:
    """Keys and what is left of deleted things; the parts of documents that were recorded by themselves have no facts."""
    kind = parse_values.type_of(document)
    if parse.is_tombstone(document):
        return {"tombstone": bool(parse_values.uri(document.get("id")))}
    if kind in ("Key", "Multikey"):
        try:
            return {"key": parse.key(document).owner == document.get("owner")}
        except Malformed as error:
            return {"refused": error.message}
    return None


def of_handle(body: bytes) -> Json:
    """Of a WebFinger answer."""
    try:
        subject = webfinger.read(body)
    except Malformed as error:
        return {"refused": error.message}
    found = {"name": subject.username, "own host": uris.origin(subject.actor_uri).host == subject.host}
    return {name: value for name, value in found.items() if value}


def _actor(document: Json) -> Json:
    try:
        actor = parse.actor(document)
    except Malformed as error:
        return {"refused": error.message}
    words = plaintext.text(actor.summary, 200_000)
    places = ("inbox", "shared_inbox", "outbox", "followers", "following", "featured", "featured_tags", "moderators")
    more = {
        "username": actor.username,
        "named": bool(actor.name),
        "page": actor.url != actor.id,
        "fields": len(actor.fields),
        "emojis": len(actor.emojis),
        "avatar": bool(actor.icon_url),
        "header": bool(actor.image_url),
        "pictures described": bool(actor.icon_alt) + bool(actor.image_alt),
        "bio": hashlib.sha256(words.encode()).hexdigest()[:16] if words else "",
        "moved": bool(actor.moved_to),
        "aliases": len(actor.also_known_as),
        "dated": actor.published_at is not None,
        "webfinger": bool(actor.webfinger),
        "sites": len(actor.attribution_domains),
        "says": [name for name in ("locked", "discoverable", "indexable", "suspended", "memorial") if getattr(actor, name)],
        "lacks": [name for name in places[:-1] if not getattr(actor, name)],
        "moderated": bool(actor.moderators),
    }
    return {"type": actor.type, "keys": len(actor.keys)} | {name: value for name, value in more.items() if value}


def _reaction(tx: Tx, document: Json, kind: str) -> Json:
    """What it did to the post it was aimed at."""
    said = tx.one("SELECT name, emoji_id FROM reactions")
    more: Json = {
        "like": tx.one("SELECT 1 FROM favourites") is not None,
        "reaction": "" if said is None else "custom" if said[1] is not None else "character",
        "name": said[0] if said is not None else "",
    }
    return {"type": kind} | {name: value for name, value in more.items() if value}
