"""Rendered JSON, kept: what was used last, up to so many bytes."""

from collections.abc import Hashable
from typing import Final

_OVERHEAD: Final = 200  # of a key, a tuple and a dict entry


class Kept:
    """Bytes by id, each with the stamp of what it was made from: asked for with another stamp it is not there.

    Two generations: what is used moves to the young one; when that is full it becomes the old one, and what was in the old one is
    forgotten. So a hit costs two look-ups and no book-keeping.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes // 2
        self._size = 0
        self._young: dict[int, tuple[Hashable, bytes]] = {}
        self._old: dict[int, tuple[Hashable, bytes]] = {}

    def get(self, row_id: int, stamp: Hashable) -> bytes | None:
        found = self._young.get(row_id)
        if found is None:
            found = self._old.get(row_id)
            if found is None:
                return None
            self._add(row_id, found)
        return found[1] if found[0] == stamp else None

    def put(self, row_id: int, stamp: Hashable, made: bytes) -> None:
        self.drop(row_id)
        self._add(row_id, (stamp, made))

    def drop(self, row_id: int) -> None:
        """Forget one."""
        found = self._young.pop(row_id, None)
        if found is not None:
            self._size -= len(found[1]) + _OVERHEAD
        self._old.pop(row_id, None)

    def clear(self) -> None:
        self._young, self._old, self._size = {}, {}, 0

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def _add(self, row_id: int, found: tuple[Hashable, bytes]) -> None:
        self._young[row_id] = found
        self._size += len(found[1]) + _OVERHEAD
        if self._size > self._most:
            self._old, self._young, self._size = self._young, {}, 0
