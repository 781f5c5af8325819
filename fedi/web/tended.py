"""What looking at something sets going: earlier posts of an account, the rest of a thread. It never waits, and never fails the page."""

from typing import Final

from fedi import backfill, clock
from fedi.errors import FediError
from fedi.instance import Instance
from fedi.storage.accounts import Account
from fedi.storage.posts import Post

REFRESH_S: Final = 8  # how often a page without scripts looks again while something is on its way


async def profile(instance: Instance, account: Account) -> bool:
    """Ask for what somebody elsewhere posted before, when it is time; whether that is under way."""
    if not backfill.is_profile_due(account, clock.now()):
        return instance.db.read(backfill.is_profile_under_way, account)
    try:
        return await instance.db.write(backfill.profile, account)
    except FediError:  # a full disk, say: what is here can be read all the same
        return False


async def thread(instance: Instance, post: Post) -> bool:
    """Ask for the rest of a thread, when it is time; whether that is under way."""
    if not instance.db.read(backfill.is_thread_due, post):
        return instance.db.read(backfill.is_thread_under_way, post)
    try:
        return await instance.db.write(backfill.thread, post)
    except FediError:
        return False
