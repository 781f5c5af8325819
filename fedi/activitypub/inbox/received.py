"""What a handler gets, and what it may ask for before it is applied."""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from fedi import arrivals
from fedi.activitypub import parse
from fedi.activitypub.parse import Activity, Note
from fedi.html import Html
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


class Wants(NamedTuple):
    """What must be known first. `actors` and `parents` are nice to have; without `posts` or `refetch` there is no effect.

    `refetch` is the id of an object whose copy in the activity is not to be believed; `moved_to` and `refresh` are actors to be read anew;
    `relayed` is a post that a relay has announced.
    """

    actors: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    refetch: str = ""
    moved_to: str = ""
    heavy_html: bool = False
    refresh: tuple[str, ...] = ()
    relayed: str = ""


NOTHING = Wants()


class Gathered(NamedTuple):
    """What was had of it: a post as its own server has it, and HTML that took long to clean."""

    note: Note | None = None
    html: Html | None = None
    is_gone: bool = False


NONE_GATHERED = Gathered()


class Via(NamedTuple):
    """The group that has passed an activity on, and the Announce it did that with."""

    group: Account
    uri: str
    at: int


class Received:
    """An authentic activity: `actor` has signed it, or its object is to be read from its own server (`is_forwarded`).

    `is_relayed` when a relay of ours has brought it: a public post is then kept though it concerns nobody here.
    `via` is there when a group has passed it on; what it decides about that group is then as authentic as the group.
    """

    via: Via | None = None

    def __init__(self, activity: Activity, actor: Account, at: int, *, is_forwarded: bool = False, is_relayed: bool = False) -> None:
        self.activity = activity
        self.actor = actor
        self.at = at
        self.is_forwarded = is_forwarded
        self.is_relayed = is_relayed

    def through(self, via: Via) -> "Received":
        """The same, passed on by a group."""
        self.via = via
        return self

    @property
    def through_id(self) -> int | None:
        """The account of the group that has passed it on."""
        return self.via.group.id if self.via is not None else None

    @cached_property
    def note(self) -> Note:
        """The embedded object as a post. Raises Malformed when it is none."""
        return parse.note(self.activity.object_doc or {}, self.at, self.actor.followers_uri, self.activity.raw)

    def believed_note(self, gathered: Gathered) -> Note:
        """The post to go by: as fetched where the copy was not to be believed."""
        return gathered.note or self.note

    def content(self, tx: Tx, gathered: Gathered) -> Html:
        """Its sanitised text."""
        return gathered.html if gathered.html is not None else arrivals.html_of(self.believed_note(gathered), tx.uris.tag)


# `wants` returns None for what does not concern anybody here: it is dropped and counted.
WantsOf = Callable[[Tx, Received], Wants | None]
Apply = Callable[[Tx, Received, Gathered], None]


class Handler(NamedTuple):
    """An activity type: what it needs to know first, and what it does. Both are synchronous; the network is in between."""

    wants: WantsOf
    apply: Apply


def wants_nothing(tx: Tx, received: Received) -> Wants:
    """For handlers that go by what is known."""
    return NOTHING
