"""Votes: a Create of Notes with a name and no content, in answer to a poll of ours. Never shown, never kept as posts."""

from fedi import limits, polls
from fedi.activitypub import parse
from fedi.activitypub.inbox.received import Received
from fedi.activitypub.parse import Note
from fedi.errors import Malformed
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx


def ballots(tx: Tx, received: Received) -> list[Note]:
    """The votes in a Create: one, or a list (Observed: GoToSocial). Only the voter's own word counts. Source: ORG-21."""
    activity, found = received.activity, []
    if received.is_forwarded or received.actor.is_local:  # who votes here does so here: no group says it for them
        return []
    for document in activity.object_docs[: limits.POLL_OPTIONS]:
        if document.get("inReplyTo") and document.get("name") and parse.belongs_to(document, received.actor.uri):
            try:
                note = parse.note(document, received.at, received.actor.followers_uri, activity.raw)
            except Malformed:
                continue
            if note.is_vote and tx.uris.is_ours(note.in_reply_to):
                found.append(note)
    return found


def apply(tx: Tx, received: Received, votes: list[Note]) -> None:
    for note in votes:
        post = post_rows.find_by_uri(tx, note.in_reply_to)
        if post is not None:
            polls.receive_vote(tx, received.actor, post, note.title, note.id)
