"""Programs that ask to be known: what they are called, where they may send people back to, and the most they will ever ask for."""

import hmac
import json
import re
import secrets
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from fedi import ids, limits, logins, plaintext, scopes, uris
from fedi.errors import Invalid, Malformed, NotFound
from fedi.storage import apps as rows
from fedi.storage import users as user_rows
from fedi.storage.apps import App
from fedi.storage.db import Tx
from fedi.streaming import Event

OUT_OF_BAND: Final = "urn:ietf:wg:oauth:2.0:oob"
# Source: AUT-02. What a browser runs, reads or hands to itself instead of to a program.
_UNSAFE: Final = frozenset(
    "javascript data vbscript file blob about filesystem view-source ws wss ftp mailto tel sms jar chrome resource content".split()
)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.\-]*", re.ASCII)
_UNPRINTABLE: Final = re.compile(r"[^\x21-\x7e]|[\\\"<>`{}|^]")


def register(tx: Tx, name: str, redirect_uris: Sequence[str], wanted: str = "", website: str = "") -> tuple[App, str]:
    """A new program and its secret, which is shown this once. Raises Invalid naming what it cannot have."""
    if not (shown := plaintext.line(name, limits.APP_NAME_CHARS)):
        raise Invalid("client_name: say what your program is called.", "client_name")
    places = list(dict.fromkeys(place for text in redirect_uris for place in text.split()))
    if not places:
        raise Invalid("redirect_uris: say where people go back to, or urn:ietf:wg:oauth:2.0:oob.", "redirect_uris")
    if len(places) > limits.REDIRECT_URIS:
        raise Invalid(f"redirect_uris: up to {limits.REDIRECT_URIS} of them, please.", "redirect_uris")
    for place in places:
        _check_place(place)
    secret = secrets.token_urlsafe(32)
    app = App(
        ids.new(tx.now), secrets.token_urlsafe(32), logins.secret_hash(secret), shown, _checked_website(website.strip()),
        json.dumps(places), " ".join(scopes.parse(wanted)), tx.now, 0,
    )  # fmt: skip
    rows.insert(tx, app)
    return app, secret


def _checked_website(website: str) -> str:
    if len(website) > limits.WEBSITE_CHARS:
        raise Invalid(f"website: up to {limits.WEBSITE_CHARS} characters, please.", "website")
    if website:
        try:
            uris.origin(website)
        except Malformed:
            raise Invalid("website: write a web address, https://...", "website") from None
    return website


def _check_place(place: str) -> None:
    """Source: RFC 6749 3.1.2; RFC 8252 7.1; AUT-02."""
    if place == OUT_OF_BAND:
        return
    wrong = Invalid(f"redirect_uris: `{place[:100]}` is nowhere people can be sent back to.", "redirect_uris")
    if len(place) > limits.REDIRECT_URI_CHARS or _UNPRINTABLE.search(place) or "#" in place:
        raise wrong
    scheme, colon, rest = place.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme.lower()) or scheme.lower() in _UNSAFE or not rest:
        raise wrong
    if scheme.lower() in ("http", "https"):
        try:
            parts = urlsplit(place)
            uris.origin(place)
        except (Malformed, ValueError):
            raise wrong from None
        if "@" in parts.netloc:
            raise wrong


def authenticate(tx: Tx, client_id: str, secret: str) -> App | None:
    """The program that knows its secret. Takes as long when there is none of that id."""
    app = rows.find_by_client(tx, client_id)
    known = app.secret_hash if app is not None else bytes(32)
    return app if hmac.compare_digest(known, logins.secret_hash(secret)) else None


# -- programs somebody has let in --


def dismiss(tx: Tx, account_id: int, token_id: int) -> None:
    """End what may act for somebody: of a program all its tokens and codes, of what was made by hand that one. Raises NotFound."""
    token = user_rows.find_token_by_id(tx, token_id)
    if token is None or token.account_id != account_id:
        raise NotFound("There is no such app among those you have let in.")
    if token.app_id is None:
        user_rows.delete_token(tx, token.token_hash)
    else:
        user_rows.delete_tokens_of_app(tx, account_id, token.app_id)
        rows.delete_codes_of_app(tx, account_id, token.app_id)
    tx.emit(Event("auth", account_id))
