"""Oneself: what one says of oneself and how one writes.

Source: Mastodon documentation, accounts (update_credentials), profile and preferences.
"""

import re
from functools import partial
from typing import Final

from aiohttp import web

from fedi import limits, profiles
from fedi.profiles import Changes, Habits
from fedi.storage import accounts as account_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web import auth, keys, params
from fedi.web.api import accounts, answers, featured_tags, table
from fedi.web.api.entities import account as account_entity
from fedi.web.api.entities.places import Json, read_visibility
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.params import Params

_FIELD: Final = re.compile(r"fields_attributes\[([^\[\]]{0,40})\]\[(name|value)\]")
_SHOWN: Final = ("show_media", "show_media_replies", "show_featured")


# -- what is asked for --


def _changes(given: Params, avatar_id: int | None, header_id: int | None) -> Changes:
    return Changes(
        display_name=given.find_text("display_name", 10_000),
        bio_source=given.find_text("note", 100_000),
        fields=_fields(given),
        locked=given.find_flag("locked"),
        bot=given.find_flag("bot"),
        discoverable=given.find_flag("discoverable"),
        indexable=given.find_flag("indexable"),
        hide_network=given.find_flag("hide_collections"),
        attribution_domains=_domains(given),
        avatar_id=avatar_id,
        header_id=header_id,
        avatar_alt=given.find_text("avatar_description"),
        header_alt=given.find_text("header_description"),
        shown={name: chosen for name in _SHOWN if (chosen := given.find_flag(name)) is not None},
    )


def _domains(given: Params) -> tuple[str, ...] | None:
    if "attribution_domains" not in given:
        return None
    return tuple(line for text in given.texts("attribution_domains", limits.ATTRIBUTION_DOMAINS) for line in text.split() if line)


def _fields(given: Params) -> tuple[tuple[str, str], ...] | None:
    """`fields_attributes` as a list, as an object whose keys do not matter, or as forms write either."""
    items: dict[tuple[str, int], dict[str, str]] = {}
    for name, values in given.values.items():
        if found := _FIELD.fullmatch(name):
            for index, value in enumerate(values[: limits.FIELDS]):
                items.setdefault((found[1], index), {})[found[2]] = "" if value is None else str(value)
    if not items and "fields_attributes" not in given:
        return None
    pairs = [(item.get("name", ""), item.get("value", "")) for item in items.values()]
    return tuple(pair for pair in pairs if pair[0].strip() and pair[1].strip())


def _habits(given: Params) -> Habits:
    privacy = given.text("source[privacy]", max_chars=100)
    return Habits(
        visibility=read_visibility(privacy) if privacy else None,
        sensitive=given.find_flag("source[sensitive]"),
        language=given.find_text("source[language]", 100),
        quoters=given.text("source[quote_policy]", max_chars=100) or None,
    )


async def _given(request: web.Request) -> Params:
    most = request.app[keys.INSTANCE].config.limits.upload_mb * 1024 * 1024
    return await params.read(request, 2 * most + limits.BODY_BYTES)


async def _picture(request: web.Request, viewer: Account, given: Params, kind: str) -> int | None:
    """The picture that was sent along."""
    file = given.file(kind)
    if file is None or not file.data:
        return None
    return (await request.app[keys.INSTANCE].uploads.face(viewer.id, kind, file.data)).id


async def _change(request: web.Request, viewer: Account) -> None:
    given, db = await _given(request), request.app[keys.INSTANCE].db
    wanted, habits = _changes(given, None, None), _habits(given)  # what cannot be is refused before a picture is made
    avatar_id, header_id = await _picture(request, viewer, given, "avatar"), await _picture(request, viewer, given, "header")
    await db.write(_save, viewer.id, wanted._replace(avatar_id=avatar_id, header_id=header_id), habits)


def _save(tx: Tx, account_id: int, changes: Changes, habits: Habits) -> None:
    profiles.set_habits(tx, account_id, habits)
    profiles.change(tx, account_id, changes)


# -- routes --


async def update_credentials(request: web.Request) -> web.Response:
    viewer = auth.require(request, "write:accounts")
    await _change(request, viewer)
    return _credentials(request, viewer)


def _credentials(request: web.Request, viewer: Account) -> web.Response:
    return answers.entity(request.app[keys.INSTANCE].db.read(_read_credentials, request.app[SHELF], viewer.id))


def _read_credentials(tx: Tx, shelf: Shelf, account_id: int) -> bytes:
    return accounts.credentials(tx, shelf, account_rows.get(tx, account_id))


async def show(request: web.Request) -> web.Response:
    viewer = auth.require(request, "profile", "read:accounts")
    return _profile(request, viewer)


async def change(request: web.Request) -> web.Response:
    viewer = auth.require(request, "write:accounts")
    await _change(request, viewer)
    return _profile(request, viewer)


def _profile(request: web.Request, viewer: Account) -> web.Response:
    return answers.entity(request.app[keys.INSTANCE].db.read(_read_profile, request.app[SHELF], viewer.id))


def _read_profile(tx: Tx, shelf: Shelf, account_id: int) -> Json:
    account = account_rows.get(tx, account_id)
    return account_entity.profile(
        shelf.uris, account, account_entity.load(tx, [account]), featured_tags.entities(tx, shelf.uris, account.id)
    )


async def delete_avatar(request: web.Request) -> web.Response:
    viewer = auth.require(request, "write:accounts")
    await request.app[keys.INSTANCE].db.write(profiles.change, viewer.id, Changes(avatar_id=0))
    return _credentials(request, viewer)


async def delete_header(request: web.Request) -> web.Response:
    viewer = auth.require(request, "write:accounts")
    await request.app[keys.INSTANCE].db.write(profiles.change, viewer.id, Changes(header_id=0))
    return _credentials(request, viewer)


async def preferences(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:accounts")
    return answers.entity(account_entity.preferences(request.app[keys.INSTANCE].db.read(user_rows.get, viewer.id)))


_flag: Final = partial(table.Field, kind="flag")
_TAKES: Final = (
    table.Field("display_name", example="Alice"),
    table.Field("note", example="I grow tomatoes."),
    table.Field("avatar", "file"),
    table.Field("avatar_description", example="A woman in a garden"),
    table.Field("header", "file"),
    table.Field("header_description", example="Tomatoes"),
    *(_flag(name, example=True) for name in ("discoverable", "indexable", *_SHOWN)),
    *(_flag(name, example=False) for name in ("locked", "bot", "hide_collections")),
    table.Field("attribution_domains", many=True, example=["example.org"]),
    table.Field("fields_attributes", "object", many=True, example=[{"name": "Pronouns", "value": "she/her"}]),
)
_SOURCE: Final = (
    table.Field("source[privacy]", choices=("public", "unlisted", "private", "direct"), example="public"),
    _flag("source[sensitive]", example=False),
    table.Field("source[language]", example="en"),
    table.Field("source[quote_policy]", choices=profiles.QUOTERS, example="public"),
)
_UPDATE: Final = "/api/v1/accounts/update_credentials"

ROUTES = (
    table.user("PATCH", _UPDATE, update_credentials, "write:accounts", *_TAKES, *_SOURCE, gives="CredentialAccount"),
    table.user("PUT", _UPDATE, update_credentials, "write:accounts", *_TAKES, *_SOURCE, gives="CredentialAccount"),
    table.user("GET", "/api/v1/profile", show, "profile read:accounts", gives="Profile"),
    table.user("PATCH", "/api/v1/profile", change, "write:accounts", *_TAKES, gives="Profile"),
    table.user("PUT", "/api/v1/profile", change, "write:accounts", *_TAKES, gives="Profile"),
    table.user("DELETE", "/api/v1/profile/avatar", delete_avatar, "write:accounts", gives="CredentialAccount"),
    table.user("DELETE", "/api/v1/profile/header", delete_header, "write:accounts", gives="CredentialAccount"),
    table.user("GET", "/api/v1/preferences", preferences, "read:accounts", gives="Preferences"),
)
