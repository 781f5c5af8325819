"""The poll in the form for writing, and the buttons under posts that say more than yes: voting, and reacting with an emoji."""

from typing import Final, NamedTuple

from aiohttp import web

from fedi import ids, limits, polls, reactions
from fedi.polls import NewPoll
from fedi.web import params
from fedi.web.pages import site, text

_FIELDS: Final = 6
_DAY: Final = 24 * 3600
PERIODS: Final = (
    (3600, "1 hour"),
    (6 * 3600, "6 hours"),
    (_DAY, "1 day"),
    (3 * _DAY, "3 days"),
    (7 * _DAY, "1 week"),
    (30 * _DAY, "30 days"),
)


class PollForm(NamedTuple):
    """What stands in the fields for a poll: as many options as there are fields, '' for those not used."""

    options: tuple[str, ...] = ("",) * _FIELDS
    seconds: int = _DAY
    multiple: bool = False
    hide_totals: bool = False
    periods: tuple[tuple[int, str], ...] = PERIODS
    most: int = limits.POLL_OPTION_CHARS

    @property
    def is_used(self) -> bool:
        return any(self.options)


def read(given: params.Params) -> PollForm:
    """The fields as they were sent."""
    return PollForm(
        tuple(given.text(f"option{place}", max_chars=limits.NAME_CHARS).strip() for place in range(1, _FIELDS + 1)),
        given.number("poll_seconds", _DAY, *limits.POLL_SECONDS),
        given.flag("poll_multiple"),
        given.flag("poll_hidden"),
    )


def asked(form: PollForm) -> NewPoll | None:
    """The poll they ask for; None where every option is empty."""
    options = tuple(option for option in form.options if option)
    return NewPoll(options, form.multiple, form.seconds, form.hide_totals) if options else None


def filled(new: NewPoll | None) -> PollForm:
    """The fields for a poll that could not be made."""
    if new is None:
        return PollForm()
    return PollForm((*new.options, *[""] * _FIELDS)[:_FIELDS], new.expires_in_s, new.multiple, new.hide_totals)


# -- buttons --


async def vote(request: web.Request) -> web.Response:
    """`/posts/{id}/vote`: what is chosen stands in the page's one form, under a name of the poll."""
    viewer, pages, post_id = site.signed_in(request), site.of(request), ids.parse(request.match_info["id"])
    given = await params.read(request)
    chosen = [int(place) for place in given.texts(f"poll{post_id}", limits.TAGS) if place.isascii() and place.isdigit() and len(place) < 4]
    if not chosen:
        return site.go(text.local_path(given.text("next")), "no_choice", f"p{post_id}")
    await pages.instance.db.write(polls.vote, viewer, post_id, chosen)
    return site.go(text.local_path(given.text("next")), "voted", f"p{post_id}")


async def react(request: web.Request) -> web.Response:
    """`/posts/{id}/react/{emoji}`, or without the emoji, which then stands in the form."""
    viewer, pages, post_id = site.signed_in(request), site.of(request), ids.parse(request.match_info["id"])
    given = await params.read(request)
    emoji = request.match_info.get("emoji") or given.text("emoji", max_chars=limits.NAME_CHARS).strip()
    if not emoji:
        return site.go(text.local_path(given.text("next")), "no_emoji", f"p{post_id}")
    await pages.instance.db.write(reactions.react, viewer, post_id, emoji)
    return site.go(text.local_path(given.text("next")), "", f"p{post_id}")


async def unreact(request: web.Request) -> web.Response:
    viewer, pages, post_id = site.signed_in(request), site.of(request), ids.parse(request.match_info["id"])
    given = await params.read(request)
    await pages.instance.db.write(reactions.unreact, viewer, post_id, request.match_info["emoji"])
    return site.go(text.local_path(given.text("next")), "", f"p{post_id}")
