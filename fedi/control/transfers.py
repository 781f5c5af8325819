"""Verbs about the lists that people take along."""

from typing import Any

from fedi import clock, transfers
from fedi.control.posts import person
from fedi.instance import Instance


async def export(instance: Instance, args: dict[str, Any]) -> str:
    """name, kind."""
    return instance.db.read(lambda tx: transfers.export(tx, person(tx, args["name"]), args["kind"]))


async def begin(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """name, kind, text (CSV). It is gone through while the server runs."""
    account = instance.db.read(person, args["name"])
    lines = transfers.read(args["kind"], args["text"])
    return _shown(await instance.db.write(transfers.begin, account, args["kind"], lines))


async def show(instance: Instance, args: dict[str, Any]) -> dict[str, Any] | None:
    """name."""
    found = instance.db.read(lambda tx: transfers.progress(tx, person(tx, args["name"]).id))
    return _shown(found) if found is not None else None


def _shown(found: transfers.Progress) -> dict[str, Any]:
    return {"kind": found.kind, "lines": found.total, "done": found.at, "failed": found.failed, "begun_at": clock.rfc3339(found.begun_at)}
