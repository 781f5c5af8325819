"""Rows of `users`, `sessions` and `oauth_tokens`: who may sign in, and with what. Secrets are kept as hashes only."""

import json
from typing import Any, NamedTuple

from fedi.errors import NotFound
from fedi.storage.db import Tx


class User(NamedTuple):
    """The credentials of a local account. `settings` is JSON. Until both `confirmed_at` and `approved_at` are set, they wait."""

    account_id: int
    email: str
    password_hash: str
    role: str
    settings: str
    created_at: int
    confirmed_at: int | None = None
    approved_at: int | None = None
    reason: str = ""
    locale: str = ""
    terms_at: int | None = None

    @property
    def waiting(self) -> str:
        """What keeps somebody who has signed up from doing anything: unconfirmed, pending, or '' for nothing."""
        if self.confirmed_at is None:
            return "unconfirmed"
        return "pending" if self.approved_at is None else ""

    def setting(self, key: str, default: Any = None) -> Any:
        """What the person chose for themselves."""
        return json.loads(self.settings).get(key, default)


class Session(NamedTuple):
    """A browser that is signed in."""

    token_hash: bytes
    account_id: int
    created_at: int
    used_at: int
    agent: str


class Token(NamedTuple):
    """What a program shows, `scopes` separated by spaces; without `account_id` it acts for nobody, without `app_id` it was made by hand."""

    id: int
    token_hash: bytes
    account_id: int | None
    app_id: int | None
    name: str
    scopes: str
    created_at: int
    used_at: int


_USER = ", ".join(User._fields)
_SESSION = ", ".join(Session._fields)
_TOKEN = ", ".join(Token._fields)


def insert(tx: Tx, user: User) -> None:
    """Raises Conflict when the e-mail address is taken."""
    tx.execute(f"INSERT INTO users ({_USER}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", user)


def find(tx: Tx, account_id: int) -> User | None:
    row = tx.one(f"SELECT {_USER} FROM users WHERE account_id = ?", (account_id,))
    return User._make(row) if row else None


def get(tx: Tx, account_id: int) -> User:
    user = find(tx, account_id)
    if user is None:
        raise NotFound("That account has no sign-in here.")
    return user


def find_by_login(tx: Tx, login: str) -> User | None:
    """By e-mail address or by username, in any case."""
    row = tx.one(
        f"""SELECT {_USER} FROM users WHERE email = :login COLLATE NOCASE OR account_id = (
        SELECT id FROM accounts WHERE username = :login COLLATE NOCASE AND host = '' AND deleted_at IS NULL)""",
        {"login": login},
    )
    return User._make(row) if row else None


def set_password(tx: Tx, account_id: int, password_hash: str) -> None:
    tx.execute("UPDATE users SET password_hash = ? WHERE account_id = ?", (password_hash, account_id))


def set_role(tx: Tx, account_id: int, role: str) -> None:
    tx.execute("UPDATE users SET role = ? WHERE account_id = ?", (role, account_id))


def set_waiting(tx: Tx, user: User) -> None:
    """Write what somebody who signs up has said, and what they wait for: all columns of `User` from `confirmed_at` on."""
    tx.execute(
        "UPDATE users SET confirmed_at = ?, approved_at = ?, reason = ?, locale = ?, terms_at = ? WHERE account_id = ?",
        (user.confirmed_at, user.approved_at, user.reason, user.locale, user.terms_at, user.account_id),
    )


def confirm(tx: Tx, account_id: int, email: str) -> None:
    """The address is theirs. Raises Conflict when it is somebody else's by now."""
    sql = "UPDATE users SET email = ?, confirmed_at = coalesce(confirmed_at, ?) WHERE account_id = ?"
    tx.execute(sql, (email, tx.now, account_id))


def set_email(tx: Tx, account_id: int, email: str) -> None:
    """Raises Conflict when the address is somebody else's."""
    tx.execute("UPDATE users SET email = ? WHERE account_id = ?", (email, account_id))


def approve(tx: Tx, account_id: int) -> None:
    tx.execute("UPDATE users SET approved_at = coalesce(approved_at, ?) WHERE account_id = ?", (tx.now, account_id))


def list_waiting(tx: Tx, before: int = 0, limit: int = 500) -> list[User]:
    """Who has signed up and may do nothing yet, the longest waiting first; `before` leaves out who signed up since."""
    rows = tx.query(
        f"""SELECT {_USER} FROM users WHERE (confirmed_at IS NULL OR approved_at IS NULL) AND (:before = 0 OR created_at < :before)
        ORDER BY created_at LIMIT :limit""",
        {"before": before, "limit": limit},
    )
    return [User._make(row) for row in rows]


def set_settings(tx: Tx, account_id: int, settings: dict[str, Any]) -> None:
    tx.execute("UPDATE users SET settings = ? WHERE account_id = ?", (json.dumps(settings), account_id))


def count_owners(tx: Tx) -> int:
    row = tx.one("SELECT count(*) FROM users u JOIN accounts a ON a.id = u.account_id WHERE role = 'owner' AND a.deleted_at IS NULL")
    return int(row[0]) if row else 0


def list_staff(tx: Tx) -> list[int]:
    """Account ids of owners, admins and moderators."""
    return [row[0] for row in tx.query("SELECT account_id FROM users WHERE role IN ('owner', 'admin', 'moderator') ORDER BY account_id")]


def delete(tx: Tx, account_id: int) -> None:
    """Credentials, sessions, tokens and everything personal end with the row."""
    tx.execute("DELETE FROM users WHERE account_id = ?", (account_id,))


# -- sessions --


def insert_session(tx: Tx, session: Session) -> None:
    tx.execute(f"INSERT INTO sessions ({_SESSION}) VALUES (?, ?, ?, ?, ?)", session)


def find_session(tx: Tx, token_hash: bytes) -> Session | None:
    row = tx.one(f"SELECT {_SESSION} FROM sessions WHERE token_hash = ?", (token_hash,))
    return Session._make(row) if row else None


def use_session(tx: Tx, token_hash: bytes) -> None:
    tx.execute("UPDATE sessions SET used_at = ? WHERE token_hash = ?", (tx.now, token_hash))


def delete_session(tx: Tx, token_hash: bytes) -> None:
    tx.execute("DELETE FROM sessions WHERE token_hash = ?", (token_hash,))


def delete_sessions(tx: Tx, account_id: int) -> None:
    tx.execute("DELETE FROM sessions WHERE account_id = ?", (account_id,))


def prune_sessions(tx: Tx, before: int) -> int:
    """End what nobody has used since a time: sessions and tokens."""
    ended = tx.execute("DELETE FROM sessions WHERE used_at < ?", (before,))
    return ended + tx.execute("DELETE FROM oauth_tokens WHERE used_at < ?", (before,))


# -- bearer tokens --


def insert_token(tx: Tx, token: Token) -> None:
    tx.execute(f"INSERT INTO oauth_tokens ({_TOKEN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", token)


def find_token(tx: Tx, token_hash: bytes) -> Token | None:
    row = tx.one(f"SELECT {_TOKEN} FROM oauth_tokens WHERE token_hash = ?", (token_hash,))
    return Token._make(row) if row else None


def use_token(tx: Tx, token_hash: bytes) -> None:
    tx.execute("UPDATE oauth_tokens SET used_at = ? WHERE token_hash = ?", (tx.now, token_hash))


def list_tokens(tx: Tx, account_id: int) -> list[Token]:
    rows = tx.query(f"SELECT {_TOKEN} FROM oauth_tokens WHERE account_id = ? ORDER BY created_at", (account_id,))
    return [Token._make(row) for row in rows]


def find_token_by_id(tx: Tx, token_id: int) -> Token | None:
    row = tx.one(f"SELECT {_TOKEN} FROM oauth_tokens WHERE id = ?", (token_id,))
    return Token._make(row) if row else None


def delete_tokens_of_app(tx: Tx, account_id: int, app_id: int) -> int:
    return tx.execute("DELETE FROM oauth_tokens WHERE account_id = ? AND app_id = ?", (account_id, app_id))


def trim_tokens(tx: Tx, account_id: int, most: int) -> int:
    """Keep so many of what programs have for somebody, those used last; what was made by hand stays. How many ended."""
    return tx.execute(
        """DELETE FROM oauth_tokens WHERE id IN (SELECT id FROM oauth_tokens WHERE account_id = ? AND app_id IS NOT NULL
        ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET ?)""",
        (account_id, most),
    )


def trim_app_tokens(tx: Tx, app_id: int, most: int) -> None:
    """Keep so many of those a program has for itself, those used last."""
    tx.execute(
        """DELETE FROM oauth_tokens WHERE id IN (SELECT id FROM oauth_tokens WHERE app_id = ? AND account_id IS NULL
        ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET ?)""",
        (app_id, most),
    )


def delete_token(tx: Tx, token_hash: bytes) -> int:
    return tx.execute("DELETE FROM oauth_tokens WHERE token_hash = ?", (token_hash,))


def delete_tokens(tx: Tx, account_id: int) -> int:
    return tx.execute("DELETE FROM oauth_tokens WHERE account_id = ?", (account_id,))
