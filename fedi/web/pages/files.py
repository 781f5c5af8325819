"""Pictures, videos and recordings on pages: how they are shown, and how forms take them. Nothing of others loads from their servers."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fedi import limits, media
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.media import Media
from fedi.storage.posts import Attachment
from fedi.uploads import Upload
from fedi.web import params
from fedi.web.pages import text
from fedi.web.pages.site import Pages

_SHOWN: Final = {"image": "picture", "gifv": "video", "video": "video", "audio": "sound"}
_NOUNS: Final = {"image": "Picture", "gifv": "Video", "video": "Video", "audio": "Recording"}


class Shown(NamedTuple):
    """A file as a page has it. `form` is picture, video, sound, or link for what stays where it is; `focus` are classes of its place."""

    form: str
    noun: str
    src: str
    preview: str
    alt: str
    width: int
    height: int
    focus: str
    length: str
    origin: str
    host: str
    too_large: bool


def shown(files: Sequence[Attachment]) -> list[Shown]:
    """The files of a post, in order."""
    return [_shown(file) for file in files]


def _shown(file: Attachment) -> Shown:
    is_kept = file.state == "ready"
    has_preview = file.kind in ("image", "gifv") or file.preview_sha256 or file.preview_url
    origin = text.web_address(file.remote_url)
    return Shown(
        form=_SHOWN.get(file.kind, "link") if is_kept else "link",
        noun=_NOUNS.get(file.kind, "Attached file"),
        src=f"/media/{file.key}",
        preview=f"/media/{file.key}/preview" if has_preview else "",
        alt=file.alt,
        width=file.width,
        height=file.height,
        focus=_focus(file.focus_x, file.focus_y) if file.focus_x or file.focus_y else "",
        length=_length(file.duration_ms),
        origin=origin,
        host=origin.partition("://")[2].partition("/")[0],
        too_large=file.state == "failed" and file.kind in ("video", "audio", "gifv"),
    )


def _focus(x: float, y: float) -> str:
    """Which part of a picture stays in sight where it is cut, in tenths: the policy of our pages allows no styles of their own."""
    return f"fx{round((x + 1) * 5)} fy{round((1 - y) * 5)}"


def _length(ms: int) -> str:
    """`1:28`, `1:02:03`; '' where it is not known."""
    if ms <= 0:
        return ""
    seconds = max(1, round(ms / 1000))
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


# -- forms --


class Taken(NamedTuple):
    """What a form says of files: those the post is to show, and what is to be said of those it has."""

    media_ids: tuple[int, ...]
    changes: tuple[media.Change, ...]


class Row(NamedTuple):
    """A file that stands in a form already."""

    media_id: int
    noun: str
    preview: str
    alt: str


async def taken(pages: Pages, viewer: Account, given: params.Params) -> Taken:
    """Take the files of a form in. Raises Invalid, TooMany."""
    kept, changes = [], []
    for media_id in given.ids("media")[: limits.ATTACHMENTS_LOCAL]:
        if not given.flag(f"drop{media_id}"):
            kept.append(media_id)
            changes.append(media.Change(media_id, given.text(f"alt{media_id}", max_chars=4 * limits.ALT_CHARS_LOCAL)))
    for number in range(1, limits.ATTACHMENTS_LOCAL + 1):
        file = given.file(f"file{number}")
        if file is not None and file.data and len(kept) < limits.ATTACHMENTS_LOCAL:
            alt = given.text(f"filealt{number}", max_chars=4 * limits.ALT_CHARS_LOCAL)
            kept.append((await pages.instance.uploads.add(viewer.id, Upload(file.data, alt), 120)).id)
    return Taken(tuple(kept), tuple(changes))


def describe(tx: Tx, viewer: Account, changes: tuple[media.Change, ...]) -> None:
    """Say of files of a form that was sent again what it says now."""
    for change in changes:
        media.describe(tx, viewer.id, change)


def rows(tx: Tx, viewer: Account, media_ids: Sequence[int]) -> list[Row]:
    """The files of a form that is shown again; those that are not there any more are left out."""
    found = media.known(tx, viewer.id, media_ids)
    return [Row(file.id, _NOUNS.get(file.kind, "File"), _preview(file), file.alt) for file in found]


def _preview(file: Media) -> str:
    return f"/media/{file.key}/preview" if file.preview_sha256 or file.kind == "image" else ""


def of_post(tx: Tx, post_id: int) -> tuple[int, ...]:
    """The files a post shows."""
    return tuple(file.media_id for file in post_rows.list_media(tx, [post_id]).get(post_id, []))
