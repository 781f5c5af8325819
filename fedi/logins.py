"""Signing in: passwords, browser sessions, bearer tokens. Only hashes are kept; hashing a password costs CPU on purpose."""

import base64
import hashlib
import hmac
import os
import secrets

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from fedi import ids, limits
from fedi.errors import Invalid, NotFound
from fedi.storage import users as rows
from fedi.storage.db import Tx
from fedi.storage.users import Session, Token
from fedi.streaming import Event

SCOPES = ("read", "write", "follow", "push", "profile", "admin:read", "admin:write")


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


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


# -- browsers --


def start_session(tx: Tx, account_id: int, agent: str) -> str:
    """Sign a browser in; the secret for its cookie."""
    token = secrets.token_urlsafe(32)
    rows.insert_session(tx, Session(_hash(token), account_id, tx.now, tx.now, agent[:200]))
    return token


def find_session(tx: Tx, token: str) -> Session | None:
    return rows.find_session(tx, _hash(token)) if token else None


def touch_session(tx: Tx, token: str) -> None:
    rows.use_session(tx, _hash(token))


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
    wanted = list(dict.fromkeys(scopes.split()))
    for scope in wanted:
        if scope not in SCOPES and scope.split(":")[0] not in ("read", "write"):
            raise Invalid(f"`{scope}` is not a scope. There are {', '.join(SCOPES)}, and parts like `read:statuses`.", "scopes")
    if not wanted:
        raise Invalid("Name at least one scope, like `read`.", "scopes")
    rows.get(tx, account_id)
    token = secrets.token_urlsafe(32)
    rows.insert_token(tx, Token(ids.new(tx.now), _hash(token), account_id, None, name[:100], " ".join(wanted), tx.now, tx.now))
    return token


def find_token(tx: Tx, token: str) -> Token | None:
    return rows.find_token(tx, _hash(token)) if token else None


def touch_token(tx: Tx, token: str) -> None:
    rows.use_token(tx, _hash(token))


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
