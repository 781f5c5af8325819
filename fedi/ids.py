"""Row ids: 64-bit, ordered by time, `milliseconds << 16 | sequence`. Decimal strings at the edge, so that no JavaScript rounds them."""

import secrets

from fedi.errors import NotFound

_SEQUENCE_BITS = 16
MAX = (1 << 63) - 1
_LAST = MAX >> _SEQUENCE_BITS  # year 6429: what is later sorts as that
_ALL = (1 << _SEQUENCE_BITS) - 1
_HALF = _ALL >> 1
_sequence = secrets.randbits(_SEQUENCE_BITS)  # anywhere: the command line makes ids at the same time
_latest = 0


def new(at: int) -> int:
    """An id for something that happened at `at` (ms), never over 63 bits. The first 32,768 that are made in a row for a millisecond rise.

    Two things of the same past millisecond can be given the same id once in 65,536 times: whoever inserts backdated rows
    looks first whether the id is taken (`storage.posts.new_id`).
    """
    global _sequence, _latest
    first = first_at(at)
    if first != _latest and _sequence & _ALL > _HALF:
        _sequence = (_sequence | _ALL) + 1  # it starts over between two milliseconds, not within one
    _latest = first
    _sequence += 1
    return first | _sequence & _ALL


def time_of(row_id: int) -> int:
    """The milliseconds an id was made for."""
    return row_id >> _SEQUENCE_BITS


def first_at(at: int) -> int:
    """The smallest id anything of that time can have: for time-bounded range reads."""
    return min(max(at, 0), _LAST) << _SEQUENCE_BITS


def parse(text: str) -> int:
    """The id a client wrote; raises NotFound for anything that cannot be one (too long, not decimal, over 63 bits)."""
    if not (0 < len(text) <= 19 and text.isascii() and text.isdigit()) or int(text) > MAX:
        raise NotFound("There is nothing with that id.")
    return int(text)
