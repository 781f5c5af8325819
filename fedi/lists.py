"""Lists of people: made, named, filled and read by somebody here for themselves. Nobody is told."""

from collections.abc import Collection, Iterable

from fedi import limits, plaintext
from fedi.errors import Invalid, NotFound
from fedi.storage import list_posts as post_rows
from fedi.storage import lists as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.lists import List
from fedi.storage.timelines import Page
from fedi.streaming import Event

REPLIES = ("list", "followed", "none")
_ALL = Page(limit=limits.LIST_MEMBERS)


def get(tx: Tx, owner_id: int, list_id: int) -> List:
    """Raises NotFound for what is not there, and for a list of somebody else's."""
    found = rows.find(tx, owner_id, list_id)
    if found is None:
        raise NotFound("There is no such list.")
    return found


def create(tx: Tx, owner: Account, title: str, replies: str = "list", *, exclusive: bool = False) -> List:
    """Raises Invalid for a name or a policy that is none, and for one list too many."""
    title = _title(title)
    _check_replies(replies)
    if rows.count(tx, owner.id) >= limits.LISTS:
        raise Invalid(f"Up to {limits.LISTS} lists, please. Delete one first.", "title")
    made = rows.add(tx, owner.id, title, replies, exclusive)
    tx.emit(Event("lists", owner.id, made.id))
    return made


def _title(text: str) -> str:
    title = plaintext.line(text, limits.LIST_CHARS + 1)
    if not title:
        raise Invalid("Validation failed: Title can't be blank", "title")
    if len(title) > limits.LIST_CHARS:
        raise Invalid(f"Up to {limits.LIST_CHARS} characters, please.", "title")
    return title


def _check_replies(replies: str) -> None:
    if replies not in REPLIES:
        raise Invalid(f"'{replies[:50]}' is not a valid replies_policy", "replies_policy")


def update(tx: Tx, owner: Account, list_id: int, title: str | None, replies: str | None, exclusive: bool | None) -> List:
    """Change what is not None. What the list shows, and the owner's home, follow at once. Raises NotFound, Invalid."""
    known = get(tx, owner.id, list_id)
    changed = known
    if title is not None:
        changed = changed._replace(title=_title(title))
    if replies is not None:
        _check_replies(replies)
        changed = changed._replace(replies=replies)
    if exclusive is not None:
        changed = changed._replace(exclusive=int(exclusive))
    rows.put(tx, changed)
    if changed.replies != known.replies:
        post_rows.fill_again(tx, changed, post_rows.oldest_at_home(tx, owner.id), limits.LIST_ROWS)
    if changed.exclusive != known.exclusive:
        _rehome(tx, owner.id, _member_ids(tx, list_id), away=bool(changed.exclusive))
    tx.emit(Event("lists", owner.id, list_id))
    return changed


def delete(tx: Tx, owner: Account, list_id: int) -> None:
    """Raises NotFound."""
    known = get(tx, owner.id, list_id)
    members = _member_ids(tx, list_id) if known.exclusive else []
    rows.delete(tx, list_id)
    _rehome(tx, owner.id, members, away=False)
    tx.emit(Event("lists", owner.id, list_id))


def _member_ids(tx: Tx, list_id: int) -> list[int]:
    return [account.id for account in rows.list_members(tx, list_id, _ALL)]


def _rehome(tx: Tx, owner_id: int, account_ids: Collection[int], *, away: bool) -> None:
    """The posts of these people leave the owner's home, or come back to it."""
    if not account_ids:
        return
    if away:
        post_rows.leave_home(tx, owner_id, account_ids)
    else:
        post_rows.come_home(tx, owner_id, account_ids, limits.HOME_ROWS)
    tx.emit(Event("home", owner_id))


# -- members --


def add_members(tx: Tx, owner: Account, list_id: int, account_ids: Iterable[int]) -> None:
    """Put people into a list, whom its owner follows or asks to; themselves too.

    Raises NotFound for a list or people that are not there, or not followed, Invalid when all of them are in it already, and for more than
    a list holds.
    """
    made = get(tx, owner.id, list_id)
    wanted = list(dict.fromkeys(account_ids))
    if rows.list_not_followed(tx, owner.id, wanted):
        raise NotFound("Only people whom you follow can be in a list.")
    fresh = [account_id for account_id in wanted if account_id not in rows.list_in(tx, list_id, wanted)]
    if not fresh:
        if wanted:
            raise Invalid("Validation failed: Account has already been taken", "account_ids")
        return
    if rows.count_members(tx, list_id) + len(fresh) > limits.LIST_MEMBERS:
        raise Invalid(f"Up to {limits.LIST_MEMBERS} people can be in a list.", "account_ids")
    rows.put_members(tx, list_id, fresh)
    for account_id in fresh:
        post_rows.fill(tx, made, account_id, limits.LIST_FILL)
    if made.exclusive:
        _rehome(tx, owner.id, fresh, away=True)
    tx.emit(Event("lists", owner.id, list_id))


def remove_members(tx: Tx, owner: Account, list_id: int, account_ids: Iterable[int]) -> None:
    """Take people out of a list; nothing for those that are not in it. Raises NotFound."""
    made = get(tx, owner.id, list_id)
    leaving = rows.list_in(tx, list_id, list(account_ids))
    rows.delete_members(tx, list_id, leaving)
    for account_id in leaving:
        post_rows.empty(tx, list_id, account_id)
    if made.exclusive:
        _rehome(tx, owner.id, leaving, away=False)
    tx.emit(Event("lists", owner.id, list_id))
