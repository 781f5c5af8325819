"""MediaAttachment. Pictures come from our own origin, whoever's they are; what we do not fetch is a link and nothing that loads itself."""

from fedi.storage.posts import Attachment
from fedi.uris import Uris
from fedi.web.api.entities.places import Json, address


def media(us: Uris, file: Attachment) -> Json:
    """Source: Mastodon documentation, MediaAttachment; SSR."""
    remote = address(file.remote_url)
    ours = us.media(file.key) if file.kind == "image" or not file.remote_url else None
    return {
        "id": str(file.media_id),
        "type": file.kind if ours else "unknown",
        "url": ours or remote,
        "preview_url": ours,
        "remote_url": remote,
        "text_url": ours or remote,
        "meta": _meta(file.width, file.height),
        "description": file.alt or None,
        "blurhash": file.blurhash or None,
    }


def _meta(width: int, height: int) -> Json:
    if width <= 0 or height <= 0:
        return {}
    size = {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height}
    return {"original": size, "small": size}
