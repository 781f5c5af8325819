"""Whose thread a post is in: the collection that its posts name in common. And who wants to hear no more of one. Source: FEP-7888."""

from fedi import limits
from fedi.storage import muted_threads as mute_rows
from fedi.storage import posts as post_rows
from fedi.storage import threads as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post


def mute(tx: Tx, account: Account, post_id: int) -> Post:
    """Be told no more of what is said in the thread of a post. Returns the post. Raises NotFound when the account may not see it."""
    post = post_rows.get_visible(tx, account.id, post_id)
    mute_rows.put(tx, account.id, _thread_of(tx, account, post))
    return post


def unmute(tx: Tx, account: Account, post_id: int) -> Post:
    post = post_rows.get_visible(tx, account.id, post_id)
    mute_rows.delete(tx, account.id, _thread_of(tx, account, post))
    return post


def _thread_of(tx: Tx, account: Account, post: Post) -> int:
    """Of a boost, that of what it boosts."""
    return post.thread_id if post.boost_of_id is None else post_rows.get_visible(tx, account.id, post.boost_of_id).thread_id


def context_of(tx: Tx, parent: Post) -> str:
    """The thread of an answer to `parent`: that of the first post, whose author's word it is; '' when none is known."""
    top = rows.find_top(tx, parent.id, limits.THREAD_HOPS) or parent
    if top.in_reply_to_uri:  # there is more above that is not here
        return parent.context_uri or top.context_uri
    return tx.uris.context(top.id) if tx.uris.is_ours(top.uri) else top.context_uri
