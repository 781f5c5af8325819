"""Hashtags that people here follow: public posts about them come to their homes."""

from fedi import limits, markup
from fedi.errors import Invalid, NotFound
from fedi.storage import followed_tags as rows
from fedi.storage import tags as tag_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.streaming import Event


def named(text: str) -> str:
    """The normalised name of a hashtag somebody writes, with `#` or without. Raises NotFound for what is none."""
    name = markup.normalise_tag(text)
    if not name:
        raise NotFound("That is not a hashtag.")
    return name


def follow(tx: Tx, account: Account, name: str) -> None:
    """Let new public posts with a (normalised) hashtag come home; again is no harm. Raises Invalid beyond a number of them."""
    if rows.put(tx, account.id, tag_rows.put(tx, name)) and rows.count(tx, account.id) > limits.FOLLOWED_TAGS:
        raise Invalid(f"Up to {limits.FOLLOWED_TAGS} hashtags can be followed. Unfollow one first.", "name")


def unfollow(tx: Tx, account: Account, name: str) -> None:
    """Nothing when one does not follow it. What only this hashtag has brought leaves the home."""
    tag_id = tag_rows.find_id(tx, name)
    if tag_id is not None and rows.delete(tx, account.id, tag_id):
        rows.empty_home(tx, account.id, tag_id)
        tx.emit(Event("home", account.id))
