"""What background work needs of the instance it is done in. `instance.py`, which stands above, makes one."""

from collections.abc import Callable
from typing import Any, Protocol

from fedi.activitypub.remote import Remote
from fedi.config import Config
from fedi.http import Client
from fedi.mediacache import MediaCache
from fedi.storage.db import Database
from fedi.storage.files import Files
from fedi.streaming import Hub
from fedi.webpush import Sender


class Workplace(Protocol):
    """A part of an instance."""

    config: Config
    db: Database
    hub: Hub
    http: Client
    remote: Remote
    files: Files
    mediacache: MediaCache
    vapid: Sender

    async def cpu(self, fn: Callable[..., Any], *args: Any) -> Any:
        """Run what costs CPU in a thread."""
