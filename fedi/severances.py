"""Follows that end because a server is blocked or somebody is suspended: those who lose them are told how many, not whose."""

from collections import Counter
from collections.abc import Iterable

from fedi import notifications
from fedi.storage import severances as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.follows import Follow


def domain_blocked(tx: Tx, host: str, ended: Iterable[Follow], local_ids: frozenset[int]) -> None:
    """Staff have blocked a server. `ended` are the follows that ended with it, `local_ids` who of their ends is here."""
    followers: Counter[int] = Counter()
    following: Counter[int] = Counter()
    for made in ended:
        if made.state == "accepted":
            followers[made.followed_id] += made.followed_id in local_ids
            following[made.follower_id] += made.follower_id in local_ids
    for owner_id in sorted(local_ids):
        _tell(tx, owner_id, "domain_block", host, followers[owner_id], following[owner_id])


def suspended(tx: Tx, account: Account) -> None:
    """Staff have suspended an account: nothing of it is shown any more, follows included."""
    for owner_id, followers, following in rows.count_ties(tx, account.id):
        if owner_id != account.id:
            _tell(tx, owner_id, "account_suspension", account.handle, followers, following)


def domain_blocked_by(tx: Tx, owner_id: int, host: str, followers: int, following: int) -> None:
    """Somebody has blocked a server for themselves: for them to look up later."""
    _tell(tx, owner_id, "user_domain_block", host, followers, following)


def _tell(tx: Tx, owner_id: int, kind: str, target: str, followers: int, following: int) -> None:
    if followers or following:
        made = rows.insert(tx, owner_id, kind, target, followers, following)
        notifications.tell_oneself(tx, owner_id, "severance", about_id=made)
