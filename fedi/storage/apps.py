"""Rows of `apps` and `oauth_codes`: programs that asked to be known, and the codes with which people let them in. Tokens are users.py's."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi.storage.db import Tx


class App(NamedTuple):
    """A program. `redirect_uris` is JSON, `scopes` separated by spaces: the most a token of it can have."""

    id: int
    client_id: str
    secret_hash: bytes
    name: str
    website: str
    redirect_uris: str
    scopes: str
    created_at: int
    used_at: int

    def places(self) -> list[str]:
        """Where it may send people back to."""
        return [str(uri) for uri in json.loads(self.redirect_uris)]


class Code(NamedTuple):
    """Somebody's consent, on its way to the program. Shown a second time it ends `token_id`."""

    code_hash: bytes
    app_id: int
    account_id: int
    redirect_uri: str
    scopes: str
    challenge: str
    created_at: int
    used_at: int | None
    token_id: int | None


class Admitted(NamedTuple):
    """A program somebody has let in, or a token made by hand (`app_id` None), with all its scopes and its last use."""

    token_id: int
    app_id: int | None
    name: str
    website: str
    scopes: str
    created_at: int
    used_at: int


_APP = ", ".join(App._fields)
_CODE = ", ".join(Code._fields)


def insert(tx: Tx, app: App) -> None:
    tx.execute(f"INSERT INTO apps ({_APP}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", app)


def find(tx: Tx, app_id: int) -> App | None:
    row = tx.one(f"SELECT {_APP} FROM apps WHERE id = ?", (app_id,))
    return App._make(row) if row else None


def find_by_client(tx: Tx, client_id: str) -> App | None:
    row = tx.one(f"SELECT {_APP} FROM apps WHERE client_id = ?", (client_id,))
    return App._make(row) if row else None


def mark_used(tx: Tx, app_id: int) -> None:
    tx.execute("UPDATE apps SET used_at = ? WHERE id = ?", (tx.now, app_id))


def prune(tx: Tx, before: int) -> int:
    """Forget programs older than a time that nobody has let in; how many."""
    return tx.execute(
        """DELETE FROM apps WHERE created_at < :before AND used_at < :before
        AND NOT EXISTS (SELECT 1 FROM oauth_tokens t WHERE t.app_id = apps.id)
        AND NOT EXISTS (SELECT 1 FROM posts p WHERE p.app_id = apps.id)
        AND NOT EXISTS (SELECT 1 FROM scheduled_posts s WHERE s.app_id = apps.id)""",
        {"before": before},
    )


def list_admitted(tx: Tx, account_id: int) -> list[Admitted]:
    """What may act for somebody, each program once and the one used last first; tokens made by hand one by one."""
    rows = tx.query(
        """SELECT max(t.id), t.app_id, coalesce(a.name, t.name), coalesce(a.website, ''), group_concat(t.scopes, ' '),
          min(t.created_at), max(t.used_at) AS used
        FROM oauth_tokens t LEFT JOIN apps a ON a.id = t.app_id WHERE t.account_id = ?
        GROUP BY t.app_id, CASE WHEN t.app_id IS NULL THEN t.id END ORDER BY used DESC, max(t.id) DESC""",
        (account_id,),
    )
    return [Admitted._make(row) for row in rows]


# -- codes --


def insert_code(tx: Tx, code: Code) -> None:
    tx.execute(f"INSERT INTO oauth_codes ({_CODE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", code)


def find_code(tx: Tx, code_hash: bytes) -> Code | None:
    row = tx.one(f"SELECT {_CODE} FROM oauth_codes WHERE code_hash = ?", (code_hash,))
    return Code._make(row) if row else None


def use_code(tx: Tx, code_hash: bytes, token_id: int | None) -> None:
    tx.execute("UPDATE oauth_codes SET used_at = ?, token_id = ? WHERE code_hash = ?", (tx.now, token_id, code_hash))


def delete_codes(tx: Tx, account_id: int) -> None:
    """What was agreed to and not fetched yet is off."""
    tx.execute("DELETE FROM oauth_codes WHERE account_id = ?", (account_id,))


def delete_codes_of_app(tx: Tx, account_id: int, app_id: int) -> None:
    tx.execute("DELETE FROM oauth_codes WHERE account_id = ? AND app_id = ?", (account_id, app_id))


def prune_codes(tx: Tx, before: int) -> int:
    return tx.execute("DELETE FROM oauth_codes WHERE created_at < ?", (before,))


def list_programs(tx: Tx, post_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """(name, website) of the programs that many posts were written with, by post id."""
    rows = tx.query(
        "SELECT p.id, a.name, a.website FROM posts p JOIN apps a ON a.id = p.app_id WHERE p.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(post_ids)),),
    )
    return {row[0]: (row[1], row[2]) for row in rows}
