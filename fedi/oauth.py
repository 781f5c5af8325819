"""Consent becomes a code, a code becomes a token, a token ends. Only hashes of any of them are kept. Source: RFC 6749, 7009, 7636."""

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final, NamedTuple

from fedi import clock, limits, logins, scopes
from fedi.errors import Invalid
from fedi.storage import apps as rows
from fedi.storage import users as user_rows
from fedi.storage.apps import App, Code
from fedi.storage.db import Tx
from fedi.storage.users import Token
from fedi.streaming import Event

CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # SHA-256 in base64url without padding
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


class Wish(NamedTuple):
    """What a program asks somebody for: checked, so that `allow` may be said to it."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str = ""


class Issued(NamedTuple):
    """A token as its program gets it, this once."""

    secret: str
    token: Token


def wanted(app: App, text: str) -> tuple[str, ...]:
    """The scopes a program asks for, which are among those it registered with. Raises Invalid. Source: AUT-07.

    One that names none gets `read`, and one that never said it would read, all it said.
    """
    found = scopes.parse(text)
    if not text.split() and not scopes.within(app.scopes, found):
        return tuple(app.scopes.split())
    if not scopes.within(app.scopes, found):
        raise Invalid("The requested scope is invalid, unknown, or malformed.", "scope")
    return found


def allow(tx: Tx, account_id: int, wish: Wish) -> str:
    """Somebody lets a program in: the code it gets a token for, once and soon."""
    code = secrets.token_urlsafe(32)
    rows.insert_code(
        tx,
        Code(
            logins.secret_hash(code), wish.app.id, account_id, wish.redirect_uri, " ".join(wish.scopes), wish.challenge, tx.now, None, None
        ),
    )  # fmt: skip
    rows.mark_used(tx, wish.app.id)
    return code


def exchange(tx: Tx, app: App, code: str, redirect_uri: str, verifier: str) -> Issued | None:
    """The token for a code; None for a code that is no good, whatever is wrong with it.

    A code that is shown twice was stolen by one of the two: what it brought ends. Source: RFC 6749 4.1.2; RFC 7636 4.6; AUT-04, AUT-06.
    """
    found = rows.find_code(tx, logins.secret_hash(code))
    if found is None or found.app_id != app.id:
        return None
    if found.used_at is not None:
        _end(tx, found.token_id)
        return None
    rows.use_code(tx, found.code_hash, None)  # one try
    late = tx.now - found.created_at > limits.CODE_S * clock.SECOND
    if late or not _is_same(found.redirect_uri, redirect_uri) or not _proves(found, verifier):
        return None
    secret, token = logins.issue_token(tx, found.account_id, app.id, found.scopes.split(), app.name)
    rows.use_code(tx, found.code_hash, token.id)
    rows.mark_used(tx, app.id)
    if user_rows.trim_tokens(tx, found.account_id, limits.TOKENS_PER_PERSON):
        tx.emit(Event("auth", found.account_id))
    return Issued(secret, token)


def _is_same(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode("utf-8", "replace"))


def _proves(code: Code, verifier: str) -> bool:
    """Whether who brings the code is who asked for it. A verifier without a challenge means that somebody took the challenge out."""
    if not code.challenge:
        return not verifier
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(digest, code.challenge.encode())


def for_itself(tx: Tx, app: App, asked: tuple[str, ...]) -> Issued:
    """A token with which a program acts for nobody: to register people, and to ask who it is."""
    secret, token = logins.issue_token(tx, None, app.id, asked, app.name)
    rows.mark_used(tx, app.id)
    user_rows.trim_app_tokens(tx, app.id, limits.TOKENS_PER_PERSON)
    return Issued(secret, token)


def revoke(tx: Tx, app: App, secret: str) -> bool:
    """End a token of a program; False when it is another program's. One that is not there has ended already. Source: RFC 7009 2.2."""
    found = logins.find_token(tx, secret)
    if found is None:
        return True
    if found.app_id != app.id:
        return False
    _end(tx, found.id)
    return True


def _end(tx: Tx, token_id: int | None) -> None:
    token = user_rows.find_token_by_id(tx, token_id) if token_id is not None else None
    if token is not None:
        user_rows.delete_token(tx, token.token_hash)
        tx.emit(Event("auth", token.account_id or 0))


def prune(tx: Tx) -> None:
    """Forget codes that are worth nothing any more, and programs that nobody let in."""
    rows.prune_codes(tx, tx.now - clock.DAY)
    rows.prune(tx, tx.now - limits.APP_UNUSED_S * clock.SECOND)
