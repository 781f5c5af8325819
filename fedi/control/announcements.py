"""Verbs about announcements, and about words to single people."""

from typing import Any

from fedi import announcements, clock, warnings
from fedi.control import accounts
from fedi.instance import Instance
from fedi.storage import announcements as rows
from fedi.storage.announcements import Announcement


async def create(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """text (Markdown), starts and ends (a day, a time or ''), all_day."""
    starts_at, ends_at = (announcements.parse_time(args[name], name) for name in ("starts", "ends"))
    made = await instance.db.write(announcements.create, args["text"], starts_at=starts_at, ends_at=ends_at, all_day=bool(args["all_day"]))
    return _shown(made)


async def list_all(instance: Instance, args: dict[str, Any]) -> list[dict[str, Any]]:
    return [_shown(one) for one in instance.db.read(rows.list_all)]


async def delete(instance: Instance, args: dict[str, Any]) -> None:
    """id."""
    await instance.db.write(announcements.remove, args["id"])


async def warn(instance: Instance, args: dict[str, Any]) -> None:
    """name, text, post_ids."""
    await instance.db.write(lambda tx: warnings.give(tx, accounts.get(tx, args["name"]), args["text"], post_ids=args["post_ids"]))


def _shown(one: Announcement) -> dict[str, Any]:
    times = {name: clock.rfc3339(at) if at is not None else "" for name, at in (("starts_at", one.starts_at), ("ends_at", one.ends_at))}
    return {
        "id": str(one.id),
        "text": one.text_source,
        **times,
        "all_day": bool(one.all_day),
        "published_at": clock.rfc3339(one.published_at),
    }
