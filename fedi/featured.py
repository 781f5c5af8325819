"""What stands on top of a profile: hashtags of people here; hashtags and pins of people elsewhere. Own pins are interactions.py's."""

from collections.abc import Iterable

from fedi import limits, tags
from fedi.activitypub import outbox
from fedi.errors import Conflict, Invalid, NotFound
from fedi.storage import featured_tags as rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import posts as post_rows
from fedi.storage import tags as tag_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.featured_tags import FeaturedTag
from fedi.storage.posts import Post


def add_tag(tx: Tx, account: Account, text: str) -> FeaturedTag:
    """Show a hashtag on one's profile. Raises Invalid for what is none or one too many, Conflict for one that is there."""
    try:
        name = tags.named(text)
    except NotFound:
        raise Invalid("That is not a hashtag.", "name") from None
    tag_id = tag_rows.put(tx, name)
    if not rows.put(tx, account.id, tag_id):
        raise Conflict(f"#{name} is on your profile already.")
    if rows.count(tx, account.id) > limits.FEATURED_TAGS:
        raise Invalid(f"Up to {limits.FEATURED_TAGS} hashtags can stand on a profile. Remove one first.", "name")
    outbox.tag_featured(tx, account, name, added=True)
    return next(tag for tag in rows.list_of(tx, account.id) if tag.tag_id == tag_id)


def remove_tag(tx: Tx, account: Account, tag_id: int) -> None:
    """Raises NotFound when it is not shown."""
    found = next((tag for tag in rows.list_of(tx, account.id) if tag.tag_id == tag_id), None)
    if found is None or not rows.delete(tx, account.id, tag_id):
        raise NotFound("That hashtag is not on your profile.")
    outbox.tag_featured(tx, account, found.name, added=False)


# -- from the wire --


def receive_pin(tx: Tx, account: Account, post: Post, *, added: bool) -> None:
    """Somebody elsewhere pins one of their own public posts, or no more. Source: AUZ-16."""
    if post.account_id != account.id or post.boost_of_id is not None:
        return
    if not added:
        interaction_rows.delete_pin(tx, account.id, post.id)
    elif post.is_public and interaction_rows.count_pins(tx, account.id) < limits.FEATURED:
        interaction_rows.put_pin(tx, account.id, post.id)


def receive_tag(tx: Tx, account: Account, name: str, *, added: bool) -> None:
    """Somebody elsewhere shows a (normalised) hashtag on their profile, or no more."""
    tag_id = tag_rows.put(tx, name) if added else tag_rows.find_id(tx, name)
    if tag_id is None:
        return
    if not added:
        rows.delete(tx, account.id, tag_id)
    elif rows.count(tx, account.id) < limits.FEATURED:
        rows.put(tx, account.id, tag_id)


def replace_pins(tx: Tx, account: Account, post_ids: Iterable[int]) -> None:
    """The pins of somebody elsewhere as their collection lists them; posts of others are left out."""
    for known in interaction_rows.list_pins(tx, account.id):
        interaction_rows.delete_pin(tx, account.id, known)
    for post_id in list(post_ids)[: limits.FEATURED]:
        post = post_rows.find(tx, post_id)
        if post is not None:
            receive_pin(tx, account, post, added=True)


def replace_tags(tx: Tx, account: Account, names: Iterable[str]) -> None:
    """What the collection of an account elsewhere says now: these (normalised) hashtags and no others."""
    wanted = list(dict.fromkeys(names))
    for name in rows.list_names(tx, account.id):
        if name not in wanted and (tag_id := tag_rows.find_id(tx, name)) is not None:
            rows.delete(tx, account.id, tag_id)
    for name in wanted:
        rows.put(tx, account.id, tag_rows.put(tx, name))
