"""Verbs about files on disk."""

from typing import Any

from fedi.chores import CHORES
from fedi.instance import Instance
from fedi.storage import media as rows


async def usage(instance: Instance, args: dict[str, Any]) -> dict[str, int]:
    return instance.db.read(rows.usage)._asdict()


async def prune(instance: Instance, args: dict[str, Any]) -> dict[str, int]:
    """Do now what the chore does by the clock."""
    before = instance.db.read(rows.usage)
    await CHORES["prune-media"][1](instance)
    after = instance.db.read(rows.usage)
    return {
        "files": before.local_files + before.remote_files - after.local_files - after.remote_files,
        "bytes": before.local_bytes + before.remote_bytes - after.local_bytes - after.remote_bytes,
    }
