"""Groups of this server are made, described and ended. What goes on in them is hosting.py's."""

import re
from typing import NamedTuple

from fedi import accounts, limits, plaintext
from fedi.errors import Invalid
from fedi.storage import groups as rows
from fedi.storage import settings as setting_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.groups import Group

POSTING = ("anyone", "members", "moderators")
RULES_CHARS = 5_000


class About(NamedTuple):
    """What a group says of itself, and who may do what in it. `approves`: whoever wants to join asks first."""

    title: str = ""
    description: str = ""
    rules: str = ""
    posting: str = "members"
    approves: bool = False
    avatar_id: int | None = None
    header_id: int | None = None


class Keys(NamedTuple):
    """Made before (it costs CPU): see activitypub/keys.py."""

    rsa_pem: str
    ed25519_pem: str


def create(tx: Tx, name: str, about: About, keys: Keys, by: Account | None) -> Account:
    """Make a group; `by` becomes its first moderator. Raises Invalid for a name or text that cannot be, Conflict for a name taken."""
    about = _checked(about)
    if by is not None and rows.count_made_by(tx, by.id) >= limits.GROUPS_PER_PERSON:
        raise Invalid(f"Somebody makes up to {limits.GROUPS_PER_PERSON} groups here.", "name")
    account = accounts.create_group(tx, name, keys.rsa_pem, keys.ed25519_pem)
    rows.put(tx, Group(account.id, about.rules, about.posting, by.id if by is not None else None))
    if by is not None:
        rows.add_moderator(tx, account.id, by.id)
    setting_rows.audit(tx, by.id if by is not None else None, "group.create", account.handle)
    return edit(tx, account, about)


def edit(tx: Tx, group: Account, about: About) -> Account:
    """Say something else of it, and tell its followers. Raises Invalid, NotFound for what is no group of this server."""
    known, about = rows.get(tx, group.id), _checked(about)
    rows.put(tx, known._replace(rules=about.rules, posting=about.posting))
    profile = accounts.Profile(
        display_name=about.title,
        bio_source=about.description,
        locked=about.approves,
        discoverable=True,
        indexable=True,
        avatar_id=about.avatar_id,
        header_id=about.header_id,
    )
    return accounts.update_profile(tx, group, profile)


def about(tx: Tx, group: Account) -> About:
    """What `edit` would leave as it is. Raises NotFound."""
    known = rows.get(tx, group.id)
    return About(
        group.display_name, group.bio_source, known.rules, known.posting, bool(group.locked), group.avatar_id, group.header_id
    )  # fmt: skip


def _checked(about: About) -> About:
    if about.posting not in POSTING:
        raise Invalid(f"`{about.posting}` is nobody who could post. There are {', '.join(POSTING)}.", "posting")
    if len(about.rules) > RULES_CHARS:
        raise Invalid(f"The rules have up to {RULES_CHARS} characters.", "rules")
    return about._replace(rules=re.sub(r"\n{3,}", "\n\n", plaintext.tidy(about.rules).strip()))


def delete(tx: Tx, group: Account, by: Account | None = None) -> None:
    """End it for good: its followers are told, its name is never given out again. The posts stay their authors'."""
    rows.get(tx, group.id)
    setting_rows.audit(tx, by.id if by is not None else None, "group.delete", group.handle)
    accounts.delete_local(tx, group)
