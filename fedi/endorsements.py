"""People on a profile: whom somebody here follows and shows to others. Source: Mastodon documentation, accounts, endorse."""

from fedi import limits
from fedi.errors import Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import endorsements as rows
from fedi.storage import follows as follow_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


def endorse(tx: Tx, account: Account, target_id: int) -> None:
    """Show somebody on one's profile. Raises NotFound, Invalid for whom one does not follow and for one too many."""
    target = account_rows.get(tx, target_id)
    if target.is_hidden:
        raise NotFound("There is no such account.")
    if not follow_rows.is_follower(tx, account.id, target.id):
        raise Invalid("Follow them first: your profile shows people whom you follow.", "id")
    if rows.put(tx, account.id, target.id) and rows.count(tx, account.id) > limits.ENDORSEMENTS:
        raise Invalid(f"Up to {limits.ENDORSEMENTS} people can stand on a profile. Take one off first.", "id")


def unendorse(tx: Tx, account: Account, target_id: int) -> None:
    """Show them no more; nothing when they were not shown. Raises NotFound."""
    rows.delete(tx, account.id, account_rows.get(tx, target_id).id)
