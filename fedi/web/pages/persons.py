"""People as pages name them, and what stands between them and who looks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

from fedi import emojis
from fedi.html import Html
from fedi.storage import blocks as block_rows
from fedi.storage import follows as follow_rows
from fedi.storage import listings as listing_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.listings import Picture
from fedi.web.pages import text
from fedi.web.pages.site import Pages

AWAY: Final = Markup(' rel="nofollow noopener noreferrer" target="_blank"')
_HUES: Final = 6


class Face(NamedTuple):
    """Somebody as a page names them. `handle` is short for people of this server, `acct` is whole."""

    id: int
    username: str
    handle: str
    acct: str
    host: str
    name: str
    avatar: str
    hue: int
    href: str
    rel: Markup
    locked: bool
    shown: Html  # the name, with its emoji
    is_group: bool

    @property
    def letter(self) -> str:
        return next((c for c in self.name if c.isalnum()), self.username[:1] or "?")


class Relation(NamedTuple):
    """What stands between the viewer and somebody."""

    following: bool = False
    requested: bool = False
    followed_by: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    endorsed: bool = False
    note: str = ""

    @property
    def may_follow(self) -> bool:
        return not (self.following or self.requested or self.blocking or self.blocked_by)


class Person(NamedTuple):
    """A row of a list of people. `acts` are (address, label, kind of button)."""

    face: Face
    about: Relation | None = None
    acts: Sequence[tuple[str, str, str]] = ()


def address(picture: Picture | None) -> str:
    """Where a picture is, on this server; '' for none."""
    return f"/media/{picture.key}" if picture is not None else ""


def face(pages: Pages, account: Account, avatars: Mapping[int, Picture], viewer: Account | None) -> Face:
    """People of other servers have a page here for those who are signed in only."""
    picture = avatars.get(account.avatar_id) if account.avatar_id is not None else None
    away = not account.is_local and viewer is None
    return Face(
        id=account.id,
        username=account.username,
        handle=account.handle,
        acct=f"{account.username}@{account.host or pages.site.domain}",
        host=account.host,
        name=account.name,
        avatar=address(picture),
        hue=account.id % _HUES,
        href=(text.web_address(account.url) or account.uri) if away else f"/@{account.handle}",
        rel=AWAY if away else Markup(),
        locked=bool(account.locked),
        shown=emojis.in_text(account.name, emojis.of(account.emojis)),
        is_group=account.kind == "Group",
    )


def faces(pages: Pages, tx: Tx, accounts: Sequence[Account], viewer: Account | None) -> list[Face]:
    avatars = listing_rows.list_pictures(tx, [account.avatar_id for account in accounts])
    return [face(pages, account, avatars, viewer) for account in accounts]


def relations(tx: Tx, viewer: Account | None, account_ids: Iterable[int]) -> dict[int, Relation]:
    """What stands between the viewer and each of these, in two statements; nothing about the viewer, nor for strangers."""
    wanted = [account_id for account_id in dict.fromkeys(account_ids) if viewer is not None and account_id != viewer.id]
    if viewer is None or not wanted:
        return {}
    follows = follow_rows.list_between(tx, viewer.id, wanted)
    blocks = block_rows.list_relations(tx, viewer.id, wanted)
    states = {follow.followed_id: follow.state for follow in follows if follow.follower_id == viewer.id}
    followers = {follow.follower_id for follow in follows if follow.followed_id == viewer.id and follow.state == "accepted"}
    found = {}
    for account_id in wanted:
        block = blocks.get(account_id, block_rows.Relation())
        found[account_id] = Relation(
            following=states.get(account_id) == "accepted",
            requested=states.get(account_id) == "pending",
            followed_by=account_id in followers,
            blocking=block.blocking,
            blocked_by=block.blocked_by,
            muting=block.muting,
            endorsed=block.endorsed,
            note=block.note,
        )
    return found


def people(pages: Pages, tx: Tx, accounts: Sequence[Account], viewer: Account | None) -> list[Person]:
    """A list of people with what the viewer may do about each."""
    about = relations(tx, viewer, [account.id for account in accounts])
    return [Person(found, about.get(found.id)) for found in faces(pages, tx, accounts, viewer)]
