"""Rows of `domain_policies`: servers we want nothing of (`block`) or keep out of lists for everybody (`limit`), with their sub-domains."""

import json
from typing import NamedTuple

from fedi import uris
from fedi.storage.db import Tx


class Policy(NamedTuple):
    host: str
    severity: str
    reason: str
    created_at: int


COLUMNS = ", ".join(Policy._fields)


def put(tx: Tx, host: str, severity: str, reason: str) -> None:
    tx.execute(
        f"INSERT INTO domain_policies ({COLUMNS}) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (host) DO UPDATE SET severity = excluded.severity, reason = excluded.reason",
        (host, severity, reason, tx.now),
    )


def delete(tx: Tx, host: str) -> bool:
    return tx.execute("DELETE FROM domain_policies WHERE host = ?", (host,)) > 0


def find(tx: Tx, host: str) -> Policy | None:
    """The policy that holds for a host: its own, or that of the nearest domain above it."""
    names = uris.parents(host)
    rows = tx.query(f"SELECT {COLUMNS} FROM domain_policies WHERE host IN (SELECT value FROM json_each(?))", (json.dumps(names),))
    found = {row[0]: Policy._make(row) for row in rows}
    return next((found[name] for name in names if name in found), None)


def is_blocked(tx: Tx, host: str) -> bool:
    policy = find(tx, host)
    return policy is not None and policy.severity == "block"


def rejects_media(tx: Tx, host: str) -> bool:
    """Whether no files of a host, or of a domain above it, are fetched or shown."""
    names = json.dumps(uris.parents(host))
    sql = "SELECT 1 FROM domain_policies WHERE host IN (SELECT value FROM json_each(?)) AND (reject_media OR severity = 'block') LIMIT 1"
    return tx.one(sql, (names,)) is not None


def severity_of(tx: Tx, *hosts: str) -> str:
    """The heaviest of the policies that hold for the hosts of one account (its handle's and its id's): `block`, `limit` or ''."""
    found = {policy.severity for policy in (find(tx, host) for host in dict.fromkeys(hosts)) if policy is not None}
    return "block" if "block" in found else "limit" if found else ""


def list_all(tx: Tx) -> list[Policy]:
    return [Policy._make(row) for row in tx.query(f"SELECT {COLUMNS} FROM domain_policies ORDER BY host")]
