"""Verbs of somebody here: post, follow, unfollow."""

from typing import Any

from fedi import follows, posts
from fedi.errors import Forbidden, Invalid
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


def person(tx: Tx, name: str) -> Account:
    """Somebody here who may act. Raises NotFound, Forbidden for one who is suspended."""
    account = account_rows.get_local(tx, name)
    if account.suspended_at is not None:
        raise Forbidden(f"{account.username} is suspended. `fedi account unsuspend {account.username}` ends that.")
    return account


async def create(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """name, text, title, visibility, warning, local_only."""
    author = instance.db.read(person, args["name"])
    draft = posts.Draft(
        args["text"],
        title=args.get("title", ""),
        warning=args["warning"],
        visibility=args["visibility"],
        local_only=bool(args["local_only"]),
        language=instance.config.instance.languages[0],
    )
    found = await instance.remote.mentions(draft.text)
    post = await instance.db.write(posts.publish, author, draft, found)
    deliveries = instance.db.read(delivery_rows.list_receipts, post.id)
    return {"id": str(post.id), "url": post.url, "uri": post.uri, "servers": len(deliveries)}


async def other(instance: Instance, query: str) -> Account:
    """Whom a handle or address means, asked of their server. Raises Invalid for a post, NotFound, RemoteError."""
    found = await instance.remote.resolve(query)
    if not isinstance(found, Account):
        raise Invalid("That is a post. Name an account, like `@alice@example.org`.", "handle")
    return found


async def follow(instance: Instance, args: dict[str, Any]) -> dict[str, str]:
    """name, handle (or address)."""
    who = instance.db.read(person, args["name"])
    found = await other(instance, args["handle"])
    made = await instance.db.write(follows.follow, who, found.id)
    return {"name": found.handle, "uri": found.uri, "state": made.state}


async def unfollow(instance: Instance, args: dict[str, Any]) -> dict[str, str]:
    """name, handle (or address)."""
    who = instance.db.read(person, args["name"])
    found = await other(instance, args["handle"])
    await instance.db.write(follows.unfollow, who, found.id)
    return {"name": found.handle, "uri": found.uri, "state": "none"}
