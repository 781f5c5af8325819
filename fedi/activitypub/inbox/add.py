"""Add and Remove: what a collection of the actor holds now, or no more."""

from fedi.activitypub.inbox import featured
from fedi.activitypub.inbox.received import Gathered, Handler, Received, Wants
from fedi.storage.db import Tx


def wants(tx: Tx, received: Received) -> Wants | None:
    return featured.wants(tx, received) if featured.concerns(received) else None


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    if featured.concerns(received):
        featured.collect(tx, received)


HANDLER = Handler(wants, apply)
