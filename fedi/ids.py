"""Row ids: 64-bit, ordered by time, `milliseconds << 16 | sequence`. Decimal strings at the edge, so that no JavaScript rounds them."""

import itertools
import secrets

from fedi.errors import NotFound

_SEQUENCE_BITS = 16
MAX = (1 << 63) - 1
_LATEST = MAX >> _SEQUENCE_BITS  # year 6429: what is later sorts as that
_sequence = itertools.count(secrets.randbits(_SEQUENCE_BITS))


def new(at: int) -> int:
    """An id for something that happened at `at` (ms), never over 63 bits.

    Ids of one millisecond rise, but for one in 65,536, where the sequence starts over.

    Two things of the same past millisecond can be given the same id once in 65,536 times: whoever inserts backdated rows
    looks first whether the id is taken (`storage.posts.new_id`).
    """
    return first_at(at) | next(_sequence) & ((1 << _SEQUENCE_BITS) - 1)


def time_of(row_id: int) -> int:
    """The milliseconds an id was made for."""
    return row_id >> _SEQUENCE_BITS


def first_at(at: int) -> int:
    """The smallest id anything of that time can have: for time-bounded range reads."""
    return min(max(at, 0), _LATEST) << _SEQUENCE_BITS


def parse(text: str) -> int:
    """The id a client wrote; raises NotFound for anything that cannot be one (too long, not decimal, over 63 bits)."""
    if not (0 < len(text) <= 19 and text.isascii() and text.isdigit()) or int(text) > MAX:
        raise NotFound("There is nothing with that id.")
    return int(text)
