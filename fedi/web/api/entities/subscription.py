"""WebPushSubscription."""

import json
from collections.abc import Iterable
from typing import Final

from fedi.push import KINDS
from fedi.storage.push import Subscription
from fedi.web.api.entities.places import Json

ALERTS: Final = tuple(dict.fromkeys(kind.name for kind in KINDS.values()))


def kinds(names: Iterable[str]) -> tuple[str, ...]:
    """Our kinds for the names of alerts; several of ours can have one name."""
    wanted = set(names)
    return tuple(kind for kind, about in KINDS.items() if about.name in wanted)


def subscription(row: Subscription, server_key: str) -> Json:
    """Source: Mastodon documentation, WebPushSubscription."""
    wanted = {KINDS[kind].name for kind in json.loads(row.alerts) if kind in KINDS}
    return {
        "id": str(row.id),
        "endpoint": row.endpoint,
        "standard": bool(row.standard),
        "alerts": {name: name in wanted for name in ALERTS},
        "policy": row.policy,
        "server_key": server_key,
    }
