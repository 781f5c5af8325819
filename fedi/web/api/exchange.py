"""Open streams, and what is passed on to them: events of committed transactions, for those who may see what they are about.

One task does all of it while somebody listens. Nothing waits for a client: what it does not take piles up in its connection, and past
`limits.STREAM_BYTES` it is cut off. Who may see what is asked of storage for each batch of events.
"""

import asyncio
import itertools
import logging
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol

import orjson
from aiohttp import web

from fedi import limits
from fedi.errors import TooMany, Unavailable
from fedi.instance import Instance
from fedi.storage import streams as rows
from fedi.storage.db import Tx
from fedi.storage.streams import Fact, Traces
from fedi.streaming import Event
from fedi.web import auth
from fedi.web.api import bulletins
from fedi.web.api.channels import Channel, Key, Listener
from fedi.web.api.entities import featuring
from fedi.web.api.entities.shelf import Shelf

log = logging.getLogger(__name__)

TOPICS: Final = (
    "post", "post_edited", "post_gone", "notification", "conversation", "filters", "announcement", "announcement_reaction",
    "announcement_deleted", "notifications_merged",
)  # fmt: skip
_AT_ONCE: Final = 20  # events of one kind that are looked up together
_PEOPLE: Final = 20  # for whom things are rendered in one turn of the loop
_LOOK_S: Final = 3.0  # how often it is looked whether tokens still open anything, however they ended
_BEAT_S: Final = 15.0


class Wire(Protocol):
    """How messages go out: frames of a WebSocket, or lines of an event stream."""

    async def say(self, label: bytes, message: "Message") -> None:
        """Write it out at once."""

    async def beat(self) -> None:
        """Show that one is there."""

    async def end(self) -> None:
        """Say goodbye."""


class Message:
    """One event as clients are told it. `payload` is text; None for none."""

    __slots__ = ("event", "payload", "tail")

    def __init__(self, event: str, payload: bytes | None) -> None:
        self.event = event
        self.payload = payload
        said = b"" if payload is None else b',"payload":' + orjson.dumps(payload.decode())
        self.tail = b',"event":"' + event.encode() + b'"' + said + b"}"  # after `{"stream":[...]`


class Stream:
    """One connection. `channels` are what it listens to."""

    __slots__ = ("__weakref__", "channels", "client", "listener", "token_id", "transport", "wire")

    def __init__(self, listener: Listener, token_id: int, client: str, transport: asyncio.Transport, wire: Wire) -> None:
        self.listener = listener
        self.token_id = token_id
        self.client = client
        self.transport = transport
        self.wire = wire
        self.channels: dict[Key, bytes] = {}


class Exchange:
    """All streams of one application. `close` ends them."""

    def __init__(self, instance: Instance, shelf: Shelf) -> None:
        self._instance = instance
        self._shelf = shelf
        self._streams: set[Stream] = set()
        self._tokens: Counter[int] = Counter()
        self._clients: Counter[str] = Counter()
        self._heard: dict[str, dict[int | str, dict[Stream, bytes]]] = defaultdict(dict)
        self._queue: deque[Event] = deque(maxlen=limits.STREAM_EVENTS)
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: set[asyncio.Task[None]] = set()
        hub = instance.hub
        self._ends = [hub.subscribe(topic, self._on_event) for topic in TOPICS]
        self._ends += [hub.subscribe(topic, self._on_change) for topic in ("auth", "account", "storage.reopened")]

    # -- coming and going --

    def __len__(self) -> int:
        return len(self._streams)

    def check(self, token_id: int, client: str) -> None:
        """Raises TooMany or Unavailable when there is no room for one more."""
        if self._tokens[token_id] >= limits.STREAMS_PER_TOKEN or self._clients[client] >= limits.STREAMS_PER_ADDRESS:
            raise TooMany("There are too many streams open already.")
        if len(self._streams) >= limits.STREAMS:
            raise Unavailable("There are too many streams open already.")

    def join(self, stream: Stream) -> None:
        """From now on it hears what it subscribes to. `leave` ends it."""
        stream.transport.set_write_buffer_limits(high=1 << 30)  # what is too much is judged here: nobody is waited for
        self._streams.add(stream)
        self._tokens[stream.token_id] += 1
        self._clients[stream.client] += 1
        if not self._tasks:
            loop = asyncio.get_running_loop()
            self._tasks = [loop.create_task(self._run(), name="streams"), loop.create_task(self._watch(), name="streams-watch")]
        self._verify([stream])

    def leave(self, stream: Stream) -> None:
        """It has ended; nothing of it stays. May be called twice."""
        if stream not in self._streams:
            return
        self._streams.remove(stream)
        for key in list(stream.channels):
            self.unsubscribe(stream, key)
        _count_down(self._tokens, stream.token_id)
        _count_down(self._clients, stream.client)
        if not self._streams:
            self._rest()

    def _rest(self) -> None:
        """Nobody listens: no work."""
        self._queue.clear()
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()
        self._tasks = []

    def subscribe(self, stream: Stream, channel: Channel) -> None:
        """Raises TooMany. What it listens to already stays as it is."""
        if channel.key in stream.channels or stream not in self._streams:
            return
        if len(stream.channels) >= limits.SUBSCRIPTIONS:
            raise TooMany("That is too much for one stream.")
        stream.channels[channel.key] = channel.label
        name, what = channel.key
        self._heard[name].setdefault(what, {})[stream] = channel.label

    def unsubscribe(self, stream: Stream, key: Key) -> None:
        stream.channels.pop(key, None)
        name, what = key
        heard = self._heard[name].get(what, {})
        heard.pop(stream, None)
        if not heard:
            self._heard[name].pop(what, None)

    async def close(self) -> None:
        """The server ends."""
        for end in self._ends:
            end()
        for stream in tuple(self._streams):
            self.end(stream)
        if self._ending:
            await asyncio.wait(tuple(self._ending), timeout=2)

    def end(self, stream: Stream) -> None:
        """Hang up."""
        self.leave(stream)
        task = asyncio.get_running_loop().create_task(_farewell(stream))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    # -- whether they may --

    def _on_change(self, event: Event) -> None:
        """Something of an account changed (0: of anybody's): a token may have ended, or a person been suspended."""
        if self._streams:
            self._verify([one for one in self._streams if event.id in (0, one.listener.account_id)])

    def _verify(self, streams: Iterable[Stream]) -> None:
        looked_at = list(streams)
        if looked_at:
            good = self._instance.db.read(rows.list_good, {one.token_id for one in looked_at})
            for one in looked_at:
                if one.token_id not in good:
                    self.end(one)

    async def _watch(self) -> None:
        """Heartbeats; streams whose client has gone; tokens that ended without a word."""
        beat_at = time.monotonic() + _BEAT_S
        while self._streams:
            await asyncio.sleep(_LOOK_S)
            with suppress(Unavailable):
                self._verify(self._streams)
            beats = time.monotonic() >= beat_at
            for one in tuple(self._streams):
                if one.transport.is_closing():
                    self.end(one)
                elif beats:
                    await self._write(one, one.wire.beat)
            if beats:
                beat_at = time.monotonic() + _BEAT_S

    # -- passing on --

    def _on_event(self, event: Event) -> None:
        if self._streams:
            self._queue.append(event)
            self._wake.set()

    async def _run(self) -> None:
        while self._streams:
            await self._wake.wait()
            self._wake.clear()
            while self._queue and self._streams:
                topic = self._queue[0].topic
                batch = [self._queue.popleft()]
                while self._queue and self._queue[0].topic == topic and len(batch) < _AT_ONCE:
                    batch.append(self._queue.popleft())
                try:
                    await self._pass_on(topic, batch)
                except Exception:
                    log.exception("what happened could not be passed on: %s", topic)
                await asyncio.sleep(0)

    async def _pass_on(self, topic: str, batch: list[Event]) -> None:
        if topic in ("post", "post_edited"):
            await self._posts("update" if topic == "post" else "status.update", list(dict.fromkeys(event.id for event in batch)))
        elif topic == "post_gone":
            for event in batch:
                if isinstance(event.data, Traces):
                    await self._gone(event.id, event.data)
        elif topic == "notification":
            await self._notifications(batch)
        else:
            for event in batch:
                await self._bulletin(event)

    async def _posts(self, event: str, post_ids: list[int]) -> None:
        wanted = self._instance.db.read(self._find_posts, post_ids)
        for people in _chunks(wanted, _PEOPLE):
            shown = self._instance.db.read(self._render, {viewer_id: wanted[viewer_id] for viewer_id in people})
            for viewer_id, key, status in shown:
                await self._tell(key, Message(event, status), viewer_id)
            await asyncio.sleep(0)

    def _find_posts(self, tx: Tx, post_ids: list[int]) -> dict[int, dict[Key, list[int]]]:
        """By person who listens: what may be for them, by where it stands."""
        found: dict[int, dict[Key, list[int]]] = defaultdict(lambda: defaultdict(list))
        users, lists = self._heard["user"], self._heard["list"]
        for owner_id, post_id in rows.list_homes(tx, [one for one in users if isinstance(one, int)], post_ids) if users else ():
            found[owner_id]["user", owner_id].append(post_id)
        for list_id, post_id in rows.list_lists(tx, [one for one in lists if isinstance(one, int)], post_ids) if lists else ():
            for stream in lists[list_id]:
                found[stream.listener.account_id]["list", list_id].append(post_id)
        for fact in rows.list_public(tx, post_ids) if self._listens_to_public() else ():
            for key in _public_keys(fact):
                for stream in self._heard[key[0]].get(key[1], ()):
                    found[stream.listener.account_id][key].append(fact.id)
        return found

    def _listens_to_public(self) -> bool:
        return any(heard for name, heard in self._heard.items() if name.startswith(("public", "hashtag")))

    def _render(self, tx: Tx, wanted: Mapping[int, Mapping[Key, list[int]]]) -> list[tuple[int, Key, bytes]]:
        found = []
        for viewer_id, by_key in wanted.items():
            post_ids = sorted({post_id for ids in by_key.values() for post_id in ids})
            seen = rows.list_wanted(tx, viewer_id, post_ids)
            shown = self._shelf.posts_by_id(tx, viewer_id, [one for one in post_ids if one in seen])
            for key, ids in by_key.items():
                is_own = key[0] in ("user", "list")  # what one follows is told of however limited its server is
                told = [one for one in dict.fromkeys(ids) if one in shown and (is_own or seen[one])]
                found += [(viewer_id, key, featuring.fill(tx, viewer_id, shown[one])) for one in told]
        return found

    async def _gone(self, post_id: int, traces: Traces) -> None:
        for owner_id, row_id in traces.homes:
            if owner_id in self._heard["user"]:
                await self._tell(("user", owner_id), Message("delete", b"%d" % row_id))
        for list_id, row_id in traces.lists:
            if list_id in self._heard["list"]:
                await self._tell(("list", list_id), Message("delete", b"%d" % row_id))
        message = Message("delete", b"%d" % post_id)
        for key in dict.fromkeys(_public_keys(traces.public)) if traces.public is not None else ():
            await self._tell(key, message)

    async def _notifications(self, batch: list[Event]) -> None:
        """`data` is the owner's id."""
        by_owner: dict[int, list[int]] = defaultdict(list)
        for event in batch:
            if isinstance(event.data, int) and (event.data in self._heard["user"] or event.data in self._heard["user:notification"]):
                by_owner[event.data].append(event.id)
        for owners in _chunks(by_owner, _PEOPLE):
            for owner_id in owners:
                for made in self._instance.db.read(bulletins.notifications, self._shelf, owner_id, by_owner[owner_id]):
                    message = Message("notification", made)
                    await self._tell(("user:notification", owner_id), message)
                    await self._tell(("user", owner_id), message, scope="read:notifications")
            await asyncio.sleep(0)

    async def _bulletin(self, event: Event) -> None:
        """What is neither a post nor a notification."""
        make = bulletins.MAKERS[event.topic]
        name = "direct" if event.topic == "conversation" else "user"
        owners = [make.owner(event)] if make.owner is not None else [one for one in self._heard[name] if isinstance(one, int)]
        for people in _chunks([one for one in owners if one in self._heard[name]], _PEOPLE):
            for owner_id in people:
                payload = self._instance.db.read(make.payload, self._shelf, owner_id, event)
                if payload is not None:
                    await self._tell((name, owner_id), Message(make.name, payload or None))
            await asyncio.sleep(0)

    async def _tell(self, key: Key, message: Message, viewer_id: int = 0, scope: str = "") -> None:
        """Write to all who listen there, to those of one person where one is named, and whose token has the scope."""
        for stream, label in tuple(self._heard[key[0]].get(key[1], {}).items()):
            if viewer_id in (0, stream.listener.account_id) and (not scope or auth.covers(stream.listener.scopes, scope)):
                await self._write(stream, stream.wire.say, label, message)

    def keeps_up(self, stream: Stream) -> bool:
        """Whether it is still there; one whose client takes nothing of what it is told ends with this."""
        if stream not in self._streams:
            return False
        if stream.transport.get_write_buffer_size() > limits.STREAM_BYTES:
            log.info("a stream was cut off: its client does not read")
            self.leave(stream)
            stream.transport.abort()
            return False
        return True

    async def _write(self, stream: Stream, write: Callable[..., object], *args: object) -> None:
        if not self.keeps_up(stream):
            return
        try:
            await write(*args)  # type: ignore[misc]
        except (ConnectionError, RuntimeError):
            self.end(stream)


async def _farewell(stream: Stream) -> None:
    with suppress(ConnectionError, RuntimeError, TimeoutError):
        async with asyncio.timeout(2):
            await stream.wire.end()
    if not stream.transport.is_closing():
        stream.transport.close()


def _count_down(counter: Counter[Any], name: int | str) -> None:
    counter[name] -= 1
    if not counter[name]:
        del counter[name]


def _chunks(things: Iterable[int], size: int) -> Iterable[list[int]]:
    rest = iter(things)
    while part := list(itertools.islice(rest, size)):
        yield part


def _public_keys(fact: Fact) -> list[Key]:
    """Where a public post is shown. Answers to others only stand under their hashtags."""
    side = "local" if fact.is_local else "remote"
    found: list[Key] = [("hashtag", tag) for tag in fact.tags]
    if fact.is_local:
        found += [("hashtag:local", tag) for tag in fact.tags]
    if not fact.answers:
        found += [("public", ""), (f"public:{side}", "")]
        if fact.has_media:
            found += [("public:media", ""), (f"public:{side}:media", "")]
    return found


EXCHANGE = web.AppKey[Exchange]("exchange")
