"""Polls: of posts written here and elsewhere; votes, each person once; the end. What is sent is outbox.py's."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from fedi import clock, ids, limits, notifications, plaintext
from fedi.activitypub import outbox, parse, parse_values
from fedi.errors import Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as block_rows
from fedi.storage import jobs as job_rows
from fedi.storage import polls as rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.polls import Option, Poll
from fedi.storage.posts import Post
from fedi.streaming import Event

KIND = "Question"
COUNT_JOB, END_JOB, REFRESH_JOB = "poll-count", "poll-end", "poll-refresh"
_COUNT_MS = 3 * clock.MINUTE  # votes within this time are told in one go
_STALE_MS = 3 * clock.MINUTE


class NewPoll(NamedTuple):
    """What somebody wants to ask. `expires_in_s` counts from when it is posted."""

    options: tuple[str, ...]
    multiple: bool = False
    expires_in_s: int = 24 * 3600
    hide_totals: bool = False


def check(new: NewPoll) -> NewPoll:
    """The same with its texts tidied. Raises Invalid naming what is wrong."""
    options = tuple(plaintext.line(text, limits.POLL_OPTION_CHARS + 1) for text in new.options[: limits.POLL_OPTIONS + 1])
    if not 2 <= len(options) <= limits.POLL_OPTIONS:
        raise Invalid(f"A poll has 2 to {limits.POLL_OPTIONS} answers to choose from.", "poll[options]")
    if not all(options):
        raise Invalid("An answer of a poll cannot be empty.", "poll[options]")
    if any(len(text) > limits.POLL_OPTION_CHARS for text in options):
        raise Invalid(f"An answer of a poll has up to {limits.POLL_OPTION_CHARS} characters.", "poll[options]")
    if len(set(options)) < len(options):
        raise Invalid("Two answers of a poll cannot be the same.", "poll[options]")
    if not limits.POLL_SECONDS[0] <= new.expires_in_s <= limits.POLL_SECONDS[1]:
        raise Invalid("A poll runs for 5 minutes to 30 days.", "poll[expires_in]")
    return new._replace(options=options)


# -- of people here --


def titles(tx: Tx, post: Post) -> list[str]:
    """What can be chosen in the poll of a post; nothing where it has none."""
    found = rows.find(tx, post.id) if post.kind == KIND else None
    return [option.title for option in found.options] if found is not None else []


def attach(tx: Tx, post: Post, new: NewPoll) -> None:
    """Give a new post its poll, checked before."""
    ends_at = tx.now + new.expires_in_s * clock.SECOND
    options = tuple(Option(title, 0) for title in new.options)
    rows.insert(tx, Poll(post.id, int(new.multiple), int(new.hide_totals), ends_at, None, 0, 0, options))
    _end_at(tx, post.id, ends_at)


def change(tx: Tx, post: Post, new: NewPoll) -> bool:
    """The poll of an edited post, checked before; without options it goes. Votes stay unless what can be chosen changes.

    False when all of it is as it was.
    """
    known = rows.find(tx, post.id)
    if not new.options:
        rows.delete(tx, post.id)
        return known is not None
    titles = tuple(option.title for option in known.options) if known is not None else ()
    if known is None or titles != new.options or bool(known.multiple) != new.multiple:
        attach(tx, post, new)
        return True
    ends_at = tx.now + new.expires_in_s * clock.SECOND
    if bool(known.hide_totals) == new.hide_totals and known.ends_at is not None and abs(known.ends_at - ends_at) < clock.MINUTE:
        return False
    rows.update(tx, known._replace(hide_totals=int(new.hide_totals), ends_at=ends_at, closed_at=None))
    _end_at(tx, post.id, ends_at)
    return True


def vote(tx: Tx, voter: Account, post_id: int, choices: Sequence[int]) -> Post:
    """Vote, once. `choices` are places of options. Returns the post. Raises NotFound, Invalid."""
    post = post_rows.get_visible(tx, voter.id, post_id)
    if post.boost_of_id is not None:
        post = post_rows.get_visible(tx, voter.id, post.boost_of_id)
    poll = rows.find(tx, post.id)
    if poll is None:
        raise NotFound("There is no such poll.")
    if post.account_id == voter.id:
        raise Invalid("Nobody votes in a poll of their own.", "choices")
    if poll.is_over(tx.now):
        raise Invalid("The poll is over.", "choices")
    if rows.list_choices(tx, voter.id, [post.id]):
        raise Invalid("You have voted in this poll already.", "choices")
    chosen = list(dict.fromkeys(choices))
    if not chosen or any(not 0 <= place < len(poll.options) for place in chosen):
        raise Invalid("Choose one of the answers.", "choices")
    if len(chosen) > 1 and not poll.multiple:
        raise Invalid("Only one answer can be chosen in this poll.", "choices")
    votes = [(place, f"{voter.uri}#votes/{ids.new(tx.now)}") for place in chosen]
    rows.put_votes(tx, post.id, voter.id, votes)
    author = account_rows.get(tx, post.account_id)
    if author.is_local:
        _count_soon(tx, post, poll)
    else:
        outbox.voted(tx, voter, post, [(uri, poll.options[place].title) for place, uri in votes])
        _end_at(tx, post.id, poll.ends_at)
    tx.emit(Event("post_counted", post.id))
    return post


# -- from the wire --


def receive(tx: Tx, post: Post, said: parse.Poll | None, *, newer: bool = True) -> None:
    """What its server says of a poll. Counts are taken over; other options, by an edit that is `newer`, are another poll.

    Source: FEDERATION.md, Objects, polls.
    """
    known = rows.find(tx, post.id)
    if said is None:
        if known is not None and newer:
            rows.delete(tx, post.id)
        return
    if not newer and known is None:
        return
    made = _read(tx, post, said)
    same = known is not None and _asked(known) == _asked(made)
    if known is None or (newer and not same):
        rows.insert(tx, made)
    elif same:
        rows.update(tx, made._replace(closed_at=made.closed_at or known.closed_at))
        if made.is_over(tx.now) and known.closed_at is None:
            end(tx, post.id)
        elif made.ends_at != known.ends_at and rows.has_local_voter(tx, post.id):
            _end_at(tx, post.id, made.ends_at)
    tx.emit(Event("post_counted", post.id))


def _asked(poll: Poll) -> tuple[int, list[str]]:
    return poll.multiple, [option.title for option in poll.options]


def _read(tx: Tx, post: Post, said: parse.Poll) -> Poll:
    """`closed` may name an end that is still to come (Pleroma writes it from the start)."""
    options = tuple(Option(one.name, one.votes) for one in said.options)  # to the letter: it is what a vote has to say
    over = said.closed and (said.ends_at is None or said.ends_at <= tx.now)
    at_least = max(one.votes_count for one in options) if said.multiple else sum(one.votes_count for one in options)
    voters = said.voters or min(at_least, parse_values.COUNT_MAX)
    return Poll(post.id, int(said.multiple), 0, said.ends_at, tx.now if over else None, voters, tx.now, options)


def receive_vote(tx: Tx, voter: Account, post: Post, name: str, uri: str) -> bool:
    """Somebody elsewhere votes in a poll of ours: counted once per person (and option), while it runs, by who may see it.

    False where it does not count. Source: FEDERATION.md, Objects, polls; ORG-21.
    """
    poll = rows.find(tx, post.id)
    author = account_rows.get(tx, post.account_id)
    if poll is None or not author.is_local or author.is_hidden or poll.is_over(tx.now) or voter.id == author.id:
        return False
    if post_rows.find_visible(tx, voter.id, post.id) is None or block_rows.stands_between(tx, voter.id, author.id):
        return False
    place = next((place for place, option in enumerate(poll.options) if option.title == name), None)
    if place is None or (not poll.multiple and rows.list_choices(tx, voter.id, [post.id])):
        return False
    if not rows.put_votes(tx, post.id, voter.id, [(place, uri)]):
        return False
    _count_soon(tx, post, poll)
    tx.emit(Event("post_counted", post.id))
    return True


# -- later --


def _queue(tx: Tx, job: str, post_id: int, run_at: int) -> None:
    """One of a kind waits per poll."""
    lane = f"{job} {post_id}"
    if not job_rows.has_lane(tx, lane):
        tx.emit(Event("job", job_rows.insert(tx, job, orjson.dumps({"post": post_id}), lane=lane, run_at=run_at)))


def _end_at(tx: Tx, post_id: int, ends_at: int | None) -> None:
    """See to it when its time is up, and not when it was to be before."""
    job_rows.drop_lane(tx, f"{END_JOB} {post_id}")
    if ends_at is not None:
        _queue(tx, END_JOB, post_id, ends_at)


def _count_soon(tx: Tx, post: Post, poll: Poll) -> None:
    """Tell the counts in some minutes, with those of who votes until then; hidden ones are told at the end."""
    if not poll.hide_totals and not post.local_only:
        _queue(tx, COUNT_JOB, post.id, tx.now + _COUNT_MS)


def tell_counts(tx: Tx, post_id: int) -> None:
    """The counts of a poll of ours, to who got it and who voted. Nothing when it is over: its end tells them."""
    post, poll = post_rows.find(tx, post_id), rows.find(tx, post_id)
    if post is not None and poll is not None and not poll.is_over(tx.now):
        outbox.counted(tx, post, account_rows.get(tx, post.account_id), rows.list_remote_voters(tx, post.id))


def end(tx: Tx, post_id: int) -> None:
    """A poll's time is up: it is closed, once, and its author and its voters here are told; the last counts go out."""
    post, poll = post_rows.find(tx, post_id), rows.find(tx, post_id)
    if post is None or poll is None or not poll.is_over(tx.now):
        return
    author = account_rows.get(tx, post.account_id)
    rows.update(tx, poll._replace(closed_at=poll.closed_at or tx.now))
    for voter_id in rows.list_local_voters(tx, post.id):
        notifications.tell(tx, voter_id, "poll", author, post.id)
    if author.is_local and poll.closed_at is None:
        notifications.tell_oneself(tx, author.id, "poll", post.id)
        outbox.counted(tx, post, author, rows.list_remote_voters(tx, post.id))
    tx.emit(Event("post_counted", post.id))


def is_stale(tx: Tx, post: Post) -> bool:
    """Whether the counts of a poll elsewhere should be read again for who looks at it now."""
    if post.kind != KIND or tx.uris.is_ours(post.uri):
        return False
    poll = rows.find(tx, post.id)
    if poll is None or poll.fetched_at > tx.now - _STALE_MS:
        return False
    return not poll.is_over(tx.now) or poll.fetched_at < (poll.ends_at or 0)  # once more after its end


def refresh(tx: Tx, post_id: int) -> None:
    """Have its counts read again, in the background; one at a time per server, and each at most every three minutes."""
    post = post_rows.find(tx, post_id)
    if post is not None and is_stale(tx, post):
        host = account_rows.get(tx, post.account_id).host
        rows.mark_fetched(tx, post.id)
        tx.emit(Event("job", job_rows.insert(tx, REFRESH_JOB, orjson.dumps({"post": post.id}), lane=f"{REFRESH_JOB} {host}")))
