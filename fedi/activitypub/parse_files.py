"""What a post of the wire shows besides its text: pictures, sounds, videos, and the page a link post is about.

Nothing is fetched here. Source: FEDERATION.md, Objects, 10.6.
"""

import re
from typing import NamedTuple

from fedi import limits, plaintext
from fedi.activitypub import parse_values as values
from fedi.activitypub.parse_values import Json

TEXT_TYPES = frozenset({"Note", "Question", "ChatMessage", "Comment", "Review", "Quotation", "Rating", "GeneratedNote"})
FILE_TYPES = {"Video": "video", "Audio": "audio", "Image": "image", "Document": "", "PodcastEpisode": "audio"}
_COVERED = frozenset({"Article", "Event"})  # their picture stands above what they show besides
_FILM_LINES = 720
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
    """A file of a post, not fetched. `kind` is image, video, audio or unknown; sizes in pixels, 0 unknown.

    `preview_url` is a still picture its server has of it; `duration_ms` how long it plays, 0 unknown.
    """

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


def attachments(document: Json, kind: str) -> tuple[tuple[Attachment, ...], tuple[tuple[str, str], ...]]:
    """What a post shows besides its text, and the pages it links to as (address, name). Pictures stand in for what has no files."""
    listed = document.get("attachment")
    if not listed and kind in TEXT_TYPES:
        return (), ()
    found: dict[str, Attachment] = {}
    pages: dict[str, str] = {}
    for item in values.as_list(listed)[:_ENTRIES]:
        shown, page, name = _attachment(item)
        if shown is not None and len(found) < limits.ATTACHMENTS:
            found.setdefault(shown.url, shown)
        elif page and len(pages) < limits.LINKS:
            pages.setdefault(page, name)
    if kind in TEXT_TYPES:
        return tuple(found.values()), tuple(pages.items())
    own = _own_file(document, kind) if kind in FILE_TYPES and not found else None
    if own is not None:
        found[own.url] = own
    elif (cover := _cover(document, kind)) and cover.url not in pages and (not found or kind in _COVERED):
        same = [one for url, one in found.items() if _path(url) == _path(cover.url)]
        alt = next((one.alt for one in (cover, *same) if one.alt), "")
        found = {cover.url: cover._replace(alt=alt)} | {url: one for url, one in found.items() if one not in same}
    return tuple(found.values())[: limits.ATTACHMENTS], tuple(pages.items())


def _path(url: str) -> str:
    """An address without what asks for a size."""
    return url.partition("?")[0]


def _attachment(item: object) -> tuple[Attachment | None, str, str]:
    """One entry as (file, '', '') or (None, page, its name). Profile fields, recipes and inline data are neither."""
    if isinstance(item, str):
        return None, values.uri(item), ""
    if not isinstance(item, dict):
        return None, "", ""
    name = values.type_of(item)
    found = values.targets(item)
    if not found:
        return None, "", ""
    target = next((one for one in found if one.mime.partition("/")[0] in _MEDIA_KINDS), found[0])
    if target.mime in _PAGES or name in ("Link", "Page", "Article"):
        if _kind(target, "") != "unknown":
            return _file(item, target, ""), "", ""
        return None, target.url, plaintext.line(values.text(item, "name", limits.NAME_CHARS), limits.FACT_CHARS)
    return (_file(item, target, name), "", "") if name in _SHOWN or not name else (None, "", "")


def file_at(url: str) -> Attachment | None:
    """The file an address leads to by its ending, if it ends like one."""
    kind = _kind(values.Target(url), "")
    return Attachment(url, "", kind, "", 0, 0, "") if kind != "unknown" else None


def _file(item: Json, target: values.Target, name: str) -> Attachment:
    blurhash = item.get("blurhash")
    kind = _kind(target, name)
    return Attachment(
        url=_tidied(target.url),
        mime=target.mime,
        kind=kind,
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


def _tidied(url: str) -> str:
    """Observed: WordPress writes addresses of pictures as they stand in its pages, `&` as `&#038;`."""
    return url.replace("&#038;", "&").replace("&amp;", "&") if "&" in url else url


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
    best = _best_film(wanted) or (wanted[0] if wanted else None)
    if best is None or _kind(best, "") == "unknown":
        return None
    cover = _cover(document, kind) if kind != "Image" else None
    own = _file(document, best, kind)
    alt = values.described(document) if own.kind == "image" and not document.get("content") else ""
    return own._replace(alt=alt, preview_url=cover.url if cover else own.preview_url)


def _best_film(offered: list[values.Target]) -> values.Target | None:
    """Of the mp4s of a film the tallest of at most 720 lines, else the smallest. Observed: PeerTube offers five, up to gigabytes."""
    films = [one for one in offered if one.mime == "video/mp4"]
    fitting = [one for one in films if 0 < _lines(one) <= _FILM_LINES]
    return max(fitting, key=_lines) if fitting else min(films, key=_lines, default=None)


def _lines(target: values.Target) -> int:
    return target.height or target.width  # Observed: old PeerTube wrote the height as `width`


def _cover(document: Json, kind: str) -> Attachment | None:
    """The picture above an Article, Page or Event, and of a film or sound. Source: FEDERATION.md, Objects.

    Of several sizes the largest: PeerTube lists a thumbnail and a preview. The small `icon` stands in where there is no `image`.
    """
    name = next((one for one in ("image", "icon") if document.get(one)), "")
    found = [one for one in values.targets(document.get(name), values.PICTURES) if _kind(one, "Image") == "image"]
    if not found or (kind == "Image" and name == "icon"):
        return None
    best = max(found, key=lambda one: one.width)
    first = (values.as_list(document.get(name)) or [None])[0]
    alt = values.described(first) if isinstance(first, dict) else ""
    return Attachment(_tidied(best.url), best.mime, "image", alt, best.width, best.height, "")
