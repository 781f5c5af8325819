"""Verbs about other servers as a whole."""

from typing import Any

from fedi import clock, moderation
from fedi.errors import FediError
from fedi.instance import Instance
from fedi.storage import allows as allow_rows
from fedi.storage import domains as rows
from fedi.storage.db import Tx


async def put(instance: Instance, args: dict[str, Any]) -> None:
    """domain, severity, reason, rejects (a list of `media`, `reports`)."""
    await instance.db.write(
        moderation.block_domain, args["domain"], severity=args["severity"], reason=args["reason"], rejects=args.get("rejects", [])
    )


async def unblock(instance: Instance, args: dict[str, Any]) -> None:
    """domain."""
    await instance.db.write(moderation.unblock_domain, args["domain"])


async def list_all(instance: Instance, args: dict[str, Any]) -> list[dict[str, Any]]:
    return instance.db.read(_list)


def _list(tx: Tx) -> list[dict[str, Any]]:
    return [
        {
            "domain": policy.host,
            "severity": policy.severity,
            "reject_media": bool(policy.reject_media),
            "reject_reports": bool(policy.reject_reports),
            "reason": policy.reason,
            "created_at": clock.rfc3339(policy.created_at),
        }
        for policy in rows.list_all(tx)
    ]


async def allow(instance: Instance, args: dict[str, Any]) -> None:
    """domain."""
    await instance.db.write(moderation.allow_domain, args["domain"])


async def disallow(instance: Instance, args: dict[str, Any]) -> None:
    """domain."""
    await instance.db.write(moderation.disallow_domain, args["domain"])


async def list_allowed(instance: Instance, args: dict[str, Any]) -> list[dict[str, Any]]:
    found = instance.db.read(allow_rows.list_all)
    return [{"domain": one.host, "created_at": clock.rfc3339(one.created_at)} for one in found]


async def import_all(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """policies: [[domain, severity, reason, rejects], ...]. One that cannot be is left out and said; what is there already stays."""
    return await instance.db.write(_import, args["policies"])


def _import(tx: Tx, policies: list[list[Any]]) -> dict[str, Any]:
    known = {policy.host: policy for policy in rows.list_all(tx)}
    added, unchanged, refused = 0, 0, []
    for domain, severity, reason, *rest in policies:
        rejects = list(rest[0]) if rest else []
        present = known.get(domain.strip().lower())
        if present is not None and (present.severity, moderation.rejected(present)) == (severity, sorted(rejects)):
            unchanged += 1
            continue
        try:
            moderation.block_domain(tx, domain, severity=severity, reason=reason, rejects=rejects)
            added += 1
        except FediError as error:
            refused.append({"domain": domain, "why": error.message})
    return {"added": added, "unchanged": unchanged, "refused": refused}
