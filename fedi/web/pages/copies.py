"""Finished pages for strangers, kept in bounded memory. When a copy may be shown is kept.py's."""

import time
from collections import OrderedDict
from typing import Final, NamedTuple

_MOST: Final = 128
_MOST_BYTES: Final = 4_000_000


class Copy(NamedTuple):
    """A page as it went out. `until` is monotonic seconds."""

    stamp: tuple[int, int]
    until: float
    body: bytes
    headers: list[tuple[str, str]]


class Kept:
    """The copies of one application, by address."""

    def __init__(self) -> None:
        self._copies: OrderedDict[str, Copy] = OrderedDict()
        self._size = 0

    def find(self, address: str, stamp: tuple[int, int]) -> Copy | None:
        found = self._copies.get(address)
        if found is None or found.stamp != stamp or found.until < time.monotonic():
            return None
        self._copies.move_to_end(address)
        return found

    def put(self, address: str, copy: Copy) -> None:
        self._size -= len(self._copies.pop(address, copy._replace(body=b"")).body)
        self._copies[address] = copy
        self._size += len(copy.body)
        while len(self._copies) > _MOST or (self._size > _MOST_BYTES and len(self._copies) > 1):
            self._size -= len(self._copies.popitem(last=False)[1].body)
