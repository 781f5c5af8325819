"""Rows of `domain_allows`: the servers that are talked to where that is an allowlist (`[federation] mode`), with their sub-domains."""

import json
from typing import NamedTuple

from fedi import uris
from fedi.storage.db import Tx


class Allowed(NamedTuple):
    host: str
    created_at: int


def put(tx: Tx, host: str) -> bool:
    """False when it was allowed before."""
    return tx.execute("INSERT INTO domain_allows (host, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING", (host, tx.now)) > 0


def delete(tx: Tx, host: str) -> bool:
    return tx.execute("DELETE FROM domain_allows WHERE host = ?", (host,)) > 0


def is_shut_out(tx: Tx, host: str) -> bool:
    """Whether only listed servers are talked to, and this one (or a domain above it) is not listed."""
    if tx.mode != "allowlist":
        return False
    names = json.dumps(uris.parents(host))
    return tx.one("SELECT 1 FROM domain_allows WHERE host IN (SELECT value FROM json_each(?)) LIMIT 1", (names,)) is None


def list_all(tx: Tx) -> list[Allowed]:
    return [Allowed._make(row) for row in tx.query("SELECT host, created_at FROM domain_allows ORDER BY host")]
