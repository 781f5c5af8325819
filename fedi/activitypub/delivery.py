"""The worker that sends: claims per host fairly, signs at send time, backs off, writes what came of it.

Claims live in memory and outcomes are written in batches: a crash repeats a delivery, and never loses one. The queue itself is rows
(storage/deliveries.py), made in the transaction of the act.
"""

import asyncio
import logging
from collections import OrderedDict
from typing import NamedTuple

from fedi import clock, limits
from fedi.activitypub import backoff, keys, signatures, vocab
from fedi.activitypub.backoff import Verdict
from fedi.activitypub.remote import Remote
from fedi.errors import NotFound, RemoteError, Unreachable
from fedi.http import Answer, Client, may_be_ours
from fedi.plaintext import line, text
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as rows
from fedi.storage import domains as domain_rows
from fedi.storage import hosts as host_rows
from fedi.storage import keys as key_rows
from fedi.storage.db import Database, Tx
from fedi.storage.deliveries import Delivery, Outcome
from fedi.storage.hosts import Host
from fedi.streaming import Event, Hub

log = logging.getLogger(__name__)

_LOOK_AHEAD = 64  # rows read per host at a time
_BODIES = 256  # kept in memory: one activity goes to many inboxes


class _Lane:
    """What is known of one host while something waits for it."""

    __slots__ = ("busy", "due_at", "objects")

    def __init__(self, due_at: int) -> None:
        self.due_at = due_at
        self.busy: set[tuple[int, int]] = set()  # (activity id, inbox id) under way
        self.objects: set[str] = set()


class _Body(NamedTuple):
    data: bytes
    digest: str


class Sender:
    """One per instance. `start` and `stop` bracket its life; `settle` waits until nothing is due."""

    def __init__(self, remote: Remote, http: Client, db: Database, hub: Hub) -> None:
        self._remote = remote
        self._http = http
        self._db = db
        self._lanes: dict[str, _Lane] = {}
        self._bodies: OrderedDict[int, _Body] = OrderedDict()
        self._keys: dict[int, signatures.Key] = {}
        self._outcomes: list[tuple[Delivery, Outcome, Verdict]] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop_task: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._stopping = False
        hub.subscribe("delivery", self._on_delivery)
        hub.subscribe("host_back", self._on_host_back)
        hub.subscribe("queue", lambda _: self._reload())
        hub.subscribe("storage.reopened", lambda _: self._reload())

    # -- life --

    def start(self) -> None:
        self._reload()
        self._loop_task = asyncio.create_task(self._run(), name="delivery")

    async def stop(self) -> None:
        """Claim nothing more, let what is under way finish for a moment, and write what came of it."""
        self._stopping = True
        self._wake.set()
        if self._loop_task is not None:
            await self._loop_task
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._write_outcomes()

    async def settle(self) -> None:
        """Until nothing that is due now is left to send and everything is written down."""
        await asyncio.sleep(0)
        while True:
            self._wake.set()
            self._idle.clear()
            await self._idle.wait()
            if not self._tasks and not self._outcomes and self._writing is None and not self._due_now():
                return
            await asyncio.sleep(0.005)

    def _due_now(self) -> bool:
        now = clock.now()
        return any(lane.due_at <= now for lane in self._lanes.values())

    def _reload(self) -> None:
        """Look at the table anew: at start, and after a commit whose fate was unknown."""
        for host, due_at in self._db.read(rows.list_queued_hosts):
            lane = self._lanes.setdefault(host, _Lane(due_at))
            lane.due_at = min(lane.due_at, due_at)
        self._wake.set()

    def _on_delivery(self, event: Event) -> None:
        host = str(event.data)
        now = clock.now()
        lane = self._lanes.setdefault(host, _Lane(now))
        lane.due_at = min(lane.due_at, now)
        self._wake.set()

    def _on_host_back(self, event: Event) -> None:
        """A host whose circuit was open has sent something valid: what waits for it is due."""
        task = asyncio.ensure_future(self._hasten(str(event.data)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hasten(self, host: str) -> None:
        await self._db.write(rows.hasten, host)
        self._lanes.setdefault(host, _Lane(0)).due_at = 0
        self._wake.set()

    # -- the loop --

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                next_at = self._dispatch()
            except Exception:
                log.exception("the delivery queue could not be read")
                next_at = clock.now() + clock.SECOND
            self._idle.set()
            wait_s = min(max((next_at - clock.now()) / 1000, 0.0), 60.0) if next_at is not None else 60.0
            try:
                await asyncio.wait_for(self._wake.wait(), wait_s)
            except TimeoutError:
                continue

    def _dispatch(self) -> int | None:
        """Start what may start now, a turn per host; the time at which to look again."""
        now = clock.now()
        next_at = None
        for host in list(self._lanes):
            lane = self._lanes[host]
            if len(self._tasks) >= limits.IN_FLIGHT:
                return None  # a finished one wakes us
            if lane.due_at <= now and len(lane.busy) < limits.IN_FLIGHT_PER_HOST:
                self._fill(host, lane, now)
            if lane.busy:
                continue
            if lane.due_at == _NEVER:
                del self._lanes[host]
            else:
                next_at = lane.due_at if next_at is None else min(next_at, lane.due_at)
        return next_at

    def _fill(self, host: str, lane: _Lane, now: int) -> None:
        """Claim up to two for a host: the oldest that are due, one per object, none before an older one of the same object."""
        waiting = self._db.read(rows.list_queued, host, _LOOK_AHEAD)
        blocked = set(lane.objects)
        lane.due_at = _NEVER
        for delivery in waiting:
            key = (delivery.activity_id, delivery.inbox_id)
            order = f"{delivery.inbox_id} {delivery.object_uri}"
            if key in lane.busy:
                continue
            if order in blocked:
                continue
            blocked.add(order)
            if delivery.next_at > now:
                lane.due_at = min(lane.due_at, delivery.next_at)
            elif len(lane.busy) < limits.IN_FLIGHT_PER_HOST and len(self._tasks) < limits.IN_FLIGHT:
                lane.busy.add(key)
                lane.objects.add(order)
                task = asyncio.create_task(self._deliver(delivery, lane, order))
                self._tasks.add(task)
                task.add_done_callback(self._done)
            else:
                lane.due_at = now
        if lane.busy:
            lane.due_at = min(lane.due_at, now)  # looked at again as soon as one of them is done

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    # -- one delivery --

    async def _deliver(self, delivery: Delivery, lane: _Lane, order: str) -> None:
        try:
            verdict = await self._attempt(delivery)
        except asyncio.CancelledError:
            lane.busy.discard((delivery.activity_id, delivery.inbox_id))
            raise
        except Exception:
            log.exception("a delivery to %s failed in an unforeseen way", delivery.host)
            verdict = backoff.failed(delivery.attempts + 1, clock.now(), 0, "an error of ours", None)
        outcome = Outcome(
            delivery.activity_id, delivery.inbox_id, verdict.state, delivery.attempts + 1, verdict.next_at, verdict.status, verdict.answer
        )
        self._outcomes.append((delivery, outcome, verdict))
        self._write_soon(lane, order)
        await asyncio.shield(self._written())
        lane.busy.discard((delivery.activity_id, delivery.inbox_id))
        lane.objects.discard(order)
        lane.due_at = 0

    async def _attempt(self, delivery: Delivery) -> Verdict:
        attempt, now = delivery.attempts + 1, clock.now()
        body = self._body(delivery.activity_id)
        if body is None or self._db.read(domain_rows.is_blocked, delivery.host):
            return Verdict("dropped", now, 0, "the domain is blocked" if body else "the activity is gone", None)
        try:
            key = self._key(delivery.account_id)
        except NotFound:
            return Verdict("dropped", now, 0, "the sender is gone", None)
        try:
            answer, scheme = await self._post(delivery, key, body)
        except Unreachable as error:
            return backoff.failed(attempt, now, 0, error.message, error.retry_after_s, ours=may_be_ours(error))
        except RemoteError as error:
            return backoff.refused(attempt, now, 0, error.message)
        words = line(text(answer.body.decode("utf-8", "replace"), 400), 200)
        return backoff.judge(answer.status, attempt, now, words, answer.retry_after_s)._replace(scheme=scheme)

    async def _post(self, delivery: Delivery, key: signatures.Key, body: _Body) -> tuple[Answer, str]:
        """Send with the scheme that last worked for the host; refused as unsigned, knock once more with the other."""
        known = self._db.read(host_rows.find, delivery.host)
        scheme = known.signature if known and known.signature else "cavage"
        answer = await self._post_signed(delivery.inbox_uri, key, body, scheme)
        if answer.status in (400, 401) and delivery.attempts < 2:
            other = "cavage" if scheme == "rfc9421" else "rfc9421"
            second = await self._post_signed(delivery.inbox_uri, key, body, other)
            if 200 <= second.status < 300:
                return second, other
        return answer, scheme

    async def _post_signed(self, inbox_uri: str, key: signatures.Key, body: _Body, scheme: str) -> Answer:
        request = signatures.Outgoing("POST", inbox_uri, content_type=vocab.ACTIVITY_JSON, body_digest=body.digest)
        unsigned = signatures.prepare(
            request, key, clock.now(), scheme="rfc9421" if scheme == "rfc9421" else "cavage", path_only=scheme == "cavage-path"
        )
        signature = await self._remote.cpu(signatures.sign_bytes, key.private, unsigned.data)
        return await self._http.post(inbox_uri, headers=signatures.finish(unsigned, signature), body=body.data)

    def _body(self, activity_id: int) -> _Body | None:
        body = self._bodies.get(activity_id)
        if body is None:
            data = self._db.read(rows.find_body, activity_id)
            if data is None:
                return None
            body = self._bodies[activity_id] = _Body(data, signatures.digest(data))
            if len(self._bodies) > _BODIES:
                self._bodies.popitem(last=False)
        return body

    def _key(self, account_id: int) -> signatures.Key:
        """The sender's key, parsed once. Raises NotFound when it was destroyed."""
        key = self._keys.get(account_id)
        if key is None:
            row = self._db.read(key_rows.get_rsa, account_id)
            key = self._keys[account_id] = signatures.Key(row.uri, keys.load_private(row.private_pem or ""))
        return key

    # -- what came of it, written in batches --

    def _write_soon(self, lane: _Lane, order: str) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_outcomes())

    async def _written(self) -> None:
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def _write_outcomes(self) -> None:
        await asyncio.sleep(0)  # those that finish in this turn of the loop join
        while self._outcomes:
            batch, self._outcomes = self._outcomes, []
            try:
                await self._db.write(_record, batch)
            except Exception:
                log.exception("the outcome of %d deliveries could not be written; they will be made again", len(batch))
        self._writing = None
        self._wake.set()


_NEVER = 1 << 62


def _record(tx: Tx, batch: list[tuple[Delivery, Outcome, Verdict]]) -> None:
    rows.record(tx, [outcome for _, outcome, _ in batch])
    by_host: dict[str, list[tuple[Delivery, Verdict]]] = {}
    for delivery, _, verdict in batch:
        by_host.setdefault(delivery.host, []).append((delivery, verdict))
    for host, results in by_host.items():
        before = host_rows.find(tx, host) or Host(host)
        after = before
        for _, verdict in results:
            after = backoff.host_after(after, verdict, tx.now)
        if after != before:
            host_rows.put(tx, after)
        if after.open_until > tx.now:
            rows.postpone(tx, host, after.open_until)
            rows.drop_over(tx, host, limits.DELIVERIES_PER_DEAD_HOST)
        elif before.open_until and not after.open_until:
            rows.hasten(tx, host)
        for delivery, verdict in results:
            if verdict.status == 410:
                _forget_inbox(tx, delivery.inbox_uri)


def _forget_inbox(tx: Tx, inbox_uri: str) -> None:
    """410: nothing more goes to that inbox; its accounts are read again when next met."""
    rows.drop(tx, inbox_uri=inbox_uri, answer="410: that inbox is gone")
    account_rows.forget_inbox(tx, inbox_uri)
