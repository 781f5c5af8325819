"""What is read afterwards: the earlier posts of an account, the rest of a thread. Asked for here, in jobs; done in activitypub.

Asking costs a row and never waits. It is bounded: how often for one account or thread, how many at once, how many in all.
"""

import zlib

from fedi import clock, limits, uris
from fedi.errors import Malformed
from fedi.storage import accounts as account_rows
from fedi.storage import jobs as job_rows
from fedi.storage import posts as post_rows
from fedi.storage import threads as thread_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.streaming import Event

PROFILE, THREAD, ABOVE = "profile", "thread", "thread-above"  # names of jobs; each has an id as its payload

_PROFILE_MS = clock.DAY
_SETTLED_MS = 5 * clock.MINUTE  # a post younger than this has its answers still on the way
_THREAD_MS = 15 * clock.MINUTE
_OLD_MS = 7 * clock.DAY  # a thread older than this rarely grows
_OLD_THREAD_MS = clock.DAY


def _lane(uri: str) -> str:
    """All work that begins at one server waits for itself, so that a slow one holds up few."""
    try:
        return f"backfill {zlib.crc32(uris.host(uri).encode()) % limits.BACKFILL_LANES}"
    except Malformed:
        return "backfill 0"


def _ask(tx: Tx, name: str, row_id: int, uri: str) -> bool:
    """Queue it, unless it is queued already or too much is; True when it is under way."""
    lane = _lane(uri)
    if job_rows.is_waiting(tx, name, b"%d" % row_id, lane):
        return True
    if sum(job_rows.count_lane(tx, f"backfill {number}") for number in range(limits.BACKFILL_LANES)) >= limits.BACKFILL_QUEUE:
        return False
    tx.emit(Event("job", job_rows.insert(tx, name, b"%d" % row_id, lane=lane)))
    return True


# -- profiles --


def is_profile_due(account: Account, now: int) -> bool:
    """Whether `profile` would ask: once a day for somebody elsewhere."""
    return not account.is_local and not account.is_hidden and account.filled_at <= now - _PROFILE_MS


def profile(tx: Tx, account: Account) -> bool:
    """Ask for what somebody elsewhere has posted before, and how they present themselves now. True when that is under way."""
    account = account_rows.get(tx, account.id)
    if is_profile_due(account, tx.now) and _ask(tx, PROFILE, account.id, account.uri):
        account_rows.mark_filled(tx, account.id, tx.now)
        return True
    return is_profile_under_way(tx, account)


def is_profile_under_way(tx: Tx, account: Account) -> bool:
    return not account.is_local and job_rows.is_waiting(tx, PROFILE, b"%d" % account.id, _lane(account.uri))


def profile_again(tx: Tx, account_id: int) -> None:
    """It could not be read: not in a day, but in an hour it may be asked for again."""
    account_rows.mark_filled(tx, account_id, tx.now - _PROFILE_MS + clock.HOUR)


# -- threads --


def is_thread_due(tx: Tx, post: Post) -> bool:
    """Whether `thread` would ask: for a public post that is, or answers, one of somewhere else, is not quite new, and was not asked lately.

    Source: FEDERATION.md, Limits.
    """
    age = tx.now - post.published_at
    if post.boost_of_id is not None or not post.is_public or age < _SETTLED_MS or not _beginnings(tx, post):
        return False
    pause = _THREAD_MS if age < _OLD_MS else _OLD_THREAD_MS
    return thread_rows.fetched_at(tx, post.id) <= tx.now - pause


def _beginnings(tx: Tx, post: Post) -> list[Post]:
    """Where the rest of a thread may be found: the post and the top of what it answers, those of other servers."""
    top = thread_rows.find_top(tx, post.id, limits.THREAD_HOPS)
    found = [post] if top is None or top.id == post.id else [post, top]
    return [one for one in found if one.is_public and not tx.uris.is_ours(one.uri)]


def beginnings(tx: Tx, post_id: int) -> list[Post]:
    """The same for the job: nothing for a post that has gone."""
    post = post_rows.find(tx, post_id)
    return _beginnings(tx, post) if post is not None and post.is_public else []


def thread(tx: Tx, post: Post) -> bool:
    """Ask for the rest of a post's thread. True when that is under way."""
    if is_thread_due(tx, post) and _ask(tx, THREAD, post.id, post.uri):
        thread_rows.mark_fetched(tx, post.id)
        return True
    return is_thread_under_way(tx, post)


def is_thread_under_way(tx: Tx, post: Post) -> bool:
    return job_rows.is_waiting(tx, THREAD, b"%d" % post.id, _lane(post.uri))


def above(tx: Tx, post: Post) -> None:
    """Ask for what a post answers, and for what that answers, as long as it is not known."""
    if post.in_reply_to_uri and post.in_reply_to_id is None and not tx.uris.is_ours(post.in_reply_to_uri):
        _ask(tx, ABOVE, post.id, post.in_reply_to_uri)
