"""Collections: people whom somebody here recommends, a few together, under a name. Nobody is in one against their will.

Source: Mastodon documentation, collections.
"""

from typing import Any, NamedTuple

from fedi import html, ids, limits, notifications, plaintext, tags
from fedi.errors import Forbidden, Invalid, NotFound
from fedi.html import Html
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as block_rows
from fedi.storage import collections as rows
from fedi.storage import follows as follow_rows
from fedi.storage import tags as tag_rows
from fedi.storage.accounts import Account
from fedi.storage.collections import Collection, Item
from fedi.storage.db import Tx


class About(NamedTuple):
    """What is to be said of a collection; None leaves a thing as it is. `tag` is a hashtag as somebody writes it, '' for none."""

    name: str | None = None
    description: str | None = None
    language: str | None = None
    tag: str | None = None
    sensitive: bool | None = None
    discoverable: bool | None = None


def create(tx: Tx, owner: Account, about: About, account_ids: list[int]) -> Collection:
    """Raises Invalid for what cannot be and one too many; NotFound and Forbidden for whom it cannot have."""
    if rows.count(tx, owner.id) >= limits.COLLECTIONS:
        raise Invalid(f"You can have up to {limits.COLLECTIONS} collections. Delete one first.", "name")
    if about.name is None:
        raise Invalid("name: give it one.", "name")
    row_id = ids.new(tx.now)
    blank = Collection(row_id, tx.uris.collection(owner.username, row_id), owner.id, "", "", "", "", 0, 1, None, tx.now, tx.now)
    rows.insert(tx, blank._replace(**_columns(tx, about)))
    for account_id in account_ids:
        add(tx, owner, row_id, account_id)
    return get(tx, owner.id, row_id)


def _columns(tx: Tx, about: About) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if about.name is not None:
        name = plaintext.line(about.name, limits.COLLECTION_NAME_CHARS)
        if not name or len(about.name) > limits.COLLECTION_NAME_CHARS:
            raise Invalid(f"name: 1 to {limits.COLLECTION_NAME_CHARS} characters, please.", "name")
        found["name"] = name
    if about.description is not None:
        if len(about.description) > limits.COLLECTION_TEXT_CHARS:
            raise Invalid(f"description: up to {limits.COLLECTION_TEXT_CHARS} characters, please.", "description")
        text = plaintext.plain(about.description, limits.COLLECTION_TEXT_CHARS).strip()
        found |= {"description_source": text, "description_html": _html(text)}
    if about.language is not None:
        if about.language and not (1 < len(about.language) <= 35 and about.language.replace("-", "").isalnum()):
            raise Invalid("language: write a code like `en`.", "language")
        found["language"] = about.language
    if about.tag is not None:
        found["tag_id"] = _tag(tx, about.tag)
    found |= {name: int(flag) for name, flag in (("sensitive", about.sensitive), ("discoverable", about.discoverable)) if flag is not None}
    return found


def _html(text: str) -> Html:
    return Html(f"<p>{html.escape(text)}</p>".replace("\n", "<br>")) if text else Html("")


def _tag(tx: Tx, text: str) -> int | None:
    try:
        return tag_rows.put(tx, tags.named(text)) if text.strip() else None
    except NotFound:
        raise Invalid("tag_name: that is not a hashtag.", "tag_name") from None


def get(tx: Tx, viewer_id: int, collection_id: int) -> Collection:
    """Raises NotFound for what is not there or not for the viewer."""
    found = rows.find_visible(tx, viewer_id, collection_id)
    if found is None:
        raise NotFound("There is no such collection.")
    return found


def _own(tx: Tx, owner: Account, collection_id: int) -> Collection:
    found = get(tx, owner.id, collection_id)
    if found.account_id != owner.id:
        raise Forbidden("That is not a collection of yours.")
    return found


def change(tx: Tx, owner: Account, collection_id: int, about: About) -> Collection:
    """Say something else of it; who is in it is told. Raises NotFound, Forbidden, Invalid."""
    present = _own(tx, owner, collection_id)
    columns = _columns(tx, about)
    changed = present._replace(**columns)
    if changed == present:
        return present
    rows.update(tx, changed._replace(updated_at=tx.now))
    if (changed.name, changed.description_source, changed.tag_id) != (present.name, present.description_source, present.tag_id):
        for item in rows.list_items(tx, owner.id, [present.id]).get(present.id, []):
            if item.state == "accepted":
                notifications.tell(tx, item.account_id, "collection_edit", owner, about_id=present.id)
    return get(tx, owner.id, present.id)


def delete(tx: Tx, owner: Account, collection_id: int) -> None:
    """Raises NotFound, Forbidden."""
    collection = _own(tx, owner, collection_id)
    for item in rows.list_items(tx, owner.id, [collection.id]).get(collection.id, []):
        notifications.forget(tx, item.account_id, "collection", owner.id, about_id=collection.id)
    rows.delete(tx, collection.id)


# -- who is in it --


def may_feature(tx: Tx, owner: Account, account: Account) -> bool:
    """Whether somebody may be put into a collection: people here who want to be found, by whom no block keeps away; nobody elsewhere.

    Who chooses their followers is put there by these, and by themselves.
    """
    if account.is_hidden or not account.is_local or account.kind == "Application" or not account.discoverable:
        return False
    if account.locked and account.id != owner.id and not follow_rows.is_follower(tx, owner.id, account.id):
        return False
    return not block_rows.stands_between(tx, owner.id, account.id)


def add(tx: Tx, owner: Account, collection_id: int, account_id: int) -> Item:
    """Put somebody into it, who is told; again is no harm.

    Raises NotFound, Forbidden for another's collection and for who does not want to be in one, Invalid when it is full.
    """
    collection, account = _own(tx, owner, collection_id), account_rows.get(tx, account_id)
    present = rows.find_item_of(tx, collection.id, account.id)
    if present is not None and present.state in ("pending", "accepted"):
        return present
    if present is not None or not may_feature(tx, owner, account):
        raise Forbidden("This account does not want to be in collections.")
    if rows.count_items(tx, collection.id) >= limits.COLLECTION_ITEMS:
        raise Invalid(f"A collection has up to {limits.COLLECTION_ITEMS} people. Take somebody out first.", "account_id")
    made = rows.put_item(tx, collection.id, account.id, "accepted")
    rows.touch(tx, collection.id)
    notifications.tell(tx, account.id, "collection", owner, about_id=collection.id)
    return made


def _item(tx: Tx, collection: Collection, item_id: int) -> Item:
    found = rows.find_item(tx, collection.id, item_id)
    if found is None or found.state in ("rejected", "revoked"):
        raise NotFound("Nobody of that id is in this collection.")
    return found


def remove(tx: Tx, owner: Account, collection_id: int, item_id: int) -> None:
    """Take somebody out of one's own. Raises NotFound, Forbidden."""
    collection = _own(tx, owner, collection_id)
    item = _item(tx, collection, item_id)
    rows.delete_item(tx, item.id)
    notifications.forget(tx, item.account_id, "collection", owner.id, about_id=collection.id)
    rows.touch(tx, collection.id)


def revoke(tx: Tx, account: Account, collection_id: int, item_id: int) -> None:
    """Take oneself out of another's, for good. Raises NotFound, Forbidden for somebody else."""
    collection = get(tx, account.id, collection_id)
    item = _item(tx, collection, item_id)
    if item.account_id != account.id:
        raise Forbidden("That is somebody else.")
    rows.set_state(tx, item.id, "revoked")
    rows.touch(tx, collection.id)
