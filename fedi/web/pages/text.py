"""How pages write times and numbers, and which links and addresses they trust. Pure."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from fedi import clock, uris
from fedi.errors import Malformed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = "January February March April May June July August September October November December".split()
_NEXT_CHARS = 6000  # with all that a program asks for, on the way to its consent
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
# What XML 1.0 cannot hold at all, not even escaped. Source: XML 1.0 2.2; XSS-08.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=min(max(at, clock.EARLIEST), clock.LATEST))


def full_time(at: int) -> str:
    """`22 November 2026, 02:56 UTC`."""
    moment = _moment(at)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment.hour:02}:{moment.minute:02} UTC"


def day(date: str) -> str:
    """`2026-11-22` as `22 November 2026`."""
    year, month, number = date.split("-")
    return f"{int(number)} {_MONTHS[int(month) - 1]} {year}"


def ago(at: int, now: int | None = None) -> str:
    """How long ago, in a word or two: `now`, `5 min`, `3 h`, `2 d`, then `14 Nov`, then `14 Nov 2024`."""
    now = clock.now() if now is None else now
    past = now - at
    if past < clock.HOUR:
        return f"{past // clock.MINUTE} min" if past >= clock.MINUTE else "now"
    if past < 7 * clock.DAY:
        return f"{past // clock.HOUR} h" if past < clock.DAY else f"{past // clock.DAY} d"
    moment = _moment(at)
    day = f"{moment.day} {_MONTHS[moment.month - 1][:3]}"
    return day if past < 300 * clock.DAY else f"{day} {moment.year}"


def number(count: int) -> str:
    """`1,234` up to ten thousand, then `12.3k` and `4.5M`."""
    if count < 10_000:
        return f"{count:,}"
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + unit
    return str(count)


def local_path(text: str, default: str = "/home") -> str:
    """Where to go back to, as a form or an address says it: a path on this server, or `default`. Source: AUT-23."""
    if not text.startswith("/") or len(text) > _NEXT_CHARS or _UNPRINTABLE.search(text):
        return default
    try:
        parts = urlsplit(text)
    except ValueError:
        return default
    plain = not parts.scheme and not parts.netloc and "//" not in parts.path and ".." not in parts.path
    return text if plain and text.startswith(parts.path) else default


def web_address(text: str) -> str:
    """The address if it is http(s) and nothing else, or ''."""
    try:
        uris.origin(text)
    except Malformed:
        return ""
    return text


def xml(text: str) -> str:
    """A finished XML document without the characters that no XML can hold."""
    return _NOT_XML.sub("", text)
