"""Signing in: passwords, browser sessions, bearer tokens. Only hashes are kept; hashing a password costs CPU on purpose."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from fedi import ids, limits
from fedi import scopes as scope_names
from fedi.errors import Invalid, NotFound
from fedi.storage import active_days
from fedi.storage import apps as app_rows
from fedi.storage import users as rows
from fedi.storage.db import Tx
from fedi.storage.users import Session, Token
from fedi.streaming import Event


def check_new_password(password: str) -> None:
    """Raises Invalid for a password that is too short or too long."""
    low, high = limits.PASSWORD_CHARS
    if not low <= len(password) <= high:
        raise Invalid(f"A password has {low} to {high} characters.", "password")


def hash_password(password: str) -> str:
    """Argon2id in the PHC string form; about 20 ms."""
    kdf = Argon2id(salt=os.urandom(16), length=32, iterations=2, lanes=1, memory_cost=19 * 1024)
    return kdf.derive_phc_encoded(password.encode("utf-8", "surrogatepass"))


def check_password(password_hash: str, password: str) -> bool:
    """Whether it is the password; takes the same time when it is not."""
    if len(password) > limits.PASSWORD_CHARS[1]:
        return False
    try:
        Argon2id.verify_phc_encoded(password.encode("utf-8", "surrogatepass"), password_hash)
    except InvalidKey:
        return False
    return True


# Checked when nobody has the name, so that it takes as long.
_NONE = (base64.b64encode(b"0" * size).decode().rstrip("=") for size in (16, 32))
DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$" + "$".join(_NONE)


def secret_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


# -- browsers --


def start_session(tx: Tx, account_id: int, agent: str) -> str:
    """Sign a browser in; the secret for its cookie."""
    token = secrets.token_urlsafe(32)
    rows.insert_session(tx, Session(secret_hash(token), account_id, tx.now, tx.now, agent[:200]))
    active_days.note(tx, account_id)
    return token


def find_session(tx: Tx, token: str) -> Session | None:
    return rows.find_session(tx, secret_hash(token)) if token else None


def touch_session(tx: Tx, token: str) -> None:
    """It was used today, and so its person was here."""
    found = find_session(tx, token)
    if found is not None:
        rows.use_session(tx, found.token_hash)
        active_days.note(tx, found.account_id)


def end_session(tx: Tx, token: str) -> None:
    session = find_session(tx, token)
    if session is not None:
        rows.delete_session(tx, session.token_hash)
        tx.emit(Event("auth", session.account_id))


def csrf_token(session_token: str) -> str:
    """What a form of that browser must bring along; worthless to whoever has no cookie."""
    return hmac.new(session_token.encode("utf-8", "surrogatepass"), b"csrf", hashlib.sha256).hexdigest()


# -- programs --


def new_token(tx: Tx, account_id: int, scopes: str, name: str = "") -> str:
    """A bearer token; shown once. Raises Invalid for a scope that is not there."""
    if not scopes.split():
        raise Invalid("Name at least one scope, like `read`.", "scopes")
    wanted = scope_names.parse(scopes)
    rows.get(tx, account_id)
    return issue_token(tx, account_id, None, wanted, name)[0]


def issue_token(tx: Tx, account_id: int | None, app_id: int | None, wanted: Iterable[str], name: str = "") -> tuple[str, Token]:
    """A token for checked scopes: (what is shown once, its row)."""
    secret = secrets.token_urlsafe(32)
    token = Token(ids.new(tx.now), secret_hash(secret), account_id, app_id, name[:100], " ".join(wanted), tx.now, tx.now)
    rows.insert_token(tx, token)
    if account_id is not None:
        active_days.note(tx, account_id)
    return secret, token


def find_token(tx: Tx, token: str) -> Token | None:
    return rows.find_token(tx, secret_hash(token)) if token else None


def touch_token(tx: Tx, token: str) -> None:
    """The same for a program, which may act for nobody."""
    found = find_token(tx, token)
    if found is not None:
        rows.use_token(tx, found.token_hash)
        if found.account_id is not None:
            active_days.note(tx, found.account_id)


def revoke_token(tx: Tx, token: str) -> None:
    found = find_token(tx, token)
    if found is None:
        raise NotFound("There is no such token.")
    rows.delete_token(tx, found.token_hash)
    tx.emit(Event("auth", found.account_id or 0))


# -- passwords --


def set_password(tx: Tx, account_id: int, password_hash: str) -> None:
    """A new password ends every session and every token."""
    rows.set_password(tx, rows.get(tx, account_id).account_id, password_hash)
    rows.delete_sessions(tx, account_id)
    rows.delete_tokens(tx, account_id)
    app_rows.delete_codes(tx, account_id)
    tx.emit(Event("auth", account_id))


def set_role(tx: Tx, account_id: int, role: str) -> None:
    """Raises Invalid for a role that is not there, and for the last owner."""
    if role not in ("owner", "admin", "moderator", "user"):
        raise Invalid(f"`{role}` is not a role. There are owner, admin, moderator and user.", "role")
    user = rows.get(tx, account_id)
    if user.role == "owner" and role != "owner" and rows.count_owners(tx) == 1:
        raise Invalid("That is the only owner. Make somebody else owner first.", "role")
    rows.set_role(tx, account_id, role)
    tx.emit(Event("auth", account_id))
