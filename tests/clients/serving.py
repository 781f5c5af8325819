"""`python -m tests.clients.serving FOLDER`: the instance of the coverage run in a process of its own, with many people and one of each
thing that programs cannot make.

It says in one line of JSON on standard output what is there, and ends with its standard input. Its log goes to standard error.
"""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from fedi import newsletters, policies, posts
from fedi.control import announcements, pages, rules
from fedi.storage.accounts import Account
from tests.coverage.world import EVERYTHING, World, running
from tests.coverage.writing import linked

PEOPLE = 200  # each of them with a token that opens everything


ASKING = 20  # posts of each of the two that ask them before anybody may like them


def _asking(w: World, who: Account) -> str:
    return str(w.run(posts.publish, who, posts.Draft("ask me", policy=((policies.LIKE, "ask"),)), {}).id)


def _person(w: World, who: Account) -> dict[str, str]:
    return {"id": str(who.id), "name": who.username, "token": w.token(who, EVERYTHING)}


async def _things(w: World) -> dict[str, Any]:
    """What is there, by id."""
    abroad = w.post(w.carol, "guten Tag", language="de")
    w.run(lambda tx: tx.execute("UPDATE posts SET published_at = published_at - 3600000 WHERE id = ?", (abroad.id,)))
    await rules.add(w.instance, {"text": "Be kind.", "hint": "Always."})
    await pages.set_text(w.instance, {"page": "terms", "text": "You *may*.", "effective": "2026-01-02"})
    await pages.set_text(w.instance, {"page": "privacy", "text": "We keep little."})
    said = {"text": "Maintenance on *Sunday*", "starts": "", "ends": "", "all_day": False}
    for owner in (w.alice, w.bob):
        w.run(newsletters.switch, w.instance.config, owner.id, True)
    announcement = await announcements.create(w.instance, said)
    return {
        "port": w.client.server.port,
        "people": [_person(w, who) for who in (w.alice, w.bob, *(w.person() for _ in range(PEOPLE)))],
        "carol": str(w.carol.id),
        "abroad": str(abroad.id),
        "linked": await linked(w),
        "asking": {who.username: [_asking(w, who) for _ in range(ASKING)] for who in (w.alice, w.bob)},
        "announcement": str(announcement["id"]),
    }


async def _serve(folder: Path) -> None:
    async with running(folder) as w:
        print(json.dumps(await _things(w)), flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    asyncio.run(_serve(Path(sys.argv[1])))
