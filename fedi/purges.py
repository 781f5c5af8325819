"""What an account leaves behind when it ends. Relations and a few posts go at once; many posts by a job, in slices; then bytes on disk.

Nothing of it is shown from the first moment on: the row says so until it goes (or, of somebody here, for good).
"""

import orjson

from fedi import arrivals, posts
from fedi.storage import accounts as rows
from fedi.storage import follows as follow_rows
from fedi.storage import jobs as job_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.streaming import Event

JOB = "purge"
SLICE = 200  # posts that go in one transaction


def begin(tx: Tx, account: Account) -> None:
    """End an account's relations and posts; of somebody elsewhere also the row, now or when the job is done."""
    for follow in follow_rows.list_all_of(tx, account.id):
        if follow.state == "accepted":
            rows.count_follow(tx, follow.follower_id, follow.followed_id, -1)
        follow_rows.delete(tx, follow.follower_id, follow.followed_id)
        tx.emit(Event("relation", follow.follower_id, follow.followed_id))
    files = media_rows.list_hashes_of(tx, account.id)
    rows.update(tx, account.id, deleted_at=tx.now)
    is_small = len(post_rows.list_ids_of(tx, account.id, SLICE + 1)) <= SLICE
    if is_small:
        _finish(tx, account)
    if files or not is_small:
        job_rows.insert(tx, JOB, orjson.dumps({"account": account.id, "files": files}))
        tx.emit(Event("job"))


def erase(tx: Tx, files: list[str]) -> None:
    """Let bytes on disk go that nobody shows any more: soon, not at the next sweep."""
    job_rows.insert(tx, JOB, orjson.dumps({"account": 0, "files": files}))
    tx.emit(Event("job"))


def some(tx: Tx, account_id: int) -> bool:
    """Let a slice of the posts go; False when nothing is left to do."""
    account = rows.find(tx, account_id)
    if account is None or account.deleted_at is None:
        return False
    found = post_rows.list_ids_of(tx, account_id, SLICE)
    if len(found) < SLICE:
        _finish(tx, account)
        return False
    if account.is_local:
        for post_id in found:
            post = post_rows.find(tx, post_id)
            if post is not None:
                posts.end(tx, post, account)
    else:
        arrivals.prune(tx, found)
    return True


def _finish(tx: Tx, account: Account) -> None:
    rows.delete_traces(tx, account.id)
    if not account.is_local:
        rows.delete(tx, account.id)
