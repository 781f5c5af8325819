"""Sends the messages of push.py to push services, sealed for their receivers, and learns which subscriptions have ended."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import orjson

from fedi import clock, push, webpush
from fedi.errors import Malformed, Refused, Unreachable
from fedi.http import Answer, Client
from fedi.push import Message
from fedi.storage import push as rows
from fedi.storage.db import Database
from fedi.webpush import Receiver, Sealed, Sender

log = logging.getLogger(__name__)

_TTL_S: Final = 48 * 3600
_ENDED: Final = frozenset({401, 403, 404, 410})
_LATER: Final = frozenset({408, 425, 429})
_TOO_LARGE: Final = 413


class Way(NamedTuple):
    """What a message is sent with. `contact` is an address under which push services reach who runs this server."""

    db: Database
    http: Client
    cpu: Callable[..., Awaitable[Any]]
    sender: Sender
    contact: str


async def send(way: Way, payload: bytes) -> None:
    """One job: a notification to one subscription. What cannot be sent now is queued for later. Source: RFC 8030 5, 7."""
    given = orjson.loads(payload)
    about = given["to"], given["notification"]
    answer, hint_s = await _said(way, *about)
    if answer is None:
        return
    if answer in _ENDED:
        log.info("a push subscription has ended: %d", answer)
        await way.db.write(rows.delete, about[0])
    elif answer == 0 or answer in _LATER or answer >= 500:
        await way.db.write(push.again, *about, given["tries"], hint_s)
    elif not 200 <= answer < 300:
        log.info("a push service refuses a message: %d", answer)


async def _said(way: Way, subscription_id: int, notification_id: int) -> tuple[int | None, int]:
    """(status, seconds it asks to wait): 0 for no answer, None where there was nothing to send or nobody to send it to."""
    for short in (False, True):
        message = way.db.read(push.message, subscription_id, notification_id, short=short)
        if message is None:
            return None, 0
        try:
            answer = await _post(way, message)
        except Unreachable as error:
            return 0, error.retry_after_s or 0
        except (Refused, Malformed) as error:
            log.info("a push message cannot be sent: %s", error.message)
            return None, 0
        if answer.status != _TOO_LARGE:
            break
    return answer.status, answer.retry_after_s or 0


async def _post(way: Way, message: Message) -> Answer:
    sealed: Sealed = await way.cpu(_seal, message, way.sender, way.contact)
    headers = {
        **sealed.headers,
        "Content-Type": "application/octet-stream",
        "TTL": str(_TTL_S),
        "Topic": message.topic,
        "Urgency": "high" if message.urgent else "normal",
    }
    return await way.http.post(message.to.endpoint, headers=headers, body=sealed.body)


def _seal(message: Message, sender: Sender, contact: str) -> Sealed:
    to = message.to
    proof = sender.proof(to.endpoint, contact, clock.now() // clock.SECOND)
    seal = webpush.seal if to.standard else webpush.seal_draft
    return seal(message.plain, Receiver(to.p256dh, to.auth), sender, proof)
