"""Rows of `notification_policies` and `notification_permissions`: what people are not told at once."""

from typing import Final, NamedTuple

from fedi.storage.db import Tx

ACCEPT: Final = "accept"
CHOICES: Final = (ACCEPT, "filter", "drop")


class Policy(NamedTuple):
    """One of `accept`, `filter`, `drop` for each kind of sender. Who has never chosen anything is told everything."""

    not_following: str = ACCEPT
    not_followers: str = ACCEPT
    new_accounts: str = ACCEPT
    private_mentions: str = ACCEPT
    limited_accounts: str = ACCEPT


_COLUMNS: Final = ", ".join(Policy._fields)


def get(tx: Tx, account_id: int) -> Policy:
    row = tx.one(f"SELECT {_COLUMNS} FROM notification_policies WHERE account_id = ?", (account_id,))
    return Policy._make(row) if row is not None else Policy()


def put(tx: Tx, account_id: int, policy: Policy) -> None:
    """A policy that accepts everything is none."""
    tx.execute("DELETE FROM notification_policies WHERE account_id = ?", (account_id,))
    if policy != Policy():
        sql = f"INSERT INTO notification_policies (account_id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
        tx.execute(sql, (account_id, *policy))


def permit(tx: Tx, account_id: int, from_account_id: int) -> None:
    """Hear of that account whatever the policy says."""
    sql = "INSERT INTO notification_permissions (account_id, from_account_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    tx.execute(sql, (account_id, from_account_id, tx.now))
