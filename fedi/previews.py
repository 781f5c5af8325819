"""The worker that looks at links: some of those that are due at a time, in one transaction; then their pages, a few at once.

A link waits as a row until it has been looked at, so that none is lost when the program ends in between. While many posts arrive,
links of others rest for a while: what is shown beside a post is worth less than the posts that wait to be taken in. Source: DOS-19.
"""

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import Final

from fedi import cardreader, cards, clock, limits
from fedi.cardreader import Desk
from fedi.errors import Unavailable
from fedi.storage import due_links as rows
from fedi.storage.due_links import DueLink
from fedi.streaming import Event, Hub

log = logging.getLogger(__name__)

_AHEAD: Final = 32  # links taken up and not yet done
_OWN_AHEAD: Final = 4
_LOOK_S: Final = 1.0  # between two looks: what is due within that time is taken up together
_IDLE_S: Final = 10.0


class Previews:
    """Looks at links between `start` and `stop`; with `is_wanted` false it only forgets them. `settle` waits until none is due."""

    def __init__(self, desk: Desk, hub: Hub, *, is_wanted: bool) -> None:
        self._desk = desk
        self._is_wanted = is_wanted
        self._lanes: dict[str, deque[cards.Claim]] = {}  # of sites; each with a task at work
        self._taken: set[int] = set()  # ids of posts
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(limits.CARD_LANES)
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._loop_task: asyncio.Task[None] | None = None
        self._arrived, self._counted_at = 0, monotonic()
        self._is_busy = False
        hub.subscribe("link", lambda _: self._wake.set())
        hub.subscribe("post", self._count)

    def _count(self, _: Event) -> None:
        self._arrived += 1

    def start(self) -> None:
        self._loop_task = asyncio.create_task(self._run(), name="previews")

    async def stop(self) -> None:
        """What is at work ends now, and is looked at again after the next start."""
        tasks = [*self._tasks, *([self._loop_task] if self._loop_task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settle(self) -> None:
        """Look at what is due until nothing is; also without `start`."""
        while await self._look() or self._tasks:
            if self._tasks:
                await asyncio.wait(tuple(self._tasks))

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                self._measure()
                while await self._look(rests=self._is_busy):
                    pass  # others write in between
                wait_s = self._wait_s()
            except Unavailable:
                wait_s = _LOOK_S
            except Exception:
                log.exception("the links that are due could not be read")
                wait_s = _IDLE_S
            try:
                await asyncio.wait_for(self._wake.wait(), wait_s)
            except TimeoutError:
                continue

    def _measure(self) -> None:
        """Whether many posts have arrived since the last look."""
        now = monotonic()
        if now - self._counted_at >= _LOOK_S / 2:
            self._is_busy = self._arrived > limits.CARD_REST_POSTS * (now - self._counted_at)
            self._arrived, self._counted_at = 0, now

    def _wait_s(self) -> float:
        next_at = self._desk.db.read(rows.next_run_at)
        return _IDLE_S if next_at is None else min(max((next_at - clock.now()) / clock.SECOND, _LOOK_S), _IDLE_S)

    async def _look(self, *, rests: bool = False) -> bool:
        """Take up what is due and there is room for; whether there was any."""
        async with self._looking:
            due = self._due(rests)
            if due:
                await self._take(due)
        return bool(due)

    async def _take(self, due: list[DueLink]) -> None:
        if not self._is_wanted:
            await self._desk.db.write(rows.settle, due)
            return
        self._taken.update(one.post_id for one in due)
        claims: list[cards.Claim] = []
        try:
            claims = await self._desk.db.write(cards.claim_all, due, {claim.card.id for lane in self._lanes.values() for claim in lane})
        finally:
            self._taken.difference_update({one.post_id for one in due} - {one.due.post_id for one in claims})
        for claim in claims:
            self._queue(claim)

    def _due(self, rests: bool) -> list[DueLink]:
        """What people here write finds room always; what others do only where there is some, and if it rests, when it is overdue."""
        room = _AHEAD - len(self._taken)
        only_own = room <= 0 or rests
        due = self._desk.db.read(rows.list_due, max(room, _OWN_AHEAD), self._taken, only_own=only_own)
        if due or not rests or room <= 0:
            return due
        overdue = clock.now() - limits.CARD_REST_S * clock.SECOND
        return [one for one in self._desk.db.read(rows.list_due, room, self._taken) if one.run_at < overdue]

    def _queue(self, claim: cards.Claim) -> None:
        """One site waits for itself, so that a slow one holds up few; what people here write does not wait for what others do."""
        lane = self._lanes.get(claim.lane)
        if lane is not None:
            lane.append(claim)
            return
        self._lanes[claim.lane] = deque([claim])
        task = asyncio.create_task(self._work(claim.lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, name: str) -> None:
        lane = self._lanes[name]
        try:
            while lane:
                async with self._places:
                    await self._read(lane[0])
                self._taken.discard(lane.popleft().due.post_id)
        finally:
            self._taken.difference_update(claim.due.post_id for claim in lane)
            del self._lanes[name]
            self._wake.set()

    async def _read(self, claim: cards.Claim) -> None:
        """Tried once; only where it could not be written down it is tried again."""
        try:
            await cardreader.read(self._desk, claim)
        except Unavailable:
            await asyncio.sleep(_LOOK_S)
        except Exception:
            log.exception("the link of post %d could not be looked at", claim.due.post_id)
            await self._desk.db.write(rows.settle, [claim.due])
