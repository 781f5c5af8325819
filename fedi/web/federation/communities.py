"""What a group of this server shows of itself: its outbox of Announces, what is on top of it, its moderators. Source: FEP-1b12."""

import orjson
from aiohttp import web

from fedi import groups
from fedi.activitypub import render
from fedi.activitypub.render import Json
from fedi.storage import accounts as account_rows
from fedi.storage import groups as group_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import auth, keys
from fedi.web.federation import answers


async def show_moderators(request: web.Request) -> web.StreamResponse:
    """`/users/{name}/collections/moderators`: of a group; a person has none."""
    await auth.reader_id(request)
    return answers.document(request, request.app[keys.INSTANCE].db.read(_read_moderators, request.match_info["name"]))


def _read_moderators(tx: Tx, name: str) -> Json:
    account = answers.person(tx, name)
    items = [one.uri for one in group_rows.list_moderators(tx, account.id)]
    return render.collection(tx.uris.moderators(account.uri), len(items), items=items)


def said(tx: Tx, group: Account, boosts: list[Post]) -> list[Json | orjson.Fragment]:
    """What a group's outbox has for each of its boosts: the Announce of the whole activity, as it was sent, where there was one."""
    announced = group_rows.list_announced(tx, group.id, [boost.boost_of_id for boost in boosts if boost.boost_of_id is not None])
    return [_said(tx, group, boost, announced) for boost in boosts if boost.boost_of_id is not None]


def _said(tx: Tx, group: Account, boost: Post, announced: dict[int, bytes]) -> Json | orjson.Fragment:
    body = announced.get(boost.boost_of_id or 0)
    if body is not None:
        return orjson.Fragment(body)
    original = post_rows.get(tx, boost.boost_of_id or 0)
    return render.announce(boost, group, original.uri, account_rows.get(tx, original.account_id).uri)


def pinned(tx: Tx, reader: int, group: Account) -> list[Json | str]:
    """What is on top of a group: posts of people here in full, of others by their ids."""
    found = group_rows.list_pinned(tx, reader, group.id, groups.PINS)
    authors = account_rows.list_by_ids(tx, [post.account_id for post in found])
    return [render.note(tx, post) if authors[post.account_id].is_local else post.uri for post in found]
