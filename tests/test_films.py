"""Videos and recordings keep what is seen and heard, and nothing else: with ffmpeg, and where there is none."""

import random
import struct
from pathlib import Path

import pytest

from fedi import boxes, ebml, films, sounds
from fedi.errors import Invalid
from fedi.storage.files import Files
from tests.films import MARK, PLACE, SOUNDS, VIDEOS, complaints, film

TELLING = (MARK, PLACE, b"x264", b"Lavf")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "media")


@pytest.fixture(params=["with ffmpeg", "without"])
def program(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param == "without":
        for name in (*VIDEOS, *SOUNDS):
            film(name)
        monkeypatch.setattr(films.shutil, "which", lambda name: None)
    return bool(request.param == "with ffmpeg")


def kept(files: Files, made: films.Film) -> bytes:
    return files.path(made.sha256).read_bytes()


@pytest.mark.parametrize("name", ["mp4", "webm"])
def test_a_video_is_kept_without_place_device_and_names_and_plays_MED_04_P_07(files: Files, program: bool, name: str) -> None:
    data = film(name)
    assert MARK in data and PLACE in data, "there is something to take away"

    made = films.clean(data, files)

    found = kept(files, made)
    assert not [word for word in TELLING if word in found] and complaints(found) == ""
    assert (made.mime, made.width, made.height, made.size_bytes) == (f"video/{name}", 64, 48, len(found))
    assert made.duration_ms == pytest.approx(1000, abs=150)
    assert made.poster.startswith(b"\x89PNG") if program else made.poster == b""
    assert list(files.hashes()) == [made.sha256] and not list((files.directory / "arriving").iterdir()), "what was sent is not kept"


@pytest.mark.parametrize("name", SOUNDS)
def test_a_recording_is_kept_without_tags_and_plays_MED_04(files: Files, program: bool, name: str) -> None:
    data = film(name)
    assert MARK in data

    made = films.clean(data, files)

    found = kept(files, made)
    assert not [word for word in (MARK, PLACE) if word in found] and complaints(found) == ""
    assert films.recognise(data) == "audio" and made.mime.startswith("audio/") and (made.width, made.poster) == (0, b"")
    assert made.duration_ms == pytest.approx(1000, abs=150)


@pytest.mark.parametrize("name", ["mov", "frag.mp4"])
def test_what_cannot_be_cleaned_for_certain_needs_ffmpeg_and_is_refused_without(files: Files, program: bool, name: str) -> None:
    data = film(name)
    if program:
        found = kept(files, films.clean(data, files))
        assert not [word for word in TELLING if word in found] and complaints(found) == ""
    else:
        with pytest.raises(Invalid):
            films.clean(data, files)
        assert list(files.hashes()) == []


@pytest.mark.parametrize("name", ["mp4", "webm", "mp3", "ogg", "opus", "flac", "wav", "m4a"])
def test_what_is_clean_stays_as_it_is(files: Files, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    data = film(name)
    monkeypatch.setattr(films.shutil, "which", lambda name: None)
    once = kept(files, films.clean(data, files))
    assert kept(files, films.clean(once, files)) == once


@pytest.mark.parametrize("name", ["mp4", "webm", "mp3", "ogg", "opus", "flac", "wav", "m4a", "frag.mp4", "mov"])
def test_a_damaged_file_is_refused_and_never_an_error_of_ours_MED_11(files: Files, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    whole, chance = film(name), random.Random(name)
    monkeypatch.setattr(films.shutil, "which", lambda name: None)
    for n in range(150):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            data[chance.randrange(12, min(len(data), 6000) if n % 2 else len(data))] = chance.randrange(256)
        cut = bytes(data[: chance.randrange(12, len(data))]) if n % 3 == 0 else bytes(data)
        try:
            films.recognise(cut)
            films.clean(cut, files)
        except Invalid:
            pass


def test_ffmpeg_reads_no_other_files_and_speaks_to_nobody_MED_05(files: Files, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(film("mp4"))
    playlist = f"#EXTM3U\n#EXTINF:1,\nfile:{secret}\nhttp://127.0.0.1:9/x\n".encode()
    for head in (b"", b"\0\0\0\x18ftypisom\0\0\0\0isomhdlr12345678vide", b"\x1a\x45\xdf\xa3\x8b\x42\x82\x84webm\x86\x85V_VP8"):
        with pytest.raises(Invalid):
            films.clean(head + playlist, files)
    assert list(files.hashes()) == []


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def test_what_hides_between_the_samples_of_an_mp4_is_blanked(files: Files) -> None:
    data = film("mp4")
    at = data.index(b"mdat") - 4
    hidden = _box(b"uuid", b"xyzzy-telemetry" * 20) + _box(b"free", b"freeGPS xyzzy")
    moved = data + hidden
    found, facts = boxes.clean(moved)
    assert MARK not in found and len(found) == len(moved) and (facts.width, facts.height) == (64, 48)
    assert at > 0 and complaints(found) == ""


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0" * 8, b"\0\0\0\x08ftyp", _box(b"ftyp") + _box(b"moov"), _box(b"ftyp") + _box(b"moov", _box(b"mvhd")) + _box(b"mdat"),
        b"\0\0\0\x01ftyp" + b"\xff" * 8, _box(b"moov") * 2, _box(b"moov") + _box(b"moof"),
    ],
)  # fmt: skip
def test_nonsense_in_boxes_is_refused_or_empty(data: bytes) -> None:
    try:
        found, facts = boxes.clean(data)
    except Invalid:
        return
    assert facts == (0, 0, 0) and MARK not in found


@pytest.mark.parametrize("data", [b"", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff" * 3, b"\x00" * 20, b"\xec" * 100])
def test_nonsense_in_elements_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        ebml.clean(data)


@pytest.mark.parametrize("name", ["mp3", "flac", "wav", "ogg"])
@pytest.mark.parametrize("data", [b"", b"ID3\4\0\0\x7f\x7f\x7f\x7f", b"fLaC" + b"\0" * 60, b"RIFF\0\0\0\0WAVE", b"OggS\0" + b"\xff" * 300])
def test_nonsense_in_recordings_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(Invalid):
        sounds.clean(data, name)


@pytest.mark.parametrize("data", [b"", b"<html>", b"#EXTM3U", b"\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska", b"\0" * 40, b"ID4"])
def test_what_is_neither_is_refused_by_its_first_bytes_MED_01(data: bytes) -> None:
    with pytest.raises(Invalid):
        films.recognise(data)
    assert films.mime_of(data, "video") == "" == films.mime_of(data, "audio")
