import io
import random
import struct
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from fedi import limits, media
from fedi.errors import Invalid, TooLarge
from fedi.storage.accounts import Account
from fedi.storage.db import Database


def picture(fmt: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 120 if mode in ("L", "P") else (200, 30, 30, 128)[: len(mode)]).save(out, fmt, **options)
    return out.getvalue()


def opened(prepared: media.Prepared) -> Image.Image:
    return Image.open(io.BytesIO(prepared.data))


@pytest.mark.parametrize("fmt", ["PNG", "JPEG", "GIF", "WEBP"])
def test_every_kind_of_picture_is_made_anew(fmt: str) -> None:
    made = media.prepare_image(picture(fmt), "image")
    assert (made.mime, made.width, made.height) == ("image/webp", 60, 40)
    assert opened(made).size == (60, 40) and opened(made).format == "WEBP"


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "1"])
def test_every_mode_is_read(mode: str) -> None:
    made = media.prepare_image(picture("PNG", mode=mode) if mode != "1" else picture("PNG", mode="L"), "image")
    assert (made.width, made.height) == (60, 40)
    assert ("A" in opened(made).mode) == (mode == "RGBA"), "what is transparent stays so"


def test_what_a_camera_wrote_is_gone_and_the_picture_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # on its side
    exif[0x010E] = "xyzzy-description"
    exif.get_ifd(0x8825)[1] = "N"  # where it was taken
    made = media.prepare_image(picture("JPEG", exif=exif.tobytes(), comment=b"xyzzy-comment"), "image")
    assert (made.width, made.height) == (40, 60)
    assert b"xyzzy" not in made.data and not opened(made).getexif()
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "xyzzy")
    info.add_itxt("XML:com.adobe.xmp", "<x>xyzzy</x>")
    made = media.prepare_image(picture("PNG", pnginfo=info), "image")
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
    made = media.prepare_image(picture("PNG", size), kind)
    assert (made.width, made.height) == expected


def test_the_first_frame_stands_for_an_animation() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (10, 10), color) for color in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    made = media.prepare_image(out.getvalue(), "image")
    red, _, blue = opened(made).convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert red > 200 and blue < 60 and getattr(opened(made), "n_frames", 1) == 1


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
NOT_PICTURES = [b"", b"hello", SVG, b"%PDF-1.4", b"<html>", b"BM" + b"\0" * 100, b"II*\0" + b"\0" * 100, b"RIFF\0\0\0\0WAVE", b"%!PS-Adobe"]


@pytest.mark.parametrize("data", NOT_PICTURES)
def test_what_is_no_picture_we_show_is_refused_by_its_bytes(data: bytes) -> None:
    with pytest.raises(Invalid, match="not a JPEG"):
        media.prepare_image(data, "image")


def test_one_kind_of_file_behind_the_first_bytes_of_another_is_refused() -> None:
    with pytest.raises(Invalid):
        media.prepare_image(b"\x89PNG\r\n\x1a\n" + picture("GIF"), "image")


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    with pytest.raises(TooLarge):
        media.prepare_image(b"\x89PNG\r\n\x1a\n" + b"\0" * limits.UPLOAD_BYTES, "image")


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
            media.prepare_image(_png(*size), "image")


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
                media.prepare_image(cut, "image")
                read += 1
            except Invalid:
                pass
    assert 0 < read < 600


def test_an_upload_has_a_row(db: Database, run: Callable[..., Any], alice: Account) -> None:
    made = run(media.add, alice.id, "image", "ab" * 32, media.prepare_image(picture(), "image"), "x" * 2000)
    assert (made.account_id, made.mime, made.width, made.remote_url) == (alice.id, "image/webp", 60, "")
    assert len(made.alt) == 1500 and len(made.key) == 32
    other = run(media.add, alice.id, "image", "ab" * 32, media.prepare_image(picture(), "image"))
    assert other.key != made.key, "the same bytes have another address"
