"""Post-like objects of the wire -> `Note`: every type another server shows as a post, with what else it carries.

Only a missing id or author, a time in the future, or a thing that is no post refuses the object; everything else degrades per property.
Names, contents and warnings are as the stranger wrote them: whoever stores them cleans them. Source: FEDERATION.md, Objects; ORG-24.
"""

import re
from typing import NamedTuple

from fedi import clock, limits, markup, uris
from fedi.activitypub import parse_facts, parse_policies, vocab
from fedi.activitypub import parse_values as values
from fedi.activitypub.parse_files import FILE_TYPES, TEXT_TYPES, Attachment, Emoji, attachments, emojis, file_at
from fedi.activitypub.parse_policies import Consent
from fedi.activitypub.parse_values import Json
from fedi.errors import Malformed
from fedi.facts import Facts

POST_TYPES = TEXT_TYPES | FILE_TYPES.keys() | {"Article", "Page", "Event", "Place"}
ACTIVITY_TYPES = frozenset(
    "Accept Add Announce Arrive Block Create Delete Dislike EmojiReact Flag Follow Ignore Invite Join Leave Like Listen Lock Move Offer"
    " Read Reject Remove Resolve TentativeAccept TentativeReject Travel Undo Update View Warn"
    " QuoteRequest LikeRequest ReplyRequest AnnounceRequest FeatureRequest".split()
)
COLLECTION_TYPES = frozenset({"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"})
NOT_POSTS = (
    vocab.ACTOR_TYPES
    | ACTIVITY_TYPES
    | COLLECTION_TYPES
    | frozenset(
        "Tombstone Story Track Album Artist Library Edition Work Author Shelf BookList Wall PhotoAlbum Link Mention Hashtag Emoji"
        " PropertyValue PostalAddress VirtualLocation Relationship CacheFile Key Multikey QuoteAuthorization LikeApproval"
        " ReplyApproval AnnounceApproval LikeAuthorization ReplyAuthorization AnnounceAuthorization FeaturedCollection FeaturedItem".split()
    )
)

FUTURE_MS = 12 * clock.HOUR
POLL_OPTIONS = 100
_BLANK = re.compile(r"(?:\s|<br ?/?>|</?p>|&nbsp;)*")


class Mention(NamedTuple):
    """`href` is the actor's id; `name` what the author's server calls them (`@bob@peer.test`), not to be relied on."""

    href: str
    name: str


class Option(NamedTuple):
    """One answer of a poll."""

    name: str
    votes: int


class Poll(NamedTuple):
    """`ends_at` is None for a poll without an end; `closed` is what its server says, not what the clock says."""

    options: tuple[Option, ...]
    multiple: bool
    ends_at: int | None
    closed: bool
    voters: int


class Note(NamedTuple):
    """A post of another server. `content` is HTML unless `content_type` says otherwise; times are milliseconds; '' is "not there".

    `visibility` is as far as `followers_uri` was known to `note`; `link` is the page a link post is about; `audience` the groups;
    `facts` what its type has besides.
    """

    id: str
    type: str
    attributed_to: str
    url: str
    title: str
    content: str
    content_type: str
    warning: str
    sensitive: bool
    language: str
    visibility: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    audience: tuple[str, ...]
    mentions: tuple[Mention, ...]
    tags: tuple[str, ...]
    emojis: tuple[Emoji, ...]
    attachments: tuple[Attachment, ...]
    link: str
    in_reply_to: str
    context: str
    published_at: int
    updated_at: int | None
    is_vote: bool
    consent: Consent
    poll: Poll | None
    source: str
    source_type: str
    replies_uri: str
    facts: Facts
    takes_no_answers: bool

    @property
    def quote_uri(self) -> str:
        """The post this one quotes, or ''."""
        return self.consent.quote_uri

    @property
    def mention_hrefs(self) -> tuple[str, ...]:
        return tuple(mention.href for mention in self.mentions)


def note(document: Json, received_at: int, followers_uri: str = "", envelope: Json | None = None) -> Note:
    """Read a post-like object received at `received_at` (ms). Raises Malformed when it is no post, or not one to be believed.

    `followers_uri` is the author's, for the visibility. `envelope` is the activity around it, whose addressing stands in where the object
    has none. A post from more than 12 hours ahead is refused; any other unlikely time becomes the time of receipt.
    Source: FEDERATION.md, Objects, 10.6; ORG-15, ORG-24.
    """
    kind = post_type(document)
    if not kind:
        raise Malformed("That is not a post.")
    identity = values.uri(document.get("id"))
    author, groups = attribution(document)
    if not identity or not author:
        raise Malformed("A post needs an id and an author that are web addresses.")
    published_at = _published(document, received_at)
    updated_at = values.past_time(_updated(document), received_at)
    to, cc = recipients(document if envelope is None or "to" in document or "cc" in document else envelope)
    title = _title(document, kind)
    content, content_type = _content(document, kind)
    warning = _warning(document, kind)
    in_reply_to = values.first_uri(document.get("inReplyTo"))
    mentions, tags, emojis = _tags(document)
    files, pages = attachments(document, kind)
    source, source_type = _source(document)
    url = values.page_url(document.get("url")) or identity
    if kind == "Page" and url != identity:
        url, files, pages = _talked_about(identity, url, files, pages)
    return Note(
        id=identity,
        type=kind,
        attributed_to=author,
        url=url,
        title=title,
        content=content,
        content_type=content_type,
        warning=warning,
        sensitive=values.flag(document.get("sensitive")) or warning != "",
        language=values.language(document),
        visibility="direct" if kind == "ChatMessage" else visibility(to, cc, followers_uri),
        to=to,
        cc=cc,
        audience=_audience(document, groups),
        mentions=mentions,
        tags=tags,
        emojis=emojis,
        attachments=files,
        link=next(iter(pages), ("", ""))[0],
        in_reply_to=in_reply_to,
        context=(values.first_id(document.get("context")) or values.first_id(document.get("conversation")))[: limits.URI_CHARS],
        published_at=published_at,
        updated_at=updated_at if updated_at is not None and updated_at > published_at else None,
        is_vote=kind == "Note" and bool(title and in_reply_to) and _is_blank(content) and not files,
        consent=parse_policies.consent(document, kind),
        poll=_poll(document) if kind == "Question" else None,
        source=source,
        source_type=source_type,
        replies_uri=values.own_uri(document.get("replies"), identity),
        facts=parse_facts.read(document, kind, content, not _is_warning(document, kind), pages),
        takes_no_answers=document.get("commentsEnabled") is False,
    )


def _is_blank(content: str) -> bool:
    """Whether a text says nothing. Observed: snac sends its votes with `<br>`."""
    return len(content) < 40 and _BLANK.fullmatch(content) is not None


def _talked_about(
    identity: str, url: str, files: tuple[Attachment, ...], pages: tuple[tuple[str, str], ...]
) -> tuple[str, tuple[Attachment, ...], tuple[tuple[str, str], ...]]:
    """(page, files, links) of a Page with another `url`. Observed: Friendica and old Lemmy put there what it is about."""
    shown = file_at(url)
    if shown is not None:
        return identity, (shown, *(one for one in files if one.kind != "image")), pages
    return (url, files, pages) if uris.same_origin(url, identity) else (identity, files, pages or ((url, ""),))


def post_type(document: Json) -> str:
    """The type of a post-like object, '' for what is no post. Unknown types are posts when there is something to read or open."""
    names = values.types(document)
    if not names or not NOT_POSTS.isdisjoint(names):
        return ""
    for name in names:
        if name in POST_TYPES:
            return name
    return names[0] if any(document.get(key) for key in ("content", "contentMap", "name", "nameMap", "url")) else ""


def attribution(document: Json) -> tuple[str, list[str]]:
    """The author's id ('' if there is none) and the groups it was posted to. Observed: PeerTube writes [Person, Group]."""
    named = document.get("attributedTo") or document.get("actor")
    if isinstance(named, str):
        return values.uri(named), []
    people: list[str] = []
    groups: list[str] = []
    for item in values.as_list(named)[: limits.MENTIONS]:
        if found := values.first_uri(item):
            is_group = isinstance(item, dict) and values.type_of(item, vocab.ACTOR_TYPES) == "Group"
            (groups if is_group else people).append(found)
    return (people[0], groups) if people else (groups[0] if groups else "", [])


def recipients(document: Json) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`to` and `cc`, Public in its one spelling, at most `limits.RECIPIENTS` together."""
    to = values.addressed(document.get("to"), limits.RECIPIENTS)
    return to, values.addressed(document.get("cc"), limits.RECIPIENTS - len(to))


def _audience(document: Json, groups: list[str]) -> tuple[str, ...]:
    """The groups a post is for. Observed: Owncast names Public there."""
    if not groups and not document.get("audience"):
        return ()
    named = [*values.addressed(document.get("audience"), limits.MENTIONS), *groups]
    return tuple(name for name in dict.fromkeys(named) if name != vocab.PUBLIC)


def visibility(to: tuple[str, ...], cc: tuple[str, ...], followers_uri: str) -> str:
    """public, unlisted, followers or direct. Lenient: the followers may stand in `cc`. Source: FEDERATION.md, Delivery."""
    if vocab.PUBLIC in to:
        return "public"
    if vocab.PUBLIC in cc:
        return "unlisted"
    return "followers" if followers_uri and (followers_uri in to or followers_uri in cc) else "direct"


def _published(document: Json, received_at: int) -> int:
    at = values.time(document.get("published"))
    if at is not None and at > received_at + FUTURE_MS:
        raise Malformed("That post is from the future.")
    return received_at if at is None or at < values.EARLIEST else min(at, received_at)


def _updated(document: Json) -> object:
    """Observed: Mbin puts the time of an edit into an `object` of its own."""
    inner = document.get("object")
    return document.get("updated") or (inner.get("updated") if isinstance(inner, dict) else None)


# -- words --


def _content(document: Json, kind: str) -> tuple[str, str]:
    """The text and its media type. What has no text shows its abstract, where `summary` is one."""
    content = values.text(document, "content", limits.CONTENT_CHARS)
    quoted = document.get("quote")
    if kind == "Quotation" and isinstance(quoted, str) and not values.uri(quoted):
        content = f"<blockquote>{quoted}</blockquote>{content}"[: limits.CONTENT_CHARS]
    if not content and not _is_warning(document, kind):
        return values.text(document, "summary", limits.CONTENT_CHARS), "text/html"
    written = values.mime(document.get("mediaType"))
    return content, written if written.startswith("text/") else "text/html"  # an Image names the type of its file there


def _is_warning(document: Json, kind: str) -> bool:
    """Whether `summary` hides the post. That of an Article, Page, Video or Event is an abstract, unless it is sensitive."""
    return kind in TEXT_TYPES or values.flag(document.get("sensitive"))


def _warning(document: Json, kind: str) -> str:
    """What hides the post. Observed: lotide repeats the title there, which hides nothing."""
    warning = values.text(document, "summary", limits.WARNING_CHARS).strip() if _is_warning(document, kind) else ""
    return "" if warning and warning == _title(document, kind) else warning


def _title(document: Json, kind: str) -> str:
    """The name of what is no file, and of files that are named by somebody. Observed: Hubzilla names photos like `daf82c18.jpg`."""
    name = values.text(document, "name", limits.NAME_CHARS).strip()
    return "" if name and kind in FILE_TYPES and file_at(f"https://name.test/{name}") is not None else name


def _source(document: Json) -> tuple[str, str]:
    """What the author typed, and its media type: for editing and for Misskey's markup, never shown as it is."""
    source = document.get("source")
    if not source and "_misskey_content" not in document and not isinstance(source, dict):
        return "", ""
    if isinstance(source, dict):
        return values.text(source, "content", limits.CONTENT_CHARS), values.mime(source.get("mediaType"))
    written = source or document.get("_misskey_content")
    if not isinstance(written, str):
        return "", ""
    return written[: limits.CONTENT_CHARS], "text/plain" if source else "text/x.misskeymarkdown"


# -- tags --


def _tags(document: Json) -> tuple[tuple[Mention, ...], tuple[str, ...], tuple[Emoji, ...]]:
    """Mentions by href, hashtags by normalised name, custom emojis; each once, each kind to its limit. Source: FEDERATION.md, Objects."""
    listed = document.get("tag") or document.get("tags")  # Observed: Prismo
    if not listed:
        return (), (), ()
    mentions: dict[str, Mention] = {}
    hashtags: dict[str, None] = {}
    pictures = False
    for item in values.as_list(listed)[: values.ENTRIES]:
        kind = values.type_of(item) if isinstance(item, dict) else ""
        if kind == "Emoji":
            pictures = True
        elif kind == "Mention" and len(mentions) < limits.MENTIONS:
            if href := values.uri(item.get("href")):
                mentions.setdefault(href, Mention(href, values.text(item, "name", limits.NAME_CHARS)))
        elif (
            kind == "Hashtag"
            and len(hashtags) < limits.TAGS
            and (name := markup.normalise_tag(values.text(item, "name", limits.NAME_CHARS) or values.text(item, "tag", limits.NAME_CHARS)))
        ):
            hashtags[name] = None
    return tuple(mentions.values()), tuple(hashtags), emojis(document) if pictures else ()


# -- polls --


def _poll(document: Json) -> Poll | None:
    """The answers of a Question, each name once; None when there are none. Source: FEP-9967; FEDERATION.md, Objects."""
    multiple = bool(values.as_list(document.get("anyOf")))
    options: dict[str, Option] = {}
    for item in values.as_list(document.get("anyOf" if multiple else "oneOf")):
        name = values.text(item, "name", limits.NAME_CHARS) if isinstance(item, dict) else ""
        if name and len(options) < POLL_OPTIONS:
            options.setdefault(name, Option(name, _votes(item)))
    if not options:
        return None
    closed = document.get("closed")
    closed_at = values.time(closed)
    return Poll(
        options=tuple(options.values()),
        multiple=multiple,
        ends_at=values.time(document.get("endTime")) or closed_at,
        closed=values.flag(closed) or closed_at is not None,
        voters=values.number(document.get("votersCount")),
    )


def _votes(option: Json) -> int:
    replies = option.get("replies")
    counted = replies.get("totalItems") if isinstance(replies, dict) else None
    return values.number(counted if counted is not None else option.get("_misskey_votes"))
