"""What a post has besides its text: an abstract, dates and places of an event, a rating, a length. Stored as JSON in `posts.facts`.

Everything in here is plain text, tidied and cut where it came in (activitypub/parse_facts.py), and is said in words by `sayings`.
"""

from functools import lru_cache
from typing import NamedTuple, get_args

import orjson

from fedi import clock

RATING_MAX = 5.0


class Facts(NamedTuple):
    """'' and 0 are "not said". Times are milliseconds UTC, `offset_min` the minutes east of UTC of the clocks the event goes by.

    `status` is '', `cancelled` or `tentative`; `rating` is of five; `links` are (address, name) of pages that stand beside the text.
    `abstract` stands above the text and is no content warning.
    """

    abstract: str = ""
    starts_at: int | None = None
    ends_at: int | None = None
    offset_min: int = 0
    timezone: str = ""
    place: str = ""
    address: str = ""
    online_url: str = ""
    status: str = ""
    seats: int = 0
    duration_ms: int = 0
    is_live: bool = False
    by: str = ""
    book: str = ""
    book_url: str = ""
    rating: float = 0.0
    progress: str = ""
    links: tuple[tuple[str, str], ...] = ()


NOTHING = Facts()
_KINDS = {name: get_args(kind) or (kind,) for name, kind in Facts.__annotations__.items() if name != "links"}


def dump(facts: Facts) -> str:
    """As it is stored: what is said only; '' for nothing."""
    if facts == NOTHING:
        return ""
    said = {name: value for name, value in facts._asdict().items() if value != Facts._field_defaults[name]}
    return orjson.dumps(said).decode()


@lru_cache(maxsize=512)
def load(stored: str) -> Facts:
    """What `dump` wrote. What has another form than it should is left out, so that no row can make a page fail."""
    if not stored:
        return NOTHING
    try:
        found = orjson.loads(stored)
    except orjson.JSONDecodeError:
        return NOTHING
    if not isinstance(found, dict):
        return NOTHING
    said = {name: value for name, value in found.items() if type(value) in _KINDS.get(name, ())}
    if isinstance(links := found.get("links"), list):
        said["links"] = tuple((one[0], one[1]) for one in links if isinstance(one, list) and list(map(type, one)) == [str, str])
    for name in ("starts_at", "ends_at"):
        if name in said and not clock.EARLIEST <= said[name] <= clock.LATEST:
            del said[name]
    return Facts(**said)


# -- in words --


class Saying(NamedTuple):
    """One line: what kind of fact, its label, its words, where it leads ('' nowhere), and the times a reader may want (ms)."""

    kind: str
    label: str
    words: str
    url: str = ""
    times: tuple[int, ...] = ()


_STATUSES = {"cancelled": "Cancelled", "tentative": "Not certain yet"}


def sayings(facts: Facts) -> list[Saying]:
    """The facts as lines for people, in the order they matter. The abstract and the links stand apart."""
    if facts == NOTHING:
        return []
    times = tuple(at for at in (facts.starts_at, facts.ends_at) if at is not None)
    where = ", ".join(part for part in (facts.place, facts.address) if part)
    said = (
        Saying("status", "Status", _STATUSES.get(facts.status, facts.status)),
        Saying("when", "When", span(facts), times=times),
        Saying("where", "Where", where),
        Saying("online", "Online", facts.online_url, facts.online_url),
        Saying("seats", "Places", f"up to {facts.seats:,}" if facts.seats else ""),
        Saying("book", "Book", facts.book or facts.book_url, facts.book_url),
        Saying("rating", "Rating", rating(facts.rating) if facts.rating else ""),
        Saying("progress", "Read so far", facts.progress),
        Saying("by", "By", facts.by),
        Saying("live", "Live", "a live broadcast" if facts.is_live else ""),
        Saying("duration", "Length", duration(facts.duration_ms) if facts.duration_ms else ""),
    )
    return [one for one in said if one.words]


def duration(ms: int) -> str:
    """`1:02:05`, `0:42`."""
    seconds = ms // 1000
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def rating(value: float) -> str:
    """`4.5 of 5`: what the stars beside it say to those who do not see them."""
    return f"{value:.1f}".removesuffix(".0") + " of 5"


def stars(value: float) -> tuple[int, bool]:
    """How many whole ones, and whether there is a half."""
    halves = round(value * 2)
    return halves // 2, halves % 2 == 1


_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April May June July August September October November December".split()


def span(facts: Facts) -> str:
    """`Wednesday 18 December 2019, 14:00 to 15:00 (Europe/Paris)`: on the clocks of the place, as far as they are known."""
    if facts.starts_at is None:
        return ""
    start, day = _local(facts.starts_at, facts.offset_min)
    words = f"{day}, {start}"
    if facts.ends_at is not None and facts.ends_at > facts.starts_at:
        end, last = _local(facts.ends_at, facts.offset_min)
        words += f" to {end}" if last == day else f" to {last}, {end}"
    return f"{words} ({facts.timezone or _zone(facts.offset_min)})"


def _local(at: int, offset_min: int) -> tuple[str, str]:
    """(`14:00`, `Wednesday 18 December 2019`)"""
    shifted = min(max(at + offset_min * clock.MINUTE, clock.EARLIEST), clock.LATEST)
    text = clock.rfc3339(shifted)
    weekday = _DAYS[(shifted // clock.DAY + 3) % 7]  # the first day of 1970 was a Thursday
    return text[11:16], f"{weekday} {int(text[8:10])} {_MONTHS[int(text[5:7]) - 1]} {int(text[:4])}"


def _zone(offset_min: int) -> str:
    if not offset_min:
        return "UTC"
    hours, minutes = divmod(abs(offset_min), 60)
    return f"UTC{'-' if offset_min < 0 else '+'}{hours}" + (f":{minutes:02}" if minutes else "")
