"""Answers that came before what they answer: tied to it when it comes, and held where its author has not agreed to them.

Source: FEDERATION.md, Interaction policies.
"""

from fedi import approvals, fanout, limits, policies
from fedi.storage import post_arrivals as arrival_rows
from fedi.storage import posts as post_rows
from fedi.storage import threads as thread_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post


def adopt(tx: Tx, parent: Post) -> None:
    """A post has arrived: what waited for it answers it from now on, and counts as far as its policy lets it."""
    found = thread_rows.adopt_orphans(tx, parent)
    if found is None:
        return
    if found:
        post_rows.add_counts(tx, parent.id, replies=found)
    if not approvals.is_limited(parent, policies.REPLY):
        return
    for place, (answer, author) in enumerate(arrival_rows.list_answers(tx, parent)):
        if place >= limits.ORPHANS_JUDGED or not _may(tx, parent, answer, author):
            hide(tx, answer)


def _may(tx: Tx, parent: Post, answer: Post, author: Account) -> bool:
    stamp_uri = arrival_rows.find_stamp(tx, answer.id)
    return approvals.receive(tx, policies.REPLY, parent, author, answer.uri, stamp_uri) == policies.AUTOMATIC


def restamped(tx: Tx, answer: Post, author: Account, stamp_uri: str) -> None:
    """An answer that is known comes again with a stamp: one that is held is looked at again."""
    if not stamp_uri or stamp_uri == arrival_rows.find_stamp(tx, answer.id):
        return
    arrival_rows.put_stamp(tx, answer.id, stamp_uri)
    parent = post_rows.find(tx, answer.in_reply_to_id) if answer.in_reply_to_id is not None else None
    if parent is not None and answer.held:
        approvals.receive(tx, policies.REPLY, parent, author, answer.uri, stamp_uri)


def hide(tx: Tx, post: Post) -> Post:
    """What was seen is held from now on. Returns it as it is then."""
    fanout.post_hidden(tx, post)
    return post_rows.update(tx, post.id, held=1)
