"""What is done again and again by the clock: rows that have had their time, files nobody looks at, what is to be read anew."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from fedi import accounts, arrivals, backfill, clock, limits, newsletters, oauth, search_index, signups, trends
from fedi.activitypub import stamps
from fedi.errors import FediError
from fedi.storage import accounts as account_rows
from fedi.storage import active_days as active_day_rows
from fedi.storage import cards as card_rows
from fedi.storage import confirmations as confirmation_rows
from fedi.storage import conversations as conversation_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import emojis as emoji_rows
from fedi.storage import follows as follow_rows
from fedi.storage import hosts as host_rows
from fedi.storage import idempotency as idempotency_rows
from fedi.storage import jobs as rows
from fedi.storage import keys as key_rows
from fedi.storage import list_posts as list_post_rows
from fedi.storage import media as media_rows
from fedi.storage import timelines as timeline_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage import touches as touch_rows
from fedi.storage import users as user_rows
from fedi.storage import withdrawn as withdrawn_rows
from fedi.workplace import Workplace

_SLICE: Final = 200  # rows that are changed in one transaction


async def _tidy(instance: Workplace) -> None:
    """Rows that have had their time: seen activities, tombstones, sessions, hosts, homes, deliveries given up."""
    now = clock.now()
    await instance.db.write(rows.prune_seen, now - 30 * clock.DAY)
    await instance.db.write(tombstone_rows.prune, now - 30 * clock.DAY)
    await instance.db.write(user_rows.prune_sessions, now - 90 * clock.DAY)
    await instance.db.write(oauth.prune)
    await instance.db.write(withdrawn_rows.prune, now - limits.TOLD_AGAIN_S * clock.SECOND)
    await instance.db.write(confirmation_rows.prune, now - limits.CONFIRMATION_S * clock.SECOND)
    await instance.db.write(signups.prune)
    await instance.db.write(newsletters.prune)
    await instance.db.write(active_day_rows.prune, now // clock.DAY - 400)
    await instance.db.write(host_rows.prune, now - 30 * clock.DAY, 10_000)
    while await instance.db.write(timeline_rows.trim_homes, limits.HOME_ROWS, 5 * _SLICE):
        pass  # a slice per transaction
    while await instance.db.write(list_post_rows.trim, limits.LIST_ROWS, 5 * _SLICE):
        pass
    while await instance.db.write(conversation_rows.sweep, _SLICE) == _SLICE:
        pass
    await instance.db.write(delivery_rows.expire, now - 7 * clock.DAY)
    await instance.db.write(idempotency_rows.prune, now - clock.DAY)
    while await instance.db.write(card_rows.prune, now - clock.DAY, _SLICE) == _SLICE:
        pass
    while await instance.db.write(delivery_rows.prune_forwarded, instance.config.instance.base_url, now - 30 * clock.DAY, 5 * _SLICE):
        pass


async def _prune_posts(instance: Workplace) -> None:
    """Old posts of others that nobody here touched."""
    before = clock.now() - instance.config.storage.remote_posts_days * clock.DAY
    after: int | None = 0
    while after is not None:
        found, after = instance.db.read(touch_rows.list_unreferenced, before, after, _SLICE)
        if found:
            await instance.db.write(arrivals.prune, found)
        await asyncio.sleep(0)


async def _prune_media(instance: Workplace) -> None:
    """Bytes of remote files nobody looks at, files nothing shows any more, and what a crash has left on disk."""
    storage, now = instance.config.storage, clock.now()
    names = await instance.db.write(
        media_rows.uncache, before=now - storage.remote_media_days * clock.DAY, budget_bytes=storage.remote_media_mb * 1024 * 1024
    )
    while await instance.db.write(emoji_rows.prune, now - storage.remote_posts_days * clock.DAY, _SLICE) == _SLICE:
        pass
    names += await instance.db.write(media_rows.prune_unused, now - clock.DAY)
    for sha256 in dict.fromkeys(names):
        if not instance.db.read(media_rows.is_kept, sha256):
            await instance.cpu(instance.files.delete, sha256)
    kept = await instance.db.scan(media_rows.list_hashes)
    await instance.cpu(instance.files.sweep, kept.__contains__, 24 * 3600)


async def _refresh_accounts(instance: Workplace) -> None:
    """Read accounts anew that somebody here has to do with and that were not read for a week."""
    for account in instance.db.read(account_rows.list_stale, clock.now() - 7 * clock.DAY, 50):
        try:
            account = await instance.remote.actor(account.uri, refresh=True)
        except FediError:
            await instance.db.write(account_rows.mark_fetched, account.id)
            continue
        if instance.db.read(follow_rows.has_local_follower, account.id):  # with what stands on top of the profile
            await instance.db.write(backfill.profile, account)


async def _forget_keys(instance: Workplace) -> None:
    """Keys of deleted accounts, once the last Delete is delivered."""
    for account_id in instance.db.read(key_rows.list_of_deleted):
        await instance.db.write(accounts.forget_keys, account_id)


async def _recheck_quotes(instance: Workplace) -> None:
    """Stamps of quotes that were good a week ago."""
    await stamps.recheck(instance.remote)


async def _index(instance: Workplace) -> None:
    """The words of what was written since; others write in between."""
    while instance.db.read(search_index.is_behind) and await instance.db.write(search_index.catch_up, _SLICE // 4):
        pass  # a slice per transaction


async def _trends(instance: Workplace) -> None:
    """What is popular now."""
    counts = await instance.db.scan(trends.count, instance.config.limits.trend_people, deadline_s=60)
    await instance.db.write(trends.keep, counts)


async def _newsletters(instance: Workplace) -> None:
    """Letters to readers for whom there is something new."""
    if instance.config.mail.host:
        await instance.db.write(newsletters.claim)


CHORES: dict[str, tuple[int, Callable[[Workplace], Awaitable[None]]]] = {
    "tidy": (6 * clock.HOUR, _tidy),
    "prune-posts": (clock.DAY, _prune_posts),
    "prune-media": (6 * clock.HOUR, _prune_media),
    "refresh-accounts": (clock.HOUR, _refresh_accounts),
    "forget-keys": (clock.HOUR, _forget_keys),
    "recheck-quotes": (6 * clock.HOUR, _recheck_quotes),
    "index": (2 * clock.MINUTE, _index),
    "trends": (15 * clock.MINUTE, _trends),
    "newsletters": (15 * clock.MINUTE, _newsletters),
}
