"""Actor and key documents of the wire -> `Actor`, `ActorKey`. Names and texts are as the stranger wrote them.

Source: FEDERATION.md, Actors, 5.4; ORG-18, ORG-20.
"""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from fedi import limits, uris
from fedi.activitypub import keys, vocab
from fedi.activitypub import parse_values as values
from fedi.activitypub.parse_files import Emoji, emojis
from fedi.activitypub.parse_objects import NOT_POSTS, POST_TYPES
from fedi.activitypub.parse_values import Json
from fedi.errors import Malformed, Untrusted

KEYS = 10
_USERNAME = re.compile(r"\w(?:[\w.~-]*[\w~-])?")


class ActorKey(NamedTuple):
    """A public key and who says it is theirs. `pem` is SPKI or PKCS#1 as the document writes it; of a Multikey, its SPKI form."""

    id: str
    owner: str
    pem: str


class Actor(NamedTuple):
    """Somebody on another server. All ids and links are web addresses or ''; `fields` are (name, value), the value HTML.

    `moderators` is a group's collection of them.

    `inbox` is '' in the stubs that some servers answer for a key; those are no accounts. `webfinger` is what the actor claims to be called.
    """

    id: str
    type: str
    username: str
    name: str
    summary: str
    url: str
    inbox: str
    shared_inbox: str
    outbox: str
    followers: str
    following: str
    featured: str
    moderators: str
    featured_tags: str
    locked: bool
    discoverable: bool
    indexable: bool
    fields: tuple[tuple[str, str], ...]
    emojis: tuple[Emoji, ...]
    icon_url: str
    icon_alt: str
    image_url: str
    image_alt: str
    keys: tuple[ActorKey, ...]
    also_known_as: tuple[str, ...]
    moved_to: str
    published_at: int | None
    suspended: bool
    memorial: bool
    webfinger: str
    attribution_domains: tuple[str, ...]


def actor(document: Json) -> Actor:
    """Read an actor. Raises Malformed when it has no id or is none; other origins count only for inboxes, page and pictures.

    `published_at` is None when it is unreadable; it may lie ahead. Source: ORG-20.
    """
    identity = values.uri(document.get("id"))
    kind = actor_type(document)
    if not identity or not kind:
        raise Malformed("That is not an actor.")
    icon_url, icon_alt = values.image(document.get("icon"))
    image_url, image_alt = values.image(document.get("image"))
    return Actor(
        id=identity,
        type=kind,
        username=_username(document, identity),
        name=values.text(document, "name", limits.NAME_CHARS),
        summary=values.text(document, "summary", limits.BIO_CHARS),
        url=values.page_url(document.get("url")) or identity,
        inbox=values.first_uri(document.get("inbox")),
        shared_inbox=_shared_inbox(document),
        outbox=values.own_uri(document.get("outbox"), identity),
        followers=values.own_uri(document.get("followers"), identity),
        following=values.own_uri(document.get("following"), identity),
        featured=values.own_uri(document.get("featured"), identity),
        moderators=values.own_uri(document.get("attributedTo"), identity) if kind == "Group" else "",
        featured_tags=values.own_uri(document.get("featuredTags"), identity),
        locked=values.flag(document.get("manuallyApprovesFollowers")),
        discoverable=values.flag(document.get("discoverable")),
        indexable=values.flag(document.get("indexable")),
        fields=_fields(document),
        emojis=emojis(document),
        icon_url=icon_url,
        icon_alt=icon_alt,
        image_url=image_url,
        image_alt=image_alt,
        keys=_keys(document, identity),
        also_known_as=values.ids(document.get("alsoKnownAs"), limits.ALIASES),
        moved_to=values.first_uri(document.get("movedTo")),
        published_at=values.time(document.get("published")),
        suspended=values.flag(document.get("suspended")),
        memorial=values.flag(document.get("memorial")),
        webfinger=_webfinger(document),
        attribution_domains=_sites(document),
    )


def actor_type(document: Json) -> str:
    """The type of an actor; '' for what is none, and for what would be an actor and something else. Source: ORG-25."""
    names = values.types(document)
    if any(name in POST_TYPES or (name in NOT_POSTS and name not in vocab.ACTOR_TYPES) for name in names):
        return ""
    return next((name for name in names if name in vocab.ACTOR_TYPES), "")


def _username(document: Json, identity: str) -> str:
    """What the actor is called, without its host: letters and digits of any script, `_ . ~ -`. Else what the id ends in, else the host.

    Actors without a name of their own exist (FEP-2c59, instance actors), and their signatures count.
    """
    claimed = values.text(document, "preferredUsername", limits.URI_CHARS)
    parts = urlsplit(identity)
    for name in (claimed, _webfinger(document).partition("@")[0], parts.path.rstrip("/").rpartition("/")[2].lstrip("@")):
        if len(name) <= limits.USERNAME_CHARS and _USERNAME.fullmatch(name):
            return name
    return uris.origin(identity).host[: limits.USERNAME_CHARS]


def _webfinger(document: Json) -> str:
    """`name@host` as the actor writes it, or ''. Source: FEP-2c59."""
    handle = values.text(document, "webfinger", limits.NAME_CHARS).removeprefix("acct:").lstrip("@")
    name, _, host = handle.partition("@")
    return handle if _USERNAME.fullmatch(name) and host and not re.search(r"[\s/@]", host) else ""


def _sites(document: Json) -> tuple[str, ...]:
    """Sites that may name the actor as author, as they are written. Source: Mastodon ActivityPub."""
    listed = values.as_list(document.get("attributionDomains"))[: limits.ATTRIBUTION_DOMAINS]
    return tuple(one for one in listed if isinstance(one, str) and 0 < len(one) <= limits.FIELD_CHARS)


def _shared_inbox(document: Json) -> str:
    """Observed: Misskey also writes it at the top."""
    endpoints = document.get("endpoints")
    found = values.first_uri(endpoints.get("sharedInbox")) if isinstance(endpoints, dict) else ""
    return found or values.first_uri(document.get("sharedInbox"))


def _fields(document: Json) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for item in values.as_list(document.get("attachment"))[: values.ENTRIES]:
        if len(found) >= limits.FIELDS:
            break
        if isinstance(item, dict) and values.type_of(item) == "PropertyValue":
            name = values.text(item, "name", limits.FIELD_CHARS)
            if name:
                found.append((name, values.text(item, "value", limits.FIELD_CHARS)))
    return tuple(found)


# -- keys --


def key(document: Json) -> ActorKey:
    """Read a document that is one key: `publicKeyPem` or `publicKeyMultibase` at the top, with its owner. Raises Malformed.

    The owner is a claim until its own document lists the key. Source: FEDERATION.md, Actors.
    """
    owner = values.first_uri(document.get("owner")) or values.first_uri(document.get("controller"))
    found = _key(document, owner) if owner else None
    if found is None:
        raise Malformed("That is not a key.")
    return found


def _keys(document: Json, identity: str) -> tuple[ActorKey, ...]:
    """The embedded keys that say they are this actor's and are of its origin, each id once. Source: FEP-521a."""
    listed = [*values.as_list(document.get("publicKey"))[:KEYS], *values.as_list(document.get("assertionMethod"))[:KEYS]]
    found: dict[str, ActorKey] = {}
    for item in listed:
        if not isinstance(item, dict):
            continue
        claims = [values.first_id(claim) for name in ("owner", "controller") if (claim := item.get(name)) is not None]
        one = _key(item, identity)
        if one is not None and all(claim == identity for claim in claims):
            found.setdefault(one.id, one)
    return tuple(found.values())[:KEYS]


def _key(item: Json, owner: str) -> ActorKey | None:
    identity = values.own_uri(item.get("id"), owner)
    pem = item.get("publicKeyPem")
    if not isinstance(pem, str):
        pem = _multikey(item.get("publicKeyMultibase"))
    return ActorKey(identity, owner, pem) if identity and 0 < len(pem) <= keys.PEM_CHARS else None


def _multikey(multibase: object) -> str:
    try:
        return keys.to_pem(keys.load_multikey(multibase)) if isinstance(multibase, str) else ""
    except Untrusted:
        return ""
