"""Rows of `domain_policies`: servers we want nothing of (`block`) or keep out of lists for everybody (`limit`), with their sub-domains.

Besides, or alone (`none`), a policy may take no files and no reports from them.
"""

import json
from typing import NamedTuple

from fedi import uris
from fedi.storage import allows as allow_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


class Policy(NamedTuple):
    host: str
    severity: str
    reject_media: int
    reject_reports: int
    reason: str
    created_at: int


COLUMNS = ", ".join(Policy._fields)


def put(tx: Tx, policy: Policy) -> None:
    """Add a policy, or change the one there is; since when stays."""
    tx.execute(
        f"INSERT INTO domain_policies ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (host) DO UPDATE SET severity = excluded.severity, reject_media = excluded.reject_media,"
        " reject_reports = excluded.reject_reports, reason = excluded.reason",
        policy,
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
    """Whether nothing is taken from a host and nothing sent there: a policy says so, or only others are talked to."""
    policy = find(tx, host)
    return (policy is not None and policy.severity == "block") or allow_rows.is_shut_out(tx, host)


def rejects_media(tx: Tx, host: str) -> bool:
    """Whether no files of a host, or of a domain above it, are fetched or shown."""
    names = json.dumps(uris.parents(host))
    sql = "SELECT 1 FROM domain_policies WHERE host IN (SELECT value FROM json_each(?)) AND (reject_media OR severity = 'block') LIMIT 1"
    return tx.one(sql, (names,)) is not None


def rejects_media_of(tx: Tx, account: Account) -> bool:
    """The same of an account: where its handle ends or its id lives."""
    return any(rejects_media(tx, host) for host in dict.fromkeys((account.host, uris.host(account.uri))))


def rejects_reports(tx: Tx, host: str) -> bool:
    """Whether no reports of a host, or of a domain above it, are taken."""
    names = json.dumps(uris.parents(host))
    return tx.one("SELECT 1 FROM domain_policies WHERE host IN (SELECT value FROM json_each(?)) AND reject_reports", (names,)) is not None


def severity_of(tx: Tx, *hosts: str) -> str:
    """The heaviest of the policies that hold for the hosts of one account (its handle's and its id's): `block`, `limit` or ''."""
    if any(allow_rows.is_shut_out(tx, host) for host in hosts):
        return "block"
    found = {policy.severity for policy in (find(tx, host) for host in dict.fromkeys(hosts)) if policy is not None}
    return next((severity for severity in ("block", "limit") if severity in found), "")


def list_all(tx: Tx) -> list[Policy]:
    return [Policy._make(row) for row in tx.query(f"SELECT {COLUMNS} FROM domain_policies ORDER BY host")]
