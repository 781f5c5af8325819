"""Verbs about other servers as a whole."""

from typing import Any

from fedi import clock, moderation
from fedi.errors import FediError
from fedi.instance import Instance
from fedi.storage import domains as rows
from fedi.storage.db import Tx


async def put(instance: Instance, args: dict[str, Any]) -> None:
    """domain, severity, reason."""
    await instance.db.write(moderation.block_domain, args["domain"], severity=args["severity"], reason=args["reason"])


async def unblock(instance: Instance, args: dict[str, Any]) -> None:
    """domain."""
    await instance.db.write(moderation.unblock_domain, args["domain"])


async def list_all(instance: Instance, args: dict[str, Any]) -> list[dict[str, str]]:
    return instance.db.read(_list)


def _list(tx: Tx) -> list[dict[str, str]]:
    return [
        {"domain": policy.host, "severity": policy.severity, "reason": policy.reason, "created_at": clock.rfc3339(policy.created_at)}
        for policy in rows.list_all(tx)
    ]


async def import_all(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """policies: [[domain, severity, reason], ...]. One that cannot be is left out and said; what is there already stays as it is."""
    return await instance.db.write(_import, args["policies"])


def _import(tx: Tx, policies: list[list[str]]) -> dict[str, Any]:
    known = {policy.host: policy.severity for policy in rows.list_all(tx)}
    added, unchanged, refused = 0, 0, []
    for domain, severity, reason in policies:
        if known.get(domain.strip().lower()) == severity:
            unchanged += 1
            continue
        try:
            moderation.block_domain(tx, domain, severity=severity, reason=reason)
            added += 1
        except FediError as error:
            refused.append({"domain": domain, "why": error.message})
    return {"added": added, "unchanged": unchanged, "refused": refused}
