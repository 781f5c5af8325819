"""Rows of `account_keys`: public keys of everybody, private ones of our own."""

from typing import NamedTuple

from fedi.errors import NotFound
from fedi.storage.db import Tx


class Key(NamedTuple):
    """`uri` is the keyId. `private_pem` is None for remote accounts."""

    uri: str
    account_id: int
    public_pem: str
    private_pem: str | None
    fetched_at: int


COLUMNS = ", ".join(Key._fields)


def put(tx: Tx, key: Key) -> None:
    """Add a key or replace what was known under its id. A key of somebody else stays theirs: listing it proves nothing."""
    tx.execute(
        f"INSERT INTO account_keys ({COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT (uri) DO UPDATE SET public_pem = excluded.public_pem,"
        " private_pem = excluded.private_pem, fetched_at = excluded.fetched_at WHERE account_id = excluded.account_id",
        key,
    )


def replace(tx: Tx, account_id: int, keys: list[Key]) -> None:
    """The remote account's document lists these keys, and no others any more."""
    tx.execute("DELETE FROM account_keys WHERE account_id = ? AND private_pem IS NULL", (account_id,))
    for key in keys:
        put(tx, key)


def find(tx: Tx, uri: str) -> Key | None:
    row = tx.one(f"SELECT {COLUMNS} FROM account_keys WHERE uri = ?", (uri,))
    return Key._make(row) if row else None


def list_of(tx: Tx, account_id: int) -> list[Key]:
    return [Key._make(row) for row in tx.query(f"SELECT {COLUMNS} FROM account_keys WHERE account_id = ? ORDER BY uri", (account_id,))]


def get_rsa(tx: Tx, account_id: int) -> Key:
    """The key a local account signs requests with (its `#main-key`); raises NotFound."""
    for key in list_of(tx, account_id):
        if key.private_pem and key.uri.endswith("#main-key"):
            return key
    raise NotFound("That account has no signing key.")


def delete_private(tx: Tx, account_id: int) -> None:
    """Destroy the private keys of an account that has told everybody of its end."""
    tx.execute("DELETE FROM account_keys WHERE account_id = ?", (account_id,))


def list_of_deleted(tx: Tx) -> list[int]:
    """Accounts of this server that have ended and still have keys."""
    rows = tx.query(
        "SELECT DISTINCT k.account_id FROM account_keys k JOIN accounts a ON a.id = k.account_id WHERE a.deleted_at IS NOT NULL"
    )
    return [row[0] for row in rows]
