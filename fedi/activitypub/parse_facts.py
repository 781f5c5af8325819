"""What a post of the wire has besides its text -> `facts.Facts`: abstracts, events and places, books and ratings, lengths.

Every property is cut and made plain text here; what cannot be read is left out. Source: FEDERATION.md, Objects; FEP-8a8e.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fedi import clock, facts, limits, plaintext
from fedi.activitypub import parse_values as values
from fedi.activitypub.parse_values import Json
from fedi.facts import NOTHING, Facts

_BOOKISH = frozenset({"Review", "Rating", "Comment", "Quotation", "GeneratedNote"})
_TELLING = ("startTime", "location", "duration", "inReplyToBook", "track", "isLiveBroadcast")
_OFFSET = re.compile(r"([+-])([01]\d):?([0-5]\d)\Z", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,30}(?:/[A-Za-z0-9_+-]{1,30}){0,2}", re.ASCII)
_SAME_CHARS = 300  # by which an abstract is seen to be the beginning of the text
_STATUSES = {"cancelled": "cancelled", "canceled": "cancelled", "tentative": "tentative"}
_PROGRESS = {"PG": "page {}", "PCT": "{}%"}


def read(document: Json, kind: str, content: str, is_abstract: bool, links: tuple[tuple[str, str], ...]) -> Facts:
    """What a post of a type says besides its (raw) content. `is_abstract`: its `summary` hides nothing; `links` are pages it names."""
    abstract = _abstract(document, content) if is_abstract else ""
    links = links if len(links) > 1 or any(name for _, name in links) else ()  # one without a name is the post's own link
    if kind not in _BOOKISH and kind != "Place" and not any(map(document.get, _TELLING)):
        return Facts(abstract=abstract, links=links) if abstract or links else NOTHING
    said = _event(document) | _place(document, kind) | _sound(document, kind) | _book(document)
    return Facts(abstract=abstract, links=links, **said)


def _abstract(document: Json, content: str) -> str:
    """The summary of what has a text too, as plain text; '' where it says nothing more.

    Observed: NodeBB repeats the whole post, Kbin the text with hashtags behind it, Funkwhale the hashtags alone.
    """
    summary = values.text(document, "summary", limits.BIO_CHARS)
    if not summary or not content:
        return ""
    words = plaintext.text(summary, limits.ABSTRACT_CHARS)
    bare = " ".join(word for word in words.split() if not word.startswith("#"))
    text = _letters(plaintext.text(content, 2 * limits.ABSTRACT_CHARS))
    return "" if text.startswith((_letters(words), _letters(bare))) else words


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text[:_SAME_CHARS]))


def _line(document: Json, name: str) -> str:
    return plaintext.line(values.text(document, name, limits.FACT_CHARS * 4), limits.FACT_CHARS)


# -- events and places --


def _event(document: Json) -> dict[str, Any]:
    starts_at = values.time(document.get("startTime"))
    ends_at = values.time(document.get("endTime"))
    if starts_at is None:
        return {}
    zone, offset = _zone(document, starts_at)
    status = document.get("ical:status") or document.get("status")
    return {
        "starts_at": starts_at,
        "ends_at": ends_at if ends_at is not None and ends_at > starts_at else None,
        "offset_min": offset,
        "timezone": zone,
        "status": _STATUSES.get(status.lower(), "") if isinstance(status, str) else "",
        "seats": values.number(document.get("maximumAttendeeCapacity"), 10_000_000),
        "online_url": _external(document),
    }


def _external(document: Json) -> str:
    return values.first_uri(document.get("externalParticipationUrl")) if document.get("joinMode") == "external" else ""


def _zone(document: Json, at: int) -> tuple[str, int]:
    """(name, minutes east of UTC) of the clocks an event goes by: its time zone, else the offset its start is written with."""
    name = document.get("timezone")
    if isinstance(name, str) and _ZONE.fullmatch(name) and (offset := _offset(name, at // clock.HOUR)) is not None:
        return name, offset
    written = document.get("startTime")
    found = _OFFSET.search(written.strip()) if isinstance(written, str) else None
    if not found:
        return "", 0
    return "", (int(found[2]) * 60 + int(found[3])) * (-1 if found[1] == "-" else 1)


@lru_cache(maxsize=256)
def _offset(name: str, hour: int) -> int | None:
    """Minutes east of UTC in a zone at an hour since 1970; None for a zone nobody knows."""
    try:
        shift = datetime.fromtimestamp(hour * 3600, ZoneInfo(name)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return None
    return None if shift is None else int(shift.total_seconds() // 60)


def _place(document: Json, kind: str) -> dict[str, Any]:
    """The first real place, and the first that is an address on the web. Source: FEP-8a8e."""
    found: dict[str, Any] = {}
    listed = [document] if kind == "Place" else values.as_list(document.get("location"))[: values.PICTURES]
    for item in listed:
        if isinstance(item, str):
            found.setdefault("place", plaintext.line(item, limits.FACT_CHARS))
        elif isinstance(item, dict) and values.type_of(item) == "VirtualLocation":
            found.setdefault("online_url", values.first_uri(item.get("url")))
        elif isinstance(item, dict) and ("place" not in found):
            name, address = _line(item, "name"), _address(item)
            found |= {"place": "" if kind == "Place" else name, "address": "" if address == name else address}
    return {name: value for name, value in found.items() if value}


_ADDRESS = ("streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry")


def _address(place: Json) -> str:
    """One line. A postal code stands before its town without a comma."""
    address = place.get("address")
    if isinstance(address, str):
        return plaintext.line(address, limits.FACT_CHARS)
    country = _line(place, "country")
    if not isinstance(address, dict):
        return country
    street, code, town, region, nation = (_line(address, name) for name in _ADDRESS)
    parts = (street, f"{code} {town}".strip(), region, nation or country)
    return ", ".join(part for part in parts if part)[: limits.FACT_CHARS]


# -- sounds and films --


def _sound(document: Json, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if length := values.duration_ms(document.get("duration")):
        found["duration_ms"] = length
    if kind == "Video" and values.flag(document.get("isLiveBroadcast")):
        found["is_live"] = True
    track = document.get("track")
    if isinstance(track, dict) and (by := _track(track)):
        found["by"] = by
    return found


def _track(track: Json) -> str:
    """`Artist, Album` of a recording. Observed: Funkwhale."""
    artists = [_line(one, "name") for one in values.as_list(track.get("artists"))[: values.PICTURES] if isinstance(one, dict)]
    album = track.get("album")
    parts = [" & ".join(name for name in artists if name), _line(album, "name") if isinstance(album, dict) else ""]
    return plaintext.line(", ".join(part for part in parts if part), limits.FACT_CHARS)


# -- books --


def _book(document: Json) -> dict[str, Any]:
    """What a review, comment or quotation is about. Observed: BookWyrm names the book in a tag, or in the description of its cover."""
    found: dict[str, Any] = {}
    tags = (one for one in values.as_list(document.get("tag"))[: values.ENTRIES] if isinstance(one, dict))
    named = next((one for one in tags if values.type_of(one) in ("Book", "Edition")), {})
    url = values.first_uri(document.get("inReplyToBook")) or values.uri(named.get("href"))
    if not url:
        return found
    found["book_url"] = url
    if title := _line(named, "name") or _cover_name(document):
        found["book"] = title
    rating = document.get("rating")
    if isinstance(rating, int | float) and not isinstance(rating, bool) and 0 < rating <= facts.RATING_MAX:
        found["rating"] = float(rating)
    if (pages := values.number(document.get("progress"))) and document.get("progressMode") in _PROGRESS:
        found["progress"] = _PROGRESS[str(document["progressMode"])].format(pages)
    return found


def _cover_name(document: Json) -> str:
    for item in values.as_list(document.get("attachment"))[: values.PICTURES]:
        if isinstance(item, dict) and (name := _line(item, "name")):
            return name
    return ""
