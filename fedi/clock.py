"""The time, and its text forms. Inside the house a time is integer milliseconds since 1970, UTC; only edges format it."""

import re
import time
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::([0-5]\d|60)(?:\.(\d+))?)?\s?([Zz]|[+-][01]\d:?[0-5]\d)?\Z", re.ASCII)
_USUAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d+)?Z", re.ASCII)  # the same, as nearly everybody writes it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = -62_135_596_800_000  # year 1
LATEST = 253_402_300_799_999  # year 9999, its last millisecond


def now() -> int:
    """The wall clock, in milliseconds since 1970 UTC."""
    return int(time.time() * 1000)


def rfc3339(at: int) -> str:
    """`2026-11-22T00:16:46.123Z`: the form of the Mastodon API and of everything we publish. Source: RFC 3339 5.6."""
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds")[:23] + "Z"


def parse_rfc3339(text: str) -> int | None:
    """Milliseconds of a date-time as servers really write it (any fraction, `+0000`, no zone); None if it is not one.

    What it returns `rfc3339` can write: nothing before year 1 or after year 9999.
    Source: RFC 3339 5.6. Observed: Pixelfed writes `+0000`, Mobilizon and BookWyrm microseconds.
    """
    return _parse_rfc3339(text.strip()[:64])


@lru_cache(maxsize=256)
def _parse_rfc3339(text: str) -> int | None:  # an activity and its post bear the same time
    if _USUAL.fullmatch(text):
        midnight = _start_of_day(text[:10])
        hours, minutes = int(text[11:13]), int(text[14:16])
        if midnight is None or hours > 23 or minutes > 59:
            return None
        return midnight + hours * HOUR + minutes * MINUTE + int(text[17:19]) * SECOND + int(text[20:23].rstrip("Z").ljust(3, "0"))
    match = _RFC3339.match(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    offset = 0
    if zone and zone not in "Zz":
        digits = zone[1:].replace(":", "")
        offset = (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if zone[0] == "-" else 1)
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC)
    except ValueError:
        return None
    millis = int((fraction or "0").ljust(3, "0")[:3])
    at = int(moment.timestamp()) * 1000 + millis - offset * MINUTE
    return at if EARLIEST <= at <= LATEST else None


@lru_cache(maxsize=256)
def _start_of_day(text: str) -> int | None:
    try:
        return (date.fromisoformat(text).toordinal() - _EPOCH.toordinal()) * DAY
    except ValueError:
        return None


def http_date(at: int) -> str:
    """`Sun, 22 Nov 2026 00:16:46 GMT`. Source: RFC 9110 5.6.7."""
    return _http_date(at // SECOND)


@lru_cache(maxsize=64)
def _http_date(second: int) -> str:  # many requests of one second are signed with it
    return format_datetime(_EPOCH + timedelta(seconds=second), usegmt=True)


def parse_http_date(text: str) -> int | None:
    """Milliseconds of an HTTP date, or None if it is not one. Source: RFC 9110 5.6.7."""
    try:
        moment = parsedate_to_datetime(text[:64])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return int(moment.timestamp() * 1000)
    except (OverflowError, ValueError):
        return None
