"""Pictures made anew: recognised by their bytes, bounded by their head, decoded, and written again without anything but what one sees.

The only place that knows Pillow. All of it costs CPU: call it through `instance.cpu`, one picture at a time.
"""

import io
from typing import Any, NamedTuple

from fedi import blurhash, limits
from fedi.errors import Invalid, TooLarge

SIZES = {"avatar": (400, 400), "header": (1500, 500), "image": (2048, 2048), "emoji": (128, 128), "poster": (640, 640)}
MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp", "AVIF": "image/avif", "HEIF": "image/heic"}
_CUT = ("avatar", "header")
_ANIMATED = ("image", "emoji")
_MOVING_SIDE = 640
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)


class Prepared(NamedTuple):
    """A picture as it is kept. `preview` is a small still one, b"" where the picture itself is small enough."""

    data: bytes
    mime: str
    width: int
    height: int
    preview: bytes = b""
    blurhash: str = ""


def recognise(data: bytes) -> str:
    """A key of MIMES, by the first bytes; '' for what is none of them. Source: MED-01."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        head = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
        brands = {head[at : at + 4] for at in range(0, len(head), 4) if at != 4}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & _HEIC:
            return "HEIF"
    return ""


def prepare(data: bytes, kind: str, *, strict: bool = True) -> Prepared:
    """Decode a picture and make it anew as WebP, turned upright, at most as large as its `kind` is shown, with no EXIF, XMP or comments.

    Avatars and headers are cut to their shape and stand still; other animations move on. One that is too long is refused, or where not
    `strict` stands still. Raises Invalid, TooLarge; costs about 100 ms for 12 megapixels. Source: MED-01, -02, -04, -11.
    """
    name = recognise(data)
    if not name:
        raise Invalid("That is not a JPEG, PNG, GIF, WebP or AVIF picture.", "file")
    if len(data) > limits.UPLOAD_BYTES:
        raise TooLarge(f"A picture has up to {limits.UPLOAD_BYTES // 1024 // 1024} MB.", "file")
    if name == "HEIF":
        _learn_heif()
    from PIL import Image, UnidentifiedImageError  # Pillow costs 5 MB and 30 ms, and most processes never meet a picture

    try:
        with Image.open(io.BytesIO(data), formats=(name,)) as opened:
            if opened.width * opened.height > limits.IMAGE_PIXELS:
                raise TooLarge(f"A picture has up to {limits.IMAGE_PIXELS // 1_000_000} megapixels.", "file")
            frames = _frames(opened, data, strict) if kind in _ANIMATED else 1
            return _moving(opened, kind, frames) if frames > 1 else _still(opened, kind)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError):
        raise Invalid("That picture is damaged or of a kind that cannot be read.", "file") from None


def _learn_heif() -> None:
    try:
        import pillow_heif  # type: ignore[import-not-found, unused-ignore] # an extra of 27 MB
    except ImportError:
        raise Invalid("This server cannot read HEIC pictures. Send it as JPEG: most phones do so on request.", "file") from None
    pillow_heif.register_heif_opener(thumbnails=False)


def _still(opened: Any, kind: str) -> Prepared:
    from PIL import Image, ImageOps

    opened.draft("RGB", (4096, 4096))
    picture = ImageOps.exif_transpose(opened)
    picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    width, height = SIZES[kind]
    if kind in _CUT:
        # Never larger than it came: a small avatar stays small.
        scale = min(1.0, picture.width / width, picture.height / height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    else:
        picture.thumbnail((width, height), Image.Resampling.LANCZOS)
    written = _webp(picture)
    preview, blur = _beside(picture, kind) if kind in ("image", "poster") else (b"", "")
    return Prepared(written, MIMES["WEBP"], picture.width, picture.height, preview, blur)


def _webp(picture: Any, quality: int = 82) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return out.getvalue()


def _beside(picture: Any, kind: str, *, always: bool = False) -> tuple[bytes, str]:
    """(a preview, a blurhash). Changes the picture."""
    from PIL import Image

    small, side = picture, SIZES["poster"][0]
    preview = b""
    if always or (kind == "image" and max(picture.size) > side):
        small = picture.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        preview = _webp(small, 75)
    tiny = small.convert("RGB")
    tiny.thumbnail((32, 32), Image.Resampling.BOX)
    return preview, blurhash.encode(tiny.tobytes(), tiny.width, tiny.height)


# -- animations --


def _frames(opened: Any, data: bytes, strict: bool) -> int:
    """How many frames are to be kept; 1 for a picture that stands still, or shall. Nothing is decoded for it. Source: MED-02."""
    count = _gif_frames(data) if opened.format == "GIF" else getattr(opened, "n_frames", 1)
    if count <= limits.FRAMES and count * opened.width * opened.height <= limits.ANIMATION_PIXELS:
        return int(count)
    if strict:
        raise TooLarge(f"That animation is too long or too large: up to {limits.FRAMES} pictures. Send it as a video.", "file")
    return 1


def _gif_frames(data: bytes) -> int:
    """Counted from block to block, up to one more than is allowed: Pillow would walk through all of a file made to take long."""
    at, count = 13 + _table(data[10:11]), 0
    while count <= limits.FRAMES and at < len(data) and data[at] in b"!,":
        if data[at] == 0x2C:
            count += 1
            at += 11 + _table(data[at + 9 : at + 10])
        else:
            at += 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return count


def _table(flags: bytes) -> int:
    """Bytes of a table of colours, by the flags before it."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


class _Later:
    """The frames after the first, one at a time: all of them at once would take hundreds of megabytes. Looks to Pillow like a picture."""

    mode = "RGBA"

    def __init__(self, opened: Any, size: tuple[int, int], frames: int, durations: list[int]) -> None:
        self.n_frames = frames - 1
        self._opened = opened
        self._size = size
        self._durations = durations
        self._frame: Any = None

    def seek(self, index: int) -> None:
        self._opened.seek(index + 1)
        self._frame = _scaled(self._opened, self._size)
        self._durations.append(_duration(self._opened))  # known once the frame is decoded

    def load(self) -> None:
        self._frame.load()

    def getim(self) -> Any:
        return self._frame.getim()


def _duration(opened: Any) -> int:
    """Of the present frame, ms. Browsers show what claims to take no time for a tenth of a second."""
    given = opened.info.get("duration", 100)
    return min(max(int(given), 0), 60_000) if isinstance(given, int | float) and given > 10 else 100


def _scaled(opened: Any, size: tuple[int, int]) -> Any:
    frame = opened.convert("RGBA")
    return frame if frame.size == size else frame.resize(size, resample=4)  # 4: Image.Resampling.BOX


def _moving(opened: Any, kind: str, frames: int) -> Prepared:
    side = min(SIZES[kind][0], _MOVING_SIDE)
    scale = min(1.0, side / max(opened.size))
    size = (max(1, round(opened.width * scale)), max(1, round(opened.height * scale)))
    first, durations = _scaled(opened, size), [_duration(opened)]
    preview, blur = _beside(first, kind, always=True)
    rest, out = _Later(opened, size, frames, durations), io.BytesIO()
    options = {"quality": 75, "method": 2, "exif": b"", "xmp": b"", "icc_profile": b"", "background": (0, 0, 0, 0)}
    first.save(out, "WEBP", save_all=True, append_images=[rest], duration=durations, loop=0, **options)
    written = out.getvalue()
    if kind == "emoji" and len(written) > limits.EMOJI_BYTES:
        return Prepared(preview, MIMES["WEBP"], *size)
    return Prepared(written, MIMES["WEBP"], *size, preview, blur)
