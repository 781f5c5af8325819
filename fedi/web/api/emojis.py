"""The custom emoji of this server, for people to choose. Source: Mastodon documentation, custom_emojis."""

from aiohttp import web

from fedi.storage import emojis as rows
from fedi.web import headers, keys
from fedi.web.api import answers, table
from fedi.web.api.entities import emoji as entity


async def index(request: web.Request) -> web.Response:
    instance = request.app[keys.INSTANCE]
    response = answers.entity([entity.custom(instance.uris, found) for found in instance.db.read(rows.list_local)])
    response.headers["Cache-Control"] = headers.PUBLIC
    response.headers["Vary"] = "Accept-Encoding"
    return response


ROUTES = (table.anyone("GET", "/api/v1/custom_emojis", index, gives="[CustomEmoji]"),)
