"""What somebody here writes down about others, for nobody but themselves."""

from fedi import limits, plaintext
from fedi.errors import Invalid, NotFound
from fedi.storage import account_notes as rows
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


def write(tx: Tx, account: Account, target_id: int, note: str) -> None:
    """Over what was there; '' forgets it. Raises NotFound, Invalid when it is too long."""
    target = account_rows.get(tx, target_id)
    if target.deleted_at is not None or (target.kind == "Application" and target.is_local):
        raise NotFound("There is no such account.")
    if len(note) > limits.NOTE_CHARS:
        raise Invalid(f"A note has up to {limits.NOTE_CHARS:,} characters.", "comment")
    rows.put(tx, account.id, target.id, plaintext.plain(note, limits.NOTE_CHARS).strip())
