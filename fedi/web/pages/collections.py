"""`/@name/collections/ID`: people whom somebody here recommends, for everybody to read."""

from typing import NamedTuple

from aiohttp import web

from fedi import collections, ids
from fedi.errors import Forbidden, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import collections as rows
from fedi.storage.accounts import Account
from fedi.storage.collections import Collection
from fedi.storage.db import Tx
from fedi.web.pages import asking, persons, profile, prose, site
from fedi.web.pages.asking import Question
from fedi.web.pages.site import Head, Pages


class _Found(NamedTuple):
    shown: Collection
    owner: persons.Face
    people: list[persons.Person]


def _read(tx: Tx, pages: Pages, viewer: Account | None, name: str, collection_id: int) -> _Found:
    owner, viewer_id = profile.account_of(tx, name, ""), viewer.id if viewer is not None else 0
    shown = collections.get(tx, viewer_id, collection_id)
    if shown.account_id != owner.id:
        raise NotFound("There is no such collection.")
    items = {item.account_id: item for item in rows.list_items(tx, viewer_id, [shown.id]).get(shown.id, [])}
    there = account_rows.list_by_ids(tx, items)
    people = persons.people(pages, tx, [there[account_id] for account_id in items], viewer)
    place = f"/@{owner.username}/collections/{shown.id}"
    if viewer_id == owner.id:
        people = [one._replace(acts=[(f"{place}/{items[one.face.id].id}/remove", "Take out", "plain")]) for one in people]
    elif viewer_id in items:
        leave = [(f"{place}/{items[viewer_id].id}/leave", "Take me out", "plain")]
        people = [one._replace(acts=leave) if one.face.id == viewer_id else one for one in people]
    return _Found(shown, persons.faces(pages, tx, [owner], viewer)[0], people)


async def show(request: web.Request) -> web.Response:
    pages, viewer = site.of(request), site.viewer(request)
    found = pages.instance.db.read(_read, pages, viewer, request.match_info["name"], ids.parse(request.match_info["id"]))
    return site.show(
        request,
        "collection.html",
        f"{found.shown.name}: people whom @{found.owner.username} recommends",
        head=Head(noindex=not found.shown.discoverable),
        shown=found.shown,
        owner=found.owner,
        people=found.people,
        description=prose.stored(found.shown.description_html),
        is_mine=viewer is not None and viewer.id == found.owner.id,
    )


async def remove(request: web.Request) -> web.Response:
    """Somebody out of one's own."""
    return await _on_item(request, is_mine=True)


async def leave(request: web.Request) -> web.Response:
    """Oneself out of another's."""
    return await _on_item(request, is_mine=False)


async def _on_item(request: web.Request, *, is_mine: bool) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    row_id, item_id = (ids.parse(request.match_info[name]) for name in ("id", "item"))
    await pages.instance.db.write(collections.remove if is_mine else collections.revoke, viewer, row_id, item_id)
    return site.go(f"/@{request.match_info['name']}/collections/{row_id}", "taken-out")


async def confirm_delete(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    found = pages.instance.db.read(_read, pages, viewer, request.match_info["name"], ids.parse(request.match_info["id"]))
    if found.owner.id != viewer.id:
        raise Forbidden("That is not a collection of yours.")
    place = f"{found.owner.href}/collections/{found.shown.id}"
    return asking.ask(
        request,
        Question(
            f"Delete the collection “{found.shown.name}”?",
            "It is gone for everybody, and cannot be brought back. Whom you follow in it you go on following.",
            "Delete the collection",
            action=f"{place}/delete",
            back=place,
            target=found.owner.href,
        ),
    )


async def delete(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    await pages.instance.db.write(collections.delete, viewer, ids.parse(request.match_info["id"]))
    return site.go(f"/@{viewer.username}", "saved")
