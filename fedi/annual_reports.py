"""Somebody's year in numbers, from what this server has: made on demand, shown to others once they share it.

Source: Mastodon documentation, annual_reports.
"""

import secrets
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from fedi import clock, limits
from fedi.errors import NotFound
from fedi.storage import annual_reports as rows
from fedi.storage import jobs as job_rows
from fedi.storage.accounts import Account
from fedi.storage.annual_reports import Kinds, Report
from fedi.storage.db import Tx
from fedi.streaming import Event

JOB: Final = "annual-report"
SCHEMA: Final = 2
_USUAL: Final = 113  # posts a year; who writes less reads more
_MONTHS: Final = range(1, 13)


def year_of(at: int) -> int:
    """The year of a time (ms), UTC."""
    return datetime.fromtimestamp(at / clock.SECOND, UTC).year


def _span(year: int) -> tuple[int, int]:
    """When a year begins and ends, ms."""
    start, end = (int(datetime(number, 1, 1, tzinfo=UTC).timestamp()) * clock.SECOND for number in (year, year + 1))
    return start, end


def state(tx: Tx, account: Account, year: int) -> str:
    """`available`, `generating`, `eligible` or `ineligible`."""
    found = rows.find(tx, account.id, year)
    if found is not None:
        return "available" if found.state == "ready" else "generating"
    return "eligible" if _is_eligible(tx, account, year) else "ineligible"


def _is_eligible(tx: Tx, account: Account, year: int) -> bool:
    """Somebody has a report of every year they wrote in, of the present one up to now."""
    latest = year_of(tx.now)
    return latest - limits.REPORT_YEARS <= year <= latest and rows.has_posts(tx, account.id, *_span(year))


def ask(tx: Tx, account: Account, year: int) -> bool:
    """Have it made in the background; whether it is being made. One of a year that went on since is made anew after a day."""
    found = rows.find(tx, account.id, year)
    if found is not None and found.state == "generating":
        return True
    is_old = found is not None and found.created_at < min(_span(year)[1], tx.now - clock.DAY)
    if (found is not None and not is_old) or not _is_eligible(tx, account, year):
        return False
    rows.begin(tx, account.id, year)
    payload = orjson.dumps({"account": account.id, "year": year})
    tx.emit(Event("job", job_rows.insert(tx, JOB, payload, lane=f"{JOB} {account.id}")))
    return True


def made(tx: Tx, account_id: int, year: int) -> dict[str, Any]:
    """What stands in it. A scan: it reads a year of posts."""
    since, until = _span(year)
    kinds = rows.count_kinds(tx, account_id, since, until)
    posts = rows.count_posts_by_month(tx, account_id, since, until)
    followers = rows.count_followers_by_month(tx, account_id, since, until)
    tag = rows.find_top_tag(tx, account_id, since, until)
    return {
        "archetype": _archetype(kinds),
        "kinds": kinds._asdict(),
        "months": [[month, posts.get(month, 0), followers.get(month, 0)] for month in _MONTHS],
        "top_tag": list(tag) if tag is not None else None,
        "top_post": rows.find_top_post(tx, account_id, since, until),
    }


def _archetype(kinds: Kinds) -> str:
    """What sort of writer that is, in a word. Observed: Mastodon 4.6 tells them apart so."""
    if kinds.standalone + kinds.answers + kinds.boosts < _USUAL:
        return "lurker"
    if kinds.boosts > 2 * kinds.standalone:
        return "booster"
    if kinds.polls > 0.1 * kinds.standalone:
        return "pollster"
    return "replier" if kinds.answers > 2 * kinds.standalone else "oracle"


finish = rows.finish


def get(tx: Tx, account_id: int, year: int) -> Report:
    """One that is made. Raises NotFound."""
    found = rows.find(tx, account_id, year)
    if found is None or found.state != "ready":
        raise NotFound("There is no report of that year.")
    return found


def read(tx: Tx, account: Account, year: int) -> None:
    """They have seen it. Raises NotFound."""
    rows.mark_read(tx, account.id, get(tx, account.id, year).year)


def share(tx: Tx, account: Account, year: int) -> str:
    """Let everybody read it who has its address; returns the key in that. Raises NotFound."""
    key = get(tx, account.id, year).share_key or secrets.token_hex(8)
    rows.set_share_key(tx, account.id, year, key)
    return key


def unshare(tx: Tx, account: Account, year: int) -> None:
    """For its author alone again: the address that was given out shows nothing any more. Raises NotFound."""
    rows.set_share_key(tx, account.id, get(tx, account.id, year).year, "")


def get_shared(tx: Tx, account_id: int, year: int, key: str) -> Report:
    """The one a shared address means. Raises NotFound alike for a wrong key and for what is not there."""
    found = get(tx, account_id, year)
    if not found.share_key or not secrets.compare_digest(found.share_key.encode(), key.encode("utf-8", "replace")):
        raise NotFound("There is no report of that year.")
    return found
