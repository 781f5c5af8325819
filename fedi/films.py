"""Videos and recordings: recognised by their bytes and kept without anything but picture and sound. Source: MED-01, -04, -05.

With ffmpeg a video is packed anew by it, in a process of its own that may do little; without it what can be cleaned for certain is taken
and anything else refused. Either way boxes.py, ebml.py and sounds.py have the last word. Everything here blocks: call it in a thread.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from fedi import boxes, ebml, limits, sounds
from fedi.errors import Invalid
from fedi.storage.files import Files

_REFUSED = "That is no file that can be shown here: JPEG, PNG, GIF, WebP, AVIF, MP4, WebM, MP3, Ogg, FLAC, M4A and WAV can."
_DAMAGED = "That video is damaged or of a kind that cannot be read."
_VIDEO_TRACK = re.compile(rb"hdlr.{8}vide", re.DOTALL)
_TIME_S = 120
HEAD_BYTES = 4096  # enough to tell what a file is
_LIMITED = """
import os, resource, sys
for kind, value in zip(("CPU", "AS", "FSIZE", "NOFILE", "CORE"), map(int, sys.argv[1:6])):
    resource.setrlimit(getattr(resource, "RLIMIT_" + kind), (value, value))
os.execv(sys.argv[6], sys.argv[6:])
"""
_BOUNDS = ("90", str(1536 * 1024 * 1024), str(1024 * 1024 * 1024), "64", "0")


class Film(NamedTuple):
    """A file that stands on disk. `poster` is a picture of it (PNG), b"" for none; sizes in pixels."""

    sha256: str
    mime: str
    size_bytes: int
    width: int
    height: int
    duration_ms: int
    poster: bytes


class _Clean(NamedTuple):
    data: bytes
    mime: str
    facts: boxes.Facts | ebml.Facts


def recognise(data: bytes) -> str:
    """`video` or `audio`, by the first bytes. Raises Invalid for everything else."""
    name = _container(data)
    if name in sounds.MIMES:
        return "audio"
    if name in ("mp4", "mov"):
        return "video" if _VIDEO_TRACK.search(data) else "audio"
    if name == "webm":
        return "video" if re.search(rb"\x86[\x80-\xff]V_", data[: 1024 * 1024]) else "audio"
    raise Invalid(_REFUSED, "file")


def mime_of(head: bytes, kind: str) -> str:
    """The media type of what is kept as it came, by its first bytes; '' for what is not shown here. `kind`: `audio` or one to be seen."""
    name = _container(head)
    if name in sounds.MIMES:
        return sounds.MIMES[name] if kind == "audio" else ""
    return f"{'audio' if kind == 'audio' else 'video'}/{name}" if name in ("mp4", "webm") else ""


def _container(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return "mov" if data[8:12] == b"qt  " else "mp4"
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm" if b"\x42\x82\x84webm" in data[:64] else ""
    return sounds.recognise(data)


def clean(data: bytes, files: Files) -> Film:
    """Keep a film or a sound, cleaned. Raises Invalid saying what is wrong with it; StorageFull, Unavailable."""
    name = _container(data)
    if name in sounds.MIMES:
        sound = sounds.clean(data, name)
        return Film(files.store(sound.data), sounds.MIMES[name], len(sound.data), 0, 0, sound.duration_ms, b"")
    kind, program, poster = recognise(data), shutil.which("ffmpeg"), b""
    if program and kind == "video":
        with files.workplace() as place:
            data = _packed_anew(program, place, data, name)
            made = _cleaned(data, kind)
            poster = _poster(program, place, name)
    elif name == "mov":
        raise Invalid("This server has no ffmpeg, which QuickTime files need. Send it as MP4 or WebM.", "file")
    else:
        made = _cleaned(data, kind)
    width, height, duration_ms = made.facts
    return Film(files.store(made.data), made.mime, len(made.data), width, height, duration_ms, poster)


def _cleaned(data: bytes, kind: str) -> _Clean:
    name = _container(data)
    found, facts = ebml.clean(data) if name == "webm" else boxes.clean(data)
    if facts.width * facts.height > limits.IMAGE_PIXELS:
        raise Invalid(f"A video has up to {limits.IMAGE_PIXELS // 1_000_000} megapixels.", "file")
    return _Clean(found, f"{kind}/{name}", facts)


def _packed_anew(program: str, place: Path, data: bytes, name: str) -> bytes:
    """The first picture and the first sound of a video in a file of their own: no tags, no chapters, no other tracks."""
    (place / "in").write_bytes(data)
    demuxer, muxer = ("matroska", "webm") if name == "webm" else ("mov", "mp4")
    streams = ("-map", "0:V:0", "-map", "0:a:0?", "-c", "copy", "-map_metadata", "-1", "-map_metadata:s:v", "-1", "-map_metadata:s:a", "-1")
    exact = ("-map_chapters", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart")
    _run(program, place, "-f", demuxer, "-i", "file:in", *streams, *exact[: -2 if muxer == "webm" else None], "-f", muxer, "file:out")
    made = (place / "out").read_bytes()
    if _container(made) != muxer:
        raise Invalid(_DAMAGED, "file")
    return made


def _poster(program: str, place: Path, name: str) -> bytes:
    """Its first picture; b"" where it cannot be decoded: many a player can what one server cannot."""
    demuxer = "matroska" if name == "webm" else "mov"
    scale = "scale='min(640,iw)':-2"
    picture = ("-map", "0:V:0", "-frames:v", "1", "-vf", scale, "-c:v", "png", "-f", "image2", "-update", "1", "file:poster.png")
    try:
        _run(program, place, "-max_pixels", str(limits.IMAGE_PIXELS), "-f", demuxer, "-i", "file:out", *picture)
        return (place / "poster.png").read_bytes()
    except (Invalid, FileNotFoundError):
        return b""


def _run(program: str, place: Path, *arguments: str) -> None:
    """ffmpeg with little time, memory and disk, no network, no terminal and no settings. Raises Invalid. Source: MED-05."""
    common = ("-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-threads", "1", "-protocol_whitelist", "file")
    try:
        done = subprocess.run(  # noqa: S603 - no shell; every argument is written here
            [sys.executable, "-I", "-S", "-c", _LIMITED, *_BOUNDS, program, *common, *arguments],
            cwd=place,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TIME_S,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise Invalid("That video takes too long to be read.", "file") from None
    if done.returncode:
        raise Invalid(_DAMAGED, "file")
