"""Polls: reading one, voting, and what a program says of a new one. Source: Mastodon documentation, polls."""

import re
from typing import Final

from aiohttp import web

from fedi import limits, polls
from fedi.errors import Invalid, NotFound
from fedi.polls import NewPoll
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import poll as poll_entity

_NUMBERED: Final = re.compile(r"poll\[options\]\[([0-9]{1,3})\]")
_CHOICES: Final = 100


# -- in a new post, and in an edit --


def read_new(given: params.Params) -> NewPoll | None:
    """The poll of a new post, None without one; as JSON, as a form, or as a form whose options are numbered. Raises Invalid."""
    options = given.texts("poll[options]", 2 * limits.POLL_OPTIONS)
    if not options:
        numbered = [(int(match[1]), name) for name in given.names() if (match := _NUMBERED.fullmatch(name))]
        options = [given.text(name, max_chars=limits.NAME_CHARS) for _, name in sorted(numbered)[: 2 * limits.POLL_OPTIONS]]
    if not options:
        return None
    seconds = given.find_number("poll[expires_in]")
    if seconds is None:
        raise Invalid("Say how many seconds the poll is to run.", "poll[expires_in]")
    return NewPoll(tuple(options), given.flag("poll[multiple]"), seconds, given.flag("poll[hide_totals]"))


def read_change(given: params.Params) -> NewPoll | None:
    """The poll of an edit: None leaves it as it is, and a `poll` of null takes it away, as the web client of Mastodon does."""
    found = read_new(given)
    return NewPoll(()) if found is None and "poll" in given else found


# -- by itself --


def _read(tx: Tx, viewer_id: int, post_id: int) -> tuple[bytes, Post]:
    post = answers.post(tx, viewer_id, post_id)
    found = poll_entity.load(tx, viewer_id, [post.id]).get(post.id)
    if found is None:
        raise NotFound("There is no such poll.")
    return found, post


async def show(request: web.Request) -> web.Response:
    viewer_id = answers.reader_id(request, "read:statuses")
    instance = request.app[keys.INSTANCE]
    found, post = instance.db.read(_read, viewer_id, answers.named_id(request))
    if viewer_id:
        await instance.look_at_poll(post)
    return answers.entity(found)


async def vote(request: web.Request) -> web.Response:
    viewer, post_id = auth.require(request, "write:statuses"), answers.named_id(request)
    given = await params.read(request)
    choices = [_number(text) for text in given.texts("choices", _CHOICES)]
    instance = request.app[keys.INSTANCE]
    await instance.db.write(polls.vote, viewer, post_id, choices)
    return answers.entity(instance.db.read(_read, viewer.id, post_id)[0])


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text, re.ASCII):
        raise Invalid("choices: write the numbers of options, beginning with 0.", "choices")
    return int(text)


_CHOSEN: Final = table.Field("choices", "number", required=True, many=True, example=[0])
ROUTES = (
    table.reader("GET", "/api/v1/polls/{id}", show, "read:statuses", gives="Poll"),
    table.user("POST", "/api/v1/polls/{id}/votes", vote, "write:statuses", _CHOSEN, gives="Poll"),
)
