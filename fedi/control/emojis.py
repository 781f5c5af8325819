"""Verbs about the custom emoji of this server."""

import base64
import binascii
from typing import Any

from fedi import clock, emojis
from fedi.errors import FediError, Invalid
from fedi.instance import Instance
from fedi.storage import emojis as rows


async def add(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """emojis: [[shortcode, picture in base64], ...], category, replace. One that cannot be is left out and said."""
    added, refused = [], []
    for shortcode, picture in args["emojis"]:
        try:
            await _add(instance, shortcode, picture, args)
            added.append(shortcode)
        except FediError as error:
            refused.append({"shortcode": shortcode, "why": error.message})
    return {"added": added, "refused": refused}


async def _add(instance: Instance, shortcode: str, picture: str, args: dict[str, Any]) -> None:
    emojis.check(shortcode, args["category"])
    try:
        data = base64.b64decode(picture, validate=True)
    except binascii.Error:
        raise Invalid("That picture did not arrive whole.") from None
    file = await instance.uploads.face(None, "emoji", data)
    await instance.db.write(emojis.add, shortcode, file.id, args["category"], replace=args["replace"])


async def remove(instance: Instance, args: dict[str, Any]) -> None:
    """shortcode."""
    await instance.db.write(emojis.remove, args["shortcode"])


async def list_all(instance: Instance, args: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "shortcode": found.shortcode,
            "category": found.category,
            "url": instance.uris.media(found.key),
            "updated_at": clock.rfc3339(found.updated_at),
        }
        for found in instance.db.read(rows.list_local)
    ]
