"""The tolerant reader of untrusted ActivityPub JSON: bytes -> `document` -> `Activity`, `Note`, `Actor`, `Collection`. The door.

Pure, and only Malformed leaves it, for any bytes. It says what a document claims; whether that is true is for `verify` and `receive`.
Text stays as the stranger wrote it (cut to `limits`): `sanitize` cleans it where it is stored. Source: FEDERATION.md, JSON, 7, 10, 11.
"""

import hashlib
import json
import re
from typing import Any, NamedTuple

import orjson

from fedi import limits, uris
from fedi.activitypub import parse_values as values
from fedi.activitypub import vocab
from fedi.activitypub.parse_actors import Actor, ActorKey, actor, actor_type, key
from fedi.activitypub.parse_files import Attachment, Emoji, emojis
from fedi.activitypub.parse_objects import (
    ACTIVITY_TYPES,
    COLLECTION_TYPES,
    POST_TYPES,
    Mention,
    Note,
    Option,
    Poll,
    attribution,
    note,
    post_type,
    recipients,
    visibility,
)
from fedi.activitypub.parse_values import Json, as_list, first_id, first_uri, text, type_of
from fedi.errors import Malformed

__all__ = [
    "Activity", "Actor", "ActorKey", "Attachment", "Collection", "Emoji", "Json", "Mention", "Note", "Option", "Poll", "activity", "actor",
    "as_list", "belongs_to", "collection", "document", "emojis", "first_id", "first_uri", "has_own_id", "is_actor",
    "is_collection", "is_post", "is_tombstone", "is_whole", "key", "note", "recipients", "text", "type_of", "visibility",
]  # fmt: skip

COLLECTION_ITEMS = 1_000
_OTHER_TYPES = frozenset(POST_TYPES | vocab.ACTOR_TYPES | COLLECTION_TYPES)  # what no activity is as well

# -- documents --

_NUMBER_MAX = 2**63 - 1
_PARTS_MAX = 50_000  # objects and lists on one level; a page of a thousand posts has a tenth of it
_GUARDED = ("id", "type", "actor", "attributedTo", "object")
_GUARDED_KEYS = [(name, f'"{name}"'.encode()) for name in _GUARDED]
_REFUSED = frozenset({"@graph", "@included", "@reverse"})
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
_AS2 = ("https://www.w3.org/ns/activitystreams#", "http://www.w3.org/ns/activitystreams#")
_TERMS: dict[str, tuple[str, ...]] = {
    "id": ("@id",),
    "type": ("@type",),
    "as": _AS2,
    **{name: (f"as:{name}", _AS2[0] + name, _AS2[1] + name) for name in ("actor", "object", "attributedTo", "to", "cc")},
}
_TERM_NAMES = frozenset(_TERMS)


def document(body: bytes) -> Json:
    """The JSON object in `body`. Raises Malformed for everything that two readers could understand in two ways.

    Refused: over `limits.BODY_BYTES` or `limits.JSON_DEPTH`; not UTF-8; half surrogates; NaN; numbers beyond 63 bits; the keys `id type
    actor attributedTo object` twice in one object; `@graph @included @reverse`; `@id` beside `id`; a context that redefines a core term.
    NUL characters are removed. Source: ORG-16, SIG-25, DOS-01, DOS-02, XSS-17.
    """
    if len(body) > limits.BODY_BYTES:
        raise Malformed("That document is too large.")
    try:
        root = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("That is not JSON.") from None
    if not isinstance(root, dict):
        raise Malformed("That is not a JSON object.")
    objects = _objects(root)
    for one in objects:
        if ("@id" in one and "id" in one) or ("@type" in one and "type" in one):
            raise Malformed("That document has two ids or types.")
        if "@context" in one or "@graph" in one or "@included" in one or "@reverse" in one:
            _check_object(one)
    # Written out again as it came, it had no key twice and no odd escape. Else the count of the words decides whether to look closer.
    if orjson.dumps(root) != body and _is_suspicious(body, objects):
        json.loads(body, object_pairs_hook=_refuse_doubles)
    return _without_nul(root) if b"\\" in body and b"\\u0000" in body else root  # the first is found faster


def _objects(root: Json) -> list[Json]:
    """Every JSON object in `root`, itself included. Level by level: no document can overflow the stack."""
    found: list[Json] = []
    level: list[Any] = [root]
    for _ in range(limits.JSON_DEPTH):
        inner: list[Any] = []
        for node in level:
            if type(node) is dict:
                found.append(node)
                node = node.values()
            for value in node:
                kind = type(value)
                if kind is str:
                    continue
                if kind is dict or kind is list:
                    inner.append(value)
                elif (kind is int or kind is float) and not -_NUMBER_MAX <= value <= _NUMBER_MAX:
                    raise Malformed("That document has a number that is too large.")
        if not inner:
            return found
        if len(inner) > _PARTS_MAX:
            raise Malformed("That document has too many parts.")
        level = inner
    raise Malformed("That document is nested too deeply.")


def _check_object(one: Json) -> None:
    """Refuse an object that has what JSON-LD reads in another way than we do."""
    if not _REFUSED.isdisjoint(one):
        raise Malformed("That document uses parts of JSON-LD that nobody needs.")
    _check_context(one.get("@context"))


def _check_context(context: object) -> None:
    for inline in as_list(context):
        if isinstance(inline, dict) and not _TERM_NAMES.isdisjoint(inline):
            for name in _TERM_NAMES & inline.keys():
                meaning = inline[name]
                if (meaning.get("@id") if isinstance(meaning, dict) else meaning) not in _TERMS[name]:
                    raise Malformed("That document gives a word of ActivityStreams another meaning.")


def _is_suspicious(body: bytes, objects: list[Json]) -> bool:
    """Whether a guarded key may stand twice somewhere: the word is there more often than the key, or something is escaped for no reason."""
    for name, quoted in _GUARDED_KEYS:
        seen = body.count(quoted)
        if seen > 1 and seen > sum([name in one for one in objects]):
            return True
    return _ESCAPED_LETTER.search(body) is not None


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if any(names.count(name) > 1 for name in _GUARDED):
        raise Malformed("That document says something twice.")


def _without_nul(value: Any) -> Any:
    """The same without NUL characters, which no text may hold; in an address they are no slip. Recursion is bounded by `_objects`."""
    if isinstance(value, str):
        if "\0" in value and "://" in value and not re.search(r"[\s<]", value):
            raise Malformed("That document has an address with a NUL character.")
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {name: _without_nul(inner) for name, inner in value.items()}
    return [_without_nul(inner) for inner in value] if isinstance(value, list) else value


def is_actor(document: Json) -> bool:
    """Whether `actor` is the function to read it with."""
    return bool(actor_type(document))


def is_post(document: Json) -> bool:
    """Whether `note` is the function to read it with."""
    return bool(post_type(document))


def is_collection(document: Json) -> bool:
    """Whether `collection` is the function to read it with."""
    return type_of(document, COLLECTION_TYPES) in COLLECTION_TYPES


def is_whole(document: Json) -> bool:
    """Whether an embedded object is more than a stub that names one: it says what it is, and whose."""
    return bool(values.types(document)) and any(name in document for name in ("attributedTo", "actor"))


def is_tombstone(document: Json) -> bool:
    """Whether it stands for something deleted."""
    return "Tombstone" in values.types(document)


# -- activities --


class Activity(NamedTuple):
    """Something an actor says to have done. `id` is '' for transient ones; `object` is as it came, `object_id` and `object_doc` its first.

    `object_ids` and `object_docs` are all of a list (Flag, votes), embedded ones in both; times are milliseconds.
    """

    type: str
    id: str
    actor: str
    object: Any
    object_id: str
    object_doc: Json | None
    object_ids: tuple[str, ...]
    object_docs: tuple[Json, ...]
    target_id: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    audience: tuple[str, ...]
    published_at: int | None
    raw: Json
    body: bytes

    @property
    def dedup_key(self) -> str:
        """What tells a second copy: the id, or a digest of what a transient activity says. Source: FEDERATION.md, Inbox."""
        if self.id:
            return self.id
        what = self.object_id or orjson.dumps(self.object, option=orjson.OPT_SORT_KEYS).decode()
        said = [self.raw.get(name) for name in ("published", "content")]
        parts = [self.actor, self.type, what, *(one if isinstance(one, str) else "" for one in said)]
        return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()


def activity(document: Json, body: bytes = b"") -> Activity:
    """Read an activity; `body` is kept as the bytes that were signed. Raises Malformed without a type or one actor, and for an odd id.

    An `object` that is null, empty or no object gives `object_id == ""` and `object_doc is None`.
    Source: FEDERATION.md, Inbox; ORG-15, ORG-25.
    """
    names = values.types(document)
    kind = next((name for name in names if name in ACTIVITY_TYPES), "") or (names[0] if names else "")
    if not kind or not _OTHER_TYPES.isdisjoint(names):  # Source: ORG-25
        raise Malformed("That is not an activity.")
    identity = document.get("id")
    if identity is not None and not values.uri(identity):
        raise Malformed("The id of that activity is not a web address.")
    who = document.get("actor")
    if not isinstance(who, str):
        actors = {first_id(one) for one in as_list(who)[:10]}
        who = actors.pop() if len(actors) == 1 else ""
    who = values.uri(who)
    if not who:
        raise Malformed("An activity has one actor.")
    to, cc = recipients(document)
    listed = as_list(document.get("object"))[: limits.REPORTED_OBJECTS]
    object_docs = tuple(one for one in listed if isinstance(one, dict))
    object_ids = values.addressed(listed, limits.REPORTED_OBJECTS)
    return Activity(
        type=kind,
        id=identity or "",
        actor=who,
        object=document.get("object"),
        object_id=next(iter(values.addressed(listed[:1], 1)), ""),
        object_doc=listed[0] if listed and isinstance(listed[0], dict) else None,
        object_ids=object_ids,
        object_docs=object_docs,
        target_id=first_uri(document.get("target")),
        to=to,
        cc=cc,
        audience=values.addressed(document.get("audience"), limits.MENTIONS),
        published_at=values.time(document.get("published")),
        raw=document,
        body=body,
    )


def has_own_id(activity: Activity) -> bool:
    """Whether an activity's id, if it has one, is of its actor's origin. Source: FEDERATION.md, Inbox."""
    return not activity.id or uris.same_origin(activity.id, activity.actor)


def belongs_to(object_doc: Json, actor_uri: str) -> bool:
    """Whether an embedded object may be believed on the word of `actor_uri`: it is by them, and everything it names is of their origin.

    Otherwise it has to be fetched from its id. Source: FEDERATION.md, Inbox; ORG-06, 08, 12.
    """
    author, _ = attribution(object_doc)
    authors = as_list(object_doc.get("attributedTo"))
    if author != actor_uri or len(authors) > limits.MENTIONS:
        return False
    return all(isinstance(one, str) and uris.same_origin(one, actor_uri) for one in (object_doc.get("id"), *map(first_id, authors)))


# -- collections --


class Collection(NamedTuple):
    """A collection or a page of one: `items` are ids or documents, what was inline; `first` and `next` are where the rest is, or ''."""

    id: str
    total: int | None
    first: str
    next: str
    items: tuple[str | Json, ...]


def collection(document: Json, fetched_from: str = "") -> Collection:
    """Read a collection or page, with its first page if that is embedded. Raises Malformed for anything else.

    `fetched_from` stands in for a missing id. Pages of another origin are left out: following them would be a gift to a stranger. Callers
    bound how many pages they read; pages may form a ring. Source: FEDERATION.md, Collections.
    """
    if not is_collection(document):
        raise Malformed("That is not a collection.")
    identity = values.uri(document.get("id"))
    owner = identity or fetched_from
    first = document.get("first")
    items, following = _items(document), values.own_uri(document.get("next"), owner)
    beginning = values.own_uri(first, owner)
    if isinstance(first, dict):
        inline, after = _items(first), values.own_uri(first.get("next"), owner)
        if not items and (inline or after):
            items, following, beginning = inline, after, ""
    total = document.get("totalItems")
    return Collection(
        id=identity,
        total=values.number(total) if isinstance(total, int) else None,
        first=beginning,
        next=following,
        items=tuple(items),
    )


def _items(page: Json) -> list[str | Json]:
    """Both spellings, in any kind of page: servers mix them up."""
    found: list[str | Json] = []
    for item in [*as_list(page.get("orderedItems")), *as_list(page.get("items"))][:COLLECTION_ITEMS]:
        if isinstance(item, dict) or values.uri(item):
            found.append(item)
    return found
