"""What is popular, for programs and pages alike: counted by the clock, and anew when somebody looks and it is old."""

from time import monotonic
from typing import Final
from weakref import WeakKeyDictionary

from fedi import clock, trends
from fedi.errors import FediError
from fedi.instance import Instance

_AGAIN_S: Final = 300.0  # where counting took too long, the clock does it
_REST: Final = 20  # times as long as counting took, nobody who looks makes us count again; unless it took next to nothing
_NOTHING_S: Final = 0.1
_not_before: WeakKeyDictionary[Instance, float] = WeakKeyDictionary()
_seen_at: WeakKeyDictionary[Instance, int] = WeakKeyDictionary()


async def refresh(instance: Instance) -> None:
    """One counts, others meanwhile see what was counted before; so does everybody where it cannot be counted now."""
    if monotonic() < _not_before.get(instance, 0.0) or not instance.db.read(trends.is_stale, _seen_at.get(instance, 0)):
        return
    began = monotonic()
    _not_before[instance] = began + _AGAIN_S
    try:
        counts = await instance.db.scan(trends.count, instance.config.limits.trend_people)
        if not instance.db.read(trends.is_shown, counts):  # a look writes nothing that is known already
            await instance.db.write(trends.keep, counts)
    except FediError:
        return
    took = monotonic() - began
    _not_before[instance] = monotonic() + _REST * took if took > _NOTHING_S else 0.0
    _seen_at[instance] = clock.now()
