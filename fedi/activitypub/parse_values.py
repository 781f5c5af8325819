"""Single properties of a stranger's document, whatever shape they came in: ids, links, texts, times, numbers.

Nothing here raises: what cannot be read is '', 0, None or left out, so that one bad property never costs the whole document.
Source: FEDERATION.md, JSON, 7.5, Appendix B.
"""

import re
from collections.abc import Collection
from typing import Any, NamedTuple

from fedi import clock, limits, uris
from fedi.activitypub import vocab
from fedi.errors import Malformed

Json = dict[str, Any]

COUNT_MAX = 2**31 - 1
SIDE_MAX = 65_535  # pixels
EARLIEST = 631_152_000_000  # 1990: what claims to be older was not written for the web
TYPE_CHARS = 100
MIME_CHARS = 255
ENTRIES = 500  # looked at in one `tag` or `attachment`: what is past a bound is not read, so that no document takes long
LINKS = 50  # looked at in one `url`
PICTURES = 8  # looked at in one `icon` or `image`
PICTURE_WIDTH = 2_000  # the widest of several that is of use
_TYPES = 10
_PREFIXES = re.compile(
    r"(?:as:|schema:|toot:|litepub:|misskey:|https?://www\.w3\.org/ns/activitystreams#|https?://schema\.org[#/]"
    r"|http://joinmastodon\.org/ns#|http://litepub\.social/ns#|https://w3id\.org/fep/[0-9a-f]{4}#)(?=[A-Za-z])"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,4}", re.ASCII)
_DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?", re.ASCII)
_MIME = re.compile(r"[a-z0-9][a-z0-9.+_-]*/[a-z0-9][a-z0-9.+_-]*", re.ASCII)


def as_list(value: object) -> list[Any]:
    """A property that may be missing, one thing or many, as many."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def short(name: object) -> str:
    """A type without its prefix: `as:Note` and the full IRI are `Note`. '' for what is no type."""
    if not isinstance(name, str):
        return ""
    return (_PREFIXES.sub("", name, count=1) if ":" in name else name)[:TYPE_CHARS]


def types(document: Json) -> list[str]:
    """Every type of a document, in its order, without prefixes."""
    value = document.get("type")
    if isinstance(value, str):
        name = short(value)
        return [name] if name else []
    return [name for name in map(short, as_list(value)[:_TYPES]) if name]


def type_of(document: Json, known: Collection[str] = ()) -> str:
    """The first type that is in `known`, else the first; '' when there is none."""
    names = types(document)
    if len(names) == 1:
        return names[0]
    return next((name for name in names if name in known), names[0] if names else "")


# -- ids and links --


def uri(value: object) -> str:
    """`value` when it is the URL of something on the web (`uris.origin` says what is), else ''."""
    if not value or not isinstance(value, str):
        return ""
    try:
        uris.origin(value)
    except Malformed:
        return ""
    return value


def first_id(value: object) -> str:
    """The id of a property: a string, an object with `id` (or a Link's `href`), or the first of a list. Not checked to be a URL."""
    if isinstance(value, str):
        return value
    for item in as_list(value):
        found = _id_of(item)
        if found:
            return found
    return ""


def _id_of(item: object) -> str:
    if isinstance(item, dict):
        item = item.get("id") or item.get("href")
    return item if isinstance(item, str) else ""


def first_uri(value: object) -> str:
    """`first_id` where it is the URL of something on the web, else ''."""
    return uri(first_id(value)) if value else ""


def ids(value: object, most: int) -> tuple[str, ...]:
    """The ids among the first `most` of a property that are URLs, in order, once each."""
    return tuple(dict.fromkeys(found for item in as_list(value)[:most] if (found := uri(_id_of(item)))))


def own_uri(value: object, owner: str) -> str:
    """`first_uri` where it is of the owner's origin, else ''. Source: ORG-20."""
    found = first_uri(value)
    return found if found and uris.same_origin(found, owner) else ""


def addressed(value: object, most: int) -> tuple[str, ...]:
    """The first `most` recipients of a list: URLs, once each, the spellings of Public as one. Source: FEDERATION.md, JSON."""
    found: dict[str, None] = {}
    if not value:
        return ()
    for item in as_list(value)[:most]:
        name = item if isinstance(item, str) else _id_of(item)
        name = vocab.PUBLIC if name in vocab.PUBLIC_SPELLINGS else uri(name)
        if name:
            found[name] = None
    return tuple(found)


class Target(NamedTuple):
    """Where something can be had. `mime` may be '', sizes 0."""

    url: str
    mime: str = ""
    width: int = 0
    height: int = 0


def targets(value: object, most: int = LINKS) -> list[Target]:
    """Every web address in a `url`, `icon` or `image`: strings, Links, objects with a `url` of their own, lists of them.

    Looks at `most` things at most, found or not, in the order of the document.
    """
    found: list[Target] = []
    waiting = [(item, Target("")) for item in reversed(as_list(value)[:most])]
    while waiting and most > 0:
        item, around = waiting.pop()
        most -= 1
        if isinstance(item, str):
            if url := uri(item.strip()):
                found.append(around._replace(url=url))
        elif isinstance(item, dict):
            inner = Target(
                "",
                mime(item.get("mediaType") or item.get("mimeType")) or around.mime,
                number(item.get("width"), SIDE_MAX) or around.width,
                number(item.get("height"), SIDE_MAX) or around.height,
            )
            waiting += [(one, inner) for one in reversed(as_list(item.get("href") or item.get("url"))[:most])]
    return found


def page_url(value: object) -> str:
    """The address a person opens: a `text/html` Link, else one without a type, else the first. '' when there is none."""
    if isinstance(value, str):
        return uri(value.strip())
    found = targets(value)
    best = next((one for one in found if one.mime in ("text/html", "application/xhtml+xml")), None)
    best = best or next((one for one in found if not one.mime), found[0] if found else None)
    return best.url if best else ""


def image(value: object) -> tuple[str, str]:
    """The address of a picture of an `icon` or `image`, and what it shows; '' where unknown.

    Of several the first; where that says how wide it is, the widest up to `PICTURE_WIDTH`. Observed: PeerTube begins with the smallest.
    """
    usable = [(found[0], item) for item in as_list(value)[:PICTURES] if (found := targets(item, PICTURES))]
    if not usable:
        return "", ""
    best, item = usable[0]
    if best.width:
        best, item = max(usable, key=lambda one: one[0].width if one[0].width <= PICTURE_WIDTH else 0)
    return best.url, described(item) if isinstance(item, dict) else ""


def described(item: Json) -> str:
    """The description of a picture: `name`, as nearly everybody writes it, or `summary`, or (Observed: Owncast) `content`."""
    return next((words for name in ("name", "summary", "content") if (words := text(item, name, limits.ALT_CHARS))), "")


def mime(value: object) -> str:
    """A media type without its parameters, or ''."""
    if not isinstance(value, str) or len(value) > MIME_CHARS:
        return ""
    name = value.partition(";")[0].strip().lower()
    return name if _MIME.fullmatch(name) else ""


# -- texts --


def text(document: Json, name: str, most: int) -> str:
    """A text property, cut at `most` characters: a string, `{"@value": ...}`, the first of a list, or the first of its `...Map`."""
    value = document.get(name)
    if value and isinstance(value, str):
        return value[:most]
    return _words(value, most) or _words(document.get(f"{name}Map"), most, is_map=True)


def _words(value: object, most: int, is_map: bool = False) -> str:
    if isinstance(value, str):
        return "" if is_map else value[:most]
    if isinstance(value, dict):
        choices = value.values() if is_map or "@value" not in value else [value["@value"]]
        return next((one[:most] for one in choices if isinstance(one, str) and one), "")
    if isinstance(value, list):
        return next((words for one in value if not isinstance(one, list) and (words := _words(one, most))), "")
    return ""


def language(document: Json) -> str:
    """The BCP 47 tag of a post, or '': the key of `contentMap` that goes with the content, else of the other maps, else `language`.

    Source: FEDERATION.md, Objects. Where several languages are offered, Mastodon takes the first, and so do we.
    """
    for name in ("content", "name", "summary"):
        mapped = document.get(f"{name}Map")
        if isinstance(mapped, dict) and mapped:
            words = document.get(name)
            if found := _tag(next((key for key, value in mapped.items() if value == words), next(iter(mapped)))):
                return found
    content = document.get("content")
    if isinstance(content, dict) and (found := _tag(content.get("@language"))):
        return found
    for item in as_list(document.get("language"))[:_TYPES]:
        if found := _tag(item.get("identifier") if isinstance(item, dict) else item):
            return found
    return ""


def _tag(value: object) -> str:
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        return ""
    if len(value) == 2:
        return value.lower()
    primary, *rest = value.replace("_", "-").split("-")
    return "" if primary.lower() == "und" else "-".join([primary.lower(), *rest])


# -- times and numbers --


def time(value: object) -> int | None:
    """Milliseconds of a date-time, or None. Takes no side on whether it is plausible."""
    return clock.parse_rfc3339(value) if isinstance(value, str) else None


def past_time(value: object, now: int) -> int | None:
    """A time that has been: None when it is unreadable or before there was a web, `now` when it is still to come."""
    at = time(value)
    return None if at is None or at < EARLIEST else min(at, now)


def number(value: object, most: int = COUNT_MAX) -> int:
    """A count or size between 0 and `most`; 0 for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(max(0, min(value, most)))


def duration_ms(value: object) -> int:
    """How long something plays: seconds, or `PT1H2M3.5S`; 0 for what is neither. Source: ActivityStreams 2.0 Vocabulary, duration."""
    if isinstance(value, str) and (found := _DURATION.fullmatch(value)):
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        value = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(max(0.0, min(float(value) * 1000, COUNT_MAX)))


def flag(value: object) -> bool:
    """`true`, also as the string that some servers send."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
