"""Rows of `email_confirmations`: letters with a link that have been asked for, one per person. Only hashes of the links are kept."""

import secrets
from typing import NamedTuple

from fedi.storage.db import Tx


class Confirmation(NamedTuple):
    """Whoever knows the link reads the letters of `email`."""

    token_hash: bytes
    account_id: int
    email: str
    created_at: int


_COLUMNS = ", ".join(Confirmation._fields)


def put(tx: Tx, account_id: int, email: str) -> None:
    """Ask for a letter. What was asked for before is void; until the letter is written, nobody knows the link. Source: AUT-27."""
    delete(tx, account_id)
    tx.execute(f"INSERT INTO email_confirmations ({_COLUMNS}) VALUES (?, ?, ?, ?)", (secrets.token_bytes(32), account_id, email, tx.now))


def set_link(tx: Tx, account_id: int, token_hash: bytes) -> None:
    """The letter is written."""
    tx.execute("UPDATE email_confirmations SET token_hash = ? WHERE account_id = ?", (token_hash, account_id))


def find(tx: Tx, token_hash: bytes) -> Confirmation | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM email_confirmations WHERE token_hash = ?", (token_hash,))
    return Confirmation._make(row) if row else None


def find_of(tx: Tx, account_id: int) -> Confirmation | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM email_confirmations WHERE account_id = ?", (account_id,))
    return Confirmation._make(row) if row else None


def delete(tx: Tx, account_id: int) -> None:
    tx.execute("DELETE FROM email_confirmations WHERE account_id = ?", (account_id,))


def prune(tx: Tx, before: int) -> int:
    return tx.execute("DELETE FROM email_confirmations WHERE created_at < ?", (before,))
