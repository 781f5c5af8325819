"""What a post of the wire shows besides its text: pictures, sounds, videos, and the page a link post is about.

Nothing is fetched here. Source: FEDERATION.md, Objects, 10.6.
"""

import re
from typing import NamedTuple

from fedi import limits
from fedi.activitypub import parse_values as values
from fedi.activitypub.parse_values import Json

TEXT_TYPES = frozenset({"Note", "Question", "ChatMessage", "Comment", "Review", "Quotation", "Rating", "GeneratedNote"})
FILE_TYPES = {"Video": "video", "Audio": "audio", "Image": "image", "Document": "", "PodcastEpisode": "audio"}
_ENTRIES = 100  # looked at
_BLURHASH = re.compile(r"[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{6,128}", re.ASCII)
_MEDIA_KINDS = frozenset({"image", "video", "audio"})
_SHORTCODE = re.compile(r"[A-Za-z0-9_+-]{1,128}", re.ASCII)
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_SHOWN = frozenset({"Document", "Image", "Video", "Audio"})
_EXTENSIONS = {
    "png": "image", "jpg": "image", "jpeg": "image", "gif": "image", "webp": "image", "avif": "image", "heic": "image",
    "mp4": "video", "webm": "video", "mov": "video", "m4v": "video", "ogv": "video",
    "mp3": "audio", "ogg": "audio", "oga": "audio", "opus": "audio", "flac": "audio", "wav": "audio", "m4a": "audio",
}  # fmt: skip


class Attachment(NamedTuple):
    """A file of a post, not fetched. `kind` is image, video, audio or unknown; sizes in pixels, 0 unknown."""

    url: str
    mime: str
    kind: str
    alt: str
    width: int
    height: int
    blurhash: str
    focus: tuple[float, float] = (0.0, 0.0)
    duration_ms: int = 0
    preview_url: str = ""


class Emoji(NamedTuple):
    """A custom emoji: its name without colons, the address of its picture, its id or '', and when it was changed (ms, 0 unknown)."""

    shortcode: str
    url: str
    uri: str
    updated_at: int


def emojis(document: Json) -> tuple[Emoji, ...]:
    """The custom emojis of a post, actor or reaction. Source: FEDERATION.md, Objects."""
    found: dict[str, Emoji] = {}
    for item in values.as_list(document.get("tag"))[: values.ENTRIES]:
        if len(found) >= limits.EMOJIS:
            break
        if isinstance(item, dict) and values.type_of(item) == "Emoji":
            name = values.text(item, "name", limits.NAME_CHARS).strip().strip(":")
            url, _ = values.image(item.get("icon"))
            if url and _SHORTCODE.fullmatch(name):
                found.setdefault(name, Emoji(name, url, values.uri(item.get("id")), values.time(item.get("updated")) or 0))
    return tuple(found.values())


def attachments(document: Json, kind: str) -> tuple[tuple[Attachment, ...], str]:
    """What a post shows besides its text, and the page it links to. Pictures stand in for what has no attachments."""
    listed = document.get("attachment")
    if not listed and kind in TEXT_TYPES:
        return (), ""
    found: dict[str, Attachment] = {}
    link = ""
    for item in values.as_list(listed)[:_ENTRIES]:
        shown, page = _attachment(item)
        if shown is not None and len(found) < limits.ATTACHMENTS:
            found.setdefault(shown.url, shown)
        link = link or page
    if not found and kind in FILE_TYPES and (own := _own_file(document, kind)):
        found[own.url] = own
    elif not found and kind not in TEXT_TYPES and (cover := _cover(document)):
        found[cover.url] = cover
    return tuple(found.values()), link


def _attachment(item: object) -> tuple[Attachment | None, str]:
    """One entry as (file, '') or (None, page). Profile fields, recipes and inline data are neither."""
    if isinstance(item, str):
        return None, values.uri(item)
    if not isinstance(item, dict):
        return None, ""
    name = values.type_of(item)
    found = values.targets(item)
    if not found:
        return None, ""
    target = next((one for one in found if one.mime.partition("/")[0] in _MEDIA_KINDS), found[0])
    if target.mime in _PAGES or name in ("Link", "Page", "Article"):
        return (_file(item, target, ""), "") if _kind(target, "") != "unknown" else (None, target.url)
    return (_file(item, target, name), "") if name in _SHOWN or not name else (None, "")


def _file(item: Json, target: values.Target, name: str) -> Attachment:
    blurhash = item.get("blurhash")
    return Attachment(
        url=target.url,
        mime=target.mime,
        kind=_kind(target, name),
        alt=values.described(item),
        width=target.width or values.number(item.get("width"), values.SIDE_MAX),
        height=target.height or values.number(item.get("height"), values.SIDE_MAX),
        blurhash=blurhash if isinstance(blurhash, str) and _BLURHASH.fullmatch(blurhash) else "",
        focus=_focus(item.get("focalPoint")),
        duration_ms=values.duration_ms(item.get("duration")),
        preview_url=values.image(item.get("icon"))[0],
    )


def _focus(value: object) -> tuple[float, float]:
    """The point of a picture that matters, -1 to 1 from left to right and from bottom to top; its middle where none is given."""
    if not isinstance(value, list) or len(value) != 2:
        return (0.0, 0.0)
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and -1 <= one <= 1 for one in value):
        return (0.0, 0.0)
    return (float(value[0]), float(value[1]))


def _kind(target: values.Target, name: str) -> str:
    """image, video, audio or unknown: by media type, else by the type of the object, else by the ending of the address."""
    main = target.mime.partition("/")[0]
    if main in _MEDIA_KINDS:
        return main
    if target.mime in _PAGES:
        return "unknown"
    path = target.url.partition("#")[0].partition("?")[0]
    return FILE_TYPES.get(name) or _EXTENSIONS.get(path.rpartition(".")[2].lower(), "unknown")


def _own_file(document: Json, kind: str) -> Attachment | None:
    """The file that a Video, Audio, Image or Document is. Observed: PeerTube hides the mp4 in the `tag` of a playlist's Link."""
    offered = values.targets(document.get("url"))
    for item in values.as_list(document.get("url"))[: values.LINKS]:
        if isinstance(item, dict):
            offered += values.targets([one for one in values.as_list(item.get("tag")) if isinstance(one, dict)])
    wanted = [one for one in offered if one.mime.partition("/")[0] in (_MEDIA_KINDS if kind == "Document" else {FILE_TYPES[kind]})]
    if not wanted:
        wanted = [one for one in offered if not one.mime and _kind(one, "") == (FILE_TYPES[kind] or _kind(one, ""))]
    best = next((one for one in wanted if one.mime == "video/mp4"), wanted[0] if wanted else None)
    if best is None or _kind(best, "") == "unknown":
        return None
    return _file(document, best, kind)._replace(alt="")


def _cover(document: Json) -> Attachment | None:
    """The picture above an Article, Page or Event. Source: FEDERATION.md, Objects."""
    found = values.targets(document.get("image"))
    if not found:
        return None
    _, alt = values.image(document.get("image"))
    return Attachment(found[0].url, found[0].mime, "image", alt, found[0].width, found[0].height, "")
