"""Letters between people, as conversations: each person here has their own of each, with what of it is new to them."""

from collections.abc import Collection

from fedi.errors import NotFound
from fedi.storage import conversations as rows
from fedi.storage import posts as post_rows
from fedi.storage.conversations import Conversation
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.streaming import Event


def post_added(tx: Tx, post: Post, wanted_by: Collection[int]) -> None:
    """A letter is there: it stands with its author, if that is one of ours, and with those of us who want to hear of it."""
    if post.visibility != "direct" or post.boost_of_id is not None:
        return
    everybody, ours = rows.list_participants(tx, post.id)
    thread_id = rows.thread_of(tx, post.id)
    for owner_id in ours:
        if owner_id == post.account_id or owner_id in wanted_by:
            _add(tx, owner_id, thread_id, everybody, post)


def _add(tx: Tx, owner_id: int, thread_id: int, everybody: list[int], post: Post, *, unread: bool | None = None) -> None:
    is_new = post.account_id != owner_id if unread is None else unread
    made = rows.add(tx, owner_id, thread_id, everybody, post.id, unread=is_new)
    tx.emit(Event("conversation", made, owner_id))


def post_edited(tx: Tx, post: Post, newcomers: Collection[int]) -> None:
    """A letter may name others than before: then it stands among these from now on. `newcomers` have just heard of it."""
    if post.visibility != "direct" or post.boost_of_id is not None:
        return
    everybody, ours = rows.list_participants(tx, post.id)
    places = rows.list_of_post(tx, post.id)
    if any(place.people == frozenset(everybody) for place in places):
        return
    unread = {place.account_id: place.unread for place in places}
    post_removed(tx, post)
    thread_id = rows.thread_of(tx, post.id)
    for owner_id in ours:
        if owner_id in unread or owner_id in newcomers:
            _add(tx, owner_id, thread_id, everybody, post, unread=unread.get(owner_id))


def brought_back(tx: Tx, owner_id: int, post_id: int) -> None:
    """A letter that was kept apart is let through."""
    post = post_rows.find_visible(tx, owner_id, post_id)
    if post is not None and post.visibility == "direct" and not rows.has(tx, owner_id, post.id):
        everybody, _ = rows.list_participants(tx, post.id)
        _add(tx, owner_id, rows.thread_of(tx, post.id), everybody, post)


def post_removed(tx: Tx, post: Post) -> None:
    """A letter is about to go, or to stand elsewhere."""
    if post.visibility == "direct" and post.boost_of_id is None:
        touched = rows.list_of_post(tx, post.id)
        rows.take_out(tx, post.id)
        for place in touched:
            tx.emit(Event("conversation", place.id, place.account_id))


def set_unread(tx: Tx, owner_id: int, conversation_id: int, unread: bool) -> Conversation:
    """Say whether there is something new in it. Raises NotFound."""
    rows.set_unread(tx, owner_id, conversation_id, unread)
    found = rows.find(tx, owner_id, conversation_id)
    if found is None:
        raise NotFound("There is no such conversation.")
    return found


def remove(tx: Tx, owner_id: int, conversation_id: int) -> None:
    """Take it off one's list, until somebody writes again. Raises NotFound."""
    if not rows.delete(tx, owner_id, conversation_id):
        raise NotFound("There is no such conversation.")
