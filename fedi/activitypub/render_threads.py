"""Rows -> the collections of a thread: the answers to a post, and all of a conversation. Ids only, and only what everybody may read.

Source: FEP-7888; FEP-f228; FEDERATION.md, Collections.
"""

from typing import Any

from fedi.storage import threads as thread_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post

Json = dict[str, Any]

EMBEDDED = 5  # of the author's own answers, in the post's document
PAGE = 60


def replies(tx: Tx, post: Post) -> Json:
    """The answers to a public post: what its author went on to say comes first, what others say on the pages after."""
    first = replies_page(tx, post, limit=EMBEDDED)
    return {"id": f"{post.uri}/replies", "type": "Collection", "totalItems": post.replies_count, "first": first}


def replies_page(tx: Tx, post: Post, *, others: bool = False, after: int = 0, limit: int = PAGE) -> Json:
    """One page: answers of the author, or of everybody else, the oldest first."""
    uri = f"{post.uri}/replies"
    found = thread_rows.list_answers(tx, post, others=others, after=after, limit=limit)
    shown: Json = {"id": _page_uri(uri, others, after), "type": "CollectionPage", "partOf": uri, "items": [answer.uri for answer in found]}
    if len(found) >= limit:
        shown["next"] = _page_uri(uri, others, found[-1].id)
    elif not others:
        shown["next"] = _page_uri(uri, True, 0)
    return shown


def _page_uri(uri: str, others: bool, after: int) -> str:
    return f"{uri}?page=true" + ("&only_other_accounts=true" if others else "") + (f"&min_id={after}" if after else "")


def context(tx: Tx, top: Post, author: Account) -> Json:
    """A conversation that began here: its posts as far as they are known and public, the oldest first, from the post that began it."""
    uri = tx.uris.context(top.id)
    return {
        "id": uri,
        "type": "OrderedCollection",
        "attributedTo": author.uri,
        "totalItems": thread_rows.count_thread(tx, top.id),
        "first": context_page(tx, top),
    }


def context_page(tx: Tx, top: Post, after: int = 0) -> Json:
    uri = tx.uris.context(top.id)
    found = thread_rows.list_thread(tx, top.id, after=after, limit=PAGE)
    place = f"{uri}?page=true" + (f"&min_id={after}" if after else "")
    shown: Json = {"id": place, "type": "OrderedCollectionPage", "partOf": uri, "orderedItems": [post.uri for post in found]}
    if len(found) >= PAGE:
        shown["next"] = f"{uri}?page=true&min_id={found[-1].id}"
    return shown
