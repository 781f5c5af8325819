"""Files for posts: sent before the post that shows them. Source: Mastodon documentation, media."""

import re
from typing import Final

from aiohttp import web

from fedi import limits, media
from fedi.errors import Invalid, NotFound
from fedi.storage import media as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.media import Media
from fedi.uploads import Upload
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import media as entity

_WAIT_S: Final = 120.0  # the first version of this call answers when the file is ready
_SHORT_S: Final = 2.0
_ATTRIBUTE: Final = re.compile(r"media_attributes\[([0-9]{0,3})\]\[(id|description|focus)\]", re.ASCII)


async def create_v1(request: web.Request) -> web.Response:
    return await _create(request, _WAIT_S)


async def create(request: web.Request) -> web.Response:
    """202 when it takes longer: `show` says when it is ready."""
    return await _create(request, _SHORT_S)


async def _create(request: web.Request, wait_s: float) -> web.Response:
    viewer, instance = auth.require(request, "write:media"), request.app[keys.INSTANCE]
    given = await params.read(request, instance.config.limits.upload_mb * 1024 * 1024 + limits.BODY_BYTES)
    file, thumbnail = given.file("file"), given.file("thumbnail")
    if file is None:
        raise Invalid("Send the file itself, as `file` of a multipart form.", "file")
    upload = Upload(file.data, given.text("description"), _focus(given) or (0.0, 0.0), thumbnail.data if thumbnail else b"")
    row = await instance.uploads.add(viewer.id, upload, wait_s)
    return _answer(request, row, 202 if row.state == "processing" else 200)


def _focus(given: params.Params) -> tuple[float, float] | None:
    text = given.text("focus", max_chars=100)
    return media.focus(text) if text else None


def _answer(request: web.Request, row: Media, status: int = 200) -> web.Response:
    response = answers.entity(entity.upload(request.app[keys.INSTANCE].uris, row))
    response.set_status(status)
    return response


async def show(request: web.Request) -> web.Response:
    """206 while it is being worked on; what went wrong with it, once."""
    viewer, media_id = auth.require(request, "write:media"), answers.named_id(request)
    instance = request.app[keys.INSTANCE]
    row = await instance.uploads.wait(instance.db.read(media.own, viewer.id, media_id), 0.05)
    return _answer(request, row, 206 if row.state == "processing" else 200)


async def change(request: web.Request) -> web.Response:
    """What is said of a file, until a post shows it: from then on it is changed with the post."""
    viewer, media_id = auth.require(request, "write:media"), answers.named_id(request)
    instance = request.app[keys.INSTANCE]
    given = await params.read(request, instance.config.limits.upload_mb * 1024 * 1024 + limits.BODY_BYTES)
    changed, thumbnail = media.Change(media_id, given.find_text("description"), _focus(given)), given.file("thumbnail")
    row = await instance.db.write(_change, viewer, changed)
    if thumbnail is not None:
        await instance.uploads.picture_for(row, thumbnail.data)
    return _answer(request, instance.db.read(media.own, viewer.id, media_id))


def _change(tx: Tx, viewer: Account, changed: media.Change) -> Media:
    if rows.post_of(tx, changed.media_id) is not None:
        raise NotFound("There is no such file.")
    media.describe(tx, viewer.id, changed)
    return media.own(tx, viewer.id, changed.media_id)


async def delete(request: web.Request) -> web.Response:
    viewer, media_id = auth.require(request, "write:media"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(media.discard, viewer.id, media_id)
    return answers.entity({})


# -- with posts --


def chosen(given: params.Params) -> tuple[int, ...] | None:
    """`media_ids` of a post; None where nothing is said of them. Raises Invalid for what cannot be an id: better no post than half one."""
    if "media_ids" not in given or given.values["media_ids"] == [None]:
        return None
    found = given.ids("media_ids")
    if len(found) != len(set(given.texts("media_ids"))):
        raise Invalid("media_ids: write the ids of uploaded files.", "media_ids")
    return tuple(found)


def changes(given: params.Params) -> tuple[media.Change, ...]:
    """`media_attributes` of a post that is edited: `[{"id", "description", "focus"}]`, or as forms write that."""
    items: dict[tuple[str, int], dict[str, str]] = {}
    for name, values in given.values.items():
        if found := _ATTRIBUTE.fullmatch(name):
            for index, value in enumerate(values[: limits.ATTACHMENTS]):
                items.setdefault((found[1], index), {})[found[2]] = "" if value is None else str(value)
    changes = []
    for item in items.values():
        if item.get("id", "").isascii() and item.get("id", "").isdigit():
            point = media.focus(item["focus"]) if item.get("focus") else None
            changes.append(media.Change(int(item["id"][:19]), item.get("description"), point))
    return tuple(changes[: limits.ATTACHMENTS])


_SAID: Final = (
    table.Field("description", example="A cat on a windowsill"),
    table.Field("focus", example="0.0,0.5"),
    table.Field("thumbnail", "file"),
)
_FILE: Final = table.Field("file", "file", required=True)
ROUTES = (
    table.user("POST", "/api/v1/media", create_v1, "write:media", _FILE, *_SAID, gives="MediaAttachment").also(202),
    table.user("POST", "/api/v2/media", create, "write:media", _FILE, *_SAID, gives="MediaAttachment").also(202),
    table.user("GET", "/api/v1/media/{id}", show, "write:media", gives="MediaAttachment").also(206),
    table.user("PUT", "/api/v1/media/{id}", change, "write:media", *_SAID, gives="MediaAttachment"),
    table.user("PATCH", "/api/v1/media/{id}", change, "write:media", *_SAID, gives="MediaAttachment"),
    table.user("DELETE", "/api/v1/media/{id}", delete, "write:media", gives="{}"),
)
