"""What people here say of themselves and how they write, changed thing by thing: what is not named stays as it is."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from fedi import accounts, media, policies
from fedi.accounts import Profile
from fedi.errors import Invalid
from fedi.storage import accounts as account_rows
from fedi.storage import media as media_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx

VISIBILITIES: Final = ("public", "unlisted", "followers", "direct")
QUOTERS: Final = ("public", "followers", "nobody")
EXPANSIONS: Final = ("default", "show_all", "hide_all")
_QUOTABLE: Final = ("public", "unlisted")  # what is for fewer is quoted by its author alone


class Changes(NamedTuple):
    """What is to be said from now on; None leaves a thing as it is. A picture 0 takes the present one away.

    `shown` are the flags of what stands on the profile (`show_media`, `show_media_replies`, `show_featured`).
    """

    display_name: str | None = None
    bio_source: str | None = None
    fields: tuple[tuple[str, str], ...] | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    indexable: bool | None = None
    hide_network: bool | None = None
    attribution_domains: tuple[str, ...] | None = None
    avatar_id: int | None = None
    header_id: int | None = None
    avatar_alt: str | None = None
    header_alt: str | None = None
    shown: Mapping[str, bool] = {}


class Habits(NamedTuple):
    """How somebody writes and reads where they do not say otherwise; None leaves a thing as it is. `language` '' is none."""

    visibility: str | None = None
    sensitive: bool | None = None
    language: str | None = None
    quoters: str | None = None
    expand_media: str | None = None
    expand_warned: bool | None = None
    autoplay: bool | None = None


def change(tx: Tx, account_id: int, changes: Changes) -> Account:
    """Say it, and tell the followers. Raises Invalid naming what cannot be."""
    account = account_rows.get(tx, account_id)
    if changes.shown:
        _settle(tx, account.id, changes.shown)
    for kind, media_id, alt in _pictures(account, changes):
        if media_id is not None and alt is not None:
            media_rows.set_alt(tx, media_id, _described(alt, kind))
    avatar_id, header_id = (media_id for _, media_id, _ in _pictures(account, changes))
    return accounts.update_profile(
        tx,
        account,
        Profile(
            display_name=account.display_name if changes.display_name is None else changes.display_name,
            bio_source=account.bio_source if changes.bio_source is None else changes.bio_source,
            fields=_fields(account) if changes.fields is None else changes.fields,
            locked=_flag(changes.locked, account.locked),
            discoverable=_flag(changes.discoverable, account.discoverable),
            indexable=_flag(changes.indexable, account.indexable),
            avatar_id=avatar_id,
            header_id=header_id,
            attribution_domains=changes.attribution_domains,
            hide_network=changes.hide_network,
            is_bot=changes.bot,
        ),
    )


def _flag(chosen: bool | None, present: int) -> bool:
    return bool(present) if chosen is None else chosen


def _fields(account: Account) -> tuple[tuple[str, str], ...]:
    return tuple((name, source) for name, _, source in account.field_rows())


def _pictures(account: Account, changes: Changes) -> list[tuple[str, int | None, str | None]]:
    """(kind, the picture from now on, what is to be said of it)."""
    return [
        (kind, present if chosen is None else (chosen or None), alt)
        for kind, present, chosen, alt in (
            ("avatar", account.avatar_id, changes.avatar_id, changes.avatar_alt),
            ("header", account.header_id, changes.header_id, changes.header_alt),
        )
    ]


def _described(alt: str, kind: str) -> str:
    try:
        return media.described(alt)
    except Invalid as error:
        raise Invalid(f"{kind}_description: {error.message}", f"{kind}_description") from None


def set_habits(tx: Tx, account_id: int, habits: Habits) -> None:
    """Raises Invalid naming what is not among the choices."""
    for name, chosen, choices in (
        ("privacy", habits.visibility, VISIBILITIES),
        ("quote_policy", habits.quoters, QUOTERS),
        ("expand_media", habits.expand_media, EXPANSIONS),
    ):
        if chosen is not None and chosen not in choices:
            raise Invalid(f"`{chosen[:100]}` cannot be chosen. There are {', '.join(choices)}.", name)
    language = habits.language
    if language and not (1 < len(language) <= 35 and language.isascii() and language.replace("-", "").isalnum()):
        raise Invalid("A language is a code like `en` or `pt-BR`.", "language")
    chosen_ones = {
        "visibility": habits.visibility,
        "sensitive": habits.sensitive,
        "language": language,
        "expand_media": habits.expand_media,
        "expand_warned": habits.expand_warned,
        "autoplay": habits.autoplay,
    }
    found: dict[str, Any] = {name: value for name, value in chosen_ones.items() if value is not None}
    if habits.quoters is not None:
        present = user_rows.get(tx, account_id).setting("policies", {})
        found["policies"] = {**present, **{one: {**present.get(one, {}), policies.QUOTE: habits.quoters} for one in _QUOTABLE}}
    if found:
        _settle(tx, account_id, found)


def _settle(tx: Tx, account_id: int, chosen: Mapping[str, Any]) -> None:
    settings = json.loads(user_rows.get(tx, account_id).settings)
    user_rows.set_settings(tx, account_id, {**settings, **chosen})
