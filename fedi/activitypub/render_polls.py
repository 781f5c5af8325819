"""Polls and votes as ActivityPub JSON. Source: FEP-9967; FEDERATION.md, Objects, polls."""

from typing import Any

from fedi import clock
from fedi.storage import polls as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post

Json = dict[str, Any]


def question(tx: Tx, post: Post) -> Json:
    """What makes a note a Question; nothing for a post without a poll. Counts that are hidden until the end are 0."""
    poll = rows.find(tx, post.id)
    if poll is None:
        return {}
    shown = poll.shows_totals(tx.now)
    options = [
        {"type": "Note", "name": one.title, "replies": {"type": "Collection", "totalItems": one.votes_count if shown else 0}}
        for one in poll.options
    ]
    found: Json = {"type": "Question", "anyOf" if poll.multiple else "oneOf": options, "votersCount": poll.voters_count}
    if poll.ends_at is not None:
        found["endTime"] = clock.rfc3339(poll.ends_at)
    if poll.is_over(tx.now):
        found["closed"] = clock.rfc3339(min(poll.ends_at or tx.now, poll.closed_at or tx.now))
    return found


def vote(voter: Account, uri: str, name: str, question_uri: str, author_uri: str, at: int) -> Json:
    """The Create of one choice: a Note with a name and no content, for the author of the poll and nobody else."""
    note = {
        "id": uri,
        "type": "Note",
        "name": name,
        "attributedTo": voter.uri,
        "inReplyTo": question_uri,
        "published": clock.rfc3339(at),
        "to": [author_uri],
    }
    return {"id": f"{uri}/activity", "type": "Create", "actor": voter.uri, "to": [author_uri], "object": note}
