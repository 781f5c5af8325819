"""WebM without what it says besides picture and sound. Pure, and in place: elements that go become void, so nothing has to move.

Source: RFC 8794; RFC 9559; MED-04.
"""

import struct
from typing import NamedTuple

from fedi.errors import Invalid

_DAMAGED = "That video is damaged or of a kind that cannot be read."
_HEADER, _SEGMENT, _INFO, _TRACKS, _TRACK, _CLUSTER, _GROUP, _VIDEO = (
    0x1A45DFA3,
    0x18538067,
    0x1549A966,
    0x1654AE6B,
    0xAE,
    0x1F43B675,
    0xA0,
    0xE0,
)
_SEEK, _CUES = 0x114D9B74, 0x1C53BB6B
_SCALE, _DURATION, _MUXER, _WRITER = 0x2AD7B1, 0x4489, 0x4D80, 0x5741
_TYPE, _WIDTH, _HEIGHT, _VOID = 0x83, 0xB0, 0xBA, 0xEC
_KEPT = {
    0: frozenset({_HEADER, _SEGMENT}),
    _SEGMENT: frozenset({_SEEK, _INFO, _TRACKS, _CLUSTER, _CUES}),
    _INFO: frozenset({_SCALE, _DURATION, _MUXER, _WRITER}),
    _TRACKS: frozenset({_TRACK}),
    # number, uid, type, flags, times, codec and its settings, language, video, audio, encodings
    _TRACK: frozenset({0xD7, 0x73C5, _TYPE, 0xB9, 0x88, 0x55AA, 0x9C, 0x23E383, 0x55EE, 0x86, 0x63A2, 0x56AA, 0x56BB, 0x22B59C, _VIDEO,
      0xE1, 0x6D80}),
    _CLUSTER: frozenset({0xE7, 0xA7, 0xAB, 0xA3, _GROUP}),
    _GROUP: frozenset({0xA1, 0x9B, 0xFA, 0xFB, 0x75A2, 0x75A1}),
}  # fmt: skip
_PARENTS = frozenset(_KEPT) - {0}


class Facts(NamedTuple):
    """Sizes in pixels, 0 for a sound."""

    width: int
    height: int
    duration_ms: int


class _Element(NamedTuple):
    id: int
    begin: int
    body: int
    end: int
    is_open: bool  # of unknown size: it lasts until something that cannot be in it


def clean(data: bytes) -> tuple[bytes, Facts]:
    """The same file with nothing but picture and sound. Raises Invalid where that cannot be made sure of."""
    work = _Cleaner(data)
    try:
        work.walk(0, 0, len(data))
    except (IndexError, struct.error, OverflowError):
        raise Invalid(_DAMAGED, "file") from None
    if not work.tracks:
        raise Invalid(_DAMAGED, "file")
    return bytes(work.data), work.facts()


def _vint(data: bytearray, at: int, keep_mark: bool) -> tuple[int, int]:
    """(value, length). Raises Invalid for more than eight bytes."""
    first = data[at]
    length = 9 - first.bit_length()
    if length > 8 or at + length > len(data):
        raise Invalid(_DAMAGED, "file")
    value = int.from_bytes(data[at : at + length], "big")
    return (value if keep_mark else value & (1 << 7 * length) - 1), length


class _Cleaner:
    """One file at work."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        self.tracks = 0
        self._width = self._height = 0
        self._scale, self._duration = 1_000_000, 0.0

    def facts(self) -> Facts:
        return Facts(self._width, self._height, int(max(0.0, min(self._duration * self._scale / 1_000_000, 2.0**31 - 1))))

    def walk(self, parent: int, at: int, end: int) -> int:
        """Look at what stands in an element; where that ends."""
        while at < end:
            one = self._element(at, end)
            if parent == _CLUSTER and one.id in (_CLUSTER, _CUES, _SEEK, _INFO, _TRACKS):
                return at  # the cluster was of unknown size
            if one.id not in _KEPT[parent]:
                if one.is_open:
                    raise Invalid(_DAMAGED, "file")
                self._blank(one)
                at = one.end
            elif one.id in _PARENTS:
                at = self.walk(one.id, one.body, one.end)
                at = at if one.is_open else one.end
            else:
                self._look(one)
                at = one.end
        return end

    def _element(self, at: int, end: int) -> _Element:
        identity, length = _vint(self.data, at, keep_mark=True)
        size, more = _vint(self.data, at + length, keep_mark=False)
        body = at + length + more
        is_open = size == (1 << 7 * more) - 1
        if is_open and identity not in (_SEGMENT, _CLUSTER):
            raise Invalid(_DAMAGED, "file")
        if not is_open and body + size > end:
            if identity not in (_SEGMENT, _CLUSTER):
                raise Invalid(_DAMAGED, "file")
            is_open = True  # cut off
        return _Element(identity, at, body, end if is_open else body + size, is_open)

    def _blank(self, one: _Element) -> None:
        """The shortest length that fits, or the longest: both are of the same whole size."""
        total = one.end - one.begin
        head = bytes([_VOID, 0x80 | total - 2]) if total - 2 < 127 else bytes([_VOID, 0x01]) + (total - 9).to_bytes(7, "big")
        self.data[one.begin : one.end] = head + bytes(total - len(head))

    def _look(self, one: _Element) -> None:
        body = bytes(self.data[one.body : one.end])
        if one.id in (_MUXER, _WRITER):
            self.data[one.body : one.end] = bytes(len(body))
        elif one.id == _SCALE:
            self._scale = int.from_bytes(body, "big")
        elif one.id == _DURATION:
            self._duration = struct.unpack(">f" if len(body) == 4 else ">d", body)[0]
            self._duration = self._duration if 0 <= self._duration < 1e15 else 0.0
        elif one.id == _TYPE:
            if body not in (b"\x01", b"\x02"):
                raise Invalid("That video has a track that is neither picture nor sound.", "file")
            self.tracks += 1
        elif one.id == _VIDEO:
            self._look_at_video(one)

    def _look_at_video(self, video: _Element) -> None:
        at = video.body
        while at < video.end:
            one = self._element(at, video.end)
            if one.id in (_WIDTH, _HEIGHT):
                side = min(int.from_bytes(self.data[one.body : one.end], "big"), 65_535)
                self._width, self._height = (side, self._height) if one.id == _WIDTH else (self._width, side)
            at = one.end
