"""MediaAttachment. Files come from our own origin, whoever's they are; what we do not keep is a link and nothing that loads itself."""

from typing import Final

from fedi import images
from fedi.storage.media import Media
from fedi.storage.posts import Attachment
from fedi.uris import Uris
from fedi.web.api.entities.places import Json, address

_SHOWN: Final = frozenset({"image", "gifv", "video", "audio"})
_SMALL: Final = images.SIZES["poster"][0]


def media(us: Uris, file: Attachment) -> Json:
    """Source: Mastodon documentation, MediaAttachment; SSR."""
    remote = address(file.remote_url)
    is_ours = file.kind in _SHOWN and file.state != "failed"
    ours = us.media(file.key) if is_ours and file.state == "ready" else None
    has_preview = file.kind in ("image", "gifv") or file.preview_sha256 or file.preview_url
    return {
        "id": str(file.media_id),
        "type": file.kind if is_ours else "unknown",
        "url": ours or remote,
        "preview_url": us.preview(file.key) if ours and has_preview else None,
        "remote_url": remote,
        "text_url": ours or remote,
        "meta": _meta(file),
        "description": file.alt or None,
        "blurhash": file.blurhash or None,
    }


def upload(us: Uris, row: Media) -> Json:
    """The same of a file that no post shows yet."""
    return media(us, Attachment(**{name: getattr(row, name) for name in Attachment._fields[2:]}, post_id=0, media_id=row.id))


def _meta(file: Attachment) -> Json:
    found: Json = {}
    if file.kind == "image" and (file.focus_x or file.focus_y or not file.remote_url):
        found["focus"] = {"x": file.focus_x, "y": file.focus_y}
    original: Json = _size(file.width, file.height)
    if file.duration_ms:
        seconds = file.duration_ms / 1000
        original["duration"] = seconds
        found |= {"length": _length(file.duration_ms), "duration": seconds}
    if original:
        found["original"] = original
    if file.width > 0 and file.height > 0:
        scale = min(1.0, _SMALL / max(file.width, file.height))
        found["small"] = _size(max(1, round(file.width * scale)), max(1, round(file.height * scale)))
        if file.kind != "image":
            found |= _size(file.width, file.height)
    return found


def _size(width: int, height: int) -> Json:
    if width <= 0 or height <= 0:
        return {}
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height}


def _length(ms: int) -> str:
    """`0:01:28.65`"""
    return f"{ms // 3_600_000}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms // 10 % 100:02}"
