"""Pictures people upload and pictures of others: recognised by their bytes, bounded, made anew without metadata.

Making one costs CPU (call through `instance.cpu`). Fetching remote ones is mediacache.py's; rows are storage/media.py's.
"""

import io
from typing import NamedTuple

from fedi import limits
from fedi.errors import Invalid, TooLarge
from fedi.storage import media as rows
from fedi.storage.db import Tx
from fedi.storage.media import Media

SIZES = {"avatar": (400, 400), "header": (1500, 500), "image": (2048, 2048)}
_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)


class Prepared(NamedTuple):
    """A picture as it is kept."""

    data: bytes
    mime: str
    width: int
    height: int


def _format(data: bytes) -> str:
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise Invalid("That is not a JPEG, PNG, GIF or WebP picture.", "file")


def prepare_image(data: bytes, kind: str) -> Prepared:
    """Decode a picture and make it anew, turned upright, at most as large as its kind is shown, with no EXIF, XMP, GPS or comments.

    Its first frame stands for an animation. Avatars and headers are cut to their shape. Raises Invalid, TooLarge; costs CPU (about
    100 ms for 12 megapixels). Source: MED-01, -02, -04, -11.
    """
    name = _format(data)
    if len(data) > limits.UPLOAD_BYTES:
        raise TooLarge(f"A picture has up to {limits.UPLOAD_BYTES // 1024 // 1024} MB.", "file")
    from PIL import Image, ImageOps, UnidentifiedImageError  # Pillow costs 5 MB and 30 ms, and most processes never meet a picture

    try:
        with Image.open(io.BytesIO(data), formats=(name,)) as opened:
            if opened.width * opened.height > limits.IMAGE_PIXELS:
                raise TooLarge(f"A picture has up to {limits.IMAGE_PIXELS // 1_000_000} megapixels.", "file")
            opened.draft("RGB", (4096, 4096))
            picture = ImageOps.exif_transpose(opened)
            picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError):
        raise Invalid("That picture is damaged or of a kind that cannot be read.", "file") from None
    width, height = SIZES[kind]
    if kind == "image":
        picture.thumbnail((width, height), Image.Resampling.LANCZOS)
    else:
        # Never larger than it came: a small avatar stays small.
        scale = min(1.0, picture.width / width, picture.height / height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=82, method=4)
    return Prepared(out.getvalue(), "image/webp", picture.width, picture.height)


def add(tx: Tx, account_id: int, kind: str, sha256: str, prepared: Prepared, alt: str = "") -> Media:
    """The row of an uploaded picture whose bytes stand on disk under `sha256`."""
    return rows.insert(
        tx,
        kind=kind,
        account_id=account_id,
        sha256=sha256,
        mime=prepared.mime,
        size_bytes=len(prepared.data),
        width=prepared.width,
        height=prepared.height,
        alt=alt[:1500],
        used_at=tx.now,
    )
