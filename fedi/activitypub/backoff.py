"""When to try again, and when not: the policy of delivery, as pure functions.

Attempts come at 0, 1 m, 5 m, 15 m, 1 h, 3 h, 6 h, 12 h, then daily to 7 days, each within 20 %. Source: docs/architecture.md.
"""

import random
from typing import NamedTuple

from fedi import clock
from fedi.storage.hosts import Host

STEPS_MS = (
    0,
    clock.MINUTE,
    5 * clock.MINUTE,
    15 * clock.MINUTE,
    clock.HOUR,
    3 * clock.HOUR,
    6 * clock.HOUR,
    12 * clock.HOUR,
    *[clock.DAY] * 6,
)
GIVE_UP_MS = 7 * clock.DAY
JITTER = 0.2
CIRCUIT_FAILURES = 5  # in a row: then the host as a whole waits
DEAD_DAYS = 7  # distinct days with failures only: then one probe a day
_RETRIED = frozenset({401, 408, 425, 429})
_RETRY_AFTER_S = (1, 24 * 3600)


class Verdict(NamedTuple):
    """What an attempt means: the delivery's new state, when it is next due, and whether it counts against the host."""

    state: str
    next_at: int
    status: int
    answer: str
    host_failed: bool | None  # None: says nothing about the host
    scheme: str = ""


def delay_ms(attempts: int) -> int:
    """How long to wait after this many attempts, with jitter."""
    step = STEPS_MS[min(attempts, len(STEPS_MS) - 1)]
    return round(step * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 (spreads load, keeps no secret)


def judge(status: int, attempt: int, now: int, answer: str, retry_after_s: int | None) -> Verdict:
    """What an answer to a POST means. Redirects are not followed: they are a no."""
    if 200 <= status < 300:
        return Verdict("delivered", now, status, "", False)
    if status == 410:
        return Verdict("refused", now, status, answer or "gone", False)
    if status == 429:
        return failed(attempt, now, status, answer, retry_after_s)._replace(host_failed=None)
    if status in _RETRIED or (status >= 500 and status != 501):
        return failed(attempt, now, status, answer, retry_after_s)
    return refused(attempt, now, status, answer)


def failed(attempt: int, now: int, status: int, answer: str, retry_after_s: int | None, *, ours: bool = False) -> Verdict:
    """To be tried again. `ours`: the fault may lie with our own network, and the host is not blamed."""
    wait = delay_ms(attempt)
    if retry_after_s is not None:
        low, high = _RETRY_AFTER_S
        wait = max(low, min(retry_after_s, high)) * clock.SECOND
    return Verdict("queued", now + wait, status, answer, None if ours or status == 401 else True)


def refused(attempt: int, now: int, status: int, answer: str) -> Verdict:
    """A no is asked once more after an hour (servers in trouble say odd things), then believed."""
    if attempt < 2:
        return Verdict("queued", now + clock.HOUR, status, answer, False if status else None)
    return Verdict("refused", now, status, answer, False if status else None)


def host_after(host: Host, verdict: Verdict, now: int) -> Host:
    """The host's record after an attempt: its circuit opens after five failures in a row, and closes with an answer."""
    if verdict.host_failed is None:
        return host
    if not verdict.host_failed:
        scheme = verdict.scheme if verdict.state == "delivered" and verdict.scheme else host.signature
        if host == Host(host.host, scheme, seen_at=host.seen_at) and now - host.seen_at < clock.HOUR:
            return host
        return Host(host.host, scheme, seen_at=now)
    days = host.failing_days + (now // clock.DAY != host.failed_at // clock.DAY)
    failures = host.failures + 1
    open_until = 0
    if days >= DEAD_DAYS:
        open_until = now + clock.DAY
    elif failures >= CIRCUIT_FAILURES:
        open_until = max(verdict.next_at, now + delay_ms(min(failures - CIRCUIT_FAILURES + 2, len(STEPS_MS) - 1)))
    return host._replace(failures=failures, failing_days=days, failed_at=now, open_until=open_until)
