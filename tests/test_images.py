import importlib.util
import io
import random
import struct
import warnings
import zlib
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from fedi import images, limits
from fedi.errors import Invalid, TooLarge
from tests.pace import cost_s


def picture(fmt: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 120 if mode in ("L", "P") else (200, 30, 30, 128)[: len(mode)]).save(out, fmt, **options)
    return out.getvalue()


def opened(prepared: images.Prepared) -> Image.Image:
    return Image.open(io.BytesIO(prepared.data))


@pytest.mark.parametrize("fmt", ["PNG", "JPEG", "GIF", "WEBP"])
def test_every_kind_of_picture_is_made_anew(fmt: str) -> None:
    made = images.prepare(picture(fmt), "image")
    assert (made.mime, made.width, made.height) == ("image/webp", 60, 40)
    assert opened(made).size == (60, 40) and opened(made).format == "WEBP"


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "1"])
def test_every_mode_is_read(mode: str) -> None:
    made = images.prepare(picture("PNG", mode=mode) if mode != "1" else picture("PNG", mode="L"), "image")
    assert (made.width, made.height) == (60, 40)
    assert ("A" in opened(made).mode) == (mode == "RGBA"), "what is transparent stays so"


def test_what_a_camera_wrote_is_gone_and_the_picture_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # on its side
    exif[0x010E] = "xyzzy-description"
    exif.get_ifd(0x8825)[1] = "N"  # where it was taken
    made = images.prepare(picture("JPEG", exif=exif.tobytes(), comment=b"xyzzy-comment"), "image")
    assert (made.width, made.height) == (40, 60)
    assert b"xyzzy" not in made.data and not opened(made).getexif()
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "xyzzy")
    info.add_itxt("XML:com.adobe.xmp", "<x>xyzzy</x>")
    made = images.prepare(picture("PNG", pnginfo=info), "image")
    assert b"xyzzy" not in made.data and b"XMP" not in made.data and b"EXIF" not in made.data


@pytest.mark.parametrize(
    ("kind", "size", "expected"),
    [
        ("avatar", (1000, 500), (400, 400)),
        ("avatar", (100, 50), (50, 50)),
        ("avatar", (1, 1), (1, 1)),
        ("header", (3000, 3000), (1500, 500)),
        ("header", (300, 300), (300, 100)),
        ("image", (4000, 1000), (2048, 512)),
        ("image", (100, 4000), (51, 2048)),
        ("image", (4000, 1), (2048, 1)),
    ],
)
def test_pictures_are_cut_and_made_smaller_but_never_larger(kind: str, size: tuple[int, int], expected: tuple[int, int]) -> None:
    made = images.prepare(picture("PNG", size), kind)
    assert (made.width, made.height) == expected


def animation(fmt: str = "GIF", frames: int = 2, size: tuple[int, int] = (10, 10), **options: Any) -> bytes:
    out = io.BytesIO()
    shown = [Image.new("RGB", size, (index * 40 % 256, 90, 255 - index * 30 % 256)) for index in range(frames)]
    shown[0].save(out, fmt, save_all=True, append_images=shown[1:], **({"duration": 50, "loop": 0} | options))
    return out.getvalue()


@pytest.mark.parametrize("fmt", ["GIF", "WEBP", "PNG"])
@pytest.mark.parametrize("kind", ["image", "emoji"])
def test_what_moves_goes_on_moving_and_has_a_still_picture_beside_it(fmt: str, kind: str) -> None:
    made = images.prepare(animation(fmt, 5), kind)
    shown = opened(made)
    assert (getattr(shown, "n_frames", 1), made.mime, shown.size) == (5, "image/webp", (10, 10))
    shown.seek(3)
    shown.load()
    assert shown.info["duration"] == 50
    assert getattr(Image.open(io.BytesIO(made.preview)), "n_frames", 1) == 1 and made.blurhash


@pytest.mark.parametrize("kind", ["avatar", "header", "poster"])
def test_the_first_frame_stands_for_an_animation_elsewhere(kind: str) -> None:
    assert getattr(opened(images.prepare(animation(frames=3), kind)), "n_frames", 1) == 1


@pytest.mark.parametrize(("frames", "size"), [(limits.FRAMES + 1, (2, 2)), (40, (2000, 2000))])
def test_an_animation_that_is_too_long_or_too_large_is_refused_by_its_head_MED_02(frames: int, size: tuple[int, int]) -> None:
    data = animation(frames=frames, size=size)
    with pytest.raises(TooLarge):
        images.prepare(data, "image")
    assert getattr(opened(images.prepare(data, "image", strict=False)), "n_frames", 1) == 1, "that of somebody elsewhere stands still"


def test_a_file_of_very_many_frames_takes_no_time_MED_02() -> None:
    head = b"GIF89a" + struct.pack("<HHBBB", 2, 2, 0x80, 0, 0) + b"\0" * 6
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"

    def prepare() -> None:
        with pytest.raises(TooLarge):
            images.prepare(head + frame * 900_000 + b";", "image")

    assert cost_s(prepare) < 1


def test_an_emoji_is_small_and_stands_still_where_it_would_be_too_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    made = images.prepare(picture("PNG", (1000, 500)), "emoji")
    assert (made.width, made.height) == (128, 64)
    monkeypatch.setattr(limits, "EMOJI_BYTES", 10)
    made = images.prepare(animation(frames=3), "emoji")
    assert getattr(opened(made), "n_frames", 1) == 1


def test_large_pictures_have_a_preview_and_small_ones_are_their_own() -> None:
    large, small = images.prepare(picture("PNG", (1300, 900)), "image"), images.prepare(picture("PNG", (640, 400)), "image")
    assert max(Image.open(io.BytesIO(large.preview)).size) == 640 and small.preview == b""
    assert len(large.blurhash) == len(small.blurhash) == 28


def test_avif_is_read_and_heic_says_what_is_missing() -> None:
    assert images.prepare(picture("AVIF"), "image").width == 60
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    assert images.recognise(heic) == "HEIF" and images.recognise(b"\0\0\0\x18ftypisom\0\0\0\0mp42") == ""
    with pytest.raises(Invalid, match="HEIC" if importlib.util.find_spec("pillow_heif") is None else "damaged"):
        images.prepare(heic, "image")


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
NOT_PICTURES = [b"", b"hello", SVG, b"%PDF-1.4", b"<html>", b"BM" + b"\0" * 100, b"II*\0" + b"\0" * 100, b"RIFF\0\0\0\0WAVE", b"%!PS-Adobe"]


@pytest.mark.parametrize("data", NOT_PICTURES)
def test_what_is_no_picture_we_show_is_refused_by_its_bytes(data: bytes) -> None:
    with pytest.raises(Invalid, match="not a JPEG"):
        images.prepare(data, "image")


def test_one_kind_of_file_behind_the_first_bytes_of_another_is_refused() -> None:
    with pytest.raises(Invalid):
        images.prepare(b"\x89PNG\r\n\x1a\n" + picture("GIF"), "image")


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    with pytest.raises(TooLarge):
        images.prepare(b"\x89PNG\r\n\x1a\n" + b"\0" * limits.UPLOAD_BYTES, "image")


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(6_000, 6_000), (30_000, 30_000), (2**31 - 1, 2**31 - 1), (1, 2**31 - 1), (0, 5)])
def test_a_small_file_that_says_it_is_huge_is_refused_before_memory_is_taken(size: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Invalid):
            images.prepare(_png(*size), "image")


def test_a_damaged_picture_is_refused_and_never_an_error_of_ours() -> None:
    chance = random.Random(1)
    samples = [
        picture(fmt, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0") if fmt != "GIF" else picture(fmt) for fmt in ("PNG", "JPEG", "GIF", "WEBP")
    ]
    read = 0
    for n in range(600):
        data = bytearray(samples[n % 4])
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(12, len(data))] = chance.randrange(256)
        cut = bytes(data[: chance.randrange(12, len(data))]) if n % 3 == 0 else bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                images.prepare(cut, "image")
                read += 1
            except Invalid:
                pass
    assert 0 < read < 600
