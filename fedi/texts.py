"""Longer texts of this server, in Markdown: about it, how it deals with what it is told (privacy), and its terms of service."""

import re
from datetime import date, timedelta
from typing import Final, NamedTuple

from fedi import clock, limits, markup, plaintext, texts_default
from fedi.errors import Invalid, NotFound
from fedi.html import Html
from fedi.storage import settings as setting_rows
from fedi.storage import terms as term_rows
from fedi.storage.db import Tx
from fedi.storage.terms import Terms

ABOUT: Final = "about"
PRIVACY: Final = "privacy"
TERMS: Final = "terms"
NAMES: Final = (ABOUT, PRIVACY, TERMS)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DEFAULTS: Final = {ABOUT: texts_default.ABOUT, PRIVACY: texts_default.PRIVACY}


class Text(NamedTuple):
    """Markdown, and since when it is this (ms)."""

    source: str
    updated_at: int


def get(tx: Tx, name: str) -> Text:
    """`about` or `privacy`: the owner's, or what fedi says by itself."""
    found = setting_rows.find(tx, f"text.{name}")
    if found is not None:
        return Text(found["source"], found["updated_at"])
    return Text(_DEFAULTS[name].replace("DOMAIN", tx.uris.domain), texts_default.WRITTEN_AT)


def is_own(tx: Tx, name: str) -> bool:
    """Whether the owner has written it."""
    return setting_rows.find(tx, f"text.{name}") is not None


def put(tx: Tx, name: str, source: str, effective_on: str = "") -> None:
    """Replace a text; an empty one brings the default back, and takes terms away. Terms hold from a day on, today where none is said.

    Raises Invalid.
    """
    if name not in NAMES:
        raise Invalid(f"There is no text `{name[:50]}`. There are {', '.join(NAMES)}.", "page")
    text = plaintext.tidy(source).strip()
    if len(text) > limits.TEXT_CHARS:
        raise Invalid(f"Up to {limits.TEXT_CHARS} characters, please.", "text")
    if effective_on and name != TERMS:
        raise Invalid("Only terms hold from a day on.", "effective")
    if name == TERMS:
        _put_terms(tx, text, effective_on or today(tx))
    elif text:
        setting_rows.put(tx, f"text.{name}", {"source": text, "updated_at": tx.now})
    else:
        setting_rows.delete(tx, f"text.{name}")
    setting_rows.audit(tx, None, "text.set", name)


def _put_terms(tx: Tx, text: str, effective_on: str) -> None:
    if not is_date(effective_on):
        raise Invalid(f"`{effective_on[:20]}` is not a day. Write like `2026-12-31`.", "effective")
    if text:
        term_rows.put(tx, effective_on, text)
    else:
        term_rows.delete_all(tx)


def is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def today(tx: Tx) -> str:
    return (date(1970, 1, 1) + timedelta(days=tx.now // clock.DAY)).isoformat()


def terms(tx: Tx, effective_on: str = "") -> Terms:
    """The version that holds, or that of a day. Raises NotFound."""
    found = term_rows.find(tx, effective_on) if effective_on else term_rows.find_current(tx, today(tx))
    if found is None:
        raise NotFound("This server has no such terms.")
    return found


def render(tx: Tx, source: str) -> Html:
    """As HTML. Names and hashtags in it are only words."""
    return markup.render(source, mentions={}, tag_url=tx.uris.tag, fmt="markdown")
