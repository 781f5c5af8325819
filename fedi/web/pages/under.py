"""What stands under the text of a post and is the viewer's own, or changes without the post: its poll, and reactions to it."""

from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import quote

from fedi import clock, emojis, plaintext, reactions
from fedi.html import Html
from fedi.storage import polls as poll_rows
from fedi.storage import posts as post_rows
from fedi.storage import reactions as reaction_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.polls import Poll
from fedi.web.pages import text
from fedi.web.pages.site import Pages

_TITLE_CHARS: Final = 500


class Choice(NamedTuple):
    """An answer of a poll. `share` is in percent, None where results are not shown."""

    place: int
    title: Html  # with its emoji
    share: int | None
    votes: int
    mine: bool
    leads: bool


class Chip(NamedTuple):
    """One emoji under a post. `sign` is what to show where there is no picture (`key`), `asked` how one asks for it."""

    sign: str
    key: str
    number: str
    mine: bool
    path: str


def polls(pages: Pages, tx: Tx, viewer: Account | None, post_ids: Iterable[int]) -> dict[int, str]:
    """The polls of posts the viewer may see as HTML, by post id: to vote in, or with what came of them."""
    found = poll_rows.list_of(tx, post_ids)
    if not found:
        return {}
    mine = poll_rows.list_choices(tx, viewer.id, found) if viewer is not None else {}
    own = post_rows.list_own(tx, viewer.id, found) if viewer is not None else frozenset()
    template = pages.templates.get_template("_poll.html")
    made = {}
    for post_id, poll in found.items():
        voted, over = mine.get(post_id, []), poll.is_over(tx.now)
        made[post_id] = template.render(
            post_id=post_id,
            multiple=bool(poll.multiple),
            choices=choices(poll, voted, tx.now),
            may_vote=viewer is not None and not over and not voted and post_id not in own,
            hidden=not poll.shows_totals(tx.now),
            summary=_summary(poll, tx.now),
        )
    return made


def choices(poll: Poll, voted: list[int], now: int) -> list[Choice]:
    shown = poll.shows_totals(now)
    whole = max(1, poll.voters_count if poll.multiple else poll.votes_count, *(one.votes_count for one in poll.options))
    pictures = emojis.of(poll.emojis)
    most = max((one.votes_count for one in poll.options), default=0)
    return [
        Choice(
            place,
            emojis.in_text(plaintext.line(one.title, _TITLE_CHARS), pictures),
            round(100 * one.votes_count / whole) if shown else None,
            one.votes_count if shown else 0,
            place in voted,
            shown and 0 < most == one.votes_count,
        )
        for place, one in enumerate(poll.options)
    ]


def _summary(poll: Poll, now: int) -> str:
    """`12 people, 3 h left`."""
    count = poll.voters_count if poll.multiple else max(poll.voters_count, poll.votes_count)
    people = "Nobody has voted yet" if not count else f"{text.number(count)} {'person' if count == 1 else 'people'} voted"
    if poll.is_over(now):
        return f"{people}, final result"
    return f"{people}, {left(poll.ends_at - now)}" if poll.ends_at is not None else f"{people}, no end"


def left(ms: int) -> str:
    """How long something goes on: `5 min left`, `3 h left`, `2 d left`."""
    for size, unit in ((clock.DAY, "d"), (clock.HOUR, "h")):
        if ms >= 2 * size:
            return f"{round(ms / size)} {unit} left"
    return f"{max(1, round(ms / clock.MINUTE))} min left"


def chips(tx: Tx, viewer: Account | None, post_ids: Iterable[int]) -> dict[int, list[Chip]]:
    """The reactions to posts the viewer may see, by post id."""
    found = {}
    for post_id, tallies in reaction_rows.list_tallies(tx, viewer.id if viewer is not None else 0, post_ids).items():
        found[post_id] = [
            Chip(
                sign=sign(tally.name),
                key=tally.key,
                number=text.number(tally.number),
                mine=bool(tally.mine),
                path=f"/posts/{post_id}/{'unreact' if tally.mine else 'react'}/{_asked(tally.name, tally.host)}",
            )
            for tally in tallies
        ]
    return found


def sign(name: str) -> str:
    """As people read it: shortcodes between colons."""
    return f":{name}:" if reactions.SHORTCODE.fullmatch(name) else name


def _asked(name: str, host: str) -> str:
    return quote(f"{name}@{host}" if host else name, safe="")


def reacted(pages: Pages, tx: Tx, viewer: Account | None, post_ids: Iterable[int]) -> dict[int, str]:
    """The same as HTML: buttons for people of this server."""
    template = pages.templates.get_template("_reactions.html")
    return {post_id: template.render(chips=found, viewer=viewer) for post_id, found in chips(tx, viewer, post_ids).items()}
