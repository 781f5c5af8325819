"""What is popular, for programs and pages alike: counted by the clock, and anew when somebody looks and it is old."""

from contextlib import suppress

from fedi import trends
from fedi.errors import FediError
from fedi.instance import Instance


async def refresh(instance: Instance) -> None:
    """Where it cannot be counted now, what was counted before stays."""
    if not instance.db.read(trends.is_stale):
        return
    with suppress(FediError):
        counts = await instance.db.scan(trends.count, instance.config.limits.trend_people)
        await instance.db.write(trends.keep, counts)
