"""MP4 and its kin without what they say besides picture and sound. Pure, and in place: what goes becomes empty, so nothing has to move.

Every byte that no track of pictures or sound refers to is blanked: places, devices, owners and telemetry hide in boxes, in tracks, in
gaps, and in messages between pictures. Source: ISO/IEC 14496-12; MED-04.
"""

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from fedi.errors import Invalid

_DAMAGED = "That video is damaged or of a kind that cannot be read."
_SAMPLES = 2_000_000  # of one file: hours
_TABLES = frozenset(b"stsd stts ctts stss stsc stsz stco co64 sdtp sgpd sbgp cslg stps".split())
_KEPT = {
    b"": frozenset({b"ftyp", b"moov", b"mdat"}),
    b"moov": frozenset({b"mvhd", b"trak"}),
    b"trak": frozenset({b"tkhd", b"edts", b"mdia"}),
    b"edts": frozenset({b"elst"}),
    b"mdia": frozenset({b"mdhd", b"hdlr", b"minf"}),
    b"minf": frozenset({b"vmhd", b"smhd", b"dinf", b"stbl"}),
    b"dinf": frozenset({b"dref"}),
    b"stbl": _TABLES,
}
_CONFIGS = frozenset(
    b"avcC hvcC av1C vpcC vvcC esds dOps dfLa dac3 dec3 colr pasp btrt clap mdcv clli fiel chrm alac dvcC dvvC wave frma enda".split()
)
_PARENTS = frozenset(_KEPT) - {b""}


class Facts(NamedTuple):
    """Sizes in pixels, 0 for a sound."""

    width: int
    height: int
    duration_ms: int


class _Box(NamedTuple):
    kind: bytes
    begin: int
    body: int
    end: int


def clean(data: bytes) -> tuple[bytes, Facts]:
    """The same file with nothing but picture and sound. Raises Invalid where that cannot be made sure of."""
    try:
        return _Cleaner(data).run()
    except (struct.error, IndexError, OverflowError, ZeroDivisionError, RecursionError):
        raise Invalid(_DAMAGED, "file") from None


def _boxes(data: bytearray, at: int, end: int) -> Iterator[_Box]:
    while at + 8 <= end:
        size, body = int.from_bytes(data[at : at + 4], "big"), at + 8
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        size = size or end - at
        if size < body - at or at + size > end:
            raise Invalid(_DAMAGED, "file")
        yield _Box(bytes(data[at + 4 : at + 8]), at, body, at + size)
        at += size


class _Cleaner:
    """One file at work."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        self._spans: list[tuple[int, int]] = []  # bytes that samples of kept tracks stand in
        self._facts = Facts(0, 0, 0)
        self._turned = False

    def run(self) -> tuple[bytes, Facts]:
        top = list(_boxes(self.data, 0, len(self.data)))
        kinds = [box.kind for box in top]
        if b"moof" in kinds or kinds.count(b"moov") != 1:
            raise Invalid("That video is in pieces, as recordings of live streams are, and they cannot be told apart for certain.", "file")
        self._walk(b"", 0, len(self.data))
        for box in top:
            if box.kind == b"mdat":
                self._blank_gaps(box)
        last = top[-1].end
        if self._turned:
            self._facts = Facts(self._facts.height, self._facts.width, self._facts.duration_ms)
        return bytes(self.data[:last]), self._facts

    def _walk(self, parent: bytes, at: int, end: int) -> None:
        for box in list(_boxes(self.data, at, end)):
            if box.kind not in _KEPT[parent] or (box.kind == b"trak" and not self._is_seen_or_heard(box)):
                self._blank(box)
            elif box.kind in _PARENTS:
                self._walk(box.kind, box.body, box.end)
                if box.kind == b"trak":
                    self._take_samples(box)
            else:
                self._tidy(box)

    def _blank(self, box: _Box) -> None:
        self.data[box.begin + 4 : box.begin + 8] = b"free"
        self.data[box.body : box.end] = bytes(box.end - box.body)

    def _tidy(self, box: _Box) -> None:
        """What stands inside of boxes that are kept: times, names, what made it."""
        data, body = self.data, box.body
        if box.kind in (b"mvhd", b"tkhd", b"mdhd"):
            width = 16 if data[body] == 1 else 8
            data[body + 4 : body + 4 + width] = bytes(width)
            if box.kind == b"tkhd" and self._handler == b"vide":
                across, up = struct.unpack_from(">ii", data, body + (52 if data[body] == 1 else 40))
                self._turned = across == 0 and up != 0  # on its side, as phones record
        elif box.kind == b"hdlr":
            data[body + 12 : body + 24] = bytes(12)
            data[body + 24 : box.end] = bytes(max(0, box.end - body - 24))
        elif box.kind == b"dref":
            for entry in _boxes(data, body + 8, box.end):
                if not data[entry.body + 3] & 1:
                    raise Invalid("That video refers to other files.", "file")
                data[entry.body + 4 : entry.end] = bytes(entry.end - entry.body - 4)
        elif box.kind == b"stsd":
            for entry in _boxes(data, body + 8, box.end):
                self._tidy_entry(entry)
        if box.kind == b"mvhd":
            self._facts = self._facts._replace(duration_ms=self._duration_ms(body))

    def _duration_ms(self, body: int) -> int:
        is_wide = self.data[body] == 1
        scale, duration = struct.unpack_from(">IQ" if is_wide else ">II", self.data, body + (20 if is_wide else 12))
        return min(int(duration * 1000 / scale), 2**31 - 1)

    def _tidy_entry(self, entry: _Box) -> None:
        """A sample entry: the name of the encoder, and boxes that say no more than how to decode."""
        handler = self._handler
        if handler == b"vide":
            width, height = struct.unpack_from(">HH", self.data, entry.body + 24)
            self._facts = self._facts._replace(width=max(self._facts.width, width), height=max(self._facts.height, height))
            self.data[entry.body + 42 : entry.body + 74] = bytes(32)
            inner = entry.body + 78
        else:
            version = int.from_bytes(self.data[entry.body + 8 : entry.body + 10], "big")
            inner = entry.body + 28 + {1: 16, 2: 36}.get(version, 0)
        for box in list(_boxes(self.data, inner, entry.end)):
            if box.kind not in _CONFIGS:
                self._blank(box)

    # -- tracks --

    _handler = b""

    def _is_seen_or_heard(self, trak: _Box) -> bool:
        media = self._inside(trak, b"mdia")
        handler = self._inside(media, b"hdlr") if media else None
        self._handler = bytes(self.data[handler.body + 8 : handler.body + 12]) if handler else b""
        return self._handler in (b"vide", b"soun")

    def _inside(self, box: _Box, *path: bytes) -> _Box | None:
        found: _Box | None = box
        for kind in path:
            found = next((one for one in _boxes(self.data, found.body, found.end) if one.kind == kind), None) if found else None
        return found

    def _take_samples(self, trak: _Box) -> None:
        stbl = self._inside(trak, b"mdia", b"minf", b"stbl")
        tables = {box.kind: box for box in _boxes(self.data, stbl.body, stbl.end)} if stbl else {}
        if b"stsd" not in tables or b"stsc" not in tables or not tables.keys() & {b"stco", b"co64"}:
            raise Invalid(_DAMAGED, "file")
        entry = next(_boxes(self.data, tables[b"stsd"].body + 8, tables[b"stsd"].end), None)
        silence = self._silencer(entry) if entry is not None else None
        sizes, done = self._sizes(tables), 0
        for offset, count in self._chunks(tables):
            at = offset
            for size in sizes[done : done + count]:
                if at + size > len(self.data):
                    raise Invalid(_DAMAGED, "file")
                if silence is not None:
                    silence.quiet(self.data, at, at + size)
                at += size
            done += count
            self._spans.append((offset, at))

    def _sizes(self, tables: dict[bytes, _Box]) -> list[int]:
        box = tables.get(b"stsz")
        if box is None:
            raise Invalid(_DAMAGED, "file")
        same, count = struct.unpack_from(">II", self.data, box.body + 4)
        if count > _SAMPLES:
            raise Invalid("That video is too long.", "file")
        return [same] * count if same else list(struct.unpack_from(f">{count}I", self.data, box.body + 12))

    def _chunks(self, tables: dict[bytes, _Box]) -> list[tuple[int, int]]:
        """(where it is, how many samples) of each chunk."""
        wide = b"co64" in tables
        box = tables[b"co64" if wide else b"stco"]
        count = struct.unpack_from(">I", self.data, box.body + 4)[0]
        offsets = struct.unpack_from(f">{count}{'Q' if wide else 'I'}", self.data, box.body + 8)
        runs_box = tables[b"stsc"]
        runs_count = struct.unpack_from(">I", self.data, runs_box.body + 4)[0]
        flat = struct.unpack_from(f">{3 * runs_count}I", self.data, runs_box.body + 8)
        firsts, per = [*flat[0::3], count + 1], flat[1::3]
        if any(first >= following for first, following in pairwise(firsts)):
            raise Invalid(_DAMAGED, "file")
        counts = [number for (first, following), number in zip(pairwise(firsts), per, strict=True) for _ in range(following - first)]
        if len(counts) != count:
            raise Invalid(_DAMAGED, "file")
        return list(zip(offsets, counts, strict=True))

    def _silencer(self, entry: _Box) -> "_Messages | None":
        if entry.kind in (b"avc1", b"avc3", b"hvc1", b"hev1"):
            config = next((box for box in _boxes(self.data, entry.body + 78, entry.end) if box.kind in (b"avcC", b"hvcC")), None)
            if config is None:
                raise Invalid(_DAMAGED, "file")
            is_hevc = config.kind == b"hvcC"
            return _Messages((self.data[config.body + (21 if is_hevc else 4)] & 3) + 1, is_hevc)
        return None

    def _blank_gaps(self, mdat: _Box) -> None:
        at = mdat.body
        for begin, end in sorted(self._spans):
            if begin < mdat.end and end > mdat.body:
                if begin > at:
                    self.data[at:begin] = bytes(begin - at)
                at = max(at, end)
        if at < mdat.end:
            self.data[at : mdat.end] = bytes(mdat.end - at)


class _Messages(NamedTuple):
    """Supplemental messages between the pictures of H.264 and H.265: some cameras write where they are there."""

    length: int
    is_hevc: bool

    def quiet(self, data: bytearray, at: int, end: int) -> None:
        """Turn those of one sample into filling."""
        while at + self.length < end:
            size = int.from_bytes(data[at : at + self.length], "big")
            at += self.length
            if size == 0 or at + size > end:
                raise Invalid(_DAMAGED, "file")
            kind = data[at] >> 1 & 0x3F if self.is_hevc else data[at] & 0x1F
            if kind in ((39, 40) if self.is_hevc else (6,)):
                head = bytes([38 << 1, data[at + 1]]) if self.is_hevc else b"\x0c"
                data[at : at + size] = (head + b"\xff" * size)[: size - 1] + b"\x80" if size > len(head) else head[:size]
            at += size
