"""Events of committed transactions, and who hears them. Nothing is sent before its commit (storage/db.py calls `publish` after it)."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

log = logging.getLogger(__name__)


class Event(NamedTuple):
    """Something that is now true. `topic` says what (`post`, `delivery`, `job`, ...), `id` which row, `data` what more there is to say."""

    topic: str
    id: int = 0
    data: object = None


Listener = Callable[[Event], None]


class Hub:
    """Publish and subscribe within one process. Listeners are called on the event loop, in order, and must not block."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = defaultdict(list)

    def subscribe(self, topic: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` for each event of `topic` from now on; returns the function that ends it."""
        self._listeners[topic].append(listener)
        return lambda: self._listeners[topic].remove(listener)

    def publish(self, events: Iterable[Event]) -> None:
        """Tell everyone. One listener's fault does not keep an event from the others."""
        for event in events:
            for listener in tuple(self._listeners.get(event.topic, ())):
                try:
                    listener(event)
                except Exception:
                    log.exception("a listener of %r failed", event.topic)
