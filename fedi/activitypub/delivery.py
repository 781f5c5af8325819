"""The worker that sends: claims per host fairly, signs at send time, backs off, writes what came of it.

Claims live in memory and outcomes are written in batches: a crash repeats a delivery, and never loses one. The queue itself is rows
(storage/deliveries.py), made in the transaction of the act; what is next for each host is kept in lanes.py.
"""

import asyncio
import heapq
import logging
from collections import OrderedDict, deque
from contextlib import suppress
from typing import NamedTuple

import orjson

from fedi import clock, ids, limits
from fedi.activitypub import backoff, keys, signatures, vocab
from fedi.activitypub.backoff import Verdict
from fedi.activitypub.lanes import Lane, Signing
from fedi.activitypub.remote import Remote
from fedi.activitypub.synchronization import HEADER, Digests
from fedi.errors import FediError, NotFound, RemoteError, Unreachable
from fedi.http import Answer, Client, may_be_ours
from fedi.plaintext import line, text
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as rows
from fedi.storage import hosts as host_rows
from fedi.storage import keys as key_rows
from fedi.storage.db import Database, Tx
from fedi.storage.deliveries import Delivery, Outcome
from fedi.storage.hosts import Host
from fedi.streaming import Event, Hub

log = logging.getLogger(__name__)

_BODIES = 256  # kept in memory: one activity goes to many inboxes
_LANES = 4096  # kept in memory though nothing waits in them
_GATHER_S = 0.02  # outcomes are gathered for this long while others are under way
_STOP_S = 5
_SLOW_S = 2.0  # one that takes longer holds no slot that another host needs
_LAST_WORDS = frozenset({"Reject", "Undo"})  # what a blocked server still hears: that follows are over; nothing else is queued for it
_AT_MOST = 3 * limits.IN_FLIGHT


class _Body(NamedTuple):
    """`followers_uri` is the sender's, when it is for them: then it goes with what is known of followers. Otherwise ''."""

    data: bytes
    digest: str
    account_id: int
    followers_uri: str


class _Made(NamedTuple):
    """A delivery that was tried, and what it came to."""

    delivery: Delivery
    lane: Lane
    verdict: Verdict

    @property
    def outcome(self) -> Outcome:
        one, verdict = self.delivery, self.verdict
        return Outcome(one.activity_id, one.inbox_id, verdict.state, one.attempts + 1, verdict.next_at, verdict.status, verdict.answer)


class Sender:
    """One per instance. `start` and `stop` bracket its life; `settle` waits until nothing is due."""

    def __init__(self, remote: Remote, http: Client, db: Database, hub: Hub) -> None:
        self._http = http
        self._db = db
        self._signing = Signing(remote.cpu)
        self.digests = Digests(db, hub)
        self._lanes: dict[str, Lane] = {}
        self._ready: deque[Lane] = deque()  # something may be sent now; each lane once
        self._timers: list[tuple[int, str]] = []  # a heap: when to look at a host again
        self._fresh: dict[int, None] = {}  # activities just queued, in order
        self._bodies: OrderedDict[int, _Body] = OrderedDict()
        self._keys: dict[int, signatures.Key] = {}
        self._made: list[_Made] = []
        self._wake = asyncio.Event()
        self._tasks: dict[asyncio.Task[None], float] = {}  # and when each began, on the loop's clock
        self._loop_task: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._stopping = False
        self._loaded = False
        self._doubted = 0  # activities before this id may be superseded since they were read
        hub.subscribe("delivery", self._on_delivery)
        hub.subscribe("host_back", self._on_host_back)
        hub.subscribe("post_removed", self._on_end)
        hub.subscribe("account", self._on_end)
        hub.subscribe("domain", lambda _: self._forget_hosts())
        hub.subscribe("queue", lambda _: self._forget_hosts())
        hub.subscribe("storage.reopened", lambda _: self._forget_hosts())

    # -- life --

    def start(self) -> None:
        self._loop_task = asyncio.create_task(self._run(), name="delivery")

    async def stop(self) -> None:
        """Claim nothing more, let what is under way finish for a moment, and write what came of it."""
        self._stopping = True
        self._wake.set()
        if self._loop_task is not None:
            await self._loop_task
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=_STOP_S)
        left = tuple(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._writing is not None:
            await self._writing
        if self._made:
            await self._write()

    async def settle(self) -> None:
        """Send what is due until nothing is, and everything is written down; also without `start`."""
        while True:
            self._dispatch()
            under_way = {*self._tasks, *([self._writing] if self._writing is not None else [])}
            if not under_way:
                return
            await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)

    # -- what is heard --

    def _on_delivery(self, event: Event) -> None:
        self._fresh[event.id] = None
        self._wake.set()

    def _on_end(self, event: Event) -> None:
        """A post or account may have ended: what is in memory is looked at once more before it is sent."""
        self._doubted = ids.new(clock.now())

    def _on_host_back(self, event: Event) -> None:
        """A host whose circuit was open has sent something valid: what waits for it is due."""
        self._begin(asyncio.create_task(self._hasten(str(event.data))))

    async def _hasten(self, host: str) -> None:
        with suppress(FediError):  # then it is due when it was due before
            await self._db.write(rows.hasten, host)
        self._reread(self._lane(host))

    def _forget_hosts(self) -> None:
        """What is known of the queue may be wrong: read it anew."""
        self._loaded = False
        for lane in self._lanes.values():
            lane.forget()
        self._wake.set()

    # -- the loop --

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                self._dispatch()
                wait_s = (self._timers[0][0] - clock.now()) / 1000 if self._timers else 60.0
                wait_s = min(wait_s, _SLOW_S) if self._ready else wait_s
            except Exception:
                log.exception("the delivery queue could not be read")
                wait_s = 1.0
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), min(max(wait_s, 0.001), 60.0))

    def _dispatch(self) -> None:
        """Start what may start now, a turn per host."""
        if not self._loaded:
            self._load()
        self._take_fresh()
        now = clock.now()
        while self._timers and self._timers[0][0] <= now:
            self._reread(self._lane(heapq.heappop(self._timers)[1]))
        while self._ready and self._has_room():
            lane = self._ready.popleft()
            lane.is_ready = False
            delivery = lane.claim(self._db, now)
            if delivery is not None:
                self._begin(asyncio.create_task(self._deliver(delivery, lane)))
                self._make_ready(lane)  # to the end of the row: others first
            elif lane.look_again_at:
                self._look_again(lane)
        if len(self._lanes) > _LANES:
            self._lanes = {host: lane for host, lane in self._lanes.items() if not lane.is_idle}

    def _has_room(self) -> bool:
        """Whether one more may be under way. Those that wait long for an answer do not count: a tarpit costs the others nothing."""
        if len(self._tasks) < limits.IN_FLIGHT:
            return True
        late = asyncio.get_running_loop().time() - _SLOW_S
        return len(self._tasks) < _AT_MOST and sum(began > late for began in self._tasks.values()) < limits.IN_FLIGHT

    def _load(self) -> None:
        """Look at the table anew: at start, and after a commit whose fate was unknown."""
        for host, _ in self._db.read(rows.list_queued_hosts):
            self._reread(self._lane(host))
        self._loaded = True

    def _take_fresh(self) -> None:
        """What was queued since: read once per activity, not once per host."""
        while self._fresh:
            activity_id = next(iter(self._fresh))
            for delivery in self._db.read(rows.list_queued_of, activity_id):
                lane = self._lanes.get(delivery.host)
                if lane is None:  # a host we remember has all that waits for it in memory, or is to be read
                    self._reread(self._lane(delivery.host))
                elif lane.add(delivery):
                    self._make_ready(lane)
            del self._fresh[activity_id]

    def _lane(self, host: str) -> Lane:
        return self._lanes.setdefault(host, Lane(host))

    def _make_ready(self, lane: Lane) -> None:
        if not lane.is_ready:
            lane.is_ready = True
            self._ready.append(lane)

    def _reread(self, lane: Lane) -> None:
        lane.forget()
        self._make_ready(lane)
        self._wake.set()

    def _look_again(self, lane: Lane) -> None:
        heapq.heappush(self._timers, (lane.look_again_at, lane.host))
        lane.look_again_at = 0

    def _begin(self, task: asyncio.Task[None]) -> None:
        self._tasks[task] = asyncio.get_running_loop().time()
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        self._wake.set()

    # -- one delivery --

    async def _deliver(self, delivery: Delivery, lane: Lane) -> None:
        verdict = None
        try:
            verdict = await self._attempt(delivery, lane)
        except Exception:
            log.exception("a delivery to %s failed in an unforeseen way", delivery.host)
            verdict = backoff.failed(delivery.attempts + 1, clock.now(), 0, "an error of ours", None, ours=True)
        finally:
            lane.landed(delivery, failed=verdict is not None and verdict.state == "queued", written=verdict is None)
        if verdict is not None:
            self._made.append(_Made(delivery, lane, verdict))
            if self._writing is None:
                self._writing = asyncio.create_task(self._write_soon())
        self._make_ready(lane)

    async def _attempt(self, delivery: Delivery, lane: Lane) -> Verdict | None:
        """What came of it; None when it need not be sent any more."""
        attempt, now = delivery.attempts + 1, clock.now()
        if delivery.activity_id < self._doubted and not self._db.read(rows.is_queued, delivery.activity_id, delivery.inbox_id):
            return None
        body = self._body(delivery)
        if body is None or (lane.is_blocked and delivery.type not in _LAST_WORDS):
            return Verdict("dropped", now, 0, "the domain is blocked" if body else "the activity is gone", None)
        try:
            key = self._key(delivery.account_id)
        except NotFound:
            return Verdict("dropped", now, 0, "the sender is gone", None)
        try:
            answer, scheme = await self._post(delivery, lane.scheme, key, body)
        except Unreachable as error:
            return backoff.failed(attempt, now, 0, error.message, error.retry_after_s, ours=may_be_ours(error))
        except RemoteError as error:
            return backoff.refused(attempt, now, 0, error.message)
        words = line(text(answer.body.decode("utf-8", "replace"), 400), 200) if answer.status >= 300 else ""
        return backoff.judge(answer.status, attempt, clock.now(), words, answer.retry_after_s)._replace(scheme=scheme)

    async def _post(self, delivery: Delivery, scheme: str, key: signatures.Key, body: _Body) -> tuple[Answer, str]:
        """Send with the scheme that last worked for the host; refused as unsigned, knock once more with the other."""
        answer = await self._post_signed(delivery.inbox_uri, key, body, scheme)
        if answer.status in (400, 401) and delivery.attempts < 2:
            other = "cavage" if scheme == "rfc9421" else "rfc9421"
            second = await self._post_signed(delivery.inbox_uri, key, body, other)
            if 200 <= second.status < 300:
                return second, other
        return answer, scheme

    async def _post_signed(self, inbox_uri: str, key: signatures.Key, body: _Body, scheme: str) -> Answer:
        request = signatures.Outgoing(
            "POST", inbox_uri, content_type=vocab.ACTIVITY_JSON, body_digest=body.digest, more=self._about_followers(body, inbox_uri)
        )
        unsigned = signatures.prepare(
            request, key, clock.now(), scheme="rfc9421" if scheme == "rfc9421" else "cavage", path_only=scheme == "cavage-path"
        )
        signature = await self._signing.sign(key.private, unsigned.data)
        return await self._http.post(inbox_uri, headers=signatures.finish(unsigned, signature), body=body.data)

    def _about_followers(self, body: _Body, inbox_uri: str) -> tuple[tuple[str, str], ...]:
        if not body.followers_uri:
            return ()
        return ((HEADER, self.digests.header(body.account_id, body.followers_uri, inbox_uri)),)

    def _body(self, delivery: Delivery) -> _Body | None:
        body = self._bodies.get(delivery.activity_id)
        if body is None:
            data = self._db.read(rows.find_body, delivery.activity_id)
            if data is None:
                return None
            followers_uri = self._db.read(_followers_addressed, delivery.account_id, data)
            body = _Body(data, signatures.digest(data), delivery.account_id, followers_uri)
            self._bodies[delivery.activity_id] = body
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

    async def _write_soon(self) -> None:
        """Write until nothing is left. What cannot be written stays claimed, so that it is not sent again, and is written later."""
        try:
            while self._made:
                if self._tasks:
                    await asyncio.sleep(_GATHER_S)
                if not await self._write() and self._stopping:
                    break
        finally:
            self._writing = None
            self._wake.set()

    async def _write(self) -> bool:
        batch, self._made = self._made, []
        try:
            after = await self._db.write(_record, [(one.delivery, one.outcome, one.verdict) for one in batch])
        except Exception:
            log.exception("the outcome of %d deliveries could not be written yet", len(batch))
            self._made = batch + self._made
            if not self._stopping:
                await asyncio.sleep(1)
            return False
        for delivery, lane, verdict in batch:
            lane.written(delivery)
            self._make_ready(lane)  # it may have waited for this
            if verdict.state == "queued" or verdict.status == 410:
                self._reread(lane)
        for host, (known, was_open) in after.items():
            if self._lanes[host].learn(known) != was_open:
                self._reread(self._lanes[host])
        return True


def _followers_addressed(tx: Tx, account_id: int, data: bytes) -> str:
    """The sender's followers collection when the activity is their own and names it in `to` or `cc`; else ''."""
    sender = account_rows.find(tx, account_id)
    if sender is None or sender.kind == "Application" or sender.followers_uri.encode() not in data:
        return ""
    said = orjson.loads(data)
    named = [*said.get("to", ()), *said.get("cc", ())] if said.get("actor") == sender.uri else []
    return sender.followers_uri if sender.followers_uri in named else ""


def _record(tx: Tx, batch: list[tuple[Delivery, Outcome, Verdict]]) -> dict[str, tuple[Host, bool]]:
    """Write outcomes, and what they say of hosts: (the host's record now, whether its circuit was open), by host."""
    rows.record(tx, [outcome for _, outcome, _ in batch])
    by_host: dict[str, list[tuple[Delivery, Verdict]]] = {}
    for delivery, _, verdict in batch:
        by_host.setdefault(delivery.host, []).append((delivery, verdict))
    return {host: _record_host(tx, host, results) for host, results in by_host.items()}


def _record_host(tx: Tx, host: str, results: list[tuple[Delivery, Verdict]]) -> tuple[Host, bool]:
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
    return after, before.open_until > 0


def _forget_inbox(tx: Tx, inbox_uri: str) -> None:
    """410: nothing more goes to that inbox; its accounts are read again when next met."""
    rows.drop(tx, inbox_uri=inbox_uri, answer="410: that inbox is gone")
    account_rows.forget_inbox(tx, inbox_uri)
