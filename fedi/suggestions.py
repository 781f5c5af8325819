"""Whom to follow next, and why: chosen by those who run this server, known to friends, alike, liked, or followed by many."""

from typing import NamedTuple

from fedi import clock
from fedi.storage import accounts as account_rows
from fedi.storage import suggestions as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx

FEATURED, FRIENDS, SIMILAR, LIKED, FOLLOWED = "featured", "friends", "similar", "liked", "followed"
_RECENT_MS = 30 * clock.DAY

dismiss = rows.dismiss


class Suggestion(NamedTuple):
    """Somebody, and every reason there is for them, the best first."""

    account: Account
    reasons: tuple[str, ...]


def suggest(tx: Tx, viewer: Account, chosen: tuple[str, ...], limit: int) -> list[Suggestion]:
    """For somebody: who was `chosen` (handles) first, then who has most reasons. Run it as a scan: it reads much."""
    since = tx.now - _RECENT_MS
    found = {
        FEATURED: rows.list_open(tx, viewer.id, _ids(tx, chosen)),
        FRIENDS: rows.list_friends_of_friends(tx, viewer.id, limit),
        SIMILAR: rows.list_similar(tx, viewer.id, since, limit),
        LIKED: rows.list_liked(tx, viewer.id, since, limit),
        FOLLOWED: rows.list_most_followed(tx, viewer.id, limit),
    }
    reasons: dict[int, list[str]] = {}
    for reason, account_ids in found.items():
        for account_id in account_ids:
            reasons.setdefault(account_id, []).append(reason)
    best = sorted(reasons, key=lambda account_id: (FEATURED not in reasons[account_id], -len(reasons[account_id])))[:limit]
    accounts = account_rows.list_by_ids(tx, best)
    return [Suggestion(accounts[account_id], tuple(reasons[account_id])) for account_id in best]


def _ids(tx: Tx, handles: tuple[str, ...]) -> list[int]:
    found = []
    for handle in handles:
        name, _, host = handle.removeprefix("@").partition("@")
        account = account_rows.find_by_handle(tx, name, "" if tx.uris.is_our_host(host) else host)
        if account is not None:
            found.append(account.id)
    return found
