"""Files of posts and faces: who may use which, their descriptions, and the rows they have.

Pictures are made anew by images.py, films and sounds by films.py; uploads.py and mediacache.py bring bytes and rows together.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from fedi import limits, plaintext
from fedi.errors import Invalid, NotFound
from fedi.images import Prepared
from fedi.storage import media as rows
from fedi.storage import posts as post_rows
from fedi.storage import scheduled as scheduled_rows
from fedi.storage.db import Tx
from fedi.storage.files import Files
from fedi.storage.media import Media, Stored

SHOWN = ("image", "gifv", "video", "audio")  # kinds that posts show
_NUMBER = r"\s*(-?(?:[0-9]{1,3}(?:\.[0-9]{0,20})?|\.[0-9]{1,20}))\s*"
_FOCUS = re.compile(f"{_NUMBER},{_NUMBER}", re.ASCII)


class Change(NamedTuple):
    """What is to be said of a file from now on; None leaves it as it is."""

    media_id: int
    alt: str | None = None
    focus: tuple[float, float] | None = None


def store(files: Files, prepared: Prepared) -> Stored:
    """Write a picture and its preview to disk. Blocks. Raises StorageFull, Unavailable."""
    preview = files.store(prepared.preview) if prepared.preview else None
    size_bytes = len(prepared.data) + len(prepared.preview)
    sha256 = files.store(prepared.data)
    return Stored(sha256, prepared.mime, size_bytes, prepared.width, prepared.height, preview, prepared.blurhash)


def add(tx: Tx, account_id: int | None, kind: str, stored: Stored, alt: str = "", focus: tuple[float, float] = (0.0, 0.0)) -> Media:
    """The row of an upload whose bytes stand on disk. Raises Invalid for a description that is too long."""
    return rows.insert(
        tx,
        kind=kind,
        account_id=account_id,
        alt=described(alt),
        focus_x=focus[0],
        focus_y=focus[1],
        used_at=tx.now,
        **stored._asdict(),
    )


def described(alt: str) -> str:
    """A description as it is kept. Raises Invalid. Source: MED-13."""
    if len(alt) > limits.ALT_CHARS_LOCAL:
        raise Invalid(f"A description has up to {limits.ALT_CHARS_LOCAL:,} characters.", "description")
    return plaintext.plain(alt, limits.ALT_CHARS_LOCAL)


def focus(text: str) -> tuple[float, float]:
    """The point that stays in sight where a picture is cut, written `x,y`: each from -1 to 1. Raises Invalid."""
    found = _FOCUS.fullmatch(text[:100])
    point = (float(found[1]), float(found[2])) if found else None
    if point is None or max(map(abs, point)) > 1:
        raise Invalid("Write the focus as two numbers from -1 to 1, `0.5,-0.2`.", "focus")
    return point


# -- posts --


def own(tx: Tx, account_id: int, media_id: int) -> Media:
    """A file that somebody has uploaded for a post. Raises NotFound alike for what is not there and what is another's."""
    found = rows.find(tx, media_id)
    if found is None or found.account_id != account_id or found.remote_url or found.kind not in SHOWN:
        raise NotFound("There is no such file.")
    return found


def choose(tx: Tx, account_id: int, media_ids: Iterable[int], post_id: int | None = None) -> list[Media]:
    """The files a post is to show, in order. Raises Invalid for those of others, used ones (unless by this post) and unready ones."""
    wanted = list(dict.fromkeys(media_ids))
    if len(wanted) > limits.ATTACHMENTS_LOCAL:
        raise Invalid(f"A post shows up to {limits.ATTACHMENTS_LOCAL} files.", "media_ids")
    known = rows.list_many(tx, wanted) if wanted else {}
    found = []
    for media_id in wanted:
        file = known.get(media_id)
        if file is None or file.account_id != account_id or file.remote_url or file.kind not in SHOWN:
            raise Invalid("A file is not there (any more). Upload it again.", "media_ids")
        if rows.post_of(tx, media_id) not in (None, post_id):
            raise Invalid("A file is shown by another post already. Upload it again.", "media_ids")
        if scheduled_rows.is_reserved(tx, media_id):
            raise Invalid("A file is for a post that is scheduled. Upload it again.", "media_ids")
        if file.state != "ready":
            still = file.state == "processing"
            raise Invalid("A file is still being worked on. Try again in a moment." if still else "A file could not be read.", "media_ids")
        found.append(file)
    return found


def known(tx: Tx, account_id: int, media_ids: Iterable[int]) -> list[Media]:
    """Those of somebody's files that are there, in order."""
    wanted = list(dict.fromkeys(media_ids))
    found = rows.list_many(tx, wanted) if wanted else {}
    return [file for media_id in wanted if (file := found.get(media_id)) is not None and file.account_id == account_id]


def attach(tx: Tx, account_id: int, post_id: int, media_ids: Iterable[int]) -> None:
    """Let a new post show files. Raises Invalid."""
    chosen = choose(tx, account_id, media_ids, post_id)
    if chosen:
        post_rows.set_media(tx, post_id, [file.id for file in chosen])


def reattach(tx: Tx, account_id: int, post_id: int, media_ids: Iterable[int] | None, changes: Iterable[Change]) -> bool:
    """Change which files a post shows (None: the same) and what is said of them; whether anything is otherwise now.

    Those it no longer shows are deleted. Raises Invalid.
    """
    present = [item.media_id for item in post_rows.list_media(tx, [post_id]).get(post_id, [])]
    changed = False
    if media_ids is not None:
        chosen = [file.id for file in choose(tx, account_id, media_ids, post_id)]
        if chosen != present:
            post_rows.set_media(tx, post_id, chosen)
            for media_id in set(present) - set(chosen):
                rows.delete(tx, media_id)
            present, changed = chosen, True
    for change in changes:
        if change.media_id in present:
            changed |= describe(tx, account_id, change)
    return changed


def describe(tx: Tx, account_id: int, change: Change) -> bool:
    """Say otherwise what a file shows; whether that changes anything. Raises NotFound, Invalid."""
    file = own(tx, account_id, change.media_id)
    alt = file.alt if change.alt is None else described(change.alt)
    point = (file.focus_x, file.focus_y) if change.focus is None else change.focus
    if (alt, point) == (file.alt, (file.focus_x, file.focus_y)):
        return False
    rows.describe(tx, file.id, alt, point)
    return True


def discard(tx: Tx, account_id: int, media_id: int) -> None:
    """Take back an upload that no post shows. Raises NotFound, and Invalid when one does."""
    file = own(tx, account_id, media_id)
    if rows.post_of(tx, file.id) is not None:
        raise Invalid("That file is shown by a post. Edit or delete the post.", "id")
    if scheduled_rows.is_reserved(tx, file.id):
        raise Invalid("That file is for a post that is scheduled. Delete that one.", "id")
    rows.delete(tx, file.id)
