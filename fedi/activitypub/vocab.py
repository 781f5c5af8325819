"""Names of the wire: media types, namespaces, the one JSON-LD context we emit. Source: ActivityStreams 2.0; FEDERATION.md, JSON."""

from typing import Any, Final

PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
PUBLIC_SPELLINGS: Final = frozenset({PUBLIC, "as:Public", "Public", "http://www.w3.org/ns/activitystreams#Public"})

ACTIVITY_JSON: Final = "application/activity+json"
AS2_PROFILE: Final = "https://www.w3.org/ns/activitystreams"
LD_JSON: Final = f'application/ld+json; profile="{AS2_PROFILE}"'
ACCEPT: Final = f"{ACTIVITY_JSON}, {LD_JSON}"
JRD_JSON: Final = "application/jrd+json"

ACTOR_TYPES: Final = frozenset({"Person", "Service", "Application", "Group", "Organization"})

# What others may count on, of what they cannot see by themselves. Source: FEP-844e.
IMPLEMENTED: Final = (
    ("https://datatracker.ietf.org/doc/html/rfc9421", "RFC-9421: HTTP Message Signatures"),
    ("https://datatracker.ietf.org/doc/html/rfc9421#name-eddsa-using-curve-edwards25", "RFC-9421 signatures using the Ed25519 algorithm"),
    ("https://w3id.org/fep/8b32", "FEP-8b32: Object Integrity Proofs"),
    ("https://w3id.org/fep/8fcf", "FEP-8fcf: Followers collection synchronization across servers"),
)

CONTEXT: Final[list[Any]] = [
    "https://www.w3.org/ns/activitystreams",
    "https://w3id.org/security/v1",
    "https://purl.archive.org/socialweb/webfinger",
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
        "attributionDomains": {"@id": "toot:attributionDomains", "@type": "@id"},
        "implements": {"@id": "https://w3id.org/fep/844e/implements", "@type": "@id"},
        "blurhash": "toot:blurhash",
        "focalPoint": {"@container": "@list", "@id": "toot:focalPoint"},
        "Emoji": "toot:Emoji",
        "votersCount": "toot:votersCount",
        "EmojiReact": "litepub:EmojiReact",
        "misskey": "https://misskey-hub.net/ns#",
        "_misskey_reaction": "misskey:_misskey_reaction",
        "featuredTags": {"@id": "toot:featuredTags", "@type": "@id"},
        "PropertyValue": "schema:PropertyValue",
        "value": "schema:value",
        "directMessage": "litepub:directMessage",
        "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
        "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
        "canLike": {"@id": "gts:canLike", "@type": "@id"},
        "canReply": {"@id": "gts:canReply", "@type": "@id"},
        "canAnnounce": {"@id": "gts:canAnnounce", "@type": "@id"},
        "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
        "manualApproval": {"@id": "gts:manualApproval", "@type": "@id"},
        "approvedBy": {"@id": "gts:approvedBy", "@type": "@id"},
        "replyAuthorization": {"@id": "gts:replyAuthorization", "@type": "@id"},
        "interactingObject": {"@id": "gts:interactingObject", "@type": "@id"},
        "interactionTarget": {"@id": "gts:interactionTarget", "@type": "@id"},
        "LikeApproval": "gts:LikeApproval",
        "ReplyApproval": "gts:ReplyApproval",
        "AnnounceApproval": "gts:AnnounceApproval",
        "LikeAuthorization": "gts:LikeAuthorization",
        "ReplyAuthorization": "gts:ReplyAuthorization",
        "AnnounceAuthorization": "gts:AnnounceAuthorization",
        "QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest",
        "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
        "quote": {"@id": "https://w3id.org/fep/044f#quote", "@type": "@id"},
        "quoteAuthorization": {"@id": "https://w3id.org/fep/044f#quoteAuthorization", "@type": "@id"},
        "quoteUrl": "as:quoteUrl",
        "quoteUri": "http://fedibird.com/ns#quoteUri",
        "_misskey_quote": "https://misskey-hub.net/ns#_misskey_quote",
    },
    # Behind ours: the words of these two may not be given a meaning again, not even the same one (`alsoKnownAs`).
    "https://www.w3.org/ns/cid/v1",
    "https://w3id.org/security/data-integrity/v2",
]
