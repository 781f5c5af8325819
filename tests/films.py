"""Videos and recordings for tests, as cameras and programs write them: with places, names and devices in every corner that has room."""

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

_FFMPEG = shutil.which("ffmpeg")  # now: tests hide it from the server
MARK = b"xyzzy"  # stands in everything that must go
PLACE = b"48.8577"

_TAGS = (
    *("-metadata", "title=xyzzytitle", "-metadata", "location=+48.8577+002.2950/", "-metadata", "comment=xyzzycomment"),
    *("-metadata", "com.apple.quicktime.location.ISO6709=+48.8577+002.2950/", "-metadata", "make=xyzzymake", "-metadata", "artist=xyzzy"),
    *("-metadata:s", "title=xyzzystream", "-metadata:s", "handler_name=xyzzyhandler", "-metadata", "creation_time=2020-01-01T00:00:00Z"),
)
_PICTURE = ("-f", "lavfi", "-i", "testsrc=d=1:s=64x48:r=5")
_SOUND = ("-f", "lavfi", "-i", "sine=d=1")
_H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac")
_RECIPES: dict[str, tuple[str, ...]] = {
    "mp4": (*_PICTURE, *_SOUND, *_TAGS, *_H264, "-movflags", "use_metadata_tags"),
    "mov": (*_PICTURE, *_SOUND, *_TAGS, *_H264),
    "frag.mp4": (*_PICTURE, *_SOUND, *_TAGS, *_H264, "-movflags", "frag_keyframe+empty_moov"),
    "webm": (*_PICTURE, *_SOUND, *_TAGS, "-c:v", "libvpx", "-c:a", "libopus"),
    "ogg": (*_SOUND, *_TAGS, "-c:a", "libvorbis"),
    "opus": (*_SOUND, *_TAGS, "-c:a", "libopus"),
    "mp3": (*_SOUND, *_TAGS, "-write_id3v1", "1"),
    "flac": (*_SOUND, *_TAGS),
    "m4a": (*_SOUND, *_TAGS, "-c:a", "aac"),
    "wav": (*_SOUND, *_TAGS),
}
VIDEOS = ("mp4", "mov", "frag.mp4", "webm")
SOUNDS = ("ogg", "opus", "mp3", "flac", "m4a", "wav")


def need_ffmpeg() -> str:
    """Its path; the test is skipped where there is none, but never under CI=true."""
    if _FFMPEG is None:
        assert os.environ.get("CI") != "true", "ffmpeg is not installed"
        pytest.skip("ffmpeg is not installed")
    return _FFMPEG


@cache
def film(name: str) -> bytes:
    """A second of something, by the ending of its name."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / f"made.{name}"
        subprocess.run([need_ffmpeg(), "-v", "error", "-y", *_RECIPES[name], str(place)], check=True)
        return place.read_bytes()


def complaints(data: bytes) -> str:
    """What a player has to say about a file: '' when it plays."""
    command = [need_ffmpeg(), "-v", "error", "-i", "pipe:0", "-f", "null", "-"]
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        command[4] = file.name
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr
