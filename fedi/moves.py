"""Moving: somebody has a new home, here or elsewhere, and those who follow them come along.

An account names its others among its aliases; only to one that names it in turn can it move, and not twice within a week.
Source: FEP-7628; FEDERATION.md, Activities; AUZ-07.
"""

import json
from contextlib import suppress

from fedi import blocks, clock, follows, limits, notifications
from fedi.activitypub import outbox
from fedi.errors import Conflict, FediError, Forbidden, Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as block_rows
from fedi.storage import follows as follow_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.streaming import Event

COOLDOWN_MS = limits.MOVE_DAYS * clock.DAY


def is_rested(tx: Tx, account: Account) -> bool:
    """Whether the last move is long enough ago for another."""
    return account.moved_at is None or tx.now - account.moved_at >= COOLDOWN_MS


# -- by people here --


def add_alias(tx: Tx, account: Account, other: Account) -> Account:
    """Say that another account is one's own too: it may then move here. Raises Invalid for oneself, Conflict for too many."""
    known = account_rows.get(tx, account.id).aliases()
    if other.id == account.id:
        raise Invalid("That is this account itself.", "alias")
    if other.kind == "Application" or other.deleted_at is not None:
        raise NotFound("There is no such account.")
    if other.uri in known:
        return account
    if len(known) >= limits.OWN_ALIASES:
        raise Conflict(f"There are {limits.OWN_ALIASES} aliases already. Remove one first.")
    return _set_aliases(tx, account, [*known, other.uri])


def remove_alias(tx: Tx, account: Account, uri: str) -> Account:
    """Say so no more. Raises NotFound for what is no alias."""
    known = account_rows.get(tx, account.id).aliases()
    if uri not in known:
        raise NotFound("That is not among the aliases.")
    return _set_aliases(tx, account, [other for other in known if other != uri])


def _set_aliases(tx: Tx, account: Account, aliases: list[str]) -> Account:
    return _tell(tx, account_rows.update(tx, account.id, also_known_as=json.dumps(aliases)))


def _tell(tx: Tx, changed: Account) -> Account:
    outbox.profile_changed(tx, changed)
    tx.emit(Event("account", changed.id))
    return changed


def move(tx: Tx, account: Account, target: Account) -> Account:
    """Send one's followers to another account, which was read anew just before. Posts and the account itself stay.

    Raises Invalid for oneself and for an account that does not name this one, Conflict when one of the two has moved already or it is
    too soon, NotFound for one that is hidden here.
    """
    account = account_rows.get(tx, account.id)
    if target.id == account.id:
        raise Invalid("That is this account itself.", "target")
    if target.is_hidden or target.kind == "Application":
        raise NotFound("There is no such account.")
    if account.moved_to_uri == target.uri:
        raise Conflict("This account has moved there already.")
    if not is_rested(tx, account):
        raise Conflict(f"This account has moved within the last {limits.MOVE_DAYS} days. Followers are not sent on more often than that.")
    if target.moved_to_uri:
        raise Conflict("That account has itself moved on. Move to where it is now.")
    if account.uri not in target.aliases():
        raise Invalid(f"@{target.handle} does not name this account. Add {account.uri} to the aliases there first.", "target")
    changed = _tell(tx, account_rows.update(tx, account.id, moved_to_uri=target.uri, moved_at=tx.now))
    outbox.moved(tx, changed, target)
    carry(tx, changed, target)
    return changed


def come_back(tx: Tx, account: Account) -> Account:
    """Be at home here again: new followers are taken. Those who went stay where they went. Raises Conflict when one had not moved."""
    if not account_rows.get(tx, account.id).moved_to_uri:
        raise Conflict("This account has not moved.")
    return _tell(tx, account_rows.update(tx, account.id, moved_to_uri=""))


# -- what a move does here --


def carry(tx: Tx, old: Account, new: Account) -> None:
    """People here who followed, blocked or muted the old account do so with the new one. Blocks and mutes of the old one stay."""
    for blocker in block_rows.list_local_blockers(tx, old.id):
        with suppress(FediError):  # the new account is their own
            blocks.block(tx, blocker, new.id)
    for muted, muter in block_rows.list_local_muters(tx, old.id):
        with suppress(FediError):
            blocks.mute(tx, muter, new.id, notifications=bool(muted.notifications), expires_at=muted.expires_at)
    for made, follower in follow_rows.list_local_followers(tx, old.id):
        if follower.id != new.id:
            with suppress(Conflict, Forbidden, NotFound):  # a block stands there, or the new one is hidden here
                follows.follow(tx, follower, new.id, boosts=bool(made.boosts), notify=bool(made.notify))
        follows.unfollow(tx, follower, old.id)
        notifications.tell(tx, follower.id, "move", new)


# -- from the wire --


def concerns_us(tx: Tx, old: Account) -> bool:
    """Whether anybody here follows, blocks or mutes them."""
    return follow_rows.has_local_follower(tx, old.id) or block_rows.has_local_opponent(tx, old.id)


def receive(tx: Tx, old: Account, new: Account) -> None:
    """Somebody elsewhere has moved, and said so themselves; nothing when the new account, as read anew, does not name the old one."""
    is_confirmed = old.uri in new.aliases() and not new.moved_to_uri and not new.is_hidden
    if is_confirmed and not old.is_local and old.id != new.id and is_rested(tx, old):
        carry(tx, account_rows.update(tx, old.id, moved_to_uri=new.uri, moved_at=tx.now), new)
        tx.emit(Event("account", old.id))
