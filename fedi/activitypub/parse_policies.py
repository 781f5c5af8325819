"""What posts say of consent: who may do what with them, which stamp they bear, and the stamps themselves.

Nothing here raises but `stamp`. Source: FEDERATION.md, Interaction policies; FEP-044f.
"""

from typing import NamedTuple

from fedi import limits, policies, uris
from fedi.activitypub import parse_values as values
from fedi.activitypub import vocab
from fedi.activitypub.parse_values import Json
from fedi.errors import Malformed

_KINDS = {"canLike": policies.LIKE, "canReply": policies.REPLY, "canAnnounce": policies.ANNOUNCE, "canQuote": policies.QUOTE}
STAMP_KINDS = {
    **{f"{name}Authorization": kind for name, kind in (("Like", "like"), ("Reply", "reply"), ("Announce", "announce"), ("Quote", "quote"))},
    **{f"{name}Approval": kind for name, kind in (("Like", "like"), ("Reply", "reply"), ("Announce", "announce"))},
}
REQUESTS = {"LikeRequest": "like", "ReplyRequest": "reply", "AnnounceRequest": "announce", "QuoteRequest": "quote"}


class Stamp(NamedTuple):
    """An author's word that `interaction` may do what its `kind` says with `target`."""

    id: str
    kind: str
    attributed_to: str
    interaction: str
    target: str


def policy(document: Json) -> str:
    """`interactionPolicy` as `policies` stores it, addresses as they came; '' where it says nothing. Reads the deprecated names too."""
    given = document.get("interactionPolicy")
    if not isinstance(given, dict):
        return ""
    found = {}
    for name, kind in _KINDS.items():
        sub = given.get(name)
        if isinstance(sub, dict):
            found[kind] = (_who(sub, "automaticApproval", "always"), _who(sub, "manualApproval", "approvalRequired"))
    return policies.write(found)


def _who(sub: Json, name: str, deprecated: str) -> list[str]:
    listed = sub.get(name) if name in sub else sub.get(deprecated)
    found = values.addressed(listed, limits.POLICY_ENTRIES)
    return [policies.PUBLIC if uri == vocab.PUBLIC else uri for uri in found]


def approved_by(document: Json) -> str:
    """The stamp that an answer, like or boost bears, or ''. Observed: GoToSocial writes `approvedBy`."""
    for name in ("approvedBy", "replyAuthorization", "likeAuthorization", "announceAuthorization"):
        if name in document and (found := values.first_uri(document[name])):
            return found
    return ""


def stamp(document: Json) -> Stamp:
    """Read a stamp of either form. Raises Malformed for anything else."""
    kind = values.type_of(document, STAMP_KINDS)
    if kind not in STAMP_KINDS:
        raise Malformed("That is not an authorization.")
    names = ("interactingObject", "interactionTarget") if kind.endswith("Authorization") else ("object", "target")
    interaction, target = (values.first_uri(document.get(name)) for name in names)
    found = Stamp(values.uri(document.get("id")), STAMP_KINDS[kind], values.first_uri(document.get("attributedTo")), interaction, target)
    if not all(found) or not uris.same_origin(found.id, found.attributed_to):
        raise Malformed("That authorization does not say whose word it is, and about what.")
    return found


class Consent(NamedTuple):
    """What a post says of the consent of others, and of its author's. '' is "not said".

    `quote_legacy`: the quote is said in a way that knows no consent. `quote_gone`: the post's own server says that what it quoted was
    deleted. `quote_authorization` and `approved_by` are the stamps a quote and an answer bear; `policy` is as `policies` stores it.
    """

    quote_uri: str = ""
    quote_authorization: str = ""
    quote_legacy: bool = False
    quote_gone: bool = False
    policy: str = ""
    approved_by: str = ""


SILENT = Consent()
_LEGACY = ("_misskey_quote", "quoteUrl", "quoteUri")
_QUOTE_RELS = frozenset(
    {"https://misskey-hub.net/ns#_misskey_quote", "https://misskey-hub.net/ns/#_misskey_quote", "https://w3id.org/fep/044f#quote"}
)


def consent(document: Json, kind: str) -> Consent:
    """Read it off a post of that type."""
    gone = _tombstone(document)
    uri, legacy = ("", False) if gone is not None else quote(document, kind)
    return Consent(
        quote_uri=uri if gone is None else gone,
        quote_authorization=values.first_uri(document.get("quoteAuthorization")) if uri else "",
        quote_legacy=legacy,
        quote_gone=gone is not None,
        policy=policy(document),
        approved_by=approved_by(document),
    )


def _tombstone(document: Json) -> str | None:
    value = document.get("quote")
    return values.first_uri(value) if isinstance(value, dict) and "Tombstone" in values.types(value) else None


def quote(document: Json, kind: str) -> tuple[str, bool]:
    """(what a post quotes, whether that is said without consent): the first there is, in the order Mastodon looks.

    BookWyrm's `Quotation.quote` is prose. Source: FEDERATION.md, Quotes; FEP-044f; FEP-e232.
    """
    for key in ("quote", *_LEGACY):
        if document.get(key) and kind != "Quotation" and (found := values.first_uri(document[key])):
            return found, key != "quote"
    for item in values.as_list(document.get("tag"))[: values.ENTRIES]:
        if isinstance(item, dict) and ("rel" in item or "mediaType" in item) and values.type_of(item) == "Link" and _is_quote_link(item):
            if found := values.uri(item.get("href")):
                return found, True
    return "", False


def _is_quote_link(item: Json) -> bool:
    """Source: FEP-e232."""
    if any(isinstance(rel, str) and rel in _QUOTE_RELS for rel in values.as_list(item.get("rel"))):
        return True
    about = item.get("mediaType")
    is_activity = isinstance(about, str) and values.mime(about) in ("application/ld+json", vocab.ACTIVITY_JSON)
    return is_activity and values.text(item, "name", limits.NAME_CHARS).startswith("RE:")
