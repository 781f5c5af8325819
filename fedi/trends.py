"""What is popular: hashtags and links by how many people use them, more than before, and posts by how many like them. New counts more."""

from typing import NamedTuple

from fedi import clock, ids, limits
from fedi.storage import settings as setting_rows
from fedi.storage import trends as rows
from fedi.storage.db import Tx
from fedi.storage.trends import Liked, Trend, Used

_COUNTED = "trends.counted"
_SPAN_MS = 7 * clock.DAY
_SPARSE_S = 5
_HALF_LIFE_MS = 2 * clock.DAY


class Counts(NamedTuple):
    """Everything that is popular now, the most popular first."""

    tags: list[Trend]
    posts: list[Trend]
    links: list[Trend]


def is_stale(tx: Tx, seen_at: int = 0) -> bool:
    """Whether some time has passed since it was counted; less is enough where there was nothing of a kind.

    `seen_at`, in ms, is when it was last counted and found to be what is shown already, of which nothing is written down.
    """
    fresh_s = limits.TRENDS_FRESH_S if rows.has_all_kinds(tx) else _SPARSE_S
    return bool(tx.now - max(setting_rows.find(tx, _COUNTED, 0), seen_at) >= fresh_s * clock.SECOND)


def count(tx: Tx, least: int) -> Counts:
    """Count what at least so many people have used or liked. Run it as a scan: it reads the posts of two weeks."""
    since = tx.now - _SPAN_MS
    tags, links = (counter(tx, since, since - _SPAN_MS) for counter in (rows.count_tags, rows.count_links))
    return Counts(
        _best([_used(tx.now, one) for one in tags if one.people >= least]),
        _best([_liked(tx.now, one) for one in rows.count_posts(tx, since) if one.people >= least]),
        _best([_used(tx.now, one) for one in links if one.people >= least]),
    )


def is_shown(tx: Tx, counts: Counts) -> bool:
    """Whether this is what is shown already, in this order."""
    return all(
        [(one.ref_id, one.language) for one in sorted(found, key=lambda one: (-one.score, one.ref_id))] == rows.list_of(tx, kind)
        for kind, found in zip(("tag", "post", "link"), counts, strict=True)
    )


def keep(tx: Tx, counts: Counts) -> None:
    """Show these from now on."""
    rows.replace(tx, "tag", counts.tags)
    rows.replace(tx, "post", counts.posts)
    rows.replace(tx, "link", counts.links)
    setting_rows.put(tx, _COUNTED, tx.now)


def _best(found: list[Trend]) -> list[Trend]:
    return sorted(found, key=lambda one: -one.score)[: limits.TRENDS]


def _fresh(now: int, last_id: int) -> float:
    """1 now, a half after two days."""
    return float(0.5 ** (max(now - ids.time_of(last_id), 0) / _HALF_LIFE_MS))


def _used(now: int, one: Used) -> Trend:
    """People count; more of them than before count for more; one who says it ten times counts for little more than once."""
    before = max(one.people_before, 1)
    risen = max(one.people - before, 0) ** 2 / before
    return Trend(one.ref_id, (one.people + risen + min(one.uses, 3 * one.people) / 10) * _fresh(now, one.last_id))


def _liked(now: int, one: Liked) -> Trend:
    return Trend(one.ref_id, one.people * _fresh(now, one.ref_id), one.language)
