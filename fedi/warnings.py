"""What staff tell somebody here about what they did, with what was done besides."""

from collections.abc import Sequence

from fedi import limits, notifications, plaintext
from fedi.errors import Invalid, NotFound
from fedi.storage import posts as post_rows
from fedi.storage import settings as setting_rows
from fedi.storage import warnings as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


def give(tx: Tx, account: Account, text: str = "", *, action: str = "none", post_ids: Sequence[int] = (), by_id: int | None = None) -> int:
    """Warn somebody here; the id of the warning. Raises NotFound for who is not here, Invalid for an unknown action or foreign posts."""
    if not account.is_local or (account.is_hidden and action != "suspend"):
        raise NotFound("Only people of this server can be warned.")
    if action not in rows.ACTIONS:
        raise Invalid(f"`{plaintext.line(action, 40)}` is not an action. There are {', '.join(rows.ACTIONS)}.", "action")
    if len(text) > limits.COMPLAINT_CHARS:
        raise Invalid(f"A warning has up to {limits.COMPLAINT_CHARS} characters.", "text")
    chosen = list(dict.fromkeys(post_ids))[: limits.REPORTED_OBJECTS]
    if any((post := post_rows.find(tx, post_id)) is None or post.account_id != account.id for post_id in chosen):
        raise Invalid("A warning is about posts of who is warned.", "post_ids")
    made = rows.insert(tx, account.id, action, plaintext.plain(text, limits.COMPLAINT_CHARS), chosen)
    notifications.tell_oneself(tx, account.id, "warning", about_id=made)
    setting_rows.audit(tx, by_id, "account.warn", account.handle)
    return made
