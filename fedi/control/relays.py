"""Verbs about relays."""

from typing import Any

from fedi import clock, relays
from fedi.instance import Instance
from fedi.storage import relays as rows
from fedi.storage.db import Tx


async def add(instance: Instance, args: dict[str, Any]) -> None:
    """uri: an inbox, or an actor, which is read first."""
    uri = args["uri"].strip()
    actor = await instance.remote.actor(uri, refresh=True) if relays.style_of(uri) == "actor" else None
    await instance.db.write(relays.add, uri, actor)


async def remove(instance: Instance, args: dict[str, Any]) -> None:
    """uri."""
    await instance.db.write(relays.remove, args["uri"].strip())


async def list_all(instance: Instance, args: dict[str, Any]) -> list[dict[str, Any]]:
    return instance.db.read(_list)


def _list(tx: Tx) -> list[dict[str, Any]]:
    return [
        {"uri": relay.uri, "style": relay.style, "state": relay.state, "created_at": clock.rfc3339(relay.created_at)}
        for relay in rows.list_all(tx)
    ]
