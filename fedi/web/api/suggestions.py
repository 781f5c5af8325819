"""Whom to follow next. Source: Mastodon documentation, suggestions."""

from typing import Final

import orjson
from aiohttp import web

from fedi import limits, suggestions
from fedi.errors import NotFound
from fedi.suggestions import Suggestion
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.shelf import SHELF

# Our reason -> what programs call it now, and what they called it before there were several.
SOURCES: Final = {
    suggestions.FEATURED: ("featured", "staff"),
    suggestions.FRIENDS: ("friends_of_friends", "past_interactions"),
    suggestions.SIMILAR: ("similar_to_recently_followed", "past_interactions"),
    suggestions.LIKED: ("most_interactions", "past_interactions"),
    suggestions.FOLLOWED: ("most_followed", "global"),
}


async def _found(request: web.Request) -> tuple[list[Suggestion], list[bytes]]:
    viewer, instance = auth.require(request, "read"), request.app[keys.INSTANCE]
    limit = params.query(request).number("limit", limits.PAGE_MAX, 1, answers.ACCOUNTS_MAX)
    found = await instance.db.scan(suggestions.suggest, viewer, instance.config.instance.suggested, limit)
    return found, instance.db.read(request.app[SHELF].accounts, [one.account for one in found])


async def index(request: web.Request) -> web.Response:
    """Source: Mastodon documentation, Suggestion."""
    found, accounts = await _found(request)
    return answers.entity(
        [
            {
                "source": SOURCES[one.reasons[0]][1],
                "sources": [SOURCES[reason][0] for reason in one.reasons],
                "account": orjson.Fragment(account),
            }
            for one, account in zip(found, accounts, strict=True)
        ]
    )


async def index_v1(request: web.Request) -> web.Response:
    _, accounts = await _found(request)
    return answers.entity(answers.array(accounts))


async def dismiss(request: web.Request) -> web.Response:
    """Whoever it is, known or not, is suggested no more."""
    viewer = auth.require(request, "read")
    try:
        target_id = answers.named_id(request)
    except NotFound:
        return answers.entity({})
    await request.app[keys.INSTANCE].db.write(suggestions.dismiss, viewer.id, target_id)
    return answers.entity({})


_LIMIT: Final = table.Field("limit", "number", example=40)

ROUTES = (
    table.user("GET", "/api/v2/suggestions", index, "read", _LIMIT, gives="[Suggestion]"),
    table.user("GET", "/api/v1/suggestions", index_v1, "read", _LIMIT, gives="[Account]"),
    table.user("DELETE", "/api/v1/suggestions/{id}", dismiss, "read", gives="{}"),
)
