"""What is next for each host: a lane per host keeps the head of its queue in memory and the order of what concerns one object.

Also the signing of many requests in few turns of a thread. Nothing here sends anything: delivery.py does.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from fedi import limits
from fedi.activitypub import backoff, signatures
from fedi.activitypub.keys import PrivateKey
from fedi.storage import deliveries as rows
from fedi.storage import domains as domain_rows
from fedi.storage import hosts as host_rows
from fedi.storage.db import Database, Tx
from fedi.storage.deliveries import Delivery
from fedi.storage.hosts import Host

_READ = 1024  # rows of one host looked through at a time
_KEPT = 128  # of those, kept
_SIGNED = 32  # requests signed in one turn of a thread


def order(delivery: Delivery) -> tuple[int, str]:
    """Deliveries of one object to one inbox go one after the other, the oldest first."""
    return delivery.inbox_id, delivery.object_uri


class Lane:
    """What waits for one host.

    `_waiting` is due and in order; it is all there is unless `_stale`, and then the table is read when it is used up. A delivery is
    in `_busy` from its claim until its outcome is written, and its order in `_flying` until it is answered.
    """

    __slots__ = (
        "_busy",
        "_failures",
        "_flying",
        "_held",
        "_known",
        "_stale",
        "_waiting",
        "host",
        "is_blocked",
        "is_ready",
        "look_again_at",
    )

    def __init__(self, host: str) -> None:
        self.host = host
        self.is_ready = False  # whether it stands in the sender's row
        self.is_blocked = False
        self.look_again_at = 0  # when something will be due; 0 when nothing will
        self._known: Host | None = None
        self._failures = 0  # not yet in its record
        self._waiting: deque[Delivery] = deque()
        self._busy: dict[tuple[int, int], bool] = {}  # (activity, inbox) -> whether it has failed and will be tried again
        self._flying: set[tuple[int, str]] = set()
        self._held: set[tuple[int, str]] = set()  # an older one of that order is not due yet
        self._stale = True

    @property
    def scheme(self) -> str:
        """How requests are signed for this host."""
        return self._known.signature if self._known is not None and self._known.signature else "cavage"

    @property
    def is_idle(self) -> bool:
        """Whether forgetting this lane loses nothing."""
        return not (self._waiting or self._busy or self._stale or self._held or self.is_ready)

    def forget(self) -> None:
        """Read everything anew before the next claim."""
        self._known = None
        self._stale = True
        self._waiting.clear()

    def learn(self, known: Host) -> bool:
        """What the host's record says now; returns whether its circuit is open."""
        self._known = known
        self._failures = 0
        return known.open_until > 0

    def add(self, delivery: Delivery) -> bool:
        """One that was just queued; whether the lane is worth a look. Where the table is to be read anyway, it is found there."""
        if self._stale:
            return True
        key = (delivery.activity_id, delivery.inbox_id)
        if key in self._busy or any(key == (one.activity_id, one.inbox_id) for one in self._waiting):
            return False
        if len(self._waiting) >= _KEPT or order(delivery) in self._held:
            self._stale = True
            return bool(self._waiting)
        self._waiting.append(delivery)
        return True

    def claim(self, db: Database, now: int) -> Delivery | None:
        """The next one to send: the oldest that is due and whose order is free. None when there is none now: see `look_again_at`."""
        if self._known is None:
            self._known, self.is_blocked = db.read(_read_host, self.host)
        known = self._known
        if known.open_until > now:
            self.look_again_at = known.open_until
            return None
        if known.failures + self._failures >= backoff.CIRCUIT_FAILURES:
            if self._busy:  # one probe at a time, and what it came to is waited for
                return None
        elif len(self._flying) >= limits.IN_FLIGHT_PER_HOST:
            return None
        found = self._first()
        if found is None and self._stale:
            self._read(db, now)
            found = self._first()
        if found is not None:
            self._waiting.remove(found)
            self._busy[found.activity_id, found.inbox_id] = False
            self._flying.add(order(found))
        return found

    def _first(self) -> Delivery | None:
        return next((one for one in self._waiting if order(one) not in self._flying), None)

    def _read(self, db: Database, now: int) -> None:
        """Fill `_waiting` from the table."""
        found = db.read(rows.list_queued, self.host, _READ)
        self._waiting.clear()
        self._stale = len(found) == _READ
        self._held = set()
        for one in found:
            failed = self._busy.get((one.activity_id, one.inbox_id))
            if failed is False or order(one) in self._held:
                continue
            if failed or one.next_at > now:
                self._held.add(order(one))
                if not failed:
                    self.look_again_at = min(self.look_again_at or one.next_at, one.next_at)
            elif len(self._waiting) < _KEPT:
                self._waiting.append(one)
            else:
                self._stale = True
                break

    def landed(self, delivery: Delivery, *, failed: bool, written: bool) -> None:
        """A claimed one was answered, or need not be sent (`written`: nothing will be written of it)."""
        self._flying.discard(order(delivery))
        if written:
            self.written(delivery)
        elif failed:
            self._failures += 1
            self._busy[delivery.activity_id, delivery.inbox_id] = True
            self._held.add(order(delivery))
            self._waiting = deque(one for one in self._waiting if order(one) != order(delivery))
            self._stale = True

    def written(self, delivery: Delivery) -> None:
        """Its outcome is in the table."""
        self._busy.pop((delivery.activity_id, delivery.inbox_id), None)


def _read_host(tx: Tx, host: str) -> tuple[Host, bool]:
    return host_rows.find(tx, host) or Host(host), domain_rows.is_blocked(tx, host)


class Signing:
    """Signs in a thread: what is asked for while it is at work is its next turn, so that many cost few changes of thread."""

    def __init__(self, cpu: Callable[..., Awaitable[Any]]) -> None:
        self._cpu = cpu
        self._asked: list[tuple[PrivateKey, bytes, asyncio.Future[bytes]]] = []
        self._task: asyncio.Task[None] | None = None

    async def sign(self, key: PrivateKey, data: bytes) -> bytes:
        """The bare signature."""
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked.append((key, data, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        try:
            while self._asked:
                turn, self._asked = self._asked[:_SIGNED], self._asked[_SIGNED:]
                try:
                    signed: list[bytes] = await self._cpu(_sign_all, [(key, data) for key, data, _ in turn])
                except Exception as error:
                    _settle([(future, error) for *_, future in turn])
                else:
                    _settle([(future, signature) for (*_, future), signature in zip(turn, signed, strict=True)])
        finally:
            self._task = None


def _sign_all(asked: list[tuple[PrivateKey, bytes]]) -> list[bytes]:
    return [signatures.sign_bytes(key, data) for key, data in asked]


def _settle(results: list[tuple["asyncio.Future[bytes]", bytes | Exception]]) -> None:
    for future, result in results:
        if future.done():  # nobody waits for it any more
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
