"""The last seven days of something that is used: of a hashtag, of a link. Source: Mastodon documentation, Tag and Trends::Link."""

from typing import Final

from fedi import clock
from fedi.storage.tag_days import Days
from fedi.web.api.entities.places import Json

DAYS: Final = 7


def since(now: int) -> int:
    """When the first of these days began, ms."""
    return (now // clock.DAY - DAYS + 1) * clock.DAY


def history(now: int, days: Days) -> list[Json]:
    """Today first; each with how often and by how many, as texts."""
    today = now // clock.DAY
    found = ((day, *days.get(day, (0, 0))) for day in range(today, today - DAYS, -1))
    return [{"day": str(day * clock.DAY // clock.SECOND), "uses": str(uses), "accounts": str(accounts)} for day, uses, accounts in found]
