"""Recordings without what they say besides sound: MP3, FLAC, WAV and Ogg, freed of tags, covers and comments. Pure.

What cannot be freed for certain is refused. Source: ISO/IEC 11172-3 2.4; RFC 9639 8; RFC 3533 6; RFC 7845 5.2; Vorbis I 5; MED-04.
"""

from collections.abc import Iterator
from typing import NamedTuple

from fedi.errors import Invalid

MIMES = {"mp3": "audio/mpeg", "flac": "audio/flac", "wav": "audio/wav", "ogg": "audio/ogg"}
_DAMAGED = "That recording is damaged or of a kind that cannot be read."


class Sound(NamedTuple):
    """A recording and how long it plays."""

    data: bytes
    duration_ms: int


def recognise(data: bytes) -> str:
    """A key of MIMES, by the first bytes; '' for what is none of them."""
    if data.startswith(b"fLaC"):
        return "flac"
    if data.startswith(b"OggS"):
        return "ogg"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    return "mp3" if data.startswith(b"ID3") or _frame(data, 0) else ""


def clean(data: bytes, name: str) -> Sound:
    """The sound alone. `name` is a key of MIMES. Raises Invalid."""
    try:
        return {"mp3": _mp3, "flac": _flac, "wav": _wav, "ogg": _ogg}[name](data)
    except (IndexError, ZeroDivisionError, OverflowError):
        raise Invalid(_DAMAGED, "file") from None


# -- MP3 --

_KBITS = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),  # MPEG 1
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),  # MPEG 2 and 2.5
}
_RATES = {3: (44_100, 48_000, 32_000, 0), 2: (22_050, 24_000, 16_000, 0), 0: (11_025, 12_000, 8_000, 0)}
_SKIPPED = 4096  # bytes of anything else between two frames


def _frame(data: bytes, at: int) -> tuple[int, float] | None:
    """(length in bytes, in seconds) of the frame of layer III that begins there, if one does."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version = head[1] >> 3 & 3
    kbits, rate = _KBITS[3 if version == 3 else 2][head[2] >> 4], _RATES.get(version, (0, 0, 0, 0))[head[2] >> 2 & 3]
    if not kbits or not rate:
        return None
    samples = 1152 if version == 3 else 576
    return samples // 8 * kbits * 1000 // rate + (head[2] >> 1 & 1), samples / rate


def _mp3(data: bytes) -> Sound:
    """Frames and nothing else: tags in front, behind and between are left out."""
    at = 10 + _syncsafe(data[6:10]) if data.startswith(b"ID3") else 0
    parts: list[bytes] = []
    seconds, skipped = 0.0, 0
    while at + 4 <= len(data):
        frame = _frame(data, at)
        if frame is None or (not parts and _frame(data, at + frame[0]) is None):  # the first one has another behind it
            at, skipped = at + 1, skipped + 1
            if skipped > _SKIPPED:
                break
            continue
        parts.append(data[at : at + frame[0]])
        at, seconds, skipped = at + frame[0], seconds + frame[1], 0
    if len(parts) < 2:
        raise Invalid(_DAMAGED, "file")
    return Sound(b"".join(parts), round(seconds * 1000))


def _syncsafe(four: bytes) -> int:
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


# -- FLAC --


def _flac(data: bytes) -> Sound:
    """Blocks of metadata become padding, but for what a player needs."""
    found, at, last = bytearray(_untagged(data)), 4, False
    if found[4] & 0x7F or len(found) < 42:
        raise Invalid(_DAMAGED, "file")
    rate = found[18] << 12 | found[19] << 4 | found[20] >> 4
    samples = int.from_bytes(found[21:26], "big") & 0xFFFFFFFFF
    while not last:
        last, size = bool(found[at] & 0x80), int.from_bytes(found[at + 1 : at + 4], "big")
        if at + 4 + size > len(found):
            raise Invalid(_DAMAGED, "file")
        if found[at] & 0x7F not in (0, 3):  # the stream's facts, a table for seeking
            found[at] = 0x81 if last else 0x01
            found[at + 4 : at + 4 + size] = bytes(size)
        at += 4 + size
    if found[at] != 0xFF or found[at + 1] & 0xFC != 0xF8:
        raise Invalid(_DAMAGED, "file")
    return Sound(bytes(found), round(samples * 1000 / rate))


def _untagged(data: bytes) -> bytes:
    """Without the ID3v1 and APE tags that some programs hang behind other formats."""
    if data[-128:-125] == b"TAG":
        data = data[:-128]
    if data[-32:-24] == b"APETAGEX":
        has_header = data[-9] & 0x80
        data = data[: -(int.from_bytes(data[-20:-16], "little") + (32 if has_header else 0))]
    return data


# -- WAV --


def _wav(data: bytes) -> Sound:
    """Its format and its samples."""
    kept: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name in (b"fmt ", b"fact", b"data"):
            kept.setdefault(name, data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    rate = int.from_bytes(kept.get(b"fmt ", b"")[8:12], "little")
    if not rate or b"data" not in kept:
        raise Invalid(_DAMAGED, "file")
    order = [name for name in (b"fmt ", b"fact", b"data") if name in kept]
    body = b"WAVE" + b"".join(name + len(kept[name]).to_bytes(4, "little") + kept[name] + bytes(len(kept[name]) % 2) for name in order)
    return Sound(b"RIFF" + len(body).to_bytes(4, "little") + body, round(len(kept[b"data"]) * 1000 / rate))


# -- Ogg --

_POLYNOMIAL = 0x04C11DB7


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ _POLYNOMIAL if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


_CRC = _crc_table()


class _Page(NamedTuple):
    """Where a page begins, its body, and where it ends; how many bytes of the packet that begins or goes on in it, if it ends there."""

    begin: int
    body: int
    end: int
    serial: bytes
    granule: int


def _pages(data: bytes) -> Iterator[_Page]:
    at = 0
    while at + 27 <= len(data):
        if data[at : at + 5] != b"OggS\0":
            raise Invalid(_DAMAGED, "file")
        segments = data[at + 26]
        body = at + 27 + segments
        end = body + sum(data[at + 27 : body])
        if end > len(data):
            return  # cut off: the rest is left out
        yield _Page(at, body, end, data[at + 14 : at + 18], int.from_bytes(data[at + 6 : at + 14], "little", signed=True))
        at = end


def _ogg(data: bytes) -> Sound:
    """Opus or Vorbis alone in its file. The packet of comments keeps its length, and says nothing: so no page has to move."""
    pages = list(_pages(data))
    if len(pages) < 3 or len({page.serial for page in pages}) > 1:
        raise Invalid(_DAMAGED, "file")
    first = data[pages[0].body : pages[0].end]
    if first.startswith(b"OpusHead"):
        rate, mark, tail = 48_000, b"OpusTags", b""
    elif first.startswith(b"\x01vorbis"):
        rate, mark, tail = int.from_bytes(first[12:16], "little"), b"\x03vorbis", b"\x01"
    else:
        raise Invalid("Of Ogg files, those with Opus or Vorbis can be read.", "file")
    found = bytearray(data[: pages[-1].end])
    spots = _second_packet(data, pages)
    size = sum(end - begin for begin, end in spots)
    spaces = size - len(mark) - 8 - len(tail)
    if spaces < 0 or not data.startswith(mark, spots[0][0]):
        raise Invalid(_DAMAGED, "file")
    silent = mark + spaces.to_bytes(4, "little") + b" " * spaces + bytes(4) + tail
    for begin, end in spots:
        found[begin:end], silent = silent[: end - begin], silent[end - begin :]
    for page in pages:
        if any(page.begin < begin < page.end for begin, _ in spots):
            _sum_up(found, page)
    return Sound(bytes(found), round(max(page.granule for page in pages) * 1000 / rate))


def _second_packet(data: bytes, pages: list[_Page]) -> list[tuple[int, int]]:
    """The parts of the file that hold it, from the second page on."""
    spots: list[tuple[int, int]] = []
    for page in pages[1:]:
        at = page.body
        for lacing in data[page.begin + 27 : page.body]:
            at += lacing
            if lacing < 255:
                return [*spots, (page.body, at)]
        spots.append((page.body, at))
    raise Invalid(_DAMAGED, "file")


def _sum_up(found: bytearray, page: _Page) -> None:
    """Write the checksum of a page that was changed."""
    found[page.begin + 22 : page.begin + 26] = bytes(4)
    value = 0
    for byte in found[page.begin : page.end]:
        value = value << 8 & 0xFFFFFFFF ^ _CRC[value >> 24 ^ byte]
    found[page.begin + 22 : page.begin + 26] = value.to_bytes(4, "little")
