# ruff: noqa: T201 (what it prints is what it is for)
"""Prints how much of the client API a running instance does: `python -m tests.coverage`. Ends with 1 when something is missing."""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.coverage import house, people, reading, telling, writing  # noqa: F401 (they register their checks)
from tests.coverage.world import Endpoint, endpoints, run, running

TIERS = {
    48: ("what Phanpy and Elk both call and Mastodon has since 2.9", lambda e: {"phanpy", "elk"} <= e.called_by and _since(e) <= (2, 9)),
    65: ("what Phanpy and Elk both call", lambda e: {"phanpy", "elk"} <= e.called_by),
    128: ("what one of them calls", lambda e: bool({"phanpy", "elk"} & e.called_by)),
    216: ("every core endpoint", lambda e: e.state == "core"),
}


def _since(endpoint: Endpoint) -> tuple[int, ...]:
    return tuple(int(part) for part in endpoint.since.split(".")[:2]) if endpoint.since[:1].isdigit() else (9, 9)


async def results(folder: Path) -> dict[str, str]:
    """What is wrong with every endpoint, by name; '' when nothing is."""
    found = {}
    async with running(folder) as world:
        for endpoint in endpoints():
            try:
                await run(world, endpoint.name)
                found[endpoint.name] = ""
            except Exception as error:
                found[endpoint.name] = f"{type(error).__name__}: {error}"[:300] or type(error).__name__
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(results(Path(folder)))
    for name, wrong in found.items():
        if wrong:
            print(f"missing  {name}\n         {wrong}")
    for size, (what, belongs) in TIERS.items():
        wanted = [endpoint.name for endpoint in endpoints() if belongs(endpoint)]
        done = sum(not found[name] for name in wanted)
        print(f"{done:3} of {len(wanted):3}  {what}")
        assert len(wanted) == size
    extra = [endpoint.name for endpoint in endpoints() if endpoint.state != "core"]
    print(f"{sum(not found[name] for name in extra):3} of {len(extra):3}  deprecated endpoints that clients still call")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
